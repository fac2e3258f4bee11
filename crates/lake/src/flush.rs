//! From memory to committed files: write, fsync, commit with the watermark, and only then forget.

use std::sync::Arc;

use model::{CustomerId, Timestamp};

use crate::buffer;
use crate::catalogue::Commit;
use crate::error::{Error, Result};
use crate::store::{Inner, Lake};
use crate::{sink, write};

/// What a flush wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flushed {
    /// Files committed.
    pub files: usize,
    /// Events in them.
    pub rows: u64,
}

impl Lake {
    /// Writes the customers that are due by rows, bytes or age. A customer that cannot be written stays in memory
    /// and does not keep the others; the first failure is returned after all were tried.
    pub async fn flush_due(&self, now: Timestamp) -> Result<Flushed> {
        self.flush(move |inner| inner.state().due(now, &inner.config)).await
    }

    /// Writes everything in memory.
    pub async fn flush_all(&self) -> Result<Flushed> {
        self.flush(|inner| inner.state().waiting()).await
    }

    /// Runs as a task of its own: a caller that goes away must not leave a commit half done.
    pub(crate) async fn flush(
        &self,
        which: impl FnOnce(&Inner) -> Vec<CustomerId> + Send + 'static,
    ) -> Result<Flushed> {
        let inner = self.inner.clone();
        let task = tokio::spawn(async move {
            let _one_at_a_time = inner.flushing.lock().await;
            inner.resolve_doubt().await?;
            let customers = which(&inner);
            let mut flushed = Flushed::default();
            let mut failed = None;
            for customer in customers {
                if let Err(error) = flush_customer(&inner, &customer, &mut flushed).await {
                    failed.get_or_insert(error);
                }
            }
            failed.map_or(Ok(flushed), Err)
        });
        task.await.map_err(|_| Error::Stopped)?
    }
}

async fn flush_customer(inner: &Arc<Inner>, customer: &CustomerId, flushed: &mut Flushed) -> Result<()> {
    // Rows that arrive meanwhile wait for the next flush.
    let mut left = inner.state().rows_of(customer);
    while left > 0 {
        inner.state().thaw(customer);
        // Twice the threshold: what was due by size becomes one file, without a small one after it.
        let chunks = inner.state().freeze(customer, inner.config.flush_bytes.saturating_mul(2));
        let rows: usize = chunks.iter().map(|chunk| chunk.rows()).sum();
        if rows == 0 {
            break;
        }
        left = left.saturating_sub(rows);
        let (place, owner, marks) = (inner.place.clone(), customer.clone(), buffer::highest(customer, &chunks));
        let written = tokio::task::spawn_blocking(move || write::write_files(&place, &owner, &chunks)).await;
        let files = match written.map_err(|_| Error::Stopped).and_then(|written| written) {
            Ok(files) => files,
            Err(error) => {
                inner.state().thaw(customer);
                return Err(error);
            }
        };
        let change = Commit { add: files.clone(), remove: Vec::new(), watermarks: marks.clone() };

        // Searches look at memory and catalogue under the same lock: they see these rows in one of the two.
        let _commits = inner.commits.write().await;
        inner.state().doubt(customer);
        match inner.catalogue.commit(change).await {
            Ok(()) => {
                inner.state().settle(customer, &marks);
                flushed.files += files.len();
                flushed.rows += rows as u64;
            }
            Err(source) => {
                // It may have happened all the same; only the catalogue knows.
                if inner.resolve_doubt().await.is_ok() && !inner.state().is_committed(customer, &marks) {
                    sink::discard(&inner.place, &files);
                    return Err(Error::catalogue("commit new files")(source));
                }
                if inner.state().is_in_doubt() {
                    return Err(Error::catalogue("commit new files")(source));
                }
            }
        }
    }
    Ok(())
}
