//! How one record stands in a segment.
//!
//! ```text
//! len u32 | crc32 u32 | kind u8 | sequence u64 | place in its group u32 | payload     (little endian)
//! ```
//! `len` counts everything after the checksum; the checksum covers `len` and everything after it. The place in the
//! group (records made durable by one `fdatasync`) tells a torn tail from rot: whatever stands before a later group
//! had been synced.

/// Bytes before the payload.
pub(super) const HEADER: usize = 8 + BODY_HEADER;
const BODY_HEADER: usize = 1 + 8 + 4;

/// No payload is longer than this: a length above it is not a length.
pub const MAX_PAYLOAD: usize = 16 << 20;

/// What a record is. Readers pass over kinds they do not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind(pub u8);

impl Kind {
    /// A log record as received: see [`super::DataEntry`].
    pub const DATA: Kind = Kind(1);
    /// A change of what judges the records (rules), as JSON.
    pub const CONTROL: Kind = Kind(2);
    /// The idempotency key of the records behind it: says nothing to whoever processes them.
    pub const ONCE: Kind = Kind(3);
}

/// A decoded record; the payload stays where it was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decoded<'b> {
    pub kind: Kind,
    pub sequence: u64,
    /// Sequence of the first record of its group.
    pub group: u64,
    pub payload: &'b [u8],
}

impl Decoded<'_> {
    /// Bytes it takes in the segment.
    pub fn size(&self) -> usize {
        HEADER + self.payload.len()
    }
}

/// What stands at some place of a segment.
#[derive(Debug)]
pub(super) enum Look<'b> {
    /// A whole record.
    Record(Decoded<'b>),
    /// Zeros or nothing: the end of what was written.
    End,
    /// More bytes are needed than were given: so many in all.
    Short(usize),
    /// Not a record.
    Bad(&'static str),
}

/// Appends a record to `out`.
pub(super) fn encode(out: &mut Vec<u8>, kind: Kind, sequence: u64, group: u64, payload: &[u8]) {
    let start = out.len();
    let len = (BODY_HEADER + payload.len()) as u32;
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.push(kind.0);
    out.extend_from_slice(&sequence.to_le_bytes());
    out.extend_from_slice(&((sequence - group) as u32).to_le_bytes());
    out.extend_from_slice(payload);
    let crc = checksum(&out[start..]);
    out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
}

/// Looks at the record that starts `bytes`.
pub(super) fn look(bytes: &[u8]) -> Look<'_> {
    let Some(len) = bytes.get(..4).map(u32_of) else {
        return if bytes.iter().all(|byte| *byte == 0) { Look::End } else { Look::Short(HEADER) };
    };
    let len = len as usize;
    if len == 0 {
        return Look::End;
    }
    if !(BODY_HEADER..=BODY_HEADER + MAX_PAYLOAD).contains(&len) {
        return Look::Bad("impossible length");
    }
    let Some(record) = bytes.get(..8 + len) else { return Look::Short(8 + len) };
    if checksum(record) != u32_of(&record[4..8]) {
        return Look::Bad("checksum does not fit");
    }
    let sequence = u64::from_le_bytes(record[9..17].try_into().expect("eight bytes were cut"));
    let place = u64::from(u32_of(&record[17..21]));
    let Some(group) = sequence.checked_sub(place) else { return Look::Bad("impossible group") };
    Look::Record(Decoded { kind: Kind(record[8]), sequence, group, payload: &record[HEADER..] })
}

/// The sequence and group a record would have if one started `bytes`: a cheap look before the checksum.
pub(super) fn claimed(bytes: &[u8]) -> Option<(u64, u64)> {
    let head = bytes.get(..HEADER)?;
    let sequence = u64::from_le_bytes(head[9..17].try_into().ok()?);
    Some((sequence, sequence.checked_sub(u64::from(u32_of(&head[17..21])))?))
}

fn checksum(record: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&record[..4]);
    crc.update(&record[8..]);
    crc.finalize()
}

fn u32_of(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes[..4].try_into().expect("four bytes were cut"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back_and_every_changed_byte_is_noticed() {
        let mut bytes = Vec::new();
        encode(&mut bytes, Kind::DATA, 300, 298, b"payload");
        let Look::Record(record) = look(&bytes) else { panic!("not a record") };
        assert_eq!((record.kind, record.sequence, record.group), (Kind::DATA, 300, 298));
        assert_eq!((record.payload, record.size()), (&b"payload"[..], bytes.len()));
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 0x41;
            assert!(!matches!(look(&changed), Look::Record(_) | Look::End), "byte {place}");
        }
        assert!(matches!(look(&bytes[..bytes.len() - 1]), Look::Short(_)));
        assert!(matches!(look(&[0; 64]), Look::End));
    }
}
