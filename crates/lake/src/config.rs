//! The lake's settings.

use std::path::PathBuf;
use std::time::Duration;

/// The lake's settings; [`LakeConfig::new`] gives sensible ones.
#[derive(Debug, Clone)]
pub struct LakeConfig {
    /// The folder of the Parquet files; made when missing.
    pub dir: PathBuf,
    /// A customer's rows in memory are flushed from this many on.
    pub flush_rows: usize,
    /// ... or when the oldest has waited this long,
    pub flush_age: Duration,
    /// ... or from this many bytes on. Four times as much is kept over all customers before the largest are flushed.
    pub flush_bytes: usize,
    /// Bytes queries may hold together for sorting and grouping before they spill to disk.
    pub query_memory: usize,
    /// How many queries run at a time; the others wait.
    pub concurrent_queries: usize,
}

impl LakeConfig {
    /// Settings for one machine: files of about 200,000 rows or a minute, two queries at a time in 512 MiB.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        LakeConfig {
            dir: dir.into(),
            flush_rows: 200_000,
            flush_age: Duration::from_secs(60),
            flush_bytes: 128 << 20,
            query_memory: 512 << 20,
            concurrent_queries: 2,
        }
    }
}
