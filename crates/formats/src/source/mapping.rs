//! From a record's fields to core fields: for each core field the first candidate that has a usable value.
//!
//! The table is kept by source field, so that a record is walked once and no field is searched for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use model::core_field::{CORE_FIELDS, CoreType};
use model::event::{Fields, Value};

use super::condition::Test;
use super::definition::{Core, Part, Scalar};
use super::part;
use super::step::{borrow, constant};
use crate::hash::NameMap;
use crate::text::trim;

/// A table of values. `106*`, `*.exe` and `*denied*` stand for the values that start, end or hold so, where no whole
/// value is found, the longest first; `4..6.9` for numbers, both ends included; `*` is any other.
#[derive(Debug, Default)]
pub struct Lookup {
    values: NameMap<String, Value<'static>>,
    patterns: Vec<(Test, Value<'static>)>,
    /// Numbers from and to.
    ranges: Vec<(f64, f64, Value<'static>)>,
    other: Option<Value<'static>>,
}

impl Lookup {
    /// From what `source.toml` says.
    pub fn new(entries: impl IntoIterator<Item = (String, Value<'static>)>) -> Self {
        let mut lookup = Lookup::default();
        let mut patterns = Vec::new();
        for (key, value) in entries {
            let test = Test::new(&Scalar::Text(key.clone()));
            let range = key.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
            if key == "*" {
                lookup.other = Some(value);
            } else if let Some((from, to)) = range {
                lookup.ranges.push((from, to, value));
            } else if test.is_pattern() {
                patterns.push((key.len(), test, value));
            } else {
                lookup.values.insert(key.to_lowercase(), value);
            }
        }
        patterns.sort_by_key(|(length, ..)| std::cmp::Reverse(*length));
        lookup.patterns = patterns.into_iter().map(|(_, test, value)| (test, value)).collect();
        lookup
    }

    /// What the table says of a value, whatever the case of its letters; of several values, of the first it knows.
    pub fn get(&self, value: &Value) -> Option<&Value<'static>> {
        self.known(value).or_else(|| value.text().and(self.other.as_ref()))
    }

    fn known(&self, value: &Value) -> Option<&Value<'static>> {
        if let Value::List(values) = value {
            return values.iter().find_map(|value| self.known(value));
        }
        let text = value.text()?;
        let text = trim(&text);
        if let Some(found) = self.values.get(text) {
            return Some(found);
        }
        let mut buffer = [0; SHORT];
        let lower = lower(text, &mut buffer);
        if let Some(found) = lower.and_then(|lower| self.values.get(lower)) {
            return Some(found);
        }
        if lower.is_none()
            && text.len() <= 256
            && text.chars().any(char::is_uppercase)
            && let Some(found) = self.values.get(&text.to_lowercase())
        {
            return Some(found);
        }
        if !self.ranges.is_empty()
            && let Ok(number) = text.parse::<f64>()
            && let Some((_, _, found)) = self.ranges.iter().find(|(from, to, _)| (*from..=*to).contains(&number))
        {
            return Some(found);
        }
        let text = lower.unwrap_or(text);
        self.patterns.iter().find(|(test, _)| !text.is_empty() && test.passes(text)).map(|(_, value)| value)
    }
}

/// A short text of ASCII with small letters in place of capitals; nothing where it has none.
fn lower<'b>(text: &str, buffer: &'b mut [u8; SHORT]) -> Option<&'b str> {
    let has_capital = text.bytes().any(|byte| byte.is_ascii_uppercase());
    let buffer = buffer.get_mut(..text.len()).filter(|_| has_capital && text.is_ascii())?;
    buffer.copy_from_slice(text.as_bytes());
    buffer.make_ascii_lowercase();
    std::str::from_utf8(buffer).ok()
}

/// The tables a source may name: its own, and those all sources share as `common.<name>`.
#[derive(Debug, Default)]
pub struct Tables {
    own: BTreeMap<String, Arc<Lookup>>,
}

impl Tables {
    /// With the source's own tables.
    pub fn new(own: BTreeMap<String, Arc<Lookup>>) -> Self {
        Tables { own }
    }

    /// The table of this name; the error says where to put one.
    pub fn get(&self, name: &str) -> Result<Arc<Lookup>, String> {
        let found = match name.strip_prefix("common.") {
            Some(common) => COMMON.get(common),
            None => self.own.get(name),
        };
        found.cloned().ok_or_else(|| format!("there is no table `[lookup.{name}]`"))
    }
}

