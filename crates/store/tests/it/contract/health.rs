use std::collections::BTreeMap;

use model::device_health::{Activity, FINE, HOUR};
use model::parser::ParserSample;
use model::platform_alarm::PlatformAlarmKind;
use model::{PageRequest, Timestamp};
use store::{DeviceCounts, Error, KeptRhythm};

use crate::builders::{customer, device, everyone, only};
use crate::fixture::Fixture;

/// Seconds from the beginning of a day.
fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros((1_900_800_000 + seconds as i64) * 1_000_000)
}

fn counts(start: Timestamp, events: i64) -> DeviceCounts {
    let activity = Activity { events, unparsed: 1, bytes: events * 100, doubtful: 0 };
    DeviceCounts {
        activity: BTreeMap::from([(start, activity)]),
        sources: BTreeMap::from([((at(0), "openssh_sshd".to_owned()), events)]),
        lags: BTreeMap::from([((at(0), 1), events)]),
    }
}

pub async fn counts_of_a_device_add_up_by_bucket_source_and_lag_and_are_its_customers_alone(fixture: Fixture) {
    let (acme, bolt) = (customer(&fixture, "Acme").await, customer(&fixture, "Bolt").await);
    let (ours, theirs) = (device(&fixture, &acme, "fw").await, device(&fixture, &bolt, "fw").await);
    let gone = model::DeviceId::generate(at(0));
    for _ in 0..2 {
        let mut tx = fixture.write(&everyone()).await;
        let batch = [
            (acme.clone(), ours.clone(), counts(at(300), 10)),
            (bolt.clone(), theirs.clone(), counts(at(0), 7)),
            (acme.clone(), gone.clone(), counts(at(0), 99)),
        ];
        tx.record_device_counts(&batch).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = fixture.read(&only(&acme)).await;
    let whole = Activity { events: 20, unparsed: 2, bytes: 2000, doubtful: 0 };
    assert_eq!(tx.device_activity(&ours, FINE, at(0)).await.unwrap(), [(at(300), whole)]);
    assert_eq!(tx.device_activity(&ours, HOUR, at(0)).await.unwrap(), [(at(0), whole)]);
    assert_eq!(tx.device_activity(&ours, FINE, at(301)).await.unwrap(), []);
    assert_eq!(tx.device_sources(&ours, at(0)).await.unwrap()[0].events, 20);
    assert_eq!(tx.device_lag(&ours, at(0)).await.unwrap()[0].events, 20);
    assert_eq!(tx.device_activity(&theirs, FINE, at(0)).await.unwrap(), [], "another customer's");
    let seen = tx.source_counts(at(0)).await.unwrap();
    assert_eq!((seen[0].events, seen[0].devices), (20, 1));
    let seen = fixture.read(&everyone()).await.source_counts(at(0)).await.unwrap();
    assert_eq!((seen[0].events, seen[0].devices), (34, 2));
    let heard = fixture.read(&everyone()).await.devices_heard(at(300)).await.unwrap();
    assert_eq!(heard.keys().collect::<Vec<_>>(), [&ours]);
}

pub async fn old_counts_and_those_of_a_deleted_device_are_forgotten(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let (kept, deleted) = (device(&fixture, &acme, "fw").await, device(&fixture, &acme, "ndr").await);
    let mut tx = fixture.write(&everyone()).await;
    let batch = [(acme.clone(), kept.clone(), counts(at(0), 1)), (acme.clone(), deleted.clone(), counts(at(0), 1))];
    tx.record_device_counts(&batch).await.unwrap();
    let rhythm = |device: &model::DeviceId| KeptRhythm {
        customer: acme.clone(),
        device: device.clone(),
        rhythm: vec![1, 2],
        alert: None,
    };
    tx.put_device_rhythms(&[rhythm(&kept), rhythm(&deleted)]).await.unwrap();
    tx.put_device_rhythms(&[KeptRhythm { rhythm: vec![3], ..rhythm(&kept) }]).await.unwrap();
    tx.delete_device(&deleted).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = fixture.write(&everyone()).await;
    assert_eq!(tx.device_activity(&deleted, FINE, at(0)).await.unwrap(), []);
    assert_eq!(tx.device_rhythm(&kept).await.unwrap().unwrap().rhythm, [3]);
    assert_eq!(tx.device_rhythms().await.unwrap(), [KeptRhythm { rhythm: vec![3], ..rhythm(&kept) }]);
    let day = 24 * 3600;
    tx.forget_device_counts(at(3 * day)).await.unwrap();
    assert_eq!(tx.device_activity(&kept, FINE, at(0)).await.unwrap(), []);
    assert_eq!(tx.device_activity(&kept, HOUR, at(0)).await.unwrap().len(), 1, "hours are kept longer");
    tx.forget_device_counts(at(40 * day)).await.unwrap();
    assert_eq!(tx.device_activity(&kept, HOUR, at(0)).await.unwrap(), []);
}

pub async fn a_parser_is_saved_on_its_version_only_and_keeps_what_it_was(fixture: Fixture) {
    let acme = customer(&fixture, "Acme").await;
    let sample = ParserSample {
        line: "acme a=1".into(),
        received: at(5),
        time_zone: "UTC".into(),
        expected: serde_json::json!({"source": "acme_box"}),
    };
    let mut tx = fixture.write(&only(&acme)).await;
    let narrow = tx.save_parser("acme_box", 0, "one", &[], None).await;
    assert!(matches!(narrow, Err(Error::ScopeTooNarrow { .. })), "it parses for every customer");
    drop(tx);
    let mut tx = fixture.write(&everyone()).await;
    let first = tx.save_parser("acme_box", 0, "one", std::slice::from_ref(&sample), None).await.unwrap();
    assert_eq!((first.version, first.samples.as_slice()), (1, &[sample][..]));
    for old in [0, 7] {
        assert!(matches!(tx.save_parser("acme_box", old, "two", &[], None).await, Err(Error::Conflict { .. })));
    }
    assert_eq!(tx.save_parser("acme_box", 1, "two", &[], None).await.unwrap().text, "two");
    assert_eq!(tx.find_parser("acme_box").await.unwrap().unwrap().version, 2);
    tx.delete_parser("acme_box", 2, None).await.unwrap();
    assert!(tx.list_parsers().await.unwrap().is_empty());
    assert_eq!(tx.save_parser("acme_box", 0, "three", &[], None).await.unwrap().version, 4, "no version twice");
    let texts: Vec<_> = tx.parser_versions("acme_box").await.unwrap().into_iter().map(|one| one.text).collect();
    assert_eq!(texts, [Some("three".to_owned()), None, Some("two".to_owned()), Some("one".to_owned())]);
    tx.commit().await.unwrap();
}

pub async fn an_alarm_of_the_platform_begins_and_ends(fixture: Fixture) {
    let mut tx = fixture.write(&everyone()).await;
    let mut alarm = tx.begin_platform_alarm(PlatformAlarmKind::Backlog, "5").await.unwrap();
    tx.begin_platform_alarm(PlatformAlarmKind::DiskFull, "").await.unwrap();
    alarm.ended = Some(at(9));
    tx.update_platform_alarm(&alarm).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = fixture.read(&everyone()).await;
    let standing: Vec<_> = tx.standing_platform_alarms().await.unwrap().into_iter().map(|alarm| alarm.kind).collect();
    assert_eq!(standing, [PlatformAlarmKind::DiskFull]);
    let all = tx.list_platform_alarms(&PageRequest::new(10, None)).await.unwrap().items;
    assert!(all.contains(&alarm) && all.len() == 2, "{all:?}");
}
