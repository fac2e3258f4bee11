//! The condition language: `not`, `and`, `or`, brackets, and `1 of` / `all of` with patterns.
//!
//! Source: Sigma rules specification 2.1, "Condition". `any of` is another word for `1 of`, as in pySigma. Other
//! counts and the aggregations after `|` of Sigma 1 are not part of Sigma 2 and are refused by name.

use std::fmt;

use crate::error::Error;

/// A parsed condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// A detection by name.
    Name(String),
    /// `all of` (true) or `1 of` (false) the detections a pattern names.
    Of { all: bool, pattern: String },
    /// Negation.
    Not(Box<Condition>),
    /// Two or more, all of them.
    And(Vec<Condition>),
    /// Two or more, any of them.
    Or(Vec<Condition>),
}

/// More nested brackets and negations than any person writes.
const MAX_DEPTH: usize = 64;

/// Longer conditions are not read.
const MAX_LENGTH: usize = 65_536;

impl Condition {
    /// Reads a condition.
    pub(crate) fn parse(source: &str) -> Result<Self, Error> {
        let mut parser = Parser { source, tokens: tokens(source), next: 0 };
        if source.len() > MAX_LENGTH {
            return Err(parser.error(format!("is longer than {MAX_LENGTH} bytes: shorten it")));
        }
        let condition = parser.or(0)?;
        match parser.peek() {
            None => Ok(condition),
            Some("|") => {
                Err(parser.error("aggregates with `|`, which Sigma 2 replaced: write a correlation rule instead"))
            }
            Some(token) => {
                let problem = format!("has `{token}` where `and`, `or` or the end was expected");
                Err(parser.error(problem))
            }
        }
    }
}

/// Whether a detection's name fits a pattern in which `*` is any number of characters. Names that begin with an
/// underscore are meant only when the pattern begins with one.
pub(crate) fn names(pattern: &str, name: &str) -> bool {
    if name.starts_with('_') && !pattern.starts_with('_') {
        return false;
    }
    if pattern.eq_ignore_ascii_case("them") {
        return true;
    }
    crate::pattern::Pattern::new(&crate::text::Text::parse(pattern)).matches(name)
}

struct Parser<'s> {
    source: &'s str,
    tokens: Vec<&'s str>,
    next: usize,
}

impl<'s> Parser<'s> {
    fn peek(&self) -> Option<&'s str> {
        self.tokens.get(self.next).copied()
    }

    fn take(&mut self) -> Option<&'s str> {
        let token = self.peek();
        self.next += usize::from(token.is_some());
        token
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.eq_ignore_ascii_case(word));
        self.next += usize::from(found);
        found
    }

    fn or(&mut self, depth: usize) -> Result<Condition, Error> {
        let mut parts = vec![self.and(depth)?];
        while self.take_word("or") {
            parts.push(self.and(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Or(parts) })
    }

    fn and(&mut self, depth: usize) -> Result<Condition, Error> {
        let mut parts = vec![self.not(depth)?];
        while self.take_word("and") {
            parts.push(self.not(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::And(parts) })
    }

    fn not(&mut self, depth: usize) -> Result<Condition, Error> {
        if depth > MAX_DEPTH {
            return Err(self.error(format!("is nested deeper than {MAX_DEPTH}: simplify it")));
        }
        if self.take_word("not") {
            return Ok(Condition::Not(Box::new(self.not(depth + 1)?)));
        }
        self.operand(depth)
    }

    fn operand(&mut self, depth: usize) -> Result<Condition, Error> {
        let Some(token) = self.take() else {
            return Err(self.error("ends where the name of a detection was expected"));
        };
        if token == "(" {
            let inner = self.or(depth + 1)?;
            return match self.take() {
                Some(")") => Ok(inner),
                _ => Err(self.error("has a bracket that is not closed: add `)`")),
            };
        }
        if self.peek().is_some_and(|next| next.eq_ignore_ascii_case("of")) {
            let all = match token.to_ascii_lowercase().as_str() {
                "all" => true,
                "1" | "any" => false,
                other => return Err(self.error(format!("has `{other} of`: write `1 of`, `any of` or `all of`"))),
            };
            self.next += 1;
            return match self.take() {
                Some(pattern) if is_name(pattern) => Ok(Condition::Of { all, pattern: pattern.to_owned() }),
                _ => Err(self.error("lacks a name, a pattern or `them` after `of`")),
            };
        }
        if !is_name(token) || token.contains('*') || is_operator(token) {
            return Err(self.error(format!("has `{token}` where the name of a detection was expected")));
        }
        Ok(Condition::Name(token.to_owned()))
    }

    fn error(&self, problem: impl Into<String>) -> Error {
        Error::Condition { condition: self.source.chars().take(200).collect(), problem: problem.into() }
    }
}

fn is_name(token: &str) -> bool {
    !matches!(token, "(" | ")" | "|")
}

fn is_operator(token: &str) -> bool {
    ["and", "or", "not", "of"].iter().any(|word| token.eq_ignore_ascii_case(word))
}

/// Words, and brackets and pipes by themselves.
fn tokens(source: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for word in source.split_whitespace() {
        let mut rest = word;
        while let Some(at) = rest.find(['(', ')', '|']) {
            if at > 0 {
                tokens.push(&rest[..at]);
            }
            tokens.push(&rest[at..at + 1]);
            rest = &rest[at + 1..];
        }
        if !rest.is_empty() {
            tokens.push(rest);
        }
    }
    tokens
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Name(name) => f.write_str(name),
            Condition::Of { all, pattern } => write!(f, "{} of {pattern}", if *all { "all" } else { "1" }),
            Condition::Not(inner) => write!(f, "not ({inner})"),
            Condition::And(parts) => join(parts, " and ", f),
            Condition::Or(parts) => join(parts, " or ", f),
        }
    }
}

