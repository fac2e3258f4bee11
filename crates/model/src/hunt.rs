//! A threat hunt 威胁狩猎 (catalogue D9): a question people ask of several customers' events, on record with what was
//! looked for, what was found at whom, and how long it took.
//!
//! Not to be confused with a retro-hunt ([`crate::intel::RetroHunt`]), which is a list of indicators held against what
//! was kept; one query of a hunt may be such a list.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::query::{EnvelopeField, FieldRef, Query};
use crate::role::words;
use crate::use_case::MOST_TEXT;
use crate::{CustomerId, HuntId, HuntProgrammeId, HuntTimeId, IntelListId, TimeRange, Timestamp, UserId};

mod programme;
mod result;
mod summary;

pub use programme::{HuntProgramme, HuntProgrammeData, Rhythm, Round, round_after, round_at};
pub use result::{HuntResult, HuntRun, HuntRunState, HuntSample, MOST_SAMPLES};
pub use summary::{HuntShare, HuntSummary, summarise};

/// Queries of a hunt, and customers of one, at most.
pub const MOST_QUERIES: usize = 20;
/// Customers of a hunt at most.
pub const MOST_CUSTOMERS: usize = 500;
/// Seconds a query looks back at most.
const MOST_SECONDS: i64 = 10 * 366 * 86_400;
/// Techniques of a hunt at most.
const MOST_TECHNIQUES: usize = 30;

words! {
    /// Where a hunt stands.
    HuntState {
        /// Nobody has begun.
        Planned = "planned",
        /// Somebody works on it.
        Active = "active",
        /// Every customer is judged, and it is said in words what came of it.
        Concluded = "concluded",
        /// Given up, with the reason.
        CalledOff = "called_off",
    }
}

impl HuntState {
    /// Whether people still have to do something about it.
    pub fn is_open(self) -> bool {
        matches!(self, HuntState::Planned | HuntState::Active)
    }
}

words! {
    /// What a hunt came to for a customer.
    HuntVerdict {
        /// The data was there, it was looked at, and nothing of the kind is in it.
        Clean = "clean",
        /// It is there.
        Found = "found",
        /// It was looked at, and cannot be said.
        Inconclusive = "inconclusive",
        /// The data the hunt needs is not there.
        NoData = "no_data",
    }
}

/// What a query of a hunt asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum HuntQuestion {
    /// The search language of events.
    Search {
        /// The query.
        q: String,
    },
    /// Which indicators of a list were seen.
    List {
        /// The list.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        list: IntelListId,
    },
    /// What a rule would have fired on.
    UseCase {
        /// Sigma text.
        text: String,
    },
}

/// One query of a hunt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HuntQuery {
    /// What results name it by; stays when it is reworded.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// What to look at among what it finds.
    #[serde(default)]
    pub note: String,
    /// What it asks.
    pub ask: HuntQuestion,
    /// The last so many seconds before it is run; absent where it is between two instants.
    #[serde(default)]
    pub seconds: Option<i64>,
    /// First instant inside, where it is between two instants.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// First instant after.
    #[serde(default)]
    pub to: Option<Timestamp>,
}

impl HuntQuery {
    /// The record time it looks at when run at `now`.
    pub fn range(&self, now: Timestamp) -> TimeRange {
        match (self.from, self.to) {
            (Some(from), Some(to)) => TimeRange { from, to },
            _ => {
                let seconds = self.seconds.unwrap_or(86_400).clamp(1, MOST_SECONDS).unsigned_abs();
                TimeRange { from: now.minus(Duration::from_secs(seconds)), to: now }
            }
        }
    }

    fn problem(&self) -> Option<String> {
        let key = &self.key;
        if !(1..=40).contains(&key.len())
            || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        {
            return Some("each needs a key of 1 to 40 letters, digits, `-` or `_`".to_owned());
        }
        let named = |what: &str| Some(format!("`{}`: {what}", self.name.trim().chars().take(100).collect::<String>()));
        if !(1..=100).contains(&self.name.trim().chars().count()) {
            return Some(format!("`{key}`: the name must have 1 to 100 characters"));
        }
        if self.note.chars().count() > 2000 {
            return named("the note must have at most 2000 characters");
        }
        match (self.seconds, self.from, self.to) {
            (Some(seconds), None, None) if (60..=MOST_SECONDS).contains(&seconds) => {}
            (None, Some(from), Some(to)) if from < to => {}
            _ => return named("it must look at the last seconds (60 or more), or from an instant to a later one"),
        }
        match &self.ask {
            HuntQuestion::Search { q } => match condition(q) {
                Ok(Query::All) => named("it asks for nothing: every event would be found"),
                Ok(_) => None,
                Err(problem) => named(&problem),
            },
            HuntQuestion::UseCase { text } if text.trim().is_empty() => named("the rule's text is missing"),
            HuntQuestion::UseCase { text } if text.len() > MOST_TEXT => named("a rule's text has at most 128 KiB"),
            HuntQuestion::UseCase { .. } | HuntQuestion::List { .. } => None,
        }
    }
}

