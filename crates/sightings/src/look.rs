//! A list held against a run. Where the list can touch most groups of a column the column is read from end to end, key
//! by key against two million bits that stay in the cache; where it can touch few, only those groups are read.

use crate::column::{self, Layout};
use crate::error::{Error, Result};
use crate::run::Run;
use crate::wanted::{Near, Wanted};

/// Bytes of keys read at a time.
const CHUNK: usize = 1 << 20;
/// A column is read whole unless fewer than one in this many of its groups is wanted.
const FEW: usize = 8;
/// Up to so many groups are looked up in the table one by one.
const SINGLE: usize = 64;
/// Figures are read together that stand this close, in pieces of this size.
const CLOSE: u64 = 4096;
const PIECE: u64 = 1 << 16;

/// A key of a run that an indicator stands for. A range of addresses may stand for several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The indicator's place in its list.
    pub indicator: u32,
    /// The earliest row's time.
    pub first: i64,
    /// The latest row's time.
    pub last: i64,
    /// How many rows.
    pub count: u32,
}

/// Memory that is used again from run to run.
#[derive(Debug, Default)]
pub struct Scratch {
    table: Vec<u8>,
    starts: Vec<u32>,
    keys: Vec<u8>,
    /// What was found: place among all keys, and indicator.
    places: Vec<(u64, u32)>,
    /// Bytes read since it was made.
    pub read: u64,
}

impl Run {
    /// Adds what the list has in common with the run.
    pub fn look(&self, wanted: &Wanted, scratch: &mut Scratch, found: &mut Vec<Found>) -> Result<()> {
        scratch.places.clear();
        let mut whole = Whole { check: crc32fast::Hasher::new(), is: true };
        self.look_v4(wanted, scratch, &mut whole)?;
        self.look_v6(wanted, scratch, &mut whole)?;
        self.look_named(wanted, scratch, &mut whole)?;
        if whole.is && whole.check.finalize() != self.header.columns {
            return Err(Error::Damaged("its checksum is another"));
        }
        self.figures(scratch, found)
    }

    fn look_v4(&self, wanted: &Wanted, scratch: &mut Scratch, whole: &mut Whole) -> Result<()> {
        let layout = self.header.layouts[0];
        let near = &wanted.near_v4;
        self.walk(0, near, scratch, whole, |group, first, keys, places| match layout.grouped {
            2 => v4::<2>(wanted, group << 16, keys, first, places),
            1 => v4::<3>(wanted, group << 24, keys, first, places),
            _ => v4::<4>(wanted, 0, keys, first, places),
        })
    }

    fn look_v6(&self, wanted: &Wanted, scratch: &mut Scratch, whole: &mut Whole) -> Result<()> {
        let layout = self.header.layouts[1];
        if layout.keys == 0 {
            return Ok(());
        }
        if wanted.v6.is_empty() {
            whole.is = false;
            return Ok(());
        }
        let (mut at, base) = (0, self.header.layouts[0].keys);
        while at < layout.keys {
            let count = (layout.keys - at).min((CHUNK / 16) as u64);
            scratch.keys.resize(count as usize * 16, 0);
            self.read(self.header.column(1) + at * 16, &mut scratch.keys)?;
            whole.check.update(&scratch.keys);
            scratch.read += scratch.keys.len() as u64;
            for (place, key) in scratch.keys.chunks_exact(16).enumerate() {
                let key = u128::from_be_bytes(key.try_into().expect("16 bytes"));
                let place = base + at + place as u64;
                wanted.v6.find(key, &mut |indicator| scratch.places.push((place, indicator)));
            }
            at += count;
        }
        Ok(())
    }

    fn look_named(&self, wanted: &Wanted, scratch: &mut Scratch, whole: &mut Whole) -> Result<()> {
        let layout = self.header.layouts[2];
        let near = &wanted.near_named;
        let base = self.header.layouts[0].keys + self.header.layouts[1].keys;
        self.walk(2, near, scratch, whole, |group, first, keys, places| {
            let first = base + first;
            match layout.grouped {
                2 => named::<6>(wanted, u64::from(group) << 48, keys, first, places),
                1 => named::<7>(wanted, u64::from(group) << 56, keys, first, places),
                _ => named::<8>(wanted, 0, keys, first, places),
            }
        })
    }

