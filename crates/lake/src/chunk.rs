//! Rows of one customer in memory that nobody changes any more, with what pruning needs to know of them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, new_null_array};
use arrow::compute::{concat, filter_record_batch};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use model::{EventId, TimeRange};

use crate::columns::{LOG, SEQUENCE, SHARD, TIME};
use crate::error::{Error, Result};
use crate::write::memory_schema;

/// A shard of a log.
pub(crate) type Shard = (u32, u16);

/// Rows in memory. Own fields all stand in `fields_rest`.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub batch: RecordBatch,
    /// `*<core field>` for each core field some row keeps in `core_rest`.
    pub marks: BTreeSet<String>,
    /// Lowest and highest sequence number of each shard.
    pub spans: BTreeMap<Shard, (u64, u64)>,
    pub min_time: i64,
    pub max_time: i64,
    pub bytes: usize,
}

impl Chunk {
    pub fn new(batch: RecordBatch, marks: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut spans: BTreeMap<Shard, (u64, u64)> = BTreeMap::new();
        let places = Places::of(&batch)?;
        for row in 0..batch.num_rows() {
            let id = places.id(row);
            let span = spans.entry((id.log, id.shard)).or_insert((id.sequence, id.sequence));
            *span = (span.0.min(id.sequence), span.1.max(id.sequence));
        }
        let (min_time, max_time) =
            places.time.iter().fold((i64::MAX, i64::MIN), |(low, high), time| (low.min(*time), high.max(*time)));
        let bytes = batch.get_array_memory_size();
        Ok(Chunk { batch, marks: marks.into_iter().collect(), spans, min_time, max_time, bytes })
    }

    pub fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    /// Whether some row's time may lie in the range.
    pub fn overlaps(&self, range: TimeRange) -> bool {
        self.min_time < range.to.as_micros() && self.max_time >= range.from.as_micros()
    }

    /// The rows of these events.
    pub fn find_all(&self, ids: &[EventId]) -> Result<Vec<usize>> {
        let inside = |id: &&EventId| {
            let span = self.spans.get(&(id.log, id.shard));
            span.is_some_and(|(low, high)| (*low..=*high).contains(&id.sequence))
        };
        let wanted: HashSet<EventId> = ids.iter().filter(inside).copied().collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let places = Places::of(&self.batch)?;
        Ok((0..self.rows()).filter(|row| wanted.contains(&places.id(*row))).collect())
    }

    /// Only the rows above each shard's watermark; the chunk itself when that is all of them.
    pub fn above(self, watermarks: &BTreeMap<Shard, u64>) -> Result<Option<Chunk>> {
        let covered = |shard: &Shard| watermarks.get(shard).copied();
        if !self.spans.iter().any(|(shard, (low, _))| covered(shard).is_some_and(|mark| *low <= mark)) {
            return Ok(Some(self));
        }
        let places = Places::of(&self.batch)?;
        let keep: BooleanArray = (0..self.rows())
            .map(|row| {
                let id = places.id(row);
                Some(covered(&(id.log, id.shard)).is_none_or(|mark| id.sequence > mark))
            })
            .collect();
        if keep.true_count() == 0 {
            return Ok(None);
        }
        Chunk::new(filter_record_batch(&self.batch, &keep)?, self.marks).map(Some)
    }

    /// One chunk of several, rows in the order given.
    pub fn merge(chunks: &[Arc<Chunk>]) -> Result<Chunk> {
        let schema = memory_schema(chunks.iter().map(|chunk| &chunk.batch));
        let fields = schema.fields();
        let arrays = fields
            .iter()
            .map(|field| {
                let parts: Vec<ArrayRef> = chunks.iter().map(|chunk| column_or_nulls(&chunk.batch, field)).collect();
                Ok(concat(&parts.iter().map(|part| part.as_ref()).collect::<Vec<&dyn Array>>())?)
            })
            .collect::<Result<Vec<_>>>()?;
        let batch = RecordBatch::try_new(schema.clone(), arrays)?;
        Chunk::new(batch, chunks.iter().flat_map(|chunk| chunk.marks.iter().cloned()))
    }
}

/// The column of this name, or as many nulls.
pub(crate) fn column_or_nulls(batch: &RecordBatch, field: &arrow::datatypes::Field) -> ArrayRef {
    match batch.column_by_name(field.name()) {
        Some(column) => column.clone(),
        None => new_null_array(field.data_type(), batch.num_rows()),
    }
}

/// Positions and times of a batch's rows.
pub(crate) struct Places<'b> {
    log: &'b [i64],
    shard: &'b [i32],
    sequence: &'b [i64],
    pub time: &'b [i64],
}

impl<'b> Places<'b> {
    pub fn of(batch: &'b RecordBatch) -> Result<Self> {
        let column = |name: &str| {
            batch
                .column_by_name(name)
                .ok_or_else(|| Error::Damaged { path: "memory".into(), detail: format!("no column `{name}`") })
        };
        let wrong = || Error::Damaged { path: "memory".into(), detail: "a position or time has the wrong type".into() };
        let shard = column(SHARD)?.as_primitive_opt::<Int32Type>().ok_or_else(wrong)?.values();
        let time = column(TIME)?.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong)?.values();
        let log = column(LOG)?.as_primitive_opt::<Int64Type>().ok_or_else(wrong)?.values();
        let sequence = column(SEQUENCE)?.as_primitive_opt::<Int64Type>().ok_or_else(wrong)?.values();
        Ok(Places { log, shard, sequence, time })
    }

    pub fn id(&self, row: usize) -> EventId {
        EventId { log: self.log[row] as u32, shard: self.shard[row] as u16, sequence: self.sequence[row] as u64 }
    }
}
