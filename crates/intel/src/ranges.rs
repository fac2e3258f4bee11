//! Ranges of addresses. Of any two, one holds the other or they share nothing.

use std::net::IpAddr;

use ipnet::IpNet;

/// A range with its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range<T> {
    pub first: T,
    pub last: T,
    pub owner: u32,
    /// The place of the shortest range that holds this one.
    above: u32,
}

const NONE: u32 = u32::MAX;

#[derive(Debug)]
struct Sorted<T> {
    ranges: Vec<Range<T>>,
}

/// Ranges of both families.
#[derive(Debug, Default)]
pub(crate) struct Ranges {
    v4: Sorted<u32>,
    v6: Sorted<u128>,
    /// Which IPv4 addresses are near none, by their first 16 bits.
    near: Vec<u64>,
}

impl<T> Default for Sorted<T> {
    fn default() -> Self {
        Sorted { ranges: Vec::new() }
    }
}

impl Ranges {
    pub fn push(&mut self, net: IpNet, owner: u32) {
        match (net.network(), net.broadcast()) {
            (IpAddr::V4(first), IpAddr::V4(last)) => self.v4.push(first.to_bits(), last.to_bits(), owner),
            (IpAddr::V6(first), IpAddr::V6(last)) => self.v6.push(first.to_bits(), last.to_bits(), owner),
            _ => {}
        }
    }

    /// Puts them in order: before that nothing is found.
    pub fn finish(&mut self) {
        self.v4.finish();
        self.v6.finish();
        if self.v4.ranges.is_empty() {
            return;
        }
        self.near = vec![0; 1 << 10];
        for range in &self.v4.ranges {
            for pair in range.first >> 16..=range.last >> 16 {
                self.near[pair as usize >> 6] |= 1 << (pair & 63);
            }
        }
    }

    /// Calls `with` for the owner of each range that holds the address, with the range.
    #[inline]
    pub fn find(&self, address: IpAddr, mut with: impl FnMut(u32, IpNet)) {
        match address {
            IpAddr::V4(address) => {
                let bits = address.to_bits();
                let pair = bits >> 16;
                if self.near.get(pair as usize >> 6).is_some_and(|word| word >> (pair & 63) & 1 == 1) {
                    self.v4.find(bits, |range| {
                        let prefix = (range.first ^ range.last).leading_zeros() as u8;
                        let net = IpNet::new(IpAddr::V4(range.first.into()), prefix);
                        with(range.owner, net.expect("a prefix of 32 bits at most"));
                    });
                }
            }
            IpAddr::V6(address) => self.v6.find(address.to_bits(), |range| {
                let prefix = (range.first ^ range.last).leading_zeros() as u8;
                let net = IpNet::new(IpAddr::V6(range.first.into()), prefix);
                with(range.owner, net.expect("a prefix of 128 bits at most"));
            }),
        }
    }

    pub fn len(&self) -> usize {
        self.v4.ranges.len() + self.v6.ranges.len()
    }

    pub fn memory(&self) -> usize {
        self.v4.ranges.capacity() * size_of::<Range<u32>>()
            + self.v6.ranges.capacity() * size_of::<Range<u128>>()
            + self.near.capacity() * 8
    }
}

impl<T: Copy + Ord> Sorted<T> {
    fn push(&mut self, first: T, last: T, owner: u32) {
        self.ranges.push(Range { first, last, owner, above: NONE });
    }

    fn finish(&mut self) {
        self.ranges.shrink_to_fit();
        self.ranges
            .sort_unstable_by(|a, b| a.first.cmp(&b.first).then(b.last.cmp(&a.last)).then(a.owner.cmp(&b.owner)));
        for place in 0..self.ranges.len() {
            let mut above = if place == 0 { NONE } else { place as u32 - 1 };
            while above != NONE && self.ranges[above as usize].last < self.ranges[place].last {
                above = self.ranges[above as usize].above;
            }
            self.ranges[place].above = above;
        }
    }

    #[inline]
    fn find(&self, address: T, mut with: impl FnMut(&Range<T>)) {
        let before = self.ranges.partition_point(|range| range.first <= address);
        let mut at = if before == 0 { NONE } else { before as u32 - 1 };
        while at != NONE {
            let range = &self.ranges[at as usize];
            if range.last >= address {
                with(range);
            }
            at = range.above;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(list: &[&str], address: &str) -> Vec<String> {
        let mut ranges = Ranges::default();
        list.iter().zip(0..).for_each(|(net, owner)| ranges.push(net.parse().unwrap(), owner));
        ranges.finish();
        let mut found = Vec::new();
        ranges.find(address.parse().unwrap(), |owner, net| {
            assert_eq!(list[owner as usize], net.to_string());
            found.push(net.to_string());
        });
        found.sort_unstable();
        found
    }

    #[test]
    fn an_address_is_found_in_every_range_that_holds_it_and_in_no_other() {
        let list = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.2.0.0/16", "2001:db8::/32", "2001:db8:1::/48"];
        assert_eq!(found(&list, "10.1.2.3"), ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24"]);
        assert_eq!(found(&list, "10.1.255.255"), ["10.0.0.0/8", "10.1.0.0/16"]);
        assert_eq!(found(&list, "10.2.0.0"), ["10.0.0.0/8", "10.2.0.0/16"]);
        assert!(found(&list, "11.0.0.0").is_empty() && found(&list, "9.255.255.255").is_empty());
        assert_eq!(found(&list, "2001:db8:1::7"), ["2001:db8:1::/48", "2001:db8::/32"]);
        assert!(found(&[], "2001:db9::").is_empty() && found(&[], "1.2.3.4").is_empty());
    }
}
