//! Events handed out as evidence: exactly what a query finds, oldest first, as Parquet and as lines of JSON.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use model::search::EventQuery;
use model::{Context, CustomerId, EventId, TimeRange, Timestamp};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::catalogue::LakeFile;
use crate::chunk::{Chunk, Places};
use crate::columns::{LOG, SEQUENCE, SHARD, TIME};
use crate::decode::Decoder;
use crate::error::{Error, Result};
use crate::keep::file::Reader;
use crate::layout::{Census, Layout};
use crate::merge::{Merge, Run, Source};
use crate::meter::Meter;
use crate::part::{Part, Reading, union};
use crate::query::{Conditions, column};
use crate::shape;
use crate::snapshot::Snapshot;
use crate::store::{Inner, Lake};
use crate::write::{day_of, day_text};

/// The name of the columns in an export.
pub const PARQUET: &str = "events.parquet";
/// The name of the lines in an export.
pub const NDJSON: &str = "events.ndjson";

/// Events one export can find by anything but time.
const MOST: usize = 5_000_000;

/// What an export holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Events.
    pub events: u64,
    /// Earliest and latest event time.
    pub times: Option<(Timestamp, Timestamp)>,
}

/// Which events of a file or of memory are wanted.
enum Wanted {
    /// All with times in the range.
    In(TimeRange),
    These(HashSet<EventId>),
}

impl Wanted {
    fn has(&self, time: i64, id: EventId) -> bool {
        match self {
            Wanted::In(range) => range.contains(Timestamp::from_micros(time)),
            Wanted::These(ids) => ids.contains(&id),
        }
    }
}

impl Lake {
    /// Writes the events a query finds, or those with these ids if any are given, to `events.parquet` and
    /// `events.ndjson` in the folder `into`. The query names exactly one customer: evidence never mixes two.
    pub async fn export(
        &self,
        context: &Context,
        query: &EventQuery,
        ids: &[EventId],
        into: &Path,
    ) -> Result<Exported> {
        let [customer] = query.customers.as_slice() else {
            return Err(Error::Refused("an export is of exactly one customer: name one".to_owned()));
        };
        let conditions = Conditions::of(query)?;
        let scope = context.scope().narrow(&query.customers);
        let snapshot = self.inner.snapshot(&scope, query.range).await?;
        let (inner, ids, customer) = (self.inner.clone(), ids.to_vec(), customer.clone());
        let into = into.to_owned();
        let meter = self.inner.engine.costs.meter(context)?;
        let work = async move {
            let wanted = wanted(&inner, &snapshot, &conditions, &meter, &ids).await?;
            let dir = inner.config.dir.clone();
            let write = move || write(&dir, &customer, &snapshot, &wanted, &into);
            tokio::task::spawn_blocking(write).await.map_err(|_| Error::Stopped)?
        };
        self.inner.engine.run(work).await
    }
}

/// How many rows a Parquet file has.
pub fn parquet_rows(path: &Path) -> Result<u64> {
    let open = File::open(path).map_err(Error::disk("open", path))?;
    Ok(ParquetRecordBatchReaderBuilder::try_new(open)?.metadata().file_metadata().num_rows() as u64)
}

/// What is wanted of each file, by its place, and of memory, last.
async fn wanted(
    inner: &Arc<Inner>,
    snapshot: &Snapshot,
    conditions: &Conditions,
    meter: &Arc<Meter>,
    ids: &[EventId],
) -> Result<Vec<Wanted>> {
    let count = snapshot.files.len() + 1;
    if !ids.is_empty() {
        let ids: HashSet<EventId> = ids.iter().copied().collect();
        return Ok((0..count).map(|_| Wanted::These(ids.clone())).collect());
    }
    if conditions.are_time_only() {
        return Ok((0..count).map(|_| Wanted::In(conditions.range)).collect());
    }
    let reading = Reading::of(conditions, meter);
    let mut all = Vec::with_capacity(count);
    let mut found = 0;
    for place in 0..count {
        let parts = match place == snapshot.files.len() {
            true => reading.memory(&inner.engine, snapshot, None)?,
            false => reading.files(&inner.engine, snapshot, &[place], None)?,
        };
        let ids = ids_of(parts).await?;
        found += ids.len();
        if found > MOST {
            let why = format!("the export would hold more than {MOST} events: narrow the time or the conditions");
            return Err(Error::Refused(why));
        }
        all.push(Wanted::These(ids));
    }
    Ok(all)
}

async fn ids_of(parts: Vec<Part>) -> Result<HashSet<EventId>> {
    let names = || [TIME, LOG, SHARD, SEQUENCE].map(|name| column(name).alias(name)).to_vec();
    let mut ids = HashSet::new();
    if let Some(rows) = union(parts.into_iter().map(|part| Ok(part.rows.select(names())?)))? {
        for batch in rows.collect().await? {
            let places = Places::of(&batch)?;
            ids.extend((0..batch.num_rows()).map(|row| places.id(row)));
        }
    }
    Ok(ids)
}

