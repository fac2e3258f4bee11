//! The values a group is known to have: each by its hash, the latest ones readable.

use model::Timestamp;
use model::baseline::KnownValue;
use sha2::{Digest, Sha256};

use crate::correlation::key::Key;
use crate::correlation::wire::{Reader, put_bytes, put_number};

/// Values kept readable.
const READABLE: usize = 8;
/// Bytes of a value that are.
const LONGEST: usize = 96;
const MINUTE: i64 = 60_000_000;

/// A number that stands for a folded value. Values come from whoever is watched: nobody is to find one that has the number
/// of another.
pub(crate) fn hash(folded: &[u8]) -> u64 {
    let digest = Sha256::digest(folded);
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// A value as it is kept to be read.
pub(crate) fn readable(text: &str) -> Key {
    Key::new(&text.as_bytes()[..text.floor_char_boundary(LONGEST)])
}

/// What is kept to be read of a value.
pub(crate) fn text_of(key: &Key) -> Option<String> {
    let text = std::str::from_utf8(key.as_bytes()).ok()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// Minutes since 1970, in which ages of values are measured.
pub(crate) fn minutes(micros: i64) -> u32 {
    u32::try_from(micros.div_euclid(MINUTE).max(0)).unwrap_or(u32::MAX)
}

/// The time of such a minute.
pub(crate) fn time(minutes: u32) -> Timestamp {
    Timestamp::from_micros(i64::from(minutes) * MINUTE)
}

/// A known value.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    hash: u64,
    text: Key,
    first: u32,
    last: u32,
    times: u32,
}

/// The values of a group, latest last.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Values {
    known: Vec<Known>,
    /// When a value that was not yet to be forgotten had to be, in minutes; 0 for never.
    overflowed: u32,
}

/// What a value was to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Met {
    Known,
    New,
    /// New, but the group has so many values that this says nothing.
    Unclear,
    /// From before all that is remembered.
    Outdated,
}

impl Values {
    /// Whether a value is new at `minute`. What was not there for `forget` minutes is new again.
    pub(crate) fn meet(&self, hash: u64, minute: u32, forget: u32) -> Met {
        let newest = self.known.iter().map(|known| known.last).max().unwrap_or(0);
        if minute.saturating_add(forget) < newest {
            return Met::Outdated;
        }
        match self.known.iter().rev().find(|known| known.hash == hash) {
            Some(known) if known.last.saturating_add(forget) >= minute => Met::Known,
            _ if self.overflowed != 0 && self.overflowed.saturating_add(forget) >= minute => Met::Unclear,
            _ => Met::New,
        }
    }

    /// Learns a value; of more than `most` the one that was not there for longest goes.
    pub(crate) fn learn(&mut self, hash: u64, text: &str, minute: u32, forget: u32, most: usize) {
        let place = self.known.iter().rposition(|known| known.hash == hash);
        let mut known = match place {
            Some(place) if place + 1 == self.known.len() && self.known[place].last.saturating_add(forget) >= minute => {
                return self.known[place].note(minute);
            }
            Some(place) => self.known.remove(place),
            None => Known { hash, text: Key::new(b""), first: minute, last: minute, times: 0 },
        };
        if known.last.saturating_add(forget) < minute {
            (known.first, known.times) = (minute, 0);
        }
        known.note(minute);
        if known.text.as_bytes().is_empty() {
            known.text = readable(text);
        }
        self.known.retain(|other| other.last.saturating_add(forget) >= minute);
        if self.known.len() >= most {
            let longest = (0..self.known.len()).min_by_key(|place| self.known[*place].last).unwrap_or(0);
            self.known.remove(longest);
            self.overflowed = minute.max(1);
        }
        if self.known.len() == self.known.capacity() {
            // Most groups have few: doubling would waste more than it saves.
            self.known.reserve_exact(self.known.len().clamp(1, 8));
        }
        if let Some(place) = self.known.len().checked_sub(READABLE) {
            self.known[place].text = Key::new(b"");
        }
        self.known.push(known);
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// The latest, newest first.
    pub(crate) fn latest(&self, most: usize) -> Vec<KnownValue> {
        let known = self.known.iter().rev().take(most);
        known
            .map(|known| KnownValue {
                value: text_of(&known.text),
                first: time(known.first),
                last: time(known.last),
                times: u64::from(known.times),
            })
            .collect()
    }

    pub(crate) fn heap(&self) -> usize {
        let texts: usize = self.known.iter().map(|known| known.text.heap()).sum();
        self.known.capacity() * size_of::<Known>() + texts
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_number(out, u64::from(self.overflowed));
        put_number(out, self.known.len() as u64);
        for known in &self.known {
            out.extend_from_slice(&known.hash.to_le_bytes());
            put_bytes(out, known.text.as_bytes());
            for number in [known.first, known.last, known.times] {
                put_number(out, u64::from(number));
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let small = |reader: &mut Reader<'_>| u32::try_from(reader.number()?).ok();
        let overflowed = small(reader)?;
        let mut known = Vec::with_capacity(reader.clone().count()?);
        for _ in 0..reader.count()? {
            let hash = u64::from_le_bytes(reader.take(8)?.try_into().ok()?);
            let text = Key::new(reader.bytes()?);
            known.push(Known { hash, text, first: small(reader)?, last: small(reader)?, times: small(reader)? });
        }
        Some(Values { known, overflowed })
    }
}

impl Known {
    fn note(&mut self, minute: u32) {
        self.first = self.first.min(minute);
        self.last = self.last.max(minute);
        self.times = self.times.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_new_once_and_again_when_they_are_forgotten() {
        let mut values = Values::default();
        assert_eq!(values.meet(1, 1_000, 100), Met::New);
        values.learn(1, "a", 1_000, 100, 3);
        assert_eq!(values.meet(1, 1_100, 100), Met::Known);
        assert_eq!(values.meet(1, 1_101, 100), Met::New, "not there for longer than is remembered");
        assert_eq!(values.meet(2, 899, 100), Met::Outdated);
        assert_eq!(values.meet(1, 950, 100), Met::Known, "late but remembered");
    }

    #[test]
    fn a_group_with_too_many_values_says_nothing_for_a_while() {
        let mut values = Values::default();
        for value in 0..4 {
            values.learn(value, "x", 1_000 + value as u32, 100, 3);
        }
        assert_eq!(values.len(), 3);
        assert_eq!(values.meet(9, 1_050, 100), Met::Unclear);
        assert_eq!(values.meet(9, 1_104, 100), Met::New);
    }

    #[test]
    fn the_latest_are_readable_and_the_others_are_still_known() {
        let mut values = Values::default();
        for value in 0..20 {
            values.learn(value, &format!("value {value}"), 1_000 + value as u32, 100, 64);
        }
        values.learn(3, "value 3", 1_030, 100, 64);
        let latest = values.latest(20);
        assert_eq!((latest.len(), latest[0].value.as_deref(), latest[0].times), (20, Some("value 3"), 2));
        assert_eq!(latest.iter().filter(|known| known.value.is_some()).count(), READABLE);
        let mut out = Vec::new();
        values.write(&mut out);
        assert_eq!(Values::read(&mut Reader::new(&out)), Some(values));
    }
}
