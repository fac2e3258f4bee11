//! Detections to alerts (catalogue D5): the same rule and key of a customer grow one alert while it is open.
//!
//! An alert is open to a detection within an hour of its last event and a day of its first, by event time. What is
//! open is bounded: an alert quiet for two hours (by receipt) closes, and beyond the limit per customer the one quiet
//! longest closes early. A closed alert changes nothing of itself; the next detection begins a new one.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use model::alert::{Alert, AlertState, SAMPLES, Sample};
use model::entity::Entity;
use model::{AlertId, CustomerId, Timestamp};
use serde::{Deserialize, Serialize};

use super::detect::FIRST_SAMPLES;
use super::detection::{Detection, badness};

/// Further detections join while they come within this of the last,
const JOIN: Duration = Duration::from_secs(3600);
/// and within this of the first.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// Quiet for so long by receipt time, an alert closes.
const QUIET: Duration = Duration::from_secs(2 * 3600);
/// Open alerts under one key: live events and an import of old ones need not push each other out.
const SAME_KEY: usize = 4;
/// Entities an alert lists.
const MOST_ENTITIES: usize = 30;

/// An alert that still grows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct OpenAlert {
    alert: Alert,
    /// Receipt time of what came last.
    touched: Timestamp,
}

/// Rule, what detections are put together by, and whether they are silent.
type Key = (String, String, bool);

#[derive(Debug, Default)]
struct Customer {
    by_id: HashMap<AlertId, OpenAlert>,
    by_key: HashMap<Key, Vec<AlertId>>,
    by_quiet: BTreeSet<(Timestamp, AlertId)>,
}

/// The open alerts of all customers.
#[derive(Debug)]
pub(super) struct Aggregator {
    customers: HashMap<CustomerId, Customer>,
    dirty: BTreeSet<(CustomerId, AlertId)>,
    /// Closed while dirty: still to be written.
    closed: Vec<Alert>,
    most_open: usize,
    closed_early: u64,
}

impl Aggregator {
    pub(super) fn new(most_open: usize, open: Vec<OpenAlert>) -> Self {
        let mut customers: HashMap<CustomerId, Customer> = HashMap::new();
        for alert in open {
            customers.entry(alert.alert.customer.clone()).or_default().insert(alert);
        }
        let (dirty, closed) = (BTreeSet::new(), Vec::new());
        Aggregator { customers, dirty, closed, most_open: most_open.max(1), closed_early: 0 }
    }

    /// Adds a detection to its alert, or begins one. Below the watermark (`write` is false) only the state is rebuilt:
    /// the alert has been written before.
    pub(super) fn add(&mut self, detection: Detection, write: bool) {
        let name = detection.customer.clone();
        let received = detection.received;
        let customer = self.customers.entry(name.clone()).or_default();
        for id in customer.quiet_before(received.minus(QUIET)) {
            close(customer, &name, &id, &mut self.dirty, &mut self.closed);
        }
        let id = customer.grow(detection, received, |customer, id| {
            close(customer, &name, id, &mut self.dirty, &mut self.closed);
        });
        while customer.by_id.len() > self.most_open {
            let Some((_, oldest)) = customer.by_quiet.first().cloned() else { break };
            close(customer, &name, &oldest, &mut self.dirty, &mut self.closed);
            self.closed_early += 1;
        }
        if write {
            self.dirty.insert((name, id));
        }
    }

    /// The alerts that are new or have grown since the last call.
    pub(super) fn take_dirty(&mut self) -> Vec<Alert> {
        let mut alerts = std::mem::take(&mut self.closed);
        for (customer, id) in std::mem::take(&mut self.dirty) {
            let open = self.customers.get(&customer).and_then(|customer| customer.by_id.get(&id));
            alerts.extend(open.map(|open| open.alert.clone()));
        }
        alerts
    }

    /// Alerts closed for want of room since the last call.
    pub(super) fn take_closed_early(&mut self) -> u64 {
        std::mem::take(&mut self.closed_early)
    }

    /// Everything open, in a stable order.
    pub(super) fn open(&self) -> Vec<OpenAlert> {
        let mut open: Vec<OpenAlert> =
            self.customers.values().flat_map(|customer| customer.by_id.values().cloned()).collect();
        open.sort_by(|a, b| a.alert.id.cmp(&b.alert.id));
        open
    }
}

fn close(
    customer: &mut Customer,
    name: &CustomerId,
    id: &AlertId,
    dirty: &mut BTreeSet<(CustomerId, AlertId)>,
    closed: &mut Vec<Alert>,
) {
    if let Some(open) = customer.remove(id)
        && dirty.remove(&(name.clone(), id.clone()))
    {
        closed.push(open.alert);
    }
}

impl Customer {
    fn insert(&mut self, open: OpenAlert) {
        let (id, key) = (open.alert.id.clone(), key_of(&open.alert));
        self.by_quiet.insert((open.touched, id.clone()));
        let same = self.by_key.entry(key).or_default();
        // Oldest first, however they were kept.
        let place = same.partition_point(|other| *other < id);
        same.insert(place, id.clone());
        self.by_id.insert(id, open);
    }

