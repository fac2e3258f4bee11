//! Who of a customer has a value, as long as they are few.

use crate::baseline::shelf::Weight;
use crate::correlation::key::Key;
use crate::correlation::wire::{Reader, put_bytes, put_number};

/// The groups that have a value.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Holders {
    /// When anybody had it last, in minutes.
    pub last: u32,
    /// When it was last too widely spread to be counted, in minutes; 0 for never.
    common: u32,
    /// Who has it, each with the minute they last had it.
    groups: Vec<(Key, u32)>,
}

/// How widely a value is spread.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spread {
    /// Whether the group had it before.
    pub had: bool,
    /// How many have it, the group included; nothing where they are many.
    pub having: Option<u64>,
    /// Others that have it.
    pub others: Vec<String>,
}

impl Holders {
    /// Learns that a group has the value; counts up to `most` groups.
    pub(crate) fn learn(&mut self, group: &[u8], minute: u32, forget: u32, most: usize) -> Spread {
        self.last = self.last.max(minute);
        let lives = |last: u32| last.saturating_add(forget) >= minute;
        if self.common != 0 {
            if lives(self.common) {
                // Who has it is no longer known one by one: it stays common while anybody has it.
                self.common = self.common.max(minute);
                return Spread { had: false, having: None, others: Vec::new() };
            }
            self.common = 0;
        }
        self.groups.retain(|(_, last)| lives(*last));
        let had = match self.groups.iter_mut().find(|(known, _)| known.as_bytes() == group) {
            Some((_, last)) => {
                *last = (*last).max(minute);
                true
            }
            None => {
                self.groups.reserve_exact(1);
                self.groups.push((Key::new(group), minute));
                false
            }
        };
        if self.groups.len() > most {
            (self.common, self.groups) = (minute.max(1), Vec::new());
            return Spread { had, having: None, others: Vec::new() };
        }
        let others = self.groups.iter().filter(|(known, _)| known.as_bytes() != group);
        Spread { had, having: Some(self.groups.len() as u64), others: others.map(|(key, _)| name(key)).collect() }
    }

    /// Forgets that a group had it.
    pub(crate) fn forget(&mut self, group: &[u8]) {
        self.groups.retain(|(known, _)| known.as_bytes() != group);
    }

    /// Whether a group is known to have it.
    pub(crate) fn names(&self, group: &[u8]) -> bool {
        self.groups.iter().any(|(known, _)| known.as_bytes() == group)
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_number(out, u64::from(self.last));
        put_number(out, u64::from(self.common));
        put_number(out, self.groups.len() as u64);
        for (key, last) in &self.groups {
            put_bytes(out, key.as_bytes());
            put_number(out, u64::from(*last));
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let small = |reader: &mut Reader<'_>| u32::try_from(reader.number()?).ok();
        let (last, common) = (small(reader)?, small(reader)?);
        let mut groups = Vec::new();
        for _ in 0..reader.count()? {
            groups.push((Key::new(reader.bytes()?), small(reader)?));
        }
        Some(Holders { last, common, groups })
    }
}

/// A group's values in one text.
fn name(key: &Key) -> String {
    key.values().flatten().collect::<Vec<_>>().join(" / ")
}

impl Weight for Holders {
    fn heap(&self) -> usize {
        let keys: usize = self.groups.iter().map(|(key, _)| key.heap()).sum();
        self.groups.capacity() * size_of::<(Key, u32)>() + keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlation::key;

    fn group(name: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        key::push(&mut bytes, name);
        bytes
    }

    #[test]
    fn few_are_counted_and_many_are_common_until_all_have_forgotten_it() {
        let mut holders = Holders::default();
        assert_eq!(holders.learn(&group("a"), 10, 100, 2), Spread { had: false, having: Some(1), others: vec![] });
        assert!(holders.learn(&group("a"), 11, 100, 2).had);
        let both = holders.learn(&group("b"), 20, 100, 2);
        assert_eq!((both.having, both.others), (Some(2), vec!["a".to_owned()]));
        assert_eq!(holders.learn(&group("c"), 30, 100, 2).having, None);
        assert_eq!(holders.learn(&group("d"), 120, 100, 2).having, None);
        let mut out = Vec::new();
        holders.write(&mut out);
        assert_eq!(Holders::read(&mut Reader::new(&out)), Some(holders.clone()));
        assert_eq!(holders.learn(&group("e"), 221, 100, 2).having, Some(1));
        assert_eq!(holders.learn(&group("f"), 322, 100, 2).having, Some(1), "e has not had it for too long");
    }
}
