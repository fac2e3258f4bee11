//! Runs of a hunt's queries, and what each query found at each customer.

use serde::{Deserialize, Serialize};

use super::HuntQuestion;
use crate::role::words;
use crate::{CustomerId, DeviceId, EventId, HuntId, HuntRunId, Timestamp, UserId};

/// Sample events kept of a result.
pub const MOST_SAMPLES: usize = 5;

words! {
    /// What has become of a run.
    HuntRunState {
        /// Waits for its turn.
        Queued = "queued",
        /// Asks one query after another.
        Running = "running",
        /// Everything was asked.
        Done = "done",
        /// Somebody stopped it; what was found is kept.
        Cancelled = "cancelled",
        /// The platform stopped in the middle; what was found is kept, and it can be continued.
        Interrupted = "interrupted",
    }
}

impl HuntRunState {
    /// Whether something is still to come by itself.
    pub fn is_open(self) -> bool {
        matches!(self, HuntRunState::Queued | HuntRunState::Running)
    }
}

/// A run of a hunt's queries over its customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HuntRun {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: HuntRunId,
    /// Of which hunt.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub hunt: HuntId,
    /// Who asked for it.
    pub asked_by: String,
    /// The person who asked.
    #[serde(skip)]
    pub asked_user: Option<UserId>,
    /// What has become of it.
    pub state: HuntRunState,
    /// How much there is to ask, of the customers in the reader's sight: queries and whether the data is there, each at
    /// each customer.
    pub total: i64,
    /// How much of that was asked.
    pub done: i64,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it was over.
    pub finished: Option<Timestamp>,
}

/// A sample event, kept whole: it outlives the event's retention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HuntSample {
    /// The event.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub event: EventId,
    /// Its time.
    pub time: Timestamp,
    /// The device that sent it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub device: DeviceId,
    /// The source that parsed it.
    pub source: String,
    /// Core fields and their values.
    pub fields: Vec<(String, String)>,
    /// The record as received; cut where it is very long.
    pub raw: String,
}

/// What a query found at a customer when it was last asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HuntResult {
    /// At whom.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// The query's key.
    pub query: String,
    /// What it asked then.
    pub asked: HuntQuestion,
    /// In which run.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub run: HuntRunId,
    /// Events found; for a rule how often it would have fired.
    pub count: i64,
    /// Different things found: indicators of a list; nothing for the others.
    pub things: Option<i64>,
    /// Record time looked at, first instant inside.
    pub from: Timestamp,
    /// First instant after.
    pub to: Timestamp,
    /// Whether that is less than was asked for, or more was found than is counted.
    pub truncated: bool,
    /// Why it could not be asked to its end.
    pub problem: Option<String>,
    /// Milliseconds it took.
    pub took_ms: i64,
    /// Who asked.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Sample events, the latest first; left out of lists.
    #[serde(default)]
    pub samples: Vec<HuntSample>,
}
