//! The one thread that writes: gathers what producers queued, writes it, syncs once, tells them.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Instant;

use tokio::sync::oneshot;

use super::disk::DiskFile;
use super::record::{self, Kind, MAX_PAYLOAD};
use super::segment::{self, Header};
use super::{Shared, WalError, lock};
use crate::room::Place;

/// Where an append stands in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Sequence of its first record.
    pub first: u64,
    /// Sequence of its last record.
    pub last: u64,
}

/// The promise that an append will be durable.
#[derive(Debug)]
pub struct Receipt(oneshot::Receiver<Result<Appended, WalError>>);

impl Receipt {
    /// Waits until the append is durable, or says why it may not be.
    pub async fn durable(self) -> Result<Appended, WalError> {
        self.0.await.unwrap_or(Err(WalError::Closed))
    }

    /// The same for a thread outside the runtime.
    pub fn durable_blocking(self) -> Result<Appended, WalError> {
        self.0.blocking_recv().unwrap_or(Err(WalError::Closed))
    }
}

/// What waits to be written.
#[derive(Default)]
pub(super) struct Queue {
    appends: VecDeque<Append>,
    closed: bool,
}

struct Append {
    records: Vec<(Kind, Vec<u8>)>,
    bytes: usize,
    /// Room the producer took up, given back when the append is done with.
    _room: Option<Place>,
    done: oneshot::Sender<Result<Appended, WalError>>,
}

pub(super) fn enqueue(
    shared: &Shared,
    records: Vec<(Kind, Vec<u8>)>,
    room: Option<Place>,
) -> Result<Receipt, WalError> {
    let bytes = records.iter().map(|(_, payload)| record::HEADER + payload.len()).sum();
    let max = shared.config.group_bytes;
    if bytes > max || records.iter().any(|(_, payload)| payload.len() > MAX_PAYLOAD) {
        return Err(WalError::TooLarge { bytes, max });
    }
    let (done, receipt) = oneshot::channel();
    let mut queue = lock(&shared.queue);
    if let Some(why) = shared.poison.get() {
        return Err(WalError::Poisoned(why.clone()));
    }
    if queue.closed || records.is_empty() {
        return Err(WalError::Closed);
    }
    queue.appends.push_back(Append { records, bytes, _room: room, done });
    drop(queue);
    shared.waiting.notify_one();
    Ok(Receipt(receipt))
}

pub(super) fn close(shared: &Shared) {
    lock(&shared.queue).closed = true;
    shared.waiting.notify_all();
}

pub(super) fn start(
    shared: Arc<Shared>,
    file: Box<dyn DiskFile>,
    offset: u64,
    next: u64,
) -> Result<JoinHandle<()>, WalError> {
    let failed = WalError::io("start the writer of", &shared.dir);
    let writer = Writer { shared, file, offset, next, buffer: Vec::new() };
    std::thread::Builder::new().name("wal-writer".into()).spawn(move || writer.run()).map_err(failed)
}

struct Writer {
    shared: Arc<Shared>,
    file: Box<dyn DiskFile>,
    offset: u64,
    next: u64,
    buffer: Vec<u8>,
}

impl Writer {
    fn run(mut self) {
        while let Some(group) = self.take() {
            let places = self.encode(&group);
            match self.write() {
                Ok(()) => {
                    self.publish();
                    for (append, place) in group.into_iter().zip(places) {
                        // A producer that no longer waits has lost interest, not its records.
                        let _ = append.done.send(Ok(place));
                    }
                }
                Err(error) => return self.poison(group, &error),
            }
        }
    }

    /// Waits for work; nothing once the log is closed and the queue is empty.
    fn take(&self) -> Option<Vec<Append>> {
        let mut queue = lock(&self.shared.queue);
        loop {
            if !queue.appends.is_empty() {
                break;
            }
            if queue.closed {
                return None;
            }
            queue = self.shared.waiting.wait(queue).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        let mut bytes = 0;
        let mut group = Vec::new();
        while let Some(append) = queue.appends.front() {
            if !group.is_empty() && bytes + append.bytes > self.shared.config.group_bytes {
                break;
            }
            bytes += append.bytes;
            group.extend(queue.appends.pop_front());
        }
        Some(group)
    }

    fn encode(&mut self, group: &[Append]) -> Vec<Appended> {
        self.buffer.clear();
        let start = self.next;
        let mut places = Vec::with_capacity(group.len());
        for append in group {
            let first = self.next;
            for (kind, payload) in &append.records {
                record::encode(&mut self.buffer, *kind, self.next, start, payload);
                self.next += 1;
            }
            places.push(Appended { first, last: self.next - 1 });
        }
        places
    }

    fn write(&mut self) -> io::Result<()> {
        let shared = &self.shared;
        let full = self.offset + self.buffer.len() as u64 > shared.config.segment_bytes;
        if full && self.offset > segment::HEADER {
            self.roll()?;
        }
        self.file.write_at(&self.buffer, self.offset)?;
        let begun = Instant::now();
        self.file.sync()?;
        let shared = &self.shared;
        shared.sync_nanos.fetch_add(begun.elapsed().as_nanos() as u64, Ordering::Relaxed);
        shared.syncs.fetch_add(1, Ordering::Relaxed);
        shared.bytes.fetch_add(self.buffer.len() as u64, Ordering::Relaxed);
        self.offset += self.buffer.len() as u64;
        Ok(())
    }

    /// Begins the next segment; it starts with the first record of the group at hand.
    fn roll(&mut self) -> io::Result<()> {
        let shared = &self.shared;
        self.file.set_len(self.offset)?;
        let first = shared.durable.load(Ordering::Acquire) + 1;
        let header = Header { log: shared.log, shard: shared.shard, first };
        self.file = segment::create(&*shared.disk, &shared.dir, header, shared.config.segment_bytes)?;
        self.offset = segment::HEADER;
        lock(&shared.segments).insert(first, segment::path(&shared.dir, shared.shard, first));
        Ok(())
    }

    fn publish(&self) {
        self.shared.durable.store(self.next - 1, Ordering::Release);
        drop(lock(&self.shared.tail));
        self.shared.grown.notify_all();
    }

    /// After a failed write or sync nobody knows what the disk holds: refuse everything from now on.
    fn poison(&self, group: Vec<Append>, error: &io::Error) {
        let why: Arc<str> = Arc::from(format!("{error} (in {})", self.shared.dir.display()));
        tracing::error!(dir = %self.shared.dir.display(), %error, "the log could not be written: intake stops until a restart");
        let waiting = {
            let mut queue = lock(&self.shared.queue);
            // The first failure is the one told; there is only one writer.
            let _ = self.shared.poison.set(why.clone());
            std::mem::take(&mut queue.appends)
        };
        for append in group.into_iter().chain(waiting) {
            let _ = append.done.send(Err(WalError::Poisoned(why.clone())));
        }
    }
}
