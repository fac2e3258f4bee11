//! Matching a string against a pattern with wildcards, without a regular expression.
//!
//! The common shapes (exact, prefix, suffix, contains) are compared directly. Anything else is split at its `*`
//! into segments of fixed length, each searched leftmost after the one before: linear in practice, never
//! exponential, and a line break is a character like any other.

use memchr::memmem;

use crate::engine::digest::Pairs;
use crate::text::{DASHES, Piece, Text};

/// A compiled pattern. It knows nothing of case: fold it and the value, or neither.
#[derive(Debug)]
pub(crate) enum Pattern {
    /// Equal.
    Exact(Box<str>),
    /// Begins with.
    Prefix(Box<str>),
    /// Ends with.
    Suffix(Box<str>),
    /// Has somewhere.
    Contains(Box<Needle>),
    /// Any value at all.
    Anything,
    /// Everything else.
    Segments(Box<Segments>),
}

/// A word to search for.
#[derive(Debug)]
pub(crate) struct Needle {
    finder: memmem::Finder<'static>,
    /// Pairs of its characters.
    pub pairs: Pairs,
}

impl Needle {
    /// Prepares the search.
    pub(crate) fn new(word: &str) -> Self {
        Needle { finder: memmem::Finder::new(word).into_owned(), pairs: Pairs::of(word.as_bytes()) }
    }

    /// Whether it stands in the text.
    pub(crate) fn stands_in(&self, text: &str) -> bool {
        self.finder.find(text.as_bytes()).is_some()
    }

    /// The word.
    pub(crate) fn word(&self) -> &str {
        std::str::from_utf8(self.finder.needle()).expect("it was made of text")
    }
}

/// A pattern's parts between its `*`.
#[derive(Debug)]
pub(crate) struct Segments {
    /// Never empty, and no segment is.
    parts: Vec<Vec<Piece>>,
    /// Pairs of characters of its longest literal.
    pairs: Pairs,
    open_start: bool,
    open_end: bool,
}

impl Pattern {
    /// Compiles a text.
    pub(crate) fn new(text: &Text) -> Self {
        match text.pieces() {
            [] => Pattern::Exact("".into()),
            [Piece::Any] => Pattern::Anything,
            [Piece::Literal(literal)] => Pattern::Exact(literal.as_str().into()),
            [Piece::Literal(literal), Piece::Any] => Pattern::Prefix(literal.as_str().into()),
            [Piece::Any, Piece::Literal(literal)] => Pattern::Suffix(literal.as_str().into()),
            [Piece::Any, Piece::Literal(literal), Piece::Any] => Pattern::Contains(Box::new(Needle::new(literal))),
            pieces => Pattern::Segments(Box::new(Segments::new(pieces))),
        }
    }

    /// Pairs of characters every value that fits has, where it takes a search to find out whether one does.
    pub(crate) fn pairs(&self) -> Option<&Pairs> {
        match self {
            Pattern::Contains(needle) => Some(&needle.pairs),
            Pattern::Segments(segments) => Some(&segments.pairs),
            _ => None,
        }
    }

    /// Whether the whole of `value` fits.
    pub(crate) fn matches(&self, value: &str) -> bool {
        match self {
            Pattern::Exact(text) => value == &**text,
            Pattern::Prefix(text) => value.starts_with(&**text),
            Pattern::Suffix(text) => value.ends_with(&**text),
            Pattern::Contains(needle) => needle.stands_in(value),
            Pattern::Anything => true,
            Pattern::Segments(segments) => segments.matches(value),
        }
    }
}

impl Segments {
    fn new(pieces: &[Piece]) -> Self {
        let literals = pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(literal) => Some(literal.as_str()),
            _ => None,
        });
        let longest = literals.max_by_key(|literal| literal.len()).unwrap_or_default();
        Segments {
            pairs: Pairs::of(longest.as_bytes()),
            open_start: pieces.first() == Some(&Piece::Any),
            open_end: pieces.last() == Some(&Piece::Any),
            parts: pieces
                .split(|piece| *piece == Piece::Any)
                .filter(|part| !part.is_empty())
                .map(<[Piece]>::to_vec)
                .collect(),
        }
    }

    fn matches(&self, value: &str) -> bool {
        self.try_match(value).is_some()
    }

    /// Lists of words of which every value that fits contains one each: literals, and runs of them whose dashes are
    /// written out.
    pub(crate) fn words(&self) -> Vec<Vec<String>> {
        let mut lists = Vec::new();
        for run in self.parts.iter().flat_map(|part| part.split(|piece| *piece == Piece::One)) {
            let literals = run.iter().filter_map(|piece| match piece {
                Piece::Literal(literal) => Some(vec![literal.clone()]),
                _ => None,
            });
            lists.extend(literals);
            let dashes = run.iter().filter(|piece| **piece == Piece::Dash).count();
            if (1..=2).contains(&dashes) && run.len() > 1 {
                let mut all = vec![String::new()];
                for piece in run {
                    match piece {
                        Piece::Literal(literal) => all.iter_mut().for_each(|word| word.push_str(literal)),
                        _ => all = all.iter().flat_map(|word| DASHES.map(|dash| format!("{word}{dash}"))).collect(),
                    }
                }
                lists.push(all);
            }
        }
        lists
    }

    fn try_match(&self, value: &str) -> Option<()> {
        let mut parts = self.parts.as_slice();
        let (mut start, mut end) = (0, value.len());
        if !self.open_start {
            let (first, rest) = parts.split_first()?;
            start = match_forward(first, value, 0)?;
            parts = rest;
        }
        if !self.open_end {
            match parts.split_last() {
                Some((last, rest)) => {
                    end = match_backward(last, value, start)?;
                    parts = rest;
                }
                // The only segment was the first one and no `*` follows it: it must have used up the value.
                None => return (start == end).then_some(()),
            }
        }
        for part in parts {
            start = find(part, &value[..end], start)?;
        }
        Some(())
    }
}

