//! A list of a million indicators held against the sightings of a billion events: 200 million values, each counted once
//! for a customer's day, in 2,857 files. Warm, and with the files dropped from the page cache.
//!
//! `cargo run --release -p sightings --example retro_hunt -- [folder] [million values]`

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fastrand::Rng;
use model::intel::Indicator;
use rustix::fs::{Advice, fadvise};
use sightings::{Builder, Key, Run, RunInfo, Scratch, Wanted, indicator_key};

const INFO: RunInfo = RunInfo { of: [1; 32], rows: 350_000 };
/// Values of a customer's day: a billion events are 2,857 days of 350,000.
const VALUES: usize = 70_000;
const CORES: usize = 2;
/// Of the list's indicators this many are somewhere in the files.
const PLANTED: usize = 2_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "/tmp/retro_hunt".into()));
    let millions: usize = arguments.next().map_or(200, |text| text.parse().expect("a number of million values"));
    let list = list(1_000_000);
    let files = millions * 1_000_000 / VALUES;
    let paths: Vec<PathBuf> = (0..files).map(|file| place(&folder, file)).collect();
    let began = Instant::now();
    let (events, bytes) = write(&paths, &list);
    println!(
        "{files} runs of {VALUES} values each: {} MB; {events} events written in {:.0?}",
        bytes >> 20,
        began.elapsed()
    );
    println!("memory at most while writing: {} MB", peak());

    let began = Instant::now();
    let wanted = Wanted::of(&list);
    println!("list of {} made ready in {:.0?}: {} MB", wanted.len(), began.elapsed(), wanted.memory() >> 20);
    for count in [1_000_000, 100_000, 10_000, 100, 1] {
        let wanted = Wanted::of(&list[list.len() - count..]);
        let cold: Vec<String> = (0..3)
            .map(|_| {
                forget(&paths);
                hunt(&paths, &wanted).to_string()
            })
            .collect();
        let warm: Vec<String> = (0..4).map(|_| hunt(&paths, &wanted).to_string()).skip(1).collect();
        println!("{count} indicators\n  cold: {}\n  warm: {}", cold.join("; "), warm.join("; "));
    }
    println!("memory at most, writing included: {} MB", peak());
}

fn place(folder: &Path, file: usize) -> PathBuf {
    folder.join(format!("customer={}/day={}/part.sightings", file % 50, file / 50))
}

/// A million indicators of all kinds.
fn list(count: u32) -> Vec<Indicator> {
    let mut random = Rng::with_seed(11);
    let mut text = |place: u32| match place % 20 {
        0..=6 => std::net::Ipv4Addr::from(random.u32(..)).to_string(),
        7 => std::net::Ipv6Addr::from(0x2001_0db8u128 << 96 | random.u128(..) >> 32).to_string(),
        8 if place % 40 == 8 => format!("{}/{}", std::net::Ipv4Addr::from(random.u32(..)), random.u32(24..31)),
        8..=12 => format!("h{}.bad{}.example", random.u32(..), random.u32(..100_000)),
        13..=15 => format!("http://h{}.example/p/{}?q={}", random.u32(..), random.u32(..), place),
        _ => format!("{:064x}", random.u128(..)),
    };
    let list: Vec<Indicator> = (0..count).map(|place| Indicator::parse(&text(place)).expect("it is one")).collect();
    list
}

fn write(paths: &[PathBuf], list: &[Indicator]) -> (u64, u64) {
    let (next, events, bytes) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..CORES {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = paths.get(at) else { return };
                    // What an earlier call wrote is the same.
                    if let Ok(there) = fs::metadata(path) {
                        bytes.fetch_add(there.len(), Ordering::Relaxed);
                        continue;
                    }
                    let (run, seen) = run(at as u64, list, PLANTED / paths.len().max(1) + 1);
                    fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
                    let mut file = File::create(path).expect("a file");
                    file.write_all(&run).and_then(|()| file.sync_all()).expect("room");
                    events.fetch_add(seen, Ordering::Relaxed);
                    bytes.fetch_add(run.len() as u64, Ordering::Relaxed);
                }
            });
        }
    });
    (events.into_inner(), bytes.into_inner())
}

/// The sightings of a customer's day: each value in one to nine events.
fn run(seed: u64, list: &[Indicator], planted: usize) -> (Vec<u8>, u64) {
    let mut random = Rng::with_seed(seed);
    let mut builder = Builder::default();
    let mut row = 0u32;
    for value in 0..VALUES {
        let key = match value {
            value if value < planted => {
                let indicator = &list[random.usize(..list.len())];
                match (indicator_key(indicator), indicator.addresses()) {
                    (Some(key), _) => Key::Named(key),
                    (None, Some(range)) => range.network().into(),
                    (None, None) => unreachable!("an indicator is one of them"),
                }
            }
            value if value % 100 < 45 => Key::V4(random.u32(..)),
            value if value % 100 < 47 => Key::V6(random.u128(..)),
            _ => Key::Named(random.u64(..)),
        };
        for _ in 0..random.u32(1..=9) {
            row += 1;
            builder.see(row, i64::from(row) * 246_857, key);
        }
    }
    (builder.encode(&INFO), u64::from(row))
}

struct Told {
    time: Duration,
    user: u64,
    system: u64,
    found: usize,
    read: u64,
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} ms, CPU {} + {} ms ({} found, {} MB read)",
            self.time.as_millis(),
            self.user,
            self.system,
            self.found,
            self.read >> 20
        )
    }
}

fn hunt(paths: &[PathBuf], wanted: &Wanted) -> Told {
    let (began, before) = (Instant::now(), cpu());
    let (next, all) = (AtomicUsize::new(0), Mutex::new((0, 0)));
    std::thread::scope(|scope| {
        for _ in 0..CORES {
            scope.spawn(|| {
                let (mut scratch, mut found) = (Scratch::default(), Vec::new());
                while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let run = Run::open(path, &INFO).expect("a run");
                    run.look(wanted, &mut scratch, &mut found).expect("a whole run");
                }
                let mut all = all.lock().expect("nobody panicked");
                all.0 += found.len();
                all.1 += scratch.read;
            });
        }
    });
    let (found, read) = all.into_inner().expect("nobody panicked");
    Told { time: began.elapsed(), user: cpu().0 - before.0, system: cpu().1 - before.1, found, read }
}

/// Drops the files from the page cache.
fn forget(paths: &[PathBuf]) {
    for path in paths {
        let file = File::open(path).expect("a run");
        fadvise(&file, 0, None, Advice::DontNeed).expect("advice is taken");
    }
}

/// The processor time this process has used, its own and the kernel's for it, in ms.
fn cpu() -> (u64, u64) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    (ticks(11) * 10, ticks(12) * 10)
}

/// The most memory this process has had, in MB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}
