//! Collecting fields with unique names at the price of one hash a field, where comparing each name with all before
//! it would be quadratic in what a hostile record may hold.

use std::borrow::Cow;

use model::event::{Fields, Value};

/// The most values one record may give; what a record holds beyond it stays in its raw text alone.
pub const MAX_VALUES: usize = 2048;

/// Collects named values; a second value under a name makes a list of both.
#[derive(Debug, Default)]
pub struct Builder<'a> {
    entries: Vec<(Cow<'a, str>, Value<'a>)>,
    /// A Bloom filter of the names so far: most names are new, and it says so without comparing any.
    seen: [u64; 8],
    values: usize,
}

impl<'a> Builder<'a> {
    /// Room for a usual record.
    pub fn new() -> Self {
        Builder { entries: Vec::with_capacity(32), ..Builder::default() }
    }

    /// Adds a value, unless the record has given too many already.
    pub fn push(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) {
        let (name, value) = (name.into(), value.into());
        self.values += match &value {
            Value::List(values) => values.len().max(1),
            _ => 1,
        };
        if self.values > MAX_VALUES {
            return;
        }
        let hash = hash(name.as_bytes());
        let (word, bit) = ((hash >> 6) as usize % self.seen.len(), 1 << (hash & 63));
        let maybe_seen = self.seen[word] & bit != 0;
        self.seen[word] |= bit;
        if maybe_seen && let Some((_, present)) = self.entries.iter_mut().find(|(key, _)| *key == name) {
            append(present, value);
            return;
        }
        self.entries.push((name, value));
    }

    /// Whether the record has given as much as it may.
    pub fn is_full(&self) -> bool {
        self.values >= MAX_VALUES
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.entries.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The value of this name, to be changed in place.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value<'a>> {
        self.entries.iter_mut().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Sets a value in place of what the name has.
    pub fn set(&mut self, name: impl Into<Cow<'a, str>>, value: Value<'a>) {
        let name = name.into();
        match self.get_mut(&name) {
            Some(present) => *present = value,
            None => self.push(name, value),
        }
    }

    /// Drops what came after the first `length` names.
    pub fn truncate(&mut self, length: usize) {
        self.entries.truncate(length);
    }

    /// Takes a value out.
    pub fn remove(&mut self, name: &str) -> Option<Value<'a>> {
        let at = self.entries.iter().position(|(key, _)| key == name)?;
        Some(self.entries.remove(at).1)
    }

    /// Adds copies of what another builder found in a text that does not outlive this one, each name after `prefix`.
    pub fn adopt(&mut self, inner: Builder<'_>, prefix: &str) {
        for (name, value) in inner.entries {
            let name = if prefix.is_empty() { name.into_owned() } else { format!("{prefix}{name}") };
            self.push(name, value.into_owned());
        }
    }

    /// How many names.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All names and values so far.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.entries.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Turns the values of these names into whole numbers where they are some.
    pub fn make_integers(&mut self, names: &[String]) {
        for (name, value) in &mut self.entries {
            if let Value::Str(_) = value
                && names.iter().any(|wanted| wanted == name)
                && let Some(number) = value.int()
            {
                *value = Value::Int(number);
            }
        }
    }

    /// Adds, for each name with blanks, its value under the name without them.
    pub fn copy_without_blanks(&mut self) {
        let copies: Vec<_> = self
            .entries
            .iter()
            .filter(|(name, _)| name.contains(' '))
            .map(|(name, value)| (name.replace(' ', ""), value.clone()))
            .collect();
        for (name, value) in copies {
            if self.get(&name).is_none() {
                self.push(name, value);
            }
        }
    }

    /// Names and values, taken out.
    pub fn into_entries(self) -> Vec<(Cow<'a, str>, Value<'a>)> {
        self.entries
    }

    /// The fields.
    pub fn finish(self) -> Fields<'a> {
        Fields::from_unique(self.entries)
    }
}

fn append<'a>(present: &mut Value<'a>, value: Value<'a>) {
    if !matches!(present, Value::List(_)) {
        *present = Value::List(vec![std::mem::replace(present, Value::Null)]);
    }
    if let Value::List(values) = present {
        match value {
            Value::List(more) => values.extend(more),
            value => values.push(value),
        }
    }
}

/// A hash of the ends of a name: names that share both are rare and only cost a comparison.
fn hash(name: &[u8]) -> u64 {
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let (head, tail) = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
        _ => (word(name), 0),
    };
    let hash = (head ^ tail.rotate_left(29) ^ name.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_names_make_one_flat_list() {
        let mut builder = Builder::new();
        builder.push("a", 1);
        builder.push("a", Value::List(vec![2.into(), 3.into()]));
        builder.push("b", "x");
        let fields = builder.finish();
        assert_eq!(fields.get("a"), Some(&Value::List(vec![1.into(), 2.into(), 3.into()])));
        assert_eq!(fields.len(), 2);
    }

    #[test]
    fn a_record_of_countless_values_is_cut() {
        let mut builder = Builder::new();
        for number in 0..10_000 {
            builder.push(number.to_string(), number);
        }
        assert_eq!(builder.len(), MAX_VALUES);
    }
}
