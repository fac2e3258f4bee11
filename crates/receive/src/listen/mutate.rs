//! Streams nobody vouches for, made of good ones: bytes changed, cut, doubled and mixed. No decoder of a protocol may
//! panic, dawdle, or take more than it was allowed to.
//!
//! Some thousands in every run; `MUTATE_SECONDS=60` goes on for so long with each target, and `MUTATE_SEED` begins with
//! what an earlier run printed.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::{forward, gelf, lumberjack, msgpack, token_field};

const MOST: usize = 64 * 1024;

/// Numbers that look random, the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit.max(1)
    }
}

/// Bytes that mean something to one of the protocols.
const MARKS: &[u8] =
    b"2WJCA\0\x01\x02\x0f\x7f\x80\x81\x8f\x90\x93\x9f\xa0\xbf\xc0\xc4\xc6\xc7\xc9\xd7\xdb\xdc\xdd\xde\xdf\xff\x1e\x0f\x1f\x8b\x78{}\":,";

fn packed(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn seeds() -> Vec<Vec<u8>> {
    let record = br#"{"message":"m","fields":{"vedette_token":"t"}}"#;
    let framed = |kind: &[u8], numbers: &[u32], body: &[u8]| {
        let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        [kind, &numbers, body].concat()
    };
    let one = framed(b"2J", &[1, record.len() as u32], record);
    let window = [framed(b"2W", &[1], b""), one.clone()].concat();
    let inner = packed(&one);
    let squeezed = [framed(b"2W", &[1], b""), framed(b"2C", &[inner.len() as u32], &inner)].concat();
    let map = b"\x82\xa7message\xa1m\xa5other\x93\x01\xc3\xcb\x40\x09\x21\xfb\x54\x44\x2d\x18";
    let time = b"\xd7\x00\x69\x20\x4c\x80\x00\x00\x00\x07";
    let message = [&b"\x93\xa3tag\xce\x69\x20\x4c\x80"[..], map].concat();
    let forward = [&b"\x93\xa3tag\x91\x92"[..], time, map, b"\x81\xa5chunk\xa3abc"].concat();
    let entry = [&b"\x92"[..], time, map].concat();
    let binary = [&b"\x93\xa3tag\xc4"[..], &[entry.len() as u8], &entry, b"\x81\xa4size\x01"].concat();
    let gelf = br#"{"version":"1.1","host":"h","short_message":"m","_vedette_token":"t"}"#;
    let chunk = |number: u8, part: &[u8]| [b"\x1e\x0f12345678", &[number, 2][..], part].concat();
    let two = [chunk(0, &gelf[..30]), chunk(1, &gelf[30..])];
    vec![window, squeezed, message, forward, binary, gelf.to_vec(), packed(gelf), two[0].clone(), two[1].clone(), one]
}

fn mutated(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.below(6) {
        let at = chance.below(bytes.len() + 1);
        match chance.below(7) {
            0 if at < bytes.len() => bytes[at] = MARKS[chance.below(MARKS.len())],
            1 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            2 => bytes.insert(at, MARKS[chance.below(MARKS.len())]),
            3 => bytes.truncate(at),
            4 => {
                let end = at + chance.below(40).min(bytes.len() - at);
                let piece = bytes[at..end].repeat(1 + chance.below(100));
                bytes.splice(at..at, piece);
            }
            5 => {
                let other = &seeds[chance.below(seeds.len())];
                bytes.splice(at.., other[chance.below(other.len() + 1)..].iter().copied());
            }
            _ => {
                let mark = MARKS[chance.below(MARKS.len())];
                bytes.splice(at..at, std::iter::repeat_n(mark, chance.below(300)));
            }
        }
        bytes.truncate(16 * 1024);
    }
    bytes
}

fn scan(bytes: &[u8]) {
    let mut scanner = msgpack::Scanner::default();
    let found = (0..=bytes.len()).step_by(7).find_map(|end| scanner.end(&bytes[..end]).transpose());
    if let Some(Ok(end)) = found {
        assert!(end <= bytes.len());
        let value = msgpack::value(&mut &bytes[..end]);
        drop(value.map(|value| msgpack::json(&value)));
    }
}

fn chunks(bytes: &[u8]) {
    let mut reassembly = gelf::Reassembly::default();
    let peer = SocketAddr::from(([127, 0, 0, 1], 1));
    for datagram in bytes.chunks(60).chain([bytes]) {
        if let gelf::Datagram::Record(record) = reassembly.take(datagram, peer, Instant::now(), MOST) {
            assert!(record.len() <= MOST.max(bytes.len()));
        }
    }
}

fn token(bytes: &[u8]) {
    let (_, left) = token_field::take(bytes.to_vec());
    let (again, _) = token_field::take(left);
    assert!(again.is_none_or(|token| token == "***"), "what is stored gives no token away");
}

/// Its name, and what is tried with the bytes.
type Target = (&'static str, fn(&[u8]));

/// How long this thread has been at work: what others do on the machine does not count.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[test]
fn no_mutation_of_a_stream_makes_a_decoder_panic_dawdle_or_take_too_much() {
    let setting = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (seconds, seed) = (setting("MUTATE_SECONDS"), setting("MUTATE_SEED").unwrap_or(1));
    println!("MUTATE_SEED={seed}");
    let (seeds, mut chance) = (seeds(), Chance(seed | 1));
    let targets: [Target; 5] = [
        ("lumberjack", |bytes| lumberjack::try_bytes(bytes, MOST)),
        ("forward", |bytes| forward::try_bytes(bytes, MOST)),
        ("msgpack", scan),
        ("gelf", chunks),
        ("token_field", token),
    ];
    for (name, target) in targets {
        let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let (mut count, mut slowest) = (0_u64, Duration::ZERO);
        while until.map_or(count < 2000, |until| Instant::now() < until) {
            let input = mutated(&seeds, &mut chance);
            let begun = worked();
            target(&input);
            slowest = slowest.max(worked() - begun);
            count += 1;
        }
        println!("{name}: {count} inputs; slowest {slowest:?}");
        assert!(slowest < Duration::from_secs(2), "{name} took {slowest:?}");
    }
}
