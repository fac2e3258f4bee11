//! A Sigma string: literal pieces and wildcards, with the specification's escaping.
//!
//! A backslash before `*`, `?` or another backslash makes that character plain; any other backslash is itself
//! (Sigma rules specification 2.1, "Escaping"). So `\*` is a star, `\\*` a backslash and a wildcard, `\\\*` a
//! backslash and a star, and three or four backslashes are two.

use crate::error::Error;

/// One part of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// These characters.
    Literal(String),
    /// `*`: any characters, line breaks included, or none.
    Any,
    /// `?`: exactly one character.
    One,
    /// Made by `windash`: one of the characters Windows programs take for a dash.
    Dash,
}

/// What `windash` makes interchangeable: hyphen, slash, en dash, em dash, horizontal bar.
pub(crate) const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// The most strings a value may stand for once its dashes are written out.
const MAX_EXPANSION: usize = 5 * 5 * 5 * 5 * 5;

/// A parsed string value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Text {
    pieces: Vec<Piece>,
}

impl Text {
    /// Reads a value as the specification escapes it.
    pub(crate) fn parse(source: &str) -> Self {
        let mut text = Text::default();
        let mut chars = source.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '*' => text.push(Piece::Any),
                '?' => text.push(Piece::One),
                '\\' => match chars.next_if(|next| matches!(next, '*' | '?' | '\\')) {
                    Some(escaped) => text.push_char(escaped),
                    None => text.push_char('\\'),
                },
                c => text.push_char(c),
            }
        }
        text
    }

    /// Plain text without any wildcard.
    pub(crate) fn literal(source: &str) -> Self {
        let mut text = Text::default();
        text.push(Piece::Literal(source.to_owned()));
        text
    }

    /// Its parts; neighbouring literals and neighbouring `*` are one, empty literals do not occur.
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Adds a part.
    pub(crate) fn push(&mut self, piece: Piece) {
        match (self.pieces.last_mut(), piece) {
            (_, Piece::Literal(literal)) if literal.is_empty() => {}
            (Some(Piece::Literal(present)), Piece::Literal(literal)) => present.push_str(&literal),
            (Some(Piece::Any), Piece::Any) => {}
            (_, piece) => self.pieces.push(piece),
        }
    }

    /// Adds all parts of another text.
    pub(crate) fn append(&mut self, other: &Text) {
        other.pieces.iter().cloned().for_each(|piece| self.push(piece));
    }

    fn push_char(&mut self, c: char) {
        self.push(Piece::Literal(c.to_string()));
    }

    /// The text with `*` before and/or after it.
    pub(crate) fn open(self, before: bool, after: bool) -> Self {
        let mut text = Text::default();
        if before {
            text.push(Piece::Any);
        }
        text.append(&self);
        if after {
            text.push(Piece::Any);
        }
        text
    }

    /// The text with each dash that begins a word interchangeable. A dash begins a word when a word character
    /// follows and none precedes, as in pySigma.
    pub(crate) fn windash(self) -> Self {
        let mut text = Text::default();
        for piece in self.pieces {
            let Piece::Literal(literal) = piece else {
                text.push(piece);
                continue;
            };
            let mut before = None;
            let mut chars = literal.chars().peekable();
            while let Some(c) = chars.next() {
                let begins_word = !before.is_some_and(is_word) && chars.peek().copied().is_some_and(is_word);
                if DASHES.contains(&c) && begins_word {
                    text.push(Piece::Dash);
                } else {
                    text.push_char(c);
                }
                before = Some(c);
            }
        }
        text
    }

    /// The plain strings it stands for: one, or one per combination of dashes. Wildcards cannot be written out.
    pub(crate) fn plain(&self, at: &str) -> Result<Vec<String>, Error> {
        let mut all = vec![String::new()];
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => all.iter_mut().for_each(|text| text.push_str(literal)),
                Piece::Dash => {
                    all = all.iter().flat_map(|text| DASHES.iter().map(move |dash| format!("{text}{dash}"))).collect();
                }
                Piece::Any | Piece::One => {
                    return Err(Error::invalid(at, "encodes a value with a wildcard: escape `*` and `?` with `\\`"));
                }
            }
            if all.len() > MAX_EXPANSION {
                return Err(Error::invalid(at, "has too many dashes to write out all combinations: shorten the value"));
            }
        }
        Ok(all)
    }

    /// The text as a rule would write it. Dashes of `windash` are hyphens.
    pub(crate) fn written(&self) -> String {
        let mut written = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => {
                    for c in literal.chars() {
                        if matches!(c, '*' | '?' | '\\') {
                            written.push('\\');
                        }
                        written.push(c);
                    }
                }
                Piece::Any => written.push('*'),
                Piece::One => written.push('?'),
                Piece::Dash => written.push('-'),
            }
        }
        written
    }

    /// Whether it has a wildcard.
    pub(crate) fn has_wildcard(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Any | Piece::One))
    }

    /// Its longest literal part: what a reader sees of it in an event.
    pub(crate) fn longest_literal(&self) -> &str {
        let literals = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(literal) => Some(literal.as_str()),
            _ => None,
        });
        literals.max_by_key(|literal| literal.len()).unwrap_or_default()
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Piece {
        Piece::Literal(text.to_owned())
    }

    #[test]
    fn backslashes_escape_as_the_specification_says() {
        for (source, pieces) in [
            (r"C:\Windows\x", vec![literal(r"C:\Windows\x")]),
            (r"C:\\Windows", vec![literal(r"C:\Windows")]),
            (r"a\*b", vec![literal("a*b")]),
            (r"a\?b", vec![literal("a?b")]),
            (r"a\\*b", vec![literal(r"a\"), Piece::Any, literal("b")]),
            (r"a\\\*b", vec![literal(r"a\*b")]),
            (r"a\\\b", vec![literal(r"a\\b")]),
            (r"a\\\\b", vec![literal(r"a\\b")]),
            (r"a\", vec![literal(r"a\")]),
            ("a**?b", vec![literal("a"), Piece::Any, Piece::One, literal("b")]),
            ("", vec![]),
        ] {
            assert_eq!(Text::parse(source).pieces(), pieces, "{source}");
        }
    }

    #[test]
    fn windash_changes_only_dashes_that_begin_a_word() {
        let text = Text::parse(" -enc well-known /c -").windash();
        assert_eq!(text.pieces(), [literal(" "), Piece::Dash, literal("enc well-known "), Piece::Dash, literal("c -")]);
        assert_eq!(text.plain("x").unwrap().len(), 25);
    }

    #[test]
    fn a_value_with_very_many_dashes_is_refused_where_it_must_be_written_out() {
        let text = Text::parse(&"-a ".repeat(30)).windash();
        assert!(text.plain("x").is_err());
        assert!(Text::parse("a*").plain("x").is_err());
    }
}
