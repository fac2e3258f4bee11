//! The first obstacle: of all terms that are not as they would have to be, the one found out with the least work.

use model::event::LogSource;
use serde_json::Value as Json;

use super::{
    ConditionTerm, DetectionTerm, Explanation, Found, ItemTerm, Operator, Reason, ReasonKind, Section, Wanted,
};

/// Values that are told.
const MAX_WANTED: usize = 10;

/// A reason and what it costs to find it out.
type Costly = (u64, Reason);

/// The reason for a verdict that is no; nothing where the rule fires.
pub(super) fn first(explanation: &Explanation) -> Option<Reason> {
    if explanation.fires {
        return None;
    }
    let plain = |kind| Reason {
        kind,
        filter: None,
        detection: None,
        field: None,
        modifiers: Vec::new(),
        wanted: Vec::new(),
        more: 0,
        found: Vec::new(),
        alternatives: 0,
    };
    if explanation.suspended {
        return Some(plain(ReasonKind::Suspended));
    }
    let fit = &explanation.log_source;
    if !fit.fits {
        let found = fit.present.iter().map(written).collect();
        return Some(Reason { wanted: vec![written(&fit.wanted)], found, ..plain(ReasonKind::LogSource) });
    }
    if let Some((_, reason)) = of_section(&explanation.detection) {
        return Some(reason);
    }
    explanation.filters.iter().find_map(|filter| {
        let (_, reason) = of_section(&filter.section)?;
        Some(Reason { filter: Some(filter.title.clone()), ..reason })
    })
}

fn written(source: &LogSource) -> String {
    let parts = [("category", &source.category), ("product", &source.product), ("service", &source.service)];
    let stated = parts.iter().filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}: {value}")));
    stated.collect::<Vec<_>>().join(", ")
}

fn of_section(section: &Section) -> Option<Costly> {
    if section.holds {
        return None;
    }
    let reasons = section.conditions.iter().filter_map(|condition| of_condition(&condition.term, true, section));
    cheapest(reasons.collect(), true)
}

/// One of several; where each would do by itself, the others are counted.
fn cheapest(mut reasons: Vec<Costly>, each_would_do: bool) -> Option<Costly> {
    let total: usize = reasons.iter().map(|(_, reason)| reason.alternatives + 1).sum();
    reasons.sort_by_key(|(cost, _)| *cost);
    let (cost, mut reason) = reasons.into_iter().next()?;
    if each_would_do {
        reason.alternatives = total - 1;
    }
    Some((cost, reason))
}

/// Why a term is not as needed.
fn of_condition(term: &ConditionTerm, needed: bool, section: &Section) -> Option<Costly> {
    if term.holds == needed {
        return None;
    }
    let parts_of = |parts: &[ConditionTerm], all: bool| {
        cheapest(parts.iter().filter_map(|part| of_condition(part, needed, section)).collect(), all != needed)
    };
    match &term.operator {
        Operator::And { parts } => parts_of(parts, true),
        Operator::Or { parts } => parts_of(parts, false),
        Operator::Of { all, parts, .. } => parts_of(parts, *all),
        Operator::Not { part } => of_condition(part, !needed, section),
        Operator::Detection { name } => {
            let named = section.detections.iter().find(|named| named.name == *name)?;
            let (cost, reason) = of_detection(&named.term, needed)?;
            Some((cost, Reason { detection: Some(name.clone()), ..reason }))
        }
    }
}

fn of_detection(term: &DetectionTerm, needed: bool) -> Option<Costly> {
    if term.holds() == needed {
        return None;
    }
    let parts_of = |parts: &[DetectionTerm], all: bool| {
        cheapest(parts.iter().filter_map(|part| of_detection(part, needed)).collect(), all != needed)
    };
    match term {
        DetectionTerm::All { parts, .. } => parts_of(parts, true),
        DetectionTerm::Any { parts, .. } => parts_of(parts, false),
        DetectionTerm::Item(item) => Some((item.cost, of_item(item, needed))),
    }
}

fn of_item(item: &ItemTerm, needed: bool) -> Reason {
    let (kind, concerned) = match (needed, item.negated) {
        (false, negated) => (ReasonKind::Hinders, pick(item, |one| one.holds != negated)),
        (true, true) => (ReasonKind::Excluded, pick(item, |one| one.holds)),
        (true, false) => (missing(item), pick(item, |one| !one.holds)),
    };
    let found = match &item.found {
        Some(Found::Values { values, .. }) => values.clone(),
        Some(Found::Absent | Found::Null) => Vec::new(),
        None => item.wanted.iter().flat_map(|one| &one.matched).map(|found| found.value.clone()).collect(),
    };
    Reason {
        kind,
        filter: None,
        detection: None,
        field: item.field.clone(),
        modifiers: item.modifiers.clone(),
        more: concerned.len().saturating_sub(MAX_WANTED),
        wanted: concerned.into_iter().take(MAX_WANTED).collect(),
        found,
        alternatives: 0,
    }
}

/// Of an item that asks for something the event does not have.
fn missing(item: &ItemTerm) -> ReasonKind {
    // `exists: false` and null are the only wishes an absent field could have satisfied.
    let absence = |one: &Wanted| match item.modifiers.iter().any(|modifier| modifier == "exists") {
        true => one.value == Json::Bool(false),
        false => one.value.is_null(),
    };
    match &item.found {
        None if item.all => ReasonKind::NotAllKeywords,
        None => ReasonKind::NoKeyword,
        Some(Found::Absent) => ReasonKind::FieldAbsent,
        Some(_) if item.wanted.iter().all(absence) => ReasonKind::FieldPresent,
        Some(Found::Null) => ReasonKind::FieldNull,
        Some(Found::Values { .. }) if item.all => ReasonKind::NotAllOf,
        Some(Found::Values { .. }) => ReasonKind::NoneOf,
    }
}

fn pick(item: &ItemTerm, concerns: impl Fn(&Wanted) -> bool) -> Vec<String> {
    let concerned = item.wanted.iter().filter(|one| concerns(one));
    let text = |one: &Wanted| match &one.value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    concerned.map(text).collect()
}
