//! What is to go goes for good, what is to stay stays, and both are known beforehand.

use model::{TimeRange, Timestamp};

use crate::compact::{DAY, in_small_files, later};
use crate::durability::files_on_disk;
use crate::oracle;
use crate::world::{LOG, Made, NOON, World, always};

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// Five days, two customers, an event an hour each; received when they happened.
fn events(world: &World) -> Vec<Made> {
    (0..240u64)
        .map(|number| {
            let mut event = world.event(number as usize % 2, number + 1);
            event.time = at(NOON + number as i64 / 2 * DAY / 24);
            event.envelope.received = event.time;
            event.field("n", number as i64)
        })
        .collect()
}

async fn assert_left(world: &World, events: &[Made], keep: impl Fn(&Made) -> bool) {
    let stored: Vec<_> = events.iter().filter(|event| keep(event)).map(Made::stored).collect();
    let expected = oracle::search(&stored, &world.everyone(), &always());
    assert_eq!(world.search_all(&world.everyone(), &always(), 500).await, expected);
}

#[tokio::test]
async fn a_period_of_one_customer_goes_and_everything_else_stays() {
    let world = World::new().await;
    let events = events(&world);
    in_small_files(&world, &events[..200], 20).await;
    world.append(&events[200..]);
    // From the middle of a file to the middle of another, and into what is still in memory.
    let range = TimeRange { from: at(NOON + DAY / 3), to: at(NOON + 17 * DAY / 4) };
    let customer = world.customers[0].clone();
    let gone = |event: &Made| event.envelope.customer == customer && range.contains(event.time);
    let expected = events.iter().filter(|event| gone(event)).count() as u64;

    let deletion = world.lake.plan_deletion(&customer, range).await.unwrap();
    assert_eq!(deletion.events(), expected);
    let files = deletion.files();
    assert!(files.iter().any(|file| file.deleted < file.events), "a part of a file");
    assert!(files.iter().any(|file| file.deleted == file.events), "a whole file");
    assert_left(&world, &events, |_| true).await;
    deletion.carry_out(later()).await.unwrap();
    assert_left(&world, &events, |event| !gone(event)).await;
    assert!(files.iter().all(|file| !world.lake_dir().join(&file.path).exists()));
    assert_eq!(files_on_disk(&world.lake_dir()).len(), world.catalogue.all().len());
    let stats = world.lake.stats().await.unwrap();
    assert_eq!((stats.rows_deleted, stats.files_deleted), (expected, files.len() as u64));

    // A replay of the log after a restart does not bring them back: the watermark is above them.
    let world = world.reopen().await;
    world.append(&events[..200]);
    world.append(&events[200..]);
    assert_left(&world, &events, |event| !gone(event)).await;
    world.lake.flush_all().await.unwrap();
    assert_eq!(world.lake.low_watermark(LOG, 0), Some(240));
    assert_left(&world, &events, |event| !gone(event)).await;
    assert_eq!(world.lake.plan_deletion(&customer, range).await.unwrap().events(), 0);
}

#[tokio::test]
async fn a_deletion_that_is_dropped_changes_nothing() {
    let world = World::new().await;
    let events = events(&world);
    in_small_files(&world, &events, 50).await;
    let before = files_on_disk(&world.lake_dir());
    let range = TimeRange { from: at(NOON + DAY / 2), to: at(NOON + DAY) };
    drop(world.lake.plan_deletion(&world.customers[0], range).await.unwrap());
    assert_eq!(files_on_disk(&world.lake_dir()), before);
    assert_left(&world, &events, |_| true).await;
}

#[tokio::test]
async fn what_is_over_expires_by_whole_files_but_not_what_was_imported_lately() {
    let world = World::new().await;
    let mut events = events(&world);
    // An old record that was brought in only now.
    events[2].envelope.received = at(NOON + 20 * DAY);
    let old = events[2].clone();
    world.append(&events[..1]);
    world.append(&events[1..2]);
    world.lake.flush_all().await.unwrap();
    world.append(&events[2..3]);
    world.lake.flush_all().await.unwrap();
    in_small_files(&world, &events[3..], 20).await;
    let cutoff = at(NOON - NOON.rem_euclid(DAY) + 2 * DAY);
    let customer = world.customers[0].clone();
    let deletion = world.lake.plan_expiry(&customer, cutoff).await.unwrap();
    assert!(deletion.events() > 0 && deletion.files().iter().all(|file| file.deleted == file.events));
    assert!(deletion.files().iter().all(|file| file.max_time < cutoff));
    deletion.carry_out(later()).await.unwrap();
    let left = world.search_all(&world.everyone(), &always(), 500).await;
    let left: Vec<_> = left.iter().filter(|event| event.customer == customer).collect();
    assert!(left.iter().any(|event| event.id == old.envelope.id));
    assert!(left.iter().filter(|event| event.id != old.envelope.id).all(|event| event.time >= at(NOON + DAY)));
    assert_eq!(world.lake.plan_expiry(&customer, cutoff).await.unwrap().events(), 0);
    let other = world.lake.count(&world.owner(1), &always()).await.unwrap();
    assert_eq!(other, 120, "the other customer's stay");
}

#[tokio::test]
async fn only_a_damaged_file_can_be_given_up() {
    let world = World::new().await;
    let events = events(&world);
    in_small_files(&world, &events, 120).await;
    let file = world.catalogue.all()[0].clone();
    let refused = world.lake.plan_forgetting(&file.customer, &file.id).await.unwrap_err();
    assert!(refused.is_bad_request(), "{refused}");
    std::fs::write(world.lake_dir().join(&file.path), b"x").unwrap();
    world.lake.scrub(u64::MAX, later(), later()).await.unwrap();
    assert!(world.lake.count(&world.everyone(), &always()).await.is_err());
    let deletion = world.lake.plan_forgetting(&file.customer, &file.id).await.unwrap();
    assert_eq!(deletion.events(), file.rows);
    deletion.carry_out(later()).await.unwrap();
    assert_eq!(world.lake.count(&world.everyone(), &always()).await.unwrap(), 240 - file.rows);
}
