//! The JSON objects of `core_rest` and `fields_rest`: written member by member, read without building a tree.

use std::borrow::Cow;
use std::fmt;

use model::event::Value;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::columns::OwnKind;

/// An object under construction.
#[derive(Debug, Default)]
pub(crate) struct ObjectWriter {
    text: Vec<u8>,
}

impl ObjectWriter {
    pub(crate) fn push(&mut self, name: &str, value: &Value<'_>) {
        self.name(name);
        match value {
            Value::Str(text) => self.string(text),
            value => serde_json::to_writer(&mut self.text, value).expect("a value is always JSON"),
        }
    }

    pub(crate) fn push_raw(&mut self, name: &str, value: &str) {
        self.name(name);
        self.text.extend_from_slice(value.as_bytes());
    }

    /// The finished object, nothing when it has no member; ready for the next one.
    pub(crate) fn take(&mut self, with: impl FnOnce(Option<&str>)) {
        if self.text.is_empty() {
            return with(None);
        }
        self.text.push(b'}');
        with(Some(std::str::from_utf8(&self.text).expect("JSON is UTF-8")));
        self.text.clear();
    }

    fn name(&mut self, name: &str) {
        self.text.push(if self.text.is_empty() { b'{' } else { b',' });
        self.string(name);
        self.text.push(b':');
    }

    fn string(&mut self, text: &str) {
        if is_plain(text.as_bytes()) {
            self.text.push(b'"');
            self.text.extend_from_slice(text.as_bytes());
            self.text.push(b'"');
        } else {
            serde_json::to_writer(&mut self.text, text).expect("a text is always JSON");
        }
    }
}

/// Calls `with` for each member of the object `text`; a damaged object ends early.
///
/// Only [`ObjectWriter`] makes these objects, without blanks, and each is read when a file is written and again when it
/// is merged: so they are walked by hand.
pub(crate) fn members<'t>(text: &'t str, mut with: impl FnMut(Cow<'t, str>, &'t str)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while matches!(bytes.get(at), Some(b'{' | b',')) {
        let Some(name) = scalar_end(bytes, at + 1).filter(|_| bytes[at + 1] == b'"') else { return };
        let Some(end) = value_end(bytes, name + 1).filter(|_| bytes[name] == b':') else { return };
        with(scalar_text(&text[at + 1..name]), &text[name + 1..end]);
        at = end;
    }
}

/// Where the value that begins at `at` ends; nothing where there is no end.
fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    if !matches!(bytes.get(at)?, b'[' | b'{') {
        return scalar_end(bytes, at);
    }
    let (mut depth, mut at) = (0_usize, at);
    loop {
        match bytes.get(at)? {
            b'"' => at = scalar_end(bytes, at)? - 1,
            b'[' | b'{' => depth += 1,
            b']' | b'}' if depth == 1 => return Some(at + 1),
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
}

/// Where the text, number or word that begins at `at` ends, which something always follows.
fn scalar_end(bytes: &[u8], at: usize) -> Option<usize> {
    if *bytes.get(at)? != b'"' {
        return bytes[at..].iter().position(|byte| matches!(byte, b',' | b']' | b'}')).map(|end| at + end);
    }
    let mut end = at + 1;
    loop {
        end = next_sign(bytes, end)?;
        if bytes[end] == b'"' {
            return (end + 1 < bytes.len()).then_some(end + 1);
        }
        end += 2;
    }
}

/// A one in each byte of a word.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The high bits of the bytes of a word that are below `limit`, of 128 at most; the lowest is right, those above it
/// may be wrong.
fn below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(ONES * limit) & !word & ONES << 7
}

/// The high bits of the bytes of a word that are quotes or backslashes; the lowest is right.
fn signs(word: u64) -> u64 {
    below(word ^ (ONES * u64::from(b'"')), 1) | below(word ^ (ONES * u64::from(b'\\')), 1)
}

/// Where the next quote or backslash from `at` on is, eight bytes at a time.
fn next_sign(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let found = signs(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).map(|place| at + place)
}

/// Whether a text stands in JSON as it is.
fn is_plain(text: &[u8]) -> bool {
    let plain = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        below(word, 0x20) | signs(word) == 0
    };
    match text.last_chunk() {
        Some(last) => plain(last) && text.as_chunks().0.iter().all(plain),
        None => text.iter().all(|byte| *byte >= 0x20 && !matches!(byte, b'"' | b'\\')),
    }
}

/// The member `name` of the object `text`, as JSON.
pub(crate) fn member<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    struct One<'n>(&'n str);

    impl<'t> Visitor<'t> for One<'_> {
        type Value = Option<&'t str>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = None;
            while let Some(key) = map.next_key_seed(Name)? {
                if found.is_none() && key == self.0 {
                    found = Some(map.next_value::<&'t RawValue>()?.get());
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(found)
        }
    }

    serde_json::Deserializer::from_str(text).deserialize_map(One(name)).ok().flatten()
}

struct Name;

