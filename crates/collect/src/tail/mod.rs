//! Following files and reading folders of EVTX files, in one thread: what was read is in the log before the place moves
//! on, and the place stands in the log with it.

mod evtx;
mod file;
pub(crate) mod glob;
mod place;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use receive::wal::{DataEntry, Kind, Wal};
use receive::{Intake, IntakeError, Protocol, Record, Sender, Trail};
use regex::Regex;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, EvtxInput, Existing, FileInput};
use crate::error::Error;
use crate::place as keep;
use crate::stats::Counters;
use file::{Cutting, Follow, key_of};
use place::{Bookmark, FileKey, FilePlace, Places};

/// How often files are looked at, and how often new ones are looked for.
const LOOK: Duration = Duration::from_millis(200);
const SCAN: Duration = Duration::from_secs(1);
/// How often the table of places is written.
const KEEP: Duration = Duration::from_secs(5);
/// A file that is not at its path any more is read on for so long after it grew last: its writer may not know yet.
const LAST_WORDS: Duration = Duration::from_secs(15);
/// A file that did not grow for so long is closed until it does.
const CLOSE: Duration = Duration::from_secs(300);
/// Records of a Windows log handed in at once.
const BATCH: usize = 500;
/// What compressed files begin with: they are whole copies of what was read before.
const PACKED: [&[u8]; 4] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"BZh"];

/// What the thread works with.
pub(crate) struct TailParts {
    pub intake: Intake,
    pub wal: Arc<Wal>,
    /// Whose everything is.
    pub sender: Sender,
    /// The table of places.
    pub path: PathBuf,
    pub counters: Arc<Counters>,
    /// Up to where the log is no longer needed for places.
    pub kept: Arc<AtomicU64>,
    pub stop: CancellationToken,
}

pub(crate) struct Tail {
    parts: TailParts,
    intake: Intake,
    inputs: Vec<Input>,
    evtx: Vec<(EvtxInput, Arc<Sender>)>,
    places: Places,
    /// No table was there: everything is seen for the first time.
    first_start: bool,
    following: HashMap<FileKey, Follow>,
    /// Copies of a file that is being followed, by whose.
    copies: HashMap<FileKey, FileKey>,
    passed_over: HashSet<FileKey>,
    /// EVTX files as they were when they were read: length and change.
    read: HashMap<FileKey, (u64, Option<SystemTime>)>,
    kept_at: Instant,
    runtime: Handle,
}

struct Input {
    settings: FileInput,
    cutting: Cutting,
    sender: Arc<Sender>,
}

/// The order to stop came, or intake is closed for good.
struct Stopped;

impl Tail {
    /// Reads how far everything is.
    pub fn new(config: &Config, parts: TailParts) -> Result<Tail, Error> {
        let known: Option<Places> = keep::read(&parts.path)?;
        let first_start = known.is_none();
        let mut places = known.unwrap_or_default();
        if places.log != parts.wal.log() {
            (places.log, places.sequence) = (parts.wal.log(), 0);
        }
        let intake = parts.intake.labelled(Protocol::File);
        let max = intake.max_record();
        let sender = |address, source: &str, time_zone: &str| {
            Arc::new(Sender {
                peer: address,
                source: (!source.is_empty()).then(|| Arc::from(source)),
                time_zone: Arc::from(time_zone),
                ..parts.sender.clone()
            })
        };
        let inputs = config.files.iter().map(|settings| Input {
            cutting: Cutting {
                start: settings.record_start.as_deref().and_then(|start| Regex::new(start).ok()),
                wait: Duration::from_millis(settings.record_wait_ms),
                max,
            },
            sender: sender(settings.address, &settings.source, &settings.time_zone),
            settings: settings.clone(),
        });
        let inputs = inputs.collect();
        let evtx = config.evtx.iter();
        let evtx = evtx.map(|input| (input.clone(), sender(input.address, &input.source, ""))).collect();
        let mut tail = Tail {
            intake,
            inputs,
            evtx,
            places,
            first_start,
            following: HashMap::new(),
            copies: HashMap::new(),
            passed_over: HashSet::new(),
            read: HashMap::new(),
            kept_at: Instant::now(),
            runtime: Handle::current(),
            parts,
        };
        tail.recover()?;
        Ok(tail)
    }

