//! An alert 告警: what detection says, deduplicated (catalogue D5).

use serde::{Deserialize, Serialize};

use crate::baseline::Departure;
use crate::entity::Entity;
use crate::event::AttackOutcome;
use crate::intel::AlertIntel;
use crate::role::words;
use crate::{AlertId, AuditPolicyId, CustomerId, DeviceId, EventId, IncidentId, Severity, Timestamp};

words! {
    /// Where an alert came from.
    AlertOrigin {
        /// A Sigma rule.
        Rule = "rule",
        /// A Sigma correlation.
        Correlation = "correlation",
        /// The device's own alarm (catalogue D0).
        Device = "device",
        /// The platform itself: a device is silent that should be heard.
        Platform = "platform",
        /// An indicator of threat intelligence was seen.
        Intel = "intel",
        /// Something departs from what is usual.
        Baseline = "baseline",
    }
}

words! {
    /// What became of it.
    AlertState {
        /// No policy has looked at it.
        New = "new",
        /// Kept for people to look at: no policy raised or ignored it.
        Open = "open",
        /// Linked to an incident.
        Raised = "raised",
        /// Ignored by one of our policies 已忽略告警.
        Ignored = "ignored",
        /// Found by a use case that is silent: kept apart, for whoever looks after the use case.
        Silent = "silent",
        /// Ended by itself before anybody decided, as the alarm of a silent device that is heard again.
        Ended = "ended",
    }
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alert {
    /// Identity, derived from customer, rule, key and first event.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: AlertId,
    /// Whose it is.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// The device whose event came first.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub device: DeviceId,
    /// Where it came from.
    pub origin: AlertOrigin,
    /// Sigma rule id, `<source>:<alarm name>` for a device's own alarm, `intel:<kind>:<value>` for an indicator.
    pub rule_id: String,
    /// Title of the rule or name of the alarm.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// What became of the attack, the worst seen.
    pub outcome: AttackOutcome,
    /// ATT&CK techniques, such as `T1110.003`.
    pub techniques: Vec<String>,
    /// What the same detections were put together by, such as `source_address=203.0.113.9`.
    pub key: String,
    /// How many detections it stands for.
    pub count: i64,
    /// Time of the first event.
    pub first: Timestamp,
    /// Time of the last event.
    pub last: Timestamp,
    /// What it is about.
    pub entities: Vec<Entity>,
    /// Sample events, whole: retention never erases evidence.
    pub samples: Vec<Sample>,
    /// The indicator that was seen, and who named it; of alerts of threat intelligence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<AlertIntel>))]
    pub intel: Option<Box<AlertIntel>>,
    /// What is not usual about it; of alerts of baselines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Departure>))]
    pub departure: Option<Box<Departure>>,
    /// What it holds together, where it stands for many keys of its rule at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Storm>))]
    pub storm: Option<Box<Storm>>,
    /// What became of it.
    pub state: AlertState,
    /// The policy that decided.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub policy: Option<AuditPolicyId>,
    /// The incident it is linked to.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub incident: Option<IncidentId>,
    /// When it was first written.
    pub created: Timestamp,
    /// Goes up with every change.
    pub version: i64,
}

/// A flood of one rule's detections about ever new keys, held together as one alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Storm {
    /// About how many different keys; exact up to 256.
    pub keys: i64,
    /// The keys with the most detections, most first.
    pub top: Vec<StormKey>,
}

/// A key of a storm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StormKey {
    /// What an alert of its own would have been put together by, such as `source_address=203.0.113.9`.
    pub key: String,
    /// At least so many detections.
    pub count: i64,
}

/// How many entities an alert lists at most.
pub const ENTITIES: usize = 30;

/// How many sample events an alert keeps at most: the first ones and the newest.
pub const SAMPLES: usize = 5;

/// One event that made a rule fire, kept with the alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Sample {
    /// The event.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub event: EventId,
    /// Its time.
    pub time: Timestamp,
    /// The source that parsed it.
    pub source: String,
    /// The record as received.
    pub raw: String,
    /// Which fields and values made the rule fire.
    pub matched: Vec<MatchedField>,
}

/// A field and value that made a rule fire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatchedField {
    /// The field as the rule names it; empty for a keyword.
    pub field: String,
    /// The value as logged.
    pub value: String,
}
