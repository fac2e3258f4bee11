//! Compiles a section value by value and asks an event each of them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Compared, Condition, ConditionTerm, DetectionTerm, Found, ItemTerm, Named, Operator, Section, Wanted};
use crate::condition::{self, Condition as Parsed};
use crate::error::Error;
use crate::expression::MatchedField;
use crate::item::{Item, Scope};
use crate::section::{self, Node};
use crate::test::Test;
use crate::view::{Look, Sight, View};

/// Values of a field that are told.
const MAX_VALUES: usize = 20;

/// Characters of a value that are told.
const MAX_CHARACTERS: usize = 400;

/// A section ready to be asked.
pub(super) struct Plan<'s> {
    conditions: Vec<(&'s str, Parsed)>,
    named: Vec<(&'s str, Planned<'s>)>,
}

enum Planned<'s> {
    All(Vec<Planned<'s>>),
    Any(Vec<Planned<'s>>),
    /// The key, and each value compiled by itself.
    Item(&'s str, Vec<(&'s Json, Item)>),
}

impl<'s> Plan<'s> {
    /// A section that was compiled before.
    pub(super) fn new(section: &'s section::Section, scope: &mut Scope) -> Self {
        Self::compile(section, scope).expect("a loaded rule's section has been compiled already")
    }

    fn compile(section: &'s section::Section, scope: &mut Scope) -> Result<Self, Error> {
        let conditions = section
            .conditions
            .iter()
            .map(|text| Ok((text.as_str(), Parsed::parse(text)?)))
            .collect::<Result<_, _>>()?;
        let named = section
            .named
            .iter()
            .map(|(name, node)| Ok((name.as_str(), Planned::new(node, scope)?)))
            .collect::<Result<_, _>>()?;
        Ok(Plan { conditions, named })
    }

    /// What an event makes of it.
    pub(super) fn judge(&self, view: &View<'_>) -> Section {
        let detections: Vec<Named> = self
            .named
            .iter()
            .map(|(name, planned)| Named { name: (*name).to_owned(), term: planned.judge(view) })
            .collect();
        let verdicts: BTreeMap<&str, bool> =
            detections.iter().map(|named| (named.name.as_str(), named.term.holds())).collect();
        let mut conditions: Vec<Condition> = self
            .conditions
            .iter()
            .map(|(text, parsed)| Condition { text: (*text).to_owned(), term: term(parsed, &verdicts) })
            .collect();
        let holds = conditions.iter().any(|condition| condition.term.holds);
        if !holds {
            conditions.iter_mut().for_each(|condition| hinder(&mut condition.term, true));
        }
        Section { holds, conditions, detections }
    }
}

impl<'s> Planned<'s> {
    fn new(node: &'s Node, scope: &mut Scope) -> Result<Self, Error> {
        Ok(match node {
            Node::All(parts) => {
                Planned::All(parts.iter().map(|part| Planned::new(part, scope)).collect::<Result<_, _>>()?)
            }
            Node::Any(parts) => {
                Planned::Any(parts.iter().map(|part| Planned::new(part, scope)).collect::<Result<_, _>>()?)
            }
            Node::Item { key, value } => {
                let values = match value {
                    Json::Array(values) => values.as_slice(),
                    single => std::slice::from_ref(single),
                };
                let items = values.iter().map(|value| Ok((value, Item::compile(key, value, key, scope)?)));
                Planned::Item(key, items.collect::<Result<_, _>>()?)
            }
        })
    }

