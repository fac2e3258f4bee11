//! The files are anybody's: DuckDB, chDB and Polars read the same numbers from them before and after merging.

use std::process::Command;

use crate::compact::{DAY, all_time, in_small_files, odd_events};
use crate::world::{Made, World};

/// Events, sum of `n`, different source addresses, earliest, latest, bytes of raw records, days; nothing when the
/// engine is not installed.
fn read(engine: &str, world: &World) -> Option<Vec<i64>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/read_files.py");
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(python).arg(script).arg(engine).arg(world.lake_dir()).output().ok()?;
    if output.status.code() == Some(77) {
        return None;
    }
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{engine}: {told}");
    Some(serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{engine}: {error}: {told}")))
}

fn expected(events: &[Made]) -> Vec<i64> {
    let stored: Vec<_> = events.iter().map(Made::stored).collect();
    let times = || stored.iter().map(|event| event.time.as_micros());
    let addresses: std::collections::BTreeSet<_> =
        stored.iter().filter_map(|event| event.core.get("source_ip")?.as_str()).collect();
    let days: std::collections::BTreeSet<_> = times().map(|time| time.div_euclid(DAY)).collect();
    vec![
        stored.len() as i64,
        stored.iter().filter_map(|event| event.fields.get("n")?.as_i64()).sum(),
        addresses.len() as i64,
        times().min().unwrap(),
        times().max().unwrap(),
        stored.iter().map(|event| event.raw.len() as i64).sum(),
        days.len() as i64,
    ]
}

#[tokio::test]
async fn other_engines_read_the_same_before_and_after_merging() {
    let world = World::with(|config| config.grace = std::time::Duration::ZERO).await;
    let mut events = odd_events(&world, 300);
    for event in &mut events[200..] {
        event.time = event.time.plus(std::time::Duration::from_micros(DAY as u64));
    }
    in_small_files(&world, &events, 25).await;
    let expected = expected(&events);
    let engines = ["duckdb", "chdb", "polars"];
    let before: Vec<_> = engines.iter().map(|engine| read(engine, &world)).collect();
    let later = events[0].time.plus(std::time::Duration::from_micros(9 * DAY as u64));
    let done = world.lake.compact(all_time(), usize::MAX, later).await.unwrap();
    assert_eq!((done.before, done.after, done.rows), (24, 4, 300));
    assert_eq!(crate::durability::files_on_disk(&world.lake_dir()).len(), 4);
    for (engine, before) in engines.iter().zip(before) {
        match before {
            None => println!("skipped: {engine} is not installed"),
            Some(before) => {
                assert_eq!(before, expected, "{engine} before merging");
                assert_eq!(read(engine, &world), Some(expected.clone()), "{engine} after merging");
                println!("{engine} reads {} events of 24 files and of 4", expected[0]);
            }
        }
    }
}
