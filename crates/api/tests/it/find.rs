//! Finding events over HTTP: what it costs, queries read, searches shared, files made in the background, live views, and
//! work that stops when nobody waits for it.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use lake::{LogPosition, RowBatch};
use model::event::{Envelope, Event};
use model::role::Role;
use model::{DeviceId, EventId};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::client::{As, Ask, EventStream, Heard, Person};
use crate::world::*;

async fn world() -> (World, Person, Person) {
    let world = World::new().await;
    let ours = world.person("li.lei", Role::L1Analyst, &[&world.ours]).await;
    let colleague = world.person("wang.wu", Role::L1Analyst, &[&world.ours]).await;
    (world, ours, colleague)
}

/// Records of our customer, each with a field.
fn records(world: &World, count: u64, value: &str) {
    let mut batch = RowBatch::default();
    for _ in 0..count {
        let id = EventId { log: 2, shard: 0, sequence: world.fresh() };
        let device = DeviceId::derived(now(), &[b"nobody"]);
        let envelope = Envelope { id, customer: world.ours.clone(), device, received: now() };
        let mut event = Event::unparsed("a record of many", now());
        event.core.push("user_name", value.to_owned());
        batch.push(&envelope, &event);
    }
    world.lake.append(batch, LogPosition { log: 2, shard: 0, sequence: world.fresh() }).unwrap();
}

