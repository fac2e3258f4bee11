//! SQL for experts: what it can, and that nobody gets out of `events` or out of a scope with it.

use std::time::Duration;

use lake::{Error, SqlLimits, SqlResult};
use model::event::Value;
use serde_json::{Value as Json, json};

use crate::world::{Made, NOON, World, always};

const CANARY: &str = "canary-5e1f";

fn limits() -> SqlLimits {
    SqlLimits::new(always().range)
}

fn events(world: &World, from: u64) -> Vec<Made> {
    let made = |place: u64| {
        let customer = (place % 2) as usize;
        let secret = if customer == 1 { CANARY } else { "plain" };
        let port = if place.is_multiple_of(5) {
            Value::List(vec![Value::Int(1), Value::Int(2)])
        } else {
            Value::Int(place as i64)
        };
        world
            .event(customer, from + place)
            .core("source_ip", format!("10.0.0.{}", place % 3))
            .core("destination_port", port)
            .field("Session", place as i64)
            .field("a.b", secret)
            .field("tags", Value::List(vec!["x".into(), "y".into()]))
            .raw(&format!("raw {secret} {place}"))
    };
    (0..12).map(made).collect()
}

async fn world() -> World {
    let world = World::new().await;
    world.append(&events(&world, 1));
    world.lake.flush_all().await.unwrap();
    world.append(&events(&world, 101));
    world
}

fn names(result: &SqlResult) -> Vec<&str> {
    result.columns.iter().map(|column| column.name.as_str()).collect()
}

#[tokio::test]
async fn files_and_memory_answer_as_one_table_of_typed_columns() {
    let world = world().await;
    let ask = async |text: &str| {
        world.lake.sql(&world.everyone(), text, &limits()).await.unwrap_or_else(|error| panic!("{text}: {error:?}"))
    };
    let result =
        ask("select source_ip, count(*) as n, max(destination_port) p from events group by 1 order by 1").await;
    assert_eq!(names(&result), ["source_ip", "n", "p"]);
    assert_eq!(result.columns.iter().map(|column| column.kind).collect::<Vec<_>>(), ["text", "int", "int"]);
    assert_eq!(result.rows[0], [json!("10.0.0.0"), json!(8), json!(9)]);
    let result =
        ask("SELECT f_Session, \"f_a.b\", f_tags, customer, id FROM events WHERE f_Session = '3' ORDER BY time").await;
    assert_eq!(result.rows.len(), 2);
    let wanted = [json!("3"), json!(CANARY), json!("[\"x\",\"y\"]"), json!(world.customers[1].as_str())];
    assert_eq!((&result.rows[0][..4], &result.rows[1][..4]), (&wanted[..], &wanted[..]));
    assert_eq!(result.rows[0][4], world.event(1, 4).envelope.id.to_string());
    assert_eq!(ask("select count(*) from events").await.rows, [[json!(24)]]);
    assert_eq!(ask("select count(*) from events where destination_port is null").await.rows, [[json!(6)]]);
    let result = ask("with e as (select date_trunc('hour', time) h, f_Session s from events) select h, count(distinct s) from e group by h").await;
    assert_eq!(result.rows, [[json!("2026-11-21T12:00:00.000000Z"), json!(12)]]);
    let result = ask("select * from events limit 3").await;
    assert!(names(&result).contains(&"raw") && names(&result).contains(&"f_Session") && result.rows.len() == 3);
    let few = SqlLimits { rows: 5, ..limits() };
    let result = world.lake.sql(&world.everyone(), "select raw from events", &few).await.unwrap();
    assert_eq!((result.rows.len(), result.truncated), (5, true));
    let range = model::TimeRange { from: model::Timestamp::from_micros(NOON + 100_000), ..limits().range };
    let narrow = SqlLimits { range, customers: vec![world.customers[0].clone()], ..limits() };
    let result = world.lake.sql(&world.everyone(), "select count(*) from events", &narrow).await.unwrap();
    assert_eq!(result.rows, [[json!(6)]]);
}

