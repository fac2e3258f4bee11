//! What a query should find, said as plainly as possible.

use std::collections::{BTreeMap, BTreeSet};

use model::event::StoredEvent;
use model::search::{EventQuery, FieldFilter, FilterOp, ValueCount};
use model::{Context, core_field};
use serde_json::Value;

/// The events a context finds, newest first.
pub fn search(events: &[StoredEvent], context: &Context, query: &EventQuery) -> Vec<StoredEvent> {
    let scope = context.scope().narrow(&query.customers);
    let mut found: Vec<_> =
        events.iter().filter(|event| scope.contains(&event.customer) && passes(event, query)).cloned().collect();
    found.sort_by_key(|event| std::cmp::Reverse((event.time, event.id)));
    found
}

/// The values of a field with how many events have each, commonest first.
pub fn top_values(found: &[StoredEvent], field: &str) -> Vec<ValueCount> {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    for event in found {
        let distinct: BTreeSet<String> = value(event, field).map(texts).unwrap_or_default().into_iter().collect();
        for text in distinct.into_iter().filter(|text| !text.is_empty()) {
            *counts.entry(text).or_default() += 1;
        }
    }
    let mut top: Vec<_> = counts.into_iter().map(|(value, count)| ValueCount { value, count }).collect();
    top.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    top
}

fn passes(event: &StoredEvent, query: &EventQuery) -> bool {
    query.range.contains(event.time)
        && (query.devices.is_empty() || query.devices.contains(&event.device))
        && (query.sources.is_empty() || query.sources.contains(&event.source))
        && query.filters.iter().all(|filter| holds(event, filter))
        && query.terms().iter().all(|term| event.raw.to_lowercase().contains(&term.to_lowercase()))
}

fn value<'e>(event: &'e StoredEvent, name: &str) -> Option<&'e Value> {
    if core_field::core_type(name).is_some() { event.core.get(name) } else { event.fields.get(name) }
}

fn holds(event: &StoredEvent, filter: &FieldFilter) -> bool {
    let value = value(event, &filter.field);
    let texts = value.map(texts).unwrap_or_default();
    let wanted = filter.value.to_lowercase();
    let is = |text: &String| {
        let addresses = (text.parse::<std::net::IpAddr>(), filter.value.parse::<std::net::IpAddr>());
        text.to_lowercase() == wanted || matches!(addresses, (Ok(a), Ok(b)) if a == b)
    };
    let there = value.is_some_and(|value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        _ => true,
    });
    match filter.op {
        FilterOp::Is => texts.iter().any(is),
        FilterOp::IsNot => !texts.iter().any(is),
        FilterOp::Contains => texts.iter().any(|text| text.to_lowercase().contains(&wanted)),
        FilterOp::StartsWith => texts.iter().any(|text| text.to_lowercase().starts_with(&wanted)),
        FilterOp::Exists => there,
        FilterOp::Missing => !there,
        FilterOp::InRange => {
            let net: ipnet::IpNet = filter.value.parse().unwrap();
            texts.iter().any(|text| text.parse().is_ok_and(|address: std::net::IpAddr| net.contains(&address)))
        }
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        other => vec![other.to_string()],
    }
}