/// The tables all sources share.
static COMMON: LazyLock<BTreeMap<String, Arc<Lookup>>> = LazyLock::new(|| {
    let tables: BTreeMap<String, BTreeMap<String, Scalar>> =
        toml::from_str(include_str!("common.toml")).expect("the tables are our own; a test reads them");
    tables
        .into_iter()
        .map(|(name, table)| {
            let entries = table.into_iter().map(|(key, value)| (key, constant(&value)));
            (name, Arc::new(Lookup::new(entries)))
        })
        .collect()
});

/// How one core field is filled from one candidate.
#[derive(Debug, Clone)]
struct Candidate {
    /// Index into [`CORE_FIELDS`], and below it the position among the candidates of that core field.
    order: u32,
    lookup: Option<Arc<Lookup>>,
    take: Vec<Part>,
    absent: Vec<String>,
}

/// A text of so many bytes is looked up without a copy on the heap.
const SHORT: usize = 64;

/// Room for the core fields an event gets beside those of its mapping.
const MORE: usize = 3;

/// All core fields of one kind of record.
#[derive(Debug, Default)]
pub struct CoreMapping {
    by_field: NameMap<String, Vec<Candidate>>,
    constants: Vec<(&'static str, Value<'static>)>,
}

impl CoreMapping {
    /// Compiles rules by core field; the error names the key and the problem.
    pub fn new(
        rules: &BTreeMap<String, Core>,
        constants: &BTreeMap<String, Value<'static>>,
        lookups: &Tables,
    ) -> Result<Self, (String, String)> {
        let mut mapping = CoreMapping::default();
        for (name, rule) in rules {
            if constants.contains_key(name) {
                continue;
            }
            let target = core_index(name)?;
            let mut rank = 0_u16;
            for rule in rule.rules() {
                let lookup = match &rule.lookup {
                    None => None,
                    Some(table) => {
                        Some(lookups.get(table).map_err(|problem| (format!("core.{name}.lookup"), problem))?)
                    }
                };
                for field in rule.from.to_vec() {
                    let (lookup, absent) = (lookup.clone(), rule.absent.clone());
                    let order = u32::from(target) << 16 | u32::from(rank);
                    let candidate = Candidate { order, lookup, take: rule.take.to_vec(), absent };
                    mapping.by_field.entry(field).or_default().push(candidate);
                    rank += 1;
                }
            }
        }
        for (name, value) in constants {
            let target = core_index(name)?;
            mapping.constants.push((CORE_FIELDS[usize::from(target)].0, value.clone()));
        }
        Ok(mapping)
    }

    /// The core fields of a record.
    pub fn apply<'a>(&'a self, fields: &Fields<'a>, absent: &[String]) -> Fields<'a> {
        let mut hits: Vec<(u32, &Candidate, &Value<'a>)> = Vec::with_capacity(16);
        for (name, value) in fields.iter() {
            if let Some(candidates) = self.by_field.get(name)
                && is_present(value, absent)
            {
                hits.extend(candidates.iter().map(|candidate| (candidate.order, candidate, value)));
            }
        }
        hits.sort_unstable_by_key(|(order, ..)| *order);
        let mut entries: Vec<(Cow<'a, str>, Value<'a>)> = Vec::with_capacity(hits.len() + self.constants.len() + MORE);
        let mut filled = None;
        for (order, candidate, value) in hits {
            let target = order >> 16;
            if filled == Some(target) {
                continue;
            }
            let (name, kind) = CORE_FIELDS[target as usize];
            if let Some(value) = candidate.value(value, kind) {
                filled = Some(target);
                entries.push((Cow::Borrowed(name), value));
            }
        }
        for (name, value) in &self.constants {
            entries.push((Cow::Borrowed(*name), borrow(value)));
        }
        Fields::from_unique(entries)
    }
}

impl Candidate {
    fn value<'a>(&'a self, value: &Value<'a>, kind: CoreType) -> Option<Value<'a>> {
        if !self.absent.is_empty() && !is_present(value, &self.absent) {
            return None;
        }
        let value = match &self.lookup {
            Some(lookup) => borrow(lookup.get(value)?),
            None => value.clone(),
        };
        let value = match (self.take.is_empty(), value) {
            (true, value) => value,
            (false, Value::List(values)) => {
                let mut parts: Vec<Value<'a>> = Vec::new();
                for part in values.into_iter().filter_map(|value| self.part(value)) {
                    if parts.last() != Some(&part) {
                        parts.push(part);
                    }
                }
                Value::List(parts)
            }
            (false, value) => self.part(value)?,
        };
        typed(value, kind)
    }

    fn part<'a>(&self, value: Value<'a>) -> Option<Value<'a>> {
        let mut text = match value {
            Value::Str(text) => text,
            other => Cow::Owned(other.text()?.into_owned()),
        };
        for part in &self.take {
            text = part::take(*part, &text)?;
        }
        Some(Value::Str(text))
    }
}

