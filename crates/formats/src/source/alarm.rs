//! When a record is the device's own alarm, and what it says (catalogue D0).

use std::borrow::Cow;
use std::sync::Arc;

use model::Severity;
use model::event::{Alarm, AttackOutcome, Fields, Value};

use super::definition::{AlarmFile, Looked, Words};
use super::mapping::{Lookup, is_present};

/// A value read from the first candidate and translated by a table.
#[derive(Debug)]
pub struct Translated<T> {
    from: Vec<String>,
    lookup: Arc<Lookup>,
    default: T,
    parse: fn(&str) -> Option<T>,
}

impl<T: Copy> Translated<T> {
    /// From what `source.toml` says; the error names a word that `parse` does not know.
    pub fn new(file: &Looked, lookup: Arc<Lookup>, parse: fn(&str) -> Option<T>) -> Result<Self, String> {
        let default = parse(&file.default).ok_or_else(|| format!("`{}` is not one of its values", file.default))?;
        Ok(Translated { from: file.from.to_vec(), lookup, default, parse })
    }

    /// What the record says.
    pub fn get(&self, fields: &Fields, absent: &[String]) -> T {
        self.from
            .iter()
            .filter_map(|name| fields.get(name).filter(|value| is_present(value, absent)))
            .find_map(|value| (self.parse)(&self.lookup.get(value)?.text()?))
            .unwrap_or(self.default)
    }
}

/// A severity by its wire name.
pub fn severity(text: &str) -> Option<Severity> {
    text.parse().ok()
}

/// An outcome by its wire name.
pub fn outcome(text: &str) -> Option<AttackOutcome> {
    Some(match text {
        "unknown" => AttackOutcome::Unknown,
        "attempted" => AttackOutcome::Attempted,
        "blocked" => AttackOutcome::Blocked,
        "succeeded" => AttackOutcome::Succeeded,
        "compromised" => AttackOutcome::Compromised,
        _ => return None,
    })
}

/// The compiled `[alarm]` section.
#[derive(Debug)]
pub struct AlarmRule {
    name: Vec<String>,
    outcome: Option<Translated<AttackOutcome>>,
    least: Severity,
    words: Option<Words>,
}

impl AlarmRule {
    /// Compiles the section; the error names the key and the problem.
    pub fn new(file: AlarmFile, outcome: Option<Translated<AttackOutcome>>) -> Result<Self, (&'static str, String)> {
        let least = match &file.least_severity {
            None => Severity::Informational,
            Some(text) => text.parse().map_err(|error| ("alarm.least_severity", format!("{error}")))?,
        };
        let mut words = file.words;
        for word in words.iter_mut().flat_map(|words| words.any.iter_mut().chain(&mut words.none)) {
            *word = word.to_lowercase();
        }
        Ok(AlarmRule { name: file.name.to_vec(), outcome, least, words })
    }

    /// The alarm a record is, if it is one.
    pub fn apply<'a>(&self, fields: &Fields<'a>, severity: Severity, absent: &[String]) -> Option<Alarm<'a>> {
        if severity < self.least || !self.words.as_ref().is_none_or(|words| words_hold(words, fields)) {
            return None;
        }
        let name = self.name.iter().find_map(|name| {
            let value = fields.get(name).filter(|value| is_present(value, absent))?;
            Some(match value {
                Value::Str(text) => text.clone(),
                other => Cow::Owned(other.text()?.into_owned()),
            })
        })?;
        let outcome = self.outcome.as_ref().map_or(AttackOutcome::Unknown, |outcome| outcome.get(fields, absent));
        Some(Alarm { name, severity, outcome })
    }
}

fn words_hold(words: &Words, fields: &Fields) -> bool {
    let texts: Vec<String> =
        words.fields.iter().filter_map(|name| Some(fields.get(name)?.text()?.to_lowercase())).collect();
    let stands = |word: &String| texts.iter().any(|text| text.contains(word.as_str()));
    words.any.iter().any(stands) && !words.none.iter().any(stands)
}
