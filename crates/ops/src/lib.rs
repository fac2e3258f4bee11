#![doc = include_str!("../README.md")]

use std::ops::RangeInclusive;
use std::sync::{Arc, RwLock};

use model::{Context, UserId};

mod alert;
mod asset;
mod attachment;
mod attachment_download;
mod attachment_upload;
mod audit;
mod audit_policy;
mod backtest;
mod baseline;
mod change;
mod coverage;
mod customer;
mod device;
mod device_credential;
mod device_fields;
mod device_health;
mod error;
mod event;
mod exception;
mod exception_preview;
mod export;
mod export_worker;
mod feed;
mod feed_intake;
#[cfg(feature = "yara")]
mod file_scanner;
mod funnel;
mod hunt;
mod hunt_judge;
mod hunt_programme;
mod hunt_run;
mod hunt_sigma;
mod hunt_template;
mod hunt_worker;
mod incident;
mod incident_view;
mod instructions;
mod intel;
mod intel_index;
mod library;
mod overview;
mod paging;
mod parser;
mod parser_check;
mod parser_file;
mod parser_trial;
mod parsers;
mod password;
mod platform_alarm;
mod raise;
mod request;
mod resource_group;
mod retention;
mod retro_hunt;
mod retro_hunter;
mod rule_archive;
mod rule_check;
mod rule_collection;
mod saved_search;
mod scorecard;
mod secret;
mod session;
mod silence;
mod storage;
mod tail;
mod token;
mod turns;
mod use_case;
mod user;
mod validate;
mod worker;
mod yara_engine;
mod yara_set;

pub use self::intel::AddedList;
pub use attachment::AttachmentView;
pub use attachment_download::{AttachmentContent, AttachmentForm};
pub use attachment_upload::{AddedAttachment, Upload};
pub use backtest::{Backtest, BacktestDay, BacktestEntity, BacktestResult, BacktestSample};
pub use baseline::{BaselineOfCustomer, GroupWish, ProfileRequest};
pub use change::ChangesPage;
pub use coverage::{Coverage, CoverageRule, CoverageTechnique, Readiness};
pub use device_credential::{CredentialWish, IssuedCredential};
pub use device_fields::{DeviceFields, FieldMissing, FieldSeen, RuleUnreached};
pub use device_health::{
    ActivityBucket, Connection, DeviceConnections, DeviceHealth, Doors, Refusal, SilenceState, SourceShare, Span,
};
pub use error::{Error, FieldProblem, Full, Result};
pub use exception::ExceptionDraft;
pub use exception_preview::{ExceptionPreview, PreviewedAlert};
pub use export::ExportRoom;
pub use export_worker::Exporter;
pub use feed_intake::{Brought, DueFeed};
#[cfg(feature = "yara")]
pub use file_scanner::FileScanner;
pub use funnel::{CustomerFunnel, FunnelCounts, FunnelDay, FunnelQuery};
pub use hunt_judge::{HuntDetectionWish, HuntIncident};
pub use hunt_run::HuntRunWish;
pub use hunt_template::{HuntTemplate, hunt_templates};
pub use hunt_worker::HuntWorker;
pub use incident::{Assignee, NewIncident};
pub use incident_view::{IncidentEntryView, IncidentView};
pub use instructions::PublicAddresses;
pub use lake::measured;
pub use library::{InactiveRule, Library, Loaded, RuleFile, RuleInfo, RuleOrigin};
pub use overview::{DeviceCounts, Funnel, Overview};
pub use parser::{ParserDraft, ParserList, ParserOrigin, ParserOutcome, ParserSummary, ParserView};
pub use parser_check::{SampleChange, TakenLine};
pub use parser_file::ParserFile;
pub use parser_trial::{ParserTrial, TrialEvent, TrialLine, TrialMistake, TrialResult, TrialStep, TrialVariant};
pub use parsers::Parsers;
pub use retention::DeletionRules;
pub use retro_hunter::RetroHunters;
pub use rule_check::{RuleProblem, RuleTrial, RuleTrialResult, TrialRecord, TriedRecord};
pub use rule_collection::Acceptance;
pub use scorecard::{Advice, Score, Scorecard};
pub use session::{Authenticated, SignedIn};
pub use silence::{SILENCE_RULE, SilenceWatch, Watched};
pub use storage::CustomerStorage;
pub use store::{
    AlertFilter, AssetFilter, AuditFilter, AuditPolicyFilter, CustomerFilter, DeviceFilter, ExceptionFilter, HitFilter,
    HuntFilter, IncidentFilter, ListHits, RequestFilter, ResourceGroupFilter, UserFilter,
};
pub use tail::EventTail;
pub use use_case::{RuleFilter, RuleView};
pub use user::RoleInfo;
pub use worker::Workers;
pub use yara_set::{BuiltInYara, YaraCheck, YaraSetView, YaraSetWish};

