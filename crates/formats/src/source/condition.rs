//! Conditions on the value of a field, as cases, steps and tables write them: a value, the start, end or a part of one
//! (`106*`, `*.exe`, `*denied*`), any value (`*`), or none (an empty text). Letters have no case.

use model::event::Value;

use super::definition::{OneOrMany, Scalar};

/// One thing a value may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// Absent, null or empty.
    Absent,
    /// Anything but that.
    Any,
    /// This text; the number where it is one.
    Exact(String, Option<i64>),
    /// It starts so.
    Prefix(String),
    /// It ends so.
    Suffix(String),
    /// It holds this.
    Part(String),
}

impl Test {
    /// From what is written.
    pub fn new(value: &Scalar) -> Test {
        let text = value.text().to_lowercase();
        let starts = text.strip_prefix('*');
        let ends = text.strip_suffix('*');
        match (starts, ends) {
            _ if text.is_empty() => Test::Absent,
            (Some("" | "*"), _) => Test::Any,
            (Some(rest), Some(_)) if rest.len() > 1 => Test::Part(rest[..rest.len() - 1].to_owned()),
            (Some(rest), None) => Test::Suffix(rest.to_owned()),
            (None, Some(rest)) => Test::Prefix(rest.to_owned()),
            _ => {
                let number = text.parse().ok();
                Test::Exact(text, number)
            }
        }
    }

    /// Whether it asks for more than equality.
    pub fn is_pattern(&self) -> bool {
        matches!(self, Test::Prefix(_) | Test::Suffix(_) | Test::Part(_))
    }

    /// Whether a text, which is not empty, passes.
    pub fn passes(&self, text: &str) -> bool {
        match self {
            Test::Absent => false,
            Test::Any => true,
            Test::Exact(exact, _) => eq(text, exact),
            Test::Prefix(prefix) => text.get(..prefix.len()).is_some_and(|start| eq(start, prefix)),
            Test::Suffix(suffix) => {
                text.len().checked_sub(suffix.len()).and_then(|at| text.get(at..)).is_some_and(|end| eq(end, suffix))
            }
            Test::Part(part) => match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                true => text.to_lowercase().contains(part.as_str()),
                false => text.contains(part.as_str()),
            },
        }
    }

    fn holds(&self, value: Option<&Value>) -> bool {
        match value {
            None => *self == Test::Absent,
            Some(value) if value.is_empty() => *self == Test::Absent,
            Some(Value::List(values)) => values.iter().any(|value| self.holds(Some(value))),
            Some(Value::Int(number)) => match self {
                Test::Exact(_, exact) => *exact == Some(*number),
                Test::Absent => false,
                other => other.passes(&number.to_string()),
            },
            Some(value) => value.text().is_some_and(|text| self.passes(&text)),
        }
    }
}

/// Equal but for the case of ASCII letters; what is written has lower case already.
fn eq(text: &str, lower: &str) -> bool {
    text.eq_ignore_ascii_case(lower)
}

/// A condition on one field: one of its tests must pass.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The field.
    pub field: String,
    tests: Vec<Test>,
}

impl Condition {
    /// From what is written.
    pub fn new(field: &str, values: &OneOrMany<Scalar>) -> Condition {
        Condition { field: field.to_owned(), tests: values.to_vec().iter().map(Test::new).collect() }
    }

    /// Whether any of its tests asks for more than equality.
    pub fn has_pattern(&self) -> bool {
        self.tests.iter().any(Test::is_pattern)
    }

    /// Whether the field's value passes.
    pub fn holds(&self, value: Option<&Value>) -> bool {
        self.tests.iter().any(|test| test.holds(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(written: &str, value: Option<Value>) -> bool {
        Condition::new("f", &OneOrMany::One(Scalar::Text(written.into()))).holds(value.as_ref())
    }

    #[test]
    fn each_form_of_condition_means_what_it_says() {
        for (written, value, expected) in [
            ("abc", "ABC", true),
            ("abc", "abcd", false),
            ("106*", "106023", true),
            ("106*", "10", false),
            ("*.exe", "A.EXE", true),
            ("*den*", "was DENIED", true),
            ("*", "x", true),
            ("", "x", false),
            ("", "", true),
            ("*", "", false),
            ("**", "x", true),
            ("日*", "日志", true),
            ("a*", "日", false),
        ] {
            assert_eq!(holds(written, Some(value.into())), expected, "{written} {value}");
        }
        assert!(holds("", None) && !holds("*", None));
        assert!(holds("10*", Some(Value::Int(106))) && holds("106", Some(Value::Int(106))));
        assert!(holds("b", Some(Value::List(vec!["a".into(), "b".into()]))));
    }
}
