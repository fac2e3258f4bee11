//! Requests that are sent again: which idempotency keys were used lately, and how much of their request is durable.
//!
//! A request with a key writes a mark into the log right before its records, in the same append. So after a crash the log
//! itself says how many of them are durable: an append can only be cut at its end. A table of the marks is kept in memory
//! and written beside the log from time to time; what came after it is read from the log at the next start.
//!
//! A key is remembered for [`WINDOW`], but of one device only the last [`KEYS_OF_DEVICE`], and [`KEYS`] over all. The last
//! one of a device is remembered however old: a collector that was cut off asks about nothing else.

mod file;
mod mark;

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Timestamp;

use crate::wal::{Kind, Wal, WalError};
pub(crate) use file::Keeper;
pub(crate) use mark::Mark;

/// How long a key is remembered.
pub const WINDOW: Duration = Duration::from_secs(24 * 3600);
/// Keys remembered of one device,
pub const KEYS_OF_DEVICE: usize = 10_000;
/// and of all.
pub const KEYS: usize = 200_000;

/// SHA-256 of device and key, cut.
type Key = [u8; 16];
/// SHA-256 of a device, cut.
type Owner = [u8; 8];

/// What is known of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    owner: Owner,
    /// Says whether it is the same request.
    body: [u8; 8],
    total: u32,
    /// How many of its records, from the first on, are in the log.
    stored: u32,
    at: Timestamp,
    /// The durable sequence when a request under way began.
    busy: Option<u64>,
}

/// The keys used lately.
#[derive(Debug, Default)]
pub(crate) struct Once {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    keys: HashMap<Key, Entry>,
    /// Keys by device, oldest first.
    owners: HashMap<Owner, VecDeque<Key>>,
    changed: bool,
}

/// What to do with a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// Store its records from this one on.
    Store(usize),
    /// It is stored already.
    Stored,
    /// The same request is being stored.
    InProgress,
    /// The key was used for another request.
    OtherRequest,
}

impl Once {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a request; whoever is told to store must call [`Once::end`].
    pub(crate) fn begin(&self, mark: &Mark, durable: u64) -> Begun {
        let mut state = self.state();
        if let Some(entry) = state.keys.get_mut(&mark.key) {
            return if (entry.body, entry.total) != (mark.body, mark.total) {
                Begun::OtherRequest
            } else if entry.busy.is_some() {
                Begun::InProgress
            } else if entry.stored == entry.total {
                Begun::Stored
            } else {
                entry.busy = Some(durable);
                Begun::Store(entry.stored as usize)
            };
        }
        state.remember(mark.key, Entry { busy: Some(durable), ..Entry::of(mark, 0) });
        Begun::Store(0)
    }

    /// Ends a request that was begun: all of it is durable, or what is not is not known to be.
    pub(crate) fn end(&self, mark: &Mark, is_durable: bool) {
        let mut state = self.state();
        let Some(entry) = state.keys.get_mut(&mark.key) else { return };
        entry.busy = None;
        if is_durable {
            entry.stored = entry.total;
            state.changed = true;
        } else if entry.stored == 0 {
            state.forget(&mark.key);
        }
    }

    /// Learns from the log what was written after `position`.
    pub(crate) fn recover(&self, wal: &Wal, position: u64) -> Result<(), WalError> {
        const RECORDS: usize = 100_000;
        const BYTES: usize = 8 << 20;
        let durable = wal.durable();
        let mut reader = wal.reader((position + 1).max(wal.first()));
        loop {
            let batch = reader.read(RECORDS, BYTES, Duration::ZERO)?;
            if batch.is_empty() {
                return Ok(());
            }
            for record in batch.records().filter(|record| record.kind == Kind::ONCE) {
                if let Some(mark) = Mark::decode(record.payload) {
                    // Only the end of the log can be missing, and with it the end of what the mark stands before.
                    let there = u64::from(mark.count).min(durable.saturating_sub(record.sequence));
                    self.learn(&mark, mark.offset + there as u32);
                }
            }
        }
    }

    fn learn(&self, mark: &Mark, stored: u32) {
        let mut state = self.state();
        state.changed = true;
        match state.keys.get_mut(&mark.key).filter(|entry| entry.body == mark.body) {
            Some(entry) => entry.stored = entry.stored.max(stored),
            None => {
                state.forget(&mark.key);
                state.remember(mark.key, Entry::of(mark, stored));
            }
        }
    }

