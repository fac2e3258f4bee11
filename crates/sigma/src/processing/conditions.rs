//! When a transformation is applied: conditions on the rule, on an item and on a field's name.

use std::collections::BTreeMap;

use model::Severity;
use model::event::LogSource;
use regex::Regex;
use serde_json::Value as Json;

use super::tree::Item;
use super::{Part, Work};
use crate::condition::Condition;
use crate::reading::scalar;
use crate::router::covers;

/// Conditions of one kind and how they are joined; none is always met.
#[derive(Debug, Clone)]
pub(super) struct Conditions<C> {
    pub all: Vec<(String, C)>,
    pub join: Join,
    pub negated: bool,
}

/// How conditions are joined.
#[derive(Debug, Clone)]
pub(super) enum Join {
    And,
    Or,
    /// `*_cond_expr`, by the conditions' names.
    Expression(Condition),
}

/// A condition on the rule.
#[derive(Debug, Clone)]
pub(super) enum OfRule {
    LogSource(LogSource),
    ContainsItem { field: Option<String>, value: Json },
    ContainsField(String),
    Applied(String),
    State(String, Json),
    IsRule(bool),
    Attribute { name: String, value: Vec<String>, order: Comparison },
    Tag(String),
}

/// How a rule's attribute is compared.
#[derive(Debug, Clone, Copy)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
}

/// A condition on an item.
#[derive(Debug, Clone)]
pub(super) enum OfItem {
    MatchString { all: bool, pattern: Regex, negated: bool },
    IsNull { all: bool },
    ContainsWildcard { all: bool },
    Applied(String),
    State(String, Json),
}

/// A condition on a field's name.
#[derive(Debug, Clone)]
pub(super) enum OfField {
    /// Among these (true), or not among them.
    Among(bool, Vec<Name>),
    Applied(String),
    State(String, Json),
}

/// A name, or an expression names begin with.
#[derive(Debug, Clone)]
pub(super) enum Name {
    Plain(String),
    Pattern(Regex),
}

impl<C> Conditions<C> {
    /// Whether they are met.
    pub(super) fn hold(&self, test: impl Fn(&C) -> bool) -> bool {
        if self.all.is_empty() {
            return true;
        }
        let met = match &self.join {
            Join::And => self.all.iter().all(|(_, condition)| test(condition)),
            Join::Or => self.all.iter().any(|(_, condition)| test(condition)),
            Join::Expression(expression) => {
                let verdicts = self.all.iter().map(|(name, condition)| (name.as_str(), test(condition))).collect();
                evaluate(expression, &verdicts)
            }
        };
        met != self.negated
    }
}

/// Whether a name stands where only names that are there may.
pub(super) fn names_only(expression: &Condition, known: &dyn Fn(&str) -> bool) -> bool {
    match expression {
        Condition::Name(name) => known(name),
        Condition::Of { .. } => false,
        Condition::Not(inner) => names_only(inner, known),
        Condition::And(parts) | Condition::Or(parts) => parts.iter().all(|part| names_only(part, known)),
    }
}

fn evaluate(expression: &Condition, verdicts: &BTreeMap<&str, bool>) -> bool {
    match expression {
        Condition::Name(name) => verdicts.get(name.as_str()).copied().unwrap_or_default(),
        Condition::Of { .. } => false,
        Condition::Not(inner) => !evaluate(inner, verdicts),
        Condition::And(parts) => parts.iter().all(|part| evaluate(part, verdicts)),
        Condition::Or(parts) => parts.iter().any(|part| evaluate(part, verdicts)),
    }
}

/// Whether two values are written alike, numbers and their texts included.
fn alike(a: &Json, b: &Json) -> bool {
    match (scalar(a), scalar(b)) {
        (Some(a), Some(b)) => a == b,
        (a, b) => a == b && a.is_none(),
    }
}

