//! A search costs what it may cost, and stops when nobody waits for it any more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lake::{Error, Lake, LakeConfig};
use model::query::{Pattern, Query};
use model::search::EventQuery;
use model::{Actor, Context, Scope, Timestamp, UserId};

use crate::catalogue::FileCatalogue;
use crate::world::{NOON, World, always, config};

/// Files with records that take a while to read.
async fn heavy(files: u64) -> World {
    let world = World::new().await;
    for file in 0..files {
        let events: Vec<_> = (1..=1_000u64)
            .map(|place| {
                let number = file * 1_000 + place;
                let filler: String =
                    (0..60).map(|word| format!("{:x} ", number.wrapping_mul(word + 7) ^ 0x5bd1_e995)).collect();
                world.event(0, number).raw(&filler)
            })
            .collect();
        world.append(&events);
        world.lake.flush_all().await.unwrap();
    }
    world
}

/// A search that no index shortens and that takes its time over every record.
fn slow() -> EventQuery {
    let patterns = (0..8).map(|number| Query::Text(Pattern::of_word(&format!("*zz{number}*y?z*"))));
    EventQuery { condition: Query::any(patterns), ..always() }
}

fn person(number: u8, minute: i64) -> Context {
    let now = Timestamp::from_micros(NOON + minute * 60_000_000);
    let user = UserId::derived(Timestamp::from_micros(NOON), &[&[number]]);
    Context::authenticated(Actor::User(user), Scope::All, BTreeSet::new(), now)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_nobody_waits_for_any_more_stops() {
    let world = heavy(20).await;
    let whole = Instant::now();
    assert_eq!(world.lake.count(&world.everyone(), &slow()).await.unwrap(), 0);
    let whole = whole.elapsed();
    let all = world.lake.bytes_searched();
    let (lake, context) = (world.lake.clone(), world.everyone());
    let task = tokio::spawn(async move { lake.count(&context, &slow()).await });
    while world.lake.bytes_searched() == all {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    task.abort();
    assert!(task.await.is_err_and(|error| error.is_cancelled()));
    // What is being decoded is finished, nothing new is begun.
    tokio::time::sleep(whole / 2).await;
    let stopped = world.lake.bytes_searched();
    tokio::time::sleep(whole).await;
    assert_eq!(world.lake.bytes_searched(), stopped, "it went on reading");
    let read = stopped - all;
    assert!(read < all * 4 / 5, "it read {read} of {all} bytes although it was dropped at once");
    println!("whole search {whole:?} and {all} bytes; dropped after {read}");
    // Its place in the queue is free again.
    for _ in 0..4 {
        let (everyone, all) = (world.everyone(), always());
        let next = tokio::time::timeout(Duration::from_secs(20), world.lake.count(&everyone, &all));
        assert_eq!(next.await.unwrap().unwrap(), 20_000);
    }
}

#[tokio::test]
async fn a_query_of_a_thousand_conditions_runs() {
    let world = World::new().await;
    world.append(&[world.event(0, 1).field("n", 999), world.event(0, 2).field("n", 5_000)]);
    world.lake.flush_all().await.unwrap();
    let text: Vec<String> = (0..1_000).map(|number| format!("n:{number}")).collect();
    let ask = async |text: &str| {
        let query = EventQuery { condition: text.parse().unwrap(), ..always() };
        world.lake.count(&world.everyone(), &query).await.unwrap()
    };
    assert_eq!(ask(&text.join(" OR ")).await, 1);
    assert_eq!(ask(&text.join(" ")).await, 0);
    assert_eq!(
        ask(&format!("NOT n:({})", (0..900).map(|number| format!("{number}")).collect::<Vec<_>>().join(","))).await,
        2
    );
}

#[tokio::test]
async fn a_person_reads_no_more_than_the_share_and_others_are_not_held_up() {
    let world = heavy(3).await;
    let free = world.lake.bytes_searched();
    world.lake.count(&world.everyone(), &slow()).await.unwrap();
    let cost = world.lake.bytes_searched() - free;
    let catalogue = Arc::new(FileCatalogue::open(world.dir.path().join("catalogue.json")));
    let limited = LakeConfig { query_bytes: cost / 2, ..config(world.lake_dir()) };
    let lake = Lake::open(limited, catalogue.clone()).await.unwrap();
    let error = lake.count(&person(1, 0), &slow()).await.unwrap_err();
    assert!(matches!(error, Error::TooMuch { minute: false, .. }), "{error:?}");
    assert_eq!(lake.count(&world.everyone(), &slow()).await.unwrap(), 0, "the platform's own jobs go on");
    let error = lake.search(&person(1, 0), &slow()).await.unwrap_err();
    assert!(matches!(error, Error::TooMuch { minute: false, .. }), "{error:?}");

    let limited = LakeConfig { user_bytes_per_minute: cost * 5 / 2, ..config(world.lake_dir()) };
    let lake = Lake::open(limited, catalogue).await.unwrap();
    for _ in 0..2 {
        lake.count(&person(1, 0), &slow()).await.unwrap();
    }
    let error = lake.count(&person(1, 0), &slow()).await.unwrap_err();
    assert!(matches!(error, Error::TooMuch { minute: true, .. }), "{error:?}");
    let error = lake.count(&person(1, 0), &slow()).await.unwrap_err();
    assert!(error.to_string().contains("within a minute"), "{error}");
    lake.count(&person(2, 0), &slow()).await.unwrap();
    lake.count(&person(1, 1), &slow()).await.unwrap();
}

#[tokio::test]
async fn values_that_do_not_fit_into_the_memory_for_queries_are_counted_all_the_same() {
    let ample = World::new().await;
    let events: Vec<_> = (1..=12_000u64)
        .map(|number| {
            let user = if number % 10 == 0 { "the-same".to_owned() } else { format!("{number:0>120}") };
            ample.event(0, number).core("user_name", user)
        })
        .collect();
    ample.append(&events);
    ample.lake.flush_all().await.unwrap();
    let catalogue = Arc::new(FileCatalogue::open(ample.dir.path().join("catalogue.json")));
    let short = LakeConfig { query_memory: 1 << 20, ..config(ample.lake_dir()) };
    let short = Lake::open(short, catalogue).await.unwrap();
    for lake in [&ample.lake, &short] {
        let top = lake.top_values(&ample.everyone(), &always(), "user_name", 3).await.unwrap();
        let top: Vec<_> = top.iter().map(|value| (value.value.trim_start_matches('0'), value.count)).collect();
        assert_eq!(top, [("the-same", 1_200), ("1", 1), ("2", 1)]);
    }
    for lake in [&ample.lake, &short] {
        let fields = ["user_name".to_owned()];
        let stats = lake.field_stats(&ample.everyone(), &always(), &fields, 1).await.unwrap().remove(0);
        assert_eq!((stats.present, stats.distinct, stats.top.len()), (12_000, 10_801, 1));
    }
}
