//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use model::role::Role;
use model::use_case::Language;

use crate::lake::LakeCommand;
use crate::retro_hunt::HuntArgs;

/// The managed security operations platform.
#[derive(Debug, Parser)]
#[command(name = "vedette", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the platform
    Serve(ConfigArgs),
    /// Run a demonstration: invented customers, real listeners, a living day of logs and attacks
    Demo(DemoArgs),
    /// Match Sigma rules against files, without a server
    Scan(ScanArgs),
    /// Match YARA rules against files and folders, also inside ZIP archives, without a server
    #[cfg(feature = "yara")]
    Yara(YaraArgs),
    /// Look at settings
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Manage users
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Read files (EVTX, NDJSON, plain logs; gzip and zstd too) into a running server as events of a device
    Import(ImportArgs),
    /// Write everything in the data folder to one file, also while the server runs
    Backup(BackupArgs),
    /// Fill an empty data folder from a backup
    Restore(RestoreArgs),
    /// Look after the events: check files, retention, deletion, evidence
    Lake {
        #[command(subcommand)]
        command: LakeCommand,
    },
    /// Take records in at a customer's and hand them on to the centre; `check` says what is wrong
    Collect(CollectArgs),
    /// Look for a list of indicators (addresses, CIDR ranges, domains, URLs, file hashes) in everything that was kept
    Hunt(HuntArgs),
    /// Measure what this machine takes, from socket to searchable
    Bench(BenchArgs),
    /// The sender of `bench`
    #[command(hide = true)]
    BenchSend,
    /// Print the API's OpenAPI document
    Openapi,
}

#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Settings file (TOML); defaults hold without one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct CollectArgs {
    /// The collector's settings (TOML)
    #[arg(long, value_name = "FILE", global = true, default_value = "/etc/vedette/collect.toml")]
    pub config: PathBuf,
    #[command(subcommand)]
    pub command: Option<CollectCommand>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum CollectCommand {
    /// Say whether address, credentials, clock and folders are right; sends and stores nothing
    Check,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say whether the settings hold up, and which addresses they open
    Check(ConfigArgs),
    /// Print every setting with its default
    Show,
}

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user; the password is read from the first line of standard input
    Add(UserAddArgs),
}

#[derive(Debug, Args)]
pub struct UserAddArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// What they sign in with
    #[arg(long)]
    pub login: String,
    /// What colleagues read; the login unless told
    #[arg(long)]
    pub name: Option<String>,
    /// What they may do: administrator, soc_manager, shift_lead, l1_analyst, l2_engineer, l3_analyst, ticket_auditor,
    /// service_manager or auditor
    #[arg(long = "role", default_value = "administrator", value_parser = parse_role)]
    pub roles: Vec<Role>,
    /// The language they read: en or zh
    #[arg(long, default_value = "en", value_parser = parse_language)]
    pub language: Language,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where to keep the demonstration's data
    #[arg(long, value_name = "FOLDER", default_value = "vedette-demo")]
    pub data: PathBuf,
    /// The console's address
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8600")]
    pub listen: SocketAddr,
    /// How much busier than an ordinary day (1: up to about 20 events a second)
    #[arg(long, default_value_t = 1.0)]
    pub rate: f64,
    /// The language of the customers' data: en or zh
    #[arg(long, default_value = "en", value_parser = parse_language)]
    pub language: Language,
    /// Minutes of the past to play first, as fast as they are taken; only with empty data
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    pub history: u64,
    /// Begin with empty data
    #[arg(long)]
    pub fresh: bool,
    /// Stop after so many seconds
    #[arg(long, value_name = "SECONDS")]
    pub duration: Option<u64>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct BenchArgs {
    #[command(subcommand)]
    pub what: Option<BenchCommand>,
    #[command(flatten)]
    pub flow: FlowArgs,
}

