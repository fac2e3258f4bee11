//! Expiry and deletion: what goes is known, and can be written down, before anything goes; then it goes for good.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use model::retention::DeletedFile;
use model::{CustomerId, Scope, TimeRange, Timestamp};
use tokio::sync::OwnedMutexGuard;

use crate::catalogue::{LakeFile, always};
use crate::disk;
use crate::error::{Error, Result};
use crate::keep::compact::{merge, replace};
use crate::keep::file::Reader;
use crate::keep::tally::Tally;
use crate::sink;
use crate::store::{Inner, Lake};

/// How long a deletion waits for searches that still read the files.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(50);

/// A deletion that is ready and has not happened yet. Nothing else changes the lake's files until it is carried out or
/// dropped; dropped, it leaves everything as it was.
pub struct Deletion {
    inner: Arc<Inner>,
    _upkeep: OwnedMutexGuard<()>,
    /// Files that go, with how many events of each go for good.
    old: Vec<(LakeFile, u64)>,
    /// What is left of them.
    new: Vec<LakeFile>,
    done: bool,
}

impl std::fmt::Debug for Deletion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deletion").field("files", &self.old.len()).field("events", &self.events()).finish()
    }
}

impl Lake {
    /// Prepares the deletion of a customer's events with times in `range`, those in memory included.
    pub async fn plan_deletion(&self, customer: &CustomerId, range: TimeRange) -> Result<Deletion> {
        let owner = customer.clone();
        // So that no later flush brings them: what is in memory is in files first, and the watermark with it.
        self.flush(move |_| vec![owner]).await?;
        self.plan(customer, range, |file| range.contains(file.min_time) && range.contains(file.max_time), true).await
    }

    /// Prepares the deletion of a customer's files all of whose events both happened and were received before
    /// `cutoff`: what was imported lately stays, however old it is.
    pub async fn plan_expiry(&self, customer: &CustomerId, cutoff: Timestamp) -> Result<Deletion> {
        let (dir, mut received) = (self.inner.config.dir.clone(), BTreeMap::new());
        let range = TimeRange { from: always().from, to: cutoff };
        let files = self.inner.catalogue.files(&Scope::one(customer.clone()), range).await;
        for file in files.map_err(Error::catalogue("list files"))?.into_iter().filter(|file| file.max_time < cutoff) {
            let dir = dir.clone();
            let (id, newest) = tokio::task::spawn_blocking(move || {
                // A file that cannot be read is as old as it says.
                let newest = Reader::open(&dir, &file).ok().and_then(|reader| reader.newest_received());
                (file.id, newest)
            })
            .await
            .map_err(|_| Error::Stopped)?;
            received.insert(id, newest);
        }
        let over = |file: &LakeFile| {
            let received = received.get(&file.id);
            received.is_some_and(|newest| newest.is_none_or(|newest| newest < cutoff.as_micros()))
        };
        self.plan(customer, range, over, false).await
    }

    /// Prepares giving up one damaged file with all its events.
    pub async fn plan_forgetting(&self, customer: &CustomerId, id: &str) -> Result<Deletion> {
        let deletion = self.plan(customer, always(), |file| file.id == id, false).await?;
        match deletion.old.first() {
            Some((file, _)) if file.damage.is_some() => Ok(deletion),
            Some(_) => {
                Err(Error::Refused(format!("lake file {id} is not damaged: only damaged files can be given up")))
            }
            None => Err(Error::Refused(format!("{customer} has no lake file {id}"))),
        }
    }

