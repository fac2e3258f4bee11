//! Correlations over hand-made rules and events.

use model::Timestamp;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use sigma::{CorrelationMatch, Correlator, InvalidState, Limits, RuleSet};

use crate::events::event;

const MINUTE: i64 = 60_000_000;

fn fixtures() -> RuleSet {
    RuleSet::load_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
}

/// A correlation of a given `correlation` section over the rule `base`, which fires on `e: 1`, and `other` on `e: 2`.
fn set(correlation: &str) -> RuleSet {
    let rule = |name: &str, value: u8| {
        format!(
            "title: {name}\nid: {name}\nlogsource: {{product: test}}\ndetection: {{s: {{e: {value}}}, condition: s}}\n"
        )
    };
    let text =
        format!("{}---\n{}---\ntitle: C\nid: c\ncorrelation: {{{correlation}}}\n", rule("base", 1), rule("other", 2));
    RuleSet::load([("c.yml".to_owned(), text)])
}

struct Run<'r> {
    rules: &'r RuleSet,
    correlator: Correlator<u64>,
    next: u64,
}

impl<'r> Run<'r> {
    fn new(rules: &'r RuleSet) -> Self {
        Self::with(rules, Limits::default())
    }

    fn with(rules: &'r RuleSet, limits: Limits) -> Self {
        assert!(rules.errors().is_empty(), "{:?}", rules.errors());
        Run { rules, correlator: Correlator::new(rules, limits), next: 0 }
    }

    fn see(&mut self, customer: &str, micros: i64, fields: Json) -> Vec<CorrelationMatch<u64>> {
        let event = event("", &fields);
        self.next += 1;
        let matches = self.rules.matches(&event);
        self.correlator.observe(customer, Timestamp::from_micros(micros), &matches, &event, self.next)
    }
}

#[test]
fn event_count_fires_when_enough_lie_within_the_timespan_and_then_starts_anew() {
    let rules = set("type: event_count, rules: [base], group-by: [u], timespan: 1m, condition: {gte: 3}");
    let mut run = Run::new(&rules);
    assert!(run.see("a", 0, json!({"e": 1, "u": "x"})).is_empty());
    assert!(run.see("a", MINUTE + 1, json!({"e": 1, "u": "x"})).is_empty());
    assert!(run.see("a", MINUTE + 2, json!({"e": 1, "u": "other"})).is_empty(), "another group");
    assert!(run.see("b", MINUTE + 2, json!({"e": 1, "u": "x"})).is_empty(), "another customer");
    assert!(run.see("a", MINUTE + 3, json!({"e": 1, "u": "x"})).is_empty(), "the first is a microsecond too old");
    let fired = run.see("a", 2 * MINUTE + 1, json!({"e": 1, "u": "x"}));
    assert_eq!(fired.len(), 1);
    assert_eq!((fired[0].count, &fired[0].events[..]), (3, &[2, 5, 6][..]));
    assert_eq!(fired[0].group, [("u".to_owned(), "x".to_owned())]);
    assert_eq!(fired[0].first, Timestamp::from_micros(MINUTE + 1));
    assert_eq!(fired[0].last, Timestamp::from_micros(2 * MINUTE + 1));
    assert!(run.see("a", 2 * MINUTE + 2, json!({"e": 1, "u": "x"})).is_empty(), "a new window");
}

#[test]
fn what_comes_within_the_lateness_counts_as_if_in_time_and_what_comes_later_does_not() {
    let rules = set("type: event_count, rules: [base], group-by: [u], timespan: 1m, condition: {gte: 3}");
    let mut run = Run::new(&rules);
    run.see("a", 10 * MINUTE, json!({"e": 1, "u": "x"}));
    run.see("a", 10 * MINUTE - 5, json!({"e": 1, "u": "x"}));
    let fired = run.see("a", 10 * MINUTE - 9, json!({"e": 1, "u": "x"}));
    assert_eq!(fired[0].events, [3, 2, 1]);

    let mut run = Run::new(&rules);
    for micros in [20 * MINUTE, 12 * MINUTE, 10 * MINUTE - 1, 11 * MINUTE + 5] {
        assert!(run.see("a", micros, json!({"e": 1, "u": "x"})).is_empty(), "{micros}");
    }
    assert_eq!(run.correlator.statistics().late_events, 1);
    let fired = run.see("a", 11 * MINUTE + 2, json!({"e": 1, "u": "x"}));
    assert_eq!(fired[0].events, [5, 4, 2], "a window before the newest event");
}

