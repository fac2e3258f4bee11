//! Every protocol over real sockets: what arrives is in the log under its device, and only then acknowledged.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use model::device::{CredentialKind, SenderIdentity};
use model::{CustomerId, DeviceCredentialId, DeviceId, Timestamp};
use receive::listen::{Forward, ListenConfig, ListenLimits, Listeners};
use receive::wal::{DataEntry, OsDisk};
use receive::{DiskRoom, Protocol, ReceiveConfig, Receiver, Rejection};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

const TOKEN: &str = "device-token";

struct Running {
    receiver: Receiver,
    listeners: Listeners,
    _folder: tempfile::TempDir,
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn start(forward_key: Option<&str>) -> Running {
    start_with(forward_key, ListenLimits::default()).await
}

async fn start_with(forward_key: Option<&str>, limits: ListenLimits) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let mut config = ReceiveConfig::new(folder.path().join("log"));
    config.room = DiskRoom { min_free_bytes: 0, min_free_percent: 0 };
    config.wal.segment_bytes = 16 << 20;
    std::fs::create_dir_all(&config.dir).unwrap();
    let receiver = Receiver::open(config, Arc::new(OsDisk)).await.unwrap();
    let now = Timestamp::from_micros(0);
    receiver.senders().replace(vec![SenderIdentity {
        credential: DeviceCredentialId::generate(now),
        customer: CustomerId::generate(now),
        device: DeviceId::generate(now),
        kind: CredentialKind::Token,
        secret_hash: Sha256::digest(TOKEN).to_vec(),
        label: "vdd_".into(),
        collector: None,
        collects: false,
        source: None,
        time_zone: "UTC".into(),
    }]);
    let listen = ListenConfig {
        udp: Some(loopback()),
        tcp: Some(loopback()),
        forward: forward_key.map(|key| Forward { address: loopback(), shared_key: key.into(), tls: None }),
        limits,
        ..ListenConfig::default()
    };
    let listeners = receiver.listen(listen).await.unwrap();
    Running { receiver, listeners, _folder: folder }
}

