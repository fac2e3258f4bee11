//! What parsing costs: `cargo run --release -p formats --example parse_speed [folder of recorded logs]
//! [source] [events]`; `mixed` for a source is all of them. Without a
//! folder the samples of the sources are read; with one, its `.log` files too. Processor time where the system tells
//! (Linux), so that a busy machine does not matter; otherwise the time on the clock.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use formats::{Hint, Parser, Sources, file};
use model::Timestamp;

/// Events parsed of each source, unless the third argument says otherwise.
const EVENTS: usize = 50_000;
/// The sources whose mean is the figure to watch, one each.
const MIX: [&str; 5] = ["fortinet_fortigate", "suricata_eve", "openssh_sshd", "nginx_access", "microsoft_windows"];

/// Processor time this thread has used.
fn used() -> Duration {
    static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
    let scheduled = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = scheduled.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| STARTED.elapsed(), Duration::from_nanos)
}

fn logs(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            logs(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "log") {
            found.push(path);
        }
    }
}

/// A function of its own, so that profilers can be told to look at nothing else.
#[inline(never)]
fn parse_mixed(parser: &Parser, texts: &[&String], hint: &Hint, events: usize) {
    for turn in 0..events {
        parser.parse(texts[turn * 7919 % texts.len()], hint);
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let started = used();
    let parser = Parser::new(Arc::new(Sources::embedded()?));
    println!("{} sources loaded in {:?}", parser.sources().iter().count(), used() - started);
    let hint = Hint::new(Timestamp::from_micros(1_795_248_000_000_000));
    let mut paths = Vec::new();
    logs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources"), &mut paths);
    if let Some(folder) = std::env::args().nth(1) {
        logs(Path::new(&folder), &mut paths);
    }
    let mut by_source = BTreeMap::<String, Vec<String>>::new();
    for path in paths {
        for record in file::open(&path)?.flatten() {
            let source = parser.parse(&record.text, &hint).source.to_string();
            by_source.entry(source).or_default().push(record.text);
        }
    }
    let (mut mean, mut all, mut count) = (0.0, 0.0, 0);
    let only = std::env::args().nth(2);
    let events = std::env::args().nth(3).map_or(Ok(EVENTS), |events| events.parse())?;
    let mixed = only.as_deref() == Some("mixed");
    by_source.retain(|source, _| mixed || only.as_ref().is_none_or(|only| only == source));
    for (source, texts) in by_source.iter().filter(|_| !mixed) {
        let bytes: usize = texts.iter().map(String::len).sum();
        let started = used();
        let mut fields = 0;
        for text in texts.iter().cycle().take(events) {
            fields += parser.parse(text, &hint).fields.len();
        }
        let cost = (used() - started).as_secs_f64() * 1e6 / events as f64;
        println!(
            "{cost:6.2} us/event, {:5} bytes, {:3} fields, {:5} records  {source}",
            bytes / texts.len(),
            fields / events,
            texts.len()
        );
        if MIX.contains(&source.as_str()) {
            mean += cost / MIX.len() as f64;
        }
        all += cost * texts.len() as f64;
        count += texts.len();
    }
    println!("{mean:6.2} us/event over the mix, {:.2} over all records as they are", all / count as f64);
    // Neighbours of different kinds, as many devices send them: the processor's caches help less.
    let texts: Vec<&String> = by_source.values().flatten().collect();
    let started = used();
    parse_mixed(&parser, &texts, &hint, events);
    println!("{:6.2} us/event of all records, mixed", (used() - started).as_secs_f64() * 1e6 / events as f64);
    Ok(())
}
