//! `ExportLogsServiceRequest` in OTLP's JSON: ids in hexadecimal, 64-bit numbers as text or numbers, enumerations as
//! numbers. Unknown members are passed over; names are read in lower camel case and as in the protobuf definition.

use serde_json::{Map, Value};

use super::BadLogs;
use super::proto::double;
use super::record::{About, Log, Logs, Scope};

type Members = Map<String, Value>;

/// The records of a request; `max` bounds what they become, in bytes.
pub(super) fn read(body: &[u8], max: usize) -> Result<Logs, BadLogs> {
    // The reader itself stops at 128 levels.
    let request: Value = serde_json::from_slice(body).map_err(|error| BadLogs::Malformed(error.to_string()))?;
    let request = request.as_object().ok_or_else(|| wrong("the request", "an object"))?;
    let mut logs = Logs::new(max);
    for resource_logs in list(request, "resourceLogs", "resource_logs")? {
        let resource_logs = object(resource_logs, "resourceLogs")?;
        let resource = match resource_logs.get("resource") {
            Some(resource) if !resource.is_null() => attributes(object(resource, "resource")?)?,
            _ => Map::new(),
        };
        for scope_logs in list(resource_logs, "scopeLogs", "scope_logs")? {
            let scope_logs = object(scope_logs, "scopeLogs")?;
            let scope = match scope_logs.get("scope") {
                Some(found) if !found.is_null() => scope(object(found, "scope")?)?,
                _ => Scope::default(),
            };
            let about = About::new(resource.clone(), scope);
            for record in list(scope_logs, "logRecords", "log_records")? {
                match object(record, "logRecords").and_then(log) {
                    Ok(log) => logs.push(log, &about)?,
                    Err(error) => logs.reject(&error.to_string()),
                }
            }
        }
    }
    Ok(logs)
}

fn wrong(what: &str, wanted: &str) -> BadLogs {
    BadLogs::Malformed(format!("{what} is not {wanted}"))
}

fn object<'v>(value: &'v Value, what: &str) -> Result<&'v Members, BadLogs> {
    value.as_object().ok_or_else(|| wrong(what, "an object"))
}

fn member<'v>(members: &'v Members, camel: &str, snake: &str) -> Option<&'v Value> {
    members.get(camel).or_else(|| members.get(snake)).filter(|value| !value.is_null())
}

fn list<'v>(members: &'v Members, camel: &str, snake: &str) -> Result<&'v [Value], BadLogs> {
    match member(members, camel, snake) {
        None => Ok(&[]),
        Some(value) => value.as_array().map(Vec::as_slice).ok_or_else(|| wrong(camel, "a list")),
    }
}

fn text(members: &Members, camel: &str, snake: &str) -> Result<String, BadLogs> {
    match member(members, camel, snake) {
        None => Ok(String::new()),
        Some(value) => value.as_str().map(str::to_owned).ok_or_else(|| wrong(camel, "a text")),
    }
}

/// A whole number, written as a number or as text.
fn number<T: TryFrom<i128>>(members: &Members, camel: &str, snake: &str) -> Result<Option<T>, BadLogs> {
    let Some(value) = member(members, camel, snake) else { return Ok(None) };
    whole(value).and_then(|number| T::try_from(number).ok()).map(Some).ok_or_else(|| wrong(camel, "a whole number"))
}

fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => number.as_i128().or_else(|| {
            let number = number.as_f64()?;
            (number.fract() == 0.0 && number.abs() < 1e19).then_some(number as i128)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn scope(members: &Members) -> Result<Scope, BadLogs> {
    Ok(Scope {
        name: text(members, "name", "name")?,
        version: text(members, "version", "version")?,
        attributes: attributes(members)?,
    })
}

fn log(members: &Members) -> Result<Log, BadLogs> {
    // Severity is an enumeration: a number, though some senders write its name.
    let severity_number = match member(members, "severityNumber", "severity_number") {
        Some(Value::String(name)) => severity(name),
        _ => number(members, "severityNumber", "severity_number")?.unwrap_or(0),
    };
    Ok(Log {
        time: number(members, "timeUnixNano", "time_unix_nano")?.unwrap_or(0),
        observed: number(members, "observedTimeUnixNano", "observed_time_unix_nano")?.unwrap_or(0),
        severity_number,
        severity_text: text(members, "severityText", "severity_text")?,
        event_name: text(members, "eventName", "event_name")?,
        body: members.get("body").filter(|body| !body.is_null()).map(value).transpose()?,
        attributes: attributes(members)?,
        trace_id: text(members, "traceId", "trace_id")?,
        span_id: text(members, "spanId", "span_id")?,
        flags: number(members, "flags", "flags")?.unwrap_or(0),
    })
}

/// The number of `SEVERITY_NUMBER_ERROR2` and the like.
fn severity(name: &str) -> i64 {
    const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    let name = name.strip_prefix("SEVERITY_NUMBER_").unwrap_or(name);
    let level = name.trim_end_matches(|char: char| char.is_ascii_digit());
    let step = name[level.len()..].parse::<i64>().unwrap_or(1).clamp(1, 4);
    match LEVELS.iter().position(|known| *known == level) {
        Some(place) => place as i64 * 4 + step,
        None => name.parse().unwrap_or(0),
    }
}

fn attributes(members: &Members) -> Result<Members, BadLogs> {
    pairs(list(members, "attributes", "attributes")?)
}

fn pairs(pairs: &[Value]) -> Result<Members, BadLogs> {
    let pair = |pair: &Value| {
        let pair = object(pair, "an attribute")?;
        let value = pair.get("value").map(value).transpose()?.unwrap_or(Value::Null);
        Ok((text(pair, "key", "key")?, value))
    };
    pairs.iter().map(pair).collect()
}

fn value(any: &Value) -> Result<Value, BadLogs> {
    let Value::Object(members) = any else {
        return if any.is_null() { Ok(Value::Null) } else { Err(wrong("a value", "an object")) };
    };
    let Some((kind, found)) = members.iter().find(|(_, found)| !found.is_null()) else { return Ok(Value::Null) };
    match (kind.as_str(), found) {
        ("stringValue" | "string_value", Value::String(_))
        | ("boolValue" | "bool_value", Value::Bool(_))
        | ("bytesValue" | "bytes_value", Value::String(_)) => Ok(found.clone()),
        ("intValue" | "int_value", found) => {
            let number = whole(found).and_then(|number| i64::try_from(number).ok());
            number.map(Value::from).ok_or_else(|| wrong("intValue", "a whole number"))
        }
        ("doubleValue" | "double_value", Value::Number(_)) => Ok(found.clone()),
        ("doubleValue" | "double_value", Value::String(text)) => {
            let number = text.parse().map_err(|_| wrong("doubleValue", "a number"))?;
            Ok(double(number))
        }
        ("arrayValue" | "array_value", Value::Object(array)) => {
            Ok(Value::Array(list(array, "values", "values")?.iter().map(value).collect::<Result<_, _>>()?))
        }
        ("kvlistValue" | "kvlist_value", Value::Object(array)) => {
            Ok(Value::Object(pairs(list(array, "values", "values")?)?))
        }
        (kind, _) => Err(wrong(kind, "a value of its kind")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn records(request: Value) -> (Vec<Value>, Option<String>) {
        let (records, rejected) = read(request.to_string().as_bytes(), 1 << 20).unwrap().finish();
        let records = records.iter().map(|record| serde_json::from_slice(&record.raw).unwrap()).collect();
        (records, rejected.map(|rejected| format!("{} {}", rejected.records, rejected.reason)))
    }

    fn request(records: Value) -> Value {
        json!({"resourceLogs": [{
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "web"}}]},
            "scopeLogs": [{"scope": {"name": "lib"}, "logRecords": records, "schemaUrl": "x"}]
        }]})
    }

    #[test]
    fn a_record_reads_as_in_the_examples_of_the_specification() {
        let (found, rejected) = records(request(json!([{
            "timeUnixNano": "1544712660300000000", "observedTimeUnixNano": 1544712660300000000_u64,
            "severityNumber": 10, "severityText": "Information",
            "traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1", "flags": 1, "unknown": {},
            "body": {"stringValue": "Example log record"},
            "attributes": [
                {"key": "int", "value": {"intValue": "-637704645"}},
                {"key": "double", "value": {"doubleValue": 637.5}},
                {"key": "nan", "value": {"doubleValue": "NaN"}},
                {"key": "array", "value": {"arrayValue": {"values": [{"boolValue": true}, {}]}}},
                {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"bytesValue": "AP8="}}]}}}
            ]
        }])));
        assert_eq!(rejected, None);
        assert_eq!(
            found,
            [json!({"time": "2018-12-13T14:51:00.300000Z", "observed_time": "2018-12-13T14:51:00.300000Z",
                "severity_number": 10, "severity_text": "Information", "body": "Example log record",
                "trace_id": "5B8EFFF798038103D269B633813FC60C", "span_id": "EEE19B7EC3C1", "flags": 1,
                "attributes": {"int": -637704645, "double": 637.5, "nan": "NaN", "array": [true, null],
                    "map": {"k": "AP8="}},
                "resource": {"service.name": "web"}, "scope": {"name": "lib"}})]
        );
    }

    #[test]
    fn names_of_the_definition_and_names_of_severities_read_as_well() {
        let (found, _) = records(json!({"resource_logs": [{"scope_logs": [{"log_records": [
            {"severity_number": "SEVERITY_NUMBER_ERROR2", "body": {"string_value": "x"}}
        ]}]}]}));
        assert_eq!(found, [json!({"severity_number": 18, "body": "x"})]);
    }

    #[test]
    fn a_wrong_record_is_left_out_with_its_reason_and_the_others_are_kept() {
        let (found, rejected) = records(request(json!([
            {"timeUnixNano": "yesterday"}, {"body": {"stringValue": "good"}}, "text"
        ])));
        assert_eq!(found.len(), 1);
        assert_eq!(rejected.as_deref(), Some("2 timeUnixNano is not a whole number"));
    }

    #[test]
    fn what_is_no_request_is_an_error() {
        for wrong in ["", "[]", "{\"resourceLogs\": {}}", "{\"resourceLogs\": [1]}", &"[".repeat(100_000)] {
            assert!(matches!(read(wrong.as_bytes(), 100), Err(BadLogs::Malformed(_))), "{wrong:.20}");
        }
        assert!(read(b"{}", 100).unwrap().finish().0.is_empty());
    }
}
