//! What is in memory: rows not yet in committed files, and how far each shard and customer has come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{CustomerId, EventId, Scope, TimeRange, Timestamp};

use crate::catalogue::{LakeWatermark, LogPosition};
use crate::chunk::{Chunk, Shard};
use crate::config::LakeConfig;
use crate::error::{Error, Result};

/// So many neighbouring chunks of like size are merged, up to this many rows and bytes: searching memory stays quick, and
/// a row is copied seldom.
const MERGE_CHUNKS: usize = 4;
const MERGE_ROWS: usize = 4096;
const MERGE_BYTES: usize = 16 << 20;

/// Over all customers this many times `flush_bytes` stay in memory before the largest buffers are flushed early.
const TOTAL_FACTOR: usize = 3;

/// One file's worth at most: the columns of merged chunks must stay below 32-bit offsets.
const FREEZE_BYTES: usize = 512 << 20;

/// How much is in memory and not yet in files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Buffered {
    /// Events.
    pub rows: usize,
    /// Bytes they take.
    pub bytes: usize,
}

/// Everything in memory.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The watermark of each customer's committed files.
    committed: BTreeMap<CustomerId, BTreeMap<Shard, u64>>,
    /// The highest position appended since start.
    appended: BTreeMap<Shard, u64>,
    buffers: BTreeMap<CustomerId, Buffer>,
    /// Customers whose last commit failed in a way that leaves open whether it happened.
    doubt: BTreeSet<CustomerId>,
}

#[derive(Debug, Default)]
struct Buffer {
    /// Being written to files.
    frozen: Vec<Arc<Chunk>>,
    live: Vec<Arc<Chunk>>,
    /// When a flush check first saw rows here.
    opened: Option<Timestamp>,
}

impl Buffer {
    fn chunks(&self) -> impl Iterator<Item = &Arc<Chunk>> {
        self.frozen.iter().chain(&self.live)
    }

    fn size(&self) -> Buffered {
        self.chunks().fold(Buffered::default(), |sum, chunk| Buffered {
            rows: sum.rows + chunk.rows(),
            bytes: sum.bytes + chunk.bytes,
        })
    }

    fn push(&mut self, chunk: Chunk) -> Result<()> {
        self.live.push(Arc::new(chunk));
        while let Some(from) = self.live.len().checked_sub(MERGE_CHUNKS) {
            let tail = &self.live[from..];
            let (rows, bytes) =
                tail.iter().fold((0, 0), |(rows, bytes), chunk| (rows + chunk.rows(), bytes + chunk.bytes));
            let alike = tail[0].rows() <= MERGE_CHUNKS * tail[MERGE_CHUNKS - 1].rows();
            if !alike || rows > MERGE_ROWS || bytes > MERGE_BYTES {
                break;
            }
            let merged = Chunk::merge(tail)?;
            self.live.truncate(from);
            self.live.push(Arc::new(merged));
        }
        Ok(())
    }
}

impl State {
    pub fn new(watermarks: Vec<LakeWatermark>) -> Self {
        let mut state = State::default();
        for mark in watermarks {
            state.raise(&mark);
        }
        state
    }

    /// Adds rows above the customers' watermarks.
    pub fn append(&mut self, chunks: Vec<(CustomerId, Vec<Chunk>)>, position: LogPosition) -> Result<()> {
        let shard = (position.log, position.shard);
        let appended = self.appended.get(&shard).copied().unwrap_or(0);
        for chunk in chunks.iter().flat_map(|(_, chunks)| chunks) {
            check(chunk, position, appended)?;
        }
        if position.sequence < appended {
            let id = EventId { log: position.log, shard: position.shard, sequence: position.sequence };
            return Err(Error::Position { id, why: "the shard has been appended further already" });
        }
        let none = BTreeMap::new();
        for (customer, chunks) in chunks {
            let committed = self.committed.get(&customer).unwrap_or(&none);
            for chunk in chunks {
                if let Some(chunk) = chunk.above(committed)? {
                    self.buffers.entry(customer.clone()).or_default().push(chunk)?;
                }
            }
        }
        self.appended.insert(shard, position.sequence);
        Ok(())
    }

