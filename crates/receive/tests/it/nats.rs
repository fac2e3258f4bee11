//! A real NATS server: what a stream holds is stored once, whatever is delivered again.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model::device::DeviceSender;
use model::{CustomerId, DeviceId, Timestamp};
use receive::nats::{Nats, NatsConfig, NatsCredential};
use receive::wal::{DataEntry, Kind, OsDisk};
use receive::{DiskRoom, ReceiveConfig, Receiver};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A server on a port of its own, killed when dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts Debian's server; nothing where it is not installed.
async fn server(folder: &Path, more: &[&str]) -> Option<Server> {
    let program = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"];
    let Some(program) = program.into_iter().find(|path| Path::new(path).exists()) else {
        assert_ne!(std::env::var("REQUIRE_SENDERS").as_deref(), Ok("1"), "nats-server is not installed");
        println!("skipped: nats-server is not installed");
        return None;
    };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new(program)
        .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
        .arg(folder.join("js"))
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Server { child, address: SocketAddr::from(([127, 0, 0, 1], port)) };
    for _ in 0..200 {
        if TcpStream::connect(server.address).await.is_ok() {
            return Some(server);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("nats-server does not listen");
}

/// A client of the test's own.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn open(address: SocketAddr) -> Client {
        let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        stream.write_all(b"CONNECT {\"verbose\":false,\"auth_token\":\"secret\"}\r\nSUB reply 1\r\n").await.unwrap();
        Client(stream)
    }

    async fn publish(&mut self, subject: &str, reply: &str, payload: &str) {
        let frame = format!("PUB {subject} {reply}{}\r\n{payload}\r\n", payload.len());
        self.0.write_all(frame.as_bytes()).await.unwrap();
    }

    /// Asks JetStream.
    async fn ask(&mut self, subject: &str, body: Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.publish(subject, "reply ", &body).await;
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).await.unwrap() > 0);
            if line.starts_with("PING") {
                self.0.write_all(b"PONG\r\n").await.unwrap();
            }
            let Some(size) = line.strip_prefix("MSG ").and_then(|rest| rest.split_whitespace().last()) else {
                continue;
            };
            let mut payload = vec![0; size.parse::<usize>().unwrap() + 2];
            self.0.read_exact(&mut payload).await.unwrap();
            return serde_json::from_slice(&payload[..payload.len() - 2]).unwrap();
        }
    }

    async fn stream(&mut self) {
        let made = self.ask("$JS.API.STREAM.CREATE.LOGS", json!({"name": "LOGS", "subjects": ["logs.>"]})).await;
        assert!(made["error"].is_null(), "{made}");
    }
}

async fn open(folder: &Path, device: &DeviceId) -> Receiver {
    let mut config = ReceiveConfig::new(folder.join("log"));
    config.room = DiskRoom { min_free_bytes: 0, min_free_percent: 0 };
    config.wal.segment_bytes = 16 << 20;
    let receiver = Receiver::open(config, Arc::new(OsDisk)).await.unwrap();
    let customer = CustomerId::generate(Timestamp::from_micros(0));
    let (device, time_zone) = (device.clone(), "UTC".to_owned());
    receiver
        .senders()
        .replace_all(Vec::new(), vec![DeviceSender { customer, device, collects: false, source: None, time_zone }]);
    receiver
}

fn config(address: SocketAddr, device: &DeviceId, stream: Option<&str>) -> NatsConfig {
    NatsConfig {
        url: format!("nats://{address}"),
        credential: NatsCredential::Token("secret".into()),
        tls: None,
        stream: stream.map(str::to_owned),
        consumer: "vedette".into(),
        subjects: vec![("logs.fw.>".into(), device.clone())],
    }
}

fn stored(receiver: &Receiver) -> Vec<String> {
    let wal = receiver.wal();
    let mut reader = wal.reader(wal.first());
    let mut all = Vec::new();
    loop {
        let batch = reader.read(100_000, 16 << 20, Duration::ZERO).unwrap();
        if batch.is_empty() {
            return all;
        }
        let data = batch.records().filter(|record| record.kind == Kind::DATA);
        all.extend(
            data.map(|record| String::from_utf8_lossy(DataEntry::decode(record.payload).unwrap().raw).into_owned()),
        );
    }
}