/// What people say about a hunt. Everybody who sees one of its customers reads it: nothing of a single customer belongs
/// here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct HuntData {
    /// In a few words.
    pub title: String,
    /// What is supposed to be going on, and why one would see it. Markdown.
    #[serde(default)]
    pub hypothesis: String,
    /// ATT&CK techniques, such as `T1059.001`.
    #[serde(default)]
    pub techniques: Vec<String>,
    /// Which events have to be there for the hunt to say anything, in the search language; any event when empty.
    #[serde(default)]
    pub needs: String,
    /// What to look at among what is found. Markdown.
    #[serde(default)]
    pub look_for: String,
    /// What looks like it and is harmless. Markdown.
    #[serde(default)]
    pub false_positives: String,
    /// What is asked.
    #[serde(default)]
    pub queries: Vec<HuntQuery>,
    /// Who does it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub owner: Option<UserId>,
    /// When it is to be concluded.
    #[serde(default)]
    pub due: Option<Timestamp>,
}

impl HuntData {
    /// What cannot be kept as given.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let length = |text: &str| text.chars().count();
        if !(1..=200).contains(&length(self.title.trim())) {
            problems.push(("title", "must have 1 to 200 characters".to_owned()));
        }
        for (field, text) in
            [("hypothesis", &self.hypothesis), ("look_for", &self.look_for), ("false_positives", &self.false_positives)]
        {
            if length(text) > 8000 {
                problems.push((field, "must have at most 8000 characters".to_owned()));
            }
        }
        if self.techniques.len() > MOST_TECHNIQUES || !self.techniques.iter().all(|id| is_technique(id)) {
            problems.push(("techniques", format!("must be at most {MOST_TECHNIQUES} of the form T1059 or T1059.001")));
        }
        if let Err(problem) = condition(&self.needs) {
            problems.push(("needs", problem));
        }
        if self.queries.len() > MOST_QUERIES {
            problems.push(("queries", format!("must be at most {MOST_QUERIES}")));
        }
        let twice = |place: usize, key: &str| self.queries[..place].iter().any(|before| before.key == key);
        for (place, query) in self.queries.iter().enumerate() {
            if let Some(problem) = query.problem() {
                problems.push(("queries", problem));
            } else if twice(place, &query.key) {
                problems.push(("queries", format!("the key `{}` stands for two of them", query.key)));
            }
        }
        problems
    }

    /// The query of this key.
    pub fn query(&self, key: &str) -> Option<&HuntQuery> {
        self.queries.iter().find(|query| query.key == key)
    }

    /// The record time in which the data it needs is looked for: what its queries look at, altogether.
    pub fn needed_range(&self, now: Timestamp) -> TimeRange {
        let week = TimeRange { from: now.minus(Duration::from_secs(7 * 86_400)), to: now };
        let ranges = self.queries.iter().map(|query| query.range(now));
        ranges
            .reduce(|one, other| TimeRange { from: one.from.min(other.from), to: one.to.max(other.to) })
            .unwrap_or(week)
    }
}

/// Reads a condition that names no customer: whose events are looked at is the hunt's to say, not the query's.
pub fn condition(text: &str) -> Result<Query, String> {
    let query: Query = text.parse().map_err(|error: crate::query::QueryError| error.to_string())?;
    let mut names_customer = false;
    query.visit(&mut |part| {
        names_customer |= matches!(part, Query::Field(FieldRef::Envelope(EnvelopeField::Customer), _));
    });
    if names_customer {
        return Err("a query of a hunt cannot name a customer: choose the hunt's customers instead".to_owned());
    }
    Ok(query)
}

fn is_technique(id: &str) -> bool {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(rest) = id.strip_prefix('T') else { return false };
    match rest.split_once('.') {
        Some((main, sub)) => digits(main, 4) && digits(sub, 3),
        None => digits(rest, 4),
    }
}

/// How many customers were judged how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerdictCounts {
    /// Not judged yet.
    pub open: i64,
    /// Clean.
    pub clean: i64,
    /// Found.
    pub found: i64,
    /// Cannot be said.
    pub inconclusive: i64,
    /// Without the data.
    pub no_data: i64,
}

