//! What each rule costs and how often it fires: hits counted always, time in one event of many.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// One event in so many is timed.
pub(crate) const TIMED: u64 = 256;

/// What one rule has cost since the set was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCost {
    /// The rule's id.
    pub id: String,
    /// Events it fired on.
    pub hits: u64,
    /// Events on which its condition was asked, estimated from those timed.
    pub asked: u64,
    /// Nanoseconds its condition took, estimated from those timed.
    pub nanos: u64,
    /// Whether it is suspended.
    pub suspended: bool,
}

/// A rule's counters.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    hits: AtomicU64,
    timed: AtomicU64,
    nanos: AtomicU64,
    suspended: AtomicBool,
}

impl Counters {
    /// It fired.
    pub(crate) fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    /// It was asked in an event that is timed.
    pub(crate) fn took(&self, time: Duration) {
        self.timed.fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Takes it out of use, or into it again.
    pub(crate) fn suspend(&self, suspended: bool) {
        self.suspended.store(suspended, Ordering::Relaxed);
    }

    /// Whether it is out of use.
    pub(crate) fn is_suspended(&self) -> bool {
        self.suspended.load(Ordering::Relaxed)
    }

    /// What was counted.
    pub(crate) fn cost(&self, id: &str) -> RuleCost {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RuleCost {
            id: id.to_owned(),
            hits: read(&self.hits),
            asked: read(&self.timed).saturating_mul(TIMED),
            nanos: read(&self.nanos).saturating_mul(TIMED),
            suspended: self.is_suspended(),
        }
    }
}
