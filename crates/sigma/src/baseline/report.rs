//! What a baseline hands over when something departs from what is usual.

use std::sync::Arc;

use model::Timestamp;
use model::baseline::Departure;

use crate::baseline::rule::BaselineRule;
use crate::expression::MatchedField;

/// A baseline that fired on an event.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineMatch {
    /// The baseline.
    pub rule: Arc<BaselineRule>,
    /// Whose profile, and why.
    pub departure: Departure,
    /// The event's fields that are looked at: those of the group and those profiled.
    pub fields: Vec<MatchedField>,
    /// The event's time.
    pub time: Timestamp,
}
