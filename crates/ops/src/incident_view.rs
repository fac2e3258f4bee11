//! An incident as its page shows it: with its customer, alerts, cards, names and what is like it.

use std::collections::BTreeMap;
use std::time::Duration;

use model::alert::Alert;
use model::customer::Customer;
use model::entity::EntityKind;
use model::incident::{Incident, IncidentEntry};
use model::role::Permission;
use model::use_case::Cards;
use model::{Context, IncidentId, Page, PageRequest, Timestamp, UserId};
use serde::Serialize;
use store::{AlertFilter, IncidentFilter, Tx};

use crate::error::Result;
use crate::{Ops, optional};

/// Alerts shown with an incident at most; the alert list has the rest.
const ALERTS: usize = 100;
/// Related incidents shown at most, and how far back they may lie.
const RELATED: usize = 10;
/// Entities looked for in other incidents at most.
const RELATED_BY: usize = 8;
const RELATED_WITHIN: Duration = Duration::from_secs(30 * 24 * 3600);

/// An incident with everything its page shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IncidentView {
    /// The incident.
    pub incident: Incident,
    /// Whose it is, with the go-live note.
    pub customer: Customer,
    /// Its alerts, newest last event first, at most 100.
    pub alerts: Vec<Alert>,
    /// Instruction cards of its alerts' rules, by rule id.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub cards: BTreeMap<String, Cards>,
    /// The name of whoever works on it.
    pub assignee_name: Option<String>,
    /// Incidents of the customer with the same key or an entity in common, of the last 30 days, newest first.
    pub related: Vec<Incident>,
}

/// An entry of a timeline with its author's name.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IncidentEntryView {
    /// The entry.
    #[serde(flatten)]
    pub entry: IncidentEntry,
    /// The person's name; absent when the platform did it.
    pub user_name: Option<String>,
}

impl Ops {
    /// An incident with everything its page shows.
    pub async fn view_incident(&self, ctx: &Context, id: &IncidentId) -> Result<IncidentView> {
        ctx.require(Permission::IncidentRead)?;
        let mut tx = self.store().read(ctx).await?;
        let incident = tx.get_incident(id).await?;
        let customer = tx.get_customer(&incident.customer).await?;
        let filter = AlertFilter { incident: Some(id.clone()), ..AlertFilter::default() };
        let alerts = tx.list_alerts(&filter, &PageRequest::new(ALERTS, None)).await?.items;
        let since = ctx.now().minus(RELATED_WITHIN);
        let related = related(&mut tx, &incident, since).await?;
        let assignee_name = match &incident.assignee {
            Some(user) => optional(tx.get_user(user).await)?.map(|user| user.data.name),
            None => None,
        };
        let cards =
            alerts.iter().filter_map(|alert| Some((alert.rule_id.clone(), self.cards_of(&alert.rule_id)?))).collect();
        Ok(IncidentView { incident, customer, alerts, cards, assignee_name, related })
    }

    /// An incident's timeline, oldest first.
    pub async fn list_incident_entries(
        &self,
        ctx: &Context,
        id: &IncidentId,
        page: &PageRequest,
    ) -> Result<Page<IncidentEntryView>> {
        ctx.require(Permission::IncidentRead)?;
        let mut tx = self.store().read(ctx).await?;
        tx.get_incident(id).await?;
        let page = tx.list_incident_entries(id, page).await?;
        let mut names: BTreeMap<UserId, Option<String>> = BTreeMap::new();
        for user in page.items.iter().filter_map(|entry| entry.user.as_ref()) {
            if !names.contains_key(user) {
                names.insert(user.clone(), optional(tx.get_user(user).await)?.map(|user| user.data.name));
            }
        }
        Ok(page.map(|entry| {
            let user_name = entry.user.as_ref().and_then(|user| names.get(user).cloned().flatten());
            IncidentEntryView { entry, user_name }
        }))
    }
}

/// Other incidents of the customer with the same key or an entity in common, raised since `since`, newest first: "closed
/// yesterday, here again". Processes, files and URLs are passed over: they are seldom one attack's own.
async fn related(tx: &mut Tx, incident: &Incident, since: Timestamp) -> Result<Vec<Incident>> {
    let telling = |kind: EntityKind| !matches!(kind, EntityKind::Process | EntityKind::File | EntityKind::Url);
    let entities = || incident.entities.iter().filter(|entity| telling(entity.kind)).take(RELATED_BY);
    let shares = |other: &Incident| {
        other.key == incident.key
            || entities().any(|one| other.entities.iter().any(|two| two.kind == one.kind && two.value == one.value))
    };
    let mut related: BTreeMap<i64, Incident> = BTreeMap::new();
    for text in std::iter::once(&incident.key).chain(entities().map(|entity| &entity.value)) {
        let filter = IncidentFilter {
            customers: vec![incident.customer.clone()],
            text: Some(text.clone()),
            ..IncidentFilter::default()
        };
        let found = tx.list_incidents(&filter, &PageRequest::new(RELATED * 2, None)).await?.items;
        let wanted = |other: &Incident| other.id != incident.id && other.created >= since && shares(other);
        related.extend(found.into_iter().filter(wanted).map(|other| (other.number, other)));
    }
    Ok(related.into_values().rev().take(RELATED).collect())
}