#[tokio::test]
async fn nothing_but_events_of_the_scope_can_be_reached() {
    let world = world().await;
    let owner = world.owner(0);
    let file = world.catalogue.all().into_iter().find(|file| file.customer == world.customers[1]).unwrap();
    let path = world.lake_dir().join(&file.path).display().to_string();
    // What the rightful owner sees with the same kind of query.
    let own = world.lake.sql(&world.owner(1), "select raw from events", &limits()).await.unwrap();
    assert!(own.rows.len() == 12 && own.rows.iter().all(|row| row[0].as_str().is_some_and(|raw| raw.contains(CANARY))));
    let hostile = [
        format!("select * from '{path}'"),
        format!("select * from \"{path}\""),
        format!("select * from read_parquet('{path}')"),
        format!("select * from parquet_scan('{path}')"),
        format!("select * from parquet_metadata('{path}')"),
        format!("select * from table(read_parquet('{path}'))"),
        format!("create external table t stored as parquet location '{path}'"),
        format!("create table t as select * from '{path}'"),
        format!("select * from events union all select * from '{path}'"),
        format!("select (select max(raw) from '{path}') from events"),
        format!("with t as (select * from '{path}') select * from t"),
        format!("select * from events where raw in (select raw from \"lake://files/{}\")", file.path),
        format!("copy (select * from events) to '{}/out.parquet'", world.lake_dir().display()),
        format!("copy events from '{path}'"),
        "copy events to 'x.csv'".into(),
        "insert into events select * from events".into(),
        "delete from events".into(),
        "update events set raw = ''".into(),
        "drop table events".into(),
        "create view v as select 1".into(),
        "create function f() returns int return 1".into(),
        "set datafusion.catalog.information_schema = true".into(),
        "show tables".into(),
        "show all".into(),
        "describe events".into(),
        "explain select * from events".into(),
        "explain analyze select * from events".into(),
        "prepare p as select * from events".into(),
        "execute p".into(),
        "begin".into(),
        "use other".into(),
        "select * from information_schema.tables".into(),
        "select * from information_schema.df_settings".into(),
        "select * from pg_catalog.pg_class".into(),
        "select * from datafusion.public.events".into(),
        "select * from public.events".into(),
        "select * from other.public.events".into(),
        "select * from generate_series(1, 1000000000)".into(),
        "select * from range(1, 10)".into(),
        "select * from events, lateral generate_series(1, 10)".into(),
        "select repeat('x', 1000000000)".into(),
        "select lpad('x', 1000000000)".into(),
        "select array_repeat(1, 1000000000)".into(),
        "select raw into t from events".into(),
        "select 1; select 2".into(),
        "select 1; drop table events".into(),
        "with recursive r as (select 1 as n union all select n + 1 from r) select * from r".into(),
        "select * from events for update".into(),
        "table events".into(),
        "values (1), (2) union all table events".into(),
        "select * from events tablesample (10)".into(),
        "".into(),
        format!("select {}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("select {}", "x".repeat(30_000)),
        format!("select {} raw from events", "not ".repeat(900)),
        format!("select {} raw from events", "- ".repeat(900)),
        format!("select 1 {} from events", "+ nothing".repeat(900)),
        format!("select * from {} events {}", "(select * from ".repeat(300), ")".repeat(300)),
    ];
    let before = std::fs::read_dir(world.lake_dir()).unwrap().count();
    let mut refused = 0;
    for text in &hostile {
        let short: String = text.chars().take(100).collect();
        match world.lake.sql(&owner, text, &limits()).await {
            Err(error) => {
                assert!(error.is_bad_request(), "{short}: {error:?}");
                refused += 1;
            }
            Ok(result) => panic!("{short} ran: {:?}", result.rows),
        }
    }
    println!("{refused} of {} hostile texts refused", hostile.len());
    assert_eq!(refused, hostile.len());
    assert_eq!(std::fs::read_dir(world.lake_dir()).unwrap().count(), before);
    // Ways that run, within the scope.
    let canaries = [
        "select * from events",
        "select raw from events where customer <> 'x'",
        "select max(\"f_a.b\") from events",
        "select e.raw from events e join events f on e.f_Session = f.f_Session",
        "with events as (select * from events) select raw from events",
        "select raw from events where f_customer is null",
        "select distinct customer from events",
    ];
    for text in canaries {
        let result = world.lake.sql(&owner, text, &limits()).await.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let seen = format!("{:?}", result.rows);
        assert!(
            !result.rows.is_empty() && !seen.contains(CANARY) && !seen.contains(world.customers[1].as_str()),
            "{text}: {seen}"
        );
    }
    let narrowed = SqlLimits { customers: vec![world.customers[1].clone()], ..limits() };
    let result = world.lake.sql(&owner, "select count(*) from events", &narrowed).await.unwrap();
    assert_eq!(result.rows, [[Json::from(0)]]);
}

#[tokio::test]
async fn errors_name_the_place_and_limits_are_kept() {
    let world = world().await;
    let error = async |text: &str| world.lake.sql(&world.owner(0), text, &limits()).await.unwrap_err();
    let place = async |text: &str| match error(text).await {
        Error::Sql { line, column, problem } => (line, column, problem),
        other => panic!("{text}: {other:?}"),
    };
    let cases = [
        ("select raw\nfrom nowhere", 2, 6, "only one is `events`"),
        ("select nothing_such from events", 1, 8, "nothing_such"),
        ("select raw from events where", 1, 29, "EOF"),
        ("select raw from events;\n drop table events", 2, 2, "one SELECT at a time"),
        ("select 'abc", 1, 8, "Unterminated"),
        ("delete from events", 1, 1, "expected a SELECT"),
        ("select nofunction(raw) from events", 1, 8, "nofunction"),
        ("select sum(raw) from events", 1, 0, "sum"),
    ];
    for (text, line, column, problem) in cases {
        let (at_line, at_column, said) = place(text).await;
        assert!(said.contains(problem), "{text}: {said}");
        println!("{text:?}: line {at_line}, column {at_column}: {said}");
        if column > 0 && !text.contains("nofunction") {
            assert_eq!((at_line, at_column), (line, column), "{text}: {said}");
        }
    }
    let heavy = "select count(*) from events a, events b, events c, events d, events e where a.raw < b.raw";
    let quick = SqlLimits { time: Duration::from_millis(50), ..limits() };
    assert!(matches!(world.lake.sql(&world.everyone(), heavy, &quick).await, Err(Error::TooLong { .. })));
    let small = SqlLimits { memory: 1 << 10, ..limits() };
    let sorted = "select raw, f_Session from events order by raw, f_Session desc";
    assert!(matches!(world.lake.sql(&world.everyone(), sorted, &small).await, Err(Error::Memory)));
    assert_eq!(world.lake.sql(&world.everyone(), sorted, &limits()).await.unwrap().rows.len(), 24);
}
