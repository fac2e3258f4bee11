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
    Query(#[source] Box<datafusion::error::DataFusionError>),
    /// A search needs more memory than it may have.
    #[error("the search needs more memory than it may have; narrow its time range or its conditions")]
    Memory,
    /// A search has read as much as it may, or its person within a minute.
    #[error("{}", too_much(*limit, *minute))]
    TooMuch {
        /// Bytes of lake files.
        limit: u64,
        /// Whether it is what a person may read within a minute.
        minute: bool,
    },
    /// A search took longer than it may.
    #[error("the search took longer than {seconds} s; narrow its time range or its conditions")]
    TooLong {
        /// Its limit.
        seconds: u64,
    },
    /// An SQL text is not one the lake runs.
    #[error("line {line}, column {column}: {problem}")]
    Sql {
        /// From 1.
        line: u64,
        /// In characters from 1.
        column: u64,
        /// What is wrong and what is possible.
        problem: String,
    },
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
        matches!(self, Error::BadFilter { .. } | Error::BadCursor | Error::Refused(_) | Error::Sql { .. })
    }
}

fn too_much(limit: u64, minute: bool) -> String {
    let limit = limit.div_ceil(1 << 20);
    if minute {
        format!("you have searched through {limit} MiB within a minute; wait for the next, or narrow the time range")
    } else {
        format!("a search may read {limit} MiB; narrow its time range or its conditions")
    }
}

impl From<crate::meter::LimitReached> for Error {
    fn from(reached: crate::meter::LimitReached) -> Self {
        Error::TooMuch { limit: reached.limit, minute: reached.minute }
    }
}

/// A limit that was reached stands deep in the engine's error.
impl From<datafusion::error::DataFusionError> for Error {
    fn from(error: datafusion::error::DataFusionError) -> Self {
        let mut causes: Vec<&(dyn std::error::Error + 'static)> = vec![&error];
        while let Some(cause) = causes.last().and_then(|cause| cause.source()).filter(|_| causes.len() < 20) {
            causes.push(cause);
        }
        if let Some(reached) = causes.iter().find_map(|cause| cause.downcast_ref::<crate::meter::LimitReached>()) {
            return (*reached).into();
        }
        if matches!(error.find_root(), datafusion::error::DataFusionError::ResourcesExhausted(_)) {
            return Error::Memory;
        }
        Error::Query(Box::new(error))
    }
}
