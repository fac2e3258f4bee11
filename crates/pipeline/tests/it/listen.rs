//! From the socket to lake and alert, by every credential; and what no credential vouches for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use model::alert::AlertOrigin;
use model::device::CredentialKind;
use receive::listen::tls;
use receive::{IntakeConfig, Rejection};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket};

use crate::world::{PATIENCE, World, eventually, failed_logon, loopback, now, with_token};

async fn tcp(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_over_udp_and_tcp_puts_events_into_the_lake_and_alerts_into_the_store_under_its_device() {
    let world = World::new().await;
    let (alpha, beta) = (world.device(0, "web").await, world.device(1, "web").await);
    world.token(&alpha, "alpha-token").await;
    world.token(&beta, "beta-token").await;
    world.asset(0, "jump host", "203.0.113.9").await;
    let running = world.start(world.config()).await;
    let addresses = running.pipeline.addresses();

    let udp = UdpSocket::bind(loopback()).await.unwrap();
    for number in 0..6 {
        let frame = with_token(&failed_logon("203.0.113.9", number), "alpha-token");
        udp.send_to(frame.as_bytes(), addresses.udp.unwrap()).await.unwrap();
    }
    let line = with_token(&failed_logon("198.51.100.1", 0), "beta-token") + "\n";
    let counted = with_token(&failed_logon("198.51.100.1", 1), "beta-token");
    drop(tcp(addresses.tcp.unwrap(), format!("{line}{} {counted}", counted.len()).as_bytes()).await);

    assert_eq!(running.wait_for_events(&world.customers[0], 6).await, 6);
    assert_eq!(running.wait_for_events(&world.customers[1], 2).await, 2);
    let mine = running.events(&world.customers[0]).await;
    assert!(mine.iter().all(|event| event.device == alpha.id && event.source == "openssh_sshd"), "{mine:?}");
    assert!(mine.iter().all(|event| !event.raw.contains("alpha-token") && event.raw.contains("***")));
    assert!(running.pipeline.settled(PATIENCE).await);

    let alerts = world.alerts().await;
    let found: Vec<_> =
        alerts.iter().map(|alert| (alert.origin, alert.device.clone(), alert.key.as_str(), alert.count)).collect();
    let key = |address: &str| format!("source_address={address}");
    assert_eq!(
        found,
        [
            (AlertOrigin::Rule, beta.id.clone(), key("198.51.100.1").as_str(), 2),
            (AlertOrigin::Rule, alpha.id.clone(), key("203.0.113.9").as_str(), 6),
            (AlertOrigin::Correlation, alpha.id.clone(), key("203.0.113.9").as_str(), 1),
        ]
    );
    assert_eq!(alerts[1].entities[0].asset.as_deref(), Some("jump host"));
    assert!(alerts[1].samples[0].matched.iter().any(|field| field.value == "logon-failed"));
    assert_eq!(alerts[2].samples.len(), 5);
    eventually("device counters", async || world.device_now(&alpha).await.event_count == 6).await;
    running.pipeline.drain(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_or_missing_token_is_rejected_beside_a_right_one_and_stored_under_nobody() {
    let world = World::new().await;
    let device = world.device(0, "web").await;
    let credential = world.token(&device, "right-token").await;
    let running = world.start(world.config()).await;
    let address = running.pipeline.addresses().tcp.unwrap();
    let lines = [
        with_token("<38>1 - h sshd 1 - - canary wrong", "wrong-token"),
        "<38>1 - h sshd 1 - - canary none".to_owned(),
        format!("<38>1 - {} sshd 1 - - canary claims to be the device", device.id),
        "<38>1 - h sshd 1 - - canary in text [vedette@32473 token=\"right-token\"]".to_owned(),
        with_token("<38>1 - h sshd 1 - - the right one", "right-token"),
    ];
    drop(tcp(address, (lines.join("\n") + "\n").as_bytes()).await);
    assert_eq!(running.wait_for_events(&world.customers[0], 1).await, 1);
    eventually("rejections", async || {
        let stats = running.pipeline.stats();
        (stats.receive.rejected_for(Rejection::WrongToken), stats.receive.rejected_for(Rejection::NoIdentity)) == (1, 3)
    })
    .await;
    for customer in &world.customers {
        assert!(running.events(customer).await.iter().all(|event| !event.raw.contains("canary")));
    }

    // A revoked token stops working while everything runs.
    let mut tx = world.store.write(&crate::world::everybody()).await.unwrap();
    tx.delete_device_credential(&credential.id).await.unwrap();
    tx.commit().await.unwrap();
    eventually("revocation", async || running.pipeline.senders().by_token("right-token").is_none()).await;
    drop(tcp(address, (lines[4].clone() + "\n").as_bytes()).await);
    eventually("rejection", async || running.pipeline.stats().receive.rejected_for(Rejection::WrongToken) == 2).await;
    assert_eq!(running.events(&world.customers[0]).await.len(), 1);
    running.pipeline.drain(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_of_its_own_opens_with_the_credential_and_closes_with_it() {
    let world = World::new().await;
    let device = world.device(1, "old switch").await;
    let mut config = world.config();
    config.listen.device_ports = Some(loopback().ip());
    let running = world.start(config).await;
    let port = std::net::TcpListener::bind(loopback()).unwrap().local_addr().unwrap().port();
    let address = SocketAddr::new(loopback().ip(), port);
    let credential = world.credential(&device, CredentialKind::Port, b"", &port.to_string()).await;
    eventually("the port opens", async || TcpStream::connect(address).await.is_ok()).await;

    drop(tcp(address, b"<13>over tcp\n").await);
    let udp = UdpSocket::bind(loopback()).await.unwrap();
    udp.send_to(b"<13>over udp", address).await.unwrap();
    assert_eq!(running.wait_for_events(&world.customers[1], 2).await, 2);
    assert!(running.events(&world.customers[1]).await.iter().all(|event| event.device == device.id));

    let mut tx = world.store.write(&crate::world::everybody()).await.unwrap();
    tx.delete_device_credential(&credential.id).await.unwrap();
    tx.commit().await.unwrap();
    eventually("the port closes", async || TcpStream::connect(address).await.is_err()).await;
    running.pipeline.drain(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_a_registered_certificate_or_a_token_says_who_it_is_and_a_strange_certificate_does_not() {
    let world = World::new().await;
    let (by_certificate, by_token) = (world.device(0, "collector").await, world.device(1, "agent").await);
    let server = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let [known, strange] =
        ["known", "strange"].map(|name| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap());
    world.credential(&by_certificate, CredentialKind::Certificate, known.cert.der(), "certificate").await;
    world.token(&by_token, "tls-token").await;
    let mut config = world.config();
    let tls = tls::server_config(server.cert.pem().as_bytes(), server.signing_key.serialize_pem().as_bytes()).unwrap();
    config.listen.tls = Some((loopback(), tls));
    let running = world.start(config).await;
    let address = running.pipeline.addresses().tls.unwrap();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(server.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let send = async |identity: Option<(CertificateDer<'static>, Vec<u8>)>, text: String| {
        let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots.clone());
        let client = match identity {
            Some((certificate, key)) => builder
                .with_client_auth_cert(vec![certificate], PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key)))
                .unwrap(),
            None => builder.with_no_client_auth(),
        };
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = connector.connect(name, stream).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    };
    let identity =
        |from: &rcgen::CertifiedKey<rcgen::KeyPair>| Some((from.cert.der().clone(), from.signing_key.serialize_der()));
    send(identity(&known), "<13>1 - h a - - - by certificate\n".to_owned()).await;
    send(identity(&strange), "<13>1 - h a - - - canary\n".to_owned()).await;
    send(None, with_token("<13>1 - h a 1 - - by token\n", "tls-token")).await;

    assert_eq!(running.wait_for_events(&world.customers[0], 1).await, 1);
    assert_eq!(running.wait_for_events(&world.customers[1], 1).await, 1);
    assert_eq!(running.events(&world.customers[0]).await[0].device, by_certificate.id);
    assert_eq!(running.events(&world.customers[1]).await[0].device, by_token.id);
    eventually("rejection", async || running.pipeline.stats().receive.rejected_for(Rejection::UnknownSender) == 1)
        .await;
    running.pipeline.drain(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_frames_are_cut_or_kept_and_stop_nothing() {
    let world = World::new().await;
    let device = world.device(0, "fuzzed").await;
    let mut config = world.config();
    config.listen.device_ports = Some(loopback().ip());
    config.listen.limits.max_frame = 1000;
    let port = std::net::TcpListener::bind(loopback()).unwrap().local_addr().unwrap().port();
    world.credential(&device, CredentialKind::Port, b"", &port.to_string()).await;
    let running = world.start(config).await;
    let address = SocketAddr::new(loopback().ip(), port);
    eventually("the port opens", async || TcpStream::connect(address).await.is_ok()).await;
    let mut bytes = Vec::new();
    bytes.extend(b"<13>".iter().chain(&[b'x'; 5000]).chain(b"\n"));
    bytes.extend(b"999999999 <13>never complete");
    let mut second = b"\0\0\n\r\n<999999999999>\xff\xfe\x00 - [[[[\"\\\n".to_vec();
    second.extend([0xd6, 0xd0, 0xce, 0xc4, b'\n']);
    second.extend(b"{\"a\":".repeat(100));
    second.extend(b"\n<13>the last\n");
    drop(tcp(address, &bytes).await);
    drop(tcp(address, &second).await);
    eventually("the last line", async || {
        running.events(&world.customers[0]).await.iter().any(|event| event.raw.ends_with("the last"))
    })
    .await;
    eventually("the cut frames", async || running.pipeline.stats().receive.truncated == 2).await;
    let events = running.events(&world.customers[0]).await;
    assert!(events.iter().any(|event| event.raw == "中文"), "{events:?}");
    assert!(events.iter().all(|event| event.raw.len() <= 1000));
    assert_eq!(running.pipeline.stats().panics, 0);
    running.pipeline.drain(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tiny_intake_slows_tcp_down_and_loses_nothing() {
    let world = World::new().await;
    let device = world.device(0, "loud").await;
    world.token(&device, "loud-token").await;
    let mut config = world.config();
    config.receive.intake = IntakeConfig { in_flight_bytes: 4096, ..IntakeConfig::default() };
    let running = world.start(config).await;
    let address = running.pipeline.addresses().tcp.unwrap();
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            tokio::spawn(async move {
                let mut text = String::new();
                for number in 0..500 {
                    let line = format!("<13>1 - h a 1 - - line {sender}/{number}/");
                    text += &(with_token(&line, "loud-token") + &"x".repeat(300) + "\n");
                }
                drop(tcp(address, text.as_bytes()).await);
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    assert_eq!(running.wait_for_events(&world.customers[0], 2000).await, 2000);
    let mut lines: Vec<String> = running.events(&world.customers[0]).await.into_iter().map(|event| event.raw).collect();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), 2000, "each line once");
    running.pipeline.drain(PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn intake_says_no_when_it_is_full_or_the_disk_is_or_it_is_closed() {
    let world = World::new().await;
    let device = world.device(0, "web").await;
    world.token(&device, "some-token").await;
    let mut config = world.config();
    config.receive.intake = IntakeConfig { in_flight_bytes: 4096, max_record: 100, ..IntakeConfig::default() };
    let running = world.start(config).await;
    let (intake, sender) = (running.pipeline.intake(), running.pipeline.senders().by_token("some-token").unwrap());
    let record = |len: usize| receive::Record::from(vec![b'x'; len]);
    let taken = intake.accept(&sender, vec![record(10), record(500)], now()).await.unwrap();
    assert_eq!(taken.records, 2);
    assert!(taken.first < taken.last);
    let error = intake.accept(&sender, vec![record(5000)], now()).await.unwrap_err();
    assert!(matches!(error, receive::IntakeError::TooLarge { .. }), "{error}");
    assert_eq!(intake.accept(&sender, Vec::<receive::Record>::new(), now()).await.unwrap().records, 0);
    assert_eq!(running.wait_for_events(&world.customers[0], 2).await, 2);
    assert!(running.events(&world.customers[0]).await.iter().all(|event| event.raw.len() <= 100));
    assert_eq!(running.pipeline.stats().receive.truncated, 1);
    running.pipeline.drain(PATIENCE).await.unwrap();
    let error = intake.accept(&sender, vec![record(1)], now()).await.unwrap_err();
    assert_eq!(error, receive::IntakeError::Closed);

    let mut config = world.config();
    config.receive.room.min_free_bytes = u64::MAX;
    let running = world.start(config).await;
    let error = running.pipeline.intake().accept(&sender, vec![record(1)], now()).await.unwrap_err();
    assert_eq!(error, receive::IntakeError::DiskLow);
    assert!(running.pipeline.stats().receive.disk_low);
    running.pipeline.drain(Duration::from_secs(10)).await.unwrap();
}
