//! Incidents 事件: taking, changing and closing them. Each change is one transaction of state, timeline and audit log.

use model::entity::Entity;
use model::incident::{Incident, IncidentChange, IncidentEntry, IncidentState, Transition};
use model::role::{Permission, Role};
use model::user::User;
use model::{Context, CustomerId, IncidentEntryId, IncidentId, Page, PageRequest, Severity, Timestamp, UserId};
use serde::Serialize;
use serde_json::json;
use store::{IncidentFilter, Tx, UserFilter};

use crate::error::{Error, Result};
use crate::incident_view::IncidentEntryView;
use crate::{Ops, audit, optional, session, validate};

/// Characters of a title at most.
pub(crate) const TITLE_MOST: usize = 300;
/// Characters of a comment, reason or summary at most.
const TEXT_MOST: usize = 10_000;

/// An incident raised by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIncident {
    /// Whose it is.
    pub customer: CustomerId,
    /// What happened, in a line.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// First comment, where there is something to say.
    pub note: Option<String>,
}

/// Somebody who may be given incidents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assignee {
    /// Who.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: UserId,
    /// What colleagues read.
    pub name: String,
    /// What they are to the platform.
    pub roles: Vec<Role>,
}

/// Opens an incident that no alert raised, about something at a time, with its first comments.
pub(crate) async fn open(
    tx: &mut Tx,
    new: &NewIncident,
    time: Timestamp,
    entities: Vec<Entity>,
    comments: impl IntoIterator<Item = String>,
) -> Result<Incident> {
    let now = tx.context().now();
    let id = IncidentId::generate(now);
    let incident = Incident {
        key: format!("manual={id}"),
        id,
        number: 0, // given by the store
        customer: new.customer.clone(),
        title: new.title.clone(),
        severity: new.severity,
        state: IncidentState::New,
        verdict: None,
        reject_reason: None,
        suspended_until: None,
        assignee: None,
        entities,
        alert_count: 0,
        first: time,
        last: time,
        created: now,
        updated: now,
        version: 1,
        decided: 1,
    };
    let incident = tx.create_incident(&incident).await?;
    entry(tx, &incident, IncidentChange::Raised { alert: None }).await?;
    for text in comments {
        entry(tx, &incident, IncidentChange::Commented { text }).await?;
    }
    let detail = json!({"number": incident.number, "title": incident.title, "severity": incident.severity});
    tx.audit(audit(Some(&incident.customer), "incident.create", &incident.id, detail)).await?;
    Ok(incident)
}

impl Ops {
    /// Raises an incident by hand.
    pub async fn create_incident(&self, ctx: &Context, new: NewIncident) -> Result<Incident> {
        ctx.require(Permission::IncidentWork)?;
        let mut tx = self.store().write(ctx).await?;
        tx.get_customer(&new.customer).await?;
        let title = validate::text("title", &new.title, TITLE_MOST)?;
        let note = new.note.as_deref().filter(|note| !note.trim().is_empty());
        let note = note.map(|note| validate::text("note", note, TEXT_MOST)).transpose()?;
        let new = NewIncident { title, ..new };
        let incident = open(&mut tx, &new, ctx.now(), Vec::new(), note).await?;
        tx.commit().await?;
        Ok(incident)
    }

    /// One incident.
    pub async fn get_incident(&self, ctx: &Context, id: &IncidentId) -> Result<Incident> {
        ctx.require(Permission::IncidentRead)?;
        Ok(self.store().read(ctx).await?.get_incident(id).await?)
    }

    /// Incidents, newest first.
    pub async fn list_incidents(
        &self,
        ctx: &Context,
        filter: &IncidentFilter,
        page: &PageRequest,
    ) -> Result<Page<Incident>> {
        ctx.require(Permission::IncidentRead)?;
        Ok(self.store().read(ctx).await?.list_incidents(filter, page).await?)
    }

    /// Changes an incident's state. To start one that nobody has is to take it.
    pub async fn transition_incident(
        &self,
        ctx: &Context,
        id: &IncidentId,
        version: i64,
        transition: Transition,
    ) -> Result<Incident> {
        ctx.require(Permission::IncidentWork)?;
        let mut tx = self.store().write(ctx).await?;
        let incident = at_version(&mut tx, id, version).await?;
        let incident = transition_in(&mut tx, incident, transition).await?;
        tx.commit().await?;
        Ok(incident)
    }

