//! Devices that go silent, and the platform's own alarms.

use std::collections::BTreeMap;

use model::alert::AlertState;
use model::device::{Device, DeviceKind};
use model::device_health::{Activity, FINE, bucket};
use model::platform_alarm::PlatformAlarmKind;
use model::role::Role;
use model::silence::{HOURS, Rhythm, SilenceAlarm};
use model::*;
use ops::{SILENCE_RULE, SilenceWatch};
use store::{AlertFilter, DeviceActivity, DeviceCounts, KeptRhythm};

use crate::world::*;

const SLOT: u64 = 300;
/// A day that begins with a slot.
const BEGIN: u64 = 800_000;

/// A device that was heard in every slot of three weeks.
async fn steady(world: &World, customer: &CustomerId) -> Device {
    let device = world.device(customer, DeviceKind::Firewall).await;
    let mut rhythm = Rhythm::default();
    for slot in 0..3 * HOURS * 12 {
        rhythm.observe(slot / 12, true, false);
    }
    let mut tx = world.store.write(&job(0)).await.unwrap();
    let kept =
        KeptRhythm { customer: customer.clone(), device: device.id.clone(), rhythm: rhythm.encode(), alert: None };
    tx.put_device_rhythms(&[kept]).await.unwrap();
    tx.commit().await.unwrap();
    heard(world, &device, BEGIN).await;
    device
}

