//! The whole: started, handed in to, drained.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use formats::Parser;
use lake::Lake;
use sigma::RuleSet;
use store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::disk_room::DiskRoom;
use crate::error::Error;
use crate::flow::{Flow, FlowConfig, FlowParts};
use crate::follow::Follower;
use crate::intake::{Intake, IntakeConfig};
use crate::listen::{Addresses, ListenConfig, Listeners};
use crate::names::NameDirectory;
use crate::senders::SenderDirectory;
use crate::stats::{Counters, PipelineStats};
use crate::wal::{Disk, OsDisk, Wal, WalConfig};

/// How often the room on the disk is looked at.
const ROOM_EVERY: Duration = Duration::from_secs(1);

/// Settings of the pipeline; [`PipelineConfig::new`] gives sensible ones without listeners.
#[derive(Debug, Clone)]
pub struct PipelineConfig {
    /// The folder of the log; made when missing. Its file system is the one whose room is watched.
    pub dir: PathBuf,
    /// The log.
    pub wal: WalConfig,
    /// Bounds of intake.
    pub intake: IntakeConfig,
    /// Room that must stay free on the disk.
    pub room: DiskRoom,
    /// The flow.
    pub flow: FlowConfig,
    /// The syslog listeners.
    pub listen: ListenConfig,
}

impl PipelineConfig {
    /// Defaults, with the log in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        PipelineConfig {
            dir: dir.into(),
            wal: WalConfig::default(),
            intake: IntakeConfig::default(),
            room: DiskRoom::default(),
            flow: FlowConfig::default(),
            listen: ListenConfig::default(),
        }
    }
}

/// What the pipeline works with.
pub struct PipelineParts {
    /// Alerts, positions, devices, names.
    pub store: Store,
    /// Events.
    pub lake: Lake,
    /// The sources.
    pub parser: Parser,
    /// The rules in force from the start.
    pub rules: Arc<RuleSet>,
}

/// The running pipeline.
pub struct Pipeline {
    wal: Arc<Wal>,
    intake: Intake,
    senders: SenderDirectory,
    counters: Arc<Counters>,
    listeners: Listeners,
    flow: Flow,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Pipeline {
    /// Opens the log, replays what is not stored yet, and listens.
    pub async fn start(config: PipelineConfig, parts: PipelineParts) -> Result<Pipeline, Error> {
        Self::start_on(config, parts, Arc::new(OsDisk)).await
    }

    /// The same with the log on another disk: for crash tests.
    pub async fn start_on(
        config: PipelineConfig,
        parts: PipelineParts,
        disk: Arc<dyn Disk>,
    ) -> Result<Pipeline, Error> {
        let (dir, wal_config) = (config.dir.clone(), config.wal.clone());
        let opened = tokio::task::spawn_blocking(move || Wal::open(&dir, wal_config, disk)).await;
        let wal = Arc::new(opened.map_err(|error| Error::Stopped(error.to_string()))??);
        let counters = Arc::new(Counters::default());
        let intake = Intake::new(wal.clone(), config.intake, counters.clone());
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        look_at_room(&config.dir, config.room, &counters);
        tasks.spawn(watch_room(config.dir, config.room, counters.clone(), stop.clone()));

        let (senders, names) = (SenderDirectory::empty(), NameDirectory::default());
        let (store, stop_following) = (parts.store.clone(), stop.clone());
        let follower = Follower { store, senders: senders.clone(), names: names.clone(), stop: stop_following };
        let place = follower.begin().await?;
        tasks.spawn(follower.run(place));

        let flow = FlowParts {
            wal: wal.clone(),
            store: parts.store,
            lake: parts.lake,
            parser: parts.parser,
            rules: parts.rules,
            names,
            intake: intake.clone(),
            counters: counters.clone(),
        };
        let flow = Flow::start(flow, config.flow).await?;
        let listeners = Listeners::open(config.listen, intake.clone(), senders.clone(), counters.clone()).await?;
        Ok(Pipeline { wal, intake, senders, counters, listeners, flow, stop, tasks })
    }

    /// The way in for other edges.
    pub fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// Who may send.
    pub fn senders(&self) -> SenderDirectory {
        self.senders.clone()
    }

    /// Where the syslog listeners are.
    pub fn addresses(&self) -> Addresses {
        self.listeners.addresses()
    }

    /// The counters now.
    pub fn stats(&self) -> PipelineStats {
        let wal = self.wal.stats();
        let counted = self.counters.snapshot();
        let durable = self.wal.durable();
        PipelineStats {
            wal_position: durable,
            wal_first: self.wal.first(),
            wal_bytes: wal.bytes,
            lag: durable.saturating_sub(counted.committed),
            syncs: wal.syncs,
            sync_micros: wal.sync_time.as_micros() as u64,
            stopped: self.intake.failure().map(|why| why.to_string()),
            ..counted
        }
    }

    /// Judges by other rules from now on. Returns when the place in the log where they begin is durable.
    pub async fn set_rules(&self, rules: Arc<RuleSet>) -> Result<(), Error> {
        self.flow.set_rules(rules).await
    }

    /// Waits until everything that is durable now is committed to the store; false if that takes longer.
    pub async fn settled(&self, timeout: Duration) -> bool {
        let target = self.wal.durable();
        let reached = async {
            while self.counters.committed.load(Ordering::Relaxed) < target {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(timeout, reached).await.is_ok()
    }

    /// Stops in order: listeners, log, flow to the end of the log, lake and positions to disk. When that takes too
    /// long it is broken off; what is missing is replayed at the next start.
    pub async fn drain(&self, timeout: Duration) -> Result<(), Error> {
        let orderly = async {
            self.listeners.drain().await;
            self.intake.close();
            self.close_wal().await;
            self.flow.finish().await;
        };
        let in_time = tokio::time::timeout(timeout, orderly).await.is_ok();
        self.abort().await;
        if let Some(why) = self.intake.failure() {
            return Err(Error::Stopped(why.to_string()));
        }
        let (committed, durable) = (self.counters.committed.load(Ordering::Relaxed), self.wal.durable());
        if in_time && committed == durable { Ok(()) } else { Err(Error::DrainTimeout { committed, durable }) }
    }

    /// Stops at once, as a kill does but with every thread gone on return. The next start replays the log.
    pub async fn abort(&self) {
        self.intake.close();
        self.listeners.abort().await;
        self.flow.abort().await;
        self.close_wal().await;
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn close_wal(&self) {
        let wal = self.wal.clone();
        // A panic of the writer is printed where it happened.
        let _ = tokio::task::spawn_blocking(move || wal.close()).await;
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.stop.cancel();
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
