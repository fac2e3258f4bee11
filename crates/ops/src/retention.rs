//! How long customers' events are kept, their deletion with a certificate, and the custody of evidence (catalogue I5,
//! A2, A4).

use std::path::Path;
use std::time::Instant;

use lake::{Deletion, Exported};
use model::retention::{DeletedFile, DeletionCause, DeletionCertificate, Retention, RetentionData, RetentionPolicy};
use model::role::Permission;
use model::search::EventQuery;
use model::{Context, CustomerId, DeletionId, EventId, Page, PageRequest, TimeRange, Timestamp};
use serde_json::json;

use crate::error::{Error, FieldProblem, Result};
use crate::{Ops, attachment, audit, difference, require_all};

/// The first and the last instant that calendars, and with them certificates, know.
const CALENDAR: (i64, i64) = (-62_135_596_800_000_000, 253_402_300_799_999_999);

/// What a deletion never touches: said in every certificate.
const SAMPLES: &str = "alerts, incidents and hunts keep the sample events they came of: they are evidence";
const BACKUPS: &str = "backups made before keep what they hold until they are deleted";

/// The right to delete, and how far it goes.
#[derive(Debug, Clone)]
pub struct DeletionRules {
    /// What the platform's settings say.
    pub policy: RetentionPolicy,
    /// Delete also what is younger than the floor.
    pub below_floor: bool,
    /// What else still holds the events, such as the write-ahead log, in words for the certificate.
    pub remains: Vec<String>,
}

impl Ops {
    /// How long a customer's events are kept.
    pub async fn get_retention(&self, ctx: &Context, customer: &CustomerId) -> Result<Retention> {
        ctx.require(Permission::CustomerRead)?;
        Ok(self.store().read(ctx).await?.get_retention(customer).await?)
    }

