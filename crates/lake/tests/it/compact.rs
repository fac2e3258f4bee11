//! Small files become large ones, and nobody notices but by the speed.

use std::time::Duration;

use lake::Compacted;
use model::event::{StoredEvent, Value};
use model::search::{EventQuery, FieldFilter, FilterOp};
use model::{TimeRange, Timestamp};

use crate::catalogue::Fault;
use crate::oracle;
use crate::world::{Made, NOON, World, always};

pub const DAY: i64 = 86_400_000_000;

/// Two days later: the day of [`NOON`] is over.
pub fn later() -> Timestamp {
    Timestamp::from_micros(NOON + 2 * DAY)
}

pub fn all_time() -> TimeRange {
    always().range
}

/// Events whose fields come and go, change their kind, and do not always fit their columns.
pub fn odd_events(world: &World, count: u64) -> Vec<Made> {
    let event = |sequence: u64| {
        let mut event = world.event(sequence as usize % 2, sequence);
        event = event.at(NOON + (sequence as i64 * 7919) % 3_600_000_000).field("n", sequence as i64);
        if sequence.is_multiple_of(3) {
            event = event.core("source_ip", format!("10.0.{}.{}", sequence % 5, sequence % 250));
        }
        if sequence.is_multiple_of(5) {
            event = event.field("kind", sequence as i64).core("destination_port", 443);
        } else {
            event = event.field("kind", format!("text \"{sequence}\"\n"));
        }
        if sequence.is_multiple_of(7) {
            event = event.core("source_ip", Value::List(vec!["10.0.0.1".into(), "10.0.0.2".into()]));
            event = event
                .field("tags", Value::List(vec![1.into(), "b".into()]))
                .field("ratio", Value::Float(0.1 + sequence as f64));
        }
        // Different commonest fields in each stretch: columns of one file are the rest of another.
        event.field(&format!("stretch{}_{}", sequence / 50, sequence % 60), Value::Bool(sequence.is_multiple_of(2)))
    };
    (1..=count).map(event).collect()
}

fn by_id(mut events: Vec<StoredEvent>) -> Vec<StoredEvent> {
    events.sort_by_key(|event| event.id);
    events
}

/// Appends and flushes in small steps, so that there are many files.
pub async fn in_small_files(world: &World, events: &[Made], step: usize) {
    for events in events.chunks(step) {
        world.append(events);
        world.lake.flush_all().await.unwrap();
    }
}

#[tokio::test]
async fn merging_files_changes_nothing_anybody_can_see() {
    let world = World::new().await;
    let events = odd_events(&world, 400);
    in_small_files(&world, &events, 50).await;
    let before = world.catalogue.all();
    let queries = queries();
    let mut answers = Vec::new();
    for query in &queries {
        answers.push(world.search_all(&world.everyone(), query, 100).await);
    }
    let done = world.lake.compact(all_time(), usize::MAX, later()).await.unwrap();
    assert_eq!((done.before, done.after, done.rows), (16, 2, 400));
    let after = world.catalogue.all();
    assert_eq!((before.len(), after.len()), (16, 2));
    assert!(after.iter().all(|file| file.level == 1 && file.rows == 200));
    for (query, answer) in queries.iter().zip(answers) {
        assert_eq!(world.search_all(&world.everyone(), query, 100).await, answer, "{query:?}");
        assert_eq!(world.lake.count(&world.everyone(), query).await.unwrap(), answer.len() as u64);
    }
    let stored: Vec<_> = events.iter().map(Made::stored).collect();
    let found = world.search_all(&world.everyone(), &always(), 500).await;
    assert_eq!(by_id(found), by_id(oracle::search(&stored, &world.everyone(), &always())));
    for event in &events {
        assert!(world.lake.get(&world.everyone(), &event.envelope.id).await.unwrap().is_some());
    }
    // Merging again finds nothing to do, and a restart needs no replay.
    assert_eq!(world.lake.compact(all_time(), usize::MAX, later()).await.unwrap(), Compacted::default());
    let world = world.reopen().await;
    assert_eq!(world.lake.count(&world.everyone(), &always()).await.unwrap(), 400);
    world.append(&events);
    assert_eq!(world.lake.buffered().rows, 0, "watermarks are as they were");
}

fn queries() -> Vec<EventQuery> {
    let filter = |field: &str, op, value: &str| EventQuery {
        filters: vec![FieldFilter { field: field.into(), op, value: value.into() }],
        ..always()
    };
    vec![
        always(),
        filter("source_ip", FilterOp::Is, "10.0.3.3"),
        filter("source_ip", FilterOp::Is, "10.0.0.2"),
        filter("n", FilterOp::Is, "77"),
        filter("kind", FilterOp::Is, "100"),
        filter("kind", FilterOp::Contains, "text"),
        filter("kind", FilterOp::IsNot, "100"),
        filter("tags", FilterOp::Is, "b"),
        filter("tags", FilterOp::Missing, ""),
        filter("ratio", FilterOp::Exists, ""),
        filter("stretch2_7", FilterOp::Exists, ""),
        filter("stretch5_30", FilterOp::Is, "true"),
        EventQuery { text: "number 33".into(), ..always() },
    ]
}

