//! Where a query cannot be read, and what would have helped.

use std::fmt;

/// A query that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryError {
    /// The place, in characters from 0; the query's length where something is missing at its end.
    pub at: usize,
    /// What is wrong and what was expected there.
    pub problem: String,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "character {}: {}", self.at + 1, self.problem)
    }
}

impl std::error::Error for QueryError {}
