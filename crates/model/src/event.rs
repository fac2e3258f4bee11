//! One parsed log record, before and after it is at rest.
//!
//! Names live in four separate spaces. The *envelope* (customer, device, received, id) is set only by
//! authentication; *core* fields carry ECS names with `_` for `.`; *source* fields keep the record's own names;
//! *aliases* map other taxonomies (Sigma's, mostly) to either. A hostile source field called `customer` stays a
//! source field.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{CustomerId, DeviceId, EventId, Severity, Timestamp};

/// A field's value. Nested objects are flattened to dotted names before they get here; a list of objects becomes
/// one list per dotted name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value<'a> {
    /// Absent equals null, but a record may say null explicitly.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text, borrowed from the record where it needed no unescaping.
    Str(Cow<'a, str>),
    /// Several values; a condition holds if it holds for any member.
    List(Vec<Value<'a>>),
}

impl<'a> Value<'a> {
    /// The value as text: numbers and booleans as JSON writes them, null as nothing, a list by its first member.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Value::Null => None,
            Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
            Value::Int(value) => Some(Cow::Owned(value.to_string())),
            Value::Float(value) => Some(Cow::Owned(value.to_string())),
            Value::Str(value) => Some(Cow::Borrowed(value)),
            Value::List(values) => values.first().and_then(Value::text),
        }
    }

    /// The value as a whole number; text is parsed (decimal, or hexadecimal after `0x`).
    pub fn int(&self) -> Option<i64> {
        match self {
            Value::Int(value) => Some(*value),
            Value::Str(text) => match text.strip_prefix("0x") {
                Some(hex) => i64::from_str_radix(hex, 16).ok(),
                None => text.parse().ok(),
            },
            Value::List(values) => values.first().and_then(Value::int),
            _ => None,
        }
    }

    /// True for null, empty text and the empty list: what a parser need not keep.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Str(text) => text.is_empty(),
            Value::List(values) => values.is_empty(),
            _ => false,
        }
    }

    /// The same value without a borrow.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(value) => Value::Bool(value),
            Value::Int(value) => Value::Int(value),
            Value::Float(value) => Value::Float(value),
            Value::Str(text) => Value::Str(Cow::Owned(text.into_owned())),
            Value::List(values) => Value::List(values.into_iter().map(Value::into_owned).collect()),
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Int(value) => (*value).into(),
            Value::Float(value) => (*value).into(),
            Value::Str(text) => text.as_ref().into(),
            Value::List(values) => values.iter().map(Value::to_json).collect(),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Str(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::Str(Cow::Owned(text))
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

/// Named values in the order the record gave them. Names are unique: pushing a second value under a name makes a
/// list of both.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields<'a> {
    entries: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Fields<'a> {
    /// The value of this exact name.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.entries.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Takes entries whose names the caller knows to be unique: no name is compared.
    pub fn from_unique(entries: Vec<(Cow<'a, str>, Value<'a>)>) -> Self {
        Fields { entries }
    }

    /// Adds a value; a name already present becomes a list.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) {
        let (name, value) = (name.into(), value.into());
        match self.entries.iter_mut().find(|(key, _)| *key == name) {
            None => self.entries.push((name, value)),
            Some((_, Value::List(values))) => values.push(value),
            Some((_, present)) => {
                let first = std::mem::replace(present, Value::Null);
                *present = Value::List(vec![first, value]);
            }
        }
    }

    /// Sets a value, replacing any present one.
    pub fn set(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) {
        let (name, value) = (name.into(), value.into());
        match self.entries.iter_mut().find(|(key, _)| *key == name) {
            Some((_, present)) => *present = value,
            None => self.entries.push((name, value)),
        }
    }

    /// All names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.entries.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// How many names.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<'a, N: Into<Cow<'a, str>>, V: Into<Value<'a>>> FromIterator<(N, V)> for Fields<'a> {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(iter: I) -> Self {
        let mut fields = Fields::default();
        for (name, value) in iter {
            fields.push(name, value);
        }
        fields
    }
}

/// Which Sigma log source an event belongs to. An absent part says nothing: `{product: windows}` alone is every
/// Windows event whose category is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogSource {
    /// Such as `process_creation`, `webserver`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Such as `windows`, `linux`, `fortigate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Such as `security`, `sshd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
}

/// What other taxonomies call a field: alias name to the source or core field's name.
pub type Aliases = BTreeMap<String, String>;

/// Who an event belongs to and where it stands in the log: set by authentication and the log, never by content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Position in the write-ahead log; the event's identity.
    pub id: EventId,
    /// The customer whose device was authenticated.
    pub customer: CustomerId,
    /// The authenticated device.
    pub device: DeviceId,
    /// When the receiver took it.
    pub received: Timestamp,
}

