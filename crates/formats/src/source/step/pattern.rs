//! Regular expressions of a step: bounded in size, with a literal looked for before the expression is tried.

use std::borrow::Cow;
use std::cell::Cell;
use std::time::{Duration, Instant};

use memchr::memmem::Finder;
use model::event::Value;
use regex::{Regex, RegexBuilder};
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Hir, HirKind, Look};

use super::{borrow, constant};
use crate::builder::Builder;
use crate::grok;
use crate::source::step_file::PatternFile;

/// The longest expression a source may have.
const MAX_LENGTH: usize = 16 * 1024;
/// What one compiled expression may take.
const MAX_SIZE: usize = 4 << 20;
/// A literal shorter than this finds itself everywhere.
const LEAST_LITERAL: usize = 3;

thread_local! {
    /// Until when this thread may compile expressions, where somebody waits for them.
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Runs `work`, which compiles expressions, and refuses those it comes to after `time`.
pub(crate) fn within<T>(time: Duration, work: impl FnOnce() -> T) -> T {
    DEADLINE.set(Some(Instant::now() + time));
    let done = work();
    DEADLINE.set(None);
    done
}

/// Compiles an expression within the limits; the error says what is wrong.
pub fn regex(text: &str) -> Result<Regex, String> {
    if DEADLINE.get().is_some_and(|deadline| Instant::now() > deadline) {
        return Err("compiling the expressions before this one took too long: use fewer or smaller ones".to_owned());
    }
    if text.len() > MAX_LENGTH {
        return Err(format!("it is longer than {MAX_LENGTH} bytes: split it"));
    }
    RegexBuilder::new(&ascii_digits(text)).size_limit(MAX_SIZE).dfa_size_limit(MAX_SIZE).build().map_err(|error| {
        match error {
            regex::Error::CompiledTooBig(_) => {
                format!("it takes more than {MAX_SIZE} bytes: use smaller counts and fewer classes such as \\w")
            }
            error => error.to_string(),
        }
    })
}

/// The expression with `\d` for the ten digits alone: logs mean no others, and tables of all the digits of Unicode make
/// an expression slow to compile and to run.
fn ascii_digits(expression: &str) -> Cow<'_, str> {
    let Some(first) = expression.find(r"\d") else { return Cow::Borrowed(expression) };
    let mut plain = String::with_capacity(expression.len() * 2);
    // Everything before the first is as it is, unless its backslash is itself escaped.
    let start = first - expression[..first].bytes().rev().take_while(|byte| *byte == b'\\').count();
    plain.push_str(&expression[..start]);
    let mut chars = expression[start..].chars();
    while let Some(char) = chars.next() {
        match (char, if char == '\\' { chars.next() } else { None }) {
            ('\\', Some('d')) => plain.push_str("[0-9]"),
            (char, escaped) => {
                plain.push(char);
                plain.extend(escaped);
            }
        }
    }
    Cow::Owned(plain)
}

/// One regular expression with its named groups.
#[derive(Debug)]
pub struct Pattern {
    contains: Option<Finder<'static>>,
    regex: Regex,
    first: Option<Vec<u8>>,
    groups: Vec<Group>,
    set: Vec<(String, Value<'static>)>,
}

#[derive(Debug)]
struct Group {
    index: usize,
    field: String,
    is_int: bool,
}

impl Pattern {
    pub fn compile(file: PatternFile) -> Result<Pattern, (&'static str, String)> {
        let (expression, named) = grok::expand(&file.regex).map_err(|problem| ("regex", problem))?;
        let regex = regex(&expression).map_err(|problem| ("regex", problem))?;
        let groups = regex
            .capture_names()
            .enumerate()
            .filter_map(|(index, name)| {
                let name = name?;
                Some(match named.iter().find(|group| group.group == name) {
                    Some(group) => Group { index, field: group.field.clone(), is_int: group.is_int },
                    None => Group { index, field: name.to_owned(), is_int: false },
                })
            })
            .collect();
        let set = file.set.into_iter().map(|(name, value)| (name, constant(&value))).collect();
        let first = first_bytes(&expression);
        let contains = file.contains.or_else(|| literal(&expression));
        let contains = contains.map(|text| Finder::new(text.as_bytes()).into_owned());
        Ok(Pattern { contains, regex, first, groups, set })
    }

    /// The bytes a text it fits may begin with, where these are few and it fits from the beginning only.
    pub fn first_bytes(&self) -> Option<&[u8]> {
        self.first.as_deref()
    }

