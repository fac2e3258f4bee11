//! One customer's state: the groups of every correlation, the time, and what has changed since the state was last written.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::hash::RandomState;

use crate::correlation::key::Key;
use crate::correlation::plan::Plan;
use crate::correlation::table::{Group, Table};

/// When to look at a group. Each has one that counts, the one under [`Group::queued`]; others are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Due {
    pub time: i64,
    pub born: u64,
    pub rule: u32,
    pub id: u32,
}

/// What has changed since the state was last written. Kept only once somebody asked for the state.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub on: bool,
    /// Groups that changed.
    pub changed: Vec<(u32, u32)>,
    /// Groups that are gone and stand in an earlier part.
    pub removed: Vec<(u32, Key)>,
    /// Which groups each part was written with, oldest part first. Those changed later stand in a later one as well.
    pub parts: VecDeque<(u32, Vec<(u32, u32)>)>,
}

/// The state.
#[derive(Debug)]
pub(crate) struct Partition<T> {
    pub name: String,
    /// The greatest time seen.
    pub now: i64,
    /// One for each correlation.
    pub tables: Vec<Table<T>>,
    queue: BinaryHeap<Reverse<Due>>,
    pub born: u64,
    pub groups: usize,
    /// Events held in all groups.
    pub events: usize,
    pub ledger: Ledger,
}

impl<T> Partition<T> {
    pub(crate) fn new(name: &str, now: i64, correlations: usize, keeps_ledger: bool) -> Self {
        Partition {
            name: name.to_owned(),
            now,
            tables: std::iter::repeat_with(Table::default).take(correlations).collect(),
            queue: BinaryHeap::new(),
            born: 0,
            groups: 0,
            events: 0,
            ledger: Ledger { on: keeps_ledger, ..Ledger::default() },
        }
    }

    /// Whether a group may have ended before this time.
    pub(crate) fn is_due(&self, time: i64) -> bool {
        self.queue.peek().is_some_and(|Reverse(due)| due.time < time)
    }

    /// The group that ends first, if it has ended before `time`; nothing is looked at where no time is given.
    pub(crate) fn next_due(&mut self, plans: &[Plan], time: Option<i64>) -> Option<Due> {
        while let Some(Reverse(due)) = self.queue.peek().copied() {
            if time.is_some_and(|time| due.time >= time) {
                return None;
            }
            self.queue.pop();
            let group = self.tables[due.rule as usize].get_mut(due.id);
            let Some(group) = group.filter(|group| (group.born, group.queued) == (due.born, due.time)) else {
                continue;
            };
            let ends = group.ends(&plans[due.rule as usize]);
            if ends <= due.time {
                return Some(due);
            }
            group.queued = ends;
            self.queue.push(Reverse(Due { time: ends, ..due }));
        }
        None
    }

    /// Puts a group in the queue under the time it ends.
    pub(crate) fn enqueue(&mut self, plans: &[Plan], rule: usize, id: u32) {
        let Some(group) = self.tables[rule].get_mut(id) else { return };
        group.queued = group.ends(&plans[rule]);
        let due = Due { time: group.queued, born: group.born, rule: rule as u32, id };
        self.queue.push(Reverse(due));
        // Groups that fired leave theirs behind.
        if self.queue.len() > 2 * self.groups + 1_024 {
            self.rebuild_queue(plans);
        }
    }

    /// Fills the queue from the groups.
    pub(crate) fn rebuild_queue(&mut self, plans: &[Plan]) {
        let mut queue = Vec::with_capacity(self.groups);
        for (rule, table) in self.tables.iter_mut().enumerate() {
            let ids: Vec<u32> = table.iter().map(|(id, _)| id).collect();
            for id in ids {
                let Some(group) = table.get_mut(id) else { continue };
                group.queued = group.ends(&plans[rule]);
                queue.push(Reverse(Due { time: group.queued, born: group.born, rule: rule as u32, id }));
            }
        }
        self.queue = queue.into();
    }

    /// Puts the tables where the correlations now stand; `places` says where each went.
    pub(crate) fn move_tables(&mut self, places: &[Option<usize>], plans: &[Plan]) {
        let mut tables: Vec<Table<T>> = std::iter::repeat_with(Table::default).take(plans.len()).collect();
        for (table, place) in std::mem::take(&mut self.tables).into_iter().zip(places) {
            if let Some(place) = place {
                tables[*place] = table;
            }
        }
        self.tables = tables;
        let all = || self.tables.iter().flat_map(Table::iter);
        (self.groups, self.events) = (all().count(), all().map(|(_, group)| group.window.len()).sum());
        let moved = |rule: u32| places.get(rule as usize).copied().flatten().map(|place| place as u32);
        let move_ids = |ids: &mut Vec<(u32, u32)>| {
            *ids = ids.drain(..).filter_map(|(rule, id)| Some((moved(rule)?, id))).collect();
        };
        move_ids(&mut self.ledger.changed);
        self.ledger.parts.iter_mut().for_each(|(_, ids)| move_ids(ids));
        let removed = std::mem::take(&mut self.ledger.removed);
        self.ledger.removed = removed.into_iter().filter_map(|(rule, key)| Some((moved(rule)?, key))).collect();
        self.rebuild_queue(plans);
    }

    /// Notes that a group changed.
    pub(crate) fn changed(&mut self, rule: usize, id: u32) {
        if self.ledger.on
            && let Some(group) = self.tables[rule].get_mut(id)
            && !std::mem::replace(&mut group.changed, true)
        {
            self.ledger.changed.push((rule as u32, id));
        }
    }

    /// Takes a group out.
    pub(crate) fn remove(&mut self, hasher: &RandomState, rule: usize, id: u32) -> Option<Group<T>> {
        let group = self.tables[rule].remove(hasher, id)?;
        self.groups -= 1;
        self.events -= group.window.len();
        if self.ledger.on && group.written != 0 {
            self.ledger.removed.push((rule as u32, group.key.clone()));
        }
        Some(group)
    }
}
