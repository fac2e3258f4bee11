//! A list made ready to be held against runs: stretches of addresses, and drawn keys in order.

use std::net::IpAddr;

use model::intel::Indicator;

use crate::key::{Key, indicator_key};

/// A list of indicators, ready. Indicators are named by their place in it.
#[derive(Debug, Default)]
pub struct Wanted {
    count: usize,
    pub(crate) v4: Ranges<u32>,
    pub(crate) v6: Ranges<u128>,
    pub(crate) named: Vec<(u64, u32)>,
    /// Which beginnings of 24 bits addresses and named keys have.
    pub(crate) near_v4: Near,
    pub(crate) near_named: Near,
    /// Where the named keys of each beginning of 16 bits stand.
    starts: Vec<u32>,
}

/// Stretches of addresses. Of any two, one holds the other or they share nothing.
#[derive(Debug, Default)]
pub(crate) struct Ranges<T> {
    /// By first address, the longer ones first.
    ranges: Vec<Range<T>>,
    /// How many begin before each beginning of 16 bits.
    starts: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Range<T> {
    first: T,
    last: T,
    indicator: u32,
    /// The place of the shortest range that holds this one.
    above: u32,
}

const NONE: u32 = u32::MAX;

/// An address as a number.
pub(crate) trait Address: Copy + Ord {
    /// Its first 16 bits.
    fn pair(self) -> usize;
}

impl Address for u32 {
    fn pair(self) -> usize {
        (self >> 16) as usize
    }
}

impl Address for u128 {
    fn pair(self) -> usize {
        (self >> 112) as usize
    }
}

/// Beginnings that occur: of 22 bits, few enough to stay in a core's cache, of 24 bits for those that pass, and of 16 and
/// 8 bits for whole groups.
#[derive(Debug, Default)]
pub(crate) struct Near {
    coarse: Vec<u64>,
    bits: Vec<u64>,
    /// Groups of two bytes and of one byte that occur, in order.
    pub groups: [Vec<u32>; 2],
}

impl Near {
    fn of(beginnings: impl Iterator<Item = (u32, u32)>) -> Near {
        let mut bits = vec![0u64; 1 << 18];
        let mut any = false;
        for (first, last) in beginnings {
            any = true;
            for beginning in first..=last {
                bits[beginning as usize >> 6] |= 1 << (beginning & 63);
            }
        }
        if !any {
            return Near::default();
        }
        let pairs: Vec<u32> = (0..1u32 << 16).filter(|pair| bits[*pair as usize * 4..][..4] != [0; 4]).collect();
        // Four bits that stand together become one.
        let fold = |word: u64| (0..16).fold(0u64, |sum, at| sum | u64::from(word >> (4 * at) & 15 != 0) << at);
        let coarse = bits.chunks_exact(4).map(|words| (0..4).fold(0, |sum, at| sum | fold(words[at]) << (16 * at)));
        let coarse = coarse.collect();
        let mut bytes: Vec<u32> = pairs.iter().map(|pair| pair >> 8).collect();
        bytes.dedup();
        Near { coarse, bits, groups: [bytes, pairs] }
    }

    pub fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    /// Whether a beginning of 22 bits may occur.
    #[inline(always)]
    pub fn may_have(&self, beginning: u32) -> bool {
        self.coarse[beginning as usize >> 6] >> (beginning & 63) & 1 == 1
    }

    /// Whether a beginning of 24 bits occurs.
    #[inline(always)]
    pub fn has(&self, beginning: u32) -> bool {
        self.bits[beginning as usize >> 6] >> (beginning & 63) & 1 == 1
    }
}

impl Wanted {
    /// Makes a list ready.
    pub fn of<'i>(indicators: impl IntoIterator<Item = &'i Indicator>) -> Wanted {
        let (mut v4, mut v6, mut named, mut count) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for (place, indicator) in indicators.into_iter().enumerate() {
            let place = place as u32;
            count += 1;
            if let Some(key) = indicator_key(indicator) {
                named.push((key, place));
            } else if let Some(range) = indicator.addresses() {
                let ends = (range.network(), range.broadcast());
                match ends {
                    (IpAddr::V4(first), IpAddr::V4(last)) => {
                        v4.push((first.to_bits(), last.to_bits(), place));
                    }
                    (IpAddr::V6(first), IpAddr::V6(last)) => v6.push((first.to_bits(), last.to_bits(), place)),
                    _ => {}
                }
            }
        }
        named.sort_unstable();
        let near_v4 = Near::of(v4.iter().map(|(first, last, _)| (first >> 8, last >> 8)));
        let near_named = Near::of(named.iter().map(|(key, _)| ((key >> 40) as u32, (key >> 40) as u32)));
        let mut starts = vec![0u32; (1 << 16) + 1];
        for (key, _) in &named {
            starts[(key >> 48) as usize + 1] += 1;
        }
        for pair in 0..1 << 16 {
            starts[pair + 1] += starts[pair];
        }
        Wanted { count, v4: Ranges::of(v4), v6: Ranges::of(v6), named, near_v4, near_named, starts }
    }

