//! Events newest first: find the places of a page's rows, newest files first, then fetch those rows whole.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::AsArray;
use arrow::datatypes::Int32Type;
use datafusion::logical_expr::{Expr, lit};
use model::event::StoredEvent;
use model::search::EventQuery;
use model::{Context, EventId, Page, PageRequest};

use crate::chunk::Places;
use crate::columns::{LOG, SEQUENCE, SHARD, TIME};
use crate::cursor;
use crate::error::{Error, Result};
use crate::fetch::{fetch, fetch_from};
use crate::meter::Meter;
use crate::part::{Part, Reading, union};
use crate::query::{self, Conditions, column};
use crate::scan::ORIGIN;
use crate::snapshot::{Snapshot, chunk_origin};
use crate::store::{Inner, Lake};

/// Rows fetched whole at a time.
const FETCH_ROWS: usize = 128;

/// A page ends early rather than growing beyond about this many bytes of raw records.
const PAGE_BYTES: usize = 32 << 20;

/// Says that nobody waits any more, to a thread that cannot be stopped from outside.
struct Asked(Arc<AtomicBool>);

impl Asked {
    fn new() -> (Asked, Arc<AtomicBool>) {
        let gone = Arc::new(AtomicBool::new(false));
        (Asked(gone.clone()), gone)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A found row: where it stands in the order, and where its data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub time: i64,
    pub id: EventId,
    pub origin: i32,
}

impl Lake {
    /// The events of a query, newest first by time and id, as far as the context's scope goes.
    pub async fn search(&self, context: &Context, query: &EventQuery) -> Result<Page<StoredEvent>> {
        let conditions = Conditions::of(query)?;
        let after = query.page.after.as_ref().map(cursor::decode).transpose()?;
        let limit = query.page.limit.clamp(1, PageRequest::MOST);
        let scope = context.scope().narrow(&query.customers);
        let snapshot = self.inner.snapshot(&scope, query.range).await?;
        let inner = self.inner.clone();
        let meter = self.inner.engine.costs.meter(context)?;
        let page = async move {
            let found = find(&inner, &snapshot, &conditions, &meter, after, limit + 1).await?;
            let dir = inner.config.dir.clone();
            let (_asked, gone) = Asked::new();
            let page = tokio::task::spawn_blocking(move || page(&dir, &snapshot, &found, limit, &gone));
            page.await.map_err(|_| Error::Stopped)?
        };
        self.inner.engine.run(page).await
    }

