//! Audit policies at work: the worker's decisions, made once, and incidents that gather what belongs together.

use model::alert::{Alert, AlertState, Storm};
use model::audit_policy::{PolicyAction, PolicyCondition};
use model::device::DeviceKind;
use model::entity::EntityKind;
use model::resource_group::ResourceGroupKind;
use model::role::Role;
use model::*;
use ops::{AuditPolicyFilter, Error, IncidentFilter};

use crate::world::*;

const RAISE: PolicyAction = PolicyAction::RaiseIncident { severity: None };

async fn state(world: &World, alert: &Alert) -> Alert {
    world.ops.get_alert(&job(0), &alert.id).await.unwrap()
}

async fn incidents(world: &World) -> Vec<model::incident::Incident> {
    let page = world.ops.list_incidents(&job(0), &IncidentFilter::default(), &PageRequest::default()).await.unwrap();
    page.items
}

/// Raises an alert and gives the key of its incident.
async fn key_of(world: &World, change: impl FnOnce(&mut Alert)) -> String {
    let alert = world.alert(&world.ours, 100, change).await;
    world.ops.raise_alert(&job(100), &alert.id, None, None).await.unwrap().key
}

#[tokio::test]
async fn each_new_alert_is_decided_once() {
    let world = World::new().await;
    let ignore = world.policy(None, {
        let mut data = policy_data("noise", 1, PolicyAction::Ignore);
        data.condition.title_contains = Some("scan".into());
        data
    });
    let ignore = ignore.await;
    let raise = world.policy(None, {
        let mut data = policy_data("grave", 2, RAISE);
        data.condition.severity_at_least = Some(Severity::High);
        data
    });
    let raise = raise.await;
    let noisy = world.alert(&world.ours, 10, |alert| alert.title = "Port SCAN".into()).await;
    let grave = world.alert(&world.ours, 10, |_| {}).await;
    let small = world.alert(&world.ours, 10, |alert| alert.severity = Severity::Low).await;

    assert_eq!(world.ops.apply_policies(at(20)).await.unwrap(), 3);
    assert_eq!(world.ops.apply_policies(at(21)).await.unwrap(), 0, "nothing is decided twice");
    let (noisy, grave, small) = (state(&world, &noisy).await, state(&world, &grave).await, state(&world, &small).await);
    assert_eq!((noisy.state, noisy.policy.as_ref()), (AlertState::Ignored, Some(&ignore.id)));
    assert_eq!((grave.state, grave.policy.as_ref()), (AlertState::Raised, Some(&raise.id)));
    assert_eq!((small.state, small.policy.as_ref()), (AlertState::Open, None));
    let incident = grave.incident.expect("an incident");
    assert_eq!(world.timeline(&incident).await, ["platform raised by alert"]);
    assert_eq!(world.actions_on(noisy.id.as_str()).await, ["alert.ignore"]);
    assert_eq!(world.audit_of(incident.as_str()).await[0].actor, "job:audit-policy");
    for policy in [&ignore, &raise] {
        let kept = world.ops.get_audit_policy(&job(0), &policy.id).await.unwrap();
        assert_eq!((kept.hits, kept.version), (1, policy.version));
    }
}

