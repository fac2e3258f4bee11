use model::alert::{Alert, AlertOrigin, AlertState, Storm, StormKey};
use model::event::AttackOutcome;
use model::{AuditPolicyId, Severity};
use store::{AlertFilter, Watermark};

use crate::builders::*;
use crate::fixture::Fixture;

pub async fn writing_the_same_batch_again_changes_nothing(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let device = device(&fixture, &acme, "fw").await;
    let batch = [alert(&acme, &device, "a", 1), alert(&acme, &device, "b", 2)];
    let watermark = Watermark { log: u32::MAX, shard: 3, sequence: 40 };
    let mut written = Vec::new();
    for _ in 0..2 {
        let mut tx = fixture.write(&everyone()).await;
        written.push(tx.upsert_alerts(&batch).await.unwrap().len());
        tx.set_alert_watermark(&watermark).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(written, [2, 0]);
    let mut tx = fixture.read(&everyone()).await;
    for alert in &batch {
        assert_eq!(tx.get_alert(&alert.id).await.unwrap(), *alert);
    }
    let told = tx.changes_after(0, 99).await.unwrap();
    assert_eq!(told.iter().filter(|change| change.id.starts_with("alr_")).count(), 2);
    assert_eq!(tx.alert_watermarks().await.unwrap(), [watermark]);
}

pub async fn an_update_keeps_what_became_of_the_alert(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let device = device(&fixture, &acme, "fw").await;
    let first = alert(&acme, &device, "a", 1);
    let policy = AuditPolicyId::generate(at(0));
    let mut tx = fixture.write(&everyone()).await;
    tx.upsert_alerts(std::slice::from_ref(&first)).await.unwrap();
    let incident = tx.create_incident(&incident(&acme, "WEB01")).await.unwrap();
    let decided = tx.decide_alert(&first.id, 1, AlertState::Raised, Some(&policy), Some(&incident.id)).await.unwrap();
    let expected = Alert {
        state: AlertState::Raised,
        policy: Some(policy),
        incident: Some(incident.id.clone()),
        version: 2,
        ..first.clone()
    };
    assert_eq!(decided, expected);

    let later = Alert {
        count: 9,
        last: at(90),
        severity: Severity::Critical,
        outcome: AttackOutcome::Compromised,
        entities: vec![entity("a"), entity("b")],
        samples: Vec::new(),
        created: at(77),
        storm: Some(Box::new(Storm { keys: 7, top: vec![StormKey { key: "a".into(), count: 3 }] })),
        ..first.clone()
    };
    tx.upsert_alerts(std::slice::from_ref(&later)).await.unwrap();
    let linked = (expected.state, expected.policy, expected.incident);
    let (state, policy, incident) = linked;
    let expected = Alert { state, policy, incident, version: 3, created: first.created, ..later };
    assert_eq!(tx.get_alert(&first.id).await.unwrap(), expected);
    let found = AlertFilter { text: Some("B".into()), ..Default::default() };
    assert_eq!(tx.count_alerts(&found).await.unwrap(), 1, "new entities are found");
}

pub async fn alerts_and_watermark_stand_or_fall_together(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let device = device(&fixture, &acme, "fw").await;
    let mut tx = fixture.write(&everyone()).await;
    tx.upsert_alerts(&[alert(&acme, &device, "a", 1)]).await.unwrap();
    tx.set_alert_watermark(&Watermark { log: 1, shard: 0, sequence: 9 }).await.unwrap();
    tx.put_state("windows", b"open").await.unwrap();
    drop(tx);
    let mut tx = fixture.write(&everyone()).await;
    assert_eq!(tx.count_alerts(&AlertFilter::default()).await.unwrap(), 0);
    assert_eq!(tx.alert_watermarks().await.unwrap(), []);
    assert_eq!(tx.get_state("windows").await.unwrap(), None);
    for sequence in [9, 12, 11] {
        tx.set_alert_watermark(&Watermark { log: 1, shard: 0, sequence }).await.unwrap();
    }
    assert_eq!(tx.alert_watermarks().await.unwrap()[0].sequence, 12, "never back");
}

pub async fn a_filter_narrows_by_each_of_its_parts(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let device = device(&fixture, &acme, "fw").await;
    let mut odd = alert(&bolt, &device, "Odd_One", 50);
    odd.severity = Severity::Low;
    odd.origin = AlertOrigin::Device;
    odd.rule_id = "fortigate:virus".into();
    let mut tx = fixture.write(&everyone()).await;
    tx.upsert_alerts(&[alert(&acme, &device, "a", 1), alert(&acme, &device, "b", 2), odd.clone()]).await.unwrap();
    let incident = tx.create_incident(&incident(&bolt, "WEB01")).await.unwrap();
    tx.decide_alert(&odd.id, 1, AlertState::Raised, None, Some(&incident.id)).await.unwrap();
    let all = AlertFilter::default();
    for (filter, count) in [
        (all.clone(), 3),
        (AlertFilter { customers: vec![bolt.clone()], ..all.clone() }, 1),
        (AlertFilter { states: vec![AlertState::New, AlertState::Open], ..all.clone() }, 2),
        (AlertFilter { severity_at_least: Some(Severity::Medium), ..all.clone() }, 2),
        (AlertFilter { origin: Some(AlertOrigin::Device), ..all.clone() }, 1),
        (AlertFilter { rule_id: Some("fortigate:virus".into()), ..all.clone() }, 1),
        (AlertFilter { incident: Some(incident.id.clone()), ..all.clone() }, 1),
        (AlertFilter { text: Some("odd_one".into()), ..all.clone() }, 1),
        (AlertFilter { text: Some("SHOP server".into()), ..all.clone() }, 3),
        (AlertFilter { from: Some(at(2)), ..all.clone() }, 2),
        (AlertFilter { to: Some(at(2)), ..all.clone() }, 1),
    ] {
        assert_eq!(tx.count_alerts(&filter).await.unwrap(), count, "{filter:?}");
        assert_eq!(tx.list_alerts(&filter, &first_page(9)).await.unwrap().items.len() as i64, count, "{filter:?}");
    }
    let new: Vec<_> = tx.list_new_alerts(9).await.unwrap().into_iter().map(|alert| alert.first).collect();
    assert_eq!(new, [at(1), at(2)], "oldest first");
    assert_eq!(tx.open_alerts_since(at(2)).await.unwrap().len(), 2);
}

pub async fn new_alerts_are_left_to_people_together_and_once(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let device = device(&fixture, &acme, "fw").await;
    let mut batch: Vec<_> = (0..120).map(|n| alert(&acme, &device, &format!("k{n}"), n)).collect();
    batch.push(alert(&bolt, &device, "theirs", 1));
    let mut tx = fixture.write(&everyone()).await;
    tx.upsert_alerts(&batch).await.unwrap();
    tx.decide_alert(&batch[7].id, 1, AlertState::Ignored, None, None).await.unwrap();
    tx.commit().await.unwrap();
    let ids: Vec<_> = batch.iter().map(|alert| alert.id.clone()).collect();
    let mut tx = fixture.write(&only(&acme)).await;
    assert_eq!(tx.open_new_alerts(&ids).await.unwrap(), 119, "not the one decided, not another customer's");
    assert_eq!(tx.open_new_alerts(&ids).await.unwrap(), 0);
    let seen = tx.alerts_without_samples(&ids).await.unwrap();
    assert_eq!(seen.len(), 120);
    let whole = tx.get_alert(&batch[3].id).await.unwrap();
    assert_eq!((whole.state, whole.version, whole.samples.len()), (AlertState::Open, 2, batch[3].samples.len()));
    let lean = seen.into_iter().find(|alert| alert.id == whole.id).unwrap();
    assert_eq!(lean, Alert { samples: Vec::new(), ..whole });
    let before = tx.last_change().await.unwrap();
    tx.commit().await.unwrap();
    let told = fixture.read(&everyone()).await.changes_after(before, 9_999).await.unwrap();
    assert_eq!(told.len(), 119, "each is told once");
}

pub async fn a_batch_larger_than_one_statement_is_written_whole(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let device = device(&fixture, &acme, "fw").await;
    let mut batch: Vec<_> = (0..333).map(|n| alert(&acme, &device, &format!("k{n}"), n)).collect();
    batch.push(Alert { count: 2, ..batch[0].clone() });
    let mut tx = fixture.write(&everyone()).await;
    assert_eq!(tx.upsert_alerts(&batch).await.unwrap().len(), 333);
    tx.commit().await.unwrap();
    let mut tx = fixture.read(&everyone()).await;
    assert_eq!(tx.count_alerts(&AlertFilter::default()).await.unwrap(), 333);
    let detections: i64 = batch[1..].iter().map(|alert| alert.count).sum();
    assert_eq!(tx.count_detections(&AlertFilter::default()).await.unwrap(), detections);
    let none = AlertFilter { to: Some(at(0)), ..Default::default() };
    assert_eq!(tx.count_detections(&none).await.unwrap(), 0);
    assert_eq!(tx.get_alert(&batch[0].id).await.unwrap().count, 2, "the last word in the batch counts");
    let told = tx.changes_after(0, 1000).await.unwrap();
    assert_eq!(told.iter().filter(|change| change.id.starts_with("alr_")).count(), 333);
}
