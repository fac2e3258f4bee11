use std::collections::BTreeMap;

use model::alert::{AlertOrigin, AlertState};
use model::funnel::EventCounts;
use model::{TimeRange, Timestamp};

use crate::builders::{alert, customer, device, everyone, incident, only};
use crate::fixture::Fixture;

const HOUR: u64 = 3600;

/// Seconds from a full hour.
fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros((1_900_800_000 + seconds as i64) * 1_000_000)
}

pub async fn events_alerts_and_incidents_are_counted_by_customer_and_hour(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let device = device(&fixture, &acme, "fw").await;
    let counted = EventCounts { events: 100, unparsed: 3, detections: 5, silent: 1, excepted: 2 };
    let counts = BTreeMap::from([
        ((acme.clone(), at(0)), counted),
        ((acme.clone(), at(2 * HOUR)), counted),
        ((bolt.clone(), at(0)), counted),
    ]);
    let mut tx = fixture.write(&everyone()).await;
    tx.record_event_counts(&counts).await.unwrap();
    tx.record_event_counts(&counts).await.unwrap();
    for (key, second, state, origin) in [
        ("a", 1, AlertState::New, AlertOrigin::Rule),
        ("b", HOUR - 1, AlertState::New, AlertOrigin::Rule),
        ("c", 2, AlertState::Silent, AlertOrigin::Rule),
        ("d", 3, AlertState::New, AlertOrigin::Platform),
        ("e", HOUR, AlertState::New, AlertOrigin::Device),
    ] {
        let alert = model::alert::Alert { state, origin, created: at(second), ..alert(&acme, &device, key, 1) };
        tx.upsert_alerts(&[alert]).await.unwrap();
    }
    let raised = model::incident::Incident { created: at(5), ..incident(&acme, "WEB01") };
    tx.create_incident(&raised).await.unwrap();
    tx.commit().await.unwrap();

    let time = TimeRange { from: at(0), to: at(2 * HOUR) };
    let mut tx = fixture.read(&only(&acme)).await;
    let mut twice = counted;
    twice.add(&counted);
    assert_eq!(tx.event_counts(None, time).await.unwrap(), [(acme.clone(), at(0), twice)]);
    let alerts = [
        (acme.clone(), at(0), (AlertState::New, 2)),
        (acme.clone(), at(0), (AlertState::Silent, 1)),
        (acme.clone(), at(HOUR), (AlertState::New, 1)),
    ];
    assert_eq!(tx.alert_counts(None, time).await.unwrap(), alerts);
    assert_eq!(tx.incident_counts(Some(&acme), time).await.unwrap(), [(acme.clone(), at(0), (None, 1))]);
    let mut stranger = fixture.read(&only(&bolt)).await;
    assert_eq!(stranger.event_counts(Some(&acme), time).await.unwrap(), []);
    assert_eq!(stranger.alert_counts(None, time).await.unwrap(), []);
    assert_eq!(stranger.incident_counts(None, time).await.unwrap(), []);
    assert!(fixture.write(&only(&bolt)).await.record_event_counts(&counts).await.is_err(), "of another customer");
    drop((tx, stranger));

    let mut tx = fixture.write(&everyone()).await;
    tx.forget_event_counts(at(400 * 24 * HOUR + HOUR)).await.unwrap();
    assert_eq!(tx.event_counts(Some(&acme), TimeRange { to: at(9 * HOUR), ..time }).await.unwrap().len(), 1);
}
