use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::intel::{Holds, Indicator};
use proptest::prelude::*;
use sightings::{Builder, Found, Key, Run, RunInfo, Scratch, Wanted, indicator_key, keys};

pub const INFO: RunInfo = RunInfo { of: [7; 32], rows: 1000 };

pub type Rows = Vec<(i64, Vec<(Holds, String)>)>;

pub fn run_of(rows: &Rows) -> (tempfile::TempDir, Run) {
    let mut builder = Builder::default();
    for (row, (time, values)) in rows.iter().enumerate() {
        for (holds, text) in values {
            keys(*holds, text, |key| builder.see(row as u32, *time, key));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    std::fs::write(&path, builder.encode(&INFO)).unwrap();
    let run = Run::open(&path, &INFO).unwrap();
    run.check().unwrap();
    (folder, run)
}

fn look(run: &Run, list: &[Indicator]) -> BTreeSet<(u32, i64, i64, u32)> {
    let mut found = Vec::new();
    run.look(&Wanted::of(list), &mut Scratch::default(), &mut found).unwrap();
    let told = |Found { indicator, first, last, count }: Found| (indicator, first, last, count);
    found.into_iter().map(told).collect()
}

/// What a run should tell, from the rows themselves: for each key of a value that the indicator stands for.
fn plainly(rows: &Rows, list: &[Indicator]) -> BTreeSet<(u32, i64, i64, u32)> {
    let mut seen: BTreeMap<Key, BTreeMap<usize, i64>> = BTreeMap::new();
    for (row, (time, values)) in rows.iter().enumerate() {
        for (holds, text) in values {
            keys(*holds, text, |key| {
                seen.entry(key).or_default().insert(row, *time);
            });
        }
    }
    let mut found = BTreeSet::new();
    for (place, indicator) in list.iter().enumerate() {
        for (key, rows) in &seen {
            let stands = match key {
                Key::V4(bits) => indicator.addresses().is_some_and(|net| net.contains(&IpAddr::V4((*bits).into()))),
                Key::V6(bits) => indicator.addresses().is_some_and(|net| net.contains(&IpAddr::V6((*bits).into()))),
                Key::Named(key) => indicator_key(indicator) == Some(*key),
            };
            if stands {
                let (first, last) = (rows.values().min().unwrap(), rows.values().max().unwrap());
                found.insert((place as u32, *first, *last, rows.len() as u32));
            }
        }
    }
    found
}

fn text() -> impl Strategy<Value = (Holds, String)> {
    prop_oneof![
        (0u8..3, 0u8..4, any::<u8>()).prop_map(|(a, b, c)| (Holds::Address, format!("10.{a}.{b}.{c}"))),
        (0u16..4, any::<u8>()).prop_map(|(a, b)| (Holds::Address, format!("2001:db8:{a}::{b:x}"))),
        (0u8..6, 0u8..6).prop_map(|(a, b)| (Holds::Host, format!("h{a}.D{b}.example"))),
        (0u8..6, 0u8..6).prop_map(|(a, b)| (Holds::Host, format!("h{a}.notd{b}.example"))),
        (0u8..6, 0u8..6).prop_map(|(a, b)| (Holds::Url, format!("http://d{a}.example/p{b}?q={a}"))),
        (0u8..20).prop_map(|a| (Holds::Hash, format!("{a:032X}"))),
    ]
}

fn indicator() -> impl Strategy<Value = String> {
    prop_oneof![
        (0u8..3, 0u8..4, any::<u8>(), 1u8..=32).prop_map(|(a, b, c, n)| format!("10.{a}.{b}.{c}/{n}")),
        (0u16..4, any::<u8>(), 20u8..=128).prop_map(|(a, b, n)| format!("2001:db8:{a}::{b:x}/{n}")),
        (0u8..6).prop_map(|a| format!("d{a}.example")),
        (0u8..6, 0u8..6).prop_map(|(a, b)| format!("h{a}.d{b}.example")),
        (0u8..6, 0u8..6).prop_map(|(a, b)| format!("hxxps://d{a}[.]example/p{b}")),
        (0u8..20).prop_map(|a| format!("{a:032x}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_run_tells_what_a_plain_search_finds(
        rows in prop::collection::vec((0i64..1_000_000_000, prop::collection::vec(text(), 0..5)), 0..60),
        list in prop::collection::btree_set(indicator(), 0..30),
    ) {
        let list: BTreeSet<Indicator> = list.iter().map(|text| Indicator::parse(text).unwrap()).collect();
        let list: Vec<Indicator> = list.into_iter().collect();
        let (_folder, run) = run_of(&rows);
        prop_assert_eq!(look(&run, &list), plainly(&rows, &list));
    }
}

#[test]
fn large_runs_in_groups_are_read_whole_in_parts_and_singly() {
    let mut random = fastrand::Rng::with_seed(5);
    for rows in [900u32, 5_000, 300_000] {
        let mut builder = Builder::default();
        let mut names = Vec::new();
        for row in 0..rows {
            let name = format!("h{}.example", random.u64(..));
            keys(Holds::Host, &name, |key| builder.see(row, i64::from(row) * 1000, key));
            builder.see(row, i64::from(row) * 1000, Key::V4(random.u32(..)));
            names.push(name);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        std::fs::write(&path, builder.encode(&INFO)).unwrap();
        let run = Run::open(&path, &INFO).unwrap();
        for wanted in [1usize, 40, 3_000, 200_000] {
            let mut list: Vec<Indicator> = names.iter().take(wanted).map(|n| Indicator::parse(n).unwrap()).collect();
            let here = list.len();
            let other = |n: usize| Indicator::parse(&format!("x{n}.other.test")).unwrap();
            list.extend((here..wanted).map(other));
            let found = look(&run, &list);
            assert_eq!(found.len(), here, "{rows} rows, {wanted} wanted");
            assert!(found.iter().all(|(place, first, last, count)| {
                (*first, *last, *count) == (i64::from(*place) * 1000, i64::from(*place) * 1000, 1)
            }));
        }
        let half = look(&run, &[Indicator::parse("0.0.0.0/1").unwrap()]).len();
        assert!(half.abs_diff(rows as usize / 2) < rows as usize / 10, "{half} of {rows}");
    }
}

#[test]
fn a_million_indicators_take_little_more_than_their_keys() {
    let list: Vec<Indicator> = (0..1_000_000u32)
        .map(|n| match n % 4 {
            0 => Indicator::parse(&std::net::Ipv4Addr::from(n.wrapping_mul(2_654_435_761)).to_string()).unwrap(),
            1 => Indicator::parse(&format!("h{n}.example")).unwrap(),
            2 => Indicator::parse(&format!("http://h{n}.example/x")).unwrap(),
            _ => Indicator::parse(&format!("{n:064x}")).unwrap(),
        })
        .collect();
    let memory = Wanted::of(&list).memory();
    assert!(memory < 64 << 20, "{memory}");
}