    /// Forgets what is older than the window.
    fn expire(&self, now: Timestamp) {
        let mut state = self.state();
        let old = now.minus(WINDOW);
        let expired: Vec<Key> = state
            .keys
            .iter()
            .filter(|(key, entry)| {
                // The newest of a device stays: after a long silence it may be asked for again.
                let newest = state.owners.get(&entry.owner).and_then(VecDeque::back);
                entry.at < old && entry.busy.is_none() && newest != Some(*key)
            })
            .map(|(key, _)| *key)
            .collect();
        expired.iter().for_each(|key| state.forget(key));
    }
}

impl Entry {
    fn of(mark: &Mark, stored: u32) -> Self {
        Entry { owner: mark.owner, body: mark.body, total: mark.total, stored, at: mark.at, busy: None }
    }
}

impl State {
    fn remember(&mut self, key: Key, entry: Entry) {
        let keys = self.owners.entry(entry.owner).or_default();
        keys.push_back(key);
        let mut dropped = if keys.len() > KEYS_OF_DEVICE { keys.front().copied() } else { None };
        self.keys.insert(key, entry);
        if dropped.is_none() && self.keys.len() > KEYS {
            // Whoever has most gives first.
            let most = self.owners.values().max_by_key(|keys| keys.len());
            dropped = most.and_then(|keys| keys.front().copied());
        }
        if let Some(key) = dropped {
            self.forget(&key);
        }
    }

    fn forget(&mut self, key: &Key) {
        let Some(entry) = self.keys.remove(key) else { return };
        self.changed = true;
        if let Some(keys) = self.owners.get_mut(&entry.owner) {
            // The oldest is forgotten first, nearly always.
            if let Some(place) = keys.iter().position(|known| known == key) {
                keys.remove(place);
            }
            if keys.is_empty() {
                self.owners.remove(&entry.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(device: &str, key: &str, records: u32) -> Mark {
        Mark::new(device, key, [7; 8], records, Timestamp::from_micros(0))
    }

    #[test]
    fn a_key_is_stored_once_and_only_for_one_request_at_a_time() {
        let once = Once::default();
        let one = mark("a", "k", 3);
        assert_eq!(once.begin(&one, 0), Begun::Store(0));
        assert_eq!(once.begin(&one, 0), Begun::InProgress);
        assert_eq!(once.begin(&mark("b", "k", 3), 0), Begun::Store(0), "another device's key is another key");
        once.end(&one, true);
        assert_eq!(once.begin(&one, 0), Begun::Stored);
        assert_eq!(once.begin(&Mark { body: [8; 8], ..one.clone() }, 0), Begun::OtherRequest);
        assert_eq!(once.begin(&mark("a", "k", 4), 0), Begun::OtherRequest);
    }

    #[test]
    fn a_request_that_was_refused_may_come_again_and_one_stored_in_part_is_completed() {
        let once = Once::default();
        let one = mark("a", "k", 5);
        assert_eq!(once.begin(&one, 0), Begun::Store(0));
        once.end(&one, false);
        assert_eq!(once.begin(&one, 0), Begun::Store(0));
        let other = Once::default();
        other.learn(&one, 2);
        assert_eq!(other.begin(&one, 0), Begun::Store(2));
        other.end(&one, false);
        assert_eq!(other.begin(&one, 0), Begun::Store(2));
    }

    #[test]
    fn keys_are_forgotten_in_time_and_one_device_forgets_only_its_own() {
        let once = Once::default();
        once.learn(&mark("quiet", "k", 1), 1);
        for number in 0..KEYS_OF_DEVICE as u32 + 10 {
            once.learn(&mark("loud", &number.to_string(), 1), 1);
        }
        assert_eq!(once.state().keys.len(), KEYS_OF_DEVICE + 1);
        assert_eq!(once.begin(&mark("quiet", "k", 1), 0), Begun::Stored);
        once.expire(Timestamp::from_micros(0).plus(WINDOW + Duration::from_secs(1)));
        assert_eq!(once.state().keys.len(), 2, "the newest of each device stays");
        assert_eq!(once.begin(&mark("quiet", "k", 1), 0), Begun::Stored);
    }
}
