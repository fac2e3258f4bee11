//! Why a collector cannot run.

use std::io;
use std::path::PathBuf;

/// Why a collector cannot run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings cannot be read.
    #[error("cannot read the settings in {}: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The settings are no TOML, name something unknown, or contradict each other.
    #[error("{}: {message}", path.display())]
    Settings {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A certificate or key cannot be used.
    #[error("{} cannot be used: {reason}", path.display())]
    Pem {
        /// Which file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The log of the buffer.
    #[error("buffer: {0}")]
    Buffer(#[from] receive::wal::WalError),
    /// Another process works in the same folder.
    #[error("{} is in use: another collector runs on it", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// A listener cannot be opened.
    #[error(transparent)]
    Listen(#[from] receive::listen::ListenError),
    /// The sources that masking recognises fields with.
    #[error("log sources: {0}")]
    Sources(#[from] formats::SourceError),
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

impl Error {
    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |source| Error::File { action, path, source }
    }
}