    /// Gives an incident to somebody, or to nobody. Taking it oneself and giving back one's own needs
    /// `incident.work`, anything else `incident.assign`.
    pub async fn assign_incident(
        &self,
        ctx: &Context,
        id: &IncidentId,
        version: i64,
        assignee: Option<UserId>,
    ) -> Result<Incident> {
        let me = ctx.actor().user();
        let to_another = assignee.is_some() && assignee.as_ref() != me;
        ctx.require(if to_another { Permission::IncidentAssign } else { Permission::IncidentWork })?;
        let mut tx = self.store().write(ctx).await?;
        let mut incident = at_version(&mut tx, id, version).await?;
        if assignee.is_none() && incident.assignee.as_ref() != me {
            ctx.require(Permission::IncidentAssign)?;
        }
        if incident.assignee == assignee {
            return Ok(incident);
        }
        if let Some(user) = &assignee {
            let found = optional(tx.get_user(user).await)?.filter(|user| may_work_on(user, &incident.customer));
            found
                .ok_or_else(|| Error::invalid("assignee", "must be active, work on incidents and see this customer"))?;
        }
        let before = std::mem::replace(&mut incident.assignee, assignee.clone());
        let incident = save(&mut tx, incident).await?;
        entry(&mut tx, &incident, IncidentChange::Assigned { to: assignee.clone() }).await?;
        let detail = json!({"from": before, "to": assignee});
        tx.audit(audit(Some(&incident.customer), "incident.assign", id, detail)).await?;
        tx.commit().await?;
        Ok(incident)
    }

    /// Sets an incident's severity.
    pub async fn set_incident_severity(
        &self,
        ctx: &Context,
        id: &IncidentId,
        version: i64,
        severity: Severity,
    ) -> Result<Incident> {
        ctx.require(Permission::IncidentWork)?;
        let mut tx = self.store().write(ctx).await?;
        let mut incident = at_version(&mut tx, id, version).await?;
        if incident.severity == severity {
            return Ok(incident);
        }
        let before = std::mem::replace(&mut incident.severity, severity);
        let incident = save(&mut tx, incident).await?;
        entry(&mut tx, &incident, IncidentChange::SeverityChanged { from: before, to: severity }).await?;
        let detail = json!({"from": before, "to": severity});
        tx.audit(audit(Some(&incident.customer), "incident.set_severity", id, detail)).await?;
        tx.commit().await?;
        Ok(incident)
    }

    /// Writes something down in an incident's timeline, for colleagues. Plain text; it changes no state, so it names
    /// no version.
    pub async fn comment_incident(&self, ctx: &Context, id: &IncidentId, text: &str) -> Result<IncidentEntryView> {
        ctx.require(Permission::IncidentWork)?;
        let mut tx = self.store().write(ctx).await?;
        let incident = tx.get_incident(id).await?;
        let text = validate::text("text", text, TEXT_MOST)?;
        let length = text.chars().count();
        let entry = entry(&mut tx, &incident, IncidentChange::Commented { text }).await?;
        let detail = json!({"entry": entry.id, "characters": length});
        tx.audit(audit(Some(&incident.customer), "incident.comment", id, detail)).await?;
        let user_name = match &entry.user {
            Some(user) => optional(tx.get_user(user).await)?.map(|user| user.data.name),
            None => None,
        };
        tx.commit().await?;
        Ok(IncidentEntryView { entry, user_name })
    }

    /// Who may be given incidents of `customer`; without one, of any customer the caller sees.
    pub async fn list_assignees(&self, ctx: &Context, customer: Option<&CustomerId>) -> Result<Vec<Assignee>> {
        ctx.require(Permission::IncidentRead)?;
        let mut tx = self.store().read(ctx).await?;
        if let Some(customer) = customer {
            tx.get_customer(customer).await?;
        }
        let suits = |user: &User| match customer {
            Some(customer) => may_work_on(user, customer),
            None => {
                may_work(user)
                    && (user.data.all_customers
                        || user.data.customers.iter().any(|customer| ctx.scope().contains(customer)))
            }
        };
        let mut assignees = Vec::new();
        let mut request = PageRequest::new(PageRequest::MOST, None);
        loop {
            let page = tx.list_users(&UserFilter { active: Some(true), ..UserFilter::default() }, &request).await?;
            assignees.extend(page.items.into_iter().filter(suits).map(|user| Assignee {
                id: user.id,
                name: user.data.name,
                roles: user.data.roles,
            }));
            match page.next {
                Some(next) => request.after = Some(next),
                None => return Ok(assignees),
            }
        }
    }
}

