//! The values of an event that indicators are held against; stored rows give the same ones.

use super::indicator::{Holds, holds_of};
use crate::event::{Event, Value};

/// Calls `with` for each such value: its field, what the field holds, the value.
pub fn values(event: &Event<'_>, mut with: impl FnMut(&str, Holds, &str)) {
    let mut whole = false;
    for (name, value) in event.core.iter() {
        if let Some(holds) = holds_of(name) {
            whole |= name == "url_full" && matches!(value, Value::Str(_));
            each(value, &mut |text| with(name, holds, text));
        }
    }
    if whole {
        return;
    }
    if let (Some(host), Some(path)) = (text(event, "url_domain"), text(event, "url_path")) {
        let url = match text(event, "url_query").filter(|query| !query.is_empty()) {
            Some(query) => format!("{host}{path}?{}", query.trim_start_matches('?')),
            None => format!("{host}{path}"),
        };
        with("url_path", Holds::Url, &url);
    }
}

fn each(value: &Value<'_>, with: &mut impl FnMut(&str)) {
    match value {
        Value::Str(text) => with(text),
        Value::List(values) => values.iter().for_each(|value| each(value, with)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
    }
}

fn text<'e>(event: &'e Event<'_>, name: &str) -> Option<&'e str> {
    match event.core.get(name)? {
        Value::Str(text) => Some(text),
        _ => None,
    }
}
