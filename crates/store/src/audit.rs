//! The audit log (catalogue A2): a row with every change, in the same transaction, chained by hash afterwards.

use model::audit::{AuditEntry, AuditRow};
use model::{CustomerId, Page, PageRequest, Timestamp};
use sha2::{Digest, Sha256};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{json, sql};
use crate::{Error, Result, Tx};

/// The advisory lock of the one sealer.
const SEAL_LOCK: i64 = 0x7665_6465_7474_6503;

/// Rows read at once while verifying.
const BATCH: i64 = 1000;

/// A row noted during a transaction.
pub(crate) type PendingAudit = AuditEntry;

/// Which rows of the audit log are wanted; an absent part does not narrow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuditFilter {
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// By this actor, as [`model::Actor`] prints.
    pub actor: Option<String>,
    /// This action, or with a trailing `.` every action of a noun.
    pub action: Option<String>,
    /// On this object.
    pub object: Option<String>,
    /// From here.
    pub from: Option<Timestamp>,
    /// Until before here.
    pub to: Option<Timestamp>,
}

/// What checking the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditVerdict {
    /// Rows checked, the unsealed ones at the end included.
    pub rows: i64,
    /// Rows sealed.
    pub sealed: i64,
    /// The first row that is not as it was sealed; the head's, where the end was cut off.
    pub first_bad: Option<i64>,
}

impl Tx {
    /// Notes what a use case changes; who, when and why come from the context. Written at commit.
    pub async fn audit(&mut self, entry: AuditEntry) -> Result<()> {
        if let Some(customer) = &entry.customer {
            self.require_customer(customer)?;
        }
        self.audits.push(entry);
        Ok(())
    }

