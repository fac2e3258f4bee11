//! The search language: what people type to find events, as a tree (catalogue I5).
//!
//! ```text
//! source_ip:10.0.0.0/8 AND user_name:li* NOT event_action:allow "failed password"
//! ```
//!
//! - Side by side means AND; `AND`, `OR`, `NOT` (capitals, or `&&`, `||`, `!`, `-`) and parentheses work as everywhere;
//!   AND binds tighter than OR.
//! - `field:value` is equal without case; `field:"a value"` the same, taken literally; `field:*` is "there and not
//!   empty"; `*` stands for any characters and `?` for one; `field:10.0.0.0/8` is an address range;
//!   `field:[1 TO 1024]`, `field:{1 TO 5}` (ends excluded), `field:>=5` and `field > 5` compare; `field:(a OR b*)` is
//!   a list; `field!=value` is `NOT field:value`.
//! - A field is a core field by its name, the record's own field otherwise; a name with blanks or signs stands in
//!   quotes: `"my field":x`. The envelope has names of its own: `@time`, `@received`, `@device`, `@source`, `@customer`.
//! - Anything else is looked for in the record as received, without case: a bare word or a quoted phrase stands at
//!   word borders (`fail` does not find `failed`), `fail*` begins a word, `*fail*` may stand anywhere. There `*` and
//!   `?` do not cross blanks. Chinese, Japanese and Korean text has no word borders and is found anywhere.
//! - `\` before a sign takes it literally; inside quotes only `\"` and `\\` are escapes.
//! - `NOT` finds what its part does not find: events that lack the field as well.

use ipnet::IpNet;

mod error;
mod parse;
mod print;
mod scan;

pub use error::QueryError;

/// A condition on events. Built by [`std::str::FromStr`] or by the constructors, which keep it in its plain form: no
/// `And` within `And`, no `Or` within `Or`, at least two parts in each.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Query {
    /// Every event.
    #[default]
    All,
    /// Every part holds.
    And(Vec<Query>),
    /// Some part holds.
    Or(Vec<Query>),
    /// The part does not hold.
    Not(Box<Query>),
    /// A field passes a test.
    Field(FieldRef, Test),
    /// The record as received contains this.
    Text(Pattern),
}

/// What a test looks at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldRef {
    /// A core field or a record's own field.
    Named(String),
    /// What authentication and the log know of an event.
    Envelope(EnvelopeField),
}

/// The parts of the envelope a query can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EnvelopeField {
    /// `@time`: the record's time.
    Time,
    /// `@received`: the receipt time.
    Received,
    /// `@device`: the device's id.
    Device,
    /// `@source`: the source folder.
    Source,
    /// `@customer`: the customer's id.
    Customer,
}

impl EnvelopeField {
    /// All of them.
    pub const ALL: [EnvelopeField; 5] = [
        EnvelopeField::Time,
        EnvelopeField::Received,
        EnvelopeField::Device,
        EnvelopeField::Source,
        EnvelopeField::Customer,
    ];

    /// Its name with the sign in front.
    pub fn as_str(self) -> &'static str {
        match self {
            EnvelopeField::Time => "@time",
            EnvelopeField::Received => "@received",
            EnvelopeField::Device => "@device",
            EnvelopeField::Source => "@source",
            EnvelopeField::Customer => "@customer",
        }
    }

    /// Whether it holds an instant.
    pub fn is_instant(self) -> bool {
        matches!(self, EnvelopeField::Time | EnvelopeField::Received)
    }
}

/// What a field's value is asked. A field with several values passes if one of them does.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// There and not empty.
    Exists,
    /// Equal without case; two spellings of an address are equal.
    Is(String),
    /// The whole value fits the pattern, without case.
    Like(Pattern),
    /// An address in this range.
    Within(IpNet),
    /// Between two bounds: as numbers if the bounds are numbers, as addresses if they are addresses, as instants for
    /// the envelope's times, as lower-case text otherwise.
    Between(Range),
}

/// A range with at least one bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// Nothing below it.
    pub low: Option<Bound>,
    /// Nothing above it.
    pub high: Option<Bound>,
}

/// One end of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// As written.
    pub value: String,
    /// Whether the value itself is inside.
    pub inclusive: bool,
}

/// Text with wildcards. Neighbouring texts are one piece, and so are neighbouring `*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    pieces: Vec<Piece>,
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
    /// This text, not empty.
    Text(String),
    /// `*`: any characters, or none.
    Any,
    /// `?`: one character.
    One,
}

impl Query {
    /// Every one of these, in plain form.
    pub fn all(parts: impl IntoIterator<Item = Query>) -> Query {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Query::And(inner) => flat.extend(inner),
                part => flat.push(part),
            }
        }
        match flat.len() {
            0 => Query::All,
            1 => flat.remove(0),
            _ => Query::And(flat),
        }
    }

    /// One of these, in plain form; everything when there are none.
    pub fn any(parts: impl IntoIterator<Item = Query>) -> Query {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Query::Or(inner) => flat.extend(inner),
                part => flat.push(part),
            }
        }
        match flat.len() {
            0 => Query::All,
            1 => flat.remove(0),
            _ => Query::Or(flat),
        }
    }

    /// What this one does not find.
    #[allow(clippy::should_implement_trait)] // it makes a tree, it negates nothing
    pub fn not(part: Query) -> Query {
        Query::Not(Box::new(part))
    }

    /// A named field that passes a test.
    pub fn field(name: &str, test: Test) -> Query {
        Query::Field(FieldRef::Named(name.to_owned()), test)
    }

    /// A word or phrase in the record as received, at word borders.
    pub fn phrase(text: &str) -> Query {
        Query::Text(Pattern::literal(text))
    }

    /// The names of the fields it looks at, envelope apart.
    pub fn field_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.visit(&mut |part| {
            if let Query::Field(FieldRef::Named(name), _) = part
                && !names.contains(&name.as_str())
            {
                names.push(name.as_str());
            }
        });
        names
    }

    /// Calls `with` for this part and all below it.
    pub fn visit<'q>(&'q self, with: &mut impl FnMut(&'q Query)) {
        with(self);
        match self {
            Query::And(parts) | Query::Or(parts) => parts.iter().for_each(|part| part.visit(with)),
            Query::Not(part) => part.visit(with),
            Query::All | Query::Field(..) | Query::Text(_) => {}
        }
    }
}

impl Pattern {
    /// Exactly this text.
    pub fn literal(text: &str) -> Pattern {
        Pattern::of([Piece::Text(text.to_owned())])
    }

    /// This text, with anything before and after it.
    pub fn contains(text: &str) -> Pattern {
        Pattern::of([Piece::Any, Piece::Text(text.to_owned()), Piece::Any])
    }

    /// Pieces in plain form.
    pub fn of(pieces: impl IntoIterator<Item = Piece>) -> Pattern {
        let mut plain: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (plain.last_mut(), piece) {
                (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
                (Some(Piece::Any), Piece::Any) => {}
                (_, Piece::Text(text)) if text.is_empty() => {}
                (_, piece) => plain.push(piece),
            }
        }
        Pattern { pieces: plain }
    }

    /// Its parts.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The text where it has no wildcard.
    pub fn as_literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
