//! A platform with two customers behind the real router. `ours` is full of a word that `theirs` must never read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use api::{About, Api};
use axum::Router;
use lake::{Lake, LakeConfig, LogPosition, RowBatch};
use model::alert::{Alert, AlertOrigin, AlertState};
use model::asset::{AssetData, Importance};
use model::audit_policy::{AuditPolicy, AuditPolicyData, PolicyAction, PolicyCondition};
use model::baseline::{BaselineProgress, GroupProfile, NamedValue, Usual};
use model::customer::{CustomerData, OperatingState};
use model::device::{Device, DeviceData, DeviceKind};
use model::event::{AttackOutcome, Envelope, Event};
use model::incident::Incident;
use model::intel::{IntelListData, ListPurpose, Tlp};
use model::role::Role;
use model::use_case::{
    Cards, Exception, ExceptionData, ExceptionTerm, Language, Request, RequestData, RequestKind, RequestState,
    TermOperator, UseCaseState,
};
use model::user::{User, UserData};
use model::*;
use ops::{Library, NewIncident, Ops, OpsParts, ProfileRequest, PublicAddresses, RuleFile, RuleOrigin};
use serde_json::{Value, json};
use store::{Store, StoreConfig};
use tempfile::TempDir;
use tokio::sync::watch;

use crate::catalogue::InMemory;
use crate::client::{Answer, As, Ask, EventStream, Person, send};

pub const PASSWORD: &str = "grey heron over water";
/// A small parser.
pub const PARSER: &str = "vendor = \"Acme\"\nproduct = \"Gate\"\n[[variant]]\nrecognise.starts_with = [\"acme \"]\n[[variant.step]]\ntype = \"key_value\"\n[core]\nuser_name = \"user\"\n";
/// Stands in everything that belongs to `ours`.
pub const CANARY: &str = "yellowbird7731";

pub struct World {
    pub ops: Ops,
    pub store: Store,
    pub lake: Lake,
    pub router: Router,
    pub draining: watch::Sender<bool>,
    pub ours: CustomerId,
    pub theirs: CustomerId,
    count: AtomicU64,
    pub folder: TempDir,
}

pub fn now() -> Timestamp {
    SystemTime::now().into()
}

/// The platform itself, for every customer.
pub fn job() -> Context {
    Context::job("test", Scope::All, now())
}

/// The fields of both objects.
pub fn joined(one: impl serde::Serialize, other: Value) -> Value {
    let mut joined = serde_json::to_value(one).unwrap();
    joined.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    joined
}

impl World {
    pub async fn new() -> Self {
        Self::with_cookies(false).await
    }

    pub async fn with_cookies(secure_cookies: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        let store = Store::open(&StoreConfig { url, max_connections: 4 }).await.unwrap();
        let catalogue = Arc::new(InMemory::default());
        let lake = Lake::open(LakeConfig::new(folder.path().join("lake")), catalogue).await.unwrap();
        let ops = Ops::new(OpsParts {
            store: store.clone(),
            lake: lake.clone(),
            library: Arc::new(library()),
            parsers: crate::world::parsers(),
            sealer: store::secret::Sealer::new([7; 32]),
            ports: None,
            public: PublicAddresses {
                ingest_http: "https://logs.example.com:8443".into(),
                syslog_udp: None,
                syslog_tcp: None,
                syslog_tls: None,
            },
            exports: ops::ExportRoom::new(folder.path().join("exports")),
        });
        let ours = ops.create_customer(&job(), customer_data(CANARY)).await.unwrap().id;
        answer_as_flow(&ops, ours.clone());
        let theirs = ops.create_customer(&job(), customer_data("Theirs")).await.unwrap().id;
        let (draining, watching) = watch::channel(false);
        let about = Arc::new(About { name: "Vedette", version: "0", demo: false });
        let router =
            api::router(Api { ops: ops.clone(), about, secure_cookies, deletion: Arc::new(rules), draining: watching });
        World { ops, store, lake, router, draining, ours, theirs, count: AtomicU64::new(0), folder }
    }