    /// One event by its id, if the context's scope holds it.
    pub async fn get(&self, context: &Context, id: &EventId) -> Result<Option<StoredEvent>> {
        let snapshot = self.inner.snapshot_of(context.scope(), *id).await?;
        let (dir, id) = (self.inner.config.dir.clone(), *id);
        let look = move || {
            let chunks = (0..snapshot.chunks.len()).map(chunk_origin);
            for origin in chunks.chain((0..snapshot.files.len()).map(|place| place as i32)) {
                if let Some(event) = fetch_from(&dir, &snapshot, origin, &[id], &[])?.pop() {
                    return Ok(Some(event));
                }
            }
            Ok(None)
        };
        let found = async move { tokio::task::spawn_blocking(look).await.map_err(|_| Error::Stopped)? };
        self.inner.engine.run(found).await
    }
}

/// The first `limit` rows in order. Memory first, then files from the newest on, in growing steps, until no file
/// that is left can hold anything newer than what was found.
async fn find(
    inner: &Arc<Inner>,
    snapshot: &Snapshot,
    conditions: &Conditions,
    meter: &Arc<Meter>,
    after: Option<(i64, EventId)>,
    limit: usize,
) -> Result<Vec<Found>> {
    let reading = Reading::of(conditions, meter);
    let start = after.map(|(time, id)| query::after(time, id));
    let newest = after.map_or(i64::MAX, |(time, _)| time);
    let mut places: Vec<usize> = (0..snapshot.files.len()).collect();
    places.retain(|place| snapshot.files[*place].min_time.as_micros() <= newest);
    places.sort_by_key(|place| Reverse(snapshot.files[*place].max_time));

    let mut found = run(reading.memory(&inner.engine, snapshot, start.as_ref())?, limit).await?;
    let (mut left, mut step) = (places.as_slice(), 1);
    while let Some(next) = left.first() {
        let full = (found.len() >= limit).then(|| found[limit - 1].time);
        if full.is_some_and(|oldest| snapshot.files[*next].max_time.as_micros() < oldest) {
            break;
        }
        let (wave, rest) = left.split_at(step.min(left.len()));
        let bound = bound(start.clone(), full);
        let parts = reading.files(&inner.engine, snapshot, wave, bound.as_ref())?;
        found.extend(run(parts, limit).await?);
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.truncate(limit);
        (left, step) = (rest, (step * 2).min(64));
    }
    Ok(found)
}

/// The ids and times of the rows of one file or chunk that a query finds, by time.
pub(crate) async fn places_of(
    inner: &Arc<Inner>,
    snapshot: &Snapshot,
    conditions: &Conditions,
    meter: &Arc<Meter>,
    origin: i32,
) -> Result<(Vec<EventId>, Vec<i64>)> {
    let reading = Reading::of(conditions, meter);
    let parts = match usize::try_from(origin) {
        Ok(place) => reading.files(&inner.engine, snapshot, &[place], None)?,
        Err(_) => {
            let only = column(ORIGIN).eq(lit(origin));
            reading.memory(&inner.engine, snapshot, Some(&only))?
        }
    };
    let mut found = run(parts, usize::MAX).await?;
    found.sort_unstable();
    Ok(found.into_iter().map(|row| (row.id, row.time)).unzip())
}

/// Rows after the cursor, and not older than what is found already.
fn bound(start: Option<Expr>, oldest: Option<i64>) -> Option<Expr> {
    let oldest = oldest.map(|oldest| column(TIME).gt_eq(query::instant(oldest)));
    start.into_iter().chain(oldest).reduce(Expr::and)
}

/// The first `limit` rows of these parts, newest first; in any order where all are wanted.
pub(crate) async fn run(parts: Vec<Part>, limit: usize) -> Result<Vec<Found>> {
    let keys = [TIME, LOG, SHARD, SEQUENCE];
    let wanted = || keys.into_iter().chain([ORIGIN]).map(|name| column(name).alias(name)).collect::<Vec<_>>();
    let Some(rows) = union(parts.into_iter().map(|part| Ok(part.rows.select(wanted())?)))? else {
        return Ok(Vec::new());
    };
    let newest_first = keys.into_iter().map(|name| column(name).sort(false, false)).collect();
    let rows = if limit == usize::MAX { rows } else { rows.sort(newest_first)?.limit(0, Some(limit))? };
    let batches = rows.collect().await?;
    let mut found = Vec::new();
    for batch in &batches {
        let places = Places::of(batch)?;
        let origins = batch.column_by_name(ORIGIN).and_then(|column| column.as_primitive_opt::<Int32Type>());
        let Some(origins) = origins else { continue };
        found.extend((0..batch.num_rows()).map(|row| Found {
            time: places.time[row],
            id: places.id(row),
            origin: origins.value(row),
        }));
    }
    Ok(found)
}

fn page(
    dir: &std::path::Path,
    snapshot: &Snapshot,
    found: &[Found],
    limit: usize,
    gone: &AtomicBool,
) -> Result<Page<StoredEvent>> {
    let mut items: Vec<StoredEvent> = Vec::new();
    let mut bytes = 0;
    for rows in found[..found.len().min(limit)].chunks(FETCH_ROWS) {
        if gone.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        let wanted: Vec<_> = rows.iter().map(|row| (row.origin, row.id, row.time)).collect();
        for event in fetch(dir, snapshot, &wanted)? {
            bytes += event.raw.len();
            items.push(event);
            if bytes >= PAGE_BYTES {
                break;
            }
        }
        if bytes >= PAGE_BYTES {
            break;
        }
    }
    let more = items.len() < found.len();
    let next = items.last().filter(|_| more).map(|last| cursor::encode(last.time.as_micros(), last.id));
    Ok(Page { items, next })
}