    /// Takes the places that stand in the log behind those in the table.
    fn recover(&mut self) -> Result<(), Error> {
        let from = (self.places.sequence + 1).max(self.parts.wal.first());
        let mut reader = self.parts.wal.reader(from);
        loop {
            let batch = reader.read(10_000, 4 << 20, Duration::ZERO)?;
            if batch.is_empty() {
                break;
            }
            for record in batch.records().filter(|record| record.kind == Kind::DATA) {
                self.first_start = false;
                let bookmark = DataEntry::decode(record.payload)?.bookmark;
                if let Some(bookmark) = Bookmark::decode(bookmark) {
                    self.places.apply(bookmark);
                }
            }
        }
        self.keep()
    }

    /// Follows until told to stop.
    pub fn run(mut self) {
        let mut scanned: Option<Instant> = None;
        loop {
            let begun = Instant::now();
            let worked = self.round(&mut scanned);
            match worked {
                // What was being handed in may or may not be in the log: the next start finds out.
                Err(Stopped) => return,
                Ok(true) => {}
                Ok(false) => std::thread::sleep(LOOK.saturating_sub(begun.elapsed())),
            }
            if self.parts.stop.is_cancelled() {
                break;
            }
            if self.kept_at.elapsed() > KEEP {
                self.kept_at = Instant::now();
                let kept = self.keep_if_changed();
                self.say(kept);
            }
        }
        let kept = self.keep_if_changed();
        self.say(kept);
    }

    /// Looks at everything once; true where there is more to read at once.
    fn round(&mut self, scanned: &mut Option<Instant>) -> Result<bool, Stopped> {
        if scanned.is_none_or(|scanned| scanned.elapsed() >= SCAN) {
            self.scan();
            self.read_evtx()?;
            *scanned = Some(Instant::now());
            self.first_start = false;
        }
        let mut keys: Vec<FileKey> = self.following.keys().copied().collect();
        keys.sort();
        let mut more = false;
        for key in keys {
            more |= self.read_file(key)?;
        }
        self.parts.counters.files.store(self.following.len() as u64, Ordering::Relaxed);
        Ok(more)
    }

    fn scan(&mut self) {
        let mut there = HashSet::new();
        for input in 0..self.inputs.len() {
            let settings = self.inputs[input].settings.clone();
            for path in settings.paths.iter().flat_map(|pattern| glob::files(pattern)) {
                if settings.exclude.iter().any(|pattern| glob::matches(pattern, &path)) {
                    continue;
                }
                let Ok(meta) = path.metadata() else { continue };
                let key = key_of(&meta);
                there.insert(key);
                if let Some(known) = self.following.get_mut(&key) {
                    known.gone = None;
                    known.path = path;
                } else if !self.passed_over.contains(&key)
                    && self.places.files.get(&key).is_none_or(|place| place.offset != meta.len())
                    && let Err(error) = self.begin(&path, input)
                {
                    self.passed_over.insert(key);
                    tracing::warn!(path = %path.display(), %error, "a file cannot be read; it is passed over until it is replaced");
                }
            }
        }
        for follow in self.following.values_mut().filter(|follow| !there.contains(&follow.key)) {
            follow.gone.get_or_insert_with(Instant::now);
        }
        self.passed_over.retain(|key| there.contains(key));
        let following = &self.following;
        // A copy whose original is no longer being read is judged anew.
        self.copies.retain(|copy, original| there.contains(copy) && following.contains_key(original));
    }

