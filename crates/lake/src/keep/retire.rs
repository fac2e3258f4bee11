//! Files that were replaced or deleted: they stay on disk until no search that may read them is left.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Timestamp;

use crate::disk::{self, Place};
use crate::error::Result;
use crate::store::Lake;

/// Files out of the catalogue, and the leases of those who read files.
#[derive(Debug, Default)]
pub(crate) struct Retired {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    leases: BTreeSet<u64>,
    files: Vec<Gone>,
}

#[derive(Debug)]
struct Gone {
    path: String,
    /// Leases below this number may need it.
    before: u64,
    since: Timestamp,
}

/// While it lives, no file goes that was in the catalogue when it was taken.
#[derive(Debug)]
pub(crate) struct Lease {
    retired: Arc<Retired>,
    number: u64,
}

/// While it lives, files the catalogue names stay on disk, whatever becomes of them in the catalogue.
#[derive(Debug)]
pub struct Hold {
    _lease: Lease,
}

impl Lake {
    /// Keeps files on disk for somebody who is about to read the catalogue and then the files: a backup, a check.
    pub fn hold(&self) -> Hold {
        Hold { _lease: self.inner.retired.lease() }
    }

    /// Deletes files that were replaced and that nobody reads any more; gives how many.
    pub async fn reap(&self, now: Timestamp) -> Result<usize> {
        let (inner, grace) = (self.inner.clone(), self.inner.config.grace);
        let reaped = tokio::task::spawn_blocking(move || inner.retired.reap(&inner.place, now, grace)).await;
        reaped.map_err(|_| crate::Error::Stopped)?
    }
}

impl Retired {
    pub fn lease(self: &Arc<Self>) -> Lease {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.leases.insert(number);
        Lease { retired: self.clone(), number }
    }

    /// The catalogue no longer has these files.
    pub fn add(&self, paths: impl IntoIterator<Item = String>, now: Timestamp) {
        let mut state = self.state();
        let before = state.next;
        state.files.extend(paths.into_iter().map(|path| Gone { path, before, since: now }));
    }

    /// Whether a lease taken before these files went is still out.
    pub fn is_read(&self, paths: &[String]) -> bool {
        let state = self.state();
        let oldest = state.leases.first().copied().unwrap_or(u64::MAX);
        state.files.iter().any(|file| paths.contains(&file.path) && oldest < file.before)
    }

    /// Deletes what nobody needs and whose time is over.
    pub fn reap(&self, place: &Place, now: Timestamp, grace: Duration) -> Result<usize> {
        let due: Vec<String> = {
            let state = self.state();
            let oldest = state.leases.first().copied().unwrap_or(u64::MAX);
            let due = state.files.iter().filter(|file| file.before <= oldest && now.since(file.since) >= grace);
            due.map(|file| file.path.clone()).collect()
        };
        disk::remove_durably(place, &due)?;
        self.forget(&due);
        Ok(due.len())
    }

    /// These files are deleted.
    pub fn forget(&self, paths: &[String]) {
        self.state().files.retain(|file| !paths.contains(&file.path));
    }

    /// How many files wait.
    pub fn waiting(&self) -> usize {
        self.state().files.len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.retired.state().leases.remove(&self.number);
    }
}
