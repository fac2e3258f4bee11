//! What can go wrong in the store, and how a database's own errors are told apart.

use std::path::PathBuf;

/// What a function of this crate gives back.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It does not exist, or lies outside the context's scope: the caller cannot tell which.
    #[error("{what} {id} does not exist")]
    NotFound {
        /// What kind of thing, as the noun is printed.
        what: &'static str,
        /// Which.
        id: String,
    },
    /// A value that must be unique is in use.
    #[error("this {field} is already in use")]
    Taken {
        /// The field.
        field: String,
    },
    /// Somebody else changed it since it was read.
    #[error("{what} was changed by somebody else since it was read; read it again")]
    Conflict {
        /// What kind of thing.
        what: &'static str,
    },
    /// This is only for contexts that see every customer.
    #[error("{what} needs a context for all customers")]
    ScopeTooNarrow {
        /// What was tried.
        what: &'static str,
    },
    /// A cursor that no list of ours gave out.
    #[error("this cursor belongs to no list here; start again without one")]
    BadCursor,
    /// The URL names no database this crate knows.
    #[error("`{0}` is no database URL: expected sqlite:<path> or postgres://...")]
    BadUrl(String),
    /// The database server of the URL could not be reached, or turned us away.
    #[error("cannot connect to the database: {0}")]
    NoConnection(#[source] sqlx::Error),
    /// The database did not get to it in time, or two transactions stood in each other's way. Trying again may help.
    #[error("the database is away or busy; try again")]
    Busy(#[source] sqlx::Error),
    /// The database refused or failed.
    #[error("database: {0}")]
    Database(#[source] sqlx::Error),
    /// A stored value cannot be read back.
    #[error("stored data is damaged: {what}: {problem}")]
    Corrupt {
        /// Which column or file.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The database user may not do what a migration needs; nothing of it was kept.
    #[error(
        "migration {name}: {source}; the database user must own the database and have CREATEROLE, or a superuser runs \
         `CREATE ROLE vedette_scoped NOLOGIN` once for the server and `GRANT vedette_scoped TO <user>`"
    )]
    MayNotMigrate {
        /// Which.
        name: String,
        /// What was refused.
        source: sqlx::Error,
    },
    /// A migration failed; nothing of it was kept.
    #[error("migration {name}: {source}")]
    Migration {
        /// Which.
        name: String,
        /// Why.
        source: sqlx::Error,
    },
    /// The database was made by a newer version.
    #[error("the database has migration {found}, this version knows only up to {known}; use a newer version")]
    NewerSchema {
        /// The newest migration in the database.
        found: i64,
        /// The newest migration this version knows.
        known: i64,
    },
    /// The data folder is in use.
    #[error("the data folder {} is in use by process {pid}; stop it first", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
        /// Who holds it, as written in the lock file.
        pid: String,
    },
    /// The data folder was written by a newer version.
    #[error("the data folder {} has format `{found}`, this version knows `{known}`; use a newer version", path.display())]
    NewerFormat {
        /// The folder.
        path: PathBuf,
        /// What its stamp says.
        found: String,
        /// What this version writes.
        known: &'static str,
    },
    /// The file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The master key file does not hold a key.
    #[error("the master key file {} must hold exactly 32 bytes", path.display())]
    BadKeyFile {
        /// The file.
        path: PathBuf,
    },
    /// Something was sealed under another master key.
    #[error("this secret was sealed under another master key; restore the key file it was sealed with")]
    WrongKey,
    /// A sealed secret was changed, cut short, or belongs elsewhere.
    #[error("this sealed secret is damaged or belongs to something else")]
    BadSeal,
    /// This database has to be backed up by its own tools.
    #[error("a PostgreSQL database is backed up with pg_dump, not by this program")]
    BackUpWithPgDump,
}

impl Error {
    /// Nothing of this kind with this id, as far as the context may know.
    pub(crate) fn not_found(what: &'static str, id: impl std::fmt::Display) -> Self {
        Error::NotFound { what, id: id.to_string() }
    }

    pub(crate) fn corrupt(what: impl Into<String>, problem: impl std::fmt::Display) -> Self {
        Error::Corrupt { what: what.into(), problem: problem.to_string() }
    }
}

impl From<sqlx::Error> for Error {
    /// A broken unique constraint becomes [`Error::Taken`] naming the field. PostgreSQL gives the constraint's name,
    /// which our migrations write as `<table>__<field>`; SQLite says `table.column` in its message and nowhere else.
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Error::Busy(error),
            sqlx::Error::Database(database) if database.is_unique_violation() => {
                let field = match database.constraint() {
                    Some(constraint) => constraint.rsplit_once("__").map(|(_, field)| field),
                    None => database.message().rsplit_once('.').map(|(_, column)| column),
                };
                Error::Taken { field: field.unwrap_or("id").to_owned() }
            }
            sqlx::Error::Database(database) if database.code().is_some_and(|code| BUSY.contains(&&*code)) => {
                Error::Busy(error)
            }
            _ => Error::Database(error),
        }
    }
}

/// SQLITE_BUSY and SQLITE_BUSY_SNAPSHOT; PostgreSQL's serialization_failure, deadlock_detected, too_many_connections.
const BUSY: [&str; 5] = ["5", "517", "40001", "40P01", "53300"];
