//! Records of several lines over real connections: joined where the device's source says how they begin, complete when
//! nothing more comes, and never less than what was sent.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use formats::Sources;
use model::device::{CredentialKind, SenderIdentity};
use model::{CustomerId, DeviceCredentialId, DeviceId, Timestamp};
use receive::listen::{ListenConfig, Listeners};
use receive::wal::{DataEntry, OsDisk};
use receive::{DiskRoom, ReceiveConfig, Receiver};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket};

const SOURCE: &str = "postgresql_postgresql";
const ERROR: &str =
    "2026-11-21 16:00:00.322 CST [31225] app@shop ERROR:  relation \"x\" does not exist at character 15";
const REST: &str = "\nSTATEMENT:  SELECT *\n\tFROM x\nWHERE 1 = 1";
const NEXT: &str =
    "2026-11-21 16:00:02.322 CST [31227] app@shop LOG:  connection received: host=203.0.113.9 port=51200";

/// A receiver with one device that has a port and a token, and with the embedded sources.
struct Running {
    receiver: Receiver,
    listeners: Listeners,
    device: SocketAddr,
    _folder: tempfile::TempDir,
}

async fn start(source: Option<&str>) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let mut config = ReceiveConfig::new(folder.path().join("log"));
    config.room = DiskRoom { min_free_bytes: 0, min_free_percent: 0 };
    config.wal.segment_bytes = 16 << 20;
    std::fs::create_dir_all(&config.dir).unwrap();
    let receiver = Receiver::open(config, Arc::new(OsDisk)).await.unwrap();
    let port = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let now = Timestamp::from_micros(0);
    let by_port = SenderIdentity {
        credential: DeviceCredentialId::generate(now),
        customer: CustomerId::generate(now),
        device: DeviceId::generate(now),
        kind: CredentialKind::Port,
        secret_hash: Vec::new(),
        label: port.to_string(),
        collector: None,
        collects: false,
        source: source.map(str::to_owned),
        time_zone: "UTC".into(),
    };
    let by_token = SenderIdentity {
        credential: DeviceCredentialId::generate(now),
        kind: CredentialKind::Token,
        secret_hash: Sha256::digest("device-token").to_vec(),
        label: "vdd_".into(),
        ..by_port.clone()
    };
    receiver.senders().set_record_starts(Sources::embedded().unwrap().record_starts());
    receiver.senders().replace(vec![by_port, by_token]);
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listen = ListenConfig { tcp: Some(loopback), device_ports: Some(loopback.ip()), ..ListenConfig::default() };
    let listeners = receiver.listen(listen).await.unwrap();
    Running { receiver, listeners, device: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), _folder: folder }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        for _ in 0..100 {
            if let Ok(stream) = TcpStream::connect(self.device).await {
                return stream;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the device's port is not open");
    }

    /// What is durable in the log now.
    fn stored(&self) -> Vec<String> {
        let mut reader = self.receiver.wal().reader(self.receiver.wal().first());
        let mut stored = Vec::new();
        loop {
            let batch = reader.read(10_000, 1 << 24, Duration::ZERO).unwrap();
            let raw = |payload: &[u8]| String::from_utf8(DataEntry::decode(payload).unwrap().raw.to_vec()).unwrap();
            let before = stored.len();
            stored.extend(batch.records().map(|record| raw(record.payload)));
            if stored.len() == before {
                return stored;
            }
        }
    }

    async fn eventually_stored(&self, count: usize) -> Vec<String> {
        for _ in 0..500 {
            let stored = self.stored();
            if stored.len() >= count {
                return stored;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("only {:?} of {count} records are stored", self.stored());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_continue_a_record_of_the_devices_source_are_one_record_with_it() {
    let running = start(Some(SOURCE)).await;
    let mut stream = running.connect().await;
    let (first, second) = REST.split_at(REST.len() / 2);
    stream.write_all(format!("{NEXT}\n{ERROR}{first}").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    stream.write_all(format!("{second}\n{NEXT}\n").as_bytes()).await.unwrap();
    let sent = Instant::now();
    let stored = running.eventually_stored(3).await;
    assert_eq!(stored, [NEXT, &format!("{ERROR}{REST}"), NEXT]);
    // The last one could have gone on, and is not waited for longer than it takes to tell.
    let waited = sent.elapsed();
    assert!(waited > Duration::from_millis(900) && waited < Duration::from_secs(3), "{waited:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_stored_when_the_connection_or_the_listener_closes() {
    let running = start(Some(SOURCE)).await;
    let mut stream = running.connect().await;
    stream.write_all(format!("{ERROR}{REST}").as_bytes()).await.unwrap();
    let sent = Instant::now();
    drop(stream);
    assert_eq!(running.eventually_stored(1).await, [format!("{ERROR}{REST}")]);
    assert!(sent.elapsed() < Duration::from_millis(900), "{:?}", sent.elapsed());
    let mut stream = running.connect().await;
    stream.write_all(format!("{ERROR}{REST}\n").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.listeners.drain().await;
    assert_eq!(running.stored().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_in_its_first_line_says_how_a_record_begins_on_a_shared_port() {
    let running = start(Some(SOURCE)).await;
    let mut stream = TcpStream::connect(running.listeners.addresses().tcp.unwrap()).await.unwrap();
    let head = |token: &str| format!("<13>1 2026-11-21T08:00:00Z db postgres - - [vedette@32473 token=\"{token}\"] ");
    let (ours, masked) = (head("device-token"), head("***"));
    stream
        .write_all(format!("{ours}{ERROR}{REST}\n{ours}{NEXT}\n{ours}not as the source says\nalone\n").as_bytes())
        .await
        .unwrap();
    let stored = running.eventually_stored(3).await;
    assert_eq!(
        stored,
        [format!("{masked}{ERROR}{REST}"), format!("{masked}{NEXT}"), format!("{masked}not as the source says")]
    );
    assert_eq!(
        running.receiver.stats().rejected_for(receive::Rejection::NoIdentity),
        1,
        "what nobody says is whose is nobody's"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn counted_frames_datagrams_and_devices_of_other_sources_are_left_as_they_come() {
    let running = start(Some(SOURCE)).await;
    let mut stream = running.connect().await;
    let counted = |text: &str| format!("{} {text}", text.len());
    let head = format!("<13>{ERROR}");
    stream.write_all([counted(&head), counted("STATEMENT:  x")].concat().as_bytes()).await.unwrap();
    assert_eq!(running.eventually_stored(2).await, [&head, "STATEMENT:  x"]);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    for text in [ERROR, "STATEMENT:  x"] {
        socket.send_to(text.as_bytes(), running.device).await.unwrap();
    }
    assert_eq!(running.eventually_stored(4).await[2..], [ERROR, "STATEMENT:  x"]);
    for source in [None, Some("fortinet_fortigate")] {
        let running = start(source).await;
        let mut stream = running.connect().await;
        stream.write_all(format!("{ERROR}{REST}\n").as_bytes()).await.unwrap();
        assert_eq!(running.eventually_stored(4).await.join("\n"), format!("{ERROR}{REST}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_sent_is_missing_however_the_stream_is_cut() {
    let running = start(Some(SOURCE)).await;
    let mut connections = Vec::new();
    for connection in 0..4_usize {
        let mut stream = running.connect().await;
        connections.push(tokio::spawn(async move {
            let mut text = String::new();
            for number in 0..1000_usize {
                text += &format!("{ERROR} {connection}/{number}\n");
                (0..number % 7).for_each(|line| text += &format!("DETAIL:  {connection}/{number}/{line}\n"));
            }
            let mut rest = text.as_bytes();
            let mut size = connection + 1;
            while !rest.is_empty() {
                size = (size * 31 + 7) % 4001 + 1;
                let (now, after) = rest.split_at(size.min(rest.len()));
                stream.write_all(now).await.unwrap();
                rest = after;
            }
            text
        }));
    }
    let mut sent: Vec<String> = Vec::new();
    for connection in connections {
        let text = connection.await.unwrap();
        for line in text.lines() {
            match line.starts_with("DETAIL") {
                true => sent.last_mut().unwrap().push_str(&format!("\n{line}")),
                false => sent.push(line.to_owned()),
            }
        }
    }
    let mut stored = running.eventually_stored(4000).await;
    stored.sort();
    sent.sort();
    assert_eq!(stored, sent);
}