impl VerdictCounts {
    /// One more.
    pub fn add(&mut self, verdict: Option<HuntVerdict>) {
        *match verdict {
            None => &mut self.open,
            Some(HuntVerdict::Clean) => &mut self.clean,
            Some(HuntVerdict::Found) => &mut self.found,
            Some(HuntVerdict::Inconclusive) => &mut self.inconclusive,
            Some(HuntVerdict::NoData) => &mut self.no_data,
        } += 1;
    }
}

/// A hunt, as far as the reader's sight goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hunt {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: HuntId,
    /// The programme it came from.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub programme: Option<HuntProgrammeId>,
    /// Which round of it, such as `2026-W47`.
    pub round: Option<String>,
    /// What people say about it.
    #[serde(flatten)]
    pub data: HuntData,
    /// Where it stands.
    pub state: HuntState,
    /// What came of it, or why it was called off; only for those who see all its customers.
    pub conclusion: Option<String>,
    /// Whether the reader sees all its customers.
    pub whole: bool,
    /// Its customers in the reader's sight.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub customers: Vec<CustomerId>,
    /// How those were judged.
    pub verdicts: VerdictCounts,
    /// Incidents of those that were opened or linked.
    pub incidents: i64,
    /// Minutes spent: of those who see only some customers, their share.
    pub minutes: i64,
    /// Who wrote it down; nobody for a programme.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub created_by: Option<UserId>,
    /// When.
    pub created: Timestamp,
    /// When it was concluded or called off.
    pub concluded: Option<Timestamp>,
    /// Goes up with every change.
    pub version: i64,
}

impl Hunt {
    /// Whether it should have been concluded by now.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.state.is_open() && self.data.due.is_some_and(|due| due < now)
    }
}

/// What a hunt came to for one customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HuntCustomer {
    /// Which.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// What people say; nothing yet when absent.
    pub verdict: Option<HuntVerdict>,
    /// What can be said without looking: no data, where none was found.
    pub proposed: Option<HuntVerdict>,
    /// What they write to it.
    pub remark: String,
    /// Who judged.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub judged_by: Option<UserId>,
    /// When.
    pub judged: Option<Timestamp>,
    /// Events that meet what the hunt needs; absent until it was looked.
    pub data_events: Option<i64>,
    /// When it was looked.
    pub data_checked: Option<Timestamp>,
    /// Why that could not be told.
    pub data_problem: Option<String>,
    /// Incidents opened from the hunt or linked to it.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub incidents: Vec<crate::IncidentId>,
    /// Goes up with every judgement.
    pub version: i64,
}

impl HuntCustomer {
    /// What can be said from whether the data is there.
    pub fn proposal(data_events: Option<i64>) -> Option<HuntVerdict> {
        (data_events == Some(0)).then_some(HuntVerdict::NoData)
    }

    /// Why this verdict cannot be given, if it cannot: nothing is clean that was not looked at.
    pub fn objection(&self, verdict: HuntVerdict, data: &HuntData, results: &[HuntResult]) -> Option<String> {
        if verdict != HuntVerdict::Clean {
            return None;
        }
        match self.data_events {
            None => return Some("cannot be clean before the hunt was run for this customer".to_owned()),
            Some(0) => {
                return Some(
                    "cannot be clean without data: this customer had no event the hunt needs; say no data".to_owned(),
                );
            }
            Some(_) => {}
        }
        for query in &data.queries {
            let result = results.iter().find(|result| result.query == query.key && result.customer == self.customer);
            match result {
                None => return Some(format!("cannot be clean before `{}` was run for this customer", query.name)),
                Some(result) if result.asked != query.ask => {
                    return Some(format!(
                        "cannot be clean: `{}` was changed since it was run; run it again",
                        query.name
                    ));
                }
                Some(HuntResult { problem: Some(_), .. }) => {
                    return Some(format!("cannot be clean: `{}` failed; run it again or say inconclusive", query.name));
                }
                Some(_) => {}
            }
        }
        None
    }
}

/// Minutes somebody spent on a hunt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HuntTime {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: HuntTimeId,
    /// Who.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub user: Option<UserId>,
    /// How many; fewer than none takes back what was logged wrongly.
    pub minutes: i64,
    /// On what.
    pub note: String,
    /// When it was written down.
    pub created: Timestamp,
}

words! {
    /// What a query of a hunt became.
    DetectionKind {
        /// A request for a use case.
        Request = "request",
        /// A draft of a use case.
        UseCase = "use_case",
    }
}

/// A detection that came of a hunt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HuntDetection {
    /// What it is.
    pub kind: DetectionKind,
    /// The request's or the rule's id.
    pub object: String,
    /// For which customer; for everybody when absent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub customer: Option<CustomerId>,
    /// What it is called.
    pub title: String,
    /// When it was made.
    pub created: Timestamp,
}

#[cfg(test)]
mod tests;
