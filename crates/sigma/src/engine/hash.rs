//! Hashes that do not tell ASCII letters' cases apart, so that text need not be folded to be looked up, and a table of
//! such hashes. Two texts may share one: who finds something has found "perhaps".

use std::hash::{BuildHasherDefault, Hasher};

/// The bit that makes an ASCII letter small; other characters it changes are confused with each other.
const SMALL: u64 = 0x2020_2020_2020_2020;
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of ASCII text of any case, or of folded text.
pub(crate) fn hash(text: &[u8]) -> u64 {
    let mut hash = (text.len() as u64).wrapping_mul(FACTOR);
    let (words, rest) = text.as_chunks::<8>();
    for word in words {
        hash = mix(hash, u64::from_le_bytes(*word) | SMALL);
    }
    if !rest.is_empty() {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        hash = mix(hash, u64::from_le_bytes(word) | SMALL);
    }
    hash ^ hash >> 32
}

fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR)
}

/// Makes hashes of texts, and of numbers that are hashes, for sets that are fixed: nobody can fill them with what
/// shares one.
pub(crate) type Quick = BuildHasherDefault<QuickHasher>;

/// Hashes one text.
#[derive(Debug, Default)]
pub(crate) struct QuickHasher(u64);

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= hash(bytes);
    }

    fn write_u8(&mut self, _end: u8) {}

    fn write_u64(&mut self, number: u64) {
        self.0 ^= number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A stretch of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub start: u32,
    pub end: u32,
}

impl Stretch {
    /// What of `list` it is.
    pub(crate) fn of(self, list: &[u32]) -> &[u32] {
        &list[self.start as usize..self.end as usize]
    }
}

/// Stretches by hash.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Box<[(u64, Stretch)]>,
    shift: u32,
}

impl Table {
    /// A table of these.
    pub(crate) fn new(entries: &[(u64, Stretch)]) -> Self {
        if entries.is_empty() {
            return Table::default();
        }
        let size = (entries.len() * 2).next_power_of_two().max(2);
        let mut table = Table { slots: vec![(0, Stretch::default()); size].into(), shift: 64 - size.trailing_zeros() };
        for (hash, stretch) in entries {
            let mut slot = table.first(*hash);
            while table.slots[slot].1 != Stretch::default() {
                slot = (slot + 1) % size;
            }
            table.slots[slot] = (*hash, *stretch);
        }
        table
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// What stands under the hash; an empty stretch where nothing does.
    pub(crate) fn get(&self, hash: u64) -> Stretch {
        let mut slot = self.first(hash);
        loop {
            let (found, stretch) = self.slots[slot];
            if found == hash || stretch == Stretch::default() {
                return stretch;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    fn first(&self, hash: u64) -> usize {
        (hash.wrapping_mul(FACTOR) >> self.shift) as usize
    }

    /// Bytes it takes.
    pub(crate) fn size(&self) -> usize {
        size_of_val(&*self.slots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_ignore_case_and_little_else() {
        assert_eq!(hash(b"C:\\Windows\\System32\\CMD.exe"), hash(b"c:\\windows\\system32\\cmd.EXE"));
        let texts: Vec<String> = (0..20_000).map(|number| format!("{}{number}", "x".repeat(number % 11))).collect();
        let mut hashes: Vec<u64> = texts.iter().map(|text| hash(text.as_bytes())).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), texts.len());
    }

    #[test]
    fn a_table_gives_back_what_was_put_in_and_nothing_else() {
        for count in [1_u32, 2, 3, 100, 1000] {
            let entry = |number: u32| (hash(number.to_string().as_bytes()), Stretch { start: number, end: number + 1 });
            let table = Table::new(&(0..count).map(entry).collect::<Vec<_>>());
            assert!((0..count).all(|number| table.get(entry(number).0) == entry(number).1));
            assert!((count..count + 1000).all(|number| table.get(entry(number).0) == Stretch::default()));
        }
    }
}
