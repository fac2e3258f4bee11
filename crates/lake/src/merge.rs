//! Rows of several sources in one order, by time and id, a batch at a time: memory holds what is being merged, not
//! everything that will be.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use arrow::array::{AsArray, RecordBatch};
use model::EventId;

use crate::chunk::Places;
use crate::error::{Error, Result};
use crate::gather::gather;

/// A batch ends at this many rows,
const ROWS: usize = 8192;
/// ... or about this many bytes of raw records: far below what 32-bit offsets can address.
const BYTES: usize = 16 << 20;

/// Rows of one source, in order of time and id.
pub(crate) struct Run {
    pub batch: RecordBatch,
    /// The batch's rows in order, where they do not stand in order themselves.
    pub order: Option<Vec<u32>>,
}

/// Where sorted rows come from; all batches of all sources of a merge have one schema.
pub(crate) type Source<'s> = Box<dyn Iterator<Item = Result<Run>> + Send + 's>;

type Key = (i64, EventId);

struct Open<'s> {
    rest: Source<'s>,
    /// Its batch in [`Merge::batches`].
    batch: usize,
    /// The keys of that batch's rows in order, with the rows.
    keys: Vec<(Key, u32)>,
    /// The first of them still to come.
    next: usize,
}

/// The merged rows.
pub(crate) struct Merge<'s> {
    sources: Vec<Open<'s>>,
    /// Batches with rows still to come, or already chosen for the next batch.
    batches: Vec<RecordBatch>,
    heap: BinaryHeap<Reverse<(Key, usize)>>,
}

impl<'s> Merge<'s> {
    pub fn new(sources: Vec<Source<'s>>) -> Result<Self> {
        let mut merge = Merge { sources: Vec::new(), batches: Vec::new(), heap: BinaryHeap::new() };
        for rest in sources {
            let place = merge.sources.len();
            merge.sources.push(Open { rest, batch: 0, keys: Vec::new(), next: 0 });
            merge.load(place)?;
        }
        Ok(merge)
    }

    /// The next rows; nothing at the end.
    pub fn next(&mut self) -> Result<Option<RecordBatch>> {
        let mut chosen: Vec<(usize, usize)> = Vec::with_capacity(ROWS);
        let mut bytes = 0;
        while chosen.len() < ROWS && bytes < BYTES {
            let Some(Reverse((_, place))) = self.heap.pop() else { break };
            let source = &mut self.sources[place];
            let row = source.keys[source.next].1 as usize;
            bytes += raw_bytes(&self.batches[source.batch], row);
            chosen.push((source.batch, row));
            source.next += 1;
            match source.keys.get(source.next) {
                Some((key, _)) => self.heap.push(Reverse((*key, place))),
                None => self.load(place)?,
            }
        }
        if chosen.is_empty() {
            return Ok(None);
        }
        let batch = gather(&self.batches, &chosen)?;
        self.forget();
        Ok(Some(batch))
    }

    /// Opens a source's next batch that has rows.
    fn load(&mut self, place: usize) -> Result<()> {
        let source = &mut self.sources[place];
        let mut last = source.keys.last().map(|(key, _)| *key);
        source.keys = Vec::new();
        for run in source.rest.by_ref() {
            let Run { batch, order } = run?;
            let places = Places::of(&batch)?;
            let key = |row: u32| ((places.time[row as usize], places.id(row as usize)), row);
            source.keys = match order {
                Some(order) => order.into_iter().map(key).collect(),
                None => (0..batch.num_rows() as u32).map(key).collect(),
            };
            for (key, _) in &source.keys {
                if last.replace(*key).is_some_and(|last| last >= *key) {
                    let detail = format!("{} is there twice or out of order", key.1);
                    return Err(Error::Damaged { path: "merge".into(), detail });
                }
            }
            if let Some((key, _)) = source.keys.first() {
                self.heap.push(Reverse((*key, place)));
                self.batches.push(batch);
                (source.batch, source.next) = (self.batches.len() - 1, 0);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Drops the batches no source stands in.
    fn forget(&mut self) {
        let mut kept = Vec::with_capacity(self.sources.len());
        for source in self.sources.iter_mut().filter(|source| !source.keys.is_empty()) {
            kept.push(self.batches[source.batch].clone());
            source.batch = kept.len() - 1;
        }
        self.batches = kept;
    }
}

/// The raw record is every schema's last column.
fn raw_bytes(batch: &RecordBatch, row: usize) -> usize {
    let raw = batch.columns().last().and_then(|column| column.as_string_opt::<i32>());
    raw.map_or(0, |raw| raw.value_length(row) as usize)
}
