//! Whole events by their places: the second step of a search, for the few rows of a page.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::num::NonZero;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;

use arrow::array::{BooleanArray, RecordBatch};
use model::EventId;
use model::event::StoredEvent;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicateFn, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowFilter, RowSelection, RowSelector,
};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;

use crate::catalogue::LakeFile;
use crate::chunk::Places;
use crate::columns::{LOG, SEQUENCE, SHARD, TIME};
use crate::decode::Decoder;
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;

/// Threads that fetch for one search.
const MOST_LANES: usize = 4;

/// The events with these ids, each from the origin named, in the order given. Missing ones are an error: the
/// caller has just seen them.
pub(crate) fn fetch(dir: &Path, snapshot: &Snapshot, wanted: &[(i32, EventId, i64)]) -> Result<Vec<StoredEvent>> {
    let mut by_origin: BTreeMap<i32, (Vec<EventId>, Vec<i64>)> = BTreeMap::new();
    for (origin, id, time) in wanted {
        let (ids, times) = by_origin.entry(*origin).or_default();
        ids.push(*id);
        times.push(*time);
    }
    let mut found = all_from(dir, snapshot, &by_origin)?;
    let events = wanted.iter().map(|(origin, id, _)| {
        found
            .remove(id)
            .ok_or_else(|| Error::Damaged { path: name(snapshot, *origin), detail: format!("{id} is gone") })
    });
    events.collect()
}

/// The events of all origins: most of the work is to unpack pages, so each thread takes the next origin.
fn all_from(
    dir: &Path,
    snapshot: &Snapshot,
    by_origin: &BTreeMap<i32, (Vec<EventId>, Vec<i64>)>,
) -> Result<HashMap<EventId, StoredEvent>> {
    let next = Mutex::new(by_origin.iter());
    let lane = || {
        let mut found = Vec::new();
        loop {
            let origin = next.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((origin, (ids, times))) = origin else { return Ok(found) };
            found.extend(fetch_from(dir, snapshot, *origin, ids, times)?);
        }
    };
    let more = available_parallelism().map_or(1, NonZero::get).min(MOST_LANES).min(by_origin.len()).saturating_sub(1);
    let lanes: Vec<Result<Vec<StoredEvent>>> = std::thread::scope(|scope| {
        let others: Vec<_> = (0..more).map(|_| scope.spawn(lane)).collect();
        let own = lane();
        others.into_iter().map(|other| other.join().unwrap_or(Err(Error::Stopped))).chain([own]).collect()
    });
    let mut found = HashMap::new();
    for lane in lanes {
        found.extend(lane?.into_iter().map(|event| (event.id, event)));
    }
    Ok(found)
}

/// Those of `ids` that this origin holds. Their times, where they are known, spare most of a file.
pub(crate) fn fetch_from(
    dir: &Path,
    snapshot: &Snapshot,
    origin: i32,
    ids: &[EventId],
    times: &[i64],
) -> Result<Vec<StoredEvent>> {
    let mut events = Vec::with_capacity(ids.len());
    each_from(dir, snapshot, origin, ids, times, &mut |event| {
        events.push(event);
        Ok(())
    })?;
    Ok(events)
}

/// Calls `with` for those of `ids` that this origin holds, in the order they stand there.
pub(crate) fn each_from(
    dir: &Path,
    snapshot: &Snapshot,
    origin: i32,
    ids: &[EventId],
    times: &[i64],
    with: &mut dyn FnMut(StoredEvent) -> Result<()>,
) -> Result<()> {
    if let Some((customer, chunk)) = snapshot.chunk(origin) {
        let decoder = Decoder::new(customer, "memory", &chunk.batch)?;
        for row in chunk.find_all(ids)? {
            with(decoder.event(row)?)?;
        }
        return Ok(());
    }
    match usize::try_from(origin).ok().and_then(|place| snapshot.files.get(place)) {
        Some(file) => each_from_file(dir, file, ids, times, with),
        None => Ok(()),
    }
}

fn each_from_file(
    dir: &Path,
    file: &LakeFile,
    ids: &[EventId],
    times: &[i64],
    with: &mut dyn FnMut(StoredEvent) -> Result<()>,
) -> Result<()> {
    let path = dir.join(&file.path);
    let open = File::open(&path).map_err(Error::disk("open", &path))?;
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(open, options)?;
    let wanted: HashSet<EventId> = ids.iter().copied().collect();
    let mask = ProjectionMask::columns(builder.parquet_schema(), [LOG, SHARD, SEQUENCE, TIME]);
    let is_wanted = ArrowPredicateFn::new(mask, move |batch: RecordBatch| {
        let places = Places::of(&batch).map_err(|error| arrow::error::ArrowError::ExternalError(Box::new(error)))?;
        Ok((0..batch.num_rows()).map(|row| Some(wanted.contains(&places.id(row)))).collect::<BooleanArray>())
    });
    let builder = match pages_of(builder.metadata(), times) {
        Some(pages) => builder.with_row_selection(pages),
        None => builder,
    };
    let reader = builder.with_row_filter(RowFilter::new(vec![Box::new(is_wanted)])).with_batch_size(1024).build()?;
    for batch in reader {
        let batch = batch?;
        let decoder = Decoder::new(&file.customer, &file.path, &batch)?;
        for row in 0..batch.num_rows() {
            with(decoder.event(row)?)?;
        }
    }
    Ok(())
}

/// The pages that may hold rows of these times; nothing where that is not known.
pub(crate) fn pages_of(metadata: &ParquetMetaData, times: &[i64]) -> Option<RowSelection> {
    let columns = metadata.file_metadata().schema_descr().columns();
    let time = columns.iter().position(|column| column.name() == TIME).filter(|_| !times.is_empty())?;
    let mut times = times.to_vec();
    times.sort_unstable();
    let mut selectors = Vec::new();
    for (group, rows) in metadata.row_groups().iter().enumerate() {
        let ColumnIndexMetaData::INT64(index) = metadata.column_index()?.get(group)?.get(time)? else { return None };
        let pages = metadata.offset_index()?.get(group)?.get(time)?.page_locations();
        for (page, place) in pages.iter().enumerate() {
            let end = pages.get(page + 1).map_or(rows.num_rows(), |next| next.first_row_index);
            let may = match (index.min_value(page), index.max_value(page)) {
                (Some(min), Some(max)) => {
                    times.get(times.partition_point(|time| time < min)).is_some_and(|time| time <= max)
                }
                _ => true,
            };
            let count = usize::try_from(end - place.first_row_index).ok()?;
            selectors.push(if may { RowSelector::select(count) } else { RowSelector::skip(count) });
        }
    }
    Some(selectors.into())
}

fn name(snapshot: &Snapshot, origin: i32) -> String {
    let file = usize::try_from(origin).ok().and_then(|place| snapshot.files.get(place));
    file.map_or_else(|| "memory".to_owned(), |file| file.path.clone())
}
