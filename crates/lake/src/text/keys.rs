//! From text to the 64-bit keys a filter holds. The same cut serves records and searches.

/// What a character is for the borders of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Neither letter nor digit.
    Gap,
    /// A letter or digit of a script with words.
    Word,
    /// Chinese, Japanese or Korean: every character is a word's border.
    Ideograph,
}

/// The class of a character.
pub(crate) fn class(letter: char) -> Class {
    if letter.is_ascii() {
        return if letter.is_ascii_alphanumeric() { Class::Word } else { Class::Gap };
    }
    match letter as u32 {
        0x1100..=0x11FF
        | 0x3005..=0x3007
        | 0x3040..=0x30FF
        | 0x31F0..=0x31FF
        | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF
        | 0xA960..=0xA97F
        | 0xAC00..=0xD7FF
        | 0xF900..=0xFAFF
        | 0x20000..=0x3FFFF => Class::Ideograph,
        _ if letter.is_alphanumeric() => Class::Word,
        _ => Class::Gap,
    }
}

/// A longest stretch of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// ASCII letters and digits only.
    Plain,
    /// A word with other letters.
    Mixed,
    /// Ideographs.
    Ideographs,
}

/// Calls `with` for each token of a text with its place.
#[inline]
pub(super) fn tokens(text: &str, mut with: impl FnMut(Token, usize, usize)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii() {
            if !bytes[at].is_ascii_alphanumeric() {
                at += 1;
                continue;
            }
            let start = at;
            while at < bytes.len() && bytes[at].is_ascii_alphanumeric() {
                at += 1;
            }
            if at == bytes.len() || bytes[at].is_ascii() {
                with(Token::Plain, start, at);
                continue;
            }
            at = start;
        }
        at = other(text, at, &mut with);
    }
}

/// A token with characters outside ASCII, or a gap.
fn other(text: &str, start: usize, with: &mut impl FnMut(Token, usize, usize)) -> usize {
    let mut letters = text[start..].char_indices();
    let Some((_, first)) = letters.next() else { return text.len() };
    let wanted = class(first);
    let end = letters.find(|(_, letter)| class(*letter) != wanted).map_or(text.len(), |(place, _)| start + place);
    match wanted {
        Class::Gap => {}
        Class::Ideograph => with(Token::Ideographs, start, end),
        Class::Word if text[start..end].is_ascii() => with(Token::Plain, start, end),
        Class::Word => with(Token::Mixed, start, end),
    }
    end
}

/// Words shorter than this are in every block anyway.
const SHORTEST: usize = 3;

/// Signs of a word that are indexed as its beginning.
const PREFIX: usize = 4;

/// Short words in a row that make one key.
const CHAIN: usize = 4;

const WORD_SEED: u64 = 0x9ae1_6a3b_2f90_404f;
const PREFIX_SEED: u64 = 0xc3a5_c85c_97cb_3127;
const CHAIN_SEED: u64 = 0xb492_b66f_be98_f273;
const IDEOGRAPH_SEED: u64 = 0x2545_f491_4f6c_dd1d;

/// The key of a core field's value; `value` is in lower case already.
pub(super) fn value_key(column: &str, value: &[u8]) -> u64 {
    hash(hash(0x27d4_eb2f_1656_67c5, column.as_bytes(), 0), value, 0)
}

/// The seed of [`value_key`] for a column, to spare hashing its name for each value.
pub(super) fn column_seed(column: &str) -> u64 {
    hash(0x27d4_eb2f_1656_67c5, column.as_bytes(), 0)
}

/// The key of a value with the seed of its column; upper-case ASCII letters are folded.
pub(super) fn seeded_key(seed: u64, value: &str, folded: &mut Vec<u8>) -> u64 {
    folded.clear();
    folded.extend(value.bytes().map(|byte| byte.to_ascii_lowercase()));
    hash(seed, folded, 0)
}

/// Calls `with` for each key of a record's text.
#[inline]
pub(super) fn text_keys(text: &str, mut with: impl FnMut(u64)) {
    let bytes = text.as_bytes();
    let mut chain = Chain::default();
    tokens(text, |token, from, to| match token {
        Token::Plain => {
            let word = &bytes[from..to];
            if word.len() >= SHORTEST {
                with(word_key(word));
            }
            if word.len() >= PREFIX {
                with(prefix_key(&word[..PREFIX]));
            }
            chain.push(bytes, from, to);
            if let Some(key) = chain.key() {
                with(key);
            }
        }
        Token::Ideographs => ideograph_keys(&text[from..to], true, &mut with),
        Token::Mixed if to - from >= PREFIX && bytes[from..from + PREFIX].is_ascii() => {
            with(prefix_key(&bytes[from..from + PREFIX]));
        }
        Token::Mixed => {}
    });
}

