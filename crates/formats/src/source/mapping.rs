//! From a record's fields to core fields: for each core field the first candidate that has a usable value.
//!
//! The table is kept by source field, so that a record is walked once and no field is searched for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use model::core_field::{CORE_FIELDS, CoreType};
use model::event::{Fields, Value};

use super::definition::{Core, CoreRule, OneOrMany, Part};
use super::part;
use super::step::borrow;
use crate::hash::NameMap;

/// A table of values; `*` is any other.
#[derive(Debug, Default)]
pub struct Lookup {
    values: NameMap<String, Value<'static>>,
    other: Option<Value<'static>>,
}

impl Lookup {
    /// From what `source.toml` says.
    pub fn new(entries: impl IntoIterator<Item = (String, Value<'static>)>) -> Self {
        let mut lookup = Lookup::default();
        for (key, value) in entries {
            if key == "*" {
                lookup.other = Some(value);
            } else {
                lookup.values.insert(key.to_ascii_lowercase(), value);
            }
        }
        lookup
    }

    /// What the table says of a value, whatever the case of its letters.
    pub fn get(&self, value: &Value) -> Option<&Value<'static>> {
        let text = value.text()?;
        let text = text.trim();
        let found = match self.values.get(text) {
            Some(found) => Some(found),
            None if text.len() <= 256 => self.values.get(&text.to_ascii_lowercase()),
            None => None,
        };
        found.or(self.other.as_ref())
    }
}

/// How one core field is filled from one candidate.
#[derive(Debug, Clone)]
struct Candidate {
    /// Index into [`CORE_FIELDS`].
    target: u16,
    /// Position among the candidates of that core field.
    rank: u16,
    lookup: Option<Arc<Lookup>>,
    take: Option<Part>,
}

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
        lookups: &BTreeMap<String, Arc<Lookup>>,
    ) -> Result<Self, (String, String)> {
        let mut mapping = CoreMapping::default();
        for (name, rule) in rules {
            if constants.contains_key(name) {
                continue;
            }
            let target = core_index(name)?;
            let rule = match rule.clone() {
                Core::Field(field) => CoreRule { from: OneOrMany::One(field), lookup: None, take: None },
                Core::Fields(fields) => CoreRule { from: OneOrMany::Many(fields), lookup: None, take: None },
                Core::Rule(rule) => rule,
            };
            let lookup =
                match &rule.lookup {
                    None => None,
                    Some(table) => Some(lookups.get(table).cloned().ok_or_else(|| {
                        (format!("core.{name}.lookup"), format!("there is no table `[lookup.{table}]`"))
                    })?),
                };
            for (rank, field) in rule.from.to_vec().into_iter().enumerate() {
                let candidate = Candidate { target, rank: rank as u16, lookup: lookup.clone(), take: rule.take };
                mapping.by_field.entry(field).or_default().push(candidate);
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
        let mut hits: Vec<(&Candidate, &Value<'a>)> = Vec::with_capacity(16);
        for (name, value) in fields.iter() {
            if let Some(candidates) = self.by_field.get(name)
                && is_present(value, absent)
            {
                hits.extend(candidates.iter().map(|candidate| (candidate, value)));
            }
        }
        hits.sort_unstable_by_key(|(candidate, _)| (candidate.target, candidate.rank));
        let mut entries: Vec<(Cow<'a, str>, Value<'a>)> = Vec::with_capacity(hits.len() + self.constants.len());
        let mut filled = None;
        for (candidate, value) in hits {
            if filled == Some(candidate.target) {
                continue;
            }
            let (name, kind) = CORE_FIELDS[usize::from(candidate.target)];
            if let Some(value) = candidate.value(value, kind) {
                filled = Some(candidate.target);
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
        let value = match &self.lookup {
            Some(lookup) => borrow(lookup.get(value)?),
            None => value.clone(),
        };
        let value = match (self.take, value) {
            (None, value) => value,
            (Some(take), Value::Str(text)) => Value::Str(part::take(take, &text)?),
            (Some(take), other) => Value::from(part::take(take, &Cow::Owned(other.text()?.into_owned()))?.into_owned()),
        };
        typed(value, kind)
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
    let trimmed = text.trim();
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

    fn mapping(rules: &[(&str, &str)]) -> CoreMapping {
        let rules = rules
            .iter()
            .map(|(core, fields)| (core.to_string(), Core::Fields(fields.split(' ').map(str::to_owned).collect())))
            .collect();
        CoreMapping::new(&rules, &BTreeMap::new(), &BTreeMap::new()).unwrap()
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
    fn a_name_that_is_no_core_field_is_refused() {
        let rules = BTreeMap::from([("source_adress".to_owned(), Core::Field("src".into()))]);
        assert_eq!(CoreMapping::new(&rules, &BTreeMap::new(), &BTreeMap::new()).unwrap_err().0, "core.source_adress");
    }
}
