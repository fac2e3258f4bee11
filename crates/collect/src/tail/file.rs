//! One file that is followed: read on as it grows, cut into records, noticed when it is cut or written anew.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use regex::Regex;

use super::place::{FileKey, FilePlace, HEAD, TAIL, TELLING};

/// Bytes read at once: one busy file must not hold up the others.
const READ: usize = 512 * 1024;

/// How a file is cut into records.
#[derive(Debug, Clone)]
pub(super) struct Cutting {
    /// What a record's first line looks like; absent: every line is one.
    pub start: Option<Regex>,
    /// A record of many lines is complete when nothing came for so long.
    pub wait: Duration,
    /// A longer record is cut.
    pub max: usize,
}

/// A record with the place after it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub raw: Vec<u8>,
    pub truncated: bool,
    pub place: FilePlace,
}

/// What reading gave.
#[derive(Debug, Default)]
pub(super) struct Grown {
    pub cuts: Vec<Cut>,
    /// The content before was cut or replaced: its place until then.
    pub replaced: Option<FilePlace>,
    /// There may be more at once.
    pub more: bool,
}

/// A file being followed.
pub(super) struct Follow {
    pub path: PathBuf,
    pub key: FileKey,
    /// Which input it is of.
    pub input: usize,
    /// Not at its path any more since.
    pub gone: Option<Instant>,
    /// When it grew last.
    pub grew: Instant,
    file: File,
    /// What is in the log.
    offset: u64,
    /// Read and not cut yet: from the offset on.
    pending: Vec<u8>,
    /// The first bytes up to the offset, at most [`HEAD`].
    head: Vec<u8>,
    /// The last bytes before the offset, at most [`TAIL`].
    tail: Vec<u8>,
    skipping: bool,
}

pub(super) fn key_of(meta: &Metadata) -> FileKey {
    FileKey { dev: meta.dev(), ino: meta.ino() }
}

impl Follow {
    /// Follows a file from a place that fits it.
    pub fn new(path: &Path, file: File, place: FilePlace, input: usize) -> io::Result<Follow> {
        let key = key_of(&file.metadata()?);
        let mut head = vec![0; place.offset.min(HEAD as u64) as usize];
        let mut tail = vec![0; place.offset.min(TAIL as u64) as usize];
        file.read_exact_at(&mut head, 0)?;
        let behind = place.offset - tail.len() as u64;
        file.read_exact_at(&mut tail, behind)?;
        Ok(Follow {
            path: path.to_owned(),
            key,
            input,
            gone: None,
            grew: Instant::now(),
            file,
            offset: place.offset,
            pending: Vec::new(),
            head,
            tail,
            skipping: place.skipping,
        })
    }

    /// Where it is read up to.
    pub fn place(&self) -> FilePlace {
        FilePlace {
            offset: self.offset,
            head: crc32fast::hash(&self.head),
            tail: crc32fast::hash(&self.tail),
            skipping: self.skipping,
        }
    }

    /// Whether everything in it is read, as far as it is whole.
    pub fn is_idle(&self, for_longer_than: Duration) -> bool {
        self.grew.elapsed() > for_longer_than
    }

    /// Whether another file holds a copy of this one, as far as it goes: its writer copies and cuts.
    pub fn is_copied_by(&self, other: &File, length: u64) -> bool {
        let Ok(meta) = self.file.metadata() else { return false };
        let shared = length.min(meta.len());
        if shared < TELLING {
            return false;
        }
        let same = |at: u64, len: usize| {
            let (mut ours, mut theirs) = (vec![0; len], vec![0; len]);
            self.file.read_exact_at(&mut ours, at).is_ok()
                && other.read_exact_at(&mut theirs, at).is_ok()
                && ours == theirs
        };
        let tail = shared.min(TAIL as u64);
        same(0, shared.min(HEAD as u64) as usize) && same(shared - tail, tail as usize)
    }

