//! OTLP logs over HTTP and gRPC.

use axum::body::Body;
use axum::http::Request;
use receive::{Protocol, Rate, Rejection};
use serde_json::{Value, json};

use super::world::{Answer, TOKEN, World, gzip};

const EXPORT: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

/// A length-delimited field.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    assert!(bytes.len() < 128 && number < 16);
    [&[number << 3 | 2, bytes.len() as u8][..], bytes].concat()
}

/// A request of two records, the second with an id of a wrong length.
fn request() -> Vec<u8> {
    let body = |text: &str| field(5, &field(1, text.as_bytes()));
    let second = [body("two"), field(9, b"\x01\x02")].concat();
    let host = field(1, &[field(1, b"host.name"), field(2, &field(1, b"web"))].concat());
    let records = [field(2, &body("one")), field(2, &second)].concat();
    field(1, &[field(1, &host), field(2, &records)].concat())
}

async fn http(world: &World, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut request = Request::post("/v1/logs").header("authorization", format!("Bearer {TOKEN}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(body.into()).unwrap()).await
}

async fn grpc(world: &World, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut request = Request::post(EXPORT).header("content-type", "application/grpc").header("te", "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(body.into()).unwrap()).await
}

fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    [&[flag][..], &(message.len() as u32).to_be_bytes(), message].concat()
}

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");

fn kept() -> Vec<Value> {
    vec![
        json!({"body": "one", "resource": {"host.name": "web"}}),
        json!({"body": "two", "trace_id": "0102", "resource": {"host.name": "web"}}),
    ]
}

fn records(world: &World) -> Vec<Value> {
    world.records().iter().map(|record| serde_json::from_str(record).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn protobuf_and_json_over_http_are_kept_with_their_resource() {
    let world = World::new().await;
    let answer = http(&world, &[PROTOBUF], request()).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, PROTOBUF.1));
    assert!(answer.body.is_empty());
    let answer = http(&world, &[PROTOBUF, ("content-encoding", "gzip")], gzip(&request())).await;
    assert_eq!(answer.status, 200);
    assert_eq!(records(&world), [kept(), kept()].concat());

    let json = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [
        {"body": {"stringValue": "x"}}, {"timeUnixNano": {}}
    ]}]}]});
    let answer = http(&world, &[JSON], json.to_string()).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, JSON.1));
    assert_eq!(answer.json()["partialSuccess"]["rejectedLogRecords"], "1");
    assert_eq!(http(&world, &[JSON], "{}").await.json(), json!({}));
    assert_eq!(records(&world).len(), 5);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_over_http_are_a_status_in_the_format_of_the_request() {
    let world = World::with(|config, _| {
        config.intake.limits.device = Rate { events_per_second: 1, bytes_per_second: 0 };
        config.intake.limits.burst = std::time::Duration::ZERO;
    })
    .await;
    let answer = http(&world, &[JSON], "{\"resourceLogs\": 1}").await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["code"].as_u64()),
        (400, Some(3)),
        "never 500: that is sent again"
    );
    let answer = http(&world, &[PROTOBUF], "nonsense").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (400, PROTOBUF.1));
    assert_eq!(answer.body[..2], [0x08, 3]);
    assert_eq!(http(&world, &[("content-type", "text/plain")], "x").await.status, 415);
    let nobody = Request::post("/v1/logs").header(JSON.0, JSON.1).body(Body::from("{}")).unwrap();
    let nobody = world.send(nobody).await;
    assert_eq!((nobody.status.as_u16(), nobody.json()["code"].as_u64()), (401, Some(16)));
    assert_eq!(http(&world, &[PROTOBUF], request()).await.status, 200);
    let limited = http(&world, &[JSON], "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{}]}]}]}").await;
    assert_eq!((limited.status.as_u16(), limited.json()["code"].as_u64()), (429, Some(14)));
    assert_eq!(limited.header("retry-after"), "2");
    let stats = world.receiver.stats();
    assert_eq!(stats.rejected_by(Protocol::OtlpHttp, Rejection::Malformed), 3);
    assert_eq!(stats.rejected_by(Protocol::OtlpHttp, Rejection::Limited), 1);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_grpc_is_answered_in_trailers() {
    let world = World::new().await;
    let token = ("authorization", &format!("Bearer {TOKEN}")[..]);
    let answer = grpc(&world, &[token], framed(0, &request())).await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, &[0, 0, 0, 0, 0][..]));
    assert_eq!(answer.trailers.unwrap()["grpc-status"], "0");
    let answer = grpc(&world, &[token, ("grpc-encoding", "gzip")], framed(1, &gzip(&request()))).await;
    assert_eq!(answer.trailers.unwrap()["grpc-status"], "0");
    assert_eq!(records(&world), [kept(), kept()].concat());

    let status = |answer: Answer| answer.header("grpc-status").parse::<u32>().unwrap();
    assert_eq!(status(grpc(&world, &[], framed(0, &request())).await), 16);
    assert_eq!(status(grpc(&world, &[token], framed(0, b"nonsense")).await), 3);
    assert_eq!(status(grpc(&world, &[token], b"\0\0\0\0\x09x".to_vec()).await), 3);
    assert_eq!(status(grpc(&world, &[token, ("grpc-encoding", "snappy")], framed(1, b"x")).await), 12);
    let other = Request::post("/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    let other = other.header("content-type", "application/grpc").body(Body::empty()).unwrap();
    assert_eq!(status(world.send(other).await), 12);
    world.receiver.intake().close();
    let stopped = grpc(&world, &[token], framed(0, &request())).await;
    assert!(stopped.header("grpc-status-details-bin").len() > 40, "senders try again only where they are told when");
    assert_eq!(status(stopped), 14);
    world.close().await;
}
