//! Files of incidents over HTTP: streamed in and out, never rendered, nothing left of what broke off.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, header};
use http_body_util::BodyExt;
use model::role::Role;
use serde_json::json;
use tower::ServiceExt;

use crate::client::{As, Ask};
use crate::world::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_as_a_file_is_handed_out_as_a_file() {
    let world = World::new().await;
    let li = world.person("li", Role::L1Analyst, &[&world.ours]).await;
    let who = As::Session(&li);
    let path = format!("/incidents/{}/attachments", world.incident().await.id);
    let page = b"<html><script>alert(1)</script></html>".to_vec();
    let name = "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%0D%0A%E6%9C%A8.html";
    let added =
        world.call(who, Ask::new("POST", format!("{path}?name={name}")).bytes(page.clone())).await.done(201).json();
    let file = &added["attachment"];
    assert_eq!(
        (&file["name"], &added["already"]),
        (&json!("_img src=x onerror=alert(1)___\u{6728}.html"), &json!(false))
    );
    assert_eq!(file["sha1"].as_str().unwrap().len(), 40);
    let again =
        world.call(who, Ask::new("POST", format!("{path}?name=b.html")).bytes(page.clone())).await.done(200).json();
    assert_eq!((&again["already"], &again["attachment"]["id"]), (&json!(true), &file["id"]));

    let content = format!("{path}/{}/content", file["id"].as_str().unwrap());
    let plain = world.call(who, Ask::new("GET", format!("{content}?form=plain"))).await.done(200);
    assert_eq!(plain.text.as_bytes(), page);
    assert_eq!(plain.header("content-type"), "application/octet-stream");
    assert_eq!(plain.header("x-content-type-options"), "nosniff");
    assert_eq!(plain.header("content-security-policy"), "default-src 'none'; sandbox");
    let disposition = plain.header("content-disposition");
    assert!(disposition.starts_with("attachment; filename=\"_img src_x onerror_alert(1)____.html\""), "{disposition}");
    let zip = world.router.clone().oneshot(Ask::new("GET", &*content).request(who)).await.unwrap();
    assert_eq!(zip.headers()[header::CONTENT_TYPE], "application/zip");
    let length: usize = zip.headers()[header::CONTENT_LENGTH].to_str().unwrap().parse().unwrap();
    let bytes = zip.into_body().collect().await.unwrap().to_bytes();
    assert!(bytes.len() == length && bytes.starts_with(b"PK\x03\x04"));
    assert!(!bytes.windows(8).any(|eight| eight == b"<script>"), "nothing of it is in the open");
    world.call(who, Ask::new("GET", format!("{content}?form=exe"))).await.refused(400, "invalid");
    let removed = Ask::new("POST", content.replace("/content", "/remove"));
    world.call(who, removed.clone().json(json!({"reason": ""}))).await.refused(400, "invalid");
    world.call(who, removed.clone().json(json!({"reason": "done with"}))).await.done(200);
    world.call(who, removed.json(json!({"reason": "again"}))).await.refused(409, "not_allowed_now");
    world.call(who, Ask::new("GET", &*content)).await.refused(409, "not_allowed_now");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_or_breaks_off_leaves_nothing() {
    let world = World::new().await;
    let li = world.person("li", Role::L1Analyst, &[&world.ours]).await;
    let who = As::Session(&li);
    let incident = world.incident().await.id;
    let path = format!("/incidents/{incident}/attachments");
    let announced = Ask::new("POST", format!("{path}?name=a")).header("content-length", 65 << 20);
    world.call(who, announced).await.refused(413, "too_large");
    let stream = |parts: usize, breaks: bool| {
        let parts = (0..parts).map(|_| Ok(vec![1u8; 1 << 20]));
        let end = breaks.then(|| Err(std::io::Error::other("the line went dead")));
        Body::from_stream(futures::stream::iter(parts.chain(end)))
    };
    for (parts, breaks, status) in [(65, false, 413), (3, true, 400)] {
        let mut request = Ask::new("POST", format!("{path}?name=a")).request(who);
        *request.body_mut() = stream(parts, breaks);
        assert_eq!(request.method(), Method::POST);
        let answer = world.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
    }
    let sums = async || {
        let mut tx = world.store.write(&job()).await.unwrap();
        tx.attachment_sums(&world.ours, &incident).await.unwrap()
    };
    for _ in 0..100 {
        if sums().await.incident_files == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(sums().await, Default::default());
    let listed = world.call(who, Ask::new("GET", &*path)).await.done(200).json();
    assert_eq!(listed["items"], json!([]));
    world.call(who, Ask::new("POST", format!("{path}?name=a"))).await.refused(400, "invalid");
    world.call(who, Ask::new("POST", &*path).bytes(vec![1])).await.refused(400, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_four_mebibytes_are_taken_and_their_mistakes_told_with_places() {
    let world = World::new().await;
    let engineer = world.person("wang", Role::L2Engineer, &[]).await;
    let who = As::Session(&engineer);
    let text = format!("/*{}*/\nrule a {{ condition: b }}", "x".repeat(4_000_000));
    let check = world.call(who, Ask::new("POST", "/yara-check").json(json!({"text": text}))).await.done(200).json();
    assert_eq!((&check["count"], &check["problems"][0]["line"]), (&json!(0), &json!(2)));
    let set = |text: &str| json!({"name": "x", "enabled": true, "customers": null, "text": text});
    let refused = world.call(who, Ask::new("POST", "/yara-sets").json(set("rule a { condition: b }"))).await;
    refused.refused(400, "invalid");
    assert_eq!(refused.json()["fields"][0]["field"], "text");
    let long = "x".repeat((4 << 20) + 1);
    world.call(who, Ask::new("POST", "/yara-sets").json(set(&long))).await.refused(413, "too_large");
}
