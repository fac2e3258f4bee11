//! Alerts: written by the pipeline in batches, read and decided about by people and policies.

use std::collections::BTreeMap;

use model::alert::{Alert, AlertOrigin, AlertState};
use model::change::Noun;
use model::event::AttackOutcome;
use model::{AlertId, AuditPolicyId, CustomerId, IncidentId, Page, PageRequest, Severity, Timestamp};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Arg, Sql, json, searchable, sql};
use crate::{Error, Result, Tx};

/// Rows put into one INSERT.
const CHUNK: usize = 50;
/// Alerts named in one statement.
const NAMED: usize = 100;
/// An alert without its samples: they are most of it, and nobody decides by them.
const LEAN: &str = "SELECT customer, id, device, origin, rule_id, title, severity, outcome, techniques, alert_key, \
                    alert_count, first_time, last_time, entities, '[]' AS samples, intel, departure, storm, state, policy, \
                    incident, created, version FROM alert WHERE ";

/// Which alerts are wanted; an absent or empty part does not narrow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AlertFilter {
    /// Of these customers.
    pub customers: Vec<CustomerId>,
    /// In one of these states; in any but silent when empty.
    pub states: Vec<AlertState>,
    /// At least this bad.
    pub severity_at_least: Option<Severity>,
    /// From there.
    pub origin: Option<AlertOrigin>,
    /// By this rule.
    pub rule_id: Option<String>,
    /// Linked to this incident.
    pub incident: Option<IncidentId>,
    /// Part of the title, rule id, key or an entity, without case.
    pub text: Option<String>,
    /// Last event from here.
    pub from: Option<Timestamp>,
    /// Last event until before here.
    pub to: Option<Timestamp>,
}

impl Tx {
    /// Writes a batch of alerts by id. A new one is inserted whole; of a known one only what detection says is updated
    /// (count, times, severity, outcome, entities, samples), never what became of it. Writing the same again changes
    /// nothing. Gives the ids that were new or changed.
    pub async fn upsert_alerts(&mut self, alerts: &[Alert]) -> Result<Vec<AlertId>> {
        let latest: BTreeMap<&AlertId, &Alert> = alerts.iter().map(|alert| (&alert.id, alert)).collect();
        for alert in latest.values() {
            self.require_customer(&alert.customer)?;
        }
        let latest: Vec<&Alert> = latest.into_values().collect();
        let mut written = Vec::new();
        for chunk in latest.chunks(CHUNK) {
            let read = |row: &Row| Ok((row.parse::<CustomerId>("customer")?, row.parse::<AlertId>("id")?));
            for (customer, id) in self.rows(upsert(chunk), read).await? {
                self.changed(Some(&customer), Noun::Alert, id.as_str());
                written.push(id);
            }
        }
        Ok(written)
    }

    /// One alert.
    pub async fn get_alert(&mut self, id: &AlertId) -> Result<Alert> {
        let query = self.scoped(sql("SELECT * FROM alert WHERE id = ?").bind(id), "customer");
        self.row(query, read).await?.ok_or_else(|| Error::not_found("alert", id))
    }

    /// Alerts, newest last event first.
    pub async fn list_alerts(&mut self, filter: &AlertFilter, page: &PageRequest) -> Result<Page<Alert>> {
        let query = sql("SELECT * FROM alert WHERE id IN (SELECT id FROM alert WHERE TRUE");
        let query = self.filtered_alerts(query, filter);
        self.wide_page(query, Order::Down(&[Key::Int("last_time"), Key::Text("id")]), page, read).await
    }

    /// How many alerts a filter holds.
    pub async fn count_alerts(&mut self, filter: &AlertFilter) -> Result<i64> {
        let query = self.filtered_alerts(sql("SELECT COUNT(*) AS found FROM alert WHERE TRUE"), filter);
        self.db().fetch_one(query).await?.get("found")
    }

    /// How many detections stand behind the alerts a filter holds.
    pub async fn count_detections(&mut self, filter: &AlertFilter) -> Result<i64> {
        // PostgreSQL's sum of 64-bit numbers is a decimal number.
        let select = sql("SELECT CAST(COALESCE(SUM(alert_count), 0) AS BIGINT) AS found FROM alert WHERE TRUE");
        let query = self.filtered_alerts(select, filter);
        self.db().fetch_one(query).await?.get("found")
    }

