//! The hand-in of events over HTTP into a real pipeline: a device's token, every encoding, and what is refused.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use formats::{Parser, Sources};
use model::device::CredentialKind;
use model::role::Role;
use pipeline::{Pipeline, PipelineConfig, PipelineParts};
use receive::DiskRoom;
use receive::http::HttpLimits;
use serde_json::{Value, json};

use crate::client::{Answer, As, Ask, send};
use crate::world::*;

const LIMIT: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(20);

struct Ingest {
    world: World,
    pipeline: Pipeline,
    router: Router,
    token: String,
}

impl Ingest {
    async fn new() -> Self {
        let world = World::new().await;
        let device = world.device().await.id;
        let issued = world
            .ops
            .issue_device_credential(&job(), &device, CredentialKind::Token, ops::CredentialWish::default())
            .await
            .unwrap();
        let mut config = PipelineConfig::new(world.folder.path().join("wal"));
        config.receive.room = DiskRoom { min_free_bytes: 0, min_free_percent: 0 };
        config.receive.wal.segment_bytes = 1 << 20;
        let parts = PipelineParts {
            intel: Arc::new(world.ops.intel_index(now()).await.unwrap()),
            store: world.store.clone(),
            lake: world.lake.clone(),
            parser: Parser::new(Arc::new(Sources::embedded().unwrap())),
            rules: Default::default(),
        };
        let pipeline = Pipeline::start(config, parts).await.unwrap();
        let router = {
            let limits = HttpLimits { max_body: LIMIT, ..HttpLimits::default() };
            receive::http::router(pipeline.intake(), pipeline.senders(), limits)
        };
        Ingest { world, pipeline, router, token: issued.secret.unwrap() }
    }

    async fn post(&self, authorization: &str, encoding: Option<&str>, body: impl Into<Body>) -> Answer {
        let mut request = Request::post("/ingest/v1/events").header("authorization", authorization);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        send(&self.router, request.body(body.into()).unwrap()).await
    }

    async fn accepted(&self, encoding: Option<&str>, body: impl Into<Body>) -> Value {
        self.post(&format!("Bearer {}", self.token), encoding, body).await.done(200).json()
    }
}

/// So many records, each with a word and its number.
fn records(word: &str, count: usize) -> String {
    let line = |number| format!("{}\n", json!({"message": format!("{word} {number}"), "time": now()}));
    (0..count).map(line).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_handed_in_plain_or_compressed_are_counted_and_then_found_by_search() {
    let ingest = Ingest::new().await;
    assert_eq!(ingest.accepted(None, records("plainly", 3)).await, json!({"accepted": 3}));
    assert_eq!(ingest.accepted(Some("gzip"), gzip(&records("gzipped", 4))).await, json!({"accepted": 4}));
    let zstd = zstd::encode_all(records("zstandard", 5).as_bytes(), 1).unwrap();
    assert_eq!(ingest.accepted(Some("zstd"), zstd).await, json!({"accepted": 5}));
    assert_eq!(ingest.accepted(None, "\n \r\nnot json at all\n").await, json!({"accepted": 1}));
    assert_eq!(ingest.accepted(None, "").await, json!({"accepted": 0}));

    let world = &ingest.world;
    let ours = world.person("li", Role::L1Analyst, &[&world.ours]).await;
    let theirs = world.person("wang", Role::L1Analyst, &[&world.theirs]).await;
    let begun = Instant::now();
    for (word, count) in [("plainly", 3), ("gzipped", 4), ("zstandard", 5), ("\"json at all\"", 1)] {
        let search = Ask::new("POST", "/events/search").json(joined(around_now(), json!({"text": word})));
        loop {
            let found = world.call(As::Session(&ours), search.clone()).await.done(200).json();
            let items = found["items"].as_array().unwrap();
            if items.len() == count {
                assert!(items.iter().all(|event| event["customer"] == json!(world.ours)), "{found}");
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "{word}: {} of {count}", items.len());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let outside = world.call(As::Session(&theirs), search).await.done(200).json();
        assert_eq!(outside["items"], json!([]));
    }
    ingest.pipeline.drain(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_device_token_that_stands_is_let_in() {
    let ingest = Ingest::new().await;
    let world = &ingest.world;
    let admin = world.person("root", Role::Administrator, &[]).await;
    let one = || records("word", 1);
    for wrong in ["", "Bearer", "Bearer ", "Bearer nonsense", "Basic dXNlcjpwYXNz", &format!("Bearer {}", admin.token)]
    {
        ingest.post(wrong, None, one()).await.refused(401, "unauthenticated");
    }
    assert_eq!(ingest.accepted(None, one()).await, json!({"accepted": 1}));
    ingest.post(&format!("bearer {}", ingest.token), None, one()).await.done(200);

    // A device's token opens nothing on the console's side.
    let device = crate::client::Person { token: ingest.token.clone(), ..admin.clone() };
    world.call(As::Token(&device), Ask::new("GET", "/alerts")).await.refused(401, "unauthenticated");

    let devices = world.call(As::Session(&admin), Ask::new("GET", "/devices")).await.json();
    let path = format!("/devices/{}/credentials", devices["items"][0]["id"].as_str().unwrap());
    let held = world.call(As::Session(&admin), Ask::new("GET", path.clone())).await.json();
    let revoke = Ask::new("DELETE", format!("{path}/{}", held["items"][0]["id"].as_str().unwrap()));
    world.call(As::Session(&admin), revoke).await.done(204);
    let begun = Instant::now();
    loop {
        let answer = ingest.post(&format!("Bearer {}", ingest.token), None, one()).await;
        if answer.status == 401 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "a revoked token is still let in");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("a revoked token was out after {:?}", begun.elapsed());
    ingest.pipeline.drain(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_too_large_or_damaged_are_refused_whole() {
    let ingest = Ingest::new().await;
    let bearer = format!("Bearer {}", ingest.token);
    let big = records("big", 2000);
    assert!(big.len() > LIMIT && gzip(&big).len() < LIMIT);
    ingest.post(&bearer, None, big.clone()).await.refused(413, "too_large");
    ingest.post(&bearer, Some("gzip"), gzip(&big)).await.refused(413, "too_large");
    let zstd = zstd::encode_all(big.as_bytes(), 1).unwrap();
    ingest.post(&bearer, Some("zstd"), zstd).await.refused(413, "too_large");
    ingest.post(&bearer, Some("gzip"), "{\"a\": 1}").await.refused(400, "invalid");
    ingest.post(&bearer, Some("br"), "{\"a\": 1}").await.refused(400, "invalid");
    for (method, path, status) in [("GET", "/ingest/v1/events", 405), ("POST", "/ingest/v1/event", 404)] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let code = if status == 405 { "method_not_allowed" } else { "not_found" };
        send(&ingest.router, request).await.refused(status, code);
    }
    ingest.pipeline.drain(PATIENCE).await.unwrap();
    let range =
        model::TimeRange { from: now().minus(Duration::from_secs(3600)), to: now().plus(Duration::from_secs(3600)) };
    let query = model::search::EventQuery::all(range);
    assert_eq!(ingest.world.lake.count(&job(), &query).await.unwrap(), 0);
}
