//! One compiled value of a detection item, applied to one single value of an event.

use std::collections::{BTreeSet, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;
use model::event::Value;
use regex::Regex;

use crate::engine::digest::Pairs;
use crate::engine::hash::Quick;
use crate::modifier::{Order, TimePart};
use crate::pattern::{Needle, Pattern};
use crate::time_part;
use crate::view::{Look, Sight};

/// What a value of a rule asks of a field.
#[derive(Debug)]
pub(crate) enum Test {
    /// The text fits the pattern; folded unless `cased`.
    Text { pattern: Pattern, cased: bool },
    /// The folded text is one of many.
    OneOf(HashSet<Box<str>, Quick>),
    /// Equal to a number, written or not.
    Number(Number),
    /// Null or absent.
    Null,
    /// There, or not there.
    Exists(bool),
    /// The text has a match of the expression.
    Regex(Box<Searched>),
    /// The address is in the network.
    Cidr(IpNet),
    /// Ordered against a number.
    Compare(Order, Number),
    /// A part of the time equals a number or is ordered against it.
    Time(TimePart, Option<Order>, Number),
    /// Compared with another field's value.
    Field { column: usize, affix: Affix, cased: bool },
    /// What one value of the rule expanded to.
    Any(Vec<Test>),
}

/// An expression, and what must stand in a text that has a match of it.
#[derive(Debug)]
pub(crate) struct Searched {
    pub expression: Regex,
    /// Of each of these lists one word stands in the folded text.
    pub words: Vec<Vec<Box<str>>>,
    /// The lists that are quickly looked for.
    quick: Vec<Vec<Needle>>,
}

/// Lists looked for before an expression is, and words of a list.
const QUICK: usize = 3;

impl Searched {
    /// An expression and its words.
    pub(crate) fn new(expression: Regex, words: Vec<Vec<Box<str>>>) -> Self {
        let mut short: Vec<_> = words.iter().filter(|list| list.len() <= QUICK).collect();
        short.sort_by_key(|list| (list.len(), std::cmp::Reverse(list.iter().map(|word| word.len()).min())));
        let quick =
            short.into_iter().take(QUICK).map(|list| list.iter().map(|word| Needle::new(word)).collect()).collect();
        Searched { expression, words, quick }
    }

    /// Whether what must be in a text is in it.
    fn may_match(&self, cell: &impl Look) -> bool {
        let stands = |word: &Needle| cell.may_contain(&word.pairs) && word.stands_in(cell.folded());
        self.quick.iter().all(|list| list.iter().any(stands))
    }
}

/// How two fields' values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Affix {
    Equal,
    StartsWith,
    EndsWith,
    Contains,
}

/// A number of a rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    /// Reads a decimal number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse() {
            return Some(Number::Int(number));
        }
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
        if plain { text.parse().ok().map(Number::Float) } else { None }
    }

    fn of(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Int(number) => Some(Number::Int(*number)),
            Value::Float(number) => Some(Number::Float(*number)),
            Value::Str(text) => Number::parse(text.trim()),
            _ => None,
        }
    }

    fn compare(self, other: Number) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
            (a, b) => a.float().partial_cmp(&b.float()),
        }
    }

    fn float(self) -> f64 {
        match self {
            Number::Int(number) => number as f64,
            Number::Float(number) => number,
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Int(number) => number.fmt(f),
            Number::Float(number) => number.fmt(f),
        }
    }
}

