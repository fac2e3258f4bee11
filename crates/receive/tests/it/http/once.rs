//! Requests with an idempotency key: stored once, whatever happens in between.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use receive::wal::{DataEntry, Kind, Wal, WalConfig};
use receive::{DiskRoom, OnceError, ReceiveConfig, Receiver, Record};
use serde_json::json;

use super::world::{Answer, OTHER_TOKEN, TOKEN, World, identities};
use crate::forgetful_disk::ForgetfulDisk;

async fn post(world: &World, token: &str, key: &str, body: &str) -> Answer {
    let request = Request::post("/ingest/v1/events").header("authorization", format!("Bearer {token}"));
    world.send(request.header("idempotency-key", key).body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_key_is_answered_the_same_and_stored_once_also_after_a_restart() {
    let identities = identities();
    let folder = Arc::new(tempfile::tempdir().unwrap());
    for start in 0..3 {
        let world = World::on(folder.clone(), identities.clone(), |_, _| {}).await;
        for _ in 0..2 {
            let answer = post(&world, TOKEN, "first", "a\nb\n").await;
            assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"accepted": 2})), "start {start}");
        }
        assert_eq!(world.records(), ["a", "b"], "start {start}");
        assert_eq!(post(&world, TOKEN, "first", "a\nc\n").await.json()["code"], "key_reused");
        assert_eq!(post(&world, TOKEN, &"k".repeat(256), "a").await.json()["code"], "invalid");
        match start {
            // A clean stop writes the table; a world that is only dropped leaves the log alone to tell.
            0 => drop(world),
            _ => world.close().await,
        }
    }
    let world = World::on(folder.clone(), identities.clone(), |_, _| {}).await;
    assert_eq!(post(&world, OTHER_TOKEN, "first", "a\nb\n").await.status, 200);
    assert_eq!(post(&world, TOKEN, "second", "a\nb\n").await.status, 200);
    assert_eq!(world.records(), ["a", "b", "a", "b", "a", "b"], "another device, another key");
    world.close().await;
    std::fs::write(folder.path().join("wal/keys"), "damaged").unwrap();
    let world = World::on(folder, identities, |_, _| {}).await;
    assert_eq!(post(&world, TOKEN, "second", "a\nb\n").await.status, 200);
    assert_eq!(world.records().len(), 6, "without the table the log tells");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_refused_before_is_taken_when_it_comes_again() {
    let world = World::with(|config, _| config.intake.in_flight_bytes = 1024).await;
    let big = "x\n".repeat(100);
    assert_eq!(post(&world, TOKEN, "k", &big).await.status, 413);
    assert_eq!(post(&world, TOKEN, "k", "a").await.status, 200, "nothing of the first was kept, not even its key");
    assert_eq!(world.records(), ["a"]);
    world.close().await;
}

fn stored(wal: &Wal) -> Vec<String> {
    let mut reader = wal.reader(wal.first());
    let mut all = Vec::new();
    loop {
        let batch = reader.read(1000, 1 << 20, Duration::ZERO).unwrap();
        if batch.is_empty() {
            return all;
        }
        for record in batch.records().filter(|record| record.kind == Kind::DATA) {
            all.push(String::from_utf8_lossy(DataEntry::decode(record.payload).unwrap().raw).into_owned());
        }
    }
}

/// A log whose last request was written in part when the power failed: at every record in turn.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_which_a_part_survived_is_completed_and_not_doubled() {
    let config = || ReceiveConfig {
        wal: WalConfig { segment_bytes: 64 << 10, group_bytes: 16 << 10, ..WalConfig::default() },
        room: DiskRoom { min_free_bytes: 0, min_free_percent: 0 },
        ..ReceiveConfig::new("/wal")
    };
    let identities = identities();
    let records = || (0..5).map(|number| Record::from(format!("record {number}").into_bytes())).collect::<Vec<_>>();
    let (now, mut ways) = (model::Timestamp::from_micros(1), 0);
    for lost in (0..).step_by(5) {
        let disk = ForgetfulDisk::default();
        let receiver = Receiver::open(config(), Arc::new(disk.clone())).await.unwrap();
        receiver.senders().replace(identities.clone());
        let sender = receiver.senders().by_token(TOKEN).unwrap();
        receiver.intake().accept_once(&sender, "k", records(), now).await.unwrap();
        drop(receiver);
        lose(&disk, lost);
        let receiver = Receiver::open(config(), Arc::new(disk.clone())).await.unwrap();
        let before = stored(receiver.wal()).len();
        let taken = receiver.intake().accept_once(&sender, "k", records(), now).await;
        assert_eq!(taken, Ok(5), "{lost} bytes lost, {before} records left");
        let expected: Vec<String> = (0..5).map(|number| format!("record {number}")).collect();
        assert_eq!(stored(receiver.wal()), expected, "{lost} bytes lost, {before} records left");
        let other = receiver.intake().accept_once(&sender, "k", records().split_off(1), now).await;
        assert_eq!(other, Err(OnceError::OtherRequest));
        receiver.close().await;
        ways |= 1 << before;
        if before == 0 {
            break;
        }
    }
    assert_eq!(ways, 0b111111, "every number of surviving records must have come up");
}

/// Takes the last bytes that were written from the log.
fn lose(disk: &ForgetfulDisk, bytes: usize) {
    let segment = disk.paths().into_iter().find(|path| path.extension().is_some()).unwrap();
    disk.edit(&segment, |content| {
        let end = content.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        content[end.saturating_sub(bytes)..].fill(0);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn every_protocol_over_http_takes_a_key() {
    let world = World::new().await;
    let otlp =
        json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "otlp"}}]}]}]}).to_string();
    let bulk = "{\"create\":{\"_index\":\"x\"}}\n{\"m\":\"bulk\"}\n{\"create\":{}}\nbroken\n";
    let cases = [
        ("/_bulk", "application/x-ndjson", bulk.to_owned()),
        ("/services/collector/event", "application/json", "{\"event\":\"hec\"}".to_owned()),
        ("/services/collector/raw", "text/plain", "raw".to_owned()),
        ("/v1/logs", "application/json", otlp),
    ];
    for (number, (path, media, body)) in cases.iter().enumerate() {
        let mut answers = Vec::new();
        for _ in 0..2 {
            let request = Request::post(*path).header("authorization", format!("Bearer {TOKEN}"));
            let request = request.header("idempotency-key", *path).header("content-type", *media);
            let answer = world.send(request.body(Body::from(body.clone())).unwrap()).await;
            assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
            let mut answer = answer.json();
            answer.as_object_mut().unwrap().remove("took");
            answers.push(answer);
        }
        assert_eq!(answers[0], answers[1], "{path}");
        assert_eq!(world.records().len(), number + 1, "{path}: {:?}", world.records());
        let request = Request::post(*path).header("authorization", format!("Bearer {TOKEN}"));
        let request = request.header("idempotency-key", *path).header("content-type", *media);
        let other =
            body.replace("bulk", "other").replace("hec", "other").replace("raw", "other").replace("otlp", "other");
        let answer = world.send(request.body(Body::from(other)).unwrap()).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
    }
    world.close().await;
}
