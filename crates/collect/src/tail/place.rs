//! How far each file has been read. The place stands in the log with every record, so that record and place are durable
//! together; a table of them is written from time to time, and what came after it is read from the log at a start.
//!
//! A file is known by device and inode, and proved by what was read of it: its beginning, and the bytes before the place.
//! So a file that was cut and written anew is noticed, and a copy goes on where the original was.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

use serde::{Deserialize, Serialize};

/// Bytes at the beginning of a file that are compared,
pub(super) const HEAD: usize = 1024;
/// and before the place.
pub(super) const TAIL: usize = 256;
/// A file of which less was read is not recognised by its content.
pub(super) const TELLING: u64 = 64;
/// Places remembered of files that were cut: copies of them may show up.
const ORPHANS: usize = 200;
/// Places of files.
const MOST: usize = 20_000;

/// Device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct FileKey {
    pub dev: u64,
    pub ino: u64,
}

/// A place in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FilePlace {
    /// Everything before it is in the log.
    pub offset: u64,
    /// Checksum of the first [`HEAD`] bytes, or of those up to the offset.
    pub head: u32,
    /// Checksum of the [`TAIL`] bytes before the offset, or of those there are.
    pub tail: u32,
    /// The rest of the line at the offset belongs to a record that was too long.
    pub skipping: bool,
}

impl FilePlace {
    /// Whether a file has been read up to here: what stands in it before is what was read.
    pub fn fits(&self, file: &File) -> bool {
        let head = self.offset.min(HEAD as u64) as usize;
        let tail = self.offset.min(TAIL as u64) as usize;
        let is = |at: u64, len: usize, crc: u32| {
            let mut bytes = vec![0; len];
            file.read_exact_at(&mut bytes, at).is_ok() && crc32fast::hash(&bytes) == crc
        };
        is(0, head, self.head) && is(self.offset - tail as u64, tail, self.tail)
    }
}

/// What is written with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bookmark {
    File(FileKey, FilePlace),
    /// Log of a computer (as a number), record id, time in microseconds.
    Evtx(u64, u64, i64),
}

impl Bookmark {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(40);
        match self {
            Bookmark::File(key, place) => {
                out.extend_from_slice(&[1, u8::from(place.skipping)]);
                for number in [key.dev, key.ino, place.offset] {
                    out.extend_from_slice(&number.to_le_bytes());
                }
                out.extend_from_slice(&place.head.to_le_bytes());
                out.extend_from_slice(&place.tail.to_le_bytes());
            }
            Bookmark::Evtx(log, id, time) => {
                out.push(2);
                out.extend_from_slice(&log.to_le_bytes());
                out.extend_from_slice(&id.to_le_bytes());
                out.extend_from_slice(&time.to_le_bytes());
            }
        }
        out
    }

    /// The inverse; nothing for what is none of ours.
    pub fn decode(bytes: &[u8]) -> Option<Bookmark> {
        let long = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let short = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        match bytes.first()? {
            1 => {
                let key = FileKey { dev: long(2)?, ino: long(10)? };
                let skipping = *bytes.get(1)? != 0;
                Some(Bookmark::File(key, FilePlace { offset: long(18)?, head: short(26)?, tail: short(30)?, skipping }))
            }
            2 => Some(Bookmark::Evtx(long(1)?, long(9)?, long(17)? as i64)),
            _ => None,
        }
    }
}

/// Records of one Windows log that were read: a run of ids, and the times of its first and last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Run {
    pub ids: (u64, u64),
    pub times: (i64, i64),
}

/// Every place.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Places {
    /// Which log, and the sequence up to which its bookmarks are in here.
    pub log: u32,
    pub sequence: u64,
    #[serde(with = "pairs")]
    pub files: HashMap<FileKey, FilePlace>,
    /// Of files whose content was cut or replaced, the newest last.
    pub orphans: Vec<FilePlace>,
    #[serde(with = "pairs")]
    pub evtx: HashMap<u64, Vec<Run>>,
    #[serde(skip)]
    pub changed: bool,
}

/// A map whose keys are no texts, as JSON.
mod pairs {
    use std::collections::HashMap;
    use std::hash::Hash;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer, K: Serialize, V: Serialize>(map: &HashMap<K, V>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub fn deserialize<'de, D, K, V>(from: D) -> Result<HashMap<K, V>, D::Error>
    where
        D: Deserializer<'de>,
        K: Deserialize<'de> + Eq + Hash,
        V: Deserialize<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(from)?.into_iter().collect())
    }
}

impl Places {
    /// Takes what stands in the log.
    pub fn apply(&mut self, bookmark: Bookmark) {
        match bookmark {
            Bookmark::File(key, place) => self.set(key, place),
            Bookmark::Evtx(log, id, time) => {
                self.see(log, id, time);
            }
        }
    }

    /// The place of a file from now on.
    pub fn set(&mut self, key: FileKey, place: FilePlace) {
        self.changed = true;
        if self.files.len() >= MOST && !self.files.contains_key(&key) {
            // Whichever it is, it is one of very many: its file would be read anew if it changed.
            let any = self.files.keys().next().copied();
            any.and_then(|any| self.files.remove(&any));
        }
        let before = self.files.insert(key, place);
        if let Some(before) = before.filter(|before| before.offset > place.offset) {
            self.orphan(before);
        }
    }

