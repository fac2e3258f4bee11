//! The document API of Elasticsearch, as shippers use it.

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use receive::{IntakeConfig, Protocol, Rejection};
use serde_json::{Value, json};

use super::world::{Answer, TOKEN, World, gzip};

async fn ask(world: &World, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
    request = request.header("authorization", format!("ApiKey {}", STANDARD.encode(format!("any:{TOKEN}"))));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_shippers_ask_before_they_write_is_answered_by_elasticsearch() {
    let world = World::new().await;
    for (method, path) in [
        ("GET", "/"),
        ("HEAD", "/"),
        ("GET", "/_license"),
        ("GET", "/_license?human=false"),
        ("GET", "/_xpack"),
        ("GET", "/_cluster/health"),
        ("GET", "/_nodes/http"),
        ("GET", "/_nodes/_all/http"),
        ("GET", "/_cat/templates/filebeat-8.19.0"),
        ("HEAD", "/_index_template/logs-x"),
        ("GET", "/_index_template/filebeat-8.19.0"),
        ("PUT", "/_index_template/filebeat-8.19.0"),
        ("HEAD", "/_template/logstash"),
        ("PUT", "/_template/logstash"),
        ("PUT", "/_component_template/x"),
        ("GET", "/_ilm/policy/filebeat"),
        ("PUT", "/_ilm/policy/filebeat"),
        ("GET", "/_ingest/pipeline/filebeat-8-system"),
        ("PUT", "/_ingest/pipeline/filebeat-8-system"),
        ("GET", "/_data_stream/filebeat-8.19.0"),
        ("PUT", "/_data_stream/filebeat-8.19.0"),
        ("HEAD", "/_alias/logstash"),
        ("HEAD", "/some-index"),
        ("PUT", "/%3Clogstash-%7Bnow%2Fd%7D-000001%3E"),
        ("POST", "/some-index/_refresh"),
    ] {
        let answer = ask(&world, method, path, &[]).await;
        assert_eq!(answer.status, 200, "{method} {path}");
        assert_eq!(answer.header("x-elastic-product"), "Elasticsearch", "{method} {path}");
        assert_eq!(answer.body.is_empty(), method == "HEAD", "{method} {path}");
    }
    assert_eq!(ask(&world, "GET", "/_license", &[]).await.json()["license"]["status"], "active");
    let vendor = [("accept", "application/vnd.elasticsearch+json; compatible-with=8")];
    let answer = ask(&world, "GET", "/", &vendor).await;
    assert_eq!(answer.header("content-type"), "application/vnd.elasticsearch+json;compatible-with=8");
    assert_eq!(answer.json()["tagline"], "You Know, for Search");
    assert_eq!(ask(&world, "GET", "/_search", &[]).await.status, 404, "nothing is searched here");

    let nobody = world.send(Request::get("/_license").body(Body::empty()).unwrap()).await;
    assert_eq!(nobody.status, 401);
    assert_eq!(nobody.json()["error"]["type"], "security_exception");
    assert!(nobody.header("www-authenticate").starts_with("Basic"));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_document_is_refused_by_itself_and_the_others_are_kept() {
    let world = World::new().await;
    let body = "{\"create\":{\"_index\":\"logs-app\"}}\n{\"message\":\"one\"}\n\
                {\"index\":{\"_id\":\"7\"}}\n{\"message\":\n\
                {\"delete\":{\"_id\":\"7\"}}\n\
                {\"index\":{\"_id\":\"8\"}}\n{ \"message\": \"two\" }\n";
    let answer = world.post("/other/_bulk", body).await;
    assert_eq!(answer.status, 200);
    let answer = answer.json();
    assert_eq!(answer["errors"], true);
    let statuses: Vec<_> = answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let (action, told) = item.as_object().unwrap().iter().next().unwrap();
            (action.as_str(), told["status"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(statuses, [("create", 201), ("index", 400), ("delete", 400), ("index", 201)]);
    assert_eq!(answer["items"][0]["create"]["_index"], "logs-app");
    assert!(answer["items"][0]["create"]["_id"].is_string());
    assert_eq!(answer["items"][1]["index"]["error"]["type"], "document_parsing_exception");
    assert_eq!(answer["items"][3]["index"]["_id"], "8");
    assert_eq!(answer["items"][3]["index"]["_index"], "other");
    assert_eq!(world.records(), ["{\"message\":\"one\"}", "{ \"message\": \"two\" }"]);
    assert_eq!(world.receiver.stats().rejected_by(Protocol::Elastic, Rejection::Malformed), 2);

    let filtered = world.post("/_bulk?filter_path=errors,items.*.status", "{\"create\":{}}\n{}\n").await.json();
    assert_eq!(filtered, json!({"errors": false, "items": [{"create": {"status": 201}}]}));
    for wrong in ["", "{\"message\":\"no action\"}\n{}\n", "{\"create\":{}}\n"] {
        let answer = world.post("/_bulk", wrong).await;
        assert_eq!((answer.status.as_u16(), answer.json()["status"].as_u64()), (400, Some(400)), "{wrong}");
    }
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_item_by_item_to_be_sent_again() {
    let world = World::with(|config, limits| {
        config.intake = IntakeConfig { in_flight_bytes: 2560 * 1024, max_record: 64 << 20, ..IntakeConfig::default() };
        limits.max_body = 8 << 20;
    })
    .await;
    let document = format!("{{\"message\":\"{}\"}}", "x".repeat(600 * 1024));
    let body = format!("{{\"create\":{{}}}}\n{document}\n").repeat(8);
    let answer = world.post("/_bulk", gzip(b"")).await;
    assert_eq!(answer.status, 400);
    let answer = world.post("/_bulk", body).await;
    assert_eq!(answer.status, 200, "the request as a whole is answered");
    let items = answer.json()["items"].as_array().unwrap().clone();
    let of = |status: u64| items.iter().filter(|item| item["create"]["status"] == status).count();
    println!("{} taken, {} to come again", of(201), of(429));
    assert_eq!(of(201) + of(429), 8);
    assert!(of(201) >= 2 && of(429) >= 2);
    assert_eq!(items[7]["create"]["error"]["type"], "es_rejected_execution_exception");
    assert_eq!(world.records().len(), of(201));
    assert!(world.receiver.stats().rejected_by(Protocol::Elastic, Rejection::Full) >= 2);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn single_documents_are_records_and_a_stopping_server_says_503() {
    let world = World::new().await;
    let answer = world.post("/logs/_doc", "{\"message\":\n\"one\"}").await;
    assert_eq!((answer.status.as_u16(), answer.json()["result"].as_str()), (201, Some("created")));
    let put = Request::put("/logs/_create/9").header("authorization", format!("Bearer {TOKEN}"));
    let answer = world.send(put.body(Body::from("{}")).unwrap()).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["_id"]), (201, &Value::from("9")));
    let answer = world.post("/logs/_doc", "text").await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["error"]["type"]),
        (400, &Value::from("document_parsing_exception"))
    );
    assert_eq!(world.records(), ["{\"message\":\"one\"}", "{}"]);
    world.receiver.intake().close();
    for path in ["/_bulk", "/logs/_bulk"] {
        let answer = world.post(path, "{\"create\":{}}\n{}\n").await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "30"));
    }
    world.close().await;
}
