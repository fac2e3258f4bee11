//! What happens to one partition: an event is counted, time moves on, a correlation fires and feeds those above it.

use std::borrow::Cow;
use std::hash::RandomState;

use model::Timestamp;

use crate::correlation::correlator::{Limits, Share, Statistics};
use crate::correlation::key::{self, Key};
use crate::correlation::partition::Partition;
use crate::correlation::plan::Plan;
use crate::correlation::report::CorrelationMatch;
use crate::correlation::table::Group;
use crate::correlation::window::{Added, Arrival, Verdict, Window};

/// Fields of what matched, by name.
pub(crate) type Fields<'f> = dyn Fn(&str) -> Option<Cow<'f, str>> + 'f;

/// A partition with all that is needed to work on it.
pub(crate) struct Desk<'c, T> {
    pub plans: &'c [Plan],
    pub hasher: &'c RandomState,
    pub limits: &'c Limits,
    pub share: Share,
    pub statistics: &'c mut Statistics,
    pub partition: &'c mut Partition<T>,
    pub fired: &'c mut Vec<CorrelationMatch<T>>,
}

/// A match on its way to the correlations that refer to its rule.
pub(crate) struct Observation<'o, T> {
    pub time: i64,
    pub fields: &'o Fields<'o>,
    pub tokens: &'o [T],
}