    /// Files that are `whole` go as they are; the others that overlap the range are written anew if `parts`.
    async fn plan(
        &self,
        customer: &CustomerId,
        range: TimeRange,
        whole: impl Fn(&LakeFile) -> bool,
        parts: bool,
    ) -> Result<Deletion> {
        let upkeep = self.inner.upkeep.clone().lock_owned().await;
        let scope = Scope::one(customer.clone());
        let files = self.inner.catalogue.files(&scope, range).await.map_err(Error::catalogue("list files"))?;
        let mut deletion =
            Deletion { inner: self.inner.clone(), _upkeep: upkeep, old: Vec::new(), new: Vec::new(), done: false };
        for file in files {
            if whole(&file) {
                let events = file.rows;
                deletion.old.push((file, events));
            } else if parts {
                let (work, part) = (self.inner.clone(), file.clone());
                let left = tokio::task::spawn_blocking(move || merge(&work, &[part], Some(range), u64::MAX)).await;
                let left = left.map_err(|_| Error::Stopped)??;
                let gone = file.rows - left.iter().map(|file| file.rows).sum::<u64>().min(file.rows);
                if gone == 0 {
                    sink::discard(&self.inner.place, &left);
                    continue;
                }
                deletion.new.extend(left);
                deletion.old.push((file, gone));
            }
        }
        Ok(deletion)
    }

    /// Whether the catalogue still has one of these files.
    pub async fn has_any(&self, customer: &CustomerId, ids: &[String]) -> Result<bool> {
        let files = self.inner.catalogue.files(&Scope::one(customer.clone()), always()).await;
        Ok(files.map_err(Error::catalogue("list files"))?.iter().any(|file| ids.contains(&file.id)))
    }

    /// Makes sure that files which are no longer in the catalogue are gone from the disk, durably.
    pub async fn unlink(&self, paths: Vec<String>) -> Result<()> {
        let inner = self.inner.clone();
        let unlinked = tokio::task::spawn_blocking(move || disk::remove_durably(&inner.place, &paths)).await;
        unlinked.map_err(|_| Error::Stopped)?
    }
}

impl Deletion {
    /// How many events go.
    pub fn events(&self) -> u64 {
        self.old.iter().map(|(_, gone)| gone).sum()
    }

    /// The files they are in.
    pub fn files(&self) -> Vec<DeletedFile> {
        let files = self.old.iter().map(|(file, gone)| DeletedFile {
            id: file.id.clone(),
            path: file.path.clone(),
            checksum: file.checksum.clone(),
            bytes: file.bytes,
            events: file.rows,
            deleted: *gone,
            min_time: file.min_time,
            max_time: file.max_time,
        });
        files.collect()
    }

    /// Deletes: out of the catalogue in one transaction, then off the disk. When it returns, no power cut brings
    /// anything back. A search that began before is waited for, but not for ever: it fails then and says which file
    /// is gone.
    pub async fn carry_out(mut self, now: Timestamp) -> Result<()> {
        let files: Vec<LakeFile> = self.old.iter().map(|(file, _)| file.clone()).collect();
        if files.is_empty() {
            return Ok(());
        }
        let events = self.events();
        let new = std::mem::take(&mut self.new);
        self.done = true;
        // A task of its own: a caller that goes away must not leave it half done.
        let task = tokio::spawn(async move {
            let inner = self.inner.clone();
            replace(&inner, &files, &new, now).await?;
            let paths: Vec<String> = files.into_iter().map(|file| file.path).collect();
            let mut waited = Duration::ZERO;
            while inner.retired.is_read(&paths) && waited < PATIENCE {
                tokio::time::sleep(LOOK).await;
                waited += LOOK;
            }
            let (work, gone) = (inner.clone(), paths.clone());
            let unlinked = tokio::task::spawn_blocking(move || disk::remove_durably(&work.place, &gone)).await;
            unlinked.map_err(|_| Error::Stopped)??;
            inner.retired.forget(&paths);
            Tally::add(&inner.tally.files_deleted, paths.len() as u64);
            Tally::add(&inner.tally.rows_deleted, events);
            Ok(())
        });
        task.await.map_err(|_| Error::Stopped)?
    }
}

impl Drop for Deletion {
    fn drop(&mut self) {
        if !self.done {
            sink::discard(&self.inner.place, &self.new);
        }
    }
}
