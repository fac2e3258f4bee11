//! All listeners on free ports, for trying senders: `cargo run -p receive --example receive FOLDER`. One device whose
//! token is `device-token`; what is stored is printed, a JSON object a line.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use model::device::{CredentialKind, SenderIdentity};
use model::{CustomerId, DeviceCredentialId, DeviceId, Timestamp};
use receive::http::{HttpLimits, HttpListen};
use receive::listen::{Forward, ListenConfig, tls};
use receive::wal::{DataEntry, Kind, OsDisk};
use receive::{DiskRoom, ReceiveConfig, Receiver};
use sha2::{Digest, Sha256};

fn identity(kind: CredentialKind, secret_hash: Vec<u8>, label: &str) -> SenderIdentity {
    let now = Timestamp::from_micros(0);
    SenderIdentity {
        credential: DeviceCredentialId::generate(now),
        customer: CustomerId::generate(now),
        device: DeviceId::generate(now),
        kind,
        secret_hash,
        label: label.into(),
        collector: None,
        collects: false,
        source: None,
        time_zone: "UTC".into(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: receive FOLDER [CERTIFICATE KEY [CLIENT_SHA256]]")?;
    let files: Vec<String> = std::env::args().skip(2).collect();
    let mut config = ReceiveConfig::new(folder);
    config.room = DiskRoom { min_free_bytes: 0, min_free_percent: 0 };
    std::fs::create_dir_all(&config.dir)?;
    let receiver = Receiver::open(config, Arc::new(OsDisk)).await?;
    let free = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let mut senders = vec![
        identity(CredentialKind::Token, Sha256::digest("device-token").to_vec(), "vdd_"),
        identity(CredentialKind::Port, Vec::new(), &free.to_string()),
    ];
    if let Some(hex) = files.get(2) {
        let bytes = (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16));
        senders.push(identity(CredentialKind::Certificate, bytes.collect::<Result<_, _>>()?, hex));
    }
    receiver.senders().replace(senders);
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = match files.as_slice() {
        [certificate, key, ..] => Some(tls::server_config(&std::fs::read(certificate)?, &std::fs::read(key)?)?),
        _ => None,
    };
    let listen = ListenConfig {
        udp: Some(loopback),
        tcp: Some(loopback),
        tls: server.map(|server| (loopback, server)),
        forward: Some(Forward { address: loopback, shared_key: "shared-key".into(), tls: None }),
        http: Some(HttpListen { address: loopback, tls: None, limits: HttpLimits::default() }),
        device_ports: Some(loopback.ip()),
        ..ListenConfig::default()
    };
    let listeners = receiver.listen(listen).await?;
    let addresses = listeners.addresses();
    let port = |address: Option<SocketAddr>| address.map_or(0, |address| address.port());
    let ports = serde_json::json!({
        "udp": port(addresses.udp),
        "tcp": port(addresses.tcp),
        "tls": port(addresses.tls),
        "forward": port(addresses.forward),
        "http": port(addresses.http),
        "device": free,
    });
    println!("{ports}");
    let mut reader = receiver.wal().reader(receiver.wal().first());
    tokio::task::spawn_blocking(move || {
        loop {
            let Ok(batch) = reader.read(1000, 1 << 20, Duration::from_millis(100)) else { return };
            for record in batch.records().filter(|record| record.kind == Kind::DATA) {
                let Ok(entry) = DataEntry::decode(record.payload) else { continue };
                println!("{}", serde_json::json!({ "raw": formats::text::decode(entry.raw) }));
            }
        }
    });
    tokio::signal::ctrl_c().await?;
    Ok(())
}
