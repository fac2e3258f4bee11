//! Every verdict compared with another implementation, on the regression events, on changed copies of them, and on
//! events written from the rules themselves.
//!
//! A difference must have a cause among [`crate::oracle_causes`].

use std::collections::{BTreeMap, BTreeSet};

use model::event::{Event, LogSource};
use rsigma_eval::Engine;
use rsigma_eval::event::JsonEvent;
use serde_json::{Map, Value as Json, json};
use sigma::RuleSet;

use crate::data;
use crate::events::event;
use crate::oracle_causes::{CAUSES, cause};
use crate::windows::windows;

/// Of the rules, every so many-th gets events written from it; all of them take a minute.
const STEP: usize = 4;

/// Both implementations with the same rules.
struct Pair {
    ours: RuleSet,
    theirs: Engine,
    active: BTreeSet<String>,
    differences: BTreeMap<String, (usize, String)>,
    compared: usize,
    agreed: usize,
}

impl Pair {
    fn load(folder: &std::path::Path) -> Self {
        let ours = RuleSet::load_dir(folder);
        let mut theirs = Engine::new();
        let parsed = rsigma_parser::parse_sigma_directory(folder).unwrap();
        let refused = theirs.add_rules(parsed.rules.iter());
        let mut active: BTreeSet<_> = ours.rules().iter().map(|rule| rule.id.clone()).collect();
        for (index, error) in refused {
            println!("the oracle refuses {:?}: {error}", parsed.rules[index].title);
            parsed.rules[index].id.as_ref().map(|id| active.remove(id));
        }
        Pair { ours, theirs, active, differences: BTreeMap::new(), compared: 0, agreed: 0 }
    }

    /// Compares the verdicts on one event, given as flat fields.
    fn compare(&mut self, fields: &Map<String, Json>, sources: &[LogSource]) {
        let fields = Json::Object(fields.clone());
        let mut own: Event<'_> = event("", &fields);
        own.log_sources = sources.into();
        let ours: BTreeSet<_> = self.ours.matches(&own).iter().map(|found| found.rule.id.clone()).collect();
        let plainly: BTreeSet<_> = self.ours.matches_plainly(&own).iter().map(|found| found.rule.id.clone()).collect();
        assert_eq!(ours, plainly, "the gates took a match away: {fields}");
        let mut theirs = BTreeSet::new();
        for source in sources {
            let source = rsigma_parser::LogSource {
                category: source.category.clone(),
                product: source.product.clone(),
                service: source.service.clone(),
                ..Default::default()
            };
            let found = self.theirs.evaluate_with_logsource(&JsonEvent::borrow(&fields), &source);
            theirs.extend(found.into_iter().filter_map(|result| result.header.rule_id));
        }
        theirs.retain(|id| self.active.contains(id));
        self.compared += 1;
        self.agreed += ours.intersection(&theirs).count();
        for id in ours.symmetric_difference(&theirs).filter(|id| self.active.contains(*id)) {
            let who = if ours.contains(id) { "only ours" } else { "only theirs" };
            let entry = self.differences.entry(id.clone()).or_insert_with(|| (0, format!("{who}: {fields}")));
            entry.0 += 1;
        }
    }

    fn judge(&self) {
        println!("{} events compared, {} equal matches", self.compared, self.agreed);
        let mut unknown = Vec::new();
        let mut causes = BTreeMap::new();
        for (id, (times, example)) in &self.differences {
            let rule = self.ours.rule(id).unwrap();
            let text = std::fs::read_to_string(&rule.path).unwrap();
            let rule_json: Json = serde_saphyr::from_str(&text).unwrap();
            match cause(&rule_json, example.starts_with("only ours")) {
                Some(cause) => *causes.entry(cause.name).or_insert(0) += times,
                None => unknown.push(format!("{id} {}, {times} times; {example}", rule.title)),
            }
        }
        println!("differences by cause: {causes:?}");
        assert!(unknown.is_empty(), "differences without a known cause: {unknown:#?}");
    }
}

#[test]
fn verdicts_agree_with_another_implementation() {
    let (Some(rules), Some(events)) = (data::folder("sigma"), data::folder("evtx/sigma-regression")) else { return };
    let mut pair = Pair::load(&rules);
    compare_regression_events(&mut pair, &events);
    println!("{} of them regression events and changed copies", pair.compared);
    compare_written_events(&mut pair);
    pair.judge();
    assert!(pair.compared >= 6_000 && pair.agreed >= 4_000);
}

