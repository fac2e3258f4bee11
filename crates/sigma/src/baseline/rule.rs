//! A baseline as its document states it: built like a correlation, with `baseline` in place of `correlation`.

use std::ops::Deref;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::head::Head;

/// What departs from what is usual, with the thresholds of its kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BaselineKind {
    /// A value the group never had.
    FirstSeen {
        /// Only one that nobody of the customer had (`also-new-to: customer`).
        nobody_else: bool,
        /// Values remembered of each group.
        values: usize,
    },
    /// A value that few groups of the customer have.
    Rare {
        /// How many may have it, this one included.
        groups: usize,
        /// Groups there must be.
        population: u64,
    },
    /// An hour of the week in which nothing is usual for the group.
    OffHours {
        /// In percent of such days, how often there may have been something around that hour.
        share: u64,
        /// Hours before and after that count as around it.
        tolerance: u8,
    },
    /// More than usual for the group at this time of day.
    Volume {
        /// The span that is counted in.
        timespan: Duration,
        /// Less than this is never much.
        at_least: f64,
        /// How many times what is usual.
        factor: f64,
        /// How many usual deviations above it.
        deviations: f64,
    },
    /// The same value again and again at one interval, of few groups.
    Beacon {
        /// Intervals that are looked at together.
        count: usize,
        /// How long it must have gone on.
        span: Duration,
        /// What comes sooner is the same beat.
        interval: Duration,
        /// How far intervals may be from their median, in percent of it (by the median of the differences).
        jitter: u64,
        /// How many groups may have the value, this one included.
        groups: usize,
        /// Groups there must be.
        population: u64,
    },
}

/// One baseline.
#[derive(Debug, PartialEq)]
pub struct BaselineRule {
    /// What it says of itself.
    pub head: Head,
    /// What departs, and by how much.
    pub kind: BaselineKind,
    /// Ids of the rules whose matches are looked at.
    pub rules: Vec<String>,
    /// The fields that make a group; none: the whole customer is one.
    pub group_by: Vec<String>,
    /// What is profiled: the fields whose values are known, or the field that is summed.
    pub fields: Vec<String>,
    /// How long the customer's and the group's profile must have been kept before it alarms.
    pub learning: Duration,
    /// What the group's profile must at least be made of.
    pub observations: u64,
    /// What was not there for so long is forgotten.
    pub forget: Duration,
    /// Whether the rules referred to yield alerts of their own as well.
    pub generate: bool,
}

impl Deref for BaselineRule {
    type Target = Head;

    fn deref(&self) -> &Head {
        &self.head
    }
}

impl BaselineRule {
    /// The word for its kind, as it is written.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            BaselineKind::FirstSeen { .. } => "first_seen",
            BaselineKind::Rare { .. } => "rare",
            BaselineKind::OffHours { .. } => "off_hours",
            BaselineKind::Volume { .. } => "volume",
            BaselineKind::Beacon { .. } => "beacon",
        }
    }

    /// The fields it profiles, as one name.
    pub fn field_name(&self) -> String {
        self.fields.join(" / ")
    }

    /// A hash of what decides what its profiles hold: profiles kept under another one are of no use. Thresholds are no
    /// part of it, so that tuning a baseline does not make it learn anew.
    pub(crate) fn fingerprint(&self) -> String {
        let BaselineRule { rules, group_by, fields, .. } = self;
        let timespan = match self.kind {
            BaselineKind::Volume { timespan, .. } => timespan,
            _ => Duration::ZERO,
        };
        let shape = format!("{} {rules:?} {group_by:?} {fields:?} {timespan:?}", self.kind_name());
        Sha256::digest(shape).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}