/// Which ends of a searched text may lie inside a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    pub left_open: bool,
    pub right_open: bool,
}

/// The keys every record has that contains `wanted`, whose ends may be open; those that fewest records have first.
pub(super) fn wanted_keys(wanted: &str, ends: Ends) -> Vec<u64> {
    let mut keys = Vec::new();
    each_wanted_key(wanted, ends, |rarity, key| keys.push((rarity, key)));
    keys.sort_by_key(|(rarity, _)| std::cmp::Reverse(*rarity));
    keys.into_iter().map(|(_, key)| key).collect()
}

/// Of a value that stands between other signs.
pub(super) const WHOLE: Ends = Ends { left_open: false, right_open: false };

/// The keys every record has in which this value stands as it is: those of its words.
#[inline]
pub(super) fn value_words(value: &str, mut with: impl FnMut(u64)) {
    each_wanted_key(value, WHOLE, |_, key| with(key));
}

/// Calls `with` for each key and how rare it likely is.
#[inline]
fn each_wanted_key(wanted: &str, ends: Ends, mut with: impl FnMut(usize, u64)) {
    let bytes = wanted.as_bytes();
    let mut chain = Chain::default();
    tokens(wanted, |token, from, to| {
        let (left, right) = (from > 0 || !ends.left_open, to < bytes.len() || !ends.right_open);
        match token {
            Token::Plain => {
                let word = &bytes[from..to];
                if left && right && word.len() >= SHORTEST {
                    with(word.len(), word_key(word));
                }
                if left && !right && word.len() >= PREFIX {
                    with(PREFIX, prefix_key(&word[..PREFIX]));
                }
                if left && right {
                    chain.push(bytes, from, to);
                    if let Some(key) = chain.key() {
                        with(CHAIN * SHORTEST, key);
                    }
                } else {
                    chain = Chain::default();
                }
            }
            Token::Ideographs => ideograph_keys(&wanted[from..to], false, &mut |key| with(PREFIX, key)),
            Token::Mixed => {}
        }
    });
}

fn word_key(word: &[u8]) -> u64 {
    hash(WORD_SEED, word, 0x2020_2020_2020_2020)
}

fn prefix_key(start: &[u8]) -> u64 {
    hash(PREFIX_SEED, start, 0x2020_2020_2020_2020)
}

/// Pairs of neighbours; single characters too for records, and where a search has no pair.
fn ideograph_keys(run: &str, singles: bool, with: &mut impl FnMut(u64)) {
    let mut before: Option<char> = None;
    for letter in run.chars() {
        if singles || run.len() == letter.len_utf8() {
            with(mix(IDEOGRAPH_SEED ^ letter as u64));
        }
        if let Some(before) = before {
            with(mix(IDEOGRAPH_SEED ^ ((before as u64) << 32 | letter as u64)));
        }
        before = Some(letter);
    }
}

/// Neighbouring short words with the same sign between them.
#[derive(Default)]
struct Chain {
    /// Where the last words stand, and their hashes once there are enough of them: most short words stand alone.
    places: [(usize, usize); CHAIN],
    words: [u64; CHAIN],
    length: usize,
    end: usize,
    sign: u8,
}

impl Chain {
    #[inline]
    fn push(&mut self, bytes: &[u8], from: usize, to: usize) {
        if to - from > SHORTEST {
            self.length = 0;
            return;
        }
        let sign = if self.length > 0 && self.end + 1 == from { bytes[self.end] } else { 0 };
        if !matches!(sign, b'.' | b':' | b'-') {
            self.length = 0;
        } else if self.length > 1 && sign != self.sign {
            // The word before begins the new chain.
            self.places[0] = self.places[(self.length - 1) % CHAIN];
            self.length = 1;
        }
        self.sign = sign;
        self.end = to;
        let place = self.length % CHAIN;
        self.places[place] = (from, to);
        self.length += 1;
        let word = |(from, to): (usize, usize)| hash(CHAIN_SEED, &bytes[from..to], 0x2020_2020_2020_2020);
        match self.length {
            ..CHAIN => {}
            CHAIN => self.words = self.places.map(word),
            _ => self.words[place] = word((from, to)),
        }
    }

    #[inline]
    fn key(&self) -> Option<u64> {
        if self.length < CHAIN {
            return None;
        }
        let parts = (0..CHAIN).map(|place| self.words[(self.length + place) % CHAIN]);
        Some(parts.fold(u64::from(self.sign), |key, part| mix(key.rotate_left(17) ^ part)))
    }
}

