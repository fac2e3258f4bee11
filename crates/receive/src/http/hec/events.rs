//! Bodies of the collector to records. An event stays the JSON object it came as, with host, source, sourcetype, index,
//! time and fields around it; a request with one wrong event is refused whole, so that sending it again doubles nothing.

use std::collections::HashMap;

use formats::text;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Deserializer, Map, Value};

use super::answer::{Answer, Code};
use crate::hand_in::{Batch, HandInError, check_depth, each_line, one_line};
use crate::intake::Record;

/// What of the query of a raw request is kept.
const ABOUT: [&str; 5] = ["host", "source", "sourcetype", "index", "time"];

#[derive(Deserialize)]
struct Envelope<'b> {
    #[serde(borrow)]
    event: Option<&'b RawValue>,
    #[serde(borrow)]
    fields: Option<&'b RawValue>,
}

/// The events of a body: objects one behind the other, or arrays of them.
pub(super) fn read(body: &[u8]) -> Result<Vec<Record>, Answer> {
    check_depth(body).map_err(|_| Code::InvalidFormat)?;
    let text = text::decode(body);
    // GBK grows by half when it becomes UTF-8.
    let mut records = Batch::new(body.len() * 2);
    for value in Deserializer::from_str(&text).into_iter::<&RawValue>() {
        let value = value.map_err(|_| wrong(Code::InvalidFormat, records.len()))?.get();
        if value.starts_with('[') {
            let events: Vec<&RawValue> =
                serde_json::from_str(value).map_err(|_| wrong(Code::InvalidFormat, records.len()))?;
            for event in events {
                let record = record(event.get()).map_err(|code| wrong(code, records.len()))?;
                records.push(record)?;
            }
        } else {
            let record = record(value).map_err(|code| wrong(code, records.len()))?;
            records.push(record)?;
        }
    }
    if records.len() == 0 { Err(Code::NoData.into()) } else { Ok(records.into_records()) }
}

fn wrong(code: Code, event: usize) -> Answer {
    Answer { event: Some(event), ..code.into() }
}

fn record(text: &str) -> Result<Record, Code> {
    if !text.starts_with('{') {
        return Err(Code::InvalidFormat);
    }
    let envelope: Envelope = serde_json::from_str(text).map_err(|_| Code::InvalidFormat)?;
    match envelope.event.map(RawValue::get) {
        None | Some("null") => return Err(Code::EventRequired),
        Some(event) if event.strip_prefix('"').is_some_and(|rest| rest.trim_start() == "\"") => {
            return Err(Code::EventBlank);
        }
        Some(_) => {}
    }
    if envelope.fields.is_some_and(|fields| !matches!(fields.get(), text if text.starts_with('{') || text == "null")) {
        return Err(Code::InvalidFields);
    }
    Ok(Record::from(one_line(text.as_bytes())))
}

