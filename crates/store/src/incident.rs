//! Incidents (catalogue T4). Their timeline is in `incident_entry.rs`.

use model::change::Noun;
use model::incident::{Incident, IncidentState};
use model::{CustomerId, IncidentId, Page, PageRequest, Severity, Timestamp, UserId};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Arg, Sql, json, searchable, sql};
use crate::{Error, Result, Tx};

/// Which incidents are wanted; an absent or empty part does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// Of these customers.
    pub customers: Vec<CustomerId>,
    /// In one of these states.
    pub states: Vec<IncidentState>,
    /// Given to this person.
    pub assignee: Option<UserId>,
    /// Given to nobody.
    pub unassigned: bool,
    /// At least this bad.
    pub severity_at_least: Option<Severity>,
    /// Part of the title, key, number or an entity, without case.
    pub text: Option<String>,
    /// Only those people still have to do something about.
    pub open_only: bool,
    /// Raised from here.
    pub raised_from: Option<Timestamp>,
}

impl Tx {
    /// Raises an incident. Its `number` and `version` are given here, whatever `incident` says.
    pub async fn create_incident(&mut self, incident: &Incident) -> Result<Incident> {
        self.get_customer(&incident.customer).await?;
        let next = sql("UPDATE counter SET value = value + 1 WHERE name = 'incident' RETURNING value");
        let number: i64 = self.db().fetch_one(next).await?.get("value")?;
        let incident = Incident { number, version: 1, decided: 1, ..incident.clone() };
        let insert = sql(
            "INSERT INTO incident (customer, id, number, title, severity, state, verdict, reject_reason, ",
        )
        .push("suspended_until, assignee, incident_key, entities, alert_count, first_time, last_time, entry_count, ")
        .push("search, created, updated, version, decided) ")
        .push("VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, 1, 1)")
        .bind(&incident.customer)
        .bind(&incident.id)
        .bind(incident.number)
        .bind(&incident.title)
        .bind(incident.severity)
        .bind(incident.state)
        .bind(incident.verdict)
        .bind(incident.reject_reason)
        .bind(incident.suspended_until)
        .bind(incident.assignee.as_ref())
        .bind(&incident.key)
        .bind(json(&incident.entities))
        .bind(incident.alert_count)
        .bind(incident.first)
        .bind(incident.last)
        .bind(search(&incident))
        .bind(incident.created)
        .bind(incident.updated);
        self.execute(insert).await?;
        self.changed(Some(&incident.customer), Noun::Incident, incident.id.as_str());
        Ok(incident)
    }

    /// One incident.
    pub async fn get_incident(&mut self, id: &IncidentId) -> Result<Incident> {
        let query = self.scoped(sql("SELECT * FROM incident WHERE id = ?").bind(id), "customer");
        self.row(query, read).await?.ok_or_else(|| Error::not_found("incident", id))
    }

    /// Incidents, newest number first.
    pub async fn list_incidents(&mut self, filter: &IncidentFilter, page: &PageRequest) -> Result<Page<Incident>> {
        let query = self.filtered_incidents(sql("SELECT * FROM incident WHERE TRUE"), filter);
        self.page(query, Order::Down(&[Key::Int("number")]), page, read).await
    }

    /// How many incidents a filter holds.
    pub async fn count_incidents(&mut self, filter: &IncidentFilter) -> Result<i64> {
        let query = self.filtered_incidents(sql("SELECT COUNT(*) AS found FROM incident WHERE TRUE"), filter);
        self.db().fetch_one(query).await?.get("found")
    }

    /// Writes an incident that still has `version`: everything but its id, number, customer, and creation.
    pub async fn update_incident(&mut self, incident: &Incident, version: i64) -> Result<Incident> {
        let update = sql("UPDATE incident SET title = ?, severity = ?, state = ?, verdict = ?, reject_reason = ?, ")
            .push(
                "suspended_until = ?, assignee = ?, incident_key = ?, entities = ?, alert_count = ?, first_time = ?, ",
            )
            .push("last_time = ?, search = ?, updated = ?, decided = ?, version = version + 1 ")
            .push("WHERE customer = ? AND id = ? AND version = ?")
            .bind(&incident.title)
            .bind(incident.severity)
            .bind(incident.state)
            .bind(incident.verdict)
            .bind(incident.reject_reason)
            .bind(incident.suspended_until)
            .bind(incident.assignee.as_ref())
            .bind(&incident.key)
            .bind(json(&incident.entities))
            .bind(incident.alert_count)
            .bind(incident.first)
            .bind(incident.last)
            .bind(search(incident))
            .bind(incident.updated)
            .bind(incident.decided)
            .bind(&incident.customer)
            .bind(&incident.id)
            .bind(version);
        let touched = self.execute(self.scoped(update, "customer")).await?;
        let written = self.get_incident(&incident.id).await?;
        if touched == 0 {
            return Err(Error::Conflict { what: "incident" });
        }
        self.changed(Some(&written.customer), Noun::Incident, written.id.as_str());
        Ok(written)
    }

    /// The newest open incident of a customer about the same thing, if there is one.
    pub async fn find_open_incident_by_key(&mut self, customer: &CustomerId, key: &str) -> Result<Option<Incident>> {
        let query = sql("SELECT * FROM incident WHERE customer = ? AND incident_key = ?").bind(customer).bind(key);
        let query = self.scoped(query, "customer").and_in("state", open_states());
        self.row(query.push(" ORDER BY number DESC LIMIT 1"), read).await
    }

    fn filtered_incidents(&self, query: Sql, filter: &IncidentFilter) -> Sql {
        let mut query = self
            .scoped(query, "customer")
            .and_in("customer", &filter.customers)
            .and_in("state", filter.states.iter().copied())
            .push_if(" AND assignee = ?", filter.assignee.as_ref())
            .push_if(" AND severity >= ?", filter.severity_at_least)
            .push_if(" AND created >= ?", filter.raised_from)
            .and_contains("search", filter.text.as_deref().unwrap_or_default());
        if filter.unassigned {
            query = query.push(" AND assignee IS NULL");
        }
        if filter.open_only { query.and_in("state", open_states()) } else { query }
    }
}

fn open_states() -> impl Iterator<Item = IncidentState> {
    IncidentState::ALL.iter().copied().filter(|state| state.is_open())
}

fn search(incident: &Incident) -> Arg {
    let number = format!("#{}", incident.number);
    let single = [incident.title.as_str(), &incident.key, &number];
    let named = incident.entities.iter().flat_map(|entity| {
        [Some(entity.value.as_str()), entity.asset.as_deref(), entity.resource_group.as_deref()].into_iter().flatten()
    });
    Arg::from(searchable(single.into_iter().chain(named)))
}

fn read(row: &Row) -> Result<Incident> {
    Ok(Incident {
        id: row.parse("id")?,
        number: row.get("number")?,
        customer: row.parse("customer")?,
        title: row.get("title")?,
        severity: row.severity("severity")?,
        state: row.parse("state")?,
        verdict: row.parse_maybe("verdict")?,
        reject_reason: row.parse_maybe("reject_reason")?,
        suspended_until: row.time_maybe("suspended_until")?,
        assignee: row.parse_maybe("assignee")?,
        key: row.get("incident_key")?,
        entities: row.json("entities")?,
        alert_count: row.get("alert_count")?,
        first: row.time("first_time")?,
        last: row.time("last_time")?,
        created: row.time("created")?,
        updated: row.time("updated")?,
        version: row.get("version")?,
        decided: row.get("decided")?,
    })
}
