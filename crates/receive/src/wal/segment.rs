//! Segments: files of records whose name and header say the sequence they start with.

use std::io;
use std::path::{Path, PathBuf};

use super::disk::{Disk, DiskFile};
use super::record::{self, Look};

/// Bytes before the first record.
pub(super) const HEADER: u64 = 32;
const MAGIC: &[u8; 8] = b"VEDWAL\x00\x01";
const SUFFIX: &str = ".wal";
/// More records than any segment holds.
const MAX_IN_SEGMENT: u64 = 1 << 32;

/// What a segment says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub log: u32,
    pub shard: u16,
    /// Sequence of its first record.
    pub first: u64,
}

impl Header {
    pub(super) fn encode(&self) -> [u8; HEADER as usize] {
        let mut bytes = [0; HEADER as usize];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&self.log.to_le_bytes());
        bytes[12..14].copy_from_slice(&self.shard.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..24]);
        bytes[24..28].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Header> {
        let bytes: &[u8; HEADER as usize] = bytes.get(..HEADER as usize)?.try_into().ok()?;
        let crc = u32::from_le_bytes(bytes[24..28].try_into().ok()?);
        if &bytes[..8] != MAGIC || crc32fast::hash(&bytes[..24]) != crc {
            return None;
        }
        Some(Header {
            log: u32::from_le_bytes(bytes[8..12].try_into().ok()?),
            shard: u16::from_le_bytes(bytes[12..14].try_into().ok()?),
            first: u64::from_le_bytes(bytes[16..24].try_into().ok()?),
        })
    }

    /// The header of an open segment; nothing where it is not one.
    pub(super) fn read(file: &dyn DiskFile) -> io::Result<Option<Header>> {
        let mut bytes = [0; HEADER as usize];
        let count = file.read_at(&mut bytes, 0)?;
        Ok(Header::decode(&bytes[..count]))
    }
}

/// The file of the segment that starts with `first`; text order is log order.
pub(super) fn path(dir: &Path, shard: u16, first: u64) -> PathBuf {
    dir.join(format!("{shard:04x}-{first:016x}{SUFFIX}"))
}

/// The first sequence a file name tells, if it is a segment of `shard`.
pub(super) fn first_of(name: &str, shard: u16) -> Option<u64> {
    let (of, first) = name.strip_suffix(SUFFIX)?.split_once('-')?;
    (u16::from_str_radix(of, 16).ok()? == shard).then_some(())?;
    u64::from_str_radix(first, 16).ok()
}

/// Makes a segment that outlives a power cut before anything is written to it.
pub(super) fn create(disk: &dyn Disk, dir: &Path, header: Header, reserve: u64) -> io::Result<Box<dyn DiskFile>> {
    let file = disk.create(&path(dir, header.shard, header.first))?;
    file.reserve(reserve)?;
    file.write_at(&header.encode(), 0)?;
    file.sync()?;
    disk.sync_dir(dir)?;
    Ok(file)
}

/// Where the good part of a segment ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct End {
    /// Offset after the last good record.
    pub offset: u64,
    /// The sequence that would come next.
    pub next: u64,
    /// Bytes that are not zero follow: a write that was never finished.
    pub torn: bool,
}

/// A record that had been made durable does not read back.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rot {
    pub offset: u64,
    pub what: &'static str,
}

/// Walks the records in `bytes` (a whole segment) and says where they end, or that a durable one is damaged.
pub(super) fn walk(bytes: &[u8], first: u64) -> Result<End, Rot> {
    let mut offset = (HEADER as usize).min(bytes.len());
    let mut next = first;
    let what = loop {
        match record::look(&bytes[offset..]) {
            Look::Record(record) if record.sequence == next => {
                offset += record.size();
                next += 1;
            }
            Look::Record(_) => break "sequence out of order",
            Look::Bad(what) => break what,
            Look::End | Look::Short(_) => break "zeros before a later record",
        }
    };
    let rest = &bytes[offset..];
    let torn = rest.iter().any(|byte| *byte != 0);
    // A group is written only after the one before was synced, so a record of a later group proves that what does
    // not read here had been durable.
    if torn && later_group(rest, next) {
        return Err(Rot { offset: offset as u64, what });
    }
    Ok(End { offset: offset as u64, next, torn })
}

