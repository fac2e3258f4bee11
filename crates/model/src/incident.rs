//! An incident 事件: what people handle (catalogue T4), and its state machine as a pure function.

use serde::{Deserialize, Serialize};

use crate::entity::Entity;
use crate::role::words;
use crate::{AlertId, AttachmentId, CustomerId, IncidentEntryId, IncidentId, Severity, Timestamp, UserId};

words! {
    /// Where an incident stands.
    IncidentState {
        /// 待研判: nobody has taken it.
        New = "new",
        /// 处置中: somebody works on it.
        InProgress = "in_progress",
        /// 已处置: closed with a verdict.
        Resolved = "resolved",
        /// 已挂起: waits for something outside our hands.
        Suspended = "suspended",
        /// 驳回: it was none.
        Rejected = "rejected",
    }
}

words! {
    /// What a closed incident turned out to be.
    Verdict {
        /// An attack, as detected.
        TruePositive = "true_positive",
        /// Detected rightly, but meant well: a test, a scan by agreement, an administrator at work.
        BenignPositive = "benign_positive",
    }
}

words! {
    /// Why an incident was rejected.
    RejectReason {
        /// 误报.
        FalsePositive = "false_positive",
        /// The customer does not care.
        NotOfInterest = "not_of_interest",
        /// 平台故障.
        PlatformFault = "platform_fault",
        /// Already handled in another incident.
        Duplicate = "duplicate",
    }
}

/// What somebody does to an incident's state. Each is also an entry of its timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Transition {
    /// Somebody begins to work on it.
    Start,
    /// Put aside until `until`, for a stated reason 未闭环原因.
    Suspend {
        /// Why it waits.
        reason: String,
        /// When to look at it again.
        until: Timestamp,
    },
    /// Work goes on after a suspension.
    Resume,
    /// Closed as handled.
    Resolve {
        /// What it turned out to be.
        verdict: Verdict,
        /// What was found and done.
        summary: String,
    },
    /// Closed as none.
    Reject {
        /// Why.
        reason: RejectReason,
        /// What was found.
        summary: String,
    },
    /// Opened again; it goes back to whoever works on it.
    Reopen {
        /// Why.
        reason: String,
    },
}

/// A transition that the present state does not allow, or that lacks what it needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// Not from this state.
    #[error("an incident that is {} cannot {transition}", from.as_str())]
    NotAllowed {
        /// The present state.
        from: IncidentState,
        /// What was tried.
        transition: &'static str,
    },
    /// A text that must be there is empty.
    #[error("to {transition} an incident, {field} must not be empty")]
    Missing {
        /// What was tried.
        transition: &'static str,
        /// The empty field.
        field: &'static str,
    },
    /// A suspension that is over before it begins.
    #[error("a suspension must end in the future")]
    EndsInThePast,
}

impl Transition {
    /// The verb.
    pub fn name(&self) -> &'static str {
        match self {
            Transition::Start => "start",
            Transition::Suspend { .. } => "suspend",
            Transition::Resume => "resume",
            Transition::Resolve { .. } => "resolve",
            Transition::Reject { .. } => "reject",
            Transition::Reopen { .. } => "reopen",
        }
    }
}

impl IncidentState {
    /// Whether people still have to do something about it.
    pub fn is_open(self) -> bool {
        matches!(self, IncidentState::New | IncidentState::InProgress | IncidentState::Suspended)
    }

    /// The state after `transition` at `now`.
    pub fn after(self, transition: &Transition, now: Timestamp) -> Result<IncidentState, TransitionError> {
        use IncidentState::{InProgress, New, Rejected, Resolved, Suspended};
        let name = transition.name();
        let filled = |field: &'static str, text: &str| {
            if text.trim().is_empty() { Err(TransitionError::Missing { transition: name, field }) } else { Ok(()) }
        };
        let next = match (self, transition) {
            (New, Transition::Start) => InProgress,
            (New | InProgress, Transition::Suspend { reason, until }) => {
                filled("reason", reason)?;
                if *until <= now {
                    return Err(TransitionError::EndsInThePast);
                }
                Suspended
            }
            (Suspended, Transition::Resume) => InProgress,
            (InProgress | Suspended, Transition::Resolve { summary, .. }) => {
                filled("summary", summary)?;
                Resolved
            }
            (New | InProgress | Suspended, Transition::Reject { summary, .. }) => {
                filled("summary", summary)?;
                Rejected
            }
            (Resolved | Rejected, Transition::Reopen { reason }) => {
                filled("reason", reason)?;
                InProgress
            }
            (from, _) => return Err(TransitionError::NotAllowed { from, transition: name }),
        };
        Ok(next)
    }
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Incident {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: IncidentId,
    /// Its number, counted over the whole platform: what people say on the telephone.
    pub number: i64,
    /// Whose it is.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// What happened, in a line.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// Where it stands.
    pub state: IncidentState,
    /// What it turned out to be, once resolved.
    pub verdict: Option<Verdict>,
    /// Why it was rejected, once it was.
    pub reject_reason: Option<RejectReason>,
    /// When to look at it again, while suspended.
    pub suspended_until: Option<Timestamp>,
    /// Who works on it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub assignee: Option<UserId>,
    /// What its alerts have in common, such as `host=WEB01`; further alerts about it join while it is open.
    pub key: String,
    /// What it is about.
    pub entities: Vec<Entity>,
    /// How many alerts are linked.
    pub alert_count: i64,
    /// Time of the first event.
    pub first: Timestamp,
    /// Time of the last event.
    pub last: Timestamp,
    /// When it was raised.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// Goes up with every change.
    pub version: i64,
    /// The version that last changed what people decide about: its state, its people, its severity. Whoever has seen
    /// this one or a later one may act: alerts that merely joined since then refuse nobody's decision.
    pub decided: i64,
}