#[test]
fn an_import_of_old_events_correlates_beside_new_ones() {
    let rules = set("type: event_count, rules: [base], group-by: [u], timespan: 1m, condition: {gte: 2}");
    let mut run = Run::new(&rules);
    run.see("a", 1_000_000 * MINUTE, json!({"e": 1, "u": "new"}));
    run.see("a", 5, json!({"e": 1, "u": "old"}));
    assert_eq!(run.see("a", 6, json!({"e": 1, "u": "old"})).len(), 1);
}

#[test]
fn value_count_counts_distinct_values() {
    let rules = fixtures();
    let mut run = Run::new(&rules);
    for (port, fires) in [(1, 0), (2, 0), (2, 0), (1, 0), (3, 0), (4, 1), (5, 0)] {
        let fired = run.see("a", i64::from(port), json!({"action": "deny", "src": "s", "port": port}));
        assert_eq!(fired.len(), fires, "{port}");
    }
    assert!(run.see("a", 9, json!({"action": "deny", "src": "s"})).is_empty());
    assert_eq!(run.correlator.statistics().without_group, 1);
}

#[test]
fn temporal_needs_every_rule_in_any_order() {
    let rules = set("type: temporal, rules: [base, other], group-by: [u], timespan: 1m");
    let mut run = Run::new(&rules);
    assert!(run.see("a", 0, json!({"e": 2, "u": "x"})).is_empty());
    assert!(run.see("a", 1, json!({"e": 2, "u": "x"})).is_empty());
    assert!(run.see("a", 2, json!({"e": 1, "u": "y"})).is_empty());
    let fired = run.see("a", 3, json!({"e": 1, "u": "x"}));
    assert_eq!((fired[0].count, &fired[0].events[..]), (2, &[2, 4][..]));
}

#[test]
fn temporal_ordered_needs_the_order_listed() {
    let rules = set("type: temporal_ordered, rules: [base, other], group-by: [u], timespan: 1m");
    let mut run = Run::new(&rules);
    run.see("a", 10, json!({"e": 2, "u": "x"}));
    assert!(run.see("a", 11, json!({"e": 1, "u": "x"})).is_empty());
    assert!(run.see("a", 12 + MINUTE, json!({"e": 2, "u": "x"})).is_empty(), "too late");
    assert!(run.see("a", 13 + MINUTE, json!({"e": 1, "u": "x"})).is_empty());
    assert_eq!(run.see("a", 14 + MINUTE, json!({"e": 2, "u": "x"})).len(), 1);
}

#[test]
fn an_upper_end_is_judged_when_the_window_is_over() {
    let rules = set("type: event_count, rules: [base], group-by: [u], timespan: 1m, condition: {gt: 1, lte: 3}");
    let limits = Limits { lateness: std::time::Duration::ZERO, ..Limits::default() };
    let mut run = Run::with(&rules, limits);
    for (user, times) in [("one", 1), ("two", 2), ("three", 3), ("four", 4)] {
        for offset in 0..times {
            assert!(run.see("a", offset, json!({"e": 1, "u": user})).is_empty());
        }
    }
    assert!(run.correlator.advance("a", Timestamp::from_micros(MINUTE)).is_empty());
    let fired = run.correlator.advance("a", Timestamp::from_micros(MINUTE + 10));
    let mut users: Vec<_> = fired.iter().map(|found| found.group[0].1.as_str()).collect();
    users.sort_unstable();
    assert_eq!(users, ["three", "two"]);
    assert_eq!(run.correlator.statistics().groups, 0);
}

#[test]
fn an_event_after_the_end_of_a_judged_window_opens_the_next() {
    let rules = set("type: event_count, rules: [base], group-by: [u], timespan: 1m, condition: {eq: 2}");
    let mut run = Run::new(&rules);
    run.see("a", 0, json!({"e": 1, "u": "x"}));
    run.see("a", 1, json!({"e": 1, "u": "x"}));
    assert!(run.see("a", MINUTE + 1, json!({"e": 1, "u": "x"})).is_empty(), "more of the first may come late");
    let fired = run.correlator.advance("a", Timestamp::from_micros(11 * MINUTE + 1));
    assert_eq!(fired[0].events, [1, 2]);
    run.see("a", MINUTE + 2, json!({"e": 1, "u": "x"}));
    assert_eq!(run.correlator.end()[0].events, [3, 4], "nothing more comes");
}

