//! Chunks of one customer become Parquet files, one a day.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::{Field, Schema};
use chrono::Datelike;
use model::{CustomerId, EventId, Timestamp};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use sha2::{Digest, Sha256};

use crate::catalogue::LakeFile;
use crate::chunk::{Chunk, Places};
use crate::columns::{
    self, CORE_REST, CUSTOMER, FIELDS_REST, LOG, RAW, RECEIVED, SEQUENCE, SHARD, TIME, TIME_ORIGINAL,
};
use crate::disk::{self, NewFile};
use crate::error::{Error, Result};
use crate::spread::spread;
use crate::text::IndexBuilder;

const ROW_GROUP: usize = 131_072;
const PAGE_ROWS: usize = 8192;
const PAGE_BYTES: usize = 1 << 20;
const DAY: i64 = 86_400_000_000;

/// Core fields people look single values of up in: their columns get Bloom filters.
const NEEDLES: &[&str] = &[
    "source_ip",
    "source_nat_ip",
    "destination_ip",
    "destination_nat_ip",
    "host_ip",
    "host_name",
    "user_name",
    "user_target_name",
    "file_hash_md5",
    "file_hash_sha1",
    "file_hash_sha256",
    "dns_question_name",
    "dns_resolved_ip",
    "url_domain",
    "destination_domain",
];

/// Writes the chunks durably; on failure nothing of them stays on disk.
pub(crate) fn write_files(dir: &Path, customer: &CustomerId, chunks: &[Arc<Chunk>]) -> Result<Vec<LakeFile>> {
    let merged = Chunk::merge(chunks)?;
    let mut files: Vec<LakeFile> = Vec::new();
    for rows in days(&merged.batch)? {
        match write_day(dir, customer, &merged, &rows) {
            Ok(file) => files.push(file),
            Err(error) => {
                discard(dir, &files);
                return Err(error);
            }
        }
    }
    Ok(files)
}

/// Removes files that will not be committed.
pub(crate) fn discard(dir: &Path, files: &[LakeFile]) {
    for file in files {
        disk::remove(dir, &file.path);
    }
}

/// The rows of each day, in order of time and id.
fn days(batch: &RecordBatch) -> Result<Vec<UInt32Array>> {
    let places = Places::of(batch)?;
    let mut rows: Vec<u32> = (0..batch.num_rows() as u32).collect();
    rows.sort_by_key(|row| (places.time[*row as usize], places.id(*row as usize)));
    let days = rows.chunk_by(|a, b| day_of(places.time[*a as usize]) == day_of(places.time[*b as usize]));
    Ok(days.map(|rows| UInt32Array::from(rows.to_vec())).collect())
}

/// The folder an event time belongs to. Years outside 1 to 9999 share the first and the last day: other readers of
/// the folders understand no others.
fn day_of(time: i64) -> i64 {
    const FIRST: i64 = -719_162;
    const LAST: i64 = 2_932_896;
    time.div_euclid(DAY).clamp(FIRST, LAST)
}

fn day_text(day: i64) -> String {
    let date = Timestamp::from_micros(day * DAY).to_chrono();
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

fn write_day(dir: &Path, customer: &CustomerId, chunk: &Chunk, rows: &UInt32Array) -> Result<LakeFile> {
    let sorted = take_record_batch(&chunk.batch, rows)?;
    let (batch, mut marks) = file_batch(customer, &sorted)?;
    marks.extend(chunk.marks.iter().cloned());
    let places = Places::of(&sorted)?;
    let ids = || (0..sorted.num_rows()).map(|row| places.id(row));
    let (Some(first), Some(last), [min, .., max] | [min @ max]) = (ids().min(), ids().max(), places.time) else {
        return Err(Error::Damaged { path: "memory".into(), detail: "a day without rows".into() });
    };
    let day = day_text(day_of(*min));
    let id = file_id(customer, &day, first, last);
    let path = format!("customer={customer}/day={day}/{id}.parquet");

    let mut file = NewFile::create(dir, &path)?;
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties(&batch)))?;
    let mut index = IndexBuilder::new();
    index.push(&batch);
    let indexed = writer.write(&batch).and_then(|()| index.append_to(&mut writer));
    let closed = indexed.and_then(|()| writer.close());
    let written = match closed {
        Ok(_) => file.finish()?,
        // The disk's own error says more than the format's.
        Err(error) => return Err(file.finish().err().unwrap_or(error.into())),
    };

    let columns = batch.schema().fields().iter().map(|field| field.name().clone()).chain(marks).collect();
    Ok(LakeFile {
        id,
        customer: customer.clone(),
        day,
        path,
        rows: batch.num_rows() as u64,
        bytes: written.bytes,
        min_time: Timestamp::from_micros(*min),
        max_time: Timestamp::from_micros(*max),
        checksum: written.checksum,
        columns,
        first,
        last,
    })
}