/// Eight bytes at a time; `fold` is added to every byte, which lowers ASCII letters and leaves digits alone.
#[inline]
fn hash(seed: u64, bytes: &[u8], fold: u64) -> u64 {
    let mut key = seed ^ (bytes.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut parts = bytes.chunks_exact(8);
    for part in &mut parts {
        let part = u64::from_le_bytes(part.try_into().expect("it has eight bytes"));
        key = mix(key ^ (part | fold));
    }
    let rest = parts.remainder();
    if !rest.is_empty() {
        let mask = u64::MAX >> (64 - 8 * rest.len());
        key = mix(key ^ (few(rest) | (fold & mask)));
    }
    key
}

/// One to seven bytes as a number. Two reads that overlap take less time than a copy of unknown length.
#[inline]
fn few(bytes: &[u8]) -> u64 {
    let shift = |count: usize| 8 * (bytes.len() - count);
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>(), bytes.first_chunk::<2>(), bytes) {
        (Some(first), Some(last), ..) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << shift(4)
        }
        (.., Some(first), [.., last]) => u64::from(u16::from_le_bytes(*first)) | u64::from(*last) << shift(1),
        (.., [only, ..]) => u64::from(*only),
        _ => 0,
    }
}

/// MurmurHash3's finaliser.
#[inline]
fn mix(mut key: u64) -> u64 {
    key ^= key >> 33;
    key = key.wrapping_mul(0xff51_afd7_ed55_8ccd);
    key ^= key >> 33;
    key = key.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    key ^ (key >> 33)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn keys_of(text: &str) -> HashSet<u64> {
        let mut keys = HashSet::new();
        text_keys(text, |key| _ = keys.insert(key));
        keys
    }

    fn holds(record: &str, wanted: &str, left_open: bool, right_open: bool) -> bool {
        let keys = keys_of(record);
        wanted_keys(wanted, Ends { left_open, right_open }).iter().all(|key| keys.contains(key))
    }

    #[test]
    fn a_record_without_the_words_has_not_their_keys() {
        let record = "Nov 21 sshd[811]: Failed password for root from 10.1.7.7 port 51022 ssh2 用户登录失败 mac 00:1a:2b:3c:4d:5e";
        for wanted in
            ["failed", "FAILED password", "root from 10.1.7.7", "10.1.7.7", "登录", "户登录失", "失", "1a:2b:3c:4d:5e"]
        {
            assert!(holds(record, wanted, false, false), "{wanted}");
        }
        for wanted in ["fail", "10.1.7.8", "7.7.1.10", "录登", "password1", "1b:2b:3c:4d:5e", "10.1.7"] {
            let spared = !holds(record, wanted, false, false);
            assert_eq!(spared, wanted != "10.1.7", "{wanted}");
        }
        assert!(holds(record, "passw", false, true) && !holds(record, "pessw", false, true));
        assert!(holds(record, "ailed passwo", true, true), "nothing is known of parts of words");
    }

    fn text() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            4 => "[a-cA-C0-2]{1,5}",
            3 => proptest::sample::select(&[".", ":", "-", " ", "=", "/"][..]).prop_map(str::to_owned),
            1 => proptest::sample::select(&["登", "录", "é", "Ä", "\u{212A}", "'", "\u{307}", "ー"][..]).prop_map(str::to_owned),
        ];
        proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
    }

    #[test]
    fn few_bytes_are_the_number_they_are_in_a_longer_one() {
        for length in 1..8 {
            let bytes: Vec<u8> = (1..=length as u8).map(|byte| byte.wrapping_mul(0x93)).collect();
            let mut whole = [0; 8];
            whole[..length].copy_from_slice(&bytes);
            assert_eq!(few(&bytes), u64::from_le_bytes(whole), "{length}");
        }
    }

    proptest! {
        #[test]
        fn a_record_has_every_key_of_what_it_contains(before in text(), wanted in text(), after in text()) {
            let record = format!("{before}{wanted}{after}");
            let joins = |left: &str, right: &str| match (left.chars().next_back(), right.chars().next()) {
                (Some(left), Some(right)) => class(left) == Class::Word && class(right) == Class::Word,
                _ => false,
            };
            let (left_open, right_open) = (joins(&before, &wanted), joins(&wanted, &after));
            prop_assert!(holds(&record.to_ascii_uppercase(), &wanted, left_open, right_open), "{} in {}", wanted, record);
            prop_assert!(holds(&record, &wanted, true, true));
        }
    }
}
