//! A log record as the JSON object that is kept: the names of OTLP's log data model, attributes as members, resource and
//! scope beside them.
//!
//! ```text
//! {"time","observed_time","severity_text","severity_number","event_name","body","attributes":{..},
//!  "trace_id","span_id","flags","resource":{..},"scope":{"name","version","attributes":{..}}}
//! ```
//! What is absent or empty is left out. Times are RFC 3339; `time` is the observed time where the record has none.

use model::Timestamp;
use serde_json::{Map, Value};

use super::BadLogs;
use crate::hand_in::Batch;
use crate::intake::Record;

/// One log record.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Nanoseconds since 1970; 0 is none.
    pub time: u64,
    pub observed: u64,
    pub severity_number: i64,
    pub severity_text: String,
    pub event_name: String,
    pub body: Option<Value>,
    pub attributes: Map<String, Value>,
    /// Hexadecimal, whatever its length.
    pub trace_id: String,
    pub span_id: String,
    pub flags: u32,
}

/// What the records of a scope share, written once.
#[derive(Debug, Default)]
pub(super) struct About(String);

/// The scope's name, version and attributes.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub name: String,
    pub version: String,
    pub attributes: Map<String, Value>,
}

impl About {
    pub fn new(resource: Map<String, Value>, scope: Scope) -> Self {
        let mut about = Map::new();
        put(&mut about, "resource", Value::Object(resource));
        let mut members = Map::new();
        put(&mut members, "name", Value::String(scope.name));
        put(&mut members, "version", Value::String(scope.version));
        put(&mut members, "attributes", Value::Object(scope.attributes));
        put(&mut about, "scope", Value::Object(members));
        let text = Value::Object(about).to_string();
        About(text[1..text.len() - 1].to_owned())
    }
}

/// The records of a request, and those left out.
#[derive(Debug)]
pub(super) struct Logs {
    batch: Batch,
    rejected: Option<Rejected>,
}

/// Records of a request that were left out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rejected {
    pub records: usize,
    /// Why the first of them was.
    pub reason: String,
}

impl Logs {
    pub fn new(max: usize) -> Self {
        Logs { batch: Batch::new(max), rejected: None }
    }

    pub fn push(&mut self, log: Log, about: &About) -> Result<(), BadLogs> {
        Ok(self.batch.push(log.write(about))?)
    }

    pub fn reject(&mut self, reason: &str) {
        let rejected = self.rejected.get_or_insert_with(|| Rejected { records: 0, reason: reason.to_owned() });
        rejected.records += 1;
    }

    pub fn finish(self) -> (Vec<Record>, Option<Rejected>) {
        (self.batch.into_records(), self.rejected)
    }
}

impl Log {
    fn write(self, about: &About) -> Record {
        let mut members = Map::new();
        let time = if self.time == 0 { self.observed } else { self.time };
        put(&mut members, "time", Value::String(rfc3339(time)));
        if self.time != 0 {
            put(&mut members, "observed_time", Value::String(rfc3339(self.observed)));
        }
        put(&mut members, "severity_text", Value::String(self.severity_text));
        if self.severity_number != 0 {
            members.insert("severity_number".to_owned(), self.severity_number.into());
        }
        put(&mut members, "event_name", Value::String(self.event_name));
        if let Some(body) = self.body {
            members.insert("body".to_owned(), body);
        }
        put(&mut members, "attributes", Value::Object(self.attributes));
        put(&mut members, "trace_id", Value::String(self.trace_id));
        put(&mut members, "span_id", Value::String(self.span_id));
        if self.flags != 0 {
            members.insert("flags".to_owned(), self.flags.into());
        }
        let is_empty = members.is_empty();
        let mut text = Value::Object(members).to_string();
        if !about.0.is_empty() {
            text.pop();
            if !is_empty {
                text.push(',');
            }
            text.push_str(&about.0);
            text.push('}');
        }
        Record::from(text.into_bytes())
    }
}

/// Adds what is not empty.
fn put(members: &mut Map<String, Value>, name: &str, value: Value) {
    let is_empty = match &value {
        Value::String(text) => text.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    if !is_empty {
        members.insert(name.to_owned(), value);
    }
}

fn rfc3339(nanos: u64) -> String {
    if nanos == 0 {
        return String::new();
    }
    let text = Timestamp::from_micros((nanos / 1000) as i64).to_string();
    match (nanos % 1000, text.strip_suffix('Z')) {
        (0, _) | (_, None) => text,
        (rest, Some(text)) => format!("{text}{rest:03}Z"),
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(log: Log, about: &About) -> Value {
        serde_json::from_slice(&log.write(about).raw).unwrap()
    }

    #[test]
    fn a_record_carries_what_it_has_with_its_resource_and_scope() {
        let map = |value: Value| value.as_object().unwrap().clone();
        let scope = Scope { name: "lib".into(), ..Scope::default() };
        let about = About::new(map(json!({"service.name": "web"})), scope);
        let log = Log {
            time: 1_700_000_000_123_456_789,
            observed: 1_700_000_001_000_000_000,
            body: Some(json!("hello")),
            attributes: map(json!({"a": 1})),
            severity_number: 9,
            ..Log::default()
        };
        assert_eq!(
            written(log, &about),
            json!({"time": "2023-11-14T22:13:20.123456789Z", "observed_time": "2023-11-14T22:13:21.000000Z",
                "severity_number": 9, "body": "hello", "attributes": {"a": 1},
                "resource": {"service.name": "web"}, "scope": {"name": "lib"}})
        );
    }

    #[test]
    fn the_observed_time_stands_in_and_nothing_at_all_is_a_record_too() {
        let log = Log { observed: 1_700_000_000_000_000_000, ..Log::default() };
        let about = About::default();
        assert_eq!(written(log, &about), json!({"time": "2023-11-14T22:13:20.000000Z"}));
        assert_eq!(written(Log::default(), &about), json!({}));
        let about = About::new(Map::new(), Scope { version: "1".into(), ..Scope::default() });
        assert_eq!(written(Log::default(), &about), json!({"scope": {"version": "1"}}));
        assert!(Log { time: u64::MAX, ..Log::default() }.write(&about).raw.len() > 20);
    }
}
