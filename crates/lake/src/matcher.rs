//! One comparison with a text: what a filter or a search term asks of a single value.
//!
//! "Without case" means ASCII letters, and full Unicode lower case where the wanted text itself has letters with
//! case outside ASCII.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use aho_corasick::AhoCorasick;
use ipnet::IpNet;
use model::core_field::CoreType;
use model::query::{Pattern, Piece, Range, Test};
use model::search::{FieldFilter, FilterOp};

use crate::error::{Error, Result};
use crate::glob::Glob;
use crate::interval::Interval;

/// A comparison, ready to run.
#[derive(Debug, Clone)]
pub(crate) struct Matcher {
    op: Op,
    wanted: String,
    way: Way,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Op {
    Is,
    Contains,
    StartsWith,
    Like,
    Exists,
    InRange,
    Between,
}

#[derive(Debug, Clone)]
enum Way {
    Ascii,
    Unicode(String),
    Find(AhoCorasick),
    Net(IpNet),
    Address(IpAddr),
    Glob(Glob),
    Interval(Interval),
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (self.op, &self.wanted) == (other.op, &other.wanted)
    }
}

impl Eq for Matcher {}

impl Hash for Matcher {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.op, &self.wanted).hash(state);
    }
}

impl Matcher {
    /// The positive comparison of a filter: `is_not` as `is`, `missing` as `exists`.
    pub fn of(filter: &FieldFilter) -> Result<Matcher> {
        let text = &filter.value;
        match filter.op {
            FilterOp::Is | FilterOp::IsNot => Ok(Matcher::is(text)),
            FilterOp::Contains => Ok(Matcher::contains(text)),
            FilterOp::StartsWith => Ok(Matcher::starts_with(text)),
            FilterOp::Exists | FilterOp::Missing => Ok(Matcher::exists()),
            FilterOp::InRange => {
                let net = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
                let net: IpNet = net.map_err(|_| Error::BadFilter {
                    field: filter.field.chars().take(64).collect(),
                    value: text.chars().take(64).collect(),
                    expected: "an address range such as 10.0.0.0/8",
                })?;
                Ok(Matcher::within(net))
            }
        }
    }

    /// What the search language asks of a value.
    pub fn of_test(test: &Test) -> Matcher {
        match test {
            Test::Exists => Matcher::exists(),
            Test::Is(text) => Matcher::is(text),
            Test::Like(pattern) => Matcher::like(pattern),
            Test::Within(net) => Matcher::within(*net),
            Test::Between(range) => Matcher::between(range),
        }
    }

    /// Equal without case; two spellings of an address are equal.
    pub fn is(text: &str) -> Matcher {
        let way = match text.parse() {
            Ok(address) => Way::Address(address),
            Err(_) => Way::folding(text),
        };
        Matcher { op: Op::Is, wanted: text.to_owned(), way }
    }

    /// Contains without case.
    pub fn contains(text: &str) -> Matcher {
        let way = match Way::folding(text) {
            Way::Ascii => {
                AhoCorasick::builder().ascii_case_insensitive(true).build([text]).map_or(Way::Ascii, Way::Find)
            }
            way => way,
        };
        Matcher { op: Op::Contains, wanted: text.to_owned(), way }
    }

    fn starts_with(text: &str) -> Matcher {
        Matcher { op: Op::StartsWith, wanted: text.to_owned(), way: Way::folding(text) }
    }

    fn exists() -> Matcher {
        Matcher { op: Op::Exists, wanted: String::new(), way: Way::Ascii }
    }

    fn within(net: IpNet) -> Matcher {
        Matcher { op: Op::InRange, wanted: net.trunc().to_string(), way: Way::Net(net) }
    }

    fn between(range: &Range) -> Matcher {
        Matcher { op: Op::Between, wanted: range.to_string(), way: Way::Interval(Interval::of(range)) }
    }

    fn like(pattern: &Pattern) -> Matcher {
        match pattern.pieces() {
            [Piece::Text(text)] => Matcher::is(text),
            [Piece::Text(text), Piece::Any] => Matcher::starts_with(text),
            [Piece::Any, Piece::Text(text), Piece::Any] => Matcher::contains(text),
            _ => Matcher { op: Op::Like, wanted: pattern.to_string(), way: Way::Glob(Glob::of(pattern)) },
        }
    }

    /// The canonical form of a wanted address.
    pub fn address(&self) -> Option<IpAddr> {
        match self.way {
            Way::Address(address) => Some(address),
            _ => None,
        }
    }

    /// The wanted text where equality with it needs no folding: it has no letters.
    pub fn exact(&self) -> Option<&str> {
        let plain = self.op == Op::Is && !self.wanted.chars().any(char::is_alphabetic);
        (plain && self.address().is_none()).then_some(self.wanted.as_str())
    }

    /// The whole number that only this exact text is.
    pub fn number(&self) -> Option<i64> {
        self.exact().and_then(|text| text.parse::<i64>().ok().filter(|number| number.to_string() == text))
    }

    /// True for an equality.
    pub fn is_equality(&self) -> bool {
        self.op == Op::Is
    }

    /// True for a plain "there and not empty".
    pub fn is_existence(&self) -> bool {
        self.op == Op::Exists
    }

    /// The numbers between which it asks for.
    pub fn interval(&self) -> Option<&Interval> {
        match &self.way {
            Way::Interval(interval) => Some(interval),
            _ => None,
        }
    }

