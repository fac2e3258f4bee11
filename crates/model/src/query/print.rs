//! Tree to text. What is printed reads back as the same tree.

use std::fmt::{self, Display, Write};

use super::parse::network;
use super::{Bound, EnvelopeField, FieldRef, Pattern, Piece, Query, Range, Test};

/// Words with a meaning of their own.
pub(super) fn is_keyword(word: &str) -> bool {
    matches!(word, "AND" | "OR" | "NOT" | "TO" | "&&" | "||")
}

impl Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Query::All => f.write_str("*"),
            Query::And(parts) => joined(f, parts, " AND "),
            Query::Or(parts) => joined(f, parts, " OR "),
            Query::Not(part) => {
                f.write_str("NOT ")?;
                inner(f, part)
            }
            Query::Field(field, test) => write!(f, "{field}:{test}"),
            Query::Text(pattern) => match pattern.as_literal() {
                Some(text) if is_plain(text, false) && !is_keyword(text) => f.write_str(text),
                Some(text) => quoted(f, text),
                None => write!(f, "{pattern}"),
            },
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Query], between: &str) -> fmt::Result {
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            f.write_str(between)?;
        }
        inner(f, part)?;
    }
    Ok(())
}

fn inner(f: &mut fmt::Formatter<'_>, part: &Query) -> fmt::Result {
    match part {
        Query::And(_) | Query::Or(_) => write!(f, "({part})"),
        part => write!(f, "{part}"),
    }
}

impl Display for FieldRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldRef::Envelope(field) => f.write_str(field.as_str()),
            FieldRef::Named(name) => {
                let envelope = EnvelopeField::ALL.iter().any(|field| field.as_str() == name);
                // A name of digits alone would read as a time of day.
                let digits = name.chars().all(|letter| letter.is_ascii_digit() || ".-".contains(letter));
                if is_plain(name, false) && !name.contains('/') && !is_keyword(name) && !envelope && !digits {
                    f.write_str(name)
                } else {
                    quoted(f, name)
                }
            }
        }
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Test::Exists => f.write_str("*"),
            Test::Is(text) => value(f, text),
            Test::Like(pattern) => write!(f, "{pattern}"),
            Test::Within(net) => write!(f, "{net}"),
            Test::Between(range) => write!(f, "{range}"),
        }
    }
}

impl Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |f: &mut fmt::Formatter<'_>, sign: &str, bound: &Bound| {
            f.write_str(sign)?;
            f.write_str(if bound.inclusive { "=" } else { "" })?;
            value(f, &bound.value)
        };
        match (&self.low, &self.high) {
            (Some(low), Some(high)) => {
                f.write_char(if low.inclusive { '[' } else { '{' })?;
                value(f, &low.value)?;
                f.write_str(" TO ")?;
                value(f, &high.value)?;
                f.write_char(if high.inclusive { ']' } else { '}' })
            }
            (Some(low), None) => one(f, ">", low),
            (None, Some(high)) => one(f, "<", high),
            (None, None) => f.write_char('*'),
        }
    }
}

impl Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.pieces() {
            match piece {
                Piece::Any => f.write_char('*')?,
                Piece::One => f.write_char('?')?,
                Piece::Text(text) => {
                    for letter in text.chars() {
                        if !letter.is_alphanumeric() && letter != '_' && letter != '.' {
                            f.write_char('\\')?;
                        }
                        f.write_char(letter)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn value(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if is_plain(text, true) && !is_keyword(text) && network(text).is_none() {
        f.write_str(text)
    } else {
        quoted(f, text)
    }
}

/// Whether a text can stand without quotes; after a field's colon a minus may stand in front. `name:` and a value with
/// colons or two strokes could together read as an address or a link.
fn is_plain(text: &str, is_value: bool) -> bool {
    let plain = |letter: char| letter.is_alphanumeric() || "_.@/-".contains(letter);
    let start = if is_value { !text.starts_with("//") } else { !text.starts_with('-') };
    !text.is_empty() && text.chars().all(plain) && start
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(letter)?;
    }
    f.write_char('"')
}
