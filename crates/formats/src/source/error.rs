//! What can be wrong with a source folder.

use std::path::PathBuf;

/// Why sources could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A folder or file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// What was read.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A `source.toml` is not TOML, lacks a key, or has one nobody knows.
    #[error("{file}: {source}")]
    Syntax {
        /// Which file.
        file: String,
        /// Where and what.
        source: Box<toml::de::Error>,
    },
    /// A key's value cannot be used.
    #[error("{file}: `{key}`: {problem}")]
    Invalid {
        /// Which file.
        file: String,
        /// Which key.
        key: String,
        /// What is wrong and what would be right.
        problem: String,
    },
}