fn join(parts: &[Condition], operator: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(operator)?;
        }
        write!(f, "({part})")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Condition {
        Condition::Name(text.into())
    }

    #[test]
    fn not_binds_more_than_and_and_and_more_than_or() {
        assert_eq!(
            Condition::parse("a or not b and (c OR d)").unwrap(),
            Condition::Or(vec![
                name("a"),
                Condition::And(vec![Condition::Not(Box::new(name("b"))), Condition::Or(vec![name("c"), name("d")])])
            ])
        );
    }

    #[test]
    fn of_takes_names_patterns_and_them() {
        assert_eq!(
            Condition::parse("1 of sel_*_x and not all of them").unwrap(),
            Condition::And(vec![
                Condition::Of { all: false, pattern: "sel_*_x".into() },
                Condition::Not(Box::new(Condition::Of { all: true, pattern: "them".into() }))
            ])
        );
        assert!(names("sel*", "selection") && names("them", "x") && names("_s*", "_sel"));
        assert!(!names("them", "_sel") && !names("*", "_sel") && !names("sel", "selection"));
    }

    #[test]
    fn what_is_not_a_condition_is_refused_with_its_place() {
        for (source, part) in [
            ("", "ends where"),
            ("a and", "ends where"),
            ("(a", "not closed"),
            ("a b", "has `b`"),
            ("a | count() > 5", "correlation"),
            ("2 of them", "write `1 of`"),
            ("sel*", "has `sel*`"),
            ("and a", "has `and`"),
            ("1 of", "after `of`"),
            (")", "has `)`"),
        ] {
            let message = Condition::parse(source).unwrap_err().to_string();
            assert!(message.contains(part), "{source}: {message}");
        }
        assert!(Condition::parse(&("(".repeat(100_000) + "a")).is_err());
        assert!(Condition::parse(&"not ".repeat(10_000)).is_err());
    }

    fn conditions() -> impl Strategy<Value = Condition> {
        let leaf = prop_oneof![
            "[a-z_][a-z0-9_]{0,5}x".prop_map(Condition::Name),
            (any::<bool>(), "[a-z_*]{1,5}x").prop_map(|(all, pattern)| Condition::Of { all, pattern }),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                inner.clone().prop_map(|inner| Condition::Not(Box::new(inner))),
                proptest::collection::vec(inner.clone(), 2..4).prop_map(Condition::And),
                proptest::collection::vec(inner, 2..4).prop_map(Condition::Or),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_printed_condition_reads_back_the_same(condition in conditions()) {
            prop_assert_eq!(Condition::parse(&condition.to_string()), Ok(condition));
        }

        #[test]
        fn no_text_makes_the_parser_panic(source in "[ ()|*a-z1]{0,40}") {
            let _ = Condition::parse(&source);
        }
    }
}
