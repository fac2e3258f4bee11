//! Prometheus text, and whether the server is alive and ready.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use model::{Context, Scope};
use pipeline::{IndexStats, Pipeline, PipelineStats};

use crate::error::whole;
use crate::lake::{Seen, Upkeep};
use crate::open::Opened;
use crate::time::now;

/// Durable records not yet judged at which the server counts as not ready.
const READY_LAG: u64 = 5_000_000;
/// How long the store may take; whoever asks does not wait much longer themselves.
const STORE_ANSWERS: Duration = Duration::from_secs(2);

/// What health and metrics look at.
#[derive(Clone)]
pub struct Health {
    pub opened: Arc<Opened>,
    pub pipeline: Arc<Pipeline>,
    pub upkeep: Arc<Upkeep>,
}

/// `/healthz`: the process answers. `/readyz`: it can take events and answer questions; the body says what cannot.
pub fn health_router(health: Health) -> Router {
    Router::new().route("/healthz", get(|| async { "ok\n" })).route("/readyz", get(ready)).with_state(health)
}

/// `/metrics` in Prometheus text.
pub fn metrics_router(health: Health) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(health)
}

async fn ready(State(health): State<Health>) -> impl IntoResponse {
    let stats = health.pipeline.stats();
    let mut problems = Vec::new();
    if let Some(why) = &stats.receive.stopped {
        problems.push(format!("intake stopped: {why}"));
    }
    if stats.receive.disk_low {
        problems.push("intake waits for room on the disk".to_owned());
    }
    if stats.lag > READY_LAG {
        problems.push(format!("{} records wait to be judged", stats.lag));
    }
    let ctx = Context::job("readiness", Scope::All, now());
    match tokio::time::timeout(STORE_ANSWERS, health.opened.ops.last_change(&ctx)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => problems.push(format!("the store does not answer: {}", whole(&error))),
        Err(_) => problems.push(format!("the store does not answer within {} s", STORE_ANSWERS.as_secs())),
    }
    if problems.is_empty() {
        (StatusCode::OK, "ready\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, problems.join("\n") + "\n")
    }
}

async fn metrics(State(health): State<Health>) -> impl IntoResponse {
    let text =
        render(&health.pipeline.stats(), &health.pipeline.intel_stats(), &health.upkeep.seen(), resident_bytes());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}

fn render(stats: &PipelineStats, intel: &IndexStats, seen: &Seen, resident: Option<u64>) -> String {
    let mut text = String::new();
    let mut metric = |name: &str, kind: &str, help: &str, values: &[(&str, f64)]| {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "# HELP vedette_{name} {help}\n# TYPE vedette_{name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(text, "vedette_{name}{labels} {value}");
        }
    };
    let micros = |micros: u64| micros as f64 / 1e6;
    let counters = [
        ("records_received_total", "Records handed to intake.", stats.receive.received),
        ("bytes_received_total", "Bytes of those records.", stats.receive.received_bytes),
        ("records_accepted_total", "Records queued for the log.", stats.receive.accepted),
        ("records_truncated_total", "Records cut because they were too long.", stats.receive.truncated),
        ("records_parsed_total", "Records a source or format took.", stats.parsed),
        ("records_unparsed_total", "Records kept whole.", stats.unparsed),
        ("record_panics_total", "Records whose parsing or detection panicked.", stats.panics),
        ("detections_total", "Rules, correlations and device alarms that fired.", stats.detections),
        ("alert_writes_total", "Writes of new and grown alerts.", stats.alerts),
        ("alerts_closed_early_total", "Alerts closed because a customer had too many open.", stats.closed_early),
        ("correlation_groups_forgotten_total", "Groups forgotten at a bound.", stats.groups_forgotten),
        ("correlation_events_forgotten_total", "Events forgotten by their group.", stats.group_events_forgotten),
        ("correlation_events_late_total", "Events too late for their group.", stats.group_events_late),
        ("baseline_groups_forgotten_total", "Profiles forgotten at a bound.", stats.profiles_forgotten),
        ("store_retries_total", "Commits to the store tried again.", stats.store_retries),
        ("lake_retries_total", "Flushes of the lake tried again.", stats.lake_retries),
        ("lake_compactions_total", "Merges of lake files.", seen.lake.compactions),
        ("lake_files_merged_total", "Lake files merged away.", seen.lake.files_merged),
        ("lake_rows_merged_total", "Events in those files.", seen.lake.rows_merged),
        ("lake_bytes_merged_total", "Bytes written by merging.", seen.lake.bytes_merged),
        ("lake_files_scrubbed_total", "Lake files compared with their checksums.", seen.lake.files_scrubbed),
        ("lake_bytes_scrubbed_total", "Bytes of those files.", seen.lake.bytes_scrubbed),
        ("lake_files_deleted_total", "Lake files expired or deleted on request.", seen.lake.files_deleted),
        ("lake_rows_deleted_total", "Events deleted with a certificate.", seen.lake.rows_deleted),
        ("lake_upkeep_failures_total", "Rounds of the lake's upkeep that failed.", seen.failures),
        ("log_bytes_total", "Bytes written to the write-ahead log.", stats.receive.wal_bytes),
        ("log_syncs_total", "Calls of fdatasync on the write-ahead log.", stats.receive.syncs),
    ];
    for (name, help, value) in counters {
        metric(name, "counter", help, &[("", value as f64)]);
    }
    let rejected: Vec<(String, f64)> =
        stats.receive.rejected.iter().map(|(why, count)| (format!("{{reason=\"{why}\"}}"), *count as f64)).collect();
    let rejected: Vec<(&str, f64)> = rejected.iter().map(|(labels, count)| (labels.as_str(), *count)).collect();
    metric("rejected_total", "counter", "Records and connections not taken.", &rejected);
    let mut ways = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    for way in &stats.receive.protocols {
        let label = format!("{{protocol=\"{}\"}}", way.protocol);
        for (place, value) in [way.received, way.received_bytes, way.accepted].into_iter().enumerate() {
            ways[place].push((label.clone(), value as f64));
        }
        for (why, count) in way.rejected.iter().filter(|(_, count)| *count > 0) {
            ways[3].push((format!("{{protocol=\"{}\",reason=\"{why}\"}}", way.protocol), *count as f64));
        }
    }
    let about_ways = [
        ("protocol_records_total", "Records handed to intake by protocol."),
        ("protocol_bytes_total", "Bytes of those records."),
        ("protocol_accepted_total", "Records queued for the log by protocol."),
        ("protocol_rejected_total", "Records, bodies and connections not taken by protocol."),
    ];
    for ((name, help), values) in about_ways.into_iter().zip(&ways) {
        let values: Vec<(&str, f64)> = values.iter().map(|(label, value)| (label.as_str(), *value)).collect();
        metric(name, "counter", help, &values);
    }
    metric("log_sync_seconds_total", "counter", "Time in fdatasync.", &[("", micros(stats.receive.sync_micros))]);
    let cpu = &stats.cpu_micros;
    let stages = [
        ("{stage=\"read\"}", micros(cpu.read)),
        ("{stage=\"parse\"}", micros(cpu.parse)),
        ("{stage=\"lake\"}", micros(cpu.lake)),
        ("{stage=\"detect\"}", micros(cpu.detect)),
        ("{stage=\"aggregate\"}", micros(cpu.aggregate)),
    ];
    metric("stage_cpu_seconds_total", "counter", "CPU time of the flow by stage.", &stages);
    let gauges = [
        ("correlation_groups", "Groups correlations held at the last checkpoint.", stats.groups),
        ("baseline_groups", "Groups whose profile baselines kept at the last checkpoint.", stats.profiles),
        ("baseline_bytes", "Bytes of those profiles, about.", stats.profile_bytes),
        ("connections", "Open connections of senders.", stats.receive.connections),
        ("log_position", "Last durable sequence of the log.", stats.receive.wal_position),
        ("log_first", "First sequence still in the log.", stats.receive.wal_first),
        ("flow_position", "Sequence up to which everything is committed.", stats.committed),
        ("flow_lag_records", "Durable records not yet committed.", stats.lag),
        ("lake_files", "Files of the lake.", seen.lake.files),
        ("lake_bytes", "Bytes of those files.", seen.lake.bytes),
        ("lake_rows", "Events in those files.", seen.lake.rows),
        ("lake_damaged_files", "Lake files that are damaged and kept out of searches.", seen.lake.damaged),
        ("lake_replaced_files", "Replaced lake files that a search may still read.", seen.lake.waiting_for_readers),
        ("disk_low", "1 while intake waits for room on the disk.", u64::from(stats.receive.disk_low)),
        ("intake_stopped", "1 when intake stopped for good.", u64::from(stats.receive.stopped.is_some())),
    ];
    for (name, help, value) in gauges {
        metric(name, "gauge", help, &[("", value as f64)]);
    }
    metric("intel_indicators", "gauge", "Indicators looked for.", &[("", intel.indicators as f64)]);
    metric("intel_index_bytes", "gauge", "Bytes of the index over them.", &[("", intel.bytes as f64)]);
    let help = "Indicators seen that a warning list kept from alarming, since the lists last changed.";
    metric("intel_suppressed_hits", "gauge", help, &[("", intel.taken_back as f64)]);
    if let Some(resident) = resident {
        metric("resident_bytes", "gauge", "Resident memory of the process.", &[("", resident as f64)]);
    }
    text
}

