//! The quick way and the plain way give the same verdicts and the same reasons: on rules and events drawn at random
//! from parts that are known to be difficult, and on all recorded events with the public rules.

use std::borrow::Cow;
use std::sync::Arc;

use model::Timestamp;
use model::event::{Aliases, Event, Value};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value as Json, json};
use sigma::{RuleSet, Scratch};

use crate::data;
use crate::records::records;
use crate::windows::{log_source, windows};

/// Parts of texts: separators, wildcards, escapes, letters with odd cases, numbers written in several ways.
const PARTS: [&str; 44] = [
    "cmd.exe",
    "CMD",
    "\\",
    "/",
    "C:\\",
    "Windows",
    "windows",
    " -enc ",
    " /enc ",
    "-",
    "\u{2013}",
    " ",
    "é",
    "É",
    "\u{130}",
    "i\u{307}",
    "\u{212a}",
    "k",
    "K",
    "\u{17f}",
    "s",
    "S",
    "Σ",
    "ς",
    "ß",
    "\n",
    "*",
    "?",
    "\\*",
    "\\\\",
    "0",
    "-0",
    "4624",
    "4624.0",
    "1e3",
    "7",
    "true",
    "",
    "::",
    "ab",
    "AB",
    "10.0.0.1",
    "abcdefghijkl",
    "中文",
];

/// Expressions that use what is special in them.
const EXPRESSIONS: [&str; 24] = [
    r"net\s+user",
    "(?i)k",
    "a.c",
    "^C:",
    "exe$",
    "[0-9]+",
    "(ab|CD)+",
    r"\bab\b",
    "\u{212a}",
    "i\u{307}",
    "(?i)s",
    "(?i)\u{17f}",
    "a{2,3}",
    "(?:ab)?k",
    "",
    ".*",
    r"\\win",
    "[A-Z]:",
    r"^\d+$",
    "(?s)a.b",
    "(cmd|windows|ab)x?",
    "(?i)ς",
    r"cmd\.exe|::",
    r"[^\x00-\x7f]",
];

const MODIFIERS: [&str; 40] = [
    "",
    "",
    "",
    "|contains",
    "|contains",
    "|startswith",
    "|endswith",
    "|endswith",
    "|contains|all",
    "|all",
    "|cased",
    "|contains|cased",
    "|startswith|cased",
    "|endswith|cased",
    "|windash",
    "|windash|contains",
    "|contains|windash",
    "|base64offset|contains",
    "|wide|base64offset|contains",
    "|base64",
    "|utf16|base64",
    "|neq",
    "|contains|neq",
    "|re",
    "|re",
    "|re|i",
    "|re|m",
    "|re|s",
    "|re|i|neq",
    "|cidr",
    "|exists",
    "|fieldref",
    "|fieldref|contains",
    "|fieldref|endswith",
    "|fieldref|neq",
    "|lt",
    "|gte",
    "|hour",
    "|year",
    "|re|startswith",
];

const FIELDS: [&str; 6] = ["a", "b", "c.d", "E", "Alias", "absent"];

const CONDITIONS: [&str; 16] = [
    "s1",
    "not s1",
    "s1 and s2",
    "s1 or s2",
    "s1 and not s2",
    "not s1 and not s2",
    "not (s1 and s2)",
    "1 of s*",
    "all of s*",
    "all of them",
    "not 1 of them",
    "s1 or (s2 and not s3)",
    "s3",
    "not s3",
    "s1 and s3",
    "(s1 or s3) and not s2",
];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PARTS[..]), 0..5).prop_map(|parts| parts.concat())
}

/// A value of a rule or of a field.
fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        8 => text().prop_map(Json::from),
        1 => prop::sample::select(vec![json!(0), json!(7), json!(4624), json!(-5), json!(4624.0), json!(0.5),
            json!(1e3), json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992.0), json!(-0.0)]),
        1 => any::<bool>().prop_map(Json::from),
        1 => Just(Json::Null),
    ]
}

