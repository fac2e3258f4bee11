//! The receiving half: the log, the way into it, and the room on its disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::disk_room::DiskRoom;
use crate::intake::{Intake, IntakeConfig};
use crate::listen::{ListenConfig, ListenError, Listeners};
use crate::once::{Keeper, Once};
use crate::senders::SenderDirectory;
use crate::stats::{Counters, ReceiveStats};
use crate::wal::{Disk, Wal, WalConfig, WalError};

/// How often the room on the disk is looked at.
const ROOM_EVERY: Duration = Duration::from_secs(1);
/// How often the table of idempotency keys is written, if it changed: as much of the log is read again at a start.
const KEYS_EVERY: Duration = Duration::from_secs(15);
/// ... and so soon after a start: a server that never lives for long must not read ever more of the log at each.
const FIRST_KEYS: Duration = Duration::from_secs(1);

/// Settings of receiving; [`ReceiveConfig::new`] gives sensible ones.
#[derive(Debug, Clone)]
pub struct ReceiveConfig {
    /// The folder of the log; made when missing. Its file system is the one whose room is watched.
    pub dir: PathBuf,
    /// The log.
    pub wal: WalConfig,
    /// Bounds of intake.
    pub intake: IntakeConfig,
    /// Room that must stay free on the disk.
    pub room: DiskRoom,
}

impl ReceiveConfig {
    /// Defaults, with the log in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        ReceiveConfig {
            dir: dir.into(),
            wal: WalConfig::default(),
            intake: IntakeConfig::default(),
            room: DiskRoom::default(),
        }
    }
}

/// The open log and the way into it.
pub struct Receiver {
    keeper: Arc<Keeper>,
    wal: Arc<Wal>,
    intake: Intake,
    senders: SenderDirectory,
    counters: Arc<Counters>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Receiver {
    /// Opens the log on `disk` and begins to watch its room. Nobody may send yet: see [`Receiver::senders`].
    pub async fn open(config: ReceiveConfig, disk: Arc<dyn Disk>) -> Result<Receiver, WalError> {
        let (dir, wal_config, once) = (config.dir.clone(), config.wal.clone(), Arc::new(Once::default()));
        let keys = once.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let wal = Arc::new(Wal::open(&dir, wal_config, disk.clone())?);
            let keeper = Keeper::open(&dir, disk, wal.clone(), keys)?;
            Ok::<_, WalError>((wal, Arc::new(keeper)))
        })
        .await;
        let (wal, keeper) = opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        let counters = Arc::new(Counters::default());
        let intake = Intake::new(wal.clone(), config.intake, counters.clone(), once);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        look_at_room(&config.dir, config.room, &counters);
        tasks.spawn(watch_room(config.dir, config.room, counters.clone(), stop.clone()));
        tasks.spawn(keep_keys(keeper.clone(), stop.clone()));
        Ok(Receiver { keeper, wal, intake, senders: SenderDirectory::empty(), counters, stop, tasks })
    }

    /// The same with these senders in place of none.
    pub fn with_senders(mut self, senders: SenderDirectory) -> Receiver {
        self.senders = senders;
        self
    }

    /// Opens the listeners: what arrives on them goes through intake into the log.
    pub async fn listen(&self, config: ListenConfig) -> Result<Listeners, ListenError> {
        Listeners::open(config, self.intake.clone(), self.senders.clone(), self.counters.clone()).await
    }

    /// The log.
    pub fn wal(&self) -> &Arc<Wal> {
        &self.wal
    }

    /// The way in.
    pub fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// Who may send.
    pub fn senders(&self) -> SenderDirectory {
        self.senders.clone()
    }

    /// The counters now.
    pub fn stats(&self) -> ReceiveStats {
        let wal = self.wal.stats();
        ReceiveStats {
            wal_position: self.wal.durable(),
            wal_first: self.wal.first(),
            wal_bytes: wal.bytes,
            syncs: wal.syncs,
            sync_micros: wal.sync_time.as_micros() as u64,
            stopped: self.intake.failure().map(|why| why.to_string()),
            ..self.counters.snapshot()
        }
    }

    /// Takes nothing more, writes what is queued and closes the log; reading goes on to its end.
    pub async fn close(&self) {
        self.intake.close();
        let (wal, keeper) = (self.wal.clone(), self.keeper.clone());
        let close = move || {
            wal.close();
            keep(&keeper);
        };
        // A panic of the writer is printed where it happened.
        let _ = tokio::task::spawn_blocking(close).await;
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn keep_keys(keeper: Arc<Keeper>, stop: CancellationToken) {
    let mut wait = FIRST_KEYS;
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => return,
        }
        wait = KEYS_EVERY;
        let keeper = keeper.clone();
        // A panic in it is printed where it happened; the log keeps what the table lacks.
        let _ = tokio::task::spawn_blocking(move || keep(&keeper)).await;
    }
}

fn keep(keeper: &Keeper) {
    if let Err(error) = keeper.keep(SystemTime::now().into()) {
        tracing::warn!(%error, "the table of idempotency keys cannot be written: the log is kept instead");
    }
}

async fn watch_room(dir: PathBuf, room: DiskRoom, counters: Arc<Counters>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(ROOM_EVERY) => look_at_room(&dir, room, &counters),
            () = stop.cancelled() => return,
        }
    }
}

fn look_at_room(dir: &Path, room: DiskRoom, counters: &Counters) {
    let was_low = counters.disk_low.load(Ordering::Relaxed);
    match room.is_low(dir, was_low) {
        Ok(is_low) if is_low != was_low => {
            counters.disk_low.store(is_low, Ordering::Relaxed);
            if is_low {
                tracing::error!(dir = %dir.display(), "the disk is nearly full: intake stops until there is room");
            } else {
                tracing::info!(dir = %dir.display(), "the disk has room again: intake goes on");
            }
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(dir = %dir.display(), %error, "the room on the disk cannot be told"),
    }
}
