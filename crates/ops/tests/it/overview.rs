//! The first page's figures equal the lists they are counted from.

use model::alert::AlertState;
use model::audit_policy::PolicyAction;
use model::device::DeviceKind;
use model::incident::IncidentState;
use model::role::Role;
use model::*;
use store::DeviceActivity;

use crate::world::*;

#[tokio::test]
async fn figures_count_the_last_day_within_the_callers_customers() {
    let world = World::new().await;
    let day = 24 * 3600;
    let now = 10 * day;
    let ctx = acting(&world.user("li", Role::L1Analyst, &[&world.ours]).await, now);
    world.policy(None, policy_data("all", 1, PolicyAction::RaiseIncident { severity: None })).await;
    let heard = world.device(&world.ours, DeviceKind::Host).await;
    world.device(&world.ours, DeviceKind::Host).await;
    world.device(&world.theirs, DeviceKind::Host).await;
    let activity = DeviceActivity {
        customer: world.ours.clone(),
        device: heard.id.clone(),
        last_event: at(now - 60),
        events: 2,
        unparsed: 0,
    };
    let mut tx = world.store.write(&job(now)).await.unwrap();
    tx.record_device_activity(&[activity]).await.unwrap();
    tx.commit().await.unwrap();
    for (customer, seconds) in
        [(&world.ours, now - 60), (&world.ours, now - 50), (&world.ours, now - 2 * day), (&world.theirs, now - 60)]
    {
        world.event(customer, &heard.id, seconds, "an event");
    }
    world.alert(&world.ours, now - 3 * day, |_| {}).await;
    world.ops.apply_policies(at(now - 3 * day)).await.unwrap();
    world.alert(&world.ours, now - 100, |alert| alert.count = 40).await;
    world.alert(&world.theirs, now - 100, |alert| alert.severity = Severity::Critical).await;
    world.ops.apply_policies(at(now - 90)).await.unwrap();
    world.alert(&world.ours, now - 80, |_| {}).await;

    let overview = world.ops.overview(&ctx).await.unwrap();
    let funnel = overview.funnel;
    assert_eq!((funnel.events, funnel.detections, funnel.alerts, funnel.incidents), (2, 43, 2, 1));
    assert_eq!(overview.open_incidents_by_severity[&Severity::High], 2);
    assert_eq!(overview.open_incidents_by_severity[&Severity::Critical], 0);
    assert_eq!(overview.incidents_by_state[&IncidentState::New], 2);
    assert_eq!(overview.alerts_by_state[&AlertState::Raised], 2);
    assert_eq!(overview.alerts_by_state[&AlertState::New], 1);
    let devices = overview.devices;
    assert_eq!((devices.online, devices.offline, devices.never_connected), (1, 0, 1));

    let all = world.ops.overview(&job(now)).await.unwrap();
    assert_eq!((all.funnel.events, all.funnel.alerts, all.funnel.incidents), (3, 3, 2));
    assert_eq!(all.open_incidents_by_severity[&Severity::Critical], 1);
    assert_eq!(all.devices.never_connected, 2);
}
