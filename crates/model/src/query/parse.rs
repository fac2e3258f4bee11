//! Text to tree, by descent: OR over AND over NOT over conditions.

use std::net::IpAddr;

use ipnet::IpNet;

use super::error::QueryError;
use super::scan::{Place, Scanner, Word};
use super::{Bound, EnvelopeField, FieldRef, Pattern, Piece, Query, Range, Test};
use crate::Timestamp;

/// Longer queries, deeper nesting and more conditions are refused: nobody types them.
const LONGEST: usize = 10_000;
const DEEPEST: usize = 40;
const MOST: usize = 1_000;

const VALUE_EXPECTED: &str =
    "expected a value: a word, a quoted text, `*`, `[1 TO 5]`, `>5`, an address range or a list `(a OR b)`";

impl std::str::FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Query, QueryError> {
        let mut parser = Parser { scan: Scanner::new(text), depth: 0, conditions: 0 };
        if text.chars().count() > LONGEST {
            return Err(QueryError { at: LONGEST, problem: format!("a query has at most {LONGEST} characters") });
        }
        parser.scan.skip_blanks();
        if parser.scan.peek().is_none() {
            return Ok(Query::All);
        }
        let query = parser.or(&Over::Terms)?;
        match parser.scan.peek() {
            None => Ok(query),
            Some(')') => Err(parser.scan.error("this `)` closes nothing; expected a condition or the end")),
            Some(_) => Err(parser.scan.error("expected a condition or the end")),
        }
    }
}

/// What the operators stand between: conditions, or values of one field.
enum Over {
    Terms,
    Values(FieldRef),
}

struct Parser<'q> {
    scan: Scanner<'q>,
    depth: usize,
    conditions: usize,
}

