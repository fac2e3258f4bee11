//! A detection item, `field|modifiers: values`, compiled.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ipnet::IpNet;
use regex::{Regex, RegexBuilder};
use serde_json::Value as Json;

use crate::draft::{Build, Draft};
use crate::engine::digest::Pairs;
use crate::engine::hash::Quick;
use crate::error::Error;
use crate::fold::fold;
use crate::modifier::{Key, Order};
use crate::pattern::Pattern;
use crate::placeholder::Placeholders;
use crate::regex_words::words_of;
use crate::test::{Number, Searched, Test};
use crate::text::{Piece, Text};
use crate::view::Columns;

/// A compiled item.
#[derive(Debug)]
pub(crate) struct Item {
    /// The column asked, or nothing for keywords.
    pub column: Option<usize>,
    /// Whether every value must pass instead of one.
    pub all: bool,
    /// Whether the whole is negated (`neq`).
    pub negated: bool,
    /// The values.
    pub tests: Vec<Value>,
    /// Where many of them take a search of the text: by value, pairs of characters a folded text that passes has.
    /// They lie side by side, so that most values are refused without a look at them.
    pub pairs: Box<[Option<Pairs>]>,
}

/// Searches for which it pays to find out first which pairs of characters a text has.
const MANY_SEARCHES: usize = 4;

/// A compiled value.
#[derive(Debug)]
pub(crate) struct Value {
    /// What it asks.
    pub test: Test,
    /// For keywords: the words a reader would look for in the raw record.
    pub words: Box<str>,
}

/// What compiling needs to know around an item.
pub(crate) struct Scope {
    /// Where field names get their numbers.
    pub columns: Columns,
    /// Values of placeholders.
    pub placeholders: Arc<Placeholders>,
    /// Items by key and value: what several rules ask is one item.
    items: HashMap<String, Arc<Item>>,
    /// What regular expressions may still take.
    expressions: Expressions,
}

/// What the regular expressions of a set may need: compiled, they are far larger than their text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expressions {
    /// Bytes for all of them together, counted in steps; as much as they need when absent.
    pub bytes: Option<usize>,
}

/// A larger expression is refused.
const LARGEST: usize = 4 << 20;
/// What an expression is counted as: the first of these that is enough.
const STEPS: [usize; 3] = [16 << 10, 256 << 10, LARGEST];

impl Expressions {
    /// For a rule that anybody may send: several times what the largest public rule needs.
    pub fn few() -> Self {
        Expressions { bytes: Some(8 * LARGEST) }
    }

    /// Compiles one; nothing where there is no room left for it.
    fn compile(&mut self, builder: &mut RegexBuilder) -> Option<Result<Regex, regex::Error>> {
        let mut build = |limit| builder.size_limit(limit).dfa_size_limit(limit).build();
        let Some(left) = &mut self.bytes else { return Some(build(LARGEST)) };
        for step in STEPS {
            let rest = left.checked_sub(step)?;
            match build(step) {
                Err(regex::Error::CompiledTooBig(_)) if step < LARGEST => {}
                result => {
                    *left = rest;
                    return Some(result);
                }
            }
        }
        None
    }
}

impl Scope {
    pub(crate) fn new(placeholders: Arc<Placeholders>, expressions: Expressions) -> Self {
        Scope { columns: Columns::default(), placeholders, items: HashMap::new(), expressions }
    }

    /// The item of a key and its value, compiled where it is new.
    pub(crate) fn item(&mut self, key: &str, value: &Json, at: &str) -> Result<Arc<Item>, Error> {
        let written = format!("{key}\0{value}");
        if let Some(known) = self.items.get(&written) {
            return Ok(known.clone());
        }
        let item = Arc::new(Item::compile(key, value, at, self)?);
        self.items.insert(written, item.clone());
        Ok(item)
    }
}

/// Lists of exact values longer than this are looked up by hash.
const HASHED_FROM: usize = 5;

impl Item {
    /// Compiles `key: value`; `at` is where it stands.
    pub(crate) fn compile(key: &str, value: &Json, at: &str, scope: &mut Scope) -> Result<Self, Error> {
        let key = Key::parse(key, at)?;
        let values = match value {
            Json::Array(values) if values.is_empty() => {
                return Err(Error::invalid(at, "has no values: list at least one, or write null"));
            }
            Json::Array(values) => values.as_slice(),
            single => std::slice::from_ref(single),
        };
        let mut build = Build::default();
        let mut tests = Vec::with_capacity(values.len());
        for value in values {
            build = Build { keyword: key.field.is_none(), ..Build::default() };
            let draft = Draft::read(value, at)?;
            let words = draft.words().into();
            let drafts = build.apply(draft, &key.modifiers, at, &scope.placeholders)?;
            let mut alternatives =
                drafts.into_iter().map(|draft| build.finish(draft, at, scope)).collect::<Result<Vec<_>, _>>()?;
            let test = match alternatives.len() {
                1 => alternatives.remove(0),
                _ => Test::Any(alternatives),
            };
            tests.push(Value { test, words });
        }
        if key.field.is_none() && (build.exists || build.field.is_some()) {
            return Err(Error::invalid(at, "needs a field before its modifiers: write `field|modifier`"));
        }
        let column = key.field.map(|field| scope.columns.intern(field));
        if column.is_some() && !build.all {
            hash_exact_values(&mut tests);
        }
        let many = tests.iter().filter(|value| value.test.searches()).count() >= MANY_SEARCHES;
        let pairs = match many && column.is_some() {
            true => tests.iter().map(|value| value.test.pairs()).collect(),
            false => Box::default(),
        };
        Ok(Item { column, all: build.all, negated: build.negated, tests, pairs })
    }
}

