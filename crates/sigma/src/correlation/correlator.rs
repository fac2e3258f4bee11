//! Runs correlations over matches as they come, in event time, separately for each partition (customer).
//!
//! Event time is the greatest time seen in a partition. What comes late, at most [`Limits::lateness`] behind its group's
//! newest event, counts as if it had come in time. A group is held until event time has moved on by its timespan and the
//! lateness since it was last touched, so an import of old events correlates as well. After a correlation with a lower end
//! only fires for a group, that group starts anew. A condition with an upper end is judged when the window has ended and
//! what may come late has come.
//!
//! Verdicts are exact as long as no bound is hit; what happens at a bound stands at [`Limits`] and is counted in
//! [`Statistics`]. An event without one of the `group-by` fields belongs to no group ([`Statistics::without_group`]).

use std::collections::HashMap;
use std::hash::RandomState;
use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use model::event::Event;

use crate::correlation::desk::{Buffers, Desk, Observation};
use crate::correlation::partition::Partition;
use crate::correlation::plan::{ByBase, Plan, plans};
use crate::correlation::report::CorrelationMatch;
use crate::correlation::rule::CorrelationRule;
use crate::rule_set::{Match, RuleSet};

/// Bounds on memory, per partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Groups held; beyond, the group that would end first is forgotten.
    pub groups: usize,
    /// Events held in all groups together; beyond, the group that would end first is forgotten.
    pub events: usize,
    /// Events held per group, or as many as the condition asks for if that is more; beyond, the oldest are forgotten. (Of a
    /// window with an upper end the second oldest, as the first one opens it; they still count.)
    pub events_per_group: usize,
    /// Events of a group whose tokens are kept for [`CorrelationMatch::events`]: half from its beginning, half the newest.
    pub samples: usize,
    /// How late an event may come.
    pub lateness: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let lateness = Duration::from_secs(600);
        Limits { groups: 100_000, events: 2_000_000, events_per_group: 10_000, samples: 100, lateness }
    }
}

/// What happened at the bounds, over all partitions since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Groups held now.
    pub groups: u64,
    /// Events held now.
    pub events: u64,
    /// Groups forgotten because there was too much.
    pub evicted_groups: u64,
    /// Events forgotten because their group had too many.
    pub forgotten_events: u64,
    /// Events that came too late.
    pub late_events: u64,
    /// Matches without a `group-by` or counted field, or with something else than a number where one is summed.
    pub without_group: u64,
}

/// Which of all groups a correlator holds. Several threads with a share each, all shown the same events, together give what
/// one without a share gives; bounds are those of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    index: u32,
    of: u32,
}

impl Share {
    /// Everything.
    pub const ALL: Share = Share { index: 0, of: 1 };

    /// The share `index`, counted from 0, of `of`.
    pub fn new(index: u32, of: u32) -> Self {
        let of = of.max(1);
        Share { index: index % of, of }
    }

    /// Correlations that refer to each other stay together, by customer; the groups of any other are spread.
    pub(crate) fn has(self, partition: &str, rule: usize, plan: &Plan, key: &[u8]) -> bool {
        if self.of == 1 {
            return true;
        }
        let (unit, key) = plan.chain.map_or((rule, key), |chain| (chain, &[]));
        let bytes = partition.bytes().chain((unit as u32).to_be_bytes()).chain(key.iter().copied());
        let fold = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325, fold);
        ((hash ^ hash >> 32) % u64::from(self.of)) as u32 == self.index
    }
}

/// The running state of all correlations. `T` identifies an event to the caller.
#[derive(Debug)]
pub struct Correlator<T> {
    pub(crate) plans: Vec<Plan>,
    by_base: ByBase,
    pub(crate) partitions: Vec<Partition<T>>,
    names: HashMap<String, usize>,
    /// The partition asked for last: events of one customer often follow each other.
    latest: usize,
    pub(crate) hasher: RandomState,
    pub(crate) limits: Limits,
    share: Share,
    statistics: Statistics,
    buffers: Buffers,
    pub(crate) written: Written,
}

/// How far the state has been written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Whether anybody asked for it: until then nothing is noted.
    pub on: bool,
    /// Correlations that went, by id and fingerprint, with their groups in earlier parts.
    pub gone: Vec<(String, String)>,
}

impl<T: Clone> Correlator<T> {
    /// Without any state.
    pub fn new(rules: &RuleSet, limits: Limits) -> Self {
        Self::with_share(rules, limits, Share::ALL)
    }

