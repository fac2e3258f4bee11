//! `ExportLogsServiceRequest` in protobuf. Unknown fields are passed over, as protobuf asks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::BadLogs;
use super::record::{About, Log, Logs, Scope, hex};
use super::wire::{BadWire, Field, Reader};

/// A value nested deeper leaves its record out.
const DEPTH: usize = 32;

impl From<BadWire> for BadLogs {
    fn from(error: BadWire) -> Self {
        BadLogs::Malformed(error.to_string())
    }
}

/// Why one record is left out.
enum Bad {
    Wire(BadWire),
    TooDeep,
}

impl From<BadWire> for Bad {
    fn from(error: BadWire) -> Self {
        Bad::Wire(error)
    }
}

impl From<Bad> for BadLogs {
    fn from(bad: Bad) -> Self {
        match bad {
            Bad::Wire(error) => error.into(),
            Bad::TooDeep => BadLogs::Malformed(TOO_DEEP.to_owned()),
        }
    }
}

const TOO_DEEP: &str = "a value is nested deeper than 32 levels";

/// The records of a request; `max` bounds what they become, in bytes.
pub(super) fn read(message: &[u8], max: usize) -> Result<Logs, BadLogs> {
    let mut logs = Logs::new(max);
    for resource_logs in messages(message, 1) {
        let resource_logs = resource_logs?;
        let resource = match last(resource_logs, 1)? {
            Some(resource) => attributes(resource, 1, 0)?,
            None => Map::new(),
        };
        for scope_logs in messages(resource_logs, 2) {
            let scope_logs = scope_logs?;
            let scope = last(scope_logs, 1)?.map(scope).transpose()?.unwrap_or_default();
            let about = About::new(resource.clone(), scope);
            for record in messages(scope_logs, 2) {
                match log(record?) {
                    Ok(log) => logs.push(log, &about)?,
                    Err(Bad::TooDeep) => logs.reject(TOO_DEEP),
                    Err(Bad::Wire(error)) => return Err(error.into()),
                }
            }
        }
    }
    Ok(logs)
}

