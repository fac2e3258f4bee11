//! What free text asks of a record: words and phrases at word borders, beginnings of words, parts of words.
//!
//! "Without case" means ASCII letters, and full Unicode lower case where the wanted text itself has letters with case
//! outside ASCII.

use std::fmt::Write;
use std::hash::{Hash, Hasher};

use aho_corasick::{AhoCorasick, Input};
use arrow::array::{Array, BooleanBufferBuilder, StringArray};
use arrow::buffer::BooleanBuffer;
use model::query::{Pattern, Piece};
use regex::Regex;

use super::keys::{Class, Ends, class, wanted_keys};
use crate::matcher::has_other_case;

/// The longest automaton a pattern may need.
const REGEX_BYTES: usize = 4 << 20;

/// A free-text condition, ready to run.
#[derive(Debug, Clone)]
pub(crate) struct TextMatcher {
    pattern: Pattern,
    way: Way,
    /// What every record it accepts has in its block's filter.
    keys: Vec<u64>,
}

#[derive(Debug, Clone)]
enum Way {
    /// Every record.
    Everything,
    /// One text: found as a whole, its closed ends at word borders.
    Text { finder: AhoCorasick, ends: Ends },
    /// One text with letters of other scripts that have case: looked for in the record's lower case.
    Lower { text: String, ends: Ends },
    /// With wildcards inside.
    Wild { regex: Regex, lower: bool },
}

impl PartialEq for TextMatcher {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern
    }
}

impl Eq for TextMatcher {}

impl Hash for TextMatcher {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.pattern.hash(state);
    }
}

impl TextMatcher {
    /// Nothing where the pattern is too large to run.
    pub fn of(pattern: &Pattern) -> Option<TextMatcher> {
        let pieces = pattern.pieces();
        let lower = pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if has_other_case(text)));
        let way = match pieces {
            [] | [Piece::Any] => Way::Everything,
            [Piece::Text(text)] => Way::text(text, false, false, lower)?,
            [Piece::Any, Piece::Text(text)] => Way::text(text, true, false, lower)?,
            [Piece::Text(text), Piece::Any] => Way::text(text, false, true, lower)?,
            [Piece::Any, Piece::Text(text), Piece::Any] => Way::text(text, true, true, lower)?,
            _ => Way::Wild { regex: expression(pieces, lower)?, lower },
        };
        let keys = if lower { Vec::new() } else { keys(pieces) };
        Some(TextMatcher { pattern: pattern.clone(), way, keys })
    }

    /// What the filter of every block has that holds an accepted record.
    pub fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// Whether a record passes.
    pub fn matches(&self, raw: &str) -> bool {
        match &self.way {
            Way::Everything => true,
            Way::Text { finder, ends } => find(finder, *ends, raw, 0, raw.len()).is_some(),
            Way::Lower { text, ends } => {
                let raw = raw.to_lowercase();
                let mut found = raw.match_indices(text.as_str());
                found.any(|(start, part)| fits(&raw, start, start + part.len(), *ends))
                    || overlapping(&raw, text, *ends)
            }
            Way::Wild { regex, lower: false } => regex.is_match(raw),
            Way::Wild { regex, lower: true } => regex.is_match(&raw.to_lowercase()),
        }
    }

    /// Which of these records pass.
    pub fn passes(&self, records: &StringArray) -> BooleanBuffer {
        match &self.way {
            Way::Text { finder, ends } => find_in_all(finder, *ends, records),
            _ => (0..records.len()).map(|row| records.is_valid(row) && self.matches(records.value(row))).collect(),
        }
    }
}

impl Way {
    fn text(text: &str, left_open: bool, right_open: bool, lower: bool) -> Option<Way> {
        let ends = Ends { left_open, right_open };
        if lower {
            return Some(Way::Lower { text: text.to_lowercase(), ends });
        }
        let finder = AhoCorasick::builder().ascii_case_insensitive(true).build([text]).ok()?;
        Some(Way::Text { finder, ends })
    }
}

/// Whether closed ends stand at word borders.
fn fits(raw: &str, start: usize, end: usize, ends: Ends) -> bool {
    let is_word = |letter: Option<char>| letter.is_some_and(|letter| class(letter) == Class::Word);
    let inside = |before: &str, after: &str| is_word(before.chars().next_back()) && is_word(after.chars().next());
    (ends.left_open || !inside(&raw[..start], &raw[start..])) && (ends.right_open || !inside(&raw[..end], &raw[end..]))
}

/// Finds that begin within earlier ones that did not fit.
fn overlapping(raw: &str, text: &str, ends: Ends) -> bool {
    let mut from = 0;
    while let Some(start) = raw[from..].find(text).map(|place| from + place) {
        if fits(raw, start, start + text.len(), ends) {
            return true;
        }
        from = start + raw[start..].chars().next().map_or(1, char::len_utf8);
    }
    false
}

