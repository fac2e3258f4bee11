//! From alert to incident: the one use case behind a person's click and an audit policy's decision.

use std::net::IpAddr;
use std::time::Duration;

use model::alert::{Alert, AlertState};
use model::device::DeviceKind;
use model::entity::{Entity, EntityKind};
use model::incident::{Incident, IncidentChange, IncidentState};
use model::resource_group::{ResourceGroup, ResourceGroupKind, narrowest};
use model::{AuditPolicyId, IncidentId, Severity};
use serde_json::json;
use store::Tx;

use crate::audit;
use crate::error::Result;
use crate::incident::{TITLE_MOST, entry, save, save_more};

/// An alert joins an open incident about the same thing whose last event is not older than this.
const JOIN_WITHIN: Duration = Duration::from_secs(24 * 3600);

/// Entities an incident keeps at most; its alerts have the rest.
const ENTITIES: usize = 200;

/// What the person or the policy says beside the alert itself.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Severity of the incident; the alert's when absent.
    pub(crate) severity: Option<Severity>,
    /// Title of a new incident; the alert's when absent.
    pub(crate) title: Option<String>,
    /// The policy that decided, unless a person did.
    pub(crate) policy: Option<AuditPolicyId>,
}

/// Links an alert that has no incident to an open one about the same thing, or to a new one. The transaction is the
/// caller's: decision, incident, timeline and audit rows become lasting together or not at all.
pub(crate) async fn raise(tx: &mut Tx, alert: &Alert, wanted: Wanted) -> Result<Incident> {
    let groups = tx.all_resource_groups(&alert.customer).await?;
    let device = tx.find_device(&alert.device).await?;
    let key = incident_key(alert, device.map(|device| device.data.kind), &groups);
    let severity = wanted.severity.unwrap_or(alert.severity);
    let near = |incident: &Incident| {
        incident.last.plus(JOIN_WITHIN) >= alert.first && alert.last.plus(JOIN_WITHIN) >= incident.first
    };
    let open = tx.find_open_incident_by_key(&alert.customer, &key).await?.filter(near);
    let joined = open.is_some();
    let incident = match open {
        Some(incident) => join(tx, incident, alert, severity).await?,
        None => begin(tx, alert, key, severity, wanted.title).await?,
    };
    tx.decide_alert(&alert.id, alert.version, AlertState::Raised, wanted.policy.as_ref(), Some(&incident.id)).await?;
    let detail = json!({"incident": incident.id, "joined": joined, "policy": wanted.policy});
    tx.audit(audit(Some(&alert.customer), "alert.raise", &alert.id, detail)).await?;
    Ok(incident)
}

async fn begin(tx: &mut Tx, alert: &Alert, key: String, severity: Severity, title: Option<String>) -> Result<Incident> {
    let now = tx.context().now();
    let mut entities = Vec::new();
    merge_entities(&mut entities, &alert.entities);
    let incident = Incident {
        id: IncidentId::generate(now),
        number: 0, // given by the store
        customer: alert.customer.clone(),
        title: title.unwrap_or_else(|| title_of(alert)),
        severity,
        state: IncidentState::New,
        verdict: None,
        reject_reason: None,
        suspended_until: None,
        assignee: None,
        key,
        entities,
        alert_count: 1,
        first: alert.first,
        last: alert.last,
        created: now,
        updated: now,
        version: 1,
        decided: 1,
    };
    let incident = tx.create_incident(&incident).await?;
    entry(tx, &incident, IncidentChange::Raised { alert: Some(alert.id.clone()) }).await?;
    let detail = json!({"number": incident.number, "title": incident.title, "severity": severity, "alert": alert.id});
    tx.audit(audit(Some(&incident.customer), "incident.create", &incident.id, detail)).await?;
    Ok(incident)
}

