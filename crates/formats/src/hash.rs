//! Hash maps keyed by names from our own source files. Nobody hostile chooses those keys, so the hash need only be fast.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map from names that come from source files.
pub type NameMap<K, V> = HashMap<K, V, BuildHasherDefault<NameHasher>>;

/// Multiplies in eight bytes at a time.
#[derive(Debug, Default, Clone, Copy)]
pub struct NameHasher(u64);

impl NameHasher {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let length = bytes.len() as u64;
        if let Some(last) = bytes.last_chunk::<8>() {
            for word in bytes.chunks_exact(8) {
                self.mix(u64::from_le_bytes(word.try_into().expect("chunks are of eight bytes")));
            }
            // The rest with some of what was mixed in already.
            self.mix(u64::from_le_bytes(*last) ^ length << 56);
        } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            self.mix(u64::from(first) ^ u64::from(last) << 24 ^ length << 56);
        } else {
            self.mix(bytes.iter().fold(0, |rest, byte| rest << 8 | u64::from(*byte)) ^ length << 56);
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.mix(u64::from(byte));
    }

    fn write_i64(&mut self, number: i64) {
        self.mix(number as u64);
    }

    fn finish(&self) -> u64 {
        // The table takes its bucket from the low bits and its tag from the high ones.
        self.0 ^ self.0 >> 32
    }
}
