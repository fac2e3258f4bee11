//! Live checks for who writes a rule: everything that keeps it from loading, and what is probably not meant, each with
//! its place in the text. Loading itself knows nothing of this.

mod detection;
mod head;
mod located;

use std::collections::{BTreeMap, BTreeSet};

use model::event::LogSource;
use serde::Serialize;

use crate::baseline::rule::BaselineRule;
use crate::collection;
use crate::correlation::rule::CorrelationRule;
use crate::error::Error;
use crate::filter::Filter;
use crate::item::{Expressions, Scope};
use crate::placeholder::Placeholders;
use crate::processing::Pipelines;
use crate::reading::Document;
use crate::rule::Rule;
pub(crate) use located::place;
use located::{Located, Node};

/// A problem in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Gravity,
    /// What it is.
    pub kind: ProblemKind,
    /// Where it is, where that is known.
    pub place: Option<Place>,
    /// The keys that lead to it, joined with dots.
    pub at: String,
    /// What it concerns, by names that stay the same for a kind: `field`, `modifier`, `name`, `value`, `message`.
    pub parameters: BTreeMap<&'static str, String>,
}

/// A place in a text, counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The character in the line.
    pub column: u64,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gravity {
    /// The rule cannot be used.
    Error,
    /// The rule can be used, but this is probably not meant.
    Warning,
    /// It could be written better.
    Hint,
}

/// What a problem is. The names in brackets are those of its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// The text is no YAML (`message`).
    Unreadable,
    /// Loading refuses it for another reason than those below (`message`).
    Refused,
    /// A placeholder has no values; the rule stays inactive until it is filled (`name`).
    PlaceholderUnfilled,
    /// There is no such modifier (`modifier`).
    UnknownModifier,
    /// No known source sends events of this log source (`value`).
    UnknownLogSource,
    /// No event has had this field (`field`).
    UnknownField,
    /// The condition cannot be understood (`message`).
    BadCondition,
    /// The condition names a detection that is not there (`name`).
    DetectionMissing,
    /// `of` names a pattern no detection fits (`name`).
    PatternFitsNothing,
    /// No condition uses the detection (`name`).
    DetectionUnused,
    /// A key a rule should have is missing (`name`).
    KeyMissing,
    /// The id is no UUID (`value`).
    BadId,
    /// The date is not written `YYYY-MM-DD` (`value`).
    BadDate,
    /// The status is none of the specification's (`value`).
    BadStatus,
    /// The title is longer than the specification allows (`value`: characters it may have).
    TitleTooLong,
    /// The tag has no namespace, or is no tactic, technique, group or software of ATT&CK (`value`).
    BadTag,
    /// A value or tag stands twice in a list (`value`).
    DuplicateValue,
    /// An empty value, which every value of the field contains, begins and ends with (`modifier`).
    EmptyValue,
    /// The modifier does nothing to this value (`modifier`, `value`).
    PointlessModifier,
    /// The wildcard at the end is what the modifier means already (`modifier`, `value`).
    PointlessWildcard,
    /// Whatever contains this value contains another of the list, which alone would do (`value`, `other`).
    CoveredValue,
}

/// What is known around a rule; nothing is asked where nothing is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'k> {
    /// The fields events have had.
    pub fields: Option<&'k BTreeSet<String>>,
    /// The log sources events come from.
    pub log_sources: Option<&'k [LogSource]>,
    /// Values of placeholders.
    pub placeholders: Option<&'k Placeholders>,
}

