//! `POST /ingest/v1/events`.

use axum::body::Body;
use axum::http::Request;
use receive::{Protocol, Rate, Rejection};
use serde_json::json;

use super::world::{LIMIT, OTHER_TOKEN, TOKEN, World, gzip};

const EVENTS: &str = "/ingest/v1/events";

fn request(headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post(EVENTS);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_durable_when_they_are_answered_however_they_were_compressed() {
    let world = World::new().await;
    let answer = world.post(EVENTS, "{\"a\":1}\r\n\nnot json\n").await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"accepted": 2})));
    assert_eq!(world.records(), ["{\"a\":1}", "not json"]);
    let bearer = format!("bearer {TOKEN}");
    for (encoding, body) in [("gzip", gzip(b"x\ny")), ("zstd", zstd::encode_all(&b"x\ny"[..], 1).unwrap())] {
        let headers = [("authorization", bearer.as_str()), ("content-encoding", encoding)];
        assert_eq!(world.send(request(&headers, body)).await.json(), json!({"accepted": 2}), "{encoding}");
    }
    assert_eq!(world.post(EVENTS, "").await.json(), json!({"accepted": 0}));
    assert_eq!(world.records().len(), 6);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_token_is_refused_with_a_problem_and_counted() {
    let world = World::new().await;
    assert_eq!(world.send(request(&[], "x")).await.status, 401);
    for wrong in ["", "Bearer", "Bearer nonsense", "Basic dXNlcjpwYXNz", "Digest x"] {
        let answer = world.send(request(&[("authorization", wrong)], "x")).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (401, Some("unauthenticated")), "{wrong}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert!(world.records().is_empty());
    let stats = world.receiver.stats();
    assert_eq!(stats.rejected_by(Protocol::Http, Rejection::NoIdentity), 1);
    assert_eq!(stats.rejected_by(Protocol::Http, Rejection::WrongToken), 5);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_too_large_damaged_or_of_too_many_records_are_refused_whole() {
    let world = World::new().await;
    let big = "x".repeat(LIMIT + 1);
    assert_eq!(world.post(EVENTS, big.clone()).await.json()["code"], "too_large");
    let bearer = format!("Bearer {TOKEN}");
    let coded = |encoding| [("authorization", bearer.as_str()), ("content-encoding", encoding)];
    let answer = world.send(request(&coded("gzip"), gzip(big.as_bytes()))).await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (413, Some("too_large")));
    for (encoding, body) in [("gzip", "{}"), ("br", "{}")] {
        assert_eq!(world.send(request(&coded(encoding), body)).await.json()["code"], "invalid");
    }
    assert!(world.records().is_empty());
    let stats = world.receiver.stats();
    assert_eq!(stats.rejected_by(Protocol::Http, Rejection::TooLarge), 2);
    assert_eq!(stats.rejected_by(Protocol::Http, Rejection::Malformed), 2);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_over_its_rate_is_told_when_to_come_again_and_others_are_not_concerned() {
    let world = World::with(|config, _| {
        config.intake.limits.device = Rate { events_per_second: 10, bytes_per_second: 0 };
    })
    .await;
    let many = "x\n".repeat(1000);
    assert_eq!(world.post(EVENTS, many).await.status, 200, "a batch of any size is taken from a rested sender");
    let answer = world.post(EVENTS, "x").await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (429, Some("limited")));
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((80..=90).contains(&wait), "{wait}");
    let bearer = format!("Bearer {OTHER_TOKEN}");
    assert_eq!(world.send(request(&[("authorization", &bearer)], "x")).await.status, 200);
    assert_eq!(world.receiver.stats().rejected_by(Protocol::Http, Rejection::Limited), 1);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_says_so_and_unknown_routes_say_what_there_is() {
    let world = World::new().await;
    assert_eq!(world.get(EVENTS).await.json()["code"], "method_not_allowed");
    assert_eq!(world.post("/ingest/v1/event", "x").await.json()["code"], "not_found");
    world.receiver.intake().close();
    let answer = world.post(EVENTS, "x").await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (503, Some("unavailable")));
    assert_eq!(answer.header("retry-after"), "30");
    world.close().await;
}
