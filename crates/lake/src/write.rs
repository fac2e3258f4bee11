//! Chunks of one customer become Parquet files, one a day. Rows are put in order by reference and copied once, a batch at
//! a time, straight into the file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Schema, SchemaRef};
use chrono::Datelike;
use model::core_field::CORE_FIELDS;
use model::{CustomerId, Timestamp};

use crate::catalogue::LakeFile;
use crate::chunk::{Chunk, Places, column_or_nulls};
use crate::columns::{
    self, CORE_REST, DEVICE, FIELDS_REST, LOG, RAW, RECEIVED, SEQUENCE, SHARD, SOURCE, TIME, TIME_ORIGINAL,
};
use crate::disk::Place;
use crate::error::Result;
use crate::layout::Census;
use crate::merge::{Merge, Run, Source};
use crate::sink::{self, Sink, Target};

const DAY: i64 = 86_400_000_000;

/// Rows of chunks that belong to one day, in order.
type DayRows<'c> = Vec<(&'c Chunk, Vec<u32>)>;

/// Writes the chunks durably; on failure nothing of them stays on disk.
pub(crate) fn write_files(place: &Place, customer: &CustomerId, chunks: &[Arc<Chunk>]) -> Result<Vec<LakeFile>> {
    let mut files: Vec<LakeFile> = Vec::new();
    for (day, rows) in days(chunks)? {
        match write_day(place, customer, day, &rows) {
            Ok(written) => files.extend(written),
            Err(error) => {
                sink::discard(place, &files);
                return Err(error);
            }
        }
    }
    Ok(files)
}

/// The rows of each day, each chunk's in order of time and id.
fn days(chunks: &[Arc<Chunk>]) -> Result<BTreeMap<i64, DayRows<'_>>> {
    let mut days: BTreeMap<i64, DayRows<'_>> = BTreeMap::new();
    for chunk in chunks {
        let places = Places::of(&chunk.batch)?;
        let mut rows: Vec<u32> = (0..chunk.rows() as u32).collect();
        rows.sort_unstable_by_key(|row| (places.time[*row as usize], places.id(*row as usize)));
        let day = |row: u32| day_of(places.time[row as usize]);
        for rows in rows.chunk_by(|a, b| day(*a) == day(*b)) {
            days.entry(day(rows[0])).or_default().push((chunk, rows.to_vec()));
        }
    }
    Ok(days)
}

fn write_day(place: &Place, customer: &CustomerId, day: i64, rows: &DayRows<'_>) -> Result<Vec<LakeFile>> {
    let mut census = Census::default();
    for (chunk, rows) in rows {
        census.batch(&chunk.batch, rows);
    }
    let layout = census.layout();
    let schema = memory_schema(rows.iter().map(|(chunk, _)| &chunk.batch));
    let sources = rows.iter().map(|(chunk, rows)| {
        let run = same_columns(&schema, &chunk.batch).map(|batch| Run { batch, order: Some(rows.clone()) });
        Box::new(std::iter::once(run)) as Source<'_>
    });
    let mut merge = Merge::new(sources.collect())?;
    let count = rows.iter().map(|(_, rows)| rows.len()).sum();
    let target =
        Target { place, customer, day: day_text(day), rows: count, most_bytes: u64::MAX, replaces: None, level: 0 };
    let mut sink = Sink::new(target, &layout);
    sink.mark(rows.iter().flat_map(|(chunk, _)| chunk.marks.iter().cloned()));
    while let Some(batch) = merge.next()? {
        let mut marks = BTreeSet::new();
        sink.write(&layout.apply(customer, "memory", &batch, &mut marks)?)?;
        sink.mark(marks);
    }
    sink.finish()
}

impl Census {
    /// Counts what some rows of a chunk have.
    pub fn batch(&mut self, batch: &RecordBatch, rows: &[u32]) {
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            if field.name() == FIELDS_REST {
                self.objects(column.as_string::<i32>(), rows.iter().map(|row| *row as usize));
            } else if rows.iter().any(|row| column.is_valid(*row as usize)) {
                self.column(field.name());
            }
        }
    }
}

/// All columns some of the batches have, in the order of the files; own fields all stand in `fields_rest`.
pub(crate) fn memory_schema<'b>(batches: impl Iterator<Item = &'b RecordBatch>) -> SchemaRef {
    let present: BTreeSet<&str> =
        batches.flat_map(|batch| batch.schema_ref().fields()).map(|field| field.name().as_str()).collect();
    let head = [LOG, SHARD, SEQUENCE, DEVICE, RECEIVED, TIME, TIME_ORIGINAL, SOURCE];
    let core = CORE_FIELDS.iter().map(|(name, _)| *name);
    let names = head.into_iter().chain(core).chain([CORE_REST, FIELDS_REST, RAW]);
    Arc::new(Schema::new(names.filter(|name| present.contains(name)).map(columns::field).collect::<Vec<_>>()))
}

/// A batch with exactly these columns, nulls where it has none.
pub(crate) fn same_columns(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch> {
    let arrays: Vec<ArrayRef> = schema.fields().iter().map(|field| column_or_nulls(batch, field)).collect();
    Ok(RecordBatch::try_new(schema.clone(), arrays)?)
}

/// The folder an event time belongs to. Years outside 1 to 9999 share the first and the last day: other readers of
/// the folders understand no others.
pub(crate) fn day_of(time: i64) -> i64 {
    const FIRST: i64 = -719_162;
    const LAST: i64 = 2_932_896;
    time.div_euclid(DAY).clamp(FIRST, LAST)
}

pub(crate) fn day_text(day: i64) -> String {
    let date = Timestamp::from_micros(day * DAY).to_chrono();
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_any_time_have_a_folder_other_readers_understand() {
        assert_eq!(day_text(day_of(0)), "1970-01-01");
        assert_eq!(day_text(day_of(-1)), "1969-12-31");
        assert_eq!(day_text(day_of(i64::MIN)), "0001-01-01");
        assert_eq!(day_text(day_of(i64::MAX)), "9999-12-31");
    }
}
