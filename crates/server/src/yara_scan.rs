//! `vedette yara`: YARA rules over collected files and folders, also inside ZIP archives, without a server. Nothing is
//! unpacked to disk, no link is followed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use yara::{FileScan, Found, Limits, Outcome, Rules, Source};

use crate::cli::YaraArgs;

/// What a run came to, as other programs read it.
const NOTHING: u8 = 0;
const MATCHED: u8 = 1;
const ERROR: u8 = 2;
/// Things not looked at that are told one by one.
const TOLD: usize = 20;
/// Left behind scans with which no further file is begun.
const LEFT_BEHIND: usize = 2;

/// A match as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    /// The file as given; members of archives behind a `!`.
    path: &'a str,
    rule: &'a str,
    /// The file of the rule; `vedette` for those that are built in.
    source: &'a str,
    severity: model::Severity,
    tags: &'a [String],
    meta: BTreeMap<&'a str, &'a str>,
    strings: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    id: &'a str,
    offset: u64,
    length: u64,
    excerpt: &'a str,
}

struct Run<'a> {
    rules: &'a Rules,
    limits: Limits,
    json: bool,
    out: BufWriter<io::Stdout>,
    files: u64,
    looked_at: u64,
    bytes: u64,
    by_rule: BTreeMap<String, u64>,
    skipped: Vec<(String, String)>,
    skipped_in_all: u64,
    failed: bool,
}

/// Runs the command: 0 when nothing matched, 1 when something did, 2 when something could not be read.
pub fn run(arguments: &YaraArgs) -> ExitCode {
    let mut failed = false;
    let mut sources = if arguments.no_built_in { Vec::new() } else { vec![yara::built_in()] };
    for path in &arguments.rules {
        sources.extend(rule_files(path, &mut failed));
    }
    let began = Instant::now();
    let (rules, problems) = Rules::load(&sources);
    for problem in &problems {
        complain(&format!("left out: {}", plain(&problem.to_string())));
        failed = true;
    }
    if rules.count() == 0 {
        complain("no rule could be used: --rules names a file of YARA rules or a folder of them");
        return ExitCode::from(ERROR);
    }
    eprintln!("{} rules loaded in {} ms", rules.count(), began.elapsed().as_millis());
    let limits = Limits {
        timeout: Duration::from_secs(arguments.timeout),
        total_time: Duration::from_secs(arguments.timeout.saturating_mul(6)),
        file_bytes: arguments.max_size.saturating_mul(1 << 20),
        ..Limits::default()
    };
    let mut run = Run {
        rules: &rules,
        limits,
        json: arguments.json,
        out: BufWriter::new(io::stdout()),
        files: 0,
        looked_at: 0,
        bytes: 0,
        by_rule: BTreeMap::new(),
        skipped: Vec::new(),
        skipped_in_all: 0,
        failed,
    };
    let began = Instant::now();
    for path in &arguments.paths {
        if let Err(error) = run.path(path) {
            return cut_off(&error);
        }
    }
    if let Err(error) = run.out.flush() {
        return cut_off(&error);
    }
    run.sum_up(began.elapsed());
    let code = if run.failed {
        ERROR
    } else if run.by_rule.is_empty() {
        NOTHING
    } else {
        MATCHED
    };
    ExitCode::from(code)
}

