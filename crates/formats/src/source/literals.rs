//! Many literals found in one pass over a text, at a few instructions a byte however many there are.
//!
//! Of each literal the window of four bytes is taken that is rarest in the recorded samples. A text is read window by
//! window: one bit of a table small enough for the nearest cache says whether a literal may stand there, and only then
//! is one compared. (A table of states, as Aho and Corasick's, took five times as long: it misses the cache.)

use std::collections::BTreeMap;

/// Bytes of a window; literals of three have one of three.
const WINDOW: usize = 4;
const BITS: u32 = 16;

/// How often windows occur in logs.
pub struct Rarity {
    counts: Vec<u32>,
}

impl Rarity {
    /// As they do in these texts.
    pub fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Rarity {
        let mut counts = vec![0_u32; 1 << BITS];
        for text in texts {
            for window in text.as_bytes().windows(WINDOW) {
                counts[slot_of(window)] += 1;
            }
        }
        Rarity { counts }
    }

    /// The place of a literal's rarest window and how often that occurs; a short literal is taken to be everywhere.
    fn rarest(&self, literal: &[u8]) -> (usize, u32) {
        let windows = literal.windows(WINDOW).map(|window| self.counts[slot_of(window)]).enumerate();
        windows.min_by_key(|(_, count)| *count).unwrap_or((0, u32::MAX))
    }

    /// How often a literal can occur.
    pub fn count(&self, literal: &str) -> u32 {
        self.rarest(literal.as_bytes()).1
    }
}

/// The hash of a window of the usual width.
fn slot_of(window: &[u8]) -> usize {
    slot(u32::from_le_bytes([window[0], window[1], window[2], window[3]]))
}

/// A set of literals, each known by its number.
#[derive(Debug, Default)]
pub struct Literals {
    long: Table,
    /// Of literals shorter than a window.
    short: Table,
}

impl Literals {
    /// Of literals of three bytes and more.
    pub fn new(literals: &[String], rarity: &Rarity) -> Literals {
        let numbered = literals.iter().map(|literal| literal.as_bytes()).zip(0..);
        let (long, short): (Vec<_>, Vec<_>) = numbered.partition(|(literal, _)| literal.len() >= WINDOW);
        Literals {
            long: Table::new(&long, WINDOW, |literal| rarity.rarest(literal).0),
            short: Table::new(&short, WINDOW - 1, |_| 0),
        }
    }

    /// Calls `hit` with the number of every literal and each place it has in `text`.
    pub fn each(&self, text: &[u8], mut hit: impl FnMut(usize, usize)) {
        let mut window = 0_u32;
        for (last, byte) in text.iter().enumerate() {
            window = window >> 8 | u32::from(*byte) << 24;
            self.short.look_up(window >> 8, text, last, WINDOW - 1, &mut hit);
            self.long.look_up(window, text, last, WINDOW, &mut hit);
        }
    }
}

/// Literals by a window of theirs.
#[derive(Debug)]
struct Table {
    /// One bit for each hash of a window some literal has.
    filter: Box<[u64; 1 << (BITS - 6)]>,
    /// How many bits are set before each of its words.
    ranks: Box<[u16; 1 << (BITS - 6)]>,
    /// Where the literals of each set bit begin among `members`, and at last where they end.
    starts: Vec<u32>,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    literal: Box<[u8]>,
    /// Where its window stands in it.
    offset: usize,
    number: usize,
}

impl Default for Table {
    fn default() -> Self {
        Table::new(&[], WINDOW, |_| 0)
    }
}

impl Table {
    fn new(literals: &[(&[u8], usize)], width: usize, place: impl Fn(&[u8]) -> usize) -> Self {
        let mut by_slot = BTreeMap::<usize, Vec<Member>>::new();
        for (literal, number) in literals {
            let offset = place(literal);
            let window =
                literal[offset..offset + width].iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
            let member = Member { literal: (*literal).into(), offset, number: *number };
            by_slot.entry(slot(window)).or_default().push(member);
        }
        let mut table = Table {
            filter: Box::new([0; 1 << (BITS - 6)]),
            ranks: Box::new([0; 1 << (BITS - 6)]),
            starts: vec![0],
            members: Vec::new(),
        };
        for (slot, members) in by_slot {
            table.filter[slot >> 6] |= 1 << (slot & 63);
            table.members.extend(members);
            table.starts.push(table.members.len() as u32);
        }
        for word in 1..table.filter.len() {
            table.ranks[word] = table.ranks[word - 1] + table.filter[word - 1].count_ones() as u16;
        }
        table
    }

    #[inline(always)]
    fn look_up(&self, window: u32, text: &[u8], last: usize, width: usize, hit: &mut impl FnMut(usize, usize)) {
        let slot = slot(window);
        if self.filter[slot >> 6] >> (slot & 63) & 1 != 0 {
            self.compare(slot, text, last, width, hit);
        }
    }

    #[inline(never)]
    fn compare(&self, slot: usize, text: &[u8], last: usize, width: usize, hit: &mut impl FnMut(usize, usize)) {
        let before = self.filter[slot >> 6] & ((1 << (slot & 63)) - 1);
        let rank = usize::from(self.ranks[slot >> 6]) + before.count_ones() as usize;
        for member in &self.members[self.starts[rank] as usize..self.starts[rank + 1] as usize] {
            let start = (last + 1).checked_sub(width + member.offset);
            if let Some(start) = start.filter(|start| text[*start..].starts_with(&member.literal)) {
                hit(member.number, start);
            }
        }
    }
}

fn slot(word: u32) -> usize {
    (word.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_a_plain_search_finds(
            literals in proptest::collection::btree_set("[ab=]{3,6}", 1..12),
            text in "[ab=c]{0,60}",
            sample in "[ab=c]{0,60}",
        ) {
            let literals: Vec<String> = literals.into_iter().collect();
            let set = Literals::new(&literals, &Rarity::of(std::iter::once(sample.as_str())));
            let mut found = vec![false; literals.len()];
            set.each(text.as_bytes(), |number, at| {
                found[number] = true;
                assert!(text[at..].starts_with(literals[number].as_str()));
            });
            let plain: Vec<bool> = literals.iter().map(|literal| text.contains(literal.as_str())).collect();
            prop_assert_eq!(found, plain);
        }
    }
}
