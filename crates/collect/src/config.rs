//! The settings of a collector: one TOML file, unknown names refused, what contradicts told with its place.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Error;

/// The least a buffer may hold.
const LEAST_BUFFER: u64 = 16;

/// Everything there is to set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it hands on to.
    pub centre: Centre,
    /// What it keeps until then.
    pub buffer: Buffer,
    /// What it listens on.
    #[serde(default)]
    pub listen: Listen,
    /// Files it follows.
    #[serde(default, rename = "file")]
    pub files: Vec<FileInput>,
    /// Folders of EVTX files.
    #[serde(default, rename = "evtx")]
    pub evtx: Vec<EvtxInput>,
    /// What must not leave.
    #[serde(default)]
    pub mask: Mask,
    /// Its own metrics and health.
    #[serde(default)]
    pub metrics: Metrics,
    /// Its own log.
    #[serde(default)]
    pub log: Log,
}

/// The centre.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Centre {
    /// `https://host:port` of the ingest listener.
    pub url: String,
    /// PEM file of the authorities, or of the certificate itself, the centre's certificate is checked against.
    #[serde(default = "authorities")]
    pub ca: PathBuf,
    /// PEM files of the collector's own certificate and key. Read again when they change.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// See there.
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// A file that holds the collector's token, in place of a certificate. Read again for every connection.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// Bytes of records handed on at a time, before compression.
    #[serde(default = "batch_bytes")]
    pub batch_bytes: usize,
    /// The longest wait between two attempts, in seconds.
    #[serde(default = "longest_wait")]
    pub longest_wait_seconds: u64,
    /// zstd's level.
    #[serde(default = "level")]
    pub compression: i32,
}

/// The buffer on disk.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buffer {
    /// Its folder; made when missing. One collector at a time.
    pub folder: PathBuf,
    /// Most it may take up, in MiB.
    #[serde(default = "cap")]
    pub max_mib: u64,
    /// So much of the disk stays free, in MiB.
    #[serde(default = "reserve")]
    pub disk_reserve_mib: u64,
}

/// Listeners: the same protocols as at the centre. No sender need carry a credential.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Syslog and GELF.
    #[serde(default)]
    pub udp: Option<SocketAddr>,
    /// Syslog, GELF, forward, Lumberjack.
    #[serde(default)]
    pub tcp: Option<SocketAddr>,
    /// The same over TLS.
    #[serde(default)]
    pub tls: Option<SocketAddr>,
    /// Forward with a shared key.
    #[serde(default)]
    pub forward: Option<SocketAddr>,
    /// The key.
    #[serde(default)]
    pub forward_shared_key: String,
    /// NDJSON, `_bulk`, HEC, OTLP.
    #[serde(default)]
    pub http: Option<SocketAddr>,
    /// PEM files for the TLS listener, and for HTTP where `http_tls` says so.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// See there.
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// HTTP speaks TLS.
    #[serde(default)]
    pub http_tls: bool,
}

/// Files that are followed as they grow.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileInput {
    /// Patterns: `*` and `?` within a name, `**` for folders.
    pub paths: Vec<String>,
    /// Patterns of files to leave alone.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// What a line begins a record with; lines that do not begin so belong to the record before.
    #[serde(default)]
    pub record_start: Option<String>,
    /// A record of many lines is complete when nothing came for so long (milliseconds).
    #[serde(default = "record_wait")]
    pub record_wait_ms: u64,
    /// Files that are there at the first start: `beginning` or `end`.
    #[serde(default)]
    pub existing: Existing,
    /// The source folder that parses its records; empty: recognised record by record.
    #[serde(default)]
    pub source: String,
    /// The address of the device that wrote them, as if it had sent them from there.
    #[serde(default)]
    pub address: Option<std::net::IpAddr>,
    /// IANA zone of times without one.
    #[serde(default)]
    pub time_zone: String,
}

/// A folder of EVTX files.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvtxInput {
    /// Patterns of the files.
    pub paths: Vec<String>,
    /// The address of the device they are of.
    #[serde(default)]
    pub address: Option<std::net::IpAddr>,
    /// The source folder that parses them.
    #[serde(default)]
    pub source: String,
}

/// Where to begin with a file that is there at the first start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Existing {
    /// All of it.
    #[default]
    Beginning,
    /// Only what is added.
    End,
}

/// What must not leave.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mask {
    /// A file with the customer's key, of at least 16 bytes. Needed for hashing.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// A folder of log sources that adds to or overrides those that come with the program.
    #[serde(default)]
    pub source_folder: Option<PathBuf>,
    /// What is done to which fields.
    #[serde(default, rename = "field")]
    pub fields: Vec<MaskField>,
}

/// One rule of masking.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskField {
    /// Core names (`user_name`) or the record's own (`srcuser`, `user.email`).
    #[serde(default)]
    pub names: Vec<String>,
    /// What its first group matches (or all of it) is masked wherever it stands, parsed or not.
    #[serde(default)]
    pub pattern: Option<String>,
    /// What is done.
    pub action: MaskAction,
    /// Characters left by `truncate`.
    #[serde(default)]
    pub keep: usize,
}

