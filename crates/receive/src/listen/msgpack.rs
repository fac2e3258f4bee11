//! MessagePack as the forward protocol uses it: where a value ends in a stream, and a value as JSON.

use rmpv::ValueRef;
use serde_json::{Map, Number, Value};

/// How deep values may lie in one another.
const DEPTH: usize = 32;

/// Finds the end of a value in bytes that arrive piece by piece, each byte looked at once.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    at: usize,
    /// Values still missing of the arrays and maps around the place.
    open: Vec<u64>,
    begun: bool,
}

impl Scanner {
    /// The length of the value `bytes` begin with; nothing while bytes are missing. `bytes` only grow between calls.
    pub fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, String> {
        loop {
            if self.begun && self.open.is_empty() {
                return Ok(Some(self.at));
            }
            let Some((length, values)) = head(&bytes[self.at.min(bytes.len())..])? else { return Ok(None) };
            let end = self.at.checked_add(length).ok_or("a value of impossible length")?;
            if end > bytes.len() {
                return Ok(None);
            }
            self.at = end;
            self.begun = true;
            if let Some(missing) = self.open.last_mut() {
                *missing -= 1;
            }
            if values > 0 {
                self.open.push(values);
                if self.open.len() > DEPTH {
                    return Err(format!("values lie more than {DEPTH} deep in one another"));
                }
            }
            while self.open.last() == Some(&0) {
                self.open.pop();
            }
        }
    }

    /// How many bytes are known to belong to the value.
    pub fn seen(&self) -> usize {
        self.at
    }
}

/// The bytes of a value without what it contains, and how many values it contains; nothing while bytes are missing.
fn head(bytes: &[u8]) -> Result<Option<(usize, u64)>, String> {
    let Some(&marker) = bytes.first() else { return Ok(None) };
    let number = |size: usize| {
        bytes.get(1..1 + size).map(|digits| digits.iter().fold(0u64, |sum, digit| sum << 8 | u64::from(*digit)))
    };
    let text = |size: usize, extra: usize| number(size).map(|length| (1 + size + extra + length as usize, 0));
    Ok(match marker {
        0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => Some((1, 0)),
        0x80..=0x8f => Some((1, u64::from(marker & 0x0f) * 2)),
        0x90..=0x9f => Some((1, u64::from(marker & 0x0f))),
        0xa0..=0xbf => Some((1 + usize::from(marker & 0x1f), 0)),
        0xc1 => return Err("a byte that begins no MessagePack value".into()),
        0xc4 | 0xd9 => text(1, 0),
        0xc5 | 0xda => text(2, 0),
        0xc6 | 0xdb => text(4, 0),
        0xc7 => text(1, 1),
        0xc8 => text(2, 1),
        0xc9 => text(4, 1),
        0xcc | 0xd0 => Some((2, 0)),
        0xcd | 0xd1 => Some((3, 0)),
        0xca | 0xce | 0xd2 => Some((5, 0)),
        0xcb | 0xcf | 0xd3 => Some((9, 0)),
        0xd4..=0xd8 => Some((2 + (1 << (marker - 0xd4)), 0)),
        0xdc => number(2).map(|values| (3, values)),
        0xdd => number(4).map(|values| (5, values)),
        0xde => number(2).map(|pairs| (3, pairs * 2)),
        0xdf => number(4).map(|pairs| (5, pairs * 2)),
    })
}

/// Reads one value that is whole; the rest stays in `bytes`.
pub(super) fn value<'b>(bytes: &mut &'b [u8]) -> Result<ValueRef<'b>, String> {
    rmpv::decode::read_value_ref_with_max_depth(bytes, DEPTH + 1).map_err(|error| format!("MessagePack: {error}"))
}

/// The bytes of a text or binary: senders use either for the same things.
pub(super) fn bytes<'v>(value: &'v ValueRef<'v>) -> Option<&'v [u8]> {
    match value {
        ValueRef::String(text) => Some(text.as_bytes()),
        ValueRef::Binary(bytes) => Some(bytes),
        _ => None,
    }
}

/// A value as JSON: bytes as the text they are, extensions as nothing we know.
pub(super) fn json(value: &ValueRef<'_>) -> Value {
    match value {
        ValueRef::Nil => Value::Null,
        ValueRef::Boolean(truth) => Value::Bool(*truth),
        ValueRef::Integer(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => Value::Null,
        },
        ValueRef::F32(number) => Number::from_f64(f64::from(*number)).map_or(Value::Null, Value::Number),
        ValueRef::F64(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        ValueRef::String(text) => Value::String(formats::text::decode(text.as_bytes()).into_owned()),
        ValueRef::Binary(bytes) => Value::String(formats::text::decode(bytes).into_owned()),
        ValueRef::Array(values) => Value::Array(values.iter().map(json).collect()),
        ValueRef::Map(pairs) => Value::Object(object(pairs)),
        ValueRef::Ext(kind, bytes) => event_time(*kind, bytes).map_or(Value::Null, |(seconds, nanos)| {
            Number::from_f64(seconds as f64 + f64::from(nanos) / 1e9).map_or(Value::Null, Value::Number)
        }),
    }
}

/// The members of a map, keys as text.
pub(super) fn object(pairs: &[(ValueRef<'_>, ValueRef<'_>)]) -> Map<String, Value> {
    let key = |key: &ValueRef<'_>| match json(key) {
        Value::String(text) => text,
        other => other.to_string(),
    };
    pairs.iter().map(|(name, value)| (key(name), json(value))).collect()
}

/// Fluentd's EventTime: seconds and nanoseconds.
pub(super) fn event_time(kind: i8, bytes: &[u8]) -> Option<(i64, u32)> {
    let (seconds, nanos) = bytes.split_first_chunk::<4>()?;
    let nanos: [u8; 4] = nanos.try_into().ok()?;
    (kind == 0).then_some((i64::from(u32::from_be_bytes(*seconds)), u32::from_be_bytes(nanos)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_value_is_found_however_it_arrives() {
        // ["tag", [[1, {"a": [true, nil, 2.5]}]], {"chunk": bin}]
        let bytes =
            b"\x93\xa3tag\x91\x92\x01\x81\xa1a\x93\xc3\xc0\xcb\x40\x04\0\0\0\0\0\0\x81\xa5chunk\xc4\x02ab".to_vec();
        let mut followed = bytes.clone();
        followed.extend_from_slice(b"\x93next");
        for size in 0..bytes.len() {
            let mut scanner = Scanner::default();
            assert_eq!(scanner.end(&bytes[..size]), Ok(None), "{size}");
            assert_eq!(scanner.end(&followed), Ok(Some(bytes.len())), "{size}");
        }
        let mut rest = &followed[..];
        let read = value(&mut rest).unwrap();
        assert_eq!(json(&read).to_string(), r#"["tag",[[1,{"a":[true,null,2.5]}]],{"chunk":"ab"}]"#);
        assert_eq!(rest.len(), 5);
    }

    #[test]
    fn depth_and_forbidden_bytes_are_refused_and_huge_lengths_wait_without_memory() {
        assert!(Scanner::default().end(&[0x91; 100]).unwrap_err().contains("deep"));
        assert!(Scanner::default().end(&[0xc1]).is_err());
        assert_eq!(Scanner::default().end(&[0xdd, 0xff, 0xff, 0xff, 0xff, 1]), Ok(None));
        assert_eq!(Scanner::default().end(&[0xdb, 0xff, 0xff, 0xff, 0xff, 1]), Ok(None));
    }
}
