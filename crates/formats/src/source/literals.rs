//! Many literals found in one pass over a text, at a few instructions a byte however many there are.
//!
//! Of each literal the two neighbouring windows of four bytes are taken that are rarest in the recorded samples. A text
//! is read at every second byte, so one of the two is met: one bit of a table small enough for the nearest cache says
//! whether a literal may stand there, and only then is one compared. (A table of states, as Aho and Corasick's, took
//! five times as long: it misses the cache.)

use std::sync::Arc;

/// Bytes of a window, and of one of a literal too short to have two of those.
const WINDOW: usize = 4;
const PAIR: usize = 2;
const BITS: u32 = 16;

/// How often windows occur in logs.
pub struct Rarity {
    counts: Vec<u32>,
    pairs: Vec<u32>,
}

impl Rarity {
    /// As they do in these texts.
    pub fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Rarity {
        let (mut counts, mut pairs) = (vec![0_u32; 1 << BITS], vec![0_u32; 1 << BITS]);
        for text in texts {
            text.as_bytes().windows(WINDOW).for_each(|window| counts[slot_of(window)] += 1);
            text.as_bytes().windows(PAIR).for_each(|pair| pairs[slot_of(pair)] += 1);
        }
        Rarity { counts, pairs }
    }

    /// How often a literal can occur: as often as its rarest window; a short literal is taken to be everywhere.
    pub fn count(&self, literal: &str) -> u32 {
        let windows = literal.as_bytes().windows(WINDOW).map(|window| self.counts[slot_of(window)]);
        windows.min().unwrap_or(u32::MAX)
    }

    /// The place of the rarest two neighbouring windows of a width in a literal.
    fn rarest(&self, literal: &[u8], width: usize) -> usize {
        let counts = if width == PAIR { &self.pairs } else { &self.counts };
        let both = literal
            .windows(width + 1)
            .map(|windows| u64::from(counts[slot_of(&windows[..width])]) + u64::from(counts[slot_of(&windows[1..])]));
        both.enumerate().min_by_key(|(_, count)| *count).map_or(0, |(place, _)| place)
    }
}

/// The place of a window in a table: a pair as it is, four bytes by a hash.
fn slot_of(window: &[u8]) -> usize {
    match *window {
        [one, two] => usize::from(u16::from_le_bytes([one, two])),
        [one, two, three, four] => slot(u32::from_le_bytes([one, two, three, four])),
        _ => unreachable!("windows are of two or four bytes"),
    }
}

/// A set of literals, each known by its number.
#[derive(Debug, Default)]
pub struct Literals {
    long: Table,
    /// Of literals too short for two windows, by pairs.
    short: Table,
}

impl Literals {
    /// Of literals of three bytes and more.
    pub fn new(literals: &[String], rarity: &Rarity) -> Literals {
        let numbered = literals.iter().map(|literal| literal.as_bytes()).zip(0..);
        let (long, short): (Vec<_>, Vec<_>) = numbered.partition(|(literal, _)| literal.len() > WINDOW);
        let table = |literals: &[_], width| Table::new(literals, width, |literal| rarity.rarest(literal, width));
        Literals { long: table(&long, WINDOW), short: table(&short, PAIR) }
    }

    /// Calls `hit` with the number of every literal and each place it has in `text`.
    pub fn each(&self, text: &[u8], mut hit: impl FnMut(usize, usize)) {
        let mut at = 0;
        while let Some(eight) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let eight = u64::from_le_bytes(*eight);
            for window in [0, 2] {
                let bits = eight >> (window * 8);
                self.short.look_up((bits & 0xffff) as usize, text, at + window, &mut hit);
                self.long.look_up(slot(bits as u32), text, at + window, &mut hit);
            }
            at += 4;
        }
        while let Some(pair) = text.get(at..).and_then(|rest| rest.first_chunk::<PAIR>()) {
            self.short.look_up(slot_of(pair), text, at, &mut hit);
            if let Some(window) = text[at..].first_chunk::<WINDOW>() {
                self.long.look_up(slot_of(window), text, at, &mut hit);
            }
            at += 2;
        }
    }
}

