//! When a core field equals what Elastic expects.
//!
//! The same value may be written in two ways without a difference in meaning; what is taken for equal is all here:
//! - a number as text is that number; addresses are compared as addresses, in any notation;
//! - of several values on either side one in common is enough;
//! - MAC addresses and hashes are compared by their hexadecimal digits;
//! - names of hosts, domains, protocols and HTTP methods have no case;
//! - vocabulary (`event.action`, names of vendors and products) is compared without case, and `-`, `_` and a blank in
//!   it are one;
//! - an expected value `-` is no value;
//! - an expected outcome `unknown` is the same as no outcome;
//! - times are compared to the millisecond, or to the second where the expectation has no fraction, and only where the
//!   expectation does not vary with the day of the test.

use std::collections::BTreeSet;
use std::net::IpAddr;

use formats::Hint;
use model::Timestamp;
use model::core_field::{CORE_FIELDS, CoreType};
use model::event::{Event, Value as Ours};
use serde_json::Value;

/// Core fields that are never compared, each with the reason.
pub const NOT_COMPARED: [(&str, &str); 5] = [
    ("event_severity", "ours is the rank 0 to 4 of the record's severity; ECS keeps the vendor's number"),
    ("event_category", "ours is the device's own class of record; ECS has a fixed list of categories"),
    ("message", "which part of a record is its message is a choice; the whole record is kept and searched"),
    ("logon_type", "ECS has no such field"),
    ("threat_name", "ECS has no such field"),
];

/// One core field of one record.
pub struct Compared {
    pub field: &'static str,
    pub expected: String,
    /// Nothing where we have no value.
    pub ours: Option<String>,
    pub equal: bool,
}

/// Where ECS has a core field: the paths that demand it, then others that are also right.
fn paths(field: &'static str) -> (Vec<String>, &'static [&'static str]) {
    let (demanding, also): (&[&str], &[&str]) = match field {
        "observer_name" => (&["observer.name", "observer.hostname"], &["host.name", "host.hostname"]),
        "host_name" => (&["host.name", "host.hostname"], &[]),
        "http_request_body" => (&["http.request.body.content"], &[]),
        "http_response_body" => (&["http.response.body.content"], &[]),
        "http_response_status_code" => (&["http.response.status_code"], &[]),
        "process_command_line" => (&["process.command_line"], &[]),
        "process_parent_command_line" => (&["process.parent.command_line"], &[]),
        "process_working_directory" => (&["process.working_directory"], &[]),
        "dns_resolved_ip" => (&["dns.resolved_ip"], &[]),
        "user_agent_original" => (&["user_agent.original"], &[]),
        "tls_server_name" => (&["tls.client.server_name"], &[]),
        "email_from" => (&["email.from.address"], &[]),
        "email_to" => (&["email.to.address"], &[]),
        "url_full" => (&["url.full"], &["url.original"]),
        _ => (&[], &[]),
    };
    match demanding {
        [] => (vec![field.replace('_', ".")], also),
        _ => (demanding.iter().map(ToString::to_string).collect(), also),
    }
}

/// Every core field the expectation has, beside ours.
pub fn compare(
    event: &Event,
    expected: &Value,
    hint: &Hint,
    not_of_record: &BTreeSet<String>,
    excluded: &dyn Fn(&str) -> bool,
) -> Vec<Compared> {
    let mut compared = Vec::new();
    if expected.get("error").is_some() {
        // Elastic's own pipeline failed on this record: there is nothing to compare with.
        return compared;
    }
    for (field, kind) in CORE_FIELDS {
        if NOT_COMPARED.iter().any(|(name, _)| name == field) || excluded(field) {
            continue;
        }
        let (demanding, also) = paths(field);
        let mut values = Vec::new();
        for path in demanding.iter().filter(|path| !not_of_record.contains(*path)) {
            collect(at(expected, path), &mut values);
        }
        if values.is_empty() {
            continue;
        }
        let shown = values.join(" | ");
        for path in also {
            collect(at(expected, path), &mut values);
        }
        let mut ours = Vec::new();
        if let Some(value) = event.core.get(field) {
            members(value, &mut ours);
        }
        if *field == "event_outcome" && ours.is_empty() && values == ["unknown"] {
            continue;
        }
        let expected_set: Vec<_> = values.iter().map(|value| normal(field, *kind, value)).collect();
        let equal = ours.iter().any(|value| expected_set.contains(&normal(field, *kind, value)));
        compared.push(Compared { field, expected: shown, ours: (!ours.is_empty()).then(|| ours.join(" | ")), equal });
    }
    if !not_of_record.contains("@timestamp")
        && !excluded("time")
        && let Some(text) = expected["@timestamp"].as_str()
        && let Some(time) = formats::time::parse(text, hint.time_zone, hint.received)
    {
        let step = if time.as_micros() % 1_000_000 == 0 { 1_000_000 } else { 1000 };
        let cut = |time: Timestamp| time.as_micros().div_euclid(step);
        compared.push(Compared {
            field: "time",
            expected: text.to_owned(),
            ours: Some(event.time.to_string()).filter(|_| event.time != hint.received),
            equal: cut(time) == cut(event.time),
        });
    }
    compared
}

/// The value at a dotted path; a document may have any part of the path as one dotted name.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    path.match_indices('.').find_map(|(at_dot, _)| at(value.get(&path[..at_dot])?, &path[at_dot + 1..]))
}

fn collect(value: Option<&Value>, values: &mut Vec<String>) {
    match value {
        Some(Value::Array(list)) => list.iter().for_each(|value| collect(Some(value), values)),
        Some(Value::String(text)) if !text.is_empty() && text != "-" => values.push(text.clone()),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => values.push(value.to_string()),
        _ => {}
    }
}

fn members(value: &Ours, values: &mut Vec<String>) {
    match value {
        Ours::List(list) => list.iter().for_each(|value| members(value, values)),
        value => values.extend(value.text().map(|text| text.into_owned())),
    }
}

fn normal(field: &str, kind: CoreType, text: &str) -> String {
    let text = text.trim();
    match kind {
        CoreType::Int => {
            return text.parse::<f64>().map_or_else(|_| text.to_owned(), |number| number.to_string());
        }
        CoreType::Address => {
            let plain = text.split('%').next().unwrap_or_default();
            return plain.parse::<IpAddr>().map_or_else(|_| text.to_owned(), |ip| ip.to_canonical().to_string());
        }
        CoreType::Text => {}
    }
    match field {
        "source_mac" | "destination_mac" | "file_hash_md5" | "file_hash_sha1" | "file_hash_sha256" => {
            text.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_ascii_lowercase()
        }
        "host_name"
        | "observer_name"
        | "destination_domain"
        | "url_domain"
        | "tls_server_name"
        | "dns_question_name"
        | "dns_question_type"
        | "network_transport"
        | "network_protocol"
        | "network_application"
        | "network_direction"
        | "http_request_method"
        | "user_domain"
        | "user_target_domain" => text.to_lowercase(),
        "event_action" | "observer_vendor" | "observer_product" => text.to_lowercase().replace([' ', '-'], "_"),
        _ => text.to_owned(),
    }
}
