#![doc = include_str!("../README.md")]

mod baseline;
mod check;
mod collection;
mod condition;
mod correlation;
mod cost;
mod detection;
mod draft;
mod encoding;
mod engine;
mod error;
mod explain;
mod expression;
mod filter;
mod fold;
mod head;
mod item;
mod loader;
mod modifier;
mod pattern;
mod placeholder;
mod processing;
mod reading;
mod regex_words;
mod router;
mod rule;
mod rule_set;
mod section;
mod selection;
mod test;
mod text;
mod time_part;
mod view;

pub use baseline::keeper::{BaselineLimits, BaselineStatistics, Baselines, Moment};
pub use baseline::report::BaselineMatch;
pub use baseline::rule::{BaselineKind, BaselineRule};
pub use baseline::view::Progress;
pub use check::{Gravity, Known, Place, Problem, ProblemKind, check};
pub use correlation::correlator::{Correlator, Limits, Share, Statistics};
pub use correlation::report::CorrelationMatch;
pub use correlation::rule::{Bound, CorrelationRule, CorrelationType, Measure};
pub use correlation::state::{InvalidState, StatePart, Token};
pub use cost::RuleCost;
pub use engine::scratch::Scratch;
pub use error::Error;
pub use explain::{
    Compared, Condition, ConditionTerm, DetectionTerm, Explanation, Filtered, Found, ItemTerm, LogSourceFit, Named,
    Operator, Reason, ReasonKind, Section, Wanted,
};
pub use expression::MatchedField;
pub use head::Head;
pub use item::Expressions;
pub use placeholder::Placeholders;
pub use processing::{Pipeline, Pipelines, Settings};
pub use rule::{FieldUse, Rule};
pub use rule_set::{Inactive, LoadError, Match, PartitionReport, Reach, RuleSet};
pub use selection::Selection;
