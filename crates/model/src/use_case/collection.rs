//! Collections of rules that somebody else publishes, such as SigmaHQ's, taken over release by release as reviewed sets
//! of changes.

use serde::{Deserialize, Serialize};

use super::UseCaseState;
use crate::role::words;
use crate::{ChangeSetId, Severity, Timestamp, UserId};

words! {
    /// What a release does to a rule.
    RuleChangeKind {
        /// It comes with it.
        New = "new",
        /// It has another text.
        Changed = "changed",
        /// It is no longer there.
        Removed = "removed",
        /// It has another text, and we wrote one of our own meanwhile, which stays in force.
        Modified = "modified",
        /// It cannot be used.
        Unusable = "unusable",
    }
}

words! {
    /// What became of a set of changes.
    ChangeSetState {
        /// Nobody has decided.
        Pending = "pending",
        /// It is in force, but for what was left out.
        Accepted = "accepted",
        /// Nothing of it was taken.
        Discarded = "discarded",
    }
}

/// A collection as it is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleCollection {
    /// Its name.
    pub name: String,
    /// The release it is of.
    pub release: String,
    /// The state of its rules about which nobody decided: in test or live.
    pub state: UseCaseState,
    /// Files it has.
    pub files: i64,
    /// Who accepted it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub changed_by: Option<UserId>,
    /// When.
    pub changed: Timestamp,
    /// Goes up with every change.
    pub version: i64,
}

/// How many changes of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleChangeCount {
    /// The kind.
    pub kind: RuleChangeKind,
    /// How many.
    pub count: i64,
}

/// What a release would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeSet {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: ChangeSetId,
    /// The collection it changes.
    pub collection: String,
    /// The release it brings.
    pub release: String,
    /// What became of it.
    pub state: ChangeSetState,
    /// Files of rules it has.
    pub files: i64,
    /// What it changes, by kind, as it stood when it came.
    pub counts: Vec<RuleChangeCount>,
    /// Who brought it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub created_by: Option<UserId>,
    /// When.
    pub created: Timestamp,
    /// Who decided.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub decided_by: Option<UserId>,
    /// When.
    pub decided: Option<Timestamp>,
}

/// What a release does to one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleChange {
    /// What.
    pub kind: RuleChangeKind,
    /// The rule's id; of an unusable file its path.
    pub id: String,
    /// Its title; of an unusable file the reason.
    pub title: String,
    /// How bad its matches are.
    pub level: Option<Severity>,
    /// Its file in the release, or in the collection where it is removed.
    pub path: String,
    /// Its text in force; left out of lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Its text in the release; left out of lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}
