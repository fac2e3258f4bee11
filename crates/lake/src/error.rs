//! What can go wrong in the lake.

use std::path::PathBuf;

use model::{CustomerId, EventId};

use crate::CatalogueError;

/// The lake's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in the lake.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk refused; rows that were being written are still in memory.
    #[error("cannot {what} `{path}` in the lake")]
    Disk {
        /// What was tried.
        what: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The catalogue failed.
    #[error("the lake's catalogue cannot {what}")]
    Catalogue {
        /// What was asked of it.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: CatalogueError,
    },
    /// A file's content is not what the catalogue or the format says.
    #[error("lake file `{path}` is damaged: {detail}")]
    Damaged {
        /// The file, relative to the lake's folder.
        path: String,
        /// What is wrong.
        detail: String,
    },
    /// A file that was found damaged is needed; an answer without it would be wrong without saying so.
    #[error(
        "lake file `{path}` is damaged ({damage}) and kept out of searches: ask for times outside {day}, bring the file \
         back from a backup and run `vedette lake verify`, or give its events up with `vedette lake forget`"
    )]
    Quarantined {
        /// The file, relative to the lake's folder.
        path: String,
        /// The day of its events.
        day: String,
        /// What was found.
        damage: String,
    },
    /// Parquet could not be written or read.
    #[error("the columnar format failed")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Columns could not be built.
    #[error("the columns do not fit together")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A query failed or ran out of its memory.
    #[error("the search could not be run")]
    Query(#[from] datafusion::error::DataFusionError),
    /// A filter's value does not fit its operator.
    #[error("`{value}` is not {expected} (field `{field}`)")]
    BadFilter {
        /// The filter's field.
        field: String,
        /// The value given.
        value: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// A page cursor this lake did not make.
    #[error("the page cursor is not one of this search; start again without it")]
    BadCursor,
    /// A batch's rows contradict its position, or come after later ones of the same shard.
    #[error("event {id} cannot be appended: {why}")]
    Position {
        /// The offending event.
        id: EventId,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The catalogue handed out a file the scope does not own; nothing of it was read.
    #[error("the catalogue named a file of {customer}, who is outside the scope")]
    OutsideScope {
        /// Whose file it was.
        customer: CustomerId,
    },
    /// Something cannot be had as it was asked for.
    #[error("{0}")]
    Refused(String),
    /// The lake is shutting down or a worker died.
    #[error("the lake stopped before the work was done")]
    Stopped,
}

impl Error {
    pub(crate) fn disk(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.into();
        move |source| Error::Disk { what, path, source }
    }

    pub(crate) fn catalogue(what: &'static str) -> impl FnOnce(CatalogueError) -> Error {
        move |source| Error::Catalogue { what, source }
    }

    /// True when the caller asked for something impossible, as against a failure of the lake.
    pub fn is_bad_request(&self) -> bool {
        matches!(self, Error::BadFilter { .. } | Error::BadCursor | Error::Refused(_))
    }
}
