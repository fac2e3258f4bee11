//! The Splunk HTTP event collector.

use axum::body::Body;
use axum::http::Request;
use receive::{Protocol, Rejection};
use serde_json::{Value, json};

use super::world::{Answer, LIMIT, TOKEN, World, gzip};

const CHANNEL: &str = "FE0ECFAD-13D5-401B-847D-77833BD77131";

async fn post(world: &World, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut request = Request::post(path).header("authorization", format!("Splunk {TOKEN}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(body.into()).unwrap()).await
}

fn told(answer: &Answer) -> (u16, u64) {
    (answer.status.as_u16(), answer.json()["code"].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_kept_as_the_objects_they_came_as() {
    let world = World::new().await;
    let one = "{\"time\":1.5,\"host\":\"fw\",\"event\":\"<13>line\"}";
    let two = "{\"event\":{\"a\":1},\"fields\":{\"k\":\"v\"}}";
    for path in ["", "/event", "/event/1.0"] {
        let answer = post(&world, &format!("/services/collector{path}"), &[], format!("{one}{two}")).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"text": "Success", "code": 0})));
    }
    let zipped = gzip(format!("[{one},{two}]").as_bytes());
    let answer = post(&world, "/services/collector", &[("content-encoding", "gzip")], zipped).await;
    assert_eq!(told(&answer), (200, 0));
    assert_eq!(world.records().len(), 8);
    assert_eq!(world.records()[..2], [one, two]);
    for path in ["/raw", "/raw/1.0?host=fw&sourcetype=x"] {
        let answer = post(&world, &format!("/services/collector{path}"), &[], "<13>one\n<13>two\n").await;
        assert_eq!(answer.json(), json!({"text": "Success", "code": 0}));
    }
    let raw = &world.records()[8..];
    assert_eq!(raw[..2], ["<13>one", "<13>two"]);
    assert_eq!(raw[3], "{\"event\":\"<13>two\",\"host\":\"fw\",\"sourcetype\":\"x\"}");
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_the_codes_senders_branch_on() {
    let world = World::new().await;
    let path = "/services/collector/event";
    let without = |value: Option<&str>| {
        let request = Request::post(path);
        let request = if let Some(value) = value { request.header("authorization", value) } else { request };
        request.body(Body::from("{\"event\":1}")).unwrap()
    };
    assert_eq!(told(&world.send(without(None)).await), (401, 2));
    assert_eq!(told(&world.send(without(Some("Splunk"))).await), (401, 3));
    assert_eq!(told(&world.send(without(Some("Splunk wrong"))).await), (403, 4));
    assert_eq!(told(&post(&world, path, &[], "").await), (400, 5));
    assert_eq!(told(&post(&world, "/services/collector/raw", &[], " \n").await), (400, 5));
    assert_eq!(told(&post(&world, path, &[], "{\"event\":1}nonsense").await), (400, 6));
    assert_eq!(told(&post(&world, "/services/collector/ack", &[], "{\"acks\":[1]}").await), (400, 10));
    assert_eq!(told(&post(&world, path, &[("x-splunk-request-channel", "x")], "{\"event\":1}").await), (400, 11));
    assert_eq!(told(&post(&world, path, &[], "{\"event\":1}{\"host\":\"h\"}").await), (400, 12));
    assert_eq!(told(&post(&world, path, &[], "{\"event\":\"\"}").await), (400, 13));
    assert_eq!(told(&post(&world, path, &[], " ".repeat(LIMIT + 1)).await), (413, 27));
    let many = post(&world, path, &[], "{\"event\":1}{\"event\":2}{}").await;
    assert_eq!(many.json()["invalid-event-number"], 2);
    assert!(world.records().is_empty(), "a request with one wrong event is refused whole");
    assert_eq!(world.receiver.stats().rejected_by(Protocol::Hec, Rejection::NoIdentity), 1);

    let health = |path: &'static str| world.send(Request::get(path).body(Body::empty()).unwrap());
    assert_eq!(told(&health("/services/collector/health").await), (200, 17));
    world.receiver.intake().close();
    assert_eq!(told(&health("/services/collector/health/1.0").await), (503, 18));
    let answer = post(&world, path, &[], "{\"event\":1}").await;
    assert_eq!((told(&answer), answer.header("retry-after")), ((503, 23), "30"));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_id_is_true_on_its_channel_alone() {
    let world = World::new().await;
    let channel = [("x-splunk-request-channel", CHANNEL)];
    let first = post(&world, "/services/collector", &channel, "{\"event\":1}").await.json()["ackId"].as_u64().unwrap();
    let raw = format!("/services/collector/raw?channel={CHANNEL}");
    let second = post(&world, &raw, &[], "line").await.json()["ackId"].as_u64().unwrap();
    let query = json!({"acks": [first, second, second + 1]}).to_string();
    let expected = |first_known: bool, second_known: bool| {
        let known: Value = json!({first.to_string(): first_known, second.to_string(): second_known,
            (second + 1).to_string(): false});
        json!({"acks": known})
    };
    let answer = post(&world, "/services/collector/ack", &channel, query.clone()).await;
    assert_eq!(answer.json(), expected(true, true));
    let mislabelled = [channel[0], ("content-encoding", "gzip")];
    assert_eq!(post(&world, "/services/collector/ack", &mislabelled, query.clone()).await.json(), expected(true, true));
    let other = [("x-splunk-request-channel", "00000000-0000-0000-0000-000000000000")];
    assert_eq!(post(&world, "/services/collector/ack", &other, query).await.json(), expected(false, false));
    assert_eq!(told(&post(&world, "/services/collector/ack", &channel, "{").await), (400, 6));
    world.close().await;
}
