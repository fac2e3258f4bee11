//! Rule texts, pipelines and events nobody vouches for, made of our own by changing, cutting, doubling and mixing
//! bytes. None may make anything panic or take long, and on all events both ways and the explanation agree.
//!
//! 1,500 inputs in every run; `MUTATE_SECONDS=60` goes on for so long, `MUTATE_EACH=1` for so long with each target by
//! itself, and `MUTATE_SEED` begins with what an earlier run printed.

use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Map, Value as Json, json};
use sigma::{BaselineLimits, Baselines, Known, Moment, Pipeline, Pipelines, Placeholders, RuleSet, Settings, check};

use crate::events::event;

/// Rules that use every part of the language.
const RULES: [&str; 7] = [
    "title: A\nid: 6f2a9f0c-58d2-4c07-9d3e-0f2f4c1f6a01\nlevel: high\ndate: 2026-11-22\ntags: [attack.t1059.001]\n\
     logsource: {product: test}\ndetection:\n  sel_a:\n    f|contains|all: ['a*b', ' -enc ']\n    g|endswith: '\\x.exe'\n  \
     sel_b:\n    f|re|i: '^a(b|c)+\\d{2,5}$'\n    n|gte: 7\n  filter:\n    - h|cidr: 10.0.0.0/8\n    - h: null\n  \
     condition: 1 of sel_* and not filter\n",
    "title: B\nlogsource: {category: c, product: test}\ndetection:\n  k: [needle, 'hay*stack', 4624]\n  '|all': x\n  m:\n    \
     '|all': [one, two]\n  r:\n    '|re': 'a.c'\n  condition: (k or m) and not r\n",
    "title: C\nlogsource: {product: test}\ndetection:\n  s:\n    f|wide|base64offset|contains: http\n    g|windash|contains: ' -c '\n    \
     t|hour: 8\n    h|fieldref|startswith: g\n    e|exists: true\n    p|expand: '%who%'\n  condition: all of them\n",
    "action: global\ntitle: D\nlogsource: {product: test}\n---\nname: one\nid: 1\ndetection: {s: &s {f: [1, 2.5, true, '']}, u: *s, condition: s and u}\n---\n\
     action: repeat\nname: two\nid: 2\ndetection: {t: {f: 3}, condition: s or t}\n",
    "title: E\ncorrelation:\n  type: event_count\n  rules: [one]\n  group-by: [f]\n  timespan: 5m\n  condition: {gte: 3}\n",
    "title: F\nlogsource: {product: test}\nfilter:\n  rules: any\n  s: {f|neq|contains: [x, y]}\n  condition: not s\n",
    "title: G\nname: base\nlogsource: {product: test}\ndetection: {s: {f|exists: true}, condition: s}\n---\ntitle: H\nbaseline:\n  \
     type: first_seen\n  rules: [base]\n  group-by: [f]\n  field: [g, h]\n  also-new-to: customer\n  learning: 1s\n  values: 2\n  \
     observations: 0\n  forget: 90d\n",
];

const PIPELINES: [&str; 2] = [
    "name: p\npriority: 10\nvars: {who: [a, 'b*']}\ntransformations:\n- id: m\n  type: field_name_mapping\n  mapping: {f: [x, y], g: z}\n  \
     rule_conditions:\n  - {type: logsource, product: test}\n  rule_cond_op: or\n- type: value_placeholders\n- type: replace_string\n  \
     regex: '(\\w+)\\.exe'\n  replacement: '\\1.dll'\n- type: drop_detection_item\n  field_name_conditions:\n  - {type: include_fields, fields: ['h.*'], mode: re}\n",
    "transformations:\n- type: nest\n  items:\n  - {type: add_condition, conditions: {k: $product}, template: true}\n  - {type: set_state, key: a, val: 1}\n\
     - {type: map_string, mapping: {needle: [x, y]}}\n- {type: field_name_prefix, prefix: 'p.'}\n- {type: set_value, value: 7, \
     detection_item_conditions: {c: {type: match_string, cond: all, pattern: 'a+'}}, detection_item_cond_expr: not c}\n",
];

const EVENTS: [&str; 3] = [
    r#"{"f": "aXb -enc ab12", "g": "C:\\y\\x.exe", "n": 8, "h": ["11.0.0.1", null], "e": 1, "t": "2026-11-22T08:15:00Z"}"#,
    r#"{"f": ["needle", 4624, 2.5, true], "g": "cmd /c x", "h": "cmd /c x.exe", "p": "b1", "x": "hay\nstack"}"#,
    "one two aHR0cDovL2EuYg== \u{212a}\u{130}\u{df} C:\\x.exe ab99",
];

/// What means something in YAML, in rules, in expressions or in JSON.
const MARKS: &[u8] = b"\"'\\={}[]|<>,;:\n\t%#&*?-+.$^()~!@ 019\xff\xc4";