/// The same customer, day, first and last event give the same id: a replay writes the same file again.
fn file_id(customer: &CustomerId, day: &str, first: EventId, last: EventId) -> String {
    let digest = Sha256::digest(format!("{customer}/{day}/{first}/{last}"));
    digest[..16].iter().fold("lkf_".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// What a file holds: the chunk's columns with the customer, own fields spread into columns, empty columns left out.
fn file_batch(customer: &CustomerId, sorted: &RecordBatch) -> Result<(RecordBatch, Vec<String>)> {
    let mut columns: Vec<(Field, ArrayRef)> = Vec::new();
    let mut marks = Vec::new();
    for (field, column) in sorted.schema().fields().iter().zip(sorted.columns()) {
        if field.name() == FIELDS_REST {
            let spread = spread(column.as_string::<i32>());
            columns.extend(spread.columns);
            marks = spread.marks;
        } else if column.null_count() < column.len() {
            columns.push((field.as_ref().clone(), column.clone()));
        }
        if field.name() == SEQUENCE {
            let whose = StringArray::from_iter_values(std::iter::repeat_n(customer.as_str(), sorted.num_rows()));
            columns.push((columns::field(CUSTOMER), Arc::new(whose)));
        }
    }
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    Ok((RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?, marks))
}

fn properties(batch: &RecordBatch) -> WriterProperties {
    let path = |name: &str| ColumnPath::new(vec![name.to_owned()]);
    let mut properties: WriterPropertiesBuilder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).expect("zstd has a level 1")))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_write_batch_size(values_between_checks(batch))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_statistics_truncate_length(Some(64));
    for name in [RAW, FIELDS_REST, CORE_REST, TIME_ORIGINAL] {
        properties = properties
            .set_column_dictionary_enabled(path(name), false)
            .set_column_statistics_enabled(path(name), EnabledStatistics::None);
    }
    for name in [LOG, SHARD, SEQUENCE, TIME, RECEIVED] {
        properties = properties
            .set_column_dictionary_enabled(path(name), false)
            .set_column_encoding(path(name), Encoding::DELTA_BINARY_PACKED);
    }
    for name in NEEDLES.iter().filter(|name| batch.column_by_name(name).is_some()) {
        properties = properties
            .set_column_bloom_filter_enabled(path(name), true)
            .set_column_bloom_filter_fpp(path(name), 0.01)
            .set_column_bloom_filter_max_ndv(path(name), batch.num_rows().clamp(64, ROW_GROUP) as u64);
    }
    properties.build()
}

/// How many values are written before a page's size is looked at: few where records are huge.
fn values_between_checks(batch: &RecordBatch) -> usize {
    let raw = batch.column_by_name(RAW).and_then(|column| column.as_string_opt::<i32>());
    let offsets = raw.map(|raw| raw.value_offsets()).unwrap_or_default();
    let longest = offsets.windows(2).map(|pair| (pair[1] - pair[0]) as usize).max().unwrap_or(0);
    (PAGE_BYTES / longest.max(1)).clamp(1, 1024)
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
