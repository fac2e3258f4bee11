//! Why a rule fires on an event or does not, term by term, for people: nothing here is asked while events are matched.
//!
//! The rule's section is compiled again, each value by itself, so that what is told is what was written and not what
//! the engine made of it. The verdict must be that of `RuleSet::matches_plainly`.

mod judge;
mod reason;

use model::event::{Event, LogSource, Value};
use serde::Serialize;

use crate::expression::MatchedField;
use crate::item::{Expressions, Scope};
use crate::router::covers;
use crate::rule::Rule;
use crate::view::View;

/// Why a rule fires on an event, or why it does not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The rule's id.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// Whether it fires: its log source fits, the detection and all filters hold, and it is in use.
    pub fires: bool,
    /// Whether the rule was taken out of use.
    pub suspended: bool,
    /// Whether the rule concerns such events at all.
    pub log_source: LogSourceFit,
    /// The rule's own detection.
    pub detection: Section,
    /// The filters that narrow the rule, in the order they were applied.
    pub filters: Vec<Filtered>,
    /// The first obstacle; nothing where the rule fires.
    pub reason: Option<Reason>,
}

/// The rule's log source against those of the event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogSourceFit {
    /// Whether one of the event's has every part the rule states.
    pub fits: bool,
    /// What the rule states.
    pub wanted: LogSource,
    /// What the event has.
    pub present: Vec<LogSource>,
}

/// A filter's part in the verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Filtered {
    /// The filter's title.
    pub title: String,
    /// The file it came from.
    pub path: String,
    /// What it asks; where it does not hold, the rule does not fire.
    pub section: Section,
}

/// A `detection` or `filter` section.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Section {
    /// Whether one of the conditions holds.
    pub holds: bool,
    /// The conditions; most rules have one.
    pub conditions: Vec<Condition>,
    /// The detections the conditions join, by name.
    pub detections: Vec<Named>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Condition {
    /// As written.
    pub text: String,
    /// The same taken apart.
    pub term: ConditionTerm,
}

/// A part of a condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConditionTerm {
    /// Whether it holds.
    pub holds: bool,
    /// Whether the rule would need the opposite of it: what stands under a `not` hinders by holding.
    pub hinders: bool,
    /// What it is.
    #[serde(flatten)]
    pub operator: Operator,
}

/// What joins the parts of a condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Operator {
    /// All parts.
    And {
        /// The parts as written.
        parts: Vec<ConditionTerm>,
    },
    /// One of the parts.
    Or {
        /// The parts as written.
        parts: Vec<ConditionTerm>,
    },
    /// The opposite.
    Not {
        /// Of this.
        part: Box<ConditionTerm>,
    },
    /// `1 of` or `all of` the detections a pattern names.
    Of {
        /// Whether all are needed.
        all: bool,
        /// The pattern, or `them`.
        pattern: String,
        /// The detections it names.
        parts: Vec<ConditionTerm>,
    },
    /// A detection by name.
    Detection {
        /// Its name.
        name: String,
    },
}

/// A detection by name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// What it asks.
    pub term: DetectionTerm,
}

/// A part of a detection.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DetectionTerm {
    /// A map: all parts.
    All {
        /// Whether all hold.
        holds: bool,
        /// The parts.
        parts: Vec<DetectionTerm>,
    },
    /// A list: one of the parts.
    Any {
        /// Whether one holds.
        holds: bool,
        /// The parts.
        parts: Vec<DetectionTerm>,
    },
    /// A field or keywords.
    Item(ItemTerm),
}

impl DetectionTerm {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        match self {
            DetectionTerm::All { holds, .. } | DetectionTerm::Any { holds, .. } => *holds,
            DetectionTerm::Item(item) => item.holds,
        }
    }
}