    /// A number nobody has had yet.
    pub fn fresh(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A user of these customers; of all when none is named.
    pub async fn user(&self, login: &str, role: Role, customers: &[&CustomerId]) -> User {
        let data = user_data(login, role, customers);
        self.ops.create_user(&job(), data, PASSWORD).await.unwrap()
    }

    /// A user who has signed in and made a token.
    pub async fn person(&self, login: &str, role: Role, customers: &[&CustomerId]) -> Person {
        let user = self.user(login, role, customers).await;
        let mut person = self.sign_in(&user).await;
        let made = self.call(As::Session(&person), Ask::new("POST", "/api-tokens").json(json!({"name": "t"}))).await;
        person.token = made.done(201).json()["secret"].as_str().unwrap().to_owned();
        person
    }

    /// One more session of a user, without a token.
    pub async fn sign_in(&self, user: &User) -> Person {
        let body = json!({"login": user.data.login, "password": PASSWORD});
        let signed = self.call(As::Nobody, Ask::new("POST", "/session").json(body)).await.done(200);
        let cookie = signed.header("set-cookie").split(';').next().unwrap().to_owned();
        let csrf = signed.json()["csrf_token"].as_str().unwrap().to_owned();
        Person { user: user.clone(), cookie, csrf, token: String::new() }
    }

    pub async fn call(&self, sender: As<'_>, ask: Ask) -> Answer {
        send(&self.router, ask.request(sender)).await
    }

    pub async fn follow(&self, sender: As<'_>, last: Option<i64>) -> EventStream {
        let ask = Ask::new("GET", "/changes");
        let ask = if let Some(last) = last { ask.header("last-event-id", last) } else { ask };
        EventStream::open(&self.router, ask.request(sender)).await
    }

    pub async fn last_change(&self) -> i64 {
        self.ops.last_change(&job()).await.unwrap()
    }

    pub async fn device(&self) -> Device {
        let data = device_data(&format!("{CANARY} {}", self.fresh()));
        self.ops.create_device(&job(), &self.ours, data).await.unwrap()
    }

    /// A parser of our own whose line belongs to our customer.
    pub async fn parser(&self) -> String {
        let name = format!("acme_gate{}", self.fresh());
        let draft = ops::ParserDraft {
            version: 0,
            text: PARSER.to_owned(),
            samples: vec![format!("acme user={CANARY}")],
            time_zone: None,
        };
        let outcome = self.ops.save_parser(&job(), &name, draft).await.unwrap();
        assert!(outcome.saved.is_some(), "{outcome:?}");
        name
    }

    pub async fn policy(&self, customer: Option<&CustomerId>) -> AuditPolicy {
        self.ops.create_audit_policy(&job(), customer, policy_data()).await.unwrap()
    }

    pub async fn exception(&self, customer: Option<&CustomerId>) -> Exception {
        let draft = ops::ExceptionDraft { customer: customer.cloned(), data: exception_data() };
        self.ops.create_exception(&job(), draft).await.unwrap()
    }

    pub async fn request(&self, customer: Option<&CustomerId>) -> Request {
        self.ops.create_request(&job(), customer, request_data()).await.unwrap()
    }

    /// A threat hunt of ours; or of ours and theirs, in which nothing of ours is that is for both.
    pub async fn hunt(&self, shared: bool) -> model::hunt::Hunt {
        let customers = if shared { vec![self.ours.clone(), self.theirs.clone()] } else { vec![self.ours.clone()] };
        let title = if shared { "A shared question" } else { CANARY };
        let data = serde_json::from_value(hunt_data(title)).unwrap();
        self.ops.create_hunt(&job(), data, &customers).await.unwrap()
    }

    /// One that was run and found something of ours.
    pub async fn hunted(&self, shared: bool) -> model::HuntId {
        self.event();
        let hunt = self.hunt(shared).await.id;
        self.ops.run_hunt(&job(), &hunt, &Default::default()).await.unwrap();
        while self.ops.run_next_hunt(now()).await.unwrap() {}
        hunt
    }

    pub async fn hunt_programme(&self) -> model::hunt::HuntProgramme {
        let data = serde_json::from_value(programme_data(CANARY)).unwrap();
        self.ops.create_hunt_programme(&job(), Some(vec![self.ours.clone()]), data).await.unwrap()
    }

    /// A release of a collection that nobody takes.
    pub async fn change_set(&self) -> model::ChangeSetId {
        self.ops.add_change_set(&job(), "never taken", "1", release()).await.unwrap().id
    }

    pub async fn incident(&self) -> Incident {
        let note = Some(format!("{CANARY} was on the phone"));
        let (customer, title) = (self.ours.clone(), format!("A colleague of {CANARY} called"));
        let incident = NewIncident { customer, title, severity: Severity::Medium, note };
        self.ops.create_incident(&job(), incident).await.unwrap()
    }

    /// A file of an incident of ours.
    pub async fn attachment(&self) -> model::attachment::Attachment {
        let incident = self.incident().await.id;
        let mut upload = self.ops.begin_attachment(&job(), &incident, &format!("{CANARY}.txt"), None).await.unwrap();
        upload.write(CANARY.as_bytes(), now()).await.unwrap();
        upload.finish(now()).await.unwrap().view.attachment
    }

    /// An alert as the pipeline writes it.
    pub async fn alert(&self) -> Alert {
        let (now, number) = (now(), self.fresh().to_string());
        let alert = Alert {
            id: AlertId::derived(now, &[number.as_bytes()]),
            customer: self.ours.clone(),
            device: DeviceId::derived(now, &[b"nobody"]),
            origin: AlertOrigin::Rule,
            rule_id: "rule-1".into(),
            title: format!("Password spraying at {CANARY}"),
            severity: Severity::High,
            outcome: AttackOutcome::Attempted,
            techniques: vec!["T1110.003".into()],
            key: format!("source_address=203.0.113.{number}"),
            count: 3,
            first: now,
            last: now,
            entities: Vec::new(),
            samples: Vec::new(),
            intel: None,
            departure: None,
            storm: None,
            state: AlertState::New,
            policy: None,
            incident: None,
            created: now,
            version: 1,
        };
        let mut tx = self.store.write(&job()).await.unwrap();
        tx.upsert_alerts(std::slice::from_ref(&alert)).await.unwrap();
        tx.commit().await.unwrap();
        alert
    }

    /// A deletion of events of ours that has begun.
    pub async fn deletion(&self) -> DeletionId {
        let certificate = model::retention::DeletionCertificate {
            id: DeletionId::generate(now()),
            customer: self.ours.clone(),
            cause: model::retention::DeletionCause::Requested,
            range: TimeRange { from: now(), to: now() },
            events: 1,
            attachments: 0,
            files: Vec::new(),
            asked_by: "job:test".to_owned(),
            reason: Some("agreed".to_owned()),
            began: now(),
            finished: None,
            remains: Vec::new(),
            hash: None,
        };
        let mut tx = self.store.write(&job()).await.unwrap();
        tx.begin_deletion(&certificate).await.unwrap();
        tx.commit().await.unwrap();
        certificate.id
    }

    /// Writes every export that was asked for.
    pub async fn finish_exports(&self) {
        tokio::fs::create_dir_all(self.folder.path().join("exports")).await.unwrap();
        while self.ops.run_next_export(now()).await.unwrap() {}
    }

    /// An event of ours that arrives while somebody watches.
    pub fn arrives_soon(&self) {
        let (lake, ours) = (self.lake.clone(), self.ours.clone());
        let sequences: Vec<u64> = (0..4).map(|_| self.fresh()).collect();
        tokio::spawn(async move {
            for sequence in sequences {
                tokio::time::sleep(Duration::from_millis(250)).await;
                append_event(&lake, &ours, sequence);
            }
        });
    }

    /// An intelligence list of ours, or of everybody, with the hunt that was asked for with it.
    pub async fn intel(&self, customers: &[CustomerId]) -> ops::AddedList {
        let text = match customers {
            [] => "evil.example\n".to_owned(),
            _ => format!("{CANARY}.example\n{CANARY}\n"),
        };
        self.intel_of(customers, text, true).await
    }

    /// An intelligence list of ours that names what a warning list names.
    pub async fn suppressed_intel(&self) -> ops::AddedList {
        self.intel_of(std::slice::from_ref(&self.ours), format!("{CANARY}.google.com\n"), false).await
    }

    async fn intel_of(&self, customers: &[CustomerId], text: String, hunt_new: bool) -> ops::AddedList {
        let data = IntelListData {
            name: format!("{} {}", if customers.is_empty() { "Everybody" } else { CANARY }, self.fresh()),
            source: String::new(),
            description: String::new(),
            confidence: 50,
            tlp: Tlp::Amber,
            expires: None,
            purpose: ListPurpose::Alarm,
            least_confidence: 0,
            hunt_new,
        };
        self.ops.add_intel_list(&job(), data, customers, text.into_bytes()).await.unwrap()
    }

    /// An event of ours in the lake, found at once.
    pub fn event(&self) -> EventId {
        append_event(&self.lake, &self.ours, self.fresh())
    }

    /// A sign-in to one of our hosts that failed, as its server tells of it.
    pub fn sign_in_failed(&self) {
        let number = self.fresh();
        let id = EventId { log: 1, shard: (number % 60_000) as u16, sequence: number };
        let device = DeviceId::derived(now(), &[b"nobody"]);
        let envelope = Envelope { id, customer: self.ours.clone(), device, received: now() };
        let raw = format!("<38>sshd[7]: Failed password for {CANARY} from 203.0.113.9 port 51022 ssh2");
        let parser = parsers().live();
        let mut batch = RowBatch::default();
        batch.push(&envelope, &parser.parse(&raw, &formats::Hint::new(now())));
        self.lake.append(batch, LogPosition { log: 1, shard: id.shard, sequence: number }).unwrap();
    }
}

fn append_event(lake: &Lake, customer: &CustomerId, number: u64) -> EventId {
    // A shard of its own each, because they are not appended in the order of their numbers.
    let id = EventId { log: 1, shard: (number % 60_000) as u16, sequence: number };
    let device = DeviceId::derived(now(), &[b"nobody"]);
    let envelope = Envelope { id, customer: customer.clone(), device, received: now() };
    let raw = format!("failed password of {CANARY}");
    let mut event = Event::unparsed(&raw, now());
    event.core.push("user_name", CANARY);
    let name = format!("{CANARY}.example");
    event.core.push("dns_question_name", name.as_str());
    let mut batch = RowBatch::default();
    batch.push(&envelope, &event);
    lake.append(batch, LogPosition { log: 1, shard: id.shard, sequence: number }).unwrap();
    id
}

pub fn hunt_data(title: &str) -> Value {
    let query =
        json!({"key": "names", "name": "Names", "ask": {"kind": "search", "q": "user_name:*"}, "seconds": 3600});
    json!({"title": title, "hypothesis": "Somebody is in", "techniques": ["T1078"], "queries": [query]})
}

pub fn programme_data(title: &str) -> Value {
    json!({"rhythm": {"every": "week", "weekday": 1}, "time_zone": "Asia/Shanghai", "due_days": 5, "active": true,
        "template": hunt_data(title)})
}

/// Events may go at once, and are kept for a year where nobody said otherwise.
pub fn rules() -> ops::DeletionRules {
    let policy = model::retention::RetentionPolicy { default_days: Some(365), floor_days: 0 };
    ops::DeletionRules { policy, below_floor: false, remains: vec!["the log".to_owned()] }
}

/// The last hour and the next.
pub fn around_now() -> Value {
    let hour = Duration::from_secs(3600);
    json!({"from": now().minus(hour), "to": now().plus(hour)})
}

pub fn customer_data(name: &str) -> CustomerData {
    CustomerData {
        name: format!("{name} Limited"),
        short_name: name.to_owned(),
        color: 3,
        services: Vec::new(),
        state: OperatingState::Live,
        time_zone: "Asia/Shanghai".to_owned(),
        remark: format!("{name} scans itself on Mondays"),
        service_manager: None,
    }
}

pub fn user_data(login: &str, role: Role, customers: &[&CustomerId]) -> UserData {
    UserData {
        login: login.to_owned(),
        name: login.to_uppercase(),
        roles: vec![role],
        all_customers: customers.is_empty(),
        customers: customers.iter().map(|customer| (*customer).clone()).collect(),
        active: true,
        language: Language::En,
    }
}

pub fn device_data(name: &str) -> DeviceData {
    DeviceData {
        name: name.to_owned(),
        kind: DeviceKind::Host,
        source: None,
        address: None,
        software_version: String::new(),
        time_zone: None,
        silence_minutes: 10,
        silence_alarm: Default::default(),
    }
}

pub fn asset_data() -> AssetData {
    AssetData {
        name: format!("Shop of {CANARY}"),
        addresses: vec!["198.51.100.7".to_owned()],
        host_names: Vec::new(),
        owner: String::new(),
        business: String::new(),
        importance: Importance::Vital,
        in_service: true,
    }
}

pub fn group_data(name: &str) -> Value {
    json!({"name": name, "kind": "internal", "ranges": ["10.0.0.0/8"], "note": ""})
}

pub fn policy_data() -> AuditPolicyData {
    AuditPolicyData {
        name: format!("Whatever {CANARY} has"),
        position: 10,
        enabled: true,
        condition: PolicyCondition::default(),
        action: PolicyAction::RaiseIncident { severity: None },
        expires: None,
    }
}

pub fn exception_data() -> ExceptionData {
    let values = vec![CANARY.to_owned()];
    let term = ExceptionTerm { field: "user_name".to_owned(), operator: TermOperator::Is, values };
    let (rule_id, reason) = ("rule-1".to_owned(), format!("{CANARY} does so by agreement"));
    ExceptionData { rule_id, terms: vec![term], reason, owner: None, expires: None, must_fire: Vec::new() }
}

/// An archive with one rule.
pub fn release() -> Vec<u8> {
    let text = "title: Theirs\nid: theirs\nlogsource: {product: linux}\ndetection: {s: {a: b}, condition: s}\n";
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, "theirs.yml", text.as_bytes()).unwrap();
    archive.into_inner().unwrap().finish().unwrap()
}

