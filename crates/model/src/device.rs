//! A device 设备: something that sends logs or takes commands (catalogue P3), and what it authenticates with.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::role::words;
use crate::silence::SilenceAlarm;
use crate::{CustomerId, DeviceCredentialId, DeviceId, Timestamp};

words! {
    /// What kind of thing it is.
    DeviceKind {
        /// Firewall (AF).
        Firewall = "firewall",
        /// Network detection (NDR, SIP, NTA).
        Ndr = "ndr",
        /// Endpoint detection (EDR).
        Edr = "edr",
        /// Web application firewall.
        Waf = "waf",
        /// Vulnerability scanner (TSS).
        Scanner = "scanner",
        /// A server or workstation, or the agent on it.
        Host = "host",
        /// A domain controller or other directory.
        Directory = "directory",
        /// A web server or other application.
        Application = "application",
        /// A cloud account.
        Cloud = "cloud",
        /// A collector that forwards for others.
        Collector = "collector",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// How a credential proves whose events arrive.
    CredentialKind {
        /// A token in an HTTP header or in a syslog frame's structured data.
        Token = "token",
        /// A client certificate, known by its SHA-256 fingerprint.
        Certificate = "certificate",
        /// A listener port of its own, for senders that can carry neither.
        Port = "port",
        /// An address or CIDR range that a collector of the same customer vouches for.
        Address = "address",
    }
}

words! {
    /// Whether a device is heard.
    DeviceState {
        /// Heard within its silence limit.
        Online = "online",
        /// Heard before, silent for longer than its limit.
        Offline = "offline",
        /// Never heard.
        NeverConnected = "never_connected",
    }
}

/// A device of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Device {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: DeviceId,
    /// Whose it is.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// What can be changed about it.
    #[serde(flatten)]
    pub data: DeviceData,
    /// Receipt time of its newest event.
    pub last_event: Option<Timestamp>,
    /// Events received from it.
    pub event_count: i64,
    /// Events no source recognised.
    pub unparsed_count: i64,
    /// Since when it is known.
    pub created: Timestamp,
    /// Goes up with every change of the data.
    pub version: i64,
}

/// The part of a device that people edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceData {
    /// Name, unique within the customer; branch devices are named after their place.
    pub name: String,
    /// What kind of thing it is.
    pub kind: DeviceKind,
    /// The source folder that parses it; absent: recognised record by record.
    #[serde(default)]
    pub source: Option<String>,
    /// Its management address.
    #[serde(default)]
    pub address: Option<String>,
    /// Software version as the field engineer wrote it.
    #[serde(default)]
    pub software_version: String,
    /// IANA time zone of the times it writes without one; absent: the customer's.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// Silent for longer than this many minutes counts as offline.
    pub silence_minutes: i64,
    /// How its silence is judged; the limit above counts for an alarm only where this is `fixed`.
    #[serde(default)]
    pub silence_alarm: SilenceAlarm,
}

impl Device {
    /// Online, offline or never connected at `now`.
    pub fn state(&self, now: Timestamp) -> DeviceState {
        match self.last_event {
            None => DeviceState::NeverConnected,
            Some(last) if now.since(last) > Duration::from_secs(self.data.silence_minutes.max(1) as u64 * 60) => {
                DeviceState::Offline
            }
            Some(_) => DeviceState::Online,
        }
    }
}

impl DeviceData {
    /// What is wrong with it, by field; nothing when it can be kept.
    pub fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let mut problems = Vec::new();
        if self.name.trim().is_empty() || self.name.chars().count() > 100 {
            problems.push(("name", "must have 1 to 100 characters"));
        }
        if !(1..=43_200).contains(&self.silence_minutes) {
            problems.push(("silence_minutes", "must be 1 to 43200"));
        }
        problems
    }
}

/// What a device authenticates with. The secret itself is shown once, when it is issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceCredential {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: DeviceCredentialId,
    /// Whose device.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// Which device.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub device: DeviceId,
    /// How it proves itself.
    pub kind: CredentialKind,
    /// Token: its first characters; certificate: fingerprint; port: the number; address: address or CIDR range.
    pub label: String,
    /// The collector that vouches for an address; nothing for the other kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub collector: Option<DeviceId>,
    /// When it was issued.
    pub created: Timestamp,
}

/// An address from which a collector received records that no device is registered for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CollectorPeer {
    /// The address.
    pub address: String,
    /// Records received from it as the collector's own.
    pub records: i64,
    /// Receipt time of the first,
    pub first_seen: Timestamp,
    /// and of the newest.
    pub last_seen: Timestamp,
}

/// What a receiver has to know to tell whose events arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderIdentity {
    /// The credential.
    pub credential: DeviceCredentialId,
    /// Whose device.
    pub customer: CustomerId,
    /// Which device.
    pub device: DeviceId,
    /// How it proves itself.
    pub kind: CredentialKind,
    /// Hash of the token, or the fingerprint's bytes; whatever was given for the other kinds.
    pub secret_hash: Vec<u8>,
    /// Token: its first characters; certificate: fingerprint; port: the number; address: address or CIDR range.
    pub label: String,
    /// The collector that vouches for an address.
    pub collector: Option<DeviceId>,
    /// Whether the device is itself a collector: then the addresses it received from say whose records are.
    pub collects: bool,
    /// The source folder that parses what this device sends; absent: recognised record by record.
    pub source: Option<String>,
    /// IANA time zone of times written without one: the device's, else the customer's.
    pub time_zone: String,
}

/// A device as a sender of records, whatever it authenticates with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSender {
    /// Whose device.
    pub customer: CustomerId,
    /// Which device.
    pub device: DeviceId,
    /// Whether it is a collector.
    pub collects: bool,
    /// The source folder that parses what it sends; absent: recognised record by record.
    pub source: Option<String>,
    /// IANA time zone of times written without one: its own, else the customer's.
    pub time_zone: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(last_event: Option<Timestamp>) -> Device {
        let at = Timestamp::from_micros(0);
        Device {
            id: DeviceId::generate(at),
            customer: CustomerId::generate(at),
            data: DeviceData {
                name: "fw".into(),
                kind: DeviceKind::Firewall,
                source: None,
                address: None,
                software_version: String::new(),
                time_zone: None,
                silence_minutes: 10,
                silence_alarm: SilenceAlarm::Learned,
            },
            last_event,
            event_count: 0,
            unparsed_count: 0,
            created: at,
            version: 1,
        }
    }

    #[test]
    fn a_device_is_offline_only_after_its_own_limit() {
        let heard = Timestamp::from_micros(0);
        assert_eq!(device(None).state(heard), DeviceState::NeverConnected);
        let limit = heard.plus(Duration::from_secs(600));
        assert_eq!(device(Some(heard)).state(limit), DeviceState::Online);
        assert_eq!(device(Some(heard)).state(limit.plus(Duration::from_micros(1))), DeviceState::Offline);
    }
}
