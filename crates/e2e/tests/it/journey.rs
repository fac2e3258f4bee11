//! A log line becomes an incident that a person closes.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::server::Place;

#[tokio::test]
async fn an_alarm_over_syslog_becomes_an_incident_that_is_taken_and_closed() {
    let place = Place::new();
    place.add_user();
    let server = place.start();
    let client = server.sign_in().await;
    let (customer, _, token) = client.device().await;
    tokio::time::sleep(Duration::from_millis(600)).await;

    let mut syslog = tokio::net::TcpStream::connect(&server.tcp).await.unwrap();
    let frame = |token: &str, address: &str| {
        format!(
            "<132>1 2026-05-01T00:00:00Z edr01 edr - - [vedette@32473 token=\"{token}\"] \
             CEF:0|Example|EDR|1|77|Malware detected|9|src={address} dst=10.0.0.5 externalId=n1\n"
        )
    };
    syslog.write_all(frame("vdd_wrong", "198.51.100.66").as_bytes()).await.unwrap();
    syslog.write_all(frame(&token, "203.0.113.9").as_bytes()).await.unwrap();
    syslog.flush().await.unwrap();

    let list = client.until("/incidents", |page| !page["items"].as_array().unwrap().is_empty()).await;
    let incident = &list["items"][0];
    assert_eq!(incident["customer"], customer.as_str());
    assert_eq!(incident["state"], "new");
    let path = format!("/incidents/{}", incident["id"].as_str().unwrap());

    let start = json!({"version": incident["version"], "transition": {"kind": "start"}});
    let taken = client.post(&format!("{path}/transition"), start.clone(), StatusCode::OK).await;
    assert_eq!(taken["state"], "in_progress");
    assert!(taken["assignee"].is_string(), "whoever starts an unassigned incident has it");
    client.post(&format!("{path}/transition"), start, StatusCode::CONFLICT).await;
    let resolve = json!({"version": taken["version"],
        "transition": {"kind": "resolve", "verdict": "true_positive", "summary": "cleaned"}});
    let closed = client.post(&format!("{path}/transition"), resolve, StatusCode::OK).await;
    assert_eq!(closed["state"], "resolved");

    let search = json!({"from": "2026-04-30T00:00:00Z", "to": "2026-05-02T00:00:00Z", "text": "malware",
        "filters": [{"field": "source_ip", "op": "is", "value": "203.0.113.9"}]});
    let found = client.post("/events/search", search, StatusCode::OK).await;
    let events = found["items"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{found}");
    let raw = events[0]["raw"].as_str().unwrap();
    assert!(!raw.contains(&token), "the token must be masked before the record is kept: {raw}");
    let unknown = json!({"from": "2026-04-30T00:00:00Z", "to": "2026-05-02T00:00:00Z", "text": "198.51.100.66"});
    let unknown = client.post("/events/search", unknown, StatusCode::OK).await;
    assert_eq!(unknown["items"].as_array().unwrap().len(), 0, "a frame with a wrong token is not kept");
    assert!(server.stop());
}

#[tokio::test]
async fn a_server_says_whether_it_lives_and_is_ready() {
    let place = Place::new();
    let server = place.start();
    for path in ["healthz", "readyz"] {
        let answer = reqwest::get(format!("http://{}/{path}", server.console)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
    let page = reqwest::get(format!("http://{}/incidents/some-address", server.console)).await.unwrap();
    assert!(page.text().await.unwrap().contains("<html"), "every address inside the console gives its page");
    assert!(server.stop());
}
