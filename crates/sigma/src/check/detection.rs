//! What stands in a detection section: conditions, fields, modifiers and values.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::located::{Entry, Located, Node};
use super::{Findings, Gravity, Known, ProblemKind};
use crate::condition::{self, Condition};
use crate::fold::fold;
use crate::modifier::{Key, Modifier};
use crate::text::{DASHES, Piece, Text};

/// Longer lists are not compared value with value.
const MAX_COMPARED: usize = 200;

/// Checks a section, whose keys are given; `at` is its name.
pub(super) fn check(at: &str, keys: &[Entry], known: &Known<'_>, found: &mut Findings) {
    let is_detection = |entry: &&Entry| match entry.key.as_str() {
        "condition" | "timeframe" => false,
        "rules" => at != "filter",
        _ => true,
    };
    let detections: Vec<&Entry> = keys.iter().filter(is_detection).collect();
    if let Some(entry) = keys.iter().find(|entry| entry.key == "condition") {
        conditions(&format!("{at}.condition"), &entry.value, &detections, found);
    }
    for detection in detections {
        items(&format!("{at}.{}", detection.key), &detection.value, detection.place, known, found);
    }
}

fn conditions(at: &str, value: &Located, detections: &[&Entry], found: &mut Findings) {
    let names: Vec<&str> = detections.iter().map(|entry| entry.key.as_str()).collect();
    let mut used = BTreeSet::new();
    for written in value.each() {
        let Some(text) = written.text() else { return };
        match Condition::parse(&text) {
            Ok(condition) => {
                for (kind, name) in named(&condition, &names, &mut used) {
                    found.add_at(written.place, Gravity::Error, kind, at, &[("name", name)]);
                }
            }
            Err(error) => {
                let message = error.to_string();
                found.add_at(written.place, Gravity::Error, ProblemKind::BadCondition, at, &[("message", &message)]);
                return;
            }
        }
    }
    for entry in detections.iter().filter(|entry| !used.contains(entry.key.as_str())) {
        let name = &entry.key;
        found.add_at(entry.place, Gravity::Warning, ProblemKind::DetectionUnused, at, &[("name", name)]);
    }
}

/// Adds the detections a condition uses, and tells the names that are none.
fn named<'c, 'n: 'c>(
    condition: &'c Condition,
    names: &[&'n str],
    used: &mut BTreeSet<&'n str>,
) -> Vec<(ProblemKind, &'c str)> {
    match condition {
        Condition::Name(name) => match names.iter().find(|known| *known == name) {
            Some(known) => {
                used.insert(known);
                Vec::new()
            }
            None => vec![(ProblemKind::DetectionMissing, name)],
        },
        Condition::Of { pattern, .. } => {
            let fitting: Vec<&&str> = names.iter().filter(|name| condition::names(pattern, name)).collect();
            used.extend(fitting.iter().copied());
            if fitting.is_empty() { vec![(ProblemKind::PatternFitsNothing, pattern)] } else { Vec::new() }
        }
        Condition::Not(inner) => named(inner, names, used),
        Condition::And(parts) | Condition::Or(parts) => {
            parts.iter().flat_map(|part| named(part, names, used)).collect()
        }
    }
}

fn items(at: &str, value: &Located, place: Option<super::Place>, known: &Known<'_>, found: &mut Findings) {
    match &value.node {
        Node::Map(entries) => {
            for entry in entries {
                item(&format!("{at}.{}", entry.key), entry, known, found);
            }
        }
        Node::List(list) => {
            duplicates(at, list, false, found);
            list.iter().for_each(|part| items(at, part, part.place.or(place), known, found));
        }
        Node::Scalar(_) => {}
    }
}