#[tokio::test]
async fn a_text_of_the_language_is_read_part_by_part_or_its_mistake_is_placed() {
    let (world, ours, _) = world().await;
    let read = async |q: &str| {
        let ask = Ask::new("POST", "/events/query").json(json!({"q": q}));
        world.call(As::Session(&ours), ask).await.done(200).json()
    };
    let reading = read(r#"source_ip:10.0.0.0/8 NOT user_name:(a OR b) "failed password""#).await;
    assert_eq!(reading["problem"], Value::Null);
    assert_eq!(reading["fields"], json!(["source_ip", "user_name"]));
    assert_eq!(
        reading["parts"],
        json!([
            {"text": "source_ip:10.0.0.0/8", "not": false},
            {"text": "(user_name:a OR user_name:b)", "not": true},
            {"text": "\"failed password\"", "not": false},
        ])
    );
    // What is put together again means the same.
    let again = r#"source_ip:10.0.0.0/8 AND NOT (user_name:a OR user_name:b) AND "failed password""#;
    assert_eq!(read(again).await["parts"], reading["parts"]);
    assert_eq!(read("").await["parts"], json!([]));
    assert_eq!(read("a OR b").await["parts"], json!([{"text": "(a OR b)", "not": false}]));
    let wrong = read("中文:(a OR").await;
    assert_eq!(wrong["problem"]["at"], 8, "{wrong}");
    assert!(wrong["problem"]["message"].as_str().unwrap().starts_with("expected a value"), "{wrong}");
}

#[tokio::test]
async fn an_answer_says_what_it_read() {
    let (world, ours, _) = world().await;
    records(&world, 500, "li");
    world.lake.flush_all().await.unwrap();
    for (path, more) in [
        ("/events/search", json!({"q": "user_name:li"})),
        ("/events/histogram", json!({"q": "user_name:li"})),
        ("/events/fields", json!({"fields": ["user_name"]})),
        ("/events/sql", json!({"sql": "SELECT count(*) FROM events WHERE user_name = 'li'"})),
    ] {
        let ask = Ask::new("POST", path).json(joined(around_now(), more));
        let answer = world.call(As::Session(&ours), ask).await.done(200).json();
        assert!(answer["cost"]["bytes"].as_u64().unwrap() > 0, "{path}: {}", answer["cost"]);
        assert!(answer["cost"]["milliseconds"].is_u64(), "{path}: {}", answer["cost"]);
    }
}

#[tokio::test]
async fn a_shared_search_is_read_by_colleagues_and_changed_by_its_owner_alone() {
    let (world, ours, colleague) = world().await;
    let manager = world.person("zhao.liu", Role::Administrator, &[]).await;
    let data = json!({"name": " Failed sign-ins ", "query": "user_name:* \"failed\"", "seconds": 3600,
        "columns": ["user_name"], "customer": world.ours, "shared": false});
    let made = Ask::new("POST", "/saved-searches").json(data.clone());
    let made = world.call(As::Session(&ours), made).await.done(201).json();
    assert_eq!(made["name"], "Failed sign-ins");
    let path = format!("/saved-searches/{}", made["id"].as_str().unwrap());
    world.call(As::Session(&colleague), Ask::new("GET", &*path)).await.refused(404, "not_found");
    let mut shared = joined(data, json!({"version": 1}));
    shared["shared"] = true.into();
    world.call(As::Session(&ours), Ask::new("PUT", &*path).json(shared.clone())).await.done(200);
    assert_eq!(world.call(As::Session(&colleague), Ask::new("GET", &*path)).await.done(200).json()["shared"], true);
    shared["version"] = 2.into();
    world.call(As::Session(&colleague), Ask::new("PUT", &*path).json(shared.clone())).await.refused(403, "forbidden");
    world.call(As::Session(&colleague), Ask::new("DELETE", &*path)).await.refused(403, "forbidden");
    shared["query"] = "user_name:(a".into();
    let wrong = world.call(As::Session(&ours), Ask::new("PUT", &*path).json(shared)).await;
    wrong.refused(400, "invalid");
    assert_eq!(wrong.json()["fields"][0]["field"], "query", "{wrong:?}");
    world.call(As::Session(&manager), Ask::new("DELETE", &*path)).await.done(204);
    let audit = world.call(As::Session(&manager), Ask::new("GET", "/audit?limit=1000")).await.done(200).text;
    for action in ["saved_search.create", "saved_search.update", "saved_search.delete"] {
        assert!(audit.contains(action), "{action} is not on record");
    }
}

async fn ask_for(world: &World, who: &Person, more: Value) -> String {
    let data = joined(joined(around_now(), json!({"most": 100_000, "format": "ndjson"})), more);
    let made = world.call(As::Session(who), Ask::new("POST", "/exports").json(data)).await.done(201).json();
    made["id"].as_str().unwrap().to_owned()
}

async fn export(world: &World, who: &Person, id: &str) -> Value {
    world.call(As::Session(who), Ask::new("GET", format!("/exports/{id}"))).await.done(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_written_whole_for_its_owner_alone_and_goes_when_its_time_is_over() {
    let (world, ours, colleague) = world().await;
    records(&world, 300, "=cmd|x");
    world.lake.flush_all().await.unwrap();
    records(&world, 50, "li");
    let csv = ask_for(&world, &ours, json!({"format": "csv", "columns": ["user_name", "raw"]})).await;
    let parquet = ask_for(&world, &ours, json!({"format": "parquet", "q": "user_name:li"})).await;
    assert_eq!(export(&world, &ours, &csv).await["state"], "queued");
    world.finish_exports().await;
    let done = export(&world, &ours, &csv).await;
    assert_eq!((&done["state"], &done["events"], &done["total"]), (&json!("done"), &json!(350), &json!(350)), "{done}");
    let path = format!("/exports/{csv}/file");
    let file = world.call(As::Session(&ours), Ask::new("GET", &*path)).await.done(200);
    assert_eq!(file.text.len() as u64, done["bytes"].as_u64().unwrap());
    assert_eq!(file.text.lines().count(), 351);
    assert!(file.text.contains("\"'=cmd|x\""), "a formula is disarmed: {}", &file.text[..200]);
    assert!(file.header("content-disposition").contains(&csv), "{:?}", file.headers);
    world.call(As::Session(&colleague), Ask::new("GET", &*path)).await.refused(404, "not_found");
    assert_eq!(export(&world, &ours, &parquet).await["events"], 50);

    assert_eq!(world.ops.expire_exports(now().plus(Duration::from_secs(6 * 86_400))).await.unwrap(), 0);
    assert_eq!(world.ops.expire_exports(now().plus(Duration::from_secs(8 * 86_400))).await.unwrap(), 2);
    world.call(As::Session(&ours), Ask::new("GET", &*path)).await.refused(404, "not_found");
    assert_eq!(export(&world, &ours, &csv).await["state"], "expired");
    assert_eq!(std::fs::read_dir(world.folder.path().join("exports")).unwrap().count(), 0, "the files are gone");
    let admin = world.person("root", Role::Administrator, &[]).await;
    let audit = world.call(As::Session(&admin), Ask::new("GET", "/audit?limit=1000")).await.done(200).text;
    for action in ["export.create", "export.finish", "export.download", "export.expire"] {
        assert!(audit.contains(action), "{action} is not on record");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_not_handed_to_an_owner_who_lost_the_customer_in_it() {
    let (world, ours, _) = world().await;
    records(&world, 5, CANARY);
    let id = ask_for(&world, &ours, json!({})).await;
    world.finish_exports().await;
    let path = format!("/exports/{id}/file");
    assert!(world.call(As::Session(&ours), Ask::new("GET", &*path)).await.done(200).text.contains(CANARY));
    let mut tx = world.store.write(&job()).await.unwrap();
    let mut user = tx.get_user(&ours.user.id).await.unwrap();
    user.data.customers = vec![world.theirs.clone()];
    tx.update_user(&user.id, user.version, &user.data).await.unwrap();
    tx.commit().await.unwrap();
    let answer = world.call(As::Session(&ours), Ask::new("GET", &*path)).await;
    answer.refused(404, "not_found");
    assert!(!answer.text.contains(CANARY));
    // One that was asked for while the customer was theirs is written with what they see when it is.
    let late = ask_for(&world, &ours, json!({"customers": [world.ours]})).await;
    world.finish_exports().await;
    assert_eq!(export(&world, &ours, &late).await["events"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_cut_short_begins_anew_and_one_called_off_leaves_nothing() {
    let (world, ours, _) = world().await;
    records(&world, 20, "li");
    let folder = world.folder.path().join("exports");
    let cut = ask_for(&world, &ours, json!({})).await;
    // As a process that died while it wrote leaves it.
    let ctx = job();
    let mut tx = world.store.write(&ctx).await.unwrap();
    let queued = tx.get_export(&ours.user.id, &cut.parse().unwrap()).await.unwrap();
    let running = model::export::Export { state: model::export::ExportState::Running, events: 7, bytes: 9, ..queued };
    tx.put_export(model::export::ExportState::Queued, &running).await.unwrap();
    tx.commit().await.unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{cut}.part")), b"half a fi").unwrap();
    assert_eq!(world.ops.resume_exports(now()).await.unwrap(), 1);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    world.finish_exports().await;
    let done = export(&world, &ours, &cut).await;
    assert_eq!((&done["state"], &done["events"]), (&json!("done"), &json!(20)));
    assert_eq!(world.ops.resume_exports(now()).await.unwrap(), 0, "what is whole stays");
    world.call(As::Session(&ours), Ask::new("GET", format!("/exports/{cut}/file"))).await.done(200);

    let off = ask_for(&world, &ours, json!({})).await;
    world.call(As::Session(&ours), Ask::new("POST", format!("/exports/{off}/cancel"))).await.done(200);
    world.finish_exports().await;
    assert_eq!(export(&world, &ours, &off).await["state"], "cancelled");
    world.call(As::Session(&ours), Ask::new("POST", format!("/exports/{off}/cancel"))).await.refused(409, "conflict");
    world.call(As::Session(&ours), Ask::new("DELETE", format!("/exports/{off}"))).await.done(204);
    world.call(As::Session(&ours), Ask::new("DELETE", format!("/exports/{cut}"))).await.done(204);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_view_tells_what_arrives_and_how_much_it_passed_over() {
    let (world, ours, _) = world().await;
    let theirs = world.person("han.mei", Role::L1Analyst, &[&world.theirs]).await;
    records(&world, 3, "before");
    let watch = |who| Ask::new("GET", "/events/tail?q=user_name:li").request(who);
    let mut mine = EventStream::open(&world.router, watch(As::Session(&ours))).await;
    let mut other = EventStream::open(&world.router, watch(As::Session(&theirs))).await;
    for stream in [&mut mine, &mut other] {
        assert_eq!(stream.event(Duration::from_secs(5)).await.event, "hello");
    }
    records(&world, 130, "li");
    records(&world, 9, "wang");
    let told: Value = serde_json::from_str(&mine.event(Duration::from_secs(10)).await.data).unwrap();
    assert_eq!((told["events"].as_array().unwrap().len(), &told["skipped"]), (100, &json!(30)));
    assert_eq!(
        other.next(Duration::from_millis(1500)).await,
        Heard::Silence,
        "another customer's events are not theirs"
    );
    // A stream ends with its session.
    let sign_out = Ask::new("DELETE", "/session");
    world.call(As::Session(&ours), sign_out).await.done(204);
    let end = Instant::now() + Duration::from_secs(30);
    while mine.next(Duration::from_secs(1)).await != Heard::Ended {
        assert!(Instant::now() < end, "the stream goes on without a session");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_opens_more_live_views_than_they_can_look_at() {
    let (world, ours, _) = world().await;
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(EventStream::open(&world.router, Ask::new("GET", "/events/tail").request(As::Session(&ours))).await);
    }
    world.call(As::Session(&ours), Ask::new("GET", "/events/tail")).await.refused(400, "too_costly");
    open.pop();
    EventStream::open(&world.router, Ask::new("GET", "/events/tail").request(As::Session(&ours))).await;
}

/// Sends a request over a real connection, hangs up once it is at work, and waits for the work to end.
async fn hangs_up(world: &World, who: &Person, path: &str, body: Value) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = world.router.clone();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let body = body.to_string();
    let request = format!(
        "POST /api/v1{path} HTTP/1.1\r\nhost: it\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        who.token,
        body.len()
    );
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    while world.lake.searches_running() == 0 {
        assert!(Instant::now() < end, "{path}: the search never began");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(world.lake.searches_running(), 1, "{path}: it was over before anybody could stop it");
    drop(connection);
    let hung_up = Instant::now();
    while world.lake.searches_running() > 0 {
        assert!(hung_up.elapsed() < Duration::from_secs(10), "{path}: it still works {:?} later", hung_up.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("{path} stopped {:?} after its reader hung up", hung_up.elapsed());
    server.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sql_query_stops_when_its_reader_hangs_up() {
    let (world, ours, _) = world().await;
    records(&world, 4_000, "li");
    let sql = "SELECT count(*) FROM events a, events b, events c WHERE a.raw || b.raw || c.raw LIKE '%zzz%'";
    hangs_up(&world, &ours, "/events/sql", joined(around_now(), json!({"sql": sql}))).await;
    // Its place in the queue is free again.
    let again =
        Ask::new("POST", "/events/sql").json(joined(around_now(), json!({"sql": "SELECT 1 FROM events LIMIT 1"})));
    assert_eq!(world.call(As::Session(&ours), again).await.status, StatusCode::OK);
}
