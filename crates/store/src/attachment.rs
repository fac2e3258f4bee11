//! Files attached to incidents: their records, and their content a MiB a row (catalogue T4, D6).

use model::attachment::{Attachment, AttachmentState, Removal};
use model::change::Noun;
use model::yara::FileScan;
use model::{AttachmentId, CustomerId, IncidentId, Page, PageRequest, TimeRange, Timestamp, UserId};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{json, sql};
use crate::{Error, Result, Tx};

/// Files of one incident that are counted together are counted one at a time.
const SUMS_LOCK: i64 = 0x7665_6465_7474_6503;

/// A file that begins to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttachment {
    /// Its id.
    pub id: AttachmentId,
    /// Whose it is.
    pub customer: CustomerId,
    /// The incident it is for.
    pub incident: IncidentId,
    /// Its name, made harmless.
    pub name: String,
}

/// How much is kept or being sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AttachmentSums {
    /// Files of the incident.
    pub incident_files: i64,
    /// Bytes of them.
    pub incident_bytes: i64,
    /// Bytes of all files of the customer.
    pub customer_bytes: i64,
}

impl Tx {
    /// Begins a file: nobody sees it until it is finished.
    pub async fn begin_attachment(&mut self, new: &NewAttachment) -> Result<()> {
        self.get_incident(&new.incident).await?;
        self.require_customer(&new.customer)?;
        let now = self.context().now();
        let by = self.context().actor().user().cloned();
        let insert =
            sql("INSERT INTO attachment (customer, id, incident, name, state, size, sha256, sha1, md5, crc32, ")
                .push("added_by, added, touched, attempts, scan, told) ")
                .push("VALUES (?, ?, ?, ?, ?, 0, '', '', '', 0, ?, ?, ?, 0, ?, '[]')")
                .bind(&new.customer)
                .bind(&new.id)
                .bind(&new.incident)
                .bind(&new.name)
                .bind(AttachmentState::Uploading)
                .bind(by.as_ref())
                .bind(now)
                .bind(now)
                .bind(json(&FileScan::waiting()));
        self.execute(insert).await?;
        Ok(())
    }

    /// Adds the next part of a file's content, at `now`.
    pub async fn add_attachment_part(
        &mut self,
        customer: &CustomerId,
        id: &AttachmentId,
        position: i64,
        content: &[u8],
        now: Timestamp,
    ) -> Result<()> {
        let update = sql("UPDATE attachment SET size = size + ?, touched = ? WHERE id = ? AND state = ?")
            .bind(content.len() as i64)
            .bind(now)
            .bind(id)
            .bind(AttachmentState::Uploading);
        if self.execute(self.scoped(update, "customer")).await? == 0 {
            return Err(Error::not_found("attachment", id));
        }
        let insert = sql("INSERT INTO attachment_part (customer, attachment, position, content) VALUES (?, ?, ?, ?)")
            .bind(customer)
            .bind(id)
            .bind(position)
            .bind(content);
        self.execute(insert).await?;
        Ok(())
    }

    /// The file is there in full; `done` says what it is.
    pub async fn finish_attachment(&mut self, done: &Attachment) -> Result<()> {
        let update = sql("UPDATE attachment SET state = ?, size = ?, sha256 = ?, sha1 = ?, md5 = ?, crc32 = ? ")
            .push("WHERE id = ? AND state = ?")
            .bind(AttachmentState::Kept)
            .bind(done.size)
            .bind(done.sha256.as_str())
            .bind(done.sha1.as_str())
            .bind(done.md5.as_str())
            .bind(i64::from(done.crc32))
            .bind(&done.id)
            .bind(AttachmentState::Uploading);
        if self.execute(self.scoped(update, "customer")).await? == 0 {
            return Err(Error::not_found("attachment", &done.id));
        }
        self.changed(Some(&done.customer), Noun::Incident, done.incident.as_str());
        Ok(())
    }

    /// Forgets a file that was not finished.
    pub async fn discard_attachment(&mut self, id: &AttachmentId) -> Result<()> {
        let delete = sql("DELETE FROM attachment WHERE id = ? AND state = ?").bind(id).bind(AttachmentState::Uploading);
        self.execute(self.scoped(delete, "customer")).await?;
        Ok(())
    }

    /// Forgets files that nothing came of since `before`; gives how many.
    pub async fn sweep_attachments(&mut self, before: Timestamp) -> Result<u64> {
        let delete =
            sql("DELETE FROM attachment WHERE state = ? AND touched < ?").bind(AttachmentState::Uploading).bind(before);
        self.execute(self.scoped(delete, "customer")).await
    }

