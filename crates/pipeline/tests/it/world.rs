//! A pipeline over a real store and lake in a folder of its own, with customers and devices.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use formats::{Parser, Sources};
use lake::{Lake, LakeConfig};
use model::alert::Alert;
use model::asset::{AssetData, Importance};
use model::customer::{CustomerData, OperatingState};
use model::device::{CredentialKind, Device, DeviceCredential, DeviceData, DeviceKind};
use model::event::StoredEvent;
use model::search::EventQuery;
use model::{AssetId, Context, CustomerId, DeviceCredentialId, DeviceId, PageRequest, Scope, TimeRange, Timestamp};
use pipeline::{Pipeline, PipelineConfig, PipelineParts, Ruleset};
use receive::DiskRoom;
use receive::wal::{Disk, OsDisk};
use sha2::{Digest, Sha256};
use sigma::RuleSet;
use store::{AlertFilter, Store, StoreConfig};

use crate::catalogue::StoredCatalogue;

pub const SECOND: Duration = Duration::from_secs(1);
/// Long enough on a loaded machine; a test that gets there has failed.
pub const PATIENCE: Duration = Duration::from_secs(30);

const RULES: &str = r#"
title: Failed logon over SSH
id: 11111111-1111-4111-8111-111111111111
level: low
tags: [attack.t1110]
logsource: {product: linux, service: sshd}
detection:
  selection: {event_action: logon-failed}
  condition: selection
---
title: Many failed logons
id: 22222222-2222-4222-8222-222222222222
name: many
level: high
correlation:
  type: event_count
  rules: [33333333-3333-4333-8333-333333333333]
  group-by: [source_ip]
  timespan: 10m
  condition: {gte: 5}
---
title: Failed logon, counted
id: 33333333-3333-4333-8333-333333333333
level: low
logsource: {product: linux, service: sshd}
detection:
  selection: {event_action: logon-failed}
  condition: selection
"#;

pub fn rules(text: &str) -> Ruleset {
    let set = RuleSet::load([("rules.yml".to_owned(), text.to_owned())]);
    assert!(set.errors().is_empty(), "{:?}", set.errors());
    Arc::new(set).into()
}

pub fn now() -> Timestamp {
    SystemTime::now().into()
}

pub fn everybody() -> Context {
    Context::job("test", Scope::All, now())
}

pub fn loopback() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)
}

/// A failed logon as sshd writes it, from this address at this second of today's first hour.
pub fn failed_logon(address: &str, number: usize) -> String {
    let time = now().to_chrono().format("%Y-%m-%dT%H:%M:%SZ");
    format!(
        "<38>1 {time} web01 sshd 4242 - - Failed password for root from {address} port {} ssh2",
        1024 + number % 60000
    )
}

pub fn with_token(line: &str, token: &str) -> String {
    line.replacen(" - - ", &format!(" - [vedette@32473 token=\"{token}\"] "), 1)
}

/// What is on disk, and survives a pipeline.
pub struct World {
    pub dir: tempfile::TempDir,
    pub store: Store,
    pub customers: Vec<CustomerId>,
    /// What the next start looks for.
    pub intel: std::sync::Mutex<Arc<intel::Index>>,
}

/// A running pipeline and its lake.
pub struct Running {
    pub pipeline: Pipeline,
    pub lake: Lake,
}

