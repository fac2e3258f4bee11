//! Exports hold every event a query finds, and field statistics say what is in them.

use std::collections::BTreeSet;

use model::event::StoredEvent;
use model::search::{EventQuery, ExportFormat};

use crate::world::{Made, World, always};

fn events(world: &World, from: u64, count: u64) -> Vec<Made> {
    let made = |number: u64| {
        let event = world.event((number % 2) as usize, number).core("source_ip", format!("10.0.0.{}", number % 7));
        let event = event.core("destination_port", (number % 100) as i64).field("note", format!("=cmd|\"{number}\""));
        event.raw(&format!("line {number}\nwith, \"quotes\" 登录"))
    };
    (from..from + count).map(made).collect()
}

async fn export(world: &World, query: &EventQuery, format: ExportFormat, columns: &[&str], most: usize) -> Vec<u8> {
    let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
    let mut export = world.lake.export_stream(&world.owner(0), query, format, &columns, most).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(part) = export.next().await {
        bytes.extend(part.unwrap());
    }
    bytes
}

#[tokio::test]
async fn every_event_of_a_query_is_in_its_export_once() {
    let world = World::new().await;
    let events = [events(&world, 1, 3_000), events(&world, 3_001, 500)];
    world.append(&events[0]);
    world.lake.flush_all().await.unwrap();
    world.append(&events[1]);
    let query = EventQuery { condition: "destination_port:<50".parse().unwrap(), ..always() };
    let expected: BTreeSet<String> =
        world.search_all(&world.owner(0), &query, 1_000).await.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(expected.len(), 875);

    let text = String::from_utf8(export(&world, &query, ExportFormat::Ndjson, &[], usize::MAX).await).unwrap();
    let lines: Vec<StoredEvent> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 875);
    assert_eq!(lines.iter().map(|event| event.id.to_string()).collect::<BTreeSet<_>>(), expected);
    assert!(lines.iter().all(|event| event.customer == world.customers[0]));
    assert!(lines.windows(2).all(|pair| pair[0].time <= pair[1].time));

    let text = String::from_utf8(export(&world, &query, ExportFormat::Csv, &["id", "note", "raw"], 10).await).unwrap();
    assert!(
        text.starts_with("\u{FEFF}id,note,raw\r\n")
            && text.contains("\"'=cmd|\"\"2\"\"\",\"line 2\nwith, \"\"quotes\"\" 登录\"\r\n")
    );
    assert_eq!(text.matches("\r\n").count(), 11);

    let bytes =
        export(&world, &query, ExportFormat::Parquet, &["time", "id", "destination_port", "raw"], usize::MAX).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let reader =
        parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file.reopen().unwrap()).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), 875);

    // Whoever goes away leaves no work behind: the queue is free.
    for _ in 0..4 {
        drop(
            world.lake.export_stream(&world.owner(0), &always(), ExportFormat::Ndjson, &[], usize::MAX).await.unwrap(),
        );
    }
    assert_eq!(world.lake.count(&world.owner(0), &query).await.unwrap(), 875);
}

#[tokio::test]
async fn fields_are_described_and_customers_counted() {
    let world = World::new().await;
    world.append(&events(&world, 1, 2_000));
    world.lake.flush_all().await.unwrap();
    world.append(&events(&world, 2_001, 100));
    let names = ["source_ip", "note", "absent"].map(str::to_owned);
    let stats = world.lake.field_stats(&world.everyone(), &always(), &names, 3).await.unwrap();
    let seen: Vec<_> = stats.iter().map(|field| (field.field.as_str(), field.total, field.present)).collect();
    assert_eq!(seen, [("source_ip", 2_100, 2_100), ("note", 2_100, 2_100), ("absent", 2_100, 0)]);
    assert_eq!((stats[0].distinct, stats[0].top.len(), stats[0].top[0].count), (7, 3, 300));
    assert!((1_950..=2_250).contains(&stats[1].distinct), "{}", stats[1].distinct);
    let by_customer = world.lake.count_by_customer(&world.everyone(), &always()).await.unwrap();
    let mut both = [(world.customers[0].clone(), 1_050), (world.customers[1].clone(), 1_050)];
    both.sort();
    assert_eq!(by_customer, both);
    let query = EventQuery { condition: "source_ip:10.0.0.3".parse().unwrap(), ..always() };
    let by_customer = world.lake.count_by_customer(&world.owner(1), &query).await.unwrap();
    assert_eq!(by_customer, [(world.customers[1].clone(), 150)]);
}
