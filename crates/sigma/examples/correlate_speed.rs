//! What correlations cost: memory of many groups, time of an event, what the state's parts take, and rsigma-eval on the same
//! matches in alternating rounds.
//!
//!     cargo run --release -p sigma --example correlate_speed -- [--groups N] [--rounds N] [--threads N] [--kind 0|1]
//!
//! Time is processor time of the thread, the best of the rounds; memory is the process's resident set. `--kind` chooses what
//! many groups are held of: event_count or value_count.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Timestamp;
use model::event::{Event, LogSource, Value};
use rsigma_eval::event::JsonEvent;
use rsigma_eval::{CorrelationAction, CorrelationConfig, CorrelationEngine, EvaluationResult};
use serde_json::{Value as Json, json};
use sigma::{Correlator, Limits, Match, RuleSet, Share};

const RULE: &str = "title: base\nid: base\nlogsource: {product: test}\ndetection: {s: {e: 1}, condition: s}\n";
/// Microseconds between two events.
const STEP: i64 = 14;
/// Events a round counts.
const EVENTS: usize = 300_000;

struct Options {
    groups: usize,
    rounds: usize,
    threads: u32,
    kind: usize,
}

/// A correlation over one rule, each with the address as its group.
fn text(correlation: &str) -> String {
    format!(
        "{RULE}---\ntitle: C\nid: c\ncorrelation: {{rules: [base], group-by: [ip], timespan: 10m, {correlation}}}\n"
    )
}

fn rules(correlation: &str) -> RuleSet {
    let rules = RuleSet::load([("c.yml".to_owned(), text(correlation))]);
    assert!(rules.errors().is_empty(), "{:?}", rules.errors());
    rules
}

/// The correlations measured: a count, and a count of values.
const KINDS: &[(&str, &str)] = &[
    ("event_count", "type: event_count, condition: {gte: 10}"),
    ("value_count", "type: value_count, condition: {field: port, gte: 10}"),
    ("value_sum", "type: value_sum, condition: {field: port, gte: 300000}"),
];

fn limits() -> Limits {
    Limits { groups: usize::MAX, events: usize::MAX, ..Limits::default() }
}

fn address(number: usize) -> String {
    format!("{}.{}.{}.{}", 10 + number / 16_777_216, number / 65_536 % 256, number / 256 % 256, number % 256)
}

/// Which group the event of this number belongs to: every group in turn, not in order.
fn spread(number: usize, groups: usize) -> usize {
    number.wrapping_mul(7_919) % groups
}

fn event(group: usize, port: i64) -> Event<'static> {
    let mut event = Event::unparsed("", Timestamp::from_micros(0));
    let source = LogSource { product: Some("test".into()), category: None, service: None };
    event.log_sources = Arc::from([source]);
    let fields = [("e", Value::Int(1)), ("ip", Value::Str(Cow::Owned(address(group)))), ("port", Value::Int(port))];
    event.fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    event
}

fn main() {
    let options = options();
    let (name, correlation) = KINDS[options.kind];
    memory(name, &rules(correlation), &options);
    for groups in [10_000, 200_000] {
        for (name, correlation) in KINDS {
            speed(name, correlation, groups, &options);
        }
    }
    shares(&rules(KINDS[0].1), &options);
}

/// Fills so many groups, tells what they take, what an event without a match costs beside them, and what the parts of the
/// state cost while events go on.
fn memory(name: &str, rules: &RuleSet, options: &Options) {
    let before = resident();
    let mut correlator: Correlator<u64> = Correlator::new(rules, limits());
    let matches_of = event(0, 0);
    let matches = rules.matches(&matches_of);
    let mut number = 0_usize;
    let mut feed = |correlator: &mut Correlator<u64>, count: usize| {
        for _ in 0..count {
            let event = event(spread(number, options.groups), (number / options.groups) as i64);
            let time = Timestamp::from_micros(number as i64 * STEP);
            correlator.observe("customer", time, &matches, &event, number as u64);
            number += 1;
        }
        number
    };
    for events in 1..=3 {
        let fed = feed(&mut correlator, options.groups);
        let statistics = correlator.statistics();
        assert_eq!((statistics.groups, statistics.events), (options.groups as u64, fed as u64));
        println!("{name}: {} groups of {events} events: {} MB", options.groups, resident() - before);
    }
    let now = Timestamp::from_micros(3 * options.groups as i64 * STEP);
    for customers in [1, 100] {
        let names: Vec<String> =
            (0..customers).map(|customer| format!("cus_01arz3ndektsv4rrffq69g{customer:03}")).collect();
        names.iter().for_each(|name| drop(correlator.advance(name, now)));
        let started = cpu();
        for turn in 0..1_000_000 {
            std::hint::black_box(correlator.advance(&names[turn % customers], now));
        }
        println!(
            "{name}: an event without a match costs {:.1} ns, {customers} customers in turn",
            (cpu() - started) / 1e6
        );
    }
    let mut kept = Vec::new();
    for number in 1..=30_u32 {
        let started = cpu();
        let part = correlator.part(number);
        let took = (cpu() - started) / 1e6;
        let bytes = part.bytes.len();
        kept.push((number, part.bytes));
        kept.retain(|(number, _)| *number >= part.oldest);
        let all: usize = kept.iter().map(|(_, bytes)| bytes.len()).sum();
        if number <= 3 || number % 10 == 0 {
            let (kb, mb) = (bytes / 1024, all >> 20);
            println!(
                "{name}: part {number} of the state: {took:.1} ms, {kb} KB; {} parts of {mb} MB in all",
                kept.len()
            );
        }
        // What a tenth of 71,250 events a second changes in a checkpoint's time, if none is of the same group.
        feed(&mut correlator, 20_000);
    }
    let last = correlator.part(31);
    kept.push((31, last.bytes));
    let started = Instant::now();
    let parts = kept.iter().map(|(number, bytes)| (*number, bytes.as_slice()));
    let restored: Correlator<u64> = Correlator::restore(rules, limits(), parts).expect("its own state");
    println!("{name}: state taken up in {:.2?}", started.elapsed());
    assert!(restored == correlator, "it is the same");
}

