//! Ranges of values: of numbers, of addresses, or of lower-case text, by what the bounds are.

use std::cmp::Ordering;
use std::net::IpAddr;

use model::query::{Bound, Range};

/// A range, ready to run.
#[derive(Debug, Clone)]
pub(crate) struct Interval {
    kind: Kind,
    low: Option<End>,
    high: Option<End>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Address,
    Text,
}

#[derive(Debug, Clone)]
struct End {
    value: Value,
    inclusive: bool,
}

#[derive(Debug, Clone)]
enum Value {
    Int(i64),
    Float(f64),
    Address(IpAddr),
    Text(String),
}

impl Interval {
    pub fn of(range: &Range) -> Interval {
        let bounds = || range.low.iter().chain(&range.high);
        let all = |kind| bounds().all(|bound| Value::of(kind, &bound.value).is_some());
        let kind = [Kind::Number, Kind::Address].into_iter().find(|kind| all(*kind)).unwrap_or(Kind::Text);
        let end = |bound: &Option<Bound>| {
            let bound = bound.as_ref()?;
            Some(End { value: Value::of(kind, &bound.value)?, inclusive: bound.inclusive })
        };
        Interval { kind, low: end(&range.low), high: end(&range.high) }
    }

    /// Whether a value lies inside; one of another kind never does.
    pub fn contains(&self, text: &str) -> bool {
        let Some(value) = Value::of(self.kind, text) else { return false };
        let inside = |end: &Option<End>, side: Ordering| match end {
            None => true,
            Some(end) => match value.compare(&end.value) {
                Ordering::Equal => end.inclusive,
                order => order == side,
            },
        };
        inside(&self.low, Ordering::Greater) && inside(&self.high, Ordering::Less)
    }

    /// The first and last whole numbers inside, if its bounds are whole numbers; the first above the last where there are
    /// none.
    pub fn whole_numbers(&self) -> Option<(i64, i64)> {
        let low = match &self.low {
            None => Some(i64::MIN),
            Some(End { value: Value::Int(value), inclusive }) => value.checked_add(i64::from(!inclusive)),
            Some(_) => return None,
        };
        let high = match &self.high {
            None => Some(i64::MAX),
            Some(End { value: Value::Int(value), inclusive }) => value.checked_sub(i64::from(!inclusive)),
            Some(_) => return None,
        };
        Some(low.zip(high).unwrap_or((i64::MAX, i64::MIN)))
    }
}

impl Value {
    fn of(kind: Kind, text: &str) -> Option<Value> {
        match kind {
            Kind::Text => Some(Value::Text(text.to_lowercase())),
            Kind::Address => text.parse().ok().map(Value::Address),
            Kind::Number => match text.parse() {
                Ok(number) => Some(Value::Int(number)),
                Err(_) => {
                    let digits = text.starts_with(|sign: char| sign.is_ascii_digit() || "+-.".contains(sign));
                    text.parse().ok().filter(|number: &f64| digits && number.is_finite()).map(Value::Float)
                }
            },
        }
    }

    fn compare(&self, other: &Value) -> Ordering {
        let float = |value: &Value| match value {
            Value::Int(number) => *number as f64,
            Value::Float(number) => *number,
            _ => 0.0,
        };
        match (self, other) {
            (Value::Int(one), Value::Int(two)) => one.cmp(two),
            (Value::Text(one), Value::Text(two)) => one.cmp(two),
            (Value::Address(one), Value::Address(two)) => one.cmp(two),
            (one, two) => float(one).total_cmp(&float(two)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(text: &str) -> Interval {
        match format!("f:{text}").parse() {
            Ok(model::query::Query::Field(_, model::query::Test::Between(range))) => Interval::of(&range),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn bounds_decide_what_is_compared() {
        assert!(interval("[1 TO 1024]").contains("443") && !interval("[1 TO 1024]").contains("http"));
        assert!(interval(">9").contains("10") && !interval(">9").contains("9") && interval(">=9").contains("9.0"));
        assert!(interval("[10.0.0.9 TO 10.0.0.11]").contains("10.0.0.10"));
        assert!(interval("[a TO m]").contains("Linda") && !interval("[a TO m]").contains("zoe"));
        assert!(interval("[1 TO z]").contains("10"));
    }

    #[test]
    fn whole_numbers_of_a_range() {
        let cases = [
            ("[1 TO 5]", (1, 5)),
            ("{1 TO 5}", (2, 4)),
            (">4", (5, i64::MAX)),
            ("<-1", (i64::MIN, -2)),
            (">9223372036854775807", (i64::MAX, i64::MIN)),
        ];
        for (text, numbers) in cases {
            assert_eq!(interval(text).whole_numbers(), Some(numbers), "{text}");
        }
        assert_eq!([interval(">a").whole_numbers(), interval(">1.5").whole_numbers()], [None, None]);
    }
}
