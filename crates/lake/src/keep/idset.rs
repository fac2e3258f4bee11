//! A set of event ids that takes about a bit for each where they are dense: to find one that occurs twice among billions.

use std::collections::HashMap;

use model::EventId;

/// Ids of one block that are listed before the block becomes a bitmap: both take 8 KiB then.
const LISTED: usize = 4096;

#[derive(Debug, Default)]
pub(crate) struct IdSet {
    blocks: HashMap<(u32, u16, u64), Block>,
}

#[derive(Debug)]
enum Block {
    /// Sorted.
    List(Vec<u16>),
    Bits(Box<[u64; 1024]>),
}

impl IdSet {
    /// Adds an id; false when it was there already.
    pub fn insert(&mut self, id: EventId) -> bool {
        let block = self.blocks.entry((id.log, id.shard, id.sequence >> 16));
        block.or_insert_with(|| Block::List(Vec::new())).insert(id.sequence as u16)
    }
}

impl Block {
    fn insert(&mut self, low: u16) -> bool {
        match self {
            Block::Bits(bits) => {
                let (word, bit) = (usize::from(low >> 6), 1u64 << (low & 63));
                let new = bits[word] & bit == 0;
                bits[word] |= bit;
                new
            }
            Block::List(list) => match list.binary_search(&low) {
                Ok(_) => false,
                Err(place) if list.len() < LISTED => {
                    list.insert(place, low);
                    true
                }
                Err(_) => {
                    let mut bits = Box::new([0u64; 1024]);
                    for low in list.iter().chain([&low]) {
                        bits[usize::from(low >> 6)] |= 1u64 << (low & 63);
                    }
                    *self = Block::Bits(bits);
                    true
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_new_once() {
        let mut set = IdSet::default();
        let id = |sequence: u64| EventId { log: (sequence % 2) as u32, shard: (sequence % 3) as u16, sequence };
        for round in 0..2 {
            // Sparse, dense, and in no order.
            let sequences = (0..100_000u64).map(|n| n.wrapping_mul(7919) % 100_003).chain((1..100).map(|n| n << 33));
            assert!(sequences.map(|sequence| set.insert(id(sequence))).all(|new| new == (round == 0)));
        }
    }
}