    /// The fields it may give.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(|group| group.field.as_str()).chain(self.set.iter().map(|(name, _)| name.as_str()))
    }

    /// Matches `text`; what is found borrows from `own`, the same text, where it is the record's own.
    pub fn apply<'a>(&'a self, text: &str, own: Option<&'a str>, builder: &mut Builder<'a>) -> bool {
        if self.contains.as_ref().is_some_and(|finder| finder.find(text.as_bytes()).is_none()) {
            return false;
        }
        let Some(found) = self.regex.captures(text) else { return false };
        for Group { index, field, is_int } in &self.groups {
            let Some(group) = found.get(*index) else { continue };
            if *is_int && let Ok(number) = group.as_str().parse::<i64>() {
                builder.push(field.as_str(), number);
                continue;
            }
            let value = match own {
                Some(own) => Cow::Borrowed(&own[group.range()]),
                None => Cow::Owned(group.as_str().to_owned()),
            };
            builder.push(field.as_str(), Value::Str(value));
        }
        for (name, value) in &self.set {
            builder.push(name.as_str(), borrow(value));
        }
        true
    }
}

/// The bytes what an expression fits must begin with; nothing where it may fit anywhere or begin with nearly anything.
fn first_bytes(expression: &str) -> Option<Vec<u8>> {
    let hir = regex_syntax::parse(expression).ok()?;
    if !hir.properties().look_set_prefix().contains(Look::Start) {
        return None;
    }
    let prefixes = Extractor::new().extract(&hir);
    let mut bytes = Vec::new();
    for literal in prefixes.literals()? {
        let first = *literal.as_bytes().first()?;
        if !bytes.contains(&first) {
            bytes.push(first);
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// The longest text that must stand wherever the expression fits.
fn literal(expression: &str) -> Option<String> {
    let hir = regex_syntax::parse(expression).ok()?;
    let mut longest = String::new();
    find_literal(&hir, &mut longest);
    (longest.len() >= LEAST_LITERAL).then_some(longest)
}

fn find_literal(hir: &Hir, longest: &mut String) {
    match hir.kind() {
        HirKind::Literal(literal) => {
            if let Ok(text) = std::str::from_utf8(&literal.0)
                && text.len() > longest.len()
            {
                *longest = text.to_owned();
            }
        }
        HirKind::Concat(parts) => parts.iter().for_each(|part| find_literal(part, longest)),
        HirKind::Capture(capture) => find_literal(&capture.sub, longest),
        HirKind::Repetition(repetition) if repetition.min > 0 => find_literal(&repetition.sub, longest),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_ascii_and_escapes_stay() {
        for (expression, expected) in [
            (r"^\d+[\d.]", r"^[0-9]+[[0-9].]"),
            (r"\\\d\\d", r"\\[0-9]\\d"),
            (r"[^\d]\D\s", r"[^[0-9]]\D\s"),
            ("none", "none"),
        ] {
            assert_eq!(ascii_digits(expression), expected);
            assert!(Regex::new(&ascii_digits(expression)).is_ok());
        }
        assert!(regex(r"\d").unwrap().is_match("7") && !regex(r"\d").unwrap().is_match("\u{0663}"));
    }

    #[test]
    fn the_literal_of_an_expression_is_one_it_cannot_do_without() {
        for (expression, expected) in [
            (r"^Failed (?P<m>\S+) for", Some("Failed ")),
            (r"(?:abc|def) x", None),
            (r"(?:abcdef)? then (?:never){2,}", Some(" then ")),
            (r"(?i)abc", None),
            (r"\d+", None),
        ] {
            assert_eq!(literal(expression).as_deref(), expected, "{expression}");
        }
    }

    #[test]
    fn the_first_bytes_of_an_expression_are_all_it_may_begin_with() {
        let first = |expression: &str| first_bytes(expression).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(first(r"^(?:a|bc)x").as_deref(), Some("ab"));
        assert_eq!(first(r"^\[?[0-2]").as_deref(), Some("[012"));
        for expression in [r"abc", r"^(?:a)?", r"^.*x", r"^a|b"] {
            assert_eq!(first(expression), None, "{expression}");
        }
    }

    #[test]
    fn an_expression_too_large_is_refused() {
        assert!(regex(r"(\w{100}){1000}").unwrap_err().contains("bytes"));
        assert!(regex(&"a".repeat(MAX_LENGTH + 1)).is_err());
    }
}
