//! A correlation rule as its document states it.
//!
//! Source: Sigma correlation rules specification 2.1.

use std::ops::Deref;
use std::time::Duration;

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::head::Head;
use crate::reading::{Document, scalar, texts};

/// What a correlation counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorrelationType {
    /// Events of any of the rules.
    EventCount,
    /// Distinct values of a field.
    ValueCount,
    /// Distinct rules that matched, in any order.
    Temporal,
    /// Rules that matched in the order listed.
    TemporalOrdered,
    /// The sum of a field's numbers.
    ValueSum,
    /// The average of a field's numbers.
    ValueAvg,
    /// The number below which a given share of a field's numbers lies.
    ValuePercentile,
}

/// What a correlation over numbers judges by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// For `value_percentile` the share in percent.
    pub percentile: f64,
    /// The least number, and whether it is itself enough.
    pub least: Option<(f64, bool)>,
    /// The greatest number, and whether it is itself allowed; with one the window is judged only when it has ended.
    pub most: Option<(f64, bool)>,
}

impl Measure {
    /// Whether a number satisfies it.
    pub(crate) fn holds(&self, number: f64) -> bool {
        self.least.is_none_or(|(least, itself)| number > least || itself && number == least)
            && self.most.is_none_or(|(most, itself)| number < most || itself && number == most)
    }
}

/// The counts that satisfy a condition, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The least.
    pub least: u64,
    /// The most; with one the window is judged only when it has ended.
    pub most: Option<u64>,
}

/// One correlation rule.
#[derive(Debug, PartialEq)]
pub struct CorrelationRule {
    /// What it says of itself.
    pub head: Head,
    /// What it counts.
    pub kind: CorrelationType,
    /// Ids of the rules and correlations it refers to, in the order listed.
    pub rules: Vec<String>,
    /// The fields or aliases that make a group.
    pub group_by: Vec<String>,
    /// How long apart the first and the last event may be.
    pub timespan: Duration,
    /// Which counts fire.
    pub bound: Bound,
    /// For sums, averages and percentiles what they are judged by; `bound` says nothing then.
    pub measure: Option<Measure>,
    /// The fields whose distinct values `value_count` counts, or whose numbers are summed.
    pub fields: Vec<String>,
    /// Whether the rules referred to yield alerts of their own as well.
    pub generate: bool,
    /// For each rule referred to, the fields to read for `group_by`.
    pub(crate) group_fields: Vec<Vec<String>>,
    pub(crate) aliases: Aliases,
    /// Fields that correlations referring to this one read and that are no part of its own group.
    pub(crate) carried: Vec<String>,
}

/// Alias to (rule reference to field).
pub(crate) type Aliases = Vec<(String, Vec<(String, String)>)>;

/// Higher thresholds would hold too many events in memory.
const MAX_THRESHOLD: u64 = 1_000_000;

/// Longer windows belong to a search, not to memory.
const MAX_TIMESPAN: Duration = Duration::from_secs(366 * 86_400);

impl Deref for CorrelationRule {
    type Target = Head;

    fn deref(&self) -> &Head {
        &self.head
    }
}

impl CorrelationRule {
    /// Whether a window is judged when it has ended instead of with each event.
    pub(crate) fn ends_first(&self) -> bool {
        self.bound.most.is_some() || self.measure.is_some_and(|measure| measure.most.is_some())
    }

    /// A hash of what decides over its windows: state kept under another one is of no use.
    pub(crate) fn fingerprint(&self) -> String {
        let CorrelationRule { kind, rules, group_fields, timespan, bound, fields, carried, .. } = self;
        let shape = format!("{kind:?} {rules:?} {group_fields:?} {timespan:?} {bound:?} {fields:?} {carried:?}");
        let shape = self.measure.map_or(shape.clone(), |measure| format!("{shape} {measure:?}"));
        Sha256::digest(shape).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a document. `rules` still holds the references as written; see [`super::resolve`].
    pub(crate) fn read(mut document: Document, path: &str) -> Result<Self, Error> {
        let head = Head::take(&mut document, path)?;
        let mut section = Document::new(document.required_map("correlation")?);
        let kind = kind(&section.required_text("type")?)?;
        let rules = section.texts("rules")?;
        if rules.is_empty() {
            return Err(Error::invalid("correlation.rules", "is empty: list the ids or names of rules"));
        }
        if rules.iter().enumerate().any(|(index, rule)| rules[..index].contains(rule)) {
            return Err(Error::invalid("correlation.rules", "lists a rule twice: list each once"));
        }
        let (bound, measure, fields) = condition(kind, section.take("condition"), rules.len())?;
        let generate = [section.take("generate"), document.take("generate")].contains(&Some(Json::Bool(true)));
        Ok(CorrelationRule {
            kind,
            rules,
            group_by: section.texts("group-by")?,
            timespan: timespan(&section.required_text("timespan")?)?,
            bound,
            measure,
            fields,
            generate,
            group_fields: Vec::new(),
            aliases: aliases(section.take("aliases"))?,
            carried: Vec::new(),
            head: Head { custom: document.rest(), ..head },
        })
    }
}

fn kind(text: &str) -> Result<CorrelationType, Error> {
    match text {
        "event_count" => Ok(CorrelationType::EventCount),
        "value_count" => Ok(CorrelationType::ValueCount),
        "temporal" => Ok(CorrelationType::Temporal),
        "temporal_ordered" => Ok(CorrelationType::TemporalOrdered),
        "value_sum" => Ok(CorrelationType::ValueSum),
        "value_avg" => Ok(CorrelationType::ValueAvg),
        "value_percentile" => Ok(CorrelationType::ValuePercentile),
        other => Err(Error::invalid(
            "correlation.type",
            format!(
                "is `{other}`: write event_count, value_count, temporal, temporal_ordered, value_sum, value_avg or \
                 value_percentile"
            ),
        )),
    }
}

fn timespan(text: &str) -> Result<Duration, Error> {
    duration(text, "correlation.timespan")
}

/// A duration as it is written at a place.
pub(crate) fn duration(text: &str, at: &str) -> Result<Duration, Error> {
    let wrong = || Error::invalid(at, format!("is `{text}`: write a number and s, m, h or d, such as 15m"));
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)?;
    match Duration::from_secs(seconds) {
        Duration::ZERO => Err(wrong()),
        span if span > MAX_TIMESPAN => Err(Error::invalid(at, "is longer than 366d: shorten it")),
        span => Ok(span),
    }
}

