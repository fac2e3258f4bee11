//! Lists held against what was kept (catalogue I6), and what they found.

use std::collections::BTreeMap;

use model::change::Noun;
use model::intel::{Hit, IndicatorKind, RetroHunt, RetroHuntProgress, RetroHuntState};
use model::{CustomerId, IntelListId, Page, PageRequest, RetroHuntId, Scope, TimeRange, Timestamp};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Sql, json, searchable, sql};
use crate::{Error, Result, Tx};

/// Rows put into one INSERT.
const CHUNK: usize = 50;

/// Which hits are wanted; an absent or empty part does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HitFilter {
    /// Of these customers.
    pub customers: Vec<CustomerId>,
    /// Of these kinds.
    pub kinds: Vec<IndicatorKind>,
    /// Part of the indicator or its note, without case.
    pub text: Option<String>,
}

/// What has become of a hunt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetroHuntOutcome {
    /// Its state.
    pub state: RetroHuntState,
    /// How far it has come.
    pub progress: RetroHuntProgress,
    /// Whether more was found than is kept.
    pub more: bool,
    /// Why it could not go on, or what it had to pass over.
    pub error: Option<String>,
    /// When it was over.
    pub finished: Option<Timestamp>,
}

impl Tx {
    /// Puts a hunt on record. One among every customer's events takes every customer in scope.
    pub async fn create_retro_hunt(&mut self, hunt: &RetroHunt) -> Result<()> {
        for customer in hunt.customers.as_deref().unwrap_or_default() {
            self.get_customer(customer).await?;
        }
        if hunt.customers.is_none() {
            self.require_all("hunting among every customer's events")?;
        }
        let insert = sql("INSERT INTO retro_hunt (id, list, list_name, indicators, everyone, customers, range_from, ")
            .push("range_to, asked_by, state, progress, more, error, created, started, finished, added_since) ")
            .push("VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(&hunt.id)
            .bind(&hunt.list)
            .bind(&hunt.list_name)
            .bind(hunt.indicators)
            .bind(hunt.customers.is_none())
            .bind(hunt.customers.as_ref().map_or(0, Vec::len) as i64)
            .bind(hunt.range.map(|range| range.from))
            .bind(hunt.range.map(|range| range.to))
            .bind(&hunt.asked_by)
            .bind(hunt.state)
            .bind(json(&hunt.progress))
            .bind(hunt.more)
            .bind(hunt.error.as_deref())
            .bind(hunt.created)
            .bind(hunt.started)
            .bind(hunt.finished)
            .bind(hunt.added_since);
        self.execute(insert).await?;
        for customer in hunt.customers.as_deref().unwrap_or_default() {
            let insert = sql("INSERT INTO retro_hunt_customer (hunt, customer) VALUES (?, ?)");
            self.execute(insert.bind(&hunt.id).bind(customer)).await?;
        }
        self.retro_hunt_changed(&hunt.id, hunt.customers.as_deref());
        Ok(())
    }

    /// One hunt, with how many hits the scope sees.
    pub async fn get_retro_hunt(&mut self, id: &RetroHuntId) -> Result<RetroHunt> {
        let query = self.visible_retro_hunts().push(" AND r.id = ?").bind(id);
        let found = self.row(query, read).await?;
        let (hunt, everyone) = found.ok_or_else(|| Error::not_found("retro-hunt", id))?;
        Ok(self.with_customers(vec![(hunt, everyone)]).await?.remove(0))
    }

    /// Hunts, newest first; only those for a list, where one is named.
    pub async fn list_retro_hunts(
        &mut self,
        list: Option<&IntelListId>,
        page: &PageRequest,
    ) -> Result<Page<RetroHunt>> {
        let query = self.visible_retro_hunts().push_if(" AND r.list = ?", list);
        let page = self.page(query, Order::Down(&[Key::Int("created"), Key::Text("id")]), page, read).await?;
        Ok(Page { items: self.with_customers(page.items).await?, next: page.next })
    }

    /// Hunts that are not over, oldest first.
    pub async fn open_retro_hunts(&mut self) -> Result<Vec<RetroHunt>> {
        let query = self.visible_retro_hunts().push(" AND r.finished IS NULL ORDER BY r.created, r.id");
        let found = self.rows(query, read).await?;
        self.with_customers(found).await
    }

    /// Notes that a hunt has begun, or begins again. Gives whether it may: one that is over stays so.
    pub async fn start_retro_hunt(&mut self, id: &RetroHuntId, at: Timestamp) -> Result<bool> {
        let hunt = self.get_retro_hunt(id).await?;
        let update = sql("UPDATE retro_hunt SET state = ?, started = ? WHERE id = ? AND finished IS NULL")
            .bind(RetroHuntState::Running)
            .bind(at)
            .bind(id);
        let may = self.execute(update).await? > 0;
        self.retro_hunt_changed(id, hunt.customers.as_deref());
        Ok(may)
    }

    /// Notes what has become of a hunt. Gives whether it was not over yet; one that is stays as it is.
    pub async fn note_retro_hunt(&mut self, id: &RetroHuntId, outcome: &RetroHuntOutcome) -> Result<bool> {
        let hunt = self.get_retro_hunt(id).await?;
        let update = sql("UPDATE retro_hunt SET state = ?, progress = ?, more = ?, error = ?, finished = ? ")
            .push("WHERE id = ? AND finished IS NULL")
            .bind(outcome.state)
            .bind(json(&outcome.progress))
            .bind(outcome.more)
            .bind(outcome.error.as_deref())
            .bind(outcome.finished)
            .bind(id);
        let noted = self.execute(update).await? > 0;
        self.retro_hunt_changed(id, hunt.customers.as_deref());
        Ok(noted)
    }

    /// Puts these hits in the place of all the hunt had.
    pub async fn replace_hits(&mut self, hunt: &RetroHuntId, hits: &[Hit]) -> Result<()> {
        self.get_retro_hunt(hunt).await?;
        for hit in hits {
            self.require_customer(&hit.customer)?;
        }
        let delete = sql("DELETE FROM hit WHERE hunt = ?").bind(hunt);
        self.execute(self.scoped(delete, "customer")).await?;
        for chunk in hits.chunks(CHUNK) {
            let mut insert = sql("INSERT INTO hit (customer, id, hunt, kind, indicator, first_seen, last_seen, ")
                .push("hit_count, exact, samples, search) VALUES ");
            for (place, hit) in chunk.iter().enumerate() {
                let note = hit.indicator.note.as_deref().unwrap_or_default();
                insert = insert
                    .push(if place == 0 { "" } else { ", " })
                    .push("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
                    .bind(&hit.customer)
                    .bind(&hit.id)
                    .bind(hunt)
                    .bind(hit.indicator.kind)
                    .bind(json(&hit.indicator))
                    .bind(hit.first)
                    .bind(hit.last)
                    .bind(hit.count)
                    .bind(hit.exact)
                    .bind(json(&hit.samples))
                    .bind(searchable([&hit.indicator.value, note]));
            }
            self.execute(insert).await?;
        }
        Ok(())
    }

    /// What a hunt found, the latest seen first.
    pub async fn list_hits(&mut self, hunt: &RetroHuntId, filter: &HitFilter, page: &PageRequest) -> Result<Page<Hit>> {
        self.get_retro_hunt(hunt).await?;
        let query = self
            .scoped(sql("SELECT * FROM hit WHERE hunt = ?").bind(hunt), "customer")
            .and_in("customer", &filter.customers)
            .and_in("kind", filter.kinds.iter().copied())
            .and_contains("search", filter.text.as_deref().unwrap_or_default());
        self.page(query, Order::Down(&[Key::Int("last_seen"), Key::Text("id")]), page, hit).await
    }

    async fn with_customers(&mut self, found: Vec<(RetroHunt, bool)>) -> Result<Vec<RetroHunt>> {
        let ids: Vec<RetroHuntId> = found.iter().map(|(hunt, _)| hunt.id.clone()).collect();
        let mut customers: BTreeMap<RetroHuntId, Vec<CustomerId>> = BTreeMap::new();
        if !ids.is_empty() {
            let query = sql("SELECT hunt, customer FROM retro_hunt_customer WHERE TRUE").and_in("hunt", &ids);
            let pair = |row: &Row| Ok((row.parse::<RetroHuntId>("hunt")?, row.parse::<CustomerId>("customer")?));
            for (hunt, customer) in self.rows(self.scoped(query, "customer").push(" ORDER BY customer"), pair).await? {
                customers.entry(hunt).or_default().push(customer);
            }
        }
        let mut hunts = Vec::with_capacity(found.len());
        for (mut hunt, everyone) in found {
            if !everyone {
                hunt.customers = Some(customers.remove(&hunt.id).unwrap_or_default());
            }
            hunts.push(hunt);
        }
        Ok(hunts)
    }

    fn retro_hunt_changed(&mut self, id: &RetroHuntId, customers: Option<&[CustomerId]>) {
        match customers {
            None => self.changed(None, Noun::RetroHunt, id.as_str()),
            Some(customers) => {
                customers.iter().for_each(|customer| self.changed_for(customer, Noun::RetroHunt, id.as_str()));
            }
        }
    }

    fn visible_retro_hunts(&self) -> Sql {
        let query = sql("SELECT r.*, (SELECT COUNT(*) FROM hit h WHERE h.hunt = r.id");
        let query = self.scoped(query, "h.customer").push(") AS hits FROM retro_hunt r WHERE TRUE");
        match self.scope() {
            Scope::All => query,
            scope => query
                .push(" AND (r.everyone OR EXISTS (SELECT 1 FROM retro_hunt_customer c WHERE c.hunt = r.id")
                .and_scope("c.customer", scope)
                .push("))"),
        }
    }
}

fn read(row: &Row) -> Result<(RetroHunt, bool)> {
    let range = match (row.time_maybe("range_from")?, row.time_maybe("range_to")?) {
        (Some(from), Some(to)) => Some(TimeRange { from, to }),
        _ => None,
    };
    let hunt = RetroHunt {
        id: row.parse("id")?,
        list: row.parse("list")?,
        list_name: row.get("list_name")?,
        indicators: row.get("indicators")?,
        customers: None,
        range,
        asked_by: row.get("asked_by")?,
        state: row.parse("state")?,
        progress: row.json("progress")?,
        hits: row.get("hits")?,
        more: row.get("more")?,
        error: row.get("error")?,
        created: row.time("created")?,
        started: row.time_maybe("started")?,
        finished: row.time_maybe("finished")?,
        added_since: row.time_maybe("added_since")?,
    };
    Ok((hunt, row.get("everyone")?))
}

fn hit(row: &Row) -> Result<Hit> {
    Ok(Hit {
        id: row.parse("id")?,
        hunt: row.parse("hunt")?,
        customer: row.parse("customer")?,
        indicator: row.json("indicator")?,
        first: row.time("first_seen")?,
        last: row.time("last_seen")?,
        count: row.get("hit_count")?,
        exact: row.get("exact")?,
        samples: row.json("samples")?,
    })
}