impl<'t> DeserializeSeed<'t> for Name {
    type Value = Cow<'t, str>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'t> Visitor<'t> for Name {
    type Value = Cow<'t, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'t str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// The kind of a JSON scalar that can stand in a column; nothing for null and lists.
pub(crate) fn kind(json: &str) -> Option<OwnKind> {
    match json.as_bytes().first()? {
        b'"' => Some(OwnKind::Text),
        b't' | b'f' => Some(OwnKind::Bool),
        b'n' | b'[' | b'{' => None,
        _ if json.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) => Some(OwnKind::Float),
        _ => Some(OwnKind::Int),
    }
}

/// A scalar's text as filters and columns see it: a text without its quotes, anything else as JSON writes it.
pub(crate) fn scalar_text(json: &str) -> Cow<'_, str> {
    if !json.starts_with('"') {
        return Cow::Borrowed(json);
    }
    let inner = &json[1..json.len() - 1];
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    Cow::Owned(serde_json::from_str(json).unwrap_or_default())
}

/// A column's text as the JSON it came from.
pub(crate) fn scalar_json(kind: OwnKind, text: &str) -> Cow<'_, str> {
    match kind {
        OwnKind::Text => Cow::Owned(serde_json::to_string(text).expect("a text is always JSON")),
        _ => Cow::Borrowed(text),
    }
}

/// Calls `with` for each scalar in a JSON value until it says true: the value itself, or a list's members.
pub(crate) fn any_scalar(json: &str, with: &mut dyn FnMut(&str) -> bool) -> bool {
    match json.as_bytes().first() {
        None | Some(b'n') => false,
        Some(b'[') => items(json).into_iter().any(|item| any_scalar(item, with)),
        Some(_) => with(&scalar_text(json)),
    }
}

/// A JSON value as the search result gives it, floats to the last bit.
pub(crate) fn value(json: &str) -> serde_json::Value {
    match json.as_bytes().first() {
        Some(b'[') => items(json).into_iter().map(value).collect(),
        Some(_) => match kind(json) {
            Some(kind) => typed(kind, &scalar_text(json)),
            None => serde_json::Value::Null,
        },
        None => serde_json::Value::Null,
    }
}

/// A column's text as the value it stands for.
pub(crate) fn typed(kind: OwnKind, text: &str) -> serde_json::Value {
    match kind {
        OwnKind::Text => text.into(),
        OwnKind::Int => text.parse::<i64>().map_or_else(|_| text.into(), Into::into),
        OwnKind::Float => text.parse::<f64>().map_or_else(|_| text.into(), Into::into),
        OwnKind::Bool => (text == "true").into(),
    }
}

fn items(json: &str) -> Vec<&str> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Items<'t>(#[serde(borrow)] Vec<&'t RawValue>);
    serde_json::from_str::<Items<'_>>(json)
        .map(|items| items.0.into_iter().map(RawValue::get).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_escaped_is_found_at_any_place() {
        for byte in 0..=255_u8 {
            let escaped = byte < 0x20 || matches!(byte, b'"' | b'\\');
            let others =
                [b'#', b']', b'!', 0xff].into_iter().flat_map(|other| (1..20).map(move |length| (other, length)));
            for (other, length, place) in
                others.flat_map(|(other, length)| (0..length).map(move |at| (other, length, at)))
            {
                let mut text = vec![other; length];
                text[place] = byte;
                assert_eq!(is_plain(&text), !escaped, "{byte} at {place} of {length}");
                let sign = matches!(byte, b'"' | b'\\').then_some(place);
                assert_eq!(next_sign(&text, 0), sign, "{byte} at {place} of {length}");
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back_with_its_types() {
        let odd = "na\"me\n\u{0}\u{1F980}";
        let values = [
            Value::Null,
            Value::Bool(true),
            Value::Int(i64::MIN),
            Value::Float(0.1 + 0.2),
            Value::Float(1.0),
            Value::Float(1e300),
            Value::from("a\\\"\u{0}b"),
            Value::List(vec![Value::Int(1), Value::from("x"), Value::List(vec![]), Value::Float(2.5e-8)]),
        ];
        let mut writer = ObjectWriter::default();
        for (place, value) in values.iter().enumerate() {
            writer.push(&format!("{odd}{place}"), value);
        }
        let mut text = String::new();
        writer.take(|object| text = object.unwrap().to_owned());
        let mut seen = 0;
        members(&text, |name, json| {
            assert_eq!(name, format!("{odd}{seen}"));
            assert_eq!(value(json), values[seen].to_json());
            assert_eq!(member(&text, &name), Some(json));
            seen += 1;
        });
        assert_eq!(seen, values.len());
        // Cut anywhere, what was whole before the cut is read as before.
        for (end, _) in text.char_indices() {
            let mut read = 0;
            members(&text[..end], |name, json| {
                assert_eq!(member(&text, &name), Some(json));
                read += 1;
            });
            assert!(read <= seen);
        }
        assert_eq!(member(&text, "absent"), None);
        writer.take(|object| assert_eq!(object, None));
    }
}
