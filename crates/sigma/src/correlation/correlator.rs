//! Runs correlations over matches as they come, in event time, separately for each partition (customer).
//!
//! Event time is the greatest time seen in a partition. What comes late still counts while its group is held. A group
//! is held until event time has moved on by its timespan and [`Limits::lateness`] since it was last touched, so an
//! import of old events correlates as well. After a correlation fires for a group, that group's window starts anew.
//! An event without one of the `group-by` fields belongs to no group and is counted in [`Statistics::without_group`].

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use model::event::Event;

use crate::correlation::report::CorrelationMatch;
use crate::correlation::rule::CorrelationRule;
use crate::correlation::window::{Entry, Outcome, Window};
use crate::rule_set::{Match, RuleSet};

/// Bounds on memory, per partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Groups held; beyond, the group that would end first is forgotten.
    pub groups: usize,
    /// Events held per group, or as many as the condition asks for if that is more; beyond, the oldest are forgotten.
    pub events_per_group: usize,
    /// How much longer than its timespan a group is held for what comes late.
    pub lateness: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { groups: 100_000, events_per_group: 10_000, lateness: Duration::from_secs(600) }
    }
}

/// What happened at the bounds, over all partitions since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Groups held now.
    pub groups: u64,
    /// Groups forgotten because there were too many.
    pub evicted_groups: u64,
    /// Events forgotten because their group had too many.
    pub forgotten_events: u64,
    /// Events older than their group's window.
    pub late_events: u64,
    /// Matches without a `group-by` or counted field, or with something else than a number where one is summed.
    pub without_group: u64,
}

/// Correlation (by position) and the group's values.
pub(crate) type GroupKey = Arc<(usize, Vec<String>)>;

/// One customer's state.
#[derive(Debug)]
pub(crate) struct Partition<T> {
    pub(crate) now: Timestamp,
    pub(crate) groups: HashMap<GroupKey, Window<T>>,
    pub(crate) deadlines: BTreeSet<(Timestamp, GroupKey)>,
}

impl<T> Partition<T> {
    pub(crate) fn new(now: Timestamp) -> Self {
        Partition { now, groups: HashMap::new(), deadlines: BTreeSet::new() }
    }
}

/// The running state of all correlations. `T` identifies an event to the caller.
#[derive(Debug)]
pub struct Correlator<T> {
    pub(crate) rules: Vec<Arc<CorrelationRule>>,
    by_base: HashMap<String, Vec<(usize, usize)>>,
    pub(crate) partitions: HashMap<String, Partition<T>>,
    limits: Limits,
    statistics: Statistics,
}

/// A match of a rule, or of a correlation another one refers to.
struct Observation<'o, T> {
    base: &'o str,
    time: Timestamp,
    field: &'o dyn Fn(&str) -> Option<String>,
    events: &'o [T],
}

impl<T: Clone> Correlator<T> {
    /// Without any state.
    pub fn new(rules: &RuleSet, limits: Limits) -> Self {
        let mut by_base: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
        for (position, rule) in rules.correlations().iter().enumerate() {
            for (slot, base) in rule.rules.iter().enumerate() {
                by_base.entry(base.clone()).or_default().push((position, slot));
            }
        }
        let statistics = Statistics::default();
        Correlator { rules: rules.correlations().to_vec(), by_base, partitions: HashMap::new(), limits, statistics }
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
        let mut fired = self.advance(partition, time);
        if !matches.iter().any(|found| self.by_base.contains_key(&found.rule.id)) {
            return fired;
        }
        let mut state = self.partitions.remove(partition).unwrap_or_else(|| Partition::new(time));
        let field = |name: &str| Some(shortened(&event.resolve(name)?.text()?));
        let events = [token];
        for found in matches {
            let observation = Observation { base: &found.rule.id, time, field: &field, events: &events };
            self.feed(&mut state, &observation, &mut fired);
        }
        self.put_back(partition, state);
        fired
    }

    /// Moves a partition's event time on without an event, so that windows of a quiet customer end as well.
    pub fn advance(&mut self, partition: &str, time: Timestamp) -> Vec<CorrelationMatch<T>> {
        let mut fired = Vec::new();
        let Some(state) = self.partitions.get_mut(partition) else { return fired };
        state.now = state.now.max(time);
        if state.deadlines.first().is_none_or(|(deadline, _)| *deadline >= state.now) {
            return fired;
        }
        let Some(mut state) = self.partitions.remove(partition) else { return fired };
        while let Some((deadline, key)) = state.deadlines.pop_first() {
            if deadline >= state.now {
                state.deadlines.insert((deadline, key));
                break;
            }
            if let Some(window) = state.groups.remove(&key) {
                self.judge_ended(&mut state, &key, window, &mut fired);
            }
        }
        self.put_back(partition, state);
        fired
    }

