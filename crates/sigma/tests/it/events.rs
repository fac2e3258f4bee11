//! Events for tests from a JSON object, and rules of one detection.

use std::sync::Arc;

use model::Timestamp;
use model::event::Event;
use serde_json::Value as Json;

use crate::windows::{log_source, value_in};

/// An event with these fields, of the log source `product: test`, its text as raw.
pub fn event<'a>(raw: &'a str, fields: &Json) -> Event<'a> {
    let mut event = Event::unparsed(raw, Timestamp::from_micros(0));
    event.log_sources = Arc::from([log_source("", "test", "")]);
    event.fields =
        fields.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value_in("", value))).collect();
    event
}

/// A rule set of one rule with this `detection` section, given as YAML indented by two.
pub fn rule_set(detection: &str) -> sigma::RuleSet {
    let text = format!("title: Test\nid: test\nlogsource:\n  product: test\ndetection:\n{detection}\n");
    sigma::RuleSet::load([("test.yml".to_owned(), text)])
}

/// Asserts that a detection on field `f` fires on each of `hits` and on none of `misses`, given as values of `f`.
pub fn check(item: &str, hits: &[Json], misses: &[Json]) {
    let set = rule_set(&format!("  s:\n    {item}\n  condition: s"));
    assert!(set.errors().is_empty() && set.inactive().is_empty(), "{item}: {:?}{:?}", set.errors(), set.inactive());
    for (values, expected) in [(hits, true), (misses, false)] {
        for value in values {
            let fields = serde_json::json!({ "f": value, "g": "Other", "n": 7 });
            let event = event("", &fields);
            assert_eq!(!set.matches(&event).is_empty(), expected, "{item} on {value}");
            assert_eq!(!set.matches_plainly(&event).is_empty(), expected, "{item} on {value}, without gates");
        }
    }
}

/// The error a detection gives.
pub fn error(detection: &str) -> String {
    let set = rule_set(detection);
    assert!(set.rules().is_empty(), "{detection} loads");
    set.errors()[0].message.clone()
}
