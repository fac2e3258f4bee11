//! A value on its way through its modifiers, which are applied in the order written (specification, "Value
//! Modifiers"). Those that change the value are applied here; those that change how it is compared are collected in
//! [`Build`].

use serde_json::Value as Json;

use crate::encoding;
use crate::error::Error;
use crate::modifier::{Modifier, Order, TimePart};
use crate::placeholder::{self, Placeholders};
use crate::test::{Affix, Number};
use crate::text::Text;

/// A value so far.
pub(crate) enum Draft {
    /// As written: may still become a string, an expression or a network.
    Written(String),
    Text(Text),
    Bytes(Vec<u8>),
    Number(Number),
    Bool(bool),
    Null,
    Regex(String),
}

/// The modifiers' effect on the comparison.
#[derive(Default)]
pub(crate) struct Build {
    pub keyword: bool,
    pub all: bool,
    pub cased: bool,
    pub negated: bool,
    pub exists: bool,
    pub field: Option<Affix>,
    pub cidr: bool,
    pub order: Option<Order>,
    pub part: Option<TimePart>,
    pub ignore_case: bool,
    pub multi_line: bool,
    pub dot_all: bool,
}

impl Draft {
    /// The value as YAML gave it.
    pub(crate) fn read(value: &Json, at: &str) -> Result<Self, Error> {
        match value {
            Json::Null => Ok(Draft::Null),
            Json::Bool(value) => Ok(Draft::Bool(*value)),
            Json::String(text) => Ok(Draft::Written(text.clone())),
            Json::Number(number) => Ok(match number.as_i64() {
                Some(number) => Draft::Number(Number::Int(number)),
                None if number.is_u64() => Draft::Written(number.to_string()),
                None => Draft::Number(Number::Float(number.as_f64().unwrap_or_default())),
            }),
            Json::Array(_) | Json::Object(_) => Err(Error::invalid(
                at,
                "holds a list or map where a single value belongs: write a string, number or null",
            )),
        }
    }

    /// The longest literal of a value.
    pub(crate) fn words(&self) -> String {
        match self {
            Draft::Written(text) => Text::parse(text).longest_literal().to_owned(),
            Draft::Text(text) => text.longest_literal().to_owned(),
            Draft::Number(number) => number.to_string(),
            Draft::Bool(value) => value.to_string(),
            Draft::Bytes(_) | Draft::Null | Draft::Regex(_) => String::new(),
        }
    }

    /// The value as a Sigma string.
    pub(crate) fn into_text(self, at: &str) -> Result<Text, Error> {
        match self {
            Draft::Written(text) => Ok(Text::parse(&text)),
            Draft::Text(text) => Ok(text),
            Draft::Number(number) => Ok(Text::literal(&number.to_string())),
            Draft::Bool(value) => Ok(Text::literal(if value { "true" } else { "false" })),
            Draft::Bytes(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Text::literal(&text)),
                Err(_) => {
                    Err(Error::invalid(at, "makes bytes that are no text: let `base64` or `base64offset` follow"))
                }
            },
            Draft::Null => Err(Error::invalid(at, "asks for a part of null: write a text, or null without modifiers")),
            Draft::Regex(_) => Err(Error::invalid(at, "changes a regular expression: use only i, m and s after `re`")),
        }
    }

    /// The byte strings it stands for.
    fn into_bytes(self, at: &str) -> Result<Vec<Vec<u8>>, Error> {
        match self {
            Draft::Bytes(bytes) => Ok(vec![bytes]),
            other => Ok(other.into_text(at)?.plain(at)?.into_iter().map(String::into_bytes).collect()),
        }
    }
}

