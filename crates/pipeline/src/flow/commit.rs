//! The side that writes: lake and store, in the order of the log, again and again until they take it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use lake::{Lake, LogPosition, RowBatch};
use model::alert::Alert;
use model::{AlertId, Context, CustomerId, DeviceId, ExceptionId, Scope, Timestamp};
use store::{DeviceActivity, DeviceCounts, ExceptionHits, PeerActivity, Store};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::alert::Growing;
use super::checkpoint::{self, EncodedPart, Part, Positions, Start};
use super::count::Counts;
use super::pace::Pace;
use super::{FlowConfig, FlowParts};
use crate::stats::Counters;
use receive::Intake;
use receive::wal::Wal;

/// Between tries of a store or lake that fails.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Counts of devices are put together for about this long before they are written.
const COUNTS_EVERY: Duration = Duration::from_secs(10);
/// Writing alerts takes at most one part in so many of the time, as long as they need not wait longer than this for it: in
/// a flood, what an alert grows by meanwhile is written at once.
const COMMIT_SHARE: u32 = 5;
const LONGEST_PACE: Duration = Duration::from_secs(1);
/// How often the lake is asked to write what is due, and the log is trimmed.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// What the worker made of a part of the log.
pub(super) struct Step {
    /// Everything up to here is in this step or one before.
    pub position: u64,
    pub rows: RowBatch,
    pub alerts: Vec<Growing>,
    pub activity: Vec<DeviceActivity>,
    /// What collectors received from addresses no device is registered for.
    pub peers: Vec<PeerActivity>,
    pub counts: Counts,
    /// What exceptions kept from firing.
    pub excepted: Vec<ExceptionHits>,
    /// What changed in the state of detection.
    pub checkpoint: Option<Part>,
    /// Nothing follows: flush everything.
    pub last: bool,
}

pub(super) struct Committer {
    wal: Arc<Wal>,
    store: Store,
    lake: Lake,
    intake: Intake,
    counters: Arc<Counters>,
    config: FlowConfig,
    abort: CancellationToken,
    pending: Pending,
    pace: Pace,
    /// Committed positions: watermark, lake, checkpoint.
    watermark: u64,
    lake_position: u64,
    checkpointed: u64,
    /// Number of the first part of the state that is kept.
    oldest_part: u32,
    committed_at: Instant,
    /// How long that took.
    commit_took: Duration,
    /// Counts wait apart from what else waits: they are written less often.
    counts: Counts,
    counted_at: Instant,
    /// The counts hold what came up to here; on a replay that is behind the watermark.
    reached: u64,
}

/// What waits for the next commit.
#[derive(Default)]
struct Pending {
    position: u64,
    alerts: BTreeMap<AlertId, Growing>,
    activity: BTreeMap<DeviceId, DeviceActivity>,
    peers: BTreeMap<(DeviceId, String), PeerActivity>,
    excepted: BTreeMap<ExceptionId, ExceptionHits>,
    /// Parts of the state of detection, in order.
    parts: Vec<EncodedPart>,
}

/// The order to stop came.
struct Aborted;

impl Committer {
    pub(super) fn new(parts: &FlowParts, config: &FlowConfig, start: &Start, abort: CancellationToken) -> Self {
        Committer {
            wal: parts.wal.clone(),
            store: parts.store.clone(),
            lake: parts.lake.clone(),
            intake: parts.intake.clone(),
            counters: parts.counters.clone(),
            config: config.clone(),
            abort,
            pending: Pending { position: start.watermark, ..Pending::default() },
            pace: Pace::default(),
            watermark: start.watermark,
            lake_position: start.lake,
            checkpointed: start.detected(),
            oldest_part: start.parts().start,
            committed_at: Instant::now(),
            commit_took: Duration::ZERO,
            counts: Counts::default(),
            counted_at: Instant::now(),
            reached: start.counted,
        }
    }

    pub(super) async fn run(mut self, mut steps: mpsc::Receiver<Step>) {
        let keeper = tokio::spawn(keep_lake(self.lake.clone(), self.counters.clone(), self.abort.child_token()));
        let _ = self.follow(&mut steps).await;
        keeper.abort();
        // A flush it began goes on by itself; wait until the task is gone.
        let _ = keeper.await;
    }

    async fn follow(&mut self, steps: &mut mpsc::Receiver<Step>) -> Result<(), Aborted> {
        loop {
            let step = tokio::select! {
                biased;
                () = self.abort.cancelled() => return Err(Aborted),
                step = tokio::time::timeout(self.config.commit_every, steps.recv()) => step,
            };
            match step {
                Ok(Some(step)) => {
                    let last = step.last;
                    self.take(step).await?;
                    if last {
                        return self.finish().await;
                    }
                    self.hold_back().await?;
                }
                // The worker is gone without a last word; what it said before still counts.
                Ok(None) => return self.commit(true).await,
                Err(_) => {}
            }
            if self.is_due() {
                self.commit(false).await?;
            }
        }
    }

