//! The profiles of one customer for one baseline, within their bounds.

use model::Timestamp;
use model::baseline::Unusual;

use crate::baseline::group::Group;
use crate::baseline::holders::Holders;
use crate::baseline::judge;
use crate::baseline::keeper::BaselineLimits;
use crate::baseline::plan::Plan;
use crate::baseline::shelf::Shelf;
use crate::baseline::values::minutes;
use crate::correlation::key::Key;

/// Of what is outdated so many are forgotten with each event: more than one, so that they get fewer.
const SWEPT: usize = 2;

/// The profiles.
#[derive(Debug)]
pub(crate) struct Room {
    /// When the first event was received, and the latest.
    pub begun: i64,
    pub latest: i64,
    pub groups: Shelf<Group>,
    /// Who has a value, for what asks that.
    pub values: Shelf<Holders>,
    /// When a value was forgotten for want of room, by receipt; 0 for never. Until that is long ago nothing is rare.
    pub crowded: i64,
    /// Groups forgotten for want of room since the start.
    pub forgotten: u64,
}

/// An event as a baseline sees it.
#[derive(Debug)]
pub(crate) struct Observed<'o> {
    /// The group's key.
    pub group: &'o [u8],
    /// What stands for the profiled value, and the value.
    pub hash: u64,
    pub text: &'o str,
    /// The number that is summed; one where events are counted.
    pub amount: f64,
    pub time: i64,
    pub received: i64,
    /// Seconds that local time is ahead of UTC.
    pub offset: i32,
}

/// Something unusual, and the profile it departs from.
pub(crate) struct Found {
    pub since: Timestamp,
    pub observations: u64,
    pub reason: Unusual,
}

impl Room {
    pub(crate) fn new(received: i64, keeps_ledger: bool) -> Self {
        Room {
            begun: received,
            latest: received,
            groups: Shelf::new(keeps_ledger),
            values: Shelf::new(keeps_ledger),
            crowded: 0,
            forgotten: 0,
        }
    }

    /// Judges an event by what was learned before and learns it.
    pub(crate) fn observe(&mut self, plan: &Plan, limits: &BaselineLimits, seen: &Observed<'_>) -> Option<Found> {
        self.latest = self.latest.max(seen.received);
        self.sweep(plan, seen);
        let id = match self.groups.find(seen.group) {
            Some(id) => id,
            None => {
                let group = Group::new(&plan.rule.kind, seen.received, seen.time, seen.offset);
                self.groups.insert(Key::new(seen.group), group)
            }
        };
        let learned = self.is_learned(plan, id, seen.received);
        let spread = judge::spread(self, plan, seen);
        let crowd = judge::Crowd {
            spread,
            population: self.groups.len() as u64,
            clear: self.crowded == 0 || self.crowded.saturating_add(plan.learning) < seen.received,
        };
        let (since, observations, reason) = self.groups.touch(id, |group| {
            let (since, observations) = (group.born, group.observations());
            group.seen = group.seen.saturating_add(1);
            group.heard = group.heard.max(seen.received);
            group.last = group.last.max(seen.time);
            (since, observations, judge::judge(group, plan, seen, &crowd, learned))
        })?;
        self.keep_within(plan, limits, seen.received);
        let since = Timestamp::from_micros(since);
        reason.map(|reason| Found { since, observations, reason })
    }

    /// Whether a group's departures count at a time.
    pub(crate) fn is_learned(&self, plan: &Plan, id: u32, received: i64) -> bool {
        let covers = |since: i64| received.saturating_sub(since) >= plan.learning;
        covers(self.begun)
            && self
                .groups
                .get(id)
                .is_some_and(|slot| covers(slot.state.born) && slot.state.observations() >= plan.rule.observations)
    }

    /// Forgets what was not there for long.
    fn sweep(&mut self, plan: &Plan, seen: &Observed<'_>) {
        for _ in 0..SWEPT {
            if let Some((id, slot)) = self.groups.oldest()
                && slot.state.heard.saturating_add(plan.forget) < seen.received
            {
                self.groups.remove(id);
            }
            if let Some((id, slot)) = self.values.oldest()
                && slot.state.last.saturating_add(plan.forget_minutes) < minutes(seen.received)
            {
                self.values.remove(id);
            }
        }
    }

    /// While there is too much, what was untouched for longest goes.
    fn keep_within(&mut self, plan: &Plan, limits: &BaselineLimits, received: i64) {
        while self.groups.len() > limits.groups || self.groups.bytes() > limits.bytes && self.groups.len() > 1 {
            let Some((id, _)) = self.groups.oldest() else { break };
            self.groups.remove(id);
            self.forgotten += 1;
        }
        while self.values.len() > limits.values || self.values.bytes() > limits.bytes && self.values.len() > 1 {
            let Some((id, slot)) = self.values.oldest() else { break };
            if slot.state.last.saturating_add(plan.forget_minutes) >= minutes(received) {
                self.crowded = received;
            }
            self.values.remove(id);
        }
    }

    /// Forgets a group and that it had any value.
    pub(crate) fn forget(&mut self, group: &[u8]) -> bool {
        let held: Vec<u32> =
            self.values.in_order().filter(|(_, slot)| slot.state.names(group)).map(|(id, _)| id).collect();
        for id in held {
            self.values.change(id, |holders| holders.forget(group));
        }
        self.groups.find(group).and_then(|id| self.groups.remove(id)).is_some()
    }
}
