//! Whole events by their places: the second step of a search, for the few rows of a page.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::Path;

use arrow::array::{BooleanArray, RecordBatch};
use model::EventId;
use model::event::StoredEvent;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowFilter};
use parquet::file::metadata::PageIndexPolicy;

use crate::catalogue::LakeFile;
use crate::chunk::Places;
use crate::columns::{LOG, SEQUENCE, SHARD, TIME};
use crate::decode::Decoder;
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;

/// The events with these ids, each from the origin named, in the order given. Missing ones are an error: the
/// caller has just seen them.
pub(crate) fn fetch(dir: &Path, snapshot: &Snapshot, wanted: &[(i32, EventId)]) -> Result<Vec<StoredEvent>> {
    let mut by_origin: BTreeMap<i32, Vec<EventId>> = BTreeMap::new();
    for (origin, id) in wanted {
        by_origin.entry(*origin).or_default().push(*id);
    }
    let mut found: HashMap<EventId, StoredEvent> = HashMap::new();
    for (origin, ids) in by_origin {
        for event in fetch_from(dir, snapshot, origin, &ids)? {
            found.insert(event.id, event);
        }
    }
    let events = wanted.iter().map(|(origin, id)| {
        found
            .remove(id)
            .ok_or_else(|| Error::Damaged { path: name(snapshot, *origin), detail: format!("{id} is gone") })
    });
    events.collect()
}

/// Those of `ids` that this origin holds.
pub(crate) fn fetch_from(dir: &Path, snapshot: &Snapshot, origin: i32, ids: &[EventId]) -> Result<Vec<StoredEvent>> {
    let mut events = Vec::with_capacity(ids.len());
    each_from(dir, snapshot, origin, ids, &mut |event| {
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
        Some(file) => each_from_file(dir, file, ids, with),
        None => Ok(()),
    }
}

fn each_from_file(
    dir: &Path,
    file: &LakeFile,
    ids: &[EventId],
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

fn name(snapshot: &Snapshot, origin: i32) -> String {
    let file = usize::try_from(origin).ok().and_then(|place| snapshot.files.get(place));
    file.map_or_else(|| "memory".to_owned(), |file| file.path.clone())
}