fn item(at: &str, entry: &Entry, known: &Known<'_>, found: &mut Findings) {
    let mut parts = entry.key.split('|');
    let field = parts.next().unwrap_or_default();
    if let Some(fields) = known.fields
        && !field.is_empty()
        && !fields.contains(field)
    {
        found.add_at(entry.place, Gravity::Warning, ProblemKind::UnknownField, at, &[("field", field)]);
    }
    let mut unknown = false;
    for modifier in parts {
        if Key::parse(&format!("|{modifier}"), at).is_err() {
            unknown = true;
            let parameters = [("modifier", modifier)];
            found.add_at(entry.place, Gravity::Error, ProblemKind::UnknownModifier, at, &parameters);
        }
    }
    let Ok(key) = Key::parse(&entry.key, at) else { return };
    if unknown {
        return;
    }
    let has = |modifier: Modifier| key.modifiers.contains(&modifier);
    let values = entry.value.each();
    let exact = has(Modifier::Cased) || has(Modifier::Regex) || has(Modifier::Base64) || has(Modifier::Base64Offset);
    duplicates(at, values, exact, found);
    if has(Modifier::All) && values.len() == 1 {
        let parameters = [("modifier", "all"), ("value", "")];
        found.add_at(entry.place, Gravity::Hint, ProblemKind::PointlessModifier, at, &parameters);
    }
    if let Some(fields) = known.fields.filter(|_| has(Modifier::FieldRef)) {
        for name in values {
            if let Some(text) = name.text().filter(|text| !fields.contains(text)) {
                found.add_at(name.place, Gravity::Warning, ProblemKind::UnknownField, at, &[("field", &text)]);
            }
        }
    }
    // An expression, a network and a field's name are no Sigma strings.
    if has(Modifier::Regex) || has(Modifier::Cidr) || has(Modifier::FieldRef) {
        return;
    }
    for value in values {
        if let Node::Scalar(Json::String(text)) = &value.node {
            pointless(at, value, text, &key, found);
        }
    }
    if key.modifiers == [Modifier::Contains] && values.len() <= MAX_COMPARED {
        covered(at, values, found);
    }
}

/// What a modifier does to a text that has no use for it.
fn pointless(at: &str, value: &Located, text: &str, key: &Key<'_>, found: &mut Findings) {
    let parsed = Text::parse(text);
    let (first, last) = (parsed.pieces().first(), parsed.pieces().last());
    let letters = text.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    // What is encoded first is compared in another shape than the one written.
    let encoded = |modifier: &Modifier| matches!(modifier, Modifier::Base64 | Modifier::Base64Offset);
    for modifier in key.modifiers.iter().take_while(|modifier| !encoded(modifier)) {
        let (name, opens_start, opens_end) = match modifier {
            Modifier::Contains => ("contains", true, true),
            Modifier::StartsWith => ("startswith", false, true),
            Modifier::EndsWith => ("endswith", true, false),
            Modifier::Windash if !text.contains(DASHES) => {
                let parameters = [("modifier", "windash"), ("value", text)];
                found.add_at(value.place, Gravity::Hint, ProblemKind::PointlessModifier, at, &parameters);
                continue;
            }
            Modifier::Cased if !letters => {
                let parameters = [("modifier", "cased"), ("value", text)];
                found.add_at(value.place, Gravity::Hint, ProblemKind::PointlessModifier, at, &parameters);
                continue;
            }
            Modifier::Expand if text.matches('%').count() < 2 => {
                let parameters = [("modifier", "expand"), ("value", text)];
                found.add_at(value.place, Gravity::Warning, ProblemKind::PointlessModifier, at, &parameters);
                continue;
            }
            _ => continue,
        };
        if text.is_empty() {
            found.add_at(value.place, Gravity::Warning, ProblemKind::EmptyValue, at, &[("modifier", name)]);
        } else if (opens_start && first == Some(&Piece::Any)) || (opens_end && last == Some(&Piece::Any)) {
            let parameters = [("modifier", name), ("value", text)];
            found.add_at(value.place, Gravity::Hint, ProblemKind::PointlessWildcard, at, &parameters);
        }
    }
}

fn duplicates(at: &str, values: &[Located], exact: bool, found: &mut Findings) {
    let mut seen = BTreeSet::new();
    for value in values {
        let Node::Scalar(scalar) = &value.node else { continue };
        let text = match scalar {
            Json::String(text) if exact => text.clone(),
            Json::String(text) => fold(text).into_owned(),
            other => other.to_string(),
        };
        if !seen.insert((scalar.is_string(), text)) {
            let text = value.text().unwrap_or_else(|| "null".into());
            found.add_at(value.place, Gravity::Warning, ProblemKind::DuplicateValue, at, &[("value", &text)]);
        }
    }
}

/// Values that contain another of the list, neither with a wildcard.
fn covered(at: &str, values: &[Located], found: &mut Findings) {
    let literal = |value: &Located| match &value.node {
        Node::Scalar(Json::String(text)) => match Text::parse(text).pieces() {
            [Piece::Literal(literal)] => Some(fold(literal).into_owned()),
            _ => None,
        },
        _ => None,
    };
    let literals: Vec<Option<String>> = values.iter().map(literal).collect();
    for (value, own) in values.iter().zip(&literals) {
        let Some(own) = own else { continue };
        let shorter = literals.iter().flatten().find(|other| other.len() < own.len() && own.contains(other.as_str()));
        if let Some(other) = shorter {
            let text = value.text().unwrap_or_default();
            let parameters = [("value", text.as_str()), ("other", other)];
            found.add_at(value.place, Gravity::Hint, ProblemKind::CoveredValue, at, &parameters);
        }
    }
}
