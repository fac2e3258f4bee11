//! The table of the access walk: for each route who may, what the rightful owner asks, and what somebody of another
//! customer gets.

mod scene;

use std::future::Future;
use std::pin::Pin;

use model::device::CredentialKind;
use model::role::Permission::*;
use model::role::{Permission, Role};
use serde_json::{Value, json};

use crate::client::{Ask, Person};
use crate::world::*;
use scene::*;

/// Who may.
#[derive(Clone, Copy, PartialEq)]
pub enum Needs {
    /// Anybody, signed in or not.
    Nothing,
    /// Anybody signed in: it is about what is their own.
    SignIn,
    /// Roles with this permission.
    May(Permission),
    /// This permission, which every role has: the wrong role is none at all.
    EveryRoleMay(Permission),
}

impl Needs {
    pub fn met_by(self, role: Role) -> bool {
        match self {
            Needs::Nothing | Needs::SignIn => true,
            Needs::May(permission) | Needs::EveryRoleMay(permission) => role.permissions().contains(&permission),
        }
    }
}

/// Whether a text shows something of our customer.
type Marked = fn(&World, &str) -> bool;

/// What somebody of another customer with the same role gets.
#[derive(Clone, Copy)]
pub enum Outside {
    /// It is open to anybody anyway.
    Open,
    /// 404, where the owner's answer to a reading request is marked.
    Gone(Marked),
    /// The same status; the mark that the owner's answer has is missing.
    Unseen(Marked),
    /// The same status and nothing of our customer, for this reason.
    Same(&'static str),
    /// 403: it is known to exist, but takes the powers its owner has.
    Forbidden,
    /// 403 even for our own people: it takes somebody who sees every customer.
    NeedsAll,
}

use Needs::*;
use Outside::*;

/// Who takes part in a scene. Its objects are the owner's or their customer's; the sender may be somebody else.
#[derive(Clone, Copy)]
pub struct Cast<'w> {
    pub world: &'w World,
    pub owner: &'w Person,
    pub sender: &'w Person,
}

type Asked<'w> = Pin<Box<dyn Future<Output = Ask> + 'w>>;

/// One way to use a route.
pub struct Case {
    pub method: &'static str,
    /// As the OpenAPI document has it, below `/api/v1`.
    pub path: &'static str,
    pub needs: Needs,
    /// What its rightful caller gets.
    pub status: u16,
    pub outside: Outside,
    pub ask: for<'w> fn(Cast<'w>) -> Asked<'w>,
}

impl Case {
    pub fn needs_all(&self) -> bool {
        matches!(self.outside, NeedsAll)
    }

    /// Whether only a session may, because a stolen token must not become more than it is.
    pub fn person_only(&self) -> bool {
        let own = ["/session/password", "/sessions", "/sessions/{id}", "/api-tokens", "/api-tokens/{id}"];
        own.contains(&self.path) || (self.method, self.path) == ("DELETE", "/session")
    }
}

macro_rules! cases {
    ($($method:ident $path:literal $needs:expr => $status:literal, $outside:expr, |$c:ident| $ask:expr;)*) => {
        &[$(Case {
            method: stringify!($method),
            path: $path,
            needs: $needs,
            status: $status,
            outside: $outside,
            ask: |$c| Box::pin(async move { let _ = $c.world; $ask }),
        },)*]
    };
}

mod attachment;
mod hunt;
mod intel;
mod people;
mod use_case;

/// Every case.
pub fn all_cases() -> impl Iterator<Item = &'static Case> {
    CASES
        .iter()
        .chain(attachment::CASES)
        .chain(hunt::CASES)
        .chain(intel::CASES)
        .chain(people::CASES)
        .chain(use_case::CASES)
}

