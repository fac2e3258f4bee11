//! A file is sent in: kept part by part as it comes, hashed on the way, and nothing is left of one that does not come to
//! its end.

use md5::Digest as _;
use model::attachment::{
    Attachment, AttachmentState, CUSTOMER_BYTES, FILE_BYTES, INCIDENT_BYTES, INCIDENT_FILES, PART_BYTES, file_name,
};
use model::incident::IncidentChange;
use model::role::Permission;
use model::yara::FileScan;
use model::{AttachmentId, Context, IncidentId, Scope, Timestamp};
use serde_json::json;
use store::{AttachmentSums, NewAttachment};

use crate::attachment::AttachmentView;
use crate::error::{Error, Full, Result};
use crate::incident::entry;
use crate::{Ops, audit};

/// A file that was sent in.
#[derive(Debug, Clone, PartialEq)]
pub struct AddedAttachment {
    /// It, or the one with the same content that the incident had.
    pub view: AttachmentView,
    /// Whether the incident had it.
    pub already: bool,
}

/// A file that is being sent in. Dropped before [`Upload::finish`], it leaves nothing behind.
pub struct Upload {
    ops: Ops,
    ctx: Context,
    of: NewAttachment,
    /// What came and is not yet a part.
    waiting: Vec<u8>,
    parts: i64,
    size: i64,
    sha256: sha2::Sha256,
    sha1: sha1::Sha1,
    md5: md5::Md5,
    crc32: crc32fast::Hasher,
    open: bool,
}

impl Ops {
    /// Begins to take in a file called `name` for an incident; `announced` is how large the sender says it is.
    pub async fn begin_attachment(
        &self,
        ctx: &Context,
        incident: &IncidentId,
        name: &str,
        announced: Option<u64>,
    ) -> Result<Upload> {
        ctx.require(Permission::IncidentWork)?;
        let mut tx = self.store().write(ctx).await?;
        let customer = tx.get_incident(incident).await?.customer;
        let name = file_name(name).ok_or_else(|| Error::invalid("name", "must be the name of a file"))?;
        let announced = announced.map_or(0, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        check_size(announced)?;
        let mut sums = tx.attachment_sums(&customer, incident).await?;
        sums.incident_files += 1;
        check_room(&sums, announced)?;
        let of = NewAttachment { id: AttachmentId::generate(ctx.now()), customer, incident: incident.clone(), name };
        tx.begin_attachment(&of).await?;
        tx.commit().await?;
        Ok(Upload {
            ops: self.clone(),
            ctx: ctx.clone(),
            of,
            waiting: Vec::with_capacity(PART_BYTES),
            parts: 0,
            size: 0,
            sha256: sha2::Sha256::default(),
            sha1: sha1::Sha1::default(),
            md5: md5::Md5::default(),
            crc32: crc32fast::Hasher::new(),
            open: true,
        })
    }

    /// Forgets what was sent and not finished, of senders that were last heard before `before`; gives how many files.
    pub async fn sweep_attachments(&self, before: Timestamp) -> Result<u64> {
        let ctx = Context::job("attachments", Scope::All, before);
        let mut tx = self.store().write(&ctx).await?;
        let swept = tx.sweep_attachments(before).await?;
        tx.commit().await?;
        Ok(swept)
    }
}

impl Upload {
    /// Takes the next bytes, at `now`.
    pub async fn write(&mut self, mut bytes: &[u8], now: Timestamp) -> Result<()> {
        check_size(self.size.saturating_add(bytes.len() as i64))?;
        self.size += bytes.len() as i64;
        while !bytes.is_empty() {
            let taken = bytes.len().min(PART_BYTES - self.waiting.len());
            self.waiting.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if self.waiting.len() == PART_BYTES {
                self.keep(now).await?;
            }
        }
        Ok(())
    }

