//! The lake itself: opening it, and appending to it.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::Scope;

use crate::batch::RowBatch;
use crate::buffer::{Buffered, State};
use crate::catalogue::{Catalogue, LogPosition, always};
use crate::config::LakeConfig;
use crate::disk::{self, Place};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::keep::{Retired, Tally};

/// The columnar store of all customers' events. Cheap to clone; all clones are the same lake.
#[derive(Clone)]
pub struct Lake {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub config: LakeConfig,
    pub catalogue: Arc<dyn Catalogue>,
    pub engine: Engine,
    pub place: Place,
    /// Files that are no longer part of the lake, and who may still read them.
    pub retired: Arc<Retired>,
    /// One change of committed files at a time: merging, expiry, deletion.
    pub upkeep: Arc<tokio::sync::Mutex<()>>,
    pub tally: Tally,
    /// Set when upkeep has to stop where it is.
    pub stopping: AtomicBool,
    state: Mutex<State>,
    /// One flush at a time.
    pub flushing: tokio::sync::Mutex<()>,
    /// One hunt at a time holds its list against runs,
    pub hunting: Arc<tokio::sync::Mutex<()>>,
    /// ... and one reads events, which may take longer.
    pub reading: Arc<tokio::sync::Mutex<()>>,
    /// Held for writing while rows move from memory to the catalogue, for reading while a search looks at both.
    pub commits: tokio::sync::RwLock<()>,
}

impl Lake {
    /// Opens the lake of a folder and removes what a crash left there: files that were never committed. The log
    /// still has their events.
    pub async fn open(config: LakeConfig, catalogue: Arc<dyn Catalogue>) -> Result<Lake> {
        let place = Place::new(config.dir.clone(), config.disk.clone());
        disk::prepare(&place)?;
        let files = catalogue.files(&Scope::All, always()).await.map_err(Error::catalogue("list its files"))?;
        let known: BTreeSet<String> = files.into_iter().map(|file| file.path).collect();
        let orphans = disk::orphans(&config.dir, &known)?;
        disk::remove_durably(&place, &orphans)?;
        if !orphans.is_empty() {
            let removed = orphans.len();
            tracing::info!(removed, "removed lake files that are not in the catalogue: never committed, or replaced");
        }
        let watermarks = catalogue.watermarks().await.map_err(Error::catalogue("read its watermarks"))?;
        let engine = Engine::new(&config)?;
        let inner = Inner {
            config,
            catalogue,
            engine,
            place,
            retired: Arc::default(),
            upkeep: Arc::default(),
            tally: Tally::default(),
            stopping: AtomicBool::new(false),
            state: Mutex::new(State::new(watermarks)),
            flushing: tokio::sync::Mutex::default(),
            hunting: Arc::default(),
            reading: Arc::default(),
            commits: tokio::sync::RwLock::default(),
        };
        Ok(Lake { inner: Arc::new(inner) })
    }

    /// Makes a batch searchable. Batches of one shard come in log order; events the customer's committed files hold
    /// already are skipped, so a replay changes nothing. Touches no disk.
    pub fn append(&self, batch: RowBatch, position: LogPosition) -> Result<()> {
        let chunks = batch.into_chunks()?;
        self.inner.state().append(chunks, position)
    }

    /// The highest sequence number at or below which every event of the shard is in committed files: what the log
    /// need not keep. Nothing before the shard's first batch since start.
    pub fn low_watermark(&self, log: u32, shard: u16) -> Option<u64> {
        self.inner.state().low_watermark((log, shard))
    }

    /// The highest position appended to a shard since start.
    pub fn appended(&self, log: u32, shard: u16) -> Option<u64> {
        self.inner.state().appended((log, shard))
    }

    /// Bytes of lake files that searches have read since start.
    pub fn bytes_searched(&self) -> u64 {
        self.inner.engine.costs.read()
    }

    /// How many searches are at work now.
    pub fn searches_running(&self) -> usize {
        self.inner.engine.running()
    }

    /// How much is in memory; grows without bound only while flushes fail, so intake should stop on it.
    pub fn buffered(&self) -> Buffered {
        self.inner.state().buffered()
    }
}

impl Inner {
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the catalogue about commits whose outcome is not known.
    pub async fn resolve_doubt(&self) -> Result<()> {
        if self.state().is_in_doubt() {
            let watermarks = self.catalogue.watermarks().await.map_err(Error::catalogue("read its watermarks"))?;
            self.state().resolve(&watermarks);
        }
        Ok(())
    }
}
