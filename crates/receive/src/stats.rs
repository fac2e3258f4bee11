//! Counters of receiving, cheap enough to be kept per record, read by metrics and tests.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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

/// The live counters.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    received: AtomicU64,
    received_bytes: AtomicU64,
    accepted: AtomicU64,
    truncated: AtomicU64,
    rejected: [AtomicU64; Rejection::ALL.len()],
    pub connections: AtomicU64,
    pub disk_low: AtomicBool,
}

impl Counters {
    pub fn count_received(&self, records: usize, bytes: usize) {
        self.received.fetch_add(records as u64, Ordering::Relaxed);
        self.received_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub fn count_accepted(&self, records: usize, truncated: usize) {
        self.accepted.fetch_add(records as u64, Ordering::Relaxed);
        self.truncated.fetch_add(truncated as u64, Ordering::Relaxed);
    }

    pub fn reject(&self, why: Rejection, records: usize) {
        self.rejected[why as usize].fetch_add(records as u64, Ordering::Relaxed);
    }

    /// The counters now, without those of the log.
    pub fn snapshot(&self) -> ReceiveStats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ReceiveStats {
            received: load(&self.received),
            received_bytes: load(&self.received_bytes),
            accepted: load(&self.accepted),
            truncated: load(&self.truncated),
            rejected: Rejection::ALL.map(|why| (why.as_str(), load(&self.rejected[why as usize]))).to_vec(),
            connections: load(&self.connections),
            disk_low: self.disk_low.load(Ordering::Relaxed),
            ..ReceiveStats::default()
        }
    }
}

/// The counters at one moment, since start unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReceiveStats {
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
    /// Calls of `fdatasync` on the log.
    pub syncs: u64,
    /// Time spent in them, in microseconds.
    pub sync_micros: u64,
    /// Why intake stopped for good, if it did.
    pub stopped: Option<String>,
}

impl ReceiveStats {
    /// Records not taken for this reason.
    pub fn rejected_for(&self, why: Rejection) -> u64 {
        self.rejected.iter().find(|(word, _)| *word == why.as_str()).map_or(0, |(_, count)| *count)
    }
}