impl Parser<'_> {
    fn or(&mut self, over: &Over) -> Result<Query, QueryError> {
        let mut parts = vec![self.and(over)?];
        while self.take_or(over) {
            parts.push(self.and(over)?);
        }
        Ok(Query::any(parts))
    }

    fn and(&mut self, over: &Over) -> Result<Query, QueryError> {
        let mut parts = vec![self.not(over)?];
        loop {
            self.scan.skip_blanks();
            let named = self.scan.take_keyword("AND") || self.scan.take_keyword("&&");
            let ends = self.scan.peek().is_none_or(|next| next == ')') || self.is_at_or(over);
            if named || (!ends && matches!(over, Over::Terms)) {
                parts.push(self.not(over)?);
            } else if ends {
                return Ok(Query::all(parts));
            } else {
                return Err(self.scan.error("expected OR, AND or `)` between the values of a list"));
            }
        }
    }

    fn is_at_or(&self, over: &Over) -> bool {
        let mut ahead = Scanner::new(self.scan.rest());
        ahead.take_keyword("OR") || ahead.take_keyword("||") || (matches!(over, Over::Values(_)) && ahead.take(","))
    }

    fn take_or(&mut self, over: &Over) -> bool {
        self.scan.skip_blanks();
        self.scan.take_keyword("OR")
            || self.scan.take_keyword("||")
            || (matches!(over, Over::Values(_)) && self.scan.take(","))
    }

    fn not(&mut self, over: &Over) -> Result<Query, QueryError> {
        self.scan.skip_blanks();
        for word in ["AND", "OR", "&&", "||"] {
            let at = self.scan.at;
            if self.scan.take_keyword(word) {
                let problem = format!("expected a condition before {word}; write \"{word}\" to look for the word");
                return Err(QueryError { at, problem });
            }
        }
        let sign = matches!(over, Over::Terms) && {
            let mut ahead = self.scan.rest().chars();
            matches!(ahead.next(), Some('-' | '!')) && ahead.next().is_some_and(|next| !next.is_whitespace())
        };
        if sign {
            self.scan.next();
        }
        if !sign && !self.scan.take_keyword("NOT") {
            return self.one(over);
        }
        self.deeper()?;
        let part = self.not(over)?;
        self.depth -= 1;
        Ok(Query::not(part))
    }

    fn one(&mut self, over: &Over) -> Result<Query, QueryError> {
        self.scan.skip_blanks();
        if self.scan.peek() == Some('(') {
            return self.group(over);
        }
        self.conditions += 1;
        if self.conditions > MOST {
            return Err(self.scan.error(format!("a query has at most {MOST} conditions")));
        }
        match over {
            Over::Terms => self.term(),
            Over::Values(field) => Ok(Query::Field(field.clone(), self.test(field, Place::List)?)),
        }
    }

    fn group(&mut self, over: &Over) -> Result<Query, QueryError> {
        let open = self.scan.error("this `(` is never closed; expected a `)`");
        self.scan.next();
        self.deeper()?;
        let inner = self.or(over)?;
        self.depth -= 1;
        self.scan.skip_blanks();
        if self.scan.take(")") { Ok(inner) } else { Err(open) }
    }

    fn deeper(&mut self) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.scan.error(format!("conditions nest at most {DEEPEST} deep")));
        }
        Ok(())
    }

    /// `name:value`, `name>value`, or free text.
    fn term(&mut self) -> Result<Query, QueryError> {
        if let Some(text) = self.address_or_mac() {
            return Ok(Query::phrase(&text));
        }
        let Some(word) = self.scan.word(Place::Term)? else {
            return Err(self.scan.error(match self.scan.peek() {
                None => "the query ends where a condition was expected",
                Some(')') => "expected a condition before `)`",
                Some('[' | '{') => "a range stands after a field: `destination_port:[1 TO 1024]`",
                Some(_) => "expected a condition: a word, a quoted text or `field:value`",
            }));
        };
        if self.scan.take(":") {
            if word.pattern.pieces() == [Piece::Any] && self.scan.take("*") {
                return Ok(Query::All);
            }
            let field = field_of(&word)?;
            self.scan.skip_blanks();
            return self.condition(field);
        }
        let mut ahead = Scanner::new(self.scan.rest());
        ahead.skip_blanks();
        let signs = ["!=", ">=", "<=", ">", "<", "="];
        if !signs.into_iter().any(|sign| ahead.rest().starts_with(sign)) {
            return Ok(if word.pattern.pieces() == [Piece::Any] { Query::All } else { Query::Text(word.pattern) });
        }
        self.scan.skip_blanks();
        let field = field_of(&word)?;
        if self.scan.take("!=") {
            self.scan.skip_blanks();
            return Ok(Query::not(self.condition(field)?));
        }
        if self.scan.take("=") {
            self.scan.skip_blanks();
        }
        self.condition(field)
    }

    fn condition(&mut self, field: FieldRef) -> Result<Query, QueryError> {
        if self.scan.peek() == Some('(') {
            return self.group(&Over::Values(field));
        }
        let test = self.test(&field, Place::Value)?;
        Ok(Query::Field(field, test))
    }

    fn test(&mut self, field: &FieldRef, place: Place) -> Result<Test, QueryError> {
        let at = self.scan.at;
        let test = match self.scan.peek() {
            Some('[' | '{') => self.range(field)?,
            Some('<' | '>') => self.comparison(field, place)?,
            _ => {
                let word = self.scan.word(place)?.ok_or_else(|| self.scan.error(VALUE_EXPECTED))?;
                no_keyword(&word)?;
                test_of(&word)
            }
        };
        match (field, &test) {
            (FieldRef::Envelope(field), Test::Is(value)) if field.is_instant() => check_instant(value, at)?,
            (FieldRef::Envelope(field), Test::Like(_) | Test::Within(_)) if field.is_instant() => {
                return Err(QueryError { at, problem: instant_expected() });
            }
            _ => {}
        }
        Ok(test)
    }

    fn comparison(&mut self, field: &FieldRef, place: Place) -> Result<Test, QueryError> {
        let above = self.scan.next() == Some('>');
        let inclusive = self.scan.take("=");
        self.scan.skip_blanks();
        let value = self.bound(field, place)?;
        let value = value.ok_or_else(|| self.scan.error("expected a number, an address or a text to compare with"))?;
        let bound = Some(Bound { value, inclusive });
        Ok(Test::Between(if above { Range { low: bound, high: None } } else { Range { low: None, high: bound } }))
    }

    fn range(&mut self, field: &FieldRef) -> Result<Test, QueryError> {
        let start = self.scan.at;
        let low_inclusive = self.scan.next() == Some('[');
        self.scan.skip_blanks();
        let low = self.bound(field, Place::Bound)?;
        self.scan.skip_blanks();
        if !self.scan.take_keyword("TO") {
            return Err(self.scan.error("expected TO between the ends of the range, as in `[1 TO 1024]`"));
        }
        self.scan.skip_blanks();
        let high = self.bound(field, Place::Bound)?;
        self.scan.skip_blanks();
        let high_inclusive = match self.scan.next() {
            Some(']') => true,
            Some('}') => false,
            _ => {
                return Err(QueryError {
                    at: start,
                    problem: "this range is never closed; expected `]` or `}`".into(),
                });
            }
        };
        if low.is_none() && high.is_none() {
            return Err(QueryError { at: start, problem: "a range needs an end: `[5 TO *]`, or `field:*`".into() });
        }
        let bound = |value: Option<String>, inclusive| value.map(|value| Bound { value, inclusive });
        Ok(Test::Between(Range { low: bound(low, low_inclusive), high: bound(high, high_inclusive) }))
    }

    /// One end of a range; nothing for `*`.
    fn bound(&mut self, field: &FieldRef, place: Place) -> Result<Option<String>, QueryError> {
        let word = self.scan.word(place)?;
        let word = word.ok_or_else(|| self.scan.error("expected a value, or `*` for an open end"))?;
        no_keyword(&word)?;
        if word.pattern.pieces() == [Piece::Any] {
            return Ok(None);
        }
        let Some(value) = word.pattern.as_literal() else {
            return Err(QueryError { at: word.at, problem: "a range's end takes no wildcards".into() });
        };
        if matches!(field, FieldRef::Envelope(field) if field.is_instant()) {
            check_instant(value, word.at)?;
        }
        Ok(Some(value.to_owned()))
    }

    /// An address or hardware address standing as free text, whose colons are no field's.
    fn address_or_mac(&mut self) -> Option<String> {
        let run = self.scan.rest().split(|next: char| next.is_whitespace() || "()\"".contains(next)).next()?;
        let pair = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_mac = run.len() == 17 && run.split(':').all(pair);
        if !run.contains(':') || !(is_mac || run.parse::<IpAddr>().is_ok()) {
            return None;
        }
        let text = run.to_owned();
        self.scan.take(&text);
        Some(text)
    }
}

