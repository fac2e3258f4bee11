//! An export is exactly what the search finds, in both forms.

use lake::{NDJSON, PARQUET, parquet_rows};
use model::event::StoredEvent;
use model::search::{EventQuery, FieldFilter, FilterOp};

use crate::compact::{in_small_files, odd_events};
use crate::world::{World, always};

fn lines(folder: &std::path::Path) -> Vec<StoredEvent> {
    let text = std::fs::read_to_string(folder.join(NDJSON)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn an_export_holds_what_the_search_finds_oldest_first() {
    let world = World::new().await;
    let events = odd_events(&world, 300);
    in_small_files(&world, &events[..200], 40).await;
    world.append(&events[200..]);
    let customer = world.customers[0].clone();
    let of = |query: EventQuery| EventQuery { customers: vec![customer.clone()], ..query };
    let filter = |field: &str, op, value: &str| {
        of(EventQuery { filters: vec![FieldFilter { field: field.into(), op, value: value.into() }], ..always() })
    };
    for query in [
        of(always()),
        filter("source_ip", FilterOp::Is, "10.0.0.2"),
        filter("kind", FilterOp::Contains, "text"),
        filter("tags", FilterOp::Exists, ""),
        filter("n", FilterOp::Is, "no such"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let done = world.lake.export(&world.everyone(), &query, &[], folder.path()).await.unwrap();
        let mut expected = world.search_all(&world.everyone(), &query, 500).await;
        expected.reverse();
        assert_eq!(lines(folder.path()), expected, "{query:?}");
        assert_eq!(done.events, expected.len() as u64);
        assert_eq!(parquet_rows(&folder.path().join(PARQUET)).unwrap(), done.events);
        assert_eq!(done.times, expected.first().zip(expected.last()).map(|(first, last)| (first.time, last.time)));
    }
    // By ids: those of the customer, of files and of memory; another customer's are not there.
    let folder = tempfile::tempdir().unwrap();
    let ids: Vec<_> = [3, 4, 17, 250, 251].map(|place: usize| events[place].envelope.id).to_vec();
    world.lake.export(&world.everyone(), &of(always()), &ids, folder.path()).await.unwrap();
    let mut found: Vec<_> = lines(folder.path()).iter().map(|event| event.id).collect();
    found.sort();
    assert_eq!(found, [ids[0], ids[2], ids[4]]);
}

#[tokio::test]
async fn evidence_never_mixes_customers_nor_leaves_the_scope() {
    let world = World::new().await;
    in_small_files(&world, &odd_events(&world, 40), 40).await;
    let folder = tempfile::tempdir().unwrap();
    for customers in [vec![], world.customers[..2].to_vec()] {
        let query = EventQuery { customers, ..always() };
        let refused = world.lake.export(&world.everyone(), &query, &[], folder.path()).await.unwrap_err();
        assert!(refused.is_bad_request(), "{refused}");
    }
    let query = EventQuery { customers: vec![world.customers[0].clone()], ..always() };
    let theirs = world.lake.export(&world.owner(1), &query, &[], folder.path()).await.unwrap();
    assert_eq!(theirs.events, 0);
    let own = tempfile::tempdir().unwrap();
    assert_eq!(world.lake.export(&world.owner(0), &query, &[], own.path()).await.unwrap().events, 20);
}