const CASES: &[Case] = cases! {
    GET "/about" Nothing => 200, Open, |c| to("/about");
    GET "/openapi.json" Nothing => 200, Open, |c| to("/openapi.json");
    POST "/session" Nothing => 200, Open, |c| {
        to("/session").json(json!({"login": c.owner.user.data.login, "password": PASSWORD}))
    };

    GET "/session" SignIn => 200, Unseen(customer), |c| to("/session");
    DELETE "/session" SignIn => 204, Same("ends the caller's own"), |c| to("/session");
    PUT "/session/password" SignIn => 204, Same("changes the caller's own"), |c| {
        to("/session/password").json(json!({"current": PASSWORD, "new": PASSWORD}))
    };
    PUT "/session/language" SignIn => 200, Same("changes the caller's own"), |c| {
        to("/session/language").json(json!({"language": "zh"}))
    };
    GET "/sessions" SignIn => 200, Same("lists the caller's own; session.rs looks closer"), |c| to("/sessions");
    DELETE "/sessions/{id}" SignIn => 204, Gone(canary), |c| {
        c.world.sign_in(&c.owner.user).await;
        let actor = model::Actor::User(c.owner.user.id.clone());
        let ctx = model::Context::authenticated(actor, model::Scope::All, Default::default(), now());
        let newest = c.world.ops.list_sessions(&ctx).await.unwrap().remove(0);
        to(format!("/sessions/{}", newest.id))
    };
    GET "/api-tokens" SignIn => 200, Unseen(canary), |c| {
        own_token(c).await;
        to("/api-tokens")
    };
    POST "/api-tokens" SignIn => 201, Same("makes the caller's own"), |c| {
        to("/api-tokens").json(json!({"name": "report", "expires": null}))
    };
    DELETE "/api-tokens/{id}" SignIn => 204, Gone(canary), |c| to(format!("/api-tokens/{}", own_token(c).await));
    GET "/changes" SignIn => 200, Unseen(customer), |c| {
        let last = c.world.last_change().await;
        asset(c).await;
        to("/changes").header("last-event-id", last)
    };

    GET "/overview" EveryRoleMay(AlertRead) => 200,
        Unseen(|_, text| serde_json::from_str::<Value>(text).unwrap()["funnel"]["alerts"].as_i64().unwrap() > 0),
        |c| {
            c.world.alert().await;
            to("/overview")
        };

    GET "/funnel" EveryRoleMay(AlertRead) => 200, Unseen(customer), |c| to("/funnel");

    GET "/customers" EveryRoleMay(CustomerRead) => 200, Unseen(canary), |c| to("/customers");
    POST "/customers" May(CustomerWrite) => 201, NeedsAll, |c| {
        to("/customers").json(json!(customer_data(&format!("New {}", c.world.fresh()))))
    };
    GET "/customers/{id}" EveryRoleMay(CustomerRead) => 200, Gone(canary), |c| {
        to(format!("/customers/{}", c.world.ours))
    };
    PUT "/customers/{id}" May(CustomerWrite) => 200, Gone(canary), |c| {
        let before = c.world.ops.get_customer(&job(), &c.world.ours).await.unwrap();
        to(format!("/customers/{}", before.id)).json(joined(before.data, json!({"version": before.version})))
    };

    GET "/devices" EveryRoleMay(DeviceRead) => 200, Unseen(canary), |c| {
        c.world.device().await;
        to("/devices")
    };
    GET "/devices" EveryRoleMay(DeviceRead) => 200, Unseen(canary), |c| {
        c.world.device().await;
        to(format!("/devices?customer={}", c.world.ours))
    };
    POST "/devices" May(DeviceWrite) => 201, Gone(canary), |c| {
        let data = device_data(&format!("device {}", c.world.fresh()));
        to("/devices").json(joined(data, json!({"customer": c.world.ours})))
    };
    GET "/devices/{id}" EveryRoleMay(DeviceRead) => 200, Gone(canary), |c| {
        to(format!("/devices/{}", c.world.device().await.id))
    };
    PUT "/devices/{id}" May(DeviceWrite) => 200, Gone(canary), |c| {
        let device = c.world.device().await;
        to(format!("/devices/{}", device.id)).json(joined(device.data, json!({"version": device.version})))
    };
    DELETE "/devices/{id}" May(DeviceWrite) => 204, Gone(canary), |c| {
        to(format!("/devices/{}", c.world.device().await.id))
    };
    GET "/devices/{id}/credentials" EveryRoleMay(DeviceRead) => 200, Gone(customer), |c| {
        let device = c.world.device().await.id;
        c.world.ops.issue_device_credential(&job(), &device, CredentialKind::Token, ops::CredentialWish::default()).await.unwrap();
        to(format!("/devices/{device}/credentials"))
    };
    POST "/devices/{id}/credentials" May(DeviceWrite) => 201, Gone(canary), |c| {
        to(format!("/devices/{}/credentials", c.world.device().await.id)).json(json!({"kind": "token"}))
    };
    GET "/devices/{id}/peers" EveryRoleMay(DeviceRead) => 200, Gone(canary), |c| {
        let device = c.world.device().await;
        let mut tx = c.world.store.write(&job()).await.unwrap();
        let peer = store::PeerActivity {
            customer: device.customer.clone(),
            device: device.id.clone(),
            address: crate::world::CANARY.to_owned(),
            records: 1,
            first_seen: device.created,
            last_seen: device.created,
        };
        tx.record_collector_peers(&[peer]).await.unwrap();
        tx.commit().await.unwrap();
        to(format!("/devices/{}/peers", device.id))
    };
    DELETE "/devices/{id}/credentials/{credential}" May(DeviceWrite) => 204, Gone(canary), |c| {
        let device = c.world.device().await.id;
        let kind = CredentialKind::Token;
        let issued = c.world.ops.issue_device_credential(&job(), &device, kind, ops::CredentialWish::default()).await.unwrap();
        to(format!("/devices/{device}/credentials/{}", issued.credential.id))
    };

    GET "/devices/{id}/health" EveryRoleMay(DeviceRead) => 200, Gone(|_, text| text.contains("step_seconds")), |c| {
        to(format!("/devices/{}/health?span=7d", c.world.device().await.id))
    };
    GET "/devices/{id}/fields" EveryRoleMay(DeviceRead) => 200, Gone(|_, text| text.contains("looked_at")), |c| {
        to(format!("/devices/{}/fields", c.world.device().await.id))
    };
    GET "/devices/{id}/unrecognised" EveryRoleMay(EventRead) => 200, Gone(|_, text| text.contains("items")), |c| {
        to(format!("/devices/{}/unrecognised", c.world.device().await.id))
    };
    GET "/devices/{id}/connections" EveryRoleMay(DeviceRead) => 200, Gone(|_, text| text.contains("refused")), |c| {
        to(format!("/devices/{}/connections", c.world.device().await.id))
    };

    GET "/parsers" EveryRoleMay(PolicyRead) => 200, Same("parsers are the platform's; counts are of own devices"), |c| {
        to("/parsers")
    };
    GET "/parsers/{name}" EveryRoleMay(PolicyRead) => 200, Same("parsers are the platform's; lines are held back"), |c| {
        let name = c.world.parser().await;
        to(format!("/parsers/{name}"))
    };
    GET "/parsers/{name}/file" EveryRoleMay(PolicyRead) => 200, Same("parsers are the platform's"), |c| {
        let name = c.world.parser().await;
        to(format!("/parsers/{name}/file"))
    };
    POST "/parsers/trial" EveryRoleMay(PolicyRead) => 200, Same("nothing but what was sent is told"), |c| {
        to("/parsers/trial").json(json!({"text": PARSER, "lines": ["acme a=1"]}))
    };
    POST "/parsers/{name}/check" May(ParserWrite) => 200, Same("nothing but what was sent is told"), |c| {
        to("/parsers/acme_box/check").json(json!({"version": 0, "text": PARSER, "samples": ["acme a=1"]}))
    };
    POST "/parsers/file" May(ParserWrite) => 400, Same("nothing but what was sent is told"), |c| {
        to("/parsers/file").json(json!({}))
    };
    PUT "/parsers/{name}" May(ParserWrite) => 200, NeedsAll, |c| {
        let name = format!("acme_box{}", c.world.fresh());
        to(format!("/parsers/{name}")).json(json!({"version": 0, "text": PARSER, "samples": ["acme a=1"]}))
    };
    DELETE "/parsers/{name}" May(ParserWrite) => 204, NeedsAll, |c| {
        let name = c.world.parser().await;
        let version = c.world.ops.get_parser(&job(), &name).await.unwrap().version;
        to(format!("/parsers/{name}?version={version}"))
    };

    GET "/platform-alarms" May(SystemAdmin) => 200, Same("they are the platform's"), |c| to("/platform-alarms");
    GET "/platform-alarms/standing" May(SystemAdmin) => 200, Same("they are the platform's"), |c| {
        to("/platform-alarms/standing")
    };

    GET "/assets" EveryRoleMay(AssetRead) => 200, Unseen(canary), |c| {
        asset(c).await;
        to("/assets")
    };
    POST "/assets" May(AssetWrite) => 201, Gone(canary), |c| {
        to("/assets").json(joined(asset_data(), json!({"customer": c.world.ours})))
    };
    GET "/assets/{id}" EveryRoleMay(AssetRead) => 200, Gone(canary), |c| to(format!("/assets/{}", asset(c).await.id));
    PUT "/assets/{id}" May(AssetWrite) => 200, Gone(canary), |c| {
        let asset = asset(c).await;
        to(format!("/assets/{}", asset.id)).json(joined(asset.data, json!({"version": asset.version})))
    };
    DELETE "/assets/{id}" May(AssetWrite) => 204, Gone(canary), |c| to(format!("/assets/{}", asset(c).await.id));

    GET "/resource-groups" EveryRoleMay(AssetRead) => 200, Unseen(canary), |c| {
        group(c).await;
        to("/resource-groups")
    };
    POST "/resource-groups" May(AssetWrite) => 201, Gone(canary), |c| {
        let data = group_data(&format!("group {}", c.world.fresh()));
        to("/resource-groups").json(joined(data, json!({"customer": c.world.ours})))
    };
    GET "/resource-groups/{id}" EveryRoleMay(AssetRead) => 200, Gone(canary), |c| {
        to(format!("/resource-groups/{}", group(c).await.id))
    };
    PUT "/resource-groups/{id}" May(AssetWrite) => 200, Gone(canary), |c| {
        let group = group(c).await;
        to(format!("/resource-groups/{}", group.id)).json(joined(group.data, json!({"version": group.version})))
    };
    DELETE "/resource-groups/{id}" May(AssetWrite) => 204, Gone(canary), |c| {
        to(format!("/resource-groups/{}", group(c).await.id))
    };

    GET "/alerts" EveryRoleMay(AlertRead) => 200, Unseen(canary), |c| {
        c.world.alert().await;
        to("/alerts")
    };
    GET "/alerts" EveryRoleMay(AlertRead) => 200, Unseen(canary), |c| {
        c.world.alert().await;
        to(format!("/alerts?customer={}&text={CANARY}", c.world.ours))
    };
    GET "/alerts/{id}" EveryRoleMay(AlertRead) => 200, Gone(canary), |c| {
        to(format!("/alerts/{}", c.world.alert().await.id))
    };
    POST "/alerts/{id}/raise" May(IncidentWork) => 201, Gone(canary), |c| {
        to(format!("/alerts/{}/raise", c.world.alert().await.id)).json(json!({}))
    };

    GET "/incidents" EveryRoleMay(IncidentRead) => 200, Unseen(canary), |c| {
        c.world.incident().await;
        to("/incidents")
    };
    POST "/incidents" May(IncidentWork) => 201, Gone(canary), |c| {
        to("/incidents").json(json!({"customer": c.world.ours, "title": "A call", "severity": "low"}))
    };
    GET "/incidents/{id}" EveryRoleMay(IncidentRead) => 200, Gone(canary), |c| {
        to(format!("/incidents/{}", c.world.incident().await.id))
    };
    GET "/incidents/{id}/entries" EveryRoleMay(IncidentRead) => 200, Gone(canary), |c| {
        to(format!("/incidents/{}/entries", c.world.incident().await.id))
    };
    POST "/incidents/{id}/transition" May(IncidentWork) => 200, Gone(canary), |c| {
        let incident = c.world.incident().await;
        let start = json!(model::incident::Transition::Start);
        to(format!("/incidents/{}/transition", incident.id))
            .json(json!({"version": incident.version, "transition": start}))
    };
    POST "/incidents/{id}/assign" May(IncidentWork) => 200, Gone(canary), |c| {
        let incident = c.world.incident().await;
        let body = json!({"version": incident.version, "assignee": c.sender.user.id});
        to(format!("/incidents/{}/assign", incident.id)).json(body)
    };
    POST "/incidents/{id}/assign" May(IncidentAssign) => 200, Gone(canary), |c| {
        let (incident, colleague) = (c.world.incident().await, colleague(c).await);
        let body = json!({"version": incident.version, "assignee": colleague.id});
        to(format!("/incidents/{}/assign", incident.id)).json(body)
    };
    POST "/incidents/{id}/severity" May(IncidentWork) => 200, Gone(canary), |c| {
        let incident = c.world.incident().await;
        let body = json!({"version": incident.version, "severity": "critical"});
        to(format!("/incidents/{}/severity", incident.id)).json(body)
    };
    POST "/incidents/{id}/comments" May(IncidentWork) => 201, Gone(canary), |c| {
        to(format!("/incidents/{}/comments", c.world.incident().await.id)).json(json!({"text": "seen"}))
    };
    GET "/assignees" EveryRoleMay(IncidentRead) => 200, Unseen(|_, text| text.contains("OURS.L1_ANALYST")), |c| {
        to("/assignees")
    };
    GET "/assignees" EveryRoleMay(IncidentRead) => 200, Gone(|_, text| text.contains("OURS.L1_ANALYST")), |c| {
        to(format!("/assignees?customer={}", c.world.ours))
    };

    POST "/events/search" EveryRoleMay(EventRead) => 200, Unseen(canary), |c| {
        c.world.event();
        search("/events/search", json!({}))
    };
    POST "/events/search" EveryRoleMay(EventRead) => 200, Unseen(canary), |c| {
        c.world.event();
        search("/events/search", json!({"customers": [c.world.ours]}))
    };
    POST "/events/histogram" EveryRoleMay(EventRead) => 200,
        Unseen(|_, text| serde_json::from_str::<Value>(text).unwrap()["total"].as_i64().unwrap() > 0),
        |c| {
            c.world.event();
            search("/events/histogram", json!({"bars": 10}))
        };
    POST "/events/top" EveryRoleMay(EventRead) => 200, Unseen(canary), |c| {
        c.world.event();
        search("/events/top", json!({"field": "user_name"}))
    };
    POST "/events/search" EveryRoleMay(EventRead) => 200, Unseen(canary), |c| {
        c.world.event();
        search("/events/search", json!({"q": "NOT user_name:nobody-at-all"}))
    };
    POST "/events/fields" EveryRoleMay(EventRead) => 200, Unseen(canary), |c| {
        c.world.event();
        search("/events/fields", json!({"fields": ["user_name"]}))
    };
    POST "/events/query" EveryRoleMay(EventRead) => 200, Same("reads a text, looks at nothing"), |_c| {
        to("/events/query").json(json!({"q": "user_name:li* AND NOT event_action:allow"}))
    };
    GET "/events/tail" EveryRoleMay(EventRead) => 200, Unseen(canary), |c| {
        let world = c.world;
        world.arrives_soon();
        to("/events/tail")
    };

    GET "/saved-searches" EveryRoleMay(EventRead) => 200, Unseen(canary), |c| {
        kept(c).await;
        to("/saved-searches?limit=1000")
    };
    POST "/saved-searches" EveryRoleMay(EventRead) => 201, Gone(canary), |c| {
        to("/saved-searches").json(json!(search_data(c.world)))
    };
    GET "/saved-searches/{id}" EveryRoleMay(EventRead) => 200, Gone(canary), |c| {
        to(format!("/saved-searches/{}", kept(c).await.id))
    };
    PUT "/saved-searches/{id}" EveryRoleMay(EventRead) => 200, Gone(canary), |c| {
        let search = kept(c).await;
        let body = joined(search_data(c.world), json!({"version": search.version}));
        to(format!("/saved-searches/{}", search.id)).json(body)
    };
    DELETE "/saved-searches/{id}" EveryRoleMay(EventRead) => 204, Gone(canary), |c| {
        to(format!("/saved-searches/{}", kept(c).await.id))
    };

    GET "/exports" EveryRoleMay(EventRead) => 200, Unseen(|_, text| text.contains("exp_")), |c| {
        export(c).await;
        to("/exports")
    };
    POST "/exports" EveryRoleMay(EventRead) => 201, Same("writes what its owner sees; export.rs looks closer"), |c| {
        c.world.finish_exports().await;
        to("/exports").json(joined(around_now(), json!({"format": "ndjson", "most": 10})))
    };
    GET "/exports/{id}" EveryRoleMay(EventRead) => 200, Gone(|_, text| text.contains("exp_")), |c| {
        to(format!("/exports/{}", export(c).await.id))
    };
    DELETE "/exports/{id}" EveryRoleMay(EventRead) => 204, Gone(canary), |c| {
        let id = export(c).await.id;
        c.world.finish_exports().await;
        to(format!("/exports/{id}"))
    };
    POST "/exports/{id}/cancel" EveryRoleMay(EventRead) => 200, Gone(canary), |c| {
        c.world.finish_exports().await;
        to(format!("/exports/{}/cancel", export(c).await.id))
    };
    GET "/exports/{id}/file" EveryRoleMay(EventRead) => 200, Gone(canary), |c| {
        let id = export(c).await.id;
        c.world.finish_exports().await;
        to(format!("/exports/{id}/file"))
    };
    POST "/events/export" EveryRoleMay(EventRead) => 200, Unseen(canary), |c| {
        c.world.event();
        search("/events/export", json!({"format": "ndjson"}))
    };
    POST "/events/sql" EveryRoleMay(EventRead) => 200, Unseen(canary), |c| {
        c.world.event();
        search("/events/sql", json!({"sql": "select user_name, raw from events"}))
    };
    GET "/events/{id}" EveryRoleMay(EventRead) => 200, Gone(canary), |c| to(format!("/events/{}", c.world.event()));
    GET "/fields" EveryRoleMay(EventRead) => 200, Same("the vocabulary is everybody's"), |c| to("/fields");

    GET "/storage" EveryRoleMay(CustomerRead) => 200, Unseen(customer), |_c| to("/storage");
    PUT "/customers/{id}/retention" May(SystemAdmin) => 200, Gone(canary), |c| {
        let now = c.world.ops.get_retention(&job(), &c.world.ours).await.unwrap();
        to(format!("/customers/{}/retention", c.world.ours)).json(json!({"version": now.version, "days": 90}))
    };
    POST "/customers/{id}/deletions" May(SystemAdmin) => 201, Gone(canary), |c| {
        let range = json!({"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z", "reason": "agreed"});
        to(format!("/customers/{}/deletions", c.world.ours)).json(range)
    };
    GET "/deletions" May(AuditRead) => 200, Unseen(customer), |c| {
        c.world.deletion().await;
        to("/deletions")
    };
    GET "/deletions/{id}" May(AuditRead) => 200, Gone(customer), |c| {
        to(format!("/deletions/{}", c.world.deletion().await))
    };

    GET "/audit-policies" EveryRoleMay(PolicyRead) => 200, Unseen(canary), |c| {
        c.world.policy(Some(&c.world.ours)).await;
        to(format!("/audit-policies?customer={}&limit=1000", c.world.ours))
    };
    POST "/audit-policies" May(PolicyWrite) => 201, Gone(canary), |c| {
        to("/audit-policies").json(joined(policy_data(), json!({"customer": c.world.ours})))
    };
    POST "/audit-policies" May(PolicyWrite) => 201, NeedsAll, |c| {
        to("/audit-policies").json(joined(global_policy(), json!({"customer": null})))
    };
    GET "/audit-policies/{id}" EveryRoleMay(PolicyRead) => 200, Gone(canary), |c| {
        to(format!("/audit-policies/{}", c.world.policy(Some(&c.world.ours)).await.id))
    };
    PUT "/audit-policies/{id}" May(PolicyWrite) => 200, Gone(canary), |c| {
        let policy = c.world.policy(Some(&c.world.ours)).await;
        to(format!("/audit-policies/{}", policy.id)).json(joined(policy.data, json!({"version": policy.version})))
    };
    PUT "/audit-policies/{id}" May(PolicyWrite) => 200, NeedsAll, |c| {
        let policy = c.world.policy(None).await;
        to(format!("/audit-policies/{}", policy.id)).json(joined(global_policy(), json!({"version": policy.version})))
    };
    DELETE "/audit-policies/{id}" May(PolicyWrite) => 204, Gone(canary), |c| {
        to(format!("/audit-policies/{}", c.world.policy(Some(&c.world.ours)).await.id))
    };
    DELETE "/audit-policies/{id}" May(PolicyWrite) => 204, NeedsAll, |c| {
        to(format!("/audit-policies/{}", c.world.policy(None).await.id))
    };
};