    /// How many indicators.
    pub fn len(&self) -> usize {
        self.count
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Calls `with` for each indicator that stands for the key.
    pub fn find(&self, key: Key, mut with: impl FnMut(u32)) {
        match key {
            Key::V4(key) if !self.near_v4.is_empty() && self.near_v4.has(key >> 8) => {
                self.v4.find(key, &mut with);
            }
            Key::V4(_) => {}
            Key::V6(key) => self.v6.find(key, &mut with),
            Key::Named(key) if !self.near_named.is_empty() && self.near_named.has((key >> 40) as u32) => {
                self.find_named(key, with);
            }
            Key::Named(_) => {}
        }
    }

    #[inline]
    pub(crate) fn find_named(&self, key: u64, mut with: impl FnMut(u32)) {
        let pair = (key >> 48) as usize;
        let close = &self.named[self.starts[pair] as usize..self.starts[pair + 1] as usize];
        let at = close.partition_point(|(other, _)| *other < key);
        close[at..].iter().take_while(|(other, _)| *other == key).for_each(|(_, indicator)| with(*indicator));
    }

    /// Bytes it takes.
    pub fn memory(&self) -> usize {
        let v4 = self.v4.ranges.capacity() * size_of::<Range<u32>>();
        let v6 = self.v6.ranges.capacity() * size_of::<Range<u128>>();
        let near = (self.near_v4.bits.capacity() + self.near_named.bits.capacity()) * 5 / 4;
        let starts = self.v4.starts.capacity() + self.v6.starts.capacity() + self.starts.capacity();
        v4 + v6 + self.named.capacity() * 16 + near * 8 + starts * 4
    }
}

impl<T: Address> Ranges<T> {
    fn of(mut ranges: Vec<(T, T, u32)>) -> Ranges<T> {
        ranges.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
        let mut made: Vec<Range<T>> = Vec::with_capacity(ranges.len());
        let mut starts = vec![0u32; (1 << 16) + 1];
        for (first, last, indicator) in ranges {
            let mut above = made.len() as u32;
            above = if above == 0 { NONE } else { above - 1 };
            while above != NONE && made[above as usize].last < last {
                above = made[above as usize].above;
            }
            starts[first.pair() + 1] += 1;
            made.push(Range { first, last, indicator, above });
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Ranges { ranges: made, starts }
    }

    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    #[inline]
    pub fn find(&self, key: T, with: &mut impl FnMut(u32)) {
        if self.ranges.is_empty() {
            return;
        }
        let (from, to) = (self.starts[key.pair()] as usize, self.starts[key.pair() + 1] as usize);
        let before = from + self.ranges[from..to].partition_point(|range| range.first <= key);
        let mut at = if before == 0 { NONE } else { before as u32 - 1 };
        while at != NONE {
            let range = &self.ranges[at as usize];
            if range.last >= key {
                with(range.indicator);
            }
            at = range.above;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(list: &[&str], address: &str) -> Vec<u32> {
        let list: Vec<Indicator> = list.iter().map(|text| Indicator::parse(text).unwrap()).collect();
        let mut found = Vec::new();
        Wanted::of(&list).find(address.parse::<IpAddr>().unwrap().into(), |place| found.push(place));
        found.sort_unstable();
        found
    }

    #[test]
    fn an_address_is_found_in_every_range_that_holds_it_and_in_no_other() {
        let list =
            ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "10.1.2.0/24", "10.2.0.0/16", "2001:db8::/32", "2001:db8::1"];
        assert_eq!(found(&list, "10.1.2.3"), [0, 1, 2, 3]);
        assert_eq!(found(&list, "10.1.2.4"), [0, 1, 3]);
        assert_eq!(found(&list, "10.1.255.255"), [0, 1]);
        assert_eq!(found(&list, "10.2.0.0"), [0, 4]);
        assert_eq!(found(&list, "10.255.255.255"), [0]);
        assert!(found(&list, "11.0.0.0").is_empty());
        assert!(found(&list, "9.255.255.255").is_empty());
        assert_eq!(found(&list, "2001:db8::1"), [5, 6]);
        assert!(found(&list, "2001:db9::").is_empty());
    }
}