    fn remove(&mut self, id: &AlertId) -> Option<OpenAlert> {
        let open = self.by_id.remove(id)?;
        self.by_quiet.remove(&(open.touched, id.clone()));
        let key = key_of(&open.alert);
        if let Some(same) = self.by_key.get_mut(&key) {
            same.retain(|other| other != id);
            if same.is_empty() {
                self.by_key.remove(&key);
            }
        }
        Some(open)
    }

    fn quiet_before(&self, time: Timestamp) -> Vec<AlertId> {
        let quiet = self.by_quiet.iter().take_while(|(touched, _)| *touched < time);
        quiet.map(|(_, id)| id.clone()).collect()
    }

    /// The alert the detection now belongs to.
    fn grow(
        &mut self,
        detection: Detection,
        received: Timestamp,
        mut close: impl FnMut(&mut Customer, &AlertId),
    ) -> AlertId {
        let key = (detection.rule_id.clone(), detection.key.clone(), detection.silent);
        let same = self.by_key.get(&key).cloned().unwrap_or_default();
        let fitting = same.iter().rev().find(|id| self.by_id.get(id).is_some_and(|open| fits(&open.alert, &detection)));
        if let Some(id) = fitting
            && let Some(mut open) = self.remove(id)
        {
            join(&mut open.alert, detection);
            open.touched = open.touched.max(received);
            self.insert(open);
            return id.clone();
        }
        if same.len() >= SAME_KEY
            && let Some(quietest) = same.iter().min_by_key(|id| self.by_id.get(id).map(|open| open.touched))
        {
            close(self, quietest);
        }
        let alert = begin(detection);
        let id = alert.id.clone();
        // The same first event a second time (a replay of its record under another sequence cannot be): keep one.
        self.remove(&id);
        self.insert(OpenAlert { alert, touched: received });
        id
    }
}

fn key_of(alert: &Alert) -> Key {
    (alert.rule_id.clone(), alert.key.clone(), alert.state == AlertState::Silent)
}

fn fits(alert: &Alert, detection: &Detection) -> bool {
    detection.last <= alert.last.plus(JOIN)
        && detection.last <= alert.first.plus(LONGEST)
        && detection.first >= alert.first.minus(JOIN)
        && detection.first >= alert.last.minus(LONGEST)
}

fn begin(detection: Detection) -> Alert {
    let event = detection.event.to_string();
    let parts: [&str; 4] = [detection.customer.as_str(), &detection.rule_id, &detection.key, &event];
    Alert {
        id: AlertId::derived(detection.first, &parts.map(str::as_bytes)),
        customer: detection.customer,
        device: detection.device,
        origin: detection.origin,
        rule_id: detection.rule_id,
        title: detection.title,
        severity: detection.severity,
        outcome: detection.outcome,
        techniques: detection.techniques,
        key: detection.key,
        count: 1,
        first: detection.first,
        last: detection.last,
        entities: detection.entities,
        samples: detection.samples,
        state: if detection.silent { AlertState::Silent } else { AlertState::New },
        policy: None,
        incident: None,
        created: detection.received,
        version: 1,
    }
}

fn join(alert: &mut Alert, detection: Detection) {
    alert.count += 1;
    alert.first = alert.first.min(detection.first);
    alert.last = alert.last.max(detection.last);
    alert.severity = alert.severity.max(detection.severity);
    if badness(detection.outcome) > badness(alert.outcome) {
        alert.outcome = detection.outcome;
    }
    add_entities(&mut alert.entities, detection.entities);
    for sample in detection.samples {
        add_sample(&mut alert.samples, sample);
    }
}

fn add_entities(entities: &mut Vec<Entity>, more: Vec<Entity>) {
    for entity in more {
        if entities.len() >= MOST_ENTITIES {
            return;
        }
        if !entities.iter().any(|known| known.kind == entity.kind && known.value == entity.value) {
            entities.push(entity);
        }
    }
}

/// The first ones stay; behind them stand the newest.
fn add_sample(samples: &mut Vec<Sample>, sample: Sample) {
    if samples.iter().any(|known| known.event == sample.event) {
        return;
    }
    if samples.len() >= SAMPLES {
        samples.remove(FIRST_SAMPLES);
    }
    samples.push(sample);
}

#[cfg(test)]
mod tests {
    use model::alert::AlertOrigin;
    use model::event::AttackOutcome;
    use model::{DeviceId, EventId, Severity};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(minutes: u32) -> Timestamp {
        Timestamp::from_micros(1_700_000_000_000_000).plus(MINUTE * minutes)
    }

    struct Maker {
        customer: CustomerId,
        device: DeviceId,
        next: u64,
    }

    impl Maker {
        fn new() -> Self {
            Maker { customer: CustomerId::generate(at(0)), device: DeviceId::generate(at(0)), next: 0 }
        }

