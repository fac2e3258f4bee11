//! The public regression events: each must satisfy its own rule.

use std::collections::BTreeMap;

use model::Timestamp;
use model::event::Event;
use sigma::RuleSet;

use crate::data;
use crate::windows::{log_source, windows};

#[test]
fn every_regression_event_satisfies_its_own_rule() {
    let Some(events) = data::folder("evtx/sigma-regression") else { return };
    let Some(rules) = data::folder("sigma") else { return };
    let set = RuleSet::load_dir(rules);
    let mut missed = Vec::new();
    let mut others = BTreeMap::new();
    let (mut met, mut seen, mut spent) = (0, 0, std::time::Duration::ZERO);
    for path in data::files(&events, "json") {
        let text = std::fs::read_to_string(&path).unwrap();
        let expected = path.file_stem().unwrap().to_str().unwrap();
        let mut fired = false;
        for record in serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>() {
            let record = record.unwrap();
            let raw = record.to_string();
            let event = windows(&raw, &record).unwrap();
            let started = std::time::Instant::now();
            let matches = set.matches(&event);
            spent += started.elapsed();
            seen += 1;
            for found in matches {
                assert!(!found.fields.is_empty(), "{} fired without saying why", found.rule.title);
                if found.rule.id == expected {
                    fired = true;
                } else {
                    *others.entry(found.rule.title.clone()).or_insert(0) += 1;
                }
            }
        }
        met += usize::from(fired);
        if !fired {
            missed.push(path.display().to_string());
        }
    }
    for path in data::files(&events, "raw") {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut event = Event::unparsed(text.trim(), Timestamp::from_micros(0));
        event.log_sources = [log_source("", "cisco", "aaa")].into();
        let expected = path.file_stem().unwrap().to_str().unwrap();
        let fired = set.matches(&event).iter().any(|found| found.rule.id == expected);
        met += usize::from(fired);
        if !fired {
            missed.push(path.display().to_string());
        }
    }
    println!("{met} expectations met, {seen} events in {spent:?}, other rules that fired: {}", others.len());
    assert_eq!(missed, Vec::<String>::new());
    assert!(met >= 100);
}