/// Applies a transition within the caller's transaction: the one place that does, for people and jobs.
pub(crate) async fn transition_in(tx: &mut Tx, mut incident: Incident, transition: Transition) -> Result<Incident> {
    let ctx = tx.context().clone();
    check_length(&transition)?;
    let from = incident.state;
    let to = from.after(&transition, ctx.now())?;
    let taken_by =
        ctx.actor().user().filter(|_| transition == Transition::Start && incident.assignee.is_none()).cloned();
    incident.state = to;
    incident.suspended_until = None;
    match &transition {
        Transition::Suspend { until, .. } => incident.suspended_until = Some(*until),
        Transition::Resolve { verdict, .. } => incident.verdict = Some(*verdict),
        Transition::Reject { reason, .. } => incident.reject_reason = Some(*reason),
        Transition::Reopen { .. } => (incident.verdict, incident.reject_reason) = (None, None),
        Transition::Start | Transition::Resume => {}
    }
    if taken_by.is_some() {
        incident.assignee = taken_by.clone();
    }
    let incident = save(tx, incident).await?;
    if let Some(user) = taken_by {
        entry(tx, &incident, IncidentChange::Assigned { to: Some(user.clone()) }).await?;
        let detail = json!({"from": null, "to": user});
        tx.audit(audit(Some(&incident.customer), "incident.assign", &incident.id, detail)).await?;
    }
    let (action, detail) = (action_of(&transition), json!({"from": from, "to": to, "transition": transition}));
    entry(tx, &incident, IncidentChange::Transitioned { transition, from, to }).await?;
    tx.audit(audit(Some(&incident.customer), action, &incident.id, detail)).await?;
    Ok(incident)
}

/// Writes an incident of which something was decided, if nobody else has changed it since it was read.
pub(crate) async fn save(tx: &mut Tx, mut incident: Incident) -> Result<Incident> {
    incident.decided = incident.version + 1;
    save_more(tx, incident).await
}

/// Writes an incident that has merely grown, by alerts and what they are about.
pub(crate) async fn save_more(tx: &mut Tx, mut incident: Incident) -> Result<Incident> {
    incident.updated = tx.context().now();
    Ok(tx.update_incident(&incident, incident.version).await?)
}

/// Writes an entry of an incident's timeline, in the name of whoever the transaction acts for.
pub(crate) async fn entry(tx: &mut Tx, incident: &Incident, what: IncidentChange) -> Result<IncidentEntry> {
    let now = tx.context().now();
    let user = tx.context().actor().user().cloned();
    let entry = IncidentEntry { id: IncidentEntryId::generate(now), time: now, user, what };
    tx.add_incident_entry(&incident.customer, &incident.id, &entry).await?;
    Ok(entry)
}

/// The incident, if nothing was decided about it since the caller has seen it.
async fn at_version(tx: &mut Tx, id: &IncidentId, version: i64) -> Result<Incident> {
    let incident = tx.get_incident(id).await?;
    if incident.is_known_at(version) { Ok(incident) } else { Err(Error::Conflict) }
}

fn check_length(transition: &Transition) -> Result<()> {
    let (field, text) = match transition {
        Transition::Suspend { reason, .. } | Transition::Reopen { reason } => ("reason", reason),
        Transition::Resolve { summary, .. } | Transition::Reject { summary, .. } => ("summary", summary),
        Transition::Start | Transition::Resume => return Ok(()),
    };
    if text.chars().count() <= TEXT_MOST {
        return Ok(());
    }
    Err(Error::invalid(field, "must have at most 10000 characters"))
}

fn action_of(transition: &Transition) -> &'static str {
    match transition {
        Transition::Start => "incident.start",
        Transition::Suspend { .. } => "incident.suspend",
        Transition::Resume => "incident.resume",
        Transition::Resolve { .. } => "incident.resolve",
        Transition::Reject { .. } => "incident.reject",
        Transition::Reopen { .. } => "incident.reopen",
    }
}

fn may_work(user: &User) -> bool {
    user.data.active && session::permissions_of(user).contains(&Permission::IncidentWork)
}

fn may_work_on(user: &User, customer: &CustomerId) -> bool {
    may_work(user) && session::sees(user, customer)
}
