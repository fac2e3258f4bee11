//! A list of indicators held against everything kept, beside a plain search; and what becomes of the runs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use lake::{HuntWatch, Hunted, Lake, Target, verify};
use model::event::Value;
use model::intel::{Indicator, IndicatorKind};
use model::{Context, CustomerId, Scope, TimeRange, Timestamp};

use crate::compact::{DAY, later};
use crate::world::{Made, NOON, World};

type Figures = BTreeMap<(CustomerId, String), (i64, i64, u64)>;

pub fn ever() -> TimeRange {
    TimeRange { from: Timestamp::from_micros(i64::MIN), to: Timestamp::from_micros(i64::MAX) }
}

fn list(texts: &[&str]) -> Arc<Target> {
    let indicators: BTreeSet<Indicator> = texts.iter().map(|text| Indicator::parse(text).unwrap()).collect();
    Arc::new(Target::of(indicators.into_iter().collect()))
}

pub async fn hunt(
    lake: &Lake,
    context: &Context,
    target: &Arc<Target>,
    customers: &[CustomerId],
    range: TimeRange,
) -> Hunted {
    let watch = Arc::new(HuntWatch::default());
    let hunt = lake.hunt(context, target.clone(), customers, range, watch.clone()).await.unwrap();
    let early = hunt.hunted();
    let hunted = hunt.read(watch).await.unwrap().hunted();
    for (before, after) in early.sightings.iter().zip(&hunted.sightings) {
        assert_eq!((before.first, before.last), (after.first, after.last), "times are right at once");
        assert!(!before.exact || before.count == after.count, "a count said to be exact is");
    }
    assert_eq!(early.sightings.len(), hunted.sightings.len());
    assert!(hunted.sightings.iter().all(|sighting| sighting.exact && !sighting.samples.is_empty()));
    hunted
}

fn figures(hunted: &Hunted, target: &Target) -> Figures {
    let told = hunted.sightings.iter().map(|seen| {
        let value = target.indicators()[seen.indicator as usize].value.to_string();
        ((seen.customer.clone(), value), (seen.first.as_micros(), seen.last.as_micros(), seen.count))
    });
    told.collect()
}

/// Said as plainly as possible, without what the platform itself uses.
fn plainly(value: &str, field: &str, indicator: &Indicator) -> bool {
    let value = value.to_lowercase();
    let url = field.starts_with("url_full") || field.ends_with("referrer");
    let without_scheme = value.split("://").last().unwrap().to_owned();
    let host = if url { without_scheme.split(['/', ':', '?']).next().unwrap().to_owned() } else { value.clone() };
    let host = if field.starts_with("email") { host.split('@').next_back().unwrap().to_owned() } else { host };
    let host = host.trim_end_matches('.');
    let wanted = &*indicator.value;
    match indicator.kind {
        IndicatorKind::Address => host.parse::<IpAddr>().is_ok_and(|ip| ip == wanted.parse::<IpAddr>().unwrap()),
        IndicatorKind::Cidr => {
            host.parse::<IpAddr>().is_ok_and(|ip| wanted.parse::<ipnet::IpNet>().unwrap().contains(&ip))
        }
        IndicatorKind::Domain => !field.contains("hash") && (host == wanted || host.ends_with(&format!(".{wanted}"))),
        IndicatorKind::Url => {
            url && (without_scheme == wanted.to_lowercase()
                || without_scheme.split('?').next().unwrap() == wanted.to_lowercase())
        }
        IndicatorKind::Hash => field.contains("hash") && value == wanted,
        IndicatorKind::Mail => field.starts_with("email") && value.contains(wanted),
    }
}

