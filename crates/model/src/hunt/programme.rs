//! A programme of hunts: a template with a rhythm. When its next round begins is a pure function of the clock.

use std::time::Duration;

use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime, TimeZone};
use serde::{Deserialize, Serialize};

use super::HuntData;
use crate::{CustomerId, HuntProgrammeId, Timestamp};

/// How often a programme makes a hunt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "every", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rhythm {
    /// Every week on this day.
    Week {
        /// 1 is Monday, 7 is Sunday.
        weekday: u32,
    },
    /// Every month on this day.
    Month {
        /// 1 to 31; in a shorter month its last day.
        day: u32,
    },
}

/// One round of a rhythm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// Its name: the ISO week `2026-W47`, or the month `2026-11`.
    pub key: String,
    /// The beginning of its day, in the zone.
    pub begins: Timestamp,
}

/// The latest round that has begun at `now` in `zone`.
pub fn round_at<Z: TimeZone>(rhythm: Rhythm, zone: &Z, now: Timestamp) -> Round {
    let today = now.to_chrono().with_timezone(zone).date_naive();
    let day = match rhythm {
        Rhythm::Week { weekday } => {
            let back = (7 + today.weekday().number_from_monday() - weekday.clamp(1, 7)) % 7;
            today.checked_sub_days(Days::new(u64::from(back))).unwrap_or(today)
        }
        Rhythm::Month { day } => {
            let this = day_of_month(today, day);
            if this <= today {
                this
            } else {
                day_of_month(today.checked_sub_months(Months::new(1)).unwrap_or(today), day)
            }
        }
    };
    round(rhythm, zone, day)
}

/// The round after the one that has begun at `now`.
pub fn round_after<Z: TimeZone>(rhythm: Rhythm, zone: &Z, now: Timestamp) -> Round {
    let day = round_at(rhythm, zone, now).begins.to_chrono().with_timezone(zone).date_naive();
    let next = match rhythm {
        Rhythm::Week { .. } => day.checked_add_days(Days::new(7)),
        Rhythm::Month { day: wanted } => {
            let first = day.with_day(1).unwrap_or(day);
            first.checked_add_months(Months::new(1)).map(|next| day_of_month(next, wanted))
        }
    };
    round(rhythm, zone, next.unwrap_or(day))
}

fn round<Z: TimeZone>(rhythm: Rhythm, zone: &Z, day: NaiveDate) -> Round {
    let key = match rhythm {
        Rhythm::Week { .. } => format!("{}-W{:02}", day.iso_week().year(), day.iso_week().week()),
        Rhythm::Month { .. } => day.format("%Y-%m").to_string(),
    };
    // A day whose midnight the clocks jump over begins at the first hour there is.
    let hours = (0..24).filter_map(|hour| NaiveTime::from_hms_opt(hour, 0, 0));
    let begins = hours.filter_map(|hour| zone.from_local_datetime(&day.and_time(hour)).earliest()).next();
    let begins = begins.map_or_else(|| day.and_time(NaiveTime::MIN).and_utc(), |begins| begins.to_utc());
    Round { key, begins: begins.into() }
}

/// The day of that number in the month of `of`, or the month's last.
fn day_of_month(of: NaiveDate, wanted: u32) -> NaiveDate {
    (1..=wanted.clamp(1, 31)).rev().find_map(|day| of.with_day(day)).unwrap_or(of)
}

/// What people say about a programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HuntProgrammeData {
    /// When its rounds begin.
    pub rhythm: Rhythm,
    /// The IANA time zone its days are of.
    pub time_zone: String,
    /// Days from the beginning of a round until its hunt is to be concluded.
    pub due_days: i64,
    /// Whether it makes hunts.
    pub active: bool,
    /// What each of its hunts begins with; owner included, due date apart.
    pub template: HuntData,
}

impl HuntProgrammeData {
    /// What cannot be kept as given; the time zone is for those to check who know them.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = self.template.problems();
        let day_exists = match self.rhythm {
            Rhythm::Week { weekday } => (1..=7).contains(&weekday),
            Rhythm::Month { day } => (1..=31).contains(&day),
        };
        if !day_exists {
            problems.push(("rhythm", "must be a weekday from 1 to 7, or a day of the month from 1 to 31".to_owned()));
        }
        if !(1..=60).contains(&self.due_days) {
            problems.push(("due_days", "must be 1 to 60".to_owned()));
        }
        problems
    }

    /// What the hunt of a round begins with.
    pub fn hunt(&self, round: &Round) -> HuntData {
        let days = Duration::from_secs(self.due_days.clamp(1, 60).unsigned_abs() * 86_400);
        HuntData { due: Some(round.begins.plus(days)), ..self.template.clone() }
    }
}

/// A programme of hunts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HuntProgramme {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: HuntProgrammeId,
    /// What people say about it.
    #[serde(flatten)]
    pub data: HuntProgrammeData,
    /// Customers it is for; every customer there is at the time when absent. Those outside the reader's sight are left
    /// out.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<String>>))]
    pub customers: Option<Vec<CustomerId>>,
    /// The latest round that has its hunt.
    pub last_round: Option<String>,
    /// When the next round begins.
    pub next: Option<Timestamp>,
    /// When it was made: rounds that began before are not made up for.
    pub created: Timestamp,
    /// Goes up with every change.
    pub version: i64,
}
