//! Exports of events: files made in the background, kept for their owner for a while (catalogue I5).

use serde::{Deserialize, Serialize};

use crate::query::{Query, QueryError};
use crate::role::words;
use crate::search::{EventQuery, ExportFormat, FieldFilter};
use crate::{CustomerId, DeviceId, ExportId, PageRequest, TimeRange, Timestamp, UserId};

words! {
    /// How far an export has come.
    ExportState {
        /// Waits for its turn.
        Queued = "queued",
        /// Is being written.
        Running = "running",
        /// Its file can be fetched.
        Done = "done",
        /// It came to nothing; `problem` says why.
        Failed = "failed",
        /// Its owner called it off.
        Cancelled = "cancelled",
        /// Its file was kept as long as files are kept.
        Expired = "expired",
    }
}

impl ExportState {
    /// Whether something is still to come.
    pub fn is_open(self) -> bool {
        matches!(self, ExportState::Queued | ExportState::Running)
    }
}

/// What is written, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExportData {
    /// Record time, first instant inside.
    pub from: Timestamp,
    /// Record time, first instant after.
    pub to: Timestamp,
    /// Only these customers; all the owner sees when empty.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub customers: Vec<CustomerId>,
    /// Only these devices.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub devices: Vec<DeviceId>,
    /// Only these source folders.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Every one must hold.
    #[serde(default)]
    pub filters: Vec<FieldFilter>,
    /// The search language.
    #[serde(default)]
    pub q: String,
    /// Words and quoted phrases that must all occur in the record, without case.
    #[serde(default)]
    pub text: String,
    /// How it is written.
    pub format: ExportFormat,
    /// Columns of CSV and Parquet files; common ones when empty.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Events at most.
    pub most: i64,
}

impl ExportData {
    /// The search whose events are written.
    pub fn query(&self) -> Result<EventQuery, QueryError> {
        Ok(EventQuery {
            range: TimeRange { from: self.from, to: self.to },
            customers: self.customers.clone(),
            devices: self.devices.clone(),
            sources: self.sources.clone(),
            filters: self.filters.clone(),
            condition: self.q.parse::<Query>()?,
            text: self.text.clone(),
            page: PageRequest::default(),
        })
    }
}

/// An export, from being asked for to being forgotten.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Export {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: ExportId,
    /// Who asked for it, and alone may fetch it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub owner: UserId,
    /// What is written.
    #[serde(flatten)]
    pub data: ExportData,
    /// How far it has come.
    pub state: ExportState,
    /// Events it is going to hold, once that is known.
    pub total: Option<i64>,
    /// Events written.
    pub events: i64,
    /// Bytes written.
    pub bytes: i64,
    /// Whose events the file may hold: every customer's when absent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub of: Option<Vec<CustomerId>>,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: Option<String>,
    /// Why it failed.
    pub problem: Option<String>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When writing began.
    pub started: Option<Timestamp>,
    /// When it ended, one way or another.
    pub finished: Option<Timestamp>,
    /// Until when the file is kept.
    pub expires: Option<Timestamp>,
}

impl Export {
    /// The name its file is fetched under.
    pub fn file_name(&self) -> String {
        format!("events-{}.{}", self.id, self.data.format.as_str())
    }
}