    /// Changes how long a customer's events are kept, or puts them under legal hold, as it stood at `version`.
    pub async fn set_retention(
        &self,
        ctx: &Context,
        policy: &RetentionPolicy,
        customer: &CustomerId,
        version: i64,
        data: RetentionData,
    ) -> Result<Retention> {
        ctx.require(Permission::SystemAdmin)?;
        let fields: Vec<FieldProblem> = policy
            .problems(&data)
            .into_iter()
            .map(|(field, message)| FieldProblem { field: field.to_owned(), message })
            .collect();
        if !fields.is_empty() {
            return Err(Error::Invalid { fields });
        }
        let mut tx = self.store().write(ctx).await?;
        let before = tx.get_retention(customer).await?;
        let after = tx.set_retention(customer, version, &data).await?;
        let changed = difference(&before.data, &after.data);
        tx.audit(audit(Some(customer), "customer.retention", customer, changed)).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Deletes what is over, of every customer in scope that is not under legal hold. A customer that fails does not
    /// keep the others; the first failure is returned after all were tried.
    pub async fn expire_events(&self, ctx: &Context, rules: &DeletionRules) -> Result<Vec<DeletionCertificate>> {
        ctx.require(Permission::SystemAdmin)?;
        let (customers, settings) = {
            let mut tx = self.store().read(ctx).await?;
            (tx.all_customers().await?, tx.list_retentions().await?)
        };
        let (mut certificates, mut failed) = (Vec::new(), None);
        for customer in customers {
            let data = settings.iter().find(|setting| setting.customer == customer.id).map(|setting| &setting.data);
            let data = data.cloned().unwrap_or_default();
            let Some(cutoff) = rules.policy.cutoff(&data, ctx.now()) else { continue };
            let expired = async {
                let deletion = self.lake().plan_expiry(&customer.id, cutoff).await?;
                let range = TimeRange { from: earliest(&deletion).unwrap_or(cutoff), to: cutoff };
                self.carry_out(ctx, &customer.id, DeletionCause::Expired, range, deletion, rules).await
            };
            match expired.await {
                Ok(certificate) => certificates.extend(certificate),
                Err(error) => {
                    tracing::error!(customer = %customer.id, %error, "expired events could not be deleted");
                    failed.get_or_insert(error);
                }
            }
        }
        failed.map_or(Ok(certificates), Err)
    }

    /// Deletes a customer's events with times in `range`, and the content of files attached to incidents within it. Nothing
    /// where there are neither.
    pub async fn delete_events(
        &self,
        ctx: &Context,
        rules: &DeletionRules,
        customer: &CustomerId,
        range: TimeRange,
    ) -> Result<Option<DeletionCertificate>> {
        ctx.require(Permission::SystemAdmin)?;
        if ctx.reason().is_none_or(|reason| reason.trim().is_empty()) {
            return Err(Error::invalid("reason", "must say why the events are deleted"));
        }
        let floor = RetentionPolicy { default_days: Some(rules.policy.floor_days), ..rules.policy };
        let floor = floor.cutoff(&RetentionData::default(), ctx.now()).unwrap_or(ctx.now());
        if range.to > floor && !rules.below_floor && rules.policy.floor_days > 0 {
            let days = rules.policy.floor_days;
            return Err(Error::invalid(
                "range",
                &format!("events are kept for {days} days at least: end it at {floor}"),
            ));
        }
        self.refuse_held(ctx, customer).await?;
        let deletion = self.lake().plan_deletion(customer, range).await?;
        self.carry_out(ctx, customer, DeletionCause::Requested, range, deletion, rules).await
    }

    /// Gives up a file that was found damaged, with every event that was in it.
    pub async fn forget_damaged(
        &self,
        ctx: &Context,
        rules: &DeletionRules,
        customer: &CustomerId,
        file: &str,
    ) -> Result<Option<DeletionCertificate>> {
        ctx.require(Permission::SystemAdmin)?;
        self.refuse_held(ctx, customer).await?;
        let deletion = self.lake().plan_forgetting(customer, file).await?;
        let to = deletion.files().iter().map(|file| file.max_time).max().unwrap_or(ctx.now());
        let to = Timestamp::from_micros(to.as_micros().saturating_add(1));
        let range = TimeRange { from: earliest(&deletion).unwrap_or(to), to };
        self.carry_out(ctx, customer, DeletionCause::Damaged, range, deletion, rules).await
    }

    /// Settles deletions that a crash cut short: those that happened are finished, of the others nothing is left.
    pub async fn resume_deletions(&self, ctx: &Context) -> Result<usize> {
        ctx.require(Permission::SystemAdmin)?;
        require_all(ctx)?;
        let begun = self.store().read(ctx).await?.unfinished_deletions().await?;
        for certificate in &begun {
            let ids: Vec<String> = certificate.files.iter().map(|file| file.id.clone()).collect();
            if self.lake().has_any(&certificate.customer, &ids).await? {
                let mut tx = self.store().write(ctx).await?;
                tx.forget_deletion(&certificate.id).await?;
                tx.commit().await?;
                tracing::warn!(deletion = %certificate.id, "a deletion was cut short before anything went: ask again");
            } else {
                self.lake().unlink(certificate.files.iter().map(|file| file.path.clone()).collect()).await?;
                self.finish(ctx, certificate.clone(), ctx.now()).await?;
            }
        }
        Ok(begun.len())
    }

    /// One certificate.
    pub async fn get_deletion(&self, ctx: &Context, id: &DeletionId) -> Result<DeletionCertificate> {
        ctx.require(Permission::AuditRead)?;
        Ok(self.store().read(ctx).await?.get_deletion(id).await?)
    }

    /// Certificates, newest first.
    pub async fn list_deletions(
        &self,
        ctx: &Context,
        customer: Option<&CustomerId>,
        page: &PageRequest,
    ) -> Result<Page<DeletionCertificate>> {
        ctx.require(Permission::AuditRead)?;
        Ok(self.store().read(ctx).await?.list_deletions(customer, page).await?)
    }

    /// Writes a customer's events as evidence into a folder; [`Ops::note_evidence`] puts on record what became of it.
    pub async fn export_events(
        &self,
        ctx: &Context,
        query: &EventQuery,
        ids: &[EventId],
        into: &Path,
    ) -> Result<Exported> {
        ctx.require(Permission::EventRead)?;
        if ctx.reason().is_none_or(|reason| reason.trim().is_empty()) {
            return Err(Error::invalid("reason", "must say what the evidence is for"));
        }
        Ok(self.lake().export(ctx, query, ids, into).await?)
    }

    /// Puts on record that evidence was handed out: which, by the hash of its manifest, and what is in it.
    pub async fn note_evidence(
        &self,
        ctx: &Context,
        customer: &CustomerId,
        manifest_sha256: &str,
        detail: serde_json::Value,
    ) -> Result<()> {
        ctx.require(Permission::EventRead)?;
        let mut tx = self.store().write(ctx).await?;
        tx.audit(audit(Some(customer), "evidence.export", manifest_sha256, detail)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Puts on record that files of the lake were found damaged, or whole again.
    pub async fn note_damage(
        &self,
        ctx: &Context,
        customer: &CustomerId,
        path: &str,
        damage: Option<&str>,
    ) -> Result<()> {
        ctx.require(Permission::SystemAdmin)?;
        let action = if damage.is_some() { "lake.damaged" } else { "lake.healed" };
        let mut tx = self.store().write(ctx).await?;
        tx.audit(audit(Some(customer), action, path, json!({"damage": damage}))).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn has_attachments(&self, ctx: &Context, customer: &CustomerId, range: TimeRange) -> Result<bool> {
        Ok(!self.store().read(ctx).await?.attachments_between(customer, range).await?.is_empty())
    }

    async fn refuse_held(&self, ctx: &Context, customer: &CustomerId) -> Result<()> {
        match self.store().read(ctx).await?.get_retention(customer).await?.data.hold {
            Some(why) => Err(held(&why)),
            None => Ok(()),
        }
    }

    /// The certificate is kept before anything goes, and finished when everything is gone.
    async fn carry_out(
        &self,
        ctx: &Context,
        customer: &CustomerId,
        cause: DeletionCause,
        range: TimeRange,
        deletion: Deletion,
        rules: &DeletionRules,
    ) -> Result<Option<DeletionCertificate>> {
        if deletion.events() == 0
            && (cause != DeletionCause::Requested || !self.has_attachments(ctx, customer, range).await?)
        {
            return Ok(None);
        }
        let said = [SAMPLES, BACKUPS].map(str::to_owned);
        let certificate = DeletionCertificate {
            id: DeletionId::generate(ctx.now()),
            customer: customer.clone(),
            cause,
            range: TimeRange { from: in_calendar(range.from), to: in_calendar(range.to) },
            events: deletion.events(),
            attachments: 0, // counted when they go, with the last event
            files: files_in_calendar(&deletion),
            asked_by: ctx.actor().to_string(),
            reason: ctx.reason().map(str::to_owned),
            began: ctx.now(),
            finished: None,
            remains: said.into_iter().chain(rules.remains.iter().cloned()).collect(),
            hash: None,
        };
        let began = Instant::now();
        let mut tx = self.store().write(ctx).await?;
        if let Some(why) = tx.get_retention(customer).await?.data.hold {
            return Err(held(&why));
        }
        tx.begin_deletion(&certificate).await?;
        tx.commit().await?;
        if let Err(error) = deletion.carry_out(ctx.now()).await {
            // Whether it happened is settled by the next call of `resume_deletions`.
            tracing::error!(deletion = %certificate.id, %error, "a deletion did not come to its end");
            return Err(error.into());
        }
        self.finish(ctx, certificate, ctx.now().plus(began.elapsed())).await.map(Some)
    }

    async fn finish(
        &self,
        ctx: &Context,
        mut certificate: DeletionCertificate,
        finished: Timestamp,
    ) -> Result<DeletionCertificate> {
        let mut tx = self.store().write(ctx).await?;
        if certificate.cause == DeletionCause::Requested {
            let reason = certificate.reason.as_deref().unwrap_or_default();
            for found in tx.attachments_between(&certificate.customer, certificate.range).await? {
                attachment::remove(&mut tx, &found, &format!("{}: {reason}", certificate.id)).await?;
                certificate.attachments += 1;
            }
        }
        certificate.finished = Some(finished);
        certificate.hash = Some(certificate.digest());
        let detail = json!({
            "cause": certificate.cause, "events": certificate.events, "files": certificate.files.len(),
            "attachments": certificate.attachments, "from": certificate.range.from, "to": certificate.range.to,
            "hash": certificate.hash,
        });
        tx.finish_deletion(&certificate).await?;
        tx.audit(audit(Some(&certificate.customer), "event.delete", &certificate.id, detail)).await?;
        tx.commit().await?;
        Ok(certificate)
    }
}

fn held(why: &str) -> Error {
    Error::invalid("customer", &format!("is under legal hold ({why}): nothing is deleted"))
}

fn in_calendar(time: Timestamp) -> Timestamp {
    Timestamp::from_micros(time.as_micros().clamp(CALENDAR.0, CALENDAR.1))
}

fn files_in_calendar(deletion: &Deletion) -> Vec<DeletedFile> {
    let mut files = deletion.files();
    for file in &mut files {
        (file.min_time, file.max_time) = (in_calendar(file.min_time), in_calendar(file.max_time));
    }
    files
}

fn earliest(deletion: &Deletion) -> Option<Timestamp> {
    deletion.files().iter().map(|file| file.min_time).min()
}
