//! The values a group comes back to, and how regularly: of each the latest intervals.

use model::Timestamp;
use model::baseline::KnownInterval;

use crate::baseline::values::{readable, text_of};
use crate::correlation::key::Key;
use crate::correlation::wire::{Reader, put_bytes, put_number, put_signed};

/// Values remembered of one group; beyond, the one that was not there for longest goes.
const MOST: usize = 256;
const MILLI: i64 = 1_000;

/// One value of a group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pair {
    hash: u64,
    text: Key,
    /// The last beat.
    last: i64,
    pub beats: u32,
    /// Since when it is regular, as far as can be told.
    pub since: i64,
    /// Milliseconds between beats; once it is full, a ring.
    ring: Vec<u32>,
    next: u16,
    /// Whether it was told.
    pub told: bool,
}

/// How regular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rhythm {
    /// Milliseconds between two.
    pub interval: u64,
    /// The median of what intervals differ from that by, in percent of it.
    pub jitter: u64,
}

/// All values of a group, in the order they were last there.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Pairs(Vec<Pair>);

impl Pairs {
    /// Learns that a value was there; gives the pair if that was a beat.
    pub(crate) fn beat(&mut self, hash: u64, text: &str, time: i64, least: i64, count: usize) -> Option<&mut Pair> {
        match self.0.iter().rposition(|pair| pair.hash == hash) {
            Some(place) => {
                let is_beat = self.0[place].beat(time, least, count);
                self.0[place..].rotate_left(1);
                self.0.last_mut().filter(|_| is_beat)
            }
            None => {
                if self.0.len() >= MOST {
                    self.0.remove(0);
                }
                if self.0.len() == self.0.capacity() {
                    self.0.reserve_exact(self.0.len().clamp(1, 16));
                }
                let text = readable(text);
                self.0.push(Pair {
                    hash,
                    text,
                    last: time,
                    beats: 1,
                    since: time,
                    ring: Vec::new(),
                    next: 0,
                    told: false,
                });
                None
            }
        }
    }

