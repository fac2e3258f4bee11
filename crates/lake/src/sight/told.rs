//! What a hunt is given, how it is watched, and what it tells.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use model::intel::{HitSample, Indicator, RetroHuntProgress};
use model::{CustomerId, Timestamp};
use sightings::Wanted;

/// What is hunted, made ready once.
#[derive(Debug)]
pub struct Target {
    pub(super) indicators: Vec<Indicator>,
    pub(super) wanted: Wanted,
}

impl Target {
    /// Makes a list ready.
    pub fn of(indicators: Vec<Indicator>) -> Target {
        let wanted = Wanted::of(&indicators);
        Target { indicators, wanted }
    }

    /// The list, in its order.
    pub fn indicators(&self) -> &[Indicator] {
        &self.indicators
    }
}

/// How far a hunt has come, and the way to stop it.
#[derive(Debug, Default)]
pub struct HuntWatch {
    pub(super) files: AtomicU64,
    pub(super) looked: AtomicU64,
    pub(super) to_read: AtomicU64,
    pub(super) read: AtomicU64,
    stop: AtomicBool,
}

impl HuntWatch {
    /// How far it has come.
    pub fn progress(&self) -> RetroHuntProgress {
        let told = |count: &AtomicU64| count.load(Ordering::Relaxed) as i64;
        RetroHuntProgress {
            files: told(&self.files),
            looked: told(&self.looked),
            to_read: told(&self.to_read),
            read: told(&self.read),
        }
    }

    /// Stops it at its next file.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether somebody stopped it.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// An indicator seen at a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// At whom.
    pub customer: CustomerId,
    /// The indicator's place in the list.
    pub indicator: u32,
    /// The earliest event's time.
    pub first: Timestamp,
    /// The latest event's time.
    pub last: Timestamp,
    /// How many events.
    pub count: u64,
    /// Whether the count is exact; that of a range may be too high until its events were read.
    pub exact: bool,
    /// Sample events, by time; none until they were read.
    pub samples: Vec<HitSample>,
}

/// What a hunt found so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hunted {
    /// What was seen, by customer and place in the list.
    pub sightings: Vec<Sighting>,
    /// Files that could not be looked at because they are damaged.
    pub damaged: Vec<String>,
}
