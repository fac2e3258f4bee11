//! Many words looked for in a text at once: of each word the rarest four characters stand in a small bitmap, and only
//! where four characters of the text do is the word itself compared. ASCII letters' cases are not told apart, so the
//! text need not be folded first.
//!
//! Where every word is long enough only every second or fourth place of the text is looked at; a word then has four
//! characters for each way it may fall on those places.

use super::hash::Stretch;

/// A word to look for.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    /// Folded.
    pub text: Box<str>,
    /// Whether it must begin the text.
    pub begins: bool,
    /// Whether it must end the text.
    pub ends: bool,
    /// What it stands for.
    pub rules: Stretch,
}

/// Words of one width in tables.
#[derive(Debug)]
pub(crate) struct Grams {
    filter: Filter,
    mask: u32,
    width: usize,
    stride: usize,
    /// Gram and the first of its entries, plus one.
    table: Box<[(u32, u32)]>,
    table_shift: u32,
    entries: Box<[Entry]>,
    bytes: Box<[u8]>,
}

/// Where the grams stand by hash.
#[derive(Debug)]
enum Filter {
    Bytes(Box<[u8; SMALL_FILTER]>),
    Bits(Box<[u64]>),
}

#[derive(Debug)]
struct Entry {
    start: u32,
    length: u32,
    offset: u32,
    begins: bool,
    ends: bool,
    /// Whether the next entry is of another gram.
    last: bool,
    rules: Stretch,
}

const SMALL: u32 = 0x2020_2020;
const FACTOR: u32 = 0x9e37_79b1;
/// What a look at one place costs and the comparison of one word, in nanoseconds.
const LOOK: f32 = 0.8;
const COMPARE: f32 = 15.0;
/// How far apart the places may be that are looked at.
const STRIDES: [usize; 6] = [1, 2, 3, 4, 6, 8];
/// Up to so many grams have a byte each in a small table of their own, which is looked at faster than a bitmap.
const FEW: usize = 160;
/// Bytes of that table.
const SMALL_FILTER: usize = 4096;
/// Words of the bitmap of more.
const FILTERS: [usize; 2] = [1024, 4096];

/// The characters at a place as one number, cases not told apart.
pub(crate) fn gram(bytes: &[u8], width: usize) -> u32 {
    let mut all = [0; 4];
    all[..width].copy_from_slice(&bytes[..width]);
    (u32::from_le_bytes(all) | SMALL) & mask(width)
}

fn mask(width: usize) -> u32 {
    u32::MAX >> (32 - 8 * width as u32)
}

/// How many characters of a word of this length are looked up.
pub(crate) fn width_of(length: usize) -> usize {
    length.min(4)
}

/// Where a gram stands among so many places, a power of two.
#[inline(always)]
fn place_in<const PLACES: usize>(gram: u32) -> usize {
    gram.wrapping_mul(FACTOR) as usize >> (32 - PLACES.trailing_zeros())
}

/// Looks at every so many-th place of a text that has four characters after it.
#[inline(always)]
fn each<const STRIDE: usize>(text: &[u8], mask: u32, has: impl Fn(u32) -> bool, mut hit: impl FnMut(u32, usize)) {
    let look = |four: [u8; 4]| (u32::from_le_bytes(four) | SMALL) & mask;
    if STRIDE < 4 {
        let mut at = 0;
        while let Some(four) = text.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
            let gram = look(*four);
            if has(gram) {
                hit(gram, at);
            }
            at += STRIDE;
        }
        return;
    }
    let (chunks, rest) = text.as_chunks::<STRIDE>();
    for (number, chunk) in chunks.iter().enumerate() {
        let gram = look([chunk[0], chunk[1], chunk[2], chunk[3]]);
        if has(gram) {
            hit(gram, number * STRIDE);
        }
    }
    if let Some(four) = rest.first_chunk::<4>() {
        let gram = look(*four);
        if has(gram) {
            hit(gram, text.len() - rest.len());
        }
    }
}