/// The numbers and fields of a `condition`.
type Condition = (Bound, Option<Measure>, Vec<String>);

fn condition(kind: CorrelationType, value: Option<Json>, rules: usize) -> Result<Condition, Error> {
    let at = "correlation.condition";
    let is_temporal = matches!(kind, CorrelationType::Temporal | CorrelationType::TemporalOrdered);
    let map = match value {
        Some(Json::Object(map)) => map,
        None if is_temporal => return Ok((Bound { least: rules as u64, most: None }, None, Vec::new())),
        None => return Err(Error::Missing("correlation.condition")),
        Some(_) => return Err(Error::invalid(at, "must be a map such as `gte: 10`")),
    };
    if matches!(kind, CorrelationType::ValueSum | CorrelationType::ValueAvg | CorrelationType::ValuePercentile) {
        return measure(kind, &map);
    }
    let (mut least, mut most, mut fields, mut limits) = (1, None::<u64>, Vec::new(), 0);
    for (key, value) in &map {
        if key == "field" {
            fields = texts(value, "correlation.condition.field")?;
            continue;
        }
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok()).filter(|number| *number <= MAX_THRESHOLD);
        let number = number.ok_or_else(|| {
            Error::invalid(format!("{at}.{key}"), format!("must be a whole number from 0 to {MAX_THRESHOLD}"))
        })?;
        limits += 1;
        let below = |limit: u64| Some(most.map_or(limit, |present| present.min(limit)));
        match key.as_str() {
            "gte" => least = least.max(number),
            "gt" => least = least.max(number + 1),
            "lte" => most = below(number),
            "lt" => most = below(number.saturating_sub(1)),
            "eq" => (least, most) = (least.max(number), below(number)),
            _ => return Err(Error::invalid(at, format!("has `{key}`: write gt, gte, lt, lte, eq or field"))),
        }
    }
    if limits == 0 {
        return Err(Error::invalid(at, "has no count: add one such as `gte: 10`"));
    }
    if most.is_some_and(|most| most < least) {
        return Err(Error::invalid(at, "can never hold: a window opens with its first event, so counts begin at 1"));
    }
    if (kind == CorrelationType::ValueCount) == fields.is_empty() {
        return Err(Error::invalid(at, "needs `field` with value_count, and only there"));
    }
    if is_temporal && least > rules as u64 {
        return Err(Error::invalid(at, "asks for more rules than the correlation lists"));
    }
    Ok((Bound { least, most }, None, fields))
}

/// A condition over numbers.
fn measure(kind: CorrelationType, map: &Map<String, Json>) -> Result<Condition, Error> {
    let at = "correlation.condition";
    let mut measure = Measure { percentile: 50.0, least: None, most: None };
    let mut fields = Vec::new();
    for (key, value) in map {
        if key == "field" {
            fields = texts(value, "correlation.condition.field")?;
            continue;
        }
        let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| number.is_finite());
        let number = number.ok_or_else(|| Error::invalid(format!("{at}.{key}"), "must be a number"))?;
        match key.as_str() {
            "gte" => measure.least = Some((number, true)),
            "gt" => measure.least = Some((number, false)),
            "lte" => measure.most = Some((number, true)),
            "lt" => measure.most = Some((number, false)),
            "eq" => (measure.least, measure.most) = (Some((number, true)), Some((number, true))),
            "percentile" if kind == CorrelationType::ValuePercentile && (0.0..=100.0).contains(&number) => {
                measure.percentile = number;
            }
            "percentile" => {
                return Err(Error::invalid(
                    at,
                    "has a `percentile`, which belongs to value_percentile and is 0 to 100",
                ));
            }
            _ => return Err(Error::invalid(at, format!("has `{key}`: write gt, gte, lt, lte, eq or field"))),
        }
    }
    if measure.least.is_none() && measure.most.is_none() {
        return Err(Error::invalid(at, "has no limit: add one such as `gte: 1000000`"));
    }
    if fields.len() != 1 {
        return Err(Error::invalid(at, "needs one `field` whose numbers are taken"));
    }
    Ok((Bound { least: 1, most: None }, Some(measure), fields))
}

fn aliases(value: Option<Json>) -> Result<Aliases, Error> {
    let wrong = || Error::invalid("correlation.aliases", "must be a map of aliases, each a map of rule name to field");
    let Some(value) = value else { return Ok(Vec::new()) };
    let by_rule = |fields: &Json| -> Option<Vec<(String, String)>> {
        fields.as_object()?.iter().map(|(rule, field)| Some((rule.clone(), scalar(field)?))).collect()
    };
    let map = value.as_object().ok_or_else(wrong)?;
    map.iter().map(|(alias, fields)| Ok((alias.clone(), by_rule(fields).ok_or_else(wrong)?))).collect()
}
