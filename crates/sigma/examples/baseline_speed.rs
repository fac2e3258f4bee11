//! What baselines cost: time of a matched event by kind, of one no base rule matches, memory of many groups, and what the
//! state's parts take.
//!
//!     cargo run --release -p sigma --example baseline_speed -- [groups]
//!
//! Time is processor time of the thread, the best of five rounds; memory is the process's resident set.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Timestamp;
use model::event::{Event, LogSource, Value};
use sigma::{BaselineLimits, Baselines, Match, Moment, RuleSet};

const RULE: &str = "title: base\nid: base\nlogsource: {product: test}\ndetection: {s: {e: 1}, condition: s}\n";
const KINDS: [&str; 5] = [
    "type: first_seen, group-by: [ip], field: value",
    "type: rare, group-by: [ip], field: value",
    "type: off_hours, group-by: [ip]",
    "type: volume, group-by: [ip], field: port",
    "type: beacon, group-by: [ip], field: value",
];
const EVENTS: usize = 400_000;
const ROUNDS: usize = 5;
const HOUR: i64 = 3_600_000_000;

fn rules(kinds: &[&str]) -> RuleSet {
    let mut text = RULE.to_owned();
    for (number, kind) in kinds.iter().enumerate() {
        text += &format!("---\ntitle: B{number}\nid: b{number}\nbaseline: {{rules: [base], {kind}}}\n");
    }
    let rules = RuleSet::load([("b.yml".to_owned(), text)]);
    assert!(rules.errors().is_empty(), "{:?}", rules.errors());
    rules
}

fn event(group: usize, value: usize) -> Event<'static> {
    let mut event = Event::unparsed("", Timestamp::from_micros(0));
    let source = LogSource { product: Some("test".into()), category: None, service: None };
    event.log_sources = Arc::from([source]);
    let address = format!("10.{}.{}.{}", group / 65_536 % 256, group / 256 % 256, group % 256);
    let value = format!("203.0.{}.{}", value / 256 % 256, value % 256);
    let fields = [
        ("e", Value::Int(1)),
        ("ip", Value::Str(Cow::Owned(address))),
        ("value", Value::Str(Cow::Owned(value))),
        ("port", Value::Int(443)),
    ];
    event.fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    event
}

fn moment(time: i64) -> Moment {
    let time = Timestamp::from_micros(20_605 * 24 * HOUR + time);
    Moment { time, received: time, offset: 0 }
}

/// Processor time of this thread.
fn spent() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0) * 1024
}

fn main() {
    let groups = std::env::args().nth(1).and_then(|groups| groups.parse().ok()).unwrap_or(200_000);
    for kind in KINDS {
        time(kind, 10_000);
    }
    nothing();
    memory(groups);
}

/// Nanoseconds of an event, of as many groups, each with three values in turn.
fn time(kind: &str, groups: usize) {
    let rules = rules(&[kind]);
    let events: Vec<Event<'_>> = (0..3 * groups).map(|number| event(number % groups, number / groups)).collect();
    let matches: Vec<Match<'_>> = rules.matches(&events[0]);
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let mut baselines = Baselines::new(&rules, BaselineLimits::default());
        let before = spent();
        let mut fired = 0;
        for number in 0..EVENTS {
            let event = &events[number.wrapping_mul(7_919) % events.len()];
            fired += baselines.observe("c", moment(number as i64 * 100_000), &matches, event).len();
        }
        assert!(fired < EVENTS);
        best = best.min(spent() - before);
    }
    println!("{:7.0} ns an event   {kind}", best.as_nanos() as f64 / EVENTS as f64);
}

/// What an event costs that no base rule matches.
fn nothing() {
    let rules = rules(&KINDS);
    let event = event(1, 1);
    let mut baselines = Baselines::new(&rules, BaselineLimits::default());
    let before = spent();
    for number in 0..EVENTS {
        assert!(baselines.observe("c", moment(number as i64), &[], &event).is_empty());
    }
    println!(
        "{:7.1} ns an event   that no rule of theirs matches",
        (spent() - before).as_nanos() as f64 / EVENTS as f64
    );
}

/// Memory of five baselines with as many groups each, three values in each.
fn memory(groups: usize) {
    let rules = rules(&KINDS);
    let before = resident();
    let limits = BaselineLimits { groups: usize::MAX, values: usize::MAX, bytes: usize::MAX };
    let mut baselines = Baselines::new(&rules, limits);
    let base = event(0, 0);
    let matches = rules.matches(&base);
    for round in 0..3 {
        for group in 0..groups {
            let time = round * 30 * HOUR + group as i64 * 1_000;
            baselines.observe("c", moment(time), &matches, &event(group, round as usize * 7 + group % 500));
        }
    }
    let statistics = baselines.statistics();
    let held = resident() - before;
    println!(
        "{} groups in five baselines: {:.0} MB, {} bytes a group; counted {:.0} MB",
        statistics.groups,
        held as f64 / 1e6,
        held / statistics.groups.max(1),
        statistics.bytes as f64 / 1e6
    );
    let started = Instant::now();
    let whole = baselines.part(1).bytes.len();
    println!("the first part: {:.0} MB in {:.2} s", whole as f64 / 1e6, started.elapsed().as_secs_f64());
    let started = Instant::now();
    let next = baselines.part(2).bytes.len();
    println!("one more, nothing changed: {:.2} MB in {:.3} s", next as f64 / 1e6, started.elapsed().as_secs_f64());
}
