//! Threat hunts and what they came to at each customer (catalogue D9).

use std::collections::BTreeMap;

use model::change::Noun;
use model::hunt::{Hunt, HuntCustomer, HuntData, HuntState, HuntVerdict, VerdictCounts};
use model::{CustomerId, HuntId, HuntProgrammeId, IncidentId, Page, PageRequest, Scope, Timestamp, UserId};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Arg, Sql, json, searchable, sql};
use crate::{Error, Result, Tx};

/// Which hunts are wanted; an absent or empty part does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HuntFilter {
    /// With one of these customers.
    pub customers: Vec<CustomerId>,
    /// In one of these states.
    pub states: Vec<HuntState>,
    /// Of this owner.
    pub owner: Option<UserId>,
    /// From this programme.
    pub programme: Option<HuntProgrammeId>,
    /// Open although they were due before this.
    pub overdue_at: Option<Timestamp>,
    /// Part of title, hypothesis or techniques, without case.
    pub text: Option<String>,
}

/// A hunt to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHunt {
    /// Its id.
    pub id: HuntId,
    /// The programme and the round of it that it is for.
    pub round: Option<(HuntProgrammeId, String)>,
    /// What people say about it.
    pub data: HuntData,
    /// Its customers.
    pub customers: Vec<CustomerId>,
    /// Who wrote it down.
    pub by: Option<UserId>,
}

/// A hunt with the number of its customers, of which the scope may see fewer.
struct Found {
    hunt: Hunt,
    all: i64,
}

impl Tx {
    /// Writes a hunt down. A round that has one already gives [`Error::Taken`].
    pub async fn create_hunt(&mut self, new: &NewHunt) -> Result<Hunt> {
        for customer in &new.customers {
            self.get_customer(customer).await?;
        }
        if let Some((programme, round)) = &new.round {
            let made = sql("SELECT id FROM hunt WHERE programme = ? AND round = ?").bind(programme).bind(round);
            if self.row(made, |row| row.get::<String>("id")).await?.is_some() {
                return Err(Error::Taken { field: "round".to_owned() });
            }
        }
        let insert = sql("INSERT INTO hunt (id, programme, round, state, owner, due, customers, content, conclusion, ")
            .push("search, created_by, created, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, 1)")
            .bind(&new.id)
            .bind(new.round.as_ref().map(|(programme, _)| programme))
            .bind(new.round.as_ref().map(|(_, round)| round.as_str()))
            .bind(HuntState::Planned)
            .bind(new.data.owner.as_ref())
            .bind(new.data.due)
            .bind(new.customers.len() as i64)
            .bind(json(&new.data))
            .bind(search(&new.data))
            .bind(new.by.as_ref())
            .bind(self.context().now());
        self.execute(insert).await?;
        for customer in &new.customers {
            self.add_hunt_customer(&new.id, customer).await?;
        }
        self.hunt_changed(&new.id, &new.customers);
        self.get_hunt(&new.id).await
    }

    /// One hunt, as far as the scope goes.
    pub async fn get_hunt(&mut self, id: &HuntId) -> Result<Hunt> {
        let query = self.visible_hunts().push(" AND h.id = ?").bind(id);
        let found = self.row(query, read).await?.ok_or_else(|| Error::not_found("threat hunt", id))?;
        Ok(self.with_verdicts(vec![found]).await?.remove(0))
    }

    /// Hunts, newest first.
    pub async fn list_hunts(&mut self, filter: &HuntFilter, page: &PageRequest) -> Result<Page<Hunt>> {
        let mut query = self
            .visible_hunts()
            .and_in("h.state", filter.states.iter().copied())
            .push_if(" AND h.owner = ?", filter.owner.as_ref())
            .push_if(" AND h.programme = ?", filter.programme.as_ref())
            .push_if(" AND h.state IN ('planned', 'active') AND h.due < ?", filter.overdue_at)
            .and_contains("h.search", filter.text.as_deref().unwrap_or_default());
        if !filter.customers.is_empty() {
            query = query.push(" AND EXISTS (SELECT 1 FROM hunt_customer f WHERE f.hunt = h.id");
            query = self.scoped(query, "f.customer").and_in("f.customer", &filter.customers).push(")");
        }
        let page = self.page(query, Order::Down(&[Key::Int("created"), Key::Text("id")]), page, read).await?;
        Ok(Page { items: self.with_verdicts(page.items).await?, next: page.next })
    }

