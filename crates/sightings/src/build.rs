//! A run under construction: the keys of a file's rows, gathered in memory.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use crate::column::{self, Layout};
use crate::key::Key;
use crate::run::{Header, RunInfo};

/// Keys are drawn or counted numbers: one multiplication mixes them well enough.
#[derive(Debug, Default, Clone, Copy)]
struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        let product = u128::from(self.0 ^ number ^ 0x9E37_79B9_7F4A_7C15) * 0xA076_1D64_78BD_642F;
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }

    fn write_u128(&mut self, number: u128) {
        self.write_u64(number as u64);
        self.write_u64((number >> 64) as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

type Seen<K> = HashMap<K, Figures, BuildHasherDefault<Mix>>;

#[derive(Debug, Clone, Copy)]
struct Figures {
    first: i64,
    last: i64,
    count: u32,
    /// The row last counted, so that a row with a value in two fields counts once.
    row: u32,
}

/// Gathers the keys of one file's rows.
#[derive(Debug, Default)]
pub struct Builder {
    v4: Seen<u32>,
    v6: Seen<u128>,
    named: Seen<u64>,
}

impl Builder {
    /// A key of a row. The keys of one row come together, before those of the next.
    pub fn see(&mut self, row: u32, time: i64, key: Key) {
        match key {
            Key::V4(key) => count(&mut self.v4, key, row, time),
            Key::V6(key) => count(&mut self.v6, key, row, time),
            Key::Named(key) => count(&mut self.named, key, row, time),
        }
    }

    /// How many keys.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len() + self.named.len()
    }

    /// True when no row had one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The run's bytes.
    pub fn encode(self, info: &RunInfo) -> Vec<u8> {
        let (v4, v6, named) = (sorted(self.v4), sorted(self.v6), sorted(self.named));
        let layouts = [Layout::of(v4.len(), 4), Layout::of(v6.len(), 16), Layout::of(named.len(), 8)];
        let figures = || v4.iter().map(|(_, f)| f).chain(v6.iter().map(|(_, f)| f)).chain(named.iter().map(|(_, f)| f));
        let base = figures().map(|figures| figures.first).min().unwrap_or(0);
        let span = figures().map(|figures| figures.last.wrapping_sub(base) as u64).max().unwrap_or(0);
        let time_width = (1..8).find(|width| span >> (8 * width) == 0).unwrap_or(8) as usize;

        let mut columns = Vec::with_capacity(layouts.iter().map(|layout| layout.len() as usize).sum());
        column::encode(layouts[0], v4.iter().map(|(key, _)| u128::from(*key)), &mut columns);
        column::encode(layouts[1], v6.iter().map(|(key, _)| *key), &mut columns);
        column::encode(layouts[2], named.iter().map(|(key, _)| u128::from(*key)), &mut columns);
        let mut told = Vec::with_capacity(figures().count() * (2 * time_width + 4));
        for figures in figures() {
            for time in [figures.first, figures.last] {
                told.extend_from_slice(&(time.wrapping_sub(base) as u64).to_le_bytes()[..time_width]);
            }
            told.extend_from_slice(&figures.count.to_le_bytes());
        }
        let header = Header {
            of: info.of,
            rows: info.rows,
            base,
            time_width,
            layouts,
            columns: crc32fast::hash(&columns),
            figures: crc32fast::hash(&told),
        };
        let mut bytes = header.encode();
        bytes.append(&mut columns);
        bytes.append(&mut told);
        bytes
    }
}

fn count<K: Eq + Hash>(seen: &mut Seen<K>, key: K, row: u32, time: i64) {
    let figures = seen.entry(key).or_insert(Figures { first: time, last: time, count: 0, row });
    if figures.count > 0 && figures.row == row {
        return;
    }
    figures.first = figures.first.min(time);
    figures.last = figures.last.max(time);
    figures.count = figures.count.saturating_add(1);
    figures.row = row;
}

fn sorted<K: Ord + Copy>(seen: Seen<K>) -> Vec<(K, Figures)> {
    let mut sorted: Vec<_> = seen.into_iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    sorted
}
