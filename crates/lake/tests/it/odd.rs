//! Records that nobody sane would send: odd names, many names, long values, strange times.

use model::event::Value;
use model::search::{EventQuery, FieldFilter, FilterOp};
use model::{TimeRange, Timestamp};

use crate::world::{Made, NOON, World, always};

fn is(field: &str, value: &str) -> EventQuery {
    let filter = FieldFilter { field: field.into(), op: FilterOp::Is, value: value.into() };
    EventQuery { filters: vec![filter], ..always() }
}

/// The same in memory and in a file.
async fn round_trip(world: &World, events: &[Made], check: impl AsyncFn(&World)) {
    world.append(events);
    let mut expected: Vec<_> = events.iter().map(Made::stored).collect();
    expected.sort_by_key(|event| std::cmp::Reverse((event.time, event.id)));
    for _ in 0..2 {
        assert_eq!(world.search_all(&world.everyone(), &always(), 1000).await, expected);
        for event in &expected {
            assert_eq!(world.lake.get(&world.everyone(), &event.id).await.unwrap().as_ref(), Some(event));
        }
        check(world).await;
        world.lake.flush_all().await.unwrap();
    }
}

#[tokio::test]
async fn any_field_name_is_data() {
    let long = "n".repeat(300);
    let names = [
        "a\"b",
        "f_x",
        "x",
        "",
        " ",
        "a.b.c",
        "SELECT 1; --",
        "'; DROP TABLE x",
        "名字",
        "\u{0}nul",
        "new\nline",
        "customer",
        "time",
        "raw",
        "fields_rest",
        "*f_x",
        "_origin",
        "back\\slash",
        "User",
        "user",
        "{}",
        "?",
        long.as_str(),
    ];
    let world = World::new().await;
    let mut one = world.event(0, 1);
    for (place, name) in names.iter().enumerate() {
        one = one.field(name, format!("value {place}"));
    }
    let two = world.event(0, 2).field("x", 5).field("a.b.c", "other");
    round_trip(&world, &[one, two], async |world| {
        for (place, name) in names.iter().enumerate() {
            let query = is(name, &format!("VALUE {place}"));
            let found = world.search_all(&world.everyone(), &query, 10).await;
            assert_eq!(found.iter().map(|event| event.id.sequence).collect::<Vec<_>>(), [1], "{name:?}");
            let top = world.lake.top_values(&world.everyone(), &query, name, 10).await.unwrap();
            assert_eq!((top.len(), top[0].value.clone()), (1, format!("value {place}")), "{name:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn thousands_of_names_from_a_hostile_device_stay_searchable_and_cost_no_columns() {
    let world = World::new().await;
    let mut events = Vec::new();
    for sequence in 1..=40u64 {
        let mut event = world.event(0, sequence).field("common", "yes");
        for number in 0..100 {
            event = event.field(&format!("junk_{sequence}_{number}"), number);
        }
        events.push(event);
    }
    round_trip(&world, &events, async |world| {
        let query = is("junk_7_99", "99");
        assert_eq!(world.search_all(&world.everyone(), &query, 10).await.len(), 1);
        assert_eq!(world.lake.count(&world.everyone(), &is("common", "YES")).await.unwrap(), 40);
    })
    .await;
    let columns = &world.catalogue.all()[0].columns;
    assert!(columns.len() < 70, "{} columns", columns.len());
    assert!(columns.iter().any(|name| name == "f_common"));
}

#[tokio::test]
async fn values_come_back_with_their_types() {
    let list = |values: &[Value<'static>]| Value::List(values.to_vec());
    let world = World::new().await;
    let events = [
        world
            .event(0, 1)
            .field("float", Value::Float(0.1 + 0.2))
            .field("whole", Value::Float(3.0))
            .field("bool", Value::Bool(false))
            .field("null", Value::Null)
            .field("text", "null")
            .field("digits", "0042")
            .field("list", list(&["a".into(), Value::Int(1), Value::Null, list(&["deep".into()])]))
            .field("empty", list(&[]))
            .core("source_port", 443)
            .core("user_name", "li \u{0} \"quoted\" \\ 李")
            .core("email_to", list(&["a@example.org".into(), "b@example.org".into()])),
        world
            .event(0, 2)
            .field("float", "text here")
            .field("bool", Value::Int(1))
            .field("digits", 42)
            .field("list", "plain")
            // Values their columns cannot hold.
            .core("source_port", "https")
            .core("destination_port", list(&[Value::Int(1), Value::Int(2)]))
            .core("source_ip", "not an address")
            .core("destination_ip", "FE80:0:0::0001")
            .core("user_name", Value::Int(7))
            .core("host_name", Value::Null)
            .core("no_core_field", "kept"),
        world
            .event(0, 3)
            .core("source_ip", "10.0.0.1")
            .core("destination_ip", "fe80::1")
            .core("email_to", "c@example.org"),
    ];
    let mut events = events.to_vec();
    events[1].time_original = Some("yesterday".into());
    round_trip(&world, &events, async |world| {
        let hits = async |field: &str, value: &str| {
            let found = world.search_all(&world.everyone(), &is(field, value), 10).await;
            let mut hits: Vec<_> = found.iter().map(|event| event.id.sequence).collect();
            hits.sort_unstable();
            hits
        };
        assert_eq!(hits("email_to", "B@example.org").await, [1]);
        assert_eq!(hits("email_to", "c@example.org").await, [3]);
        assert_eq!(hits("destination_ip", "fe80:0::1").await, [2, 3]);
        assert_eq!(hits("source_port", "https").await, [2]);
        assert_eq!(hits("source_port", "443").await, [1]);
        assert_eq!(hits("destination_port", "2").await, [2]);
        assert_eq!(hits("user_name", "7").await, [2]);
        assert_eq!(hits("digits", "42").await, [2]);
        assert_eq!(hits("digits", "0042").await, [1]);
        assert_eq!(hits("list", "DEEP").await, [1]);
        assert_eq!(hits("bool", "false").await, [1]);
        assert_eq!(hits("float", "0.30000000000000004").await, [1]);
        assert_eq!(hits("null", "null").await, Vec::<u64>::new());
    })
    .await;
}

#[tokio::test]
async fn records_of_a_megabyte_and_times_of_any_age_are_kept() {
    let world = World::new().await;
    let year_9999 = 253_402_300_799_000_000;
    let times = [i64::MIN, -62_135_596_800_000_001, -1, 0, NOON, year_9999, year_9999 + 1_000_000, i64::MAX - 1];
    let mut events: Vec<_> =
        times.iter().enumerate().map(|(place, time)| world.event(0, place as u64 + 1).at(*time)).collect();
    let big = format!("{}needle{}", "x".repeat(500_000), "登".repeat(180_000));
    events.push(world.event(0, 9).raw(&big));
    events.push(world.event(0, 10).raw(""));
    round_trip(&world, &events, async |world| {
        let needle = EventQuery { text: "NEEDLE登".into(), ..always() };
        assert_eq!(world.search_all(&world.everyone(), &needle, 10).await.len(), 1);
        let range = TimeRange { from: Timestamp::from_micros(-1), to: Timestamp::from_micros(1) };
        assert_eq!(world.lake.count(&world.everyone(), &EventQuery::all(range)).await.unwrap(), 2);
        let bars = world.lake.histogram(&world.everyone(), &always(), 50).await.unwrap();
        assert_eq!(bars.iter().map(|bar| bar.count).sum::<i64>(), 10);
    })
    .await;
    let days: Vec<_> = world.catalogue.all().into_iter().map(|file| file.day).collect();
    assert!(days.contains(&"0001-01-01".to_owned()) && days.contains(&"9999-12-31".to_owned()), "{days:?}");
    let id = events[0].envelope.id;
    let missing = model::EventId { sequence: 999, ..id };
    assert_eq!(world.lake.get(&world.everyone(), &missing).await.unwrap(), None);
}

#[tokio::test]
async fn a_page_of_huge_records_ends_early_and_goes_on() {
    let world = World::new().await;
    let big = "y".repeat(4 << 20);
    let events: Vec<_> = (1..=12).map(|sequence| world.event(0, sequence).raw(&big)).collect();
    for event in &events {
        world.append(std::slice::from_ref(event));
    }
    world.lake.flush_all().await.unwrap();
    let page = world.lake.search(&world.everyone(), &always()).await.unwrap();
    assert!(page.items.len() < 12 && page.next.is_some());
    assert_eq!(world.search_all(&world.everyone(), &always(), 100).await.len(), 12);
}
