//! Committed files read back, a batch at a time, to be merged, thinned out or exported.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::statistics::Statistics;

use crate::catalogue::LakeFile;
use crate::columns::{FIELDS_REST, OwnKind, RECEIVED};
use crate::error::{Error, Result};
use crate::layout::Census;

/// Rows a batch at most, and about how many bytes of raw records: several files are open at a time.
const ROWS: usize = 1024;
const BYTES: usize = 2 << 20;

/// An open file with its footer read.
pub(crate) struct Reader<'f> {
    file: &'f LakeFile,
    builder: ParquetRecordBatchReaderBuilder<File>,
}

impl<'f> Reader<'f> {
    pub fn open(dir: &Path, file: &'f LakeFile) -> Result<Self> {
        let path = dir.join(&file.path);
        let open = File::open(&path).map_err(Error::disk("open", &path))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(open).map_err(damaged(file))?;
        let reader = Reader { file, builder };
        let rows = reader.metadata().file_metadata().num_rows();
        if rows != file.rows as i64 {
            let detail = format!("it has {rows} rows, the catalogue says {}", file.rows);
            return Err(Error::Damaged { path: file.path.clone(), detail });
        }
        Ok(reader)
    }

    fn metadata(&self) -> &ParquetMetaData {
        self.builder.metadata()
    }

    /// Counts what the file has: its columns from the footer, the rest from its JSON.
    pub fn count(self, census: &mut Census) -> Result<()> {
        let schema = self.builder.schema().clone();
        let columns = self.metadata().file_metadata().schema_descr().columns();
        let groups = self.metadata().row_groups();
        for (place, column) in columns.iter().enumerate() {
            let filled = |nulls: Option<u64>, rows: i64| rows as u64 - nulls.unwrap_or(0).min(rows as u64);
            let filled = groups.iter().map(|group| {
                let statistics = group.column(place).statistics();
                filled(statistics.and_then(Statistics::null_count_opt), group.num_rows())
            });
            let filled: u64 = filled.sum();
            match (column.name().strip_prefix("f_"), schema.field_with_name(column.name())) {
                (Some(name), Ok(field)) if filled > 0 => census.own(name.into(), OwnKind::of(field), filled),
                (None, _) if filled > 0 => census.column(column.name()),
                _ => {}
            }
        }
        if self.file.columns.iter().any(|column| column == FIELDS_REST) {
            for batch in self.batches(&[FIELDS_REST])? {
                let batch = batch?;
                if let Some(objects) = batch.column(0).as_string_opt::<i32>() {
                    census.objects(objects, 0..objects.len());
                }
            }
        }
        Ok(())
    }

    /// The latest receipt time, if the footer has it.
    pub fn newest_received(&self) -> Option<i64> {
        let columns = self.metadata().file_metadata().schema_descr().columns();
        let place = columns.iter().position(|column| column.name() == RECEIVED)?;
        let newest = self.metadata().row_groups().iter().map(|group| match group.column(place).statistics() {
            Some(Statistics::Int64(values)) => values.max_opt().copied(),
            _ => None,
        });
        newest.collect::<Option<Vec<i64>>>()?.into_iter().max()
    }

    /// The file's rows, all columns or only these.
    pub fn batches(self, columns: &[&str]) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<'f>> {
        let Reader { file, builder } = self;
        let mask = match columns {
            [] => ProjectionMask::all(),
            names => ProjectionMask::columns(builder.parquet_schema(), names.iter().copied()),
        };
        let raw: i64 = builder
            .metadata()
            .row_groups()
            .iter()
            .filter_map(|group| group.columns().last())
            .map(|raw| raw.uncompressed_size())
            .sum();
        let each = raw.max(0) as usize / (file.rows as usize).max(1);
        let rows = (BYTES / each.max(1)).clamp(16, ROWS);
        let reader = builder.with_projection(mask).with_batch_size(rows).build().map_err(damaged(file))?;
        Ok(reader.map(move |batch| {
            batch.map_err(|error| Error::Damaged { path: file.path.clone(), detail: error.to_string() })
        }))
    }
}

fn damaged(file: &LakeFile) -> impl FnOnce(parquet::errors::ParquetError) -> Error {
    let path = file.path.clone();
    move |error| Error::Damaged { path, detail: error.to_string() }
}