fn item() -> impl Strategy<Value = (String, Json)> {
    let expression = prop::sample::select(&EXPRESSIONS[..]).prop_map(Json::from);
    let values = prop::collection::vec(scalar(), 1..8);
    let parts = (prop::sample::select(&FIELDS[..]), prop::sample::select(&MODIFIERS[..]), values, expression, 0..4_u8);
    parts.prop_map(|(field, modifiers, values, expression, shape)| {
        let values = match modifiers {
            "|exists" => vec![json!(shape % 2 == 0)],
            "|cidr" => vec![json!("10.0.0.0/8"), json!("fe80::/10")],
            "|lt" | "|gte" => vec![json!(7), json!(4000.5)],
            "|hour" | "|year" => vec![json!(8), json!(2026)],
            _ if modifiers.starts_with("|re") => vec![expression],
            _ if modifiers.starts_with("|fieldref") => vec![json!(FIELDS[usize::from(shape)])],
            "" | "|neq" => values,
            _ => values.into_iter().filter(|value| !value.is_null()).chain([json!("ab")]).collect(),
        };
        let value = if shape == 0 { values[0].clone() } else { Json::Array(values) };
        (format!("{field}{modifiers}"), value)
    })
}

fn detection() -> impl Strategy<Value = Json> {
    let map =
        || prop::collection::vec(item(), 1..4).prop_map(|items| Json::Object(items.into_iter().collect::<Map<_, _>>()));
    let word = text().prop_map(Json::from);
    prop_oneof![
        5 => map(),
        1 => prop::collection::vec(map(), 1..3).prop_map(Json::Array),
        1 => prop::collection::vec(word, 1..4).prop_map(Json::Array),
        1 => prop::collection::vec(text().prop_map(Json::from), 1..3).prop_map(|words| json!({ "|all": words })),
        1 => prop::sample::select(&EXPRESSIONS[..]).prop_map(|expression| json!({ "|re": expression })),
    ]
}

fn rule() -> impl Strategy<Value = Json> {
    let product = prop::sample::select(&["test", "test", "test", "other"][..]);
    (detection(), detection(), detection(), prop::sample::select(&CONDITIONS[..]), product).prop_map(
        |(s1, s2, s3, condition, product)| {
            json!({ "title": "Drawn", "logsource": { "product": product },
                "detection": { "s1": s1, "s2": s2, "s3": s3, "condition": condition } })
        },
    )
}

fn rule_set(rules: Vec<Json>) -> RuleSet {
    // JSON is YAML.
    RuleSet::load(rules.iter().enumerate().map(|(number, rule)| (format!("{number}.yml"), rule.to_string())))
}

/// What an event is drawn as: its record, its fields, the core fields, and where in the record a value begins.
type Drawn = (String, Vec<(&'static str, Json)>, Vec<(&'static str, Json)>, Option<(usize, usize)>);

fn drawn() -> impl Strategy<Value = Drawn> {
    let value = prop_oneof![
        5 => scalar(),
        1 => prop::collection::vec(scalar(), 0..4).prop_map(Json::Array),
        1 => prop::sample::select(vec!["2026-11-22T08:15:00Z", "10.1.2.3", "::ffff:10.1.2.3", "C:\\Windows\\cmd.exe"])
            .prop_map(Json::from),
    ];
    let names = prop::sample::subsequence(vec!["a", "b", "c.d", "E"], 0..=4);
    let fields = (names, prop::collection::vec(value, 6));
    let raw = prop::collection::vec(text(), 0..4).prop_map(|parts| parts.concat());
    (raw, fields, any::<bool>(), prop::option::of((0..20_usize, 0..20_usize))).prop_map(
        |(raw, (names, values), has_core, borrowed)| {
            let core = if has_core { vec![("target", values[4].clone()), ("c_d", values[5].clone())] } else { vec![] };
            (raw, names.into_iter().zip(values).collect(), core, borrowed)
        },
    )
}

fn value(json: &Json) -> Value<'static> {
    match json {
        Json::Array(values) => Value::List(values.iter().map(value).collect()),
        other => crate::windows::value_in("", other),
    }
}

fn event((raw, fields, core, borrowed): &Drawn) -> Event<'_> {
    let mut event = Event::unparsed(raw, Timestamp::from_micros(0));
    event.log_sources = Arc::from([log_source("", "test", ""), log_source("c", "test", "s")]);
    event.aliases = Arc::new(Aliases::from([("Alias".into(), "target".into())]));
    event.fields = fields.iter().map(|(name, json)| (*name, value(json))).collect();
    event.core = core.iter().map(|(name, json)| (*name, value(json))).collect();
    if let Some((start, length)) = borrowed {
        let start = raw.floor_char_boundary(*start);
        let end = raw.floor_char_boundary(start + length);
        event.fields.set("a", Value::Str(Cow::Borrowed(&raw[start..end])));
    }
    event
}