/// The problems of a rule file, those that come first in the text first.
pub fn check(text: &str, known: &Known<'_>) -> Vec<Problem> {
    let mut found = Findings::default();
    // Loading knows collections and limits; where it gives up, nothing more is asked.
    let documents = match collection::read_parsed::<serde_json::Value>(text) {
        Ok(parsed) => collection::collect(parsed),
        Err((error, place)) => {
            found.place = place;
            Err(error)
        }
    };
    match documents {
        Err(error) => {
            let place = found.place;
            found.add_at(place, Gravity::Error, ProblemKind::Unreadable, "", &[("message", &error.to_string())]);
        }
        Ok(documents) => {
            let located = collection::read_parsed::<Located>(text).unwrap_or_default();
            let plain =
                located.len() == documents.len() && located.iter().all(|document| document.get("action").is_none());
            let placeholders = known.placeholders.cloned().unwrap_or_default();
            let mut scope = Scope::new(placeholders.into(), Expressions::few());
            for (number, document) in documents.into_iter().enumerate() {
                // What collections are made of has no one place.
                let nowhere = Located::of(&serde_json::Value::Object(document.clone()));
                let located = if plain { &located[number] } else { &nowhere };
                check_document(document, located, known, &mut scope, &mut found);
            }
        }
    }
    found.problems.sort_by_key(|problem| (problem.place, problem.severity));
    found.problems
}

fn check_document(
    document: serde_json::Map<String, serde_json::Value>,
    located: &Located,
    known: &Known<'_>,
    scope: &mut Scope,
    found: &mut Findings,
) {
    let before = found.errors();
    let is_filter = document.contains_key("filter") && !document.contains_key("detection");
    let is_correlation = document.contains_key("correlation") && !is_filter;
    let is_baseline = document.contains_key("baseline") && !is_filter && !is_correlation;
    head::check(located, !is_filter, known, found);
    let section = if is_filter { "filter" } else { "detection" };
    if !is_correlation
        && !is_baseline
        && let Some(Node::Map(keys)) = located.get(section).map(|section| &section.node)
    {
        detection::check(section, keys, known, found);
    }
    if is_baseline {
        fields_of_baseline(located, known, found);
    }
    if found.errors() > before {
        return;
    }
    let document = Document::new(document);
    let refusal = match (is_filter, is_correlation, is_baseline) {
        (true, _, _) => Filter::compile(document, "", scope).err(),
        (_, true, _) => CorrelationRule::read(document, "").err(),
        (_, _, true) => BaselineRule::read(document, "").err(),
        _ => Rule::compile(document, "", &Pipelines::default(), scope).err(),
    };
    match refusal {
        None => {}
        Some(Error::Placeholder(name)) => {
            let at = format!("%{name}%");
            let place = located.holding(&at);
            found.add_at(place, Gravity::Hint, ProblemKind::PlaceholderUnfilled, section, &[("name", &name)]);
        }
        Some(error) => {
            let at = match &error {
                Error::Invalid { at, .. } => at.as_str(),
                Error::Missing(at) => at,
                Error::UnknownReference { at, .. } => at,
                _ => "",
            };
            let place = located.find(at);
            found.add_at(place, Gravity::Error, ProblemKind::Refused, at, &[("message", &error.to_string())]);
        }
    }
}

/// Whether events have the fields a baseline groups by and profiles.
fn fields_of_baseline(document: &Located, known: &Known<'_>, found: &mut Findings) {
    let (Some(section), Some(fields)) = (document.get("baseline"), known.fields) else { return };
    for key in ["group-by", "field"] {
        for value in section.get(key).map_or(&[][..], Located::each) {
            if let Some(field) = value.text().filter(|field| !fields.contains(field)) {
                let (kind, at) = (ProblemKind::UnknownField, format!("baseline.{key}"));
                found.add_at(value.place, Gravity::Warning, kind, &at, &[("field", &field)]);
            }
        }
    }
}

/// What was found so far.
#[derive(Default)]
struct Findings {
    problems: Vec<Problem>,
    place: Option<Place>,
}

impl Findings {
    fn errors(&self) -> usize {
        self.problems.iter().filter(|problem| problem.severity == Gravity::Error).count()
    }

    fn add_at(
        &mut self,
        place: Option<Place>,
        severity: Gravity,
        kind: ProblemKind,
        at: &str,
        parameters: &[(&'static str, &str)],
    ) {
        let parameters = parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.problems.push(Problem { severity, kind, place, at: at.to_owned(), parameters });
    }
}
