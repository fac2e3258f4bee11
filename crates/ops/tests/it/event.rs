//! Looking at events leaves a trace, and nobody sees another customer's.

use model::event::customers_of;
use model::role::Role;
use model::saved_search::SavedSearchData;
use model::search::{EventQuery, FieldFilter, FilterOp};
use model::*;
use ops::Error;

use crate::world::*;

fn query() -> EventQuery {
    EventQuery::all(TimeRange { from: at(0), to: at(1_000) })
}

#[tokio::test]
async fn a_search_sees_the_callers_customers_only_and_is_on_record_before_its_answer() {
    let world = World::new().await;
    let li = world.user("li", Role::L1Analyst, &[&world.ours]).await;
    let device = DeviceId::generate(at(0));
    world.event(&world.ours, &device, 10, "ours: failed password");
    let canary = world.event(&world.theirs, &device, 10, "theirs: CANARY failed password");
    let ctx = acting(&li, 100);

    let mut wide = query();
    wide.text = "failed".into();
    wide.customers = vec![world.ours.clone(), world.theirs.clone()];
    let page = world.ops.search_events(&ctx, &wide).await.unwrap();
    assert_eq!(customers_of(&page.items), std::collections::BTreeSet::from([world.ours.clone()]));
    assert!(!format!("{page:?}").contains("CANARY"));
    let all = world.ops.search_events(&job(100), &wide).await.unwrap();
    assert_eq!(all.items.len(), 2, "who sees both customers finds both");
    assert!(matches!(world.ops.get_event(&ctx, &canary).await, Err(Error::NotFound(_))));
    assert!(world.ops.get_event(&job(100), &canary).await.unwrap().raw.contains("CANARY"));

    let rows = world.audit_of("events").await;
    assert_eq!(rows.len(), 1, "a job's search is its own affair");
    assert_eq!((rows[0].action.as_str(), rows[0].actor.as_str()), ("event.search", li.id.as_str()));
    assert_eq!(rows[0].customer.as_ref(), Some(&world.ours));
    assert_eq!(rows[0].detail["text"], "failed");
}

#[tokio::test]
async fn histogram_top_values_and_single_events_are_on_record_too() {
    let world = World::new().await;
    let li = world.user("li", Role::L1Analyst, &[&world.ours]).await;
    let ctx = acting(&li, 100);
    let id = world.event(&world.ours, &DeviceId::generate(at(0)), 10, "failed password");
    let bars = world.ops.event_histogram(&ctx, &query(), 10).await.unwrap();
    assert_eq!(bars.iter().map(|bar| bar.count).sum::<i64>(), 1);
    let top = world.ops.top_values(&ctx, &query(), "source_ip", 5).await.unwrap();
    assert_eq!((top[0].value.as_str(), top[0].count), ("203.0.113.9", 1));
    assert_eq!(world.ops.get_event(&ctx, &id).await.unwrap().raw, "failed password");
    assert_eq!(world.actions_on("events").await, ["event.histogram", "event.top_values"]);
    assert_eq!(world.actions_on(&id.to_string()).await, ["event.get"]);
}

#[tokio::test]
async fn sql_statistics_and_exports_are_for_the_callers_customers_and_on_record() {
    let world = World::new().await;
    let li = world.user("li", Role::L1Analyst, &[&world.ours]).await;
    let device = DeviceId::generate(at(0));
    world.event(&world.ours, &device, 10, "ours: failed password");
    world.event(&world.theirs, &device, 10, "theirs: CANARY failed password");
    let ctx = acting(&li, 100);
    let result = world.ops.sql_events(&ctx, "select raw from events", query().range, &[], 10).await.unwrap();
    assert_eq!(result.rows, [["ours: failed password"]]);
    let all = world.ops.sql_events(&job(100), "select raw from events", query().range, &[], 10).await.unwrap();
    assert_eq!(all.rows.len(), 2, "who sees both customers finds both");
    let asked = EventQuery { condition: "failed NOT user_name:nobody".parse().unwrap(), ..query() };
    let stats = world.ops.field_stats(&ctx, &asked, &["source_ip".into()], 5).await.unwrap();
    assert_eq!((stats[0].total, stats[0].present, stats[0].distinct), (1, 1, 1));
    let format = model::search::ExportFormat::Ndjson;
    let mut export = world.ops.stream_events(&ctx, &asked, format, &[], 100).await.unwrap();
    let mut text = Vec::new();
    while let Some(part) = export.next().await {
        text.extend(part.unwrap());
    }
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("ours: failed password") && !text.contains("CANARY"), "{text}");
    assert_eq!(world.actions_on("events").await, ["event.sql", "event.field_stats", "event.export"]);
    let rows = world.audit_of("events").await;
    assert!(rows.iter().any(|row| row.detail["q"] == "failed AND NOT user_name:nobody"));
    for sql in ["select * from other", "drop table events", ""] {
        assert!(matches!(
            world.ops.sql_events(&ctx, sql, query().range, &[], 10).await,
            Err(Error::Invalid { fields }) if fields[0].field == "sql"
        ));
    }
}

#[tokio::test]
async fn a_search_that_makes_no_sense_is_refused_before_anything_happens() {
    let world = World::new().await;
    let ctx = acting(&world.user("li", Role::L1Analyst, &[&world.ours]).await, 100);
    let mut backwards = query();
    backwards.range.to = backwards.range.from;
    assert!(matches!(world.ops.search_events(&ctx, &backwards).await, Err(Error::Invalid { .. })));
    assert!(matches!(world.ops.event_histogram(&ctx, &query(), 0).await, Err(Error::Invalid { .. })));
    assert!(matches!(world.ops.top_values(&ctx, &query(), "source_ip", 101).await, Err(Error::Invalid { .. })));
    assert!(world.audit_of("events").await.is_empty());
    let mut bad = query();
    bad.filters = vec![FieldFilter { field: "source_ip".into(), op: FilterOp::InRange, value: "nonsense".into() }];
    assert!(matches!(world.ops.search_events(&ctx, &bad).await, Err(Error::Invalid { .. })));
}

#[tokio::test]
async fn a_search_is_shared_no_further_than_its_owner_sees() {
    let world = World::new().await;
    let li = world.user("li", Role::L1Analyst, &[&world.ours]).await;
    let search = |customer: Option<&CustomerId>, shared| SavedSearchData {
        name: "logons of the board".into(),
        query: "user_name:chen".into(),
        customer: customer.cloned(),
        shared,
        columns: Vec::new(),
        seconds: Some(3600),
        from: None,
        to: None,
    };
    let refused = world.ops.create_saved_search(&acting(&li, 1), search(None, true)).await;
    assert!(matches!(refused, Err(Error::Invalid { fields }) if fields[0].field == "shared"));
    let kept = world.ops.create_saved_search(&acting(&li, 1), search(None, false)).await.unwrap();
    let wider = world.ops.update_saved_search(&acting(&li, 2), &kept.id, kept.version, search(None, true)).await;
    assert!(matches!(wider, Err(Error::Invalid { .. })));
    world.ops.create_saved_search(&acting(&li, 3), search(Some(&world.ours), true)).await.unwrap();

    let everybody = world.user("wang", Role::SocManager, &[]).await;
    world.ops.create_saved_search(&acting(&everybody, 4), search(None, true)).await.unwrap();
    let wu = world.user("wu", Role::L1Analyst, &[&world.theirs]).await;
    let seen = world.ops.list_saved_searches(&acting(&wu, 5), &PageRequest::default()).await.unwrap();
    assert_eq!(seen.items.iter().map(|one| &one.owner).collect::<Vec<_>>(), [&everybody.id]);
}
