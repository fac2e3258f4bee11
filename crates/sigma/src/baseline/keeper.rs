//! Keeps the profiles of all customers and tells what departs from them.
//!
//! A customer is a partition: what one does changes nothing for another. Time is that of events, but for what must not be
//! moved by a sender's clock: the learning period, and what is forgotten for not being heard of. Bounds are stated at
//! [`BaselineLimits`] and hold for each customer and baseline by itself.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use model::baseline::{Departure, NamedValue};
use model::event::Event;

use crate::baseline::plan::{ByBase, Plan, plans};
use crate::baseline::report::BaselineMatch;
use crate::baseline::room::{Observed, Room};
use crate::baseline::rule::{BaselineKind, BaselineRule};
use crate::baseline::values;
use crate::correlation::key;
use crate::correlation::plan::micros;
use crate::expression::MatchedField;
use crate::fold::fold;
use crate::rule_set::{Match, RuleSet};

/// Bounds on memory, per partition and baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaselineLimits {
    /// Groups; beyond, the one heard of least lately is forgotten.
    pub groups: usize,
    /// Values whose spread is known; beyond, the one seen least lately is forgotten, and for the time of learning nothing
    /// counts as rare.
    pub values: usize,
    /// Bytes of the groups, and of the values; beyond, the same.
    pub bytes: usize,
}

impl Default for BaselineLimits {
    fn default() -> Self {
        BaselineLimits { groups: 200_000, values: 200_000, bytes: 96 << 20 }
    }
}

/// What happened, over all partitions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BaselineStatistics {
    /// Groups held now.
    pub groups: u64,
    /// Bytes held now, about.
    pub bytes: u64,
    /// Groups forgotten since the start because there were too many.
    pub forgotten_groups: u64,
    /// Matches without a `group-by` or profiled field, or with something else than a number where one is summed.
    pub without_group: u64,
}

/// When an event was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Its own time. Whoever calls sees to it that it is not far ahead of the receipt.
    pub time: Timestamp,
    /// When it was received.
    pub received: Timestamp,
    /// Seconds that local time was ahead of UTC where it happened.
    pub offset: i32,
}

/// The profiles of all partitions.
#[derive(Debug)]
pub struct Baselines {
    pub(crate) plans: Vec<Plan>,
    by_base: ByBase,
    pub(crate) partitions: Vec<Partition>,
    names: HashMap<String, usize>,
    pub(crate) limits: BaselineLimits,
    without_group: u64,
    buffers: Buffers,
    pub(crate) written: Written,
}

/// One customer's profiles, a room for each baseline that has any.
#[derive(Debug)]
pub(crate) struct Partition {
    pub name: String,
    pub rooms: Vec<Option<Box<Room>>>,
}

/// How far the state has been written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Whether anybody asked for it: until then nothing is noted.
    pub on: bool,
    /// Baselines that went, by id and fingerprint, with their profiles in earlier parts.
    pub gone: Vec<(String, String)>,
}

/// Room for values while an event is looked at, used again for the next one.
#[derive(Debug, Default)]
struct Buffers {
    group: Vec<u8>,
    value: Vec<u8>,
    done: Vec<usize>,
}

impl Baselines {
    /// Without any profile.
    pub fn new(rules: &RuleSet, limits: BaselineLimits) -> Self {
        let (plans, by_base) = plans(rules.baselines());
        Baselines {
            plans,
            by_base,
            partitions: Vec::new(),
            names: HashMap::new(),
            limits,
            without_group: 0,
            buffers: Buffers::default(),
            written: Written::default(),
        }
    }

    /// Goes on under other rules. Profiles of baselines that are gone, or that now learn something else, are forgotten;
    /// other thresholds change nothing of what is known.
    pub fn replace_rules(&mut self, rules: &RuleSet) {
        let identity = |plan: &Plan| (plan.rule.id.clone(), plan.rule.fingerprint());
        let old: Vec<_> = self.plans.iter().map(identity).collect();
        (self.plans, self.by_base) = plans(rules.baselines());
        let new: HashMap<_, usize> = self.plans.iter().map(identity).zip(0..).collect();
        let places: Vec<Option<usize>> = old.iter().map(|identity| new.get(identity).copied()).collect();
        for partition in &mut self.partitions {
            let rooms = std::mem::take(&mut partition.rooms);
            partition.rooms.resize_with(self.plans.len(), || None);
            for (room, place) in rooms.into_iter().zip(&places) {
                if let Some(place) = place {
                    partition.rooms[*place] = room;
                }
            }
        }
        if self.written.on {
            let gone = old.into_iter().zip(&places).filter(|(_, place)| place.is_none());
            self.written.gone.extend(gone.map(|(identity, _)| identity));
        }
    }

    /// Learns for no longer than this: for who holds a baseline against a past that is shorter than it asks for.
    pub fn learn_at_most(&mut self, most: Duration) {
        let most = micros(most);
        self.plans.iter_mut().for_each(|plan| plan.learning = plan.learning.min(most));
    }