/// The messages in the fields of this number.
fn messages(message: &[u8], number: u64) -> impl Iterator<Item = Result<&[u8], BadWire>> {
    Reader(message).filter_map(move |field| match field {
        Ok((found, Field::Bytes(bytes))) if found == number => Some(Ok(bytes)),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}

fn last(message: &[u8], number: u64) -> Result<Option<&[u8]>, BadWire> {
    messages(message, number).try_fold(None, |_, found| found.map(Some))
}

fn scope(message: &[u8]) -> Result<Scope, Bad> {
    let mut scope = Scope { attributes: attributes(message, 3, 0)?, ..Scope::default() };
    for field in Reader(message) {
        match field? {
            (1, Field::Bytes(name)) => scope.name = text(name),
            (2, Field::Bytes(version)) => scope.version = text(version),
            _ => {}
        }
    }
    Ok(scope)
}

fn log(message: &[u8]) -> Result<Log, Bad> {
    let mut log = Log { attributes: attributes(message, 6, 0)?, ..Log::default() };
    for field in Reader(message) {
        match field? {
            (1, Field::Fixed64(time)) => log.time = time,
            (11, Field::Fixed64(observed)) => log.observed = observed,
            (2, Field::Varint(number)) => log.severity_number = number as i64,
            (3, Field::Bytes(severity)) => log.severity_text = text(severity),
            (5, Field::Bytes(body)) => log.body = Some(value(body, 0)?),
            (8, Field::Fixed32(flags)) => log.flags = flags,
            (9, Field::Bytes(id)) => log.trace_id = hex(id),
            (10, Field::Bytes(id)) => log.span_id = hex(id),
            (12, Field::Bytes(name)) => log.event_name = text(name),
            _ => {}
        }
    }
    Ok(log)
}

/// The key-value pairs in the fields of this number.
fn attributes(message: &[u8], number: u64, depth: usize) -> Result<Map<String, Value>, Bad> {
    let mut members = Map::new();
    for pair in messages(message, number) {
        let pair = pair?;
        let key = last(pair, 1)?.map(text).unwrap_or_default();
        let value = last(pair, 2)?.map(|bytes| value(bytes, depth)).transpose()?.unwrap_or(Value::Null);
        members.insert(key, value);
    }
    Ok(members)
}

fn value(message: &[u8], depth: usize) -> Result<Value, Bad> {
    if depth == DEPTH {
        return Err(Bad::TooDeep);
    }
    let mut found = Value::Null;
    for field in Reader(message) {
        found = match field? {
            (1, Field::Bytes(bytes)) => Value::String(text(bytes)),
            (2, Field::Varint(number)) => Value::Bool(number != 0),
            (3, Field::Varint(number)) => Value::from(number as i64),
            (4, Field::Fixed64(bits)) => double(f64::from_bits(bits)),
            (5, Field::Bytes(array)) => {
                let items = messages(array, 1).map(|item| value(item?, depth + 1));
                Value::Array(items.collect::<Result<_, Bad>>()?)
            }
            (6, Field::Bytes(list)) => Value::Object(attributes(list, 1, depth + 1)?),
            (7, Field::Bytes(bytes)) => Value::String(STANDARD.encode(bytes)),
            _ => found,
        };
    }
    Ok(found)
}

/// JSON has no infinity: it is kept as text.
pub(super) fn double(number: f64) -> Value {
    serde_json::Number::from_f64(number).map_or_else(|| Value::String(number.to_string()), Value::Number)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::wire::Writer;
    use super::*;
    use proptest::prelude::*;

    fn message(fields: &[(u64, &[u8])]) -> Vec<u8> {
        let mut writer = Writer::default();
        fields.iter().for_each(|(number, bytes)| writer.bytes(*number, bytes));
        writer.finish()
    }

    fn pair(key: &str, value: &[u8]) -> Vec<u8> {
        message(&[(1, key.as_bytes()), (2, value)])
    }

    fn wrapped(record: &[u8]) -> Vec<u8> {
        let resource = message(&[(1, &pair("host.name", &message(&[(1, b"web01")])))]);
        let scope = message(&[(1, b"lib"), (2, b"1.0")]);
        let scope_logs = message(&[(1, &scope), (2, record), (2, record), (3, b"https://schema")]);
        message(&[(1, &message(&[(1, &resource), (2, &scope_logs)]))])
    }

    fn records(request: &[u8]) -> (Vec<Value>, usize) {
        let (records, rejected) = read(request, 1 << 20).unwrap().finish();
        let records = records.iter().map(|record| serde_json::from_slice(&record.raw).unwrap()).collect();
        (records, rejected.map_or(0, |rejected| rejected.records))
    }

    #[test]
    fn every_kind_of_value_and_ids_of_any_length_are_kept() {
        let number = |field: u64, value: u64| {
            let mut writer = Writer::default();
            writer.number(field, value);
            writer.finish()
        };
        let double = [&[0x21][..], &1.5f64.to_le_bytes()].concat();
        let nan = [&[0x21][..], &f64::NAN.to_le_bytes()].concat();
        let list = message(&[(5, &message(&[(1, &number(3, u64::MAX)), (1, &double)]))]);
        let map = message(&[(6, &message(&[(1, &pair("inner", &number(2, 1)))]))]);
        let mut record = message(&[
            (5, &map),
            (6, &pair("list", &list)),
            (6, &pair("nan", &nan)),
            (6, &pair("bytes", &message(&[(7, b"\0\xff")]))),
            (6, &pair("none", b"")),
            (9, b"\x01\x02\x03"),
            (10, b""),
            (99, b"unknown"),
        ]);
        record
            .extend([&[0x09][..], &1_700_000_000_000_000_000u64.to_le_bytes(), &[0x10, 17, 0x45, 1, 0, 0, 0]].concat());
        let (records, rejected) = records(&wrapped(&record));
        assert_eq!((records.len(), rejected), (2, 0));
        assert_eq!(
            records[0],
            json!({"time": "2023-11-14T22:13:20.000000Z", "severity_number": 17, "flags": 1, "trace_id": "010203",
                "body": {"inner": true},
                "attributes": {"list": [-1, 1.5], "nan": "NaN", "bytes": "AP8=", "none": null},
                "resource": {"host.name": "web01"}, "scope": {"name": "lib", "version": "1.0"}})
        );
    }

    #[test]
    fn a_value_nested_too_deep_leaves_out_its_record_alone() {
        let mut deep = message(&[(1, b"x")]);
        for _ in 0..100 {
            deep = message(&[(5, &message(&[(1, &deep)]))]);
        }
        let bad = message(&[(5, &deep)]);
        let good = message(&[(3, b"INFO")]);
        let scope_logs = message(&[(2, &bad), (2, &good)]);
        let (records, rejected) = records(&message(&[(1, &message(&[(2, &scope_logs)]))]));
        assert_eq!((records, rejected), (vec![json!({"severity_text": "INFO"})], 1));
    }

    #[test]
    fn nonsense_is_an_error_and_a_large_resource_does_not_multiply_without_end() {
        assert!(matches!(read(b"\x0a\xff", 100), Err(BadLogs::Malformed(_))));
        assert!(matches!(read(&wrapped(b"\x0b"), 100), Err(BadLogs::Malformed(_))));
        assert!(read(b"", 100).unwrap().finish().0.is_empty());
        let resource = message(&[(1, &pair("big", &message(&[(1, &[b'x'; 10_000])])))]);
        let scope_logs = b"\x12\x00".repeat(1000);
        let request = message(&[(1, &message(&[(1, &resource), (2, &scope_logs)]))]);
        assert!(matches!(read(&request, 100_000), Err(BadLogs::TooMuch(_))));
    }

    proptest! {
        #[test]
        fn no_change_of_a_message_makes_it_panic_and_records_stay_objects(
            place in 0usize..200, byte in any::<u8>(), cut in 0usize..200, noise in prop::collection::vec(any::<u8>(), 0..30)
        ) {
            let record = message(&[(5, &message(&[(1, b"text")])), (6, &pair("k", &message(&[(1, b"v")]))), (9, &noise)]);
            let mut request = wrapped(&record);
            let place = place % request.len();
            request[place] = byte;
            request.truncate(request.len() - cut % request.len());
            for record in read(&request, 1 << 20).map(|logs| logs.finish().0).unwrap_or_default() {
                prop_assert!(serde_json::from_slice::<Value>(&record.raw).unwrap().is_object());
            }
        }
    }
}
