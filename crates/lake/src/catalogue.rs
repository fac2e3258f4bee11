//! Which files the lake consists of, and up to where in the log each customer is in them: kept by someone else.

use async_trait::async_trait;
use model::{CustomerId, EventId, Scope, TimeRange, Timestamp};
use serde::{Deserialize, Serialize};

/// Why a catalogue failed.
pub type CatalogueError = Box<dyn std::error::Error + Send + Sync>;

/// One committed Parquet file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LakeFile {
    /// Derived from customer, day, first and last event: the same rows give the same id.
    pub id: String,
    /// Whose events it holds.
    pub customer: CustomerId,
    /// The day (UTC) of its events' times, as `2026-11-21`.
    pub day: String,
    /// Where it stands, relative to the lake's folder, with `/`.
    pub path: String,
    /// How many events.
    pub rows: u64,
    /// Its size on disk.
    pub bytes: u64,
    /// Earliest event time.
    pub min_time: Timestamp,
    /// Latest event time.
    pub max_time: Timestamp,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub checksum: String,
    /// The columns written. An entry `*<column>` says that some rows keep this field's value in `core_rest` or
    /// `fields_rest` because it does not fit the column.
    pub columns: Vec<String>,
    /// The lowest event id inside.
    pub first: EventId,
    /// The highest event id inside.
    pub last: EventId,
    /// How often its events have been merged; 0 as first written.
    #[serde(default)]
    pub level: u32,
    /// When its content was last compared with the checksum, if ever.
    #[serde(default)]
    pub checked: Option<Timestamp>,
    /// What was found wrong with its content; searches that would need it fail and say so.
    #[serde(default)]
    pub damage: Option<String>,
}

/// Every event of `customer` in this shard up to and including `sequence` is in committed files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LakeWatermark {
    /// The customer.
    pub customer: CustomerId,
    /// The log.
    pub log: u32,
    /// The shard of the log.
    pub shard: u16,
    /// The highest sequence number covered.
    pub sequence: u64,
}

/// How far a batch reaches in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPosition {
    /// The log.
    pub log: u32,
    /// The shard of the log.
    pub shard: u16,
    /// The highest sequence number of the batch, events that gave no row included.
    pub sequence: u64,
}

/// One change of the catalogue: all of it or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Files that are now part of the lake.
    pub add: Vec<LakeFile>,
    /// Ids of files that no longer are.
    pub remove: Vec<String>,
    /// Watermarks that moved; a watermark never goes back.
    pub watermarks: Vec<LakeWatermark>,
}

/// The list of the lake's files, kept in a durable transactional store.
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// Applies a change in one durable transaction: after a crash all of it is there or nothing.
    async fn commit(&self, commit: Commit) -> Result<(), CatalogueError>;

    /// The files of `scope` that may hold events in `range` (`min_time < range.to` and `max_time >= range.from`).
    async fn files(&self, scope: &Scope, range: TimeRange) -> Result<Vec<LakeFile>, CatalogueError>;

    /// Every customer's watermarks.
    async fn watermarks(&self) -> Result<Vec<LakeWatermark>, CatalogueError>;

    /// Notes when a file's content was compared with its checksum, and what was wrong with it. A file that is no
    /// longer in the catalogue is none of it.
    async fn checked(&self, id: &str, at: Timestamp, damage: Option<&str>) -> Result<(), CatalogueError> {
        let _ = (id, at, damage);
        Err("this catalogue cannot keep what a check of a file found".into())
    }

    /// The files of `scope` that may hold the event `id` (`first <= id <= last`). Worth an index of its own.
    async fn files_with(&self, scope: &Scope, id: EventId) -> Result<Vec<LakeFile>, CatalogueError> {
        let mut files = self.files(scope, always()).await?;
        files.retain(|file| file.first <= id && id <= file.last);
        Ok(files)
    }
}

/// The range that contains every event time the lake stores.
pub(crate) fn always() -> TimeRange {
    TimeRange { from: Timestamp::from_micros(i64::MIN), to: Timestamp::from_micros(i64::MAX) }
}
