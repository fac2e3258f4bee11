//! What a query should find, said as plainly as possible.

use std::collections::{BTreeMap, BTreeSet};

use model::event::StoredEvent;
use model::query::{EnvelopeField, FieldRef, Piece, Query, Range, Test};
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
        && finds(event, &query.condition)
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

/// Whether an event is what a condition of the search language describes.
pub fn finds(event: &StoredEvent, query: &Query) -> bool {
    match query {
        Query::All => true,
        Query::And(parts) => parts.iter().all(|part| finds(event, part)),
        Query::Or(parts) => parts.iter().any(|part| finds(event, part)),
        Query::Not(part) => !finds(event, part),
        Query::Text(pattern) => in_text(&event.raw, pattern.pieces()),
        Query::Field(FieldRef::Named(name), test) => {
            let core = name.replace('.', "_");
            let also_core = name.contains('.') && core_field::core_type(&core).is_some();
            tested(value(event, name), test) || (also_core && tested(event.core.get(&core), test))
        }
        Query::Field(FieldRef::Envelope(field), test) => match field {
            EnvelopeField::Device => tested(Some(&event.device.to_string().into()), test),
            EnvelopeField::Source => tested(Some(&event.source.clone().into()), test),
            EnvelopeField::Customer => tested(Some(&event.customer.to_string().into()), test),
            EnvelopeField::Time | EnvelopeField::Received => {
                let time = if *field == EnvelopeField::Time { event.time } else { event.received };
                let Test::Between(range) = test else { return matches!(test, Test::Exists) };
                let low = range.low.as_ref().is_none_or(|low| {
                    let bound = low.instant().unwrap();
                    bound < time || (low.inclusive && bound == time)
                });
                let high = range.high.as_ref().is_none_or(|high| {
                    let bound = high.instant().unwrap();
                    time < bound || (high.inclusive && bound == time)
                });
                low && high
            }
        },
    }
}

fn tested(value: Option<&Value>, test: &Test) -> bool {
    let filter = |op, text: &str| FieldFilter { field: "x".into(), op, value: text.to_owned() };
    let event_of = |value: &Value| StoredEvent { fields: BTreeMap::from([("x".into(), value.clone())]), ..nothing() };
    let holds = |filter: FieldFilter| value.is_some_and(|value| holds(&event_of(value), &filter));
    match test {
        Test::Exists => holds(filter(FilterOp::Exists, "")),
        Test::Is(text) => holds(filter(FilterOp::Is, text)),
        Test::Within(net) => holds(filter(FilterOp::InRange, &net.to_string())),
        Test::Like(pattern) => {
            let fits =
                |text: &String| whole(&letters(text), pattern.pieces()).contains(&text.to_lowercase().chars().count());
            value.map(texts).unwrap_or_default().iter().any(fits)
        }
        Test::Between(range) => value.map(texts).unwrap_or_default().iter().any(|text| between(text, range)),
    }
}

fn nothing() -> StoredEvent {
    let time = model::Timestamp::from_micros(0);
    StoredEvent {
        id: model::EventId { log: 0, shard: 0, sequence: 0 },
        customer: model::CustomerId::derived(time, &[]),
        device: model::DeviceId::derived(time, &[]),
        received: time,
        time,
        time_original: None,
        source: String::new(),
        core: BTreeMap::new(),
        fields: BTreeMap::new(),
        raw: String::new(),
    }
}

fn between(text: &str, range: &Range) -> bool {
    let bounds: Vec<&str> = range.low.iter().chain(&range.high).map(|bound| bound.value.as_str()).collect();
    let number = |text: &str| {
        text.parse::<f64>()
            .ok()
            .filter(|_| text.starts_with(|sign: char| sign.is_ascii_digit() || "+-.".contains(sign)))
    };
    let address = |text: &str| text.parse::<std::net::IpAddr>().ok();
    let inside = |below: &dyn Fn(&str, &str) -> bool, same: &dyn Fn(&str, &str) -> bool| {
        range.low.as_ref().is_none_or(|low| below(&low.value, text) || (low.inclusive && same(&low.value, text)))
            && range
                .high
                .as_ref()
                .is_none_or(|high| below(text, &high.value) || (high.inclusive && same(text, &high.value)))
    };
    if bounds.iter().all(|bound| number(bound).is_some()) {
        let exact = |text: &str| text.parse::<i64>().ok();
        let below = |a: &str, b: &str| match (exact(a), exact(b)) {
            (Some(a), Some(b)) => a < b,
            _ => number(a) < number(b),
        };
        let same = |a: &str, b: &str| match (exact(a), exact(b)) {
            (Some(a), Some(b)) => a == b,
            _ => number(a) == number(b),
        };
        return number(text).is_some() && inside(&below, &same);
    }
    if bounds.iter().all(|bound| address(bound).is_some()) {
        return address(text).is_some() && inside(&|a, b| address(a) < address(b), &|a, b| address(a) == address(b));
    }
    inside(&|a, b| a.to_lowercase() < b.to_lowercase(), &|a, b| a.to_lowercase() == b.to_lowercase())
}

fn letters(text: &str) -> Vec<char> {
    text.to_lowercase().chars().collect()
}

/// Where a match from the start can end, `*` and `?` standing for anything.
fn whole(text: &[char], pieces: &[Piece]) -> BTreeSet<usize> {
    ends(text, 0, pieces, &|_| true)
}

fn ends(text: &[char], from: usize, pieces: &[Piece], crosses: &dyn Fn(char) -> bool) -> BTreeSet<usize> {
    let Some((piece, rest)) = pieces.split_first() else { return BTreeSet::from([from]) };
    match piece {
        Piece::Text(wanted) => {
            let wanted = letters(wanted);
            if text[from..].starts_with(&wanted) {
                ends(text, from + wanted.len(), rest, crosses)
            } else {
                BTreeSet::new()
            }
        }
        Piece::One if from < text.len() && crosses(text[from]) => ends(text, from + 1, rest, crosses),
        Piece::One => BTreeSet::new(),
        Piece::Any => {
            let stretch = text[from..].iter().take_while(|letter| crosses(**letter)).count();
            (from..=from + stretch).flat_map(|start| ends(text, start, rest, crosses)).collect()
        }
    }
}

/// Whether a record contains a pattern, its closed ends at word borders.
fn in_text(raw: &str, pieces: &[Piece]) -> bool {
    let text = letters(raw);
    let is_word = |place: usize| {
        text.get(place).is_some_and(|letter| letter.is_alphanumeric() && !('\u{3040}'..='\u{9FFF}').contains(letter))
    };
    let border = |place: usize| place == 0 || !is_word(place - 1) || !is_word(place);
    let closed = |piece: Option<&Piece>| matches!(piece, Some(Piece::Text(_)));
    (0..=text.len()).any(|start| {
        let left = !closed(pieces.first()) || border(start);
        left && ends(&text, start, pieces, &|letter| !" \t\r\n".contains(letter))
            .into_iter()
            .any(|end| !closed(pieces.last()) || border(end))
    })
}
