//! Files of incidents, and YARA rules.

use super::*;

fn set_of(c: Cast<'_>) -> Value {
    json!({"name": CANARY, "note": "", "enabled": true, "customers": [c.world.ours], "text": "rule a { condition: true }"})
}

/// A set of our customer's; sets that cases before this one left are taken away first, so that there is room.
async fn set(c: Cast<'_>) -> model::YaraSetId {
    let page = c.world.ops.list_yara_sets(&job(), &model::PageRequest::new(1000, None)).await.unwrap();
    for old in page.items {
        c.world.ops.delete_yara_set(&job(), &old.id, old.version).await.unwrap();
    }
    let data = serde_json::from_value(json!({"name": CANARY, "note": "", "enabled": true})).unwrap();
    let (customers, text) = (Some(vec![c.world.ours.clone()]), "rule a { condition: true }".to_owned());
    let wish = ops::YaraSetWish { data, customers, text, leave_out: false };
    c.world.ops.create_yara_set(&job(), wish).await.unwrap().set.id
}

pub const CASES: &[Case] = cases! {
    GET "/incidents/{id}/attachments" EveryRoleMay(IncidentRead) => 200, Gone(canary), |c| {
        to(format!("/incidents/{}/attachments", c.world.attachment().await.incident))
    };
    POST "/incidents/{id}/attachments" May(IncidentWork) => 201, Gone(canary), |c| {
        let incident = c.world.incident().await.id;
        to(format!("/incidents/{incident}/attachments?name={CANARY}.jsp")).bytes(b"content".to_vec())
    };
    GET "/incidents/{id}/attachments/{attachment}" EveryRoleMay(IncidentRead) => 200, Gone(canary), |c| {
        let file = c.world.attachment().await;
        to(format!("/incidents/{}/attachments/{}", file.incident, file.id))
    };
    GET "/incidents/{id}/attachments/{attachment}/content" May(IncidentWork) => 200, Gone(canary), |c| {
        let file = c.world.attachment().await;
        to(format!("/incidents/{}/attachments/{}/content?form=plain", file.incident, file.id))
    };
    POST "/incidents/{id}/attachments/{attachment}/remove" May(IncidentWork) => 200, Gone(canary), |c| {
        let file = c.world.attachment().await;
        to(format!("/incidents/{}/attachments/{}/remove", file.incident, file.id)).json(json!({"reason": "done with"}))
    };

    GET "/yara-built-in" EveryRoleMay(PolicyRead) => 200, Same("every installation has them"), |c| to("/yara-built-in");
    POST "/yara-check" May(PolicyWrite) => 200, Same("nothing but what was sent is told"), |c| {
        to("/yara-check").json(json!({"text": "rule a { condition: true }"}))
    };
    GET "/yara-sets" EveryRoleMay(PolicyRead) => 200, Unseen(canary), |c| {
        set(c).await;
        to("/yara-sets")
    };
    POST "/yara-sets" May(PolicyWrite) => 201, Gone(canary), |c| {
        set(c).await;
        to("/yara-sets").json(set_of(c))
    };
    POST "/yara-sets" May(PolicyWrite) => 201, NeedsAll, |c| {
        set(c).await;
        to("/yara-sets").json(joined(set_of(c), json!({"customers": null})))
    };
    GET "/yara-sets/{id}" EveryRoleMay(PolicyRead) => 200, Gone(canary), |c| to(format!("/yara-sets/{}", set(c).await));
    PUT "/yara-sets/{id}" May(PolicyWrite) => 200, Gone(canary), |c| {
        to(format!("/yara-sets/{}", set(c).await)).json(joined(set_of(c), json!({"version": 1})))
    };
    DELETE "/yara-sets/{id}" May(PolicyWrite) => 204, Gone(canary), |c| {
        to(format!("/yara-sets/{}?version=1", set(c).await))
    };
};
