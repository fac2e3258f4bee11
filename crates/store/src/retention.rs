//! How long customers' events are kept, and certificates of what was deleted (catalogue I5, A4).

use model::change::Noun;
use model::retention::{DeletionCertificate, Retention, RetentionData};
use model::{CustomerId, DeletionId, Page, PageRequest};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{json, sql};
use crate::{Error, Result, Tx};

impl Tx {
    /// What is set for a customer; version 0 where nothing ever was.
    pub async fn get_retention(&mut self, customer: &CustomerId) -> Result<Retention> {
        self.get_customer(customer).await?;
        let query = sql("SELECT * FROM customer_retention WHERE customer = ?").bind(customer);
        let found = self.row(self.scoped(query, "customer"), read).await?;
        Ok(found.unwrap_or_else(|| Retention {
            customer: customer.clone(),
            data: RetentionData::default(),
            version: 0,
        }))
    }

    /// What is set for every customer in scope that has a setting.
    pub async fn list_retentions(&mut self) -> Result<Vec<Retention>> {
        let query = self.scoped(sql("SELECT * FROM customer_retention WHERE TRUE"), "customer");
        self.rows(query.push(" ORDER BY customer"), read).await
    }

    /// Changes a customer's setting as it stood at `version`.
    pub async fn set_retention(
        &mut self,
        customer: &CustomerId,
        version: i64,
        data: &RetentionData,
    ) -> Result<Retention> {
        self.get_customer(customer).await?;
        let put = sql("INSERT INTO customer_retention (customer, days, hold, version) VALUES (?, ?, ?, ?) ")
            .push("ON CONFLICT (customer) DO UPDATE SET days = excluded.days, hold = excluded.hold, ")
            .push("version = excluded.version WHERE customer_retention.version = ?")
            .bind(customer)
            .bind(data.days)
            .bind(data.hold.as_deref())
            .bind(version + 1)
            .bind(version);
        let there = self.get_retention(customer).await?.version;
        if there != version || self.execute(put).await? == 0 {
            return Err(Error::Conflict { what: "retention" });
        }
        self.changed(Some(customer), Noun::Customer, customer.as_str());
        Ok(Retention { customer: customer.clone(), data: data.clone(), version: version + 1 })
    }

    /// Keeps the certificate of a deletion that is about to happen.
    pub async fn begin_deletion(&mut self, certificate: &DeletionCertificate) -> Result<()> {
        self.require_customer(&certificate.customer)?;
        let insert = sql("INSERT INTO deletion_certificate (customer, id, began, finished, content) ")
            .push("VALUES (?, ?, ?, ?, ?)")
            .bind(&certificate.customer)
            .bind(&certificate.id)
            .bind(certificate.began)
            .bind(certificate.finished)
            .bind(json(certificate));
        self.execute(insert).await?;
        Ok(())
    }

    /// Keeps what became of a deletion that was begun; one that is finished never changes again.
    pub async fn finish_deletion(&mut self, certificate: &DeletionCertificate) -> Result<()> {
        let update = sql("UPDATE deletion_certificate SET finished = ?, content = ? WHERE id = ? AND finished IS NULL")
            .bind(certificate.finished)
            .bind(json(certificate))
            .bind(&certificate.id);
        match self.execute(self.scoped(update, "customer")).await? {
            0 => Err(Error::Conflict { what: "deletion certificate" }),
            _ => Ok(()),
        }
    }

    /// Forgets a deletion that was begun and did not happen.
    pub async fn forget_deletion(&mut self, id: &DeletionId) -> Result<()> {
        let delete = sql("DELETE FROM deletion_certificate WHERE id = ? AND finished IS NULL").bind(id);
        match self.execute(self.scoped(delete, "customer")).await? {
            0 => Err(Error::Conflict { what: "deletion certificate" }),
            _ => Ok(()),
        }
    }

    /// Deletions that were begun and neither finished nor forgotten.
    pub async fn unfinished_deletions(&mut self) -> Result<Vec<DeletionCertificate>> {
        let query = self.scoped(sql("SELECT * FROM deletion_certificate WHERE finished IS NULL"), "customer");
        self.rows(query.push(" ORDER BY began, id"), certificate).await
    }

    /// One certificate.
    pub async fn get_deletion(&mut self, id: &DeletionId) -> Result<DeletionCertificate> {
        let query = self.scoped(sql("SELECT * FROM deletion_certificate WHERE id = ?").bind(id), "customer");
        self.row(query, certificate).await?.ok_or_else(|| Error::not_found("deletion certificate", id))
    }

    /// Certificates, newest first.
    pub async fn list_deletions(
        &mut self,
        customer: Option<&CustomerId>,
        page: &PageRequest,
    ) -> Result<Page<DeletionCertificate>> {
        let query = self
            .scoped(sql("SELECT * FROM deletion_certificate WHERE TRUE"), "customer")
            .push_if(" AND customer = ?", customer);
        self.page(query, Order::Down(&[Key::Int("began"), Key::Text("id")]), page, certificate).await
    }
}

fn read(row: &Row) -> Result<Retention> {
    let data = RetentionData { days: row.get("days")?, hold: row.get("hold")? };
    Ok(Retention { customer: row.parse("customer")?, data, version: row.get("version")? })
}

fn certificate(row: &Row) -> Result<DeletionCertificate> {
    row.json("content")
}
