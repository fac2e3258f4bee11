//! `vedette bench sigma`: how quick a folder of rules is matched against records as our parsers read them, and, where there
//! is a program for it, another engine on the same events.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use formats::{Hint, Parser, Sources};
use model::event::Event;
use serde::{Deserialize, Serialize};
use sigma::{RuleSet, Scratch};

use super::watch::resident;
use crate::cli::SigmaArgs;
use crate::error::Error;
use crate::time::now;

/// A kind is repeated until it has at least this many events, so that a round takes long enough to be measured.
const LEAST: usize = 20_000;
/// What is taken of a folder.
const KINDS: &[&str] = &["evtx", "json", "jsonl", "ndjson", "log", "gz", "zst"];
/// Rules named that take most of the time.
const DEAREST: usize = 10;

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    rules: usize,
    correlations: usize,
    refused: usize,
    load_seconds: f64,
    /// Megabytes the rules take, loaded, and with the tables made for the kinds of events seen.
    loaded_mib: u64,
    matching_mib: u64,
    records: usize,
    unparsed: usize,
    bytes_each: usize,
    kinds: Vec<Kind>,
    dearest: Vec<Dear>,
    peer: Vec<Peer>,
}

/// One kind of events on so many threads.
#[derive(Debug, Serialize)]
struct Kind {
    kind: &'static str,
    events: usize,
    threads: usize,
    /// Processor time of an event.
    micros: f64,
    /// All threads together, if each has a processor to itself.
    per_second: f64,
    /// Matches in a thousand events.
    hits: f64,
}

/// A rule and its part of the time spent asking rules.
#[derive(Debug, Serialize)]
struct Dear {
    id: String,
    title: String,
    share: f64,
    hits: u64,
}

/// A line of the program that measures another engine too.
#[derive(Debug, Serialize, Deserialize)]
struct Peer {
    kind: String,
    events: usize,
    threads: usize,
    ours_micros: f64,
    theirs_micros: f64,
    ratio: f64,
    differences: Vec<Difference>,
}

/// Verdicts that differ for one cause.
#[derive(Debug, Serialize, Deserialize)]
struct Difference {
    cause: String,
    rules: usize,
    matches: usize,
}

/// Measures and prints.
pub fn run(arguments: &SigmaArgs) -> Result<(), Error> {
    let (before, begun) = (resident(), Instant::now());
    let rules = RuleSet::load_dir(&arguments.rules);
    let load_seconds = begun.elapsed().as_secs_f64();
    let loaded = resident().saturating_sub(before);
    if rules.rules().is_empty() {
        return Err(Error::Told(format!("no rule of {} can be used", arguments.rules.display())));
    }
    let records = records(&arguments.events, arguments.most)?;
    let sources = Sources::embedded().map_err(|error| Error::Told(error.to_string()))?;
    let parser = Parser::new(Arc::new(sources));
    let hint = Hint::new(now());
    let events: Vec<Event<'_>> = records.iter().map(|text| parser.parse(text, &hint)).collect();
    let all: Vec<&Event<'_>> = events.iter().collect();
    let is_created = |event: &&Event<'_>| {
        event.log_sources.iter().any(|source| source.category.as_deref() == Some("process_creation"))
    };
    let created: Vec<&Event<'_>> = all.iter().copied().filter(is_created).collect();
    // Once, so that what the rules learn from the events is not counted, and to see what it takes.
    let before = resident();
    round(&all, 1, &rules);
    let matching = resident().saturating_sub(before);
    let mut kinds = Vec::new();
    for (kind, events) in [("mixed", &all), ("process_creation", &created)] {
        let mut threads = vec![1, arguments.threads.max(1)];
        threads.dedup();
        let measured = threads.into_iter().filter(|_| !events.is_empty());
        kinds.extend(measured.map(|threads| measure(kind, events, &rules, threads, arguments.rounds)));
    }
    let report = Report {
        rules: rules.rules().len(),
        correlations: rules.correlations().len(),
        refused: rules.errors().len(),
        load_seconds,
        loaded_mib: loaded >> 20,
        matching_mib: matching >> 20,
        records: records.len(),
        unparsed: events.iter().filter(|event| !event.is_parsed()).count(),
        bytes_each: records.iter().map(String::len).sum::<usize>() / records.len(),
        kinds,
        dearest: dearest(&rules),
        peer: peer(arguments)?,
    };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(|error| Error::Told(error.to_string()))?);
    } else {
        print!("{report}");
    }
    Ok(())
}

/// The best of several rounds.
fn measure(kind: &'static str, events: &[&Event<'_>], rules: &RuleSet, threads: usize, rounds: usize) -> Kind {
    let repeats = LEAST.div_ceil(events.len());
    let judged = (events.len() * repeats) as f64;
    let (mut best, mut found) = (f64::MAX, 0);
    for _ in 0..rounds.max(1) {
        let spent: Vec<(f64, usize)> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(|| round(events, repeats, rules))).collect();
            running.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        let nanos = spent.iter().map(|(nanos, _)| nanos).sum::<f64>() / spent.len().max(1) as f64;
        best = best.min(nanos / judged);
        found = spent.first().map_or(0, |(_, found)| *found);
    }
    let (micros, hits) = (best / 1e3, found as f64 / judged * 1e3);
    Kind { kind, events: events.len(), threads, micros, per_second: threads as f64 * 1e6 / micros, hits }
}