    /// Calls `with` with each group the list can touch: the group, the place of its first key, its keys.
    fn walk(
        &self,
        which: usize,
        near: &Near,
        scratch: &mut Scratch,
        whole: &mut Whole,
        mut with: impl FnMut(u32, u64, &[u8], &mut Vec<(u64, u32)>),
    ) -> Result<()> {
        let layout = self.header.layouts[which];
        if layout.keys == 0 && layout.grouped == 0 {
            return Ok(());
        }
        if near.is_empty() {
            whole.is = false;
            return Ok(());
        }
        let column = self.header.column(which);
        let data = column + layout.table_len();
        let kept = layout.kept() as u64;
        let groups: &[u32] = if layout.grouped == 0 { &[0] } else { &near.groups[layout.grouped - 1] };
        if layout.grouped > 0 && groups.len() <= SINGLE {
            whole.is = false;
            return self.single(layout, column, groups, scratch, with);
        }
        scratch.table.resize(layout.table_len() as usize, 0);
        self.read(column, &mut scratch.table)?;
        whole.check.update(&scratch.table);
        scratch.read += layout.table_len();
        column::starts(layout, &scratch.table, &mut scratch.starts)?;
        let starts = &scratch.starts;
        let all = layout.groups();
        if groups.len() * FEW < all {
            whole.is = false;
            for group in groups {
                let (from, to) = (starts[*group as usize], starts[*group as usize + 1]);
                if from < to {
                    scratch.keys.resize(((to - from) as u64 * kept) as usize, 0);
                    self.read(data + u64::from(from) * kept, &mut scratch.keys)?;
                    scratch.read += scratch.keys.len() as u64;
                    with(*group, u64::from(from), &scratch.keys, &mut scratch.places);
                }
            }
            return Ok(());
        }
        let mut group = 0;
        while group < all {
            let begin = group;
            let from = u64::from(starts[begin]);
            group += 1;
            while group < all && (u64::from(starts[group + 1]) - from) * kept <= CHUNK as u64 {
                group += 1;
            }
            let to = u64::from(starts[group]);
            scratch.keys.resize(((to - from) * kept) as usize, 0);
            self.read(data + from * kept, &mut scratch.keys)?;
            whole.check.update(&scratch.keys);
            scratch.read += scratch.keys.len() as u64;
            for one in begin..group {
                let (low, high) = (u64::from(starts[one]), u64::from(starts[one + 1]));
                let keys = &scratch.keys[((low - from) * kept) as usize..((high - from) * kept) as usize];
                with(one as u32, low, keys, &mut scratch.places);
            }
        }
        Ok(())
    }

    /// A few groups, each looked up in the table.
    fn single(
        &self,
        layout: Layout,
        column: u64,
        groups: &[u32],
        scratch: &mut Scratch,
        mut with: impl FnMut(u32, u64, &[u8], &mut Vec<(u64, u32)>),
    ) -> Result<()> {
        let kept = layout.kept() as u64;
        for group in groups {
            let mut ends = [0u8; 8];
            self.read(column + u64::from(*group) * 4, &mut ends)?;
            let ends = u64::from_le_bytes(ends);
            let (from, to) = (ends & 0xffff_ffff, ends >> 32);
            if from > to || to > layout.keys {
                return Err(Error::Damaged("a table does not rise"));
            }
            if from < to {
                scratch.keys.resize(((to - from) * kept) as usize, 0);
                self.read(column + layout.table_len() + from * kept, &mut scratch.keys)?;
                scratch.read += 8 + scratch.keys.len() as u64;
                with(*group, from, &scratch.keys, &mut scratch.places);
            }
        }
        Ok(())
    }

