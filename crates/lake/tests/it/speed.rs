//! Times over a million events; run by hand: `cargo nextest run -p lake --release --run-ignored only --no-capture`.

use std::time::Instant;

use model::PageRequest;
use model::search::{EventQuery, FieldFilter, FilterOp};

use crate::world::{NOON, World, always};

const EVENTS: u64 = 1_000_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints times over a million events; takes minutes unoptimised"]
async fn a_million_events() {
    let world = World::new().await;
    let mut took = std::time::Duration::ZERO;
    let mut flushing = std::time::Duration::ZERO;
    for batch in 0..EVENTS / 1000 {
        let events: Vec<_> = (1..=1000u64)
            .map(|place| {
                let number = batch * 1000 + place;
                let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
                let address = format!("10.{}.{}.{}", mixed % 3, mixed / 7 % 250, mixed / 11 % 250);
                world
                    .event(0, number)
                    .at(NOON + number as i64 * 2000)
                    .core("source_ip", address.clone())
                    .core("destination_port", (mixed % 1000) as i64)
                    .core("user_name", format!("user{}", mixed % 5000))
                    .core("event_action", if mixed % 3 == 0 { "deny" } else { "allow" })
                    .field("policyid", (mixed % 40) as i64)
                    .field("sessionid", number as i64)
                    .field("devname", "FW-01")
                    .raw(&format!(
                        "devname=FW-01 srcip={address} sessionid={number} user=user{} msg=\"words that fill it\"",
                        mixed % 5000
                    ))
            })
            .collect();
        let start = Instant::now();
        world.append(&events);
        took += start.elapsed();
        if batch % 200 == 199 {
            let start = Instant::now();
            world.lake.flush_all().await.unwrap();
            flushing += start.elapsed();
        }
    }
    let bytes: u64 = world.catalogue.all().iter().map(|file| file.bytes).sum();
    println!(
        "append {:.2} us/event, flush {:.2} us/event, {:.0} B/event",
        took.as_secs_f64(),
        flushing.as_secs_f64(),
        bytes as f64 / EVENTS as f64
    );
    let filter = |field: &str, op, value: &str| EventQuery {
        filters: vec![FieldFilter { field: field.into(), op, value: value.into() }],
        page: PageRequest::new(100, None),
        ..always()
    };
    let needle = filter("sessionid", FilterOp::Is, "123456");
    let queries = [
        ("latest 100", always()),
        ("address needle", filter("source_ip", FilterOp::Is, "10.1.7.7")),
        ("user needle", filter("user_name", FilterOp::Is, "user4242")),
        ("own field needle", needle),
        ("free text", EventQuery { text: "sessionid=654321".into(), ..always() }),
        ("range", filter("source_ip", FilterOp::InRange, "10.1.7.0/28")),
    ];
    for (name, query) in &queries {
        let context = world.everyone();
        let time = async || {
            let start = Instant::now();
            let found = world.lake.search(&context, query).await.unwrap().items.len();
            (found, start.elapsed())
        };
        let (_, cold) = time().await;
        let (found, warm) = time().await;
        let start = Instant::now();
        let counted = world.lake.count(&context, query).await.unwrap();
        println!("{name}: {found} rows, cold {cold:?}, warm {warm:?}; count {counted} in {:?}", start.elapsed());
    }
    let start = Instant::now();
    let top = world.lake.top_values(&world.everyone(), &always(), "source_ip", 10).await.unwrap();
    println!("top 10 of source_ip: {} in {:?}", top.len(), start.elapsed());
    let start = Instant::now();
    let bars = world.lake.histogram(&world.everyone(), &queries[2].1, 60).await.unwrap();
    println!("histogram: {} bars in {:?}", bars.len(), start.elapsed());
    let start = Instant::now();
    let id = world.event(0, 777_777).envelope.id;
    let found = world.lake.get(&world.everyone(), &id).await.unwrap().is_some();
    println!("get: {found} in {:?}", start.elapsed());
}
