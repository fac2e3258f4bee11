//! Plain examples of every noun.

use std::time::Duration;

use model::alert::{Alert, AlertOrigin, AlertState, MatchedField, Sample};
use model::asset::{AssetData, Importance};
use model::audit_policy::{AuditPolicyData, PolicyAction, PolicyCondition};
use model::customer::{CustomerData, OperatingState, ServiceItem};
use model::device::{CredentialKind, DeviceCredential, DeviceData, DeviceKind};
use model::entity::{Entity, EntityKind};
use model::event::AttackOutcome;
use model::incident::{Incident, IncidentChange, IncidentEntry, IncidentState};
use model::resource_group::{ResourceGroupData, ResourceGroupKind};
use model::role::Role;
use model::use_case::Language;
use model::user::UserData;
use model::*;

use crate::fixture::Fixture;

/// The instant tests count seconds from.
pub fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_900_000_000_000_000).plus(Duration::from_secs(seconds))
}

/// For every customer, at second 0.
pub fn everyone() -> Context {
    everyone_at(0)
}

pub fn everyone_at(seconds: u64) -> Context {
    Context::job("test", Scope::All, at(seconds))
}

/// For one customer, at second 0.
pub fn only(customer: &CustomerId) -> Context {
    Context::job("test", Scope::one(customer.clone()), at(0))
}

pub fn customer_data(name: &str) -> CustomerData {
    CustomerData {
        name: format!("{name} Limited"),
        short_name: name.to_owned(),
        color: 3,
        services: vec![ServiceItem::Mdr, ServiceItem::Mss],
        state: OperatingState::Live,
        time_zone: "Asia/Shanghai".to_owned(),
        remark: format!("{name} scans itself on Mondays"),
        service_manager: None,
    }
}

/// A customer that is in the store.
pub async fn customer(fixture: &Fixture, name: &str) -> CustomerId {
    let id = CustomerId::generate(at(0));
    let mut tx = fixture.write(&everyone()).await;
    tx.create_customer(&id, &customer_data(name)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub fn device_data(name: &str) -> DeviceData {
    DeviceData {
        name: name.to_owned(),
        kind: DeviceKind::Firewall,
        source: Some("fortigate".to_owned()),
        address: Some("192.0.2.1".to_owned()),
        software_version: "8.0.85".to_owned(),
        time_zone: None,
        silence_minutes: 10,
        silence_alarm: Default::default(),
    }
}

/// A device that is in the store.
pub async fn device(fixture: &Fixture, customer: &CustomerId, name: &str) -> DeviceId {
    let id = DeviceId::generate(at(0));
    let mut tx = fixture.write(&everyone()).await;
    tx.create_device(customer, &id, &device_data(name)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub fn credential(customer: &CustomerId, device: &DeviceId, kind: CredentialKind, label: &str) -> DeviceCredential {
    let (customer, device, label) = (customer.clone(), device.clone(), label.to_owned());
    let id = DeviceCredentialId::generate(at(0));
    DeviceCredential { id, customer, device, kind, label, collector: None, created: at(0) }
}

pub fn asset_data(name: &str) -> AssetData {
    AssetData {
        name: name.to_owned(),
        addresses: vec!["198.51.100.7".to_owned()],
        host_names: vec!["WEB01".to_owned()],
        owner: "Li Lei".to_owned(),
        business: "shop".to_owned(),
        importance: Importance::Vital,
        in_service: true,
    }
}

pub fn group_data(name: &str) -> ResourceGroupData {
    ResourceGroupData {
        name: name.to_owned(),
        kind: ResourceGroupKind::Dmz,
        ranges: vec!["198.51.100.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        note: "published".to_owned(),
    }
}

pub fn policy_data(name: &str, position: i64) -> AuditPolicyData {
    AuditPolicyData {
        name: name.to_owned(),
        position,
        enabled: true,
        condition: PolicyCondition { severity_at_least: Some(Severity::High), ..PolicyCondition::default() },
        action: PolicyAction::RaiseIncident { severity: Some(Severity::Critical) },
        expires: Some(at(1_000)),
    }
}

pub fn entity(value: &str) -> Entity {
    Entity {
        kind: EntityKind::SourceAddress,
        value: value.to_owned(),
        asset: Some("Shop server".to_owned()),
        resource_group: None,
    }
}

/// An alert whose events came at `second`.
pub fn alert(customer: &CustomerId, device: &DeviceId, key: &str, second: u64) -> Alert {
    Alert {
        id: AlertId::derived(at(second), &[customer.as_str().as_bytes(), key.as_bytes()]),
        customer: customer.clone(),
        device: device.clone(),
        origin: AlertOrigin::Rule,
        rule_id: "5e3d3601-0662-4af0-b1d2-36a05e90c40a".to_owned(),
        title: format!("Web shell by {key}"),
        severity: Severity::High,
        outcome: AttackOutcome::Attempted,
        techniques: vec!["T1505.003".to_owned()],
        key: format!("source_address={key}"),
        count: 1,
        first: at(second),
        last: at(second),
        entities: vec![entity(key)],
        samples: vec![Sample {
            event: EventId { log: 7, shard: 1, sequence: 9 },
            time: at(second),
            source: "nginx".to_owned(),
            raw: "GET /x.php?c=id\0 \"q\" \\ \u{4e2d}".to_owned(),
            matched: vec![MatchedField { field: "url_full".to_owned(), value: "/x.php".to_owned() }],
        }],
        intel: None,
        departure: None,
        storm: None,
        state: AlertState::New,
        policy: None,
        incident: None,
        created: at(second),
        version: 1,
    }
}

pub fn incident(customer: &CustomerId, key: &str) -> Incident {
    Incident {
        id: IncidentId::generate(at(0)),
        number: 0,
        customer: customer.clone(),
        title: format!("Web shell on {key}"),
        severity: Severity::High,
        state: IncidentState::New,
        verdict: None,
        reject_reason: None,
        suspended_until: None,
        assignee: None,
        key: format!("host={key}"),
        entities: vec![entity(key)],
        alert_count: 1,
        first: at(0),
        last: at(5),
        created: at(6),
        updated: at(6),
        version: 0,
        decided: 0,
    }
}

pub fn comment(text: &str, second: u64) -> IncidentEntry {
    IncidentEntry {
        id: IncidentEntryId::generate(at(0)),
        time: at(second),
        user: None,
        what: IncidentChange::Commented { text: text.to_owned() },
    }
}

pub fn user_data(login: &str) -> UserData {
    UserData {
        login: login.to_owned(),
        name: format!("{login} the Analyst"),
        roles: vec![Role::L1Analyst, Role::TicketAuditor],
        all_customers: false,
        customers: vec![CustomerId::generate(at(0))],
        active: true,
        language: Language::Zh,
    }
}

pub fn first_page(limit: usize) -> PageRequest {
    PageRequest::new(limit, None)
}