#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// How quick searches are, beside DuckDB and chDB where Python has them
    Find(FindArgs),
    /// How quick rules are matched, beside another engine where there is a program that measures it
    Sigma(SigmaArgs),
}

#[derive(Debug, Clone, Args)]
pub struct SigmaArgs {
    /// The folder of Sigma rules
    #[arg(long, value_name = "FOLDER")]
    pub rules: PathBuf,
    /// Files of records, or folders of such files
    #[arg(required = true, value_name = "EVENTS")]
    pub events: Vec<PathBuf>,
    /// Records taken at most
    #[arg(long, default_value_t = 100_000)]
    pub most: usize,
    /// Rounds over all events; the best one counts
    #[arg(long, default_value_t = 5)]
    pub rounds: usize,
    /// Measured with one thread and with so many
    #[arg(long, default_value_t = 2)]
    pub threads: usize,
    /// A program that measures both engines on the same events: it is called with the rules, the events, --rounds,
    /// --threads and --json, and prints a JSON line for each kind of events
    #[arg(long, value_name = "PROGRAM")]
    pub peer: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct FindArgs {
    /// Events to make and search, over thirty days of three customers
    #[arg(long, default_value_t = 20_000_000)]
    pub events: u64,
    /// Only the questions whose names contain this
    #[arg(long, value_name = "PART")]
    pub only: Option<String>,
    /// The Python that has the engines to compare with
    #[arg(long, default_value = "python3")]
    pub python: String,
    /// An empty folder to work in; a temporary one unless told
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct FlowArgs {
    /// How long to send
    #[arg(long, default_value_t = 60)]
    pub seconds: u64,
    /// Events a second; 0: as fast as they are taken
    #[arg(long, default_value_t = 0)]
    pub rate: u64,
    /// Files of log lines to send, one record a line, a device for each file; the samples of every source unless told
    #[arg(long, value_name = "FILE")]
    pub lines: Vec<PathBuf>,
    /// The part of all events, in percent, that devices themselves call an attack
    #[arg(long, default_value_t = 0.1, value_name = "PERCENT")]
    pub alarms: f64,
    /// Folders of Sigma rules to judge by besides our own
    #[arg(long, value_name = "FOLDER")]
    pub rules: Vec<PathBuf>,
    /// Events of one request, in the mean
    #[arg(long, default_value_t = 500)]
    pub batch: usize,
    /// An empty folder to work in, kept afterwards; a temporary one unless told
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ScanFormat {
    Table,
    Ndjson,
    Csv,
}

#[cfg(feature = "yara")]
#[derive(Debug, Args)]
pub struct YaraArgs {
    /// A file of YARA rules or a folder of them; may be given several times
    #[arg(long, value_name = "FILE|FOLDER")]
    pub rules: Vec<PathBuf>,
    /// Leave the rules out that are built in
    #[arg(long)]
    pub no_built_in: bool,
    /// One line of JSON for each match
    #[arg(long)]
    pub json: bool,
    /// Seconds for each file
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: u64,
    /// MiB of a file at most; larger ones are told
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..4096))]
    pub max_size: u64,
    /// Files and folders
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ScanArgs {
    /// A Sigma rule or a folder of them; may be given several times
    #[arg(long, value_name = "DIR", required = true)]
    pub rules: Vec<PathBuf>,
    /// How to print matches
    #[arg(long, value_enum, default_value_t = ScanFormat::Table)]
    pub format: ScanFormat,
    /// EVTX, NDJSON or syslog text, plain or compressed with gzip or zstd; folders are read recursively
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The device whose events these are
    #[arg(long, value_name = "ID")]
    pub device: String,
    /// Files to read
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct BackupArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
}

#[derive(Debug, Args)]
pub struct RestoreArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The backup to read
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
}

fn parse_role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|error: model::role::UnknownWord| error.to_string())
}

fn parse_language(text: &str) -> Result<Language, String> {
    text.parse().map_err(|error: model::role::UnknownWord| error.to_string())
}