/// `field|modifiers: values` and what the event has for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemTerm {
    /// Whether it holds, `neq` considered.
    pub holds: bool,
    /// The field; nothing where keywords are searched everywhere.
    pub field: Option<String>,
    /// The modifiers as written, in order.
    pub modifiers: Vec<String>,
    /// Whether every value is needed instead of one.
    pub all: bool,
    /// Whether the answer is turned round (`neq`).
    pub negated: bool,
    /// The values asked for.
    pub wanted: Vec<Wanted>,
    /// What the event has in the field; nothing where keywords are searched.
    pub found: Option<Found>,
    #[serde(skip)]
    cost: u64,
}

/// One value asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Wanted {
    /// As written in the rule.
    pub value: serde_json::Value,
    /// Whether the event satisfies it; `neq` is not yet considered.
    pub holds: bool,
    /// The values that satisfied it, and where: for keywords a field or `raw`.
    pub matched: Vec<MatchedField>,
    /// With `fieldref`: the other field.
    pub compared: Option<Compared>,
}

/// The field a field is compared with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Its name.
    pub field: String,
    /// What the event has in it.
    pub found: Found,
}

/// What an event has in a field.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Found {
    /// It has no such field.
    Absent,
    /// It is null, or a list without a value.
    Null,
    /// It has values.
    Values {
        /// The first of them as text, long ones cut.
        values: Vec<String>,
        /// How many more there are.
        more: usize,
    },
}

/// An obstacle in a form a console can put into words of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// What is the matter.
    pub kind: ReasonKind,
    /// The title of the filter it stands in; nothing for the rule's own detection.
    pub filter: Option<String>,
    /// The detection it stands in.
    pub detection: Option<String>,
    /// The field.
    pub field: Option<String>,
    /// The modifiers as written.
    pub modifiers: Vec<String>,
    /// The first of the values concerned, as text.
    pub wanted: Vec<String>,
    /// How many more values are concerned.
    pub more: usize,
    /// What the event has.
    pub found: Vec<String>,
    /// How many other terms could do in place of this one: those of the same `or` or list.
    pub alternatives: usize,
}

/// What keeps a rule from firing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    /// It was taken out of use.
    Suspended,
    /// It is for other events: `wanted` against `found` log sources.
    LogSource,
    /// The event lacks the field.
    FieldAbsent,
    /// The field is null.
    FieldNull,
    /// The field should be null or absent, and has values.
    FieldPresent,
    /// No value of the field is as wanted.
    NoneOf,
    /// All values are wanted, and those named are not there.
    NotAllOf,
    /// No keyword is found anywhere.
    NoKeyword,
    /// All keywords are wanted, and those named are not found.
    NotAllKeywords,
    /// `neq`: the event has what it may not have.
    Excluded,
    /// A term holds that stands under a `not`.
    Hinders,
}

impl Rule {
    /// Why this rule fires on the event or why it does not, term by term.
    pub fn explain(&self, event: &Event<'_>) -> Explanation {
        explain(self, event, false)
    }
}

/// Explains a rule's verdict.
pub(crate) fn explain(rule: &Rule, event: &Event<'_>, suspended: bool) -> Explanation {
    let mut scope = Scope::new(rule.placeholders.clone(), Expressions::default());
    let own = judge::Plan::new(&rule.section, &mut scope);
    let filters: Vec<_> =
        rule.filters.iter().map(|filter| (filter, judge::Plan::new(&filter.section, &mut scope))).collect();
    let raw = Value::from(event.raw);
    let view = View::new(event, &raw, &scope.columns, 0..scope.columns.len());
    let detection = own.judge(&view);
    let filters: Vec<Filtered> = filters
        .into_iter()
        .map(|(filter, plan)| Filtered {
            title: filter.title.clone(),
            path: filter.path.clone(),
            section: plan.judge(&view),
        })
        .collect();
    let present = event.log_sources.to_vec();
    let fits = present.iter().any(|member| covers(&rule.log_source, member));
    let mut explanation = Explanation {
        rule: rule.id.clone(),
        title: rule.title.clone(),
        fires: !suspended && fits && detection.holds && filters.iter().all(|filter| filter.section.holds),
        suspended,
        log_source: LogSourceFit { fits, wanted: rule.log_source.clone(), present },
        detection,
        filters,
        reason: None,
    };
    explanation.reason = reason::first(&explanation);
    explanation
}