    /// Forgets what was last there before a time.
    pub(crate) fn forget(&mut self, before: i64) {
        if self.0.first().is_some_and(|pair| pair.last < before) {
            self.0.retain(|pair| pair.last >= before);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The latest, regular ones first.
    pub(crate) fn latest(&self, most: usize) -> Vec<KnownInterval> {
        let all = self.0.iter().rev().map(|pair| {
            let rhythm = pair.rhythm();
            KnownInterval {
                value: text_of(&pair.text),
                last: Timestamp::from_micros(pair.last),
                times: u64::from(pair.beats),
                interval: rhythm.map(|rhythm| rhythm.interval),
                jitter: rhythm.map_or(0, |rhythm| rhythm.jitter),
            }
        });
        let mut all: Vec<KnownInterval> = all.collect();
        all.sort_by_key(|known| if known.interval.is_some() { known.jitter } else { u64::MAX });
        all.truncate(most);
        all
    }

    pub(crate) fn heap(&self) -> usize {
        let rings: usize = self.0.iter().map(|pair| pair.ring.capacity() * 4 + pair.text.heap()).sum();
        self.0.capacity() * size_of::<Pair>() + rings
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_number(out, self.0.len() as u64);
        for pair in &self.0 {
            out.extend_from_slice(&pair.hash.to_le_bytes());
            put_bytes(out, pair.text.as_bytes());
            put_signed(out, pair.last);
            put_signed(out, pair.since);
            for number in [u64::from(pair.beats), u64::from(pair.next), u64::from(pair.told), pair.ring.len() as u64] {
                put_number(out, number);
            }
            pair.ring.iter().for_each(|interval| put_number(out, u64::from(*interval)));
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut pairs = Vec::new();
        for _ in 0..reader.count()? {
            let hash = u64::from_le_bytes(reader.take(8)?.try_into().ok()?);
            let text = Key::new(reader.bytes()?);
            let (last, since) = (reader.signed()?, reader.signed()?);
            let beats = u32::try_from(reader.number()?).ok()?;
            let next = u16::try_from(reader.number()?).ok()?;
            let told = reader.number()? != 0;
            let count = reader.count()?;
            let ring = (0..count).map(|_| u32::try_from(reader.number()?).ok()).collect::<Option<Vec<_>>>()?;
            pairs.push(Pair { hash, text, last, beats, since, ring, next, told });
        }
        Some(Pairs(pairs))
    }
}

impl Pair {
    /// Learns that it was there at a time. What is sooner than `least` after the last beat belongs to that one.
    fn beat(&mut self, time: i64, least: i64, count: usize) -> bool {
        let interval = time.saturating_sub(self.last);
        if interval < least {
            return false;
        }
        let interval = u32::try_from(interval / MILLI).unwrap_or(u32::MAX);
        if self.ring.len() < count {
            self.ring.push(interval);
        } else {
            let place = usize::from(self.next) % self.ring.len();
            self.ring[place] = interval;
            self.next = ((place + 1) % self.ring.len()) as u16;
        }
        (self.last, self.beats) = (time, self.beats.saturating_add(1));
        true
    }

    /// How regular it is once `count` intervals are known and they are within `jitter` percent. Where they are not, the time
    /// since which it is regular is no longer than they are long.
    pub(crate) fn regular(&mut self, count: usize, jitter: u64) -> Option<Rhythm> {
        if self.ring.len() < count {
            return None;
        }
        let rhythm = self.rhythm().filter(|rhythm| rhythm.jitter <= jitter);
        if rhythm.is_none() {
            let length: i64 = self.ring.iter().map(|interval| i64::from(*interval) * MILLI).sum();
            self.since = self.last.saturating_sub(length);
        }
        rhythm
    }

    /// The time since which it is regular until its last beat.
    pub(crate) fn lasting(&self) -> i64 {
        self.last.saturating_sub(self.since)
    }

    fn rhythm(&self) -> Option<Rhythm> {
        if self.ring.len() < 3 {
            return None;
        }
        let median = |numbers: &mut Vec<u32>| {
            let middle = numbers.len() / 2;
            u64::from(*numbers.select_nth_unstable(middle).1)
        };
        let mut sorted = self.ring.clone();
        let interval = median(&mut sorted).max(1);
        sorted.iter_mut().for_each(|number| *number = u64::from(*number).abs_diff(interval) as u32);
        Some(Rhythm { interval, jitter: median(&mut sorted) * 100 / interval })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn rhythm(times: impl IntoIterator<Item = i64>) -> Option<Rhythm> {
        let mut pairs = Pairs::default();
        let mut found = None;
        for time in times {
            if let Some(pair) = pairs.beat(7, "c2.example", time, 5 * SECOND, 16) {
                found = pair.regular(16, 20);
            }
        }
        found
    }

    #[test]
    fn a_beacon_is_regular_with_jitter_with_bursts_and_with_a_pause() {
        let mut random = fastrand::Rng::with_seed(3);
        assert_eq!(rhythm((0..17).map(|beat| beat * 60 * SECOND)), Some(Rhythm { interval: 60_000, jitter: 0 }));
        assert!(rhythm((0..40).map(|beat| beat * 60 * SECOND + random.i64(-9..9) * SECOND)).is_some());
        let bursts = (0..80).map(|event| event / 4 * 60 * SECOND + event % 4 * SECOND);
        assert_eq!(rhythm(bursts).map(|rhythm| rhythm.interval), Some(60_000));
        let paused = (0..40).map(|beat| beat * 60 * SECOND + if beat > 30 { 7_200 * SECOND } else { 0 });
        assert!(rhythm(paused).is_some());
        assert_eq!(rhythm((0..16).map(|beat| beat * 60 * SECOND)), None, "too few");
    }

    #[test]
    fn what_people_do_is_not_regular() {
        let mut random = fastrand::Rng::with_seed(5);
        let mut time = 0;
        let browsing = std::iter::repeat_with(|| {
            time += (random.f64().ln() * -60.0 * SECOND as f64) as i64 + 5 * SECOND;
            time
        });
        assert_eq!(rhythm(browsing.take(200)), None);
    }

    #[test]
    fn of_too_many_values_the_oldest_goes_and_the_state_reads_back() {
        let mut pairs = Pairs::default();
        for value in 0..300 {
            pairs.beat(value, "x", value as i64 * SECOND, SECOND, 16);
        }
        assert_eq!((pairs.len(), pairs.0[0].hash), (MOST, 44));
        pairs.beat(44, "x", 400 * SECOND, SECOND, 16);
        assert_eq!(pairs.0.last().map(|pair| (pair.hash, pair.beats)), Some((44, 2)));
        let mut out = Vec::new();
        pairs.write(&mut out);
        assert_eq!(Pairs::read(&mut Reader::new(&out)), Some(pairs.clone()));
        pairs.forget(200 * SECOND);
        assert_eq!(pairs.len(), 101);
    }
}
