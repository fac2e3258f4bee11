//! Detections grow the right alerts, in storms and over kills too.

use std::collections::BTreeMap;

use model::alert::{Alert, AlertOrigin};
use model::event::AttackOutcome;
use model::{DeviceId, EventId, Severity};

use super::super::detection::About;
use super::super::evidence::{Evidence, Shown};
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
        self.rated(key, minutes, Severity::Medium)
    }

    fn rated(&mut self, key: &str, minutes: u32, severity: Severity) -> Detection {
        self.next += 1;
        let evidence = Evidence {
            device: self.device.clone(),
            event: EventId { log: 1, shard: 0, sequence: self.next },
            time: at(minutes),
            source: "x".into(),
            raw: self.next.to_string(),
            entities: Arc::default(),
        };
        let about = About {
            origin: AlertOrigin::Rule,
            rule_id: "rule".into(),
            title: "Rule".into(),
            severity,
            techniques: Vec::new(),
            intel: None,
        };
        Detection {
            customer: self.customer.clone(),
            about: Arc::new(about),
            severity,
            silent: false,
            outcome: AttackOutcome::Unknown,
            key: key.into(),
            first: at(minutes),
            last: at(minutes),
            received: at(minutes),
            entities: Arc::default(),
            sample: Shown { evidence: Arc::new(evidence), matched: Arc::default() },
            more: Vec::new(),
            departure: None,
        }
    }
}

fn dirty(aggregator: &mut Aggregator) -> Vec<Alert> {
    let mut alerts: Vec<Alert> = aggregator.take_dirty().iter().map(Growing::alert).collect();
    alerts.sort_by(|one, other| one.id.cmp(&other.id));
    alerts
}

#[test]
fn the_same_detection_grows_one_alert_that_keeps_the_first_samples_and_the_newest() {
    let (mut maker, mut aggregator) = (Maker::new(), Aggregator::new(100, Vec::new()));
    for minute in 0..10 {
        let bad = minute == 4;
        let mut detection = maker.rated("a", minute, if bad { Severity::High } else { Severity::Medium });
        detection.outcome = if bad { AttackOutcome::Succeeded } else { AttackOutcome::Unknown };
        aggregator.add(detection);
    }
    aggregator.add(maker.make("b", 5));
    let alerts = dirty(&mut aggregator);
    assert_eq!(alerts.len(), 2);
    let alert = alerts.iter().find(|alert| alert.key == "a").unwrap();
    assert_eq!((alert.count, alert.first, alert.last), (10, at(0), at(9)));
    assert_eq!((alert.severity, alert.outcome), (Severity::High, AttackOutcome::Succeeded));
    let raws: Vec<_> = alert.samples.iter().map(|sample| sample.raw.as_str()).collect();
    assert_eq!(raws, ["1", "2", "3", "9", "10"]);
    assert!(dirty(&mut aggregator).is_empty());
}

#[test]
fn an_hour_of_silence_or_a_day_begins_a_new_alert() {
    let (mut maker, mut aggregator) = (Maker::new(), Aggregator::new(100, Vec::new()));
    aggregator.add(maker.make("a", 0));
    aggregator.add(maker.make("a", 60));
    aggregator.add(maker.make("a", 121));
    let counts: Vec<_> = dirty(&mut aggregator).iter().map(|alert| alert.count).collect();
    assert_eq!(counts, [2, 1]);

    let mut aggregator = Aggregator::new(100, Vec::new());
    for half_hours in 0..=49 {
        aggregator.add(maker.make("b", half_hours * 30));
    }
    let mut counts: Vec<_> = dirty(&mut aggregator).iter().map(|alert| alert.count).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 49]);
}

#[test]
fn an_import_of_old_events_and_live_ones_grow_their_own_alerts() {
    let (mut maker, mut aggregator) = (Maker::new(), Aggregator::new(100, Vec::new()));
    for minute in 0..20 {
        aggregator.add(maker.make("a", 100_000 + minute));
        let mut old = maker.make("a", minute);
        old.received = at(100_000 + minute);
        aggregator.add(old);
    }
    let counts: Vec<_> = dirty(&mut aggregator).iter().map(|alert| alert.count).collect();
    assert_eq!(counts, [20, 20]);
}

#[test]
fn beyond_the_bound_the_quietest_closes_and_no_count_is_lost() {
    let (mut maker, mut aggregator) = (Maker::new(), Aggregator::new(10, Vec::new()));
    for number in 0..100 {
        // A rule for each, or a storm would hold them together.
        let mut detection = maker.make(&format!("key {number}"), number / 10);
        detection.about = Arc::new(About { rule_id: format!("rule {number}").into(), ..(*detection.about).clone() });
        aggregator.add(detection);
    }
    let alerts = dirty(&mut aggregator);
    assert_eq!(alerts.iter().map(|alert| alert.count).sum::<i64>(), 100);
    assert_eq!(alerts.len(), 100);
    assert_eq!((aggregator.open().len(), aggregator.take_closed_early()), (10, 90));
}

