//! Labelled events of somebody else's detections: what our rules and the public ones find of them, and what they take for
//! an attack that is none.
//!
//! A detection of theirs counts as covered where a rule of ours fires on any of its true events. Found is a true event of a
//! covered detection on which any rule fires; a false alarm is an event labelled harmless on which a rule fires that found
//! one of that detection's true events.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;

use formats::{Hint, Parser, Sources};
use model::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use sigma::RuleSet;

use crate::{data, files, root};

/// A line of theirs.
#[derive(Deserialize)]
struct Labelled<'l> {
    rule_id: String,
    expected: bool,
    #[serde(borrow)]
    log: &'l RawValue,
}

/// What fired on each event of a detection.
#[derive(Default)]
struct Detection {
    true_events: Vec<BTreeSet<String>>,
    harmless: Vec<BTreeSet<String>>,
}

#[test]
fn most_true_events_of_covered_detections_are_found_and_few_harmless_ones_alarm() {
    let (Some(public), Some(labelled)) = (data("sigma/rules"), data("attack/panther-tests")) else { return };
    let texts = [root().join("content/use_cases"), public].into_iter().flat_map(|folder| files(&folder));
    let texts = texts.filter(|file| file.extension().is_some_and(|kind| kind == "yml"));
    let rules = RuleSet::load(texts.map(|file| (file.display().to_string(), fs::read_to_string(&file).unwrap())));
    let parser = Parser::new(Arc::new(Sources::embedded().unwrap()));
    let hint = Hint::new(Timestamp::from_micros(1_800_000_000_000_000));
    let mut detections: BTreeMap<String, Detection> = BTreeMap::new();
    for file in files(&labelled) {
        for record in formats::file::open(&file).unwrap() {
            let record = record.unwrap();
            let line: Labelled<'_> = serde_json::from_str(&record.text).unwrap();
            let event = parser.parse(line.log.get(), &hint);
            let fired = rules.matches(&event).iter().map(|found| found.rule.title.clone()).collect();
            let detection = detections.entry(line.rule_id).or_default();
            if line.expected { detection.true_events.push(fired) } else { detection.harmless.push(fired) }
        }
    }
    let (mut covered, mut found, mut wanted, mut alarms, mut harmless) = (0, 0, 0, 0, 0);
    for (name, detection) in &detections {
        let rules: BTreeSet<&String> = detection.true_events.iter().flatten().collect();
        if rules.is_empty() {
            continue;
        }
        let hit = detection.true_events.iter().filter(|fired| !fired.is_empty()).count();
        let alarmed = detection.harmless.iter().filter(|fired| fired.iter().any(|rule| rules.contains(rule))).count();
        println!(
            "{name}: {hit} of {} found, {alarmed} of {} alarm; {rules:?}",
            detection.true_events.len(),
            detection.harmless.len()
        );
        covered += 1;
        (found, wanted) = (found + hit, wanted + detection.true_events.len());
        (alarms, harmless) = (alarms + alarmed, harmless + detection.harmless.len());
    }
    let cases: usize = detections.values().map(|one| one.true_events.len() + one.harmless.len()).sum();
    println!(
        "{cases} events of {} detections; {covered} covered: {found} of {wanted} true events found, {alarms} of {harmless} harmless ones alarm",
        detections.len()
    );
    assert!(cases >= 1_800, "only {cases} events");
    assert!(covered >= 45, "only {covered} detections are covered");
    assert!(found * 100 >= wanted * 65, "{found} of {wanted}");
    assert!(alarms * 100 <= harmless * 25, "{alarms} of {harmless}");
}