impl Order {
    fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Order::Less => ordering.is_lt(),
            Order::LessOrEqual => ordering.is_le(),
            Order::Greater => ordering.is_gt(),
            Order::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Test {
    /// Roughly how many nanoseconds it takes.
    pub(crate) fn cost(&self) -> u64 {
        match self {
            Test::Null | Test::Exists(_) => 3,
            Test::Number(_) => 8,
            Test::OneOf(_) => 15,
            Test::Text { pattern: Pattern::Contains(_), .. } => 25,
            Test::Text { pattern: Pattern::Segments(_), .. } => 50,
            Test::Text { .. } => 6,
            Test::Cidr(_) | Test::Compare(..) | Test::Field { .. } => 40,
            Test::Time(..) => 200,
            Test::Regex(_) => 300,
            Test::Any(tests) => tests.iter().map(Test::cost).sum(),
        }
    }

    /// Whether it takes a search of the text.
    pub(crate) fn searches(&self) -> bool {
        match self {
            Test::Text { pattern, .. } => pattern.pairs().is_some(),
            Test::Regex(_) => true,
            Test::Any(tests) => tests.iter().any(Test::searches),
            _ => false,
        }
    }

    /// Pairs of characters every folded text that passes has, if that is known.
    pub(crate) fn pairs(&self) -> Option<Pairs> {
        match self {
            Test::Text { pattern, cased: false } => pattern.pairs().copied(),
            _ => None,
        }
    }

    /// The columns its field is compared with.
    pub(crate) fn compared_columns(&self, found: &mut BTreeSet<usize>) {
        match self {
            Test::Field { column, .. } => found.extend([*column]),
            Test::Any(tests) => tests.iter().for_each(|test| test.compared_columns(found)),
            _ => {}
        }
    }

    /// Whether the field as a whole passes: presence is asked of it, everything else of any of its values.
    pub(crate) fn passes<S: Sight>(&self, column: usize, sight: &S) -> bool {
        match self {
            Test::Null => sight.is_null(column),
            Test::Exists(expected) => sight.has(column) == *expected,
            Test::Any(tests) => tests.iter().any(|test| test.passes(column, sight)),
            _ => sight.any(column, |cell| self.holds(cell, sight)),
        }
    }

    /// Whether one single value passes.
    pub(crate) fn holds<S: Sight>(&self, cell: &S::Cell<'_>, sight: &S) -> bool {
        if cell.is_null() {
            return matches!(self, Test::Null | Test::Exists(true));
        }
        match self {
            Test::Text { pattern, cased: false } => {
                pattern.pairs().is_none_or(|pairs| cell.may_contain(pairs)) && pattern.matches(cell.folded())
            }
            Test::Text { pattern, cased: true } => pattern.matches(cell.text()),
            Test::OneOf(texts) => texts.contains(cell.folded()),
            Test::Number(number) => match cell.value() {
                Value::Int(_) | Value::Float(_) => {
                    Number::of(cell.value()).and_then(|value| value.compare(*number)).is_some_and(|o| o.is_eq())
                }
                _ => equals_written(*number, cell.text()),
            },
            Test::Null => false,
            Test::Exists(expected) => *expected,
            Test::Regex(searched) => {
                (!S::QUICK || searched.may_match(cell)) && searched.expression.is_match(cell.text())
            }
            Test::Cidr(network) => address(cell.text()).is_some_and(|address| network.contains(&address)),
            Test::Compare(order, number) => ordered(Number::of(cell.value()), *order, *number),
            Test::Time(part, None, number) => {
                let value = time_part::extract(*part, cell.value()).map(Number::Int);
                value.and_then(|value| value.compare(*number)).is_some_and(|o| o.is_eq())
            }
            Test::Time(part, Some(order), number) => {
                ordered(time_part::extract(*part, cell.value()).map(Number::Int), *order, *number)
            }
            Test::Field { column, affix, cased } => sight.any(*column, |other| {
                !other.is_null()
                    && match cased {
                        true => affix.holds(cell.text(), other.text()),
                        false => affix.holds(cell.folded(), other.folded()),
                    }
            }),
            Test::Any(tests) => tests.iter().any(|test| test.holds(cell, sight)),
        }
    }
}

impl Affix {
    fn holds(self, value: &str, other: &str) -> bool {
        match self {
            Affix::Equal => value == other,
            Affix::StartsWith => value.starts_with(other),
            Affix::EndsWith => value.ends_with(other),
            Affix::Contains => value.contains(other),
        }
    }
}

fn ordered(value: Option<Number>, order: Order, number: Number) -> bool {
    value.and_then(|value| value.compare(number)).is_some_and(|ordering| order.holds(ordering))
}

/// Whether `text` is the number as a rule would write it; no allocation for whole numbers.
fn equals_written(number: Number, text: &str) -> bool {
    match number {
        Number::Int(0) => text == "0",
        Number::Int(number) => {
            text.parse() == Ok(number) && text.starts_with(|c| matches!(c, '1'..='9' | '-')) && !text.starts_with("-0")
        }
        Number::Float(number) => text == number.to_string(),
    }
}

/// An address, an IPv4 one mapped into IPv6 as itself.
fn address(text: &str) -> Option<IpAddr> {
    text.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical())
}
