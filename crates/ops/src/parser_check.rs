//! Running samples against a parser before it is saved: what its own lines become, and whether it takes lines that
//! belong to other sources.

use std::collections::{BTreeMap, BTreeSet};

use formats::trial::golden;
use formats::{Hint, Parser, Sources};
use model::Timestamp;
use model::parser::ParserSample;
use serde::Serialize;
use serde_json::Value;

use crate::parser::ParserOutcome;
use crate::parser_trial::{TrialMistake, mistake_in};
use crate::parsers::Parsers;

/// Changed and taken lines told of at most.
const TOLD: usize = 50;

/// A sample that parses to something else than it did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SampleChange {
    /// The line.
    pub line: String,
    /// What differs: `core.source_ip`, `fields.src`, `time`...
    pub fields: Vec<String>,
    /// What it was.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub before: Value,
    /// What it is.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub after: Value,
}

/// A sample of another source that the parser takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TakenLine {
    /// The line.
    pub line: String,
    /// Whose it is.
    pub source: String,
}

/// What is checked.
pub(crate) struct Candidate {
    pub name: String,
    pub text: String,
    /// All parsers of our own as they are.
    pub own: BTreeMap<String, String>,
    pub lines: Vec<String>,
    /// The samples it has now.
    pub before: Vec<ParserSample>,
    pub time_zone: String,
    pub received: Timestamp,
}

/// The lines that come with the program, by source.
pub(crate) fn built_in_samples() -> BTreeMap<&'static str, Vec<String>> {
    let mut found: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for (source, text) in Sources::samples() {
        found.entry(source).or_default().extend(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned));
    }
    found
}

/// Compiles the candidate among all sources and runs every sample there is.
pub(crate) fn check(parsers: &Parsers, candidate: Candidate) -> (ParserOutcome, Vec<ParserSample>) {
    let mut outcome = ParserOutcome {
        mistake: None,
        samples: candidate.lines.len() as i64,
        not_taken: Vec::new(),
        changes: Vec::new(),
        others: 0,
        taken: Vec::new(),
        saved: None,
    };
    let Candidate { name, text, mut own, lines, before, time_zone, received } = candidate;
    outcome.mistake = mistake_in(&text);
    if outcome.mistake.is_some() {
        return (outcome, Vec::new());
    }
    own.insert(name.clone(), text);
    let parser = match parsers.with(&own) {
        Ok(parser) => parser,
        Err(error) => {
            outcome.mistake = Some(TrialMistake { line: 1, column: 1, key: None, message: error.to_string() });
            return (outcome, Vec::new());
        }
    };
    let mut samples = Vec::with_capacity(lines.len());
    for line in lines {
        let known = before.iter().find(|sample| sample.line == line);
        let (received, zone) = match known {
            Some(sample) => (sample.received, sample.time_zone.clone()),
            None => (received, time_zone.clone()),
        };
        let after = parsed(&parser, &line, received, &zone);
        if after["source"] != *name && outcome.not_taken.len() < TOLD {
            outcome.not_taken.push(line.clone());
        }
        if let Some(known) = known.filter(|known| known.expected != after)
            && outcome.changes.len() < TOLD
        {
            let fields = differing(&known.expected, &after);
            outcome.changes.push(SampleChange {
                line: line.clone(),
                fields,
                before: known.expected.clone(),
                after: after.clone(),
            });
        }
        samples.push(ParserSample { line, received, time_zone: zone, expected: after });
    }
    for (source, lines) in built_in_samples() {
        if source == name || own.contains_key(source) {
            continue;
        }
        for line in lines {
            outcome.others += 1;
            let taken = &*parser.parse(&line, &Hint::new(received)).source == name.as_str();
            if taken && outcome.taken.len() < TOLD {
                outcome.taken.push(TakenLine { line, source: source.to_owned() });
            }
        }
    }
    (outcome, samples)
}

fn parsed(parser: &Parser, line: &str, received: Timestamp, zone: &str) -> Value {
    let mut hint = Hint::new(received);
    hint.time_zone = zone.parse().unwrap_or(hint.time_zone);
    golden(&parser.parse(line, &hint))
}

/// The names under which two events differ.
fn differing(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let names = |value: &Value| value.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default();
    let all: BTreeSet<String> = [before, after].into_iter().flat_map(|value| -> Vec<String> { names(value) }).collect();
    for name in all {
        let (was, is) = (&before[&name], &after[&name]);
        if was == is {
            continue;
        }
        if name == "core" || name == "fields" {
            let inner: BTreeSet<String> =
                [was, is].into_iter().flat_map(|value| -> Vec<String> { names(value) }).collect();
            found.extend(inner.into_iter().filter(|key| was[key] != is[key]).map(|key| format!("{name}.{key}")));
        } else {
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_named_by_its_place() {
        let before = json!({"source": "a", "core": {"x": 1, "y": 2}, "fields": {"f": "g"}});
        let after = json!({"source": "a", "core": {"x": 1, "y": 3, "z": 4}, "fields": {}, "alarm": {"name": "n"}});
        assert_eq!(differing(&before, &after), ["alarm", "core.y", "core.z", "fields.f"]);
    }
}