    fn judge(&self, view: &View<'_>) -> DetectionTerm {
        let all = |parts: &[Planned<'_>]| parts.iter().map(|part| part.judge(view)).collect::<Vec<_>>();
        match self {
            Planned::All(parts) => {
                let parts = all(parts);
                DetectionTerm::All { holds: parts.iter().all(DetectionTerm::holds), parts }
            }
            Planned::Any(parts) => {
                let parts = all(parts);
                DetectionTerm::Any { holds: parts.iter().any(DetectionTerm::holds), parts }
            }
            Planned::Item(key, items) => DetectionTerm::Item(item(key, items, view)),
        }
    }
}

fn item(key: &str, items: &[(&Json, Item)], view: &View<'_>) -> ItemTerm {
    let mut parts = key.split('|');
    let field = parts.next().filter(|field| !field.is_empty());
    let wanted: Vec<Wanted> = items.iter().map(|(value, item)| asked(value, item, view)).collect();
    let (all, negated) = items.first().map_or((false, false), |(_, item)| (item.all, item.negated));
    let holds = if all { wanted.iter().all(|one| one.holds) } else { wanted.iter().any(|one| one.holds) };
    ItemTerm {
        holds: holds != negated,
        field: field.map(str::to_owned),
        modifiers: parts.map(str::to_owned).collect(),
        all,
        negated,
        wanted,
        found: items.first().and_then(|(_, item)| item.column).map(|column| found(column, view)),
        cost: items.iter().map(|(_, item)| item.cost()).sum(),
    }
}

fn asked(value: &Json, item: &Item, view: &View<'_>) -> Wanted {
    let mut matched = Vec::new();
    let mut add = |field: &str, text: &str| {
        let value = cut(text);
        if matched.len() < MAX_VALUES && !matched.iter().any(|MatchedField { value: known, .. }| *known == value) {
            matched.push(MatchedField { field: field.to_owned(), value });
        }
    };
    let mut holds = false;
    let mut compared = None;
    for asked in &item.tests {
        match item.column {
            Some(column) => {
                holds |= asked.test.passes(column, view);
                let cells = &view.column(column).cells;
                let satisfied = cells.iter().filter(|cell| !cell.is_null() && asked.test.holds(*cell, view));
                satisfied.for_each(|cell| add(view.name(column), cell.text()));
                if let Test::Field { column, .. } = asked.test {
                    compared = Some(Compared { field: view.name(column).to_owned(), found: found(column, view) });
                }
            }
            None => {
                if let Some(at) = view.searched().iter().find(|at| asked.test.holds(&at.cell, view)) {
                    holds = true;
                    add(at.field, if at.field == "raw" { asked.seen_in(at.cell.text()) } else { at.cell.text() });
                }
            }
        }
    }
    Wanted { value: value.clone(), holds, matched, compared }
}

fn found(column: usize, view: &View<'_>) -> Found {
    if !view.has(column) {
        return Found::Absent;
    }
    let cells = || view.column(column).cells.iter().filter(|cell| !cell.is_null());
    let values: Vec<String> = cells().take(MAX_VALUES).map(|cell| cut(cell.text())).collect();
    match values.is_empty() {
        true => Found::Null,
        false => Found::Values { values, more: cells().count().saturating_sub(MAX_VALUES) },
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
    }
}

fn term(parsed: &Parsed, verdicts: &BTreeMap<&str, bool>) -> ConditionTerm {
    let each = |parts: &[Parsed]| parts.iter().map(|part| term(part, verdicts)).collect::<Vec<_>>();
    let detection = |name: &str, holds: bool| ConditionTerm {
        holds,
        hinders: false,
        operator: Operator::Detection { name: name.to_owned() },
    };
    let all = |parts: &[ConditionTerm]| parts.iter().all(|part| part.holds);
    let any = |parts: &[ConditionTerm]| parts.iter().any(|part| part.holds);
    let (holds, operator) = match parsed {
        Parsed::Name(name) => return detection(name, verdicts.get(name.as_str()).copied().unwrap_or_default()),
        Parsed::Not(inner) => {
            let part = Box::new(term(inner, verdicts));
            (!part.holds, Operator::Not { part })
        }
        Parsed::And(parts) => {
            let parts = each(parts);
            (all(&parts), Operator::And { parts })
        }
        Parsed::Or(parts) => {
            let parts = each(parts);
            (any(&parts), Operator::Or { parts })
        }
        Parsed::Of { all: needs_all, pattern } => {
            let named = verdicts.iter().filter(|(name, _)| condition::names(pattern, name));
            let parts: Vec<_> = named.map(|(name, holds)| detection(name, *holds)).collect();
            let holds = if *needs_all { all(&parts) } else { any(&parts) };
            (holds, Operator::Of { all: *needs_all, pattern: pattern.clone(), parts })
        }
    };
    ConditionTerm { holds, hinders: false, operator }
}

/// Marks the terms that are not as they would have to be for the condition to hold.
fn hinder(term: &mut ConditionTerm, needed: bool) {
    if term.holds == needed {
        return;
    }
    term.hinders = true;
    match &mut term.operator {
        Operator::And { parts } | Operator::Or { parts } | Operator::Of { parts, .. } => {
            parts.iter_mut().for_each(|part| hinder(part, needed));
        }
        Operator::Not { part } => hinder(part, !needed),
        Operator::Detection { .. } => {}
    }
}