#[test]
fn a_rule_about_ever_new_keys_is_held_together_and_what_succeeded_apart() {
    let (mut maker, mut aggregator) = (Maker::new(), Aggregator::new(2000, Vec::new()));
    for number in 0..5_000 {
        aggregator.add(maker.make(&format!("source {number}"), number / 500));
    }
    let mut worse = maker.make("source of its own", 9);
    worse.outcome = AttackOutcome::Succeeded;
    aggregator.add(worse);
    aggregator.add(maker.make("source 3", 9));
    let alerts = dirty(&mut aggregator);
    assert_eq!(alerts.len(), 32, "thirty, the storm, and what succeeded");
    assert_eq!(alerts.iter().map(|alert| alert.count).sum::<i64>(), 5_002);
    let storm = alerts.iter().find(|alert| alert.storm.is_some()).unwrap();
    assert_eq!((storm.key.as_str(), storm.count), ("storm", 4_970));
    assert!((3_900..5_900).contains(&storm.storm.as_ref().unwrap().keys));
    let own = |key: &str| alerts.iter().find(|alert| alert.key == key).map(|alert| alert.count);
    assert_eq!((own("source of its own"), own("source 3")), (Some(1), Some(2)));
}

#[test]
fn a_storm_is_over_when_it_was_calm_and_alerts_begin_anew() {
    let (mut maker, mut aggregator) = (Maker::new(), Aggregator::new(2000, Vec::new()));
    for number in 0..150 {
        aggregator.add(maker.make(&format!("source {number}"), 0));
    }
    aggregator.add(maker.make("ten minutes later", 10));
    aggregator.add(maker.make("half an hour later", 40));
    aggregator.add(maker.make("after the hour", 61));
    let alerts = dirty(&mut aggregator);
    let own: Vec<_> = alerts.iter().map(|alert| alert.key.as_str()).filter(|key| key.contains("later")).collect();
    assert!(own.is_empty(), "{own:?}");
    assert!(alerts.iter().any(|alert| alert.key == "after the hour"));
}

#[test]
fn another_rule_and_another_customer_are_not_drawn_into_a_storm() {
    let (mut maker, mut other) = (Maker::new(), Maker::new());
    let mut aggregator = Aggregator::new(2000, Vec::new());
    for number in 0..300 {
        aggregator.add(maker.make(&format!("source {number}"), 0));
    }
    let mut rule = maker.make("source 1000", 1);
    rule.about = Arc::new(About { rule_id: "another".into(), ..(*rule.about).clone() });
    aggregator.add(rule);
    other.customer = CustomerId::generate(at(1));
    aggregator.add(other.make("source 1000", 1));
    assert_eq!(dirty(&mut aggregator).iter().filter(|alert| alert.key == "source 1000").count(), 2);
}

#[test]
fn a_replay_from_a_kept_state_in_a_storm_gives_the_same_alerts() {
    let mut maker = Maker::new();
    let detections: Vec<_> =
        (0..700).map(|number| maker.make(&format!("key {}", number * 7 % 400), number / 10)).collect();
    let mut whole = Aggregator::new(300, Vec::new());
    detections.iter().for_each(|detection| whole.add(detection.clone()));
    for cut in [10, 29, 30, 31, 250, 600] {
        let mut before = Aggregator::new(300, Vec::new());
        detections[..cut].iter().for_each(|detection| before.add(detection.clone()));
        let mut after = Aggregator::new(300, kept(&mut before, &mut BTreeMap::new(), 1));
        detections[cut..].iter().for_each(|detection| after.add(detection.clone()));
        assert_eq!(after.open(), whole.open(), "cut at {cut}");
    }
}

#[test]
fn a_replay_from_a_kept_state_gives_the_same_alerts() {
    let mut maker = Maker::new();
    let detections: Vec<_> = (0..40).map(|number| maker.make(["a", "b", "c"][number as usize % 3], number)).collect();
    let mut whole = Aggregator::new(100, Vec::new());
    detections.iter().for_each(|detection| whole.add(detection.clone()));

    let mut before = Aggregator::new(100, Vec::new());
    detections[..15].iter().for_each(|detection| before.add(detection.clone()));
    let mut after = Aggregator::new(100, kept(&mut before, &mut BTreeMap::new(), 1));
    detections[15..].iter().for_each(|detection| after.add(detection.clone()));
    assert_eq!(after.open(), whole.open());
    assert_eq!(dirty(&mut after), dirty(&mut whole));
}

/// Takes a part of the state up into what parts before it gave, as a start does.
fn kept(from: &mut Aggregator, into: &mut BTreeMap<u32, Changes>, number: u32) -> Vec<(u32, OpenAlert)> {
    let changes = from.changes(number);
    into.retain(|number, _| *number >= changes.oldest);
    into.insert(number, changes);
    let mut open = BTreeMap::new();
    for (number, changes) in into {
        changes.gone.iter().for_each(|id| drop(open.remove(id)));
        let alerts = changes.open.iter().map(OpenAlert::of);
        open.extend(alerts.map(|alert| (alert.id().clone(), (*number, alert))));
    }
    open.into_values().collect()
}

#[test]
fn what_is_open_stands_in_the_parts_still_needed_and_those_stay_few() {
    let (mut maker, mut aggregator, mut parts) = (Maker::new(), Aggregator::new(50, Vec::new()), BTreeMap::new());
    for round in 1..400 {
        for number in 0..round % 7 {
            aggregator.add(maker.make(&format!("key {}", (round * 13 + number * 5) % 90), round * 3));
        }
        let open = kept(&mut aggregator, &mut parts, round);
        let alerts: Vec<_> = open.iter().map(|(_, alert)| alert.clone()).collect();
        assert_eq!(alerts, aggregator.open(), "round {round}");
        assert!(parts.len() <= AGAIN + 2, "{} parts", parts.len());
        if round % 11 == 0 {
            aggregator = Aggregator::new(50, open);
        }
    }
}
