//! A blocked Bloom filter: one cache line says of almost every value that no indicator is like it.

/// Bits for each key; about one in two hundred values that are none passes.
const BITS: usize = 12;
/// Bits set for a key, all in one block.
const SET: u32 = 6;

/// A cache line.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Block([u64; 8]);

#[derive(Debug, Default)]
pub(crate) struct Filter {
    blocks: Vec<Block>,
}

impl Filter {
    pub fn for_keys(count: usize) -> Filter {
        Filter { blocks: vec![Block::default(); (count * BITS).div_ceil(512)] }
    }

    pub fn insert(&mut self, hash: u64) {
        let at = self.block(hash);
        let block = &mut self.blocks[at].0;
        bits(hash, |word, bit| {
            block[word] |= bit;
            true
        });
    }

    #[inline]
    pub fn may_have(&self, hash: u64) -> bool {
        if self.blocks.is_empty() {
            return false;
        }
        let block = &self.blocks[self.block(hash)].0;
        bits(hash, |word, bit| block[word] & bit != 0)
    }

    #[inline]
    fn block(&self, hash: u64) -> usize {
        (((hash >> 32) * self.blocks.len() as u64) >> 32) as usize
    }

    pub fn memory(&self) -> usize {
        self.blocks.capacity() * 64
    }
}

/// The bits of a hash, until `with` says no; whether it never did.
#[inline]
fn bits(hash: u64, mut with: impl FnMut(usize, u64) -> bool) -> bool {
    let mut drawn = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for _ in 0..SET {
        let bit = drawn >> 55;
        if !with((bit >> 6) as usize, 1 << (bit & 63)) {
            return false;
        }
        drawn <<= 9;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Seed;

    #[test]
    fn what_is_in_it_always_passes_and_few_others_do() {
        let seed = Seed::random();
        let mut filter = Filter::for_keys(100_000);
        let hash = |number: u32| seed.hash(0, &number.to_le_bytes());
        (0..100_000).for_each(|number| filter.insert(hash(number)));
        assert!((0..100_000).all(|number| filter.may_have(hash(number))));
        let passed = (100_000..300_000).filter(|number| filter.may_have(hash(*number))).count();
        assert!(passed < 4_000, "{passed} of 200000");
        assert!(!Filter::default().may_have(1));
    }
}
