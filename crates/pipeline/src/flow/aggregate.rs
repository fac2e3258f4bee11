//! Detections to alerts (catalogue D5): the same rule and key of a customer grow one alert while it is open.
//!
//! An alert is open to a detection within an hour of its last event and a day of its first, by event time. What is
//! open is bounded: an alert quiet for two hours (by receipt) closes, and beyond the limit per customer the one quiet
//! longest closes early. A closed alert changes nothing of itself; the next detection begins a new one. A rule that goes
//! off about ever new keys has them held together as one alert, see [`storm`].

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use model::{AlertId, CustomerId, Timestamp};

use super::alert::{Growing, OpenAlert};
use super::detection::Detection;
use super::storm::{self, Begun};

/// Further detections join while they come within this of the last,
const JOIN: Duration = Duration::from_secs(3600);
/// and within this of the first.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// Quiet for so long by receipt time, an alert closes.
const QUIET: Duration = Duration::from_secs(2 * 3600);
/// Open alerts under one key: live events and an import of old ones need not push each other out.
const SAME_KEY: usize = 4;
/// Of all open alerts one in so many is written again with each part of the state, or as many as changed if those are more:
/// so the oldest part becomes needless.
const AGAIN: usize = 64;

/// An open alert and what is known of its writing.
#[derive(Debug)]
struct Open {
    alert: Growing,
    /// The time it stands under in the order of quiet ones: never later than when it was touched.
    quiet: Timestamp,
    /// To be written to the store.
    dirty: bool,
    /// The part of the state it was last written to; 0 for none.
    part: u32,
    /// Whether it changed since.
    changed: bool,
}

/// Rule, what detections are put together by, and whether they are silent.
type Key = (Arc<str>, Arc<str>, bool);
/// Which alert of which customer.
type Whose = (CustomerId, AlertId);

#[derive(Debug, Default)]
struct Customer {
    by_id: HashMap<AlertId, Open>,
    by_key: HashMap<Key, Vec<AlertId>>,
    by_quiet: BTreeSet<(Timestamp, AlertId)>,
    /// By rule and whether silent: when its open alerts were begun, those that stand for a storm left out.
    begun: HashMap<(Arc<str>, bool), Begun>,
}

/// The open alerts of all customers.
#[derive(Debug)]
pub(super) struct Aggregator {
    customers: HashMap<CustomerId, Customer>,
    open: usize,
    tray: Tray,
    most_open: usize,
    closed_early: u64,
    /// Which alerts each part was written with, oldest part first.
    parts: VecDeque<(u32, Vec<Whose>)>,
}

/// What is to be written.
#[derive(Debug, Default)]
struct Tray {
    dirty: Vec<Whose>,
    /// Closed while dirty.
    closed: Vec<Growing>,
    /// Changed since the last part.
    changed: Vec<Whose>,
    /// Closed since the last part, and written in one before.
    gone: Vec<AlertId>,
}

/// What changed since the last part of the state.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Number of the first part still needed.
    pub oldest: u32,
    pub open: Vec<Growing>,
    pub gone: Vec<AlertId>,
}

impl Aggregator {
    /// Goes on with what was open, each with the part of the state it stands in.
    pub(super) fn new(most_open: usize, open: Vec<(u32, OpenAlert)>) -> Self {
        let mut aggregator = Aggregator {
            customers: HashMap::new(),
            open: 0,
            tray: Tray::default(),
            most_open: most_open.max(1),
            closed_early: 0,
            parts: VecDeque::new(),
        };
        let mut open: Vec<_> = open.into_iter().map(|(part, alert)| (part, alert.grow())).collect();
        open.sort_by_key(|(id, _)| *id);
        for (part, alert) in open {
            if aggregator.parts.back().is_none_or(|(last, _)| *last != part) {
                aggregator.parts.push_back((part, Vec::new()));
            }
            if let Some((_, ids)) = aggregator.parts.back_mut() {
                ids.push((alert.customer.clone(), alert.id.clone()));
            }
            let customer = aggregator.customers.entry(alert.customer.clone()).or_default();
            customer.insert(alert, part);
            aggregator.open += 1;
        }
        aggregator
    }