/// Resident memory, from the second number of /proc/self/statm in pages of 4 KiB.
pub fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split(' ').nth(1)?.parse::<u64>().ok()? * 4096)
}

#[cfg(test)]
mod tests {
    use receive::{ProtocolStats, ReceiveStats};

    use super::*;

    #[test]
    fn every_metric_has_help_type_and_a_value() {
        let hec =
            ProtocolStats { protocol: "hec", received: 5, rejected: vec![("full", 3)], ..ProtocolStats::default() };
        let (rejected, protocols) = (vec![("wrong_token", 2)], vec![hec]);
        let receive = ReceiveStats { received: 7, rejected, protocols, ..ReceiveStats::default() };
        let stats = PipelineStats { receive, ..PipelineStats::default() };
        let text = render(&stats, &IndexStats::default(), &Seen::default(), Some(4096));
        assert!(text.contains("# TYPE vedette_records_received_total counter\nvedette_records_received_total 7\n"));
        assert!(text.contains("vedette_rejected_total{reason=\"wrong_token\"} 2\n"), "{text}");
        assert!(text.contains("vedette_protocol_rejected_total{protocol=\"hec\",reason=\"full\"} 3\n"), "{text}");
        let helps = text.lines().filter(|line| line.starts_with("# HELP")).count();
        assert_eq!(helps, text.lines().filter(|line| line.starts_with("# TYPE")).count());
    }
}
