//! Where records come in: bounded by bytes in flight (shared fairly by customer) and by what customer and device may
//! send, refused while the disk is nearly full, durable when accepted.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use model::{DeviceId, EventId, Timestamp};

use crate::limits::{Limiter, RateLimits};
use crate::once::{Begun, Mark, Once};
use crate::recent::{Heard, Refused};
use crate::room::{FairRoom, Place};
use crate::senders::Sender;
use crate::stats::{Counters, Protocol, Rejection};
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
    /// Bytes the log may take up on disk before nothing more is taken; what is in flight still comes.
    pub most_on_disk: u64,
    /// What customers and devices may send.
    pub limits: RateLimits,
    /// What is done to a record before it goes into the log.
    pub edit: Option<Edit>,
}

/// Changes a record before it goes into the log.
#[derive(Clone)]
pub struct Edit(pub Arc<EditFn>);

type EditFn = dyn Fn(&Sender, &mut Record) + Send + Sync;

impl std::fmt::Debug for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Edit")
    }
}

impl Default for IntakeConfig {
    fn default() -> Self {
        IntakeConfig {
            in_flight_bytes: 64 << 20,
            max_record: 1 << 20,
            max_backlog: 20_000_000,
            most_on_disk: u64::MAX,
            limits: RateLimits::default(),
            edit: None,
        }
    }
}

/// One record as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its bytes, without framing.
    pub raw: Vec<u8>,
    /// It was longer and has been cut.
    pub truncated: bool,
    /// Where it came from before it came here, if that is known.
    pub trail: Option<Box<Trail>>,
}

impl From<Vec<u8>> for Record {
    fn from(raw: Vec<u8>) -> Self {
        Record { raw, truncated: false, trail: None }
    }
}

/// The way of a record before it came here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trail {
    /// Whose it is, where that is not whoever handed it in.
    pub sender: Option<Arc<Sender>>,
    /// When it was first received.
    pub received: Option<Timestamp>,
    /// The address it was received from.
    pub peer: String,
    /// By which way: see [`DataEntry::listener`].
    pub listener: String,
    /// See [`DataEntry::bookmark`].
    pub bookmark: Vec<u8>,
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
    /// The customer or the device sends more than it may.
    #[error("more is sent than customer or device may: send again in {} s", retry_after.as_secs_f64().ceil())]
    Limited {
        /// When it may again.
        retry_after: Duration,
    },
    /// The disk is nearly full.
    #[error("the disk is nearly full: free space, intake goes on by itself")]
    DiskLow,
    /// The buffer has reached its cap.
    #[error("the buffer is full: it empties by itself as soon as the centre takes what is in it")]
    Capped,
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

/// Why a request with an idempotency key was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OnceError {
    /// The same request is being stored at this moment.
    #[error("a request with this idempotency key is under way: ask again in a moment")]
    InProgress,
    /// The key was used before, with other records.
    #[error("this idempotency key was used for a request with other records: give each request a key of its own")]
    OtherRequest,
    /// As without a key.
    #[error(transparent)]
    Intake(#[from] IntakeError),
}

impl IntakeError {
    /// How long a sender should wait before it tries again.
    pub fn retry_after(&self) -> Duration {
        match self {
            IntakeError::Full => Duration::from_secs(1),
            IntakeError::Limited { retry_after } => *retry_after,
            IntakeError::Capped => Duration::from_secs(5),
            _ => Duration::from_secs(30),
        }
    }

    /// Whether it is about how much is sent at this moment, and not about the state of the server.
    pub fn is_pressure(&self) -> bool {
        matches!(self, IntakeError::Full | IntakeError::Limited { .. })
    }
}

struct Inner {
    wal: Arc<Wal>,
    config: IntakeConfig,
    room: FairRoom,
    limiter: Limiter,
    counters: Arc<Counters>,
    once: Arc<Once>,
    closed: AtomicBool,
    /// Why the flow stopped for good.
    failed: std::sync::OnceLock<Arc<str>>,
    /// Sequence up to which the log has been processed.
    processed: AtomicU64,
}

/// The way in. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    inner: Arc<Inner>,
    protocol: Protocol,
}

