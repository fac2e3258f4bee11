//! A collector before its centre, both for real, both killed at random: every line is in the lake once.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::reader;
use crate::server::{Place, binary};

const ROUNDS: usize = 8;
/// What the kernel took from a sender, the collector has after this.
const TAKEN: Duration = Duration::from_millis(800);

/// A running collector; killed when dropped.
struct Collector {
    child: Child,
    tcp: String,
    http: String,
    metrics: String,
}

impl Collector {
    fn start(config: &Path) -> Collector {
        let mut child =
            Command::new(binary()).args(["collect", "--config"]).arg(config).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let started = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let entry: Value = serde_json::from_str(&line).unwrap_or_default();
            said.push(line);
            (entry["fields"]["message"] == "vedette collects").then(|| entry["fields"].clone())
        });
        let Some(fields) = started else { panic!("the collector did not start:\n{}", said.join("\n")) };
        std::thread::spawn(move || lines.for_each(drop));
        let address = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
        Collector { child, tcp: address("tcp"), http: address("http"), metrics: address("metrics") }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    async fn metric(&self, name: &str) -> f64 {
        let text = reqwest::get(format!("http://{}/metrics", self.metrics)).await.unwrap().text().await.unwrap();
        let line =
            text.lines().find_map(|line| line.strip_prefix(&format!("vedette_collect_{name} ")).map(str::to_owned));
        line.unwrap_or_else(|| panic!("no {name} in\n{text}")).parse().unwrap()
    }

    async fn until_empty(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.metric("waiting_records").await > 0.0 {
            assert!(Instant::now() < deadline, "the buffer does not drain");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // Already gone after `kill`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A log file that is written to and rotated until stopped; gives how many lines there are.
fn write_log(path: PathBuf, stop: Arc<AtomicBool>, lines: Arc<AtomicU64>) {
    let (mut number, mut rotations) = (0, 0);
    let mut file = OpenOptions::new().append(true).create(true).open(&path).unwrap();
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..fastrand::u32(1..30) {
            writeln!(file, "file line {number:07} of an application that writes a log and rotates it").unwrap();
            number += 1;
        }
        lines.store(number, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(fastrand::u64(1..40)));
        if fastrand::u32(0..60) == 0 {
            rotations += 1;
            std::fs::rename(&path, path.with_extension(format!("log.{rotations}"))).unwrap();
            file = File::create(&path).unwrap();
        }
    }
    println!("{number} lines, {rotations} rotations");
}

async fn post(address: &str, key: &str, body: String) -> bool {
    let client = reqwest::Client::new();
    let request = client.post(format!("http://{address}/ingest/v1/events")).header("idempotency-key", key).body(body);
    matches!(request.send().await, Ok(answer) if answer.status() == StatusCode::OK)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn kills_of_collector_and_centre_while_files_are_rotated_lose_and_double_no_line() {
    let place = Place::new();
    place.add_user();
    // The centre keeps its address over restarts.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = place.path().join("vedette.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    let text = text.replace("http_listen = \"127.0.0.1:0\"", &format!("http_listen = \"127.0.0.1:{port}\""));
    std::fs::write(&settings, text).unwrap();
    let mut server = Some(place.start());
    let client = server.as_ref().unwrap().sign_in().await;
    let (customer, ..) = client.device().await;
    let made = json!({"customer": customer, "name": "branch collector", "kind": "collector", "silence_minutes": 10});
    let own = client.post("/devices", made, StatusCode::CREATED).await["id"].as_str().unwrap().to_owned();
    let issued =
        client.post(&format!("/devices/{own}/credentials"), json!({"kind": "token"}), StatusCode::CREATED).await;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("token"), issued["secret"].as_str().unwrap()).unwrap();
    let config = at("collect.toml");
    let text = format!(
        "[centre]\nurl = \"http://127.0.0.1:{port}\"\ntoken_file = {:?}\nlongest_wait_seconds = 1\n\
         [buffer]\nfolder = {:?}\nmax_mib = 64\ndisk_reserve_mib = 1\n\
         [listen]\ntcp = \"127.0.0.1:0\"\nhttp = \"127.0.0.1:0\"\n[[file]]\npaths = [{:?}]\n\
         [metrics]\nlisten = \"127.0.0.1:0\"\n[log]\njson = true\n",
        at("token"),
        at("buffer"),
        at("app.log*")
    );
    std::fs::write(&config, text).unwrap();

    let (stop, lines) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writer = std::thread::spawn({
        let (path, stop, lines) = (at("app.log"), stop.clone(), lines.clone());
        move || write_log(path, stop, lines)
    });
    let mut collector = Some(Collector::start(&config));
    let (mut certain, mut posted) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        let running = collector.as_ref().unwrap();
        let mut stream = TcpStream::connect(&running.tcp).await.unwrap();
        for number in 0..200 {
            let line = format!("<13>syslog round {round} number {number}");
            stream.write_all(format!("{line}\n").as_bytes()).await.unwrap();
            certain.push(line);
        }
        stream.shutdown().await.unwrap();
        // Over HTTP a sender knows what was taken, and sends again what it does not know of.
        let body: Vec<String> = (0..50).map(|number| format!("http round {round} number {number}")).collect();
        let key = format!("round-{round}");
        let first = post(&running.http, &key, body.join("\n")).await;
        tokio::time::sleep(TAKEN + Duration::from_millis(fastrand::u64(0..700))).await;
        match fastrand::u32(0..3) {
            0 => collector.take().unwrap().kill(),
            1 => server.take().unwrap().kill(),
            _ => {
                collector.take().unwrap().kill();
                server.take().unwrap().kill();
            }
        }
        tokio::time::sleep(Duration::from_millis(fastrand::u64(0..800))).await;
        let running = collector.get_or_insert_with(|| Collector::start(&config));
        assert!(post(&running.http, &key, body.join("\n")).await || first);
        posted += body.len();
        server.get_or_insert_with(|| place.start());
    }
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    // Read to the end, handed on to the end.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let running = collector.as_ref().unwrap();
    running.until_empty().await;
    let expected = lines.load(Ordering::Relaxed) as usize + certain.len() + posted;

    // Records of no registered device are the collector's own, and their address is shown.
    let client = server.as_ref().unwrap().sign_in().await;
    let events = |device: &Value| device["event_count"].as_u64() == Some(expected as u64);
    client.until(&format!("/devices/{own}"), events).await;
    let peers = client.get(&format!("/devices/{own}/peers")).await;
    assert_eq!(peers["items"][0]["address"], "127.0.0.1", "{peers}");
    assert_eq!(peers["items"][0]["records"].as_u64().unwrap() as usize, certain.len() + posted);
    let search = json!({"from": "2026-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "text": "file line 0000007"});
    let found = client.post("/events/search", search, StatusCode::OK).await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found["items"][0]["device"], own.as_str());

    assert!(server.take().unwrap().stop(), "the drain at the end must succeed");
    let found = reader::records(&place.data());
    let doubled: Vec<_> = found.iter().filter(|(_, count)| **count > 1).take(5).collect();
    let missing: Vec<_> = (0..lines.load(Ordering::Relaxed))
        .map(|number| format!("file line {number:07} of an application that writes a log and rotates it"))
        .chain(certain)
        .filter(|line| !found.contains_key(line))
        .take(5)
        .collect();
    println!("{expected} records, {} in the lake", found.len());
    assert!(missing.is_empty(), "lost: {missing:?}");
    assert!(doubled.is_empty(), "doubled: {doubled:?}");
    assert_eq!(found.len(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_registered_gives_what_comes_from_then_on_to_its_device() {
    let place = Place::new();
    place.add_user();
    let server = place.start();
    let client = server.sign_in().await;
    let (customer, device, _) = client.device().await;
    let made = json!({"customer": customer, "name": "collector", "kind": "collector", "silence_minutes": 10});
    let own = client.post("/devices", made, StatusCode::CREATED).await["id"].as_str().unwrap().to_owned();
    let issued =
        client.post(&format!("/devices/{own}/credentials"), json!({"kind": "token"}), StatusCode::CREATED).await;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("token"), issued["secret"].as_str().unwrap()).unwrap();
    let config = at("collect.toml");
    let text = format!(
        "[centre]\nurl = \"http://{}\"\ntoken_file = {:?}\n[buffer]\nfolder = {:?}\ndisk_reserve_mib = 1\n\
         [listen]\ntcp = \"127.0.0.1:0\"\n[metrics]\nlisten = \"127.0.0.1:0\"\n[log]\njson = true\n",
        server.ingest,
        at("token"),
        at("buffer")
    );
    std::fs::write(&config, text).unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    let check = Command::new(binary()).args(["collect", "check", "--config"]).arg(&config).output().unwrap();
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(check.status.success() && said.contains("the centre knows this collector"), "{said}");
    let collector = Collector::start(&config);
    let health = reqwest::get(format!("http://{}/healthz", collector.metrics)).await.unwrap();
    assert_eq!(health.status(), StatusCode::OK);
    let send = async |line: &str| {
        let mut stream = TcpStream::connect(&collector.tcp).await.unwrap();
        stream.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    };
    send("<13>before").await;
    let path = format!("/devices/{own}/peers");
    client.until(&path, |peers| peers["items"][0]["address"] == "127.0.0.1").await;
    let wish = json!({"kind": "address", "address": "127.0.0.1", "collector": own});
    let issued = client.post(&format!("/devices/{device}/credentials"), wish, StatusCode::CREATED).await;
    assert_eq!(issued["credential"]["label"], "127.0.0.1");
    assert_eq!(client.get(&path).await["items"].as_array().unwrap().len(), 0, "it is registered now");
    tokio::time::sleep(Duration::from_millis(600)).await;
    send("<13>after").await;
    let heard = client.until(&format!("/devices/{device}"), |device| device["event_count"] == 1).await;
    assert_eq!(heard["state"], "online");
    assert_eq!(client.get(&format!("/devices/{own}")).await["event_count"], 1);
    assert!(server.stop());
}