#[tokio::test]
async fn alerts_about_the_same_thing_join_and_the_graver_one_tells() {
    let world = World::new().await;
    world.policy(None, policy_data("all", 1, RAISE)).await;
    let first = world.alert(&world.ours, 100, |alert| alert.severity = Severity::Medium).await;
    world.ops.apply_policies(at(110)).await.unwrap();
    let graver = |alert: &mut Alert| {
        alert.title = "Web shell".into();
        alert.severity = Severity::Critical;
        alert.entities = vec![entity(EntityKind::Host, "WEB01"), entity(EntityKind::User, "www-data")];
    };
    world.alert(&world.ours, 5_000, graver).await;
    world.alert(&world.theirs, 5_000, graver).await;
    world.alert(&world.ours, 5_001, |alert| alert.entities = vec![entity(EntityKind::Host, "DC01")]).await;
    world.ops.apply_policies(at(5_010)).await.unwrap();

    assert_eq!(incidents(&world).await.len(), 3, "theirs and the other host are their own");
    let id = state(&world, &first).await.incident.unwrap();
    let incident = world.ops.get_incident(&job(0), &id).await.unwrap();
    assert_eq!((incident.alert_count, incident.severity), (2, Severity::Critical));
    assert_eq!((incident.first, incident.last), (at(100), at(5_000)));
    assert_eq!(incident.title, "Password spraying");
    let values: Vec<_> = incident.entities.iter().map(|entity| entity.value.as_str()).collect();
    assert_eq!(values, ["203.0.113.9", "web01.corp.example", "WEB01", "www-data"]);
    assert_eq!(
        world.timeline(&id).await,
        ["platform raised by alert", "platform linked Web shell", "platform severity medium -> critical"]
    );

    let day = 24 * 3600;
    world.alert(&world.ours, 5_000 + day, |_| {}).await;
    world.ops.apply_policies(at(5_001 + day)).await.unwrap();
    assert_eq!(world.ops.get_incident(&job(0), &id).await.unwrap().alert_count, 3, "a day later still joins");
    world.alert(&world.ours, 5_001 + 2 * day, |_| {}).await;
    world.ops.apply_policies(at(5_002 + 2 * day)).await.unwrap();
    assert_eq!(world.ops.get_incident(&job(0), &id).await.unwrap().alert_count, 3, "later than a day does not");
    assert_eq!(incidents(&world).await.len(), 4);
}

#[tokio::test]
async fn a_customers_own_policy_comes_before_a_global_one_and_an_expired_one_not_at_all() {
    let world = World::new().await;
    world.policy(None, policy_data("all", 1, RAISE)).await;
    let mut own = policy_data("own", 50, PolicyAction::Ignore);
    own.expires = Some(at(1_000));
    world.policy(Some(&world.ours), own).await;
    let ours = world.alert(&world.ours, 10, |_| {}).await;
    let theirs = world.alert(&world.theirs, 10, |_| {}).await;
    world.ops.apply_policies(at(20)).await.unwrap();
    assert_eq!(state(&world, &ours).await.state, AlertState::Ignored);
    assert_eq!(state(&world, &theirs).await.state, AlertState::Raised);
    let later = world.alert(&world.ours, 1_000, |_| {}).await;
    world.ops.apply_policies(at(1_000)).await.unwrap();
    assert_eq!(state(&world, &later).await.state, AlertState::Raised);
}

#[tokio::test]
async fn a_policys_severity_is_the_incidents() {
    let world = World::new().await;
    let action = PolicyAction::RaiseIncident { severity: Some(Severity::Low) };
    world.policy(None, policy_data("all", 1, action)).await;
    let mut alert = world.alert(&world.ours, 10, |_| {}).await;
    world.ops.apply_policies(at(20)).await.unwrap();
    assert_eq!(incidents(&world).await[0].severity, Severity::Low);
    alert.severity = Severity::Critical;
    world.upsert(&alert).await;
    world.ops.apply_policies(at(30)).await.unwrap();
    assert_eq!(incidents(&world).await[0].severity, Severity::Low, "the policy has decided over severity");
}

#[tokio::test]
async fn an_open_alert_that_grows_is_judged_again() {
    let world = World::new().await;
    let mut data = policy_data("many", 1, RAISE);
    data.condition = PolicyCondition { count_at_least: Some(10), ..PolicyCondition::default() };
    world.policy(None, data).await;
    let mut alert = world.alert(&world.ours, 10, |_| {}).await;
    world.ops.apply_policies(at(20)).await.unwrap();
    assert_eq!(state(&world, &alert).await.state, AlertState::Open);
    (alert.count, alert.last) = (12, at(25));
    world.upsert(&alert).await;
    world.ops.apply_policies(at(30)).await.unwrap();
    assert_eq!(state(&world, &alert).await.state, AlertState::Raised);
    assert_eq!(incidents(&world).await.len(), 1);
}