    /// The one value that passes, but for the case of ASCII letters, in a column of this type: what an index of values
    /// can be asked for.
    pub fn only_value(&self, kind: CoreType) -> Option<String> {
        match (self.op, &self.way) {
            (Op::Is, Way::Ascii) => Some(self.wanted.clone()),
            (Op::Is, Way::Address(address)) if kind == CoreType::Address || address.is_ipv4() => {
                Some(address.to_string())
            }
            _ => None,
        }
    }

    /// What every value that passes begins with, byte for byte; nothing where that says nothing.
    pub fn prefix(&self) -> Option<String> {
        let start = match (self.op, &self.way) {
            (Op::StartsWith, _) => self.wanted.as_str(),
            (Op::Like, Way::Glob(glob)) => glob.start(),
            (Op::InRange, Way::Net(IpNet::V4(net))) => {
                let octets = net.network().octets();
                let whole = usize::from(net.prefix_len() / 8).min(3);
                let text: String = octets[..whole].iter().map(|octet| format!("{octet}.")).collect();
                return (whole > 0).then_some(text);
            }
            _ => return None,
        };
        let plain: String = start.chars().take_while(|letter| letter.is_ascii() && !letter.is_alphabetic()).collect();
        (!plain.is_empty()).then_some(plain)
    }

    /// The automaton that finds the wanted text, where one may search many values at once.
    pub fn finder(&self) -> Option<&AhoCorasick> {
        match &self.way {
            Way::Find(finder) if !self.wanted.is_empty() => Some(finder),
            _ => None,
        }
    }

    /// Whether a value passes.
    pub fn matches(&self, text: &str) -> bool {
        match (self.op, &self.way) {
            (Op::Exists, _) => !text.is_empty(),
            (_, Way::Glob(glob)) => glob.matches(text),
            (_, Way::Interval(interval)) => interval.contains(text),
            (Op::InRange, Way::Net(net)) => text.parse::<IpAddr>().is_ok_and(|address| net.contains(&address)),
            (Op::Is, Way::Address(address)) => text.parse::<IpAddr>().is_ok_and(|other| other == *address),
            (Op::Is, Way::Unicode(lower)) => text.to_lowercase() == *lower,
            (Op::Is, _) => text.eq_ignore_ascii_case(&self.wanted),
            (Op::StartsWith, Way::Unicode(lower)) => text.to_lowercase().starts_with(lower),
            (Op::StartsWith, _) => {
                let head = text.as_bytes().get(..self.wanted.len());
                head.is_some_and(|head| head.eq_ignore_ascii_case(self.wanted.as_bytes()))
            }
            (Op::Contains, Way::Find(finder)) => finder.is_match(text),
            (Op::Contains, Way::Unicode(lower)) => text.to_lowercase().contains(lower),
            (Op::Contains | Op::InRange | Op::Like | Op::Between, _) => false,
        }
    }
}

impl Way {
    fn folding(text: &str) -> Way {
        if has_other_case(text) { Way::Unicode(text.to_lowercase()) } else { Way::Ascii }
    }
}

/// Whether a text has letters with case outside ASCII.
pub(crate) fn has_other_case(text: &str) -> bool {
    text.chars().any(|letter| !letter.is_ascii() && (letter.is_lowercase() || letter.is_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(op: FilterOp, value: &str) -> Matcher {
        Matcher::of(&FieldFilter { field: "f".into(), op, value: value.into() }).unwrap()
    }

    #[test]
    fn texts_compare_without_case_in_every_script() {
        assert!(matcher(FilterOp::Is, "ADMIN").matches("Admin"));
        assert!(matcher(FilterOp::Contains, "root").matches("for ROOT from"));
        assert!(matcher(FilterOp::Contains, "").matches("anything"));
        assert!(matcher(FilterOp::StartsWith, "C:\\win").matches("c:\\WINDOWS"));
        assert!(matcher(FilterOp::Is, "МИР").matches("мир"));
        assert!(matcher(FilterOp::Contains, "登录失败").matches("用户登录失败 Admin"));
        assert!(!matcher(FilterOp::StartsWith, "abc").matches("ab"));
        assert!(!matcher(FilterOp::Is, "").matches("x"));
    }

    #[test]
    fn what_the_language_asks_of_a_value() {
        let passes = |query: &str, value: &str| match format!("f:{query}").parse().unwrap() {
            model::query::Query::Field(_, test) => Matcher::of_test(&test).matches(value),
            other => panic!("{other}"),
        };
        assert!(passes("li*", "Li Wei") && !passes("li*", "ali"));
        assert!(passes("*.exe", "CMD.EXE") && passes("a?c*e", "ABCdE") && !passes("a?c", "ac"));
        assert!(passes("10.0.0.0/8", "10.1.2.3") && passes("[1 TO 1024]", "443") && !passes(">443", "443"));
        assert_eq!(Matcher::like(&Pattern::of_word("10.1*b*")).prefix().as_deref(), Some("10.1"));
        assert_eq!(Matcher::within("172.16.0.0/12".parse().unwrap()).prefix().as_deref(), Some("172."));
    }

    #[test]
    fn addresses_compare_as_numbers() {
        assert!(matcher(FilterOp::Is, "FE80:0:0::1").matches("fe80::1"));
        assert!(matcher(FilterOp::InRange, "10.0.0.0/8").matches("10.255.0.1"));
        assert!(!matcher(FilterOp::InRange, "10.0.0.0/8").matches("11.0.0.1"));
        assert!(matcher(FilterOp::InRange, "10.0.0.1").matches("10.0.0.1"));
        let bad = Matcher::of(&FieldFilter { field: "f".into(), op: FilterOp::InRange, value: "ten".into() });
        assert!(bad.unwrap_err().is_bad_request());
    }
}