    /// Whether some baseline looks at one of these.
    pub fn concern(&self, matches: &[Match<'_>]) -> bool {
        !self.by_base.is_empty() && matches.iter().any(|found| self.by_base.contains_key(&found.rule.id))
    }

    /// Learns one event from the rules it satisfied; gives the baselines it departs from.
    pub fn observe(
        &mut self,
        partition: &str,
        moment: Moment,
        matches: &[Match<'_>],
        event: &Event<'_>,
    ) -> Vec<BaselineMatch> {
        let mut fired = Vec::new();
        if !self.concern(matches) {
            return fired;
        }
        let place = self.place_of(partition);
        let mut buffers = std::mem::take(&mut self.buffers);
        buffers.done.clear();
        for found in matches {
            let Some(concerned) = self.by_base.get(&found.rule.id) else { continue };
            for &plan in concerned {
                // An event two of its rules fire on is one event.
                if !buffers.done.contains(&plan) {
                    buffers.done.push(plan);
                    let rooms = &mut self.partitions[place].rooms;
                    let new = || Box::new(Room::new(moment.received.as_micros(), self.written.on));
                    let room = rooms[plan].get_or_insert_with(new);
                    match observe(&self.plans[plan], room, &self.limits, moment, event, &mut buffers) {
                        Some(found) => fired.extend(found),
                        None => self.without_group += 1,
                    }
                }
            }
        }
        self.buffers = buffers;
        fired
    }

    /// Forgets what is usual for a group, given by its values in the order of `group-by`: it learns anew. False where
    /// there is none.
    pub fn forget(&mut self, partition: &str, rule: &str, group: &[String]) -> bool {
        let key = group_key(group);
        let Some((place, plan)) = self.find(partition, rule) else { return false };
        self.partitions[place].rooms[plan].as_mut().is_some_and(|room| room.forget(&key))
    }

    /// What is held.
    pub fn statistics(&self) -> BaselineStatistics {
        let mut sum = BaselineStatistics { without_group: self.without_group, ..BaselineStatistics::default() };
        for room in self.partitions.iter().flat_map(|partition| partition.rooms.iter().flatten()) {
            sum.groups += room.groups.len() as u64;
            sum.bytes += (room.groups.bytes() + room.values.bytes()) as u64;
            sum.forgotten_groups += room.forgotten;
        }
        sum
    }

    /// A baseline by its place.
    pub(crate) fn rule(&self, plan: usize) -> &Arc<BaselineRule> {
        &self.plans[plan].rule
    }

    /// Where a partition and a baseline stand.
    pub(crate) fn find(&self, partition: &str, rule: &str) -> Option<(usize, usize)> {
        let plan = self.plans.iter().position(|plan| plan.rule.id == rule)?;
        Some((*self.names.get(partition)?, plan))
    }

    /// Where a partition stands; one never heard of is added.
    pub(crate) fn place_of(&mut self, name: &str) -> usize {
        if let Some(place) = self.names.get(name) {
            return *place;
        }
        let rooms = std::iter::repeat_with(|| None).take(self.plans.len()).collect();
        self.partitions.push(Partition { name: name.to_owned(), rooms });
        self.names.insert(name.to_owned(), self.partitions.len() - 1);
        self.partitions.len() - 1
    }
}

/// A group's key.
pub(crate) fn group_key(values: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    values.iter().for_each(|value| key::push(&mut bytes, &fold(value)));
    bytes
}

/// Shows one baseline an event; nothing where the event has not what is asked for.
fn observe(
    plan: &Plan,
    room: &mut Room,
    limits: &BaselineLimits,
    moment: Moment,
    event: &Event<'_>,
    buffers: &mut Buffers,
) -> Option<Option<BaselineMatch>> {
    let rule = &plan.rule;
    buffers.group.clear();
    for name in &rule.group_by {
        let value = text(event, name)?;
        key::push(&mut buffers.group, &fold(&value));
    }
    let (mut hash, mut amount, mut profiled) = (0, 1.0, Cow::Borrowed(""));
    if matches!(rule.kind, BaselineKind::Volume { .. }) {
        if let Some(name) = rule.fields.first() {
            amount =
                text(event, name)?.trim().parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0)?;
        }
    } else if !rule.fields.is_empty() {
        buffers.value.clear();
        for (place, name) in rule.fields.iter().enumerate() {
            let value = text(event, name)?;
            key::push(&mut buffers.value, &fold(&value));
            profiled = if place == 0 { value } else { format!("{profiled} / {value}").into() };
        }
        hash = values::hash(&buffers.value);
    }
    let seen = Observed {
        group: &buffers.group,
        hash,
        text: &profiled,
        amount,
        time: moment.time.as_micros(),
        received: moment.received.as_micros(),
        offset: moment.offset,
    };
    Some(room.observe(plan, limits, &seen).map(|found| BaselineMatch {
        departure: Departure {
            group: named(rule, event),
            since: found.since,
            at: moment.received,
            observations: found.observations,
            reason: found.reason,
        },
        fields: rule.group_by.iter().chain(&rule.fields).filter_map(|name| field(event, name)).collect(),
        rule: rule.clone(),
        time: moment.time,
    }))
}

/// A field's value, if it has one.
fn text<'e>(event: &'e Event<'_>, name: &str) -> Option<Cow<'e, str>> {
    event.resolve(name)?.text().filter(|text| !text.is_empty())
}

fn field(event: &Event<'_>, name: &str) -> Option<MatchedField> {
    Some(MatchedField { field: name.to_owned(), value: text(event, name)?.into_owned() })
}

fn named(rule: &BaselineRule, event: &Event<'_>) -> Vec<NamedValue> {
    let value = |name: &String| Some(NamedValue { name: name.clone(), value: text(event, name)?.into_owned() });
    rule.group_by.iter().filter_map(value).collect()
}
