//! What a lake command asks of the data folder, and the answer: given by the server that runs on it, or by the command
//! itself when none does.

use std::path::PathBuf;

use model::retention::{DeletionCertificate, Retention, RetentionData, RetentionPolicy};
use model::search::{EventQuery, FieldFilter, FilterOp};
use model::{Context, CustomerId, DeletionId, EventId, PageRequest, Scope, TimeRange, Timestamp};
use ops::DeletionRules;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config;
use crate::error::Error;
use crate::lake::evidence::{self, Manifest};
use crate::layout;
use crate::open::Opened;
use crate::time::now;

/// Certificates printed at most.
const MOST_CERTIFICATES: usize = 10_000;

/// A lake command.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    Verify { customer: Option<CustomerId> },
    Files { customer: Option<CustomerId>, range: TimeRange },
    Retention { customer: CustomerId, change: Option<Change>, reason: Option<String> },
    Delete { customer: CustomerId, range: TimeRange, reason: String, below_floor: bool },
    Forget { customer: CustomerId, file: String, reason: String },
    Certificates { customer: Option<CustomerId>, id: Option<DeletionId> },
    Export(Export),
}

/// A change of a customer's retention; what is absent stays.
#[derive(Debug, Serialize, Deserialize)]
pub struct Change {
    pub days: Option<Option<i64>>,
    pub hold: Option<Option<String>>,
}

/// What to export, and where to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Export {
    pub customer: CustomerId,
    pub range: TimeRange,
    pub filters: Vec<(String, String)>,
    pub text: String,
    pub events: Vec<EventId>,
    pub reason: String,
    pub by: String,
    pub into: PathBuf,
}

/// How long a customer's events are kept, and what that comes to.
#[derive(Debug, Serialize, Deserialize)]
pub struct Kept {
    pub retention: Retention,
    /// Events before this are over.
    pub cutoff: Option<Timestamp>,
}

/// What the settings say of retention.
pub fn policy(settings: &config::Lake) -> RetentionPolicy {
    let default_days = (settings.keep_days > 0).then_some(settings.keep_days);
    RetentionPolicy { default_days, floor_days: settings.keep_days_least }
}

/// Carries a command out.
pub async fn answer(opened: &Opened, request: Request) -> Result<Value, Error> {
    let at = now();
    let job = |reason: Option<&str>| {
        let ctx = Context::job("command-line", Scope::All, at);
        match reason {
            Some(reason) => ctx.because(reason),
            None => ctx,
        }
    };
    let ops = &opened.ops;
    let rules = |below_floor| DeletionRules { policy: opened.retention, below_floor, remains: remains(opened) };
    match request {
        Request::Verify { customer } => {
            let _hold = opened.lake.hold();
            let catalogue = crate::catalogue::StoredCatalogue(opened.catalogue.clone());
            let dir = opened.folder.join(layout::LAKE);
            json(&::lake::verify(&dir, &catalogue, &scope(customer), at).await?)
        }
        Request::Files { customer, range } => {
            let files = opened.catalogue.files(&scope(customer), range).await?;
            let dir = opened.folder.join(layout::LAKE);
            json(&files.iter().map(|file| dir.join(&file.path)).collect::<Vec<_>>())
        }
        Request::Retention { customer, change, reason } => {
            let ctx = job(reason.as_deref());
            let mut retention = ops.get_retention(&ctx, &customer).await?;
            if let Some(change) = change {
                let RetentionData { days, hold } = retention.data;
                let data = RetentionData { days: change.days.unwrap_or(days), hold: change.hold.unwrap_or(hold) };
                retention = ops.set_retention(&ctx, &opened.retention, &customer, retention.version, data).await?;
            }
            json(&Kept { cutoff: opened.retention.cutoff(&retention.data, at), retention })
        }
        Request::Delete { customer, range, reason, below_floor } => {
            json(&ops.delete_events(&job(Some(&reason)), &rules(below_floor), &customer, range).await?)
        }
        Request::Forget { customer, file, reason } => {
            json(&ops.forget_damaged(&job(Some(&reason)), &rules(false), &customer, &file).await?)
        }
        Request::Certificates { customer, id } => json(&certificates(opened, &job(None), customer, id).await?),
        Request::Export(export) => json(&self::export(opened, &export, at).await?),
    }
}

fn json(value: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|error| Error::Told(format!("the answer is not JSON: {error}")))
}

fn scope(customer: Option<CustomerId>) -> Scope {
    customer.map_or(Scope::All, Scope::one)
}

/// What else holds events that are deleted from the lake.
/// The right to delete on request, as the settings have it.
pub fn rules(opened: &Opened) -> DeletionRules {
    DeletionRules { policy: opened.retention, below_floor: false, remains: remains(opened) }
}

/// What else still holds deleted events.
pub fn remains(opened: &Opened) -> Vec<String> {
    let log = opened.folder.join(layout::WAL);
    let segments = std::fs::read_dir(log).map_or(0, |entries| entries.flatten().count());
    let told = format!(
        "the write-ahead log has {segments} segments; a record of these events in one of them goes with the segment as soon \
         as all of it is in files, and is never played into the lake again"
    );
    vec![told]
}

async fn certificates(
    opened: &Opened,
    ctx: &Context,
    customer: Option<CustomerId>,
    id: Option<DeletionId>,
) -> Result<Vec<DeletionCertificate>, Error> {
    if let Some(id) = id {
        return Ok(vec![opened.ops.get_deletion(ctx, &id).await?]);
    }
    let (mut all, mut page) = (Vec::new(), PageRequest::new(PageRequest::MOST, None));
    loop {
        let found = opened.ops.list_deletions(ctx, customer.as_ref(), &page).await?;
        all.extend(found.items);
        match found.next {
            Some(next) if all.len() < MOST_CERTIFICATES => page.after = Some(next),
            _ => return Ok(all),
        }
    }
}

/// Exports, packs, and puts it on record. What is not whole does not stay.
async fn export(opened: &Opened, export: &Export, at: Timestamp) -> Result<(Manifest, String), Error> {
    let ctx = Context::job("command-line", Scope::All, at).because(&export.reason);
    let query = EventQuery {
        customers: vec![export.customer.clone()],
        filters: export
            .filters
            .iter()
            .map(|(field, value)| FieldFilter { field: field.clone(), op: FilterOp::Is, value: value.clone() })
            .collect(),
        text: export.text.clone(),
        ..EventQuery::all(export.range)
    };
    let name = opened.ops.get_customer(&ctx, &export.customer).await?.data.name;
    let work = opened.folder.join(layout::EVIDENCE_WORK);
    let made = async {
        let _ = std::fs::remove_dir_all(&work);
        std::fs::create_dir_all(&work).map_err(evidence::failed("cannot create", &work))?;
        let exported = opened.ops.export_events(&ctx, &query, &export.events, &work).await?;
        let manifest = evidence::manifest(export, &name, &exported, &work, at)?;
        let hash = evidence::pack(&manifest, &work, &export.into)?;
        let detail = serde_json::json!({
            "by": export.by, "events": manifest.events, "from": export.range.from, "to": export.range.to,
            "query": manifest.query, "files": manifest.files, "into": export.into,
        });
        opened.ops.note_evidence(&ctx, &export.customer, &hash, detail).await?;
        Ok::<_, Error>((manifest, hash))
    };
    let made = made.await;
    let _ = std::fs::remove_dir_all(&work);
    if made.is_err() && !matches!(&made, Err(Error::File { what: evidence::EXISTS, .. })) {
        let _ = std::fs::remove_file(&export.into);
    }
    made
}
