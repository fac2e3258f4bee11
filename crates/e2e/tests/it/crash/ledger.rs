//! What a sender knows: what it sent, what it sent again, what was acknowledged. Kept on disk, in a form that senders in
//! other languages write as well:
//!
//! ```text
//! <name> <kind> <customer> <device>      kind: keyed, acked or plain
//! S <first> <count>                      sent; R: sent again; A: acknowledged
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// A sender, by its ledger.
pub struct Ledger {
    file: File,
}

impl Ledger {
    pub fn begin(folder: &Path, name: &str, kind: &str, customer: &str, device: &str) -> Ledger {
        let mut file = File::create(folder.join(name)).unwrap();
        writeln!(file, "{name} {kind} {customer} {device}").unwrap();
        Ledger { file }
    }

    pub fn note(&mut self, what: char, first: u64, count: u64) {
        writeln!(self.file, "{what} {first} {count}").unwrap();
    }
}

/// A ledger read back.
pub struct Book {
    pub name: String,
    pub kind: String,
    pub customer: String,
    pub device: String,
    /// How often each event was sent.
    pub sent: BTreeMap<u64, u64>,
    pub acknowledged: BTreeSet<u64>,
}

impl Book {
    pub fn all(folder: &Path) -> BTreeMap<String, Book> {
        let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let books = files.map(|path| Book::read(&fs::read_to_string(path).unwrap()));
        books.map(|book| (book.name.clone(), book)).collect()
    }

    fn read(text: &str) -> Book {
        let mut lines = text.lines();
        let head: Vec<String> = lines.next().unwrap().split(' ').map(str::to_owned).collect();
        let [name, kind, customer, device] = head.try_into().expect("a head of four words");
        let mut book = Book { name, kind, customer, device, sent: BTreeMap::new(), acknowledged: BTreeSet::new() };
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            let [what, first, count] = words[..] else { panic!("a ledger has the line {line}") };
            let first: u64 = first.parse().unwrap();
            let events = first..first + count.parse::<u64>().unwrap();
            match what {
                "A" => book.acknowledged.extend(events),
                _ => events.for_each(|event| *book.sent.entry(event).or_default() += 1),
            }
        }
        book
    }
}

/// Event `number` of a sender: every fifth is an alarm, every seventh is long.
pub fn line(sender: &str, number: u64) -> String {
    let (what, user) = if number.is_multiple_of(5) { ("Failed", "alarm") } else { ("Accepted", "calm") };
    let long = if number.is_multiple_of(7) { "x".repeat(8000) } else { String::new() };
    let address = number % 4 + 1;
    format!("<38>sshd[7]: {what} password for {user}-{sender}-{number} from 203.0.113.{address} port 5022 ssh2{long}")
}