#[tokio::test]
async fn a_linked_alert_that_grows_tells_its_incident_but_not_against_a_persons_word() {
    let world = World::new().await;
    let li = acting(&world.user("li", Role::L1Analyst, &[]).await, 700);
    world.policy(None, policy_data("all", 1, RAISE)).await;
    let mut alert = world.alert(&world.ours, 10, |_| {}).await;
    world.ops.apply_policies(at(20)).await.unwrap();
    let id = incidents(&world).await[0].id.clone();
    (alert.count, alert.last) = (4, at(60));
    world.upsert(&alert).await;
    world.ops.apply_policies(at(61)).await.unwrap();
    assert_eq!(world.ops.get_incident(&job(0), &id).await.unwrap().last, at(10), "small news wait");
    (alert.count, alert.last, alert.severity) = (5, at(70), Severity::Critical);
    world.upsert(&alert).await;
    world.ops.apply_policies(at(71)).await.unwrap();
    let incident = world.ops.get_incident(&job(0), &id).await.unwrap();
    assert_eq!((incident.severity, incident.last, incident.alert_count), (Severity::Critical, at(70), 1));
    assert_eq!(world.timeline(&id).await, ["platform raised by alert", "platform severity high -> critical"]);

    world.ops.set_incident_severity(&li, &id, incident.version, Severity::Low).await.unwrap();
    (alert.count, alert.last) = (6, at(3_000));
    world.upsert(&alert).await;
    world.ops.apply_policies(at(3_001)).await.unwrap();
    let incident = world.ops.get_incident(&job(0), &id).await.unwrap();
    assert_eq!((incident.severity, incident.last), (Severity::Low, at(3_000)));
}

#[tokio::test]
async fn an_alert_is_not_ignored_for_one_of_its_addresses_while_others_stand_beside_it() {
    let world = World::new().await;
    let mut scanner = policy_data("our scanner", 1, PolicyAction::Ignore);
    scanner.condition.source_ranges = vec!["10.20.9.40/32".parse().unwrap()];
    world.policy(None, scanner).await;
    let with = |sources: &[&str]| -> Vec<_> {
        sources.iter().map(|address| entity(EntityKind::SourceAddress, address)).collect()
    };
    let alone = world.alert(&world.ours, 10, |alert| alert.entities = with(&["10.20.9.40"])).await;
    let beside = world.alert(&world.ours, 10, |alert| alert.entities = with(&["10.20.9.40", "203.0.113.9"])).await;
    let storm = |alert: &mut Alert| {
        alert.entities = with(&["10.20.9.40"]);
        alert.storm = Some(Box::new(Storm { keys: 4_000, top: Vec::new() }));
    };
    let storm = world.alert(&world.ours, 10, storm).await;
    world.ops.apply_policies(at(20)).await.unwrap();
    assert_eq!(state(&world, &alone).await.state, AlertState::Ignored);
    assert_eq!(state(&world, &beside).await.state, AlertState::Open);
    assert_eq!(state(&world, &storm).await.state, AlertState::Open);
    let incident = world.ops.raise_alert(&job(100), &storm.id, None, None).await.unwrap();
    assert_eq!(incident.key, format!("rule={} {}", storm.rule_id, storm.key), "it is about none of its sources");
}

#[tokio::test]
async fn the_key_is_the_host_else_a_direct_source_else_what_is_left() {
    let world = World::new().await;
    let firewall = world.device(&world.ours, DeviceKind::Firewall).await;
    world.group(&world.ours, ResourceGroupKind::Proxy, "10.9.9.0/24").await;
    world.group(&world.ours, ResourceGroupKind::Internal, "10.9.9.128/25").await;
    let with = |entities: Vec<model::entity::Entity>| move |alert: &mut Alert| alert.entities = entities;
    let source = |address: &str| entity(EntityKind::SourceAddress, address);
    let destination = entity(EntityKind::DestinationAddress, "198.51.100.7");
    let user = entity(EntityKind::User, "Alice");
    let host = entity(EntityKind::Host, "fw1.example.com");
    assert_eq!(key_of(&world, with(vec![source("203.0.113.9"), host.clone()])).await, "host=FW1");
    let by_firewall = |alert: &mut Alert| {
        alert.device = firewall.id.clone();
        alert.entities = vec![host.clone(), source("203.0.113.9"), destination.clone()];
    };
    assert_eq!(key_of(&world, by_firewall).await, "source_address=203.0.113.9", "a firewall is not its alarms' host");
    let behind_proxy = with(vec![source("10.9.9.1"), destination.clone(), user.clone()]);
    assert_eq!(key_of(&world, behind_proxy).await, "destination_address=198.51.100.7");
    assert_eq!(key_of(&world, with(vec![source("10.9.9.129"), destination])).await, "source_address=10.9.9.129");
    assert_eq!(key_of(&world, with(vec![source("10.9.9.1"), user])).await, "user=alice");
    let nothing = |alert: &mut Alert| (alert.entities, alert.key) = (Vec::new(), "session=7".into());
    assert_eq!(key_of(&world, nothing).await, "rule=rule-1 session=7");
}

