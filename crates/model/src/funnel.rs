//! From events to incidents, by customer and day (catalogue D5): where records are lost from sight, and why.

use serde::{Deserialize, Serialize};

/// What became of a customer's records within a time, as they were judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EventCounts {
    /// Records received.
    pub events: i64,
    /// Those among them that no source recognised.
    pub unparsed: i64,
    /// What rules, correlations, indicators and devices said of them, silent ones among them.
    pub detections: i64,
    /// Detections of use cases that are silent.
    pub silent: i64,
    /// What exceptions kept from being detections.
    pub excepted: i64,
}

impl EventCounts {
    /// Adds another count.
    pub fn add(&mut self, other: &EventCounts) {
        self.events += other.events;
        self.unparsed += other.unparsed;
        self.detections += other.detections;
        self.silent += other.silent;
        self.excepted += other.excepted;
    }
}