fn mutated(seeds: &[&str], chance: &mut Rng) -> String {
    let mut bytes = seeds[chance.usize(..seeds.len())].as_bytes().to_vec();
    for _ in 0..=chance.usize(..5) {
        let at = chance.usize(..bytes.len() + 1);
        let end = at + chance.usize(..40).min(bytes.len() - at);
        match chance.usize(..8) {
            0 if at < bytes.len() => bytes[at] = MARKS[chance.usize(..MARKS.len())],
            1 if at < bytes.len() => bytes[at] ^= 1 << chance.usize(..8),
            2 => bytes.insert(at, MARKS[chance.usize(..MARKS.len())]),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let piece = bytes[at..end].repeat(1 + chance.usize(..100));
                bytes.splice(at..at, piece);
            }
            5 => {
                let other = seeds[chance.usize(..seeds.len())].as_bytes();
                let from = chance.usize(..other.len() + 1);
                bytes.splice(at.., other[from..].iter().copied());
            }
            6 => {
                let mark = MARKS[chance.usize(..MARKS.len())];
                bytes.splice(at..at, std::iter::repeat_n(mark, chance.usize(..300)));
            }
            _ => {
                let piece = bytes[at..end].to_vec();
                let to = chance.usize(..bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
        }
        bytes.truncate(16 * 1024);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn settings(pipelines: Vec<Pipeline>) -> Settings {
    let placeholders = Placeholders::from([("who".into(), vec!["a".into(), "b*".into()])]);
    Settings { placeholders, pipelines: Pipelines::new(pipelines), ..Settings::default() }
}

fn files<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<(String, String)> {
    texts.into_iter().enumerate().map(|(number, text)| (format!("{number}.yml"), text.to_owned())).collect()
}

/// Matches both ways and explains each verdict.
fn judge(set: &RuleSet, text: &str) {
    let parsed: Option<Map<String, Json>> = serde_json::from_str(text).ok();
    let fields = parsed.map_or_else(|| json!({ "f": text, "g": [text, 7] }), Json::Object);
    let event = event(text, &fields);
    let ids = |found: Vec<sigma::Match<'_>>| found.iter().map(|found| found.rule.id.clone()).collect::<Vec<_>>();
    let plainly = ids(set.matches_plainly(&event));
    assert_eq!(ids(set.matches(&event)), plainly);
    for rule in set.rules() {
        let explanation = set.explain(&rule.id, &event).unwrap();
        assert_eq!(explanation.fires, plainly.contains(&rule.id), "{text}");
    }
}

/// Lets baselines learn the events and go on from what they wrote.
fn learn(set: &RuleSet) {
    let mut baselines = Baselines::new(set, BaselineLimits::default());
    for (number, text) in (0..).zip(EVENTS.iter().chain(&EVENTS)) {
        let fields = serde_json::from_str(text).unwrap_or_else(|_| json!({ "f": text }));
        let event = event(text, &fields);
        let time = model::Timestamp::from_micros(number * 3_600_000_000);
        baselines.observe("c", Moment { time, received: time, offset: 0 }, &set.matches(&event), &event);
    }
    let part = baselines.part(1);
    assert!(Baselines::restore(set, BaselineLimits::default(), [(1, &part.bytes[..])]).unwrap() == baselines);
}

type Target<'t> = (&'t str, &'t [&'t str], &'t dyn Fn(&str));

#[test]
fn no_mutation_of_a_rule_a_pipeline_or_an_event_makes_anything_panic_or_dawdle() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = number("MUTATE_SECONDS");
    let fresh = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
    let seed = number("MUTATE_SEED").unwrap_or_else(|| if seconds.is_some() { fresh() } else { 1 });
    println!("MUTATE_SEED={seed}");
    let whole = RuleSet::load_with(files(RULES), &settings(Vec::new()));
    assert!(whole.errors().is_empty() && whole.rules().len() == 6, "{:?}", whole.errors());
    PIPELINES.iter().for_each(|text| drop(Pipeline::parse(text).unwrap()));
    let rule = |text: &str| {
        check(text, &Known::default());
        let set = RuleSet::load_with(files([text]), &settings(Vec::new()));
        EVENTS.iter().for_each(|event| judge(&set, event));
        learn(&set);
    };
    let pipeline = |text: &str| {
        if let Ok(pipeline) = Pipeline::parse(text) {
            let set = RuleSet::load_with(files(RULES), &settings(vec![pipeline]));
            EVENTS.iter().for_each(|event| judge(&set, event));
        }
    };
    let event = |text: &str| judge(&whole, text);
    let targets: [Target<'_>; 3] =
        [("rules", &RULES, &rule), ("pipelines", &PIPELINES, &pipeline), ("events", &EVENTS, &event)];
    let mut chance = Rng::with_seed(seed);
    match std::env::var("MUTATE_EACH").is_ok() {
        true => targets.iter().for_each(|target| run(&[*target], seconds, &mut chance)),
        false => run(&targets, seconds, &mut chance),
    }
}

/// How long this thread has been at work: what others do on the machine does not count.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn run(targets: &[Target<'_>], seconds: Option<u64>, chance: &mut Rng) {
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let (mut count, mut slowest) = (0_usize, (Duration::ZERO, "", String::new()));
    while until.map_or(count < 1500, |until| Instant::now() < until) {
        let (name, seeds, target) = targets[count % targets.len()];
        let input = mutated(seeds, chance);
        let started = worked();
        target(&input);
        let took = worked() - started;
        if took > slowest.0 {
            slowest = (took, name, input);
        }
        count += 1;
    }
    let (took, name, input) = &slowest;
    println!("{count} inputs; slowest: {name} {took:?} over {} bytes", input.len());
    assert!(*took < Duration::from_secs(2), "{name} took {took:?} over {input:?}");
}