/// Records queued for the log.
pub(crate) struct Queued {
    receipts: Vec<Receipt>,
    /// A mark stands before the first record.
    marked: bool,
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
            first: places.first().map(|place| id(place.first + u64::from(self.marked))),
            last: places.last().map(|place| id(place.last)),
        })
    }
}

impl Intake {
    pub(crate) fn new(wal: Arc<Wal>, config: IntakeConfig, counters: Arc<Counters>, once: Arc<Once>) -> Self {
        let room = FairRoom::new((config.in_flight_bytes / UNIT).max(1));
        let limiter = Limiter::new(config.limits);
        let closed = AtomicBool::new(false);
        let failed = std::sync::OnceLock::new();
        let processed = AtomicU64::new(0);
        let inner = Arc::new(Inner { wal, config, room, limiter, counters, once, closed, failed, processed });
        Intake { inner, protocol: Protocol::Other }
    }

    /// The same way in for what comes by `protocol`: counted under its name.
    pub fn labelled(&self, protocol: Protocol) -> Intake {
        Intake { inner: self.inner.clone(), protocol }
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
        self.queue_now(sender, records, received)?.durable().await
    }

    /// Queues the records, or refuses at once. For senders that cannot be held back, and for those that are told.
    pub(crate) fn queue_now(
        &self,
        sender: &Sender,
        records: Vec<Record>,
        received: Timestamp,
    ) -> Result<Queued, IntakeError> {
        self.queue_marked(sender, records, received, None)
    }

    fn queue_marked(
        &self,
        sender: &Sender,
        records: Vec<Record>,
        received: Timestamp,
        mark: Option<Mark>,
    ) -> Result<Queued, IntakeError> {
        let count = self.count(&records);
        let queued = match self.may_send(sender, Instant::now()).and_then(|()| self.reserve(sender, &records)) {
            Ok(room) => self.queue(sender, records, received, room, mark),
            Err(error) => Err(error),
        };
        queued.inspect_err(|error| self.count_refused(sender, error, count))
    }

