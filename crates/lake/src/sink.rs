//! Sorted rows become one Parquet file of a customer's day, or several where one would grow too large.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray, RecordBatch};
use model::{CustomerId, EventId, Timestamp};
use parquet::arrow::ArrowWriter;
use sha2::{Digest, Sha256};

use crate::catalogue::LakeFile;
use crate::chunk::Places;
use crate::columns::{FIELDS_REST, RAW};
use crate::disk::{self, NewFile, Place, hex};
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::shape;
use crate::text::IndexBuilder;

/// What the files of a sink have in common.
#[derive(Debug, Clone)]
pub(crate) struct Target<'t> {
    pub place: &'t Place,
    pub customer: &'t CustomerId,
    pub day: String,
    /// Rows that will come at most.
    pub rows: usize,
    /// A file ends at about this many bytes.
    pub most_bytes: u64,
    /// What the files replace: their ids are derived from it, so that doing the same again gives the same files.
    pub replaces: Option<String>,
    /// How often the rows have been merged.
    pub level: u32,
}

/// Files under construction. Dropped before [`Sink::finish`], it leaves none of them on disk.
pub(crate) struct Sink<'t> {
    target: Target<'t>,
    layout: &'t Layout,
    marks: BTreeSet<String>,
    open: Option<Open>,
    files: Vec<LakeFile>,
}

struct Open {
    writer: ArrowWriter<NewFile>,
    rows: u64,
    first: EventId,
    last: EventId,
    min: i64,
    max: i64,
    rest: bool,
    index: IndexBuilder,
}

impl<'t> Sink<'t> {
    pub fn new(target: Target<'t>, layout: &'t Layout) -> Self {
        Sink { target, layout, marks: BTreeSet::new(), open: None, files: Vec::new() }
    }

    /// Adds marks: `*<column>` where some rows' values do not fit that column.
    pub fn mark(&mut self, marks: impl IntoIterator<Item = String>) {
        self.marks.extend(marks);
    }

    /// Writes rows of the layout's shape that come after all before.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let places = Places::of(batch)?;
        let [min, ..] = places.time else { return Ok(()) };
        let max = places.time[batch.num_rows() - 1];
        if self.open.is_none() {
            self.open = Some(self.start(places.id(0), *min)?);
        }
        let Some(open) = self.open.as_mut() else { return Err(Error::Stopped) };
        let (mut at, step) = (0, shape::values_between_checks(batch));
        let mut written = Ok(());
        while at < batch.num_rows() && written.is_ok() {
            let rows = step.min(batch.num_rows() - at);
            written = open.writer.write(&batch.slice(at, rows));
            at += rows;
        }
        if let Err(error) = written {
            return Err(self.failure(error));
        }
        open.index.push(batch);
        for row in 0..batch.num_rows() {
            let id = places.id(row);
            (open.first, open.last) = (open.first.min(id), open.last.max(id));
        }
        open.rest |= batch.column_by_name(FIELDS_REST).is_some_and(|rest| rest.null_count() < batch.num_rows());
        open.rows += batch.num_rows() as u64;
        open.max = max;
        if (open.writer.bytes_written() + open.writer.in_progress_size()) as u64 >= self.target.most_bytes {
            self.close()?;
        }
        Ok(())
    }

    /// Makes the last file durable; none at all without rows.
    pub fn finish(mut self) -> Result<Vec<LakeFile>> {
        self.close()?;
        Ok(std::mem::take(&mut self.files))
    }

    fn start(&self, first: EventId, min: i64) -> Result<Open> {
        let Target { place, customer, day, rows, .. } = &self.target;
        let file = NewFile::create(place, &format!("customer={customer}/day={day}"))?;
        let properties = shape::properties(&self.layout.schema, *rows);
        let writer = ArrowWriter::try_new(file, self.layout.schema.clone(), Some(properties))?;
        Ok(Open { writer, rows: 0, first, last: first, min, max: min, rest: false, index: IndexBuilder::new() })
    }

    fn close(&mut self) -> Result<()> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let index = std::mem::replace(&mut open.index, IndexBuilder::new());
        if let Err(error) = index.append_to(&mut open.writer).and_then(|()| open.writer.finish()) {
            self.open = Some(open);
            return Err(self.failure(error));
        }
        let Target { customer, day, replaces, level, .. } = &self.target;
        let id = file_id(customer, day, open.first, open.last, replaces.as_deref());
        let written = open.writer.inner_mut().finish(&format!("{id}.parquet"))?;
        let names = self.layout.schema.fields().iter().map(|field| field.name().clone());
        let columns = names.filter(|name| name != FIELDS_REST || open.rest).chain(self.marks.iter().cloned());
        self.files.push(LakeFile {
            path: format!("customer={customer}/day={day}/{id}.parquet"),
            id,
            customer: (*customer).clone(),
            day: day.clone(),
            rows: open.rows,
            bytes: written.bytes,
            min_time: Timestamp::from_micros(open.min),
            max_time: Timestamp::from_micros(open.max),
            checksum: written.checksum,
            columns: columns.collect(),
            first: open.first,
            last: open.last,
            level: *level,
            checked: None,
            damage: None,
        });
        Ok(())
    }

    /// The disk's own error says more than the format's.
    fn failure(&mut self, error: parquet::errors::ParquetError) -> Error {
        match self.open.take().map(|mut open| open.writer.inner_mut().failure()) {
            Some(Some(cause)) => cause,
            _ => error.into(),
        }
    }
}

impl Drop for Sink<'_> {
    fn drop(&mut self) {
        discard(self.target.place, &self.files);
    }
}

/// Removes files that will not be committed.
pub(crate) fn discard(place: &Place, files: &[LakeFile]) {
    for file in files {
        disk::remove(place, &file.path);
    }
}

/// The same customer, day, first and last event, and files replaced, give the same id: a replay writes the same file
/// again.
fn file_id(customer: &CustomerId, day: &str, first: EventId, last: EventId, replaces: Option<&str>) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{customer}/{day}/{first}/{last}"));
    if let Some(replaces) = replaces {
        hash.update(format!("/{replaces}"));
    }
    format!("lkf_{}", hex(&hash.finalize()[..16]))
}

/// The longest raw record of a batch.
pub(crate) fn longest_raw(batch: &RecordBatch) -> usize {
    let raw = batch.column_by_name(RAW).and_then(|column| column.as_string_opt::<i32>());
    let offsets = raw.map(|raw| raw.value_offsets()).unwrap_or_default();
    offsets.windows(2).map(|pair| (pair[1] - pair[0]) as usize).max().unwrap_or(0)
}
