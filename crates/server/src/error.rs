//! Why a command could not be carried out.

use std::path::PathBuf;

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    #[error(transparent)]
    Content(#[from] crate::content::ContentError),
    #[error(transparent)]
    Backup(#[from] crate::backup::BackupError),
    #[error(transparent)]
    Tls(#[from] crate::net::TlsError),
    #[error("log sources: {0}")]
    Sources(#[from] formats::SourceError),
    #[error("store: {0}")]
    Store(#[from] store::Error),
    #[error("lake: {0}")]
    Lake(#[from] lake::Error),
    #[error(transparent)]
    Ops(#[from] ops::Error),
    #[error(transparent)]
    Collect(#[from] ::collect::Error),
    #[error("pipeline: {0}")]
    Pipeline(#[from] pipeline::Error),
    #[error("cannot listen on {address}: {source}")]
    Listen { address: String, source: std::io::Error },
    #[error("{what} {}: {source}", path.display())]
    File { what: &'static str, path: PathBuf, source: std::io::Error },
    /// Said in full by whoever noticed.
    #[error("{0}")]
    Told(String),
}

/// An error with its causes, each said once.
pub fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = cause.source();
    }
    text
}