impl Build {
    /// Applies the modifiers to a value, which may become several.
    pub(crate) fn apply(
        &mut self,
        value: Draft,
        steps: &[Modifier],
        at: &str,
        fill: &Placeholders,
    ) -> Result<Vec<Draft>, Error> {
        let mut drafts = vec![value];
        for step in steps {
            match step {
                Modifier::All => self.all = true,
                Modifier::Cased => self.cased = true,
                Modifier::Not => self.negated = true,
                Modifier::Exists => self.exists = true,
                Modifier::FieldRef => self.field = Some(self.field.unwrap_or(Affix::Equal)),
                Modifier::Cidr => self.cidr = true,
                Modifier::Compare(order) => self.order = Some(*order),
                Modifier::Time(part) => self.part = Some(*part),
                Modifier::RegexIgnoreCase | Modifier::RegexMultiLine | Modifier::RegexDotAll
                    if !matches!(drafts.first(), Some(Draft::Regex(_))) =>
                {
                    return Err(Error::invalid(at, "uses i, m or s without `re` before it: write `re|i`"));
                }
                Modifier::RegexIgnoreCase => self.ignore_case = true,
                Modifier::RegexMultiLine => self.multi_line = true,
                Modifier::RegexDotAll => self.dot_all = true,
                _ => {
                    let mut changed = Vec::with_capacity(drafts.len());
                    for draft in drafts {
                        changed.extend(self.transform(draft, *step, at, fill)?);
                    }
                    drafts = changed;
                }
            }
        }
        Ok(drafts)
    }

    fn transform(&mut self, draft: Draft, step: Modifier, at: &str, fill: &Placeholders) -> Result<Vec<Draft>, Error> {
        match step {
            Modifier::Regex => match draft {
                Draft::Written(text) => Ok(vec![Draft::Regex(text)]),
                Draft::Number(number) => Ok(vec![Draft::Regex(number.to_string())]),
                _ => Err(Error::invalid(at, "uses `re` after another modifier or on no text: put `re` first")),
            },
            Modifier::Contains | Modifier::StartsWith | Modifier::EndsWith => {
                if self.field.is_some() {
                    self.field = Some(affix(step));
                    return Ok(vec![draft]);
                }
                if let Draft::Regex(source) = draft {
                    return Ok(vec![Draft::Regex(anchored(source, step))]);
                }
                let (before, after) = (step != Modifier::StartsWith, step != Modifier::EndsWith);
                Ok(vec![Draft::Text(draft.into_text(at)?.open(before, after))])
            }
            Modifier::Windash => Ok(vec![Draft::Text(draft.into_text(at)?.windash())]),
            Modifier::Expand => {
                let texts = placeholder::expand(&draft.into_text(at)?, fill, at)?;
                Ok(texts.into_iter().map(Draft::Text).collect())
            }
            Modifier::Utf16Le | Modifier::Utf16Be | Modifier::Utf16 => {
                let encode = match step {
                    Modifier::Utf16Le => encoding::utf16le,
                    Modifier::Utf16Be => encoding::utf16be,
                    _ => encoding::utf16,
                };
                Ok(draft.into_text(at)?.plain(at)?.iter().map(|text| Draft::Bytes(encode(text))).collect())
            }
            Modifier::Base64 => {
                let all = draft.into_bytes(at)?;
                Ok(all.iter().map(|bytes| Draft::Text(Text::literal(&encoding::base64(bytes)))).collect())
            }
            Modifier::Base64Offset => {
                let all = draft.into_bytes(at)?;
                let parts = all.iter().flat_map(|bytes| encoding::base64_offsets(bytes));
                Ok(parts.map(|part| Draft::Text(Text::literal(&part))).collect())
            }
            _ => Ok(vec![draft]),
        }
    }
}

fn affix(step: Modifier) -> Affix {
    match step {
        Modifier::StartsWith => Affix::StartsWith,
        Modifier::EndsWith => Affix::EndsWith,
        _ => Affix::Contains,
    }
}

/// An expression is searched anywhere, so only the anchored modifiers change it.
fn anchored(source: String, step: Modifier) -> String {
    match step {
        Modifier::StartsWith => format!("^(?:{source})"),
        Modifier::EndsWith => format!("(?:{source})$"),
        _ => source,
    }
}