/// What the use cases work with.
pub struct OpsParts {
    /// The relational store.
    pub store: store::Store,
    /// The events.
    pub lake: lake::Lake,
    /// Rules and their instruction cards.
    pub library: Arc<Library>,
    /// The sources in force.
    pub parsers: Arc<Parsers>,
    /// Seals secrets that must be read back.
    pub sealer: store::secret::Sealer,
    /// The listener ports that may be given to devices; none when no range is configured.
    pub ports: Option<RangeInclusive<u16>>,
    /// The addresses devices send to, for the field engineer's instructions.
    pub public: PublicAddresses,
    /// Where exports of events are kept.
    pub exports: ExportRoom,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Ops {
    inner: Arc<Inner>,
}

struct Inner {
    parts: OpsParts,
    use_cases: RwLock<use_case::UseCases>,
    rules_replaced: tokio::sync::watch::Sender<u64>,
    /// Who reads what people decided about use cases.
    loading: tokio::sync::Mutex<()>,
    passwords: password::Passwords,
    tails: tail::Tails,
    turns: turns::Turns,
    doors: std::sync::OnceLock<Arc<dyn Doors>>,
    profiles: std::sync::OnceLock<tokio::sync::mpsc::Sender<ProfileRequest>>,
    retro_hunts: retro_hunt::RetroHunts,
    feeds: tokio::sync::Notify,
    /// The index of indicators in force, for hashes of files.
    intel: RwLock<Option<Arc<::intel::Index>>>,
    /// Who compiles YARA rules.
    yara: tokio::sync::Mutex<()>,
}

impl Ops {
    /// The use cases over these parts.
    pub fn new(parts: OpsParts) -> Self {
        let passwords = password::Passwords::new();
        let use_cases = RwLock::new(use_case::UseCases::new(parts.library.clone()));
        let (rules_replaced, loading) = (tokio::sync::watch::Sender::new(0), tokio::sync::Mutex::default());
        let (turns, doors, profiles) =
            (turns::Turns::default(), std::sync::OnceLock::new(), std::sync::OnceLock::new());
        let (tails, retro_hunts) = (tail::Tails::default(), retro_hunt::RetroHunts::default());
        let feeds = tokio::sync::Notify::new();
        let inner = Inner {
            parts,
            use_cases,
            rules_replaced,
            loading,
            passwords,
            tails,
            retro_hunts,
            feeds,
            turns,
            doors,
            profiles,
            intel: RwLock::default(),
            yara: tokio::sync::Mutex::default(),
        };
        Ops { inner: Arc::new(inner) }
    }

    fn store(&self) -> &store::Store {
        &self.inner.parts.store
    }

    fn retro_hunts(&self) -> &retro_hunt::RetroHunts {
        &self.inner.retro_hunts
    }

    fn intel_in_force(&self) -> &RwLock<Option<Arc<::intel::Index>>> {
        &self.inner.intel
    }

    fn yara_turn(&self) -> &tokio::sync::Mutex<()> {
        &self.inner.yara
    }

    fn lake(&self) -> &lake::Lake {
        &self.inner.parts.lake
    }

    /// The sources in force.
    pub fn parsers(&self) -> &Arc<Parsers> {
        &self.inner.parts.parsers
    }
}

/// The person who acts, by session or by token.
fn person(ctx: &Context) -> Result<&UserId> {
    ctx.actor().user().ok_or(Error::PersonOnly)
}

/// Fails unless the caller sees every customer.
fn require_all(ctx: &Context) -> Result<()> {
    if *ctx.scope() == model::Scope::All { Ok(()) } else { Err(Error::NeedsEveryCustomer) }
}

/// What there is, where being absent is no failure.
fn optional<T>(found: store::Result<T>) -> Result<Option<T>> {
    match found {
        Ok(value) => Ok(Some(value)),
        Err(store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What an audit row tells.
fn audit(
    customer: Option<&model::CustomerId>,
    action: &'static str,
    object: impl std::fmt::Display,
    detail: serde_json::Value,
) -> model::audit::AuditEntry {
    model::audit::AuditEntry { customer: customer.cloned(), action, object: object.to_string(), detail }
}

/// The fields of two versions of something that differ, as `{field: {"from": .., "to": ..}}`.
fn difference<T: serde::Serialize>(before: &T, after: &T) -> serde_json::Value {
    use serde_json::{Value, json};
    let (Ok(Value::Object(before)), Ok(Value::Object(after))) =
        (serde_json::to_value(before), serde_json::to_value(after))
    else {
        return Value::Null;
    };
    let changed = after.iter().filter(|(field, value)| before.get(*field) != Some(value));
    changed
        .map(|(field, value)| (field.clone(), json!({"from": before.get(field), "to": value})))
        .chain(
            before
                .iter()
                .filter(|(field, _)| !after.contains_key(*field))
                .map(|(field, value)| (field.clone(), json!({"from": value, "to": null}))),
        )
        .collect::<serde_json::Map<_, _>>()
        .into()
}