#[test]
fn correlations_chain_and_group_by_fields_the_one_below_does_not() {
    let rules = fixtures();
    let mut run = Run::new(&rules);
    for micros in 0..2 {
        assert!(run.see("a", micros, json!({"EventID": 4625, "Computer": "pc", "User": "u"})).is_empty());
    }
    let many = run.see("a", 2, json!({"EventID": 4625, "Computer": "pc", "User": "u"}));
    assert_eq!(many[0].rule.title, "Many Failed Logons");
    assert!(run.see("a", 3, json!({"EventID": 4624, "Computer": "pc", "User": "v"})).is_empty(), "another user");
    let fired = run.see("a", 4, json!({"EventID": 4624, "Computer": "elsewhere", "User": "u"}));
    assert_eq!(fired[0].rule.techniques(), ["T1110"]);
    assert_eq!(fired[0].events, [1, 2, 3, 5]);
}

#[test]
fn aliases_join_different_fields_of_different_rules() {
    let rules = fixtures();
    let mut run = Run::new(&rules);
    run.see("a", 0, json!({"EventID": 4625, "src": "10.0.0.1", "dst": "10.0.0.9"}));
    assert!(run.see("a", 1, json!({"EventID": 4624, "src": "10.0.0.1", "dst": "10.0.0.2"})).is_empty());
    let fired = run.see("a", 2, json!({"EventID": 4624, "src": "10.0.0.3", "dst": "10.0.0.1"}));
    assert_eq!(fired[0].group, [("address".to_owned(), "10.0.0.1".to_owned())]);
}

#[test]
fn rules_that_only_serve_correlations_are_told_apart() {
    let rules = fixtures();
    let id = |end: &str| format!("6b8b1f0e-4f0b-4b60-9c9e-1c3a8f2f7{end}");
    assert!(rules.is_only_correlated(&id("b01")) && rules.is_only_correlated(&id("b03")));
    assert!(!rules.is_only_correlated(&id("a01")), "its correlation generates");
    assert!(!rules.is_only_correlated(&id("b04")));
}

#[test]
fn memory_is_bounded_and_what_is_forgotten_is_counted() {
    let rules = set("type: event_count, rules: [base], group-by: [u], timespan: 1m, condition: {gte: 2}");
    let mut run = Run::with(&rules, Limits { groups: 3, ..Limits::default() });
    for user in 0..5 {
        run.see("a", user, json!({"e": 1, "u": user}));
    }
    let statistics = run.correlator.statistics();
    assert_eq!((statistics.groups, statistics.evicted_groups), (3, 2));
    assert!(run.see("a", 6, json!({"e": 1, "u": 0})).is_empty(), "the oldest was forgotten");
    assert_eq!(run.see("a", 6, json!({"e": 1, "u": 4})).len(), 1, "the youngest was not");

    let ordered = set("type: temporal_ordered, rules: [base, other], group-by: [u], timespan: 1m");
    let mut run = Run::with(&ordered, Limits { events_per_group: 2, ..Limits::default() });
    for micros in 0..5 {
        run.see("a", micros, json!({"e": 1, "u": "x"}));
    }
    assert_eq!(run.correlator.statistics().forgotten_events, 3);
}

#[test]
fn groups_are_forgotten_when_their_time_is_over() {
    let rules = set("type: event_count, rules: [base], group-by: [u], timespan: 1m, condition: {gte: 2}");
    let mut run = Run::new(&rules);
    run.see("a", 0, json!({"e": 1, "u": "x"}));
    run.see("a", 12 * MINUTE, json!({"e": 0}));
    assert_eq!(run.correlator.statistics().groups, 0);
    run.see("a", 20 * MINUTE, json!({"e": 1, "u": "x"}));
    run.see("a", 40 * MINUTE, json!({"e": 1, "u": "y"}));
    assert_eq!(run.correlator.statistics().groups, 1, "the event that ends the last group opens its own");
    assert_eq!(run.see("a", 40 * MINUTE, json!({"e": 1, "u": "y"})).len(), 1);
}

