//! A collector before a centre: whose records are, what is lost and doubled when either goes away, what leaves.

use std::path::Path;
use std::time::Duration;

use collect::{Collector, Config, check};
use model::device::{CredentialKind, SenderIdentity};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket};

use crate::centre::{Centre, TOKEN, collector, identity};

/// Settings of a collector in `folder`.
pub fn settings(folder: &Path, port: u16, more: &str) -> Config {
    std::fs::write(folder.join("token"), TOKEN).unwrap();
    let text = format!(
        "[centre]\nurl = \"http://127.0.0.1:{port}\"\ntoken_file = {:?}\nlongest_wait_seconds = 1\n\
         [buffer]\nfolder = {:?}\nmax_mib = 64\ndisk_reserve_mib = 1\n\
         [listen]\nudp = \"127.0.0.1:0\"\ntcp = \"127.0.0.1:0\"\nhttp = \"127.0.0.1:0\"\n{more}",
        folder.join("token"),
        folder.join("buffer")
    );
    Config::parse(&text).unwrap()
}

async fn send(collector: &Collector, lines: impl Iterator<Item = String>) {
    let mut stream = TcpStream::connect(collector.addresses().tcp.unwrap()).await.unwrap();
    for line in lines {
        stream.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }
    stream.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_by_every_way_is_the_device_that_is_registered_for_its_address_or_the_collectors_own() {
    let folder = tempfile::tempdir().unwrap();
    let own = collector();
    let device = SenderIdentity {
        customer: own.customer.clone(),
        collector: Some(own.device.clone()),
        ..identity(CredentialKind::Address, "", "127.0.0.0/8")
    };
    let centre = Centre::open(folder.path(), vec![own.clone()], 0, None).await;
    let running = Collector::start(settings(folder.path(), centre.port(), "")).await.unwrap();
    send(&running, ["<13>by tcp".to_owned()].into_iter()).await;
    let first = centre.eventually(1).await.remove(0);
    assert_eq!((first.device.as_str(), first.peer.as_str()), (own.device.as_str(), "127.0.0.1"));
    assert_eq!((first.listener.as_str(), first.raw.as_str()), ("syslog_tcp", "<13>by tcp"));
    assert_eq!(running.stats().strangers, 1);

    centre.receiver.senders().replace(vec![own, device.clone()]);
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    udp.send_to(b"<13>by udp", running.addresses().udp.unwrap()).await.unwrap();
    let http = running.addresses().http.unwrap();
    let mut stream = TcpStream::connect(http).await.unwrap();
    let body = "by http";
    let request = format!("POST /ingest/v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    let kept = centre.eventually(3).await;
    for (raw, way) in [("<13>by udp", "syslog_udp"), ("by http", "http")] {
        let one = kept.iter().find(|kept| kept.raw == raw).unwrap();
        assert_eq!((one.device.as_str(), one.listener.as_str()), (device.device.as_str(), way));
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_loses_nothing_and_every_retry_is_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let centre = Centre::open(folder.path(), vec![collector()], 0, None).await;
    let identities = centre.identities.clone();
    let config = settings(folder.path(), centre.port(), "");
    let mut running = Collector::start(config.clone()).await.unwrap();
    let mut sent = Vec::new();
    let mut port = centre.port();
    let mut centre = Some(centre);
    for round in 0..4 {
        let lines: Vec<String> = (0..500).map(|number| format!("<13>round {round} number {number}")).collect();
        sent.extend(lines.clone());
        send(&running, lines.into_iter()).await;
        tokio::time::sleep(Duration::from_millis(fastrand::u64(50..400))).await;
        match round {
            0 | 2 => port = centre.take().unwrap().close().await,
            1 => {
                running.stop().await;
                running = Collector::start(config.clone()).await.unwrap();
                centre = Some(Centre::open(folder.path(), identities.clone(), port, None).await);
            }
            _ => centre = Some(Centre::open(folder.path(), identities.clone(), port, None).await),
        }
    }
    let centre = centre.unwrap();
    let mut kept: Vec<String> = centre.eventually(sent.len()).await.into_iter().map(|kept| kept.raw).collect();
    kept.sort();
    sent.sort();
    assert_eq!(kept, sent);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_cap_the_buffer_takes_nothing_says_so_and_drains_when_the_centre_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let centre = Centre::open(folder.path(), vec![collector()], 0, None).await;
    let identities = centre.identities.clone();
    let port = centre.close().await;
    let mut config = settings(folder.path(), port, "");
    config.buffer.max_mib = 16;
    let running = Collector::start(config).await.unwrap();
    let mut stream = TcpStream::connect(running.addresses().tcp.unwrap()).await.unwrap();
    let line = format!("<13>{}\n", "x".repeat(1000));
    let (mut written, mut stuck) = (0, false);
    while !stuck && written < 100_000 {
        let write = tokio::time::timeout(Duration::from_secs(2), stream.write_all(line.as_bytes())).await;
        stuck = write.is_err();
        written += usize::from(!stuck);
    }
    assert!(stuck, "{written} lines of 1 KB were taken by a buffer of 16 MiB");
    let stats = running.stats();
    assert!(stats.is_capped && stats.buffer_bytes <= 16 << 20, "{stats:?}");
    assert!(stats.problems().iter().any(|problem| problem.contains("cap")));
    let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for _ in 0..5 {
        udp.send_to(b"<13>dropped", running.addresses().udp.unwrap()).await.unwrap();
    }
    let mut dropped = 0;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        dropped = running.stats().receive.rejected_for(receive::Rejection::Full);
        if dropped == 5 {
            break;
        }
    }
    assert_eq!(dropped, 5, "datagrams that were dropped are counted");

    let centre = Centre::open(folder.path(), identities, port, None).await;
    drop(stream);
    for _ in 0..400 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if centre.kept().len() >= written && running.stats().waiting() == 0 {
            break;
        }
    }
    let kept = centre.kept().len();
    assert!(kept >= written, "{written} written, {kept} came");
    assert!(running.stats().problems().is_empty(), "{:?}", running.stats().problems());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_leaves_neither_the_collector_nor_reaches_its_disk() {
    let folder = tempfile::tempdir().unwrap();
    let centre = Centre::open(folder.path(), vec![collector()], 0, None).await;
    std::fs::write(folder.path().join("key"), "the customer's own key").unwrap();
    let log = folder.path().join("app.log");
    let mask = format!(
        "[[file]]\npaths = [{log:?}]\n[mask]\nkey_file = {:?}\n[[mask.field]]\naction = \"hash\"\nnames = [\"user_name\", \"user\"]\n",
        folder.path().join("key")
    );
    std::fs::write(&log, "{\"user\":\"canary7\",\"message\":\"canary7 came by file\"}\n").unwrap();
    let running = Collector::start(settings(folder.path(), centre.port(), &mask)).await.unwrap();
    let lines = [
        "<86>Jan  1 00:00:00 host sshd[1]: Accepted password for canary7 from 192.0.2.1 port 22 ssh2",
        "<134>CEF:0|Example|EDR|1|77|Login|5|suser=canary7 src=10.0.0.5",
        "<13>date=2026-01-01 time=00:00:00 user=\"canary7\" action=\"login\"",
    ];
    send(&running, lines.into_iter().map(str::to_owned)).await;
    let kept = centre.eventually(4).await;
    let hashes: std::collections::BTreeSet<_> = kept
        .iter()
        .filter_map(|kept| kept.raw.split(|char: char| !char.is_ascii_alphanumeric()).find(|word| word.len() == 17))
        .collect();
    assert_eq!(hashes.len(), 1, "equal values stay equal: {kept:?}");
    running.stop().await;
    for entry in std::fs::read_dir(folder.path().join("buffer/log")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"canary7"), "the disk holds a masked value");
    }
    assert!(kept.iter().all(|kept| !kept.raw.contains("canary7")), "{kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_is_enough_and_a_renewed_one_is_used_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let made = |name: &str| {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(path(&format!("{name}.pem")), made.cert.pem()).unwrap();
        std::fs::write(path(&format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
        made.cert.der().to_vec()
    };
    made("server");
    let known = |der: &[u8]| {
        use sha2::Digest;
        let secret_hash = sha2::Sha256::digest(der).to_vec();
        SenderIdentity { secret_hash, collects: true, ..identity(CredentialKind::Certificate, "", "") }
    };
    let first = known(&made("client"));
    let read = |name: &str| std::fs::read(path(name)).unwrap();
    let tls = receive::listen::tls::server_config(&read("server.pem"), &read("server.key")).unwrap();
    let centre = Centre::open(folder.path(), vec![first.clone()], 0, Some(tls)).await;
    let text = format!(
        "[centre]\nurl = \"https://localhost:{}\"\nca = {:?}\ncertificate = {:?}\nkey = {:?}\nlongest_wait_seconds = 1\n\
         [buffer]\nfolder = {:?}\ndisk_reserve_mib = 1\n[listen]\ntcp = \"127.0.0.1:0\"\n",
        centre.port(),
        path("server.pem"),
        path("client.pem"),
        path("client.key"),
        path("buffer")
    );
    let config = Config::parse(&text).unwrap();
    let findings = check(&config).await;
    assert!(findings.iter().all(|finding| finding.told.is_ok()), "{findings:?}");
    let running = Collector::start(config.clone()).await.unwrap();
    send(&running, ["<13>one".to_owned()].into_iter()).await;
    centre.eventually(1).await;

    let second = SenderIdentity { device: first.device.clone(), ..known(&made("client")) };
    centre.receiver.senders().replace(vec![second]);
    send(&running, ["<13>two".to_owned()].into_iter()).await;
    let kept = centre.eventually(2).await;
    assert_eq!(kept[1].device, first.device.as_str());
    running.stop().await;

    // What is wrong is told by what to do about it.
    centre.receiver.senders().replace(Vec::new());
    let told = |findings: Vec<collect::Finding>| {
        findings.into_iter().filter_map(|finding| finding.told.err()).collect::<Vec<_>>().join("; ")
    };
    assert!(told(check(&config).await).contains("issue a credential"));
    let wrong = Config::parse(&text.replace("https://localhost", "https://127.0.0.1")).unwrap();
    assert!(told(check(&wrong).await).contains("credential"), "a pinned certificate needs no name");
    made("server2");
    let wrong = Config::parse(&text.replace("server.pem", "server2.pem")).unwrap();
    assert!(told(check(&wrong).await).contains("[centre] ca"), "{}", told(check(&wrong).await));
    let wrong = Config::parse(&text.replace(&format!("localhost:{}", centre.port()), "localhost:1")).unwrap();
    assert!(told(check(&wrong).await).contains("firewall"));
    let wrong = Config::parse(&text.replace("client.key", "none.key")).unwrap();
    assert!(told(check(&wrong).await).contains("none.key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_no_collector_cannot_hand_in_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let device = SenderIdentity { collects: false, ..collector() };
    let centre = Centre::open(folder.path(), vec![device], 0, None).await;
    let running = Collector::start(settings(folder.path(), centre.port(), "")).await.unwrap();
    send(&running, ["<13>x".to_owned()].into_iter()).await;
    for _ in 0..100 {
        if running.stats().trouble.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let trouble = running.stats().trouble.unwrap_or_default();
    assert!(trouble.contains("no collector"), "{trouble}");
    assert!(centre.kept().is_empty());
    running.stop().await;
}