    /// Reads on. `last` says that nothing will be added: what is left is a record too.
    pub fn read(&mut self, cutting: &Cutting, last: bool) -> io::Result<Grown> {
        let mut grown = Grown::default();
        let length = self.file.metadata()?.len();
        let read_up_to = self.offset + self.pending.len() as u64;
        if length < read_up_to || (length > read_up_to && !self.is_as_it_was()?) {
            grown.replaced = Some(self.place());
            // What was read of a line that is gone now is all there will ever be of it.
            let left = std::mem::take(&mut self.pending);
            (self.offset, self.skipping) = (0, false);
            self.head.clear();
            self.tail.clear();
            let left = trim(&left);
            if !left.is_empty() {
                grown.cuts.push(Cut { raw: left.to_vec(), truncated: true, place: self.place() });
            }
        }
        let from = self.offset + self.pending.len() as u64;
        if length > from {
            let held = self.pending.len();
            let want = (length - from).min(READ as u64) as usize;
            self.pending.resize(held + want, 0);
            let count = self.file.read_at(&mut self.pending[held..], from)?;
            self.pending.truncate(held + count);
            if count > 0 {
                self.grew = Instant::now();
            }
            grown.more = from + (count as u64) < length;
        }
        let flush = last || (cutting.start.is_some() && self.is_idle(cutting.wait));
        self.cut(cutting, flush, last && !grown.more, &mut grown.cuts);
        Ok(grown)
    }

    /// Whether what was read last still stands where it did.
    fn is_as_it_was(&self) -> io::Result<bool> {
        let held = self.pending.len().min(TAIL);
        let before = &self.pending[self.pending.len() - held..];
        let at = self.offset + (self.pending.len() - held) as u64;
        let same = |expected: &[u8], at: u64| {
            let mut bytes = vec![0; expected.len()];
            match self.file.read_exact_at(&mut bytes, at) {
                Ok(()) => Ok(bytes == expected),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
                Err(error) => Err(error),
            }
        };
        Ok(same(before, at)? && same(&self.tail, self.offset - self.tail.len() as u64)?)
    }

    fn cut(&mut self, cutting: &Cutting, flush: bool, last: bool, cuts: &mut Vec<Cut>) {
        let pending = std::mem::take(&mut self.pending);
        // Where the record at hand begins, and where the line at hand does.
        let (mut start, mut line) = (0, 0);
        if self.skipping {
            match memchr(&pending, 0) {
                Some(end) => {
                    self.skipping = false;
                    (start, line) = (end + 1, end + 1);
                    self.advance(&pending[..start]);
                }
                None => {
                    self.advance(&pending);
                    return;
                }
            }
        }
        while let Some(end) = memchr(&pending, line) {
            let begins = match &cutting.start {
                None => true,
                Some(start) => start.is_match(&formats::text::decode(&pending[line..end])),
            };
            if begins && line > start {
                self.emit(&pending[start..line], cutting.max, cuts);
                start = line;
            }
            line = end + 1;
            if cutting.start.is_none() || line - start > cutting.max {
                self.emit(&pending[start..line], cutting.max, cuts);
                start = line;
            }
        }
        if flush && line > start {
            self.emit(&pending[start..line], cutting.max, cuts);
            start = line;
        }
        let rest = &pending[start..];
        if last && !rest.is_empty() {
            self.emit(rest, cutting.max, cuts);
            return;
        }
        if line == start && rest.len() > cutting.max {
            self.skipping = true;
            self.emit(rest, cutting.max, cuts);
            return;
        }
        self.pending = rest.to_vec();
    }

    fn emit(&mut self, bytes: &[u8], max: usize, cuts: &mut Vec<Cut>) {
        self.advance(bytes);
        let raw = trim(bytes);
        if raw.is_empty() {
            return;
        }
        let truncated = raw.len() > max || self.skipping;
        cuts.push(Cut { raw: raw[..raw.len().min(max)].to_vec(), truncated, place: self.place() });
    }

    fn advance(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        let missing = HEAD - self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(missing)]);
        let kept = &bytes[bytes.len().saturating_sub(TAIL)..];
        let before = (TAIL - kept.len()).min(self.tail.len());
        self.tail.drain(..self.tail.len() - before);
        self.tail.extend_from_slice(kept);
    }
}

fn memchr(bytes: &[u8], from: usize) -> Option<usize> {
    bytes[from..].iter().position(|byte| *byte == b'\n').map(|at| from + at)
}

