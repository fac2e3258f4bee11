//! Records and streams nobody vouches for, made of the sources' own samples: bytes changed, cut, doubled and mixed. No
//! decoder, step or reader may panic or take long over any of them.
//!
//! A few thousand in every run; `MUTATE_SECONDS=60` goes on for so long, `MUTATE_EACH=1` for so long with each target by
//! itself, and `MUTATE_SEED` begins with what an earlier run printed.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use formats::fuzz::TARGETS;
use formats::{Hint, Parser, Sources, fuzz};

/// Numbers that look random, the same for the same seed.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

/// Bytes that mean something to some format.
const MARKS: &[u8] = b"\"'\\={}[]|<>,;:\n\r\0\t%#&- 019\xff\xe6\xb5";

fn mutated(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.below(6) {
        let at = chance.below(bytes.len() + 1);
        match chance.below(8) {
            0 if at < bytes.len() => bytes[at] = MARKS[chance.below(MARKS.len())],
            1 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            2 => bytes.insert(at, MARKS[chance.below(MARKS.len())]),
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(..at)),
            5 => {
                let end = at + chance.below(32).min(bytes.len() - at);
                let piece = bytes[at..end].repeat(1 + chance.below(200));
                bytes.splice(at..at, piece);
            }
            6 => {
                let other = &seeds[chance.below(seeds.len())];
                let from = chance.below(other.len() + 1);
                bytes.splice(at.., other[from..].iter().copied());
            }
            _ => {
                let mark = MARKS[chance.below(MARKS.len())];
                bytes.splice(at..at, std::iter::repeat_n(mark, chance.below(500)));
            }
        }
        bytes.truncate(16 * 1024);
    }
    bytes
}

#[test]
fn no_mutation_of_a_sample_makes_any_reader_panic_or_dawdle() {
    let seconds = std::env::var("MUTATE_SECONDS").ok().and_then(|text| text.parse().ok());
    let seed = std::env::var("MUTATE_SEED").ok().and_then(|text| text.parse().ok());
    let fresh = || Instant::now().elapsed().as_nanos() as u64 ^ u64::from(std::process::id()) << 20;
    let seed: u64 = seed.unwrap_or_else(|| if seconds.is_some() { fresh() | 1 } else { 1 });
    println!("MUTATE_SEED={seed}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources");
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for source in std::fs::read_dir(root).unwrap() {
        for sample in std::fs::read_dir(source.unwrap().path().join("samples")).into_iter().flatten() {
            let path = sample.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "log") {
                let bytes = std::fs::read(&path).unwrap();
                seeds.extend(bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec));
            }
        }
    }
    seeds.extend(fuzz::SEEDS.iter().map(|seed| seed.to_vec()));
    seeds.sort();
    assert!(seeds.len() >= 100, "only {} seeds", seeds.len());
    let parser = Parser::new(Arc::new(Sources::embedded().unwrap()));
    let hint = Hint::new("2026-11-21T08:00:00Z".parse().unwrap());
    let mut chance = Chance(seed | 1);
    let whole = |bytes: &[u8]| fuzz::parse(&parser, &hint, bytes);
    let mut targets: Vec<Target> = vec![("parser", &whole)];
    targets.extend(TARGETS.iter().map(|(name, target)| (*name, target as _)));
    if std::env::var("MUTATE_EACH").is_ok() {
        targets.iter().for_each(|target| run(&[*target], &seeds, seconds, &mut chance));
    } else {
        run(&targets, &seeds, seconds, &mut chance);
    }
}

/// How long this thread has been at work: what others do on the machine does not count.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Its name, and what is tried with the bytes.
type Target<'t> = (&'t str, &'t dyn Fn(&[u8]));

fn run(targets: &[Target<'_>], seeds: &[Vec<u8>], seconds: Option<u64>, chance: &mut Chance) {
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let (mut count, mut slowest) = (0_u64, (Duration::ZERO, "", Vec::new()));
    while until.map_or(count < 1500, |until| Instant::now() < until) {
        let input = mutated(seeds, chance);
        for (name, target) in targets {
            let started = worked();
            target(&input);
            let took = worked() - started;
            if took > slowest.0 {
                slowest = (took, name, input.clone());
            }
        }
        count += 1;
    }
    let (took, name, input) = &slowest;
    let names: Vec<&str> = targets.iter().map(|(name, _)| *name).collect();
    println!(
        "{}: {count} inputs of {} seeds; slowest: {name} {took:?} over {} bytes",
        names.join(" "),
        seeds.len(),
        input.len()
    );
    assert!(*took < Duration::from_secs(2), "{name} took {took:?} over {:?}", String::from_utf8_lossy(input));
}
