//! Sets of bytes and classes of characters, and finding the next or last byte of a set.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use memchr::{memchr, memchr2, memchr3, memrchr, memrchr2, memrchr3};

/// No upper limit of a repetition.
pub const UNBOUNDED: u32 = u32::MAX;
/// So many bytes are looked at one by one before a search that begins slower and then is faster.
const NEAR: usize = 16;

/// Bytes that characters begin with, and whether the end of the text is one of the places meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Set {
    bits: [u64; 4],
    pub end: bool,
}

impl Set {
    /// Every place there is: all that a character may begin with, and the end.
    pub fn every() -> Set {
        let mut set = Set { end: true, ..Set::default() };
        (0..0x80).chain(0xc2..=0xf4).for_each(|byte| set.insert(byte));
        set
    }

    pub fn end() -> Set {
        Set { end: true, ..Set::default() }
    }

    pub fn insert(&mut self, byte: u8) {
        self.bits[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    pub fn has(&self, byte: u8) -> bool {
        self.bits[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    /// Whether the byte at this place, or the end, is one of it.
    pub fn at(&self, text: &[u8], at: usize) -> bool {
        text.get(at).map_or(self.end, |byte| self.has(*byte))
    }

    pub fn unite(&mut self, other: &Set) {
        self.bits.iter_mut().zip(other.bits).for_each(|(own, other)| *own |= other);
        self.end |= other.end;
    }

    pub fn meets(&self, other: &Set) -> bool {
        self.end && other.end || self.bits.iter().zip(other.bits).any(|(own, other)| own & other != 0)
    }

    pub fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=u8::MAX).filter(|byte| self.has(*byte))
    }
}

/// Finds bytes of a set.
#[derive(Debug)]
pub struct Seeker {
    pub set: Set,
    few: Few,
}

#[derive(Debug, Clone, Copy)]
enum Few {
    Nothing,
    One(u8),
    Two(u8, u8),
    Three(u8, u8, u8),
    Many,
}

impl Seeker {
    /// The one of this set.
    pub fn of(set: Set) -> Arc<Seeker> {
        SEEKERS.get(set, |set| Seeker::new(*set))
    }

    fn new(set: Set) -> Seeker {
        let mut bytes = [0; 4];
        let count = bytes.iter_mut().zip(set.bytes()).map(|(place, byte)| *place = byte).count();
        let few = match (count, bytes) {
            (0, _) => Few::Nothing,
            (1, [one, ..]) => Few::One(one),
            (2, [one, two, ..]) => Few::Two(one, two),
            (3, [one, two, three, _]) => Few::Three(one, two, three),
            _ => Few::Many,
        };
        Seeker { set, few }
    }

    /// The place of the first byte of the set from `from` on; the end of the text where there is none.
    pub fn find(&self, text: &[u8], from: usize) -> usize {
        let near = text.len().min(from.saturating_add(NEAR));
        let Some(first) = text.get(from..near) else { return text.len() };
        if let Some(found) = first.iter().position(|byte| self.set.has(*byte)) {
            return from + found;
        }
        let rest = &text[near..];
        let found = match self.few {
            Few::Nothing => None,
            Few::One(one) => memchr(one, rest),
            Few::Two(one, two) => memchr2(one, two, rest),
            Few::Three(one, two, three) => memchr3(one, two, three, rest),
            Few::Many => rest.iter().position(|byte| self.set.has(*byte)),
        };
        found.map_or(text.len(), |found| near + found)
    }

    /// The place of the last byte of the set from `from` to before `to`.
    pub fn find_last(&self, text: &[u8], from: usize, to: usize) -> Option<usize> {
        let text = text.get(from..to)?;
        let near = text.len().saturating_sub(NEAR);
        if let Some(found) = text[near..].iter().rposition(|byte| self.set.has(*byte)) {
            return Some(from + near + found);
        }
        let rest = &text[..near];
        let found = match self.few {
            Few::Nothing => None,
            Few::One(one) => memrchr(one, rest),
            Few::Two(one, two) => memrchr2(one, two, rest),
            Few::Three(one, two, three) => memrchr3(one, two, three, rest),
            Few::Many => rest.iter().rposition(|byte| self.set.has(*byte)),
        };
        found.map(|found| from + found)
    }
}

/// Values made once for all expressions, which nearly all have the same few: so they stay in the nearest cache.
struct Pool<K, V>(Mutex<HashMap<K, Arc<V>>>);

impl<K: Hash + Eq, V> Pool<K, V> {
    /// More than all our own sources have; what comes beyond is not shared.
    const MOST: usize = 2048;

    fn get(&self, key: K, make: impl FnOnce(&K) -> V) -> Arc<V> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = known.get(&key) {
            return value.clone();
        }
        let value = Arc::new(make(&key));
        if known.len() < Self::MOST {
            known.insert(key, value.clone());
        }
        value
    }
}

static SEEKERS: LazyLock<Pool<Set, Seeker>> = LazyLock::new(|| Pool(Mutex::default()));
static CLASSES: LazyLock<Pool<Vec<(char, char)>, Class>> = LazyLock::new(|| Pool(Mutex::default()));

/// The characters beyond ASCII that a class has.
#[derive(Debug)]
enum Wide {
    None,
    All,
    Some(Box<[(char, char)]>),
}

/// The part of ranges that is beyond ASCII.
fn wide(ranges: impl Iterator<Item = (char, char)>) -> Vec<(char, char)> {
    ranges.filter(|(_, last)| !last.is_ascii()).map(|(first, last)| (first.max('\u{80}'), last)).collect()
}

/// A class of characters.
#[derive(Debug)]
pub struct Class {
    /// What its characters begin with.
    pub lead: Set,
    /// The bytes beyond ASCII all of whose characters it has.
    full: Set,
    wide: Wide,
    /// What it does not have, where that is ASCII alone.
    outside: Seeker,
}

impl Class {
    /// The one of these ranges.
    pub fn of(ranges: Vec<(char, char)>) -> Arc<Class> {
        CLASSES.get(ranges, |ranges| Class::new(ranges))
    }