impl Work<'_> {
    fn has_state(&self, key: &str, value: &Json) -> bool {
        self.state.get(key).is_some_and(|present| alike(present, value))
    }

    fn any_item(&self, test: impl Fn(&Item) -> bool) -> bool {
        let mut found = false;
        self.named.values().for_each(|tree| tree.each(&mut |item| found |= test(item)));
        found
    }

    pub(super) fn meets_rule(&self, condition: &OfRule) -> bool {
        match condition {
            OfRule::LogSource(stated) => self.sources.iter().any(|source| covers(stated, source)),
            OfRule::ContainsItem { field, value } => self.any_item(|item| {
                item.field == field.as_deref().unwrap_or_default() && item.values.iter().any(|own| alike(own, value))
            }),
            OfRule::ContainsField(field) => self.any_item(|item| item.field == *field),
            OfRule::Applied(id) => self.applied.contains(id),
            OfRule::State(key, value) => self.has_state(key, value),
            OfRule::IsRule(expected) => (self.subject.part != Part::OverRules) == *expected,
            OfRule::Attribute { name, value, order } => {
                self.subject.attributes.get(name.as_str()).is_some_and(|own| order.holds(own, value))
            }
            OfRule::Tag(tag) => self.subject.tags.iter().any(|own| own.eq_ignore_ascii_case(tag)),
        }
    }

    pub(super) fn meets_item(&self, condition: &OfItem, item: &Item) -> bool {
        let every = |all: bool, test: &dyn Fn(&Json) -> bool| match all {
            true => item.values.iter().all(test),
            false => item.values.iter().any(test),
        };
        match condition {
            OfItem::MatchString { all, pattern, negated } => {
                every(*all, &|value| value.as_str().is_some_and(|text| pattern.is_match(text))) != *negated
            }
            OfItem::IsNull { all } => every(*all, &Json::is_null),
            OfItem::ContainsWildcard { all } => {
                let opened = ["contains", "startswith", "endswith"].iter().any(|modifier| item.has(modifier));
                let wild = |value: &Json| {
                    value.as_str().is_some_and(|text| opened || crate::text::Text::parse(text).has_wildcard())
                };
                item.is_text() && every(*all, &wild)
            }
            OfItem::Applied(id) => item.applied.contains(id),
            OfItem::State(key, value) => self.has_state(key, value),
        }
    }

    pub(super) fn meets_field(&self, condition: &OfField, field: &str) -> bool {
        match condition {
            OfField::Among(expected, names) => {
                let fits = |name: &Name| match name {
                    Name::Plain(name) => name == field,
                    Name::Pattern(pattern) => pattern.is_match(field),
                };
                names.iter().any(fits) == *expected
            }
            OfField::Applied(id) => self.fields.get(field).is_some_and(|ids| ids.contains(id)),
            OfField::State(key, value) => self.has_state(key, value),
        }
    }
}

impl Comparison {
    /// Levels are ordered as such, everything else (dates among it) as text.
    fn holds(self, own: &str, values: &[String]) -> bool {
        let equals = |value: &String| own.eq_ignore_ascii_case(value);
        let ordering = values.first().map(|value| {
            let levels = (own.parse::<Severity>(), value.to_ascii_lowercase().parse::<Severity>());
            match levels {
                (Ok(own), Ok(value)) => own.cmp(&value),
                _ => own.cmp(value.as_str()),
            }
        });
        match self {
            Comparison::Equal => values.first().is_some_and(equals),
            Comparison::NotEqual => !values.first().is_some_and(equals),
            Comparison::In => values.iter().any(equals),
            Comparison::Less => ordering.is_some_and(|ordering| ordering.is_lt()),
            Comparison::LessOrEqual => ordering.is_some_and(|ordering| ordering.is_le()),
            Comparison::Greater => ordering.is_some_and(|ordering| ordering.is_gt()),
            Comparison::GreaterOrEqual => ordering.is_some_and(|ordering| ordering.is_ge()),
        }
    }
}
