//! The command line of `vedette lake`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use model::{CustomerId, DeletionId, EventId, Timestamp};

use crate::cli::ConfigArgs;

#[derive(Debug, Subcommand)]
pub enum LakeCommand {
    /// Check every file against the catalogue: there, checksum, events, times, ids, order; fails when one does not hold
    Verify(VerifyArgs),
    /// Print the paths of the files that make up the lake, one a line, for readers that want exactly those
    Files(FilesArgs),
    /// Show or set how long a customer's events are kept, and legal hold
    Retention(RetentionArgs),
    /// Delete a customer's events of a period, or all, for good; prints the certificate
    Delete(DeleteArgs),
    /// Give up a file that was found damaged, with its events; prints the certificate
    Forget(ForgetArgs),
    /// Print certificates of deletions
    Certificates(CertificatesArgs),
    /// Write the events of a query as evidence: Parquet and NDJSON with a manifest, noted in the audit log
    Export(ExportArgs),
    /// Check an evidence file against its manifest
    CheckEvidence(CheckEvidenceArgs),
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Only this customer's files
    #[arg(long, value_name = "ID")]
    pub customer: Option<CustomerId>,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct FilesArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Only this customer's files
    #[arg(long, value_name = "ID")]
    pub customer: Option<CustomerId>,
    /// Only files that may hold events from here on
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Only files that may hold events before
    #[arg(long, value_name = "TIME")]
    pub to: Option<Timestamp>,
}

#[derive(Debug, Args)]
pub struct RetentionArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Whose
    #[arg(long, value_name = "ID")]
    pub customer: CustomerId,
    /// Keep events so many days
    #[arg(long, conflicts_with = "default")]
    pub days: Option<i64>,
    /// Keep events as long as the settings say
    #[arg(long)]
    pub default: bool,
    /// Put the customer under legal hold, for this reason: nothing is deleted
    #[arg(long, value_name = "REASON", conflicts_with = "release")]
    pub hold: Option<String>,
    /// End the legal hold
    #[arg(long)]
    pub release: bool,
    /// Why it is changed, for the audit log
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

#[derive(Debug, Args)]
pub struct DeleteArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Whose events
    #[arg(long, value_name = "ID")]
    pub customer: CustomerId,
    /// Events from this time on; from the first unless told
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Events before this time; to the last unless told
    #[arg(long, value_name = "TIME")]
    pub to: Option<Timestamp>,
    /// Why, for the certificate
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Delete also what is younger than [lake] keep_days_least
    #[arg(long)]
    pub below_floor: bool,
    /// Print the certificate as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ForgetArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Whose file
    #[arg(long, value_name = "ID")]
    pub customer: CustomerId,
    /// The file, as `vedette lake verify` names it
    #[arg(long, value_name = "ID")]
    pub file: String,
    /// Why, for the certificate
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Print the certificate as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct CertificatesArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Only this customer's
    #[arg(long, value_name = "ID")]
    pub customer: Option<CustomerId>,
    /// Only this one
    #[arg(long, value_name = "ID")]
    pub id: Option<DeletionId>,
    /// Print them as JSON, one a line
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Whose events
    #[arg(long, value_name = "ID")]
    pub customer: CustomerId,
    /// Events from this time on
    #[arg(long, value_name = "TIME")]
    pub from: Timestamp,
    /// Events before this time
    #[arg(long, value_name = "TIME")]
    pub to: Timestamp,
    /// Only events whose field has this value, as FIELD=VALUE; may be given several times
    #[arg(long = "filter", value_name = "FIELD=VALUE", value_parser = parse_filter)]
    pub filters: Vec<(String, String)>,
    /// Only events whose raw record has these words or quoted phrases
    #[arg(long, default_value = "")]
    pub text: String,
    /// Only these events; may be given several times
    #[arg(long = "event", value_name = "ID")]
    pub events: Vec<EventId>,
    /// Why, for manifest and audit log
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Who takes the evidence; the signed-in user of this machine unless told
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// The file to write, such as evidence.tar.zst; it must not exist
    #[arg(long, value_name = "FILE")]
    pub into: PathBuf,
}

#[derive(Debug, Args)]
pub struct CheckEvidenceArgs {
    /// The evidence
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

fn parse_filter(text: &str) -> Result<(String, String), String> {
    let (field, value) = text.split_once('=').ok_or("expected FIELD=VALUE")?;
    Ok((field.to_owned(), value.to_owned()))
}
