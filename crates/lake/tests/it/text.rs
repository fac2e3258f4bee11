//! Free text and single values over files of several blocks: what the index spares is never what was looked for.

use std::collections::BTreeSet;

use model::query::Query;
use model::search::EventQuery;

use crate::oracle;
use crate::world::{Made, World, always};

/// Twenty thousand records of which a few are worth finding.
fn records(world: &World) -> Vec<Made> {
    let record = |number: u64| {
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        let address = format!("10.{}.{}.{}", mixed % 4, mixed / 4 % 200, mixed / 800 % 200);
        let user = if number == 12_345 { "Mallory".to_owned() } else { format!("user{}", mixed % 50) };
        let extra = match number {
            77 => "first needle-alpha 登录失败",
            9_000 | 19_999 => "second NEEDLE_beta https://evil.example/x?y=1",
            12_345 => "third needless 192.168.77.99:4444",
            _ => "",
        };
        let raw = format!("devname=FW srcip={address} user={user} session={number} {extra}");
        world.event(0, number).core("source_ip", address).core("user_name", user).raw(&raw)
    };
    (1..=20_000).map(record).collect()
}

#[tokio::test]
async fn what_the_index_spares_is_never_what_was_looked_for() {
    let world = World::new().await;
    let events = records(&world);
    world.append(&events);
    world.lake.flush_all().await.unwrap();
    let stored: Vec<_> = events.iter().map(Made::stored).collect();
    let queries = [
        ("needle", 3),
        ("needle*", 4),
        ("*eedl*", 4),
        ("needle-alpha", 1),
        ("NEEDLE_BETA", 2),
        ("\"evil.example\"", 2),
        ("失败", 1),
        ("192.168.77.99", 1),
        ("192.168.77.9", 0),
        ("192.168.77.9*", 1),
        ("session=12345", 0),
        ("\"session=12345\"", 1),
        ("user_name:mallory", 1),
        ("user_name:MALLORY needle*", 1),
        ("user_name:mallory OR \"session=78\"", 2),
        ("user_name:nobody", 0),
        ("user_name:mal*", 1),
        ("NOT srcip", 0),
        ("needle NOT user_name:user*", 0),
        ("https://evil.example/x", 2),
        ("nothing-like-it", 0),
        ("third AND (first OR needless)", 1),
    ];
    for (text, count) in queries {
        let query = EventQuery { condition: text.parse::<Query>().unwrap(), ..always() };
        let expected = oracle::search(&stored, &world.everyone(), &query);
        assert_eq!(expected.len(), count, "{text}");
        assert_eq!(world.search_all(&world.everyone(), &query, 100).await, expected, "{text}");
        assert_eq!(world.lake.count(&world.everyone(), &query).await.unwrap(), count as u64, "{text}");
    }
    // The old free text finds parts of words, as it always did.
    let query = EventQuery { text: "eedle \"srcip=10\"".into(), ..always() };
    assert_eq!(world.lake.count(&world.everyone(), &query).await.unwrap(), 4);
    let tops = world.lake.top_values(&world.everyone(), &always(), "source_ip", 1).await.unwrap();
    let query = EventQuery { condition: format!("source_ip:{}", tops[0].value).parse().unwrap(), ..always() };
    assert_eq!(world.lake.count(&world.everyone(), &query).await.unwrap(), tops[0].count as u64);
}

#[tokio::test]
async fn every_file_has_an_index_that_other_readers_pass_over() {
    let world = World::new().await;
    world.append(&records(&world));
    world.lake.flush_all().await.unwrap();
    let mut seen = BTreeSet::new();
    for file in world.catalogue.all() {
        let open = std::fs::File::open(world.lake_dir().join(&file.path)).unwrap();
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(open).unwrap();
        let entries = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
        let place = entries.iter().find(|entry| entry.key == "vedette.index").and_then(|entry| entry.value.clone());
        let numbers: Vec<u64> = place.unwrap().split(' ').map(|number| number.parse().unwrap()).collect();
        let rows: usize = reader.build().unwrap().map(|batch| batch.unwrap().num_rows()).sum();
        assert_eq!(rows as u64, file.rows);
        println!("{} rows, {} bytes, index {} bytes", file.rows, file.bytes, numbers[3]);
        seen.insert(numbers[0]);
    }
    assert_eq!(seen, BTreeSet::from([2]));
}