/// A device's own alarm in a record (catalogue D0): it becomes an alert whatever the rules say.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm<'a> {
    /// The alarm's name as the device gives it.
    pub name: Cow<'a, str>,
    /// The device's severity, mapped.
    pub severity: Severity,
    /// What the device says became of it.
    pub outcome: AttackOutcome,
}

/// What became of an attack (catalogue T4: 尝试 / 成功 / 失陷), plus what a device stopped itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttackOutcome {
    /// Nothing says.
    #[default]
    Unknown,
    /// Tried, effect not known.
    Attempted,
    /// The device stopped it.
    Blocked,
    /// The attack worked.
    Succeeded,
    /// The target is under the attacker's control.
    Compromised,
}

/// One parsed record, borrowing from its text.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// The record's own time, or the receipt time where it has none or an implausible one.
    pub time: Timestamp,
    /// The record's time as written, kept when it was implausible and `time` was set to the receipt time.
    pub time_original: Option<Cow<'a, str>>,
    /// The source folder that parsed it (`fortinet_fortigate`), `json`, `key_value`, `cef` or `syslog` where only
    /// the format is known, `unparsed` where nothing is.
    pub source: Arc<str>,
    /// The set of Sigma log sources it belongs to.
    pub log_sources: Arc<[LogSource]>,
    /// Aliases of its source.
    pub aliases: Arc<Aliases>,
    /// Core fields by [`crate::core_field`] names.
    pub core: Fields<'a>,
    /// The record's own fields.
    pub fields: Fields<'a>,
    /// The device's own alarm, if this record is one.
    pub alarm: Option<Alarm<'a>>,
    /// The record as received (decoded to UTF-8).
    pub raw: &'a str,
}

impl<'a> Event<'a> {
    /// An event nothing is known of but its text.
    pub fn unparsed(raw: &'a str, received: Timestamp) -> Self {
        Event {
            time: received,
            time_original: None,
            source: Arc::from("unparsed"),
            log_sources: Arc::from([]),
            aliases: Arc::new(Aliases::new()),
            core: Fields::default(),
            fields: Fields::default(),
            alarm: None,
            raw,
        }
    }

    /// A field by the name a rule or a query uses: the record's own name first, then an alias, then the core name
    /// (dots read as underscores).
    pub fn resolve(&self, name: &str) -> Option<&Value<'a>> {
        if let Some(value) = self.fields.get(name) {
            return Some(value);
        }
        if let Some(target) = self.aliases.get(name) {
            return self.fields.get(target).or_else(|| self.core.get(target));
        }
        if name.contains('.') {
            return self.core.get(&name.replace('.', "_"));
        }
        self.core.get(name)
    }

    /// Whether a source recognised the record, as against keeping it whole.
    pub fn is_parsed(&self) -> bool {
        &*self.source != "unparsed"
    }
}

/// One event at rest, as search gives it back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoredEvent {
    /// The event's id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: EventId,
    /// Its customer.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// Its device.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub device: DeviceId,
    /// Receipt time.
    pub received: Timestamp,
    /// The record's time.
    pub time: Timestamp,
    /// The record's time as written, where it was implausible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_original: Option<String>,
    /// The source that parsed it.
    pub source: String,
    /// Core fields.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub core: BTreeMap<String, serde_json::Value>,
    /// The record's own fields.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub fields: BTreeMap<String, serde_json::Value>,
    /// The record as received.
    pub raw: String,
}

/// The distinct customers of some stored events: what an isolation check compares with a scope.
pub fn customers_of(events: &[StoredEvent]) -> BTreeSet<CustomerId> {
    events.iter().map(|event| event.customer.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_resolves_to_the_records_own_field_before_alias_and_core() {
        let mut event = Event::unparsed("", Timestamp::from_micros(0));
        event.core.push("source_ip", "10.0.0.1");
        event.aliases = Arc::new(Aliases::from([("IpAddress".into(), "source_ip".into())]));
        assert_eq!(event.resolve("IpAddress"), Some(&"10.0.0.1".into()));
        assert_eq!(event.resolve("source.ip"), Some(&"10.0.0.1".into()));
        event.fields.push("IpAddress", "10.0.0.2");
        assert_eq!(event.resolve("IpAddress"), Some(&"10.0.0.2".into()));
    }

    #[test]
    fn a_second_value_under_a_name_makes_a_list() {
        let fields: Fields = [("a", "1"), ("a", "2"), ("a", "3")].into_iter().collect();
        assert_eq!(fields.get("a"), Some(&Value::List(vec!["1".into(), "2".into(), "3".into()])));
    }
}