/// The records of a raw body: one a line, as the device wrote it. Where the query says more about them than our own
/// settings know, each stands in an envelope like that of an event.
pub(super) fn lines(body: &[u8], query: &HashMap<String, String>, max: usize) -> Result<Vec<Record>, HandInError> {
    let about: Map<String, Value> =
        ABOUT.iter().filter_map(|name| Some(((*name).to_owned(), Value::String(query.get(*name)?.clone())))).collect();
    let mut records = Batch::new(max);
    for line in each_line(body) {
        let raw = if about.is_empty() {
            line.to_vec()
        } else {
            let mut envelope = Map::with_capacity(about.len() + 1);
            envelope.insert("event".to_owned(), Value::String(text::decode(line).into_owned()));
            envelope.extend(about.clone());
            Value::Object(envelope).to_string().into_bytes()
        };
        records.push(Record::from(raw))?;
    }
    Ok(records.into_records())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(body: &[u8]) -> Vec<String> {
        read(body).unwrap().into_iter().map(|record| String::from_utf8(record.raw).unwrap()).collect()
    }

    fn refused(body: &str) -> (Code, Option<usize>) {
        let answer = read(body.as_bytes()).unwrap_err();
        (answer.code, answer.event)
    }

    #[test]
    fn events_stand_one_behind_the_other_with_or_without_anything_between_or_in_arrays() {
        let one = "{\"event\":\"a}{\",\"time\":1.5}";
        let two = "{\"event\":{\"x\":[1]},\"fields\":{\"k\":\"v\"}}";
        assert_eq!(texts(format!("{one}{two}").as_bytes()), [one, two]);
        assert_eq!(texts(format!("\n{one}\r\n\r\n {two}\n").as_bytes()), [one, two]);
        assert_eq!(texts(format!("[{one}, {two}]{one}").as_bytes()), [one, two, one]);
        assert_eq!(texts(b"{\n  \"event\": \"x\",\n  \"time\": \"2\"\n}"), ["{\"event\": \"x\",\"time\": \"2\"}"]);
        assert_eq!(texts(b"{\"event\":\"\xd6\xd0\xce\xc4\"}"), ["{\"event\":\"中文\"}"], "GBK becomes readable");
    }

    #[test]
    fn a_wrong_event_is_told_by_code_and_number() {
        assert_eq!(refused(""), (Code::NoData, None));
        assert_eq!(refused("[]"), (Code::NoData, None));
        assert_eq!(refused("{\"event\":1}{\"host\":\"h\"}"), (Code::EventRequired, Some(1)));
        assert_eq!(refused("{\"event\":null}"), (Code::EventRequired, Some(0)));
        assert_eq!(refused("{\"event\":\"\"}"), (Code::EventBlank, Some(0)));
        assert_eq!(refused("{\"event\":\"  \"}"), (Code::EventBlank, Some(0)));
        assert_eq!(refused("{\"event\":1,\"fields\":[1]}"), (Code::InvalidFields, Some(0)));
        assert_eq!(refused("{\"event\":1}{\"event\":"), (Code::InvalidFormat, Some(1)));
        assert_eq!(refused("\"text\""), (Code::InvalidFormat, Some(0)));
        let deep = format!("{{\"event\":{}}}", "[".repeat(100_000));
        assert_eq!(refused(&deep).0, Code::InvalidFormat);
    }

    #[test]
    fn raw_lines_stay_as_they_are_unless_the_query_says_more() {
        let body = b"<13>one\r\n\ntwo \xd6\xd0";
        let plain = lines(body, &HashMap::new(), 1000).unwrap();
        assert_eq!(plain.iter().map(|record| &record.raw[..]).collect::<Vec<_>>(), [&b"<13>one"[..], b"two \xd6\xd0"]);
        let query = HashMap::from([("host".to_owned(), "fw".to_owned()), ("channel".to_owned(), "x".to_owned())]);
        let wrapped = lines(body, &query, 1000).unwrap();
        assert!(lines(body, &query, 30).is_err(), "a long query does not multiply without end");
        assert_eq!(String::from_utf8_lossy(&wrapped[1].raw), "{\"event\":\"two 中\",\"host\":\"fw\"}");
    }

    proptest! {
        #[test]
        fn no_mixture_of_pieces_makes_it_panic_and_what_is_taken_is_one_object_a_record(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just("{\"event\":\"x\"}".to_owned()), Just("{\"event\":{}}".to_owned()), Just("[".to_owned()),
                    Just("]".to_owned()), Just(",".to_owned()), Just("{".to_owned()), Just("\n".to_owned()), ".{0,10}",
                ],
                0..12,
            )
        ) {
            for record in read(pieces.concat().as_bytes()).unwrap_or_default() {
                let value: Value = serde_json::from_slice(&record.raw).unwrap();
                prop_assert!(value.is_object() && !record.raw.contains(&b'\n'));
            }
        }
    }
}
