//! The lake's settings.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::disk::{Disk, OsDisk};

/// The lake's settings; [`LakeConfig::new`] gives sensible ones.
#[derive(Debug, Clone)]
pub struct LakeConfig {
    /// The folder of the Parquet files; made when missing.
    pub dir: PathBuf,
    /// A customer's rows in memory are flushed from this many on.
    pub flush_rows: usize,
    /// ... or when the oldest has waited this long,
    pub flush_age: Duration,
    /// ... or from this many bytes on. Three times as much is kept over all customers before the largest are flushed.
    pub flush_bytes: usize,
    /// Bytes queries may hold together for sorting and grouping before they spill to disk.
    pub query_memory: usize,
    /// How many queries run at a time; the others wait.
    pub concurrent_queries: usize,
    /// Small files of a customer's day are merged into files of about this many bytes.
    pub file_bytes: u64,
    /// The share of a core that merging and checking files takes at most, from 0 to 1.
    pub upkeep_share: f64,
    /// How long a file that was replaced stays on disk, for readers of other processes. Our own searches keep it for
    /// as long as they need it.
    pub grace: Duration,
    /// What the files are written with.
    pub disk: Arc<dyn Disk>,
    /// Bytes of files one search of a person may read,
    pub query_bytes: u64,
    /// ... and all of a person's searches within a minute.
    pub user_bytes_per_minute: u64,
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
            file_bytes: 128 << 20,
            upkeep_share: 0.5,
            grace: Duration::from_secs(10),
            disk: Arc::new(OsDisk),
            query_bytes: 32 << 30,
            user_bytes_per_minute: 64 << 30,
        }
    }
}