impl Build {
    fn finish(&self, draft: Draft, at: &str, scope: &mut Scope) -> Result<Test, Error> {
        if self.exists {
            return match draft {
                Draft::Bool(expected) => Ok(Test::Exists(expected)),
                _ => Err(Error::invalid(at, "needs true or false with `exists`")),
            };
        }
        if let Some(affix) = self.field {
            return match draft {
                Draft::Written(name) => {
                    Ok(Test::Field { column: scope.columns.intern(&name), affix, cased: self.cased })
                }
                _ => Err(Error::invalid(at, "needs the name of a field with `fieldref`")),
            };
        }
        if self.cidr {
            return match draft {
                Draft::Written(text) => network(&text, at).map(Test::Cidr),
                _ => Err(Error::invalid(at, "needs a network such as 10.0.0.0/8 with `cidr`")),
            };
        }
        if self.order.is_some() || self.part.is_some() {
            let number = match draft {
                Draft::Number(number) => Some(number),
                Draft::Written(text) => Number::parse(text.trim()),
                _ => None,
            };
            let number = number.ok_or_else(|| Error::invalid(at, "needs a number with its modifier"))?;
            return Ok(match (self.part, self.order) {
                (Some(part), order) => Test::Time(part, order, number),
                (None, order) => Test::Compare(order.unwrap_or(Order::GreaterOrEqual), number),
            });
        }
        match draft {
            Draft::Null => Ok(Test::Null),
            Draft::Regex(source) => self.regex(&source, at, &mut scope.expressions),
            Draft::Number(number) if !self.keyword => Ok(Test::Number(number)),
            other => Ok(self.text(other.into_text(at)?)),
        }
    }

    fn text(&self, text: Text) -> Test {
        let text = if self.keyword { text.open(true, true) } else { text };
        if self.cased {
            return Test::Text { pattern: Pattern::new(&text), cased: true };
        }
        let mut folded = Text::default();
        for piece in text.pieces() {
            folded.push(match piece {
                Piece::Literal(literal) => Piece::Literal(fold(literal).into_owned()),
                other => other.clone(),
            });
        }
        Test::Text { pattern: Pattern::new(&folded), cased: false }
    }

    fn regex(&self, source: &str, at: &str, left: &mut Expressions) -> Result<Test, Error> {
        let mut builder = RegexBuilder::new(source);
        builder.case_insensitive(self.ignore_case).multi_line(self.multi_line).dot_matches_new_line(self.dot_all);
        let room = "has more and larger regular expressions than one may try: leave some out, or bound what repeats";
        match left.compile(builder.nest_limit(100)).ok_or_else(|| Error::invalid(at, room))? {
            Ok(expression) => {
                let words = self.expression_words(source);
                Ok(Test::Regex(Box::new(Searched::new(expression, words))))
            }
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned();
                Err(Error::invalid(
                    at,
                    format!(
                        "has an unusable regular expression ({reason}): look-around and back references are not Sigma"
                    ),
                ))
            }
        }
    }
}

impl Build {
    /// What must stand in a text that has a match of an expression.
    fn expression_words(&self, source: &str) -> Vec<Vec<Box<str>>> {
        let mut parser = regex_syntax::ParserBuilder::new();
        parser.case_insensitive(self.ignore_case).multi_line(self.multi_line).dot_matches_new_line(self.dot_all);
        let parsed = parser.nest_limit(100).build().parse(source);
        parsed.map(|parsed| words_of(&parsed)).unwrap_or_default()
    }
}

fn network(text: &str, at: &str) -> Result<IpNet, Error> {
    let text = text.trim();
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
    network.map_err(|_| Error::invalid(at, format!("has `{text}`, which is no network: write one such as 10.0.0.0/8")))
}

/// Replaces several exact, case-insensitive texts by one look-up.
fn hash_exact_values(tests: &mut Vec<Value>) {
    let is_exact = |value: &Value| matches!(&value.test, Test::Text { pattern: Pattern::Exact(_), cased: false });
    if tests.iter().filter(|value| is_exact(value)).count() < HASHED_FROM {
        return;
    }
    let (exact, mut others): (Vec<_>, Vec<_>) = std::mem::take(tests).into_iter().partition(is_exact);
    let texts: HashSet<Box<str>, Quick> = exact
        .into_iter()
        .filter_map(|value| match value.test {
            Test::Text { pattern: Pattern::Exact(text), .. } => Some(text),
            _ => None,
        })
        .collect();
    others.push(Value { test: Test::OneOf(texts), words: "".into() });
    *tests = others;
}