pub fn request_data() -> RequestData {
    RequestData {
        kind: RequestKind::New,
        title: format!("Logons of {CANARY}"),
        description: String::new(),
        rule_id: None,
        assignee: None,
        state: RequestState::Open,
        answer: String::new(),
    }
}

const USUAL: &str = "title: Logon\nid: logon\nlogsource: {product: linux, service: sshd}\n\
    detection: {k: [Accepted], condition: k}\n---\n\
    title: Logon from a new address\nid: usual\nlevel: low\n\
    baseline: {type: first_seen, rules: [logon], group-by: [user_name], field: source_ip}\n";

/// Answers as the flow does for a customer of whom it knows one user.
fn answer_as_flow(ops: &Ops, ours: CustomerId) {
    let (requests, mut asked) = tokio::sync::mpsc::channel(8);
    ops.set_profiles(requests);
    tokio::spawn(async move {
        while let Some(request) = asked.recv().await {
            let at = now();
            match request {
                ProfileRequest::Progress(answer) => drop(answer.send(vec![BaselineProgress {
                    rule: "usual".into(),
                    customer: ours.clone(),
                    since: at,
                    latest: at,
                    learning: 14 * 86_400,
                    groups: 1,
                    forgotten: 0,
                    bytes: 400,
                }])),
                ProfileRequest::Latest { customer, answer, .. } => {
                    let known = if customer == ours { vec![vec![CANARY.to_owned()]] } else { Vec::new() };
                    drop(answer.send(known));
                }
                ProfileRequest::Group { customer, group, answer, .. } => {
                    let profile = GroupProfile {
                        group: vec![NamedValue { name: "user_name".into(), value: group[0].clone() }],
                        since: at,
                        last: at,
                        observations: 1,
                        learned: false,
                        usual: Usual::Values { known: 0, latest: Vec::new() },
                    };
                    drop(answer.send((customer == ours).then_some(profile)));
                }
                ProfileRequest::Forget { answer, .. } => drop(answer.send(true)),
            }
        }
    });
}

