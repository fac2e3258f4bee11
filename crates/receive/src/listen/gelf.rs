//! GELF over UDP: chunks put together, and what is compressed unpacked. A whole record that is not compressed is a
//! datagram like any other.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::inflate::{inflate, is_packed};

/// What a chunk begins with.
const MAGIC: [u8; 2] = [0x1e, 0x0f];
/// Magic, id, number, count.
const HEADER: usize = 12;
/// Chunks a record may have.
const MOST_CHUNKS: u8 = 128;
/// All chunks of a record arrive within this time.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a chunk takes beside its bytes.
const OVERHEAD: usize = 64;
/// Bytes of unfinished records held for one peer, and for all.
const PEER_BYTES: usize = 4 << 20;
const ALL_BYTES: usize = 64 << 20;

/// A datagram looked into.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Datagram {
    /// A whole record.
    Record(Vec<u8>),
    /// A chunk; the record is not whole yet.
    Part,
    /// What cannot be taken, and why.
    Malformed(&'static str),
}

/// Records of which chunks are missing. Identified by peer and id: one peer cannot add to another's.
#[derive(Debug, Default)]
pub(super) struct Reassembly {
    partial: HashMap<(SocketAddr, [u8; 8]), Partial>,
    bytes: usize,
    by_peer: HashMap<IpAddr, usize>,
    looked: Option<Instant>,
    /// Records given up because chunks did not come in time.
    pub expired: u64,
}

#[derive(Debug)]
struct Partial {
    since: Instant,
    chunks: Vec<Option<Vec<u8>>>,
    missing: u8,
    bytes: usize,
}

impl Reassembly {
    /// What a datagram gives. `max` bounds an unpacked record.
    pub fn take(&mut self, datagram: &[u8], peer: SocketAddr, now: Instant, max: usize) -> Datagram {
        if !datagram.starts_with(&MAGIC) {
            return if is_packed(datagram) { unpacked(datagram, max) } else { Datagram::Record(datagram.to_vec()) };
        }
        let Some((header, chunk)) = datagram.split_at_checked(HEADER) else {
            return Datagram::Malformed("a chunk without a whole header");
        };
        let (number, count) = (header[10], header[11]);
        if count == 0 || count > MOST_CHUNKS || number >= count {
            return Datagram::Malformed("a chunk with an impossible number");
        }
        let mut id = [0; 8];
        id.copy_from_slice(&header[2..10]);
        self.forget_late(now);
        let size = chunk.len() + OVERHEAD;
        let held = self.by_peer.get(&peer.ip()).copied().unwrap_or(0);
        if held + size > PEER_BYTES || self.bytes + size > ALL_BYTES {
            return Datagram::Malformed("too many unfinished chunked records");
        }
        let part = self.partial.entry((peer, id)).or_insert_with(|| Partial {
            since: now,
            chunks: vec![None; usize::from(count)],
            missing: count,
            bytes: 0,
        });
        let Some(place) = part.chunks.get_mut(usize::from(number)).filter(|place| place.is_none()) else {
            // Sent twice, or of another record with the same id: the first one stays.
            return Datagram::Part;
        };
        *place = Some(chunk.to_vec());
        part.missing -= 1;
        part.bytes += size;
        self.bytes += size;
        *self.by_peer.entry(peer.ip()).or_default() += size;
        if part.missing > 0 {
            return Datagram::Part;
        }
        let Some(part) = self.partial.remove(&(peer, id)) else { return Datagram::Part };
        self.give_back(peer.ip(), part.bytes);
        let whole: Vec<u8> = part.chunks.into_iter().flatten().flatten().collect();
        if is_packed(&whole) { unpacked(&whole, max) } else { Datagram::Record(whole) }
    }

    fn forget_late(&mut self, now: Instant) {
        if self.looked.is_some_and(|looked| now.duration_since(looked) < PATIENCE / 5) {
            return;
        }
        self.looked = Some(now);
        let mut late = Vec::new();
        self.partial.retain(|(peer, _), part| {
            let in_time = now.duration_since(part.since) < PATIENCE;
            if !in_time {
                late.push((peer.ip(), part.bytes));
            }
            in_time
        });
        self.expired += late.len() as u64;
        late.into_iter().for_each(|(peer, bytes)| self.give_back(peer, bytes));
    }

    fn give_back(&mut self, peer: IpAddr, bytes: usize) {
        self.bytes -= bytes;
        if let Some(held) = self.by_peer.get_mut(&peer) {
            *held -= bytes;
            if *held == 0 {
                self.by_peer.remove(&peer);
            }
        }
    }
}

fn unpacked(packed: &[u8], max: usize) -> Datagram {
    match inflate(packed, max, &mut |_| true) {
        Ok(record) => Datagram::Record(record),
        Err(_) => Datagram::Malformed("a compressed record that is damaged or too long"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn chunk(id: u8, number: u8, count: u8, data: &[u8]) -> Vec<u8> {
        [&MAGIC[..], &[id; 8], &[number, count], data].concat()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn peer(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 514))
    }

    #[test]
    fn chunks_in_any_order_and_twice_become_one_record_and_peers_do_not_mix() {
        let (mut parts, now) = (Reassembly::default(), Instant::now());
        let packed = zlib(br#"{"short_message":"hello"}"#);
        let (first, second) = packed.split_at(7);
        assert_eq!(parts.take(&chunk(1, 1, 2, second), peer(1), now, 100), Datagram::Part);
        assert_eq!(parts.take(&chunk(1, 1, 2, second), peer(1), now, 100), Datagram::Part);
        assert_eq!(parts.take(&chunk(1, 0, 2, b"forged"), peer(2), now, 100), Datagram::Part);
        let whole = parts.take(&chunk(1, 0, 2, first), peer(1), now, 100);
        assert_eq!(whole, Datagram::Record(br#"{"short_message":"hello"}"#.to_vec()));
        assert_eq!(parts.take(b"<13>plain", peer(1), now, 100), Datagram::Record(b"<13>plain".to_vec()));
    }

    #[test]
    fn what_does_not_come_in_time_is_forgotten_and_its_room_given_back() {
        let (mut parts, now) = (Reassembly::default(), Instant::now());
        parts.take(&chunk(1, 0, 2, b"a"), peer(1), now, 100);
        let late = now + PATIENCE;
        assert_eq!(parts.take(&chunk(1, 1, 2, b"b"), peer(1), late, 100), Datagram::Part);
        assert_eq!((parts.expired, parts.partial.len(), parts.bytes), (1, 1, 1 + OVERHEAD));
    }

    #[test]
    fn bombs_impossible_numbers_and_floods_of_beginnings_are_refused() {
        let (mut parts, now) = (Reassembly::default(), Instant::now());
        assert!(matches!(parts.take(&zlib(&[b'0'; 10_000]), peer(1), now, 1000), Datagram::Malformed(_)));
        for (number, count) in [(0, 0), (2, 2), (0, 129)] {
            assert!(matches!(parts.take(&chunk(1, number, count, b"x"), peer(1), now, 10), Datagram::Malformed(_)));
        }
        assert!(matches!(parts.take(&MAGIC, peer(1), now, 10), Datagram::Malformed(_)));
        let big = vec![0; 60_000];
        let refused = (0..=255).filter(|id| parts.take(&chunk(*id, 0, 2, &big), peer(1), now, 10) != Datagram::Part);
        assert!(refused.count() > 100);
        assert!(parts.bytes <= PEER_BYTES);
        assert_eq!(parts.take(&chunk(1, 0, 2, b"x"), peer(2), now, 10), Datagram::Part);
    }
}
