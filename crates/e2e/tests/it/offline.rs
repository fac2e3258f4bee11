//! Commands on a data folder, with and without a running server.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::reader;
use crate::server::Place;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn a_backup_of_a_running_server_restores_to_the_same_customers_events_and_sign_in() {
    let place = Place::new();
    place.add_user();
    let server = place.start();
    let client = server.sign_in().await;
    let (customer, _, token) = client.device().await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    let records: Vec<String> = (0..500).map(|number| format!("{{\"message\":\"kept n{number}\"}}")).collect();
    let url = format!("http://{}/ingest/v1/events", server.ingest);
    let answer = reqwest::Client::new().post(&url).bearer_auth(&token).body(records.join("\n")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);

    let output = place.vedette(&["backup", "--to", "copy.backup"], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let again = place.vedette(&["backup", "--to", "copy.backup"], "");
    assert!(!again.status.success(), "a backup never overwrites a file");
    server.kill();

    let other = Place::new();
    let from = place.path().join("copy.backup");
    let output = other.vedette(&["restore", "--from", from.to_str().unwrap()], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let again = other.vedette(&["restore", "--from", from.to_str().unwrap()], "");
    assert!(text(&again.stderr).contains("not empty"), "a restore never mixes: {}", text(&again.stderr));
    let server = other.start();
    let client = server.sign_in().await;
    client.get(&format!("/customers/{customer}")).await;
    let now = json!({"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "text": "kept", "limit": 1000});
    let found = client.post("/events/search", now, StatusCode::OK).await;
    assert_eq!(found["items"].as_array().unwrap().len(), 500);
    assert!(server.stop());
    assert_eq!(reader::records(&other.data()).len(), 500);
}

#[tokio::test]
async fn a_damaged_backup_is_refused_and_leaves_nothing_behind() {
    let place = Place::new();
    place.add_user();
    let output = place.vedette(&["backup", "--to", "copy.backup"], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let whole = std::fs::read(place.path().join("copy.backup")).unwrap();
    let other = Place::new();
    let cut = other.path().join("cut.backup");
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let output = other.vedette(&["restore", "--from", cut.to_str().unwrap()], "");
    assert!(!output.status.success());
    assert!(!other.data().exists(), "half a folder must not look like a whole one");
}

#[tokio::test]
async fn commands_work_through_a_running_server_or_say_why_not() {
    let place = Place::new();
    let server = place.start();
    // The folder is held by the server: this can only work through it.
    place.add_user();
    server.sign_in().await;
    let second = place.vedette(&["serve"], "");
    assert!(text(&second.stderr).contains("process"), "who holds the folder is named: {}", text(&second.stderr));
    assert!(server.stop());
    std::fs::write(place.path().join("log"), "x\n").unwrap();
    let import = place.vedette(&["import", "--device", "dev_00000000000000000000000000", "log"], "");
    assert!(text(&import.stderr).contains("no server runs"), "{}", text(&import.stderr));
}

#[tokio::test]
async fn a_file_is_imported_as_events_of_a_device() {
    let place = Place::new();
    place.add_user();
    let server = place.start();
    let client = server.sign_in().await;
    let (_, device, _) = client.device().await;
    std::fs::write(place.path().join("log"), "{\"message\":\"one\"}\n{\"message\":\"two\"}\n").unwrap();
    let import = place.vedette(&["import", "--device", &device, "log"], "");
    assert!(import.status.success(), "{}", text(&import.stderr));
    assert!(text(&import.stdout).contains("2 records"), "{}", text(&import.stdout));
    client.until(&format!("/devices/{device}"), |device| device["event_count"] == 2).await;
    assert!(server.stop());
}

#[test]
fn settings_are_checked_before_anything_starts() {
    let place = Place::new();
    let good = place.vedette(&["config", "check"], "");
    assert!(good.status.success(), "{}", text(&good.stderr));
    std::fs::write(place.path().join("vedette.toml"), "[data]\nfodler = \"x\"\n").unwrap();
    let wrong = place.vedette(&["serve"], "");
    assert!(!wrong.status.success());
    assert!(text(&wrong.stderr).contains("data.fodler"), "{}", text(&wrong.stderr));
}
