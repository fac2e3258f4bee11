//! A run on disk: a head, the columns of keys, and each key's figures, which only what is found has read.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::column::Layout;
use crate::error::{Error, Result};

const MAGIC: &[u8; 8] = b"vdtsee02";
/// Bytes of the head.
pub(crate) const HEAD: usize = 128;

/// What a run was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunInfo {
    /// The SHA-256 of the file of events.
    pub of: [u8; 32],
    /// Its rows.
    pub rows: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub of: [u8; 32],
    pub rows: u64,
    /// The earliest time of any key; the others count from here.
    pub base: i64,
    /// Bytes of a time.
    pub time_width: usize,
    /// The columns: IPv4, IPv6, named.
    pub layouts: [Layout; 3],
    /// Checksums of the columns and of the figures.
    pub columns: u32,
    pub figures: u32,
}

/// An open run.
#[derive(Debug)]
pub struct Run {
    file: File,
    pub(crate) header: Header,
}

impl Header {
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.of);
        bytes.extend_from_slice(&self.rows.to_le_bytes());
        bytes.extend_from_slice(&self.base.to_le_bytes());
        bytes.push(self.time_width as u8);
        for layout in self.layouts {
            bytes.push(layout.grouped as u8);
            bytes.extend_from_slice(&layout.keys.to_le_bytes());
        }
        bytes.extend_from_slice(&self.columns.to_le_bytes());
        bytes.extend_from_slice(&self.figures.to_le_bytes());
        bytes.resize(HEAD - 4, 0);
        let check = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&check.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8; HEAD]) -> Result<Header> {
        let check = u32::from_le_bytes(bytes[HEAD - 4..].try_into().expect("four bytes"));
        if &bytes[..8] != MAGIC || crc32fast::hash(&bytes[..HEAD - 4]) != check {
            return Err(Error::Damaged("it does not begin as one"));
        }
        let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let short = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let layout = |at: usize, width| Layout { grouped: usize::from(bytes[at]), keys: long(at + 1), width };
        let header = Header {
            of: bytes[8..40].try_into().expect("32 bytes"),
            rows: long(40),
            base: long(48) as i64,
            time_width: usize::from(bytes[56]),
            layouts: [layout(57, 4), layout(66, 16), layout(75, 8)],
            columns: short(84),
            figures: short(88),
        };
        header.layouts.iter().try_for_each(Layout::check)?;
        if !(1..=8).contains(&header.time_width) {
            return Err(Error::Damaged("its times have an impossible width"));
        }
        Ok(header)
    }

    /// Where a column begins.
    pub fn column(&self, which: usize) -> u64 {
        HEAD as u64 + self.layouts[..which].iter().map(Layout::len).sum::<u64>()
    }

    /// Where the figures begin, and how many bytes a key's take.
    pub fn figures(&self) -> (u64, usize) {
        (self.column(self.layouts.len()), 2 * self.time_width + 4)
    }

    pub fn len(&self) -> u64 {
        let (figures, each) = self.figures();
        figures + self.layouts.iter().map(|layout| layout.keys).sum::<u64>() * each as u64
    }
}

impl Run {
    /// Opens a run and reads its head; `of` is what it must have been made of.
    pub fn open(path: &Path, of: &RunInfo) -> Result<Run> {
        let run = Run::open_any(path)?;
        if (run.header.of, run.header.rows) == (of.of, of.rows) { Ok(run) } else { Err(Error::Foreign) }
    }

    /// Opens a run, whatever it was made of.
    pub fn open_any(path: &Path) -> Result<Run> {
        let file = File::open(path)?;
        let mut head = [0u8; HEAD];
        file.read_exact_at(&mut head, 0).map_err(|_| Error::Damaged("it is too short"))?;
        let header = Header::decode(&head)?;
        Ok(Run { file, header })
    }

    /// How many keys it has.
    pub fn keys(&self) -> u64 {
        self.header.layouts.iter().map(|layout| layout.keys).sum()
    }

    /// Bytes of its keys, which are what a list is held against.
    pub fn key_bytes(&self) -> u64 {
        self.header.layouts.iter().map(Layout::len).sum()
    }

    /// Reads all of it and compares the checksums.
    pub fn check(&self) -> Result<()> {
        let length = self.file.metadata()?.len();
        if length != self.header.len() {
            return Err(Error::Damaged("it has another length than it says"));
        }
        let (figures, _) = self.header.figures();
        let parts = [(HEAD as u64, figures, self.header.columns), (figures, length, self.header.figures)];
        let mut block = vec![0u8; 1 << 18];
        for (mut at, end, expected) in parts {
            let mut check = crc32fast::Hasher::new();
            while at < end {
                let count = block.len().min((end - at) as usize);
                self.read(at, &mut block[..count])?;
                check.update(&block[..count]);
                at += count as u64;
            }
            if check.finalize() != expected {
                return Err(Error::Damaged("its checksum is another"));
            }
        }
        Ok(())
    }

    pub(crate) fn read(&self, at: u64, into: &mut [u8]) -> Result<()> {
        self.file.read_exact_at(into, at).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Error::Damaged("it is too short"),
            _ => Error::Read(error),
        })
    }
}
