//! Where records come in: bounded by bytes in flight, refused while the disk is nearly full, durable when accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use model::{EventId, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::senders::Sender;
use crate::stats::{Counters, Rejection};
use crate::wal::{Appended, DataEntry, Kind, Receipt, Wal, WalError};

/// Room is counted in units of so many bytes.
const UNIT: usize = 1024;
/// What a record takes beside its bytes.
const OVERHEAD: usize = 160;
/// How often a waiting producer looks whether the disk has room or the backlog has shrunk.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Bounds of intake.
#[derive(Debug, Clone)]
pub struct IntakeConfig {
    /// Bytes handed in and not yet durable, at most.
    pub in_flight_bytes: usize,
    /// A longer record is cut to so many bytes and marked.
    pub max_record: usize,
    /// Durable records not yet processed, at most: beyond, detection is too far behind to take more.
    pub max_backlog: u64,
}

impl Default for IntakeConfig {
    fn default() -> Self {
        IntakeConfig { in_flight_bytes: 64 << 20, max_record: 1 << 20, max_backlog: 20_000_000 }
    }
}

/// One record as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its bytes, without framing.
    pub raw: Vec<u8>,
    /// It was longer and has been cut.
    pub truncated: bool,
}

impl From<Vec<u8>> for Record {
    fn from(raw: Vec<u8>) -> Self {
        Record { raw, truncated: false }
    }
}

/// Records that are durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// How many.
    pub records: usize,
    /// The first one's id; nothing when no record was handed in.
    pub first: Option<EventId>,
    /// The last one's.
    pub last: Option<EventId>,
}

/// Why records were not taken. Nothing of a refused call counts as accepted; a part of it may be stored all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IntakeError {
    /// Too much is in flight: come again in a moment.
    #[error("intake is full: send again in a moment")]
    Full,
    /// The disk is nearly full.
    #[error("the disk is nearly full: free space, intake goes on by itself")]
    DiskLow,
    /// The log or the flow behind it failed.
    #[error("intake stopped until a restart: {0}")]
    Poisoned(Arc<str>),
    /// The pipeline is being shut down.
    #[error("intake is closed: the server is stopping")]
    Closed,
    /// More than can be in flight at all.
    #[error("{bytes} bytes at once are more than the {max} that may be in flight: send less at a time")]
    TooLarge {
        /// What was handed in.
        bytes: usize,
        /// What may be.
        max: usize,
    },
}

struct Inner {
    wal: Arc<Wal>,
    config: IntakeConfig,
    room: Arc<Semaphore>,
    units: usize,
    counters: Arc<Counters>,
    closed: AtomicBool,
    /// Why the flow stopped for good.
    failed: std::sync::OnceLock<Arc<str>>,
    /// Sequence up to which the log has been processed.
    processed: AtomicU64,
}

/// The way in. Cheap to clone.
#[derive(Clone)]
pub struct Intake(Arc<Inner>);

/// Records queued for the log.
pub(crate) struct Queued {
    receipts: Vec<Receipt>,
    records: usize,
    log: u32,
    shard: u16,
}

impl Queued {
    /// Waits until they are durable.
    pub(crate) async fn durable(self) -> Result<Accepted, IntakeError> {
        let mut places: Vec<Appended> = Vec::with_capacity(self.receipts.len());
        for receipt in self.receipts {
            places.push(receipt.durable().await.map_err(refusal)?);
        }
        let id = |sequence| EventId { log: self.log, shard: self.shard, sequence };
        Ok(Accepted {
            records: self.records,
            first: places.first().map(|place| id(place.first)),
            last: places.last().map(|place| id(place.last)),
        })
    }
}

impl Intake {
    pub(crate) fn new(wal: Arc<Wal>, config: IntakeConfig, counters: Arc<Counters>) -> Self {
        let units = (config.in_flight_bytes / UNIT).clamp(1, Semaphore::MAX_PERMITS.min(u32::MAX as usize));
        let room = Arc::new(Semaphore::new(units));
        let (closed, failed) = (AtomicBool::new(false), std::sync::OnceLock::new());
        let processed = AtomicU64::new(0);
        Intake(Arc::new(Inner { wal, config, room, units, counters, closed, failed, processed }))
    }

    /// Takes the records of a device and returns when they are durable, or refuses at once.
    pub async fn accept(
        &self,
        sender: &Sender,
        records: Vec<impl Into<Record>>,
        received: Timestamp,
    ) -> Result<Accepted, IntakeError> {
        let records: Vec<Record> = records.into_iter().map(Into::into).collect();
        if records.is_empty() {
            return Ok(Accepted { records: 0, first: None, last: None });
        }
        let count = self.count(&records);
        let queued = match self.open().and_then(|()| self.reserve(&records)) {
            Ok(room) => self.queue(sender, records, received, room),
            Err(error) => Err(error),
        };
        let queued = queued.inspect_err(|error| self.count_refused(error, count))?;
        queued.durable().await
    }