        fn make(&mut self, key: &str, minutes: u32) -> Detection {
            self.next += 1;
            let event = EventId { log: 1, shard: 0, sequence: self.next };
            let sample = Sample {
                event,
                time: at(minutes),
                source: "x".into(),
                raw: self.next.to_string(),
                matched: Vec::new(),
            };
            Detection {
                customer: self.customer.clone(),
                device: self.device.clone(),
                origin: AlertOrigin::Rule,
                rule_id: "rule".into(),
                title: "Rule".into(),
                severity: Severity::Medium,
                silent: false,
                outcome: AttackOutcome::Unknown,
                techniques: Vec::new(),
                key: key.into(),
                first: at(minutes),
                last: at(minutes),
                event,
                received: at(minutes),
                entities: Vec::new(),
                samples: vec![sample],
            }
        }
    }

    #[test]
    fn the_same_detection_grows_one_alert_that_keeps_the_first_samples_and_the_newest() {
        let (mut maker, mut aggregator) = (Maker::new(), Aggregator::new(100, Vec::new()));
        for minute in 0..10 {
            let mut detection = maker.make("a", minute);
            if minute == 4 {
                detection.severity = Severity::High;
                detection.outcome = AttackOutcome::Succeeded;
            }
            aggregator.add(detection, true);
        }
        aggregator.add(maker.make("b", 5), true);
        let alerts = aggregator.take_dirty();
        assert_eq!(alerts.len(), 2);
        let alert = alerts.iter().find(|alert| alert.key == "a").unwrap();
        assert_eq!((alert.count, alert.first, alert.last), (10, at(0), at(9)));
        assert_eq!((alert.severity, alert.outcome), (Severity::High, AttackOutcome::Succeeded));
        let raws: Vec<_> = alert.samples.iter().map(|sample| sample.raw.as_str()).collect();
        assert_eq!(raws, ["1", "2", "3", "9", "10"]);
        assert!(aggregator.take_dirty().is_empty());
    }

    #[test]
    fn an_hour_of_silence_or_a_day_begins_a_new_alert() {
        let (mut maker, mut aggregator) = (Maker::new(), Aggregator::new(100, Vec::new()));
        aggregator.add(maker.make("a", 0), true);
        aggregator.add(maker.make("a", 60), true);
        aggregator.add(maker.make("a", 121), true);
        let counts: Vec<_> = aggregator.take_dirty().iter().map(|alert| alert.count).collect();
        assert_eq!(counts, [2, 1]);

        let mut aggregator = Aggregator::new(100, Vec::new());
        for half_hours in 0..=49 {
            aggregator.add(maker.make("b", half_hours * 30), true);
        }
        let mut counts: Vec<_> = aggregator.take_dirty().iter().map(|alert| alert.count).collect();
        counts.sort_unstable();
        assert_eq!(counts, [1, 49]);
    }

    #[test]
    fn an_import_of_old_events_and_live_ones_grow_their_own_alerts() {
        let (mut maker, mut aggregator) = (Maker::new(), Aggregator::new(100, Vec::new()));
        for minute in 0..20 {
            aggregator.add(maker.make("a", 100_000 + minute), true);
            let mut old = maker.make("a", minute);
            old.received = at(100_000 + minute);
            aggregator.add(old, true);
        }
        let counts: Vec<_> = aggregator.take_dirty().iter().map(|alert| alert.count).collect();
        assert_eq!(counts, [20, 20]);
    }

    #[test]
    fn a_storm_of_keys_closes_the_quietest_and_loses_no_count() {
        let (mut maker, mut aggregator) = (Maker::new(), Aggregator::new(10, Vec::new()));
        for number in 0..100 {
            aggregator.add(maker.make(&format!("key {number}"), number / 10), true);
        }
        let alerts = aggregator.take_dirty();
        assert_eq!(alerts.iter().map(|alert| alert.count).sum::<i64>(), 100);
        assert_eq!(alerts.len(), 100);
        assert_eq!((aggregator.open().len(), aggregator.take_closed_early()), (10, 90));
    }

    #[test]
    fn a_replay_from_a_kept_state_gives_the_same_alerts() {
        let mut maker = Maker::new();
        let detections: Vec<_> =
            (0..40).map(|number| maker.make(["a", "b", "c"][number as usize % 3], number)).collect();
        let mut whole = Aggregator::new(100, Vec::new());
        detections.iter().for_each(|detection| whole.add(detection.clone(), true));

        let mut before = Aggregator::new(100, Vec::new());
        detections[..15].iter().for_each(|detection| before.add(detection.clone(), true));
        let mut after = Aggregator::new(100, before.open());
        detections[15..30].iter().for_each(|detection| after.add(detection.clone(), false));
        assert!(after.take_dirty().is_empty(), "what was written before is not written again");
        detections[30..].iter().for_each(|detection| after.add(detection.clone(), true));
        assert_eq!(after.open(), whole.open());
        assert_eq!(after.take_dirty(), whole.take_dirty());
    }
}