/// One day's files and rows in memory.
#[derive(Default)]
struct Day<'s> {
    files: Vec<(&'s LakeFile, &'s Wanted)>,
    rows: Vec<(&'s Chunk, Vec<u32>)>,
}

fn write(dir: &Path, customer: &CustomerId, snapshot: &Snapshot, wanted: &[Wanted], into: &Path) -> Result<Exported> {
    let mut days: BTreeMap<String, Day<'_>> = BTreeMap::new();
    let mut census = Census::default();
    for (file, wanted) in snapshot.files.iter().zip(wanted) {
        if !matches!(wanted, Wanted::These(ids) if ids.is_empty()) {
            Reader::open(dir, file)?.count(&mut census)?;
            days.entry(file.day.clone()).or_default().files.push((file, wanted));
        }
    }
    let of_memory = &wanted[snapshot.files.len()];
    for (_, chunk) in &snapshot.chunks {
        let places = Places::of(&chunk.batch)?;
        let key = |row: u32| (places.time[row as usize], places.id(row as usize));
        let mut rows: Vec<u32> = (0..chunk.rows() as u32).collect();
        rows.retain(|row| of_memory.has(key(*row).0, key(*row).1));
        rows.sort_unstable_by_key(|row| key(*row));
        census.batch(&chunk.batch, &rows);
        for rows in rows.chunk_by(|a, b| day_of(key(*a).0) == day_of(key(*b).0)) {
            days.entry(day_text(day_of(key(rows[0]).0))).or_default().rows.push((chunk, rows.to_vec()));
        }
    }
    let layout = census.layout();
    let mut out = Out::create(into, &layout)?;
    for day in days.into_values() {
        let mut merge = Merge::new(sources(dir, customer, &layout, day)?)?;
        while let Some(batch) = merge.next()? {
            out.write(customer, &batch)?;
        }
    }
    out.finish()
}

fn sources<'s>(dir: &Path, customer: &'s CustomerId, layout: &'s Layout, day: Day<'s>) -> Result<Vec<Source<'s>>> {
    let mut sources: Vec<Source<'s>> = Vec::new();
    for (file, wanted) in day.files {
        let runs = Reader::open(dir, file)?.batches(&[])?.map(move |batch| {
            let batch = chosen(&batch?, wanted)?;
            Ok(Run { batch: layout.apply(customer, &file.path, &batch, &mut Default::default())?, order: None })
        });
        sources.push(Box::new(runs));
    }
    for (chunk, rows) in day.rows {
        let run = layout.apply(customer, "memory", &chunk.batch, &mut Default::default());
        sources.push(Box::new(std::iter::once(run.map(|batch| Run { batch, order: Some(rows) }))));
    }
    Ok(sources)
}

fn chosen(batch: &RecordBatch, wanted: &Wanted) -> Result<RecordBatch> {
    let places = Places::of(batch)?;
    let keep = (0..batch.num_rows()).map(|row| Some(wanted.has(places.time[row], places.id(row))));
    Ok(filter_record_batch(batch, &keep.collect::<BooleanArray>())?)
}

struct Out {
    parquet: ArrowWriter<File>,
    lines: BufWriter<File>,
    path: PathBuf,
    done: Exported,
}

impl Out {
    fn create(into: &Path, layout: &Layout) -> Result<Self> {
        let create = |name: &str| {
            let path = into.join(name);
            File::create_new(&path).map_err(Error::disk("create", &path))
        };
        let properties = shape::properties(&layout.schema, usize::MAX);
        let parquet = ArrowWriter::try_new(create(PARQUET)?, layout.schema.clone(), Some(properties))?;
        let lines = BufWriter::new(create(NDJSON)?);
        Ok(Out { parquet, lines, path: into.join(NDJSON), done: Exported::default() })
    }

    fn write(&mut self, customer: &CustomerId, batch: &RecordBatch) -> Result<()> {
        self.parquet.write(batch)?;
        let decoder = Decoder::new(customer, PARQUET, batch)?;
        for row in 0..batch.num_rows() {
            let event = decoder.event(row)?;
            let line = serde_json::to_vec(&event).expect("an event is plain data");
            let written = self.lines.write_all(&line).and_then(|()| self.lines.write_all(b"\n"));
            written.map_err(Error::disk("write", &self.path))?;
            self.done.events += 1;
            let earliest = self.done.times.map_or(event.time, |(earliest, _)| earliest);
            self.done.times = Some((earliest, event.time));
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Exported> {
        self.parquet.finish()?;
        self.lines.flush().map_err(Error::disk("write", &self.path))?;
        Ok(self.done)
    }
}
