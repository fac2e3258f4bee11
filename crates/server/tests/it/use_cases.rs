//! Every use case fires on its own records and stays silent on near misses, by the real parser and matcher.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use formats::{Hint, Parser, Sources, Zone};
use model::event::Event;
use model::use_case::{Cards, Language};
use serde::Deserialize;
use sigma::{BaselineLimits, Baselines, Correlator, Limits, Match, Moment, RuleSet};

use crate::learning::Learning;
use crate::root;

/// `fixture.toml`, as content/README.md has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Fixture {
    source: Option<String>,
    expect: u64,
    time_zone: String,
    received: String,
}

impl Default for Fixture {
    fn default() -> Self {
        Fixture {
            source: None,
            expect: 1,
            time_zone: "Asia/Shanghai".to_owned(),
            received: "2026-05-12T12:00:00+08:00".to_owned(),
        }
    }
}

struct Stand {
    rules: RuleSet,
    parser: Parser,
}

impl Stand {
    fn new() -> Self {
        let rules = RuleSet::load_dir(root().join("content/use_cases"));
        assert!(rules.errors().is_empty(), "{:?}", rules.errors());
        assert!(rules.inactive().is_empty(), "{:?}", rules.inactive());
        Stand { rules, parser: Parser::new(Arc::new(Sources::embedded().unwrap())) }
    }

    /// The ids of the rules of a folder that raise alerts by themselves.
    fn alerting(&self, slug: &str) -> Vec<&str> {
        let rules = self.rules.rules().iter().map(|rule| (&rule.id, &rule.path));
        let correlations = self.rules.correlations().iter().map(|rule| (&rule.id, &rule.path));
        let baselines = self.rules.baselines().iter().map(|rule| (&rule.id, &rule.path));
        let wanted = format!("/{slug}/rule.yml");
        rules
            .chain(correlations)
            .chain(baselines)
            .filter(|(id, path)| path.ends_with(&wanted) && !self.rules.is_only_correlated(id))
            .map(|(id, _)| id.as_str())
            .collect()
    }

    /// What baselines learned from the records of `learning.toml`, on none of which this rule fires.
    fn learned(&self, folder: &Path, rule: &str, hint: &Hint) -> Vec<u8> {
        let mut baselines = Baselines::new(&self.rules, BaselineLimits::default());
        let file = folder.join("learning.toml");
        if let Ok(text) = fs::read_to_string(&file) {
            let learning: Learning =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            for (received, line) in learning.records() {
                let hint = Hint { received, ..hint.clone() };
                let event = self.parser.parse(&line, &hint);
                assert!(event.is_parsed(), "{}: not parsed: {line}", file.display());
                let matches = self.rules.matches(&event);
                let fired = departures(&mut baselines, &event, &matches, &hint);
                assert!(!fired.iter().any(|id| id == rule), "{}: fires while learning: {line}", file.display());
            }
        }
        baselines.part(1).bytes
    }

    /// How often each rule fires on the lines of a file.
    fn fired(&self, file: &Path, hint: &Hint, learned: &[u8]) -> BTreeMap<String, u64> {
        let mut baselines = Baselines::restore(&self.rules, BaselineLimits::default(), [(1, learned)]).unwrap();
        let mut correlator = Correlator::new(&self.rules, Limits::default());
        let mut fired = BTreeMap::new();
        for (number, line) in fs::read_to_string(file).unwrap().lines().enumerate() {
            let event = self.parser.parse(line, hint);
            assert!(event.is_parsed(), "{}: line {} is not parsed", file.display(), number + 1);
            let matches = self.rules.matches(&event);
            for found in &matches {
                *fired.entry(found.rule.id.clone()).or_default() += 1;
            }
            for found in correlator.observe("customer", event.time, &matches, &event, number) {
                *fired.entry(found.rule.id.clone()).or_default() += 1;
            }
            for id in departures(&mut baselines, &event, &matches, hint) {
                *fired.entry(id).or_default() += 1;
            }
        }
        fired
    }
}

/// The baselines an event departs from that was received when it happened.
fn departures(baselines: &mut Baselines, event: &Event<'_>, matches: &[Match<'_>], hint: &Hint) -> Vec<String> {
    let moment = Moment { time: event.time, received: event.time, offset: hint.time_zone.offset(event.time) };
    let found = baselines.observe("customer", moment, matches, event);
    found.into_iter().map(|found| found.rule.id.clone()).collect()
}

#[test]
fn every_use_case_fires_on_its_own_records_and_not_on_near_misses() {
    let stand = Stand::new();
    let mut checked = 0;
    for entry in fs::read_dir(root().join("content/use_cases")).unwrap() {
        let folder = entry.unwrap().path();
        let slug = folder.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(folder.join("fixture.toml")).unwrap_or_default();
        let fixture: Fixture = toml::from_str(&text).unwrap_or_else(|error| panic!("{slug}: {error}"));
        let alerting = stand.alerting(slug);
        let [rule] = alerting[..] else { panic!("{slug}: one rule must alert, not {alerting:?}") };
        let time_zone: Zone = fixture.time_zone.parse().unwrap();
        let received = fixture.received.parse().unwrap();
        let learned = stand.learned(&folder, rule, &Hint { received, time_zone, source: fixture.source.clone() });
        for source in [fixture.source.clone(), None] {
            let hint = Hint { received, time_zone, source };
            for (file, expected) in [("true.log", fixture.expect), ("near_miss.log", 0)] {
                let fired = stand.fired(&folder.join(file), &hint, &learned).get(rule).copied().unwrap_or(0);
                assert_eq!(fired, expected, "{slug}/{file} with source {:?}", hint.source);
            }
        }
        checked += 1;
    }
    println!("{checked} use cases");
    assert!(checked >= 90, "only {checked} use cases");
}

#[test]
fn every_use_case_has_a_full_card_in_both_languages() {
    for entry in fs::read_dir(root().join("content/use_cases")).unwrap() {
        let path = entry.unwrap().path().join("card.toml");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let cards: Cards = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for language in Language::ALL {
            let card = cards.get(language).unwrap_or_else(|| panic!("{}: no {}", path.display(), language.as_str()));
            let parts = [
                &card.title,
                &card.facts,
                &card.trigger,
                &card.false_positive,
                &card.consequences,
                &card.recommendations,
            ];
            assert!(parts.iter().all(|part| part.chars().count() >= 4), "{}: a part is empty", path.display());
        }
    }
}
