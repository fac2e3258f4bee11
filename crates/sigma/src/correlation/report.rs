//! What a correlation that fires hands over.

use std::sync::Arc;

use model::Timestamp;

use crate::correlation::rule::CorrelationRule;

/// A correlation that fired for one group. `T` is what the caller gave each event as its token.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrelationMatch<T> {
    /// The correlation.
    pub rule: Arc<CorrelationRule>,
    /// The group: `group-by` names (aliases as aliases) with their values.
    pub group: Vec<(String, String)>,
    /// Tokens of the events behind it, in order of time. A `value_count` keeps the latest event of each distinct
    /// value, a `temporal` the latest of each rule.
    pub events: Vec<T>,
    /// The count the condition judged: events, distinct values, or rules.
    pub count: u64,
    /// The sum, average or percentile the condition judged, where it judges one.
    pub measured: Option<f64>,
    /// Time of the first of these events.
    pub first: Timestamp,
    /// Time of the last.
    pub last: Timestamp,
}
