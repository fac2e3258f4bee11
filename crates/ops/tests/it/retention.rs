//! Events go when they should, with a certificate that cannot be changed; nothing goes that must stay.

use model::retention::{DeletionCause, RetentionData, RetentionPolicy};
use model::search::EventQuery;
use model::{EventId, PageRequest, TimeRange, Timestamp};
use ops::{DeletionRules, Error};

use crate::world::*;

const DAY: i64 = 86_400_000_000;

fn days_before(days: i64) -> Timestamp {
    Timestamp::from_micros(at(0).as_micros() - days * DAY)
}

fn rules(days: i64, floor_days: i64) -> DeletionRules {
    let policy = RetentionPolicy { default_days: Some(days), floor_days };
    DeletionRules { policy, below_floor: false, remains: vec!["the log, for a while".to_owned()] }
}

/// An event of each customer for each of these days back.
async fn fill(world: &World, days: &[i64]) {
    for day in days {
        for customer in [&world.ours, &world.theirs] {
            let id = EventId { log: 1, shard: 0, sequence: world.fresh() + 1 };
            world.event_at(customer, id, days_before(*day));
        }
    }
    world.lake.flush_all().await.unwrap();
}

async fn count(world: &World, customer: &model::CustomerId) -> u64 {
    let always = TimeRange { from: Timestamp::from_micros(i64::MIN), to: Timestamp::from_micros(i64::MAX) };
    let query = EventQuery { customers: vec![customer.clone()], ..EventQuery::all(always) };
    world.lake.count(&job(0), &query).await.unwrap()
}

#[tokio::test]
async fn each_customers_events_expire_by_its_own_days_and_a_hold_keeps_them() {
    let world = World::new().await;
    fill(&world, &[400, 200, 100, 10]).await;
    let rules = rules(300, 50);
    let set = async |data: RetentionData| {
        let version = world.ops.get_retention(&job(0), &world.ours).await.unwrap().version;
        world.ops.set_retention(&job(0), &rules.policy, &world.ours, version, data).await
    };
    let refused = set(RetentionData { days: Some(49), hold: None }).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })), "below the floor");
    set(RetentionData { days: Some(60), hold: Some("a court asked".into()) }).await.unwrap();

    let done = world.ops.expire_events(&job(0), &rules).await.unwrap();
    assert_eq!((count(&world, &world.ours).await, count(&world, &world.theirs).await), (4, 3));
    assert_eq!(
        done.iter().map(|certificate| certificate.customer.clone()).collect::<Vec<_>>(),
        std::slice::from_ref(&world.theirs)
    );
    set(RetentionData { days: Some(60), hold: None }).await.unwrap();
    let done = world.ops.expire_events(&job(0), &rules).await.unwrap();
    assert_eq!((count(&world, &world.ours).await, count(&world, &world.theirs).await), (1, 3));
    let certificate = &done[0];
    assert_eq!((certificate.events, certificate.files.len(), certificate.cause), (3, 3, DeletionCause::Expired));
    assert!(certificate.holds() && certificate.remains.contains(&"the log, for a while".to_owned()));
    assert!(certificate.files.iter().all(|file| file.checksum.len() == 64 && file.deleted == file.events));
    assert!(world.ops.expire_events(&job(0), &rules).await.unwrap().is_empty());
    // The audit log has the hash, so that not even the store's owner can change a certificate unseen.
    let rows = world.audit_of(certificate.id.as_str()).await;
    assert_eq!(rows[0].action, "event.delete");
    assert_eq!(rows[0].detail["hash"], serde_json::json!(certificate.hash));
    let kept = world.ops.get_deletion(&job(0), &certificate.id).await.unwrap();
    assert_eq!(kept, *certificate);
    let text = kept.to_string();
    assert!(text.contains("3 with times from") && text.contains(&certificate.files[0].checksum), "{text}");
}