/// An event of the device in the slot that begins there.
async fn heard(world: &World, device: &Device, seconds: u64) {
    let activity = DeviceActivity {
        customer: device.customer.clone(),
        device: device.id.clone(),
        last_event: at(seconds + 10),
        events: 1,
        unparsed: 0,
    };
    let start = bucket(at(seconds), FINE);
    let counts = DeviceCounts {
        activity: BTreeMap::from([(start, Activity { events: 1, ..Activity::default() })]),
        ..DeviceCounts::default()
    };
    let mut tx = world.store.write(&job(seconds)).await.unwrap();
    tx.record_device_activity(&[activity]).await.unwrap();
    tx.record_device_counts(&[(device.customer.clone(), device.id.clone(), counts)]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn alerts(world: &World) -> Vec<model::alert::Alert> {
    let filter = AlertFilter { rule_id: Some(SILENCE_RULE.to_owned()), ..AlertFilter::default() };
    let page = PageRequest::new(100, None);
    world.store.read(&job(0)).await.unwrap().list_alerts(&filter, &page).await.unwrap().items
}

/// A second after a slot is complete and counted.
fn after(seconds: u64) -> Timestamp {
    at(seconds + SLOT + 60)
}

fn watch() -> SilenceWatch {
    SilenceWatch::new(at(BEGIN - 1000))
}

#[tokio::test]
async fn a_silent_device_raises_one_alert_that_ends_with_its_next_event() {
    let world = World::new().await;
    let (silent, lively) = (steady(&world, &world.ours).await, steady(&world, &world.theirs).await);
    let mut watch = watch();
    let mut slot = BEGIN;
    for _ in 0..20 {
        slot += SLOT;
        heard(&world, &lively, slot).await;
        world.ops.watch_silence(after(slot), &mut watch).await.unwrap();
        world.ops.watch_silence(after(slot), &mut watch).await.unwrap();
    }
    let raised = alerts(&world).await;
    assert_eq!(raised.len(), 1, "{raised:?}");
    assert_eq!((&raised[0].device, &raised[0].customer), (&silent.id, &world.ours));
    let health = world.ops.device_health(&job(slot), &silent.id, ops::Span::Day).await.unwrap();
    assert_eq!(health.silence.alert, Some(raised[0].id.clone()));
    assert!(health.silence.usual_percent.unwrap() > 90 && health.silence.silent_minutes >= 90, "{:?}", health.silence);
    slot += SLOT;
    heard(&world, &silent, slot).await;
    let watched = world.ops.watch_silence(after(slot), &mut watch).await.unwrap();
    assert_eq!(watched.ended, 1);
    assert_eq!(alerts(&world).await[0].state, AlertState::Ended);
}

#[tokio::test]
async fn a_stopped_server_or_a_clock_that_jumped_is_nobodys_silence() {
    let world = World::new().await;
    let (one, other) = (steady(&world, &world.ours).await, steady(&world, &world.ours).await);
    // The server was away for two days and begins anew.
    let mut slot = BEGIN + 48 * 3600;
    let mut watch = SilenceWatch::new(at(slot));
    for _ in 0..3 {
        slot += SLOT;
        world.ops.watch_silence(after(slot), &mut watch).await.unwrap();
        watch.interrupted(after(slot));
    }
    heard(&world, &one, slot).await;
    heard(&world, &other, slot).await;
    world.ops.watch_silence(after(slot), &mut watch).await.unwrap();
    assert!(alerts(&world).await.is_empty());
}

#[tokio::test]
async fn when_nothing_arrives_from_anybody_the_platform_is_told_once_and_no_device_is() {
    let world = World::new().await;
    for _ in 0..6 {
        steady(&world, &world.ours).await;
    }
    let (mut watch, mut slot, mut told) = (watch(), BEGIN, Vec::new());
    for _ in 0..15 {
        slot += SLOT;
        told.push(world.ops.watch_silence(after(slot), &mut watch).await.unwrap().nothing_arrives);
    }
    assert_eq!(told[0], None, "one slot may be a hiccup");
    assert!(told[1..].iter().all(|devices| *devices == Some(6)), "{told:?}");
    assert!(alerts(&world).await.is_empty());
}

#[tokio::test]
async fn a_device_can_have_a_fixed_time_or_no_alarm() {
    let world = World::new().await;
    let (fixed, off) = (steady(&world, &world.ours).await, steady(&world, &world.ours).await);
    let lively = steady(&world, &world.ours).await;
    for (device, alarm) in [(&fixed, SilenceAlarm::Fixed), (&off, SilenceAlarm::Off)] {
        let device = world.ops.get_device(&job(0), &device.id).await.unwrap();
        let data = model::device::DeviceData { silence_alarm: alarm, silence_minutes: 120, ..device.data };
        world.ops.update_device(&job(0), &device.id, device.version, data).await.unwrap();
    }
    let (mut watch, mut slot, mut first) = (watch(), BEGIN, None);
    for round in 1..=40 {
        slot += SLOT;
        heard(&world, &lively, slot).await;
        if world.ops.watch_silence(after(slot), &mut watch).await.unwrap().raised > 0 {
            first.get_or_insert(round);
        }
    }
    assert_eq!(first, Some(24), "after two hours");
    let raised = alerts(&world).await;
    assert_eq!(raised.iter().map(|alert| &alert.device).collect::<Vec<_>>(), [&fixed.id]);
}

#[tokio::test]
async fn alarms_of_the_platform_begin_and_end_with_their_conditions() {
    let world = World::new().await;
    let admin = acting(&world.user("root", Role::Administrator, &[]).await, 50);
    let set = async |seconds, kinds: &[PlatformAlarmKind]| {
        let standing = kinds.iter().map(|kind| (*kind, "7".to_owned())).collect();
        world.ops.set_platform_alarms(at(seconds), &standing).await.unwrap()
    };
    assert_eq!(set(1, &[PlatformAlarmKind::Backlog]).await, 1);
    assert_eq!(set(2, &[PlatformAlarmKind::Backlog]).await, 0, "it stands already");
    assert_eq!(set(3, &[PlatformAlarmKind::DiskFull]).await, 2);
    let standing = world.ops.standing_platform_alarms(&admin).await.unwrap();
    assert_eq!(standing.iter().map(|alarm| alarm.kind).collect::<Vec<_>>(), [PlatformAlarmKind::DiskFull]);
    let all = world.ops.list_platform_alarms(&admin, &PageRequest::new(10, None)).await.unwrap().items;
    assert_eq!((all.len(), all[1].ended), (2, Some(at(3))));
}