    fn new(ranges: &[(char, char)]) -> Class {
        let (mut lead, mut full, mut outside) = (Set::default(), Set::default(), Set::default());
        for byte in 0..0x80_u8 {
            let is_in = ranges.iter().any(|(first, last)| (*first..=*last).contains(&char::from(byte)));
            if is_in { lead.insert(byte) } else { outside.insert(byte) }
        }
        let ranges = wide(ranges.iter().copied());
        for byte in 0xc2..=0xf4 {
            let (first, last) = led_by(byte);
            if ranges.iter().any(|range| u32::from(range.0) <= last && u32::from(range.1) >= first) {
                lead.insert(byte);
            }
            if ranges.iter().any(|range| u32::from(range.0) <= first && u32::from(range.1) >= last) {
                full.insert(byte);
            }
        }
        let wide = match ranges.as_slice() {
            [] => Wide::None,
            [('\u{80}', char::MAX)] => Wide::All,
            ranges => Wide::Some(ranges.into()),
        };
        Class { lead, full, wide, outside: Seeker::new(outside) }
    }

    /// Whether it has every character beyond ASCII.
    pub fn is_wide(&self) -> bool {
        matches!(self.wide, Wide::All)
    }

    /// The bytes of ASCII it does not have.
    pub fn outside(&self) -> &Set {
        &self.outside.set
    }

    /// The length of the character at this place, if it is one of the class; otherwise 0.
    pub fn step(&self, text: &str, at: usize) -> usize {
        match text.as_bytes().get(at) {
            Some(lead) if !self.lead.has(*lead) => 0,
            Some(lead) if lead.is_ascii() => 1,
            Some(lead) if self.full.has(*lead) || self.has_wide(text, at) => width(*lead),
            _ => 0,
        }
    }

    fn has_wide(&self, text: &str, at: usize) -> bool {
        let (Some(char), Wide::Some(ranges)) = (text.get(at..).and_then(|rest| rest.chars().next()), &self.wide) else {
            return false;
        };
        let index = ranges.partition_point(|(_, last)| *last < char);
        ranges.get(index).is_some_and(|(first, _)| *first <= char)
    }