    /// How much an incident and its customer have. Until the end of the transaction nobody else is told.
    pub async fn attachment_sums(&mut self, customer: &CustomerId, incident: &IncidentId) -> Result<AttachmentSums> {
        self.db().lock(SUMS_LOCK).await?;
        let query = sql("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes, ")
            .push("CAST(COALESCE(SUM(CASE WHEN incident = ? THEN size ELSE 0 END), 0) AS BIGINT) AS incident_bytes, ")
            .push("CAST(COALESCE(SUM(CASE WHEN incident = ? THEN 1 ELSE 0 END), 0) AS BIGINT) AS incident_files ")
            .push("FROM attachment WHERE customer = ?")
            .bind(incident)
            .bind(incident)
            .bind(customer)
            .and_in("state", [AttachmentState::Uploading, AttachmentState::Kept]);
        let sums = |row: &Row| {
            Ok(AttachmentSums {
                incident_files: row.get("incident_files")?,
                incident_bytes: row.get("incident_bytes")?,
                customer_bytes: row.get("bytes")?,
            })
        };
        Ok(self.row(self.scoped(query, "customer"), sums).await?.unwrap_or_default())
    }

    /// The file of an incident that has this content, if it is there.
    pub async fn find_attachment(&mut self, incident: &IncidentId, sha256: &str) -> Result<Option<Attachment>> {
        let query = sql("SELECT * FROM attachment WHERE incident = ? AND sha256 = ? AND state = ?")
            .bind(incident)
            .bind(sha256)
            .bind(AttachmentState::Kept);
        self.row(self.scoped(query, "customer").push(" ORDER BY added, id LIMIT 1"), read).await
    }

    /// One file of an incident.
    pub async fn get_attachment(&mut self, incident: &IncidentId, id: &AttachmentId) -> Result<Attachment> {
        let query = sql("SELECT * FROM attachment WHERE incident = ? AND id = ?").bind(incident).bind(id);
        let query = query.and_in("state", [AttachmentState::Kept, AttachmentState::Removed]);
        self.row(self.scoped(query, "customer"), read).await?.ok_or_else(|| Error::not_found("attachment", id))
    }

    /// The files of an incident, the oldest first; removed ones too.
    pub async fn list_attachments(&mut self, incident: &IncidentId, page: &PageRequest) -> Result<Page<Attachment>> {
        self.get_incident(incident).await?;
        let query = sql("SELECT * FROM attachment WHERE incident = ?").bind(incident);
        let query = query.and_in("state", [AttachmentState::Kept, AttachmentState::Removed]);
        let order = Order::Up(&[Key::Int("added"), Key::Text("id")]);
        self.page(self.scoped(query, "customer"), order, page, read).await
    }

    /// A part of a file's content, from 0; nothing behind the last.
    pub async fn attachment_part(&mut self, id: &AttachmentId, position: i64) -> Result<Option<Vec<u8>>> {
        let query =
            sql("SELECT content FROM attachment_part WHERE attachment = ? AND position = ?").bind(id).bind(position);
        self.row(self.scoped(query, "customer"), |row| row.get("content")).await
    }

    /// Removes the content of a file that is there; its record stays.
    pub async fn remove_attachment(&mut self, of: &Attachment, reason: &str) -> Result<Attachment> {
        let now = self.context().now();
        let by = self.context().actor().user().cloned();
        let update = sql("UPDATE attachment SET state = ?, removed_by = ?, removed = ?, remove_reason = ? ")
            .push("WHERE id = ? AND state = ?")
            .bind(AttachmentState::Removed)
            .bind(by.as_ref())
            .bind(now)
            .bind(reason)
            .bind(&of.id)
            .bind(AttachmentState::Kept);
        if self.execute(self.scoped(update, "customer")).await? == 0 {
            return Err(Error::Conflict { what: "attachment" });
        }
        let content = sql("DELETE FROM attachment_part WHERE attachment = ?").bind(&of.id);
        self.execute(self.scoped(content, "customer")).await?;
        self.changed(Some(&of.customer), Noun::Incident, of.incident.as_str());
        self.get_attachment(&of.incident, &of.id).await
    }

    /// The files of a customer that are there and were attached in `range`, the oldest first.
    pub async fn attachments_between(&mut self, customer: &CustomerId, range: TimeRange) -> Result<Vec<Attachment>> {
        let query = sql("SELECT * FROM attachment WHERE customer = ? AND state = ? AND added >= ? AND added < ?")
            .bind(customer)
            .bind(AttachmentState::Kept)
            .bind(range.from)
            .bind(range.to);
        self.rows(self.scoped(query, "customer").push(" ORDER BY added, id"), read).await
    }
}

pub(crate) fn read(row: &Row) -> Result<Attachment> {
    let removal = match row.time_maybe("removed")? {
        Some(at) => {
            let by: Option<UserId> = row.parse_maybe("removed_by")?;
            let reason: Option<String> = row.get("remove_reason")?;
            Some(Removal { by, at, reason: reason.unwrap_or_default() })
        }
        None => None,
    };
    Ok(Attachment {
        id: row.parse("id")?,
        customer: row.parse("customer")?,
        incident: row.parse("incident")?,
        name: row.get("name")?,
        state: row.parse("state")?,
        size: row.get("size")?,
        sha256: row.get("sha256")?,
        sha1: row.get("sha1")?,
        md5: row.get("md5")?,
        crc32: row.unsigned("crc32")?,
        added_by: row.parse_maybe("added_by")?,
        added: row.time("added")?,
        removal,
        scan: row.json("scan")?,
    })
}
