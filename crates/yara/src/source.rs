//! Texts of rules, and what is wrong with one.

/// Bytes of a text at most.
pub const LONGEST_TEXT: usize = 4 << 20;

/// A text of rules: the names in it are its own, another text may have the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What it is called in problems and matches.
    pub name: String,
    /// The rules.
    pub text: String,
}

/// Why something in a text cannot be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The text's name.
    pub source: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The rule it is in, where it is in one.
    pub rule: Option<String>,
    /// What is wrong, for people.
    pub message: String,
}

/// A rule that was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// The text it came with.
    pub source: String,
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// What it says of itself, in its order; numbers and truth values as text.
    pub meta: Vec<(String, String)>,
}

/// The rules every installation has.
pub fn built_in() -> Source {
    Source { name: "vedette".to_owned(), text: include_str!("../../../content/yara/vedette.yar").to_owned() }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Problem { source, line, column, rule, message } = self;
        write!(f, "{source}:{line}:{column}: ")?;
        if let Some(rule) = rule {
            write!(f, "rule {rule}: ")?;
        }
        f.write_str(message)
    }
}

/// Line and column, from 1, of a byte of a text.
pub(crate) fn place(text: &str, at: usize) -> (usize, usize) {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        assert_eq!(place("", 0), (1, 1));
        assert_eq!(place("a\nb\u{e9}c", 5), (2, 3));
        assert_eq!(place("a\nb\u{e9}c", 4), (2, 2), "inside a character is at its begin");
        assert_eq!(place("a\n", 99), (2, 1));
    }
}
