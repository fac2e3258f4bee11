//! Audit policy 审核策略: an ordered list that decides what becomes of an alert (catalogue T2).

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, AlertOrigin, ENTITIES};
use crate::entity::{Entity, EntityKind};
use crate::{AuditPolicyId, CustomerId, DeviceId, Severity, Timestamp};

/// An audit policy. The first enabled, unexpired one that matches decides; a customer's own come before global ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditPolicy {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: AuditPolicyId,
    /// For one customer, or for all when absent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub customer: Option<CustomerId>,
    /// What can be changed about it.
    #[serde(flatten)]
    pub data: AuditPolicyData,
    /// How often it has decided.
    pub hits: i64,
    /// Since when it is kept.
    pub created: Timestamp,
    /// Goes up with every change.
    pub version: i64,
}

/// The part of an audit policy that people edit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditPolicyData {
    /// What people call it.
    pub name: String,
    /// Its place: lower decides first, among those of the same customer.
    pub position: i64,
    /// Whether it decides at all.
    pub enabled: bool,
    /// Which alerts it is about; every stated part must hold.
    #[serde(default)]
    pub condition: PolicyCondition,
    /// What becomes of them.
    pub action: PolicyAction,
    /// When it stops deciding.
    #[serde(default)]
    pub expires: Option<Timestamp>,
}

/// Which alerts a policy is about: every stated part must hold; an empty condition holds for all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct PolicyCondition {
    /// Any of these rule ids.
    pub rule_ids: Vec<String>,
    /// Part of the title, without case.
    pub title_contains: Option<String>,
    /// At least this bad.
    pub severity_at_least: Option<Severity>,
    /// At most this bad.
    pub severity_at_most: Option<Severity>,
    /// Where it came from.
    pub origin: Option<AlertOrigin>,
    /// A source address inside any of these ranges; to ignore an alert, all of its source addresses.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub source_ranges: Vec<IpNet>,
    /// A destination address inside any of these ranges; to ignore an alert, all of its destination addresses.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub destination_ranges: Vec<IpNet>,
    /// From any of these devices.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub devices: Vec<DeviceId>,
    /// At least so many detections.
    pub count_at_least: Option<i64>,
}

/// What becomes of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PolicyAction {
    /// Hidden from the queue, kept in its own list.
    Ignore,
    /// Becomes an incident or joins an open one about the same thing.
    RaiseIncident {
        /// Severity of the incident; the alert's own when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        severity: Option<Severity>,
    },
}

impl AuditPolicy {
    /// Whether it decides about `alert` at `now`.
    pub fn decides(&self, alert: &Alert, now: Timestamp) -> bool {
        self.data.enabled
            && self.data.expires.is_none_or(|expires| now < expires)
            && self.customer.as_ref().is_none_or(|customer| *customer == alert.customer)
            && self.data.condition.holds(alert)
            && (self.data.action != PolicyAction::Ignore || self.data.condition.holds_throughout(alert))
    }
}

impl PolicyCondition {
    /// Whether the ranges hold for all that an alert is about, not only for some of it: an alert that is ignored for one
    /// of its addresses would hide the others. Where the list of them is full, nobody knows.
    fn holds_throughout(&self, alert: &Alert) -> bool {
        let all_known = alert.storm.is_none() && alert.entities.len() < ENTITIES;
        let is_throughout =
            |kind, ranges: &[IpNet]| ranges.is_empty() || (all_known && all_inside(alert, kind, ranges));
        is_throughout(EntityKind::SourceAddress, &self.source_ranges)
            && is_throughout(EntityKind::DestinationAddress, &self.destination_ranges)
    }

    /// Whether every stated part holds.
    pub fn holds(&self, alert: &Alert) -> bool {
        (self.rule_ids.is_empty() || self.rule_ids.contains(&alert.rule_id))
            && self.title_contains.as_ref().is_none_or(|part| alert.title.to_lowercase().contains(&part.to_lowercase()))
            && self.severity_at_least.is_none_or(|least| alert.severity >= least)
            && self.severity_at_most.is_none_or(|most| alert.severity <= most)
            && self.origin.is_none_or(|origin| alert.origin == origin)
            && (self.source_ranges.is_empty() || any_inside(alert, EntityKind::SourceAddress, &self.source_ranges))
            && (self.destination_ranges.is_empty()
                || any_inside(alert, EntityKind::DestinationAddress, &self.destination_ranges))
            && (self.devices.is_empty() || self.devices.contains(&alert.device))
            && self.count_at_least.is_none_or(|least| alert.count >= least)
    }
}

/// The policy that decides about `alert`: the customer's own by position, then the global ones by position.
pub fn deciding<'p>(policies: &'p [AuditPolicy], alert: &Alert, now: Timestamp) -> Option<&'p AuditPolicy> {
    policies
        .iter()
        .filter(|policy| policy.decides(alert, now))
        .min_by_key(|policy| (policy.customer.is_none(), policy.data.position, policy.id.clone()))
}

fn any_inside(alert: &Alert, kind: EntityKind, ranges: &[IpNet]) -> bool {
    alert.entities.iter().filter(|entity| entity.kind == kind).any(|entity| is_inside(entity, ranges))
}

fn all_inside(alert: &Alert, kind: EntityKind, ranges: &[IpNet]) -> bool {
    alert.entities.iter().filter(|entity| entity.kind == kind).all(|entity| is_inside(entity, ranges))
}

fn is_inside(entity: &Entity, ranges: &[IpNet]) -> bool {
    let address = entity.value.parse::<IpAddr>();
    address.is_ok_and(|address| ranges.iter().any(|range| range.contains(&address)))
}
