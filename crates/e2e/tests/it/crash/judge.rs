//! The verdict: the senders' ledgers against what DuckDB reads in the lake's files and SQLite in the store.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::ledger::Book;

const READER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/senders/read_events.py");
/// The rule that fires once for every alarm.
pub const RULE: &str = "77777777-1111-4111-8111-111111111111";
/// Instances told of each kind of fault.
const TOLD: usize = 5;

/// What was found.
#[derive(Default)]
pub struct Verdict {
    pub sent: usize,
    pub acknowledged: usize,
    pub found: u64,
    pub alarms: u64,
    /// Events of senders without keys that were sent again and are there more than once.
    pub doubled_by_retry: usize,
    /// Instances of what must not be.
    pub faults: BTreeMap<&'static str, Vec<String>>,
}

impl Verdict {
    fn fault(&mut self, what: &'static str, which: String) {
        self.faults.entry(what).or_default().push(which);
    }

    pub fn told(&self) -> String {
        let mut text = format!(
            "{} sent, {} acknowledged, {} found, {} doubled by senders that sent again without a key, {} alarms",
            self.sent, self.acknowledged, self.found, self.doubled_by_retry, self.alarms
        );
        for (what, which) in &self.faults {
            let some = &which[..which.len().min(TOLD)];
            write!(text, "\n{what}: {} ({})", which.len(), some.join(", ")).unwrap();
        }
        text
    }
}

/// A Python that has DuckDB and the Elasticsearch client, as `cargo xtask test` installs them.
pub fn python() -> Option<PathBuf> {
    let tests = std::env::current_exe().unwrap();
    let installed = tests.ancestors().nth(3)?.join("senders/bin/python3");
    let has = |python: &Path| {
        let run = Command::new(python).args(["-c", "import duckdb, elasticsearch"]).output();
        run.is_ok_and(|run| run.status.success())
    };
    [installed, "python3".into()].into_iter().find(|python| has(python))
}

/// Compares; `files` are the lake's, as `vedette lake files` prints them.
pub fn judge(python: &Path, files: &[u8], store: &Path, ledgers: &Path) -> Result<Verdict, String> {
    let read = read(python, files, store);
    if !read.status.success() {
        return Err(format!("what was kept cannot be read: {}", String::from_utf8_lossy(&read.stderr)));
    }
    let (books, mut verdict) = (Book::all(ledgers), Verdict::default());
    let mut found: BTreeMap<(String, u64), u64> = BTreeMap::new();
    let mut alarms: BTreeMap<String, u64> = BTreeMap::new();
    let mut events: BTreeMap<String, u64> = BTreeMap::new();
    let (mut alerts, mut counted) = (BTreeMap::new(), BTreeMap::new());
    for line in String::from_utf8_lossy(&read.stdout).lines() {
        let words: Vec<&str> = line.split('\t').collect();
        match words[..] {
            ["event", folder, customer, device, sender, number, kind, count] => {
                let (number, count): (u64, u64) = (number.parse().unwrap_or(u64::MAX), count.parse().unwrap());
                let which = format!("{sender}-{number}");
                *events.entry(device.to_owned()).or_default() += count;
                verdict.found += count;
                if kind == "alarm" {
                    *alarms.entry(customer.to_owned()).or_default() += count;
                }
                match books.get(sender) {
                    Some(book) if book.sent.contains_key(&number) => {
                        if (folder, customer, device) != (&*book.customer, &*book.customer, &*book.device) {
                            verdict.fault("under somebody else", which);
                        }
                        *found.entry((sender.to_owned(), number)).or_default() += count;
                    }
                    _ => verdict.fault("never sent", which),
                }
            }
            ["alert", customer, RULE, count] => drop(alerts.insert(customer.to_owned(), count.parse().unwrap())),
            ["alert", ..] => {}
            ["device", id, count] => drop(counted.insert(id.to_owned(), count.parse().unwrap())),
            _ => return Err(format!("the reader says {line}")),
        }
    }
    for book in books.values() {
        verdict.sent += book.sent.len();
        verdict.acknowledged += book.acknowledged.len();
        for number in &book.acknowledged {
            if !found.contains_key(&(book.name.clone(), *number)) {
                verdict.fault("acknowledged and lost", format!("{}-{number}", book.name));
            }
        }
    }
    for ((sender, number), count) in &found {
        let book = &books[sender];
        let allowed = match book.kind.as_str() {
            "keyed" => 1,
            "acked" => book.sent[number],
            // Nobody knows how often rsyslog sent it.
            _ => u64::MAX,
        };
        if *count > allowed {
            verdict.fault("doubled", format!("{sender}-{number} is there {count} times"));
        } else if *count > 1 {
            verdict.doubled_by_retry += 1;
        }
    }
    let wrong = |there: &BTreeMap<String, u64>, told: &BTreeMap<String, u64>| -> Vec<String> {
        let all = there.keys().chain(told.keys().filter(|id| !there.contains_key(*id)));
        let pairs = all.map(|id| (id, there.get(id).unwrap_or(&0), told.get(id).unwrap_or(&0)));
        pairs
            .filter(|(_, there, told)| there != told)
            .map(|(id, there, told)| format!("{id}: {there}, told {told}"))
            .collect()
    };
    verdict.alarms = alarms.values().sum();
    wrong(&alarms, &alerts).into_iter().for_each(|which| verdict.fault("alerts count wrongly", which));
    wrong(&events, &counted).into_iter().for_each(|which| verdict.fault("devices count wrongly", which));
    Ok(verdict)
}

fn read(python: &Path, files: &[u8], store: &Path) -> Output {
    let mut command = Command::new(python);
    command.arg(READER).arg(store).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut reader = command.spawn().unwrap();
    // It may have ended already, for want of DuckDB.
    let _ = reader.stdin.take().unwrap().write_all(files);
    reader.wait_with_output().unwrap()
}
