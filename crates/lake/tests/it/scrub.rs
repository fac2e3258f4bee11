//! Damage is noticed, told, and never passed over in silence.

use lake::{Error, verify};
use model::search::EventQuery;
use model::{Scope, TimeRange, Timestamp};

use crate::compact::{DAY, in_small_files, later, odd_events};
use crate::durability::files_on_disk;
use crate::world::{Made, NOON, World, always};

/// Two days with files of two customers.
async fn world() -> (World, Vec<Made>) {
    let world = World::new().await;
    let mut events = odd_events(&world, 80);
    for event in &mut events[40..] {
        event.time = Timestamp::from_micros(event.time.as_micros() + DAY);
    }
    in_small_files(&world, &events, 20).await;
    (world, events)
}

fn day(number: i64) -> EventQuery {
    let start = NOON - NOON.rem_euclid(DAY) + number * DAY;
    let range = TimeRange { from: Timestamp::from_micros(start), to: Timestamp::from_micros(start + DAY) };
    EventQuery::all(range)
}

#[tokio::test]
async fn a_changed_byte_takes_a_file_out_of_searches_until_it_is_whole_again() {
    let (world, _) = world().await;
    let now = later();
    let files = world.catalogue.all();
    let done = world.lake.scrub(u64::MAX, now, now).await.unwrap();
    assert_eq!((done.files, done.damaged.len()), (files.len(), 0));
    assert!(world.catalogue.all().iter().all(|file| file.checked == Some(now)));
    assert_eq!(world.lake.scrub(u64::MAX, now, now).await.unwrap().files, 0, "all were checked lately");

    let hurt = files.iter().find(|file| file.min_time.as_micros() < NOON + DAY).unwrap();
    let path = world.lake_dir().join(&hurt.path);
    let whole = std::fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let again = now.plus(std::time::Duration::from_secs(1));
    let done = world.lake.scrub(u64::MAX, again, again).await.unwrap();
    assert_eq!(done.damaged.len(), 1);
    assert!(done.damaged[0].1.contains("SHA-256"), "{}", done.damaged[0].1);
    assert_eq!(world.lake.stats().await.unwrap().damaged, 1);
    for answer in [
        world.lake.search(&world.everyone(), &always()).await.err(),
        world.lake.count(&world.everyone(), &day(0)).await.err(),
        world.lake.top_values(&world.everyone(), &always(), "n", 5).await.err(),
    ] {
        let error = answer.expect("an answer without the file would be wrong");
        assert!(matches!(&error, Error::Quarantined { path, .. } if *path == hurt.path), "{error}");
    }
    // Other days go on, and the damage outlives a restart.
    assert_eq!(world.lake.count(&world.everyone(), &day(1)).await.unwrap(), 40);
    let world = world.reopen().await;
    assert!(world.lake.count(&world.everyone(), &day(0)).await.is_err());
    // Nor is it merged into anything.
    world.lake.compact(always().range, usize::MAX, now).await.unwrap();
    assert!(world.catalogue.all().iter().any(|file| file.id == hurt.id));

    std::fs::write(&path, &whole).unwrap();
    let done = world.lake.scrub(u64::MAX, again, again).await.unwrap();
    assert_eq!(done.healed.iter().map(|file| &file.id).collect::<Vec<_>>(), [&hurt.id]);
    assert_eq!(world.lake.count(&world.everyone(), &day(0)).await.unwrap(), 40);
}

#[tokio::test]
async fn a_round_of_checking_reads_about_as_much_as_it_may_and_goes_on_where_it_left_off() {
    let (world, _) = world().await;
    let files = world.catalogue.all();
    let most = files.iter().map(|file| file.bytes).max().unwrap() * 2;
    let (mut rounds, mut checked) = (0, 0);
    while checked < files.len() {
        let done = world.lake.scrub(most, later(), later()).await.unwrap();
        assert!(done.files > 0 && done.bytes <= most);
        (rounds, checked) = (rounds + 1, checked + done.files);
    }
    assert!(rounds > 2, "{rounds}");
    assert_eq!(world.lake.stats().await.unwrap().files_scrubbed, files.len() as u64);
}

#[tokio::test]
async fn verify_finds_every_kind_of_difference_and_nothing_where_there_is_none() {
    let (world, _) = world().await;
    let dir = world.lake_dir();
    let check = async || verify(&dir, &*world.catalogue, &Scope::All, later()).await.unwrap();
    let clean = check().await;
    assert_eq!((clean.files, clean.events), (8, 80));
    assert!(clean.problems.is_empty() && clean.orphans.is_empty(), "{clean:?}");

    let files = world.catalogue.all();
    let path = |place: usize| dir.join(&files[place].path);
    // Of the files: one is gone, one is cut, and there is one that nobody knows.
    let (gone, cut) = (std::fs::read(path(0)).unwrap(), std::fs::read(path(1)).unwrap());
    std::fs::remove_file(path(0)).unwrap();
    std::fs::write(path(1), &cut[..cut.len() - 1]).unwrap();
    std::fs::write(path(2).with_file_name("stray.parquet"), b"x").unwrap();
    // Of the catalogue: rows, times, ids, day, and one file twice under another name.
    world.catalogue.edit(|files| {
        files[2].rows += 1;
        files[3].max_time = Timestamp::from_micros(files[3].max_time.as_micros() + 1);
        files[4].first.sequence -= 1;
        let mut twin = files[5].clone();
        twin.id = "lkf_twin".to_owned();
        files.push(twin);
    });
    let found = check().await;
    assert_eq!(found.orphans.len(), 1);
    let told = |place: usize| -> Vec<&str> {
        found
            .problems
            .iter()
            .filter(|problem| problem.id == files[place].id)
            .map(|problem| problem.detail.as_str())
            .collect()
    };
    assert_eq!(told(0), ["it is not there"]);
    assert!(told(1)[0].contains("bytes of"), "{:?}", told(1));
    assert!(told(2).iter().any(|problem| problem.contains("rows")), "{:?}", told(2));
    assert!(told(3)[0].contains("times"), "{:?}", told(3));
    assert!(told(4)[0].contains("ids"), "{:?}", told(4));
    let twice: Vec<_> = found.problems.iter().filter(|problem| problem.detail.contains("twice")).collect();
    assert!(!twice.is_empty() && found.problems.iter().any(|problem| problem.detail.starts_with("and ")));
    let one = Scope::one(world.customers[2].clone());
    assert_eq!(verify(&dir, &*world.catalogue, &one, later()).await.unwrap().files, 0);

    // What is missing is out of searches; brought back, it is in them again.
    assert!(matches!(world.lake.count(&world.everyone(), &always()).await, Err(Error::Quarantined { .. })));
    std::fs::write(path(0), &gone).unwrap();
    std::fs::write(path(1), &cut).unwrap();
    let found = check().await;
    assert!(!found.problems.iter().any(|problem| problem.id == files[0].id || problem.id == files[1].id));
    assert!(world.catalogue.all().iter().all(|file| file.damage.is_none()));
    assert_eq!(files_on_disk(&dir).len(), 9);
}
