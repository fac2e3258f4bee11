//! Nothing is lost or doubled: replays, crashes between file and commit, disks and catalogues that refuse.

use std::path::Path;
use std::time::Duration;

use lake::{Error, LogPosition, RowBatch};
use model::Timestamp;

use crate::catalogue::Fault;
use crate::oracle;
use crate::world::{LOG, Made, NOON, World, always, append};

fn events(world: &World, count: u64) -> Vec<Made> {
    (1..=count).map(|sequence| world.event(sequence as usize % 3, sequence)).collect()
}

async fn assert_exactly(world: &World, events: &[Made]) {
    let stored: Vec<_> = events.iter().map(Made::stored).collect();
    let expected = oracle::search(&stored, &world.everyone(), &always());
    assert_eq!(world.search_all(&world.everyone(), &always(), 500).await, expected);
    assert_eq!(world.lake.count(&world.everyone(), &always()).await.unwrap(), events.len() as u64);
}

pub fn files_on_disk(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_on_disk(&path));
        } else {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_replay_after_a_crash_restores_memory_and_doubles_nothing() {
    let world = World::new().await;
    let events = events(&world, 60);
    world.append(&events[..20]);
    world.lake.flush_all().await.unwrap();
    world.append(&events[20..40]);
    assert_eq!(world.lake.low_watermark(LOG, 0), Some(20));

    let world = world.reopen().await;
    assert_eq!(world.lake.low_watermark(LOG, 0), None);
    assert_exactly(&world, &events[..20]).await;
    // Batches are cut differently the second time.
    world.append(&events[..7]);
    assert_eq!(world.lake.low_watermark(LOG, 0), Some(7));
    world.append(&events[7..33]);
    world.append(&events[33..]);
    assert_exactly(&world, &events).await;
    assert_eq!(world.lake.low_watermark(LOG, 0), Some(20));
    world.lake.flush_all().await.unwrap();
    assert_exactly(&world, &events).await;
    assert_eq!(world.lake.low_watermark(LOG, 0), Some(60));

    let world = world.reopen().await;
    world.append(&events);
    assert_eq!(world.lake.buffered().rows, 0);
    assert_exactly(&world, &events).await;
}

#[tokio::test]
async fn a_file_that_was_never_committed_goes_and_the_replay_brings_its_events_back() {
    let world = World::new().await;
    let events = events(&world, 30);
    world.append(&events[..15]);
    world.lake.flush_all().await.unwrap();
    let committed = files_on_disk(&world.lake_dir());
    // What a crash between writing and committing leaves: finished files the catalogue does not know.
    std::fs::copy(&committed[0], format!("{}_crashed.parquet", committed[0].trim_end_matches(".parquet"))).unwrap();
    std::fs::write(format!("{}.tmp", committed[0].trim_end_matches(".parquet")), b"half").unwrap();
    assert_eq!(files_on_disk(&world.lake_dir()).len(), committed.len() + 2);

    let world = world.reopen().await;
    assert_eq!(files_on_disk(&world.lake_dir()), committed);
    world.append(&events);
    assert_exactly(&world, &events).await;
}

#[tokio::test]
async fn a_refused_commit_keeps_the_rows_and_leaves_no_file() {
    let world = World::new().await;
    let events = events(&world, 30);
    world.append(&events[..15]);
    world.catalogue.fail(Fault::Refused);
    assert!(matches!(world.lake.flush_all().await, Err(Error::Catalogue { .. })));
    assert_eq!(files_on_disk(&world.lake_dir()), Vec::<String>::new());
    assert_eq!(world.lake.low_watermark(LOG, 0), Some(0));
    assert_exactly(&world, &events[..15]).await;
    world.append(&events[15..]);
    world.catalogue.fail(Fault::None);
    let flushed = world.lake.flush_all().await.unwrap();
    assert_eq!((flushed.rows, world.lake.buffered().rows), (30, 0));
    assert_exactly(&world, &events).await;
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_counts_once() {
    let world = World::new().await;
    let events = events(&world, 30);
    world.append(&events[..15]);
    world.catalogue.fail(Fault::AnswerLost);
    world.lake.flush_all().await.unwrap();
    assert_eq!(world.lake.buffered().rows, 0);
    assert_exactly(&world, &events[..15]).await;

    // Nor can the outcome be asked for: searches say so rather than show rows twice, and it heals.
    world.append(&events[15..]);
    world.catalogue.set_unreadable(true);
    assert!(world.lake.flush_all().await.is_err());
    assert!(world.lake.search(&world.everyone(), &always()).await.is_err());
    world.catalogue.set_unreadable(false);
    world.catalogue.fail(Fault::None);
    assert_exactly(&world, &events).await;
    world.lake.flush_all().await.unwrap();
    assert_exactly(&world, &events).await;
    assert_eq!(world.lake.low_watermark(LOG, 0), Some(30));
}

#[tokio::test]
async fn a_customer_that_cannot_be_written_keeps_its_rows_and_does_not_stop_the_others() {
    let world = World::new().await;
    let events = events(&world, 30);
    world.append(&events);
    // A file where the customer's folder should be: every write below it fails.
    let blocked = world.lake_dir().join(format!("customer={}", world.customers[1]));
    std::fs::write(&blocked, b"in the way").unwrap();
    assert!(matches!(world.lake.flush_all().await, Err(Error::Disk { .. })));
    assert_eq!(world.lake.buffered().rows, 10);
    assert_eq!(world.lake.low_watermark(LOG, 0), Some(0));
    assert_exactly(&world, &events).await;
    std::fs::remove_file(&blocked).unwrap();
    assert_eq!(world.lake.flush_all().await.unwrap().rows, 10);
    assert_eq!(world.lake.low_watermark(LOG, 0), Some(30));
    assert_exactly(&world, &events).await;
}

#[tokio::test]
async fn flushes_come_by_rows_and_by_age() {
    let world = World::new().await;
    let now = Timestamp::from_micros(NOON);
    let few: Vec<_> = (1..=10).map(|sequence| world.event(0, sequence)).collect();
    world.append(&few);
    assert_eq!(world.lake.flush_due(now).await.unwrap().rows, 0);
    assert_eq!(world.lake.flush_due(now.plus(Duration::from_secs(9))).await.unwrap().rows, 0);
    assert_eq!(world.lake.flush_due(now.plus(Duration::from_secs(10))).await.unwrap().rows, 10);
    let many: Vec<_> = (11..=1011).map(|sequence| world.event(1, sequence)).collect();
    world.append(&many);
    assert_eq!(world.lake.flush_due(now).await.unwrap().rows, 1001);
}

#[tokio::test]
async fn batches_out_of_order_are_refused_instead_of_lost() {
    let world = World::new().await;
    let events = events(&world, 30);
    world.append(&events[10..20]);
    assert!(matches!(append(&world.lake, &events[..10]), Err(Error::Position { .. })));
    assert!(matches!(append(&world.lake, &events[15..25]), Err(Error::Position { .. })));
    let mut batch = RowBatch::default();
    events[25].push(&mut batch);
    let short = LogPosition { log: LOG, shard: 0, sequence: 25 };
    assert!(matches!(world.lake.append(batch, short), Err(Error::Position { .. })));
    assert_exactly(&world, &events[10..20]).await;
    // A batch that gave no rows still moves the position.
    world.lake.append(RowBatch::default(), LogPosition { log: LOG, shard: 0, sequence: 24 }).unwrap();
    world.lake.append(RowBatch::default(), LogPosition { log: LOG, shard: 7, sequence: 3 }).unwrap();
    assert_eq!((world.lake.low_watermark(LOG, 0), world.lake.appended(LOG, 0)), (Some(10), Some(24)));
    assert_eq!(world.lake.low_watermark(LOG, 7), Some(3));
}

#[tokio::test]
async fn a_catalogued_file_says_what_is_in_it() {
    use sha2::Digest;
    let world = World::new().await;
    let day = 86_400_000_000;
    let events = [
        world.event(0, 5).at(NOON).core("source_ip", "10.0.0.1").field("n", 1),
        world.event(0, 6).at(NOON + day).field("n", "x"),
        world.event(0, 7).at(NOON - 5).field("n", 2).field("tags", model::event::Value::List(vec!["a".into()])),
    ];
    world.append(&events);
    let flushed = world.lake.flush_all().await.unwrap();
    assert_eq!((flushed.files, flushed.rows), (2, 3));
    let mut files = world.catalogue.all();
    files.sort_by_key(|file| file.min_time);
    let file = &files[0];
    assert_eq!((file.rows, file.first.sequence, file.last.sequence), (2, 5, 7));
    assert_eq!((file.min_time.as_micros(), file.max_time.as_micros()), (NOON - 5, NOON));
    assert_eq!(file.path, format!("customer={}/day={}/{}.parquet", world.customers[0], file.day, file.id));
    let bytes = std::fs::read(world.lake_dir().join(&file.path)).unwrap();
    assert_eq!(file.bytes, bytes.len() as u64);
    let digest: String = sha2::Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(file.checksum, digest);
    for column in ["log", "sequence", "customer", "time", "source_ip", "f_n", "fields_rest", "raw"] {
        assert!(file.columns.iter().any(|name| name == column), "{column} of {:?}", file.columns);
    }
    assert!(!file.columns.iter().any(|name| name == "destination_ip"));
}
