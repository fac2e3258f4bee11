//! Steps that change fields already there.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use model::event::Value;

use super::{borrow, text_of};
use crate::builder::Builder;
use crate::decode;
use crate::source::mapping::Lookup;

/// What a decoding step takes a value to be in.
#[derive(Debug, Clone, Copy)]
pub enum Encoding {
    Url,
    Base64,
    Hex,
}

/// Decodes text fields in place; what does not decode stays.
pub fn decode_fields(encoding: Encoding, fields: &[String], builder: &mut Builder) {
    each_text(fields, builder, &|text| match encoding {
        Encoding::Url => match decode::url(text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(plain) => Some(plain),
        },
        Encoding::Base64 => decode::base64(text),
        Encoding::Hex => decode::hex(text),
    });
}

/// Changes text fields, and texts in lists, where `change` gives something.
fn each_text(fields: &[String], builder: &mut Builder, change: &dyn Fn(&str) -> Option<String>) {
    fn apply(value: &mut Value, change: &dyn Fn(&str) -> Option<String>) {
        match value {
            Value::Str(text) => {
                if let Some(changed) = change(text) {
                    *text = Cow::Owned(changed);
                }
            }
            Value::List(values) => values.iter_mut().for_each(|value| apply(value, change)),
            _ => {}
        }
    }
    for field in fields {
        if let Some(value) = builder.get_mut(field) {
            apply(value, change);
        }
    }
}

/// Takes characters off both ends of text fields.
pub fn trim(fields: &[String], chars: Option<&str>, builder: &mut Builder) {
    let is_trimmed = |char: char| match chars {
        Some(chars) => chars.contains(char),
        None => char.is_whitespace() || matches!(char, '"' | '\'' | '\0'),
    };
    for field in fields {
        match builder.get_mut(field) {
            Some(Value::Str(Cow::Borrowed(text))) => *text = text.trim_matches(is_trimmed),
            Some(Value::Str(Cow::Owned(text))) => *text = text.trim_matches(is_trimmed).to_owned(),
            _ => {}
        }
    }
}

/// Cuts a text field at a separator into a list or named parts.
pub fn split<'a>(
    field: &str,
    separator: &'a str,
    to: Option<&'a str>,
    names: &'a [String],
    builder: &mut Builder<'a>,
) -> bool {
    let Some(Value::Str(text)) = builder.get(field) else { return false };
    let cut = |part: &str| -> String { part.trim().to_owned() };
    let parts: Vec<Value<'a>> = match text {
        Cow::Borrowed(text) => pieces(text, separator, names.len()).map(|part| Value::from(part.trim())).collect(),
        Cow::Owned(text) => pieces(text, separator, names.len()).map(|part| Value::from(cut(part))).collect(),
    };
    if names.is_empty() {
        match to {
            Some(to) => builder.set(to, Value::List(parts)),
            None => builder.set(field.to_owned(), Value::List(parts)),
        }
        return true;
    }
    for (name, part) in names.iter().zip(parts).filter(|(name, _)| !name.is_empty()) {
        builder.push(name.as_str(), part);
    }
    true
}

/// All pieces, or so many that the last takes the rest.
fn pieces<'t>(text: &'t str, separator: &'t str, most: usize) -> Box<dyn Iterator<Item = &'t str> + 't> {
    match most {
        0 => Box::new(text.split(separator).take(crate::builder::MAX_VALUES)),
        most => Box::new(text.splitn(most, separator)),
    }
}

/// Joins the values of fields that are there, all of a list.
pub fn join<'a>(fields: &[String], separator: &str, to: &'a str, builder: &mut Builder<'a>) {
    let values = fields.iter().filter_map(|field| builder.get(field));
    let texts: Vec<String> = values
        .flat_map(|value| match value {
            Value::List(values) => values.iter().filter_map(Value::text).collect(),
            value => Vec::from_iter(value.text()),
        })
        .filter(|text| !text.is_empty())
        .map(Cow::into_owned)
        .collect();
    if !texts.is_empty() {
        let joined = texts.join(separator);
        builder.set(to, Value::from(joined));
    }
}

