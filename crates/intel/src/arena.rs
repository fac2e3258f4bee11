//! Indicators one behind the other in large pieces of memory: what grows is never copied, and nothing is kept twice.

use crate::key::Kind;

/// Bytes of a piece; the longest indicator fits many times.
const PIECE: usize = 1 << 20;
/// Pieces that an offset of 32 bits reaches.
const MOST: usize = 1 << 12;

/// An indicator as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub kind: Kind,
    pub text: &'a [u8],
    pub owner: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Arena {
    pieces: Vec<Vec<u8>>,
}

impl Arena {
    /// Where it was put; nothing when there is no room.
    pub fn push(&mut self, record: Record<'_>) -> Option<u32> {
        let most = record.text.len() + 11;
        if most > PIECE {
            return None;
        }
        if self.pieces.last().is_none_or(|piece| piece.len() + most > PIECE) {
            if self.pieces.len() == MOST {
                return None;
            }
            // The last one of before does not grow any more.
            if let Some(last) = self.pieces.last_mut() {
                last.shrink_to_fit();
            }
            self.pieces.push(Vec::with_capacity(PIECE));
        }
        let at = self.pieces.len() - 1;
        let piece = &mut self.pieces[at];
        let offset = (at * PIECE + piece.len()) as u32;
        piece.push(record.kind as u8);
        varint(piece, record.text.len() as u32);
        varint(piece, record.owner);
        piece.extend_from_slice(record.text);
        Some(offset)
    }

    #[inline]
    pub fn get(&self, offset: u32) -> Record<'_> {
        self.read(offset as usize / PIECE, offset as usize % PIECE).0
    }

    fn read(&self, piece: usize, at: usize) -> (Record<'_>, usize) {
        let bytes = &self.pieces[piece][at..];
        let kind = Kind::of(bytes[0]);
        let (length, first) = unvarint(&bytes[1..]);
        let (owner, second) = unvarint(&bytes[1 + first..]);
        let begin = 1 + first + second;
        let end = begin + length as usize;
        (Record { kind, text: &bytes[begin..end], owner }, at + end)
    }

    /// Every record with its offset.
    pub fn each(&self, mut with: impl FnMut(u32, Record<'_>)) {
        for piece in 0..self.pieces.len() {
            let mut at = 0;
            while at < self.pieces[piece].len() {
                let (record, next) = self.read(piece, at);
                with((piece * PIECE + at) as u32, record);
                at = next;
            }
        }
    }

    pub fn memory(&self) -> usize {
        self.pieces.iter().map(Vec::capacity).sum()
    }
}

fn varint(into: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

#[inline]
fn unvarint(bytes: &[u8]) -> (u32, usize) {
    let (mut number, mut shift) = (0, 0);
    for (place, byte) in bytes.iter().enumerate() {
        number |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return (number, place + 1);
        }
        shift += 7;
    }
    (number, bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_where_it_was_put() {
        let mut arena = Arena::default();
        let texts: Vec<Vec<u8>> = (0..5_000usize).map(|number| vec![number as u8; number % 900]).collect();
        let record = |place: usize| Record { kind: Kind::Domain, text: &texts[place], owner: (place as u32).pow(2) };
        let offsets: Vec<u32> = (0..texts.len()).map(|place| arena.push(record(place)).unwrap()).collect();
        assert!(offsets.iter().enumerate().all(|(place, offset)| arena.get(*offset) == record(place)));
        let mut seen = Vec::new();
        arena.each(|offset, found| {
            assert_eq!(found, record(seen.len()));
            seen.push(offset);
        });
        assert_eq!(seen, offsets);
        assert!(arena.memory() >= 5_000 * 400);
        assert_eq!(arena.push(Record { kind: Kind::Url, text: &vec![0; PIECE], owner: 0 }), None);
    }
}