    /// Where the longest row of at most so many of its characters ends.
    pub fn extent(&self, text: &str, from: usize, most: u32) -> usize {
        let bytes = text.as_bytes();
        let mut at = from;
        match &self.wide {
            Wide::All if most == UNBOUNDED => self.outside.find(bytes, from),
            Wide::None => {
                let limit = bytes.len().min(from.saturating_add(most as usize));
                let row = bytes.get(from..limit).unwrap_or_default();
                from + row.iter().position(|byte| !self.lead.has(*byte)).unwrap_or(row.len())
            }
            _ => {
                let mut left = most;
                while left > 0 {
                    if most == UNBOUNDED {
                        let plain = |byte: &u8| byte.is_ascii() && self.lead.has(*byte);
                        let rest = bytes.get(at..).unwrap_or_default();
                        at += rest.iter().position(|byte| !plain(byte)).unwrap_or(rest.len());
                    }
                    match self.step(text, at) {
                        0 => break,
                        width => at += width,
                    }
                    left -= u32::from(left != UNBOUNDED);
                }
                at
            }
        }
    }
}

/// The length of the character that begins with this byte.
fn width(lead: u8) -> usize {
    match lead {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0.. => 4,
    }
}

/// The first and last character that begin with a byte beyond ASCII.
fn led_by(lead: u8) -> (u32, u32) {
    let bits = u32::from(lead);
    match lead {
        0..0xe0 => ((bits & 0x1f) << 6, (bits & 0x1f) << 6 | 0x3f),
        0xe0 => (0x800, 0xfff),
        0xed => (0xd000, 0xd7ff),
        0xe1..0xf0 => ((bits & 0xf) << 12, (bits & 0xf) << 12 | 0xfff),
        0xf0 => (0x1_0000, 0x3_ffff),
        0xf1..0xf4 => ((bits & 7) << 18, (bits & 7) << 18 | 0x3_ffff),
        0xf4.. => (0x10_0000, 0x10_ffff),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_has_the_characters_of_its_ranges_and_no_others() {
        let classes: [&[(char, char)]; 6] = [
            &[('a', 'c')],
            &[('\0', '\t'), ('\u{b}', char::MAX)],
            &[('x', '\u{e9}'), ('\u{4e00}', '\u{9fff}')],
            &[('\0', '\u{7ff}'), ('\u{1f600}', '\u{1f64f}')],
            &[('\u{d7ff}', '\u{e000}')],
            &[],
        ];
        let mut count = 0;
        for ranges in classes {
            let class = Class::new(ranges);
            for char in
                ('\0'..='\u{1100}').chain('\u{4d00}'..='\u{4f00}').chain('\u{9f00}'..='\u{1f700}').chain(['\u{10ffff}'])
            {
                let expected = ranges.iter().any(|(first, last)| (*first..=*last).contains(&char));
                let text = char.to_string();
                assert_eq!(class.step(&text, 0), if expected { text.len() } else { 0 }, "{ranges:?} {char:?}");
                assert_eq!(class.extent(&text, 0, 1), class.step(&text, 0));
                count += 1;
            }
        }
        assert!(count > 100_000, "{count}");
    }

    #[test]
    fn bytes_are_found_near_and_far_from_either_end() {
        for bytes in ["a", "ab", "abc", "abcd", ""] {
            let mut set = Set::default();
            bytes.bytes().for_each(|byte| set.insert(byte));
            let seeker = Seeker::new(set);
            for length in [0, 3, 15, 16, 17, 40, 100] {
                let plain = "x".repeat(length);
                assert_eq!(seeker.find(plain.as_bytes(), 0), length);
                assert_eq!(seeker.find_last(plain.as_bytes(), 0, length), None);
                for byte in bytes.chars() {
                    let text = format!("{plain}{byte}{plain}");
                    assert_eq!(seeker.find(text.as_bytes(), 0), length);
                    assert_eq!(seeker.find_last(text.as_bytes(), 0, text.len()), Some(length));
                }
            }
        }
    }
}
