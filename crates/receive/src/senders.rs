//! Whose records arrive: a snapshot of every credential, looked up by token, certificate or listener port.
//!
//! Nothing a record says about itself decides; a credential we issued does.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use model::device::{CredentialKind, Device, SenderIdentity};
use model::{CustomerId, DeviceId};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::watch;

/// A device that proved itself, with what parsing its records needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The customer it belongs to.
    pub customer: CustomerId,
    /// The device.
    pub device: DeviceId,
    /// The source folder that parses its records; absent: recognised record by record.
    pub source: Option<Arc<str>>,
    /// IANA time zone of times written without one.
    pub time_zone: Arc<str>,
}

impl Sender {
    /// A device as sender of its own records, for an import by somebody who may act for it.
    pub fn of_device(device: &Device, customer_time_zone: &str) -> Self {
        Sender {
            customer: device.customer.clone(),
            device: device.id.clone(),
            source: device.data.source.as_deref().map(Arc::from),
            time_zone: Arc::from(device.data.time_zone.as_deref().unwrap_or(customer_time_zone)),
        }
    }
}

/// SHA-256 of a token or a certificate.
type Fingerprint = [u8; 32];

#[derive(Debug, Default)]
struct Snapshot {
    /// By the first bytes of the hash, so that the rest can be compared in constant time.
    tokens: HashMap<[u8; 8], Vec<(Fingerprint, Arc<Sender>)>>,
    certificates: HashMap<Fingerprint, Arc<Sender>>,
    ports: HashMap<u16, Arc<Sender>>,
}

/// Every sender there is. Cheap to clone; whoever keeps the credentials replaces what it knows.
#[derive(Debug, Clone)]
pub struct SenderDirectory {
    snapshot: Arc<RwLock<Arc<Snapshot>>>,
    ports: Arc<watch::Sender<BTreeSet<u16>>>,
}

impl SenderDirectory {
    /// Without any sender.
    pub fn empty() -> Self {
        SenderDirectory { snapshot: Arc::default(), ports: Arc::new(watch::Sender::new(BTreeSet::new())) }
    }

    /// Knows these credentials from now on, and no others.
    pub fn replace(&self, identities: Vec<SenderIdentity>) {
        let snapshot = Snapshot::new(identities);
        let ports: BTreeSet<u16> = snapshot.ports.keys().copied().collect();
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
        self.ports.send_if_modified(|known| {
            let changed = *known != ports;
            *known = ports;
            changed
        });
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The device this token was issued to.
    pub fn by_token(&self, token: &str) -> Option<Arc<Sender>> {
        let hash: Fingerprint = Sha256::digest(token.as_bytes()).into();
        let snapshot = self.snapshot();
        let candidates = snapshot.tokens.get(&hash[..8])?;
        candidates.iter().find(|(known, _)| bool::from(known.ct_eq(&hash))).map(|(_, sender)| sender.clone())
    }

    /// The device this certificate (DER) is registered for.
    pub fn by_certificate(&self, der: &[u8]) -> Option<Arc<Sender>> {
        self.by_fingerprint(&Sha256::digest(der).into())
    }

    /// The device the certificate with this SHA-256 fingerprint is registered for.
    pub fn by_fingerprint(&self, fingerprint: &[u8; 32]) -> Option<Arc<Sender>> {
        self.snapshot().certificates.get(fingerprint).cloned()
    }

    /// The device that has this listener port for itself.
    pub fn by_port(&self, port: u16) -> Option<Arc<Sender>> {
        self.snapshot().ports.get(&port).cloned()
    }

    /// The listener ports of devices, as they come and go.
    pub fn ports(&self) -> watch::Receiver<BTreeSet<u16>> {
        self.ports.subscribe()
    }
}

impl Snapshot {
    fn new(identities: Vec<SenderIdentity>) -> Self {
        let mut snapshot = Snapshot::default();
        for identity in identities {
            let sender = Arc::new(Sender {
                customer: identity.customer,
                device: identity.device,
                source: identity.source.as_deref().map(Arc::from),
                time_zone: Arc::from(identity.time_zone.as_str()),
            });
            let hash = Fingerprint::try_from(identity.secret_hash.as_slice());
            match (identity.kind, hash, identity.label.parse::<u16>()) {
                (CredentialKind::Token, Ok(hash), _) => {
                    let start = hash.first_chunk().copied().unwrap_or_default();
                    snapshot.tokens.entry(start).or_default().push((hash, sender));
                }
                (CredentialKind::Certificate, Ok(hash), _) => drop(snapshot.certificates.insert(hash, sender)),
                (CredentialKind::Port, _, Ok(port)) => drop(snapshot.ports.insert(port, sender)),
                (kind, ..) => tracing::warn!(
                    credential = %identity.credential, kind = kind.as_str(),
                    "a device credential cannot be used: its hash or port does not read"
                ),
            }
        }
        snapshot
    }
}

#[cfg(test)]
mod tests {
    use model::{DeviceCredentialId, Timestamp};

    use super::*;

    fn identity(kind: CredentialKind, secret_hash: Vec<u8>, label: &str) -> SenderIdentity {
        let now = Timestamp::from_micros(0);
        SenderIdentity {
            credential: DeviceCredentialId::generate(now),
            customer: CustomerId::generate(now),
            device: DeviceId::generate(now),
            kind,
            secret_hash,
            label: label.into(),
            source: None,
            time_zone: "UTC".into(),
        }
    }

    #[test]
    fn each_kind_of_credential_finds_its_device_and_nothing_else_does() {
        let directory = SenderDirectory::empty();
        let token = identity(CredentialKind::Token, Sha256::digest(b"right").to_vec(), "vdd_");
        let certificate = identity(CredentialKind::Certificate, Sha256::digest(b"der").to_vec(), "");
        let port = identity(CredentialKind::Port, Vec::new(), "6001");
        let broken = identity(CredentialKind::Token, vec![1, 2], "");
        directory.replace(vec![token.clone(), certificate.clone(), port.clone(), broken]);
        let device = |sender: Option<Arc<Sender>>| sender.map(|sender| sender.device.clone());
        assert_eq!(device(directory.by_token("right")), Some(token.device));
        assert_eq!(device(directory.by_certificate(b"der")), Some(certificate.device));
        assert_eq!(device(directory.by_port(6001)), Some(port.device));
        assert_eq!(device(directory.by_token("wrong")), None);
        assert_eq!(device(directory.by_token("")), None);
        assert_eq!(device(directory.by_certificate(b"other")), None);
        assert_eq!(device(directory.by_port(6002)), None);
        assert_eq!(*directory.ports().borrow(), BTreeSet::from([6001]));
        directory.replace(Vec::new());
        assert_eq!(device(directory.by_token("right")), None, "a revoked token is forgotten");
    }
}
