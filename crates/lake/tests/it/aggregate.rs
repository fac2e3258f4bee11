//! Bars and values.

use model::search::EventQuery;
use model::{TimeRange, Timestamp};

use crate::world::{NOON, World};

#[tokio::test]
async fn a_histogram_has_every_bar_of_its_range() {
    let world = World::new().await;
    let hour = 3_600_000_000;
    let events: Vec<_> =
        (1..=30).map(|sequence| world.event(0, sequence).at(NOON + (sequence as i64 % 3) * hour)).collect();
    world.append(&events[..10]);
    world.lake.flush_all().await.unwrap();
    world.append(&events[10..]);
    let range = TimeRange { from: Timestamp::from_micros(NOON), to: Timestamp::from_micros(NOON + 24 * hour) };
    let bars = world.lake.histogram(&world.owner(0), &EventQuery::all(range), 24).await.unwrap();
    assert_eq!(bars.len(), 24);
    assert_eq!(bars.iter().map(|bar| bar.count).take(4).collect::<Vec<_>>(), [10, 10, 10, 0]);
    assert!(bars.windows(2).all(|pair| pair[0].start.plus(std::time::Duration::from_secs(3600)) == pair[1].start));
    let empty = world.lake.histogram(&world.owner(2), &EventQuery::all(range), 24).await.unwrap();
    assert_eq!((empty.len(), empty.iter().map(|bar| bar.count).sum::<i64>()), (24, 0));
}

#[tokio::test]
async fn the_commonest_values_of_many_come_first() {
    let world = World::new().await;
    let events: Vec<_> = (1..=900u64)
        .map(|sequence| {
            let address = if sequence % 3 == 0 {
                "10.9.9.9".to_owned()
            } else {
                format!("10.0.{}.{}", sequence / 250, sequence % 250)
            };
            world.event(0, sequence).core("source_ip", address).core("source_port", (sequence % 2) as i64)
        })
        .collect();
    world.append(&events[..600]);
    world.lake.flush_all().await.unwrap();
    world.append(&events[600..]);
    let top = async |field: &str, limit| {
        let top = world.lake.top_values(&world.owner(0), &crate::world::always(), field, limit).await.unwrap();
        top.into_iter().map(|value| (value.value, value.count)).collect::<Vec<_>>()
    };
    let addresses = top("source_ip", 5).await;
    assert_eq!((addresses.len(), addresses[0].clone()), (5, ("10.9.9.9".to_owned(), 300)));
    assert_eq!(top("source_port", 5).await, [("0".to_owned(), 450), ("1".to_owned(), 450)]);
    assert_eq!(top("no such field", 5).await, []);
}
