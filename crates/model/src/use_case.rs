//! A use case 用例: a rule with its instruction card and what people decided about it (catalogue D2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::role::words;
use crate::{CustomerId, Severity, Timestamp, UserId};

mod collection;
mod exception;
mod request;

pub use collection::{ChangeSet, ChangeSetState, RuleChange, RuleChangeCount, RuleChangeKind, RuleCollection};
pub use exception::{
    Exception, ExceptionData, ExceptionTerm, MOST_RECORDS, MOST_TERMS, MOST_VALUES, MustFire, TermOperator,
};
pub use request::{ANSWERED_WITHIN, Request, RequestData, RequestKind, RequestState};

/// Bytes of a rule's text at most.
pub const MOST_TEXT: usize = 128 * 1024;
/// A live use case is called new for so long.
pub const NEW: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 3600);

words! {
    /// The languages the platform speaks.
    Language {
        /// English.
        En = "en",
        /// Simplified Chinese.
        Zh = "zh",
    }
}

words! {
    /// Where a use case stands.
    UseCaseState {
        /// Being written: it judges nothing.
        Draft = "draft",
        /// It judges, and what it finds is kept apart: nobody is woken, no policy sees it.
        Test = "test",
        /// It raises alerts for the customers it is released to.
        Live = "live",
        /// No longer in use.
        Retired = "retired",
    }
}

words! {
    /// What a live use case does for a customer.
    Release {
        /// It raises alerts.
        Live = "live",
        /// What it finds is kept apart.
        Silent = "silent",
        /// Nothing; correlations that refer to it still count.
        Off = "off",
    }
}

/// The instruction card in one language: five parts, Markdown, for a tired person at four in the morning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// The use case's name in this language.
    pub title: String,
    /// Base facts: what this is about.
    pub facts: String,
    /// Trigger logic: what made it fire.
    pub trigger: String,
    /// Signs of a false positive.
    pub false_positive: String,
    /// Possible consequences.
    pub consequences: String,
    /// Recommendations: what to do, in order.
    pub recommendations: String,
}

/// Instruction cards of a rule, by language.
pub type Cards = BTreeMap<Language, Card>;

/// What people decided about a use case. A built-in one about which nobody decided is live for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UseCaseData {
    /// Where it stands.
    pub state: UseCaseState,
    /// What it does, once live, for customers about whom nothing else was decided.
    pub release: Release,
    /// Who looks after it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub owner: Option<UserId>,
    /// Severity of its alerts; the rule's own when absent.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// Kind of incident by GB/T 20986-2023, such as `MPTROJ`.
    #[serde(default)]
    pub incident_type: Option<String>,
    /// The rule as Sigma text; the built-in one's when absent.
    #[serde(default)]
    pub text: Option<String>,
    /// Instruction cards; languages missing here are those of the built-in one.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub cards: Cards,
}

impl Default for UseCaseData {
    fn default() -> Self {
        UseCaseData {
            state: UseCaseState::Live,
            release: Release::Live,
            owner: None,
            severity: None,
            incident_type: None,
            text: None,
            cards: Cards::new(),
        }
    }
}

/// A use case about which somebody decided something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UseCase {
    /// The rule's id.
    pub id: String,
    /// What was decided.
    #[serde(flatten)]
    pub data: UseCaseData,
    /// Customers for whom it does something else, of those the reader sees.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub customers: BTreeMap<CustomerId, Release>,
    /// Since when it is live.
    pub live_since: Option<Timestamp>,
    /// Who changed it last; absent: the platform.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub changed_by: Option<UserId>,
    /// Since when something is decided.
    pub created: Timestamp,
    /// When it was changed last.
    pub changed: Timestamp,
    /// Goes up with every change.
    pub version: i64,
}

/// What a use case was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UseCaseVersion {
    /// Which.
    pub version: i64,
    /// Who saved it; absent: the platform.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
    /// What was decided; absent where the decision was taken back.
    pub data: Option<UseCaseData>,
}

impl UseCase {
    /// One about which nobody decided anything.
    pub fn undecided(id: &str) -> Self {
        let never = Timestamp::from_micros(0);
        UseCase {
            id: id.to_owned(),
            data: UseCaseData::default(),
            customers: BTreeMap::new(),
            live_since: None,
            changed_by: None,
            created: never,
            changed: never,
            version: 0,
        }
    }

    /// What it does for a customer now; nothing where it judges nothing.
    pub fn release_for(&self, customer: &CustomerId) -> Option<Release> {
        self.release(self.customers.get(customer).copied().unwrap_or(self.data.release))
    }

    /// What it does for customers about whom nothing else was decided.
    pub fn usual_release(&self) -> Option<Release> {
        self.release(self.data.release)
    }

    fn release(&self, release: Release) -> Option<Release> {
        match self.data.state {
            UseCaseState::Draft | UseCaseState::Retired => None,
            UseCaseState::Live => Some(release),
            UseCaseState::Test if release == Release::Off => Some(Release::Off),
            UseCaseState::Test => Some(Release::Silent),
        }
    }

    /// Whether it is called new at `now`: live for less than a month.
    pub fn is_new(&self, now: Timestamp) -> bool {
        self.data.state == UseCaseState::Live && self.live_since.is_some_and(|since| now < since.plus(NEW))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn use_case(state: UseCaseState, release: Release) -> UseCase {
        let now = Timestamp::from_micros(0);
        UseCase {
            id: "r".into(),
            data: UseCaseData { state, release, ..UseCaseData::default() },
            customers: BTreeMap::new(),
            live_since: Some(now),
            changed_by: None,
            created: now,
            changed: now,
            version: 1,
        }
    }

    #[test]
    fn in_test_nobody_is_woken_and_what_a_customer_has_of_his_own_goes_before() {
        let customer = CustomerId::generate(Timestamp::from_micros(0));
        let mut subject = use_case(UseCaseState::Test, Release::Live);
        assert_eq!(subject.release_for(&customer), Some(Release::Silent));
        subject.customers.insert(customer.clone(), Release::Off);
        assert_eq!(subject.release_for(&customer), Some(Release::Off));
        subject.data.state = UseCaseState::Live;
        assert_eq!(subject.release_for(&customer), Some(Release::Off));
        assert_eq!(subject.release_for(&CustomerId::generate(Timestamp::from_micros(1))), Some(Release::Live));
        subject.data.state = UseCaseState::Retired;
        assert_eq!(subject.release_for(&customer), None);
    }

    #[test]
    fn a_use_case_is_new_for_its_first_month() {
        let subject = use_case(UseCaseState::Live, Release::Live);
        assert!(subject.is_new(Timestamp::from_micros(0).plus(NEW).minus(std::time::Duration::from_micros(1))));
        assert!(!subject.is_new(Timestamp::from_micros(0).plus(NEW)));
    }
}