    /// Queues the records as soon as there is room; fails only where waiting does not help. For senders that are held
    /// back by not being read.
    pub(crate) async fn queue_when_room(
        &self,
        sender: &Sender,
        records: Vec<Record>,
        received: Timestamp,
    ) -> Result<Queued, IntakeError> {
        let count = self.count(&records);
        let room = loop {
            match self.open() {
                Ok(()) => {}
                Err(IntakeError::Full | IntakeError::DiskLow) => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                    continue;
                }
                Err(error) => {
                    self.count_refused(&error, count);
                    return Err(error);
                }
            }
            let units = self.units_of(&records).min(self.0.units) as u32;
            let wait = tokio::time::timeout(LOOK_AGAIN, self.0.room.clone().acquire_many_owned(units));
            if let Ok(Ok(room)) = wait.await {
                break room;
            }
        };
        self.queue(sender, records, received, room).inspect_err(|error| self.count_refused(error, count))
    }

    /// Whether records are taken at all at this moment.
    pub fn open(&self) -> Result<(), IntakeError> {
        let inner = &self.0;
        if inner.closed.load(Ordering::Acquire) {
            return Err(IntakeError::Closed);
        }
        if let Some(why) = inner.failed.get().cloned().or_else(|| inner.wal.poisoned()) {
            return Err(IntakeError::Poisoned(why));
        }
        if inner.counters.disk_low.load(Ordering::Relaxed) {
            return Err(IntakeError::DiskLow);
        }
        let processed = inner.processed.load(Ordering::Relaxed);
        if inner.wal.durable().saturating_sub(processed) > inner.config.max_backlog {
            return Err(IntakeError::Full);
        }
        Ok(())
    }

    /// The longest record kept whole.
    pub fn max_record(&self) -> usize {
        self.0.config.max_record
    }

    /// Takes nothing more: the server is stopping.
    pub fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
    }

    /// What reads the log has come so far: a backlog beyond the limit closes intake for a while.
    pub fn processed(&self, sequence: u64) {
        self.0.processed.store(sequence, Ordering::Relaxed);
    }

    /// Takes nothing more: what reads the log cannot go on.
    pub fn fail(&self, why: &str) {
        // The first reason is the one told.
        let _ = self.0.failed.set(Arc::from(why));
    }

    /// Why intake stopped for good, if it did.
    pub fn failure(&self) -> Option<Arc<str>> {
        self.0.failed.get().cloned().or_else(|| self.0.wal.poisoned())
    }

    fn count(&self, records: &[Record]) -> usize {
        self.0.counters.count_received(records.len(), bytes_of(records));
        records.len()
    }

    fn count_refused(&self, error: &IntakeError, records: usize) {
        match error {
            IntakeError::DiskLow => self.0.counters.reject(Rejection::DiskLow, records),
            IntakeError::Poisoned(_) | IntakeError::Closed => self.0.counters.reject(Rejection::Stopped, records),
            // The sender is told and comes again.
            IntakeError::Full | IntakeError::TooLarge { .. } => {}
        }
    }

    fn units_of(&self, records: &[Record]) -> usize {
        (bytes_of(records) + OVERHEAD * records.len()).div_ceil(UNIT)
    }

    fn reserve(&self, records: &[Record]) -> Result<OwnedSemaphorePermit, IntakeError> {
        let units = self.units_of(records);
        if units > self.0.units {
            return Err(IntakeError::TooLarge { bytes: bytes_of(records), max: self.0.units * UNIT });
        }
        match self.0.room.clone().try_acquire_many_owned(units as u32) {
            Ok(room) => Ok(room),
            Err(TryAcquireError::NoPermits) => Err(IntakeError::Full),
            Err(TryAcquireError::Closed) => Err(IntakeError::Closed),
        }
    }

    fn queue(
        &self,
        sender: &Sender,
        records: Vec<Record>,
        received: Timestamp,
        mut room: OwnedSemaphorePermit,
    ) -> Result<Queued, IntakeError> {
        let inner = &self.0;
        // Half of what is written at once, so that an append never comes near the limit.
        let most = inner.wal.group_bytes() / 2;
        let mut queued =
            Queued { receipts: Vec::new(), records: records.len(), log: inner.wal.log(), shard: inner.wal.shard() };
        let (mut part, mut bytes, mut truncated) = (Vec::new(), 0, 0);
        for record in records {
            let raw = &record.raw[..record.raw.len().min(inner.config.max_record)];
            let cut = record.truncated || raw.len() < record.raw.len();
            truncated += usize::from(cut);
            let entry = DataEntry {
                customer: sender.customer.as_str(),
                device: sender.device.as_str(),
                received,
                truncated: cut,
                source: sender.source.as_deref().unwrap_or_default(),
                time_zone: &sender.time_zone,
                raw,
            };
            let payload = entry.encode();
            if bytes + payload.len() > most && !part.is_empty() {
                let share = room.split((bytes / UNIT).min(room.num_permits()));
                self.append(&mut queued, std::mem::take(&mut part), share)?;
                bytes = 0;
            }
            bytes += payload.len();
            part.push((Kind::DATA, payload));
        }
        if !part.is_empty() {
            self.append(&mut queued, part, Some(room))?;
        }
        inner.counters.count_accepted(queued.records, truncated);
        Ok(queued)
    }

    fn append(
        &self,
        queued: &mut Queued,
        part: Vec<(Kind, Vec<u8>)>,
        room: Option<OwnedSemaphorePermit>,
    ) -> Result<(), IntakeError> {
        queued.receipts.push(self.0.wal.append_holding(part, room).map_err(refusal)?);
        Ok(())
    }
}

fn bytes_of(records: &[Record]) -> usize {
    records.iter().map(|record| record.raw.len()).sum()
}

fn refusal(error: WalError) -> IntakeError {
    match error {
        WalError::Closed => IntakeError::Closed,
        WalError::TooLarge { bytes, max } => IntakeError::TooLarge { bytes, max },
        other => IntakeError::Poisoned(Arc::from(other.to_string())),
    }
}
