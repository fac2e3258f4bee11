//! The registry of typed ids.
//!
//! A printed id is a prefix, `_`, and 26 characters of lower-case Crockford base 32: 48 bits of milliseconds, then
//! 80 bits of randomness (or of a hash, for derived ids), so that ids sort by time of creation.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::Timestamp;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const BODY: usize = 26;

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind} id: expected {expected}")]
pub struct InvalidId {
    text: String,
    kind: &'static str,
    expected: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// What every id of this kind starts with, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new random id, ordered by `now`.
            pub fn generate(now: Timestamp) -> Self {
                let mut random = [0u8; 10];
                getrandom::fill(&mut random).expect("the operating system gives randomness");
                Self(encode($prefix, now, random).into())
            }

            /// The id that always results from these parts: replaying the same input gives the same id.
            pub fn derived(time: Timestamp, parts: &[&[u8]]) -> Self {
                let mut hash = Sha256::new();
                for part in parts {
                    hash.update((part.len() as u64).to_be_bytes());
                    hash.update(part);
                }
                let digest = hash.finalize();
                let mut tail = [0u8; 10];
                tail.copy_from_slice(&digest[..10]);
                Self(encode($prefix, time, tail).into())
            }

            /// The printed form.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if is_valid($prefix, text) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidId {
                        text: text.chars().take(64).collect(),
                        kind: $kind,
                        expected: concat!($prefix, "_ and 26 lower-case characters"),
                    })
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A customer (tenant).
    CustomerId = "cus", "customer";
    /// Something that sends logs or takes commands.
    DeviceId = "dev", "device";
    /// A credential a device authenticates with.
    DeviceCredentialId = "dcr", "device credential";
    /// A customer's asset.
    AssetId = "ast", "asset";
    /// A customer's resource group.
    ResourceGroupId = "rgr", "resource group";
    /// A deduplicated alert; derived from customer, rule, key and first event.
    AlertId = "alr", "alert";
    /// An audit policy.
    AuditPolicyId = "pol", "audit policy";
    /// An incident.
    IncidentId = "inc", "incident";
    /// One entry of an incident's timeline (comments included).
    IncidentEntryId = "ine", "incident entry";
    /// A file attached to an incident.
    AttachmentId = "att", "attachment";
    /// A person who signs in.
    UserId = "usr", "user";
    /// A signed-in session.
    SessionId = "ses", "session";
    /// An API token.
    ApiTokenId = "tok", "API token";
    /// A deletion of events, and the certificate of it.
    DeletionId = "del", "deletion";
    /// A search somebody keeps.
    SavedSearchId = "sch", "saved search";
    /// An export of events.
    ExportId = "exp", "export";
    /// An alarm of the platform about itself.
    PlatformAlarmId = "plt", "platform alarm";
    /// A list of indicators.
    IntelListId = "itl", "intelligence list";
    /// A feed of indicators.
    FeedId = "fed", "feed";
    /// A list held against what was kept.
    RetroHuntId = "hnt", "retro-hunt";
    /// An indicator seen at a customer; derived from hunt, customer and indicator.
    HitId = "hit", "hit";
    /// An exception to a use case.
    ExceptionId = "exc", "exception";
    /// A request for a use case.
    RequestId = "ucr", "request";
    /// What a release of somebody else's rules would change.
    ChangeSetId = "rcs", "set of changes";
    /// A threat hunt: a question asked of customers' events.
    HuntId = "hun", "threat hunt";
    /// A run of a threat hunt's queries.
    HuntRunId = "hru", "run of a threat hunt";
    /// A programme that makes threat hunts.
    HuntProgrammeId = "hpr", "hunt programme";
    /// A set of YARA rules.
    YaraSetId = "yar", "set of YARA rules";
    /// Minutes spent on a threat hunt.
    HuntTimeId = "htm", "entry of time";
}

/// An event's place in the write-ahead log: which log, which shard of it, which sequence number. Printed as
/// `evt_<log>_<shard>_<sequence>` in hexadecimal of fixed width, so that text order is log order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// The log: drawn at random when a data folder is made.
    pub log: u32,
    /// The shard of the log.
    pub shard: u16,
    /// The record's sequence number in its shard, from 1.
    pub sequence: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "evt_{:08x}_{:04x}_{:016x}", self.log, self.shard, self.sequence)
    }
}

impl FromStr for EventId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let mut parts = text.strip_prefix("evt_")?.split('_');
            let log = u32::from_str_radix(parts.next().filter(|part| part.len() == 8)?, 16).ok()?;
            let shard = u16::from_str_radix(parts.next().filter(|part| part.len() == 4)?, 16).ok()?;
            let sequence = u64::from_str_radix(parts.next().filter(|part| part.len() == 16)?, 16).ok()?;
            parts.next().is_none().then_some(EventId { log, shard, sequence })
        };
        parse().filter(|id| id.to_string() == text).ok_or_else(|| InvalidId {
            text: text.chars().take(64).collect(),
            kind: "event",
            expected: "evt_<8 hex>_<4 hex>_<16 hex>",
        })
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn encode(prefix: &str, time: Timestamp, tail: [u8; 10]) -> String {
    let millis = u128::from(time.as_micros().max(0) as u64 / 1000) & ((1 << 48) - 1);
    let number = tail.iter().fold(millis, |number, byte| number << 8 | u128::from(*byte));
    let mut text = String::with_capacity(prefix.len() + 1 + BODY);
    text.push_str(prefix);
    text.push('_');
    for place in (0..BODY).rev() {
        text.push(ALPHABET[(number >> (place * 5) & 31) as usize] as char);
    }
    text
}

fn is_valid(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|body| body.len() == BODY && body.bytes().all(|byte| ALPHABET.contains(&byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_order_by_time_and_read_back() {
        let early = AlertId::generate(Timestamp::from_micros(1_000_000));
        let late = AlertId::generate(Timestamp::from_micros(2_000_000));
        assert!(early < late);
        assert_eq!(early.as_str().parse::<AlertId>().unwrap(), early);
        assert!(early.as_str().parse::<IncidentId>().is_err());
    }

    #[test]
    fn derived_ids_depend_on_every_part_and_on_where_parts_end() {
        let at = Timestamp::from_micros(5);
        assert_eq!(AlertId::derived(at, &[b"a", b"bc"]), AlertId::derived(at, &[b"a", b"bc"]));
        assert_ne!(AlertId::derived(at, &[b"a", b"bc"]), AlertId::derived(at, &[b"ab", b"c"]));
    }

    #[test]
    fn event_ids_read_back_and_sort_as_text() {
        let id = EventId { log: 7, shard: 1, sequence: 300 };
        assert_eq!(id.to_string().parse::<EventId>().unwrap(), id);
        let next = EventId { sequence: 4096, ..id };
        assert!(id.to_string() < next.to_string());
        assert!("evt_00000007_0001_+00000000000012c".parse::<EventId>().is_err());
    }
}