/// Compares both ways; gives the number of matches.
fn compare(set: &RuleSet, scratch: &mut Scratch, event: &Event<'_>) -> Result<usize, String> {
    let told = |found: Vec<sigma::Match<'_>>| -> Vec<_> {
        found.into_iter().map(|found| (found.rule.path.clone(), found.fields)).collect()
    };
    let (quickly, plainly) = (told(set.matches_with(scratch, event)), told(set.matches_plainly(event)));
    match quickly == plainly {
        true => Ok(plainly.len()),
        false => Err(format!("quickly {quickly:?}, plainly {plainly:?}, on {event:?}")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn drawn_rules_judge_drawn_events_alike_both_ways(
        rules in prop::collection::vec(rule(), 1..10), events in prop::collection::vec(drawn(), 1..8)
    ) {
        let set = rule_set(rules.clone());
        let mut scratch = Scratch::default();
        // Seen again, an event's shape is known.
        for drawn in events.iter().chain(&events) {
            if let Err(difference) = compare(&set, &mut scratch, &event(drawn)) {
                return Err(TestCaseError::fail(difference));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn an_explanation_comes_to_the_verdict_it_explains(
        rules in prop::collection::vec(rule(), 1..6), narrowed: bool, narrowing in detection(),
        events in prop::collection::vec(drawn(), 1..6)
    ) {
        let mut documents = rules;
        if narrowed {
            documents.push(json!({ "title": "Narrowing", "logsource": { "product": "test" },
                "filter": { "rules": "any", "n": narrowing, "condition": "not n" } }));
        }
        let set = rule_set(documents);
        for drawn in &events {
            let event = event(drawn);
            let firing: Vec<&str> = set.matches_plainly(&event).iter().map(|found| found.rule.id.as_str()).collect();
            for rule in set.rules() {
                let explanation = set.explain(&rule.id, &event).unwrap();
                prop_assert_eq!(explanation.fires, firing.contains(&rule.id.as_str()), "{:?} on {:?}", rule, event);
                prop_assert_eq!(explanation.reason.is_none(), explanation.fires);
                for condition in explanation.detection.conditions {
                    prop_assert_eq!(condition.term.hinders, !explanation.detection.holds);
                }
            }
        }
    }
}

#[test]
fn verdicts_stay_the_same_while_the_set_learns_from_its_events() {
    let mut runner = TestRunner::deterministic();
    let mut draw =
        |count: usize| -> Vec<Json> { (0..count).map(|_| rule().new_tree(&mut runner).unwrap().current()).collect() };
    let set = rule_set(draw(400));
    println!("{} rules of 400, {}", set.rules().len(), set.errors().first().map_or("", |error| &error.message));
    assert!(set.rules().len() >= 300);
    let mut scratch = Scratch::default();
    let mut found = 0;
    let sources: Arc<[_]> = Arc::from([log_source("", "test", "")]);
    for _ in 0..4000 {
        let drawn = drawn().new_tree(&mut runner).unwrap().current();
        let mut event = event(&drawn);
        event.log_sources = sources.clone();
        found += compare(&set, &mut scratch, &event).unwrap();
    }
    println!("{found} matches");
    assert!(found >= 10_000);
}

#[test]
fn recorded_events_are_judged_alike_both_ways() {
    let Some(rules) = data::folder("sigma") else { return };
    let set = RuleSet::load_dir(rules);
    let mut scratch = Scratch::default();
    let (mut events, mut found) = (0, 0);
    // Of the large sets every so many-th.
    for (folder, kind, step) in
        [("evtx/attack-samples", "evtx", 3), ("evtx/sigma-regression", "json", 1), ("attack/otrf", "zip", 12)]
    {
        let Some(folder) = data::folder(folder) else { return };
        for path in data::files(&folder, kind) {
            for (raw, record) in records(&path).iter().step_by(step) {
                let Some(event) = windows(raw, record) else { continue };
                found += compare(&set, &mut scratch, &event).unwrap();
                events += 1;
            }
        }
    }
    println!("{events} events, {found} matches");
    assert!(events >= 6_000 && found >= 500);
}