    /// The figures of what was found, read in pieces.
    fn figures(&self, scratch: &mut Scratch, found: &mut Vec<Found>) -> Result<()> {
        let (begin, each) = self.header.figures();
        let (width, base) = (self.header.time_width, self.header.base);
        let places = &mut scratch.places;
        places.sort_unstable();
        let mut at = 0;
        while at < places.len() {
            let first = places[at].0;
            let mut end = at + 1;
            while end < places.len()
                && (places[end].0 - places[end - 1].0) * each as u64 <= CLOSE
                && (places[end].0 - first) * each as u64 <= PIECE
            {
                end += 1;
            }
            let count = places[end - 1].0 - first + 1;
            scratch.keys.resize(count as usize * each, 0);
            self.read(begin + first * each as u64, &mut scratch.keys)?;
            scratch.read += scratch.keys.len() as u64;
            for (place, indicator) in &places[at..end] {
                let told = &scratch.keys[(place - first) as usize * each..][..each];
                let time = |bytes: &[u8]| {
                    let mut long = [0u8; 8];
                    long[..width].copy_from_slice(bytes);
                    base.wrapping_add(u64::from_le_bytes(long) as i64)
                };
                found.push(Found {
                    indicator: *indicator,
                    first: time(&told[..width]),
                    last: time(&told[width..2 * width]),
                    count: u32::from_le_bytes(told[2 * width..].try_into().expect("four bytes")),
                });
            }
            at = end;
        }
        Ok(())
    }
}

/// The checksum of the columns, which can only be told where all of them are read.
struct Whole {
    check: crc32fast::Hasher,
    is: bool,
}

/// Keys looked at in one go.
const BLOCK: usize = 256;

/// The places of a block's keys that may be in the list, written without a branch on each: what a key's bit says is not
/// known before it comes from the cache, and a wrong guess costs more than looking at several keys.
#[inline(always)]
fn near<const KEPT: usize>(
    block: &[[u8; KEPT]],
    places: &mut [u16; BLOCK],
    may: impl Fn(&[u8; KEPT]) -> bool,
) -> usize {
    let mut count = 0;
    for (at, key) in block.iter().enumerate() {
        places[count & (BLOCK - 1)] = at as u16;
        count += usize::from(may(key));
    }
    count
}

#[inline]
fn v4<const KEPT: usize>(wanted: &Wanted, head: u32, keys: &[u8], first: u64, places: &mut Vec<(u64, u32)>) {
    let whole = |key: &[u8; KEPT]| {
        let mut long = [0u8; 4];
        long[4 - KEPT..].copy_from_slice(key);
        head | u32::from_be_bytes(long)
    };
    let mut close = [0u16; BLOCK];
    for (number, block) in keys.as_chunks::<KEPT>().0.chunks(BLOCK).enumerate() {
        let count = near(block, &mut close, |key| wanted.near_v4.may_have(whole(key) >> 10));
        for at in &close[..count] {
            let key = whole(&block[usize::from(*at)]);
            if wanted.near_v4.has(key >> 8) {
                let place = first + (number * BLOCK) as u64 + u64::from(*at);
                wanted.v4.find(key, &mut |indicator| places.push((place, indicator)));
            }
        }
    }
}

#[inline]
fn named<const KEPT: usize>(wanted: &Wanted, head: u64, keys: &[u8], first: u64, places: &mut Vec<(u64, u32)>) {
    let whole = |key: &[u8; KEPT]| {
        let mut long = [0u8; 8];
        long[8 - KEPT..].copy_from_slice(key);
        head | u64::from_be_bytes(long)
    };
    let mut close = [0u16; BLOCK];
    for (number, block) in keys.as_chunks::<KEPT>().0.chunks(BLOCK).enumerate() {
        let count = near(block, &mut close, |key| wanted.near_named.may_have((whole(key) >> 42) as u32));
        for at in &close[..count] {
            let key = whole(&block[usize::from(*at)]);
            if wanted.near_named.has((key >> 40) as u32) {
                let place = first + (number * BLOCK) as u64 + u64::from(*at);
                wanted.find_named(key, |indicator| places.push((place, indicator)));
            }
        }
    }
}