#[tokio::test]
async fn files_merged_away_stay_until_whoever_may_read_them_is_done() {
    let world = World::new().await;
    let events = odd_events(&world, 60);
    in_small_files(&world, &events, 20).await;
    let before = world.catalogue.all();
    let there = |world: &World| before.iter().filter(|file| world.lake_dir().join(&file.path).exists()).count();
    let hold = world.lake.hold();
    world.lake.compact(all_time(), usize::MAX, later()).await.unwrap();
    let much_later = later().plus(Duration::from_secs(3600));
    assert_eq!(world.lake.reap(much_later).await.unwrap(), 0);
    assert_eq!(there(&world), before.len());
    assert_eq!(world.lake.stats().await.unwrap().waiting_for_readers, before.len() as u64);
    drop(hold);
    // One who comes later reads the new files.
    let _later = world.lake.hold();
    assert_eq!(world.lake.reap(later()).await.unwrap(), 0, "other processes are given time");
    assert_eq!(world.lake.reap(much_later).await.unwrap(), before.len());
    assert_eq!(there(&world), 0);
    assert_eq!(world.lake.count(&world.everyone(), &always()).await.unwrap(), 60);
}

#[tokio::test]
async fn searches_and_appends_go_on_while_files_are_merged() {
    let world = World::new().await;
    let events = odd_events(&world, 600);
    in_small_files(&world, &events[..500], 25).await;
    let merging = {
        let lake = world.lake.clone();
        tokio::spawn(async move { lake.compact(all_time(), usize::MAX, later()).await })
    };
    let mut appended = 500;
    while !merging.is_finished() || appended < 600 {
        if appended < 600 {
            world.append(&events[appended..appended + 10]);
            appended += 10;
        }
        if appended == 550 {
            world.lake.flush_all().await.unwrap();
        }
        let found = world.search_all(&world.everyone(), &always(), 1000).await;
        assert_eq!(found.len(), appended);
        assert_eq!(world.lake.count(&world.everyone(), &always()).await.unwrap(), appended as u64);
    }
    assert_eq!(merging.await.unwrap().unwrap().rows, 500);
}

#[tokio::test]
async fn a_merge_that_cannot_be_committed_leaves_everything_as_it_was() {
    let world = World::new().await;
    let events = odd_events(&world, 60);
    in_small_files(&world, &events, 20).await;
    let before = world.catalogue.all();
    world.catalogue.fail(Fault::Refused);
    assert!(world.lake.compact(all_time(), usize::MAX, later()).await.is_err());
    assert_eq!(world.catalogue.all(), before);
    assert_eq!(crate::durability::files_on_disk(&world.lake_dir()).len(), before.len());
    // The answer is lost: what the catalogue says counts.
    world.catalogue.fail(Fault::AnswerLost);
    assert_eq!(world.lake.compact(all_time(), usize::MAX, later()).await.unwrap().rows, 60);
    world.catalogue.fail(Fault::None);
    assert_eq!(world.catalogue.all().len(), 2);
    assert_eq!(world.lake.count(&world.everyone(), &always()).await.unwrap(), 60);
}

#[tokio::test]
async fn a_large_day_becomes_several_files_one_after_another_in_time() {
    let world = World::with(|config| config.file_bytes = 40_000).await;
    let events: Vec<_> = (1..=2000u64)
        .map(|sequence| {
            let mixed = sequence.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 1;
            world.event(0, sequence).raw(&format!("{mixed:x}{:x}", mixed.wrapping_mul(77)))
        })
        .collect();
    in_small_files(&world, &events, 100).await;
    let done = world.lake.compact(all_time(), usize::MAX, later()).await.unwrap();
    assert_eq!(done.rows, 2000);
    let mut files = world.catalogue.all();
    files.sort_by_key(|file| file.min_time);
    assert!(files.len() > 1, "{}", files.len());
    assert!(files.windows(2).all(|pair| pair[0].max_time < pair[1].min_time));
    assert_eq!(world.lake.count(&world.everyone(), &always()).await.unwrap(), 2000);
}

#[tokio::test]
async fn upkeep_that_is_told_to_stop_leaves_no_trace() {
    let world = World::new().await;
    in_small_files(&world, &odd_events(&world, 60), 20).await;
    let before = world.catalogue.all();
    world.lake.stop_upkeep();
    assert!(matches!(world.lake.compact(all_time(), usize::MAX, later()).await, Err(lake::Error::Stopped)));
    assert_eq!(world.catalogue.all(), before);
    assert_eq!(crate::durability::files_on_disk(&world.lake_dir()).len(), before.len());
}
