//! What tells one record of a Windows event log from another: the log it is of, its number there, and its time.

use std::hash::{DefaultHasher, Hash, Hasher};

use model::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
struct Document<'t> {
    #[serde(rename = "Event", borrow)]
    event: Event<'t>,
}

#[derive(Deserialize)]
struct Event<'t> {
    #[serde(rename = "System", borrow)]
    system: System<'t>,
}

#[derive(Deserialize)]
struct System<'t> {
    #[serde(rename = "Channel", borrow)]
    channel: Option<std::borrow::Cow<'t, str>>,
    #[serde(rename = "Computer", borrow)]
    computer: Option<std::borrow::Cow<'t, str>>,
    #[serde(rename = "EventRecordID")]
    id: u64,
}

/// Log, number and time of a record; one that says none of it is known by all of its text.
pub(super) fn identity(text: &str) -> (u64, u64, i64) {
    let time = system_time(text).unwrap_or_default();
    match serde_json::from_str::<Document>(text) {
        Ok(Document { event: Event { system } }) => {
            (hash(&(system.computer.as_deref(), system.channel.as_deref())), system.id, time)
        }
        Err(_) => (hash(&text), 0, time),
    }
}

fn system_time(text: &str) -> Option<i64> {
    let (_, after) = text.split_once("\"SystemTime\":")?;
    let written = after.trim_start().strip_prefix('"')?.split('"').next()?;
    let written = written.trim_end_matches(" UTC").replace(' ', "T");
    let zoned = if written.ends_with('Z') { written } else { format!("{written}Z") };
    zoned.parse::<Timestamp>().ok().map(Timestamp::as_micros)
}

/// The same for the same, whatever the process: the hasher has no key.
fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_known_by_log_number_and_time() {
        let record = |computer: &str, id: u64, time: &str| {
            format!(
                "{{\"Event\":{{\"System\":{{\"EventRecordID\":{id},\"Channel\":\"Security\",\"Computer\":\"{computer}\",\
                 \"TimeCreated\":{{\"#attributes\":{{\"SystemTime\":\"{time}\"}}}}}}}}}}"
            )
        };
        let one = identity(&record("dc1", 7, "2026-01-01T00:00:01.5Z"));
        assert_eq!((one.1, one.2), (7, 1_767_225_601_500_000));
        assert_ne!(one.0, identity(&record("dc2", 7, "2026-01-01T00:00:01.5Z")).0);
        assert_eq!(one.0, identity(&record("dc1", 8, "2026-01-01T00:00:02Z")).0);
        assert_eq!(identity("{}"), identity("{}"));
        assert_ne!(identity("{}"), identity("{ }"));
    }
}
