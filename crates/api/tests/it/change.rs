//! The event stream that live lists follow.

use std::time::{Duration, Instant};

use model::role::Role;
use serde_json::{Value, json};

use crate::client::{As, Ask, Heard, Sent};
use crate::world::*;

/// What a person at a list waits for somebody else's change at most.
const SOON: Duration = Duration::from_secs(2);
const MOMENT: Duration = Duration::from_millis(900);

fn change(sent: &Sent) -> Value {
    assert_eq!(sent.event, "change");
    let change: Value = serde_json::from_str(&sent.data).unwrap();
    assert_eq!(change["sequence"].to_string(), sent.id);
    change
}

#[tokio::test]
async fn a_follower_is_greeted_and_hears_within_two_seconds_what_a_colleague_changed() {
    let world = World::new().await;
    let li = world.person("li", Role::L1Analyst, &[&world.ours]).await;
    let wang = world.person("wang", Role::L1Analyst, &[&world.ours]).await;
    let incident = world.incident().await;
    for sender in [As::Cookie(&li, None), As::Token(&li)] {
        let mut stream = world.follow(sender, None).await;
        assert_eq!(stream.headers["content-type"], "text/event-stream");
        assert_eq!(stream.headers["x-accel-buffering"], "no");
        let hello = stream.event(SOON).await;
        assert_eq!((hello.event.as_str(), hello.id), ("hello", world.last_change().await.to_string()));
        let comment = Ask::new("POST", format!("/incidents/{}/comments", incident.id)).json(json!({"text": "seen"}));
        let commented = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            world.call(As::Session(&wang), comment).await.done(201);
            Instant::now()
        };
        let heard = async { (stream.event(SOON).await, Instant::now()) };
        let (begun, (sent, ended)) = tokio::join!(commented, heard);
        println!("told after {:?}", ended - begun);
        let told = change(&sent);
        assert_eq!((&told["noun"], &told["id"]), (&json!("incident"), &json!(incident.id)));
        assert_eq!(told["customer"], json!(world.ours));
    }
}

#[tokio::test]
async fn who_comes_back_hears_what_they_missed_and_nothing_twice() {
    let world = World::new().await;
    let li = world.person("li", Role::L1Analyst, &[&world.ours]).await;
    let mut stream = world.follow(As::Session(&li), None).await;
    stream.event(SOON).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(json!(world.device().await.id));
    }
    let first = stream.event(SOON).await;
    assert_eq!(change(&first)["id"], ids[0]);
    drop(stream);

    let mut stream = world.follow(As::Session(&li), Some(first.id.parse().unwrap())).await;
    assert_eq!(stream.event(SOON).await.event, "hello");
    for id in &ids[1..] {
        assert_eq!(change(&stream.event(SOON).await)["id"], *id);
    }
    assert_eq!(stream.next(MOMENT).await, Heard::Silence);

    // A place the feed has not reached yet must not make the follower deaf.
    let mut stream = world.follow(As::Session(&li), Some(i64::MAX)).await;
    stream.event(SOON).await;
    let device = world.device().await;
    assert_eq!(change(&stream.event(SOON).await)["id"], json!(device.id));
}