#[tokio::test]
async fn two_workers_at_once_make_one_incident_of_one_alert() {
    let world = World::new().await;
    world.policy(None, policy_data("all", 1, RAISE)).await;
    for second in 0..20 {
        world
            .alert(&world.ours, second, |alert| alert.entities = vec![entity(EntityKind::Host, &format!("h{second}"))])
            .await;
    }
    let run = || {
        let ops = world.ops.clone();
        tokio::spawn(async move { ops.apply_policies(at(100)).await })
    };
    let (one, two) = (run(), run());
    one.await.unwrap().unwrap();
    two.await.unwrap().unwrap();
    let incidents = incidents(&world).await;
    assert_eq!(incidents.len(), 20);
    assert!(incidents.iter().all(|incident| incident.alert_count == 1));
}

#[tokio::test]
async fn the_default_set_is_made_once_and_only_where_there_is_none() {
    let world = World::new().await;
    world.ops.ensure_defaults(at(1)).await.unwrap();
    world.ops.ensure_defaults(at(2)).await.unwrap();
    let (all, page) = (AuditPolicyFilter::default(), PageRequest::default());
    let defaults = world.ops.list_audit_policies(&job(0), &all, &page).await.unwrap().items;
    assert_eq!(defaults.len(), 5);
    assert!(defaults.iter().all(|policy| policy.customer.is_none() && policy.data.enabled));
    world.alert(&world.ours, 10, |_| {}).await;
    world.alert(&world.ours, 10, |alert| alert.severity = Severity::Medium).await;
    world.ops.apply_policies(at(20)).await.unwrap();
    assert_eq!(incidents(&world).await.len(), 1);
}

#[tokio::test]
async fn the_audit_log_is_sealed_and_holds() {
    let world = World::new().await;
    world.asset(&world.ours).await;
    let sealed = world.ops.seal_audit(at(50)).await.unwrap();
    assert!(sealed >= 3, "{sealed}");
    assert_eq!(world.ops.seal_audit(at(51)).await.unwrap(), 0);
    let verdict = world.store.read(&job(60)).await.unwrap().verify_audit().await.unwrap();
    assert_eq!((verdict.first_bad, verdict.sealed), (None, sealed as i64));
}

#[tokio::test]
async fn a_policy_that_contradicts_itself_is_refused() {
    let world = World::new().await;
    let mut data = policy_data(" ", 1, RAISE);
    data.condition.severity_at_least = Some(Severity::High);
    data.condition.severity_at_most = Some(Severity::Low);
    data.condition.title_contains = Some(String::new());
    let Err(Error::Invalid { fields }) = world.ops.create_audit_policy(&job(1), None, data).await else { panic!() };
    let fields: Vec<_> = fields.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["name", "condition.title_contains", "condition.severity_at_most"]);
}

#[tokio::test]
async fn the_loop_decides_without_being_asked_and_stops_when_told() {
    let world = World::new().await;
    world.policy(None, policy_data("all", 1, RAISE)).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(ops::Workers::new(world.ops.clone()).run(async move {
        stopped.await.ok();
    }));
    let alert = world.alert(&world.ours, 10, |_| {}).await;
    let mut decided = false;
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        decided = state(&world, &alert).await.state == AlertState::Raised;
        if decided {
            break;
        }
    }
    assert!(decided, "no decision within five seconds");
    stop.send(()).unwrap();
    running.await.unwrap();
    let verdict = world.store.read(&job(60)).await.unwrap().verify_audit().await.unwrap();
    assert_eq!((verdict.first_bad, verdict.sealed), (None, verdict.rows), "everything was sealed before the end");
}
