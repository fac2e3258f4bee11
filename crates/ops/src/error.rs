//! What can go wrong in a use case: one enum, mapped to problem documents at the HTTP edge.

use std::time::Duration;

use model::attachment::{CUSTOMER_BYTES, INCIDENT_BYTES, INCIDENT_FILES};
use model::context::Denied;
use model::incident::TransitionError;
use model::role::Permission;
use serde::Serialize;

/// The result of a use case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A field that cannot be kept as given, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldProblem {
    /// The field.
    pub field: String,
    /// Why, for people.
    pub message: String,
}

/// Why a use case was not carried out. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not exist, or belongs to a customer the caller does not see.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The caller lacks a permission.
    #[error("this needs the permission {}", .0.as_str())]
    Denied(Permission),
    /// Only somebody who sees every customer may do this.
    #[error("this needs the right to see every customer")]
    NeedsEveryCustomer,
    /// Only somebody who sees every customer of it may do this.
    #[error("this needs the right to see every customer of the {0}")]
    NeedsItsCustomers(&'static str),
    /// Its state does not allow it; says what to do.
    #[error("{0}")]
    NotNow(String),
    /// An attempt to give, change or take over more than the caller has.
    #[error("nobody can give or change more permissions or customers than their own")]
    Escalation,
    /// The last active administrator of every customer would be lost.
    #[error("the last active administrator cannot be deactivated, confined or lose the role")]
    LastAdministrator,
    /// It is somebody else's, who alone may change it.
    #[error("only its owner can change this {0}")]
    NotYours(&'static str),
    /// An API token tried what only a signed-in person may do.
    #[error("only a signed-in person can do this, not a token")]
    PersonOnly,
    /// Fields cannot be kept as given.
    #[error("{}", describe(.fields))]
    Invalid {
        /// Which, and why.
        fields: Vec<FieldProblem>,
    },
    /// Somebody changed it since the caller read it.
    #[error("it was changed meanwhile: read it again and repeat the change")]
    Conflict,
    /// A value that must be unique is in use.
    #[error("{0} is already in use")]
    Taken(String),
    /// Every port of the configured range is given to a device.
    #[error("no listener port is free: revoke one or widen the configured range")]
    NoPortFree,
    /// Wrong login or password, or not active; which of these is not told.
    #[error("login or password is wrong")]
    BadCredentials,
    /// Too many failed attempts for this login.
    #[error("too many failed attempts: try again in {} s", retry_after.as_secs())]
    TooManyAttempts {
        /// When the next attempt is heard.
        retry_after: Duration,
    },
    /// The incident's state does not allow it.
    #[error(transparent)]
    Transition(#[from] TransitionError),
    /// The relational store failed.
    #[error("the store failed")]
    Store(#[source] store::Error),
    /// The event lake failed.
    #[error("the event lake failed")]
    Lake(#[source] lake::Error),
    /// It is larger than there is room for.
    #[error("{0}")]
    TooLarge(String),
    /// As much is kept as may be.
    #[error("{0}")]
    Full(Full),
    /// A search would read, hold or take more than it may.
    #[error("{0}")]
    TooCostly(String),
    /// A person's searches have read their share of this minute.
    #[error("{detail}")]
    SearchedTooMuch {
        /// What was used up.
        detail: String,
        /// When there is a new share.
        retry_after: Duration,
    },
    /// Hashing could not run: the process is shutting down or out of memory.
    #[error("the service is not available: {0}")]
    Unavailable(&'static str),
}

/// What is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// An incident, by number of files.
    #[error("the incident has {INCIDENT_FILES} files, and no more may be attached: remove some")]
    IncidentFiles,
    /// An incident, by their bytes.
    #[error("the files of an incident may have {} MiB in all: remove some", INCIDENT_BYTES >> 20)]
    IncidentBytes,
    /// A customer, by the bytes of all its files.
    #[error("the files of a customer may have {} GiB in all: remove some", CUSTOMER_BYTES >> 30)]
    CustomerBytes,
}

impl Error {
    /// One field that cannot be kept as given.
    pub fn invalid(field: &str, message: &str) -> Self {
        Error::Invalid { fields: vec![FieldProblem { field: field.to_owned(), message: message.to_owned() }] }
    }
}

impl From<Denied> for Error {
    fn from(Denied(permission): Denied) -> Self {
        Error::Denied(permission)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound { what, .. } => Error::NotFound(what),
            store::Error::Taken { field } => Error::Taken(field),
            store::Error::Conflict { .. } => Error::Conflict,
            store::Error::ScopeTooNarrow { .. } => Error::NeedsEveryCustomer,
            store::Error::BadCursor => Error::invalid("after", "is no cursor of this list: start again without one"),
            other => Error::Store(other),
        }
    }
}

impl From<lake::Error> for Error {
    fn from(error: lake::Error) -> Self {
        let text = error.to_string();
        match error {
            error if error.is_bad_request() => Error::invalid("query", &text),
            lake::Error::TooMuch { minute: true, .. } => {
                Error::SearchedTooMuch { detail: text, retry_after: Duration::from_secs(60) }
            }
            lake::Error::TooMuch { .. } | lake::Error::TooLong { .. } | lake::Error::Memory => Error::TooCostly(text),
            other => Error::Lake(other),
        }
    }
}

/// Collects what is wrong with a value, field by field.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<FieldProblem>);

impl Problems {
    /// Starts with what the model itself finds.
    pub(crate) fn of(problems: Vec<(&'static str, &'static str)>) -> Self {
        let mut all = Problems::default();
        for (field, message) in problems {
            all.add(field, message);
        }
        all
    }

    /// One more.
    pub(crate) fn add(&mut self, field: &str, message: &str) {
        self.0.push(FieldProblem { field: field.to_owned(), message: message.to_owned() });
    }

    /// One more, unless `holds`.
    pub(crate) fn expect(&mut self, holds: bool, field: &str, message: &str) {
        if !holds {
            self.add(field, message);
        }
    }

    /// Fails if there are any.
    pub(crate) fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid { fields: self.0 }) }
    }
}

fn describe(fields: &[FieldProblem]) -> String {
    fields.iter().map(|problem| format!("{} {}", problem.field, problem.message)).collect::<Vec<_>>().join("; ")
}