/// Without line ends at the end.
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b'\n' | b'\r'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::*;

    struct Written {
        _folder: tempfile::TempDir,
        path: PathBuf,
    }

    impl Written {
        fn new(content: &[u8]) -> Written {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.log");
            std::fs::write(&path, content).unwrap();
            Written { _folder: folder, path }
        }

        fn add(&self, content: &[u8]) {
            OpenOptions::new().append(true).open(&self.path).unwrap().write_all(content).unwrap();
        }

        fn follow(&self, place: FilePlace) -> Follow {
            Follow::new(&self.path, File::open(&self.path).unwrap(), place, 0).unwrap()
        }
    }

    fn lines() -> Cutting {
        Cutting { start: None, wait: Duration::from_secs(9), max: 100 }
    }

    fn texts(grown: &Grown) -> Vec<String> {
        grown.cuts.iter().map(|cut| String::from_utf8_lossy(&cut.raw).into_owned()).collect()
    }

    #[test]
    fn half_a_line_waits_for_its_end_and_every_place_resumes_exactly_there() {
        let written = Written::new(b"one\r\n\ntwo\nthr");
        let mut follow = written.follow(FilePlace::default());
        let grown = follow.read(&lines(), false).unwrap();
        assert_eq!(texts(&grown), ["one", "two"]);
        written.add(b"ee\nfour");
        let more = follow.read(&lines(), false).unwrap();
        assert_eq!(texts(&more), ["three"]);
        for (cut, rest) in grown.cuts.iter().zip([&["two", "three", "four"][..], &["three", "four"]]) {
            let mut resumed = written.follow(cut.place);
            assert!(cut.place.fits(&resumed.file));
            assert_eq!(texts(&resumed.read(&lines(), true).unwrap()), rest);
        }
        assert_eq!(texts(&follow.read(&lines(), true).unwrap()), ["four"], "the last line of a file that is gone");
    }

    #[test]
    fn a_file_that_was_cut_or_written_anew_is_read_from_its_beginning() {
        let written = Written::new(b"first line\nsecond line\nhalf");
        let mut follow = written.follow(FilePlace::default());
        follow.read(&lines(), false).unwrap();
        let place = follow.place();
        std::fs::write(&written.path, b"new\n").unwrap();
        let grown = follow.read(&lines(), false).unwrap();
        assert_eq!((texts(&grown), grown.replaced), (vec!["half".to_owned(), "new".into()], Some(place)));
        std::fs::write(&written.path, b"other and longer than before\n".repeat(3)).unwrap();
        let grown = follow.read(&lines(), false).unwrap();
        assert_eq!(texts(&grown).len(), 3, "longer than before, but not the same");
    }

    #[test]
    fn a_line_without_end_is_cut_once_and_its_rest_passed_over_also_after_a_restart() {
        let written = Written::new(&[b'x'; 150]);
        let mut follow = written.follow(FilePlace::default());
        let grown = follow.read(&lines(), false).unwrap();
        assert_eq!((grown.cuts.len(), grown.cuts[0].raw.len(), grown.cuts[0].truncated), (1, 100, true));
        written.add(b"yyy\nnext\n");
        let mut resumed = written.follow(grown.cuts[0].place);
        for follow in [&mut follow, &mut resumed] {
            assert_eq!(texts(&follow.read(&lines(), false).unwrap()), ["next"]);
        }
    }

    #[test]
    fn lines_belong_to_the_record_that_began_before_them() {
        let mut cutting = lines();
        cutting.start = Some(Regex::new(r"^\d{4}-").unwrap());
        let written = Written::new(b"2026-01 a\n at b\n at c\n2026-02 d\n at");
        let mut follow = written.follow(FilePlace::default());
        assert_eq!(texts(&follow.read(&cutting, false).unwrap()), ["2026-01 a\n at b\n at c"]);
        written.add(b" e\n");
        assert!(follow.read(&cutting, false).unwrap().cuts.is_empty(), "it may go on");
        cutting.wait = Duration::ZERO;
        assert_eq!(texts(&follow.read(&cutting, false).unwrap()), ["2026-02 d\n at e"]);
        assert_eq!(follow.place().offset, 38);
    }

    #[test]
    fn a_copy_is_told_from_another_file() {
        let content = b"some line that is long enough to tell it apart from others\n".repeat(4);
        let (written, copy) = (Written::new(&content), Written::new(&content[..150]));
        let other = Written::new(&b"another line that is long enough to tell it from the others\n".repeat(4));
        let follow = written.follow(FilePlace::default());
        assert!(follow.is_copied_by(&File::open(&copy.path).unwrap(), 150));
        assert!(!follow.is_copied_by(&File::open(&other.path).unwrap(), 240));
    }
}
