//! A list of indicators from its upload to events one can open.

use model::role::Role;
use serde_json::{Value, json};

use crate::client::{As, Ask};
use crate::world::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_hunted_by_itself_and_each_person_sees_the_hits_of_their_customers() {
    let world = World::new().await;
    let event = world.event();
    let boss = world.person("boss", Role::SocManager, &[]).await;
    let ours = world.person("ours", Role::L2Engineer, &[&world.ours]).await;
    let theirs = world.person("theirs", Role::L2Engineer, &[&world.theirs]).await;
    let rows =
        json!({"value": [format!("{CANARY}[.]example"), "203.0.113.0/24", "no indicator"], "comment": "seen in mail"});
    let add = Ask::new("POST", "/intel-lists?name=Today&tlp=green&confidence=90").json(rows);
    let added = world.call(As::Session(&boss), add).await.done(201).json();
    assert_eq!(added["unread"][0]["line"], 1);
    assert_eq!((&added["hunt"]["state"], &added["list"]["unread"]), (&json!("queued"), &json!(1)));
    let hunt = added["hunt"]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.ops.run_waiting_retro_hunts().await.unwrap(), 1);
    assert_eq!(world.ops.run_waiting_retro_hunts().await.unwrap(), 0, "it is done once");

    let get = |path: String| Ask::new("GET", path);
    let done = world.call(As::Session(&ours), get(format!("/retro-hunts/{hunt}"))).await.done(200).json();
    assert_eq!((&done["state"], &done["hits"], &done["more"]), (&json!("done"), &json!(1), &json!(false)));
    let hits = world.call(As::Session(&ours), get(format!("/retro-hunts/{hunt}/hits"))).await.done(200).json();
    let hit = &hits["items"][0];
    assert_eq!(
        hit["indicator"],
        json!({"kind": "domain", "value": format!("{CANARY}.example"), "note": "seen in mail"})
    );
    assert_eq!((&hit["count"], &hit["customer"]), (&json!(1), &json!(world.ours)));
    assert_eq!(hit["samples"][0]["id"], event.to_string());
    world.call(As::Session(&ours), get(format!("/events/{event}"))).await.done(200);

    let none = world.call(As::Session(&theirs), get(format!("/retro-hunts/{hunt}/hits"))).await.done(200).json();
    assert_eq!(none["items"], json!([]));
    let seen = world.call(As::Session(&theirs), get(format!("/retro-hunts/{hunt}"))).await.done(200).json();
    assert_eq!(seen["hits"], 0);

    // Again, at the customers one sees; and a hunt that is over cannot be stopped.
    let list = added["list"]["id"].as_str().unwrap();
    let again = Ask::new("POST", "/retro-hunts").json(json!({"list": list}));
    let again = world.call(As::Session(&theirs), again).await.done(201).json();
    assert_eq!(again["customers"], json!([world.theirs]));
    world.ops.run_waiting_retro_hunts().await.unwrap();
    let stop = Ask::new("POST", format!("/retro-hunts/{}/cancel", again["id"].as_str().unwrap()));
    assert_eq!(world.call(As::Session(&theirs), stop).await.status, 409);
    let audit = world.call(As::Session(&boss), get("/audit?limit=50".into())).await.done(200).text;
    assert!(audit.contains("intel_list.create") && audit.contains("retro_hunt.ask"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_without_indicators_is_refused_with_the_reason_and_a_waiting_hunt_can_be_stopped() {
    let world = World::new().await;
    let boss = world.person("boss", Role::SocManager, &[]).await;
    let empty = Ask::new("POST", "/intel-lists?name=x").json(json!({"value": "nothing here"}));
    let refused = world.call(As::Session(&boss), empty).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert!(refused.text.contains("line 1"), "{}", refused.text);
    let unnamed = Ask::new("POST", "/intel-lists?name=%20").json(json!({"value": "evil.example"}));
    assert_eq!(world.call(As::Session(&boss), unnamed).await.status, 400);

    let add = Ask::new("POST", "/intel-lists?name=x").json(json!({"value": "evil.example"}));
    let added: Value = world.call(As::Session(&boss), add).await.done(201).json();
    let stop = Ask::new("POST", format!("/retro-hunts/{}/cancel", added["hunt"]["id"].as_str().unwrap()));
    let stopped = world.call(As::Session(&boss), stop).await.done(200).json();
    assert_eq!(stopped["state"], "cancelled");
    assert_eq!(world.ops.run_waiting_retro_hunts().await.unwrap(), 0);
}
