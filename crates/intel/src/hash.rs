//! A keyed hash: whoever writes a feed cannot choose indicators that fall together.

/// Two words drawn when an index is built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed {
    add: u64,
    multiply: u64,
}

impl Seed {
    pub fn random() -> Seed {
        let mut bytes = [0u8; 16];
        getrandom::fill(&mut bytes).expect("the operating system gives randomness");
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        // An odd factor loses nothing.
        Seed { add: word(0), multiply: word(8) | 1 }
    }

    #[inline]
    pub fn hash(self, kind: u8, text: &[u8]) -> u64 {
        let mut state = self.add ^ (u64::from(kind) << 56 | text.len() as u64);
        let mut words = text.chunks_exact(8);
        for word in &mut words {
            state = self.fold(state ^ u64::from_le_bytes(word.try_into().expect("eight bytes")));
        }
        let rest = words.remainder();
        if !rest.is_empty() {
            let mut last = [0u8; 8];
            last[..rest.len()].copy_from_slice(rest);
            state = self.fold(state ^ u64::from_le_bytes(last));
        }
        self.fold(state ^ 0xA076_1D64_78BD_642F)
    }

    #[inline]
    fn fold(self, word: u64) -> u64 {
        let product = u128::from(word ^ 0x2D35_8DCC_AA6C_78A5) * u128::from(self.multiply);
        ((product as u64) ^ ((product >> 64) as u64)).wrapping_add(self.add)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn hashes_spread_differ_by_kind_and_differ_by_seed() {
        let (one, other) = (Seed::random(), Seed::random());
        let names: Vec<String> = (0..50_000).map(|number| format!("h{number}.example")).collect();
        let drawn: HashSet<u64> = names.iter().map(|name| one.hash(1, name.as_bytes())).collect();
        assert_eq!(drawn.len(), names.len());
        let high = drawn.iter().filter(|hash| **hash >> 60 == 7).count();
        let low = drawn.iter().filter(|hash| **hash & 15 == 7).count();
        assert!((2_700..3_600).contains(&high) && (2_700..3_600).contains(&low), "{high} {low}");
        assert_ne!(one.hash(1, b"a"), one.hash(2, b"a"));
        assert_ne!(one.hash(1, b"a"), one.hash(1, b"a\0"));
        assert_ne!(one.hash(1, b"a"), other.hash(1, b"a"));
    }
}
