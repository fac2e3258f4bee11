//! Settings: the compiled-in defaults, a file of the same shape, the environment; unknown names are refused.

mod check;

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

/// Every setting with its default and what it means.
pub const REFERENCE: &str = include_str!("config/default.toml");

/// What every variable that sets something starts with.
const PREFIX: &str = "VEDETTE_";
/// Variables with that start that are no settings of the server: the demo's, by their own start.
const NOT_SETTINGS: &str = "VEDETTE_DEMO_";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub data: Data,
    pub store: Store,
    pub console: Console,
    pub ingest: Ingest,
    pub metrics: Metrics,
    pub detection: Detection,
    pub intel: Intel,
    pub lake: Lake,
    pub log: Log,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    pub folder: PathBuf,
    pub disk_reserve_mib: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    pub url: String,
    pub max_connections: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    pub listen: SocketAddr,
    #[serde(deserialize_with = "optional")]
    pub tls_certificate: Option<PathBuf>,
    #[serde(deserialize_with = "optional")]
    pub tls_key: Option<PathBuf>,
    pub allow_plain: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ingest {
    #[serde(deserialize_with = "optional")]
    pub http_listen: Option<SocketAddr>,
    #[serde(deserialize_with = "optional")]
    pub syslog_udp_listen: Option<SocketAddr>,
    #[serde(deserialize_with = "optional")]
    pub syslog_tcp_listen: Option<SocketAddr>,
    #[serde(deserialize_with = "optional")]
    pub syslog_tls_listen: Option<SocketAddr>,
    #[serde(deserialize_with = "optional")]
    pub forward_listen: Option<SocketAddr>,
    pub forward_shared_key: String,
    #[serde(deserialize_with = "optional")]
    pub tls_certificate: Option<PathBuf>,
    #[serde(deserialize_with = "optional")]
    pub tls_key: Option<PathBuf>,
    pub http_tls: bool,
    pub public_host: String,
    #[serde(deserialize_with = "ports")]
    pub device_ports: Option<RangeInclusive<u16>>,
    pub device_ports_address: std::net::IpAddr,
    pub log_file_mib: u64,
    pub max_record_bytes: usize,
    pub max_body_bytes: usize,
    pub max_in_flight_bytes: usize,
    pub customer_events_per_second: u64,
    pub customer_bytes_per_second: u64,
    pub device_events_per_second: u64,
    pub device_bytes_per_second: u64,
    pub burst_seconds: u64,
    pub nats: Nats,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    pub url: String,
    pub stream: String,
    pub consumer: String,
    pub user: String,
    pub password: String,
    pub token: String,
    #[serde(deserialize_with = "optional")]
    pub credentials_file: Option<PathBuf>,
    #[serde(deserialize_with = "optional")]
    pub tls_ca: Option<PathBuf>,
    #[serde(deserialize_with = "optional")]
    pub tls_certificate: Option<PathBuf>,
    #[serde(deserialize_with = "optional")]
    pub tls_key: Option<PathBuf>,
    pub subjects: Vec<NatsSubject>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NatsSubject {
    pub subject: String,
    pub device: model::DeviceId,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    #[serde(deserialize_with = "optional")]
    pub listen: Option<SocketAddr>,
    #[serde(deserialize_with = "optional")]
    pub tls_certificate: Option<PathBuf>,
    #[serde(deserialize_with = "optional")]
    pub tls_key: Option<PathBuf>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detection {
    pub embedded_rules: bool,
    pub rule_folders: Vec<PathBuf>,
    #[serde(deserialize_with = "optional")]
    pub source_folder: Option<PathBuf>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intel {
    pub private_feeds: bool,
    pub max_feed_mib: usize,
    pub feed_timeout_seconds: u64,
    #[serde(deserialize_with = "optional")]
    pub ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lake {
    pub flush_rows: usize,
    pub flush_seconds: u64,
    pub query_memory_mib: usize,
    pub concurrent_queries: usize,
    pub file_mib: u64,
    pub upkeep_share: f64,
    pub upkeep_seconds: u64,
    pub keep_days: i64,
    pub keep_days_least: i64,
    pub scrub_days: i64,
    pub scrub_mib_per_second: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the settings in {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// Not TOML, an unknown key, or a value of the wrong kind.
    #[error("{origin}: {message}")]
    Wrong { origin: String, message: String },
    /// A variable that sets nothing.
    #[error("the environment variable {0} sets nothing: `vedette config show` lists what there is")]
    UnknownVariable(String),
    /// Settings that contradict each other.
    #[error("{0}")]
    Contradiction(String),
}

impl Ingest {
    /// Certificate and key of the HTTP listener, if it speaks TLS.
    pub fn http_certificate(&self) -> Option<(&Path, &Path)> {
        self.certificate().filter(|_| self.http_tls)
    }

    /// Certificate and key of the listeners that speak TLS.
    pub fn certificate(&self) -> Option<(&Path, &Path)> {
        self.tls_certificate.as_deref().zip(self.tls_key.as_deref())
    }
}

impl Config {
    /// Defaults, then the file, then the environment.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Config, ConfigError> {
        let mut table: Table = REFERENCE.parse().expect("the compiled-in settings are TOML");
        let mut origin = "settings".to_owned();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
            origin = path.display().to_string();
            let wrong =
                |error: toml::de::Error| ConfigError::Wrong { origin: origin.clone(), message: error.to_string() };
            let given: Table = text.parse().map_err(wrong)?;
            merge(&mut table, given, "").map_err(|message| ConfigError::Wrong { origin: origin.clone(), message })?;
        }
        for (name, value) in environment {
            if name.starts_with(PREFIX) && !name.starts_with(NOT_SETTINGS) {
                set(&mut table, &name, &value)?;
            }
        }
        let config: Config = table
            .try_into()
            .map_err(|error: toml::de::Error| ConfigError::Wrong { origin, message: error.to_string() })?;
        check::check(&config).map_err(ConfigError::Contradiction)?;
        Ok(config)
    }
}

/// Puts the given values over the defaults; a name that has no default does not exist.
fn merge(base: &mut Table, given: Table, path: &str) -> Result<(), String> {
    for (key, value) in given {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (base.get_mut(&key), value) {
            (None, _) => return Err(format!("unknown key `{path}`: `vedette config show` lists what there is")),
            (Some(Value::Table(base)), Value::Table(given)) => merge(base, given, &path)?,
            (Some(Value::Table(_)), _) => return Err(format!("`{path}` is a section: write [{path}]")),
            (Some(place), value) if place.type_str() == value.type_str() => *place = value,
            (Some(place), value) => {
                return Err(format!("`{path}` must be a {}, not a {}", place.type_str(), value.type_str()));
            }
        }
    }
    Ok(())
}

/// Sets the value whose path, joined by underscores, is the variable's name.
fn set(table: &mut Table, name: &str, text: &str) -> Result<(), ConfigError> {
    let wanted = name[PREFIX.len()..].to_lowercase();
    for (section, values) in table.iter_mut() {
        let Value::Table(values) = values else { continue };
        let Some(key) = wanted.strip_prefix(section.as_str()).and_then(|rest| rest.strip_prefix('_')) else { continue };
        let place = match values.get_mut(key) {
            Some(place) => Some(place),
            // One section lies in another.
            None => values.iter_mut().find_map(|(inner, values)| {
                let key = key.strip_prefix(inner.as_str())?.strip_prefix('_')?;
                values.as_table_mut()?.get_mut(key)
            }),
        };
        let Some(place) = place else { continue };
        let wrong = |kind: &str| ConfigError::Wrong {
            origin: format!("environment variable {name}"),
            message: format!("`{text}` is not a {kind}"),
        };
        *place = match place {
            Value::Integer(_) => Value::Integer(text.parse().map_err(|_| wrong("whole number"))?),
            Value::Boolean(_) => Value::Boolean(text.parse().map_err(|_| wrong("true or false"))?),
            Value::Array(_) => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
            }
            _ => Value::String(text.to_owned()),
        };
        return Ok(());
    }
    Err(ConfigError::UnknownVariable(name.to_owned()))
}

/// Empty text is nothing.
fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|error| serde::de::Error::custom(format!("`{text}`: {error}")))
}

