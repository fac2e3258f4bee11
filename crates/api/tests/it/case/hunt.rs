//! Threat hunts and their programmes. One of ours is nobody else's affair; of one that we share with another customer each
//! side gets its own part.

use model::hunt::HuntVerdict;

use super::*;

pub const CASES: &[Case] = cases! {
    GET "/hunts" EveryRoleMay(HuntRead) => 200, Unseen(canary), |c| {
        c.world.hunt(false).await;
        to("/hunts")
    };
    GET "/hunts" EveryRoleMay(HuntRead) => 200, Unseen(customer), |c| {
        c.world.hunt(true).await;
        to("/hunts?text=shared")
    };
    POST "/hunts" May(HuntWrite) => 201, Gone(canary), |c| {
        to("/hunts").json(joined(hunt_data(CANARY), json!({"customers": [c.world.ours]})))
    };
    GET "/hunts/{id}" EveryRoleMay(HuntRead) => 200, Gone(canary), |c| {
        to(format!("/hunts/{}", c.world.hunt(false).await.id))
    };
    GET "/hunts/{id}" EveryRoleMay(HuntRead) => 200, Unseen(customer), |c| {
        to(format!("/hunts/{}", c.world.hunt(true).await.id))
    };
    PUT "/hunts/{id}" May(HuntWrite) => 200, Gone(canary), |c| {
        let hunt = c.world.hunt(false).await;
        to(format!("/hunts/{}", hunt.id)).json(joined(hunt.data, json!({"version": hunt.version})))
    };
    PUT "/hunts/{id}" May(HuntWrite) => 200, NeedsAll, |c| {
        let hunt = c.world.hunt(true).await;
        to(format!("/hunts/{}", hunt.id)).json(joined(hunt.data, json!({"version": hunt.version})))
    };
    GET "/hunts/{id}/customers" EveryRoleMay(HuntRead) => 200, Gone(customer), |c| {
        to(format!("/hunts/{}/customers", c.world.hunt(false).await.id))
    };
    GET "/hunts/{id}/customers" EveryRoleMay(HuntRead) => 200, Unseen(customer), |c| {
        to(format!("/hunts/{}/customers", c.world.hunted(true).await))
    };
    PUT "/hunts/{id}/customers" May(HuntWrite) => 200, Gone(canary), |c| {
        let hunt = c.world.hunt(false).await;
        to(format!("/hunts/{}/customers", hunt.id)).json(json!({"version": hunt.version, "customers": hunt.customers}))
    };
    PUT "/hunts/{id}/customers" May(HuntWrite) => 200, NeedsAll, |c| {
        let hunt = c.world.hunt(true).await;
        to(format!("/hunts/{}/customers", hunt.id)).json(json!({"version": hunt.version, "customers": [c.world.theirs]}))
    };
    PUT "/hunts/{id}/customers/{customer}" May(HuntWrite) => 200, Gone(canary), |c| {
        let path = format!("/hunts/{}/customers/{}", c.world.hunt(false).await.id, c.world.ours);
        to(path).json(json!({"version": 1, "verdict": "found", "remark": CANARY}))
    };
    PUT "/hunts/{id}/customers/{customer}" May(HuntWrite) => 200, Gone(canary), |c| {
        let path = format!("/hunts/{}/customers/{}", c.world.hunt(true).await.id, c.world.ours);
        to(path).json(json!({"version": 1, "verdict": "inconclusive", "remark": CANARY}))
    };
    POST "/hunts/{id}/conclude" May(HuntWrite) => 200, Gone(canary), |c| {
        let (hunt, version) = judged(c, false).await;
        to(format!("/hunts/{hunt}/conclude")).json(json!({"version": version, "conclusion": "well"}))
    };
    POST "/hunts/{id}/conclude" May(HuntWrite) => 200, NeedsAll, |c| {
        let (hunt, version) = judged(c, true).await;
        to(format!("/hunts/{hunt}/conclude")).json(json!({"version": version, "conclusion": "well"}))
    };
    POST "/hunts/{id}/call-off" May(HuntWrite) => 200, Gone(canary), |c| {
        let hunt = c.world.hunt(false).await;
        to(format!("/hunts/{}/call-off", hunt.id)).json(json!({"version": hunt.version, "reason": "later"}))
    };
    POST "/hunts/{id}/reopen" May(HuntWrite) => 200, Gone(canary), |c| {
        let hunt = c.world.hunt(false).await;
        let over = c.world.ops.call_off_hunt(&job(), &hunt.id, hunt.version, "later").await.unwrap();
        to(format!("/hunts/{}/reopen", hunt.id)).json(json!({"version": over.version, "reason": "now"}))
    };
    GET "/hunts/{id}/runs" EveryRoleMay(HuntRead) => 200, Gone(|_, text| text.contains("asked_by")), |c| {
        to(format!("/hunts/{}/runs", c.world.hunted(false).await))
    };
    POST "/hunts/{id}/runs" May(HuntWrite) => 201, Gone(canary), |c| {
        to(format!("/hunts/{}/runs", c.world.hunt(false).await.id)).json(json!({"only_data": true}))
    };
    POST "/hunts/{id}/runs/{run}/cancel" May(HuntWrite) => 200, Gone(canary), |c| {
        let hunt = c.world.hunt(false).await.id;
        let run = c.world.ops.run_hunt(&job(), &hunt, &Default::default()).await.unwrap();
        to(format!("/hunts/{hunt}/runs/{}/cancel", run.id))
    };
    POST "/hunts/{id}/runs/{run}/cancel" May(HuntWrite) => 200, NeedsAll, |c| {
        let hunt = c.world.hunt(true).await.id;
        let run = c.world.ops.run_hunt(&job(), &hunt, &Default::default()).await.unwrap();
        to(format!("/hunts/{hunt}/runs/{}/cancel", run.id))
    };
    POST "/hunts/{id}/runs/{run}/continue" May(HuntWrite) => 200, Gone(canary), |c| {
        let hunt = c.world.hunt(false).await.id;
        let run = c.world.ops.run_hunt(&job(), &hunt, &Default::default()).await.unwrap();
        c.world.ops.cancel_hunt_run(&job(), &hunt, &run.id).await.unwrap();
        to(format!("/hunts/{hunt}/runs/{}/continue", run.id))
    };
    GET "/hunts/{id}/results" EveryRoleMay(HuntRead) => 200, Gone(customer), |c| {
        to(format!("/hunts/{}/results", c.world.hunted(false).await))
    };
    GET "/hunts/{id}/results" EveryRoleMay(HuntRead) => 200, Unseen(customer), |c| {
        to(format!("/hunts/{}/results", c.world.hunted(true).await))
    };
    GET "/hunts/{id}/results/{query}/{customer}" EveryRoleMay(HuntRead) => 200, Gone(canary), |c| {
        to(format!("/hunts/{}/results/names/{}", c.world.hunted(false).await, c.world.ours))
    };
    GET "/hunts/{id}/results/{query}/{customer}" EveryRoleMay(HuntRead) => 200, Gone(canary), |c| {
        to(format!("/hunts/{}/results/names/{}", c.world.hunted(true).await, c.world.ours))
    };
    POST "/hunts/{id}/incidents" May(HuntWrite) => 201, Gone(canary), |c| {
        to(format!("/hunts/{}/incidents", c.world.hunt(false).await.id)).json(json!({"customer": c.world.ours}))
    };
    POST "/hunts/{id}/incidents" May(HuntWrite) => 201, Gone(canary), |c| {
        to(format!("/hunts/{}/incidents", c.world.hunt(true).await.id)).json(json!({"customer": c.world.ours}))
    };
    GET "/hunts/{id}/detections" EveryRoleMay(HuntRead) => 200, Gone(canary), |c| {
        to(format!("/hunts/{}/detections", detected(c, false).await))
    };
    GET "/hunts/{id}/detections" EveryRoleMay(HuntRead) => 200, Unseen(canary), |c| {
        to(format!("/hunts/{}/detections", detected(c, true).await))
    };
    POST "/hunts/{id}/detections" May(HuntWrite) => 201, Gone(canary), |c| {
        let wish = json!({"query": "names", "kind": "request", "customer": c.world.ours});
        to(format!("/hunts/{}/detections", c.world.hunt(true).await.id)).json(wish)
    };
    POST "/hunts/{id}/detections" May(HuntWrite) => 201, NeedsAll, |c| {
        let wish = json!({"query": "names", "kind": "use_case"});
        to(format!("/hunts/{}/detections", c.world.hunt(true).await.id)).json(wish)
    };
    GET "/hunts/{id}/time" EveryRoleMay(HuntRead) => 200, Gone(|_, text| text.contains("items")), |c| {
        to(format!("/hunts/{}/time", c.world.hunt(false).await.id))
    };
    GET "/hunts/{id}/time" EveryRoleMay(HuntRead) => 200, NeedsAll, |c| {
        to(format!("/hunts/{}/time", c.world.hunt(true).await.id))
    };
    POST "/hunts/{id}/time" May(HuntWrite) => 201, Gone(canary), |c| {
        to(format!("/hunts/{}/time", c.world.hunt(false).await.id)).json(json!({"minutes": 20}))
    };
    GET "/hunt-templates" EveryRoleMay(HuntRead) => 200, Same("they come with the program"), |c| to("/hunt-templates");
    GET "/hunt-summary" EveryRoleMay(HuntRead) => 200, Unseen(customer), |c| {
        let (hunt, version) = judged(c, true).await;
        c.world.ops.conclude_hunt(&job(), &hunt, version, CANARY).await.unwrap();
        let (day, now) = (86_400_000_000, now().as_micros());
        let range = [now - day, now + day].map(model::Timestamp::from_micros);
        to(format!("/hunt-summary?from={}&to={}", range[0], range[1]))
    };
    GET "/hunt-programmes" EveryRoleMay(HuntRead) => 200, Unseen(canary), |c| {
        c.world.hunt_programme().await;
        to("/hunt-programmes")
    };
    POST "/hunt-programmes" May(HuntWrite) => 201, Gone(canary), |c| {
        to("/hunt-programmes").json(joined(programme_data(CANARY), json!({"customers": [c.world.ours]})))
    };
    POST "/hunt-programmes" May(HuntWrite) => 201, NeedsAll, |c| to("/hunt-programmes").json(programme_data("everybody"));
    GET "/hunt-programmes/{id}" EveryRoleMay(HuntRead) => 200, Gone(canary), |c| {
        to(format!("/hunt-programmes/{}", c.world.hunt_programme().await.id))
    };
    PUT "/hunt-programmes/{id}" May(HuntWrite) => 200, Gone(canary), |c| {
        let before = c.world.hunt_programme().await;
        let more = json!({"version": before.version, "customers": before.customers});
        to(format!("/hunt-programmes/{}", before.id)).json(joined(before.data, more))
    };
    DELETE "/hunt-programmes/{id}" May(HuntWrite) => 204, Gone(canary), |c| {
        to(format!("/hunt-programmes/{}", c.world.hunt_programme().await.id))
    };
    POST "/hunt-programmes/{id}/begin" May(HuntWrite) => 200, Gone(canary), |c| {
        to(format!("/hunt-programmes/{}/begin", c.world.hunt_programme().await.id))
    };
};

/// A hunt with every customer judged, and its version.
async fn judged(c: Cast<'_>, shared: bool) -> (model::HuntId, i64) {
    let hunt = c.world.hunt(shared).await;
    for customer in &hunt.customers {
        let (verdict, remark) = (Some(HuntVerdict::Inconclusive), if *customer == c.world.ours { CANARY } else { "" });
        c.world.ops.judge_hunt_customer(&job(), &hunt.id, customer, 1, verdict, remark).await.unwrap();
    }
    let version = c.world.ops.get_hunt(&job(), &hunt.id).await.unwrap().version;
    (hunt.id, version)
}

/// A hunt of which a request of ours came.
async fn detected(c: Cast<'_>, shared: bool) -> model::HuntId {
    let hunt = c.world.hunt(shared).await.id;
    let wish = ops::HuntDetectionWish {
        query: "names".into(),
        kind: model::hunt::DetectionKind::Request,
        customer: Some(c.world.ours.clone()),
        title: Some(format!("Like at {CANARY}")),
    };
    c.world.ops.make_hunt_detection(&job(), &hunt, wish).await.unwrap();
    hunt
}