/// Literals by two windows of theirs.
#[derive(Debug)]
struct Table {
    /// One bit for each slot of a window some literal has.
    filter: Box<[u64; 1 << (BITS - 6)]>,
    /// Where the members of each of its words begin, and at last where they end.
    starts: Box<[u32; (1 << (BITS - 6)) + 1]>,
    /// By slot.
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    slot: u16,
    /// Where its window stands in it.
    offset: u32,
    /// The place and value of a byte beside the window: where it differs, nothing else is compared.
    beside: (u32, u8),
    number: u32,
    literal: Arc<[u8]>,
}

impl Default for Table {
    fn default() -> Self {
        Table::new(&[], WINDOW, |_| 0)
    }
}

impl Table {
    fn new(literals: &[(&[u8], usize)], width: usize, place: impl Fn(&[u8]) -> usize) -> Self {
        let mut members = Vec::with_capacity(literals.len() * 2);
        for (text, number) in literals {
            let (place, literal) = (place(text), Arc::<[u8]>::from(*text));
            for offset in [place, place + 1] {
                let beside = if offset > 0 { offset - 1 } else { offset + width };
                members.push(Member {
                    slot: slot_of(&text[offset..offset + width]) as u16,
                    offset: offset as u32,
                    beside: (beside as u32, text[beside]),
                    number: *number as u32,
                    literal: literal.clone(),
                });
            }
        }
        members.sort_by_key(|member| member.slot);
        let mut filter = Box::new([0; 1 << (BITS - 6)]);
        members.iter().for_each(|member| filter[usize::from(member.slot >> 6)] |= 1 << (member.slot & 63));
        let mut starts = Box::new([0; (1 << (BITS - 6)) + 1]);
        for (word, start) in starts.iter_mut().enumerate() {
            *start = members.partition_point(|member| usize::from(member.slot >> 6) < word) as u32;
        }
        Table { filter, starts, members }
    }

    /// `at` is where the window of this slot stands in the text.
    #[inline(always)]
    fn look_up(&self, slot: usize, text: &[u8], at: usize, hit: &mut impl FnMut(usize, usize)) {
        if self.filter[slot >> 6] >> (slot & 63) & 1 != 0 {
            self.compare(slot, text, at, hit);
        }
    }

    #[inline(never)]
    fn compare(&self, slot: usize, text: &[u8], at: usize, hit: &mut impl FnMut(usize, usize)) {
        let [first, end] = [slot >> 6, (slot >> 6) + 1].map(|word| self.starts[word] as usize);
        for member in self.members[first..end].iter().filter(|member| usize::from(member.slot) == slot) {
            let Some(start) = at.checked_sub(member.offset as usize) else { continue };
            let (place, byte) = member.beside;
            if text.get(start + place as usize) == Some(&byte) && text[start..].starts_with(&member.literal) {
                hit(member.number as usize, start);
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
        fn it_finds_what_a_plain_search_finds_and_each_place_once(
            literals in proptest::collection::btree_set("[ab=]{3,7}", 1..12),
            text in "[ab=c]{0,60}",
            sample in "[ab=c]{0,60}",
        ) {
            let literals: Vec<String> = literals.into_iter().collect();
            let set = Literals::new(&literals, &Rarity::of(std::iter::once(sample.as_str())));
            let mut found = vec![0; literals.len()];
            set.each(text.as_bytes(), |number, at| {
                found[number] += 1;
                assert!(text[at..].starts_with(literals[number].as_str()));
            });
            let places = |literal: &String| (0..text.len()).filter(|at| text[*at..].starts_with(literal)).count();
            let plain: Vec<usize> = literals.iter().map(places).collect();
            prop_assert_eq!(found, plain);
        }
    }
}