impl Grams {
    /// Tables of words that are all at least `width` long, for texts of this length on average; `odds` says how often a
    /// gram is met.
    pub(crate) fn new(words: &[Word], width: usize, length: f32, odds: impl Fn(u32) -> f32) -> Self {
        let shortest = words.iter().map(|word| word.text.len()).min().unwrap_or_default();
        let possible = STRIDES.into_iter().filter(|stride| *stride == 1 || width == 4 && shortest >= stride + 3);
        let planned = possible.map(|stride| {
            let chosen: Vec<_> = words.iter().map(|word| offsets(&word.text, width, stride, &odds)).collect();
            let met: f32 = chosen.iter().flatten().map(|(_, odds)| odds).sum();
            (stride, chosen, LOOK * length / stride as f32 + COMPARE * met)
        });
        let best = planned.min_by(|a, b| a.2.total_cmp(&b.2));
        let (stride, chosen, _) = best.expect("the first stride is always possible");
        let mut bytes = Vec::new();
        let mut placed = Vec::new();
        for (word, offsets) in words.iter().zip(chosen) {
            let start = bytes.len() as u32;
            bytes.extend_from_slice(word.text.as_bytes());
            for (offset, _) in offsets {
                let gram = gram(&word.text.as_bytes()[offset..], width);
                let (length, offset) = (word.text.len() as u32, offset as u32);
                let (begins, ends, rules) = (word.begins, word.ends, word.rules);
                placed.push((gram, Entry { start, length, offset, begins, ends, last: false, rules }));
            }
        }
        placed.sort_by_key(|(gram, _)| *gram);
        let bits = if placed.len() * 24 <= FILTERS[0] * 64 { FILTERS[0] } else { FILTERS[1] };
        let filter = match placed.len() {
            0..=FEW => Filter::Bytes(Box::new([0; SMALL_FILTER])),
            _ => Filter::Bits(vec![0; bits].into()),
        };
        let slots = (placed.len() * 2).next_power_of_two().max(2);
        let mut grams = Grams {
            filter,
            mask: mask(width),
            width,
            stride,
            table: vec![(0, 0); slots].into(),
            table_shift: 32 - slots.trailing_zeros(),
            entries: Box::default(),
            bytes: bytes.into(),
        };
        for place in 0..placed.len() {
            let gram = placed[place].0;
            placed[place].1.last = placed.get(place + 1).is_none_or(|(next, _)| *next != gram);
            if place == 0 || placed[place - 1].0 != gram {
                grams.insert(gram, place as u32 + 1);
            }
        }
        grams.entries = placed.into_iter().map(|(_, entry)| entry).collect();
        grams
    }

    fn insert(&mut self, gram: u32, first: u32) {
        let hash = gram.wrapping_mul(FACTOR);
        match &mut self.filter {
            Filter::Bytes(bytes) => bytes[place_in::<SMALL_FILTER>(gram)] = 1,
            Filter::Bits(words) => {
                let bit = match words.len() == FILTERS[0] {
                    true => place_in::<{ FILTERS[0] * 64 }>(gram),
                    false => place_in::<{ FILTERS[1] * 64 }>(gram),
                };
                words[bit / 64] |= 1 << (bit % 64);
            }
        }
        let mut slot = (hash >> self.table_shift) as usize;
        while self.table[slot].1 != 0 {
            slot = (slot + 1) % self.table.len();
        }
        self.table[slot] = (gram, first);
    }

    /// Gives what the words that stand in the text stand for. The text is ASCII, or folded.
    pub(crate) fn find(&self, text: &[u8], found: &mut impl FnMut(Stretch)) {
        match self.stride {
            1 => self.find_by::<1>(text, found),
            2 => self.find_by::<2>(text, found),
            3 => self.find_by::<3>(text, found),
            4 => self.find_by::<4>(text, found),
            6 => self.find_by::<6>(text, found),
            _ => self.find_by::<8>(text, found),
        }
        if self.width < 4 {
            for at in text.len().saturating_sub(3)..(text.len() + 1).saturating_sub(self.width) {
                self.compare(gram(&text[at..], self.width), text, at, found);
            }
        }
    }

