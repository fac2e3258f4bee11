//! Use cases and everything around them.

use super::*;

pub const CASES: &[Case] = cases! {
    GET "/rules" EveryRoleMay(PolicyRead) => 200, Same("rules are the platform's"), |c| to("/rules");
    GET "/rules/inactive" EveryRoleMay(PolicyRead) => 200, Same("rules are the platform's"), |c| {
        to("/rules/inactive")
    };
    POST "/rules/backtest" EveryRoleMay(PolicyRead) => 200, Unseen(canary), |c| {
        c.world.sign_in_failed();
        let text = "title: t\nlogsource: {product: linux, service: sshd}\ndetection: {k: [Failed password], condition: k}\n";
        let (day, now) = (86_400_000_000, now().as_micros());
        let range = [now - day, now + day].map(model::Timestamp::from_micros);
        to("/rules/backtest").json(json!({"text": text, "from": range[0], "to": range[1]}))
    };
    GET "/rules/{id}" EveryRoleMay(PolicyRead) => 200, Same("rules are the platform's"), |c| to("/rules/rule-1");
    POST "/rules/check" EveryRoleMay(PolicyRead) => 200, Same("nothing but what was sent is told"), |c| {
        to("/rules/check").json(json!({"text": "title: t"}))
    };
    POST "/rules/trial" EveryRoleMay(PolicyRead) => 200, Same("nothing but what was sent is told"), |c| {
        to("/rules/trial").json(json!({"rule": "rule-1", "records": [{"raw": "{}"}]}))
    };
    GET "/rules/scorecard" EveryRoleMay(PolicyRead) => 200, Same("rules are the platform's; counts are of own customers"), |c| {
        to("/rules/scorecard?days=7")
    };
    GET "/coverage" EveryRoleMay(PolicyRead) => 200, Gone(customer), |c| {
        to(format!("/coverage?customer={}", c.world.ours))
    };
    GET "/coverage" EveryRoleMay(PolicyRead) => 200, Same("only what own customers have is looked at"), |c| {
        to("/coverage")
    };
    GET "/coverage/layer" EveryRoleMay(PolicyRead) => 200, Gone(canary), |c| {
        to(format!("/coverage/layer?customer={}", c.world.ours))
    };
    PUT "/rules/{id}" May(PolicyWrite) => 200, NeedsAll, |c| {
        let version = c.world.ops.get_rule(&job(), "rule-3").await.unwrap().version;
        to("/rules/rule-3").json(json!({"version": version, "state": "live", "release": "silent"}))
    };
    DELETE "/rules/{id}" May(PolicyWrite) => 204, NeedsAll, |c| {
        let version = c.world.ops.get_rule(&job(), "rule-3").await.unwrap().version;
        let saved = c.world.ops.save_use_case(&job(), "rule-3", version, Default::default()).await.unwrap();
        to(format!("/rules/rule-3?version={}", saved.version))
    };
    GET "/rules/{id}/versions" EveryRoleMay(PolicyRead) => 200, Same("rules are the platform's"), |c| {
        to("/rules/rule-1/versions")
    };
    PUT "/rules/{id}/customers/{customer}" May(PolicyWrite) => 200, Gone(customer), |c| {
        to(format!("/rules/rule-1/customers/{}", c.world.ours)).json(json!({"release": "silent"}))
    };
    GET "/rules/{id}/profiles" EveryRoleMay(PolicyRead) => 200, Unseen(customer), |c| to("/rules/usual/profiles");
    GET "/rules/{id}/profiles/{customer}" EveryRoleMay(PolicyRead) => 200, Gone(canary), |c| {
        to(format!("/rules/usual/profiles/{}", c.world.ours))
    };
    POST "/rules/{id}/profiles/{customer}/look-up" EveryRoleMay(PolicyRead) => 200, Gone(canary), |c| {
        to(format!("/rules/usual/profiles/{}/look-up", c.world.ours)).json(json!({"group": [CANARY]}))
    };
    POST "/rules/{id}/profiles/{customer}/forget" May(PolicyWrite) => 204, Gone(canary), |c| {
        to(format!("/rules/usual/profiles/{}/forget", c.world.ours)).json(json!({"group": ["a"]}))
    };
    GET "/exceptions" EveryRoleMay(PolicyRead) => 200, Unseen(canary), |c| {
        c.world.exception(Some(&c.world.ours)).await;
        to(format!("/exceptions?customer={}&limit=1000", c.world.ours))
    };
    POST "/exceptions" May(PolicyWrite) => 201, Gone(canary), |c| {
        to("/exceptions").json(joined(exception_data(), json!({"customer": c.world.ours})))
    };
    POST "/exceptions" May(PolicyWrite) => 201, NeedsAll, |c| {
        to("/exceptions").json(joined(exception_data(), json!({"customer": null})))
    };
    POST "/exceptions/preview" EveryRoleMay(PolicyRead) => 200, Same("only alerts of own customers are looked at"), |c| {
        to("/exceptions/preview").json(joined(exception_data(), json!({"customer": c.world.ours})))
    };
    GET "/exceptions/{id}" EveryRoleMay(PolicyRead) => 200, Gone(canary), |c| {
        to(format!("/exceptions/{}", c.world.exception(Some(&c.world.ours)).await.id))
    };
    PUT "/exceptions/{id}" May(PolicyWrite) => 200, Gone(canary), |c| {
        let found = c.world.exception(Some(&c.world.ours)).await;
        to(format!("/exceptions/{}", found.id)).json(joined(found.data, json!({"version": found.version})))
    };
    PUT "/exceptions/{id}" May(PolicyWrite) => 200, NeedsAll, |c| {
        let found = c.world.exception(None).await;
        to(format!("/exceptions/{}", found.id)).json(joined(found.data, json!({"version": found.version})))
    };
    DELETE "/exceptions/{id}" May(PolicyWrite) => 204, Gone(canary), |c| {
        to(format!("/exceptions/{}", c.world.exception(Some(&c.world.ours)).await.id))
    };
    DELETE "/exceptions/{id}" May(PolicyWrite) => 204, NeedsAll, |c| {
        to(format!("/exceptions/{}", c.world.exception(None).await.id))
    };
    GET "/use-case-requests" EveryRoleMay(PolicyRead) => 200, Unseen(canary), |c| {
        c.world.request(Some(&c.world.ours)).await;
        to(format!("/use-case-requests?customer={}&limit=1000", c.world.ours))
    };
    POST "/use-case-requests" May(IncidentWork) => 201, Gone(canary), |c| {
        to("/use-case-requests").json(joined(request_data(), json!({"customer": c.world.ours})))
    };
    POST "/use-case-requests" May(IncidentWork) => 201, NeedsAll, |c| {
        to("/use-case-requests").json(joined(request_data(), json!({"customer": null})))
    };
    GET "/use-case-requests/{id}" EveryRoleMay(PolicyRead) => 200, Gone(canary), |c| {
        to(format!("/use-case-requests/{}", c.world.request(Some(&c.world.ours)).await.id))
    };
    PUT "/use-case-requests/{id}" May(IncidentWork) => 200, Gone(canary), |c| {
        let found = c.world.request(Some(&c.world.ours)).await;
        to(format!("/use-case-requests/{}", found.id)).json(joined(found.data, json!({"version": found.version})))
    };
    PUT "/use-case-requests/{id}" May(IncidentWork) => 200, NeedsAll, |c| {
        let found = c.world.request(None).await;
        to(format!("/use-case-requests/{}", found.id)).json(joined(found.data, json!({"version": found.version})))
    };
    GET "/rule-collections" EveryRoleMay(PolicyRead) => 200, Same("rules are the platform's"), |c| to("/rule-collections");
    GET "/rule-change-sets" EveryRoleMay(PolicyRead) => 200, Same("rules are the platform's"), |c| to("/rule-change-sets");
    POST "/rule-change-sets" May(PolicyWrite) => 201, NeedsAll, |c| {
        to("/rule-change-sets?collection=theirs&release=1").bytes(release())
    };
    GET "/rule-change-sets/{id}" EveryRoleMay(PolicyRead) => 200, Same("rules are the platform's"), |c| {
        to(format!("/rule-change-sets/{}", c.world.change_set().await))
    };
    GET "/rule-change-sets/{id}/changes" EveryRoleMay(PolicyRead) => 200, Same("rules are the platform's"), |c| {
        to(format!("/rule-change-sets/{}/changes", c.world.change_set().await))
    };
    GET "/rule-change-sets/{id}/change" EveryRoleMay(PolicyRead) => 200, Same("rules are the platform's"), |c| {
        to(format!("/rule-change-sets/{}/change?rule=theirs", c.world.change_set().await))
    };
    POST "/rule-change-sets/{id}/accept" May(PolicyWrite) => 200, NeedsAll, |c| {
        let set = c.world.ops.add_change_set(&job(), "theirs", "1", release()).await.unwrap().id;
        to(format!("/rule-change-sets/{set}/accept")).json(json!({"state": "test"}))
    };
    POST "/rule-change-sets/{id}/discard" May(PolicyWrite) => 200, NeedsAll, |c| {
        to(format!("/rule-change-sets/{}/discard", c.world.change_set().await))
    };
};
