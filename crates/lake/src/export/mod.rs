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

impl Lake {
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
        let conditions = Conditions::of(query)?;
        let meter = self.inner.engine.costs.meter(context)?;
        let scope = context.scope().narrow(&query.customers);
        let snapshot = self.inner.snapshot(&scope, query.range).await?;
        let written = Arc::new(AtomicU64::new(0));
        let writer = Counted { writer: Writer::new(format, columns)?, written: written.clone() };
        let (parts, receiver) = mpsc::channel(WAITING);
        let inner = self.inner.clone();
        tokio::spawn(async move {
            let engine = inner.clone();
            let failed = parts.clone();
            let work = run(inner, snapshot, conditions, meter, writer, most, parts);
            // Nobody to read on means nobody to work for.
            let done = tokio::select! {
                done = engine.engine.run(work) => done,
                () = failed.closed() => return,
            };
            if let Err(error) = done {
                let _ = failed.send(Err(error)).await;
            }
        });
        Ok(Export { parts: receiver, written })
    }
}

/// A writer that says how far it is.
struct Counted {
    writer: Writer,
    written: Arc<AtomicU64>,
}

async fn run(
    inner: Arc<Inner>,
    snapshot: Snapshot,
    conditions: Conditions,
    meter: Arc<Meter>,
    mut writer: Counted,
    most: usize,
    parts: mpsc::Sender<Result<Vec<u8>>>,
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
            let task = move || write(&dir, &snapshot, origin, (&ids[..], &times[..]), writer, &sender);
            writer = tokio::task::spawn_blocking(task).await.map_err(|_| Error::Stopped)??;
        }
        if left == 0 {
            break;
        }
    }
    let last = writer.writer.finish()?;
    parts.send(Ok(last)).await.map_err(|_| Error::Stopped)
}

fn write(
    dir: &Path,
    snapshot: &Snapshot,
    origin: i32,
    (ids, times): (&[EventId], &[i64]),
    mut writer: Counted,
    parts: &mpsc::Sender<Result<Vec<u8>>>,
) -> Result<Counted> {
    each_from(dir, snapshot, origin, ids, times, &mut |event: StoredEvent| {
        writer.writer.push(&event)?;
        writer.written.fetch_add(1, Ordering::Relaxed);
        match writer.writer.take(PART_BYTES) {
            Some(part) => parts.blocking_send(Ok(part)).map_err(|_| Error::Stopped),
            None => Ok(()),
        }
    })?;
    Ok(writer)
}
