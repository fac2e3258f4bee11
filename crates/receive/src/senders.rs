//! Whose records arrive: a snapshot of every credential, looked up by token, certificate or listener port, and the
//! addresses collectors vouch for.
//!
//! Nothing a record says about itself decides; a credential we issued does. An address decides only among the devices
//! of the customer whose collector received the record.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use formats::RecordStart;
use ipnet::IpNet;
use model::device::{CredentialKind, Device, DeviceSender, SenderIdentity};
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
    /// It hands on what others sent it.
    pub collects: bool,
    /// The address its collector received the record from, where no device is registered for it.
    pub peer: Option<IpAddr>,
}

impl Sender {
    /// A device as sender of its own records, for an import by somebody who may act for it.
    pub fn of_device(device: &Device, customer_time_zone: &str) -> Self {
        Sender {
            customer: device.customer.clone(),
            device: device.id.clone(),
            source: device.data.source.as_deref().map(Arc::from),
            time_zone: Arc::from(device.data.time_zone.as_deref().unwrap_or(customer_time_zone)),
            collects: false,
            peer: None,
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
    /// By the collector that vouches.
    vouched: HashMap<DeviceId, Vouched>,
    /// Every device, whether it has a credential or not.
    devices: HashMap<DeviceId, Arc<Sender>>,
}

/// The addresses one collector vouches for.
#[derive(Debug, Default)]
struct Vouched {
    ranges: HashMap<IpNet, Arc<Sender>>,
    /// The lengths of prefixes there are, longest first.
    lengths: BTreeSet<std::cmp::Reverse<u8>>,
}

impl Vouched {
    fn find(&self, address: IpAddr) -> Option<Arc<Sender>> {
        self.lengths.iter().find_map(|length| {
            let range = IpNet::new(address, length.0).ok()?.trunc();
            self.ranges.get(&range).cloned()
        })
    }
}

/// Addresses remembered of senders that are known by nothing else, before all are forgotten.
const PEERS: usize = 4096;

type Peers = HashMap<(DeviceId, IpAddr), Arc<Sender>>;

/// How the records of sources begin, by their names.
type RecordStarts = HashMap<Arc<str>, RecordStart>;

/// Every sender there is. Cheap to clone; whoever keeps the credentials replaces what it knows.
#[derive(Debug, Clone)]
pub struct SenderDirectory {
    snapshot: Arc<RwLock<Arc<Snapshot>>>,
    ports: Arc<watch::Sender<BTreeSet<u16>>>,
    /// Whoever sends without a credential is this one.
    anybody: Option<Arc<Sender>>,
    /// Senders by an address nothing is registered for, made once.
    peers: Arc<Mutex<Peers>>,
    /// Of sources whose records may have several lines.
    starts: Arc<RwLock<Arc<RecordStarts>>>,
}

impl SenderDirectory {
    /// Without any sender.
    pub fn empty() -> Self {
        let ports = Arc::new(watch::Sender::new(BTreeSet::new()));
        SenderDirectory {
            snapshot: Arc::default(),
            ports,
            anybody: None,
            peers: Arc::default(),
            starts: Arc::default(),
        }
    }

    /// One in which everybody who sends is `sender`, told apart by address: for a collector, whose network is one
    /// customer's. What devices show as a credential does not count.
    pub fn of_anybody(sender: Sender) -> Self {
        let sender = Sender { collects: true, ..sender };
        SenderDirectory { anybody: Some(Arc::new(sender)), ..SenderDirectory::empty() }
    }

    /// Whoever sends from this address, where no credential is asked for.
    pub(crate) fn anybody(&self, peer: IpAddr) -> Option<Arc<Sender>> {
        self.anybody.as_ref().map(|sender| self.at(sender, peer))
    }

    /// Whose a record is that `sender` received from `peer`: where the sender is a collector, the device it vouches for
    /// by that address; otherwise its own.
    pub fn received_from(&self, sender: &Arc<Sender>, peer: IpAddr) -> Arc<Sender> {
        if !sender.collects {
            return sender.clone();
        }
        let peer = peer.to_canonical();
        let known = self.snapshot().vouched.get(&sender.device).and_then(|vouched| vouched.find(peer));
        known.unwrap_or_else(|| self.at(sender, peer))
    }

    fn at(&self, sender: &Arc<Sender>, peer: IpAddr) -> Arc<Sender> {
        let peer = peer.to_canonical();
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if peers.len() >= PEERS {
            peers.clear();
        }
        let known = peers.entry((sender.device.clone(), peer));
        known.or_insert_with(|| Arc::new(Sender { peer: Some(peer), ..Sender::clone(sender) })).clone()
    }

    /// A device by its id, whatever its credentials.
    pub fn by_device(&self, device: &DeviceId) -> Option<Arc<Sender>> {
        self.snapshot().devices.get(device).cloned()
    }

    /// Knows these credentials and devices from now on, and no others.
    pub fn replace_all(&self, identities: Vec<SenderIdentity>, devices: Vec<DeviceSender>) {
        let devices = devices.into_iter().map(|device| {
            let sender = Sender {
                customer: device.customer,
                device: device.device.clone(),
                source: device.source.as_deref().map(Arc::from),
                time_zone: Arc::from(device.time_zone.as_str()),
                collects: device.collects,
                peer: None,
            };
            (device.device, Arc::new(sender))
        });
        self.put(Snapshot { devices: devices.collect(), ..Snapshot::new(identities) });
    }

    /// Knows these credentials from now on, and no others.
    pub fn replace(&self, identities: Vec<SenderIdentity>) {
        self.put(Snapshot::new(identities));
    }

    /// Knows from now on that records of these sources begin so, and those of no others.
    pub fn set_record_starts(&self, starts: HashMap<Arc<str>, RecordStart>) {
        *self.starts.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(starts);
    }

    /// How a sender's records begin, where its settings name a source whose records may have several lines.
    pub(crate) fn record_start(&self, sender: &Sender) -> Option<RecordStart> {
        let source = sender.source.as_ref()?;
        self.starts.read().unwrap_or_else(PoisonError::into_inner).get(source).cloned()
    }

    fn put(&self, snapshot: Snapshot) {
        // A device may have become another's, or got another zone.
        self.peers.lock().unwrap_or_else(PoisonError::into_inner).clear();
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
        let collectors: HashMap<DeviceId, CustomerId> = identities
            .iter()
            .filter(|identity| identity.collects)
            .map(|identity| (identity.device.clone(), identity.customer.clone()))
            .collect();
        for identity in identities {
            let sender = Arc::new(Sender {
                customer: identity.customer,
                device: identity.device,
                source: identity.source.as_deref().map(Arc::from),
                time_zone: Arc::from(identity.time_zone.as_str()),
                collects: identity.collects,
                peer: None,
            });
            let hash = Fingerprint::try_from(identity.secret_hash.as_slice());
            match (identity.kind, hash, identity.label.parse::<u16>()) {
                (CredentialKind::Token, Ok(hash), _) => {
                    let start = hash.first_chunk().copied().unwrap_or_default();
                    snapshot.tokens.entry(start).or_default().push((hash, sender));
                }
                (CredentialKind::Certificate, Ok(hash), _) => drop(snapshot.certificates.insert(hash, sender)),
                (CredentialKind::Port, _, Ok(port)) => drop(snapshot.ports.insert(port, sender)),
                (CredentialKind::Address, ..) => {
                    let range = range_of(&identity.label);
                    let collector = identity.collector.filter(|collector| {
                        // Never another customer's, whatever the store holds.
                        collectors.get(collector).is_none_or(|customer| *customer == sender.customer)
                    });
                    if let (Some(range), Some(collector)) = (range, collector) {
                        let vouched = snapshot.vouched.entry(collector).or_default();
                        vouched.lengths.insert(std::cmp::Reverse(range.prefix_len()));
                        vouched.ranges.insert(range, sender);
                    }
                }
                (kind, ..) => tracing::warn!(
                    credential = %identity.credential, kind = kind.as_str(),
                    "a device credential cannot be used: its hash or port does not read"
                ),
            }
        }
        snapshot
    }
}

/// An address or a CIDR range; an address is the range of itself.
fn range_of(text: &str) -> Option<IpNet> {
    let range = text.parse::<IpNet>().ok().or_else(|| Some(IpNet::from(text.parse::<IpAddr>().ok()?)))?;
    Some(range.trunc())
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
            collector: None,
            collects: false,
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

    #[test]
    fn an_address_is_known_by_its_own_collector_only_and_the_narrowest_range_decides() {
        let directory = SenderDirectory::empty();
        let collector = |token: &[u8], customer: &CustomerId| SenderIdentity {
            customer: customer.clone(),
            collects: true,
            ..identity(CredentialKind::Token, Sha256::digest(token).to_vec(), "")
        };
        let (ours, theirs) =
            (CustomerId::generate(Timestamp::from_micros(0)), CustomerId::generate(Timestamp::from_micros(0)));
        let (one, other) = (collector(b"one", &ours), collector(b"other", &theirs));
        let address = |label: &str, customer: &CustomerId, by: &SenderIdentity| SenderIdentity {
            customer: customer.clone(),
            collector: Some(by.device.clone()),
            ..identity(CredentialKind::Address, Vec::new(), label)
        };
        let wide = address("10.0.0.0/8", &ours, &one);
        let host = address("10.1.2.3", &ours, &one);
        let foreign = address("10.9.9.9", &theirs, &one);
        directory.replace(vec![one.clone(), other.clone(), wide.clone(), host.clone(), foreign]);
        let sender = |token: &str| directory.by_token(token).unwrap();
        let from = |token: &str, peer: &str| directory.received_from(&sender(token), peer.parse().unwrap());
        assert_eq!(from("one", "10.1.2.3").device, host.device);
        assert_eq!(from("one", "::ffff:10.1.2.3").device, host.device);
        assert_eq!(from("one", "10.1.2.4").device, wide.device);
        assert_eq!(from("one", "10.9.9.9").customer, ours, "a customer's collector vouches for its own devices only");
        let unknown = from("one", "192.0.2.1");
        assert_eq!((&unknown.device, unknown.peer), (&one.device, Some("192.0.2.1".parse().unwrap())));
        assert_eq!(from("other", "10.1.2.3").device, other.device, "another collector knows nothing of it");
    }
}