    /// Without any state, for a share of all groups.
    pub fn with_share(rules: &RuleSet, limits: Limits, share: Share) -> Self {
        let (plans, by_base) = plans(rules.correlations(), &limits);
        Correlator {
            plans,
            by_base,
            partitions: Vec::new(),
            names: HashMap::new(),
            latest: 0,
            hasher: RandomState::new(),
            limits,
            share,
            statistics: Statistics::default(),
            buffers: Buffers::default(),
            written: Written::default(),
        }
    }

    /// Goes on under other rules. Groups of correlations that are gone, or that now count something else, are forgotten.
    pub fn replace_rules(&mut self, rules: &RuleSet) {
        let identity = |rule: &Arc<CorrelationRule>| (rule.id.clone(), rule.fingerprint());
        let old: Vec<_> = self.plans.iter().map(|plan| identity(&plan.rule)).collect();
        (self.plans, self.by_base) = plans(rules.correlations(), &self.limits);
        let new: HashMap<_, usize> = self.plans.iter().map(|plan| identity(&plan.rule)).zip(0..).collect();
        let places: Vec<Option<usize>> = old.iter().map(|identity| new.get(identity).copied()).collect();
        for partition in &mut self.partitions {
            partition.move_tables(&places, &self.plans);
        }
        if self.written.on {
            let gone = old.into_iter().zip(&places).filter(|(_, place)| place.is_none());
            self.written.gone.extend(gone.map(|(identity, _)| identity));
        }
    }

    /// Takes note of one event and the rules it satisfied; gives the correlations that fire with it, those that
    /// serve other correlations included.
    pub fn observe(
        &mut self,
        partition: &str,
        time: Timestamp,
        matches: &[Match<'_>],
        event: &Event<'_>,
        token: T,
    ) -> Vec<CorrelationMatch<T>> {
        let mut fired = Vec::new();
        let mut buffers = std::mem::take(&mut self.buffers);
        let time = time.as_micros();
        let place = self.place_of(partition, time);
        let (by_base, mut desk) = self.desk(place, &mut fired);
        desk.advance(time);
        let fields = |name: &str| event.resolve(name)?.text();
        let observed = Observation { time, fields: &fields, tokens: &[token] };
        for found in matches {
            for (rule, slot) in by_base.get(&found.rule.id).into_iter().flatten() {
                desk.feed(*rule, *slot, &observed, &mut buffers);
            }
        }
        self.buffers = buffers;
        fired
    }

    /// Moves a partition's event time on without an event, so that windows of a quiet customer end as well.
    pub fn advance(&mut self, partition: &str, time: Timestamp) -> Vec<CorrelationMatch<T>> {
        let mut fired = Vec::new();
        let time = time.as_micros();
        let place = self.place_of(partition, time);
        let state = &mut self.partitions[place];
        if state.is_due(time) {
            self.desk(place, &mut fired).1.advance(time);
        } else {
            state.now = state.now.max(time);
        }
        fired
    }

    /// Nothing more comes: judges what is still open.
    pub fn end(mut self) -> Vec<CorrelationMatch<T>> {
        let mut fired = Vec::new();
        for place in 0..self.partitions.len() {
            self.desk(place, &mut fired).1.advance(i64::MAX);
        }
        fired
    }

    /// What happened at the bounds.
    pub fn statistics(&self) -> Statistics {
        let groups = self.partitions.iter().map(|partition| partition.groups as u64).sum();
        let events = self.partitions.iter().map(|partition| partition.events as u64).sum();
        Statistics { groups, events, ..self.statistics }
    }

    /// Where a partition stands; one never heard of begins at this time.
    pub(crate) fn place_of(&mut self, name: &str, now: i64) -> usize {
        if self.partitions.get(self.latest).is_some_and(|partition| partition.name == name) {
            return self.latest;
        }
        self.latest = match self.names.get(name) {
            Some(place) => *place,
            None => {
                self.partitions.push(Partition::new(name, now, self.plans.len(), self.written.on));
                self.names.insert(name.to_owned(), self.partitions.len() - 1);
                self.partitions.len() - 1
            }
        };
        self.latest
    }

    fn desk<'c>(&'c mut self, place: usize, fired: &'c mut Vec<CorrelationMatch<T>>) -> (&'c ByBase, Desk<'c, T>) {
        let desk = Desk {
            plans: &self.plans,
            hasher: &self.hasher,
            limits: &self.limits,
            share: self.share,
            statistics: &mut self.statistics,
            partition: &mut self.partitions[place],
            fired,
        };
        (&self.by_base, desk)
    }
}