async fn eventually(receiver: &Receiver, count: usize) -> Vec<String> {
    for _ in 0..400 {
        if stored(receiver).len() >= count {
            tokio::time::sleep(Duration::from_millis(300)).await;
            return stored(receiver);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("only {} of {count} are stored", stored(receiver).len());
}

/// Passes bytes between us and the server until `deaf`: then acknowledgements are lost on the way.
async fn proxy(server: SocketAddr, deaf: Arc<AtomicBool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((ours, _)) = listener.accept().await {
            let theirs = TcpStream::connect(server).await.unwrap();
            let ((mut from_us, mut to_us), (mut from_them, mut to_them)) = (ours.into_split(), theirs.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut from_them, &mut to_us).await });
            let deaf = deaf.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 65536];
                while let Ok(count @ 1..) = from_us.read(&mut buffer).await {
                    let lost = deaf.load(Ordering::SeqCst) && buffer[..count].windows(4).any(|bytes| bytes == b"+ACK");
                    if !lost && to_them.write_all(&buffer[..count]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stored_but_not_acknowledged_is_delivered_again_and_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = server(folder.path(), &["--auth", "secret"]).await else { return };
    let device = DeviceId::generate(Timestamp::from_micros(0));
    let mut client = Client::open(server.address).await;
    client.stream().await;
    // Unacknowledged messages come again soon.
    let consumer = json!({"durable_name": "vedette_logs_fw_all", "filter_subject": "logs.fw.>", "deliver_policy": "all",
        "ack_policy": "explicit", "ack_wait": 1_000_000_000u64, "max_ack_pending": 1000});
    let create = json!({"stream_name": "LOGS", "config": consumer});
    let made = client.ask("$JS.API.CONSUMER.DURABLE.CREATE.LOGS.vedette_logs_fw_all", create).await;
    assert!(made["error"].is_null(), "{made}");
    for number in 0..300 {
        let acknowledged = client.ask("logs.fw.one", json!({ "number": number })).await;
        assert_eq!(acknowledged["stream"], "LOGS");
    }
    client.publish("logs.other", "", "not for us").await;

    let deaf = Arc::new(AtomicBool::new(true));
    let through = proxy(server.address, deaf.clone()).await;
    let receiver = open(folder.path(), &device).await;
    let nats = Nats::start(config(through, &device, Some("LOGS")), &receiver.intake(), &receiver.senders());
    assert_eq!(eventually(&receiver, 300).await.len(), 300);
    // As a kill: nothing was acknowledged, all of it is in the log.
    nats.stop().await;
    receiver.close().await;
    let info = client.ask("$JS.API.CONSUMER.INFO.LOGS.vedette_logs_fw_all", Value::Null).await;
    assert_eq!(info["num_ack_pending"].as_u64(), Some(300), "{info}");

    deaf.store(false, Ordering::SeqCst);
    let receiver = open(folder.path(), &device).await;
    let nats = Nats::start(config(through, &device, Some("LOGS")), &receiver.intake(), &receiver.senders());
    client.publish("logs.fw.two", "", "{\"Records\":[{\"eventName\":\"a\"},{\"eventName\":\"b\"}]}").await;
    let mut kept = eventually(&receiver, 302).await;
    for _ in 0..200 {
        let info = client.ask("$JS.API.CONSUMER.INFO.LOGS.vedette_logs_fw_all", Value::Null).await;
        if info["num_ack_pending"].as_u64() == Some(0) && info["num_pending"].as_u64() == Some(0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(stored(&receiver).len(), 302, "delivered again, stored once");
    kept.sort();
    kept.dedup();
    assert_eq!(kept.len(), 302);
    nats.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_is_made_and_a_server_that_restarts_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut first) = server(folder.path(), &["--auth", "secret"]).await else { return };
    let device = DeviceId::generate(Timestamp::from_micros(0));
    let mut client = Client::open(first.address).await;
    client.stream().await;
    let receiver = open(folder.path(), &device).await;
    let nats = Nats::start(config(first.address, &device, Some("LOGS")), &receiver.intake(), &receiver.senders());
    for number in 0..20 {
        client.ask("logs.fw.one", json!({ "number": number })).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(eventually(&receiver, 20).await.len(), 20);
    let port = first.address.port().to_string();
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let again = Command::new("/usr/sbin/nats-server")
        .args(["-a", "127.0.0.1", "-p", &port, "-js", "--auth", "secret", "-sd"])
        .arg(folder.path().join("js"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let second = Server { child: again, address: first.address };
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut client = Client::open(second.address).await;
    for number in 20..40 {
        client.ask("logs.fw.one", json!({ "number": number })).await;
    }
    assert_eq!(eventually(&receiver, 40).await.len(), 40);
    nats.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_subject_is_read_while_somebody_listens() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = server(folder.path(), &["--auth", "secret"]).await else { return };
    let device = DeviceId::generate(Timestamp::from_micros(0));
    let receiver = open(folder.path(), &device).await;
    let nats = Nats::start(config(server.address, &device, None), &receiver.intake(), &receiver.senders());
    let mut client = Client::open(server.address).await;
    for number in 0..100 {
        client.publish("logs.fw.x", "", &format!("line {number}")).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        if !stored(&receiver).is_empty() {
            break;
        }
    }
    let before = stored(&receiver).len();
    assert!(before > 0);
    for number in 0..50 {
        client.publish("logs.fw.y", "", &format!("counted {number}")).await;
    }
    assert_eq!(eventually(&receiver, before + 50).await.iter().filter(|raw| raw.starts_with("counted")).count(), 50);
    nats.stop().await;
}