    /// Changes what people say about a hunt that still has `version`. Takes sight of all its customers.
    pub async fn update_hunt(&mut self, id: &HuntId, version: i64, data: &HuntData) -> Result<Hunt> {
        let before = self.whole_hunt(id).await?;
        let update = sql("UPDATE hunt SET content = ?, owner = ?, due = ?, search = ?, version = version + 1 ")
            .push("WHERE id = ? AND version = ?")
            .bind(json(data))
            .bind(data.owner.as_ref())
            .bind(data.due)
            .bind(search(data))
            .bind(id)
            .bind(version);
        self.changed_once(update).await?;
        self.hunt_changed(id, &before.customers);
        self.get_hunt(id).await
    }

    /// Says where a hunt that still has `version` stands, and why. Takes sight of all its customers.
    pub async fn set_hunt_state(
        &mut self,
        id: &HuntId,
        version: i64,
        state: HuntState,
        conclusion: &str,
    ) -> Result<Hunt> {
        let before = self.whole_hunt(id).await?;
        let over = (!state.is_open()).then(|| self.context().now());
        let update = sql("UPDATE hunt SET state = ?, conclusion = ?, concluded = ?, version = version + 1 ")
            .push("WHERE id = ? AND version = ?")
            .bind(state)
            .bind(conclusion)
            .bind(over)
            .bind(id)
            .bind(version);
        self.changed_once(update).await?;
        self.hunt_changed(id, &before.customers);
        self.get_hunt(id).await
    }

    /// Notes that somebody works on a planned hunt.
    pub async fn begin_hunt(&mut self, id: &HuntId) -> Result<()> {
        let hunt = self.get_hunt(id).await?;
        let update = sql("UPDATE hunt SET state = ?, version = version + 1 WHERE id = ? AND state = ?")
            .bind(HuntState::Active)
            .bind(id)
            .bind(HuntState::Planned);
        if self.execute(update).await? > 0 {
            self.hunt_changed(id, &hunt.customers);
        }
        Ok(())
    }

    /// Gives a hunt that still has `version` these customers; what was found at those that go is forgotten with them.
    /// Takes sight of all it has.
    pub async fn set_hunt_customers(&mut self, id: &HuntId, version: i64, customers: &[CustomerId]) -> Result<Hunt> {
        let before = self.whole_hunt(id).await?;
        for customer in customers {
            self.get_customer(customer).await?;
        }
        for gone in before.customers.iter().filter(|known| !customers.contains(known)) {
            for delete in [
                "DELETE FROM hunt_result WHERE hunt = ? AND customer = ?",
                "DELETE FROM hunt_incident WHERE hunt = ? AND customer = ?",
                "DELETE FROM hunt_customer WHERE hunt = ? AND customer = ?",
            ] {
                self.execute(sql(delete).bind(id).bind(gone)).await?;
            }
            let tasks = "DELETE FROM hunt_task WHERE customer = ? AND run IN (SELECT id FROM hunt_run WHERE hunt = ?)";
            self.execute(sql(tasks).bind(gone).bind(id)).await?;
        }
        for new in customers.iter().filter(|new| !before.customers.contains(new)) {
            self.add_hunt_customer(id, new).await?;
        }
        let update = sql("UPDATE hunt SET customers = ?, version = version + 1 WHERE id = ? AND version = ?")
            .bind(customers.len() as i64)
            .bind(id)
            .bind(version);
        self.changed_once(update).await?;
        self.hunt_changed(id, &before.customers);
        self.hunt_changed(id, customers);
        self.get_hunt(id).await
    }

    /// What a hunt came to at each of its customers in scope, in order of customer.
    pub async fn list_hunt_customers(&mut self, hunt: &HuntId) -> Result<Vec<HuntCustomer>> {
        self.get_hunt(hunt).await?;
        let linked = sql("SELECT customer, incident FROM hunt_incident WHERE hunt = ?").bind(hunt);
        let linked = self.scoped(linked, "customer").push(" ORDER BY linked, incident");
        let pair = |row: &Row| Ok((row.parse::<CustomerId>("customer")?, row.parse::<IncidentId>("incident")?));
        let mut incidents: BTreeMap<CustomerId, Vec<IncidentId>> = BTreeMap::new();
        for (customer, incident) in self.rows(linked, pair).await? {
            incidents.entry(customer).or_default().push(incident);
        }
        let query = self.scoped(sql("SELECT * FROM hunt_customer WHERE hunt = ?").bind(hunt), "customer");
        let mut found = self.rows(query.push(" ORDER BY customer"), read_customer).await?;
        for one in &mut found {
            one.incidents = incidents.remove(&one.customer).unwrap_or_default();
        }
        Ok(found)
    }

