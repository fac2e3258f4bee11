//! The write-ahead log: what an acknowledgement stands on.
//!
//! A segmented, append-only file of records numbered from 1 without a gap. Many producers append; one writer thread
//! gathers what waits, writes it, calls `fdatasync` once for all of it and only then tells the producers. Readers see
//! durable records only. At open a torn tail is cut; damage to anything that had been durable is an error that names
//! the segment and the offset. After a failed write or sync nothing more is taken.

mod disk;
mod entry;
mod reader;
mod record;
mod recover;
mod segment;
mod writer;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

pub use disk::{Disk, DiskFile, OsDisk};
pub use entry::DataEntry;
pub use reader::{ReadBatch, ReadRecord, WalReader};
pub use record::{Kind, MAX_PAYLOAD};
pub use writer::{Appended, Receipt};

use crate::room::Place;

/// Settings of the log.
#[derive(Debug, Clone)]
pub struct WalConfig {
    /// Bytes of a segment before the next is begun; at least twice `group_bytes`.
    pub segment_bytes: u64,
    /// Most bytes made durable by one `fdatasync`.
    pub group_bytes: usize,
    /// Records kept below the trim position, for a look back.
    pub keep_records: u64,
}

impl Default for WalConfig {
    fn default() -> Self {
        WalConfig { segment_bytes: 64 << 20, group_bytes: 8 << 20, keep_records: 100_000 }
    }
}

/// What can go wrong with the log.
#[derive(Debug, thiserror::Error)]
pub enum WalError {
    /// A file operation failed at open, read or trim.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Something that had been durable does not read back.
    #[error(
        "log segment {path} is damaged at offset {offset} ({what}): restore it from a copy, or move the folder away to begin a new log"
    )]
    Damaged {
        /// Which segment.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// Segments and header file do not belong together.
    #[error("log folder {path} is not whole: {what}")]
    NotWhole {
        /// Which folder.
        path: PathBuf,
        /// What is missing or foreign.
        what: String,
    },
    /// A write or sync failed before; nothing more is taken until the process is started again.
    #[error("the log stopped after a failed write: {0}")]
    Poisoned(Arc<str>),
    /// The log is closed.
    #[error("the log is closed")]
    Closed,
    /// One append is larger than a group may be.
    #[error("an append of {bytes} bytes is larger than the {max} bytes written at once")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// A read below what trimming left.
    #[error("sequence {wanted} has been trimmed: the log begins at {first}")]
    Trimmed {
        /// What was asked for.
        wanted: u64,
        /// What there is.
        first: u64,
    },
    /// A data record in a form this version does not know.
    #[error("a log record has an unknown form: it was written by a newer version")]
    UnknownEntry,
}

impl WalError {
    pub(self) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WalError + use<> {
        let path = path.to_owned();
        move |source| WalError::Io { action, path, source }
    }
}

/// Counters of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WalStats {
    /// Calls of `fdatasync` for groups.
    pub syncs: u64,
    /// Time spent in them.
    pub sync_time: Duration,
    /// Bytes written.
    pub bytes: u64,
}

/// What writer, readers and producers share.
struct Shared {
    dir: PathBuf,
    log: u32,
    shard: u16,
    config: WalConfig,
    disk: Arc<dyn Disk>,
    queue: Mutex<writer::Queue>,
    /// Rung when the queue has something or is closed.
    waiting: Condvar,
    /// Last durable sequence.
    durable: AtomicU64,
    tail: Mutex<()>,
    /// Rung when `durable` grew.
    grown: Condvar,
    /// First sequence of each segment.
    segments: Mutex<BTreeMap<u64, PathBuf>>,
    /// Nothing above is trimmed, whatever is asked.
    held: AtomicU64,
    poison: OnceLock<Arc<str>>,
    syncs: AtomicU64,
    sync_nanos: AtomicU64,
    bytes: AtomicU64,
}

