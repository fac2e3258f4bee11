//! Files of one customer as a table for the query engine: exactly the files given, no listing, no other folder.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{CachedParquetFileReaderFactory, ParquetRowSelection};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use parquet::arrow::arrow_reader::RowSelection;

use crate::columns::RAW;
use crate::engine::STORE;
use crate::meter::{Meter, MeteredReaders};

/// Rows a batch where the raw record is read: a batch of records of a megabyte must stay below 32-bit offsets.
const RAW_BATCH_ROWS: usize = 1024;

/// The column of a query that says where a row came from.
pub(crate) const ORIGIN: &str = "_origin";

/// Its field.
pub(crate) fn origin() -> Field {
    Field::new(ORIGIN, DataType::Int32, false)
}

/// Which rows of a file are read.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    All,
    Some(RowSelection),
}

/// What is read of one file.
#[derive(Debug)]
pub(crate) struct FileRows {
    /// What [`ORIGIN`] says.
    pub origin: i32,
    pub path: String,
    pub bytes: u64,
    pub rows: Rows,
    /// The file's columns as they are to be read, where that is not as they were written.
    pub schema: Option<SchemaRef>,
}

#[derive(Debug)]
pub(crate) struct Files {
    table: TableSchema,
    files: Vec<FileRows>,
    /// Conditions decide about rows while columns are read.
    early: bool,
    partitions: usize,
    meter: Arc<Meter>,
}

impl Files {
    /// A table of these columns; [`ORIGIN`] is added.
    pub fn new(columns: Vec<Field>, files: Vec<FileRows>, early: bool, partitions: usize, meter: Arc<Meter>) -> Self {
        let table = TableSchema::builder(Arc::new(Schema::new(columns)))
            .with_table_partition_cols(vec![Arc::new(origin())])
            .build();
        Files { table, files, early, partitions, meter }
    }
}

#[async_trait]
impl TableProvider for Files {
    fn schema(&self) -> SchemaRef {
        self.table.table_schema().clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let url = ObjectStoreUrl::parse(STORE)?;
        let environment = state.runtime_env();
        let readers = CachedParquetFileReaderFactory::new(
            environment.object_store(&url)?,
            environment.cache_manager.get_file_metadata_cache(),
        );
        let readers = MeteredReaders { readers, meter: self.meter.clone() };
        let source = ParquetSource::new(self.table.clone())
            .with_parquet_file_reader_factory(Arc::new(readers))
            .with_pushdown_filters(self.early)
            .with_reorder_filters(true)
            .with_enable_page_index(true)
            .with_bloom_filter_on_read(true);
        let files = self.files.iter().map(|rows| {
            let mut file = PartitionedFile::new(rows.path.clone(), rows.bytes)
                .with_partition_values(vec![ScalarValue::Int32(Some(rows.origin))]);
            file.arrow_schema = rows.schema.clone();
            match &rows.rows {
                Rows::All => file,
                Rows::Some(rows) => file.with_extension(ParquetRowSelection::new(rows.clone())),
            }
        });
        let groups = FileGroup::new(files.collect()).split_files(self.partitions);
        let config = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_batch_size(self.table.file_schema().column_with_name(RAW).map(|_| RAW_BATCH_ROWS))
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