fn expected(events: &[Made], target: &Target, inside: impl Fn(&Made) -> bool) -> Figures {
    let mut found = Figures::new();
    for event in events.iter().filter(|event| inside(event)) {
        // A field set twice has the value set last.
        let core: BTreeMap<&String, &Value<'_>> = event.core.iter().map(|(field, value)| (field, value)).collect();
        for indicator in target.indicators() {
            let matches = core.iter().any(|(field, value)| match value {
                Value::Str(text) => plainly(text, field, indicator),
                Value::List(values) => values.iter().any(|value| plainly(&value.text().unwrap(), field, indicator)),
                _ => false,
            });
            if matches {
                let time = event.time.as_micros();
                let key = (event.envelope.customer.clone(), indicator.value.to_string());
                let (first, last, count) = found.entry(key).or_insert((time, time, 0));
                (*first, *last, *count) = ((*first).min(time), (*last).max(time), *count + 1);
            }
        }
    }
    found
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn random_events(world: &World, random: &mut Random, count: u64) -> Vec<Made> {
    let mut events = Vec::new();
    for sequence in 1..=count {
        let mut one = world.event(random.below(3) as usize, sequence);
        one = one.at(NOON + (random.below(3) as i64 - 1) * DAY + random.below(3_600_000_000) as i64);
        for _ in 0..random.below(4) {
            let (a, b, c) = (random.below(4), random.below(4), random.below(250));
            one = match random.below(10) {
                0 | 1 => one.core("source_ip", format!("10.{a}.{b}.{c}")),
                2 => one.core("destination_ip", format!("10.{a}.{b}.{c}")),
                3 => one.core("destination_ip", format!("2001:db8:{a}::{b}")),
                4 => {
                    let two = Value::List(vec![format!("10.{a}.{b}.1").into(), format!("10.{b}.{a}.2").into()]);
                    one.core("dns_resolved_ip", two)
                }
                5 => one.core("dns_question_name", format!("W{c}.h{a}.bad{b}.example.")),
                6 => one.core("tls_server_name", format!("h{a}.notbad{b}.example")),
                7 => one.core("url_full", format!("https://h{a}.bad{b}.example/p{}?q={c}", c % 3)),
                8 => one.core("file_hash_md5", format!("{:032X}", c % 9)),
                _ => one.core("email_from", format!("someone@bad{a}.example")),
            };
        }
        events.push(one);
    }
    events
}

const LIST: &[&str] = &[
    "10.1.0.0/16",
    "10.1.2.0/24",
    "10.1.2.3",
    "10.0.0.0/14",
    "10.2.2.1",
    "2001:db8:1::/48",
    "2001:db8:2::2",
    "192.0.2.0/24",
    "bad1.example",
    "h2.bad1.example",
    "*.bad2.example",
    "w5.h1.bad3.example",
    "d.example",
    "bad.example",
    "hxxps://h1[.]bad1[.]example/p1",
    "http://h2.bad2.example/p2?q=7",
    "http://h3.bad3.example/nothing",
    "00000000000000000000000000000003",
    "00000000000000000000000000000007",
    "ffffffffffffffffffffffffffffffff",
];

#[tokio::test]
async fn a_hunt_finds_what_a_plain_search_finds_in_memory_in_files_and_after_merging() {
    let mut random = Random(7);
    let target = list(LIST);
    let mut pairs = 0;
    for round in 0..4 {
        let world = World::new().await;
        let events = random_events(&world, &mut random, 500);
        for (part, events) in events.chunks(70).enumerate() {
            world.append(events);
            match (part + round) % 3 {
                0 => drop(world.lake.flush_all().await.unwrap()),
                1 if round == 2 => drop(world.lake.sight(ever(), 3).await.unwrap()),
                2 if round == 3 => drop(world.lake.compact(ever(), 10, later()).await.unwrap()),
                _ => {}
            }
        }
        let hour = TimeRange { from: at(NOON), to: at(NOON + 1_800_000_000) };
        for range in [ever(), hour] {
            let hunted = hunt(&world.lake, &world.everyone(), &target, &[], range).await;
            let all = expected(&events, &target, |event| range.contains(event.time));
            assert_eq!(figures(&hunted, &target), all, "round {round}");
            assert!(hunted.damaged.is_empty());
            pairs += all.len();
            for seen in &hunted.sightings {
                for sample in &seen.samples {
                    let event = events.iter().find(|event| event.envelope.id == sample.id).unwrap();
                    assert_eq!((event.time, &event.envelope.customer), (sample.time, &seen.customer));
                    let indicator = &target.indicators()[seen.indicator as usize];
                    assert!(plainly(&sample.value, &sample.field, indicator), "{sample:?} {indicator:?}");
                }
            }
            let one = world.customers[1].clone();
            let owned = hunt(&world.lake, &world.owner(1), &target, &[], range).await;
            let named = hunt(&world.lake, &world.everyone(), &target, std::slice::from_ref(&one), range).await;
            let theirs = expected(&events, &target, |e| range.contains(e.time) && e.envelope.customer == one);
            assert_eq!(figures(&owned, &target), theirs);
            assert_eq!(figures(&named, &target), theirs);
            let stranger = hunt(&world.lake, &world.owner(0), &target, &[one], range).await;
            assert!(stranger.sightings.is_empty(), "a hunt never leaves its scope");
        }
    }
    println!("{pairs} pairs of customer and indicator compared");
    assert!(pairs > 200, "{pairs}");
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn runs(world: &World) -> Vec<PathBuf> {
    let files = world.catalogue.all();
    let paths = files.iter().map(|file| world.lake_dir().join(file.path.replace(".parquet", ".sightings")));
    paths.filter(|path| path.exists()).collect()
}

async fn sighted() -> (World, Vec<Made>) {
    let world = World::new().await;
    let events = random_events(&world, &mut Random(3), 400);
    for events in events.chunks(100) {
        world.append(events);
        world.lake.flush_all().await.unwrap();
    }
    let done = world.lake.sight(ever(), usize::MAX).await.unwrap();
    assert_eq!((done.made, done.lacked), (world.catalogue.all().len(), world.catalogue.all().len()));
    assert!(done.values > 100 && done.made > 8);
    assert_eq!(world.lake.sight(ever(), usize::MAX).await.unwrap().lacked, 0, "a second time there is nothing to do");
    (world, events)
}

#[tokio::test]
async fn lost_damaged_and_foreign_runs_are_made_anew_by_the_hunt_that_needs_them() {
    let (world, events) = sighted().await;
    let target = list(LIST);
    let all = expected(&events, &target, |_| true);
    let paths = runs(&world);
    let first = std::fs::read(&paths[0]).unwrap();
    for (place, path) in paths.iter().enumerate() {
        match place % 4 {
            0 => std::fs::remove_file(path).unwrap(),
            1 => std::fs::write(path, b"short").unwrap(),
            2 => std::fs::write(path, &first).unwrap(),
            _ => {
                let mut bytes = std::fs::read(path).unwrap();
                bytes[200] ^= 0xff;
                std::fs::write(path, bytes).unwrap();
            }
        }
    }
    let found = verify(&world.lake_dir(), &*world.catalogue, &Scope::All, later()).await.unwrap();
    assert!(found.problems.len() >= paths.len() / 2, "{:?}", found.problems);
    assert!(found.problems.iter().all(|problem| problem.detail.contains("sightings")), "{:?}", found.problems);
    // Every key of the list is looked for, so that each column is read whole and its checksum compared.
    let many: Vec<String> = (0..20_000).map(|n| format!("x{n}.bad1.example")).collect();
    let mut texts: Vec<&str> = LIST.to_vec();
    texts.extend(many.iter().map(String::as_str));
    texts.extend(["10.0.0.0/8", "2001:db8::/32"]);
    let wide = list(&texts);
    let hunted = hunt(&world.lake, &world.everyone(), &wide, &[], ever()).await;
    texts.retain(|text| !text.starts_with('x'));
    assert_eq!(figures(&hunted, &wide), expected(&events, &list(&texts), |_| true));
    assert_eq!(figures(&hunt(&world.lake, &world.everyone(), &target, &[], ever()).await, &target), all);
    let found = verify(&world.lake_dir(), &*world.catalogue, &Scope::All, later()).await.unwrap();
    assert!(found.problems.is_empty(), "{:?}", found.problems);
}

#[tokio::test]
async fn runs_go_with_their_events_and_what_a_crash_left_goes_at_the_next_start() {
    let (world, events) = sighted().await;
    let before = runs(&world);
    assert!(world.lake.compact(ever(), 100, later()).await.unwrap().before > 0);
    world.lake.reap(later().plus(std::time::Duration::from_secs(60))).await.unwrap();
    assert!(
        before.iter().filter(|path| path.exists()).count() < before.len(),
        "merged files took their runs with them"
    );
    assert_eq!(runs(&world).iter().filter(|path| !before.contains(path)).count(), 0);
    world.lake.sight(ever(), usize::MAX).await.unwrap();

    let owner = world.customers[0].clone();
    let gone = world.lake.plan_deletion(&owner, ever()).await.unwrap();
    gone.carry_out(later()).await.unwrap();
    let left = |path: &PathBuf| path.to_string_lossy().contains(owner.as_str());
    assert!(!runs(&world).iter().any(left));
    let folder = world.lake_dir().join(format!("customer={owner}"));
    let rest: Vec<_> = walk(&folder);
    assert!(rest.is_empty(), "{rest:?}");
    let target = list(LIST);
    let hunted = hunt(&world.lake, &world.everyone(), &target, &[], ever()).await;
    assert_eq!(figures(&hunted, &target), expected(&events, &target, |event| event.envelope.customer != owner));

    // A run without its file, and one half written.
    let run = runs(&world).pop().unwrap();
    let stray = run.with_file_name("lkf_nobody.sightings");
    std::fs::copy(&run, &stray).unwrap();
    let half = run.with_file_name("7.tmp");
    std::fs::write(&half, b"half").unwrap();
    let world = world.reopen().await;
    assert!(!stray.exists() && !half.exists() && run.exists());
    assert_eq!(world.lake.unsighted().await.unwrap(), 0);
}

fn walk(folder: &std::path::Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn a_damaged_file_is_passed_over_and_named_and_a_stopped_hunt_keeps_what_it_has() {
    let (world, _) = sighted().await;
    let target = list(LIST);
    let all = hunt(&world.lake, &world.everyone(), &target, &[], ever()).await.sightings.len();
    let hurt = world.catalogue.all().remove(0);
    let path = world.lake_dir().join(&hurt.path);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    world.lake.scrub(u64::MAX, later(), later()).await.unwrap();
    let hunted = hunt(&world.lake, &world.everyone(), &target, &[], ever()).await;
    assert_eq!(hunted.damaged, [hurt.path]);
    assert!(!hunted.sightings.is_empty() && hunted.sightings.len() <= all);

    let watch = Arc::new(HuntWatch::default());
    watch.stop();
    let stopped = world.lake.hunt(&world.everyone(), target, &[], ever(), watch.clone()).await.unwrap();
    assert!(watch.progress().looked < watch.progress().files);
    assert!(stopped.read(watch).await.unwrap().hunted().sightings.is_empty());
}
