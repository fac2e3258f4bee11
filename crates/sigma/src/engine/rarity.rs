//! How often something is met in events: counted in this partition's traffic once some of it was seen, until then in
//! a few values as Windows, Linux and network devices write them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::fold::fold;

use super::grams::{gram, width_of};
use super::hash::{Quick, hash};
use super::need::{Atom, Kind};

/// What the values below weigh beside events counted.
const PRIOR: f32 = 8.0;
/// How often something is met that none of the values below has.
const UNKNOWN: f32 = 0.002;
/// Texts up to here are counted in grams of every width.
const SHORT: usize = 512;
/// Longer values say no more about what is usual.
const LONGEST: usize = 2048;

/// Values of the kinds fields have, none of them from anyone's records.
const TYPICAL: &str = include_str!("typical.txt");

/// How often each kind of thing is met.
type Found = HashMap<u64, u16, Quick>;

static USUAL: LazyLock<(usize, Found)> = LazyLock::new(|| {
    let mut counts = Found::default();
    for line in TYPICAL.lines() {
        each(line, |kind, key| *counts.entry(mixed(None, kind, key)).or_default() += 1);
    }
    (TYPICAL.lines().count(), counts)
});

/// How often things are met in a partition's events.
#[derive(Debug, Default)]
pub(crate) struct Rarity {
    events: u32,
    /// Counts by hash; what shares one is taken to be met as often as all of them together.
    counts: Box<[u16]>,
    /// Bytes of each column's values.
    bytes: HashMap<Option<usize>, u64>,
}

/// Bytes of a value, and of all values and the record together, before any were counted.
const USUAL_BYTES: [f32; 2] = [60.0, 3000.0];

/// Counts a partition has.
const COUNTS: usize = 1 << 17;

impl Rarity {
    /// Takes note that an event has begun.
    pub(crate) fn event(&mut self) {
        self.events += 1;
    }

    /// How many events were counted.
    pub(crate) fn events(&self) -> u32 {
        self.events
    }

    /// Takes note of one of its values.
    pub(crate) fn value(&mut self, column: Option<usize>, text: &str) {
        if self.counts.is_empty() {
            self.counts = vec![0; COUNTS].into();
        }
        *self.bytes.entry(column).or_default() += text.len() as u64;
        each(text, |kind, key| {
            let count = &mut self.counts[slot(column, kind, key)];
            *count = count.saturating_add(1);
        });
    }

    /// Bytes of a column's values in an event, on average.
    pub(crate) fn length(&self, column: Option<usize>) -> f32 {
        if self.events == 0 {
            return USUAL_BYTES[usize::from(column.is_none())];
        }
        self.bytes.get(&column).map_or(0.0, |bytes| *bytes as f32 / self.events as f32)
    }

    /// How often a gram is met in a column's values.
    pub(crate) fn gram(&self, column: Option<usize>, gram: u32, width: usize) -> f32 {
        self.of(column, width as u8, gram.into())
    }

    /// How often the atom is there in an event.
    pub(crate) fn odds(&self, atom: &Atom) -> f32 {
        let bytes = atom.text.as_bytes();
        match atom.kind {
            Kind::Whole => self.of(atom.column, WHOLE, hash(bytes)),
            Kind::AfterBackslash => self.of(atom.column, AFTER_BACKSLASH, hash(bytes)),
            Kind::AfterSlash => self.of(atom.column, AFTER_SLASH, hash(bytes)),
            Kind::Word | Kind::Begin | Kind::End => {
                let width = width_of(bytes.len());
                let grams = bytes.windows(width).map(|window| self.gram(atom.column, gram(window, width), width));
                let rarest = grams.min_by(f32::total_cmp).unwrap_or(1.0);
                // Short words need a look of their own at every place.
                rarest + [0.2, 0.02, 0.0][width - 2]
            }
        }
    }

    fn of(&self, column: Option<usize>, kind: u8, key: u64) -> f32 {
        let (values, usual) = &*USUAL;
        let usual =
            usual.get(&mixed(None, kind, key)).map_or(0.0, |count| f32::from(*count) / *values as f32).max(UNKNOWN);
        if self.counts.is_empty() {
            return usual;
        }
        let counted = f32::from(self.counts[slot(column, kind, key)]);
        (counted + PRIOR * usual) / (self.events as f32 + PRIOR)
    }
}

/// Kinds beside the widths of grams.
const WHOLE: u8 = 0;
const AFTER_BACKSLASH: u8 = 1;
const AFTER_SLASH: u8 = 5;

fn mixed(column: Option<usize>, kind: u8, key: u64) -> u64 {
    let column = column.map_or(0, |column| column as u64 + 1);
    let mixed = (key ^ column.rotate_left(40) ^ u64::from(kind).rotate_left(56)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

fn slot(column: Option<usize>, kind: u8, key: u64) -> usize {
    (mixed(column, kind, key) >> 47) as usize % COUNTS
}

/// Each thing met in a text, as often as it is.
fn each(text: &str, mut count: impl FnMut(u8, u64)) {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let folded = if text.is_ascii() { Cow::Borrowed(text) } else { fold(text) };
    let bytes = folded.as_bytes();
    count(WHOLE, hash(bytes));
    for (kind, separator) in [(AFTER_BACKSLASH, b'\\'), (AFTER_SLASH, b'/')] {
        if let Some(place) = memchr::memrchr(separator, bytes) {
            count(kind, hash(&bytes[place + 1..]));
        }
    }
    // Who asks for very short words asks for them in short texts.
    let widths = if bytes.len() > SHORT { 4..=4 } else { 2..=4 };
    for width in widths {
        bytes.windows(width).for_each(|window| count(width as u8, gram(window, width).into()));
    }
}