    async fn take(&mut self, step: Step) -> Result<(), Aborted> {
        let position = LogPosition { log: self.wal.log(), shard: self.wal.shard(), sequence: step.position };
        if let Err(error) = self.lake.append(step.rows, position) {
            // Appending touches no disk: this is a fault in the program, and going on would lose events.
            tracing::error!(%error, position = step.position, "the lake refused events; intake stops until a restart");
            self.intake.fail(&format!("the lake refused events: {error}"));
            return Err(Aborted);
        }
        // A replay goes through steps below the watermark.
        self.pending.position = self.pending.position.max(step.position);
        self.pending.alerts.extend(step.alerts.into_iter().map(|alert| (alert.id.clone(), alert)));
        for heard in step.peers {
            match self.pending.peers.get_mut(&(heard.device.clone(), heard.address.clone())) {
                Some(known) => {
                    known.records += heard.records;
                    known.first_seen = known.first_seen.min(heard.first_seen);
                    known.last_seen = known.last_seen.max(heard.last_seen);
                }
                None => {
                    drop(self.pending.peers.insert((heard.device.clone(), heard.address.clone()), heard));
                }
            }
        }
        for heard in step.activity {
            match self.pending.activity.get_mut(&heard.device) {
                Some(known) => {
                    known.events += heard.events;
                    known.unparsed += heard.unparsed;
                    known.last_event = known.last_event.max(heard.last_event);
                }
                None => drop(self.pending.activity.insert(heard.device.clone(), heard)),
            }
        }
        for heard in step.excepted {
            match self.pending.excepted.get_mut(&heard.exception) {
                Some(known) => {
                    known.hits += heard.hits;
                    known.last = known.last.max(heard.last);
                }
                None => drop(self.pending.excepted.insert(heard.exception.clone(), heard)),
            }
        }
        self.reached = self.reached.max(step.position);
        self.counts.add(step.counts);
        if let Some(part) = step.checkpoint {
            match tokio::task::spawn_blocking(move || part.encode()).await {
                Ok(part) => self.pending.parts.push(part),
                Err(error) => {
                    // Later parts are of no use without this one.
                    tracing::error!(%error, "the state of detection cannot be encoded; intake stops until a restart");
                    self.intake.fail(&format!("the state of detection cannot be encoded: {error}"));
                    return Err(Aborted);
                }
            }
        }
        Ok(())
    }

    /// Waits while the lake cannot write and its memory grows.
    async fn hold_back(&self) -> Result<(), Aborted> {
        let mut told = false;
        while self.lake.buffered().bytes > self.config.lake_memory {
            if !std::mem::replace(&mut told, true) {
                tracing::warn!("the lake's memory is full; the flow waits for its files to be written");
            }
            self.wait(FIRST_WAIT).await?;
        }
        Ok(())
    }

    fn is_due(&self) -> bool {
        let since = self.committed_at.elapsed();
        let moved = self.pending.position > self.watermark || self.lake_moved().is_some();
        let pace = (self.commit_took * COMMIT_SHARE).min(LONGEST_PACE).max(self.config.commit_every);
        (since >= pace && self.pace.is_any_due(&self.pending.alerts, Instant::now()))
            || ((moved || !self.pending.parts.is_empty()) && since >= self.config.position_every)
            || self.counts_are_due()
    }

    /// A checkpoint takes the counts up to it along: what is before it is not looked at again.
    fn counts_are_due(&self) -> bool {
        !self.counts.is_empty() && self.counted_at.elapsed() >= COUNTS_EVERY
    }

    /// The lake's position, if it is above the committed one.
    fn lake_moved(&self) -> Option<u64> {
        let position = self.lake.low_watermark(self.wal.log(), self.wal.shard())?;
        (position > self.lake_position).then_some(position)
    }