    /// Adds a detection to its alert, or begins one.
    pub(super) fn add(&mut self, detection: Detection) {
        let Aggregator { customers, tray, .. } = self;
        let customer = customers.entry(detection.customer.clone()).or_default();
        let before = customer.by_id.len();
        customer.close_quiet(detection.received.minus(QUIET), tray);
        customer.grow(detection, before > self.most_open / 2, tray);
        while customer.by_id.len() > self.most_open {
            let Some(oldest) = customer.quietest() else { break };
            customer.close(&oldest, tray);
            self.closed_early += 1;
        }
        self.open = self.open + customer.by_id.len() - before;
    }

    /// The alerts that are new or have grown since the last call.
    pub(super) fn take_dirty(&mut self) -> Vec<Growing> {
        let mut alerts = std::mem::take(&mut self.tray.closed);
        for (customer, id) in std::mem::take(&mut self.tray.dirty) {
            let open = self.customers.get_mut(&customer).and_then(|customer| customer.by_id.get_mut(&id));
            if let Some(open) = open
                && std::mem::replace(&mut open.dirty, false)
            {
                alerts.push(open.alert.clone());
            }
        }
        alerts
    }

    /// Alerts closed for want of room since the last call.
    pub(super) fn take_closed_early(&mut self) -> u64 {
        std::mem::take(&mut self.closed_early)
    }

    /// What the part of this number has to hold: what changed, and some of what was written longest ago.
    pub(super) fn changes(&mut self, number: u32) -> Changes {
        let mut ids = Vec::new();
        let mut open = Vec::new();
        for whose in std::mem::take(&mut self.tray.changed) {
            if let Some(alert) = self.written(&whose, number, |open| std::mem::replace(&mut open.changed, false)) {
                open.push(alert);
                ids.push(whose);
            }
        }
        let most = ids.len() + ids.len().max(self.open / AGAIN + 1);
        while ids.len() < most
            && let Some((part, old)) = self.parts.front_mut()
        {
            let part = *part;
            let Some(whose) = old.pop() else {
                self.parts.pop_front();
                continue;
            };
            if let Some(alert) = self.written(&whose, number, |open| open.part == part) {
                open.push(alert);
                ids.push(whose);
            }
        }
        while self.parts.front().is_some_and(|(_, old)| old.is_empty()) {
            self.parts.pop_front();
        }
        self.parts.push_back((number, ids));
        let oldest = self.parts.front().map_or(number, |(oldest, _)| *oldest);
        Changes { oldest, open, gone: std::mem::take(&mut self.tray.gone) }
    }

    /// An open alert that is to stand in the part of this number.
    fn written(
        &mut self,
        (customer, id): &Whose,
        number: u32,
        is_wanted: impl FnOnce(&mut Open) -> bool,
    ) -> Option<Growing> {
        let open = self.customers.get_mut(customer)?.by_id.get_mut(id)?;
        is_wanted(open).then(|| {
            open.part = number;
            open.alert.clone()
        })
    }

    /// Everything open, in a stable order.
    #[cfg(test)]
    fn open(&self) -> Vec<OpenAlert> {
        let all = self.customers.values().flat_map(|customer| customer.by_id.values());
        let mut open: Vec<OpenAlert> = all.map(|open| OpenAlert::of(&open.alert)).collect();
        open.sort_by(|a, b| a.id().cmp(b.id()));
        open
    }
}

impl Customer {
    fn insert(&mut self, alert: Growing, part: u32) {
        let (id, key) = (alert.id.clone(), key_of(&alert));
        self.by_quiet.insert((alert.touched, id.clone()));
        let same = self.by_key.entry(key).or_default();
        // Oldest first, however they were kept.
        let place = same.partition_point(|other| *other < id);
        same.insert(place, id.clone());
        if !alert.is_storm() {
            self.begun
                .entry((alert.about.rule_id.clone(), alert.silent))
                .or_default()
                .insert((alert.created, id.clone()));
        }
        self.by_id.insert(id, Open { quiet: alert.touched, alert, dirty: false, part, changed: false });
    }

    fn close(&mut self, id: &AlertId, tray: &mut Tray) {
        let Some(open) = self.by_id.remove(id) else { return };
        self.by_quiet.remove(&(open.quiet, id.clone()));
        let key = key_of(&open.alert);
        if let Some(same) = self.by_key.get_mut(&key) {
            same.retain(|other| other != id);
            if same.is_empty() {
                self.by_key.remove(&key);
            }
        }
        let rule = (open.alert.about.rule_id.clone(), open.alert.silent);
        if let Some(begun) = self.begun.get_mut(&rule) {
            begun.remove(&(open.alert.created, id.clone()));
            if begun.is_empty() {
                self.begun.remove(&rule);
            }
        }
        if open.part != 0 {
            tray.gone.push(id.clone());
        }
        if open.dirty {
            tray.closed.push(open.alert);
        }
    }

