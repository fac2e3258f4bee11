//! The mark of a request with an idempotency key, as it stands in the log before the request's records.
//!
//! ```text
//! version u8 = 1 | key [16] | owner [8] | body [8] | total u32 | offset u32 | count u32 | at i64     (little endian)
//! ```

use model::Timestamp;
use sha2::{Digest, Sha256};

use super::{Key, Owner};
use crate::intake::Record;

const VERSION: u8 = 1;
const LEN: usize = 1 + 16 + 8 + 8 + 4 + 4 + 4 + 8;

/// One request, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub key: Key,
    pub owner: Owner,
    pub body: [u8; 8],
    /// Records of the whole request.
    pub total: u32,
    /// Which of them comes first after this mark,
    pub offset: u32,
    /// and how many do.
    pub count: u32,
    /// When it was received.
    pub at: Timestamp,
}

impl Mark {
    pub fn new(device: &str, key: &str, body: [u8; 8], total: u32, at: Timestamp) -> Self {
        let owner = cut(Sha256::digest(device));
        let mut hash = Sha256::new();
        hash.update((device.len() as u64).to_le_bytes());
        hash.update(device);
        hash.update(key);
        Mark { key: cut(hash.finalize()), owner, body, total, offset: 0, count: 0, at }
    }

    /// Tells one request's records from another's.
    pub fn body_of(records: &[Record]) -> [u8; 8] {
        let mut hash = Sha256::new();
        for record in records {
            hash.update((record.raw.len() as u64).to_le_bytes());
            hash.update(&record.raw);
        }
        cut(hash.finalize())
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(LEN);
        out.push(VERSION);
        out.extend_from_slice(&self.key);
        out.extend_from_slice(&self.owner);
        out.extend_from_slice(&self.body);
        for number in [self.total, self.offset, self.count] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.at.as_micros().to_le_bytes());
        out
    }

    /// The inverse; nothing for what a newer version wrote.
    pub fn decode(bytes: &[u8]) -> Option<Mark> {
        let (version, rest) = bytes.split_first()?;
        if *version != VERSION {
            return None;
        }
        let (key, rest) = rest.split_first_chunk()?;
        let (owner, rest) = rest.split_first_chunk()?;
        let (body, rest) = rest.split_first_chunk()?;
        let (total, rest) = rest.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        let (at, _) = rest.split_first_chunk()?;
        let number = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes);
        Some(Mark {
            key: *key,
            owner: *owner,
            body: *body,
            total: number(total),
            offset: number(offset),
            count: number(count),
            at: Timestamp::from_micros(i64::from_le_bytes(*at)),
        })
    }
}

fn cut<const N: usize>(digest: impl AsRef<[u8]>) -> [u8; N] {
    *digest.as_ref().first_chunk().expect("a SHA-256 is longer than any cut of it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_back_and_half_a_mark_is_none() {
        let mark = Mark { offset: 3, count: 9, ..Mark::new("dev_1", "key", [1; 8], 12, Timestamp::from_micros(-5)) };
        let bytes = mark.encode();
        assert_eq!((bytes.len(), Mark::decode(&bytes)), (LEN, Some(mark)));
        assert!(Mark::decode(&bytes[..LEN - 1]).is_none());
        assert!(Mark::decode(&[2; LEN]).is_none());
    }

    #[test]
    fn requests_are_told_apart_by_their_records_and_where_they_end() {
        let of = |texts: &[&str]| {
            Mark::body_of(&texts.iter().map(|text| Record::from(text.as_bytes().to_vec())).collect::<Vec<_>>())
        };
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        assert_ne!(of(&["a", "b"]), of(&["ab"]));
    }
}
