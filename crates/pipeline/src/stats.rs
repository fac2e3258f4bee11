//! Counters of the whole flow, cheap enough to be kept per record, read by metrics and tests.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

/// Why something was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// A frame on a shared port without token or certificate.
    NoIdentity,
    /// A token nobody was given.
    WrongToken,
    /// A certificate, or a listener port, that belongs to no device.
    UnknownSender,
    /// The disk is nearly full.
    DiskLow,
    /// The log, or what reads it, stopped.
    Stopped,
    /// More connections than allowed.
    TooManyConnections,
}

impl Rejection {
    /// In the order of the counters.
    pub const ALL: [Rejection; 6] = [
        Rejection::NoIdentity,
        Rejection::WrongToken,
        Rejection::UnknownSender,
        Rejection::DiskLow,
        Rejection::Stopped,
        Rejection::TooManyConnections,
    ];

    /// The word in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Rejection::NoIdentity => "no_identity",
            Rejection::WrongToken => "wrong_token",
            Rejection::UnknownSender => "unknown_sender",
            Rejection::DiskLow => "disk_low",
            Rejection::Stopped => "stopped",
            Rejection::TooManyConnections => "too_many_connections",
        }
    }
}

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
    received: AtomicU64,
    received_bytes: AtomicU64,
    accepted: AtomicU64,
    truncated: AtomicU64,
    rejected: [AtomicU64; Rejection::ALL.len()],
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
    pub(crate) connections: AtomicU64,
    pub(crate) disk_low: AtomicBool,
    stages: [AtomicU64; 5],
}

impl Counters {
    pub(crate) fn count_received(&self, records: usize, bytes: usize) {
        self.received.fetch_add(records as u64, Ordering::Relaxed);
        self.received_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn count_accepted(&self, records: usize, truncated: usize) {
        self.accepted.fetch_add(records as u64, Ordering::Relaxed);
        self.truncated.fetch_add(truncated as u64, Ordering::Relaxed);
    }

    pub(crate) fn reject(&self, why: Rejection, records: usize) {
        self.rejected[why as usize].fetch_add(records as u64, Ordering::Relaxed);
    }

    pub(crate) fn spent(&self, stage: Stage, time: Duration) {
        self.stages[stage as usize].fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }

    /// The counters now, without those of the log.
    pub(crate) fn snapshot(&self) -> PipelineStats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let stage = |stage: Stage| load(&self.stages[stage as usize]) / 1000;
        PipelineStats {
            received: load(&self.received),
            received_bytes: load(&self.received_bytes),
            accepted: load(&self.accepted),
            truncated: load(&self.truncated),
            rejected: Rejection::ALL.map(|why| (why.as_str(), load(&self.rejected[why as usize]))).to_vec(),
            parsed: load(&self.parsed),
            unparsed: load(&self.unparsed),
            panics: load(&self.panics),
            detections: load(&self.detections),
            alerts: load(&self.alerts),
            closed_early: load(&self.closed_early),
            store_retries: load(&self.store_retries),
            lake_retries: load(&self.lake_retries),
            processed: load(&self.processed),
            committed: load(&self.committed),
            connections: load(&self.connections),
            disk_low: self.disk_low.load(Ordering::Relaxed),
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
    /// Records handed to intake.
    pub received: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Records queued for the log.
    pub accepted: u64,
    /// Records cut because they were too long.
    pub truncated: u64,
    /// Records (or connections) not taken, by reason.
    pub rejected: Vec<(&'static str, u64)>,
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
    /// Commits to the store that had to be tried again.
    pub store_retries: u64,
    /// Flushes of the lake that failed and are tried again.
    pub lake_retries: u64,
    /// Sequence the worker has reached.
    pub processed: u64,
    /// Sequence up to which everything is committed to the store.
    pub committed: u64,
    /// Open connections.
    pub connections: u64,
    /// Intake is stopped because the disk is nearly full.
    pub disk_low: bool,
    /// Last durable sequence of the log.
    pub wal_position: u64,
    /// First sequence still in the log.
    pub wal_first: u64,
    /// Bytes written to the log.
    pub wal_bytes: u64,
    /// Durable records not yet committed.
    pub lag: u64,
    /// Calls of `fdatasync` on the log.
    pub syncs: u64,
    /// Time spent in them, in microseconds.
    pub sync_micros: u64,
    /// Why intake stopped for good, if it did.
    pub stopped: Option<String>,
    /// CPU time of the worker by stage, in microseconds.
    pub cpu_micros: StageTimes,
}

impl PipelineStats {
    /// Records not taken for this reason.
    pub fn rejected_for(&self, why: Rejection) -> u64 {
        self.rejected.iter().find(|(word, _)| *word == why.as_str()).map_or(0, |(_, count)| *count)
    }
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
