//! What settings must agree on among themselves, told before anything is opened.

use std::net::SocketAddr;

use super::Config;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Says what contradicts what.
pub fn check(config: &Config) -> Result<(), String> {
    let (console, ingest, metrics) = (&config.console, &config.ingest, &config.metrics);
    let pairs = [
        ("console", &console.tls_certificate, &console.tls_key),
        ("ingest", &ingest.tls_certificate, &ingest.tls_key),
        ("metrics", &metrics.tls_certificate, &metrics.tls_key),
    ];
    if let Some((section, ..)) = pairs.iter().find(|(_, certificate, key)| certificate.is_some() != key.is_some()) {
        return Err(format!("[{section}] tls_certificate and tls_key must be set together"));
    }
    if console.tls_certificate.is_none() && !console.listen.ip().is_loopback() && !console.allow_plain {
        let listen = console.listen;
        return Err(format!(
            "[console] listen = \"{listen}\" can be reached by others without TLS: set tls_certificate and tls_key, \
             listen on 127.0.0.1, or set allow_plain = true"
        ));
    }
    if ingest.syslog_tls_listen.is_some() && ingest.tls_certificate.is_none() {
        return Err("[ingest] syslog_tls_listen needs tls_certificate and tls_key".to_owned());
    }
    if ingest.forward_listen.is_some() == ingest.forward_shared_key.is_empty() {
        return Err("[ingest] forward_listen and forward_shared_key must be set together".to_owned());
    }
    if !(16..=4096).contains(&ingest.log_file_mib) {
        return Err("[ingest] log_file_mib must be 16 to 4096".to_owned());
    }
    let nats = &ingest.nats;
    if nats.url.is_empty() != nats.subjects.is_empty() {
        return Err("[ingest.nats] url and subjects must be set together".to_owned());
    }
    if nats.tls_certificate.is_some() != nats.tls_key.is_some() {
        return Err("[ingest.nats] tls_certificate and tls_key must be set together".to_owned());
    }
    if ingest.max_record_bytes < 1024 || ingest.max_in_flight_bytes < ingest.max_record_bytes {
        return Err(
            "[ingest] max_record_bytes must be at least 1024, max_in_flight_bytes at least max_record_bytes".to_owned()
        );
    }
    if config.lake.concurrent_queries == 0 || config.lake.query_memory_mib < 64 || config.lake.flush_rows == 0 {
        return Err(
            "[lake] concurrent_queries and flush_rows must be at least 1, query_memory_mib at least 64".to_owned()
        );
    }
    let lake = &config.lake;
    if lake.file_mib < 8 || !(0.01..=1.0).contains(&lake.upkeep_share) || lake.scrub_mib_per_second == 0 {
        return Err(
            "[lake] file_mib must be at least 8, upkeep_share 0.01 to 1, scrub_mib_per_second at least 1".into()
        );
    }
    if !(1..=3600).contains(&lake.upkeep_seconds) {
        return Err("[lake] upkeep_seconds must be 1 to 3600".into());
    }
    let most = model::retention::MOST_RETENTION_DAYS;
    let days = [lake.keep_days, lake.keep_days_least, lake.scrub_days];
    if days.iter().any(|days| !(0..=most).contains(days)) {
        return Err(format!("[lake] keep_days, keep_days_least and scrub_days must be 0 to {most}"));
    }
    if lake.keep_days > 0 && lake.keep_days < lake.keep_days_least {
        return Err("[lake] keep_days must be 0 or at least keep_days_least".to_owned());
    }
    let url = &config.store.url;
    if !url.is_empty() && !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err("[store] url must be empty or begin with postgres://".to_owned());
    }
    level(&config.log.level)?;
    addresses(config)
}

/// A filter such as `info,pipeline=debug`. A word that is no level would name a part of the program and silence the rest.
fn level(filter: &str) -> Result<(), String> {
    for part in filter.split(',') {
        let word = part.rsplit('=').next().unwrap_or(part).trim();
        if !LEVELS.contains(&word.to_lowercase().as_str()) {
            return Err(format!("[log] level = \"{filter}\": `{word}` is none of {}", LEVELS.join(", ")));
        }
    }
    Ok(())
}

/// No address is taken twice.
fn addresses(config: &Config) -> Result<(), String> {
    let ingest = &config.ingest;
    let tcp = [
        ("[console] listen", Some(config.console.listen)),
        ("[ingest] http_listen", ingest.http_listen),
        ("[ingest] syslog_tcp_listen", ingest.syslog_tcp_listen),
        ("[ingest] syslog_tls_listen", ingest.syslog_tls_listen),
        ("[ingest] forward_listen", ingest.forward_listen),
        ("[metrics] listen", config.metrics.listen),
    ];
    let tcp: Vec<(&str, SocketAddr)> = tcp.into_iter().filter_map(|(name, address)| Some((name, address?))).collect();
    for (at, (name, address)) in tcp.iter().enumerate() {
        let same = |other: &&(&str, SocketAddr)| address.port() != 0 && meet(*address, other.1);
        if let Some((other, taken)) = tcp[..at].iter().find(same) {
            return Err(format!("{name} = \"{address}\" and {other} = \"{taken}\" cannot share a port"));
        }
    }
    let Some(range) = &ingest.device_ports else { return Ok(()) };
    let udp = ingest.syslog_udp_listen.map(|address| ("[ingest] syslog_udp_listen", address));
    for (name, address) in tcp.into_iter().chain(udp) {
        let on_range = SocketAddr::new(ingest.device_ports_address, address.port());
        if range.contains(&address.port()) && meet(on_range, address) {
            let (first, last) = (range.start(), range.end());
            return Err(format!(
                "[ingest] device_ports = \"{first}-{last}\" contains the port of {name} = \"{address}\""
            ));
        }
    }
    Ok(())
}

/// Whether two listeners would want the same socket.
fn meet(one: SocketAddr, other: SocketAddr) -> bool {
    let everywhere = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port() && (everywhere || one.ip() == other.ip())
}
