//! One comparison with a text: what a filter or a search term asks of a single value.
//!
//! "Without case" means ASCII letters, and full Unicode lower case where the wanted text itself has letters with
//! case outside ASCII.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use aho_corasick::AhoCorasick;
use ipnet::IpNet;
use model::search::{FieldFilter, FilterOp};

use crate::error::{Error, Result};

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
    Exists,
    InRange,
}

#[derive(Debug, Clone)]
enum Way {
    Ascii,
    Unicode(String),
    Find(AhoCorasick),
    Net(IpNet),
    Address(IpAddr),
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
            FilterOp::StartsWith => Ok(Matcher { op: Op::StartsWith, wanted: text.clone(), way: Way::folding(text) }),
            FilterOp::Exists | FilterOp::Missing => {
                Ok(Matcher { op: Op::Exists, wanted: String::new(), way: Way::Ascii })
            }
            FilterOp::InRange => {
                let net = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
                let net: IpNet = net.map_err(|_| Error::BadFilter {
                    field: filter.field.chars().take(64).collect(),
                    value: text.chars().take(64).collect(),
                    expected: "an address range such as 10.0.0.0/8",
                })?;
                Ok(Matcher { op: Op::InRange, wanted: net.trunc().to_string(), way: Way::Net(net) })
            }
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

    /// True for a plain "there and not empty".
    pub fn is_existence(&self) -> bool {
        self.op == Op::Exists
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
            (Op::Contains | Op::InRange, _) => false,
        }
    }
}

impl Way {
    fn folding(text: &str) -> Way {
        let cased = |letter: char| !letter.is_ascii() && (letter.is_lowercase() || letter.is_uppercase());
        if text.chars().any(cased) { Way::Unicode(text.to_lowercase()) } else { Way::Ascii }
    }
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
    fn addresses_compare_as_numbers() {
        assert!(matcher(FilterOp::Is, "FE80:0:0::1").matches("fe80::1"));
        assert!(matcher(FilterOp::InRange, "10.0.0.0/8").matches("10.255.0.1"));
        assert!(!matcher(FilterOp::InRange, "10.0.0.0/8").matches("11.0.0.1"));
        assert!(matcher(FilterOp::InRange, "10.0.0.1").matches("10.0.0.1"));
        let bad = Matcher::of(&FieldFilter { field: "f".into(), op: FilterOp::InRange, value: "ten".into() });
        assert!(bad.unwrap_err().is_bad_request());
    }
}
