//! An event's values by column name.

use std::borrow::Cow;

use model::core_field::{CoreType, core_type};
use model::event::StoredEvent;
use serde_json::Value;

/// What an export holds when nobody says what.
const COMMON: &[&str] = &[
    "time",
    "customer",
    "device",
    "source",
    "event_action",
    "event_outcome",
    "source_ip",
    "source_port",
    "destination_ip",
    "destination_port",
    "user_name",
    "host_name",
    "process_command_line",
    "url_full",
    "message",
    "raw",
];

/// The columns wanted, or the common ones.
pub(super) fn names(wanted: &[String]) -> Vec<String> {
    if wanted.is_empty() { COMMON.iter().map(|name| (*name).to_owned()).collect() } else { wanted.to_vec() }
}

/// Whether a column holds whole numbers.
pub(super) fn is_int(name: &str) -> bool {
    core_type(name) == Some(CoreType::Int)
}

/// A value as text; nothing where the event has none.
pub(super) fn text<'e>(event: &'e StoredEvent, name: &str) -> Option<Cow<'e, str>> {
    match name {
        "id" => Some(event.id.to_string().into()),
        "time" => Some(event.time.to_string().into()),
        "received" => Some(event.received.to_string().into()),
        "customer" => Some(event.customer.as_str().into()),
        "device" => Some(event.device.as_str().into()),
        "source" => Some(event.source.as_str().into()),
        "raw" => Some(event.raw.as_str().into()),
        name => value(event, name).and_then(|value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.as_str().into()),
            other => Some(other.to_string().into()),
        }),
    }
}

/// A core field by its name, the record's own otherwise.
pub(super) fn value<'e>(event: &'e StoredEvent, name: &str) -> Option<&'e Value> {
    if core_type(name).is_some() { event.core.get(name) } else { event.fields.get(name) }
}
