//! A centre of its own for a test: the real ingest listener with one collector, and what stands in its log.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use model::device::{CredentialKind, SenderIdentity};
use model::{CustomerId, DeviceCredentialId, DeviceId, Timestamp};
use receive::http::{HttpLimits, HttpListen};
use receive::listen::{ListenConfig, Listeners};
use receive::wal::{DataEntry, Kind, OsDisk};
use receive::{DiskRoom, ReceiveConfig, Receiver};
use sha2::{Digest, Sha256};

pub const TOKEN: &str = "vdd_collector";

pub struct Centre {
    pub receiver: Receiver,
    pub listeners: Listeners,
    pub identities: Vec<SenderIdentity>,
}

/// A record as the centre keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub device: String,
    pub peer: String,
    pub listener: String,
    pub raw: String,
}

pub fn identity(kind: CredentialKind, secret: &str, label: &str) -> SenderIdentity {
    let now = Timestamp::from_micros(0);
    SenderIdentity {
        credential: DeviceCredentialId::generate(now),
        customer: CustomerId::generate(now),
        device: DeviceId::generate(now),
        kind,
        secret_hash: Sha256::digest(secret).to_vec(),
        label: label.into(),
        collector: None,
        collects: false,
        source: None,
        time_zone: "UTC".into(),
    }
}

impl Centre {
    /// Opens or goes on with the log in `folder`, on a given port where one is wanted again.
    pub async fn open(
        folder: &std::path::Path,
        identities: Vec<SenderIdentity>,
        port: u16,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Centre {
        let mut config = ReceiveConfig::new(folder.join("centre"));
        config.room = DiskRoom { min_free_bytes: 0, min_free_percent: 0 };
        config.wal.segment_bytes = 16 << 20;
        let receiver = Receiver::open(config, Arc::new(OsDisk)).await.unwrap();
        receiver.senders().replace(identities.clone());
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let http = Some(HttpListen { address, tls, limits: HttpLimits::default() });
        let listeners = receiver.listen(ListenConfig { http, ..ListenConfig::default() }).await.unwrap();
        Centre { receiver, listeners, identities }
    }

    pub fn port(&self) -> u16 {
        self.listeners.addresses().http.unwrap().port()
    }

    pub async fn close(self) -> u16 {
        let port = self.port();
        self.listeners.abort().await;
        self.receiver.close().await;
        port
    }

    pub fn kept(&self) -> Vec<Kept> {
        let wal = self.receiver.wal();
        let mut reader = wal.reader(wal.first());
        let mut all = Vec::new();
        loop {
            let batch = reader.read(100_000, 16 << 20, Duration::ZERO).unwrap();
            if batch.is_empty() {
                return all;
            }
            for record in batch.records().filter(|record| record.kind == Kind::DATA) {
                let entry = DataEntry::decode(record.payload).unwrap();
                all.push(Kept {
                    device: entry.device.to_owned(),
                    peer: entry.peer.to_owned(),
                    listener: entry.listener.to_owned(),
                    raw: formats::text::decode(entry.raw).into_owned(),
                });
            }
        }
    }

    /// Waits for so many records, and a moment for more than that.
    pub async fn eventually(&self, count: usize) -> Vec<Kept> {
        for _ in 0..600 {
            if self.kept().len() >= count {
                tokio::time::sleep(Duration::from_millis(400)).await;
                let kept = self.kept();
                assert_eq!(kept.len(), count, "more came than was sent");
                return kept;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("only {} of {count} records came", self.kept().len());
    }
}

/// The collector with a token.
pub fn collector() -> SenderIdentity {
    SenderIdentity { collects: true, ..identity(CredentialKind::Token, TOKEN, "vdd_") }
}
