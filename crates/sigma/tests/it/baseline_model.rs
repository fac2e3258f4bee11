//! Profiles written down and taken up at random places, customers beside each other, and other rules in between: nothing of
//! that changes a verdict.

use std::collections::BTreeMap;

use model::Timestamp;
use model::event::Event;
use proptest::prelude::*;
use serde_json::json;
use sigma::{BaselineLimits, BaselineMatch, Baselines, Moment, RuleSet};

use crate::baselines::{HOUR, MINUTE, MONDAY};
use crate::events::event;

const KINDS: [&str; 6] = [
    "type: first_seen, group-by: [g], field: v, observations: 1, values: 3, forget: 2d, learning: 6h",
    "type: first_seen, group-by: [g], field: v, also-new-to: customer, observations: 1, learning: 6h, forget: 2d",
    "type: rare, group-by: [g], field: v, population: 2, learning: 6h, forget: 1d",
    "type: off_hours, group-by: [g], observations: 2, learning: 1d, tolerance: 0",
    "type: volume, group-by: [g], field: n, observations: 2, at-least: 5, factor: 1, deviations: 1, learning: 6h, \
     timespan: 15m",
    "type: beacon, group-by: [g], field: v, count: 6, span: 30m, learning: 1h, population: 1, groups: 2, interval: 60s",
];

fn all(kinds: &[usize]) -> RuleSet {
    let mut text =
        "title: base\nid: base\nlogsource: {product: test}\ndetection: {s: {e: 1}, condition: s}\n".to_owned();
    for kind in kinds {
        text += &format!("---\ntitle: b{kind}\nid: b{kind}\nbaseline: {{rules: [base], {}}}\n", KINDS[*kind]);
    }
    let rules = RuleSet::load([("b.yml".to_owned(), text)]);
    assert!(rules.errors().is_empty(), "{:?}", rules.errors());
    rules
}

/// Small bounds, so that they are hit.
const LIMITS: BaselineLimits = BaselineLimits { groups: 4, values: 5, bytes: usize::MAX };

#[derive(Debug, Clone)]
struct Seen {
    customer: u8,
    step: i64,
    late: i64,
    group: u8,
    value: u8,
    number: i64,
}

fn seen() -> impl Strategy<Value = Seen> {
    let steps = prop_oneof![4 => Just(10), 2 => 0..30_i64, 1 => 0..1_000_i64];
    let late = prop_oneof![5 => Just(0), 1 => 0..300_i64, 1 => 0..6_000_i64];
    (0..2_u8, steps, late, 0..6_u8, 0..8_u8, 0..50_i64).prop_map(|(customer, step, late, group, value, number)| Seen {
        customer,
        step,
        late,
        group,
        value,
        number,
    })
}

fn show(baselines: &mut Baselines, rules: &RuleSet, seen: &Seen, now: i64) -> Vec<BaselineMatch> {
    let event: Event<'_> = event("", &json!({"e": 1, "g": seen.group, "v": seen.value, "n": seen.number}));
    let at = Timestamp::from_micros;
    let moment = Moment { time: at(now - seen.late * MINUTE), received: at(now), offset: 3_600 };
    baselines.observe(&format!("c{}", seen.customer), moment, &rules.matches(&event), &event)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn profiles_taken_up_from_their_parts_at_any_place_give_the_same_verdicts(
        events in prop::collection::vec(seen(), 1..400),
        cuts in prop::collection::vec(1..60_usize, 1..20),
        restart in 0..4_u8,
    ) {
        let rules = all(&[0, 1, 2, 3, 4, 5]);
        let mut whole = Baselines::new(&rules, LIMITS);
        let mut cut = Baselines::new(&rules, LIMITS);
        let (mut parts, mut number, mut now) = (BTreeMap::new(), 0, MONDAY);
        let (mut next, mut cuts) = (0, cuts.into_iter().cycle());
        for (place, seen) in events.iter().enumerate() {
            now += seen.step * MINUTE;
            prop_assert_eq!(show(&mut whole, &rules, seen, now), show(&mut cut, &rules, seen, now), "event {}", place);
            if place == next {
                next += cuts.next().unwrap_or(1);
                number += 1;
                let part = cut.part(number);
                parts.retain(|number, _| *number >= part.oldest);
                parts.insert(number, part.bytes);
                if number % 4 >= u32::from(restart) {
                    let kept = parts.iter().map(|(number, bytes)| (*number, bytes.as_slice()));
                    let taken = Baselines::restore(&rules, LIMITS, kept).unwrap();
                    prop_assert!(taken == whole, "event {}", place);
                    cut = taken;
                }
            }
        }
    }

    #[test]
    fn what_one_customer_does_changes_nothing_for_another(events in prop::collection::vec(seen(), 1..300)) {
        let rules = all(&[0, 1, 2, 3, 4, 5]);
        let (mut both, mut alone) = (Baselines::new(&rules, LIMITS), Baselines::new(&rules, LIMITS));
        let mut now = MONDAY;
        for seen in &events {
            now += seen.step * MINUTE;
            let found = show(&mut both, &rules, seen, now);
            if seen.customer == 0 {
                prop_assert_eq!(found, show(&mut alone, &rules, seen, now));
            }
        }
    }

    #[test]
    fn damaged_parts_are_refused_and_never_panic(
        events in prop::collection::vec(seen(), 1..60),
        place: prop::sample::Index,
        byte: u8,
    ) {
        let rules = all(&[0, 1, 2, 3, 4, 5]);
        let (mut baselines, mut now) = (Baselines::new(&rules, LIMITS), MONDAY);
        for seen in &events {
            now += seen.step * MINUTE;
            show(&mut baselines, &rules, seen, now);
        }
        let mut bytes = baselines.part(1).bytes;
        let end = place.index(bytes.len());
        prop_assert!(Baselines::restore(&rules, LIMITS, [(1, &bytes[..end])]).is_err());
        bytes[end] = byte;
        if let Ok(mut taken) = Baselines::restore(&rules, LIMITS, [(1, &bytes[..])]) {
            for seen in &events {
                show(&mut taken, &rules, seen, now);
            }
        }
    }
}

#[test]
fn other_thresholds_keep_profiles_and_what_learns_something_else_begins_anew() {
    let (some, more) = (all(&[0, 2]), all(&[2, 0, 3]));
    let mut baselines = Baselines::new(&some, LIMITS);
    let seen = |value| Seen { customer: 0, step: 0, late: 0, group: 1, value, number: 1 };
    for minute in 0..10 {
        show(&mut baselines, &some, &seen(0), MONDAY + minute * HOUR);
    }
    let first = baselines.part(1);
    baselines.replace_rules(&more);
    assert!(!show(&mut baselines, &more, &seen(1), MONDAY + 10 * HOUR).is_empty(), "still known under other rules");
    let second = baselines.part(2);
    let other = all(&[3]);
    baselines.replace_rules(&other);
    assert_eq!(baselines.statistics().groups, 1, "the hours alone");
    let third = baselines.part(3);
    baselines.replace_rules(&more);
    let parts = [(1, &first.bytes[..]), (2, &second.bytes), (3, &third.bytes)];
    let mut taken = Baselines::restore(&more, LIMITS, parts).unwrap();
    assert!(taken == baselines, "what went is not brought back by a restart");
    assert!(show(&mut taken, &more, &seen(2), MONDAY + 11 * HOUR).is_empty(), "learning anew");
}
