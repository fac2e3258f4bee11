//! Placeholders: what an operator fills in so that rules with `expand` become active.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::text::{Piece, Text};

/// Values by placeholder name, without the percent signs. Values are Sigma strings and may have wildcards.
pub type Placeholders = BTreeMap<String, Vec<String>>;

/// The most strings one value may become.
const MAX_EXPANSION: usize = 100_000;

/// The texts a value with placeholders stands for. `\%` is a plain percent sign.
pub(crate) fn expand(text: &Text, fill: &Placeholders, at: &str) -> Result<Vec<Text>, Error> {
    let mut all = vec![Text::default()];
    for piece in text.pieces() {
        let Piece::Literal(literal) = piece else {
            all.iter_mut().for_each(|text| text.push(piece.clone()));
            continue;
        };
        for part in parts(literal) {
            let values = match part {
                Part::Plain(plain) => vec![Text::literal(&plain)],
                Part::Placeholder(name) => match fill.get(name) {
                    Some(values) if !values.is_empty() => values.iter().map(|value| Text::parse(value)).collect(),
                    _ => return Err(Error::Placeholder(name.to_owned())),
                },
            };
            if all.len().saturating_mul(values.len()) > MAX_EXPANSION {
                return Err(Error::invalid(at, "stands for too many values: fill its placeholders with fewer"));
            }
            all = all.iter().flat_map(|text| values.iter().map(move |value| joined(text, value))).collect();
        }
    }
    Ok(all)
}

/// The texts, as written, that a text stands for once those placeholders are filled that `values` knows. What is left
/// of them stays as it is.
pub(crate) fn substitute(
    written: &str,
    values: &dyn Fn(&str) -> Option<Vec<String>>,
    at: &str,
) -> Result<Vec<String>, Error> {
    let mut all = vec![String::new()];
    for part in parts(written) {
        let alternatives = match part {
            Part::Plain(plain) => vec![plain.replace('%', r"\%")],
            Part::Placeholder(name) => match values(name) {
                Some(values) => values.iter().map(|value| value.replace('%', r"\%")).collect(),
                None => vec![format!("%{name}%")],
            },
        };
        if all.len().saturating_mul(alternatives.len()) > MAX_EXPANSION {
            return Err(Error::invalid(at, "stands for too many values: fill its placeholders with fewer"));
        }
        all = all.iter().flat_map(|text| alternatives.iter().map(move |value| format!("{text}{value}"))).collect();
    }
    Ok(all)
}

enum Part<'t> {
    Plain(String),
    Placeholder(&'t str),
}

fn parts(literal: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = literal;
    while let Some(at) = rest.find('%') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let name = after.split('%').next().unwrap_or_default();
        let is_name = name.len() < after.len() && !name.is_empty() && name.chars().all(is_name_character);
        if let Some(escaped) = before.strip_suffix('\\') {
            plain.push_str(escaped);
            plain.push('%');
            rest = after;
        } else if is_name {
            plain.push_str(before);
            parts.push(Part::Plain(std::mem::take(&mut plain)));
            parts.push(Part::Placeholder(name));
            rest = &after[name.len() + 1..];
        } else {
            plain.push_str(before);
            plain.push('%');
            rest = after;
        }
    }
    plain.push_str(rest);
    parts.push(Part::Plain(plain));
    parts
}

fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

fn joined(text: &Text, value: &Text) -> Text {
    let mut joined = text.clone();
    joined.append(value);
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_becomes_each_of_its_values() {
        let fill = Placeholders::from([("who".into(), vec!["adm*".into(), "root".into()])]);
        let texts = expand(&Text::parse(r"\%x%who%@"), &fill, "f").unwrap();
        assert_eq!(texts, [Text::parse("%xadm*@"), Text::parse("%xroot@")]);
        assert_eq!(expand(&Text::parse("100% sure"), &fill, "f").unwrap(), [Text::parse("100% sure")]);
    }

    #[test]
    fn an_unfilled_placeholder_is_named() {
        let error = expand(&Text::parse("%Servers%"), &Placeholders::new(), "f").unwrap_err();
        assert_eq!(error, Error::Placeholder("Servers".into()));
    }
}
