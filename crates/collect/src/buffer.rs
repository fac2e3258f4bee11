//! The buffer: a log of `receive`, capped in bytes. At its cap nothing is taken: streams, HTTP and files wait, datagrams
//! are dropped and counted.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use receive::wal::OsDisk;
use receive::{DiskRoom, Edit, IntakeConfig, ReceiveConfig, Receiver, SenderDirectory};
use tokio_util::sync::CancellationToken;

use crate::config::Buffer;
use crate::error::Error;
use crate::stats::Counters;

/// How often its size is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The sizes that follow from a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub cap: u64,
    pub segment: u64,
    pub group: usize,
    pub in_flight: usize,
    pub max_record: usize,
}

impl Sizes {
    pub fn of(settings: &Buffer) -> Sizes {
        let cap = settings.max_mib << 20;
        let segment = (cap / 8).clamp(2 << 20, 64 << 20);
        let group = (segment / 2).min(8 << 20) as usize;
        Sizes { cap, segment, group, in_flight: (cap / 8).min(64 << 20) as usize, max_record: (group / 4).min(1 << 20) }
    }

    /// Beyond so many bytes nothing more is taken: what is in flight and the next segment must still fit.
    fn most(&self) -> u64 {
        self.cap - self.segment - self.in_flight as u64
    }
}

/// Holds the folder for one process.
pub(crate) fn lock(folder: &Path) -> Result<File, Error> {
    std::fs::create_dir_all(folder).map_err(Error::file("make", folder))?;
    let path = folder.join("lock");
    let file = File::create(&path).map_err(Error::file("make", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(Error::file("lock", path)(error)),
    }
}

/// Opens the buffer.
pub(crate) async fn open(
    settings: &Buffer,
    sizes: Sizes,
    senders: SenderDirectory,
    edit: Option<Edit>,
) -> Result<Receiver, Error> {
    let mut config = ReceiveConfig::new(folder(settings));
    config.wal.segment_bytes = sizes.segment;
    config.wal.group_bytes = sizes.group;
    config.wal.keep_records = 0;
    config.intake = IntakeConfig {
        in_flight_bytes: sizes.in_flight,
        max_record: sizes.max_record,
        // The cap is in bytes.
        max_backlog: u64::MAX,
        most_on_disk: sizes.most(),
        edit,
        ..IntakeConfig::default()
    };
    config.room = DiskRoom { min_free_bytes: settings.disk_reserve_mib << 20, min_free_percent: 0 };
    std::fs::create_dir_all(&config.dir).map_err(Error::file("make", &config.dir))?;
    Ok(Receiver::open(config, Arc::new(OsDisk)).await?.with_senders(senders))
}

fn folder(settings: &Buffer) -> PathBuf {
    settings.folder.join("log")
}

/// Keeps the buffer within its cap and cuts off what nobody needs any more.
pub(crate) struct Watch {
    pub wal: Arc<receive::wal::Wal>,
    pub sizes: Sizes,
    pub counters: Arc<Counters>,
    /// Up to where the places in files are in their table.
    pub kept: Arc<AtomicU64>,
    pub stop: CancellationToken,
}

impl Watch {
    pub async fn run(self) {
        let mut turns = 0_u64;
        loop {
            let done = self.counters.sent_position.load(Ordering::Relaxed).min(self.kept.load(Ordering::Acquire));
            let wal = self.wal.clone();
            match tokio::task::spawn_blocking(move || wal.trim(done)).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::warn!(%error, "the buffer cannot be cut"),
                Err(panic) => std::panic::resume_unwind(panic.into_panic()),
            }
            let bytes = self.wal.disk_bytes();
            self.counters.buffer_bytes.store(bytes, Ordering::Relaxed);
            let is_full = bytes > self.sizes.most();
            let was_full = self.counters.capped.swap(u64::from(is_full), Ordering::Relaxed) > 0;
            if is_full && !was_full {
                tracing::error!(
                    bytes,
                    "the buffer has reached its cap: streams, HTTP and files wait, datagrams are dropped until the centre takes"
                );
                turns = 0;
            } else if was_full && !is_full {
                tracing::info!(seconds = turns / 10, "the buffer has room again");
            }
            turns += u64::from(is_full);
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = self.stop.cancelled() => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_cap_a_record_fits_a_group_and_what_is_in_flight_fits_below_the_cap() {
        for max_mib in [16, 64, 1024, 100_000] {
            let sizes = Sizes::of(&Buffer { folder: "x".into(), max_mib, disk_reserve_mib: 0 });
            assert!(sizes.max_record * 2 <= sizes.group / 2 && sizes.group as u64 * 2 <= sizes.segment, "{sizes:?}");
            assert!(sizes.segment < sizes.most() && sizes.most() < sizes.cap, "{sizes:?}");
        }
    }

    #[test]
    fn a_folder_is_one_collectors_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let held = lock(folder.path()).unwrap();
        assert!(matches!(lock(folder.path()), Err(Error::InUse { .. })));
        drop(held);
        lock(folder.path()).unwrap();
    }
}
