//! How the Parquet files are laid out inside: row groups, pages, encodings, Bloom filters. The numbers come from
//! measurement: docs/decisions/0003-files-of-the-lake.md.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use crate::columns::{CORE_REST, FIELDS_REST, LOG, RAW, RECEIVED, SEQUENCE, SHARD, TIME, TIME_ORIGINAL};
use crate::sink::longest_raw;

/// Rows of a row group.
const ROW_GROUP: usize = 262_144;

/// Encoded bytes at which a row group ends early: huge records must not pile up in memory.
const GROUP_BYTES: usize = 64 << 20;

/// Rows of a page: what is read at least where a single row is wanted.
const PAGE_ROWS: usize = 8192;

/// Bytes of a page from which on it ends early: most of what a page of found events costs is to unpack their records'
/// neighbours.
const PAGE_BYTES: usize = 128 << 10;

/// Rows are written in steps of about so many bytes.
const STEP_BYTES: usize = 1 << 20;

/// How often a Bloom filter may say yes without reason.
const BLOOM_FALSE: f64 = 0.01;

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

/// The properties of a file with these columns and at most so many rows.
pub(crate) fn properties(schema: &Schema, rows: usize) -> WriterProperties {
    let path = |name: &str| ColumnPath::new(vec![name.to_owned()]);
    let sorted = [TIME, LOG, SHARD, SEQUENCE].iter().filter_map(|name| schema.index_of(name).ok());
    let sorted = sorted
        .map(|column| SortingColumn { column_idx: column as i32, descending: false, nulls_first: false })
        .collect();
    let mut properties: WriterPropertiesBuilder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).expect("zstd has a level 1")))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_max_row_group_bytes(Some(GROUP_BYTES))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_write_batch_size(1024)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_statistics_truncate_length(Some(64))
        .set_sorting_columns(Some(sorted));
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
    for name in NEEDLES.iter().filter(|name| schema.index_of(name).is_ok()) {
        properties = properties
            .set_column_bloom_filter_enabled(path(name), true)
            .set_column_bloom_filter_fpp(path(name), BLOOM_FALSE)
            .set_column_bloom_filter_max_ndv(path(name), rows.clamp(64, ROW_GROUP) as u64);
    }
    properties.build()
}

/// How many rows are written before a page's size is looked at: few where records are huge.
pub(crate) fn values_between_checks(batch: &RecordBatch) -> usize {
    (STEP_BYTES / longest_raw(batch).max(1)).clamp(1, 1024)
}