impl Running {
    async fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.listeners.addresses().tcp.unwrap()).await.unwrap()
    }

    /// What is durable in the log now.
    fn stored(&self) -> Vec<String> {
        let mut reader = self.receiver.wal().reader(self.receiver.wal().first());
        let batch = reader.read(10_000, 1 << 24, Duration::ZERO).unwrap();
        let raw = |payload: &[u8]| String::from_utf8(DataEntry::decode(payload).unwrap().raw.to_vec()).unwrap();
        batch.records().map(|record| raw(record.payload)).collect()
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

fn lumberjack(first: u32, records: &[String]) -> Vec<u8> {
    let mut bytes = [b"2W", &(records.len() as u32).to_be_bytes()[..]].concat();
    for (number, record) in records.iter().enumerate() {
        bytes
            .extend([b"2J", &(first + number as u32).to_be_bytes()[..], &(record.len() as u32).to_be_bytes()].concat());
        bytes.extend(record.as_bytes());
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lumberjack_window_is_acknowledged_by_its_last_number_when_it_is_in_the_log() {
    let running = start(None).await;
    let mut stream = running.tcp().await;
    for round in 0..3 {
        let records: Vec<String> = (0..5)
            .map(|one| format!(r#"{{"message":"{round}.{one}","fields":{{"vedette_token":"{TOKEN}"}}}}"#))
            .collect();
        stream.write_all(&lumberjack(1, &records)).await.unwrap();
        let mut answer = [0; 6];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"2A\0\0\0\x05");
        let stored = running.stored();
        assert_eq!(stored.len(), (round + 1) * 5, "acknowledged means stored");
        assert!(stored.iter().all(|raw| raw.contains("\"***\"") && !raw.contains(TOKEN)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_nobody_are_not_acknowledged_and_the_connection_ends() {
    let running = start(None).await;
    let mut stream = running.tcp().await;
    stream.write_all(&lumberjack(1, &["{\"message\":\"canary\"}".to_owned()])).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"");
    assert!(running.stored().is_empty());
    assert_eq!(running.receiver.stats().rejected_for(Rejection::NoIdentity), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forward_message_is_acknowledged_with_its_chunk_when_it_is_in_the_log() {
    let running = start(None).await;
    let mut stream = running.tcp().await;
    // ["app", [[1, {"m": "hi", "vedette_token": TOKEN}]], {"chunk": "p8n9"}]
    let mut message = b"\x93\xa3app\x91\x92\x01\x82\xa1m\xa2hi\xadvedette_token".to_vec();
    message.extend([&[0xa0 | TOKEN.len() as u8], TOKEN.as_bytes(), b"\x81\xa5chunk\xa4p8n9"].concat());
    stream.write_all(&message[..9]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    stream.write_all(&message[9..]).await.unwrap();
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"\x81\xa3ack\xa4p8n9");
    let expected = r#"{"@timestamp":"1970-01-01T00:00:01.000000Z","fluent_tag":"app","m":"hi","vedette_token":"***"}"#;
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(running.stored().iter().map(|raw| json(raw)).collect::<Vec<_>>(), [json(expected)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forward_listener_greets_and_sends_away_who_does_not_know_the_key() {
    let running = start(Some("shared")).await;
    let mut stream = TcpStream::connect(running.listeners.addresses().forward.unwrap()).await.unwrap();
    let mut helo = [0; 128];
    let count = stream.read(&mut helo).await.unwrap();
    assert!(helo[..count].starts_with(b"\x92\xa4HELO"), "{:?}", &helo[..count]);
    stream.write_all(b"\x96\xa4PING\xa1c\xa1s\xa1x\xa0\xa0").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"\x95\xa4PONG\xc2"), "{answer:?}");
    assert_eq!(running.receiver.stats().rejected_for(Rejection::WrongToken), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn gelf_over_tcp_and_in_chunks_over_udp_is_stored_like_syslog_beside_it() {
    let running = start(None).await;
    let gelf = |text: &str| format!(r#"{{"version":"1.1","short_message":"{text}","_vedette_token":"{TOKEN}"}}"#);
    let mut stream = running.tcp().await;
    stream.write_all(format!("{}\0{}\0", gelf("one"), gelf("two")).as_bytes()).await.unwrap();
    assert_eq!(running.eventually_stored(2).await.len(), 2);

    let udp = UdpSocket::bind(loopback()).await.unwrap();
    let address = running.listeners.addresses().udp.unwrap();
    let three = gelf("three");
    let (first, second) = three.as_bytes().split_at(20);
    for (number, part) in [(1, second), (0, first)] {
        udp.send_to(&[b"\x1e\x0fabcdefgh", &[number, 2][..], part].concat(), address).await.unwrap();
    }
    let syslog = format!("<13>1 - h a - - [vedette@32473 token=\"{TOKEN}\"] four\n\0");
    udp.send_to(syslog.as_bytes(), address).await.unwrap();
    let stored = running.eventually_stored(4).await;
    let expected = ["one", "two", "three", "four"];
    assert!(expected.iter().all(|word| stored.iter().any(|raw| raw.contains(word))), "{stored:?}");
    let ways: Vec<_> = running.receiver.stats().protocols.iter().map(|way| (way.protocol, way.accepted)).collect();
    assert_eq!(ways, [("syslog_udp", 1), ("gelf_udp", 1), ("gelf_tcp", 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_trace_over_tcp_is_one_record_and_the_last_line_needs_no_end() {
    let running = start(None).await;
    let mut stream = running.tcp().await;
    let head = format!("<13>1 - h a - - [vedette@32473 token=\"{TOKEN}\"]");
    stream.write_all(format!("{head} boom\n\tat a\n\tat b\n{head} next").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let stored = running.eventually_stored(2).await;
    assert!(stored[0].ends_with("boom\n\tat a\n\tat b") && stored[1].ends_with("next"), "{stored:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_messages_of_unknown_senders_share_a_room_and_whoever_needs_more_is_closed() {
    let running = start_with(None, ListenLimits { buffers: 2 << 20, ..ListenLimits::default() }).await;
    // A record that says it is of 8 MiB, of which half comes; nobody knows whose it is before it is whole.
    let begun = [&b"2W\0\0\0\x01"[..], b"2J\0\0\0\x01", &(8u32 << 20).to_be_bytes()[..]].concat();
    let mut greedy = running.tcp().await;
    greedy.write_all(&begun).await.unwrap();
    let chunk = vec![b'x'; 64 * 1024];
    let mut closed = false;
    for _ in 0..64 {
        closed |= greedy.write_all(&chunk).await.is_err();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let mut rest = Vec::new();
    closed |= greedy.read_to_end(&mut rest).await.is_ok_and(|_| rest.is_empty()) || rest.is_empty();
    assert!(closed);
    assert_eq!(running.receiver.stats().rejected_by(Protocol::Lumberjack, Rejection::Full), 1);
    // What a small message unpacks to is charged too.
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, &vec![b'0'; 6 << 20]).unwrap();
    let packed = packed.finish().unwrap();
    let mut bomb = running.tcp().await;
    let begun = [&b"2W\0\0\0\x01"[..], b"2C", &(packed.len() as u32).to_be_bytes()[..], &packed].concat();
    bomb.write_all(&begun).await.unwrap();
    bomb.read_to_end(&mut rest).await.unwrap();
    assert_eq!(running.receiver.stats().rejected_by(Protocol::Lumberjack, Rejection::Full), 2);
    // The room is given back, and others go on.
    let record = format!(r#"{{"message":"ok","vedette_token":"{TOKEN}"}}"#);
    let mut stream = running.tcp().await;
    stream.write_all(&lumberjack(1, &[record])).await.unwrap();
    let mut answer = [0; 6];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(running.stored().len(), 1);
}