    /// As [`Intake::accept`], but a request whose `key` this device used before is stored once: what is durable of it is
    /// not stored again, also after a restart. Returns how many records are durable.
    pub async fn accept_once(
        &self,
        sender: &Sender,
        key: &str,
        mut records: Vec<Record>,
        received: Timestamp,
    ) -> Result<usize, OnceError> {
        let total = records.len();
        if total == 0 {
            return Ok(0);
        }
        let once = self.inner.once.clone();
        let mark = Mark::new(sender.device.as_str(), key, Mark::body_of(&records), total as u32, received);
        let stored = match once.begin(&mark, self.inner.wal.durable()) {
            Begun::Store(stored) => stored,
            Begun::Stored => return Ok(total),
            Begun::InProgress => return Err(OnceError::InProgress),
            Begun::OtherRequest => return Err(OnceError::OtherRequest),
        };
        let rest = records.split_off(stored);
        let part = Mark { offset: stored as u32, ..mark.clone() };
        let queued = self.queue_marked(sender, rest, received, Some(part)).inspect_err(|_| once.end(&mark, false))?;
        // Whoever no longer waits for the answer asks again: the end must be noted all the same.
        let waiting = tokio::spawn(async move {
            let done = queued.durable().await;
            once.end(&mark, done.is_ok());
            done
        });
        waiting.await.unwrap_or(Err(IntakeError::Closed))?;
        Ok(total)
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
        let inner = &self.inner;
        let mut room = std::pin::pin!(inner.room.take(&sender.customer, self.units_of(&records)));
        let room = loop {
            match self.may_send(sender, Instant::now()) {
                Ok(()) => {}
                Err(IntakeError::Full | IntakeError::DiskLow | IntakeError::Capped) => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                    continue;
                }
                Err(IntakeError::Limited { retry_after }) => {
                    tokio::time::sleep(retry_after.min(LOOK_AGAIN)).await;
                    continue;
                }
                Err(error) => {
                    self.count_refused(sender, &error, count);
                    return Err(error);
                }
            }
            // The place in the queue is kept while the state of the server is looked at again.
            if let Ok(room) = tokio::time::timeout(LOOK_AGAIN, &mut room).await {
                break room;
            }
        };
        let queued = self.queue(sender, records, received, room, None);
        queued.inspect_err(|error| self.count_refused(sender, error, count))
    }

    /// As [`Intake::accept`], but waits while there is no room; fails only where waiting does not help. Whoever stops waiting
    /// does not know whether the records are stored.
    pub async fn accept_when_room(
        &self,
        sender: &Sender,
        records: Vec<Record>,
        received: Timestamp,
    ) -> Result<Accepted, IntakeError> {
        if records.is_empty() {
            return Ok(Accepted { records: 0, first: None, last: None });
        }
        self.queue_when_room(sender, records, received).await?.durable().await
    }

    /// Whether the sender sends more than it may: what cannot be held back is dropped then, so that others go on.
    pub(crate) fn is_limited(&self, sender: &Sender) -> bool {
        self.inner.limiter.check(sender, Instant::now()).is_err()
    }

    fn may_send(&self, sender: &Sender, now: Instant) -> Result<(), IntakeError> {
        self.open()?;
        self.inner.limiter.check(sender, now).map_err(|retry_after| IntakeError::Limited { retry_after })
    }

    /// Whether records are taken at all at this moment.
    pub fn open(&self) -> Result<(), IntakeError> {
        let inner = &self.inner;
        if inner.closed.load(Ordering::Acquire) {
            return Err(IntakeError::Closed);
        }
        if let Some(why) = inner.failed.get().cloned().or_else(|| inner.wal.poisoned()) {
            return Err(IntakeError::Poisoned(why));
        }
        if inner.counters.disk_low.load(Ordering::Relaxed) {
            return Err(IntakeError::DiskLow);
        }
        if inner.wal.disk_bytes() > inner.config.most_on_disk {
            return Err(IntakeError::Capped);
        }
        let processed = inner.processed.load(Ordering::Relaxed);
        if inner.wal.durable().saturating_sub(processed) > inner.config.max_backlog {
            return Err(IntakeError::Full);
        }
        Ok(())
    }

    /// The longest record kept whole.
    pub fn max_record(&self) -> usize {
        self.inner.config.max_record
    }

    /// Takes nothing more: the server is stopping.
    pub fn close(&self) {
        self.inner.closed.store(true, Ordering::Release);
    }

    /// What reads the log has come so far: a backlog beyond the limit closes intake for a while.
    pub fn processed(&self, sequence: u64) {
        self.inner.processed.store(sequence, Ordering::Relaxed);
    }

    /// Takes nothing more: what reads the log cannot go on.
    pub fn fail(&self, why: &str) {
        // The first reason is the one told.
        let _ = self.inner.failed.set(Arc::from(why));
    }

    /// Why intake stopped for good, if it did.
    pub fn failure(&self) -> Option<Arc<str>> {
        self.inner.failed.get().cloned().or_else(|| self.inner.wal.poisoned())
    }

    fn count(&self, records: &[Record]) -> usize {
        self.inner.counters.count_received(self.protocol, records.len(), bytes_of(records));
        records.len()
    }

    fn count_refused(&self, sender: &Sender, error: &IntakeError, records: usize) {
        let why = match error {
            IntakeError::DiskLow => Rejection::DiskLow,
            IntakeError::Poisoned(_) | IntakeError::Closed => Rejection::Stopped,
            IntakeError::Full | IntakeError::Capped => Rejection::Full,
            IntakeError::Limited { .. } => Rejection::Limited,
            IntakeError::TooLarge { .. } => Rejection::TooLarge,
        };
        self.refused(why, records);
        self.remember_refused(Some(sender), why, None, records);
    }

    /// Remembers for whoever connects the device who sent, and from where.
    pub(crate) fn remember_heard(&self, sender: &Sender, peer: Option<IpAddr>) {
        self.inner.counters.recent.heard(&sender.device, self.protocol, peer, SystemTime::now().into());
    }

    /// The same of what was refused.
    pub(crate) fn remember_refused(&self, sender: Option<&Sender>, why: Rejection, peer: Option<IpAddr>, count: usize) {
        let device = sender.map(|sender| &sender.device);
        self.inner.counters.recent.refused(device, self.protocol, why, peer, count, SystemTime::now().into());
    }

    /// The ways a device sent by since the server started, the newest first.
    pub fn heard_of(&self, device: &DeviceId) -> Vec<Heard> {
        self.inner.counters.recent.of_device(device)
    }

    /// What was refused since the server started, the newest first.
    pub fn refusals(&self) -> Vec<Refused> {
        self.inner.counters.recent.refusals()
    }

    /// Counts what was not even handed in.
    pub(crate) fn refused(&self, why: Rejection, records: usize) {
        self.inner.counters.reject(self.protocol, why, records);
    }

    fn units_of(&self, records: &[Record]) -> usize {
        (bytes_of(records) + OVERHEAD * records.len()).div_ceil(UNIT)
    }

    fn reserve(&self, sender: &Sender, records: &[Record]) -> Result<Place, IntakeError> {
        let room = &self.inner.room;
        let units = self.units_of(records);
        if units > room.units() {
            return Err(IntakeError::TooLarge { bytes: bytes_of(records), max: room.units() * UNIT });
        }
        room.try_take(&sender.customer, units).ok_or(IntakeError::Full)
    }

    fn queue(
        &self,
        sender: &Sender,
        records: Vec<Record>,
        received: Timestamp,
        mut room: Place,
        mut mark: Option<Mark>,
    ) -> Result<Queued, IntakeError> {
        let inner = &self.inner;
        inner.limiter.charge(sender, records.len(), bytes_of(&records), Instant::now());
        // Half of what is written at once, so that an append never comes near the limit.
        let most = inner.wal.group_bytes() / 2;
        let (log, shard, marked) = (inner.wal.log(), inner.wal.shard(), mark.is_some());
        let mut queued = Queued { receipts: Vec::new(), marked, records: records.len(), log, shard };
        let (mut part, mut bytes, mut truncated) = (Vec::new(), 0, 0);
        for mut record in records {
            let trail = record.trail.take().unwrap_or_default();
            let sender = trail.sender.as_deref().unwrap_or(sender);
            if let Some(edit) = &inner.config.edit {
                edit.0(sender, &mut record);
            }
            let peer = sender.peer.map(|peer| peer.to_string());
            let is_known = trail.peer.is_empty() && sender.peer.is_none();
            let listener =
                if is_known || !trail.listener.is_empty() { &trail.listener } else { self.protocol.as_str() };
            let raw = &record.raw[..record.raw.len().min(inner.config.max_record)];
            let cut = record.truncated || raw.len() < record.raw.len();
            truncated += usize::from(cut);
            let entry = DataEntry {
                customer: sender.customer.as_str(),
                device: sender.device.as_str(),
                received: trail.received.unwrap_or(received),
                truncated: cut,
                source: sender.source.as_deref().unwrap_or_default(),
                time_zone: &sender.time_zone,
                stranger: sender.peer.is_some(),
                peer: if trail.peer.is_empty() { peer.as_deref().unwrap_or_default() } else { &trail.peer },
                listener,
                bookmark: &trail.bookmark,
                raw,
            };
            let payload = entry.encode();
            if bytes + payload.len() > most && !part.is_empty() {
                let share = Some(room.split(bytes / UNIT));
                self.append(&mut queued, std::mem::take(&mut part), share, &mut mark)?;
                bytes = 0;
            }
            bytes += payload.len();
            part.push((Kind::DATA, payload));
        }
        if !part.is_empty() {
            self.append(&mut queued, part, Some(room), &mut mark)?;
        }
        inner.counters.count_accepted(self.protocol, queued.records, truncated);
        Ok(queued)
    }

    fn append(
        &self,
        queued: &mut Queued,
        mut part: Vec<(Kind, Vec<u8>)>,
        room: Option<Place>,
        mark: &mut Option<Mark>,
    ) -> Result<(), IntakeError> {
        if let Some(mark) = mark {
            mark.count = part.len() as u32;
            part.insert(0, (Kind::ONCE, mark.encode()));
            mark.offset += mark.count;
        }
        queued.receipts.push(self.inner.wal.append_holding(part, room).map_err(refusal)?);
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
