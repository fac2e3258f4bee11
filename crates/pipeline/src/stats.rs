//! Counters of the flow, cheap enough to be kept per record, read by metrics and tests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use receive::ReceiveStats;
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use sigma::{BaselineStatistics, Statistics};

/// A stage of the flow whose CPU time is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading and decoding the log.
    Read,
    /// Text to events.
    Parse,
    /// Events to columns.
    Lake,
    /// Rules and correlations.
    Detect,
    /// Detections to alerts.
    Aggregate,
}

/// The live counters.
#[derive(Debug, Default)]
pub struct Counters {
    pub(crate) parsed: AtomicU64,
    pub(crate) unparsed: AtomicU64,
    pub(crate) panics: AtomicU64,
    pub(crate) detections: AtomicU64,
    pub(crate) alerts: AtomicU64,
    pub(crate) closed_early: AtomicU64,
    pub(crate) store_retries: AtomicU64,
    pub(crate) lake_retries: AtomicU64,
    pub(crate) processed: AtomicU64,
    pub(crate) committed: AtomicU64,
    groups: AtomicU64,
    groups_forgotten: AtomicU64,
    group_events_forgotten: AtomicU64,
    group_events_late: AtomicU64,
    profiles: AtomicU64,
    profile_bytes: AtomicU64,
    profiles_forgotten: AtomicU64,
    stages: [AtomicU64; 5],
}

impl Counters {
    pub(crate) fn spent(&self, stage: Stage, time: Duration) {
        self.stages[stage as usize].fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }

    /// What correlations hold and what happened at their bounds.
    pub(crate) fn correlated(&self, now: Statistics) {
        self.groups.store(now.groups, Ordering::Relaxed);
        self.groups_forgotten.store(now.evicted_groups, Ordering::Relaxed);
        self.group_events_forgotten.store(now.forgotten_events, Ordering::Relaxed);
        self.group_events_late.store(now.late_events, Ordering::Relaxed);
    }

    /// What baselines hold and what happened at their bounds.
    pub(crate) fn profiled(&self, now: BaselineStatistics) {
        self.profiles.store(now.groups, Ordering::Relaxed);
        self.profile_bytes.store(now.bytes, Ordering::Relaxed);
        self.profiles_forgotten.store(now.forgotten_groups, Ordering::Relaxed);
    }

    /// The counters now, without those of receiving.
    pub(crate) fn snapshot(&self) -> PipelineStats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let stage = |stage: Stage| load(&self.stages[stage as usize]) / 1000;
        PipelineStats {
            parsed: load(&self.parsed),
            unparsed: load(&self.unparsed),
            panics: load(&self.panics),
            detections: load(&self.detections),
            alerts: load(&self.alerts),
            closed_early: load(&self.closed_early),
            groups: load(&self.groups),
            groups_forgotten: load(&self.groups_forgotten),
            group_events_forgotten: load(&self.group_events_forgotten),
            group_events_late: load(&self.group_events_late),
            profiles: load(&self.profiles),
            profile_bytes: load(&self.profile_bytes),
            profiles_forgotten: load(&self.profiles_forgotten),
            store_retries: load(&self.store_retries),
            lake_retries: load(&self.lake_retries),
            processed: load(&self.processed),
            committed: load(&self.committed),
            cpu_micros: StageTimes {
                read: stage(Stage::Read),
                parse: stage(Stage::Parse),
                lake: stage(Stage::Lake),
                detect: stage(Stage::Detect),
                aggregate: stage(Stage::Aggregate),
            },
            ..PipelineStats::default()
        }
    }
}

/// The counters at one moment, since start unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PipelineStats {
    /// Receiving, and the log.
    pub receive: ReceiveStats,
    /// Records a source or format took.
    pub parsed: u64,
    /// Records kept whole.
    pub unparsed: u64,
    /// Records whose parsing or detection panicked; they are kept, unparsed.
    pub panics: u64,
    /// Rules, correlations and device alarms that fired.
    pub detections: u64,
    /// Writes of alerts, new ones and grown ones.
    pub alerts: u64,
    /// Alerts closed to further detections because a customer had too many open.
    pub closed_early: u64,
    /// Groups correlations hold, as of the last checkpoint.
    pub groups: u64,
    /// Groups forgotten because a customer had too many.
    pub groups_forgotten: u64,
    /// Events forgotten because their group had too many.
    pub group_events_forgotten: u64,
    /// Events that came too late for their group.
    pub group_events_late: u64,
    /// Groups whose profile baselines keep, as of the last checkpoint.
    pub profiles: u64,
    /// Bytes of those profiles, about.
    pub profile_bytes: u64,
    /// Profiles forgotten because a customer had too many.
    pub profiles_forgotten: u64,
    /// Commits to the store that had to be tried again.
    pub store_retries: u64,
    /// Flushes of the lake that failed and are tried again.
    pub lake_retries: u64,
    /// Sequence the worker has reached.
    pub processed: u64,
    /// Sequence up to which everything is committed to the store.
    pub committed: u64,
    /// Durable records not yet committed.
    pub lag: u64,
    /// CPU time of the worker by stage, in microseconds.
    pub cpu_micros: StageTimes,
}

/// CPU time by stage, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct StageTimes {
    /// Reading and decoding the log.
    pub read: u64,
    /// Text to events.
    pub parse: u64,
    /// Events to columns.
    pub lake: u64,
    /// Rules and correlations.
    pub detect: u64,
    /// Detections to alerts.
    pub aggregate: u64,
}

/// Measures the CPU time of this thread between two looks.
pub(crate) struct CpuClock(Duration);

impl CpuClock {
    pub(crate) fn start() -> Self {
        CpuClock(now())
    }

    /// Books the time since the last look on `stage`.
    pub(crate) fn book(&mut self, counters: &Counters, stage: Stage) {
        let then = std::mem::replace(&mut self.0, now());
        counters.spent(stage, self.0.saturating_sub(then));
    }
}

fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.max(0) as u64, time.tv_nsec.clamp(0, 999_999_999) as u32)
}