/// A text with fields in it.
#[derive(Debug)]
pub struct Template {
    start: String,
    /// Each field and the text after it.
    fields: Vec<(String, String)>,
}

impl Template {
    pub fn new(pattern: &str) -> Result<Template, String> {
        let mut parts = pattern.split('{');
        let start = parts.next().unwrap_or_default().to_owned();
        let fields = parts
            .map(|part| {
                let (field, after) = part.split_once('}').ok_or("`{` without `}`")?;
                Ok((field.to_owned(), after.to_owned()))
            })
            .collect::<Result<Vec<_>, String>>()?;
        if fields.is_empty() {
            return Err("it names no field: use a `set` step".to_owned());
        }
        Ok(Template { start, fields })
    }

    pub fn apply<'a>(&self, to: &'a str, builder: &mut Builder<'a>) -> bool {
        let mut text = self.start.clone();
        for (field, after) in &self.fields {
            let Some(value) = text_of(field, builder) else { return false };
            text.push_str(&value);
            text.push_str(after);
        }
        builder.set(to, Value::from(text));
        true
    }
}

/// Adds up the numbers that are there.
pub fn sum<'a>(fields: &[String], to: &'a str, builder: &mut Builder<'a>) -> bool {
    let numbers: Vec<i64> = fields.iter().filter_map(|field| builder.get(field)?.int()).collect();
    if numbers.is_empty() {
        return false;
    }
    builder.set(to, Value::Int(numbers.into_iter().fold(0, i64::saturating_add)));
    true
}

/// Whether a connection enters, leaves, stays inside or is outside, by which of its ends is private.
pub fn direction<'a>(source: &str, destination: &str, to: &'a str, builder: &mut Builder<'a>) -> bool {
    let private = |field: &str| Some(is_private(text_of(field, builder)?.trim().parse().ok()?));
    let (Some(from), Some(into)) = (private(source), private(destination)) else { return false };
    let direction = match (from, into) {
        (true, true) => "internal",
        (true, false) => "outbound",
        (false, true) => "inbound",
        (false, false) => "external",
    };
    builder.set(to, Value::from(direction));
    true
}

fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_multicast()
        }
    }
}

/// Translates a value by a table.
pub fn look_up<'a>(field: &str, table: &'a Arc<Lookup>, to: Option<&'a str>, builder: &mut Builder<'a>) -> bool {
    let Some(found) = builder.get(field).and_then(|value| table.get(value)) else { return false };
    let value = borrow(found);
    match to {
        Some(to) => builder.set(to, value),
        None => builder.set(field.to_owned(), value),
    }
    true
}

/// Gives values other names.
pub fn rename<'a>(names: &'a [(String, String)], builder: &mut Builder<'a>) {
    for (old, new) in names {
        if let Some(value) = builder.remove(old) {
            builder.push(new.as_str(), value);
        }
    }
}

/// Gives copies of values other names, unless those are taken.
pub fn copy<'a>(names: &'a [(String, String)], builder: &mut Builder<'a>) {
    for (name, new) in names {
        if builder.get(new).is_none()
            && let Some(value) = builder.get(name).cloned()
        {
            builder.push(new.as_str(), value);
        }
    }
}

/// Gives `junos@2636.1.1.source-address` its own name, `source-address`; false where there is no such field.
pub fn unqualify(builder: &mut Builder) -> bool {
    let qualified: Vec<(String, String)> = builder
        .iter()
        .filter_map(|(name, _)| {
            let own = name.split_once('@')?.1.trim_start_matches(|char: char| char.is_ascii_digit() || char == '.');
            (!own.is_empty()).then(|| (name.to_owned(), own.to_owned()))
        })
        .collect();
    for (name, own) in &qualified {
        if let Some(value) = builder.remove(name) {
            builder.push(own.clone(), value);
        }
    }
    !qualified.is_empty()
}
