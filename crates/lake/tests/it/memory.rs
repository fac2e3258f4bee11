//! What stays in memory after a burst; run by hand: `cargo nextest run -p lake -p pipeline -E 'test(burst)' --run-ignored
//! only --no-capture`.

use model::Timestamp;

use crate::world::{NOON, World, always};

/// Resident memory in MiB.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096 / (1 << 20)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints memory over a million events; takes minutes unoptimised"]
async fn memory_after_a_burst() {
    let world = World::with(|config| {
        config.flush_rows = 200_000;
        config.flush_bytes = 128 << 20;
    })
    .await;
    let now = Timestamp::from_micros(NOON);
    println!("idle: {} MiB", resident());
    let (mut peak, mut buffered) = (0, 0);
    let count: u64 = std::env::var("EVENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(500_000);
    for batch in 0..count / 500 {
        let events: Vec<_> = (1..=500u64)
            .map(|place| {
                let number = batch * 500 + place;
                let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
                world
                    .event(0, number)
                    .at(NOON + number as i64 * 50)
                    .core("source_ip", format!("10.{}.{}.{}", mixed % 3, mixed / 7 % 250, mixed / 11 % 250))
                    .core("destination_port", (mixed % 1000) as i64)
                    .core("user_name", format!("user{}", mixed % 5000))
                    .field("policyid", (mixed % 40) as i64)
                    .field("sessionid", number as i64)
                    .raw(&format!("devname=FW-01 sessionid={number} user=user{} msg=\"{:0>300}\"", mixed % 5000, mixed))
            })
            .collect();
        world.append(&events);
        buffered = buffered.max(world.lake.buffered().bytes >> 20);
        peak = peak.max(resident());
        world.lake.flush_due(now).await.unwrap();
        peak = peak.max(resident());
    }
    println!("{count} events: {} MiB, peak {peak} MiB, at most {buffered} MiB buffered", resident());
    world.lake.flush_all().await.unwrap();
    println!("flushed: {} MiB", resident());
    world.lake.compact(always().range, usize::MAX, now.plus(std::time::Duration::from_secs(200_000))).await.unwrap();
    println!("merged: {} MiB", resident());
    drop(world);
    println!("closed: {} MiB", resident());
}