/// What is done to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskAction {
    /// A keyed hash: equal values stay equal.
    Hash,
    /// Only its beginning stays; of an address, its network (/24, /48).
    Truncate,
    /// `***` in its place.
    Drop,
}

/// Metrics and health.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// `/metrics` and `/healthz`, without sign-in.
    #[serde(default)]
    pub listen: Option<SocketAddr>,
}

/// The program's own log.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// error, warn, info, debug, trace, or a filter.
    #[serde(default = "info")]
    pub level: String,
    /// JSON in place of text.
    #[serde(default)]
    pub json: bool,
}

impl Default for Log {
    fn default() -> Self {
        Log { level: info(), json: false }
    }
}

fn authorities() -> PathBuf {
    PathBuf::from("/etc/ssl/certs/ca-certificates.crt")
}

fn batch_bytes() -> usize {
    2 << 20
}

fn longest_wait() -> u64 {
    60
}

fn level() -> i32 {
    3
}

fn cap() -> u64 {
    4096
}

fn reserve() -> u64 {
    1024
}

fn record_wait() -> u64 {
    1000
}

fn info() -> String {
    "info".to_owned()
}

impl Config {
    /// Reads a file.
    pub fn load(path: &Path) -> Result<Config, Error> {
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
        Config::parse(&text).map_err(|message| Error::Settings { path: path.to_owned(), message })
    }

    /// Reads a text.
    pub fn parse(text: &str) -> Result<Config, String> {
        let config: Config = toml::from_str(text).map_err(|error| error.to_string())?;
        config.contradiction().map_or(Ok(config), Err)
    }

    fn contradiction(&self) -> Option<String> {
        let Config { centre, buffer, listen, mask, .. } = self;
        if crate::client::Target::of(&centre.url).is_none() {
            return Some(format!("[centre] url = \"{}\" is not of the form https://host:port", centre.url));
        }
        if centre.certificate.is_some() != centre.key.is_some() {
            return Some("[centre] certificate and key must be set together".into());
        }
        if centre.certificate.is_some() == centre.token_file.is_some() {
            return Some("[centre] needs either certificate and key or token_file".into());
        }
        if !(64 * 1024..=8 << 20).contains(&centre.batch_bytes) {
            return Some("[centre] batch_bytes must be 65536 to 8388608".into());
        }
        if buffer.max_mib < LEAST_BUFFER {
            return Some(format!("[buffer] max_mib must be at least {LEAST_BUFFER}"));
        }
        if listen.certificate.is_some() != listen.key.is_some() {
            return Some("[listen] certificate and key must be set together".into());
        }
        if (listen.tls.is_some() || listen.http_tls) && listen.certificate.is_none() {
            return Some("[listen] tls and http_tls need certificate and key".into());
        }
        if listen.forward.is_some() == listen.forward_shared_key.is_empty() {
            return Some("[listen] forward and forward_shared_key must be set together".into());
        }
        if mask.fields.iter().any(|field| field.names.is_empty() && field.pattern.is_none()) {
            return Some("[[mask.field]] needs names or a pattern".into());
        }
        if mask.fields.iter().any(|field| field.action == MaskAction::Hash) && mask.key_file.is_none() {
            return Some("[mask] key_file is needed for action = \"hash\"".into());
        }
        let patterns = self.files.iter().filter_map(|file| file.record_start.as_deref());
        patterns
            .chain(mask.fields.iter().filter_map(|field| field.pattern.as_deref()))
            .find_map(|pattern| regex::Regex::new(pattern).err().map(|error| format!("`{pattern}`: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str =
        "[centre]\nurl = \"https://soc.example:8601\"\ntoken_file = \"token\"\n[buffer]\nfolder = \"b\"\n";

    #[test]
    fn a_few_lines_are_enough() {
        let config = Config::parse(LEAST).unwrap();
        assert_eq!((config.buffer.max_mib, config.centre.batch_bytes), (4096, 2 << 20));
        assert!(config.listen.udp.is_none() && config.files.is_empty());
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_place() {
        for (text, told) in [
            (LEAST.replace("https:", "ftp:"), "[centre] url"),
            (LEAST.replace("token_file = \"token\"\n", ""), "token_file"),
            (LEAST.replace("token_file", "tokenfile"), "tokenfile"),
            (format!("{LEAST}max_mib = 1\n"), "max_mib"),
            (format!("{LEAST}[listen]\ntls = \"0.0.0.0:6514\"\n"), "[listen]"),
            (format!("{LEAST}[[mask.field]]\naction = \"hash\"\nnames = [\"user_name\"]\n"), "key_file"),
            (format!("{LEAST}[[mask.field]]\naction = \"drop\"\n"), "names or a pattern"),
            (format!("{LEAST}[[file]]\npaths = [\"a\"]\nrecord_start = \"(\"\n"), "`(`"),
        ] {
            let error = Config::parse(&text).unwrap_err();
            assert!(error.contains(told), "{told}: {error}");
        }
    }
}
