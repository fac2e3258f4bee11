//! What upkeep has done since start, and what the lake consists of.

use std::sync::atomic::{AtomicU64, Ordering};

use model::Scope;

use crate::catalogue::always;
use crate::error::{Error, Result};
use crate::store::Lake;

/// Counts since start.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub compactions: AtomicU64,
    pub files_merged: AtomicU64,
    pub rows_merged: AtomicU64,
    pub bytes_merged: AtomicU64,
    pub files_scrubbed: AtomicU64,
    pub bytes_scrubbed: AtomicU64,
    pub files_deleted: AtomicU64,
    pub rows_deleted: AtomicU64,
}

/// The lake in figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LakeStats {
    /// Committed files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Their events.
    pub rows: u64,
    /// Files found damaged and kept out of searches.
    pub damaged: u64,
    /// Files replaced or deleted that a search may still read.
    pub waiting_for_readers: u64,
    /// Merges since start.
    pub compactions: u64,
    /// Files merged away since start.
    pub files_merged: u64,
    /// Events in them.
    pub rows_merged: u64,
    /// Bytes written by merging since start.
    pub bytes_merged: u64,
    /// Files compared with their checksums since start.
    pub files_scrubbed: u64,
    /// Their bytes.
    pub bytes_scrubbed: u64,
    /// Files expired or deleted on request since start.
    pub files_deleted: u64,
    /// Events deleted since start.
    pub rows_deleted: u64,
}

impl Tally {
    pub fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }
}

impl Lake {
    /// The lake in figures. Reads the whole catalogue.
    pub async fn stats(&self) -> Result<LakeStats> {
        let files = self.inner.catalogue.files(&Scope::All, always()).await;
        let files = files.map_err(Error::catalogue("list its files"))?;
        let tally = &self.inner.tally;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Ok(LakeStats {
            files: files.len() as u64,
            bytes: files.iter().map(|file| file.bytes).sum(),
            rows: files.iter().map(|file| file.rows).sum(),
            damaged: files.iter().filter(|file| file.damage.is_some()).count() as u64,
            waiting_for_readers: self.inner.retired.waiting() as u64,
            compactions: count(&tally.compactions),
            files_merged: count(&tally.files_merged),
            rows_merged: count(&tally.rows_merged),
            bytes_merged: count(&tally.bytes_merged),
            files_scrubbed: count(&tally.files_scrubbed),
            bytes_scrubbed: count(&tally.bytes_scrubbed),
            files_deleted: count(&tally.files_deleted),
            rows_deleted: count(&tally.rows_deleted),
        })
    }
}
