//! A threat hunt whose server is killed in the middle of its run.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::server::{Client, Place};

const CUSTOMERS: usize = 12;
const QUERIES: usize = 15;

/// When each query of each customer was answered.
async fn answers(client: &Client, hunt: &str) -> BTreeMap<(String, String), String> {
    let results = client.get(&format!("/hunts/{hunt}/results")).await;
    let text = |result: &Value, field: &str| result[field].as_str().unwrap().to_owned();
    let results = results["items"].as_array().unwrap().iter();
    results.map(|result| ((text(result, "customer"), text(result, "query")), text(result, "at"))).collect()
}

#[tokio::test]
async fn a_hunt_cut_short_by_kill_keeps_what_it_found_and_goes_on_where_it_stopped() {
    let place = Place::new();
    place.add_user();
    let server = place.start();
    let client = server.sign_in().await;
    for number in 0..CUSTOMERS {
        client.device_of(&format!("Works{number} Limited")).await;
    }
    let query = |number: usize| {
        json!({"key": format!("q{number}"), "name": format!("query {number}"), "seconds": 86_400,
            "ask": {"kind": "search", "q": format!("user_name:user{number}*")}})
    };
    let queries: Vec<_> = (0..QUERIES).map(query).collect();
    let hunt = client.post("/hunts", json!({"title": "Everybody", "queries": queries}), StatusCode::CREATED).await;
    let hunt = hunt["id"].as_str().unwrap().to_owned();
    let runs = format!("/hunts/{hunt}/runs");
    let run = client.post(&runs, json!({}), StatusCode::CREATED).await;
    let all = (CUSTOMERS * (QUERIES + 1)) as i64;
    assert_eq!(run["total"], all);
    client.until(&runs, |runs| runs["items"][0]["done"].as_i64().unwrap() >= 20).await;
    server.kill();

    let server = place.start();
    let client = server.sign_in().await;
    let stands = client.until(&runs, |runs| runs["items"][0]["state"] == "interrupted").await["items"][0].clone();
    let done = stands["done"].as_i64().unwrap();
    assert!((20..all).contains(&done), "killed in the middle: {stands}");
    let before = answers(&client, &hunt).await;
    assert!(!before.is_empty() && before.len() as i64 <= done);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(client.get(&runs).await["items"][0]["done"], done, "nothing goes on by itself");

    let run = run["id"].as_str().unwrap();
    client.post(&format!("{runs}/{run}/continue"), json!({}), StatusCode::OK).await;
    client.until(&runs, |runs| runs["items"][0]["state"] == "done").await;
    let after = answers(&client, &hunt).await;
    assert_eq!(after.len(), CUSTOMERS * QUERIES);
    for (which, at) in &before {
        assert_eq!(after.get(which), Some(at), "{which:?} was asked again");
    }
    println!(
        "killed after {done} of {all}; {} answers were kept, {} came after",
        before.len(),
        after.len() - before.len()
    );
    assert!(server.stop());
}
