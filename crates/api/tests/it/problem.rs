//! What a caller reads when something is wrong: a problem document with a stable code, always.

use axum::body::Body;
use axum::http::{Request, header};
use model::role::Role;
use serde_json::{Value, json};

use crate::client::{Answer, As, Ask, Person, send};
use crate::world::*;

async fn world() -> (World, Person) {
    let world = World::new().await;
    let admin = world.person("root", Role::Administrator, &[]).await;
    (world, admin)
}

/// The fields a problem names.
fn fields(answer: &Answer) -> Vec<String> {
    let fields = answer.json()["fields"].as_array().cloned().unwrap_or_default();
    fields.iter().map(|field| field["field"].as_str().unwrap().to_owned()).collect()
}

/// A body as it stands, whatever it claims to be.
async fn raw(world: &World, person: &Person, path: &str, kind: Option<&str>, body: impl Into<Body>) -> Answer {
    let mut request = Request::post(format!("/api/v1{path}"))
        .header(header::COOKIE, &person.cookie)
        .header("x-csrf-token", &person.csrf);
    if let Some(kind) = kind {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    send(&world.router, request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn wrong_json_is_told_where_it_is_wrong() {
    let (world, admin) = world().await;
    let json_type = Some("application/json");
    let cases = [
        ("/incidents", "{\"customer\": \"cus_1\"", "line 1"),
        ("/incidents", "{\n \"customer\": 5}", "customer"),
        ("/incidents", "{\"customer\": \"cus_x\", \"title\": \"t\", \"severity\": \"low\"}", "cus_x"),
        ("/incidents", "{\"colour\": \"red\"}", "colour"),
        ("/events/search", "{\"from\": \"yesterday\", \"to\": \"2026-01-01T00:00:00Z\"}", "from"),
        ("/api-tokens", "{\"name\": \"x\", \"expires\": \"never\"}", "expires"),
        ("/incidents", "{}", "customer"),
        ("/customers", "[]", "struct"),
        ("/incidents", "", "EOF"),
    ];
    for (path, body, told) in cases {
        let answer = raw(&world, &admin, path, json_type, body).await;
        answer.refused(400, "invalid");
        assert!(answer.json()["detail"].as_str().unwrap().contains(told), "{body}: {answer:?}");
    }
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        raw(&world, &admin, "/incidents", kind, "{}").await.refused(400, "invalid");
    }
    raw(&world, &admin, "/incidents", json_type, vec![0xff, 0xfe]).await.refused(400, "invalid");
}

#[tokio::test]
async fn a_field_that_cannot_be_kept_is_named() {
    let (world, admin) = world().await;
    let who = As::Session(&admin);
    let mut customer = customer_data("New");
    (customer.short_name, customer.time_zone) = (String::new(), "Mars/Olympus".to_owned());
    let answer = world.call(who, Ask::new("POST", "/customers").json(json!(customer))).await;
    answer.refused(400, "invalid");
    assert_eq!(fields(&answer), ["short_name", "time_zone"], "{answer:?}");

    let user = joined(user_data("new", Role::Auditor, &[]), json!({"password": "short"}));
    let answer = world.call(who, Ask::new("POST", "/users").json(user)).await;
    answer.refused(400, "invalid");
    assert_eq!(fields(&answer), ["password"]);

    let search = json!({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"});
    let answer = world.call(who, Ask::new("POST", "/events/search").json(search)).await;
    answer.refused(400, "invalid");
    assert_eq!(fields(&answer), ["to"]);

    for (path, field) in [
        ("/alerts?state=lost", "state"),
        ("/alerts?severity_at_least=terrible", "severity_at_least"),
        ("/alerts?customer=cus_x", "customer"),
        ("/alerts?from=yesterday", "from"),
        ("/incidents?state=new,lost", "state"),
        ("/incidents?assignee=you", "assignee"),
        ("/devices?kind=toaster", "kind"),
        ("/customers?state=gone", "state"),
        ("/audit?to=tomorrow", "to"),
        ("/assignees?customer=everybody", "customer"),
    ] {
        let answer = world.call(who, Ask::new("GET", path)).await;
        answer.refused(400, "invalid");
        assert_eq!(fields(&answer), [field], "{path}");
    }
}

const LISTS: &[&str] = &[
    "/customers",
    "/devices",
    "/assets",
    "/resource-groups",
    "/alerts",
    "/incidents",
    "/audit-policies",
    "/users",
    "/audit",
    "/rules",
    "/saved-searches",
    "/exports",
    "/deletions",
    "/platform-alarms",
    "/intel-lists",
    "/retro-hunts",
    "/exceptions",
    "/use-case-requests",
    "/feeds",
    "/hunts",
    "/hunt-programmes",
    "/yara-sets",
];

#[tokio::test]
async fn a_parameter_that_is_no_number_or_no_cursor_is_refused_by_every_list() {
    let (world, admin) = world().await;
    let who = As::Session(&admin);
    for path in LISTS {
        for wrong in ["limit=many", "limit=-1", "after=nonsense", "after=%00", "after=AAAA"] {
            let answer = world.call(who, Ask::new("GET", format!("{path}?{wrong}"))).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (400, "invalid".to_owned()), "{path}?{wrong}");
        }
        world.call(who, Ask::new("GET", format!("{path}?limit=0&after="))).await.done(200);
    }
    let incident = world.incident().await.id;
    let entries = Ask::new("GET", format!("/incidents/{incident}/entries?after=nonsense"));
    world.call(who, entries).await.refused(400, "invalid");
    let search = Ask::new("POST", "/events/search").json(joined(around_now(), json!({"q": "user_name:li AND"})));
    let answer = world.call(who, search).await;
    answer.refused(400, "invalid");
    assert_eq!(answer.json()["fields"][0]["field"], "q");
    assert!(answer.json()["detail"].as_str().unwrap().contains("character 17"), "{answer:?}");
    let search = Ask::new("POST", "/events/search").json(joined(around_now(), json!({"after": "nonsense"})));
    world.call(who, search).await.refused(400, "invalid");
}

#[tokio::test]
async fn every_paged_route_of_the_document_is_among_the_lists_and_pages_without_gap_or_repeat() {
    let document = serde_json::to_value(api::openapi()).unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let parameters = methods["get"]["parameters"].as_array().cloned().unwrap_or_default();
        let paged = parameters.iter().any(|parameter| parameter["name"] == "after");
        let path = path.strip_prefix("/api/v1").unwrap();
        assert!(!paged || path.contains('{') || LISTS.contains(&path), "{path} is paged and not tested");
    }
    let (world, admin) = world().await;
    let alarms = model::platform_alarm::PlatformAlarmKind::ALL.iter().map(|kind| (*kind, String::new())).collect();
    world.ops.set_platform_alarms(now(), &alarms).await.unwrap();
    for number in 0..5 {
        world.device().await;
        world.alert().await;
        world.incident().await;
        world.policy(Some(&world.ours)).await;
        world.exception(Some(&world.ours)).await;
        world.request(Some(&world.ours)).await;
        world.hunt(true).await;
        world.hunt_programme().await;
        world.ops.create_asset(&job(), &world.ours, asset_data()).await.unwrap();
        world.ops.create_customer(&job(), customer_data(&format!("Other {number}"))).await.unwrap();
        world.user(&format!("user{number}"), Role::Auditor, &[]).await;
        world.intel(&[]).await;
        let set = json!({"name": format!("set {number}"), "enabled": true, "customers": null, "text": "rule a { condition: true }"});
        world.call(As::Token(&admin), Ask::new("POST", "/yara-sets").json(set)).await.done(201);
        let group = serde_json::from_value(group_data(&format!("group {number}"))).unwrap();
        world.ops.create_resource_group(&job(), &world.ours, group).await.unwrap();
        world.deletion().await;
        let search = json!({"name": format!("search {number}"), "seconds": 60});
        world.call(As::Token(&admin), Ask::new("POST", "/saved-searches").json(search)).await.done(201);
        let feed = json!({"name": format!("feed {number}"), "kind": "list", "url": "https://feeds.example/", "enabled": false,
            "interval_minutes": 60, "confidence": 50, "tlp": "amber", "purpose": "alarm"});
        world.call(As::Token(&admin), Ask::new("POST", "/feeds").json(feed)).await.done(201);
        let export = joined(around_now(), json!({"format": "csv", "most": 1}));
        world.call(As::Token(&admin), Ask::new("POST", "/exports").json(export)).await.done(201);
    }
    let mut longest = 0;
    for path in LISTS {
        let get = async |query: String| {
            world.call(As::Token(&admin), Ask::new("GET", format!("{path}?{query}"))).await.done(200).json()
        };
        let whole = get("limit=1000".to_owned()).await["items"].as_array().unwrap().clone();
        let (mut found, mut after) = (Vec::<Value>::new(), String::new());
        loop {
            let page = get(format!("limit=2&after={after}")).await;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 2, "{path}");
            found.extend(items.iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = next.to_owned(),
                None => break,
            }
        }
        assert_eq!(found, whole, "{path}");
        assert!(*path == "/rules" || whole.len() >= 5, "{path} has only {}", whole.len());
        longest = longest.max(whole.len());
    }
    println!("{} lists paged, the longest of {longest}", LISTS.len());
}

#[tokio::test]
async fn what_does_not_exist_is_not_found_and_a_wrong_method_is_told_apart() {
    let (world, admin) = world().await;
    let who = As::Session(&admin);
    for path in ["/nothing", "/alerts/x/y/z", "/"] {
        world.call(who, Ask::new("GET", path)).await.refused(404, "not_found");
        world.call(As::Nobody, Ask::new("POST", path)).await.refused(404, "not_found");
    }
    for path in ["/api", "/api/", "/api/v2/alerts"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        send(&world.router, request).await.refused(404, "not_found");
    }
    for noun in [
        "customers",
        "devices",
        "assets",
        "resource-groups",
        "alerts",
        "incidents",
        "audit-policies",
        "users",
        "saved-searches",
        "exports",
        "hunts",
        "hunt-programmes",
    ] {
        let other_kind = world.policy(None).await.id.to_string().replace("pol_", "tok_");
        for id in ["1", "%00", "%ff", "cus_", "alr_zzzzzzzzzzzzzzzzzzzzzzzzzz", "..%2f..%2fetc", &other_kind] {
            let answer = world.call(who, Ask::new("GET", format!("/{noun}/{id}"))).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (404, "not_found".to_owned()), "{noun}/{id}");
        }
    }
    for id in ["1", "evt_00000001_0000_00000000000000ff", "evt_00000001_0000_00000000000000FF"] {
        world.call(who, Ask::new("GET", format!("/events/{id}"))).await.refused(404, "not_found");
    }
    world.call(who, Ask::new("GET", "/rules/no-such-rule")).await.refused(404, "not_found");
    for (method, path) in [("PATCH", "/alerts"), ("DELETE", "/alerts"), ("POST", "/alerts/x"), ("PUT", "/session")] {
        let answer = world.call(who, Ask::new(method, path)).await;
        answer.refused(405, "method_not_allowed");
        assert!(answer.header("allow").contains("GET"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_refused_before_and_after_its_length_is_known() {
    let (world, admin) = world().await;
    let big = json!({"text": "x".repeat(1024 * 1024)}).to_string();
    let path = format!("/incidents/{}/comments", world.incident().await.id);
    raw(&world, &admin, &path, Some("application/json"), big.clone()).await.refused(413, "too_large");
    let chunks = big.as_bytes().chunks(64 * 1024).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()));
    let streamed = Body::from_stream(futures::stream::iter(chunks.collect::<Vec<_>>()));
    raw(&world, &admin, &path, Some("application/json"), streamed).await.refused(413, "too_large");
}

#[tokio::test]
async fn whoever_is_slower_hears_of_a_conflict_and_a_name_in_use_is_told_by_field() {
    let (world, admin) = world().await;
    let who = As::Session(&admin);
    let device = world.device().await;
    let path = format!("/devices/{}", device.id);
    let put = Ask::new("PUT", path.clone()).json(joined(&device.data, json!({"version": device.version})));
    world.call(who, put.clone()).await.done(200);
    world.call(who, put).await.refused(409, "conflict");

    let incident = world.incident().await;
    let path = format!("/incidents/{}/transition", incident.id);
    let start = |version: i64| {
        let transition = json!(model::incident::Transition::Start);
        Ask::new("POST", path.clone()).json(json!({"version": version, "transition": transition}))
    };
    let started = world.call(who, start(incident.version)).await.done(200).json();
    world.call(who, start(incident.version)).await.refused(409, "conflict");
    world.call(who, start(started["version"].as_i64().unwrap())).await.refused(409, "not_allowed_now");

    let user = joined(user_data("root", Role::Auditor, &[]), json!({"password": PASSWORD}));
    let answer = world.call(who, Ask::new("POST", "/users").json(user)).await;
    answer.refused(409, "taken");
    assert_eq!(fields(&answer), ["login"]);
    let answer = world.call(who, Ask::new("POST", "/customers").json(json!(customer_data(CANARY)))).await;
    answer.refused(409, "taken");
    assert!(["name", "short_name"].contains(&fields(&answer)[0].as_str()), "{answer:?}");

    let mut last = world.call(who, Ask::new("GET", format!("/users/{}", admin.user.id))).await.done(200).json();
    last["roles"] = json!(["auditor"]);
    let put = Ask::new("PUT", format!("/users/{}", admin.user.id)).json(last);
    world.call(who, put).await.refused(409, "not_allowed_now");
}

#[tokio::test]
async fn no_answer_may_be_stored_or_sniffed() {
    let (world, admin) = world().await;
    for path in ["/about", "/session", "/alerts", "/nothing", "/openapi.json"] {
        let answer = world.call(As::Session(&admin), Ask::new("GET", path)).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
}