    /// Judges a customer of a hunt as it stood at `version`; taking a judgement back is one too.
    pub async fn judge_hunt_customer(
        &mut self,
        hunt: &HuntId,
        customer: &CustomerId,
        version: i64,
        verdict: Option<HuntVerdict>,
        remark: &str,
    ) -> Result<()> {
        self.hunt_customer(hunt, customer).await?;
        let by = self.context().actor().user().cloned();
        let update = sql("UPDATE hunt_customer SET verdict = ?, remark = ?, judged_by = ?, judged = ?, ")
            .push("version = version + 1 WHERE hunt = ? AND customer = ? AND version = ?")
            .bind(verdict)
            .bind(remark)
            .bind(by.as_ref())
            .bind(self.context().now())
            .bind(hunt)
            .bind(customer)
            .bind(version);
        let update = self.scoped(update, "customer");
        self.changed_once(update).await?;
        self.changed_for(customer, Noun::Hunt, hunt.as_str());
        Ok(())
    }

    /// Notes how many events of a customer meet what the hunt needs, or why that cannot be told.
    pub async fn note_hunt_data(
        &mut self,
        hunt: &HuntId,
        customer: &CustomerId,
        events: Option<i64>,
        problem: Option<&str>,
    ) -> Result<()> {
        self.hunt_customer(hunt, customer).await?;
        let update = sql("UPDATE hunt_customer SET data_events = ?, data_checked = ?, data_problem = ? ")
            .push("WHERE hunt = ? AND customer = ?")
            .bind(events)
            .bind(self.context().now())
            .bind(problem)
            .bind(hunt)
            .bind(customer);
        self.execute(self.scoped(update, "customer")).await?;
        self.changed_for(customer, Noun::Hunt, hunt.as_str());
        Ok(())
    }

    /// Links an incident of a customer to the hunt; one that is linked already stays so.
    pub async fn link_hunt_incident(
        &mut self,
        hunt: &HuntId,
        customer: &CustomerId,
        incident: &IncidentId,
    ) -> Result<()> {
        self.hunt_customer(hunt, customer).await?;
        let insert = sql("INSERT INTO hunt_incident (customer, hunt, incident, linked) VALUES (?, ?, ?, ?) ")
            .push("ON CONFLICT (hunt, incident) DO NOTHING")
            .bind(customer)
            .bind(hunt)
            .bind(incident)
            .bind(self.context().now());
        self.execute(insert).await?;
        self.changed_for(customer, Noun::Hunt, hunt.as_str());
        Ok(())
    }

    /// The hunt, of which every customer must be in scope.
    pub(crate) async fn whole_hunt(&mut self, id: &HuntId) -> Result<Hunt> {
        let hunt = self.get_hunt(id).await?;
        if hunt.whole { Ok(hunt) } else { Err(Error::ScopeTooNarrow { what: "changing a hunt" }) }
    }

    /// Fails unless the customer is one of the hunt's, and in scope.
    pub(crate) async fn hunt_customer(&mut self, hunt: &HuntId, customer: &CustomerId) -> Result<HuntCustomer> {
        let query = sql("SELECT * FROM hunt_customer WHERE hunt = ? AND customer = ?").bind(hunt).bind(customer);
        let found = self.row(self.scoped(query, "customer"), read_customer).await?;
        found.ok_or_else(|| Error::not_found("customer of this hunt", customer))
    }

    /// Tells these customers' followers.
    pub(crate) fn hunt_changed(&mut self, id: &HuntId, customers: &[CustomerId]) {
        customers.iter().for_each(|customer| self.changed_for(customer, Noun::Hunt, id.as_str()));
    }

    async fn changed_once(&mut self, update: Sql) -> Result<()> {
        match self.execute(update).await? {
            0 => Err(Error::Conflict { what: "threat hunt" }),
            _ => Ok(()),
        }
    }