    /// Commits what waits, trying until the store takes it. The channel to the worker is bounded, so meanwhile the
    /// flow stands still and nothing is lost.
    async fn commit(&mut self, everything: bool) -> Result<(), Aborted> {
        let begun = Instant::now();
        // A replay begins at the checkpoint: what grew before it must be written.
        let later = match everything || !self.pending.parts.is_empty() {
            true => BTreeMap::new(),
            false => {
                let due: BTreeSet<AlertId> = self.pace.due(&self.pending.alerts, begun).into_iter().collect();
                let (now, later) =
                    std::mem::take(&mut self.pending.alerts).into_iter().partition(|(id, _)| due.contains(id));
                self.pending.alerts = now;
                later
            }
        };
        let lake = self.lake_moved();
        let with_counts = !self.pending.parts.is_empty() || self.counts_are_due();
        if with_counts {
            self.counts.sum_up();
        }
        let mut wait = FIRST_WAIT;
        loop {
            match self.try_commit(lake, with_counts).await {
                Ok(()) => break,
                Err(error) => {
                    self.counters.store_retries.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(%error, "the store does not take alerts and positions; trying again");
                }
            }
            self.wait(wait).await?;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        if with_counts {
            self.counts = Counts::default();
            self.counted_at = Instant::now();
        }
        let done = std::mem::replace(&mut self.pending, Pending { alerts: later, ..Pending::default() });
        self.pace.wrote(done.alerts.values(), Instant::now());
        self.counters.alerts.fetch_add(done.alerts.len() as u64, Ordering::Relaxed);
        self.counters.committed.store(done.position, Ordering::Relaxed);
        self.pending.position = done.position;
        self.watermark = done.position;
        self.lake_position = lake.unwrap_or(self.lake_position);
        if let Some(last) = done.parts.last() {
            self.checkpointed = last.sequence;
            self.oldest_part = last.oldest;
        }
        self.committed_at = Instant::now();
        self.commit_took = begun.elapsed();
        self.trim();
        Ok(())
    }

    async fn try_commit(&self, lake: Option<u64>, with_counts: bool) -> Result<(), store::Error> {
        let (log, shard) = (self.wal.log(), self.wal.shard());
        let context = Context::job("pipeline", Scope::All, now());
        let mut tx = self.store.write(&context).await?;
        // A commit whose answer was lost may have happened: counters must not be added twice.
        let marks = tx.alert_watermarks().await?;
        let done = marks.iter().find(|mark| (mark.log, mark.shard) == (log, shard)).map_or(0, |mark| mark.sequence);
        if done < self.pending.position {
            let alerts: Vec<Alert> = self.pending.alerts.values().map(Growing::alert).collect();
            tx.upsert_alerts(&alerts).await?;
            let activity: Vec<DeviceActivity> = self.pending.activity.values().cloned().collect();
            tx.record_device_activity(&activity).await?;
            let peers: Vec<PeerActivity> = self.pending.peers.values().cloned().collect();
            tx.record_collector_peers(&peers).await?;
            let excepted: Vec<ExceptionHits> = self.pending.excepted.values().cloned().collect();
            tx.count_exception_hits(&excepted).await?;
        }
        if with_counts && checkpoint::counted(&mut tx, log, shard).await?.unwrap_or(0) < self.reached {
            let counts: Vec<(CustomerId, DeviceId, DeviceCounts)> = self
                .counts
                .devices
                .iter()
                .map(|(id, (customer, counts))| (customer.clone(), id.clone(), counts.clone()))
                .collect();
            tx.record_device_counts(&counts).await?;
            tx.record_event_counts(&self.counts.customers).await?;
        }
        let positions = Positions {
            watermark: self.pending.position,
            lake,
            counted: with_counts.then_some(self.reached),
            parts: &self.pending.parts,
            oldest_part: self.oldest_part,
        };
        checkpoint::save(&mut tx, log, shard, &positions).await?;
        tx.commit().await
    }

    /// What all three positions have passed is no longer needed.
    fn trim(&self) {
        let passed = self.watermark.min(self.lake_position).min(self.checkpointed);
        match self.wal.trim(passed) {
            Ok(0) => {}
            Ok(segments) => tracing::debug!(segments, passed, "log segments were trimmed"),
            Err(error) => tracing::warn!(%error, "the log could not be trimmed"),
        }
    }

    /// Everything to disk.
    async fn finish(&mut self) -> Result<(), Aborted> {
        let mut wait = FIRST_WAIT;
        while let Err(error) = self.lake.flush_all().await {
            self.counters.lake_retries.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%error, "the lake cannot write its last files; trying again");
            self.wait(wait).await?;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        self.commit(true).await
    }

    async fn wait(&self, time: Duration) -> Result<(), Aborted> {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            () = self.abort.cancelled() => Err(Aborted),
        }
    }
}

/// Lets the lake write what is due, beside the flow.
async fn keep_lake(lake: Lake, counters: Arc<Counters>, stop: CancellationToken) {
    let mut wait = HOUSEKEEPING;
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => return,
        }
        wait = match lake.flush_due(now()).await {
            Ok(_) => HOUSEKEEPING,
            Err(error) => {
                counters.lake_retries.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%error, "the lake cannot write its files; they stay in memory and are tried again");
                (wait * 2).min(LONGEST_WAIT)
            }
        };
    }
}

fn now() -> Timestamp {
    SystemTime::now().into()
}
