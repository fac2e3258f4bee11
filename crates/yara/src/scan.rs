//! Bytes held against rules, within limits, on a thread that can be left behind.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use boreal::scanner::{EvaluatedRule, ScanError, ScanParams, ScanResult};

use crate::rules::{meta, source_of};
use crate::{Rules, excerpt};

/// Stack of a scan: rules are evaluated in depth.
const STACK: usize = 16 << 20;
/// The engine looks at the clock now and then; a scan that is over its time by this much is left behind.
const GRACE: Duration = Duration::from_secs(5);
/// Matches of a string that a rule can count; more are as good.
const COUNTED: u32 = 1000;

/// How far a scan may go.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Time for the bytes of one file or member of an archive.
    pub timeout: Duration,
    /// Time for a file with everything in it.
    pub total_time: Duration,
    /// Bytes of a file, or of a member of an archive.
    pub file_bytes: u64,
    /// Bytes that are unpacked from a file in all.
    pub unpacked_bytes: u64,
    /// Members of archives that are looked at in a file.
    pub members: usize,
    /// Archives inside archives.
    pub depth: usize,
    /// Unpacked bytes for a packed one, of members of more than a MiB.
    pub ratio: u64,
    /// Rules that are told for a file.
    pub matches: usize,
    /// Strings that are told for a rule.
    pub strings: usize,
    /// Places that are told for a string.
    pub places: usize,
    /// Bytes of an excerpt.
    pub excerpt: usize,
    /// Scans that were left behind and still run.
    pub stragglers: Stragglers,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            timeout: Duration::from_secs(10),
            total_time: Duration::from_secs(60),
            file_bytes: 64 << 20,
            unpacked_bytes: 512 << 20,
            members: 10_000,
            depth: 4,
            ratio: 200,
            matches: 100,
            strings: 20,
            places: 5,
            excerpt: 64,
            stragglers: Stragglers::default(),
        }
    }
}

/// How many scans were left behind and still run: whoever scans for long waits until there is none.
#[derive(Debug, Clone, Default)]
pub struct Stragglers(Arc<AtomicUsize>);

impl Stragglers {
    /// How many there are now.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

/// How a scan ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every rule was held against every byte.
    Finished,
    /// Time was over. What matched until then is told.
    TimedOut,
    /// The engine failed.
    Failed(String),
}

/// What a scan found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Rules that match, in their order.
    pub matches: Vec<Match>,
    /// How it ended.
    pub outcome: Outcome,
}

/// A rule that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The text it came with.
    pub source: String,
    /// Its name.
    pub rule: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// What it says of itself.
    pub meta: Vec<(String, String)>,
    /// What it found where.
    pub strings: Vec<MatchedString>,
}

impl Match {
    /// What the rule says of itself under a name.
    pub fn meta(&self, name: &str) -> Option<&str> {
        self.meta.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A string of a rule at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedString {
    /// Its name with `$`.
    pub id: String,
    /// Bytes before it.
    pub offset: u64,
    /// How many bytes match.
    pub length: u64,
    /// The first of them, printable.
    pub excerpt: String,
}

impl Rules {
    /// Holds bytes, called `name`, against the rules for at most `time`.
    pub fn scan(&self, name: &str, bytes: &Arc<Vec<u8>>, time: Duration, limits: &Limits) -> Scan {
        let params = ScanParams::default()
            .compute_full_matches(true)
            .match_max_length(limits.excerpt)
            .string_max_nb_matches(COUNTED)
            .timeout_duration(Some(time));
        let mut scanner = self.scanner.clone();
        scanner.set_scan_params(params);
        for (symbol, value) in externals(name) {
            scanner.define_symbol(symbol, value).expect("every symbol was declared as text");
        }
        let (send, receive) = sync_channel(1);
        let (bytes, told, running) = (bytes.clone(), limits.clone(), limits.stragglers.clone());
        // Counted from the begin, so that its end always finds it counted.
        running.0.fetch_add(1, Ordering::AcqRel);
        let work = move || {
            let scan = catch_unwind(AssertUnwindSafe(|| run(&scanner, &bytes, &told)));
            drop(bytes);
            running.0.fetch_sub(1, Ordering::AcqRel);
            // Whoever waited may have gone.
            let _ = send.send(scan);
        };
        let failed = |why: &str| Scan { matches: Vec::new(), outcome: Outcome::Failed(why.to_owned()) };
        let thread = std::thread::Builder::new().name("yara".to_owned()).stack_size(STACK);
        if thread.spawn(work).is_err() {
            limits.stragglers.0.fetch_sub(1, Ordering::AcqRel);
            return failed("no thread could be started");
        }
        match receive.recv_timeout(time + GRACE) {
            Ok(Ok(scan)) => scan,
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => failed("the engine gave up on the file"),
            Err(RecvTimeoutError::Timeout) => Scan { matches: Vec::new(), outcome: Outcome::TimedOut },
        }
    }
}

/// What public rules expect to be told of a file besides its content.
fn externals(name: &str) -> [(&'static str, String); 3] {
    let file = name.rsplit(['/', '\\', '!']).next().unwrap_or(name);
    let extension = file.rsplit_once('.').map_or(String::new(), |(_, extension)| format!(".{extension}"));
    [("filename", file.to_owned()), ("filepath", name.to_owned()), ("extension", extension)]
}

fn run(scanner: &boreal::Scanner, bytes: &[u8], limits: &Limits) -> Scan {
    match scanner.scan_mem(bytes) {
        Ok(found) => Scan { matches: matches(scanner, &found, limits), outcome: Outcome::Finished },
        Err((error, found)) => {
            let outcome = match error {
                ScanError::Timeout => Outcome::TimedOut,
                other => Outcome::Failed(other.to_string()),
            };
            Scan { matches: matches(scanner, &found, limits), outcome }
        }
    }
}

fn matches(scanner: &boreal::Scanner, found: &ScanResult<'_>, limits: &Limits) -> Vec<Match> {
    let told = |rule: &EvaluatedRule<'_>| Match {
        source: source_of(rule.namespace).to_owned(),
        rule: rule.name.to_owned(),
        tags: rule.tags.iter().map(|tag| scanner.get_string_symbol(*tag).to_owned()).collect(),
        meta: meta(scanner, rule.metadatas),
        strings: strings(rule, limits),
    };
    found.rules.iter().filter(|rule| rule.matched).take(limits.matches).map(told).collect()
}

fn strings(rule: &EvaluatedRule<'_>, limits: &Limits) -> Vec<MatchedString> {
    let found = rule.matches.iter().filter(|string| !string.matches.is_empty()).take(limits.strings);
    found
        .flat_map(|string| {
            string.matches.iter().take(limits.places).map(|place| MatchedString {
                id: format!("${}", string.name),
                offset: (place.base + place.offset) as u64,
                length: place.length as u64,
                excerpt: excerpt(&place.data[..place.data.len().min(limits.excerpt)]),
            })
        })
        .collect()
}
