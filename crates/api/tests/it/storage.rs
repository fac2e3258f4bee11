//! What is kept, for how long, and how it goes, over HTTP.

use model::role::Role;
use serde_json::json;

use crate::client::{As, Ask};
use crate::world::*;

#[tokio::test(flavor = "multi_thread")]
async fn events_go_with_a_certificate_unless_a_legal_hold_keeps_them() {
    let world = World::new().await;
    let admin = world.person("root", Role::Administrator, &[]).await;
    let who = As::Session(&admin);
    for _ in 0..3 {
        world.event();
    }
    world.lake.flush_all().await.unwrap();
    let own = async || {
        let storage = world.call(who, Ask::new("GET", "/storage")).await.done(200).json();
        let items = storage["items"].as_array().unwrap().clone();
        items.into_iter().find(|one| one["customer"] == json!(world.ours)).unwrap()
    };
    let before = own().await;
    assert_eq!((&before["events"], &before["kept_days"], &before["days"]), (&json!(3), &json!(365), &json!(null)));
    assert!(before["bytes"].as_u64().unwrap() > 0 && before["first"].is_string(), "{before}");

    let retention = format!("/customers/{}/retention", world.ours);
    let held = json!({"version": 0, "days": 200, "hold": "a dispute"});
    world.call(who, Ask::new("PUT", &*retention).json(held)).await.done(200);
    assert_eq!((&own().await["hold"], &own().await["cutoff"]), (&json!("a dispute"), &json!(null)));
    let deletions = format!("/customers/{}/deletions", world.ours);
    let asked = joined(around_now(), json!({"reason": "the contract ended"}));
    let refused = world.call(who, Ask::new("POST", &*deletions).json(asked.clone())).await;
    refused.refused(400, "invalid");
    assert!(refused.text.contains("legal hold"), "{refused:?}");
    world.call(who, Ask::new("PUT", &*retention).json(json!({"version": 1, "days": 200}))).await.done(200);
    let stale = Ask::new("PUT", &*retention).json(json!({"version": 1, "days": 100}));
    world.call(who, stale).await.refused(409, "conflict");
    let silent = Ask::new("POST", &*deletions).json(joined(around_now(), json!({"reason": " "})));
    world.call(who, silent).await.refused(400, "invalid");

    let done = world.call(who, Ask::new("POST", &*deletions).json(asked.clone())).await.done(201).json();
    let certificate = &done["certificate"];
    assert_eq!((&certificate["events"], &certificate["reason"]), (&json!(3), &json!("the contract ended")));
    assert_eq!(certificate["hash"].as_str().unwrap().len(), 64);
    assert_eq!(own().await["events"], 0);
    let id = certificate["id"].as_str().unwrap();
    let read = world.call(who, Ask::new("GET", format!("/deletions/{id}"))).await.done(200).json();
    assert_eq!(&read, certificate);
    let again = world.call(who, Ask::new("POST", &*deletions).json(asked)).await.done(201).json();
    assert_eq!(again["certificate"], json!(null), "there is nothing left");
}