    /// The file was cut or replaced: a copy of what it held may show up.
    pub fn orphan(&mut self, place: FilePlace) {
        if place.offset < TELLING || self.orphans.contains(&place) {
            return;
        }
        self.changed = true;
        self.orphans.push(place);
        if self.orphans.len() > ORPHANS {
            self.orphans.remove(0);
        }
    }

    /// The furthest place that fits a file nothing is known of by its inode: it is a copy, or came from another disk.
    pub fn recognise(&self, file: &File) -> Option<FilePlace> {
        let known = self.orphans.iter().chain(self.files.values());
        let mut fitting: Vec<&FilePlace> = known.filter(|place| place.offset >= TELLING).collect();
        fitting.sort_by_key(|place| std::cmp::Reverse(place.offset));
        fitting.into_iter().find(|place| place.fits(file)).copied()
    }

    /// Notes a record of a Windows log; false where it was noted before.
    pub fn see(&mut self, log: u64, id: u64, time: i64) -> bool {
        let runs = self.evtx.entry(log).or_default();
        let within = |run: &Run| (run.ids.0..=run.ids.1).contains(&id) && (run.times.0..=run.times.1).contains(&time);
        if runs.iter().any(within) {
            return false;
        }
        self.changed = true;
        let longer = runs.iter_mut().find_map(|run| {
            if run.ids.1.checked_add(1) == Some(id) && time >= run.times.1 {
                (run.ids.1, run.times.1) = (id, time);
                Some(())
            } else if id.checked_add(1) == Some(run.ids.0) && time <= run.times.0 {
                (run.ids.0, run.times.0) = (id, time);
                Some(())
            } else {
                None
            }
        });
        if longer.is_none() {
            runs.push(Run { ids: (id, id), times: (time, time) });
        } else {
            join(runs);
        }
        true
    }
}

/// Runs that meet become one.
fn join(runs: &mut Vec<Run>) {
    if runs.len() < 2 {
        return;
    }
    runs.sort_by_key(|run| (run.ids.0, run.times.0));
    let mut joined: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs.drain(..) {
        match joined.last_mut() {
            Some(last) if last.ids.1.checked_add(1) == Some(run.ids.0) && run.times.0 >= last.times.1 => {
                (last.ids.1, last.times.1) = (run.ids.1, run.times.1);
            }
            _ => joined.push(run),
        }
    }
    *runs = joined;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(content: &[u8], offset: usize) -> FilePlace {
        FilePlace {
            offset: offset as u64,
            head: crc32fast::hash(&content[..offset.min(HEAD)]),
            tail: crc32fast::hash(&content[offset.saturating_sub(TAIL)..offset]),
            skipping: false,
        }
    }

    #[test]
    fn a_bookmark_reads_back() {
        let key = FileKey { dev: 1, ino: u64::MAX };
        for bookmark in [
            Bookmark::File(key, FilePlace { offset: 7, head: 1, tail: u32::MAX, skipping: true }),
            Bookmark::Evtx(9, 8, -7),
        ] {
            assert_eq!(Bookmark::decode(&bookmark.encode()), Some(bookmark));
        }
        assert_eq!(Bookmark::decode(b""), None);
        assert_eq!(Bookmark::decode(&[1, 0, 3]), None);
    }

    #[test]
    fn a_place_fits_what_was_read_and_nothing_that_was_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let content: Vec<u8> = (0..5000u32).flat_map(|number| format!("line {number}\n").into_bytes()).collect();
        let path = folder.path().join("x");
        std::fs::write(&path, &content).unwrap();
        let file = File::open(&path).unwrap();
        for offset in [0, 10, 300, 1024, 4000] {
            assert!(place(&content, offset).fits(&file), "{offset}");
        }
        let mut places = Places::default();
        places.set(FileKey { dev: 1, ino: 1 }, place(&content, 4000));
        assert_eq!(places.recognise(&file).unwrap().offset, 4000);
        std::fs::write(&path, &content[..2000]).unwrap();
        assert!(!place(&content, 4000).fits(&file));
        std::fs::write(&path, vec![b'x'; 5000]).unwrap();
        assert!(!place(&content, 4000).fits(&file) && places.recognise(&file).is_none());
        places.set(FileKey { dev: 1, ino: 1 }, FilePlace::default());
        assert_eq!(places.orphans.len(), 1, "a copy may show up");
    }

    #[test]
    fn a_record_of_a_windows_log_is_seen_once_in_whatever_order_files_come() {
        let mut places = Places::default();
        assert!((100..200).all(|id| places.see(1, id, id as i64)));
        assert!((1..50).all(|id| places.see(1, id, id as i64)));
        assert!((1..200).filter(|id| places.see(1, *id, *id as i64)).eq(50..100));
        assert_eq!(places.evtx[&1].len(), 1, "runs that meet are joined");
        assert!((1..10).all(|id| places.see(1, id, 1000 + id as i64)), "a log that was cleared begins anew");
        assert!(places.see(2, 5, 5), "another log");
        let text = serde_json::to_string(&places).unwrap();
        let mut back: Places = serde_json::from_str(&text).unwrap();
        assert!(!back.see(1, 150, 150) && !back.see(1, 5, 1005) && back.see(1, 200, 200));
    }
}
