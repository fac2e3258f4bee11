//! Correlations over numbers: sums, averages and percentiles of a field.

use model::Timestamp;
use serde_json::{Value as Json, json};
use sigma::{Correlator, Limits, RuleSet};

use crate::events::event;

const MINUTE: i64 = 60_000_000;

fn set(correlation: &str) -> RuleSet {
    let text = format!(
        "title: base\nid: base\nlogsource: {{product: test}}\ndetection: {{s: {{e: 1}}, condition: s}}\n---\n\
         title: C\nid: c\ncorrelation: {{rules: [base], group-by: [u], timespan: 1m, {correlation}}}\n"
    );
    RuleSet::load([("c.yml".to_owned(), text)])
}

/// The numbers measured when it fires, events being (second, value of `n`).
fn fired(correlation: &str, events: &[(i64, Json)]) -> Vec<f64> {
    let rules = set(correlation);
    assert!(rules.errors().is_empty(), "{:?}", rules.errors());
    let mut correlator = Correlator::new(&rules, Limits::default());
    let (mut found, mut parts) = (Vec::new(), Vec::new());
    for (second, number) in events {
        let event = event("", &json!({ "e": 1, "u": "x", "n": number }));
        let time = Timestamp::from_micros(second * 1_000_000);
        // State written down and taken up again changes nothing.
        let number = parts.last().map_or(1, |(number, _)| number + 1);
        let part = Correlator::part(&mut correlator, number);
        parts.push((number, part.bytes));
        parts.retain(|(number, _)| *number >= part.oldest);
        let held = parts.iter().map(|(number, bytes)| (*number, bytes.as_slice()));
        correlator = Correlator::restore(&rules, Limits::default(), held).unwrap();
        found.extend(correlator.observe("a", time, &rules.matches(&event), &event, *second as u64));
    }
    found.extend(correlator.advance("a", Timestamp::from_micros(100 * MINUTE)));
    found.into_iter().map(|found| found.measured.unwrap()).collect()
}

#[test]
fn a_sum_fires_when_the_numbers_of_one_timespan_reach_it() {
    let condition = "type: value_sum, condition: {field: n, gte: 100.5}";
    assert_eq!(fired(condition, &[(0, json!(60)), (10, json!("40.5"))]), [100.5]);
    assert_eq!(fired(condition, &[(0, json!(60)), (61, json!(60))]), [0.0; 0], "not within one timespan");
    assert_eq!(
        fired(condition, &[(0, json!(60)), (1, json!("many")), (2, json!(60))]),
        [120.0],
        "no number is left out"
    );
    assert_eq!(fired(condition, &[(0, json!(150)), (1, json!(-60)), (2, json!(200))]), [150.0, 140.0], "starts anew");
    assert_eq!(fired("type: value_sum, condition: {field: n, gt: 100}", &[(0, json!(100))]), [0.0; 0]);
}

#[test]
fn an_average_below_a_limit_is_judged_when_the_window_has_ended() {
    let condition = "type: value_avg, condition: {field: n, lt: 10}";
    assert_eq!(fired(condition, &[(0, json!(2)), (1, json!(4)), (2, json!(9))]), [5.0]);
    assert_eq!(fired(condition, &[(0, json!(2)), (1, json!(18))]), [0.0; 0]);
    assert_eq!(fired("type: value_avg, condition: {field: n, gte: 10}", &[(0, json!(2)), (1, json!(18))]), [10.0]);
    assert_eq!(fired("type: value_avg, condition: {field: n, eq: 3}", &[(0, json!(2)), (1, json!(4))]), [3.0]);
}

#[test]
fn a_percentile_lies_between_numbers_in_proportion() {
    let numbers: Vec<_> = [50, 10, 40, 20, 30].iter().zip(0..).map(|(n, second)| (second, json!(n))).collect();
    let at = |percentile: u8| {
        fired(
            &format!("type: value_percentile, condition: {{field: n, percentile: {percentile}, lte: 1000}}"),
            &numbers,
        )
    };
    assert_eq!([at(0), at(50), at(90), at(100)], [[10.0], [30.0], [46.0], [50.0]]);
    assert_eq!(
        fired("type: value_percentile, condition: {field: n, lte: 30}", &numbers),
        [30.0],
        "the middle unless said"
    );
}

#[test]
fn conditions_over_numbers_that_mean_nothing_are_refused() {
    for (correlation, expected) in [
        ("type: value_sum, condition: {gte: 1}", "needs one `field`"),
        ("type: value_sum, condition: {field: n}", "has no limit"),
        ("type: value_avg, condition: {field: n, gte: much}", "must be a number"),
        ("type: value_sum, condition: {field: n, gte: 1, percentile: 5}", "belongs to value_percentile"),
        ("type: value_percentile, condition: {field: n, gte: 1, percentile: 101}", "0 to 100"),
        ("type: value_sum, condition: {field: n, above: 1}", "has `above`"),
    ] {
        let errors = set(correlation).errors().to_vec();
        assert!(errors[0].message.contains(expected), "{correlation}: {errors:?}");
    }
}
