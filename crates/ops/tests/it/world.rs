//! A platform with two customers, for one test: everything in it was made through the use cases.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lake::{Lake, LakeConfig, LogPosition, RowBatch};
use model::alert::{Alert, AlertOrigin, AlertState, Sample};
use model::asset::{Asset, AssetData, Importance};
use model::audit::AuditRow;
use model::audit_policy::{AuditPolicy, AuditPolicyData, PolicyAction, PolicyCondition};
use model::customer::{CustomerData, OperatingState, ServiceItem};
use model::device::{Device, DeviceData, DeviceKind};
use model::entity::{Entity, EntityKind};
use model::event::{AttackOutcome, Envelope, Event};
use model::incident::{Incident, IncidentChange};
use model::resource_group::{ResourceGroup, ResourceGroupData, ResourceGroupKind};
use model::role::Role;
use model::use_case::{
    Card, Cards, ExceptionData, ExceptionTerm, Language, RequestData, RequestKind, RequestState, TermOperator,
    UseCaseState,
};
use model::user::{User, UserData};
use model::*;
use ops::{AuditFilter, Library, NewIncident, Ops, OpsParts, PublicAddresses, RuleFile, RuleOrigin};
use store::{Store, StoreConfig};
use tempfile::TempDir;

use crate::catalogue::InMemory;

pub const PASSWORD: &str = "grey heron over water";

pub struct World {
    pub ops: Ops,
    pub store: Store,
    pub lake: Lake,
    pub ours: CustomerId,
    pub theirs: CustomerId,
    count: AtomicU64,
    _folder: TempDir,
}

/// The instant tests count seconds from.
pub fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_900_000_000_000_000).plus(Duration::from_secs(seconds))
}

/// The platform itself, for every customer.
pub fn job(seconds: u64) -> Context {
    Context::job("test", Scope::All, at(seconds))
}

/// As authentication would make it for this user.
pub fn acting(user: &User, seconds: u64) -> Context {
    let scope = match user.data.all_customers {
        true => Scope::All,
        false => Scope::Customers(Arc::new(user.data.customers.iter().cloned().collect())),
    };
    let permissions = user.data.roles.iter().flat_map(|role| role.permissions()).collect();
    Context::authenticated(Actor::User(user.id.clone()), scope, permissions, at(seconds))
}

pub fn entity(kind: EntityKind, value: &str) -> Entity {
    Entity { kind, value: value.to_owned(), asset: None, resource_group: None }
}

impl World {
    pub async fn new() -> Self {
        Self::with_ports(Some(20_000..=20_002)).await
    }

    pub async fn with_ports(ports: Option<std::ops::RangeInclusive<u16>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        let store = Store::open(&StoreConfig { url, max_connections: 4 }).await.unwrap();
        let lake =
            Lake::open(LakeConfig::new(folder.path().join("lake")), Arc::new(InMemory::default())).await.unwrap();
        let parts = OpsParts {
            store: store.clone(),
            lake: lake.clone(),
            library: Arc::new(library()),
            parsers: crate::world::parsers(),
            sealer: store::secret::Sealer::new([7; 32]),
            ports,
            public: PublicAddresses {
                ingest_http: "https://logs.example.com:8443".into(),
                syslog_udp: None,
                syslog_tcp: Some("logs.example.com:8514".into()),
                syslog_tls: Some("logs.example.com:6514".into()),
            },
            exports: ops::ExportRoom::new(folder.path().join("exports")),
        };
        let ops = Ops::new(parts);
        let ours = ops.create_customer(&job(0), customer_data("Ours")).await.unwrap().id;
        let theirs = ops.create_customer(&job(0), customer_data("Theirs")).await.unwrap().id;
        World { ops, store, lake, ours, theirs, count: AtomicU64::new(0), _folder: folder }
    }

