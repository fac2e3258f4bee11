//! Documents that hold many records: a CloudTrail file, an Event Hub message, a CloudWatch subscription, the page of an
//! interface's answer. Each record in it is an event of its own, so it is cut out before anything is stored.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decode;

/// Members that hold a list of records.
const LISTS: [&str; 12] = [
    "Records",
    "records",
    "logEvents",
    "value",
    "findings",
    "Findings",
    "entries",
    "items",
    "events",
    "data",
    "results",
    "resourceLogs",
];
/// The names of lists in quotes, then those of members that wrap one record.
static NAMES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let names = LISTS.iter().chain(&["detail-type", "params", "subscription"]).map(|name| format!("\"{name}\""));
    AhoCorasick::new(names).expect("a few short texts are no large automaton")
});
/// Lists that are of records whatever stands beside them.
const SURE: [&str; 3] = ["Records", "records", "logEvents"];
/// What stands beside a list of records in a page of an interface's answer.
const OF_PAGES: [&str; 25] = [
    "version",
    "@odata.context",
    "@odata.nextLink",
    "@odata.count",
    "@odata.deltaLink",
    "kind",
    "etag",
    "nextPageToken",
    "pagination",
    "metadata",
    "meta",
    "NextToken",
    "nextToken",
    "next",
    "links",
    "paging",
    "total",
    "count",
    "has_more",
    "next_cursor",
    "cursor",
    "status",
    "success",
    "ok",
    "errors",
];
/// Members a record has and a mere page of records has not.
const OF_RECORDS: [&str; 8] =
    ["@timestamp", "eventTime", "event_type", "eventType", "CreationTime", "eventName", "message", "EventID"];

/// The records of a text: itself, or those of the list it is a document of. Never fails; what is no such document is
/// one record.
pub fn records(text: &str) -> Vec<Cow<'_, str>> {
    cut(text).unwrap_or_else(|| vec![Cow::Borrowed(text)])
}

fn cut(text: &str) -> Option<Vec<Cow<'_, str>>> {
    let trimmed = text.trim_matches(|char: char| char.is_whitespace() || char == '\u{feff}' || char == '\0');
    match trimmed.as_bytes().first()? {
        b'[' => {
            // `[{` only: other texts begin with a bracket too.
            trimmed[1..].trim_start().strip_prefix('{')?;
            objects(serde_json::from_str::<Vec<&RawValue>>(trimmed).ok()?)
        }
        b'{' => document(trimmed),
        _ => None,
    }
}

fn objects(values: Vec<&RawValue>) -> Option<Vec<Cow<'_, str>>> {
    let all = !values.is_empty() && values.iter().all(|value| value.get().starts_with('{'));
    all.then(|| values.into_iter().map(|value| Cow::Borrowed(value.get())).collect())
}

fn document(text: &str) -> Option<Vec<Cow<'_, str>>> {
    // Cheap: nearly every record is no such document.
    let may_hold = |found: aho_corasick::Match| {
        let after = text[found.end()..].trim_start().strip_prefix(':').map(str::trim_start);
        found.pattern().as_usize() >= LISTS.len() || after.is_some_and(|after| after.starts_with('['))
    };
    if !NAMES.find_iter(text).take(64).any(may_hold) {
        return None;
    }
    let members: std::collections::BTreeMap<&str, &RawValue> = serde_json::from_str(text).ok()?;
    if let Some(detail) = members.get("detail").filter(|_| members.contains_key("detail-type")) {
        // EventBridge: the detail is the record, or has the findings.
        return Some(cut(detail.get()).unwrap_or_else(|| vec![Cow::Borrowed(detail.get())]));
    }
    if let Some(params) = members.get("params").filter(|_| members.contains_key("jsonrpc")) {
        return cut(params.get());
    }
    if let Some(message) = members.get("message").filter(|_| members.contains_key("subscription")) {
        // Pub/Sub: the record in base64.
        let message: PubSub = serde_json::from_str(message.get()).ok()?;
        let data = decode::base64(&message.data)?;
        let inner =
            cut(&data).map(|records| records.into_iter().map(|record| Cow::Owned(record.into_owned())).collect());
        return Some(inner.unwrap_or_else(|| vec![Cow::Owned(data)]));
    }
    if OF_RECORDS.iter().any(|name| members.contains_key(name)) {
        return None;
    }
    let (name, list) = LISTS.iter().find_map(|name| Some((*name, *members.get(name)?)))?;
    let is_page = members.keys().all(|other| *other == name || OF_PAGES.contains(other));
    let list: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
    if name == "logEvents" {
        return Some(list.into_iter().map(|event| log_event(event)).collect());
    }
    if !is_page && !SURE.contains(&name) {
        return None;
    }
    objects(list)
}

/// The message of a CloudWatch log event.
fn log_event(event: &RawValue) -> Cow<'_, str> {
    match serde_json::from_str::<LogEvent>(event.get()) {
        Ok(LogEvent { message }) => message,
        Err(_) => Cow::Borrowed(event.get()),
    }
}

#[derive(Deserialize)]
struct LogEvent<'t> {
    #[serde(borrow)]
    message: Cow<'t, str>,
}

#[derive(Deserialize)]
struct PubSub {
    data: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_record_of_a_document_is_cut_out() {
        for (text, expected) in [
            (r#"{"Records":[{"eventName":"a"},{"eventName":"b"}]}"#, r#"{"eventName":"a"} {"eventName":"b"}"#),
            (r#"{"records": [ {"time":1} ]}"#, r#"{"time":1}"#),
            (r#"[{"a":1},{"b":2}]"#, r#"{"a":1} {"b":2}"#),
            (
                r#"{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[{"id":"1","timestamp":1,"message":"2 1 \"eni\""},{"id":"2","message":"{\"a\":1}"}]}"#,
                r#"2 1 "eni" {"a":1}"#,
            ),
            (r#"{"@odata.context":"x","value":[{"id":"1"}]}"#, r#"{"id":"1"}"#),
            (r#"{"version":"0","detail-type":"GuardDuty Finding","detail":{"id":"x"}}"#, r#"{"id":"x"}"#),
            (r#"{"detail-type":"f","detail":{"findings":[{"Id":"1"},{"Id":"2"}]}}"#, r#"{"Id":"1"} {"Id":"2"}"#),
            (r#"{"jsonrpc":"2.0","method":"addEvents","params":{"events":[{"m":1}]}}"#, r#"{"m":1}"#),
            (r#"{"message":{"data":"eyJhIjoxfQ=="},"subscription":"s"}"#, r#"{"a":1}"#),
        ] {
            assert_eq!(records(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn what_is_one_record_stays_one() {
        for text in [
            "",
            "words",
            r#"{"a":1}"#,
            r#"{"Records":[]}"#,
            r#"{"Records":[1,2]}"#,
            r#"[1,2]"#,
            r#"{"@timestamp":"x","events":[{"a":1}]}"#,
            r#"{"eventName":"x","Records":[{"a":1}]}"#,
            r#"{"actor":"x","events":[{"a":1}]}"#,
            r#"{"Records":[{"a":1}"#,
            "[{broken",
            "[2026-11-21] {x}",
        ] {
            assert_eq!(records(text), [text], "{text}");
        }
    }
}