/// A lock whose holder panicked holds nothing half-done here: every critical section is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The log of one shard.
pub struct Wal {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Wal {
    /// Opens the log in `dir`, or begins a new one in an empty folder.
    pub fn open(dir: &Path, config: WalConfig, disk: Arc<dyn Disk>) -> Result<Wal, WalError> {
        let recovered = recover::open(dir, &config, &*disk)?;
        let shared = Arc::new(Shared {
            dir: dir.to_owned(),
            log: recovered.log,
            shard: recovered.shard,
            config,
            disk,
            queue: Mutex::default(),
            waiting: Condvar::new(),
            durable: AtomicU64::new(recovered.next - 1),
            tail: Mutex::new(()),
            grown: Condvar::new(),
            segments: Mutex::new(recovered.segments),
            held: AtomicU64::new(u64::MAX),
            poison: OnceLock::new(),
            syncs: AtomicU64::new(0),
            sync_nanos: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        });
        let writer = writer::start(shared.clone(), recovered.file, recovered.offset, recovered.next)?;
        Ok(Wal { shared, writer: Mutex::new(Some(writer)) })
    }

    /// The log's own number, drawn when it was begun.
    pub fn log(&self) -> u32 {
        self.shared.log
    }

    /// Which shard of the log this is.
    pub fn shard(&self) -> u16 {
        self.shared.shard
    }

    /// Queues records, in order and without another producer's in between. They are durable when the receipt says so.
    pub fn append(&self, records: Vec<(Kind, Vec<u8>)>) -> Result<Receipt, WalError> {
        writer::enqueue(&self.shared, records, None)
    }

    /// The same; `room` is given back once the records are durable or refused.
    pub(crate) fn append_holding(
        &self,
        records: Vec<(Kind, Vec<u8>)>,
        room: Option<Place>,
    ) -> Result<Receipt, WalError> {
        writer::enqueue(&self.shared, records, room)
    }

    /// Most bytes one append may have.
    pub(crate) fn group_bytes(&self) -> usize {
        self.shared.config.group_bytes
    }

    /// The last durable sequence; 0 in a new log.
    pub fn durable(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    /// The first sequence still there.
    pub fn first(&self) -> u64 {
        lock(&self.shared.segments).keys().next().copied().unwrap_or(1)
    }

    /// Bytes the log takes up on disk, what is reserved included.
    pub fn disk_bytes(&self) -> u64 {
        lock(&self.shared.segments).len() as u64 * self.shared.config.segment_bytes
    }

    /// Reads from `sequence` on, following the live tail.
    pub fn reader(&self, sequence: u64) -> WalReader {
        WalReader::new(self.shared.clone(), sequence)
    }

    /// Trims nothing above `sequence` from now on: somebody has yet to read it.
    pub(crate) fn hold(&self, sequence: u64) {
        self.shared.held.store(sequence, Ordering::Release);
    }

    /// Deletes whole segments that hold nothing above `sequence` less the records to keep. Returns how many.
    pub fn trim(&self, sequence: u64) -> Result<usize, WalError> {
        let shared = &self.shared;
        let sequence = sequence.min(shared.held.load(Ordering::Acquire));
        let floor = sequence.saturating_sub(shared.config.keep_records);
        let old: Vec<(u64, PathBuf)> = {
            let segments = lock(&shared.segments);
            let nexts = segments.keys().skip(1);
            let pairs = segments.iter().zip(nexts).take_while(|(_, next)| **next <= floor.saturating_add(1));
            pairs.map(|((first, path), _)| (*first, path.clone())).collect()
        };
        for (first, path) in &old {
            lock(&shared.segments).remove(first);
            shared.disk.remove(path).map_err(WalError::io("delete", path))?;
        }
        if !old.is_empty() {
            shared.disk.sync_dir(&shared.dir).map_err(WalError::io("sync", &shared.dir))?;
        }
        Ok(old.len())
    }

    /// Why the log takes nothing more, if so.
    pub fn poisoned(&self) -> Option<Arc<str>> {
        self.shared.poison.get().cloned()
    }

    /// Counters since open.
    pub fn stats(&self) -> WalStats {
        WalStats {
            syncs: self.shared.syncs.load(Ordering::Relaxed),
            sync_time: Duration::from_nanos(self.shared.sync_nanos.load(Ordering::Relaxed)),
            bytes: self.shared.bytes.load(Ordering::Relaxed),
        }
    }

    /// Writes what is queued, then stops. Blocks until the writer is done; further appends fail.
    pub fn close(&self) {
        writer::close(&self.shared);
        if let Some(writer) = lock(&self.writer).take() {
            // The writer turns its failures into poison; a panic in it is already printed.
            let _ = writer.join();
        }
    }
}

impl Drop for Wal {
    fn drop(&mut self) {
        self.close();
    }
}