impl World {
    pub async fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("store.db").display());
        let store = Store::open(&StoreConfig { url, max_connections: 4 }).await.unwrap();
        let none = intel::IndexBuilder::new(intel::Warnings::none(), now()).build();
        let intel = std::sync::Mutex::new(Arc::new(none));
        let mut world = World { dir, store, customers: Vec::new(), intel };
        for name in ["Alpha", "Beta"] {
            let id = CustomerId::generate(now());
            let data = CustomerData {
                name: name.into(),
                short_name: name.into(),
                color: 0,
                services: Vec::new(),
                state: OperatingState::Live,
                time_zone: "UTC".into(),
                remark: String::new(),
                service_manager: None,
            };
            let mut tx = world.store.write(&everybody()).await.unwrap();
            tx.create_customer(&id, &data).await.unwrap();
            tx.commit().await.unwrap();
            world.customers.push(id);
        }
        world
    }

    pub async fn device(&self, customer: usize, name: &str) -> Device {
        let data = DeviceData {
            name: name.into(),
            kind: DeviceKind::Host,
            source: None,
            address: None,
            software_version: String::new(),
            time_zone: None,
            silence_minutes: 10,
            silence_alarm: Default::default(),
        };
        let mut tx = self.store.write(&everybody()).await.unwrap();
        let device = tx.create_device(&self.customers[customer], &DeviceId::generate(now()), &data).await.unwrap();
        tx.commit().await.unwrap();
        device
    }

    pub async fn credential(
        &self,
        device: &Device,
        kind: CredentialKind,
        secret: &[u8],
        label: &str,
    ) -> DeviceCredential {
        let credential = DeviceCredential {
            id: DeviceCredentialId::generate(now()),
            customer: device.customer.clone(),
            device: device.id.clone(),
            kind,
            label: label.into(),
            collector: None,
            created: now(),
        };
        let hash =
            if kind == CredentialKind::Port { label.as_bytes().to_vec() } else { Sha256::digest(secret).to_vec() };
        let mut tx = self.store.write(&everybody()).await.unwrap();
        tx.create_device_credential(&credential, &hash).await.unwrap();
        tx.commit().await.unwrap();
        credential
    }

    pub async fn token(&self, device: &Device, token: &str) -> DeviceCredential {
        self.credential(device, CredentialKind::Token, token.as_bytes(), &token[..4]).await
    }

    pub async fn asset(&self, customer: usize, name: &str, address: &str) {
        let data = AssetData {
            name: name.into(),
            addresses: vec![address.into()],
            host_names: Vec::new(),
            owner: String::new(),
            business: String::new(),
            importance: Importance::Important,
            in_service: true,
        };
        let mut tx = self.store.write(&everybody()).await.unwrap();
        tx.create_asset(&self.customers[customer], &AssetId::generate(now()), &data).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub fn config(&self) -> PipelineConfig {
        let mut config = PipelineConfig::new(self.path("wal"));
        config.receive.room = DiskRoom { min_free_bytes: 0, min_free_percent: 0 };
        config.flow.position_every = Duration::from_millis(100);
        config.receive.wal.segment_bytes = 16 << 20;
        config.listen.udp = Some(loopback());
        config.listen.tcp = Some(loopback());
        config
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub async fn start(&self, config: PipelineConfig) -> Running {
        self.start_with(config, rules(RULES), Arc::new(OsDisk)).await.unwrap()
    }

    pub async fn start_with(
        &self,
        config: PipelineConfig,
        rules: Ruleset,
        disk: Arc<dyn Disk>,
    ) -> Result<Running, pipeline::Error> {
        let lake = self.lake().await;
        let parser = Parser::new(Arc::new(Sources::embedded().unwrap()));
        let intel = self.intel.lock().unwrap().clone();
        let parts = PipelineParts { store: self.store.clone(), lake: lake.clone(), parser, rules, intel };
        Ok(Running { pipeline: Pipeline::start_on(config, parts, disk).await?, lake })
    }

    /// Opens the lake anew: what only its memory held is gone, as after a kill.
    pub async fn lake(&self) -> Lake {
        let catalogue = store::Catalogue::open(&self.path("catalogue.db")).await.unwrap();
        Lake::open(LakeConfig::new(self.path("lake")), Arc::new(StoredCatalogue(catalogue))).await.unwrap()
    }

    pub async fn alerts(&self) -> Vec<Alert> {
        let mut tx = self.store.read(&everybody()).await.unwrap();
        let page = PageRequest::new(PageRequest::MOST, None);
        let mut alerts = tx.list_alerts(&AlertFilter::default(), &page).await.unwrap().items;
        alerts.sort_by(|a, b| (&a.rule_id, &a.key, &a.id).cmp(&(&b.rule_id, &b.key, &b.id)));
        alerts
    }

    pub async fn device_now(&self, device: &Device) -> Device {
        self.store.read(&everybody()).await.unwrap().get_device(&device.id).await.unwrap()
    }
}

impl Running {
    /// Every event of a customer.
    pub async fn events(&self, customer: &CustomerId) -> Vec<StoredEvent> {
        let context = Context::job("test", Scope::one(customer.clone()), now());
        let (from, to) = (Timestamp::from_micros(0), now().plus(Duration::from_secs(86_400)));
        let mut query = EventQuery::all(TimeRange { from, to });
        query.page.limit = PageRequest::MOST;
        let mut all = Vec::new();
        loop {
            let page = self.lake.search(&context, &query).await.unwrap();
            all.extend(page.items);
            query.page.after = page.next;
            if query.page.after.is_none() {
                return all;
            }
        }
    }

    /// Waits until a customer has so many events; the number found when patience ends.
    pub async fn wait_for_events(&self, customer: &CustomerId, count: usize) -> usize {
        let context = Context::job("test", Scope::one(customer.clone()), now());
        let (from, to) = (Timestamp::from_micros(0), now().plus(Duration::from_secs(86_400)));
        let query = EventQuery::all(TimeRange { from, to });
        let begun = std::time::Instant::now();
        loop {
            let found = self.lake.count(&context, &query).await.unwrap() as usize;
            if found >= count || begun.elapsed() > PATIENCE {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Waits until something holds.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