#[tokio::test]
async fn more_changes_than_are_read_at_once_come_whole_and_in_order() {
    let world = World::new().await;
    let li = world.person("li", Role::L1Analyst, &[&world.ours]).await;
    let start = world.last_change().await;
    let mut tx = world.store.write(&job()).await.unwrap();
    for number in 0..1200 {
        let id = model::DeviceId::generate(now());
        tx.create_device(&world.ours, &id, &device_data(&format!("device {number}"))).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut stream = world.follow(As::Session(&li), Some(start)).await;
    stream.event(SOON).await;
    let mut last = start;
    for _ in 0..1200 {
        let sequence = change(&stream.event(SOON).await)["sequence"].as_i64().unwrap();
        assert!(sequence > last);
        last = sequence;
    }
    assert_eq!(last, world.last_change().await);
}

#[tokio::test]
async fn a_follower_hears_nothing_of_other_customers_nor_of_what_their_role_does_not_read() {
    let world = World::new().await;
    let outsider = world.person("zhao", Role::Administrator, &[&world.theirs]).await;
    let li = world.person("li", Role::L1Analyst, &[]).await;
    let start = world.last_change().await;
    let mut theirs = world.follow(As::Session(&outsider), Some(0)).await;
    let mut all = world.follow(As::Session(&li), Some(start)).await;
    let device = world.device().await;
    world.user("new", Role::L1Analyst, &[&world.ours]).await;
    let asset = world.ops.create_asset(&job(), &world.theirs, asset_data()).await.unwrap();

    let mut heard = Vec::new();
    while let Heard::Event(sent) = theirs.next(MOMENT).await {
        assert!(!sent.data.contains(world.ours.as_str()) && !sent.data.contains(device.id.as_str()), "{sent:?}");
        heard.push(sent.data);
    }
    assert!(heard.iter().any(|data| data.contains(asset.id.as_str())), "{heard:?}");
    let mut heard = String::new();
    while let Heard::Event(sent) = all.next(MOMENT).await {
        heard += &sent.data;
    }
    assert!(heard.contains(device.id.as_str()) && heard.contains(asset.id.as_str()), "{heard}");
    assert!(!heard.contains("\"user\""), "an analyst does not read users: {heard}");
}

#[tokio::test]
async fn streams_end_when_the_server_drains() {
    let world = World::new().await;
    let li = world.person("li", Role::L1Analyst, &[&world.ours]).await;
    let mut stream = world.follow(As::Session(&li), None).await;
    stream.event(SOON).await;
    world.draining.send(true).unwrap();
    assert_eq!(stream.next(SOON).await, Heard::Ended);
    let mut late = world.follow(As::Session(&li), None).await;
    late.event(SOON).await;
    assert_eq!(late.next(SOON).await, Heard::Ended);
}

#[tokio::test]
async fn a_stream_ends_with_its_session_or_token_before_it_tells_anything_later() {
    let world = World::new().await;
    let li = world.person("li", Role::L1Analyst, &[&world.ours]).await;
    let wang = world.person("wang", Role::L1Analyst, &[&world.ours]).await;
    let mut by_session = world.follow(As::Session(&li), None).await;
    let mut by_token = world.follow(As::Token(&wang), None).await;
    let mut other = world.follow(As::Session(&wang), None).await;
    for stream in [&mut by_session, &mut by_token, &mut other] {
        stream.event(SOON).await;
    }
    world.call(As::Session(&li), Ask::new("DELETE", "/session")).await.done(204);
    let tokens = world.call(As::Session(&wang), Ask::new("GET", "/api-tokens")).await.json();
    let token = format!("/api-tokens/{}", tokens["items"][0]["id"].as_str().unwrap());
    world.call(As::Session(&wang), Ask::new("DELETE", token)).await.done(204);
    let device = world.device().await;
    assert_eq!(by_session.next(SOON).await, Heard::Ended);
    assert_eq!(by_token.next(SOON).await, Heard::Ended);
    assert_eq!(change(&other.event(SOON).await)["id"], json!(device.id));
}

#[tokio::test]
async fn a_narrowed_user_hears_no_more_of_what_was_taken_away() {
    let world = World::new().await;
    let li = world.person("li", Role::L1Analyst, &[&world.ours, &world.theirs]).await;
    let mut stream = world.follow(As::Token(&li), None).await;
    stream.event(SOON).await;
    let user = world.ops.get_user(&job(), &li.user.id).await.unwrap();
    let data = user_data("li", Role::L1Analyst, &[&world.theirs]);
    world.ops.update_user(&job(), &user.id, user.version, data).await.unwrap();
    world.device().await;
    let asset = world.ops.create_asset(&job(), &world.theirs, asset_data()).await.unwrap();
    assert_eq!(change(&stream.event(SOON).await)["id"], json!(asset.id));
}