    /// What happened at the bounds.
    pub fn statistics(&self) -> Statistics {
        let groups = self.partitions.values().map(|state| state.groups.len() as u64).sum();
        Statistics { groups, ..self.statistics }
    }

    fn put_back(&mut self, partition: &str, state: Partition<T>) {
        if !state.groups.is_empty() {
            self.partitions.insert(partition.to_owned(), state);
        }
    }

    /// Adds an observation to every correlation that refers to its rule.
    fn feed(&mut self, state: &mut Partition<T>, observed: &Observation<'_, T>, fired: &mut Vec<CorrelationMatch<T>>) {
        for (position, slot) in self.by_base.get(observed.base).cloned().unwrap_or_default() {
            let rule = self.rules[position].clone();
            let group: Option<Vec<String>> =
                rule.group_fields[slot].iter().map(|name| (observed.field)(name)).collect();
            let values: Option<Vec<String>> = rule.fields.iter().map(|name| (observed.field)(name)).collect();
            let (Some(group), Some(values)) = (group, values) else {
                self.statistics.without_group += 1;
                continue;
            };
            let carried =
                rule.carried.iter().filter_map(|name| Some((name.clone(), (observed.field)(name)?))).collect();
            if rule.measure.is_some() && !values.iter().all(|value| value.parse().is_ok_and(f64::is_finite)) {
                self.statistics.without_group += 1;
                continue;
            }
            let value = (!values.is_empty()).then(|| values.join("\0"));
            let entry = Entry { time: observed.time, slot, value, carried, events: observed.events.to_vec() };
            self.count(state, &rule, Arc::new((position, group)), entry, fired);
        }
    }

    fn count(
        &mut self,
        state: &mut Partition<T>,
        rule: &Arc<CorrelationRule>,
        key: GroupKey,
        entry: Entry<T>,
        fired: &mut Vec<CorrelationMatch<T>>,
    ) {
        let deadline = state.now.max(entry.time).plus(rule.timespan).plus(self.limits.lateness);
        let mut window = match state.groups.remove(&key) {
            Some(window) => {
                state.deadlines.remove(&(window.deadline, key.clone()));
                window
            }
            None => Window::new(deadline),
        };
        let limit = self.limits.events_per_group.max(rule.bound.least as usize);
        let (outcome, over) = window.add(rule, entry.clone(), limit);
        self.statistics.forgotten_events += u64::from(over);
        match outcome {
            Outcome::Late => self.statistics.late_events += 1,
            Outcome::Beyond => {
                let ended = std::mem::replace(&mut window, Window::new(deadline));
                self.judge_ended(state, &key, ended, fired);
                window.add(rule, entry, limit);
            }
            Outcome::Counted if !rule.ends_first() => {
                window.deadline = deadline;
                if window.satisfies(rule) {
                    self.fire(state, &key, window, fired);
                    return;
                }
            }
            Outcome::Counted => {}
        }
        state.deadlines.insert((window.deadline, key.clone()));
        state.groups.insert(key, window);
        if state.groups.len() > self.limits.groups
            && let Some((_, oldest)) = state.deadlines.pop_first()
        {
            state.groups.remove(&oldest);
            self.statistics.evicted_groups += 1;
        }
    }

    /// A window whose time is over: one with an upper end is judged now, any other has nothing more to say.
    fn judge_ended(
        &mut self,
        state: &mut Partition<T>,
        key: &GroupKey,
        window: Window<T>,
        fired: &mut Vec<CorrelationMatch<T>>,
    ) {
        let rule = &self.rules[key.0];
        if rule.ends_first() && window.satisfies(rule) {
            self.fire(state, key, window, fired);
        }
    }

    fn fire(
        &mut self,
        state: &mut Partition<T>,
        key: &GroupKey,
        window: Window<T>,
        fired: &mut Vec<CorrelationMatch<T>>,
    ) {
        let rule = self.rules[key.0].clone();
        let (Some(first), Some(last)) = (window.entries.first(), window.entries.last()) else { return };
        let group: Vec<_> = rule.group_by.iter().cloned().zip(key.1.iter().cloned()).collect();
        let found = CorrelationMatch {
            group: group.clone(),
            count: window.count(&rule),
            measured: window.measured(&rule),
            first: first.time,
            last: last.time,
            events: window.entries.iter().flat_map(|entry| entry.events.iter().cloned()).collect(),
            rule: rule.clone(),
        };
        // A field outside the group has the value of the latest event that has one.
        let carried = window.entries.iter().rev().flat_map(|entry| &entry.carried);
        let known: Vec<&(String, String)> = group.iter().chain(carried).collect();
        let field = |name: &str| known.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let events = found.events.clone();
        let time = found.last;
        fired.push(found);
        self.feed(state, &Observation { base: &rule.id, time, field: &field, events: &events }, fired);
    }
}

/// Values in memory are cut to this many bytes: a group is told apart by the beginning of its values.
const MAX_VALUE: usize = 1_024;

fn shortened(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_VALUE)].to_owned()
}
