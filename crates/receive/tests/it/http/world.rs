//! A receiver with its HTTP listener open, a device that may send, and what stands in its log.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use model::device::{CredentialKind, SenderIdentity};
use model::{CustomerId, DeviceCredentialId, DeviceId, Timestamp};
use receive::http::{HttpLimits, HttpListen, router};
use receive::listen::{ListenConfig, Listeners};
use receive::wal::{DataEntry, Kind, OsDisk};
use receive::{DiskRoom, ReceiveConfig, Receiver};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower::ServiceExt;

pub const TOKEN: &str = "vdd_right";
pub const OTHER_TOKEN: &str = "vdd_other";
pub const LIMIT: usize = 256 * 1024;

pub struct World {
    pub receiver: Receiver,
    pub listeners: Listeners,
    router: Router,
    _folder: Arc<tempfile::TempDir>,
}

pub fn limits() -> HttpLimits {
    HttpLimits { max_body: LIMIT, headers: Duration::from_millis(300), ..HttpLimits::default() }
}

fn identity(token: &str) -> SenderIdentity {
    credential(CredentialKind::Token, token.as_bytes())
}

/// A device of its own that proves itself by what has this as its hash.
pub fn credential(kind: CredentialKind, secret: &[u8]) -> SenderIdentity {
    let now = Timestamp::from_micros(0);
    SenderIdentity {
        credential: DeviceCredentialId::generate(now),
        customer: CustomerId::generate(now),
        device: DeviceId::generate(now),
        kind,
        secret_hash: Sha256::digest(secret).to_vec(),
        label: "vdd_".into(),
        collector: None,
        collects: false,
        source: None,
        time_zone: "UTC".into(),
    }
}

/// The identities of two devices of two customers.
pub fn identities() -> Vec<SenderIdentity> {
    vec![identity(TOKEN), identity(OTHER_TOKEN)]
}

impl World {
    pub async fn new() -> World {
        World::with(|_, _| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut ReceiveConfig, &mut HttpLimits)) -> World {
        World::on(Arc::new(tempfile::tempdir().unwrap()), identities(), change).await
    }

    /// The same on a folder that may hold a log already.
    pub async fn on(
        folder: Arc<tempfile::TempDir>,
        identities: Vec<SenderIdentity>,
        change: impl FnOnce(&mut ReceiveConfig, &mut HttpLimits),
    ) -> World {
        World::open(folder, identities, None, change).await
    }

    /// The same, with TLS where there is a certificate.
    pub async fn open(
        folder: Arc<tempfile::TempDir>,
        identities: Vec<SenderIdentity>,
        tls: Option<Arc<rustls::ServerConfig>>,
        change: impl FnOnce(&mut ReceiveConfig, &mut HttpLimits),
    ) -> World {
        let mut config = ReceiveConfig::new(folder.path().join("wal"));
        config.room = DiskRoom { min_free_bytes: 0, min_free_percent: 0 };
        config.wal.segment_bytes = 16 << 20;
        let mut limits = limits();
        change(&mut config, &mut limits);
        let receiver = Receiver::open(config, Arc::new(OsDisk)).await.unwrap();
        receiver.senders().replace(identities);
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let http = Some(HttpListen { address, tls, limits: limits.clone() });
        let listeners = receiver.listen(ListenConfig { http, ..ListenConfig::default() }).await.unwrap();
        let router = router(receiver.intake(), receiver.senders(), limits);
        World { receiver, listeners, router, _folder: folder }
    }

    pub fn address(&self) -> SocketAddr {
        self.listeners.addresses().http.unwrap()
    }

    /// Sends a request with the right token.
    pub async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.send(Request::post(path).header("authorization", format!("Bearer {TOKEN}")).body(body.into()).unwrap())
            .await
    }

    pub async fn get(&self, path: &str) -> Answer {
        let request = Request::get(path).header("authorization", format!("Bearer {TOKEN}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap();
        let trailers = body.trailers().cloned();
        Answer { status: parts.status, headers: parts.headers, trailers, body: body.to_bytes() }
    }

    /// The raw bytes of every record in the log, as text.
    pub fn records(&self) -> Vec<String> {
        let wal = self.receiver.wal();
        let mut reader = wal.reader(wal.first());
        let mut all = Vec::new();
        loop {
            let batch = reader.read(10_000, 4 << 20, Duration::ZERO).unwrap();
            if batch.is_empty() {
                return all;
            }
            for record in batch.records().filter(|record| record.kind == Kind::DATA) {
                let entry = DataEntry::decode(record.payload).unwrap();
                all.push(String::from_utf8_lossy(entry.raw).into_owned());
            }
        }
    }

    pub async fn close(self) {
        self.listeners.drain().await;
        self.receiver.close().await;
    }
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub trailers: Option<HeaderMap>,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub fn gzip(body: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}
