#![doc = include_str!("../README.md")]

mod collection;
mod condition;
mod correlation;
mod detection;
mod draft;
mod encoding;
mod error;
mod expression;
mod filter;
mod fold;
mod gate;
mod item;
mod modifier;
mod pattern;
mod placeholder;
mod reading;
mod router;
mod rule;
mod rule_set;
mod test;
mod text;
mod time_part;
mod view;

pub use correlation::correlator::{Correlator, Limits, Statistics};
pub use correlation::report::CorrelationMatch;
pub use correlation::rule::{Bound, CorrelationRule, CorrelationType};
pub use correlation::snapshot::{InvalidSnapshot, Snapshot};
pub use error::Error;
pub use expression::MatchedField;
pub use placeholder::Placeholders;
pub use rule::Rule;
pub use rule_set::{Inactive, LoadError, Match, Reach, RuleSet};
