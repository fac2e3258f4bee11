//! Pages of a list, by opaque cursor.

use serde::{Deserialize, Serialize};

/// Where a page ended: opaque to clients, made and read by the store or the lake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Cursor(pub String);

/// How much of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows at most, 1 to [`PageRequest::MOST`].
    pub limit: usize,
    /// Go on after this cursor.
    pub after: Option<Cursor>,
}

impl PageRequest {
    /// The most rows one page may hold.
    pub const MOST: usize = 1000;

    /// `limit` kept within 1 and [`PageRequest::MOST`].
    pub fn new(limit: usize, after: Option<Cursor>) -> Self {
        PageRequest { limit: limit.clamp(1, Self::MOST), after }
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        PageRequest { limit: 100, after: None }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page starts; absent on the last.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// The same page with each row changed.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}