/// Judges the events so many times; gives the thread's nanoseconds and the matches.
fn round(events: &[&Event<'_>], repeats: usize, rules: &RuleSet) -> (f64, usize) {
    let mut scratch = Scratch::default();
    let mut found = 0;
    let started = cpu();
    for event in std::iter::repeat_n(events, repeats).flatten() {
        found += rules.matches_with(&mut scratch, event).len();
    }
    (cpu() - started, found)
}

fn dearest(rules: &RuleSet) -> Vec<Dear> {
    let mut costs = rules.costs();
    let all: u64 = costs.iter().map(|cost| cost.nanos).sum();
    costs.sort_by_key(|cost| std::cmp::Reverse(cost.nanos));
    let named = costs.into_iter().take(DEAREST).map(|cost| Dear {
        title: rules.rule(&cost.id).map_or_else(String::new, |rule| rule.title.clone()),
        share: cost.nanos as f64 / all.max(1) as f64,
        hits: cost.hits,
        id: cost.id,
    });
    named.collect()
}

/// The records of files, and of log files under folders in order of name.
fn records(paths: &[PathBuf], most: usize) -> Result<Vec<String>, Error> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    let mut records = Vec::new();
    for file in files {
        // What is no log, an archive of several files for one, has no records.
        let Ok(found) = formats::file::open(&file) else { continue };
        records.extend(found.flatten().map(|record| record.text).take(most - records.len()));
    }
    match records.is_empty() {
        true => Err(Error::Told("there is no record in these files".to_owned())),
        false => Ok(records),
    }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |source| Error::File { what: "cannot read", path: path.to_owned(), source };
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut inside = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        inside.push(entry.map_err(failed)?.path());
    }
    inside.sort();
    let is_wanted = |path: &&PathBuf| {
        path.is_dir() || path.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known))
    };
    inside.iter().filter(is_wanted).try_for_each(|path| collect(path, files))
}

/// Asks the program that measures another engine, with one thread and with several.
fn peer(arguments: &SigmaArgs) -> Result<Vec<Peer>, Error> {
    let Some(program) = &arguments.peer else { return Ok(Vec::new()) };
    let mut lines = Vec::new();
    let mut counts = vec![1, arguments.threads.max(1)];
    counts.dedup();
    for threads in counts {
        let output = Command::new(program)
            .arg(&arguments.rules)
            .args(&arguments.events)
            .args(["--rounds", &arguments.rounds.to_string(), "--threads", &threads.to_string(), "--json"])
            .output()
            .map_err(|source| Error::File { what: "cannot run", path: program.clone(), source })?;
        let told = String::from_utf8_lossy(&output.stdout);
        let own: Vec<Peer> = told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if own.is_empty() {
            return Err(Error::Told(format!("{} printed no measurement", program.display())));
        }
        lines.extend(own);
    }
    Ok(lines)
}

/// Nanoseconds this thread has run; nothing where the system does not tell.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} rules and {} correlations in {:.2} s ({} refused): {} MiB, {} MiB more with tables for these events",
            self.rules, self.correlations, self.load_seconds, self.refused, self.loaded_mib, self.matching_mib
        )?;
        writeln!(f, "{} records of {} bytes, {} unparsed\n", self.records, self.bytes_each, self.unparsed)?;
        writeln!(
            f,
            "{:<18}{:>9}{:>9}{:>12}{:>14}{:>12}",
            "", "events", "threads", "us/event", "events/s", "hits/1000"
        )?;
        for kind in &self.kinds {
            let Kind { kind, events, threads, micros, per_second, hits } = kind;
            writeln!(f, "{kind:<18}{events:>9}{threads:>9}{micros:>12.2}{per_second:>14.0}{hits:>12.1}")?;
        }
        writeln!(f, "\nrules that take most of the time spent asking rules:")?;
        for rule in &self.dearest {
            writeln!(f, "{:>6.1} %{:>9} hits  {} {}", rule.share * 100.0, rule.hits, rule.id, rule.title)?;
        }
        if self.peer.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\n{:<18}{:>9}{:>9}{:>12}{:>12}{:>9}",
            "beside another", "events", "threads", "ours us", "theirs us", "ratio"
        )?;
        for line in &self.peer {
            let Peer { kind, events, threads, ours_micros, theirs_micros, ratio, .. } = line;
            writeln!(f, "{kind:<18}{events:>9}{threads:>9}{ours_micros:>12.2}{theirs_micros:>12.2}{ratio:>9.2}")?;
        }
        writeln!(f, "\nverdicts that differ:")?;
        for line in self.peer.iter().filter(|line| line.threads == 1) {
            for Difference { cause, rules, matches } in &line.differences {
                writeln!(f, "{:<18}{matches:>6} matches of {rules} rules: {cause}", line.kind)?;
            }
            if line.differences.is_empty() {
                writeln!(f, "{:<18}none", line.kind)?;
            }
        }
        Ok(())
    }
}
