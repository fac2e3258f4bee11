//! `vedette scan`: Sigma rules over files, without a server.

mod output;
mod summary;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use formats::{Hint, Parser, Sources};
use indicatif::{ProgressBar, ProgressStyle};
use model::event::Event;
use sigma::{BaselineLimits, Baselines, CorrelationMatch, Correlator, Limits, Moment, RuleSet};

use crate::cli::ScanArgs;
use crate::error::whole;
use output::{Found, Output};
use summary::Summary;

/// Records between two looks at the progress bar.
const PROGRESS_STEP: u64 = 512;

/// Where a record stands: what a correlation's events are told apart by.
#[derive(Debug, Clone)]
struct Place {
    file: Arc<str>,
    record: u64,
}

/// Runs the command. Success whether or not something matched; failure when an input could not be read in full.
pub fn run(arguments: &ScanArgs) -> ExitCode {
    let mut failed = false;
    let mut complain = |message: &str| {
        eprintln!("vedette: {message}");
        failed = true;
    };
    let rules = load_rules(&arguments.rules, &mut complain);
    if rules.rules().is_empty() {
        complain("no rule could be used: --rules names a Sigma rule or a folder of them");
        return ExitCode::FAILURE;
    }
    let parser = match Sources::embedded() {
        Ok(sources) => Parser::new(Arc::new(sources)),
        Err(error) => {
            complain(&format!("the embedded log sources cannot be used: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let mut files = Vec::new();
    for path in &arguments.files {
        collect(path, &mut files, &mut complain);
    }
    let output = match Output::new(arguments.format) {
        Ok(output) => output,
        Err(error) => return cut_off(&error),
    };
    let mut scan = Scan {
        correlator: Correlator::new(&rules, Limits::default()),
        baselines: Baselines::new(&rules, BaselineLimits::default()),
        rules: &rules,
        parser: &parser,
        output,
        summary: Summary::default(),
        progress: progress_bar(&files),
    };
    for path in &files {
        if let Err(error) = scan.file(path, &mut complain) {
            return cut_off(&error);
        }
    }
    if let Err(error) = scan.end() {
        return cut_off(&error);
    }
    scan.progress.finish_and_clear();
    if let Err(error) = scan.output.finish(&scan.summary, &rules) {
        return cut_off(&error);
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The output cannot be written. Whoever stopped reading it knows that already.
fn cut_off(error: &std::io::Error) -> ExitCode {
    if error.kind() != std::io::ErrorKind::BrokenPipe {
        eprintln!("vedette: cannot write: {error}");
    }
    ExitCode::FAILURE
}

struct Scan<'a> {
    rules: &'a RuleSet,
    parser: &'a Parser,
    correlator: Correlator<Place>,
    baselines: Baselines,
    output: Output,
    summary: Summary,
    progress: ProgressBar,
}

impl Scan<'_> {
    fn file(&mut self, path: &Path, complain: &mut impl FnMut(&str)) -> std::io::Result<()> {
        let name: Arc<str> = path.display().to_string().into();
        self.progress.set_message(name.to_string());
        let before = self.progress.position();
        let records = match formats::file::open(path) {
            Ok(records) => records,
            Err(error) => {
                complain(&whole(&error));
                return Ok(());
            }
        };
        let changed = std::fs::metadata(path).and_then(|file| file.modified()).unwrap_or_else(|_| SystemTime::now());
        let hint = Hint::new(changed.into());
        let mut bytes = 0;
        for record in records {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    self.progress.suspend(|| complain(&whole(&error)));
                    continue;
                }
            };
            bytes += record.text.len() as u64;
            self.summary.records += 1;
            if self.summary.records.is_multiple_of(PROGRESS_STEP) {
                self.progress.tick();
            }
            let event = self.parser.parse(&record.text, &hint);
            self.record(&event, Place { file: name.clone(), record: record.number })?;
        }
        self.summary.bytes += bytes;
        let size = std::fs::metadata(path).map_or(0, |file| file.len());
        self.progress.set_position(before + size);
        Ok(())
    }

    fn record(&mut self, event: &Event, place: Place) -> std::io::Result<()> {
        let matches = self.rules.matches(event);
        let time = match &event.time_original {
            Some(original) => original.to_string(),
            None => event.time.to_string(),
        };
        for found in matches.iter().filter(|found| !self.rules.is_only_correlated(&found.rule.id)) {
            let fields: Vec<_> = found.fields.iter().map(|field| (field.field.clone(), field.value.clone())).collect();
            let rule = found.rule;
            self.found(Found {
                file: &place.file,
                record: place.record,
                rule_id: &rule.id,
                title: &rule.title,
                level: rule.level,
                time: &time,
                fields: &fields,
            })?;
        }
        // A file is as good as received when its events happened; it says nothing of where.
        let moment = Moment { time: event.time, received: event.time, offset: 0 };
        for found in self.baselines.observe("scan", moment, &matches, event) {
            let fields: Vec<_> = found.fields.iter().map(|field| (field.field.clone(), field.value.clone())).collect();
            self.found(Found {
                file: &place.file,
                record: place.record,
                rule_id: &found.rule.id,
                title: &found.rule.title,
                level: found.rule.level,
                time: &time,
                fields: &fields,
            })?;
        }
        let correlated = self.correlator.observe("scan", event.time, &matches, event, place.clone());
        self.correlated(&correlated)
    }

    /// Nothing more comes: what is still open is judged.
    fn end(&mut self) -> std::io::Result<()> {
        let empty = Correlator::new(self.rules, Limits::default());
        let correlated = std::mem::replace(&mut self.correlator, empty).end();
        self.correlated(&correlated)
    }

    fn correlated(&mut self, correlated: &[CorrelationMatch<Place>]) -> std::io::Result<()> {
        for found in correlated.iter().filter(|found| !self.rules.is_only_correlated(&found.rule.id)) {
            let Some(last) = found.events.last() else { continue };
            let mut fields = found.group.clone();
            fields.push(("count".to_owned(), found.count.to_string()));
            self.found(Found {
                file: &last.file,
                record: last.record,
                rule_id: &found.rule.id,
                title: &found.rule.title,
                level: found.rule.level,
                time: &found.last.to_string(),
                fields: &fields,
            })?;
        }
        Ok(())
    }

    fn found(&mut self, found: Found) -> std::io::Result<()> {
        self.summary.count(found.rule_id);
        let (progress, output) = (&self.progress, &mut self.output);
        progress.suspend(|| output.write(&found))
    }
}

fn load_rules(paths: &[PathBuf], complain: &mut impl FnMut(&str)) -> RuleSet {
    let mut files = Vec::new();
    for path in paths {
        let mut found = Vec::new();
        collect(path, &mut found, complain);
        let wanted =
            |file: &PathBuf| file == path || file.extension().is_some_and(|kind| kind == "yml" || kind == "yaml");
        for file in found.into_iter().filter(wanted) {
            match std::fs::read_to_string(&file) {
                Ok(text) => files.push((file.display().to_string(), text)),
                Err(error) => complain(&format!("cannot read the rule {}: {error}", file.display())),
            }
        }
    }
    let rules = RuleSet::load(files);
    for error in rules.errors() {
        complain(&format!("{}: {}", error.path, error.message));
    }
    for rule in rules.inactive() {
        eprintln!("vedette: not active: {}: {}", rule.path, rule.reason);
    }
    rules
}

/// The files of a path: itself, or everything below it in order of name.
fn collect(path: &Path, files: &mut Vec<PathBuf>, complain: &mut impl FnMut(&str)) {
    if !path.is_dir() {
        files.push(path.to_owned());
        return;
    }
    match std::fs::read_dir(path) {
        Ok(entries) => {
            let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            entries.sort();
            entries.iter().for_each(|entry| collect(entry, files, complain));
        }
        Err(error) => complain(&format!("cannot read the folder {}: {error}", path.display())),
    }
}

fn progress_bar(files: &[PathBuf]) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let total = files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|file| file.len()).sum();
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {elapsed} {wide_msg}")
        .expect("the template names known keys");
    ProgressBar::new(total).with_style(style)
}
