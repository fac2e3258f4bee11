//! A column of sorted keys. What the place of a key says of it is not written: keys are grouped by their first one or two
//! bytes once there are many, and only the other bytes are kept.

use crate::error::{Error, Result};

/// How a column of keys is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    /// How many keys.
    pub keys: u64,
    /// Bytes of a whole key.
    pub width: usize,
    /// Leading bytes that the group says: 0, 1 or 2.
    pub grouped: usize,
}

impl Layout {
    pub fn of(keys: usize, width: usize) -> Layout {
        let grouped = match keys {
            0..1024 => 0,
            1024..262_144 => 1,
            _ => 2,
        };
        Layout { keys: keys as u64, width, grouped: if width > 8 { 0 } else { grouped } }
    }

    pub fn check(&self) -> Result<()> {
        let fits = self.grouped <= 2 && self.grouped < self.width && self.keys < u64::from(u32::MAX);
        if fits { Ok(()) } else { Err(Error::Damaged("a column has an impossible layout")) }
    }

    /// How many groups.
    pub fn groups(&self) -> usize {
        1 << (8 * self.grouped)
    }

    /// Bytes of a key that are kept.
    pub fn kept(&self) -> usize {
        self.width - self.grouped
    }

    /// Bytes of the table of where each group begins; none where there is one group.
    pub fn table_len(&self) -> u64 {
        if self.grouped == 0 { 0 } else { (self.groups() as u64 + 1) * 4 }
    }

    pub fn len(&self) -> u64 {
        self.table_len() + self.keys * self.kept() as u64
    }
}

/// Writes sorted keys given as big-endian numbers.
pub(crate) fn encode(layout: Layout, keys: impl Iterator<Item = u128> + Clone, into: &mut Vec<u8>) {
    let shift = 8 * layout.kept() as u32;
    if layout.grouped > 0 {
        let mut starts = vec![0u32; layout.groups() + 1];
        for key in keys.clone() {
            starts[(key >> shift) as usize + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            into.extend_from_slice(&sum.to_le_bytes());
        }
    }
    for key in keys {
        into.extend_from_slice(&key.to_be_bytes()[16 - layout.kept()..]);
    }
}

/// The table of a column, checked: group `n` has the keys from `starts[n]` up to `starts[n + 1]`.
pub(crate) fn starts(layout: Layout, table: &[u8], into: &mut Vec<u32>) -> Result<()> {
    into.clear();
    if layout.grouped == 0 {
        into.extend([0, layout.keys as u32]);
        return Ok(());
    }
    into.extend(table.chunks_exact(4).map(|start| u32::from_le_bytes(start.try_into().expect("four bytes"))));
    let rises = into.is_sorted() && into.first() == Some(&0) && into.last() == Some(&(layout.keys as u32));
    if rises && into.len() == layout.groups() + 1 { Ok(()) } else { Err(Error::Damaged("a table does not rise")) }
}