/// The instant a bound on `@time` or `@received` names: RFC 3339, or a day (its first instant in UTC).
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| format!("{text}T00:00:00Z").parse().ok())
}

impl Bound {
    /// The bound as an instant, for the envelope's times.
    pub fn instant(&self) -> Option<Timestamp> {
        instant(&self.value)
    }
}

fn instant_expected() -> String {
    "expected a time as `2026-11-21T08:00:00Z` or a day as `2026-11-21`".to_owned()
}

fn check_instant(value: &str, at: usize) -> Result<(), QueryError> {
    if instant(value).is_some() { Ok(()) } else { Err(QueryError { at, problem: instant_expected() }) }
}

fn field_of(word: &Word) -> Result<FieldRef, QueryError> {
    let Some(name) = word.pattern.as_literal().filter(|name| !name.is_empty()) else {
        let problem = "a field name has no wildcards; put it in quotes if the sign is part of it";
        return Err(QueryError { at: word.at, problem: problem.into() });
    };
    let envelope = EnvelopeField::ALL.into_iter().find(|field| !word.literal && field.as_str() == name);
    Ok(envelope.map_or_else(|| FieldRef::Named(name.to_owned()), FieldRef::Envelope))
}

fn no_keyword(word: &Word) -> Result<(), QueryError> {
    let text = word.text();
    if word.literal || !super::print::is_keyword(&text) {
        return Ok(());
    }
    Err(QueryError { at: word.at, problem: format!("expected a value; write \"{text}\" if that is the value") })
}

fn test_of(word: &Word) -> Test {
    match word.pattern.as_literal() {
        Some(text) if word.literal => Test::Is(text.to_owned()),
        Some(text) => network(text).map_or_else(|| Test::Is(text.to_owned()), Test::Within),
        None if word.pattern.pieces() == [Piece::Any] => Test::Exists,
        None => Test::Like(word.pattern.clone()),
    }
}

/// An address range in its plain form.
pub(super) fn network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().map(|net| net.trunc())
}

impl Pattern {
    /// The pattern an unquoted word means: `*` and `?` are wildcards, `\` takes the next sign literally.
    pub fn of_word(text: &str) -> Pattern {
        let mut pieces = Vec::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            pieces.push(match letter {
                '*' => Piece::Any,
                '?' => Piece::One,
                '\\' => Piece::Text(letters.next_if(|next| !next.is_alphanumeric()).unwrap_or('\\').to_string()),
                other => Piece::Text(other.to_string()),
            });
        }
        Pattern::of(pieces)
    }
}