#[tokio::test]
async fn a_period_is_deleted_on_request_with_a_reason_and_not_below_the_floor() {
    let world = World::new().await;
    fill(&world, &[400, 200, 100, 10]).await;
    let rules = rules(300, 180);
    let range = |from, to| TimeRange { from: days_before(from), to: days_before(to) };
    let delete = async |rules: &DeletionRules, range, why: &str| {
        world.ops.delete_events(&job(0).because(why), rules, &world.ours, range).await
    };
    for (range, why) in [(range(500, 190), " "), (range(500, 5), "they asked")] {
        assert!(matches!(delete(&rules, range, why).await, Err(Error::Invalid { .. })));
    }
    let certificate = delete(&rules, range(300, 190), "they asked").await.unwrap().unwrap();
    assert_eq!((certificate.events, certificate.cause), (1, DeletionCause::Requested));
    assert_eq!(certificate.reason.as_deref(), Some("they asked"));
    assert_eq!(delete(&rules, range(300, 190), "again").await.unwrap(), None);
    let overriding = DeletionRules { below_floor: true, ..rules.clone() };
    assert_eq!(delete(&overriding, range(500, 5), "they left").await.unwrap().unwrap().events, 3);
    assert_eq!((count(&world, &world.ours).await, count(&world, &world.theirs).await), (0, 4));
    let page = world.ops.list_deletions(&job(0), Some(&world.ours), &PageRequest::default()).await.unwrap();
    assert_eq!(page.items.len(), 2);

    let hold = RetentionData { days: None, hold: Some("a dispute".into()) };
    world.ops.set_retention(&job(0), &rules.policy, &world.theirs, 0, hold).await.unwrap();
    let held = world.ops.delete_events(&job(0).because("x"), &overriding, &world.theirs, range(500, 5)).await;
    assert!(matches!(held, Err(Error::Invalid { .. })), "{held:?}");
    assert_eq!(count(&world, &world.theirs).await, 4);
}

#[tokio::test]
async fn deletions_cut_short_are_finished_or_forgotten_by_what_the_catalogue_says() {
    let world = World::new().await;
    fill(&world, &[400]).await;
    let range = TimeRange { from: days_before(500), to: days_before(1) };
    // As a crash leaves them: one before anything went, one after the commit.
    let planned = world.lake.plan_deletion(&world.ours, range).await.unwrap();
    let certificate = |files| model::retention::DeletionCertificate {
        id: model::DeletionId::generate(at(1)),
        customer: world.ours.clone(),
        cause: DeletionCause::Requested,
        range,
        events: 1,
        attachments: 0,
        files,
        asked_by: "job:test".into(),
        reason: None,
        began: at(1),
        finished: None,
        remains: Vec::new(),
        hash: None,
    };
    let mut files = planned.files();
    let before = certificate(files.clone());
    files.iter_mut().for_each(|file| file.id += "_gone");
    let after = certificate(files);
    drop(planned);
    let mut tx = world.store.write(&job(0)).await.unwrap();
    tx.begin_deletion(&before).await.unwrap();
    tx.begin_deletion(&after).await.unwrap();
    tx.commit().await.unwrap();
    // The file of the finished one is made up; that it is not there is as good.
    let mut made_up = after.clone();
    made_up.files.iter_mut().for_each(|file| file.path += ".gone");
    let mut tx = world.store.write(&job(0)).await.unwrap();
    tx.forget_deletion(&after.id).await.unwrap();
    tx.begin_deletion(&made_up).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(world.ops.resume_deletions(&job(9)).await.unwrap(), 2);
    assert!(matches!(world.ops.get_deletion(&job(9), &before.id).await, Err(Error::NotFound(_))));
    assert!(world.ops.get_deletion(&job(9), &made_up.id).await.unwrap().holds());
    assert_eq!(count(&world, &world.ours).await, 1, "what was not deleted is still there");
    assert_eq!(world.ops.resume_deletions(&job(9)).await.unwrap(), 0);
}