impl Incident {
    /// Whether somebody who has seen `version` knows everything that was decided since.
    pub fn is_known_at(&self, version: i64) -> bool {
        (self.decided..=self.version).contains(&version)
    }
}

/// One entry of an incident's timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IncidentEntry {
    /// Identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: IncidentEntryId,
    /// When it happened.
    pub time: Timestamp,
    /// The person; absent when the platform did it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub user: Option<UserId>,
    /// What happened.
    pub what: IncidentChange,
}

/// What an entry of a timeline tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum IncidentChange {
    /// It was raised.
    Raised {
        /// By the first alert, unless by hand.
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
        alert: Option<AlertId>,
    },
    /// A further alert joined.
    AlertLinked {
        /// Which.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        alert: AlertId,
        /// Its title.
        title: String,
    },
    /// It was given to somebody, or to nobody.
    Assigned {
        /// To whom.
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
        to: Option<UserId>,
    },
    /// Its state changed.
    Transitioned {
        /// How.
        transition: Transition,
        /// From which state.
        from: IncidentState,
        /// To which state.
        to: IncidentState,
    },
    /// Its severity was set.
    SeverityChanged {
        /// Before.
        from: Severity,
        /// After.
        to: Severity,
    },
    /// Somebody wrote something down, for colleagues only.
    Commented {
        /// Plain text.
        text: String,
    },
    /// A file was attached.
    FileAttached {
        /// Which.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        attachment: AttachmentId,
        /// Its name.
        name: String,
        /// Bytes.
        size: i64,
        /// Hash of its content.
        sha256: String,
    },
    /// YARA rules match an attached file that did not before.
    FileMatched {
        /// Which.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        attachment: AttachmentId,
        /// Its name.
        name: String,
        /// The worst of them.
        severity: Severity,
        /// Their names.
        rules: Vec<String>,
    },
    /// The content of an attached file was removed.
    FileRemoved {
        /// Which.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        attachment: AttachmentId,
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn transition() -> impl Strategy<Value = Transition> {
        let text = prop_oneof![Just(String::new()), Just("because".to_owned())];
        prop_oneof![
            Just(Transition::Start),
            (text.clone(), -5i64..5)
                .prop_map(|(reason, until)| Transition::Suspend { reason, until: Timestamp::from_micros(until) }),
            Just(Transition::Resume),
            text.clone().prop_map(|summary| Transition::Resolve { verdict: Verdict::TruePositive, summary }),
            text.clone().prop_map(|summary| Transition::Reject { reason: RejectReason::FalsePositive, summary }),
            text.prop_map(|reason| Transition::Reopen { reason }),
        ]
    }

    proptest! {
        #[test]
        fn a_closed_incident_only_leaves_by_reopening(steps in prop::collection::vec(transition(), 1..40)) {
            let now = Timestamp::from_micros(0);
            let mut state = IncidentState::New;
            for step in &steps {
                let Ok(next) = state.after(step, now) else { continue };
                prop_assert_ne!(next, IncidentState::New, "nothing goes back to new");
                if !state.is_open() {
                    prop_assert!(matches!(step, Transition::Reopen { .. }), "left a closed state");
                }
                if !next.is_open() {
                    let closes = matches!(step, Transition::Resolve { .. } | Transition::Reject { .. });
                    prop_assert!(closes, "closed by {}", step.name());
                }
                state = next;
            }
        }

        #[test]
        fn nothing_is_closed_suspended_or_reopened_without_words(step in transition(), from in 0usize..5) {
            let next = IncidentState::ALL[from].after(&step, Timestamp::from_micros(0));
            let words = match &step {
                Transition::Suspend { reason, .. } | Transition::Reopen { reason } => Some(reason),
                Transition::Resolve { summary, .. } | Transition::Reject { summary, .. } => Some(summary),
                Transition::Start | Transition::Resume => None,
            };
            if words.is_some_and(String::is_empty) {
                prop_assert!(next.is_err());
            }
        }
    }

    #[test]
    fn a_suspension_must_end_in_the_future() {
        let now = Timestamp::from_micros(10);
        let step = Transition::Suspend { reason: "waits for the customer".into(), until: now };
        assert_eq!(IncidentState::InProgress.after(&step, now), Err(TransitionError::EndsInThePast));
    }
}
