//! The characters of a query: words with their escapes and wildcards, quoted texts, and where each began.

use super::error::QueryError;
use super::{Pattern, Piece};

/// A word or quoted text.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub pattern: Pattern,
    /// Wildcards, ranges and key words are only read outside quotes and escapes.
    pub literal: bool,
    /// Where it starts, in characters.
    pub at: usize,
}

impl Word {
    /// Its text, wildcards as they were written.
    pub fn text(&self) -> String {
        let pieces = self.pattern.pieces().iter();
        pieces
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::Any => "*",
                Piece::One => "?",
            })
            .collect()
    }
}

/// Which signs end a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Where a field name or free text may stand.
    Term,
    /// After `field:`.
    Value,
    /// In `field:( )`, where a comma separates.
    List,
    /// In `[ TO ]`.
    Bound,
}

pub(super) struct Scanner<'q> {
    text: &'q str,
    /// Byte offset.
    offset: usize,
    /// Character offset.
    pub at: usize,
}

impl<'q> Scanner<'q> {
    pub fn new(text: &'q str) -> Self {
        Scanner { text, offset: 0, at: 0 }
    }

    pub fn rest(&self) -> &'q str {
        &self.text[self.offset..]
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.offset += next.len_utf8();
        self.at += 1;
        Some(next)
    }

    pub fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next();
        }
    }

    /// Goes past `wanted` if it stands here.
    pub fn take(&mut self, wanted: &str) -> bool {
        let here = self.rest().starts_with(wanted);
        if here {
            self.offset += wanted.len();
            self.at += wanted.chars().count();
        }
        here
    }

    /// Goes past the key word `word` if it stands here on its own.
    pub fn take_keyword(&mut self, word: &str) -> bool {
        let after = self.rest().strip_prefix(word).map(|rest| rest.chars().next());
        after.is_some_and(|next| next.is_none_or(|next| next.is_whitespace() || "()[]{}\"".contains(next)))
            && self.take(word)
    }

    pub fn error(&self, problem: impl Into<String>) -> QueryError {
        QueryError { at: self.at, problem: problem.into() }
    }

    /// A quoted text or a word; nothing where neither stands.
    pub fn word(&mut self, place: Place) -> Result<Option<Word>, QueryError> {
        let at = self.at;
        if self.peek() == Some('"') {
            let text = self.quoted()?;
            return Ok(Some(Word { pattern: Pattern::literal(&text), literal: true, at }));
        }
        let (mut pieces, mut literal) = (Vec::new(), false);
        while let Some(next) = self.peek().filter(|next| !ends(*next, place)) {
            if place == Place::Term && self.rest().starts_with("!=") {
                break;
            }
            // A colon between the digits of a time or in front of `//` is no field's.
            if next == ':' && place == Place::Term && !is_text_colon(&pieces, self.rest()) {
                break;
            }
            self.next();
            match next {
                '*' => pieces.push(Piece::Any),
                '?' => pieces.push(Piece::One),
                '\\' => {
                    let escaped = self.peek().filter(|next| !next.is_alphanumeric());
                    literal |= escaped.is_some();
                    if escaped.is_some() {
                        self.next();
                    }
                    pieces.push(Piece::Text(escaped.unwrap_or('\\').to_string()));
                }
                other => pieces.push(Piece::Text(other.to_string())),
            }
        }
        let found = !pieces.is_empty();
        Ok(found.then(|| Word { pattern: Pattern::of(pieces), literal, at }))
    }

    fn quoted(&mut self) -> Result<String, QueryError> {
        let start = self.error("this quotation mark is never closed; expected another `\"`");
        self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(start),
                Some('"') => return Ok(text),
                Some('\\') if matches!(self.peek(), Some('"' | '\\')) => text.extend(self.next()),
                Some(other) => text.push(other),
            }
        }
    }
}

fn ends(next: char, place: Place) -> bool {
    next.is_whitespace()
        || matches!(next, '(' | ')' | '"')
        || match place {
            Place::Term => matches!(next, '<' | '>' | '=' | '[' | ']' | '{' | '}'),
            Place::Value => false,
            Place::List => next == ',',
            Place::Bound => matches!(next, ']' | '}' | '[' | '{'),
        }
}

/// Whether a colon after these pieces belongs to free text: `10:30:11`, `https://`.
fn is_text_colon(before: &[Piece], rest: &str) -> bool {
    let digits = |piece: &Piece| match piece {
        Piece::Text(text) => text.chars().all(|letter| letter.is_ascii_digit() || ":.-".contains(letter)),
        _ => false,
    };
    rest.starts_with("://") || (!before.is_empty() && before.iter().all(digits))
}