async fn join(tx: &mut Tx, mut incident: Incident, alert: &Alert, severity: Severity) -> Result<Incident> {
    let before = incident.severity;
    incident.severity = before.max(severity);
    incident.alert_count += 1;
    incident.first = incident.first.min(alert.first);
    incident.last = incident.last.max(alert.last);
    merge_entities(&mut incident.entities, &alert.entities);
    let worse = incident.severity != before;
    let incident = if worse { save(tx, incident).await? } else { save_more(tx, incident).await? };
    let linked = IncidentChange::AlertLinked { alert: alert.id.clone(), title: alert.title.clone() };
    entry(tx, &incident, linked).await?;
    if worse {
        note_severity(tx, &incident, before, alert).await?;
    }
    Ok(incident)
}

/// Tells that an alert has made an incident worse.
pub(crate) async fn note_severity(tx: &mut Tx, incident: &Incident, before: Severity, alert: &Alert) -> Result<()> {
    entry(tx, incident, IncidentChange::SeverityChanged { from: before, to: incident.severity }).await?;
    let detail = json!({"from": before, "to": incident.severity, "alert": alert.id});
    Ok(tx.audit(audit(Some(&incident.customer), "incident.set_severity", &incident.id, detail)).await?)
}

/// What an alert is first of all about. Alerts with the same key belong to one incident while it is open.
///
/// The host comes first; but the host in the records of a firewall or another device that watches others is that
/// device itself, so it says nothing there. A source address comes next, unless it is a proxy's or NAT's, behind which
/// anybody may be; then the destination, then the user, and at last what detection put the alert together by. A storm is
/// about its rule.
pub(crate) fn incident_key(alert: &Alert, device: Option<DeviceKind>, groups: &[ResourceGroup]) -> String {
    if alert.storm.is_some() {
        // About many at once: the first of them says nothing.
        return format!("rule={} {}", alert.rule_id, alert.key);
    }
    let watches_others =
        matches!(device, Some(DeviceKind::Firewall | DeviceKind::Ndr | DeviceKind::Waf | DeviceKind::Scanner));
    let first = |kind: EntityKind| alert.entities.iter().find(|entity| entity.kind == kind);
    let host = first(EntityKind::Host).filter(|_| !watches_others);
    if let Some(host) = host {
        return format!("host={}", host_name(&host.value));
    }
    let direct = |entity: &&Entity| entity.kind == EntityKind::SourceAddress && !is_proxy(&entity.value, groups);
    if let Some(source) = alert.entities.iter().find(direct) {
        return format!("source_address={}", source.value);
    }
    if let Some(destination) = first(EntityKind::DestinationAddress) {
        return format!("destination_address={}", destination.value);
    }
    if let Some(user) = first(EntityKind::User) {
        return format!("user={}", user.value.to_lowercase());
    }
    format!("rule={} {}", alert.rule_id, alert.key)
}

/// A host's name without domain and case; an address as it is.
fn host_name(value: &str) -> String {
    if value.parse::<IpAddr>().is_ok() {
        return value.to_owned();
    }
    value.split('.').next().unwrap_or(value).to_uppercase()
}

fn is_proxy(address: &str, groups: &[ResourceGroup]) -> bool {
    let group = address.parse::<IpAddr>().ok().and_then(|address| narrowest(groups, address));
    group.is_some_and(|group| group.data.kind == ResourceGroupKind::Proxy)
}

/// Adds what is new, up to the bound; names found later are taken over.
pub(crate) fn merge_entities(into: &mut Vec<Entity>, more: &[Entity]) {
    for entity in more {
        let known = into.iter().position(|known| known.kind == entity.kind && known.value == entity.value);
        if let Some(known) = known.and_then(|place| into.get_mut(place)) {
            known.asset = known.asset.take().or_else(|| entity.asset.clone());
            known.resource_group = known.resource_group.take().or_else(|| entity.resource_group.clone());
        } else if into.len() < ENTITIES {
            into.push(entity.clone());
        }
    }
}

fn title_of(alert: &Alert) -> String {
    alert.title.chars().take(TITLE_MOST).collect()
}
