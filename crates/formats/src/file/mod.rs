//! Opening log files: EVTX, JSON (lines, a pretty-printed document, an array) and plain lines, each also compressed
//! with gzip or zstd. A document that holds a list of records gives each of them. What a file is, its first bytes say; its name does not count. Decompression is streamed.

mod evtx;
mod json;
mod lines;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::split;
pub use json::spans_lines;

/// Bytes looked at to tell formats apart.
const PEEK: u64 = 256 * 1024;

/// The longest record taken from a file; a longer line is cut, a longer JSON value is an error.
pub const MAX_RECORD: usize = 16 << 20;

/// One record of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The EVTX record id, otherwise the number of the line it starts on, from 1.
    pub number: u64,
    /// Its text.
    pub text: String,
}

/// What went wrong with a file; reading may go on after it where the iterator has more.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be opened.
    #[error("cannot open {path}")]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It could not be read on: the disk, or a damaged compression.
    #[error("cannot read {path} after {place}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// How far it was read.
        place: String,
        /// Why not.
        source: io::Error,
    },
    /// A part of it is damaged.
    #[error("{path}: {place} is damaged: {problem}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Which part.
        place: String,
        /// In what way.
        problem: String,
    },
}

/// The records of one file, in the file's order.
pub struct Records {
    reader: Box<dyn Iterator<Item = Result<Record, FileError>> + Send>,
    /// Records of one document, still to be given.
    ready: VecDeque<Record>,
}

impl Iterator for Records {
    type Item = Result<Record, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(record) = self.ready.pop_front() {
            return Some(Ok(record));
        }
        let record = match self.reader.next()? {
            Ok(record) if record.text.starts_with(['{', '[']) => record,
            other => return Some(other),
        };
        let texts = split::records(&record.text);
        if texts.len() == 1 && texts[0].len() == record.text.len() {
            return Some(Ok(record));
        }
        let number = record.number;
        self.ready = texts.into_iter().map(|text| Record { number, text: text.into_owned() }).collect();
        self.ready.pop_front().map(Ok)
    }
}

/// Opens a file.
pub fn open(path: &Path) -> Result<Records, FileError> {
    let failed = |source| FileError::Open { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    records(Box::new(file), path)
}

/// The records of a stream that is named `path` in errors.
pub fn records(stream: Box<dyn Read + Send>, path: &Path) -> Result<Records, FileError> {
    let input = Peeked::new(stream);
    let input = match input.start() {
        [0x1f, 0x8b, ..] => Peeked::new(Box::new(flate2::read::MultiGzDecoder::new(input))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let decoder =
                zstd::Decoder::new(input).map_err(|source| FileError::Open { path: path.to_owned(), source })?;
            Peeked::new(Box::new(decoder))
        }
        _ => input,
    };
    let path = path.to_owned();
    let start = input.start();
    let reader: Box<dyn Iterator<Item = Result<Record, FileError>> + Send> = if start.starts_with(evtx::MAGIC) {
        Box::new(evtx::EvtxRecords::new(input, path))
    } else if json::spans_lines(start) {
        Box::new(json::JsonRecords::new(input, path))
    } else {
        Box::new(lines::LineRecords::new(input, path))
    };
    Ok(Records { reader, ready: VecDeque::new() })
}

/// A stream whose first bytes were looked at.
struct Peeked {
    start: io::Cursor<Vec<u8>>,
    /// What went wrong while looking: reported when reading gets there.
    failed: Option<io::Error>,
    rest: Box<dyn Read + Send>,
}

impl Peeked {
    fn new(mut rest: Box<dyn Read + Send>) -> Self {
        let mut start = Vec::new();
        let failed = rest.by_ref().take(PEEK).read_to_end(&mut start).err();
        Peeked { start: io::Cursor::new(start), failed, rest }
    }

    fn start(&self) -> &[u8] {
        self.start.get_ref()
    }
}

impl Read for Peeked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.start.read(buffer)? {
            0 if !buffer.is_empty() => match self.failed.take() {
                Some(error) => Err(error),
                None => self.rest.read(buffer),
            },
            count => Ok(count),
        }
    }
}
