//! What a benchmark found, for people and as JSON.

use std::fmt;
use std::time::Duration;

use pipeline::PipelineStats;
use serde::Serialize;

use super::sender::Sent;
use super::watch::{Watched, quantile};

/// Everything that was measured.
pub struct Measured {
    /// Resident bytes before anything was sent.
    pub idle: u64,
    pub sent: Sent,
    /// How long the sender sent.
    pub sending: Duration,
    /// Until everything was judged and written.
    pub whole: Duration,
    pub watched: Watched,
    /// Events a search finds.
    pub found: u64,
    pub stats: PipelineStats,
    /// Rows and bytes of the lake's files.
    pub stored: (u64, u64),
    pub devices: usize,
    pub lines: usize,
}

/// The findings. Times are CPU time per event unless named otherwise.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Events acknowledged, and as many a search finds when nothing is lost or doubled.
    pub acknowledged: u64,
    pub found: u64,
    /// Each sends lines of its own kind.
    pub devices: usize,
    /// Distinct lines sent, before addresses are varied.
    pub lines: usize,
    pub bytes_per_event: f64,
    /// Acknowledged events a second while sending.
    pub accepted_per_second: f64,
    /// Judged and searchable events a second, to the end of the backlog.
    pub searchable_per_second: f64,
    pub refused_requests: u64,
    pub unparsed_share: f64,
    pub detections: u64,
    pub server_cpu_micros: f64,
    pub sender_cpu_micros: f64,
    /// By stage of the flow.
    pub stage_micros: Vec<(&'static str, f64)>,
    /// Receiving, writing files, the store and the rest.
    pub other_micros: f64,
    /// Without rules and alerts.
    pub before_detection_micros: f64,
    pub acknowledged_p50_ms: f64,
    pub acknowledged_p99_ms: f64,
    pub searchable_p50_s: f64,
    pub searchable_p99_s: f64,
    pub alerted_p50_s: f64,
    pub alerted_p99_s: f64,
    pub idle_mib: f64,
    pub peak_mib: f64,
    /// Mean of the last tenth of the readings over that of the second tenth: 1 is flat.
    pub memory_growth: f64,
    pub log_bytes_per_event: f64,
    pub lake_bytes_per_event: f64,
}

impl Report {
    pub fn new(measured: Measured) -> Report {
        let Measured { idle, sent, sending, whole, mut watched, found, stats, stored, devices, lines } = measured;
        let events = (sent.acknowledged as f64).max(1.0);
        let micros = |micros: u64| micros as f64 / events;
        let cpu = &stats.cpu_micros;
        let stages = vec![
            ("read", micros(cpu.read)),
            ("parse", micros(cpu.parse)),
            ("lake", micros(cpu.lake)),
            ("detect", micros(cpu.detect)),
            ("aggregate", micros(cpu.aggregate)),
        ];
        let server = watched.cpu_seconds * 1e6 / events;
        let in_flow: f64 = stages.iter().map(|(_, micros)| micros).sum();
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        Report {
            acknowledged: sent.acknowledged,
            found,
            devices,
            lines,
            bytes_per_event: sent.bytes as f64 / events,
            accepted_per_second: events / sending.as_secs_f64(),
            searchable_per_second: events / whole.as_secs_f64(),
            refused_requests: sent.refused,
            unparsed_share: stats.unparsed as f64 / events,
            detections: stats.detections,
            server_cpu_micros: server,
            sender_cpu_micros: sent.cpu_seconds * 1e6 / events,
            other_micros: server - in_flow,
            before_detection_micros: server - micros(cpu.detect) - micros(cpu.aggregate),
            stage_micros: stages,
            acknowledged_p50_ms: sent.p50_ms,
            acknowledged_p99_ms: sent.p99_ms,
            searchable_p50_s: quantile(&mut watched.searchable, 0.5),
            searchable_p99_s: quantile(&mut watched.searchable, 0.99),
            alerted_p50_s: quantile(&mut watched.alerted, 0.5),
            alerted_p99_s: quantile(&mut watched.alerted, 0.99),
            idle_mib: mib(idle),
            peak_mib: mib(watched.resident.iter().copied().max().unwrap_or(0)),
            memory_growth: growth(&watched.resident),
            log_bytes_per_event: stats.receive.wal_bytes as f64 / events,
            lake_bytes_per_event: stored.1 as f64 / (stored.0 as f64).max(1.0),
        }
    }

    /// What must not be: a lost or doubled event.
    pub fn verdict(&self) -> Result<(), String> {
        match self.found == self.acknowledged {
            true => Ok(()),
            false => Err(format!("{} events were acknowledged, {} are found", self.acknowledged, self.found)),
        }
    }
}

/// Mean of the last tenth over the mean of the second; 1 where there are too few readings to say.
fn growth(readings: &[u64]) -> f64 {
    let tenth = readings.len() / 10;
    if tenth == 0 {
        return 1.0;
    }
    let mean = |part: &[u64]| part.iter().map(|bytes| *bytes as f64).sum::<f64>() / part.len() as f64;
    mean(&readings[readings.len() - tenth..]) / mean(&readings[tenth..2 * tenth])
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes_per_event;
        writeln!(f, "events      {} acknowledged, {} found, {bytes:.0} bytes each", self.acknowledged, self.found)?;
        writeln!(f, "            {} kinds of devices, {} kinds of lines", self.devices, self.lines)?;
        writeln!(
            f,
            "            {:.0}/s acknowledged, {:.0}/s searchable, {} requests refused for a moment",
            self.accepted_per_second, self.searchable_per_second, self.refused_requests
        )?;
        writeln!(f, "            {:.2} % unparsed, {} detections", self.unparsed_share * 100.0, self.detections)?;
        write!(f, "CPU         {:.1} us an event:", self.server_cpu_micros)?;
        self.stage_micros.iter().try_for_each(|(stage, micros)| write!(f, " {stage} {micros:.1}"))?;
        writeln!(f, " other {:.1}", self.other_micros)?;
        writeln!(
            f,
            "            {:.1} before detection; the sender's own: {:.1}",
            self.before_detection_micros, self.sender_cpu_micros
        )?;
        writeln!(
            f,
            "delay       acknowledged p50 {:.1} ms, p99 {:.1} ms; searchable p50 {:.2} s, p99 {:.2} s; alerted p99 {:.2} s",
            self.acknowledged_p50_ms,
            self.acknowledged_p99_ms,
            self.searchable_p50_s,
            self.searchable_p99_s,
            self.alerted_p99_s
        )?;
        writeln!(
            f,
            "memory      {:.0} MiB idle, {:.0} MiB at most, growth {:.2}",
            self.idle_mib, self.peak_mib, self.memory_growth
        )?;
        write!(
            f,
            "disk        {:.0} bytes an event in the log, {:.0} in the lake",
            self.log_bytes_per_event, self.lake_bytes_per_event
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_stays_the_same_does_not_grow() {
        assert_eq!(growth(&[5; 100]), 1.0);
        assert_eq!(growth(&[1, 2]), 1.0);
        let rising: Vec<u64> = (0..100).collect();
        assert!(growth(&rising) > 5.0);
    }
}