/// An event's time in ours and in theirs.
fn speed(name: &str, correlation: &str, groups: usize, options: &Options) {
    let rules = rules(correlation);
    let events: Vec<Event<'_>> =
        (0..EVENTS).map(|number| event(spread(number, groups), (number % 50_000) as i64)).collect();
    let matched: Vec<Vec<Match<'_>>> = events.iter().map(|event| rules.matches(event)).collect();
    let theirs: Vec<Json> = (0..EVENTS)
        .map(|number| json!({"e": 1, "ip": address(spread(number, groups)), "port": number % 50_000}))
        .collect();
    let parsed = rsigma_parser::parse_sigma_yaml(&text(correlation)).expect("the rule");
    let config = CorrelationConfig {
        max_state_entries: usize::MAX,
        action_on_match: CorrelationAction::Reset,
        ..CorrelationConfig::default()
    };
    let engine = || {
        let mut engine = CorrelationEngine::new(config.clone());
        engine.add_collection(&parsed).expect("the rule");
        engine
    };
    let other = engine();
    let found: Vec<Vec<EvaluationResult>> =
        theirs.iter().map(|event| other.evaluate(&JsonEvent::borrow(event))).collect();
    let (mut best, mut fired) = ([f64::MAX; 2], [0, 0]);
    for _ in 0..options.rounds {
        let mut correlator: Correlator<u64> = Correlator::new(&rules, limits());
        fired = [0, 0];
        let started = cpu();
        for (number, (event, matches)) in events.iter().zip(&matched).enumerate() {
            let time = Timestamp::from_micros(number as i64 * STEP);
            fired[0] += correlator.observe("customer", time, matches, event, number as u64).len();
        }
        best[0] = best[0].min(cpu() - started);
        let mut other = engine();
        let detections = found.clone();
        let started = cpu();
        for (number, (event, detections)) in theirs.iter().zip(detections).enumerate() {
            let results =
                other.process_with_detections(&JsonEvent::borrow(event), detections, number as i64 * STEP / 1_000_000);
            fired[1] += results.iter().filter(|result| result.is_correlation()).count();
        }
        best[1] = best[1].min(cpu() - started);
    }
    let [ours, theirs] = best.map(|nanos| nanos / EVENTS as f64);
    println!(
        "{name}, {groups} groups: ours {ours:.0} ns, theirs {theirs:.0} ns an event, ratio {:.2}; {} and {} fired",
        theirs / ours,
        fired[0],
        fired[1]
    );
}

/// The same events judged by several threads, each with a share of the groups.
fn shares(rules: &RuleSet, options: &Options) {
    let groups = 200_000;
    let events: Vec<Event<'_>> = (0..EVENTS).map(|number| event(spread(number, groups), 0)).collect();
    let matched: Vec<Vec<Match<'_>>> = events.iter().map(|event| rules.matches(event)).collect();
    for of in 1..=options.threads {
        let mut best = Duration::MAX;
        for _ in 0..options.rounds {
            let started = Instant::now();
            std::thread::scope(|scope| {
                for index in 0..of {
                    let (events, matched) = (&events, &matched);
                    scope.spawn(move || {
                        let mut correlator: Correlator<u64> =
                            Correlator::with_share(rules, limits(), Share::new(index, of));
                        for (number, (event, matches)) in events.iter().zip(matched).enumerate() {
                            let time = Timestamp::from_micros(number as i64 * STEP);
                            std::hint::black_box(correlator.observe("customer", time, matches, event, number as u64));
                        }
                    });
                }
            });
            best = best.min(started.elapsed());
        }
        println!(
            "event_count, {groups} groups on {of} threads: {:.0} ns an event",
            best.as_nanos() as f64 / EVENTS as f64
        );
    }
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
    let mut options = Options { groups: 1_000_000, rounds: 5, threads: 2, kind: 0 };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let number = arguments.next().and_then(|text| text.parse().ok()).expect("a number behind each option");
        match argument.as_str() {
            "--groups" => options.groups = number,
            "--rounds" => options.rounds = number,
            "--threads" => options.threads = number as u32,
            "--kind" => options.kind = number,
            other => panic!("unknown option {other}: --groups, --rounds, --threads, --kind"),
        }
    }
    options
}