/// The first fitting place between two offsets of a record.
fn find(finder: &AhoCorasick, ends: Ends, raw: &str, from: usize, to: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = finder.find(Input::new(raw).span(at..to)) {
        if fits(raw, found.start(), found.end(), ends) {
            return Some(found.start());
        }
        at = found.start() + raw[found.start()..].chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// Searches the records' common buffer in one go: rare texts cost one pass of a vectorised searcher.
fn find_in_all(finder: &AhoCorasick, ends: Ends, records: &StringArray) -> BooleanBuffer {
    let mut passed = BooleanBufferBuilder::new(records.len());
    passed.append_n(records.len(), false);
    let offsets = records.value_offsets();
    let bytes = records.value_data();
    let end = offsets[records.len()] as usize;
    let (mut at, mut row) = (offsets[0] as usize, 0);
    while let Some(found) = finder.find(Input::new(bytes).span(at..end)) {
        row += offsets[row + 1..].partition_point(|offset| *offset as usize <= found.start());
        if row >= records.len() {
            break;
        }
        let (row_start, row_end) = (offsets[row] as usize, offsets[row + 1] as usize);
        let start = found.start() - row_start;
        let whole = found.end() <= row_end && records.is_valid(row);
        if whole && fits(records.value(row), start, found.end() - row_start, ends) {
            passed.set_bit(row, true);
            at = row_end;
        } else {
            at = found.start() + 1;
        }
    }
    passed.finish()
}

/// The pattern as a regular expression over the whole record; `*` and `?` stay within what blanks enclose.
fn expression(pieces: &[Piece], lower: bool) -> Option<Regex> {
    const WORD: &str = r"[[\p{Alphabetic}\p{N}]--[\x{1100}-\x{11FF}\x{3005}-\x{3007}\x{3040}-\x{30FF}\x{31F0}-\x{31FF}\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}\x{A960}-\x{A97F}\x{AC00}-\x{D7FF}\x{F900}-\x{FAFF}\x{20000}-\x{3FFFF}]]";
    let is_word = |letter: Option<char>| letter.is_some_and(|letter| class(letter) == Class::Word);
    let mut text = String::from("(?s)");
    match pieces.first() {
        Some(Piece::Text(first)) if is_word(first.chars().next()) => {
            let _ = write!(text, "(?:^|[^{WORD}])");
        }
        _ => {}
    }
    for piece in pieces {
        match piece {
            Piece::Any => text.push_str(r"[^ \t\r\n]*"),
            Piece::One => text.push_str(r"[^ \t\r\n]"),
            Piece::Text(part) => {
                let part = if lower { part.to_lowercase() } else { part.clone() };
                for letter in part.chars() {
                    if letter.is_ascii_alphabetic() && !lower {
                        let _ = write!(text, "[{}{}]", letter.to_ascii_lowercase(), letter.to_ascii_uppercase());
                    } else {
                        text.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4])));
                    }
                }
            }
        }
    }
    match pieces.last() {
        Some(Piece::Text(last)) if is_word(last.chars().next_back()) => {
            let _ = write!(text, "(?:$|[^{WORD}])");
        }
        _ => {}
    }
    regex::RegexBuilder::new(&text).size_limit(REGEX_BYTES).build().ok()
}

fn keys(pieces: &[Piece]) -> Vec<u64> {
    let mut keys = Vec::new();
    for (place, piece) in pieces.iter().enumerate() {
        if let Piece::Text(text) = piece {
            let ends = Ends { left_open: place > 0, right_open: place + 1 < pieces.len() };
            keys.extend(wanted_keys(text, ends));
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, raw: &str) -> bool {
        TextMatcher::of(&Pattern::of_word(pattern)).unwrap().matches(raw)
    }

    #[test]
    fn words_stand_at_borders_and_stars_open_them() {
        let raw = "Failed password for ROOT from 10.0.0.12:51022 by svc_admin 用户登录失败 Ärger";
        for pattern in [
            "failed",
            "root",
            "admin",
            "svc_admin",
            "fail*",
            "*word",
            "*assw*",
            "登录",
            "户登",
            "10.0.0.12",
            "10.0.0.*",
            "p*d",
            "r??t",
            "ärger",
            "ÄRG*",
            "svc*min",
            "",
            "*",
            "for\\ root",
            "51022",
        ] {
            assert!(found(pattern, raw), "{pattern}");
        }
        for pattern in
            ["fail", "word", "oot", "10.0.0.1", "0.0.0.12", "r?t", "failed*for", "ärg", "rger", "录登", "51022*3"]
        {
            assert!(!found(pattern, raw), "{pattern}");
        }
    }

    #[test]
    fn one_pass_over_all_records_finds_what_each_alone_would() {
        let texts = ["", "xab", "ab", "", "aab", "b", "a", "b", "ABAB", "x", "", "a", "ab登", "é ab", "éab", "ab ab-x"];
        let values = StringArray::from_iter((0..texts.len()).map(|row| (row != 2).then_some(texts[row])));
        for pattern in ["ab", "*ab*", "a*", "*b", "abab", "zz", "b登"] {
            let matcher = TextMatcher::of(&Pattern::of_word(pattern)).unwrap();
            for (from, len) in [(0, texts.len()), (3, 7), (12, 0)] {
                let part = values.slice(from, len);
                let plain: BooleanBuffer =
                    part.iter().map(|text| text.is_some_and(|text| matcher.matches(text))).collect();
                assert_eq!(matcher.passes(&part), plain, "{pattern} from {from}");
            }
        }
    }
}
