//! The compiled detection: evaluated to a verdict first, and walked again for the fields that made it true.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use crate::item::Item;
use crate::test::Test;
use crate::view::{Cell, Look, View};

/// A boolean expression over items. Named detections are shared between the places that use them.
#[derive(Debug, Clone)]
pub(crate) enum Expression {
    /// All hold; an empty one holds.
    And(Vec<Expression>),
    /// One holds; an empty one does not.
    Or(Vec<Expression>),
    /// It does not hold.
    Not(Box<Expression>),
    /// An item.
    Item(Arc<Item>),
}

/// A field of the event that made a rule fire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MatchedField {
    /// The name as the rule gives it; for a keyword the field it was found in, or `raw`.
    pub field: String,
    /// The event's value; for a keyword found in the raw record the words to look for there.
    pub value: String,
}

impl Expression {
    /// All of `parts`, cheap ones asked first: the order changes no verdict, and the first refusal ends the question.
    pub(crate) fn all(mut parts: Vec<Expression>) -> Self {
        parts.sort_by_key(Expression::cost);
        if parts.len() == 1 { parts.remove(0) } else { Expression::And(parts) }
    }

    /// Roughly how long it takes to find out, compared with others.
    fn cost(&self) -> u64 {
        match self {
            Expression::And(parts) => parts.first().map_or(0, Expression::cost),
            Expression::Or(parts) => parts.iter().map(Expression::cost).sum(),
            Expression::Not(inner) => inner.cost(),
            Expression::Item(item) => item.cost(),
        }
    }

    /// Whether the event satisfies it.
    pub(crate) fn holds(&self, view: &View<'_>) -> bool {
        match self {
            Expression::And(all) => all.iter().all(|part| part.holds(view)),
            Expression::Or(any) => any.iter().any(|part| part.holds(view)),
            Expression::Not(inner) => !inner.holds(view),
            Expression::Item(item) => item.holds(view),
        }
    }

    /// The columns it asks about.
    pub(crate) fn columns(&self, found: &mut BTreeSet<usize>) {
        match self {
            Expression::And(parts) | Expression::Or(parts) => parts.iter().for_each(|part| part.columns(found)),
            Expression::Not(inner) => inner.columns(found),
            Expression::Item(item) => found.extend(item.column),
        }
    }

    /// The columns it may look at: those it asks about and those it compares with.
    pub(crate) fn seen_columns(&self, found: &mut BTreeSet<usize>) {
        match self {
            Expression::And(parts) | Expression::Or(parts) => parts.iter().for_each(|part| part.seen_columns(found)),
            Expression::Not(inner) => inner.seen_columns(found),
            Expression::Item(item) => {
                found.extend(item.column);
                item.tests.iter().for_each(|value| value.test.compared_columns(found));
            }
        }
    }

    /// Whether it searches all values for keywords.
    pub(crate) fn searches(&self) -> bool {
        match self {
            Expression::And(parts) | Expression::Or(parts) => parts.iter().any(Expression::searches),
            Expression::Not(inner) => inner.searches(),
            Expression::Item(item) => item.column.is_none(),
        }
    }

    /// Whether some event that has only the fields `has` says could satisfy it. Only ever too hopeful.
    pub(crate) fn may_hold(&self, has: &dyn Fn(usize) -> bool) -> bool {
        match self {
            Expression::And(all) => all.iter().all(|part| part.may_hold(has)),
            Expression::Or(any) => any.iter().any(|part| part.may_hold(has)),
            Expression::Not(_) => true,
            Expression::Item(item) => item.may_hold(has),
        }
    }

    /// The fields that made it hold; what stands under a `not` made nothing hold.
    pub(crate) fn matched(&self, view: &View<'_>, found: &mut Vec<MatchedField>) {
        match self {
            Expression::And(parts) => parts.iter().for_each(|part| part.matched(view, found)),
            Expression::Or(parts) => {
                parts.iter().filter(|part| part.holds(view)).for_each(|part| part.matched(view, found));
            }
            Expression::Not(_) => {}
            Expression::Item(item) => item.matched(view, found),
        }
    }
}

impl Item {
    /// Roughly how many nanoseconds it takes.
    pub(crate) fn cost(&self) -> u64 {
        let tests: u64 = self.tests.iter().map(|value| value.test.cost()).sum();
        if self.column.is_none() { tests * 100 } else { tests }
    }

    fn holds(&self, view: &View<'_>) -> bool {
        let holds = match self.column {
            Some(column) => self.quantify(|value| value.test.passes(column, view)),
            None => self.quantify(|value| view.searched().iter().any(|at| value.test.holds(&at.cell, view))),
        };
        holds != self.negated
    }

    /// An absent field satisfies only who asks for its absence.
    pub(crate) fn may_hold(&self, has: &dyn Fn(usize) -> bool) -> bool {
        let absence = |value: &crate::item::Value| match &value.test {
            Test::Any(tests) => tests.iter().any(|test| matches!(test, Test::Null | Test::Exists(false))),
            test => matches!(test, Test::Null | Test::Exists(false)),
        };
        self.negated || self.column.is_none_or(has) || self.quantify(absence)
    }

    fn quantify(&self, passes: impl Fn(&crate::item::Value) -> bool) -> bool {
        if self.all { self.tests.iter().all(passes) } else { self.tests.iter().any(passes) }
    }

    fn matched<'e>(&self, view: &View<'e>, found: &mut Vec<MatchedField>) {
        match self.column {
            Some(column) => {
                let made_it =
                    |cell: &&Cell<'e>| self.negated || self.tests.iter().any(|value| value.test.holds(*cell, view));
                let name = view.name(column);
                view.column(column)
                    .cells
                    .iter()
                    .filter(|cell| !cell.is_null())
                    .filter(made_it)
                    .for_each(|cell| add(name, cell.text(), found));
            }
            None if self.negated => {}
            None => {
                for value in &self.tests {
                    if let Some(at) = view.searched().iter().find(|at| value.test.holds(&at.cell, view)) {
                        let text = if at.field == "raw" { value.seen_in(at.cell.text()) } else { at.cell.text() };
                        add(at.field, text, found);
                    }
                }
            }
        }
    }
}

impl crate::item::Value {
    /// The part of the raw record to show for a keyword found in it.
    pub(crate) fn seen_in<'t>(&'t self, raw: &'t str) -> &'t str {
        match &self.test {
            Test::Regex(regex) => regex.expression.find(raw).map_or("", |found| found.as_str()),
            _ => &self.words,
        }
    }
}

fn add(field: &str, value: &str, found: &mut Vec<MatchedField>) {
    if !found.iter().any(|present| present.field == field && present.value == value) {
        found.push(MatchedField { field: field.to_owned(), value: value.to_owned() });
    }
}