impl Run<'_> {
    /// A file, or everything below a folder in order of name.
    fn path(&mut self, path: &Path) -> io::Result<()> {
        let kind = match std::fs::symlink_metadata(path) {
            Ok(found) => found.file_type(),
            Err(error) => return self.unreadable(path, &error),
        };
        if kind.is_dir() {
            let entries = match std::fs::read_dir(path) {
                Ok(entries) => entries,
                Err(error) => return self.unreadable(path, &error),
            };
            let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            entries.sort();
            return entries.iter().try_for_each(|entry| self.path(entry));
        }
        if kind.is_file() {
            return self.file(path);
        }
        let why = if kind.is_symlink() { "a link, not followed" } else { "no regular file" };
        self.skip(&path.display().to_string(), why);
        Ok(())
    }

    fn file(&mut self, path: &Path) -> io::Result<()> {
        let name = path.display().to_string();
        let mut bytes = Vec::new();
        let most = self.limits.file_bytes;
        // A file may grow while it is read.
        let read = File::open(path).and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut bytes));
        if let Err(error) = read {
            return self.unreadable(path, &error);
        }
        self.files += 1;
        if bytes.len() as u64 > most {
            self.skip(&name, &format!("larger than {} MiB", most >> 20));
            return Ok(());
        }
        while self.limits.stragglers.count() >= LEFT_BEHIND {
            std::thread::sleep(Duration::from_millis(100));
        }
        let scan = self.rules.scan_file(&name, Arc::new(bytes), &self.limits);
        self.looked_at += scan.files as u64;
        self.bytes += scan.bytes;
        self.told(&name, &scan);
        scan.found.iter().try_for_each(|found| self.write(found))
    }

    fn told(&mut self, name: &str, scan: &FileScan) {
        match &scan.outcome {
            Outcome::Finished => {}
            Outcome::TimedOut => {
                self.skip(name, &format!("scan stopped after {} s", self.limits.timeout.as_secs()));
            }
            Outcome::Failed(why) => {
                complain(&format!("{}: scan failed: {why}", plain(name)));
                self.failed = true;
            }
        }
        for skipped in &scan.skipped {
            self.skip(&skipped.path, skipped.reason.as_str());
        }
        self.skipped_in_all += (scan.skipped_in_all - scan.skipped.len()) as u64;
    }

    fn write(&mut self, found: &Found) -> io::Result<()> {
        let Found { path, rule } = found;
        *self.by_rule.entry(rule.rule.clone()).or_default() += 1;
        let severity = model::yara::severity(rule.meta("severity"), rule.meta("score"));
        if self.json {
            let strings = rule.strings.iter().map(|string| Place {
                id: &string.id,
                offset: string.offset,
                length: string.length,
                excerpt: &string.excerpt,
            });
            let line = Line {
                path,
                rule: &rule.rule,
                source: &rule.source,
                severity,
                tags: &rule.tags,
                meta: rule.meta.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
                strings: strings.collect(),
            };
            serde_json::to_writer(&mut self.out, &line)?;
            return writeln!(self.out);
        }
        write!(self.out, "{:<13} {}  {}", severity.as_str(), plain(path), rule.rule)?;
        if !rule.tags.is_empty() {
            write!(self.out, " [{}]", rule.tags.join(" "))?;
        }
        for string in &rule.strings {
            write!(self.out, "  {}@{:#x}=\"{}\"", string.id, string.offset, string.excerpt)?;
        }
        writeln!(self.out)
    }

    fn skip(&mut self, path: &str, why: &str) {
        self.skipped_in_all += 1;
        if self.skipped.len() < TOLD {
            self.skipped.push((plain(path), why.to_owned()));
        }
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) -> io::Result<()> {
        complain(&format!("cannot read {}: {error}", plain(&path.display().to_string())));
        self.failed = true;
        Ok(())
    }

    fn sum_up(&self, took: Duration) {
        let matches: u64 = self.by_rule.values().sum();
        let megabytes = self.bytes as f64 / 1e6;
        let speed = megabytes / took.as_secs_f64().max(0.001);
        eprintln!(
            "{} files, {} with what lies in archives, {megabytes:.1} MB in {:.1} s ({speed:.0} MB/s): {matches} matches by {} rules",
            self.files,
            self.looked_at,
            took.as_secs_f64(),
            self.by_rule.len()
        );
        if self.skipped_in_all > 0 {
            eprintln!("{} not looked at, or not to the end:", self.skipped_in_all);
        }
        for (path, why) in &self.skipped {
            eprintln!("  {path}: {why}");
        }
        if self.skipped_in_all > self.skipped.len() as u64 {
            eprintln!("  and {} more", self.skipped_in_all - self.skipped.len() as u64);
        }
    }
}

/// The texts of a rule file, or of those below a folder in order of name.
fn rule_files(path: &Path, failed: &mut bool) -> Vec<Source> {
    let mut fail = |error: io::Error| {
        complain(&format!("cannot read {}: {error}", plain(&path.display().to_string())));
        *failed = true;
        Vec::new()
    };
    if !path.is_dir() {
        // What is no UTF-8 in a rule is in its comments, most of the time; where it is not, the rule says so.
        let text = std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        return text.map(|text| vec![Source { name: path.display().to_string(), text }]).unwrap_or_else(fail);
    }
    let mut entries: Vec<PathBuf> = match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(error) => return fail(error),
    };
    entries.sort();
    let rules = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "yar" || kind == "yara");
    entries
        .iter()
        .filter(|path| rules(path) || path.symlink_metadata().is_ok_and(|found| found.is_dir()))
        .flat_map(|path| rule_files(path, failed))
        .collect()
}

fn complain(message: &str) {
    eprintln!("vedette: {message}");
}

/// The output cannot be written. Whoever stopped reading it knows that already.
fn cut_off(error: &io::Error) -> ExitCode {
    if error.kind() != io::ErrorKind::BrokenPipe {
        complain(&format!("cannot write: {error}"));
    }
    ExitCode::from(ERROR)
}

/// Without control characters, which a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}
