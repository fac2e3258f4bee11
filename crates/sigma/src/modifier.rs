//! The modifiers of Sigma 2.1 and how a detection key names them: `field|modifier|modifier`.
//!
//! Source: Sigma modifiers appendix 2.1.0.

use crate::error::Error;

/// A modifier by its name in rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Modifier {
    Contains,
    StartsWith,
    EndsWith,
    All,
    Cased,
    Exists,
    FieldRef,
    Not,
    Expand,
    Windash,
    Base64,
    Base64Offset,
    Utf16Le,
    Utf16Be,
    Utf16,
    Regex,
    RegexIgnoreCase,
    RegexMultiLine,
    RegexDotAll,
    Cidr,
    Compare(Order),
    Time(TimePart),
}

/// A numeric comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A number taken out of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimePart {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

const NAMES: [(&str, Modifier); 31] = [
    ("contains", Modifier::Contains),
    ("startswith", Modifier::StartsWith),
    ("endswith", Modifier::EndsWith),
    ("all", Modifier::All),
    ("cased", Modifier::Cased),
    ("exists", Modifier::Exists),
    ("fieldref", Modifier::FieldRef),
    ("neq", Modifier::Not),
    ("expand", Modifier::Expand),
    ("windash", Modifier::Windash),
    ("base64", Modifier::Base64),
    ("base64offset", Modifier::Base64Offset),
    ("utf16le", Modifier::Utf16Le),
    ("wide", Modifier::Utf16Le),
    ("utf16be", Modifier::Utf16Be),
    ("utf16", Modifier::Utf16),
    ("re", Modifier::Regex),
    ("i", Modifier::RegexIgnoreCase),
    ("m", Modifier::RegexMultiLine),
    ("s", Modifier::RegexDotAll),
    ("cidr", Modifier::Cidr),
    ("lt", Modifier::Compare(Order::Less)),
    ("lte", Modifier::Compare(Order::LessOrEqual)),
    ("gt", Modifier::Compare(Order::Greater)),
    ("gte", Modifier::Compare(Order::GreaterOrEqual)),
    ("minute", Modifier::Time(TimePart::Minute)),
    ("hour", Modifier::Time(TimePart::Hour)),
    ("day", Modifier::Time(TimePart::Day)),
    ("week", Modifier::Time(TimePart::Week)),
    ("month", Modifier::Time(TimePart::Month)),
    ("year", Modifier::Time(TimePart::Year)),
];

/// A detection key taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key<'k> {
    /// The field, or nothing where the values are keywords.
    pub field: Option<&'k str>,
    /// The modifiers in order.
    pub modifiers: Vec<Modifier>,
}

impl<'k> Key<'k> {
    /// Reads a key; `at` is where it stands.
    pub(crate) fn parse(key: &'k str, at: &str) -> Result<Self, Error> {
        let mut parts = key.split('|');
        let field = parts.next().filter(|field| !field.is_empty());
        let modifiers = parts.map(|name| named(name, at)).collect::<Result<_, _>>()?;
        Ok(Key { field, modifiers })
    }
}

fn named(name: &str, at: &str) -> Result<Modifier, Error> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, modifier)| *modifier).ok_or_else(|| {
        Error::invalid(at, format!("has the unknown modifier `{name}`: use one of the Sigma 2.1 modifiers appendix"))
    })
}
