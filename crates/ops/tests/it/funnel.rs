//! The funnel's days are the customer's own, and its numbers those of the lists.

use std::collections::BTreeMap;

use model::alert::AlertState;
use model::device_health::{HOUR, bucket};
use model::funnel::EventCounts;
use model::role::Role;
use ops::{Error, FunnelQuery};

use crate::world::*;

fn query(from: &str, to: &str) -> FunnelQuery {
    FunnelQuery { customer: None, from: Some(from.to_owned()), to: Some(to.to_owned()) }
}

#[tokio::test]
async fn days_begin_at_the_customers_midnight_and_every_stage_adds_up() {
    let world = World::new().await;
    let customer = world.ops.get_customer(&job(0), &world.ours).await.unwrap();
    assert_eq!(customer.data.time_zone, "Asia/Shanghai");
    // Where the world begins it is 2030-03-18 01:46:40 in Shanghai.
    let midnight = 80_000;
    let ctx = acting(&world.user("li", Role::L1Analyst, &[&world.ours]).await, 3 * 24 * 3600);
    let counted = |events| EventCounts { events, unparsed: 1, detections: 6, silent: 2, excepted: 1 };
    let hour = |seconds| bucket(at(seconds), HOUR);
    let counts = BTreeMap::from([
        ((world.ours.clone(), hour(midnight - 1)), counted(10)),
        ((world.ours.clone(), hour(midnight)), counted(100)),
        ((world.ours.clone(), hour(midnight + 3600)), counted(1_000)),
        ((world.theirs.clone(), hour(midnight)), counted(7)),
    ]);
    let mut tx = world.store.write(&job(0)).await.unwrap();
    tx.record_event_counts(&counts).await.unwrap();
    tx.commit().await.unwrap();
    world.alert(&world.ours, midnight - 1, |_| {}).await;
    world.alert(&world.ours, midnight + 1, |alert| alert.state = AlertState::Silent).await;
    world.alert(&world.ours, midnight + 1, |alert| alert.state = AlertState::Ignored).await;
    let raised = world.alert(&world.ours, midnight + 2, |_| {}).await;
    world.ops.raise_alert(&job(midnight + 9), &raised.id, None, None).await.unwrap();

    let funnels = world.ops.funnel(&ctx, &query("2030-03-18", "2030-03-19")).await.unwrap();
    let [ours] = funnels.as_slice() else { panic!("theirs are not seen: {funnels:?}") };
    assert_eq!(ours.days.iter().map(|day| day.day.as_str()).collect::<Vec<_>>(), ["2030-03-18", "2030-03-19"]);
    let second = ours.days[1].counts;
    assert_eq!(second.events, EventCounts { events: 1_100, unparsed: 2, detections: 12, silent: 4, excepted: 2 });
    assert_eq!((second.alerts, second.ignored, second.raised, second.incidents, second.attacks), (2, 1, 1, 1, 0));
    assert_eq!((ours.days[0].counts.events.events, ours.days[0].counts.alerts), (10, 1));
    assert_eq!((ours.total.events.events, ours.total.alerts, ours.total.incidents), (1_110, 3, 1));

    let usual = world.ops.funnel(&ctx, &FunnelQuery::default()).await.unwrap();
    assert_eq!(usual[0].total, ours.total, "thirty days to today");
    let theirs = FunnelQuery { customer: Some(world.theirs.clone()), ..FunnelQuery::default() };
    assert!(matches!(world.ops.funnel(&ctx, &theirs).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn what_is_no_day_or_too_many_is_refused_by_field() {
    let world = World::new().await;
    let fields = |error: Error| match error {
        Error::Invalid { fields } => fields.into_iter().map(|problem| problem.field).collect::<Vec<_>>(),
        other => panic!("{other}"),
    };
    for (from, to, wrong) in [
        ("yesterday", "1970-01-02", "from"),
        ("1970-02-01", "1970-01-31", "to"),
        ("1970-01-01", "1971-06-01", "from"),
        ("1970-01-01", "1970-02-30", "to"),
    ] {
        let error = world.ops.funnel(&job(0), &query(from, to)).await.unwrap_err();
        assert!(fields(error).contains(&wrong.to_owned()), "{from} {to}");
    }
    let first_there_is = FunnelQuery { to: Some("-262143-01-01".to_owned()), ..FunnelQuery::default() };
    assert!(world.ops.funnel(&job(0), &first_there_is).await.is_ok_and(|funnels| funnels[0].days.is_empty()));
}