    /// Begins to follow a file where it was left, or at its beginning.
    fn begin(&mut self, path: &Path, input: usize) -> std::io::Result<()> {
        let file = File::open(path)?;
        let meta = file.metadata()?;
        let key = key_of(&meta);
        let mut start = [0; 8];
        let count = file.read_at(&mut start, 0)?;
        if PACKED.iter().any(|magic| start[..count].starts_with(magic)) {
            tracing::info!(path = %path.display(), "a compressed file is passed over");
            self.passed_over.insert(key);
            return Ok(());
        }
        let known = self.places.files.get(&key).copied();
        let place = match known.filter(|place| place.fits(&file)) {
            Some(place) => place,
            None => {
                if let Some(known) = known {
                    self.places.orphan(known);
                    self.places.files.remove(&key);
                }
                let original = self.following.values().find(|follow| follow.is_copied_by(&file, meta.len()));
                if let Some(original) = original.map(|follow| follow.key) {
                    // Its writer copies and then cuts: as long as the original is whole, it is read there.
                    self.copies.insert(key, original);
                    return Ok(());
                }
                let settings = &self.inputs[input].settings;
                match self.places.recognise(&file) {
                    Some(place) => place,
                    None if self.first_start && settings.existing == Existing::End => end_of(&file, meta.len())?,
                    None => FilePlace::default(),
                }
            }
        };
        self.copies.remove(&key);
        let follow = Follow::new(path, file, place, input)?;
        tracing::info!(path = %path.display(), offset = place.offset, "a file is followed");
        self.following.insert(key, follow);
        Ok(())
    }

    fn read_file(&mut self, key: FileKey) -> Result<bool, Stopped> {
        let Some(follow) = self.following.get_mut(&key) else { return Ok(false) };
        let input = &self.inputs[follow.input];
        let last = follow.gone.is_some_and(|gone| gone.elapsed() > LAST_WORDS && follow.is_idle(LAST_WORDS));
        let grown = match follow.read(&input.cutting, last) {
            Ok(grown) => grown,
            Err(error) => {
                tracing::warn!(path = %follow.path.display(), %error, "a file cannot be read on");
                self.following.remove(&key);
                self.passed_over.insert(key);
                return Ok(false);
            }
        };
        let listener = format!("file:{}", follow.path.display());
        let (is_idle, place, sender) = (follow.is_idle(CLOSE), follow.place(), input.sender.clone());
        if let Some(replaced) = grown.replaced {
            tracing::info!(path = %follow.path.display(), "a file was cut or replaced; it is read from its beginning");
            self.places.orphan(replaced);
            self.copies.retain(|_, original| *original != key);
        }
        let count = grown.cuts.len();
        let records = grown.cuts.into_iter().map(|cut| {
            let trail = Trail {
                listener: listener.clone(),
                bookmark: Bookmark::File(key, cut.place).encode(),
                ..Trail::default()
            };
            Record { raw: cut.raw, truncated: cut.truncated, trail: Some(Box::new(trail)) }
        });
        let records: Vec<Record> = records.collect();
        self.hand_in(&sender, records)?;
        if count > 0 || grown.replaced.is_some() {
            self.places.set(key, place);
        }
        if last && !grown.more {
            tracing::info!(path = listener, "a file that is gone was read to its end");
            self.following.remove(&key);
        } else if is_idle && !grown.more {
            self.places.set(key, place);
            self.following.remove(&key);
        }
        Ok(grown.more)
    }

    fn read_evtx(&mut self) -> Result<(), Stopped> {
        for (input, sender) in self.evtx.clone() {
            for path in input.paths.iter().flat_map(|pattern| glob::files(pattern)) {
                let Ok(meta) = path.metadata() else { continue };
                let (key, state) = (FileKey { dev: meta.dev(), ino: meta.ino() }, (meta.len(), meta.modified().ok()));
                if self.read.get(&key) == Some(&state) {
                    continue;
                }
                self.read_evtx_file(&path, &sender)?;
                self.read.insert(key, state);
            }
        }
        Ok(())
    }