impl<T: Clone> Desk<'_, T> {
    /// Moves time on; groups end and windows are judged in the order of their times.
    pub(crate) fn advance(&mut self, time: i64) {
        while let Some(due) = self.partition.next_due(self.plans, Some(time)) {
            self.partition.now = self.partition.now.max(due.time.saturating_add(1));
            let rule = due.rule as usize;
            if self.plans[rule].ends_first {
                self.judge_first(rule, due.id);
            } else {
                self.partition.remove(self.hasher, rule, due.id);
            }
        }
        self.partition.now = self.partition.now.max(time);
    }

    /// Counts a match for one correlation.
    pub(crate) fn feed(&mut self, rule: usize, slot: u16, observed: &Observation<'_, T>, buffers: &mut Buffers) {
        let plan = &self.plans[rule];
        buffers.clear();
        let mut number = 0.0;
        for name in &plan.rule.group_fields[usize::from(slot)] {
            let Some(value) = (observed.fields)(name) else { return self.statistics.without_group += 1 };
            key::push(&mut buffers.key, &value);
        }
        for name in &plan.rule.fields {
            let Some(value) = (observed.fields)(name) else { return self.statistics.without_group += 1 };
            if plan.rule.measure.is_some() {
                match value.parse::<f64>() {
                    Ok(parsed) if parsed.is_finite() => number = parsed,
                    _ => return self.statistics.without_group += 1,
                }
            } else {
                key::push(&mut buffers.values, &value);
            }
        }
        if !self.share.has(&self.partition.name, rule, plan, &buffers.key) {
            return;
        }
        let carried = (!plan.rule.carried.is_empty()).then(|| {
            for name in &plan.rule.carried {
                match (observed.fields)(name) {
                    Some(value) => key::push(&mut buffers.carried, &value),
                    None => key::push_absent(&mut buffers.carried),
                }
            }
            Key::new(&buffers.carried)
        });
        let Observation { time, tokens, .. } = *observed;
        let arrival = Arrival { time, slot, values: &buffers.values, number, carried, tokens };
        self.count(rule, &buffers.key, arrival);
    }

    fn count(&mut self, rule: usize, key: &[u8], arrival: Arrival<'_, T>) {
        let plan = &self.plans[rule];
        let partition = &mut *self.partition;
        let table = &mut partition.tables[rule];
        let (id, is_new) = match table.find(self.hasher, key) {
            Some(id) => (id, false),
            None => {
                partition.born += 1;
                partition.groups += 1;
                let (key, window) = (Key::new(key), Window::new(&plan.rule));
                let (touch, born) = (partition.now, partition.born);
                (
                    table
                        .insert(self.hasher, Group { key, window, touch, queued: 0, born, written: 0, changed: false }),
                    true,
                )
            }
        };
        let Some(group) = table.get_mut(id) else { return };
        let before = group.window.len();
        let (added, over) = group.window.add(plan, arrival, self.limits.samples);
        self.statistics.forgotten_events += u64::from(over);
        if added == Added::Late {
            self.statistics.late_events += 1;
            return;
        }
        group.touch = partition.now;
        partition.events = partition.events + group.window.len() - before;
        let verdict = match added {
            Added::At(place) if !plan.ends_first => group.window.satisfied_with(plan, place),
            _ => None,
        };
        if let Some(verdict) = verdict {
            if let Some(group) = partition.remove(self.hasher, rule, id) {
                self.fire(rule, &group.key, &group.window, verdict);
            }
            return;
        }
        let sooner = plan.ends_first && group.ends(plan) < group.queued;
        partition.changed(rule, id);
        if is_new || sooner {
            partition.enqueue(self.plans, rule, id);
        }
        if plan.ends_first {
            self.judge_ended(rule, id);
        }
        self.evict();
    }

    /// Judges the windows of a group that ended before now: its own events may show that, though time stands still.
    fn judge_ended(&mut self, rule: usize, id: u32) {
        let Some(own) = self.partition.tables[rule].get(id).map(|group| group.born) else { return };
        let has_ended = |partition: &Partition<T>, plan: &Plan| {
            let group = partition.tables[rule].get(id).filter(|group| group.born == own);
            group.is_some_and(|group| group.ends(plan) < partition.now)
        };
        while has_ended(self.partition, &self.plans[rule]) {
            self.judge_first(rule, id);
        }
    }

    /// Judges the first window of a group and takes it out.
    fn judge_first(&mut self, rule: usize, id: u32) {
        let plan = &self.plans[rule];
        let Some(group) = self.partition.tables[rule].get_mut(id) else { return };
        let (range, verdict) = group.window.judge_first(plan);
        if range.len() == group.window.len() {
            if let Some(group) = self.partition.remove(self.hasher, rule, id)
                && let Some(verdict) = verdict
            {
                self.fire(rule, &group.key, &group.window, verdict);
            }
            return;
        }
        let judged = verdict.map(|verdict| (group.key.clone(), group.window.clone(), verdict));
        self.partition.events -= range.len();
        group.window.remove(range);
        group.window.forgotten = 0;
        self.partition.changed(rule, id);
        self.partition.enqueue(self.plans, rule, id);
        if let Some((key, window, verdict)) = judged {
            self.fire(rule, &key, &window, verdict);
        }
    }

    /// While there is too much, the group that would end first goes.
    fn evict(&mut self) {
        while self.partition.groups > self.limits.groups
            || self.partition.events > self.limits.events && self.partition.groups > 1
        {
            let Some(due) = self.partition.next_due(self.plans, None) else { return };
            self.partition.remove(self.hasher, due.rule as usize, due.id);
            self.statistics.evicted_groups += 1;
        }
    }

    fn fire(&mut self, rule: usize, key: &Key, window: &Window<T>, verdict: Verdict) {
        let plan = &self.plans[rule];
        let values = key.values().map(|value| value.unwrap_or_default().to_owned());
        let times = &window.times.as_slice()[verdict.range.clone()];
        let (Some(first), Some(last)) = (times.first(), times.last()) else { return };
        let found = CorrelationMatch {
            group: plan.rule.group_by.iter().cloned().zip(values).collect(),
            count: verdict.count,
            measured: verdict.measured,
            first: Timestamp::from_micros(*first),
            last: Timestamp::from_micros(*last),
            events: window.events(plan, &verdict.range),
            rule: plan.rule.clone(),
        };
        if plan.uppers.is_empty() {
            return self.fired.push(found);
        }
        // A field outside the group has the value of the latest event that has one.
        let mut known = found.group.clone();
        known.extend(window.carried(plan, &verdict.range));
        let fields = |name: &str| {
            let value = known.iter().find(|(known, _)| known == name);
            value.map(|(_, value)| Cow::Borrowed(value.as_str()))
        };
        let (time, tokens) = (*last, found.events.clone());
        self.fired.push(found);
        let observed = Observation { time, fields: &fields, tokens: &tokens };
        let mut buffers = Buffers::default();
        for (upper, slot) in &plan.uppers {
            self.feed(*upper, *slot, &observed, &mut buffers);
        }
    }
}

/// Room for values while a match is fed, used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    key: Vec<u8>,
    values: Vec<u8>,
    carried: Vec<u8>,
}

impl Buffers {
    fn clear(&mut self) {
        self.key.clear();
        self.values.clear();
        self.carried.clear();
    }
}