fn ports<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<RangeInclusive<u16>>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    let range =
        text.split_once('-').and_then(|(first, last)| Some(first.trim().parse().ok()?..=last.trim().parse().ok()?));
    range
        .filter(|range| range.start() <= range.end() && *range.start() > 0)
        .map(Some)
        .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a range of ports such as 20000-20999")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vedette.toml");
        std::fs::write(&file, text).unwrap();
        let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        Config::load(Some(&file), environment.collect::<Vec<_>>().into_iter())
    }

    #[test]
    fn the_reference_is_a_valid_configuration_by_itself() {
        let config = Config::load(None, std::iter::empty()).unwrap();
        assert_eq!(config.ingest.device_ports, Some(20000..=20999));
        assert_eq!(config.ingest.syslog_tls_listen, None);
    }

    #[test]
    fn a_file_overrides_defaults_and_the_environment_overrides_the_file() {
        let config = load("[lake]\nflush_rows = 5\nflush_seconds = 6", &[("VEDETTE_LAKE_FLUSH_ROWS", "7")]).unwrap();
        assert_eq!((config.lake.flush_rows, config.lake.flush_seconds), (7, 6));
        let folders = load("", &[("VEDETTE_DETECTION_RULE_FOLDERS", "/a, /b")]).unwrap().detection.rule_folders;
        assert_eq!(folders, [PathBuf::from("/a"), PathBuf::from("/b")]);
        let device = "dev_00000000000000000000000000";
        let file =
            format!("[ingest.nats]\nstream = \"LOGS\"\nsubjects = [{{ subject = \"a.>\", device = \"{device}\" }}]");
        let nats = load(&file, &[("VEDETTE_INGEST_NATS_URL", "nats://127.0.0.1:4222")]);
        let nats = nats.unwrap().ingest.nats;
        assert_eq!((nats.url.as_str(), nats.stream.as_str()), ("nats://127.0.0.1:4222", "LOGS"));
    }

    #[test]
    fn unknown_keys_and_variables_are_refused_by_name() {
        let error = load("[lake]\nflush_row = 5", &[]).unwrap_err().to_string();
        assert!(error.contains("lake.flush_row"), "{error}");
        let error = load("", &[("VEDETTE_LAKE_FLUSH_ROW", "7")]).unwrap_err().to_string();
        assert!(error.contains("VEDETTE_LAKE_FLUSH_ROW"), "{error}");
        assert!(load("", &[("VEDETTE_DEMO_ADMIN_PASSWORD", "x")]).is_ok());
    }

    #[test]
    fn a_value_of_the_wrong_kind_says_where() {
        let error = load("[lake]\nflush_rows = \"many\"", &[]).unwrap_err().to_string();
        assert!(error.contains("lake.flush_rows"), "{error}");
    }

    #[test]
    fn a_console_others_can_reach_needs_tls_or_a_clear_word() {
        assert!(load("[console]\nlisten = \"0.0.0.0:8600\"", &[]).is_err());
        assert!(load("[console]\nlisten = \"0.0.0.0:8600\"\nallow_plain = true", &[]).is_ok());
        assert!(load("[ingest]\nsyslog_tls_listen = \"0.0.0.0:6514\"", &[]).is_err());
    }

    #[test]
    fn what_could_only_fail_later_is_refused_with_the_settings_concerned() {
        for (text, named) in [
            ("[ingest]\nsyslog_tcp_listen = \"0.0.0.0:8601\"", ["http_listen", "syslog_tcp_listen"]),
            ("[metrics]\nlisten = \"127.0.0.1:8514\"", ["[metrics] listen", "syslog_tcp_listen"]),
            ("[ingest]\ndevice_ports = \"8000-9000\"", ["device_ports", "[console] listen"]),
            ("[log]\nlevel = \"loud\"", ["[log] level", "loud"]),
            ("[log]\nlevel = \"info,pipeline\"", ["[log] level", "pipeline"]),
            ("[store]\nurl = \"mysql://u:secret@h/d\"", ["[store] url", "postgres://"]),
        ] {
            let error = load(text, &[]).expect_err(text).to_string();
            assert!(named.iter().all(|name| error.contains(name)) && !error.contains("secret"), "{text}: {error}");
        }
        for text in [
            "[ingest]\nsyslog_udp_listen = \"127.0.0.1:8600\"",
            "[ingest]\nhttp_listen = \"127.0.0.1:0\"\nsyslog_tcp_listen = \"127.0.0.1:0\"",
            "[log]\nlevel = \"info,pipeline=debug\"",
        ] {
            assert!(load(text, &[]).is_ok(), "{text}");
        }
    }
}