fn library() -> Library {
    let file = |id: &str, title: &str, value: &str| RuleFile {
        path: format!("rules/{id}.yml"),
        text: format!(
            "title: {title}\nid: {id}\nlogsource: {{product: windows, service: security}}\n\
             detection: {{s: {{{value}}}, condition: s}}\nlevel: high\n"
        ),
        origin: RuleOrigin::BuiltIn,
        cards: Cards::new(),
        state: UseCaseState::Live,
    };
    Library::new(vec![
        file("rule-1", "Password spraying", "EventID: 4625"),
        file("rule-2", "Needs a list", "user|expand: '%admins%'"),
        file("rule-3", "Log cleared", "EventID: 1102"),
        RuleFile {
            path: "rules/usual.yml".into(),
            text: USUAL.into(),
            origin: RuleOrigin::BuiltIn,
            cards: Cards::new(),
            state: UseCaseState::Live,
        },
    ])
}

/// Two of the built-in sources: compiling all of them takes a while.
pub fn parsers() -> Arc<ops::Parsers> {
    let mut texts = formats::Sources::embedded_texts();
    texts.retain(|name, _| ["openssh_sshd", "fortinet_fortigate"].contains(&name.as_str()));
    Arc::new(ops::Parsers::of(texts, Default::default()).unwrap())
}
