//! What can be wrong with a run: it is written anew then.

/// The result of reading a run.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a run cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be opened or read.
    #[error("the run cannot be read")]
    Read(#[from] std::io::Error),
    /// It is not what was written.
    #[error("the run is damaged: {0}")]
    Damaged(&'static str),
    /// It was made of another file.
    #[error("the run belongs to another file")]
    Foreign,
}