/// Whether some record in `bytes` belongs to a group that began after `sequence`.
fn later_group(bytes: &[u8], sequence: u64) -> bool {
    let mut offset = 0;
    while let Some(found) = bytes[offset..].iter().position(|byte| *byte != 0) {
        // The low bytes of a length may be zeros.
        let start = (offset + found).saturating_sub(3).max(offset);
        for at in start..=offset + found {
            let claimed = record::claimed(&bytes[at..]);
            let near = claimed.is_some_and(|(of, group)| group > sequence && of - sequence < MAX_IN_SEGMENT);
            if near && matches!(record::look(&bytes[at..]), Look::Record(record) if record.group > sequence) {
                return true;
            }
        }
        offset += found + 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wal::record::{Kind, encode};

    /// Three groups: 1-2, 3-4, 5.
    fn segment() -> (Vec<u8>, Vec<usize>) {
        let mut bytes = Header { log: 1, shard: 0, first: 1 }.encode().to_vec();
        let mut starts = Vec::new();
        for (sequence, group) in [(1, 1), (2, 1), (3, 3), (4, 3), (5, 5)] {
            starts.push(bytes.len());
            encode(&mut bytes, Kind::DATA, sequence, group, format!("record {sequence}").as_bytes());
        }
        bytes.extend([0; 100]);
        (bytes, starts)
    }

    #[test]
    fn a_header_reads_back_and_the_file_name_tells_the_same() {
        let header = Header { log: 0xdead_beef, shard: 3, first: 77 };
        assert_eq!(Header::decode(&header.encode()), Some(header));
        let path = path(Path::new(""), 3, 77);
        assert_eq!(first_of(path.to_str().unwrap(), 3), Some(77));
        assert_eq!(first_of(path.to_str().unwrap(), 0), None);
        assert_eq!(first_of("log", 0), None);
    }

    #[test]
    fn a_whole_segment_ends_after_its_last_record() {
        let (bytes, _) = segment();
        let end = walk(&bytes, 1).unwrap();
        assert_eq!(end, End { offset: bytes.len() as u64 - 100, next: 6, torn: false });
    }

    #[test]
    fn damage_in_the_last_group_is_a_torn_tail_and_damage_before_it_is_an_error_with_its_place() {
        let (good, starts) = segment();
        let mut torn = good.clone();
        torn[starts[4] + 25] ^= 1;
        assert_eq!(walk(&torn, 1), Ok(End { offset: starts[4] as u64, next: 5, torn: true }));

        for damaged in 0..4 {
            let mut rotten = good.clone();
            rotten[starts[damaged] + 25] ^= 1;
            let rot = walk(&rotten, 1).unwrap_err();
            assert_eq!((rot.offset, rot.what), (starts[damaged] as u64, "checksum does not fit"));
        }
    }

    #[test]
    fn a_page_of_zeros_over_durable_records_is_noticed() {
        let (mut bytes, starts) = segment();
        bytes[starts[1]..starts[3]].fill(0);
        assert_eq!(walk(&bytes, 1).unwrap_err().offset, starts[1] as u64);
    }

    #[test]
    fn a_tail_whose_pages_came_out_of_order_is_cut_where_the_first_is_missing() {
        let mut bytes = Header { log: 1, shard: 0, first: 1 }.encode().to_vec();
        let mut starts = Vec::new();
        for sequence in 1..=4 {
            starts.push(bytes.len());
            encode(&mut bytes, Kind::DATA, sequence, 1, b"same group");
        }
        bytes[starts[1]..starts[2]].fill(0);
        assert_eq!(walk(&bytes, 1), Ok(End { offset: starts[1] as u64, next: 2, torn: true }));
    }
}