    /// A number nobody has had yet.
    pub fn fresh(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    /// A user of these customers; of all when none is named.
    pub async fn user(&self, login: &str, role: Role, customers: &[&CustomerId]) -> User {
        let mut data = user_data(login, role);
        data.all_customers = customers.is_empty();
        data.customers = customers.iter().map(|customer| (*customer).clone()).collect();
        self.ops.create_user(&job(0), data, PASSWORD).await.unwrap()
    }

    pub async fn device(&self, customer: &CustomerId, kind: DeviceKind) -> Device {
        let data = DeviceData { kind, ..device_data(&format!("device {}", self.fresh())) };
        self.ops.create_device(&job(0), customer, data).await.unwrap()
    }

    pub async fn asset(&self, customer: &CustomerId) -> Asset {
        self.ops.create_asset(&job(0), customer, asset_data()).await.unwrap()
    }

    pub async fn group(&self, customer: &CustomerId, kind: ResourceGroupKind, range: &str) -> ResourceGroup {
        let data = ResourceGroupData { kind, ..group_data(&format!("group {}", self.fresh()), range) };
        self.ops.create_resource_group(&job(0), customer, data).await.unwrap()
    }

    pub async fn policy(&self, customer: Option<&CustomerId>, data: AuditPolicyData) -> AuditPolicy {
        self.ops.create_audit_policy(&job(0), customer, data).await.unwrap()
    }

    pub async fn incident(&self, customer: &CustomerId) -> Incident {
        self.ops.create_incident(&job(0), new_incident(customer)).await.unwrap()
    }

    /// An alert as the pipeline writes it: about host WEB01, a first and last event at `seconds`.
    pub async fn alert(&self, customer: &CustomerId, seconds: u64, change: impl FnOnce(&mut Alert)) -> Alert {
        let number = self.fresh().to_string();
        let mut alert = Alert {
            id: AlertId::derived(at(seconds), &[number.as_bytes()]),
            customer: customer.clone(),
            device: DeviceId::derived(at(0), &[b"nobody"]),
            origin: AlertOrigin::Rule,
            rule_id: "rule-1".into(),
            title: "Password spraying".into(),
            severity: Severity::High,
            outcome: AttackOutcome::Attempted,
            techniques: vec!["T1110.003".into()],
            key: format!("source_address=203.0.113.{number}"),
            count: 3,
            first: at(seconds),
            last: at(seconds),
            entities: vec![
                entity(EntityKind::SourceAddress, "203.0.113.9"),
                entity(EntityKind::Host, "web01.corp.example"),
            ],
            samples: Vec::<Sample>::new(),
            intel: None,
            departure: None,
            storm: None,
            state: AlertState::New,
            policy: None,
            incident: None,
            created: at(seconds),
            version: 1,
        };
        change(&mut alert);
        self.upsert(&alert).await;
        alert
    }

    pub async fn upsert(&self, alert: &Alert) {
        let mut tx = self.store.write(&job(0)).await.unwrap();
        tx.upsert_alerts(std::slice::from_ref(alert)).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// An event in the lake, found at once.
    pub fn event(&self, customer: &CustomerId, device: &DeviceId, seconds: u64, raw: &str) -> EventId {
        let id = EventId { log: 1, shard: 0, sequence: self.fresh() + 1 };
        let envelope = Envelope { id, customer: customer.clone(), device: device.clone(), received: at(seconds) };
        let mut event = Event::unparsed(raw, at(seconds));
        event.core.push("source_ip", "203.0.113.9");
        let mut batch = RowBatch::default();
        batch.push(&envelope, &event);
        self.lake.append(batch, LogPosition { log: 1, shard: 0, sequence: id.sequence }).unwrap();
        id
    }

    /// What a host's server tells of a sign-in, parsed, in the lake.
    pub fn sign_in(&self, customer: &CustomerId, seconds: u64, told: &str) -> EventId {
        let id = EventId { log: 1, shard: 0, sequence: self.fresh() + 1 };
        let device = DeviceId::derived(at(0), &[b"device"]);
        let envelope = Envelope { id, customer: customer.clone(), device, received: at(seconds) };
        let raw = format!("<38>sshd[7]: {told} from 203.0.113.9 port 51022 ssh2");
        let parser = parsers().live();
        let event = parser.parse(&raw, &formats::Hint::new(at(seconds)));
        assert_eq!(&*event.source, "openssh_sshd");
        let mut batch = RowBatch::default();
        batch.push(&envelope, &event);
        self.lake.append(batch, LogPosition { log: 1, shard: 0, sequence: id.sequence }).unwrap();
        id
    }

    /// An event that happened and came in at this time.
    pub fn event_at(&self, customer: &CustomerId, id: EventId, time: Timestamp) {
        let device = DeviceId::derived(time, &[b"device"]);
        let envelope = Envelope { id, customer: customer.clone(), device, received: time };
        let mut batch = RowBatch::default();
        batch.push(&envelope, &Event::unparsed("an old record", time));
        self.lake.append(batch, LogPosition { log: id.log, shard: id.shard, sequence: id.sequence }).unwrap();
    }

    /// The timeline, in words.
    pub async fn timeline(&self, incident: &IncidentId) -> Vec<String> {
        let page = self.ops.list_incident_entries(&job(0), incident, &PageRequest::default()).await.unwrap();
        let words = |view: ops::IncidentEntryView| {
            let what = match view.entry.what {
                IncidentChange::Raised { alert } => {
                    format!("raised by {}", if alert.is_some() { "alert" } else { "hand" })
                }
                IncidentChange::AlertLinked { title, .. } => format!("linked {title}"),
                IncidentChange::Assigned { to } => {
                    format!("assigned to {}", if to.is_some() { "somebody" } else { "nobody" })
                }
                IncidentChange::Transitioned { transition, from, to } => {
                    format!("{}: {} -> {}", transition.name(), from.as_str(), to.as_str())
                }
                IncidentChange::SeverityChanged { from, to } => format!("severity {from} -> {to}"),
                IncidentChange::Commented { text } => format!("said {text}"),
                IncidentChange::FileAttached { name, .. } => format!("attached {name}"),
                IncidentChange::FileMatched { name, .. } => format!("matched {name}"),
                IncidentChange::FileRemoved { name, .. } => format!("removed {name}"),
            };
            format!("{} {what}", view.user_name.unwrap_or_else(|| "platform".into()))
        };
        page.items.into_iter().map(words).collect()
    }

    /// The audit rows on an object, oldest first.
    pub async fn audit_of(&self, object: &str) -> Vec<AuditRow> {
        let filter = AuditFilter { object: Some(object.to_owned()), ..AuditFilter::default() };
        let mut rows = self.ops.list_audit(&job(0), &filter, &PageRequest::new(1000, None)).await.unwrap().items;
        rows.reverse();
        rows
    }

    /// The actions of the audit rows on an object, oldest first.
    pub async fn actions_on(&self, object: &str) -> Vec<String> {
        self.audit_of(object).await.into_iter().map(|row| row.action).collect()
    }

    /// The whole audit log as text: where secrets are looked for.
    pub async fn audit_text(&self) -> String {
        let page = PageRequest::new(1000, None);
        let rows = self.ops.list_audit(&job(0), &AuditFilter::default(), &page).await.unwrap().items;
        assert!(!rows.is_empty());
        format!("{rows:?}")
    }
}

pub fn customer_data(name: &str) -> CustomerData {
    CustomerData {
        name: format!("{name} Limited"),
        short_name: name.to_owned(),
        color: 3,
        services: vec![ServiceItem::Mdr],
        state: OperatingState::Live,
        time_zone: "Asia/Shanghai".to_owned(),
        remark: format!("{name} scans itself on Mondays"),
        service_manager: None,
    }
}

pub fn user_data(login: &str, role: Role) -> UserData {
    UserData {
        login: login.to_owned(),
        name: login.to_uppercase(),
        roles: vec![role],
        all_customers: true,
        customers: Vec::new(),
        active: true,
        language: Language::En,
    }
}

pub fn device_data(name: &str) -> DeviceData {
    DeviceData {
        name: name.to_owned(),
        kind: DeviceKind::Host,
        source: None,
        address: Some("192.0.2.1".to_owned()),
        software_version: String::new(),
        time_zone: None,
        silence_minutes: 10,
        silence_alarm: Default::default(),
    }
}

pub fn asset_data() -> AssetData {
    AssetData {
        name: "Shop".to_owned(),
        addresses: vec!["198.51.100.7".to_owned()],
        host_names: vec!["WEB01".to_owned()],
        owner: "Li Lei".to_owned(),
        business: "shop".to_owned(),
        importance: Importance::Vital,
        in_service: true,
    }
}

pub fn group_data(name: &str, range: &str) -> ResourceGroupData {
    ResourceGroupData {
        name: name.to_owned(),
        kind: ResourceGroupKind::Internal,
        ranges: vec![range.parse().unwrap()],
        note: String::new(),
    }
}

pub fn policy_data(name: &str, position: i64, action: PolicyAction) -> AuditPolicyData {
    let condition = PolicyCondition::default();
    AuditPolicyData { name: name.to_owned(), position, enabled: true, condition, action, expires: None }
}

pub fn new_incident(customer: &CustomerId) -> NewIncident {
    let title = "A colleague called".to_owned();
    NewIncident { customer: customer.clone(), title, severity: Severity::Medium, note: None }
}

/// Three rules, one of them with a card, and one that lacks a list.
fn library() -> Library {
    let file = |id: &str, title: &str, value: &str, cards: Cards| RuleFile {
        path: format!("rules/{id}.yml"),
        text: format!(
            "title: {title}\nid: {id}\nstatus: stable\ndescription: Many accounts, one source\ntags: [attack.t1110.003]\n\
             logsource: {{product: linux, service: sshd}}\ndetection: {{s: {{{value}}}, condition: s}}\nlevel: high\n"
        ),
        origin: RuleOrigin::BuiltIn,
        cards,
        state: UseCaseState::Live,
    };
    let card = Card {
        title: "Password spraying".to_owned(),
        facts: "facts".to_owned(),
        trigger: "trigger".to_owned(),
        false_positive: "signs".to_owned(),
        consequences: "consequences".to_owned(),
        recommendations: "recommendations".to_owned(),
    };
    Library::new(vec![
        file("rule-2", "Web shell", "action: web-shell", Cards::new()),
        file("rule-1", "Password spraying", "action: logon-failed", Cards::from([(Language::En, card)])),
        file("rule-3", "Beacon", "action: beacon", Cards::new()),
        file("rule-4", "Needs a list", "user|expand: '%admins%'", Cards::new()),
    ])
}

/// An exception to the first rule.
pub fn exception_draft(customer: Option<&CustomerId>) -> ops::ExceptionDraft {
    let term = ExceptionTerm {
        field: "source_ip".to_owned(),
        operator: TermOperator::Is,
        values: vec!["203.0.113.9".to_owned()],
    };
    let (rule_id, reason) = ("rule-1".to_owned(), "our scanner".to_owned());
    let data = ExceptionData { rule_id, terms: vec![term], reason, owner: None, expires: None, must_fire: Vec::new() };
    ops::ExceptionDraft { customer: customer.cloned(), data }
}

pub fn request_data() -> RequestData {
    RequestData {
        kind: RequestKind::New,
        title: "Logons at night".to_owned(),
        description: String::new(),
        rule_id: None,
        assignee: None,
        state: RequestState::Open,
        answer: String::new(),
    }
}

/// A rule of this id on one field.
pub fn rule_text(id: &str, value: &str) -> String {
    format!(
        "title: Ours\nid: {id}\nlogsource: {{product: linux, service: sshd}}\ndetection: {{s: {{{value}}}, condition: s}}\nlevel: low\n"
    )
}

/// A `.tar.gz` of these files.
pub fn tarred(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// A rule about sign-ins that fail.
pub const FAILED: &str = "title: Failed\nid: 3f1c7a52-7f0e-4a5e-9f0a-0c1f6f2a7b11\nname: failed\n\
    logsource: {product: linux, service: sshd}\ndetection: {fails: {action: logon-failed}, condition: fails}\nlevel: low\n";

/// Two of the built-in sources: compiling all of them takes a while.
pub fn parsers() -> Arc<ops::Parsers> {
    let mut texts = formats::Sources::embedded_texts();
    texts.retain(|name, _| ["openssh_sshd", "fortinet_fortigate"].contains(&name.as_str()));
    Arc::new(ops::Parsers::of(texts, Default::default()).unwrap())
}