/// Whether a value is there at all.
pub fn is_present(value: &Value, absent: &[String]) -> bool {
    match value {
        Value::Str(text) => !text.is_empty() && !absent.iter().any(|absent| absent == text),
        value => !value.is_empty(),
    }
}

/// A value as its core field's type; nothing where it is not of that type. A list keeps the members that are.
pub fn typed<'a>(value: Value<'a>, kind: CoreType) -> Option<Value<'a>> {
    if let Value::List(values) = value {
        let mut values: Vec<_> = values.into_iter().filter_map(|value| typed(value, kind)).collect();
        return if values.len() > 1 { Some(Value::List(values)) } else { values.pop() };
    }
    match kind {
        CoreType::Text => match value {
            Value::Str(text) => Some(Value::Str(text)),
            other => Some(Value::from(other.text()?.into_owned())),
        },
        CoreType::Int => value.int().map(Value::Int),
        CoreType::Address => match value {
            Value::Str(text) => address(text),
            _ => None,
        },
    }
}

/// An address as canonical text: an IPv4 address mapped into IPv6 as the IPv4 address, without a scope.
fn address(text: Cow<'_, str>) -> Option<Value<'_>> {
    let trimmed = trim(&text);
    if let Ok(IpAddr::V4(_)) = trimmed.parse::<IpAddr>()
        && trimmed.len() == text.len()
    {
        return Some(Value::Str(text));
    }
    let plain = trimmed.split('%').next()?;
    let address: IpAddr = plain.parse().ok()?;
    Some(Value::from(address.to_canonical().to_string()))
}

fn core_index(name: &str) -> Result<u16, (String, String)> {
    CORE_FIELDS.iter().position(|(field, _)| *field == name).map(|index| index as u16).ok_or_else(|| {
        (format!("core.{name}"), "it is not a core field: see the list in crates/model/src/core_field.rs".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::definition::Candidate;

    fn mapping(rules: &[(&str, &str)]) -> CoreMapping {
        let rules = rules
            .iter()
            .map(|(core, fields)| {
                let candidates = fields.split(' ').map(|field| Candidate::Field(field.to_owned())).collect();
                (core.to_string(), Core::Many(candidates))
            })
            .collect();
        CoreMapping::new(&rules, &BTreeMap::new(), &Tables::default()).unwrap()
    }

    #[test]
    fn the_first_candidate_with_a_usable_value_is_taken() {
        let mapping = mapping(&[("source_ip", "src client"), ("source_port", "spt")]);
        let fields: Fields = [("client", "::ffff:10.0.0.2"), ("src", "unknown"), ("spt", "80")].into_iter().collect();
        let core = mapping.apply(&fields, &[]);
        assert_eq!(core.get("source_ip"), Some(&"10.0.0.2".into()));
        assert_eq!(core.get("source_port"), Some(&Value::Int(80)));
    }

    #[test]
    fn values_that_mean_nothing_fill_nothing() {
        let mapping = mapping(&[("user_name", "user")]);
        let fields: Fields = [("user", "(null)")].into_iter().collect();
        assert!(mapping.apply(&fields, &["(null)".to_owned()]).is_empty());
    }

    #[test]
    fn a_table_finds_whole_values_then_parts_of_them_then_any_other() {
        let entry = |key: &str, value: i64| (key.to_owned(), Value::Int(value));
        let lookup = Lookup::new([
            entry("deny", 1),
            entry("*拦截*", 2),
            entry("*", 9),
            entry("de*", 3),
            entry("den*", 4),
            entry("0.1..3.9", 5),
        ]);
        assert_eq!(lookup.get(&Value::Float(3.9)), Some(&Value::Int(5)));
        let get = |value: Value<'static>| lookup.get(&value).cloned();
        assert_eq!(get("DENY".into()), Some(Value::Int(1)));
        assert_eq!(get("已拦截该请求".into()), Some(Value::Int(2)));
        assert_eq!(get("denied".into()), Some(Value::Int(4)));
        assert_eq!(get("delayed".into()), Some(Value::Int(3)));
        assert_eq!(get("x".into()), Some(Value::Int(9)));
        assert_eq!(get(Value::List(vec!["x".into(), "deny".into()])), Some(Value::Int(1)));
        assert_eq!(get(Value::Null), None);
    }

    #[test]
    fn a_name_that_is_no_core_field_is_refused() {
        let rules = BTreeMap::from([("source_adress".to_owned(), Core::One(Candidate::Field("src".into())))]);
        assert_eq!(CoreMapping::new(&rules, &BTreeMap::new(), &Tables::default()).unwrap_err().0, "core.source_adress");
    }
}
