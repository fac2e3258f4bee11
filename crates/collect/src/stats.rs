//! What a collector has done, read by metrics, health and tests.

use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use receive::ReceiveStats;

/// The live counters.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub sent: AtomicU64,
    pub sent_bytes: AtomicU64,
    pub batches: AtomicU64,
    pub failures: AtomicU64,
    pub strangers: AtomicU64,
    pub skew_micros: AtomicI64,
    pub sent_position: AtomicU64,
    pub last_sent: AtomicI64,
    pub buffer_bytes: AtomicU64,
    pub capped: AtomicU64,
    pub masked: AtomicU64,
    pub rewritten: AtomicU64,
    pub files: AtomicU64,
    pub damaged: AtomicU64,
    pub trouble: Mutex<Option<String>>,
}

impl Counters {
    /// What keeps it from handing on, or nothing.
    pub fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

/// The counters at one moment, since start unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CollectStats {
    /// What was received.
    pub receive: ReceiveStats,
    /// Records the centre has.
    pub sent: u64,
    /// Bytes sent for them, compressed.
    pub sent_bytes: u64,
    /// Requests answered well.
    pub batches: u64,
    /// Attempts that failed.
    pub failures: u64,
    /// Records whose address no device is registered for.
    pub strangers: u64,
    /// How far our clock is ahead of the centre's, in microseconds.
    pub skew_micros: i64,
    /// The last sequence of the buffer's log the centre has.
    pub sent_position: u64,
    /// When a request was answered well last, in microseconds since 1970; 0: never.
    pub last_sent: i64,
    /// Bytes the buffer takes up.
    pub buffer_bytes: u64,
    /// Most it may.
    pub buffer_cap: u64,
    /// The buffer is at its cap: nothing is taken.
    pub is_capped: bool,
    /// Values masked.
    pub masked: u64,
    /// Records sent as their fields, because a value could not be found where it stands.
    pub rewritten: u64,
    /// Files being followed.
    pub files: u64,
    /// Parts of files that could not be read.
    pub damaged: u64,
    /// What keeps it from handing on.
    pub trouble: Option<String>,
}

impl CollectStats {
    pub(crate) fn of(counters: &Counters, receive: ReceiveStats, buffer_cap: u64) -> Self {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CollectStats {
            receive,
            sent: load(&counters.sent),
            sent_bytes: load(&counters.sent_bytes),
            batches: load(&counters.batches),
            failures: load(&counters.failures),
            strangers: load(&counters.strangers),
            skew_micros: counters.skew_micros.load(Ordering::Relaxed),
            sent_position: load(&counters.sent_position),
            last_sent: counters.last_sent.load(Ordering::Relaxed),
            buffer_bytes: load(&counters.buffer_bytes),
            buffer_cap,
            is_capped: load(&counters.capped) > 0,
            masked: load(&counters.masked),
            rewritten: load(&counters.rewritten),
            files: load(&counters.files),
            damaged: load(&counters.damaged),
            trouble: counters.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Log records of the buffer the centre does not have.
    pub fn waiting(&self) -> u64 {
        self.receive.wal_position.saturating_sub(self.sent_position)
    }

    /// What is wrong, in words; nothing when all is well.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        problems.extend(self.receive.stopped.as_ref().map(|why| format!("nothing is taken until a restart: {why}")));
        if self.receive.disk_low {
            problems.push("nothing is taken: the disk is nearly full".to_owned());
        }
        if self.is_capped {
            problems.push("nothing is taken: the buffer has reached its cap".to_owned());
        }
        problems.extend(self.trouble.as_ref().map(|why| format!("the centre is not reached: {why}")));
        if self.skew_micros.abs() > crate::forward::SKEW_TOLD {
            let seconds = self.skew_micros / 1_000_000;
            problems.push(format!("the clock is {seconds} s ahead of the centre's (negative: behind)"));
        }
        problems
    }

    /// Prometheus text.
    pub fn render(&self) -> String {
        let mut text = String::new();
        let mut metric = |name: &str, kind: &str, help: &str, values: &[(String, f64)]| {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "# HELP vedette_collect_{name} {help}\n# TYPE vedette_collect_{name} {kind}");
            for (labels, value) in values {
                let _ = writeln!(text, "vedette_collect_{name}{labels} {value}");
            }
        };
        let one = |value: f64| vec![(String::new(), value)];
        for (name, help, value) in [
            ("received_total", "Records handed to intake.", self.receive.received),
            ("accepted_total", "Records queued for the buffer.", self.receive.accepted),
            ("sent_total", "Records the centre has.", self.sent),
            ("sent_bytes_total", "Bytes sent, compressed.", self.sent_bytes),
            ("batches_total", "Requests the centre took.", self.batches),
            ("failures_total", "Attempts to hand on that failed.", self.failures),
            ("strangers_total", "Records from addresses no device is registered for.", self.strangers),
            ("masked_total", "Values masked.", self.masked),
            ("rewritten_total", "Records sent as their fields to mask a value.", self.rewritten),
            ("damaged_total", "Parts of files that could not be read.", self.damaged),
        ] {
            metric(name, "counter", help, &one(value as f64));
        }
        let dropped: Vec<(String, f64)> = self
            .receive
            .protocols
            .iter()
            .flat_map(|way| way.rejected.iter().map(move |(why, count)| (way.protocol, why, *count)))
            .filter(|(.., count)| *count > 0)
            .map(|(way, why, count)| (format!("{{protocol=\"{way}\",reason=\"{why}\"}}"), count as f64))
            .collect();
        metric("dropped_total", "counter", "Records, datagrams and connections not taken.", &dropped);
        for (name, help, value) in [
            ("waiting_records", "Records in the buffer the centre does not have.", self.waiting() as f64),
            ("buffer_bytes", "Bytes the buffer takes up.", self.buffer_bytes as f64),
            ("buffer_cap_bytes", "Most it may take up.", self.buffer_cap as f64),
            ("capped", "1 while the buffer is at its cap.", f64::from(u8::from(self.is_capped))),
            ("clock_skew_seconds", "Our clock less the centre's.", self.skew_micros as f64 / 1e6),
            ("last_sent_timestamp_seconds", "When the centre took something last.", self.last_sent as f64 / 1e6),
            ("files", "Files being followed.", self.files as f64),
            ("connections", "Open connections of senders.", self.receive.connections as f64),
        ] {
            metric(name, "gauge", help, &one(value));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_and_every_metric_has_help_and_type() {
        let stats = CollectStats {
            is_capped: true,
            trouble: Some("nobody listens".into()),
            skew_micros: 60_000_000,
            ..CollectStats::default()
        };
        let problems = stats.problems().join("; ");
        assert!(problems.contains("cap") && problems.contains("nobody listens") && problems.contains("60 s"));
        assert!(CollectStats::default().problems().is_empty());
        let text = stats.render();
        assert!(text.contains("vedette_collect_clock_skew_seconds 60\n"), "{text}");
        assert_eq!(text.matches("# HELP").count(), text.matches("# TYPE").count());
    }
}