    /// The sizes are known when this is compiled, so that no look need be checked against them.
    fn find_by<const STRIDE: usize>(&self, text: &[u8], found: &mut impl FnMut(Stretch)) {
        let mask = self.mask;
        let hit = |gram: u32, at: usize, found: &mut _| self.compare(gram, text, at, found);
        match &self.filter {
            Filter::Bytes(bytes) => {
                each::<STRIDE>(
                    text,
                    mask,
                    |gram| bytes[place_in::<SMALL_FILTER>(gram)] != 0,
                    |gram, at| hit(gram, at, found),
                );
            }
            Filter::Bits(words) => {
                if let Ok(words) = <&[u64; FILTERS[0]]>::try_from(&**words) {
                    let has = |bit: usize| words[bit / 64] >> (bit % 64) & 1 != 0;
                    each::<STRIDE>(
                        text,
                        mask,
                        |gram| has(place_in::<{ FILTERS[0] * 64 }>(gram)),
                        |gram, at| hit(gram, at, found),
                    );
                } else if let Ok(words) = <&[u64; FILTERS[1]]>::try_from(&**words) {
                    let has = |bit: usize| words[bit / 64] >> (bit % 64) & 1 != 0;
                    each::<STRIDE>(
                        text,
                        mask,
                        |gram| has(place_in::<{ FILTERS[1] * 64 }>(gram)),
                        |gram, at| hit(gram, at, found),
                    );
                }
            }
        }
    }

    /// Compares the words that have this gram with the text around it.
    #[inline(never)]
    fn compare(&self, gram: u32, text: &[u8], at: usize, found: &mut impl FnMut(Stretch)) {
        let mut slot = (gram.wrapping_mul(FACTOR) >> self.table_shift) as usize;
        let first = loop {
            match self.table[slot] {
                (_, 0) => return,
                (present, first) if present == gram => break first as usize - 1,
                _ => slot = (slot + 1) & (self.table.len() - 1),
            }
        };
        for entry in &self.entries[first..] {
            let word = &self.bytes[entry.start as usize..][..entry.length as usize];
            if let Some(start) = at.checked_sub(entry.offset as usize)
                && let Some(here) = text.get(start..start + word.len())
                && here.eq_ignore_ascii_case(word)
                && (!entry.begins || start == 0)
                && (!entry.ends || start + word.len() == text.len())
            {
                found(entry.rules);
            }
            if entry.last {
                return;
            }
        }
    }

    /// Bytes it takes.
    pub(crate) fn size(&self) -> usize {
        let filter = match &self.filter {
            Filter::Bytes(bytes) => bytes.len(),
            Filter::Bits(words) => words.len() * 8,
        };
        filter + size_of_val(&*self.table) + size_of_val(&*self.entries) + self.bytes.len()
    }
}

/// The rarest gram of a word for each way it may fall, and how often it is met.
fn offsets(word: &str, width: usize, stride: usize, odds: &impl Fn(u32) -> f32) -> Vec<(usize, f32)> {
    let bytes = word.as_bytes();
    let of_way = |way: usize| {
        let places = (way..=bytes.len() - width).step_by(stride);
        let judged = places.map(|offset| (offset, odds(gram(&bytes[offset..], width))));
        judged.min_by(|a, b| a.1.total_cmp(&b.1)).expect("words are at least as long as wide and strided")
    };
    (0..stride).map(of_way).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1500))]
        #[test]
        fn every_word_is_found_wherever_it_stands_and_in_any_case(
            words in prop::collection::vec("[aAb@`{.é]{2,9}", 1..12), text in "[aAbB@`{.é]{0,24}", seed: u32
        ) {
            let text = crate::fold::fold(&text).into_owned();
            for width in 2..=4 {
                let mut made = Vec::new();
                for (number, word) in (0_u32..).zip(&words) {
                    let word = crate::fold::fold(word);
                    if width_of(word.len()) == width {
                        let rules = Stretch { start: number, end: number + 1 };
                        let (begins, ends) = (number % 5 == 1, number % 7 == 2);
                        made.push(Word { text: word.into(), begins, ends, rules });
                    }
                }
                if made.is_empty() {
                    continue;
                }
                let grams = Grams::new(&made, width, 100.0, |gram| (gram.wrapping_mul(seed) >> 20) as f32 / 1e5);
                let mut found = std::collections::BTreeSet::new();
                let upper = if text.is_ascii() { text.to_ascii_uppercase() } else { text.clone() };
                grams.find(upper.as_bytes(), &mut |rules| found.extend([rules.start]));
                for word in made {
                    let expected = match (word.begins, word.ends) {
                        (true, true) => text == *word.text,
                        (true, false) => text.starts_with(&*word.text),
                        (false, true) => text.ends_with(&*word.text),
                        (false, false) => text.contains(&*word.text),
                    };
                    prop_assert_eq!(found.contains(&word.rules.start), expected, "{} in {}", word.text, text);
                }
            }
        }
    }
}
