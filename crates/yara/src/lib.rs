#![doc = include_str!("../README.md")]

mod archive;
mod excerpt;
mod file;
mod rules;
mod scan;
mod source;
mod split;

pub use archive::{SkipReason, Skipped};
pub use excerpt::excerpt;
pub use file::{FileScan, Found};
pub use rules::Rules;
pub use scan::{Limits, Match, MatchedString, Outcome, Scan, Stragglers};
pub use source::{LONGEST_TEXT, Problem, RuleInfo, Source, built_in};
