//! A request for a new or changed use case, answered within 72 hours.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::role::words;
use crate::{CustomerId, RequestId, Timestamp, UserId};

/// A request is to be answered within this.
pub const ANSWERED_WITHIN: Duration = Duration::from_secs(72 * 3600);

words! {
    /// What is asked for.
    RequestKind {
        /// A use case that is not there.
        New = "new",
        /// Another behaviour of one.
        Change = "change",
        /// That one is taken out of use.
        Retire = "retire",
    }
}

words! {
    /// Where a request stands.
    RequestState {
        /// Nobody works on it.
        Open = "open",
        /// Somebody works on it.
        InWork = "in_work",
        /// It was carried out.
        Done = "done",
        /// It was refused, with the reason.
        Declined = "declined",
    }
}

/// The part of a request that people edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestData {
    /// What is asked for.
    pub kind: RequestKind,
    /// In a few words.
    pub title: String,
    /// What is wanted and why.
    pub description: String,
    /// The use case it is about; once done, the one it became.
    #[serde(default)]
    pub rule_id: Option<String>,
    /// Who works on it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub assignee: Option<UserId>,
    /// Where it stands.
    pub state: RequestState,
    /// What was answered.
    #[serde(default)]
    pub answer: String,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Request {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: RequestId,
    /// Which customer asks; the house itself when absent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub customer: Option<CustomerId>,
    /// What can be changed about it.
    #[serde(flatten)]
    pub data: RequestData,
    /// Who wrote it down.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub requested_by: Option<UserId>,
    /// When.
    pub created: Timestamp,
    /// When it is to be answered.
    pub due: Timestamp,
    /// When it was answered.
    pub answered: Option<Timestamp>,
    /// Goes up with every change.
    pub version: i64,
}

impl RequestState {
    /// Whether that is an answer.
    pub fn is_answer(self) -> bool {
        matches!(self, RequestState::Done | RequestState::Declined)
    }
}

impl Request {
    /// Whether it was answered too late, or is late at `now`.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.answered.unwrap_or(now) > self.due
    }
}
