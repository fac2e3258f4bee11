//! What searches cost: bytes read are counted, and a person's searches end when they have read their share.

use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{CachedParquetFileReaderFactory, ParquetFileReaderFactory};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use model::{Context, UserId};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ParquetMetaData;

use crate::config::LakeConfig;

/// People whose reading is remembered; more within a minute are told apart no longer.
const USERS: usize = 10_000;

const MINUTE: i64 = 60_000_000;

tokio::task_local! {
    /// Where the searches of the present task count beside their own limits.
    static ASKED: Arc<AtomicU64>;
}

/// Does `work` and tells how many bytes of lake files its searches have read.
pub async fn measured<T>(work: impl Future<Output = T>) -> (T, u64) {
    let read = Arc::new(AtomicU64::new(0));
    let done = ASKED.scope(read.clone(), work).await;
    (done, read.load(Ordering::Relaxed))
}

/// A search has read as much as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the search has read its limit of {limit} bytes")]
pub(crate) struct LimitReached {
    /// Bytes.
    pub limit: u64,
    /// Whether it is what the person may read within a minute, as against in one search.
    pub minute: bool,
}

/// Everything searches read, and by whom.
#[derive(Debug)]
pub(crate) struct Costs {
    read: Arc<AtomicU64>,
    query_limit: u64,
    minute_limit: u64,
    minutes: Mutex<HashMap<UserId, (i64, Arc<AtomicU64>)>>,
}

/// Counts what one search reads.
#[derive(Debug)]
pub(crate) struct Meter {
    total: Arc<AtomicU64>,
    own: AtomicU64,
    /// What the task that asked counts.
    asked: Option<Arc<AtomicU64>>,
    limit: u64,
    minute: Option<(Arc<AtomicU64>, u64)>,
}

impl Costs {
    pub fn new(config: &LakeConfig) -> Self {
        Costs {
            read: Arc::default(),
            query_limit: config.query_bytes,
            minute_limit: config.user_bytes_per_minute,
            minutes: Mutex::default(),
        }
    }

    /// Bytes of lake files that searches have read since start.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The meter of a search; refused where the person has used up the minute. The platform's own jobs have no limit.
    pub fn meter(&self, context: &Context) -> std::result::Result<Arc<Meter>, LimitReached> {
        let total = self.read.clone();
        let asked = ASKED.try_with(Arc::clone).ok();
        let Some(user) = context.actor().user() else {
            return Ok(Arc::new(Meter { total, own: AtomicU64::new(0), asked, limit: u64::MAX, minute: None }));
        };
        let minute = context.now().as_micros().div_euclid(MINUTE);
        let mut minutes = self.minutes.lock().unwrap_or_else(PoisonError::into_inner);
        if minutes.len() >= USERS {
            minutes.retain(|_, (last, _)| *last == minute);
        }
        let used = minutes.entry(user.clone()).or_insert_with(|| (minute, Arc::default()));
        if used.0 != minute {
            *used = (minute, Arc::default());
        }
        let used = used.1.clone();
        drop(minutes);
        if used.load(Ordering::Relaxed) >= self.minute_limit {
            return Err(LimitReached { limit: self.minute_limit, minute: true });
        }
        let minute = Some((used, self.minute_limit));
        Ok(Arc::new(Meter { total, own: AtomicU64::new(0), asked, limit: self.query_limit, minute }))
    }
}

impl Meter {
    /// Counts bytes that are about to be read.
    pub fn take(&self, bytes: u64) -> std::result::Result<(), LimitReached> {
        self.total.fetch_add(bytes, Ordering::Relaxed);
        if let Some(asked) = &self.asked {
            asked.fetch_add(bytes, Ordering::Relaxed);
        }
        if self.own.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) > self.limit {
            return Err(LimitReached { limit: self.limit, minute: false });
        }
        match &self.minute {
            Some((used, limit)) if used.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) > *limit => {
                Err(LimitReached { limit: *limit, minute: true })
            }
            _ => Ok(()),
        }
    }
}

/// Readers of files that count.
#[derive(Debug)]
pub(crate) struct MeteredReaders {
    pub readers: CachedParquetFileReaderFactory,
    pub meter: Arc<Meter>,
}

impl ParquetFileReaderFactory for MeteredReaders {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> datafusion::common::Result<Box<dyn AsyncFileReader + Send>> {
        let reader = self.readers.create_reader(partition, file, hint, metrics)?;
        Ok(Box::new(Metered { reader, meter: self.meter.clone() }))
    }
}

struct Metered {
    reader: Box<dyn AsyncFileReader + Send>,
    meter: Arc<Meter>,
}

impl Metered {
    fn take(&self, bytes: u64) -> Result<()> {
        self.meter.take(bytes).map_err(|reached| ParquetError::External(Box::new(reached)))
    }
}

impl AsyncFileReader for Metered {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        match self.take(range.end - range.start) {
            Ok(()) => self.reader.get_bytes(range),
            Err(error) => futures::future::ready(Err(error)).boxed(),
        }
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>>> {
        match self.take(ranges.iter().map(|range| range.end - range.start).sum()) {
            Ok(()) => self.reader.get_byte_ranges(ranges),
            Err(error) => futures::future::ready(Err(error)).boxed(),
        }
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        self.reader.get_metadata(options)
    }
}
