//! What can go wrong at start and stop.

use receive::listen::ListenError;
use receive::wal::WalError;

/// What can go wrong at start and stop. While it runs, the pipeline retries, holds back, or closes intake with a
/// reason; it never gives a record up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The log cannot be opened or written.
    #[error(transparent)]
    Wal(#[from] WalError),
    /// The store cannot be read.
    #[error("the pipeline cannot read its positions: {0}")]
    Store(#[from] store::Error),
    /// A listener cannot be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The log is older than what was stored from it.
    #[error(
        "the log ends at {ends}, but events up to {known} have been stored from it: it was cut or is an older copy; \
         restore the newest one, or move its folder away to begin a new log"
    )]
    LogBehind {
        /// Last sequence of the log.
        ends: u64,
        /// Highest sequence the store knows.
        known: u64,
    },
    /// The checkpoint does not read.
    #[error("the pipeline's checkpoint does not read: {0}")]
    Checkpoint(String),
    /// No thread could be started.
    #[error("the pipeline's thread cannot be started: {0}")]
    Thread(#[source] std::io::Error),
    /// Draining took longer than allowed. Nothing is lost: the next start replays the log.
    #[error("draining was not done in time at {committed} of {durable}; the rest is replayed at the next start")]
    DrainTimeout {
        /// Sequence committed.
        committed: u64,
        /// Last durable sequence.
        durable: u64,
    },
    /// Intake or flow had stopped before, for this reason.
    #[error("the pipeline had stopped: {0}")]
    Stopped(String),
}