    /// Alerts whose last event is not before `since`, whatever became of them: what aggregation goes on with after a
    /// start.
    pub async fn open_alerts_since(&mut self, since: Timestamp) -> Result<Vec<Alert>> {
        let query = self.scoped(sql("SELECT * FROM alert WHERE last_time >= ?").bind(since), "customer");
        self.rows(query.push(" ORDER BY last_time, id"), read).await
    }

    /// Up to `limit` alerts that no policy has looked at, oldest first, without their samples.
    pub async fn list_new_alerts(&mut self, limit: usize) -> Result<Vec<Alert>> {
        // The word stands in the text, not as a value: only so does the index over new ones serve.
        let query = self.scoped(sql(LEAN).push("state = 'new'"), "customer");
        self.rows(query.push(" ORDER BY created, id LIMIT ?").bind(limit as i64), read).await
    }

    /// These alerts, without their samples; those not there are left out.
    pub async fn alerts_without_samples(&mut self, ids: &[AlertId]) -> Result<Vec<Alert>> {
        let mut alerts = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(NAMED) {
            let query = self.scoped(sql(LEAN).push("TRUE").and_in("id", chunk), "customer");
            alerts.extend(self.rows(query, read).await?);
        }
        Ok(alerts)
    }

    /// Leaves new alerts to people: they are open from now on. Gives how many were still new.
    pub async fn open_new_alerts(&mut self, ids: &[AlertId]) -> Result<usize> {
        let mut opened = 0;
        for chunk in ids.chunks(NAMED) {
            let update = sql("UPDATE alert SET state = 'open', version = version + 1 WHERE state = 'new'");
            let update = self.scoped(update.and_in("id", chunk), "customer").push(" RETURNING customer, id");
            let read = |row: &Row| Ok((row.parse::<CustomerId>("customer")?, row.parse::<AlertId>("id")?));
            for (customer, id) in self.rows(update, read).await? {
                self.changed(Some(&customer), Noun::Alert, id.as_str());
                opened += 1;
            }
        }
        Ok(opened)
    }

    /// Says what became of an alert that still has `version`.
    pub async fn decide_alert(
        &mut self,
        id: &AlertId,
        version: i64,
        state: AlertState,
        policy: Option<&AuditPolicyId>,
        incident: Option<&IncidentId>,
    ) -> Result<Alert> {
        let before = self.get_alert(id).await?;
        if let Some(incident) = incident
            && self.get_incident(incident).await?.customer != before.customer
        {
            return Err(Error::not_found("incident", incident));
        }
        let update = sql("UPDATE alert SET state = ?, policy = ?, incident = ?, version = version + 1 ")
            .push("WHERE id = ? AND version = ?")
            .bind(state)
            .bind(policy)
            .bind(incident)
            .bind(id)
            .bind(version);
        if self.execute(self.scoped(update, "customer")).await? == 0 {
            return Err(Error::Conflict { what: "alert" });
        }
        self.changed(Some(&before.customer), Noun::Alert, id.as_str());
        self.get_alert(id).await
    }

    fn filtered_alerts(&self, query: Sql, filter: &AlertFilter) -> Sql {
        self.scoped(query, "customer")
            .push(if filter.states.is_empty() { " AND state <> 'silent'" } else { "" })
            .and_in("customer", &filter.customers)
            .and_in("state", filter.states.iter().copied())
            .push_if(" AND severity >= ?", filter.severity_at_least)
            .push_if(" AND origin = ?", filter.origin)
            .push_if(" AND rule_id = ?", filter.rule_id.as_ref())
            .push_if(" AND incident = ?", filter.incident.as_ref())
            .push_if(" AND last_time >= ?", filter.from)
            .push_if(" AND last_time < ?", filter.to)
            .and_contains("search", filter.text.as_deref().unwrap_or_default())
    }
}