    /// The audit log, newest first. Rows that belong to no customer are seen only with every customer in scope.
    pub async fn list_audit(&mut self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditRow>> {
        let query = self
            .scoped(sql("SELECT * FROM audit_log WHERE TRUE"), "customer")
            .push_if(" AND customer = ?", filter.customer.as_ref())
            .push_if(" AND actor = ?", filter.actor.as_ref())
            .push_if(" AND object = ?", filter.object.as_ref())
            .push_if(" AND time >= ?", filter.from)
            .push_if(" AND time < ?", filter.to);
        let query = match filter.action.as_deref() {
            // Text is compared byte by byte, and `/` is the byte after `.`.
            Some(noun) if noun.ends_with('.') => {
                let end = format!("{}/", &noun[..noun.len() - 1]);
                query.push(" AND action >= ? AND action < ?").bind(noun).bind(end)
            }
            action => query.push_if(" AND action = ?", action),
        };
        self.page(query, Order::Down(&[Key::Int("sequence")]), page, read).await
    }

    /// Chains up to `limit` rows that are not yet sealed; gives how many. Needs every customer in scope.
    pub async fn seal_audit(&mut self, limit: usize) -> Result<usize> {
        self.require_all("sealing the audit log")?;
        self.db().lock(SEAL_LOCK).await?;
        let (sealed, mut hash) = self.head().await?;
        let query = sql("SELECT * FROM audit_log WHERE sequence > ? ORDER BY sequence LIMIT ?");
        let rows = self.rows(query.bind(sealed).bind(limit as i64), stored).await?;
        for row in &rows {
            hash = row.chained(&hash);
            let seal = sql("UPDATE audit_log SET hash = ? WHERE sequence = ?");
            self.execute(seal.bind(hash.as_str()).bind(row.sequence)).await?;
        }
        if let Some(last) = rows.last() {
            let head = sql("UPDATE audit_head SET sequence = ?, hash = ? WHERE id = 1");
            self.execute(head.bind(last.sequence).bind(hash)).await?;
        }
        Ok(rows.len())
    }

    /// Recomputes the whole chain. Needs every customer in scope.
    pub async fn verify_audit(&mut self) -> Result<AuditVerdict> {
        self.require_all("verifying the audit log")?;
        let (head, head_hash) = self.head().await?;
        let mut verdict = AuditVerdict { rows: 0, sealed: 0, first_bad: None };
        let (mut last, mut hash) = (0, String::new());
        loop {
            let query = sql("SELECT * FROM audit_log WHERE sequence > ? ORDER BY sequence LIMIT ?");
            let rows = self.rows(query.bind(last).bind(BATCH), stored).await?;
            let Some(newest) = rows.last() else { break };
            last = newest.sequence;
            for row in &rows {
                verdict.rows += 1;
                if row.sequence > head {
                    continue;
                }
                hash = row.chained(&hash);
                verdict.sealed += 1;
                if row.hash.as_deref() != Some(&hash) {
                    verdict.first_bad = Some(row.sequence);
                    return Ok(verdict);
                }
            }
        }
        if hash != head_hash {
            verdict.first_bad = Some(head);
        }
        Ok(verdict)
    }

    /// The last sealed row and its hash: what an outside anchor keeps. Sequence 0 and no hash before the first seal.
    pub async fn audit_head(&mut self) -> Result<(i64, String)> {
        self.require_all("reading the audit log's head")?;
        self.head().await
    }

    async fn head(&mut self) -> Result<(i64, String)> {
        let head = self.db().fetch_one(sql("SELECT sequence, hash FROM audit_head WHERE id = 1")).await?;
        Ok((head.get("sequence")?, head.get("hash")?))
    }

    pub(crate) async fn flush_audits(&mut self) -> Result<()> {
        let (now, actor) = (self.context().now(), self.context().actor().to_string());
        let reason = self.context().reason().map(str::to_owned);
        for entry in std::mem::take(&mut self.audits) {
            let insert = sql("INSERT INTO audit_log (time, actor, customer, action, object, detail, reason) ")
                .push("VALUES (?, ?, ?, ?, ?, ?, ?)")
                .bind(now)
                .bind(actor.as_str())
                .bind(entry.customer.as_ref())
                .bind(entry.action)
                .bind(entry.object)
                .bind(json(&entry.detail))
                .bind(reason.as_deref());
            self.execute(insert).await?;
        }
        Ok(())
    }
}

/// A row exactly as it is kept: what the hash is over.
struct StoredRow {
    sequence: i64,
    time: i64,
    actor: String,
    customer: Option<String>,
    action: String,
    object: String,
    detail: String,
    reason: Option<String>,
    hash: Option<String>,
}

impl StoredRow {
    /// SHA-256, hexadecimal, over the hash before, a line feed, and the row as a JSON list in the order of its columns.
    fn chained(&self, before: &str) -> String {
        let row = serde_json::json!([
            self.sequence,
            self.time,
            self.actor,
            self.customer,
            self.action,
            self.object,
            self.detail,
            self.reason
        ]);
        let mut hash = Sha256::new();
        hash.update(before);
        hash.update("\n");
        hash.update(row.to_string());
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn stored(row: &Row) -> Result<StoredRow> {
    Ok(StoredRow {
        sequence: row.get("sequence")?,
        time: row.get("time")?,
        actor: row.get("actor")?,
        customer: row.get("customer")?,
        action: row.get("action")?,
        object: row.get("object")?,
        detail: row.get("detail")?,
        reason: row.get("reason")?,
        hash: row.get("hash")?,
    })
}

fn read(row: &Row) -> Result<AuditRow> {
    let kept = stored(row)?;
    Ok(AuditRow {
        sequence: kept.sequence,
        time: Timestamp::from_micros(kept.time),
        actor: kept.actor,
        customer: row.parse_maybe("customer")?,
        action: kept.action,
        object: kept.object,
        detail: serde_json::from_str(&kept.detail).map_err(|error| Error::corrupt("detail", error))?,
        reason: kept.reason,
        hash: kept.hash,
    })
}
