//! Files of incidents 附件: listing them with what is known of their hashes, removing their content (catalogue T4, D6).
//! Sending one in is in `attachment_upload`, fetching one in `attachment_download`, what rules say in `file_scanner`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::attachment::{Attachment, AttachmentState, KnownHash};
use model::event::{Event, Fields};
use model::incident::IncidentChange;
use model::intel::Tlp;
use model::role::Permission;
use model::yara::ScanState;
use model::{AttachmentId, Context, IncidentId, Page, PageRequest, UserId};
use serde::Serialize;
use serde_json::json;
use store::Tx;

use crate::error::{Error, Result};
use crate::incident::entry;
use crate::{Ops, audit, optional, validate, yara_engine};

/// Characters of a reason at most.
const REASON_MOST: usize = 2000;

/// A file with everything its line shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttachmentView {
    /// The file.
    #[serde(flatten)]
    pub attachment: Attachment,
    /// The name of whoever attached it.
    pub added_by_name: Option<String>,
    /// The name of whoever removed its content.
    pub removed_by_name: Option<String>,
    /// Which of its hashes lists of indicators name for its customer, as the lists stand now.
    pub known: Vec<KnownHash>,
}

impl Ops {
    /// What is held against every event is asked about hashes of files too.
    pub fn set_intel(&self, index: Arc<::intel::Index>) {
        *self.intel_in_force().write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(index);
    }

    /// The files of an incident, the oldest first, removed ones too.
    pub async fn list_attachments(
        &self,
        ctx: &Context,
        incident: &IncidentId,
        page: &PageRequest,
    ) -> Result<Page<AttachmentView>> {
        ctx.require(Permission::IncidentRead)?;
        let mut tx = self.store().read(ctx).await?;
        let page = tx.list_attachments(incident, page).await?;
        let items = self.viewed(ctx, &mut tx, page.items).await?;
        Ok(Page { items, next: page.next })
    }

    /// One file of an incident.
    pub async fn get_attachment(
        &self,
        ctx: &Context,
        incident: &IncidentId,
        id: &AttachmentId,
    ) -> Result<AttachmentView> {
        ctx.require(Permission::IncidentRead)?;
        let mut tx = self.store().read(ctx).await?;
        let found = tx.get_attachment(incident, id).await?;
        Ok(self.viewed(ctx, &mut tx, vec![found]).await?.remove(0))
    }

    /// Removes a file's content for good. What it was, who removed it and why stays.
    pub async fn remove_attachment(
        &self,
        ctx: &Context,
        incident: &IncidentId,
        id: &AttachmentId,
        reason: &str,
    ) -> Result<AttachmentView> {
        ctx.require(Permission::IncidentWork)?;
        let mut tx = self.store().write(ctx).await?;
        let found = tx.get_attachment(incident, id).await?;
        let reason = validate::text("reason", reason, REASON_MOST)?;
        if found.state == AttachmentState::Removed {
            return Err(Error::NotNow("its content was removed already".to_owned()));
        }
        let gone = remove(&mut tx, &found, &reason).await?;
        let view = self.viewed(ctx, &mut tx, vec![gone]).await?.remove(0);
        tx.commit().await?;
        Ok(view)
    }

    /// Files as their lines show them.
    pub(crate) async fn viewed(
        &self,
        ctx: &Context,
        tx: &mut Tx,
        found: Vec<Attachment>,
    ) -> Result<Vec<AttachmentView>> {
        let mut people: BTreeSet<UserId> = BTreeSet::new();
        for one in &found {
            people.extend(one.added_by.clone());
            people.extend(one.removal.as_ref().and_then(|gone| gone.by.clone()));
        }
        let mut names: BTreeMap<UserId, Option<String>> = BTreeMap::new();
        for user in people {
            let name = optional(tx.get_user(&user).await)?.map(|user| user.data.name);
            names.insert(user, name);
        }
        let name = |user: Option<&UserId>| user.and_then(|user| names.get(user).cloned().flatten());
        let view = |mut attachment: Attachment| {
            if attachment.scan.state == ScanState::Waiting && !yara_engine::SCANS {
                attachment.scan.state = ScanState::Unavailable;
            }
            AttachmentView {
                added_by_name: name(attachment.added_by.as_ref()),
                removed_by_name: name(attachment.removal.as_ref().and_then(|gone| gone.by.as_ref())),
                known: self.known_hashes(ctx, &attachment),
                attachment,
            }
        };
        Ok(found.into_iter().map(view).collect())
    }

    /// Which hashes of a file lists name, as for events: lists that ran out, warning lists and lists of other customers do
    /// not count, and what is for its receivers alone is told only to those who keep the intelligence.
    fn known_hashes(&self, ctx: &Context, of: &Attachment) -> Vec<KnownHash> {
        let index = self.intel_in_force().read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let Some(index) = index else { return Vec::new() };
        let mut event = Event::unparsed("", ctx.now());
        let mut core = Fields::default();
        for (field, hash) in [("sha256", &of.sha256), ("sha1", &of.sha1), ("md5", &of.md5)] {
            core.push(format!("file_hash_{field}"), hash.as_str());
        }
        event.core = core;
        let may_know = ctx.require(Permission::IntelWrite).is_ok();
        let hits = index.observe(&of.customer, ctx.now(), &event);
        let known = hits.into_iter().map(|hit| {
            let all = hit.sources.len();
            let sources: Vec<_> = hit.sources.into_iter().filter(|source| may_know || source.tlp != Tlp::Red).collect();
            KnownHash { value: hit.value, withheld: (all - sources.len()) as i64, sources }
        });
        known.collect()
    }
}

/// Removes a file's content within the caller's transaction.
pub(crate) async fn remove(tx: &mut Tx, of: &Attachment, reason: &str) -> Result<Attachment> {
    let incident = tx.get_incident(&of.incident).await?;
    let gone = tx.remove_attachment(of, reason).await?;
    let (attachment, name) = (of.id.clone(), of.name.clone());
    entry(tx, &incident, IncidentChange::FileRemoved { attachment, name, reason: reason.to_owned() }).await?;
    let detail = json!({
        "incident": of.incident, "name": of.name, "size": of.size, "sha256": of.sha256, "reason": reason,
    });
    tx.audit(audit(Some(&of.customer), "attachment.remove", &of.id, detail)).await?;
    Ok(gone)
}
