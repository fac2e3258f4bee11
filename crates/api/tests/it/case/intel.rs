//! Intelligence lists, feeds and hunts.

use super::*;

pub const CASES: &[Case] = cases! {
    GET "/intel-lists" EveryRoleMay(IntelRead) => 200, Unseen(canary), |c| {
        intel(c).await;
        to("/intel-lists")
    };
    POST "/intel-lists" May(IntelWrite) => 201, Gone(canary), |c| {
        to(format!("/intel-lists?name=n&customers={}", c.world.ours)).json(json!({"value": "evil.example"}))
    };
    GET "/intel-lists/{id}" EveryRoleMay(IntelRead) => 200, Gone(canary), |c| {
        to(format!("/intel-lists/{}", intel(c).await.list.id))
    };
    PUT "/intel-lists/{id}" May(IntelWrite) => 200, Gone(canary), |c| {
        let list = intel(c).await.list;
        to(format!("/intel-lists/{}", list.id)).json(joined(list.data, json!({"version": list.version})))
    };
    PUT "/intel-lists/{id}" May(IntelWrite) => 200, NeedsAll, |c| {
        let list = c.world.intel(&[]).await.list;
        to(format!("/intel-lists/{}", list.id)).json(joined(list.data, json!({"version": list.version})))
    };
    DELETE "/intel-lists/{id}" May(IntelWrite) => 204, Gone(canary), |c| {
        to(format!("/intel-lists/{}", intel(c).await.list.id))
    };
    GET "/intel-lists/{id}/unread" EveryRoleMay(IntelRead) => 200, Gone(canary), |c| {
        to(format!("/intel-lists/{}/unread", intel(c).await.list.id))
    };
    GET "/intel-lists/{id}/suppressed" EveryRoleMay(IntelRead) => 200, Gone(canary), |c| {
        to(format!("/intel-lists/{}/suppressed", c.world.suppressed_intel().await.list.id))
    };
    GET "/intel-lists/{id}/indicators" EveryRoleMay(IntelRead) => 200, Gone(canary), |c| {
        to(format!("/intel-lists/{}/indicators", intel(c).await.list.id))
    };
    GET "/intel-lists/{id}/hits" EveryRoleMay(IntelRead) => 200, Gone(|_, text| text.contains("confirmed")), |c| {
        to(format!("/intel-lists/{}/hits", intel(c).await.list.id))
    };
    GET "/feeds" EveryRoleMay(IntelRead) => 200, Unseen(canary), |c| { feed(c).await; to("/feeds") };
    POST "/feeds" May(IntelWrite) => 201, Gone(canary), |c| {
        to("/feeds").json(joined(feed_data(), json!({"customers": [c.world.ours], "secret": "s"})))
    };
    GET "/feeds/{id}" EveryRoleMay(IntelRead) => 200, Gone(canary), |c| to(format!("/feeds/{}", feed(c).await.id));
    PUT "/feeds/{id}" May(IntelWrite) => 200, Gone(canary), |c| {
        let feed = feed(c).await;
        to(format!("/feeds/{}", feed.id)).json(joined(feed.data, json!({"version": feed.version})))
    };
    POST "/feeds/{id}/fetch" May(IntelWrite) => 200, Gone(canary), |c| to(format!("/feeds/{}/fetch", feed(c).await.id));
    DELETE "/feeds/{id}" May(IntelWrite) => 204, Gone(canary), |c| to(format!("/feeds/{}", feed(c).await.id));
    GET "/retro-hunts" EveryRoleMay(IntelRead) => 200, Unseen(canary), |c| {
        intel(c).await;
        to("/retro-hunts")
    };
    POST "/retro-hunts" May(IntelWrite) => 201, Gone(canary), |c| {
        to("/retro-hunts").json(json!({"list": intel(c).await.list.id}))
    };
    GET "/retro-hunts/{id}" EveryRoleMay(IntelRead) => 200, Gone(canary), |c| {
        to(format!("/retro-hunts/{}", intel(c).await.hunt.unwrap().id))
    };
    POST "/retro-hunts/{id}/cancel" May(IntelWrite) => 200, Gone(canary), |c| {
        to(format!("/retro-hunts/{}/cancel", asked(c).await.hunt.unwrap().id))
    };
    POST "/retro-hunts/{id}/cancel" May(IntelWrite) => 200, NeedsAll, |c| {
        to(format!("/retro-hunts/{}/cancel", c.world.intel(&[]).await.hunt.unwrap().id))
    };
    GET "/retro-hunts/{id}/hits" EveryRoleMay(IntelRead) => 200, Gone(canary), |c| {
        to(format!("/retro-hunts/{}/hits", found(c).await))
    };
    GET "/retro-hunts/{id}/hits" EveryRoleMay(IntelRead) => 200, Gone(canary), |c| {
        to(format!("/retro-hunts/{}/hits?customer={}&kind=domain", found(c).await, c.world.ours))
    };
};
