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
    tags: Tags,
}

impl<'a> Fields<'a> {
    /// The value of this exact name.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        Some(&self.entries[self.find(name)?].1)
    }

    /// Takes entries whose names the caller knows to be unique: no name is compared.
    pub fn from_unique(entries: Vec<(Cow<'a, str>, Value<'a>)>) -> Self {
        let mut tags = Tags::default();
        for (word, names) in tags.0.iter_mut().zip(entries.chunks(8)) {
            *word = names.iter().rev().fold(0, |word, (name, _)| word << 8 | u64::from(Tags::of(name)));
        }
        Fields { entries, tags }
    }

    /// Adds a value; a name already present becomes a list.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) {
        let (name, value) = (name.into(), value.into());
        match self.find(&name).map(|place| &mut self.entries[place].1) {
            None => self.add(name, value),
            Some(Value::List(values)) => values.push(value),
            Some(present) => {
                let first = std::mem::replace(present, Value::Null);
                *present = Value::List(vec![first, value]);
            }
        }
    }

    /// Sets a value, replacing any present one.
    pub fn set(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) {
        let (name, value) = (name.into(), value.into());
        match self.find(&name) {
            Some(place) => self.entries[place].1 = value,
            None => self.add(name, value),
        }
    }

    /// All names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.entries.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Where in the order this exact name is.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.find(name)
    }

    /// The name and value at this place in the order.
    pub fn at(&self, place: usize) -> Option<(&str, &Value<'a>)> {
        self.entries.get(place).map(|(name, value)| (name.as_ref(), value))
    }

    /// A number that is the same for the same names in the same order, and now and then for others: records of one
    /// kind have one, so that what was found out about their names can be found again.
    pub fn shape(&self) -> u64 {
        let mix = |hash: u64, word: &u64| (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        self.tags.0.iter().fold(self.entries.len() as u64, mix)
    }

    /// How many names.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn add(&mut self, name: Cow<'a, str>, value: Value<'a>) {
        self.tags.set(self.entries.len(), &name);
        self.entries.push((name, value));
    }

    fn find(&self, name: &str) -> Option<usize> {
        let tagged = self.tags.like(name, self.entries.len()).find(|place| self.entries[*place].0 == name);
        tagged.or_else(|| {
            let rest = self.entries.get(Tags::MOST..)?;
            rest.iter().position(|(key, _)| key == name).map(|place| Tags::MOST + place)
        })
    }
}

/// A byte for each of the first names, so that a name is looked for in a cache line or two instead of in as many as
/// there are fields: most names asked for are not there.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Tags([u64; Self::MOST / 8]);

impl Tags {
    /// More names than most records have.
    const MOST: usize = 48;
    const ONES: u64 = 0x0101_0101_0101_0101;

    fn of(name: &str) -> u8 {
        let bytes = name.as_bytes();
        let Some(last) = bytes.last() else { return 0 };
        let (first, middle) = (bytes[0], bytes[bytes.len() / 2]);
        (bytes.len() as u8).wrapping_mul(59) ^ first.rotate_left(3) ^ last.rotate_left(6) ^ middle
    }

    fn set(&mut self, place: usize, name: &str) {
        if place < Self::MOST {
            let shift = place % 8 * 8;
            let word = &mut self.0[place / 8];
            *word = *word & !(0xff << shift) | u64::from(Self::of(name)) << shift;
        }
    }

    /// The places among the first `length` whose names may be `name`.
    fn like(&self, name: &str, length: usize) -> impl Iterator<Item = usize> {
        let length = length.min(Self::MOST);
        let wanted = u64::from(Self::of(name)) * Self::ONES;
        let words = self.0[..length.div_ceil(8)].iter().enumerate();
        words.flat_map(move |(word, tags)| {
            let apart = tags ^ wanted;
            // The high bit of each byte that is zero, and now and then of one above such a byte.
            let mut alike = apart.wrapping_sub(Self::ONES) & !apart & (Self::ONES << 7);
            std::iter::from_fn(move || {
                let bit = (alike != 0).then(|| alike.trailing_zeros())?;
                alike &= alike - 1;
                Some(word * 8 + bit as usize / 8).filter(|place| *place < length)
            })
        })
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
    fn a_name_is_found_wherever_it_stands_and_no_other_for_it() {
        let names: Vec<String> = (0..200).map(|number| format!("{}_{number}", "n".repeat(number % 5))).collect();
        for length in [0, 1, 7, 8, 9, 47, 48, 49, 200] {
            let mut fields = Fields::default();
            names[..length].iter().zip(0..).for_each(|(name, number)| fields.push(name.as_str(), number));
            let unique = fields.iter().map(|(name, value)| (Cow::Owned(name.to_owned()), value.clone())).collect();
            assert_eq!(Fields::from_unique(unique), fields);
            for (place, name) in names.iter().enumerate() {
                let expected = (place < length).then_some(Value::Int(place as i64));
                assert_eq!(fields.get(name), expected.as_ref(), "{name} among {length}");
            }
            assert_eq!(fields.get(""), None);
            names[..length].iter().for_each(|name| fields.set(name.as_str(), 7));
            assert_eq!(fields.len(), length);
        }
    }

    #[test]
    fn the_same_names_in_the_same_order_have_the_same_shape_whatever_their_values() {
        let fields = |names: &[&'static str], value: i64| -> Fields<'static> {
            names.iter().map(|name| (*name, Value::Int(value))).collect()
        };
        assert_eq!(fields(&["a", "bc", "d"], 1).shape(), fields(&["a", "bc", "d"], 2).shape());
        assert_ne!(fields(&["a", "bc"], 1).shape(), fields(&["bc", "a"], 1).shape());
        assert_ne!(fields(&["a"], 1).shape(), fields(&["a", "a2"], 1).shape());
        assert_eq!(fields(&["a", "bc"], 1).at(1), Some(("bc", &Value::Int(1))));
    }

    #[test]
    fn a_second_value_under_a_name_makes_a_list() {
        let fields: Fields = [("a", "1"), ("a", "2"), ("a", "3")].into_iter().collect();
        assert_eq!(fields.get("a"), Some(&Value::List(vec!["1".into(), "2".into(), "3".into()])));
    }
}