/// Where `part` ends if it stands at `at`.
fn match_forward(part: &[Piece], value: &str, at: usize) -> Option<usize> {
    let mut rest = &value[at..];
    for piece in part {
        rest = match piece {
            Piece::Literal(literal) => rest.strip_prefix(literal.as_str())?,
            Piece::One => rest.strip_prefix(|_| true)?,
            Piece::Dash => rest.strip_prefix(DASHES)?,
            Piece::Any => return None,
        };
    }
    Some(value.len() - rest.len())
}

/// Where `part` starts if it ends the value, not before `from`.
fn match_backward(part: &[Piece], value: &str, from: usize) -> Option<usize> {
    let mut rest = &value[from..];
    for piece in part.iter().rev() {
        rest = match piece {
            Piece::Literal(literal) => rest.strip_suffix(literal.as_str())?,
            Piece::One => rest.strip_suffix(|_: char| true)?,
            Piece::Dash => rest.strip_suffix(|c: char| DASHES.contains(&c))?,
            Piece::Any => return None,
        };
    }
    Some(from + rest.len())
}

/// Where the first occurrence of `part` at or after `from` ends.
fn find(part: &[Piece], value: &str, from: usize) -> Option<usize> {
    if let [Piece::Literal(first), rest @ ..] = part {
        let mut at = from;
        loop {
            let found = at + memmem::find(&value.as_bytes()[at..], first.as_bytes())?;
            if let Some(end) = match_forward(rest, value, found + first.len()) {
                return Some(end);
            }
            at = found + value[found..].chars().next()?.len_utf8();
        }
    }
    let starts = value[from..].char_indices().map(|(offset, _)| from + offset);
    starts.into_iter().find_map(|at| match_forward(part, value, at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, value: &str) -> bool {
        Pattern::new(&Text::parse(pattern)).matches(value)
    }

    #[test]
    fn wildcards_match_the_whole_value_and_cross_lines() {
        assert!(matches("a*c", "abbb\nc"));
        assert!(!matches("a*c", "abcd"));
        assert!(matches("*b?d*", "xxbcd"));
        assert!(!matches("*b?d*", "xxbd"));
        assert!(matches("?", "\u{1f600}"));
        assert!(!matches("?", ""));
        assert!(matches("ab*ab", "abab"));
        assert!(!matches("ab*ab", "ab"), "a prefix and a suffix may not share characters");
        assert!(!matches("*ab?*ab", "xab"));
    }

    #[test]
    fn a_dash_is_any_of_the_five() {
        let pattern = Pattern::new(&Text::parse("* -enc*").windash());
        for dash in DASHES {
            assert!(pattern.matches(&format!("powershell {dash}enc abc")));
        }
        assert!(!pattern.matches("powershell =enc abc"));
    }

    #[test]
    fn many_wildcards_over_a_long_value_take_no_time() {
        let pattern = Pattern::new(&Text::parse(&("*a".repeat(40) + "*b")));
        assert!(!pattern.matches(&"a".repeat(100_000)));
    }

    /// The obvious definition, exponential in the worst case.
    fn oracle(pieces: &[Piece], value: &str) -> bool {
        let tail = |value: &str| value.chars().next().map(|c| value[c.len_utf8()..].to_owned());
        match pieces {
            [] => value.is_empty(),
            [Piece::Any, rest @ ..] => {
                oracle(rest, value) || tail(value).is_some_and(|shorter| oracle(pieces, &shorter))
            }
            [Piece::One, rest @ ..] => tail(value).is_some_and(|shorter| oracle(rest, &shorter)),
            [Piece::Dash, rest @ ..] => {
                value.starts_with(DASHES) && tail(value).is_some_and(|shorter| oracle(rest, &shorter))
            }
            [Piece::Literal(literal), rest @ ..] => {
                value.strip_prefix(literal.as_str()).is_some_and(|shorter| oracle(rest, shorter))
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_matcher_agrees_with_the_obvious_definition(
            pattern in "[ab*?/é\\\\-]{0,9}", value in "[ab\n/é\u{2013}\\\\-]{0,12}", dashes: bool
        ) {
            let mut text = Text::parse(&pattern);
            if dashes {
                text = text.windash();
            }
            prop_assert_eq!(Pattern::new(&text).matches(&value), oracle(text.pieces(), &value));
        }
    }
}