fn upsert(alerts: &[&Alert]) -> Sql {
    let mut insert = sql(
        "INSERT INTO alert (customer, id, device, origin, rule_id, title, severity, outcome, techniques, ",
    )
    .push("alert_key, alert_count, first_time, last_time, entities, samples, intel, departure, storm, state, policy, ")
    .push("incident, search, created, version) VALUES ");
    for (place, alert) in alerts.iter().enumerate() {
        insert = insert
            .push(if place == 0 { "(" } else { ", (" })
            .push("?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)")
            .bind(&alert.customer)
            .bind(&alert.id)
            .bind(&alert.device)
            .bind(alert.origin)
            .bind(&alert.rule_id)
            .bind(&alert.title)
            .bind(alert.severity)
            .bind(outcome_word(alert.outcome))
            .bind(json(&alert.techniques))
            .bind(&alert.key)
            .bind(alert.count)
            .bind(alert.first)
            .bind(alert.last)
            .bind(json(&alert.entities))
            .bind(json(&alert.samples))
            .bind(text_of(alert.intel.as_ref()).as_deref())
            .bind(text_of(alert.departure.as_ref()).as_deref())
            .bind(text_of(alert.storm.as_ref()).as_deref())
            .bind(alert.state)
            .bind(alert.policy.as_ref())
            .bind(alert.incident.as_ref())
            .bind(search(alert))
            .bind(alert.created);
    }
    insert
        .push(" ON CONFLICT (customer, id) DO UPDATE SET severity = excluded.severity, outcome = excluded.outcome, ")
        .push("alert_count = excluded.alert_count, first_time = excluded.first_time, last_time = excluded.last_time, ")
        .push("entities = excluded.entities, samples = excluded.samples, intel = excluded.intel, ")
        .push("departure = excluded.departure, storm = excluded.storm, search = excluded.search, version = alert.version + 1 ")
        .push("WHERE alert.severity <> excluded.severity OR alert.outcome <> excluded.outcome ")
        .push("OR alert.alert_count <> excluded.alert_count OR alert.first_time <> excluded.first_time ")
        .push("OR alert.last_time <> excluded.last_time OR alert.entities <> excluded.entities ")
        .push("OR alert.samples <> excluded.samples RETURNING customer, id")
}

fn search(alert: &Alert) -> Arg {
    let single = [alert.title.as_str(), &alert.rule_id, &alert.key];
    let named = alert.entities.iter().flat_map(|entity| {
        [Some(entity.value.as_str()), entity.asset.as_deref(), entity.resource_group.as_deref()].into_iter().flatten()
    });
    Arg::from(searchable(single.into_iter().chain(named)))
}

fn text_of<T: serde::Serialize>(part: Option<&T>) -> Option<String> {
    part.map(|part| serde_json::to_string(part).expect("texts and numbers serialize"))
}

fn outcome_word(outcome: AttackOutcome) -> &'static str {
    match outcome {
        AttackOutcome::Unknown => "unknown",
        AttackOutcome::Attempted => "attempted",
        AttackOutcome::Blocked => "blocked",
        AttackOutcome::Succeeded => "succeeded",
        AttackOutcome::Compromised => "compromised",
    }
}

fn read(row: &Row) -> Result<Alert> {
    let outcome: String = row.get("outcome")?;
    Ok(Alert {
        id: row.parse("id")?,
        customer: row.parse("customer")?,
        device: row.parse("device")?,
        origin: row.parse("origin")?,
        rule_id: row.get("rule_id")?,
        title: row.get("title")?,
        severity: row.severity("severity")?,
        outcome: serde_json::from_value(outcome.into()).map_err(|error| Error::corrupt("outcome", error))?,
        techniques: row.json("techniques")?,
        key: row.get("alert_key")?,
        count: row.get("alert_count")?,
        first: row.time("first_time")?,
        last: row.time("last_time")?,
        entities: row.json("entities")?,
        samples: row.json("samples")?,
        intel: row.json_maybe("intel")?,
        departure: row.json_maybe("departure")?,
        storm: row.json_maybe("storm")?,
        state: row.parse("state")?,
        policy: row.parse_maybe("policy")?,
        incident: row.parse_maybe("incident")?,
        created: row.time("created")?,
        version: row.get("version")?,
    })
}
