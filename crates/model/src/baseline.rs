//! What departs from what is usual for somebody (catalogue D4): the reason an alert of a baseline gives, in numbers and
//! values that are put into words where it is shown; and a profile as people look at it.

use serde::{Deserialize, Serialize};

use crate::{CustomerId, Timestamp};

/// A field with the value it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NamedValue {
    /// The field.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Why an event is not usual, and against how long a past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Departure {
    /// Whose profile it departs from; empty for that of the whole customer.
    pub group: Vec<NamedValue>,
    /// Since when that profile is kept, by receipt.
    pub since: Timestamp,
    /// When the event was received: what `since` is measured to.
    pub at: Timestamp,
    /// Events the profile was made of.
    pub observations: u64,
    /// What is not usual.
    pub reason: Unusual,
}

/// What is not usual.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Unusual {
    /// A value that was never there.
    FirstSeen {
        /// The fields, joined with ` / ` if there are several.
        field: String,
        /// The new value.
        value: String,
        /// How many values are known.
        known: u64,
        /// The latest of them, newest first.
        latest: Vec<KnownValue>,
        /// Whether nobody else of the customer had it either.
        nobody_else: bool,
    },
    /// A value that few have.
    Rare {
        /// The fields, joined with ` / ` if there are several.
        field: String,
        /// The value.
        value: String,
        /// How many have it, this one included.
        having: u64,
        /// Of how many.
        of: u64,
        /// Some of the others that have it.
        others: Vec<String>,
    },
    /// An hour of the week in which nothing is usual.
    OffHours {
        /// Day of the week, 1 for Monday, in local time.
        weekday: u8,
        /// Minute of the day in local time.
        minute: u16,
        /// Minutes that local time is ahead of UTC.
        offset: i32,
        /// Whether days from Monday to Friday were compared, or those of the weekend.
        workdays: bool,
        /// On how many such days there was something around this hour,
        active: u64,
        /// of how many.
        days: u64,
        /// The usual hours of such days, as from and to, the latter no longer in.
        usual: Vec<(u8, u8)>,
    },
    /// More than usual at this time of day.
    Volume {
        /// The field that is summed; absent where events are counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        /// The number so far.
        value: f64,
        /// What is usual at this time of day,
        usual: f64,
        /// up to this.
        high: f64,
        /// The most there was at any time.
        most: f64,
        /// The span that was counted in begins here
        from: Timestamp,
        /// and lasts so many seconds.
        seconds: u64,
        /// How many such spans are compared with.
        windows: u64,
    },
    /// The same again and again at one interval.
    Beacon {
        /// The fields, joined with ` / ` if there are several.
        field: String,
        /// The value, such as a destination.
        value: String,
        /// Milliseconds between two.
        interval: u64,
        /// How far intervals are from that, in percent.
        jitter: u64,
        /// How often so far.
        beats: u64,
        /// Since when.
        from: Timestamp,
        /// How many have this value, this one included.
        having: u64,
        /// Of how many.
        of: u64,
    },
}

/// A value a profile knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnownValue {
    /// The value; absent where only its hash is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Since when it is known.
    pub first: Timestamp,
    /// When it was last there.
    pub last: Timestamp,
    /// How often it was.
    pub times: u64,
}

/// How far a baseline is for a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BaselineProgress {
    /// The baseline.
    pub rule: String,
    /// Whose profile.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// When the first event came.
    pub since: Timestamp,
    /// When the latest came.
    pub latest: Timestamp,
    /// Seconds that must be covered before it alarms.
    pub learning: u64,
    /// Groups known.
    pub groups: u64,
    /// Groups forgotten since the start because there were too many.
    pub forgotten: u64,
    /// Bytes kept, about.
    pub bytes: u64,
}

/// What is usual for a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupProfile {
    /// Whose.
    pub group: Vec<NamedValue>,
    /// When its first event came.
    pub since: Timestamp,
    /// When the last was.
    pub last: Timestamp,
    /// Events it was made of.
    pub observations: u64,
    /// Whether it has been learned, so that departures alarm.
    pub learned: bool,
    /// What is usual.
    pub usual: Usual,
}

/// What is usual for a group, by the kind of profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Usual {
    /// The values it has, newest first.
    Values {
        /// How many.
        known: u64,
        /// The latest.
        latest: Vec<KnownValue>,
    },
    /// For each hour of the week from Monday midnight in local time, in how many of the weeks there was something.
    Hours {
        /// 168 numbers.
        active: Vec<u8>,
        /// Of how many weeks.
        weeks: u8,
    },
    /// What is usual by time of day.
    Volume {
        /// For each part of the day, workdays first, then weekends.
        parts: Vec<VolumePart>,
        /// The most there was at any time.
        most: f64,
    },
    /// The values it has, and the intervals between.
    Intervals {
        /// How many.
        known: u64,
        /// The latest, those at one interval first.
        latest: Vec<KnownInterval>,
    },
}

/// What is usual in a part of the day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VolumePart {
    /// Whether of days from Monday to Friday.
    pub workdays: bool,
    /// From this hour, local time.
    pub from: u8,
    /// To this one, no longer in.
    pub to: u8,
    /// What is usual,
    pub usual: f64,
    /// up to this.
    pub high: f64,
    /// How many spans it was made of.
    pub windows: u64,
}

/// A value and the interval it comes at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnownInterval {
    /// The value; absent where only its hash is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// When it was last there.
    pub last: Timestamp,
    /// How often it was.
    pub times: u64,
    /// Milliseconds between two, where that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<u64>,
    /// How far intervals are from that, in percent.
    pub jitter: u64,
}
