//! Everything a query finds, as a file: NDJSON, CSV or Parquet, streamed, oldest file first. Each event once, in order of
//! time within what was written together; memory holds a few hundred events at a time.

mod columns;
mod format;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::event::StoredEvent;
use model::search::{EventQuery, ExportFormat};
use model::{Context, EventId};
use tokio::sync::mpsc;

use crate::error::{Error, Result};
use crate::fetch::each_from;
use crate::meter::Meter;
use crate::query::Conditions;
use crate::search::places_of;
use crate::snapshot::{Snapshot, chunk_origin};
use crate::store::{Inner, Lake};

use format::Writer;

/// Parts of a file waiting for their reader.
const WAITING: usize = 4;

/// A part is handed over from this size on.
const PART_BYTES: usize = 256 << 10;

/// ... or of so many events.
const PART_EVENTS: usize = 250;

/// A file under way. Dropping it stops the work.
#[derive(Debug)]
pub struct Export {
    parts: mpsc::Receiver<Result<Vec<u8>>>,
    written: Arc<AtomicU64>,
}

impl Export {
    /// How many events have been written so far, those of parts not yet taken included.
    pub fn events(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// The next bytes; nothing at the end. After an error nothing comes any more, and what came is not whole.
    pub async fn next(&mut self) -> Option<Result<Vec<u8>>> {
        self.parts.recv().await
    }
}

/// A query's events under way, oldest file first, some hundred at a time. Dropping it stops the work.
#[derive(Debug)]
pub struct EventStream {
    parts: mpsc::Receiver<Result<Vec<StoredEvent>>>,
}

impl EventStream {
    /// The next events; nothing at the end. After an error nothing comes any more.
    pub async fn next(&mut self) -> Option<Result<Vec<StoredEvent>>> {
        self.parts.recv().await
    }
}

/// What events become on their way out.
trait Handing: Send + Sized + 'static {
    type Part: Send + 'static;
    fn push(&mut self, event: StoredEvent) -> Result<()>;
    /// A part that is large enough to be handed over.
    fn take(&mut self) -> Option<Self::Part>;
    fn finish(self) -> Result<Self::Part>;
}

impl Lake {
    /// Reads at most `most` events of a query, whole.
    pub async fn events(&self, context: &Context, query: &EventQuery, most: usize) -> Result<EventStream> {
        Ok(EventStream { parts: self.hand_out(context, query, Vec::new(), most).await? })
    }

    /// Writes at most `most` events of a query in a format. `columns` names what CSV and Parquet files hold: `id`,
    /// `time`, `received`, `customer`, `device`, `source`, `raw`, core fields, and the record's own fields; a selection of
    /// common ones when empty. NDJSON holds whole events.
    pub async fn export_stream(
        &self,
        context: &Context,
        query: &EventQuery,
        format: ExportFormat,
        columns: &[String],
        most: usize,
    ) -> Result<Export> {
        let written = Arc::new(AtomicU64::new(0));
        let writer = Counted { writer: Writer::new(format, columns)?, written: written.clone() };
        Ok(Export { parts: self.hand_out(context, query, writer, most).await?, written })
    }

    async fn hand_out<H: Handing>(
        &self,
        context: &Context,
        query: &EventQuery,
        handing: H,
        most: usize,
    ) -> Result<mpsc::Receiver<Result<H::Part>>> {
        let conditions = Conditions::of(query)?;
        let meter = self.inner.engine.costs.meter(context)?;
        let scope = context.scope().narrow(&query.customers);
        let snapshot = self.inner.snapshot(&scope, query.range).await?;
        let (parts, receiver) = mpsc::channel(WAITING);
        let inner = self.inner.clone();
        tokio::spawn(async move {
            let engine = inner.clone();
            let failed = parts.clone();
            let work = run(inner, snapshot, conditions, meter, handing, most, parts);
            // Nobody to read on means nobody to work for.
            let done = tokio::select! {
                done = engine.engine.run(work) => done,
                () = failed.closed() => return,
            };
            if let Err(error) = done {
                let _ = failed.send(Err(error)).await;
            }
        });
        Ok(receiver)
    }
}

/// A writer that says how far it is.
struct Counted {
    writer: Writer,
    written: Arc<AtomicU64>,
}

impl Handing for Counted {
    type Part = Vec<u8>;

    fn push(&mut self, event: StoredEvent) -> Result<()> {
        self.writer.push(&event)?;
        self.written.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        self.writer.take(PART_BYTES)
    }

    fn finish(self) -> Result<Vec<u8>> {
        self.writer.finish()
    }
}

impl Handing for Vec<StoredEvent> {
    type Part = Vec<StoredEvent>;

    fn push(&mut self, event: StoredEvent) -> Result<()> {
        Vec::push(self, event);
        Ok(())
    }

    fn take(&mut self) -> Option<Vec<StoredEvent>> {
        let full = self.len() >= PART_EVENTS || self.iter().map(|event| event.raw.len()).sum::<usize>() >= PART_BYTES;
        full.then(|| std::mem::take(self))
    }

    fn finish(self) -> Result<Vec<StoredEvent>> {
        Ok(self)
    }
}

async fn run<H: Handing>(
    inner: Arc<Inner>,
    snapshot: Snapshot,
    conditions: Conditions,
    meter: Arc<Meter>,
    mut handing: H,
    most: usize,
    parts: mpsc::Sender<Result<H::Part>>,
) -> Result<()> {
    let mut files: Vec<usize> = (0..snapshot.files.len()).collect();
    files.sort_by_key(|place| (snapshot.files[*place].min_time, snapshot.files[*place].first));
    let origins = files.into_iter().map(|place| place as i32).chain((0..snapshot.chunks.len()).map(chunk_origin));
    let snapshot = Arc::new(snapshot);
    let mut left = most;
    for origin in origins {
        let (mut ids, times) = places_of(&inner, &snapshot, &conditions, &meter, origin).await?;
        ids.truncate(left);
        left -= ids.len();
        if !ids.is_empty() {
            let (dir, snapshot, sender) = (inner.config.dir.clone(), snapshot.clone(), parts.clone());
            let task = move || write(&dir, &snapshot, origin, (&ids[..], &times[..]), handing, &sender);
            handing = tokio::task::spawn_blocking(task).await.map_err(|_| Error::Stopped)??;
        }
        if left == 0 {
            break;
        }
    }
    let last = handing.finish()?;
    parts.send(Ok(last)).await.map_err(|_| Error::Stopped)
}

fn write<H: Handing>(
    dir: &Path,
    snapshot: &Snapshot,
    origin: i32,
    (ids, times): (&[EventId], &[i64]),
    mut handing: H,
    parts: &mpsc::Sender<Result<H::Part>>,
) -> Result<H> {
    each_from(dir, snapshot, origin, ids, times, &mut |event: StoredEvent| {
        handing.push(event)?;
        match handing.take() {
            Some(part) => parts.blocking_send(Ok(part)).map_err(|_| Error::Stopped),
            None => Ok(()),
        }
    })?;
    Ok(handing)
}