    /// The highest sequence at or below which everything of the shard is in committed files.
    pub fn low_watermark(&self, shard: Shard) -> Option<u64> {
        let spans = self.buffers.values().flat_map(Buffer::chunks).filter_map(|chunk| chunk.spans.get(&shard));
        let waiting = spans.map(|(low, _)| low.saturating_sub(1)).min();
        let appended = *self.appended.get(&shard)?;
        Some(waiting.map_or(appended, |waiting| waiting.min(appended)))
    }

    pub fn appended(&self, shard: Shard) -> Option<u64> {
        self.appended.get(&shard).copied()
    }

    pub fn buffered(&self) -> Buffered {
        self.buffers.values().map(Buffer::size).fold(Buffered::default(), |sum, size| Buffered {
            rows: sum.rows + size.rows,
            bytes: sum.bytes + size.bytes,
        })
    }

    /// How far every shard has been appended, and whether files hold rows of the scope above `seen`: then memory alone does
    /// not show all that is new.
    pub fn news(&self, scope: &Scope, seen: &BTreeMap<Shard, u64>) -> (BTreeMap<Shard, u64>, bool) {
        let above = |(shard, sequence): (&Shard, &u64)| *sequence > seen.get(shard).copied().unwrap_or(0);
        let owned = self.committed.iter().filter(|(customer, _)| scope.contains(customer));
        let left = owned.flat_map(|(_, shards)| shards).any(above);
        (self.appended.clone(), left)
    }

    /// The chunks of a scope that may hold events in the range.
    pub fn chunks(&self, scope: &Scope, range: TimeRange) -> Vec<(CustomerId, Vec<Arc<Chunk>>)> {
        let owned = self.buffers.iter().filter(|(customer, _)| scope.contains(customer));
        let chunks = owned.map(|(customer, buffer)| {
            (customer.clone(), buffer.chunks().filter(|chunk| chunk.overlaps(range)).cloned().collect::<Vec<_>>())
        });
        chunks.filter(|(_, chunks)| !chunks.is_empty()).collect()
    }

    /// Customers whose rows should be written now, by count, size, age, or because memory as a whole is full.
    pub fn due(&mut self, now: Timestamp, config: &LakeConfig) -> Vec<CustomerId> {
        let mut sizes = Vec::new();
        for (customer, buffer) in &mut self.buffers {
            let size = buffer.size();
            if size.rows == 0 {
                continue;
            }
            let opened = *buffer.opened.get_or_insert(now);
            let due = size.rows >= config.flush_rows
                || size.bytes >= config.flush_bytes
                || now.since(opened) >= config.flush_age;
            sizes.push((due, size.bytes, customer.clone()));
        }
        let mut left: usize = sizes.iter().filter(|(due, ..)| !due).map(|(_, bytes, _)| bytes).sum();
        sizes.sort_by_key(|(_, bytes, _)| std::cmp::Reverse(*bytes));
        for (due, bytes, _) in &mut sizes {
            if !*due && left > config.flush_bytes.saturating_mul(TOTAL_FACTOR) {
                *due = true;
                left -= *bytes;
            }
        }
        sizes.into_iter().filter(|(due, ..)| *due).map(|(.., customer)| customer).collect()
    }

    /// Every customer with rows in memory.
    pub fn waiting(&self) -> Vec<CustomerId> {
        let waiting = self.buffers.iter().filter(|(_, buffer)| buffer.size().rows > 0);
        waiting.map(|(customer, _)| customer.clone()).collect()
    }

    /// How many rows of a customer are in memory.
    pub fn rows_of(&self, customer: &CustomerId) -> usize {
        self.buffers.get(customer).map_or(0, |buffer| buffer.size().rows)
    }

    /// Whether the customer's committed files reach these watermarks.
    pub fn is_committed(&self, customer: &CustomerId, wanted: &[LakeWatermark]) -> bool {
        let committed = self.committed.get(customer);
        wanted.iter().all(|mark| {
            let reached = committed.and_then(|shards| shards.get(&(mark.log, mark.shard)));
            reached.is_some_and(|sequence| *sequence >= mark.sequence)
        })
    }

