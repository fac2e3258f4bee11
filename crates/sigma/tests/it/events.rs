//! Events for tests: from a JSON object, or from a Windows event in the JSON form EVTX tools give.

use std::sync::Arc;

use model::Timestamp;
use model::event::{Event, Fields, LogSource, Value};
use serde_json::Value as Json;

/// A log source of three parts, empty ones absent.
pub fn log_source(category: &str, product: &str, service: &str) -> LogSource {
    let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    LogSource { category: part(category), product: part(product), service: part(service) }
}

/// An event with these fields, of the log source `product: test`, its text as raw.
pub fn event<'a>(raw: &'a str, fields: &Json) -> Event<'a> {
    let mut event = Event::unparsed(raw, Timestamp::from_micros(0));
    event.log_sources = Arc::from([log_source("", "test", "")]);
    event.fields = fields.as_object().unwrap().iter().map(|(name, value)| (name.clone(), to_value(value))).collect();
    event
}

/// JSON as a value of the model.
pub fn to_value(json: &Json) -> Value<'static> {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap()),
        },
        Json::String(text) => Value::from(text.clone()),
        Json::Array(values) => Value::List(values.iter().map(to_value).collect()),
        Json::Object(_) => panic!("flatten objects first"),
    }
}

/// A Windows event.
pub fn windows<'a>(raw: &'a str, record: &Json) -> Event<'a> {
    let system = &record["Event"]["System"];
    let id = system["EventID"].as_i64().or_else(|| system["EventID"]["#text"].as_i64()).unwrap();
    let channel = system["Channel"].as_str().unwrap();
    let mut fields = Fields::default();
    fields.push("EventID", id);
    fields.push("Channel", channel.to_owned());
    fields.push("Computer", system["Computer"].as_str().unwrap().to_owned());
    fields.push("Provider_Name", system["Provider"]["#attributes"]["Name"].as_str().unwrap().to_owned());
    for section in ["EventData", "UserData"] {
        flatten(&record["Event"][section], &mut fields);
    }
    let mut event = Event::unparsed(raw, Timestamp::from_micros(0));
    event.log_sources = sources(channel, id).into();
    event.fields = fields;
    event
}

/// Data by name; blanks in names removed as rules write them, attributes left out.
fn flatten(section: &Json, fields: &mut Fields<'static>) {
    for (name, value) in section.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with('#')) {
        match value {
            Json::Object(_) => flatten(value, fields),
            value => fields.push(name.replace(' ', ""), to_value(value)),
        }
    }
}

fn sources(channel: &str, id: i64) -> Vec<LogSource> {
    let (service, categories): (&str, &[&str]) = match (channel, id) {
        ("Microsoft-Windows-Sysmon/Operational", 1) => ("sysmon", &["process_creation"]),
        ("Microsoft-Windows-Sysmon/Operational", 7) => ("sysmon", &["image_load"]),
        ("Microsoft-Windows-Sysmon/Operational", 11) => ("sysmon", &["file_event"]),
        ("Microsoft-Windows-Sysmon/Operational", 12) => {
            ("sysmon", &["registry_event", "registry_add", "registry_delete"])
        }
        ("Microsoft-Windows-Sysmon/Operational", 13) => ("sysmon", &["registry_event", "registry_set"]),
        ("Microsoft-Windows-Sysmon/Operational", 4 | 16) => ("sysmon", &["sysmon_status"]),
        ("Microsoft-Windows-Sysmon/Operational", _) => ("sysmon", &[]),
        ("Security", 4688) => ("security", &["process_creation"]),
        ("Security", _) => ("security", &[]),
        ("Microsoft-Windows-PowerShell/Operational", 4104) => ("powershell", &["ps_script"]),
        ("Microsoft-Windows-TaskScheduler/Operational", _) => ("taskscheduler", &[]),
        ("Microsoft-Windows-WMI-Activity/Operational", _) => ("wmi", &[]),
        other => panic!("no log source for {other:?}"),
    };
    let by_category = categories.iter().map(|category| log_source(category, "windows", ""));
    by_category.chain([log_source("", "windows", service)]).collect()
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
