//! Threat intelligence (catalogue D3, I6): lists of indicators, and hunts for them through everything that was kept.

use serde::{Deserialize, Serialize};

use crate::role::words;
use crate::{CustomerId, EventId, FeedId, HitId, IntelListId, RetroHuntId, TimeRange, Timestamp};

mod feed;
mod indicator;
mod list;
pub mod normal;
mod seen;
mod values;

pub use feed::{CsvMapping, Feed, FeedCounts, FeedData, FeedKind, FeedState};
pub use indicator::{
    Holds, INDICATOR_FIELDS, Indicator, IndicatorDetail, IndicatorKind, NoIndicator, holds_of, mail_addresses, mails,
    refang,
};
pub use list::{ListReading, UnreadLine, read_list, read_warning_list};
pub use seen::{AlertIntel, IntelSource, SuppressedIndicator};
pub use values::values;

words! {
    /// How far what a list says may be passed on (Traffic Light Protocol 2.0).
    Tlp {
        /// To anybody.
        Clear = "clear",
        /// Within the community.
        Green = "green",
        /// Within the organisation and its customers.
        Amber = "amber",
        /// Within the organisation.
        AmberStrict = "amber_strict",
        /// To nobody else.
        Red = "red",
    }
}

words! {
    /// What a list is for.
    ListPurpose {
        /// Its indicators alarm when they are seen, and are hunted backwards.
        Alarm = "alarm",
        /// Its indicators are only hunted backwards.
        Hunt = "hunt",
        /// What it names never alarms, whatever other lists say.
        Warning = "warning",
    }
}

/// What people say about a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntelListData {
    /// Its name.
    pub name: String,
    /// Where it came from.
    #[serde(default)]
    pub source: String,
    /// What it is about.
    #[serde(default)]
    pub description: String,
    /// How sure its source is, 0 to 100.
    pub confidence: i64,
    /// How far it may be passed on.
    pub tlp: Tlp,
    /// When it no longer holds.
    #[serde(default)]
    pub expires: Option<Timestamp>,
    /// What it is for.
    #[serde(default = "alarm")]
    pub purpose: ListPurpose,
    /// Indicators the source is less sure of than this do not alarm.
    #[serde(default)]
    pub least_confidence: i64,
    /// Whether what is new in it is hunted backwards by itself.
    #[serde(default = "yes")]
    pub hunt_new: bool,
}

fn alarm() -> ListPurpose {
    ListPurpose::Alarm
}

fn yes() -> bool {
    true
}

impl IntelListData {
    /// What cannot be kept as given.
    pub fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let mut problems = Vec::new();
        let mut expect = |holds: bool, field, message| {
            if !holds {
                problems.push((field, message));
            }
        };
        expect(
            !self.name.trim().is_empty() && self.name.chars().count() <= 200,
            "name",
            "must have 1 to 200 characters",
        );
        expect(self.source.chars().count() <= 200, "source", "must have at most 200 characters");
        expect(self.description.chars().count() <= 4000, "description", "must have at most 4000 characters");
        expect((0..=100).contains(&self.confidence), "confidence", "must be between 0 and 100");
        expect((0..=100).contains(&self.least_confidence), "least_confidence", "must be between 0 and 100");
        problems
    }
}

/// A list of indicators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntelList {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: IntelListId,
    /// The feed that fills it, where one does.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub feed: Option<FeedId>,
    /// What people say about it.
    #[serde(flatten)]
    pub data: IntelListData,
    /// Customers it is for; every customer when absent. Those outside the reader's sight are left out.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub customers: Option<Vec<CustomerId>>,
    /// How many indicators of each kind, in the order of the kinds.
    pub counts: Vec<KindCount>,
    /// Lines that repeat an indicator.
    pub duplicates: i64,
    /// Lines that are no indicator.
    pub unread: i64,
    /// When it was added.
    pub created: Timestamp,
    /// Goes up with every change.
    pub version: i64,
}

/// How many of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KindCount {
    /// The kind.
    pub kind: IndicatorKind,
    /// How many.
    pub count: i64,
}

impl IntelList {
    /// How many indicators it has.
    pub fn indicators(&self) -> i64 {
        self.counts.iter().map(|kind| kind.count).sum()
    }
}

words! {
    /// What has become of a hunt.
    RetroHuntState {
        /// Waits for its turn.
        Queued = "queued",
        /// Looks through the history.
        Running = "running",
        /// Has looked at everything.
        Done = "done",
        /// Somebody stopped it; what it had found is kept.
        Cancelled = "cancelled",
        /// It could not go on; says why.
        Failed = "failed",
    }
}

impl RetroHuntState {
    /// Whether nothing more will happen.
    pub fn is_over(self) -> bool {
        !matches!(self, RetroHuntState::Queued | RetroHuntState::Running)
    }
}

/// How far a hunt has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RetroHuntProgress {
    /// Files of events in all.
    pub files: i64,
    /// Files looked through by their sightings.
    pub looked: i64,
    /// Files to be read, for exact figures and sample events.
    pub to_read: i64,
    /// Files read.
    pub read: i64,
}

/// A list held against what was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RetroHunt {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: RetroHuntId,
    /// Which list.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub list: IntelListId,
    /// The list's name when it began.
    pub list_name: String,
    /// Indicators looked for.
    pub indicators: i64,
    /// Among whose events; every customer's when absent. Those outside the reader's sight are left out.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub customers: Option<Vec<CustomerId>>,
    /// Record time; all history when absent.
    pub range: Option<TimeRange>,
    /// Only for what is in the list since then; for all of it when absent.
    #[serde(default)]
    pub added_since: Option<Timestamp>,
    /// Who asked for it.
    pub asked_by: String,
    /// What has become of it.
    pub state: RetroHuntState,
    /// How far it has come.
    pub progress: RetroHuntProgress,
    /// Pairs of customer and indicator that were found, of the customers in the reader's sight.
    pub hits: i64,
    /// Whether more was found than is kept.
    pub more: bool,
    /// Why it could not go on.
    pub error: Option<String>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it was over.
    pub finished: Option<Timestamp>,
}

/// A sample event of a hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HitSample {
    /// The event.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: EventId,
    /// Its time.
    pub time: Timestamp,
    /// The field that holds what was looked for.
    pub field: String,
    /// What it holds.
    pub value: String,
}

/// An indicator seen at a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hit {
    /// Its id: the same hunt, customer and indicator give the same.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: HitId,
    /// The hunt that found it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub hunt: RetroHuntId,
    /// At whom.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// What was seen.
    pub indicator: Indicator,
    /// The earliest event.
    pub first: Timestamp,
    /// The latest event.
    pub last: Timestamp,
    /// How many events.
    pub count: i64,
    /// Whether the figures are exact already; a range's count may be too high until its events have been read.
    pub exact: bool,
    /// Events to look at, the earliest first; none until they have been read.
    pub samples: Vec<HitSample>,
}