/// The events as they are, without each of their fields, and in upper case.
fn compare_regression_events(pair: &mut Pair, folder: &std::path::Path) {
    for path in data::files(folder, "json") {
        let text = std::fs::read_to_string(&path).unwrap();
        for record in serde_json::Deserializer::from_str(&text).into_iter::<Json>() {
            let record = record.unwrap();
            let event = windows("", &record).unwrap();
            let fields: Map<_, _> =
                event.fields.iter().map(|(name, value)| (name.to_owned(), value.to_json())).collect();
            pair.compare(&fields, &event.log_sources);
            for name in fields.keys() {
                let mut changed = fields.clone();
                changed.remove(name);
                pair.compare(&changed, &event.log_sources);
            }
            let upper = fields.iter().map(|(name, value)| match value {
                Json::String(text) => (name.clone(), json!(text.to_uppercase())),
                other => (name.clone(), json!(other.to_string())),
            });
            pair.compare(&upper.collect(), &event.log_sources);
        }
    }
}

/// Events with what a rule asks for, with what its filters ask for as well, with other dashes, and without one field.
fn compare_written_events(pair: &mut Pair) {
    let chosen = pair.ours.rules().iter().step_by(STEP).map(|rule| (rule.path.clone(), rule.log_source.clone()));
    for (path, source) in chosen.collect::<Vec<_>>() {
        let text = std::fs::read_to_string(path).unwrap();
        let rule: Json = serde_saphyr::from_str(&text).unwrap();
        for pick in 0..2 {
            let (mut fields, mut filtered) = (Map::new(), Map::new());
            for (name, detection) in rule["detection"].as_object().unwrap() {
                write_fields(detection, pick, &mut filtered);
                if !name.starts_with("filter") {
                    write_fields(detection, pick, &mut fields);
                }
            }
            pair.compare(&fields, std::slice::from_ref(&source));
            pair.compare(&filtered, std::slice::from_ref(&source));
            let swap = |c: char| {
                if c == '-' {
                    '/'
                } else if c == '/' {
                    '-'
                } else {
                    c
                }
            };
            let swapped = |value: &Json| json!(text_of(value).chars().map(swap).collect::<String>());
            let dashed = fields.iter().map(|(name, value)| (name.clone(), swapped(value)));
            pair.compare(&dashed.collect(), std::slice::from_ref(&source));
            if let Some(name) = fields.keys().next().cloned() {
                fields.remove(&name);
                pair.compare(&fields, std::slice::from_ref(&source));
            }
        }
    }
}

/// Writes values that a detection would accept into an event, as far as its shape is simple.
fn write_fields(detection: &Json, pick: usize, event: &mut Map<String, Json>) {
    match detection {
        Json::Array(list) => {
            if let Some(entry) = list.get(pick % list.len().max(1)) {
                match entry {
                    Json::Object(_) => write_fields(entry, pick, event),
                    word => drop(event.insert("Message".into(), json!(format!("a {} b", text(word))))),
                }
            }
        }
        Json::Object(map) => {
            for (key, value) in map {
                let (name, modifiers) = key.split_once('|').unwrap_or((key, ""));
                let values: Vec<String> = match value {
                    Json::Array(values) => values.iter().map(text).collect(),
                    single => vec![text(single)],
                };
                let one = match modifiers.contains("all") {
                    true => values.join(" "),
                    false => values[pick % values.len()].clone(),
                };
                let one = if modifiers.contains("contains") {
                    format!("x{one}y")
                } else if modifiers.contains("endswith") {
                    format!(r"C:\d{one}")
                } else if modifiers.contains("startswith") {
                    format!("{one} z")
                } else {
                    one
                };
                event.insert(if name.is_empty() { "Message" } else { name }.into(), json!(one));
            }
        }
        _ => {}
    }
}

fn text_of(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.replace('*', "ab").replace('?', "c"),
        other => other.to_string(),
    }
}

#[test]
fn each_cause_is_shown_by_a_rule_has_its_clause_and_a_test_of_ours() {
    assert!(CAUSES.len() <= 20);
    for cause in CAUSES {
        let (item, value) = cause.shown_by;
        let text =
            format!("title: T\nid: t\nlogsource: {{product: test}}\ndetection:\n  s:\n    {item}\n  condition: s\n");
        let rules = RuleSet::load([("t.yml".to_owned(), text.clone())]);
        assert!(rules.errors().is_empty(), "{}: {:?}", cause.name, rules.errors());
        let fields = json!({ "f": value });
        let ours = !rules.matches(&event("", &fields)).is_empty();
        let mut engine = Engine::new();
        let parsed = rsigma_parser::parse_sigma_yaml(&text).unwrap();
        assert!(engine.add_rules(parsed.rules.iter()).is_empty(), "{}", cause.name);
        let theirs = !engine.evaluate(&JsonEvent::borrow(&fields)).is_empty();
        assert_eq!((ours, theirs), (cause.only_ours, !cause.only_ours), "{} ({})", cause.name, cause.clause);
        let has_it = include_str!("modifiers.rs").contains(&format!("fn {}()", cause.test));
        assert!(has_it, "no test {}", cause.test);
    }
}