#[test]
fn a_restored_state_goes_on_where_it_stopped() {
    let rules = fixtures();
    let mut run = Run::new(&rules);
    run.see("a", 0, json!({"EventID": 4625, "Computer": "pc", "User": "u"}));
    run.see("a", 1, json!({"EventID": 4625, "Computer": "pc", "User": "u"}));
    let part = run.correlator.part(7);
    let restore = |rules, bytes| Correlator::restore(rules, Limits::default(), [(7, bytes)]);
    let correlator = restore(&rules, &part.bytes).unwrap();
    assert!(correlator == run.correlator);
    let mut again = Run { rules: &rules, correlator, next: 2 };
    assert_eq!(again.see("a", 2, json!({"EventID": 4625, "Computer": "pc", "User": "u"}))[0].events, [1, 2, 3]);

    let empty = RuleSet::load([]);
    assert_eq!(restore(&empty, &part.bytes).unwrap().statistics().groups, 0);
    let mut newer = part.bytes.clone();
    newer[0] = 9;
    assert_eq!(restore(&rules, &newer).unwrap_err(), InvalidState::Layout(9));
    for end in 0..part.bytes.len() {
        assert!(restore(&rules, &part.bytes[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn correlations_that_cannot_be_meant_are_refused() {
    let base = "rules: [base], group-by: [u], timespan: 1m";
    for (section, part) in [
        (format!("type: event_count, {base}"), "condition"),
        (format!("type: event_count, {base}, condition: {{gte: x}}"), "gte"),
        (format!("type: event_count, {base}, condition: {{field: a}}"), "no count"),
        (format!("type: event_count, {base}, condition: {{lt: 1}}"), "never hold"),
        (format!("type: event_count, {base}, condition: {{gte: 5, field: a}}"), "field"),
        (format!("type: value_count, {base}, condition: {{gte: 5}}"), "field"),
        (format!("type: value_median, {base}, condition: {{gte: 5}}"), "value_median"),
        ("type: temporal, rules: [base], timespan: 5 minutes".into(), "timespan"),
        ("type: temporal, rules: [base], timespan: 0s".into(), "timespan"),
        ("type: temporal, rules: [base], timespan: 9é".into(), "timespan"),
        ("type: temporal, rules: [base, base], timespan: 5m".into(), "twice"),
        ("type: temporal, rules: [nobody], timespan: 5m".into(), "nobody"),
        ("type: temporal, rules: [c], timespan: 5m".into(), "circle"),
        ("type: temporal, rules: [], timespan: 5m".into(), "empty"),
        (format!("type: temporal, {base}, aliases: {{u: {{other: x}}}}"), "other"),
    ] {
        let rules = set(&section);
        assert!(rules.correlations().is_empty(), "{section}");
        assert!(rules.errors()[0].message.contains(part), "{section}: {}", rules.errors()[0].message);
    }
}

#[test]
fn a_correlation_of_an_inactive_rule_is_inactive() {
    let text = "title: P\nid: p\nlogsource: {product: test}\ndetection: {s: {'f|expand': '%x%'}, condition: s}\n---\n\
                title: C\nid: c\nname: cn\ncorrelation: {type: temporal, rules: [p], timespan: 1m}\n---\n\
                title: D\nid: d\ncorrelation: {type: temporal, rules: [cn], timespan: 1m}\n";
    let rules = RuleSet::load([("c.yml".to_owned(), text.to_owned())]);
    assert_eq!(rules.inactive().len(), 3, "{:?}", rules.errors());
}

/// What a sliding `event_count` must do, the long way: for each event, count those of the group not older than the
/// timespan since it last fired.
fn expected(events: &[(i64, u8)], span: i64, least: usize) -> Vec<usize> {
    let mut kept: Vec<Vec<i64>> = vec![Vec::new(); 3];
    let mut fired = Vec::new();
    for (index, (time, group)) in events.iter().enumerate() {
        let kept = &mut kept[usize::from(*group)];
        kept.push(*time);
        kept.retain(|earlier| time - earlier <= span);
        if kept.len() >= least {
            kept.clear();
            fired.push(index);
        }
    }
    fired
}

proptest! {
    #[test]
    fn event_count_agrees_with_its_definition(
        steps in proptest::collection::vec((0..40_i64, 0..3_u8), 0..60), least in 1..5_usize
    ) {
        let rules = set(&format!("type: event_count, rules: [base], group-by: [u], timespan: 1m, condition: {{gte: {least}}}"));
        let mut run = Run::new(&rules);
        let mut now = 0;
        let events: Vec<_> = steps.iter().map(|(step, group)| { now += step * 1_000_000; (now, *group) }).collect();
        let mut fired = Vec::new();
        for (index, (time, group)) in events.iter().enumerate() {
            if !run.see("a", *time, json!({"e": 1, "u": group})).is_empty() {
                fired.push(index);
            }
        }
        prop_assert_eq!(fired, expected(&events, MINUTE, least));
    }
}