    /// The file is complete.
    pub async fn finish(mut self, now: Timestamp) -> Result<AddedAttachment> {
        if self.size == 0 {
            return Err(Error::invalid("body", "must not be empty: a file without content is no evidence"));
        }
        if !self.waiting.is_empty() {
            self.keep(now).await?;
        }
        let done = self.described();
        let mut tx = self.ops.store().write(&self.ctx).await?;
        check_room(&tx.attachment_sums(&done.customer, &done.incident).await?, 0)?;
        if let Some(had) = tx.find_attachment(&done.incident, &done.sha256).await? {
            tx.discard_attachment(&done.id).await?;
            let view = self.ops.viewed(&self.ctx, &mut tx, vec![had]).await?.remove(0);
            tx.commit().await?;
            self.open = false;
            return Ok(AddedAttachment { view, already: true });
        }
        tx.finish_attachment(&done).await?;
        let incident = tx.get_incident(&done.incident).await?;
        let what = IncidentChange::FileAttached {
            attachment: done.id.clone(),
            name: done.name.clone(),
            size: done.size,
            sha256: done.sha256.clone(),
        };
        entry(&mut tx, &incident, what).await?;
        let detail = json!({
            "incident": done.incident, "name": done.name, "size": done.size, "sha256": done.sha256,
        });
        tx.audit(audit(Some(&done.customer), "attachment.add", &done.id, detail)).await?;
        let kept = tx.get_attachment(&done.incident, &done.id).await?;
        let view = self.ops.viewed(&self.ctx, &mut tx, vec![kept]).await?.remove(0);
        tx.commit().await?;
        self.open = false;
        Ok(AddedAttachment { view, already: false })
    }

    async fn keep(&mut self, now: Timestamp) -> Result<()> {
        sha2::Digest::update(&mut self.sha256, &self.waiting);
        self.sha1.update(&self.waiting);
        self.md5.update(&self.waiting);
        self.crc32.update(&self.waiting);
        let NewAttachment { customer, id, .. } = &self.of;
        let mut tx = self.ops.store().write(&self.ctx).await?;
        tx.add_attachment_part(customer, id, self.parts, &self.waiting, now).await?;
        tx.commit().await?;
        self.parts += 1;
        self.waiting.clear();
        Ok(())
    }

    fn described(&self) -> Attachment {
        let NewAttachment { id, customer, incident, name } = self.of.clone();
        Attachment {
            id,
            customer,
            incident,
            name,
            state: AttachmentState::Kept,
            size: self.size,
            sha256: hex(&sha2::Digest::finalize(self.sha256.clone())),
            sha1: hex(&self.sha1.clone().finalize()),
            md5: hex(&self.md5.clone().finalize()),
            crc32: self.crc32.clone().finalize(),
            added_by: self.ctx.actor().user().cloned(),
            added: self.ctx.now(),
            removal: None,
            scan: FileScan::waiting(),
        }
    }
}

impl Drop for Upload {
    /// The sender went away. What cannot be forgotten now is swept later.
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !self.open {
            return;
        }
        let (ops, ctx, id) = (self.ops.clone(), self.ctx.clone(), self.of.id.clone());
        runtime.spawn(async move {
            let forget = async {
                let mut tx = ops.store().write(&ctx).await?;
                tx.discard_attachment(&id).await?;
                tx.commit().await
            };
            if let Err(error) = forget.await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a file cut short is left until it is swept");
            }
        });
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check_size(bytes: i64) -> Result<()> {
    if bytes <= FILE_BYTES {
        return Ok(());
    }
    Err(Error::TooLarge(format!("a file may have {} MiB: send larger ones in parts", FILE_BYTES >> 20)))
}

fn check_room(sums: &AttachmentSums, more: i64) -> Result<()> {
    if sums.incident_files > INCIDENT_FILES {
        return Err(Error::Full(Full::IncidentFiles));
    }
    if sums.incident_bytes.saturating_add(more) > INCIDENT_BYTES {
        return Err(Error::Full(Full::IncidentBytes));
    }
    if sums.customer_bytes.saturating_add(more) > CUSTOMER_BYTES {
        return Err(Error::Full(Full::CustomerBytes));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_is_told_by_its_own_words() {
        let within =
            AttachmentSums { incident_files: 100, incident_bytes: INCIDENT_BYTES, customer_bytes: CUSTOMER_BYTES };
        assert!(check_room(&within, 0).is_ok());
        let told = |sums: AttachmentSums| check_room(&sums, 0).unwrap_err().to_string();
        assert!(told(AttachmentSums { incident_files: 101, ..within }).contains("100 files"));
        assert!(told(AttachmentSums { incident_bytes: INCIDENT_BYTES + 1, ..within }).contains("512 MiB"));
        assert!(told(AttachmentSums { customer_bytes: CUSTOMER_BYTES + 1, ..within }).contains("20 GiB"));
        assert!(check_room(&within, 1).is_err());
        assert!(check_size(FILE_BYTES).is_ok());
        assert!(matches!(check_size(FILE_BYTES + 1), Err(Error::TooLarge(_))));
    }

    #[test]
    fn hashes_are_printed_as_lists_name_them() {
        let mut md5 = md5::Md5::default();
        md5.update(b"abc");
        assert_eq!(hex(&md5.finalize()), "900150983cd24fb0d6963f7d28e17f72");
    }
}
