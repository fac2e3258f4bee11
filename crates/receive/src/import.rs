//! Taking the records of a file (EVTX, NDJSON, lines; gzip or zstd) in as if a device had sent them.

use std::path::{Path, PathBuf};

use formats::file::{self, FileError};
use model::Timestamp;
use tokio::sync::mpsc;

use crate::intake::{Intake, IntakeError, Record};
use crate::senders::Sender;
use crate::stats::Protocol;

/// Records handed in at once, and their bytes.
const BATCH: usize = 1000;
const BATCH_BYTES: usize = 1 << 20;
/// Damaged parts told one by one.
const TOLD: usize = 20;

/// What became of a file.
#[derive(Debug, Default)]
pub struct Imported {
    /// Records that are durable.
    pub records: u64,
    /// Parts that could not be read.
    pub damaged: u64,
    /// The first of them.
    pub problems: Vec<String>,
}

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file could not be opened.
    #[error(transparent)]
    File(#[from] FileError),
    /// Intake takes nothing more. What was counted before is durable.
    #[error("import of {path} stopped after {records} records: {source}")]
    Intake {
        /// The file.
        path: PathBuf,
        /// Records that are durable.
        records: u64,
        /// Why.
        source: IntakeError,
    },
    /// The reader of the file panicked.
    #[error("import of {path} stopped: its reader failed")]
    Reader {
        /// The file.
        path: PathBuf,
    },
}

/// Imports a file and returns when all of it is durable. Waits while intake is full.
pub async fn import_file(
    path: &Path,
    sender: &Sender,
    intake: &Intake,
    received: Timestamp,
) -> Result<Imported, ImportError> {
    let intake = intake.labelled(Protocol::Import);
    let (batches, mut ready) = mpsc::channel::<Vec<Result<Record, String>>>(2);
    let owned = path.to_owned();
    let reader = tokio::task::spawn_blocking(move || read(&owned, &batches));
    let mut imported = Imported::default();
    while let Some(batch) = ready.recv().await {
        let mut records = Vec::with_capacity(batch.len());
        for item in batch {
            match item {
                Ok(record) => records.push(record),
                Err(problem) => {
                    imported.damaged += 1;
                    if imported.problems.len() < TOLD {
                        imported.problems.push(problem);
                    }
                }
            }
        }
        if records.is_empty() {
            continue;
        }
        let stopped = |records| move |source| ImportError::Intake { path: path.to_owned(), records, source };
        let queued = intake.queue_when_room(sender, records, received).await.map_err(stopped(imported.records))?;
        imported.records += queued.durable().await.map_err(stopped(imported.records))?.records as u64;
    }
    reader.await.map_err(|_| ImportError::Reader { path: path.to_owned() })??;
    Ok(imported)
}

fn read(path: &Path, batches: &mpsc::Sender<Vec<Result<Record, String>>>) -> Result<(), FileError> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    for record in file::open(path)? {
        match record {
            Ok(record) => {
                bytes += record.text.len();
                batch.push(Ok(Record::from(record.text.into_bytes())));
            }
            Err(error) => batch.push(Err(error.to_string())),
        }
        if batch.len() >= BATCH || bytes >= BATCH_BYTES {
            bytes = 0;
            // Nobody listens any more: intake refused.
            if batches.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(());
            }
        }
    }
    let _ = batches.blocking_send(batch);
    Ok(())
}
