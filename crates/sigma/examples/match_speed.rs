//! What detection costs per event, beside rsigma-eval on the same events in alternating rounds.
//!
//!     cargo run --release -p sigma --example match_speed -- RULES EVENTS... [--rounds N] [--threads N] [--ours] [--json]
//!
//! RULES is a folder of Sigma rules; EVENTS are files or folders of Windows events (JSON, EVTX, or JSON in ZIP).
//! Time is processor time of the thread; each figure is the best of the rounds, the ratio that of both sums. With `--json`
//! it prints a line for each kind of events, as `vedette bench sigma --peer` reads them.

#[path = "../tests/it/oracle_causes.rs"]
mod oracle_causes;
#[path = "../tests/it/records.rs"]
mod records;
#[path = "../tests/it/windows.rs"]
mod windows;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use model::event::{Event, LogSource};
use rsigma_eval::Engine;
use rsigma_eval::event::JsonEvent;
use serde_json::{Map, Value as Json, json};
use sigma::{RuleSet, Scratch};

/// A kind is repeated until it has at least this many events, so that a round takes long enough to be measured.
const LEAST: usize = 20_000;

struct Options {
    rules: PathBuf,
    events: Vec<PathBuf>,
    rounds: usize,
    threads: usize,
    ours_only: bool,
    json: bool,
}

/// The same event for both.
struct Pair<'a> {
    ours: Event<'a>,
    flat: Json,
    source: rsigma_parser::LogSource,
}

fn main() {
    let options = options();
    let (started, before) = (cpu(), resident());
    let ours = RuleSet::load_dir(&options.rules);
    println!("{} rules in {:.2} s, {} MB", ours.rules().len(), (cpu() - started) / 1e9, resident() - before);
    let mut theirs = Engine::new();
    if !options.ours_only {
        let parsed = rsigma_parser::parse_sigma_directory(&options.rules).expect("the folder of rules");
        let refused = theirs.add_rules(parsed.rules.iter()).len();
        println!("theirs: {} rules, {refused} refused", parsed.rules.len());
    }
    let records = load(&options.events);
    let pairs: Vec<Pair<'_>> = records.iter().filter_map(|(raw, record)| pair(raw, record)).collect();
    let bytes: usize = pairs.iter().map(|pair| pair.ours.raw.len()).sum();
    println!("{} Windows events of {} bytes on average", pairs.len(), bytes / pairs.len().max(1));
    let created: Vec<&Pair<'_>> =
        pairs.iter().filter(|pair| pair.source.category.as_deref() == Some("process_creation")).collect();
    let before = resident();
    compare("mixed", &pairs.iter().collect::<Vec<_>>(), &ours, &theirs, &options);
    compare("process_creation", &created, &ours, &theirs, &options);
    println!("{} MB more after matching", resident().saturating_sub(before));
    for partition in ours.partitions() {
        println!("{partition:?}");
    }
    let mut costs = ours.costs();
    costs.sort_by_key(|cost| std::cmp::Reverse(cost.nanos));
    for cost in costs.iter().take(60) {
        println!("{cost:?}");
    }
}

