//! Counters of receiving, by protocol and reason, cheap enough to be kept per record, read by metrics and tests.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::Serialize;

use crate::recent::Recent;

/// By which way something came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// A way that was not named.
    Other,
    /// Syslog over UDP.
    SyslogUdp,
    /// Syslog over TCP.
    SyslogTcp,
    /// Syslog over TLS.
    SyslogTls,
    /// GELF over UDP.
    GelfUdp,
    /// GELF over TCP.
    GelfTcp,
    /// Fluent forward.
    Forward,
    /// Lumberjack v2 (Beats, Logstash).
    Lumberjack,
    /// A NATS subject.
    Nats,
    /// NDJSON over HTTP.
    Http,
    /// The Elasticsearch document API.
    Elastic,
    /// The Splunk HTTP event collector.
    Hec,
    /// OTLP logs over HTTP.
    OtlpHttp,
    /// OTLP logs over gRPC.
    OtlpGrpc,
    /// A file taken in.
    Import,
    /// What a collector hands on.
    Collector,
    /// A file that is followed as it grows.
    File,
}

impl Protocol {
    /// In the order of the counters.
    pub const ALL: [Protocol; 17] = [
        Protocol::Other,
        Protocol::SyslogUdp,
        Protocol::SyslogTcp,
        Protocol::SyslogTls,
        Protocol::GelfUdp,
        Protocol::GelfTcp,
        Protocol::Forward,
        Protocol::Lumberjack,
        Protocol::Nats,
        Protocol::Http,
        Protocol::Elastic,
        Protocol::Hec,
        Protocol::OtlpHttp,
        Protocol::OtlpGrpc,
        Protocol::Import,
        Protocol::Collector,
        Protocol::File,
    ];

    /// The word in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Other => "other",
            Protocol::SyslogUdp => "syslog_udp",
            Protocol::SyslogTcp => "syslog_tcp",
            Protocol::SyslogTls => "syslog_tls",
            Protocol::GelfUdp => "gelf_udp",
            Protocol::GelfTcp => "gelf_tcp",
            Protocol::Forward => "forward",
            Protocol::Lumberjack => "lumberjack",
            Protocol::Nats => "nats",
            Protocol::Http => "http",
            Protocol::Elastic => "elastic",
            Protocol::Hec => "hec",
            Protocol::OtlpHttp => "otlp_http",
            Protocol::OtlpGrpc => "otlp_grpc",
            Protocol::Import => "import",
            Protocol::Collector => "collector",
            Protocol::File => "file",
        }
    }
}

/// Why something was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// Nothing proved whose it is.
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
    /// It is not what the protocol says it should be.
    Malformed,
    /// Larger than a limit: a body, a frame, what it decompresses to.
    TooLarge,
    /// The sender took longer than allowed.
    TooSlow,
    /// More than the customer or the device may send in the time.
    Limited,
    /// Intake was full.
    Full,
}

impl Rejection {
    /// In the order of the counters.
    pub const ALL: [Rejection; 11] = [
        Rejection::NoIdentity,
        Rejection::WrongToken,
        Rejection::UnknownSender,
        Rejection::DiskLow,
        Rejection::Stopped,
        Rejection::TooManyConnections,
        Rejection::Malformed,
        Rejection::TooLarge,
        Rejection::TooSlow,
        Rejection::Limited,
        Rejection::Full,
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
            Rejection::Malformed => "malformed",
            Rejection::TooLarge => "too_large",
            Rejection::TooSlow => "too_slow",
            Rejection::Limited => "limited",
            Rejection::Full => "full",
        }
    }
}

/// The live counters of one protocol.
#[derive(Debug, Default)]
struct Way {
    received: AtomicU64,
    received_bytes: AtomicU64,
    accepted: AtomicU64,
    truncated: AtomicU64,
    rejected: [AtomicU64; Rejection::ALL.len()],
}

/// The live counters.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    ways: [Way; Protocol::ALL.len()],
    pub connections: AtomicU64,
    pub disk_low: AtomicBool,
    pub recent: Recent,
}

impl Counters {
    pub fn count_received(&self, by: Protocol, records: usize, bytes: usize) {
        let way = &self.ways[by as usize];
        way.received.fetch_add(records as u64, Ordering::Relaxed);
        way.received_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub fn count_accepted(&self, by: Protocol, records: usize, truncated: usize) {
        let way = &self.ways[by as usize];
        way.accepted.fetch_add(records as u64, Ordering::Relaxed);
        way.truncated.fetch_add(truncated as u64, Ordering::Relaxed);
    }

    pub fn reject(&self, by: Protocol, why: Rejection, records: usize) {
        self.ways[by as usize].rejected[why as usize].fetch_add(records as u64, Ordering::Relaxed);
    }

    /// The counters now, without those of the log.
    pub fn snapshot(&self) -> ReceiveStats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let sum = |of: fn(&Way) -> &AtomicU64| self.ways.iter().map(|way| load(of(way))).sum();
        let rejected = |why: Rejection| self.ways.iter().map(|way| load(&way.rejected[why as usize])).sum();
        let protocols = Protocol::ALL.iter().zip(&self.ways).map(|(protocol, way)| ProtocolStats {
            protocol: protocol.as_str(),
            received: load(&way.received),
            received_bytes: load(&way.received_bytes),
            accepted: load(&way.accepted),
            rejected: Rejection::ALL.map(|why| (why.as_str(), load(&way.rejected[why as usize]))).to_vec(),
        });
        ReceiveStats {
            received: sum(|way| &way.received),
            received_bytes: sum(|way| &way.received_bytes),
            accepted: sum(|way| &way.accepted),
            truncated: sum(|way| &way.truncated),
            rejected: Rejection::ALL.map(|why| (why.as_str(), rejected(why))).to_vec(),
            protocols: protocols.filter(ProtocolStats::is_used).collect(),
            connections: load(&self.connections),
            disk_low: self.disk_low.load(Ordering::Relaxed),
            ..ReceiveStats::default()
        }
    }
}

/// The counters of one protocol at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProtocolStats {
    /// Its word: see [`Protocol::as_str`].
    pub protocol: &'static str,
    /// Records handed to intake.
    pub received: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Records queued for the log.
    pub accepted: u64,
    /// Records, bodies or connections not taken, by reason.
    pub rejected: Vec<(&'static str, u64)>,
}

impl ProtocolStats {
    fn is_used(&self) -> bool {
        self.received > 0 || self.rejected.iter().any(|(_, count)| *count > 0)
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
    /// Records, bodies or connections not taken, by reason.
    pub rejected: Vec<(&'static str, u64)>,
    /// The same by protocol, for those by which anything came.
    pub protocols: Vec<ProtocolStats>,
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
    /// Not taken for this reason, over all protocols.
    pub fn rejected_for(&self, why: Rejection) -> u64 {
        count(&self.rejected, why)
    }

    /// Not taken of what came by this protocol, for this reason.
    pub fn rejected_by(&self, protocol: Protocol, why: Rejection) -> u64 {
        let way = self.protocols.iter().find(|way| way.protocol == protocol.as_str());
        way.map_or(0, |way| count(&way.rejected, why))
    }
}

fn count(rejected: &[(&'static str, u64)], why: Rejection) -> u64 {
    rejected.iter().find(|(word, _)| *word == why.as_str()).map_or(0, |(_, count)| *count)
}
