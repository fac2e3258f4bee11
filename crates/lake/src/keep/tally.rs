//! What upkeep has done since start, and what the lake consists of.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use model::{CustomerId, Scope, Timestamp};

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

/// What the lake has of a customer, in files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Whose.
    pub customer: CustomerId,
    /// Events.
    pub events: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// How many files.
    pub files: u64,
    /// Those found damaged and kept out of searches.
    pub damaged: u64,
    first: Timestamp,
    last: Timestamp,
}

impl Stored {
    /// The earliest event time, as far as calendars know it.
    pub fn first(&self) -> Timestamp {
        in_calendar(self.first)
    }

    /// The latest event time, as far as calendars know it.
    pub fn last(&self) -> Timestamp {
        in_calendar(self.last)
    }
}

/// Times that cannot be written as a date become the first or last one that can.
fn in_calendar(time: Timestamp) -> Timestamp {
    Timestamp::from_micros(time.as_micros().clamp(-62_135_596_800_000_000, 253_402_300_799_999_999))
}

impl Tally {
    pub fn add(counter: &AtomicU64, amount: u64) {
        counter.fetch_add(amount, Ordering::Relaxed);
    }
}

impl Lake {
    /// What there is of each customer in scope. Reads the catalogue's rows of them.
    pub async fn stored(&self, scope: &Scope) -> Result<Vec<Stored>> {
        let files = self.inner.catalogue.files(scope, always()).await.map_err(Error::catalogue("list its files"))?;
        let mut stored: BTreeMap<CustomerId, Stored> = BTreeMap::new();
        for file in files.into_iter().filter(|file| scope.contains(&file.customer)) {
            let (customer, first, last) = (file.customer.clone(), file.min_time, file.max_time);
            let empty = Stored { customer, events: 0, bytes: 0, files: 0, damaged: 0, first, last };
            let sum = stored.entry(file.customer).or_insert(empty);
            sum.events += file.rows;
            sum.bytes += file.bytes;
            sum.files += 1;
            sum.damaged += u64::from(file.damage.is_some());
            (sum.first, sum.last) = (sum.first.min(first), sum.last.max(last));
        }
        Ok(stored.into_values().collect())
    }

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