    async fn add_hunt_customer(&mut self, hunt: &HuntId, customer: &CustomerId) -> Result<()> {
        let insert = sql("INSERT INTO hunt_customer (customer, hunt, remark, version) VALUES (?, ?, '', 1)");
        self.execute(insert.bind(customer).bind(hunt)).await?;
        Ok(())
    }

    /// Adds the customers in scope and how they were judged; leaves out what is only for those who see all of them.
    async fn with_verdicts(&mut self, found: Vec<Found>) -> Result<Vec<Hunt>> {
        let ids: Vec<HuntId> = found.iter().map(|found| found.hunt.id.clone()).collect();
        let mut judged: BTreeMap<HuntId, (Vec<CustomerId>, VerdictCounts)> = BTreeMap::new();
        if !ids.is_empty() {
            let query = sql("SELECT hunt, customer, verdict FROM hunt_customer WHERE TRUE").and_in("hunt", &ids);
            let query = self.scoped(query, "customer").push(" ORDER BY customer");
            let one = |row: &Row| {
                Ok((row.parse::<HuntId>("hunt")?, row.parse::<CustomerId>("customer")?, row.parse_maybe("verdict")?))
            };
            for (hunt, customer, verdict) in self.rows(query, one).await? {
                let (customers, counts) = judged.entry(hunt).or_default();
                customers.push(customer);
                counts.add(verdict);
            }
        }
        let hunts = found.into_iter().map(|Found { mut hunt, all }| {
            (hunt.customers, hunt.verdicts) = judged.remove(&hunt.id).unwrap_or_default();
            let seen = hunt.customers.len() as i64;
            hunt.whole = seen == all;
            if !hunt.whole {
                hunt.conclusion = None;
                hunt.minutes = hunt.minutes * seen / all.max(1);
            }
            hunt
        });
        Ok(hunts.collect())
    }

    fn visible_hunts(&self) -> Sql {
        let query = sql("SELECT h.*, (SELECT COUNT(*) FROM hunt_incident i WHERE i.hunt = h.id");
        let query = self
            .scoped(query, "i.customer")
            .push(") AS incidents, (SELECT CAST(COALESCE(SUM(t.minutes), 0) AS BIGINT) ");
        let query = query.push("FROM hunt_time t WHERE t.hunt = h.id) AS minutes FROM hunt h WHERE TRUE");
        match self.scope() {
            Scope::All => query,
            scope => query
                .push(" AND EXISTS (SELECT 1 FROM hunt_customer c WHERE c.hunt = h.id")
                .and_scope("c.customer", scope)
                .push(")"),
        }
    }
}

fn search(data: &HuntData) -> Arg {
    let techniques = data.techniques.join(" ");
    Arg::from(searchable([data.title.as_str(), &data.hypothesis, &techniques]))
}

fn read(row: &Row) -> Result<Found> {
    let state: HuntState = row.parse("state")?;
    let conclusion: String = row.get("conclusion")?;
    let hunt = Hunt {
        id: row.parse("id")?,
        programme: row.parse_maybe("programme")?,
        round: row.get("round")?,
        data: row.json("content")?,
        state,
        conclusion: Some(conclusion).filter(|text| !text.is_empty()),
        whole: false,
        customers: Vec::new(),
        verdicts: VerdictCounts::default(),
        incidents: row.get("incidents")?,
        minutes: row.get("minutes")?,
        created_by: row.parse_maybe("created_by")?,
        created: row.time("created")?,
        concluded: row.time_maybe("concluded")?,
        version: row.get("version")?,
    };
    Ok(Found { hunt, all: row.get("customers")? })
}

fn read_customer(row: &Row) -> Result<HuntCustomer> {
    let data_events = row.get("data_events")?;
    Ok(HuntCustomer {
        customer: row.parse("customer")?,
        verdict: row.parse_maybe("verdict")?,
        proposed: HuntCustomer::proposal(data_events),
        remark: row.get("remark")?,
        judged_by: row.parse_maybe("judged_by")?,
        judged: row.time_maybe("judged")?,
        data_events,
        data_checked: row.time_maybe("data_checked")?,
        data_problem: row.get("data_problem")?,
        incidents: Vec::new(),
        version: row.get("version")?,
    })
}
