//! What to look for among events: a time range, customers, field filters and free text (catalogue I5).

use serde::{Deserialize, Serialize};

use crate::query::Query;
use crate::role::words;
use crate::{CustomerId, DeviceId, PageRequest, TimeRange, Timestamp};

words! {
    /// How a field is compared.
    FilterOp {
        /// Equal, text without case.
        Is = "is",
        /// Not equal; events without the field pass.
        IsNot = "is_not",
        /// Contains, without case.
        Contains = "contains",
        /// Starts with, without case.
        StartsWith = "starts_with",
        /// The field is there and not empty.
        Exists = "exists",
        /// The field is absent or empty.
        Missing = "missing",
        /// The address lies in a CIDR range.
        InRange = "in_range",
    }
}

/// A condition on one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FieldFilter {
    /// A core field, or a record's own field name.
    pub field: String,
    /// How it is compared.
    pub op: FilterOp,
    /// What it is compared with; unused by `exists` and `missing`.
    #[serde(default)]
    pub value: String,
}

/// A search over events. Which customers may be seen comes from the context, never from here: `customers` only narrows.
#[derive(Debug, Clone, PartialEq)]
pub struct EventQuery {
    /// Record time.
    pub range: TimeRange,
    /// Only these customers; all of the context's when empty.
    pub customers: Vec<CustomerId>,
    /// Only these devices.
    pub devices: Vec<DeviceId>,
    /// Only these sources.
    pub sources: Vec<String>,
    /// Every one must hold.
    pub filters: Vec<FieldFilter>,
    /// Must hold as well: what the search language says.
    pub condition: Query,
    /// Words or quoted phrases that must all occur in the raw record, without case.
    pub text: String,
    /// Newest first.
    pub page: PageRequest,
}

impl EventQuery {
    /// Everything in a range.
    pub fn all(range: TimeRange) -> Self {
        EventQuery {
            range,
            customers: Vec::new(),
            devices: Vec::new(),
            sources: Vec::new(),
            filters: Vec::new(),
            condition: Query::All,
            text: String::new(),
            page: PageRequest::default(),
        }
    }

    /// The words and quoted phrases of the free text.
    pub fn terms(&self) -> Vec<String> {
        let mut terms = Vec::new();
        for (place, part) in self.text.split('"').enumerate() {
            if place % 2 == 1 {
                terms.push(part.to_owned());
            } else {
                terms.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        terms.retain(|term| !term.is_empty());
        terms
    }
}

words! {
    /// What an export is written as.
    ExportFormat {
        /// One JSON object a line, whole events.
        Ndjson = "ndjson",
        /// Comma-separated values with a header line.
        Csv = "csv",
        /// Apache Parquet.
        Parquet = "parquet",
    }
}

/// What a field holds among the events of a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldStats {
    /// A core field, or a record's own field name.
    pub field: String,
    /// Events of the query.
    pub total: i64,
    /// Those that have the field, not empty.
    pub present: i64,
    /// About how many different values, within a few per cent.
    pub distinct: i64,
    /// The commonest values.
    pub top: Vec<ValueCount>,
}

/// One bar of a histogram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bucket {
    /// Start of the bar.
    pub start: Timestamp,
    /// Events in it.
    pub count: i64,
}

/// How often a value of a field occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValueCount {
    /// The value.
    pub value: String,
    /// Events that have it.
    pub count: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_phrases_stay_together() {
        let range = TimeRange { from: Timestamp::from_micros(0), to: Timestamp::from_micros(1) };
        let query = EventQuery { text: "failed \"for root\" ssh".into(), ..EventQuery::all(range) };
        assert_eq!(query.terms(), ["failed", "for root", "ssh"]);
    }
}
