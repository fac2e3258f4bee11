//! Regular expressions of a step: bounded in size, with a literal looked for before the expression is tried.

use std::borrow::Cow;

use memchr::memmem::Finder;
use model::event::Value;
use regex_syntax::hir::{Hir, HirKind};

use super::matcher::Matcher;
use super::{borrow, constant};
use crate::builder::Builder;
use crate::grok;
use crate::source::step_file::PatternFile;

/// A literal shorter than this finds itself everywhere.
const LEAST_LITERAL: usize = 3;

/// One regular expression with its named groups.
#[derive(Debug)]
pub struct Pattern {
    contains: Option<Finder<'static>>,
    matcher: Matcher,
    first: Option<Vec<u8>>,
    /// In the order of the matcher's.
    groups: Vec<Group>,
    set: Vec<(String, Value<'static>)>,
}

#[derive(Debug)]
struct Group {
    field: String,
    is_int: bool,
}

impl Pattern {
    pub fn compile(file: PatternFile) -> Result<Pattern, (&'static str, String)> {
        let (expression, named) = grok::expand(&file.regex).map_err(|problem| ("regex", problem))?;
        let (matcher, hir) = Matcher::parse(&expression).map_err(|problem| ("regex", problem))?;
        let groups = matcher
            .names()
            .iter()
            .map(|name| match named.iter().find(|group| group.group == **name) {
                Some(group) => Group { field: group.field.clone(), is_int: group.is_int },
                None => Group { field: name.to_string(), is_int: false },
            })
            .collect();
        let set = file.set.into_iter().map(|(name, value)| (name, constant(&value))).collect();
        let first = matcher.first_bytes();
        let contains = file.contains.or_else(|| literal(&hir));
        let contains = contains.filter(|text| !matcher.begins_with(text));
        let contains = contains.map(|text| Finder::new(text.as_bytes()).into_owned());
        Ok(Pattern { contains, matcher, first, groups, set })
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
        if !self.matcher.may_begin(text) {
            return false;
        }
        if self.contains.as_ref().is_some_and(|finder| finder.find(text.as_bytes()).is_none()) {
            return false;
        }
        let found = self.matcher.captures(text, |found| {
            for (index, Group { field, is_int }) in self.groups.iter().enumerate() {
                let Some(range) = found.group(index) else { continue };
                if *is_int && let Ok(number) = text[range.clone()].parse::<i64>() {
                    builder.push(field.as_str(), number);
                    continue;
                }
                let value = match own {
                    Some(own) => Cow::Borrowed(&own[range]),
                    None => Cow::Owned(text[range].to_owned()),
                };
                builder.push(field.as_str(), Value::Str(value));
            }
        });
        if found.is_none() {
            return false;
        }
        for (name, value) in &self.set {
            builder.push(name.as_str(), borrow(value));
        }
        true
    }
}

/// The longest text that must stand wherever the expression fits.
pub(super) fn literal(hir: &Hir) -> Option<String> {
    let mut longest = String::new();
    find_literal(hir, &mut longest);
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
    fn the_literal_of_an_expression_is_one_it_cannot_do_without() {
        for (expression, expected) in [
            (r"^Failed (?P<m>\S+) for", Some("Failed ")),
            (r"(?:abc|def) x", None),
            (r"(?:abcdef)? then (?:never){2,}", Some(" then ")),
            (r"(?i)abc", None),
            (r"\d+", None),
        ] {
            assert_eq!(literal(&regex_syntax::parse(expression).unwrap()).as_deref(), expected, "{expression}");
        }
    }
}
