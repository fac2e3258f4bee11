//! TAXII 2.1 against the OASIS group's own server, medallion.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use feeds::{Brought, Fetched, Fetcher};
use model::intel::{FeedData, FeedKind};
use serde_json::{Value, json};

use crate::server::{feed, settings};

const COLLECTION: &str = "91a7b528-80eb-42ed-a74d-c6fbd5a26116";

struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Where `cargo xtask test` has installed it. REQUIRE_SENDERS=1 makes a missing one a failure.
    async fn start() -> Option<Server> {
        let here = std::env::current_exe().unwrap();
        let program: PathBuf = here.ancestors().nth(3).unwrap().join("senders/bin/medallion");
        if !program.exists() {
            assert_ne!(std::env::var("REQUIRE_SENDERS").as_deref(), Ok("1"), "medallion is not installed");
            println!("skipped: medallion is not installed");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let (data, config) = (folder.path().join("data.json"), folder.path().join("config.json"));
        let root = format!("http://127.0.0.1:{port}/trust/");
        let information = json!({"title": "Trust group", "versions": ["application/taxii+json;version=2.1"],
            "max_content_length": 9765625});
        let collection = |id: &str, title: &str, readable: bool| {
            json!({"id": id, "title": title, "can_read": readable, "can_write": true, "manifest": [], "objects": [],
                "media_types": ["application/stix+json;version=2.1"]})
        };
        let content = json!({
            "/discovery": {"title": "Test", "default": root, "api_roots": [root]},
            "trust": {"information": information, "status": [], "collections": [
                collection(COLLECTION, "Indicators", true),
                collection("52892447-4d7e-4f70-b94d-d7f22742ff63", "Other", true),
                collection("64993447-4d7e-4f70-b94d-d7f33742ee63", "Closed", false),
            ]},
        });
        std::fs::write(&data, content.to_string()).unwrap();
        let settings = json!({
            "backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend", "filename": data},
            "users": {"admin": "Password0"},
            "taxii": {"max_page_size": 7},
        });
        std::fs::write(&config, settings.to_string()).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(program);
        command.args(["--port", &port.to_string()]).arg(&config);
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let server = Server { child: command.spawn().unwrap(), port, folder };
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(server);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let log = std::fs::read_to_string(server.folder.path().join("log")).unwrap_or_default();
        panic!("medallion does not listen: {log}");
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Adds objects as another participant would.
    fn add(&self, objects: &[Value]) {
        let body = json!({"objects": objects}).to_string();
        let head = format!(
            "POST /trust/collections/{COLLECTION}/objects/ HTTP/1.1\r\nhost: 127.0.0.1\r\n\
             authorization: Basic YWRtaW46UGFzc3dvcmQw\r\naccept: application/taxii+json;version=2.1\r\n\
             content-type: application/taxii+json;version=2.1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(" 202 "), "{answer}");
    }

    fn feed(&self, path: &str, collection: &str) -> FeedData {
        let mut feed = feed(FeedKind::Taxii, &self.url(path));
        (feed.user, feed.collection) = ("admin".into(), collection.into());
        feed
    }
}

fn indicator(number: usize, modified: usize, more: Value) -> Value {
    let time = |second: usize| format!("2026-01-01T00:{:02}:{:02}.000Z", second / 60, second % 60);
    let mut object = json!({
        "type": "indicator", "spec_version": "2.1", "id": format!("indicator--00000000-0000-4000-8000-{number:012}"),
        "created": time(0), "modified": time(modified), "name": format!("Number {number}"), "confidence": 70,
        "pattern_type": "stix", "pattern": format!("[domain-name:value = 'host{number}.example']"),
        "valid_from": time(0), "indicator_types": ["malicious-activity"],
    });
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

fn brought(fetched: Fetched) -> Brought {
    match fetched {
        Fetched::Brought(brought) => *brought,
        Fetched::Unchanged(place) => panic!("nothing came: {place}"),
    }
}

#[tokio::test]
async fn a_collection_is_read_page_by_page_and_then_only_what_was_added() {
    let Some(server) = Server::start().await else { return };
    let first: Vec<Value> = (0..30).map(|number| indicator(number, 1, json!({}))).collect();
    server.add(&first);
    let fetcher = Fetcher::new(settings(server.folder.path()));
    let feed = server.feed(&format!("/trust/collections/{COLLECTION}/"), "");
    let all = brought(fetcher.fetch(&feed, Some("Password0"), "").await.unwrap());
    assert_eq!(all.reading.indicators.len(), 30, "{:?}", all.reading.unread);
    assert_eq!(all.reading.indicators[0].detail().confidence, Some(70));
    let nothing = fetcher.fetch(&feed, Some("Password0"), &all.place).await.unwrap();
    assert!(matches!(nothing, Fetched::Unchanged(_)), "{nothing:?}");

    let red = json!({"object_marking_refs": ["marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"]});
    server.add(&[indicator(30, 1, red), indicator(3, 9, json!({"revoked": true}))]);
    let more = brought(fetcher.fetch(&feed, Some("Password0"), &all.place).await.unwrap());
    let values: Vec<&str> = more.reading.indicators.iter().map(|one| &*one.value).collect();
    assert_eq!(values, ["host30.example"]);
    assert_eq!(more.reading.indicators[0].detail().tlp, Some(model::intel::Tlp::Red));
    assert_eq!(&*more.withdrawn[0].value, "host3.example");
    assert!(!more.whole);
    server.add(&[indicator(31, 1, json!({}))]);
    let one = brought(fetcher.fetch(&feed, Some("Password0"), &more.place).await.unwrap());
    assert_eq!(one.reading.indicators.len(), 1, "a single object is not passed over");
    let nothing = fetcher.fetch(&feed, Some("Password0"), &one.place).await.unwrap();
    assert!(matches!(nothing, Fetched::Unchanged(_)), "{nothing:?}");
}

#[tokio::test]
async fn a_collection_is_found_from_the_server_the_api_root_or_its_objects() {
    let Some(server) = Server::start().await else { return };
    server.add(&[indicator(1, 1, json!({}))]);
    let fetcher = Fetcher::new(settings(server.folder.path()));
    for (path, collection) in [
        ("/taxii2/", "Indicators"),
        ("/trust/", COLLECTION),
        ("/trust/collections/", "Indicators"),
        (&*format!("/trust/collections/{COLLECTION}/objects/"), ""),
    ] {
        let found = fetcher.fetch(&server.feed(path, collection), Some("Password0"), "").await;
        assert_eq!(brought(found.unwrap()).reading.indicators.len(), 1, "{path}");
    }
    for (path, collection, secret, words) in [
        ("/taxii2/", "", "Password0", "name the collection"),
        ("/taxii2/", "Closed", "Password0", "those that may be read: Indicators, Other"),
        ("/taxii2/", "Indicators", "wrong", "refuses the credentials"),
        ("/nowhere/", "Indicators", "Password0", "status 404"),
    ] {
        let feed = server.feed(path, collection);
        let error = fetcher.fetch(&feed, Some(secret), "").await.unwrap_err().to_string();
        assert!(error.contains(words), "{path} {collection}: {error}");
    }
}