    /// The alert that was quiet longest. Times in the order of quiet ones may be behind: they are put right on the way.
    fn quietest(&mut self) -> Option<AlertId> {
        loop {
            let (quiet, id) = self.by_quiet.first()?.clone();
            let open = self.by_id.get_mut(&id)?;
            if open.alert.touched <= quiet {
                return Some(id);
            }
            open.quiet = open.alert.touched;
            self.by_quiet.pop_first();
            self.by_quiet.insert((open.quiet, id));
        }
    }

    fn close_quiet(&mut self, before: Timestamp, tray: &mut Tray) {
        while self.by_quiet.first().is_some_and(|(quiet, _)| *quiet < before) {
            match self.quietest() {
                Some(id) if self.by_id.get(&id).is_some_and(|open| open.alert.touched < before) => {
                    self.close(&id, tray)
                }
                _ => return,
            }
        }
    }

    /// Adds the detection to the alert it now belongs to.
    fn grow(&mut self, detection: Detection, crowded: bool, tray: &mut Tray) {
        let known = self.open_to(&detection, detection.key.clone()).or_else(|| self.storm_for(&detection, crowded));
        let id = match known {
            Some(id) => {
                if let Some(open) = self.by_id.get_mut(&id) {
                    open.alert.join(detection);
                }
                id
            }
            None if self.rages(&detection, crowded) => self.begin(Growing::begin_storm(detection), tray),
            None => self.begin(Growing::begin(detection), tray),
        };
        let Some(open) = self.by_id.get_mut(&id) else { return };
        let whose = || (open.alert.customer.clone(), id.clone());
        if !open.dirty {
            tray.dirty.push(whose());
        }
        if !open.changed {
            tray.changed.push(whose());
        }
        (open.dirty, open.changed) = (true, true);
    }
}

impl Customer {
    /// The alert of a key that is open to the detection.
    fn open_to(&self, detection: &Detection, key: Arc<str>) -> Option<AlertId> {
        let same = self.by_key.get(&(detection.about.rule_id.clone(), key, detection.silent))?;
        let fits = |id: &&AlertId| self.by_id.get(*id).is_some_and(|open| fits(&open.alert, detection));
        same.iter().rev().find(fits).cloned()
    }

    /// The storm that takes up a detection no alert is open to.
    fn storm_for(&self, detection: &Detection, crowded: bool) -> Option<AlertId> {
        let id = self.open_to(detection, storm::key(detection.outcome).into())?;
        let touched = self.by_id.get(&id)?.alert.touched;
        (storm::goes_on(touched, detection.received) || self.rages(detection, crowded)).then_some(id)
    }

    fn rages(&self, detection: &Detection, crowded: bool) -> bool {
        let begun = self.begun.get(&(detection.about.rule_id.clone(), detection.silent));
        begun.is_some_and(|begun| storm::is_raging(begun, detection.received, crowded, detection.outcome))
    }

    /// Begins an alert; where too many stand under its key, the one quiet longest closes.
    fn begin(&mut self, alert: Growing, tray: &mut Tray) -> AlertId {
        let same = self.by_key.get(&key_of(&alert)).map_or(&[][..], Vec::as_slice);
        if same.len() >= SAME_KEY
            && let Some(quietest) =
                same.iter().min_by_key(|id| self.by_id.get(*id).map(|open| open.alert.touched)).cloned()
        {
            self.close(&quietest, tray);
        }
        let id = alert.id.clone();
        // The same first event a second time (a replay of its record under another sequence cannot be): keep one.
        self.close(&id, tray);
        self.insert(alert, 0);
        id
    }
}

fn key_of(alert: &Growing) -> Key {
    (alert.about.rule_id.clone(), alert.key.clone(), alert.silent)
}

fn fits(alert: &Growing, detection: &Detection) -> bool {
    detection.last <= alert.last.plus(JOIN)
        && detection.last <= alert.first.plus(LONGEST)
        && detection.first >= alert.first.minus(JOIN)
        && detection.first >= alert.last.minus(LONGEST)
}

#[cfg(test)]
mod tests;