fn compare(name: &str, pairs: &[&Pair<'_>], ours: &RuleSet, theirs: &Engine, options: &Options) {
    if pairs.is_empty() {
        return println!("{name}: no events");
    }
    let differences = if options.ours_only {
        warm_up(pairs, ours);
        Vec::new()
    } else {
        differences(name, pairs, ours, theirs)
    };
    let repeats = LEAST.div_ceil(pairs.len());
    let events = (pairs.len() * repeats) as f64;
    let (mut best, mut sums) = ([f64::MAX; 2], [0.0; 2]);
    for _ in 0..options.rounds {
        let spent = [
            threads(options.threads, || our_round(pairs, repeats, ours)),
            threads(if options.ours_only { 0 } else { options.threads }, || {
                let mut found = 0;
                let started = cpu();
                for pair in pairs {
                    found += theirs.evaluate_with_logsource(&JsonEvent::borrow(&pair.flat), &pair.source).len();
                }
                std::hint::black_box(found);
                (cpu() - started) * repeats as f64
            }),
        ];
        for engine in 0..2 {
            best[engine] = best[engine].min(spent[engine]);
            sums[engine] += spent[engine];
        }
    }
    println!(
        "{name}: {} events, {} threads: ours {:.2} us, theirs {:.2} us an event; ratio {:.2}",
        pairs.len(),
        options.threads,
        best[0] / events / 1e3,
        best[1] / events / 1e3,
        sums[1] / sums[0]
    );
    if options.json {
        let line = json!({
            "kind": name, "events": pairs.len(), "threads": options.threads, "ratio": sums[1] / sums[0],
            "ours_micros": best[0] / events / 1e3, "theirs_micros": best[1] / events / 1e3, "differences": differences,
        });
        println!("{line}");
    }
}

/// Lets the set see the events once, so that what it learns from them is not counted.
fn warm_up(pairs: &[&Pair<'_>], ours: &RuleSet) {
    let mut scratch = Scratch::default();
    pairs.iter().for_each(|pair| drop(ours.matches_with(&mut scratch, &pair.ours)));
}

#[inline(never)]
fn our_round(pairs: &[&Pair<'_>], repeats: usize, ours: &RuleSet) -> f64 {
    let mut scratch = Scratch::default();
    let mut found = 0;
    let started = cpu();
    for pair in std::iter::repeat_n(pairs, repeats).flatten() {
        found += ours.matches_with(&mut scratch, &pair.ours).len();
    }
    std::hint::black_box(found);
    cpu() - started
}

/// Rules matched by each, and by one alone; the latter grouped by cause.
fn differences(name: &str, pairs: &[&Pair<'_>], ours: &RuleSet, theirs: &Engine) -> Vec<Json> {
    let mut alone: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let (mut both, mut plain) = (0, 0);
    let mut scratch = Scratch::default();
    for pair in pairs {
        let found = ours.matches_with(&mut scratch, &pair.ours);
        let found: Vec<String> = found.iter().map(|found| found.rule.id.clone()).collect();
        let plainly: Vec<String> = ours.matches_plainly(&pair.ours).iter().map(|found| found.rule.id.clone()).collect();
        plain += usize::from(found != plainly);
        let results = theirs.evaluate_with_logsource(&JsonEvent::borrow(&pair.flat), &pair.source);
        let other: Vec<String> = results.into_iter().filter_map(|result| result.header.rule_id).collect();
        both += found.iter().filter(|id| other.contains(id)).count();
        for id in found.iter().filter(|id| !other.contains(id)) {
            *alone.entry((id.clone(), "ours")).or_insert(0) += 1;
        }
        for id in other.iter().filter(|id| !found.contains(id)) {
            *alone.entry((id.clone(), "theirs")).or_insert(0) += 1;
        }
    }
    println!(
        "{name}: {both} matches of both, {} rules differ; {plain} events differ from the plain verdict",
        alone.len()
    );
    let mut causes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for ((id, whose), times) in &alone {
        let rule = ours.rule(id);
        println!("  only {whose}: {times} times {id} {}", rule.map_or("", |rule| &rule.title));
        let text = rule.and_then(|rule| std::fs::read_to_string(&rule.path).ok()).unwrap_or_default();
        let rule: Json = serde_saphyr::from_str(&text).unwrap_or_default();
        let cause = oracle_causes::cause(&rule, *whose == "ours");
        if let Some(cause) = cause {
            let (item, value) = cause.shown_by;
            println!("    {}: {} (shown by {item} on {value}; test {})", cause.name, cause.clause, cause.test);
        }
        let entry = causes.entry(cause.map_or("unknown", |cause| cause.name)).or_default();
        *entry = (entry.0 + 1, entry.1 + times);
    }
    let told = |(cause, (rules, matches))| json!({"cause": cause, "rules": rules, "matches": matches});
    causes.into_iter().map(told).collect()
}

fn pair<'a>(raw: &'a str, record: &Json) -> Option<Pair<'a>> {
    let mut event = windows::windows(raw, record)?;
    let flat: Map<String, Json> = event.fields.iter().map(|(name, value)| (name.to_owned(), value.to_json())).collect();
    // One log source for both, so that nobody is asked twice: the last category is the narrowest.
    let service = event.log_sources.last().and_then(|source| source.service.clone());
    let category = event.log_sources.iter().filter_map(|source| source.category.clone()).next_back();
    event.log_sources = one(category.as_deref().unwrap_or_default(), service.as_deref().unwrap_or_default());
    let source = rsigma_parser::LogSource { category, product: Some("windows".into()), service, ..Default::default() };
    Some(Pair { ours: event, flat: Json::Object(flat), source })
}

/// The set of one log source, one for all events that have it.
fn one(category: &str, service: &str) -> Arc<[LogSource]> {
    static KNOWN: LazyLock<Mutex<HashMap<LogSource, Arc<[LogSource]>>>> = LazyLock::new(Mutex::default);
    let source = windows::log_source(category, "windows", service);
    KNOWN.lock().unwrap().entry(source.clone()).or_insert_with(|| [source].into()).clone()
}

fn load(paths: &[PathBuf]) -> Vec<(String, Json)> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut inside: Vec<_> = std::fs::read_dir(path).expect("a folder").flatten().map(|e| e.path()).collect();
            inside.sort();
            found.extend(load(&inside));
        } else if ["json", "ndjson", "zip", "evtx"].iter().any(|kind| path.extension() == Some(kind.as_ref())) {
            found.extend(records::records(path));
        }
    }
    found
}

/// Runs the same work on so many threads at once; the time of one of them on average.
fn threads(count: usize, work: impl Fn() -> f64 + Sync) -> f64 {
    let spent: f64 = std::thread::scope(|scope| {
        let running: Vec<_> = (0..count).map(|_| scope.spawn(&work)).collect();
        running.into_iter().map(|thread| thread.join().expect("no round panics")).sum()
    });
    spent / count.max(1) as f64
}

/// Nanoseconds this thread has run.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("a Linux machine");
    text.split(' ').next().and_then(|number| number.parse().ok()).expect("a number of nanoseconds")
}

/// Megabytes this process holds.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("a Linux machine");
    let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    (pages.unwrap_or_default() * 4096) >> 20
}

fn options() -> Options {
    let mut options =
        Options { rules: PathBuf::new(), events: Vec::new(), rounds: 5, threads: 1, ours_only: false, json: false };
    let mut arguments = std::env::args().skip(1);
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok()).expect("a number");
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => options.rounds = number(arguments.next()),
            "--threads" => options.threads = number(arguments.next()),
            "--ours" => options.ours_only = true,
            "--json" => options.json = true,
            path if options.rules.as_os_str().is_empty() => options.rules = path.into(),
            path => options.events.push(path.into()),
        }
    }
    assert!(
        !options.events.is_empty(),
        "usage: match_speed RULES EVENTS... [--rounds N] [--threads N] [--ours] [--json]"
    );
    options
}
