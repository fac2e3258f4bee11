//! Which attached files are to be held against rules, and what came of it. Nothing is queued: a file waits while the rules
//! it was held against are not those in force.

use model::attachment::{Attachment, AttachmentState};
use model::change::Noun;
use model::yara::FileScan;
use model::{AttachmentId, CustomerId};

use crate::attachment::read;
use crate::row::Row;
use crate::sql::{json, sql};
use crate::{Error, Result, Tx};

/// A file that is to be scanned.
#[derive(Debug, Clone, PartialEq)]
pub struct ScannedAttachment {
    /// The file.
    pub attachment: Attachment,
    /// How often a scan of it with the rules as they are began and did not end.
    pub attempts: i64,
    /// The matches its incident's timeline has.
    pub told: Vec<String>,
}

impl Tx {
    /// Customers in scope that have files.
    pub async fn customers_with_attachments(&mut self) -> Result<Vec<CustomerId>> {
        let query = sql("SELECT DISTINCT customer FROM attachment WHERE state = ?").bind(AttachmentState::Kept);
        self.rows(self.scoped(query, "customer").push(" ORDER BY customer"), |row| row.parse("customer")).await
    }

    /// A file of a customer that was not held against the rules called `with`: those never scanned first, then the latest.
    pub async fn next_unscanned_attachment(
        &mut self,
        customer: &CustomerId,
        with: &str,
    ) -> Result<Option<ScannedAttachment>> {
        let query = sql("SELECT * FROM attachment WHERE customer = ? AND state = ? ")
            .push("AND (scanned_with IS NULL OR scanned_with <> ?)")
            .bind(customer)
            .bind(AttachmentState::Kept)
            .bind(with);
        let order = " ORDER BY CASE WHEN scanned_with IS NULL THEN 0 ELSE 1 END, added DESC, id DESC LIMIT 1";
        self.row(self.scoped(query, "customer").push(order), scanned).await
    }

    /// How many files of customers in scope wait for their first scan.
    pub async fn count_unscanned_attachments(&mut self) -> Result<i64> {
        let query = sql("SELECT COUNT(*) AS many FROM attachment WHERE state = ? AND scanned_with IS NULL")
            .bind(AttachmentState::Kept);
        Ok(self.row(self.scoped(query, "customer"), |row: &Row| row.get("many")).await?.unwrap_or(0))
    }

    /// Notes that a scan begins: should it take the process with it, that is known.
    pub async fn begin_attachment_scan(&mut self, id: &AttachmentId) -> Result<()> {
        let update = sql("UPDATE attachment SET attempts = attempts + 1 WHERE id = ?").bind(id);
        match self.execute(self.scoped(update, "customer")).await? {
            0 => Err(Error::not_found("attachment", id)),
            _ => Ok(()),
        }
    }

    /// Keeps what rules say about a file that is still there.
    pub async fn finish_attachment_scan(
        &mut self,
        of: &Attachment,
        with: &str,
        scan: &FileScan,
        told: &[String],
    ) -> Result<()> {
        let update = sql("UPDATE attachment SET scanned_with = ?, attempts = 0, scan = ?, told = ? ")
            .push("WHERE id = ? AND state = ?")
            .bind(with)
            .bind(json(scan))
            .bind(json(told))
            .bind(&of.id)
            .bind(AttachmentState::Kept);
        if self.execute(self.scoped(update, "customer")).await? == 0 {
            return Err(Error::not_found("attachment", &of.id));
        }
        self.changed(Some(&of.customer), Noun::Incident, of.incident.as_str());
        Ok(())
    }
}

fn scanned(row: &Row) -> Result<ScannedAttachment> {
    Ok(ScannedAttachment { attachment: read(row)?, attempts: row.get("attempts")?, told: row.json("told")? })
}