    /// The records of a file that were not read before, from it or from another copy of the same log.
    fn read_evtx_file(&mut self, path: &Path, sender: &Sender) -> Result<(), Stopped> {
        let records = match formats::file::open(path) {
            Ok(records) => records,
            Err(error) => {
                self.parts.counters.damaged.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%error, "an EVTX file cannot be read");
                return Ok(());
            }
        };
        let listener = format!("file:{}", path.display());
        let (mut batch, mut taken) = (Vec::new(), 0_u64);
        for record in records {
            let text = match record {
                Ok(record) => record.text,
                Err(error) => {
                    self.parts.counters.damaged.fetch_add(1, Ordering::Relaxed);
                    tracing::debug!(%error, "a part of an EVTX file does not read");
                    continue;
                }
            };
            let (log, id, time) = evtx::identity(&text);
            // Noted before it is in the log: what fails from here on ends the thread, and the log says what is in it.
            if !self.places.see(log, id, time) {
                continue;
            }
            let bookmark = Bookmark::Evtx(log, id, time).encode();
            let trail = Trail { listener: listener.clone(), bookmark, ..Trail::default() };
            batch.push(Record { trail: Some(Box::new(trail)), ..Record::from(text.into_bytes()) });
            taken += 1;
            if batch.len() == BATCH {
                self.hand_in(sender, std::mem::take(&mut batch))?;
            }
        }
        self.hand_in(sender, batch)?;
        if taken > 0 {
            tracing::info!(path = %path.display(), records = taken, "an EVTX file was read");
        }
        Ok(())
    }

    /// Returns when the records are in the log; waits while there is no room.
    fn hand_in(&self, sender: &Sender, records: Vec<Record>) -> Result<(), Stopped> {
        if records.is_empty() {
            return Ok(());
        }
        let accepting = self.intake.accept_when_room(sender, records, SystemTime::now().into());
        let stop = &self.parts.stop;
        let done = self.runtime.block_on(async {
            tokio::select! {
                done = accepting => Some(done),
                () = stop.cancelled() => None,
            }
        });
        match done {
            Some(Ok(_)) => Ok(()),
            Some(Err(IntakeError::Closed)) | None => Err(Stopped),
            Some(Err(error)) => {
                tracing::error!(%error, "files are no longer read");
                Err(Stopped)
            }
        }
    }

    fn keep_if_changed(&mut self) -> Result<(), Error> {
        if self.places.changed {
            return self.keep();
        }
        // Nothing was handed in since, so the log holds no place that the table lacks.
        self.parts.kept.store(self.parts.wal.durable(), Ordering::Release);
        Ok(())
    }

    /// Writes the table. Only this thread makes bookmarks, and none is under way now.
    fn keep(&mut self) -> Result<(), Error> {
        self.places.sequence = self.parts.wal.durable();
        keep::write(&self.parts.path, &self.places)?;
        self.places.changed = false;
        self.parts.kept.store(self.places.sequence, Ordering::Release);
        Ok(())
    }

    fn say(&self, kept: Result<(), Error>) {
        if let Err(error) = kept {
            tracing::warn!(%error, "the places in files cannot be written; the buffer keeps them instead");
        }
    }
}

/// The place behind the last whole line.
fn end_of(file: &File, length: u64) -> std::io::Result<FilePlace> {
    let window = length.min(1 << 20);
    let mut bytes = vec![0; window as usize];
    file.read_exact_at(&mut bytes, length - window)?;
    let behind = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| length - window + at as u64 + 1);
    let mut place = FilePlace { offset: behind, ..FilePlace::default() };
    let read = |at: u64, len: u64| {
        let mut bytes = vec![0; len as usize];
        file.read_exact_at(&mut bytes, at).map(|()| bytes)
    };
    let tail = behind.min(place::TAIL as u64);
    let (head, tail) = (read(0, behind.min(place::HEAD as u64))?, read(behind - tail, tail)?);
    (place.head, place.tail) = (crc32fast::hash(&head), crc32fast::hash(&tail));
    Ok(place)
}