    /// Sets the oldest chunks of a customer aside for writing, up to about `most` bytes; searches still see them.
    pub fn freeze(&mut self, customer: &CustomerId, most: usize) -> Vec<Arc<Chunk>> {
        let Some(buffer) = self.buffers.get_mut(customer) else { return Vec::new() };
        let most = most.min(FREEZE_BYTES);
        let mut bytes = 0;
        let fits = buffer.live.iter().take_while(|chunk| {
            let first = bytes == 0;
            bytes += chunk.bytes;
            first || bytes <= most
        });
        let count = fits.count();
        buffer.frozen.extend(buffer.live.drain(..count));
        buffer.frozen.clone()
    }

    /// Puts frozen chunks back: writing them failed.
    pub fn thaw(&mut self, customer: &CustomerId) {
        if let Some(buffer) = self.buffers.get_mut(customer) {
            let mut frozen = std::mem::take(&mut buffer.frozen);
            frozen.append(&mut buffer.live);
            buffer.live = frozen;
        }
    }

    /// The frozen chunks are in committed files: forgets them and raises the watermarks.
    pub fn settle(&mut self, customer: &CustomerId, watermarks: &[LakeWatermark]) {
        self.doubt.remove(customer);
        for mark in watermarks {
            self.raise(mark);
        }
        if let Some(buffer) = self.buffers.get_mut(customer) {
            buffer.frozen.clear();
            buffer.opened = None;
            if buffer.live.is_empty() {
                self.buffers.remove(customer);
            }
        }
    }

    /// A commit for this customer is under way: until it is settled nobody knows where the rows are.
    pub fn doubt(&mut self, customer: &CustomerId) {
        self.doubt.insert(customer.clone());
    }

    pub fn is_in_doubt(&self) -> bool {
        !self.doubt.is_empty()
    }

    /// Settles commits of unknown outcome by what the catalogue says now: the rows are in files, or back in memory.
    pub fn resolve(&mut self, watermarks: &[LakeWatermark]) {
        for customer in std::mem::take(&mut self.doubt) {
            let frozen = self.buffers.get(&customer).map(|buffer| buffer.frozen.as_slice()).unwrap_or_default();
            let happened = highest(&customer, frozen).iter().all(|wanted| {
                watermarks.iter().any(|mark| {
                    (&mark.customer, mark.log, mark.shard) == (&wanted.customer, wanted.log, wanted.shard)
                        && mark.sequence >= wanted.sequence
                })
            });
            if happened {
                let own: Vec<_> = watermarks.iter().filter(|mark| mark.customer == customer).cloned().collect();
                self.settle(&customer, &own);
            } else {
                self.thaw(&customer);
            }
        }
    }

    fn raise(&mut self, mark: &LakeWatermark) {
        let shards = self.committed.entry(mark.customer.clone()).or_default();
        let sequence = shards.entry((mark.log, mark.shard)).or_insert(0);
        *sequence = mark.sequence.max(*sequence);
    }
}

/// The watermarks that hold once these chunks are in files.
pub(crate) fn highest(customer: &CustomerId, chunks: &[Arc<Chunk>]) -> Vec<LakeWatermark> {
    let mut shards: BTreeMap<Shard, u64> = BTreeMap::new();
    for (shard, (_, high)) in chunks.iter().flat_map(|chunk| &chunk.spans) {
        let sequence = shards.entry(*shard).or_insert(0);
        *sequence = (*high).max(*sequence);
    }
    let marks = shards.into_iter();
    marks.map(|((log, shard), sequence)| LakeWatermark { customer: customer.clone(), log, shard, sequence }).collect()
}

fn check(chunk: &Chunk, position: LogPosition, appended: u64) -> Result<()> {
    for ((log, shard), (low, high)) in &chunk.spans {
        let at = |sequence| EventId { log: *log, shard: *shard, sequence };
        if (*log, *shard) != (position.log, position.shard) {
            return Err(Error::Position { id: at(*low), why: "it is of another shard than the batch's position" });
        }
        if *high > position.sequence {
            return Err(Error::Position { id: at(*high), why: "it lies above the batch's position" });
        }
        if *low <= appended {
            return Err(Error::Position { id: at(*low), why: "the shard has been appended further already" });
        }
    }
    Ok(())
}
