//! Reading the log in order, from any sequence still there, up to the last durable record and on as it grows.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::disk::DiskFile;
use super::record::{self, Kind, Look};
use super::segment::{self, Header};
use super::{Shared, WalError, lock};

/// Records read together, in one buffer.
#[derive(Debug, Default)]
pub struct ReadBatch {
    buffer: Vec<u8>,
    records: Vec<(u64, Kind, Range<usize>)>,
}

/// One record of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadRecord<'b> {
    /// Its sequence.
    pub sequence: u64,
    /// What it is.
    pub kind: Kind,
    /// What it carries.
    pub payload: &'b [u8],
}

impl ReadBatch {
    /// The records in order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = ReadRecord<'_>> {
        self.records.iter().map(|(sequence, kind, range)| ReadRecord {
            sequence: *sequence,
            kind: *kind,
            payload: &self.buffer[range.clone()],
        })
    }

    /// Sequence of the last record.
    pub fn last(&self) -> Option<u64> {
        self.records.last().map(|(sequence, ..)| *sequence)
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// True when nothing came in time.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

/// The least that is read at once.
const LEAST: usize = 64 << 10;

/// A place in the log.
pub struct WalReader {
    shared: Arc<Shared>,
    next: u64,
    place: Option<Place>,
    /// Bytes of the records read last: what is there next is about as much, and what is read beyond it is for nothing.
    last: usize,
}

struct Place {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    offset: u64,
    /// Sequence of the record at `offset`; below the wanted one right after a segment is opened.
    at: u64,
}

impl WalReader {
    pub(super) fn new(shared: Arc<Shared>, next: u64) -> Self {
        WalReader { shared, next: next.max(1), place: None, last: 0 }
    }

    /// The sequence the next record will have.
    pub fn next_sequence(&self) -> u64 {
        self.next
    }

    /// Up to `max_records` records of about `max_bytes`. Waits up to `wait` for the first; an empty batch means that
    /// none came.
    pub fn read(&mut self, max_records: usize, max_bytes: usize, wait: Duration) -> Result<ReadBatch, WalError> {
        if !self.wait_for_more(wait) {
            return Ok(ReadBatch::default());
        }
        // What was durable before the read is whole in the file, whatever is being written behind it.
        let durable = self.shared.durable.load(Ordering::Acquire);
        let mut want = (self.last * 2).max(LEAST).min(max_bytes).max(record::HEADER);
        loop {
            let mut place = match self.place.take() {
                Some(place) => place,
                None => self.open()?,
            };
            let mut buffer = vec![0; want];
            let count = place.file.read_at(&mut buffer, place.offset).map_err(WalError::io("read", &place.path))?;
            buffer.truncate(count);
            let mut records = Vec::new();
            let mut offset = 0;
            let stop = loop {
                if place.at > durable || records.len() == max_records {
                    break Stop::Enough;
                }
                match record::look(&buffer[offset..]) {
                    Look::Record(record) if record.sequence == place.at => {
                        if place.at >= self.next {
                            let end = offset + record.size();
                            records.push((place.at, record.kind, offset + record::HEADER..end));
                        }
                        offset += record.size();
                        place.at += 1;
                    }
                    Look::Record(_) => break Stop::Bad("sequence out of order"),
                    Look::Bad(what) => break Stop::Bad(what),
                    Look::Short(needed) => break Stop::Short(needed),
                    Look::End => break Stop::End,
                }
            };
            place.offset += offset as u64;
            if let Some((last, ..)) = records.last() {
                (self.next, self.last) = (last + 1, offset);
                self.place = Some(place);
                return Ok(ReadBatch { buffer, records });
            }
            match stop {
                Stop::Enough => {
                    self.place = Some(place);
                    return Ok(ReadBatch::default());
                }
                _ if offset > 0 => self.place = Some(place),
                Stop::Short(needed) if count == want => {
                    want = needed.max(want * 2);
                    self.place = Some(place);
                }
                Stop::Short(_) | Stop::End => self.expect_segment(&place)?,
                Stop::Bad(what) => return Err(damaged(&place, what)),
            }
        }
    }

    /// The segment at `place` is read to its end, so the next must begin where it ended.
    fn expect_segment(&self, place: &Place) -> Result<(), WalError> {
        if lock(&self.shared.segments).contains_key(&place.at) {
            return Ok(());
        }
        Err(damaged(place, "durable records are missing"))
    }

    fn open(&self) -> Result<Place, WalError> {
        let (first, path) = {
            let segments = lock(&self.shared.segments);
            let found = segments.range(..=self.next).next_back().map(|(first, path)| (*first, path.clone()));
            let first = segments.keys().next().copied().unwrap_or(1);
            found.ok_or(WalError::Trimmed { wanted: self.next, first })?
        };
        let file = self.shared.disk.open(&path).map_err(WalError::io("open", &path))?;
        let header = Header::read(&*file).map_err(WalError::io("read", &path))?;
        if header != Some(Header { log: self.shared.log, shard: self.shared.shard, first }) {
            return Err(WalError::Damaged { path, offset: 0, what: "no header of this log" });
        }
        Ok(Place { path, file, offset: segment::HEADER, at: first })
    }

    fn wait_for_more(&self, wait: Duration) -> bool {
        let ready = || self.shared.durable.load(Ordering::Acquire) >= self.next;
        let deadline = Instant::now() + wait;
        let mut tail = lock(&self.shared.tail);
        while !ready() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            tail = self.shared.grown.wait_timeout(tail, left).unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
        true
    }
}

enum Stop {
    Enough,
    Short(usize),
    End,
    Bad(&'static str),
}

fn damaged(place: &Place, what: &'static str) -> WalError {
    WalError::Damaged { path: place.path.clone(), offset: place.offset, what }
}
