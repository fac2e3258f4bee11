//! A set of 64-bit keys in about nine bits each, wrong one time in 256: a binary fuse filter (Graf and Lemire, "Binary
//! Fuse Filters: Fast and Smaller Than Xor Filters", 2022). A key is in the set if three bytes xor to its fingerprint.

use std::collections::HashSet;

/// Where a filter's keys are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub seed: u64,
    pub segment: u32,
    /// The first of a key's three places lies below this.
    pub span: u32,
}

/// A finished filter.
#[derive(Debug)]
pub(super) struct Fuse {
    pub shape: Shape,
    pub bytes: Vec<u8>,
}

impl Shape {
    fn of(keys: usize) -> Shape {
        let count = keys.max(2) as f64;
        let segment = 1u32 << ((count.ln() / 3.33f64.ln() + 2.25).floor() as u32).min(18);
        let factor = (0.875 + 0.25 * 1e6f64.ln() / count.ln()).max(1.125);
        let capacity = (count * factor).round() as u32;
        let segments = capacity.div_ceil(segment).saturating_sub(2).max(1);
        Shape { seed: 0, segment, span: segments * segment }
    }

    /// Bytes of a filter of this shape.
    pub fn len(&self) -> usize {
        self.span as usize + 2 * self.segment as usize
    }

    /// The three places of a key and its fingerprint.
    #[inline]
    pub fn places(&self, key: u64) -> ([usize; 3], u8) {
        let mixed = mix(key.wrapping_add(self.seed));
        let mask = self.segment - 1;
        let first = ((u128::from(mixed) * u128::from(self.span)) >> 64) as u32;
        let second = (first + self.segment) ^ ((mixed >> 18) as u32 & mask);
        let third = (first + 2 * self.segment) ^ (mixed as u32 & mask);
        ([first as usize, second as usize, third as usize], (mixed ^ (mixed >> 32)) as u8)
    }
}

impl Fuse {
    /// A filter of these keys, which are all different.
    pub fn of(keys: &[u64]) -> Fuse {
        let mut shape = Shape::of(keys.len());
        // Each try succeeds with more than nine in ten; keys of the same hash would fail for ever and are sorted out.
        for attempt in 0..100u64 {
            shape.seed = mix(attempt.wrapping_add(0x9E37_79B9_7F4A_7C15));
            if let Some(bytes) = fill(shape, keys) {
                return Fuse { shape, bytes };
            }
        }
        let distinct: HashSet<u64> = keys.iter().copied().collect();
        let distinct: Vec<u64> = distinct.into_iter().collect();
        let roomy = Shape { span: shape.span * 2, ..shape };
        let bytes = fill(roomy, &distinct);
        bytes.map_or_else(Fuse::everything, |bytes| Fuse { shape: roomy, bytes })
    }

    /// A filter that says yes to everything, marked by a segment of nothing.
    fn everything() -> Fuse {
        Fuse { shape: Shape { seed: 0, segment: 0, span: 0 }, bytes: Vec::new() }
    }
}

/// Peels keys off places that only one key has, then fills them in the opposite order.
fn fill(shape: Shape, keys: &[u64]) -> Option<Vec<u8>> {
    let mut counts = vec![0u8; shape.len()];
    let mut sums = vec![0u64; shape.len()];
    for key in keys {
        for place in shape.places(*key).0 {
            counts[place] = counts[place].checked_add(1)?;
            sums[place] ^= key;
        }
    }
    let mut queue: Vec<u32> = (0..shape.len() as u32).filter(|place| counts[*place as usize] == 1).collect();
    let mut order: Vec<(u32, u64)> = Vec::with_capacity(keys.len());
    while let Some(place) = queue.pop() {
        if counts[place as usize] != 1 {
            continue;
        }
        let key = sums[place as usize];
        order.push((place, key));
        for place in shape.places(key).0 {
            counts[place] -= 1;
            sums[place] ^= key;
            if counts[place] == 1 {
                queue.push(place as u32);
            }
        }
    }
    if order.len() != keys.len() {
        return None;
    }
    let mut bytes = vec![0u8; shape.len()];
    for (place, key) in order.into_iter().rev() {
        let (places, print) = shape.places(key);
        let present = places.into_iter().fold(0, |sum, other| sum ^ bytes[other]);
        // The place itself is still zero.
        bytes[place as usize] = print ^ present;
    }
    Some(bytes)
}

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
    use super::*;

    fn holds(fuse: &Fuse, key: u64) -> bool {
        let (places, print) = fuse.shape.places(key);
        places.into_iter().fold(print, |sum, place| sum ^ fuse.bytes[place]) == 0
    }

    #[test]
    fn every_key_is_found_and_few_others() {
        for count in [0u64, 1, 2, 3, 10, 100, 1_000, 40_000] {
            let keys: Vec<u64> = (0..count).map(|number| mix(number + 1)).collect();
            let fuse = Fuse::of(&keys);
            assert!(keys.iter().all(|key| holds(&fuse, *key)), "{count}");
            let wrong = (0..20_000u64).filter(|number| holds(&fuse, mix(number + 1_000_000))).count();
            assert!(wrong < 200, "{wrong} of 20000 with {count} keys");
            if count >= 1_000 {
                let most = if count > 10_000 { 1.3 } else { 1.5 };
                assert!((fuse.bytes.len() as f64) < most * count as f64, "{} for {count}", fuse.bytes.len());
            }
        }
    }
}
