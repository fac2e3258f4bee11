//! Audit policies (catalogue T2): a customer's own, and global ones that everybody sees.

use model::audit_policy::{AuditPolicy, AuditPolicyData};
use model::change::Noun;
use model::{AuditPolicyId, CustomerId, Page, PageRequest};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Arg, json, searchable, sql};
use crate::{Error, Result, Tx};

/// Which audit policies are wanted; an absent part does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditPolicyFilter {
    /// Of this customer only; global ones are then left out.
    pub customer: Option<CustomerId>,
    /// Part of the name, without case.
    pub text: Option<String>,
}

const SELECT: &str = "SELECT p.*, COALESCE(h.hits, 0) AS hits, COALESCE(p.customer, '') AS of_customer \
                      FROM audit_policy p LEFT JOIN audit_policy_hit h ON h.policy = p.id WHERE TRUE";

impl Tx {
    /// Creates a policy for a customer, or a global one, which needs every customer in scope.
    pub async fn create_audit_policy(
        &mut self,
        id: &AuditPolicyId,
        customer: Option<&CustomerId>,
        data: &AuditPolicyData,
    ) -> Result<AuditPolicy> {
        match customer {
            Some(customer) => drop(self.get_customer(customer).await?),
            None => self.require_all("creating a global audit policy")?,
        }
        let now = self.context().now();
        let insert =
            sql("INSERT INTO audit_policy (id, customer, name, position, enabled, matching, action, expires, ")
                .push("search, created, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)")
                .bind(id)
                .bind(customer)
                .bind(&data.name)
                .bind(data.position)
                .bind(data.enabled)
                .bind(json(&data.condition))
                .bind(json(&data.action))
                .bind(data.expires)
                .bind(search(data))
                .bind(now);
        self.execute(insert).await?;
        self.changed(customer, Noun::AuditPolicy, id.as_str());
        let (id, customer) = (id.clone(), customer.cloned());
        Ok(AuditPolicy { id, customer, data: data.clone(), hits: 0, created: now, version: 1 })
    }

    /// One policy, a global one included.
    pub async fn get_audit_policy(&mut self, id: &AuditPolicyId) -> Result<AuditPolicy> {
        let query = self.own_and_global(sql(SELECT)).push(" AND p.id = ?").bind(id);
        self.row(query, read).await?.ok_or_else(|| Error::not_found("audit policy", id))
    }

    /// Policies, global ones first, then by customer, each by position.
    pub async fn list_audit_policies(
        &mut self,
        filter: &AuditPolicyFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditPolicy>> {
        let query = sql("SELECT * FROM (").push(SELECT).push(") p WHERE TRUE");
        let query = self
            .own_and_global(query)
            .push_if(" AND p.customer = ?", filter.customer.as_ref())
            .and_contains("p.search", filter.text.as_deref().unwrap_or_default());
        let order = &[Key::Text("of_customer"), Key::Int("position"), Key::Text("id")];
        self.page(query, Order::Up(order), page, read).await
    }

    /// Every policy that may decide about an alert in scope: own ones and global ones.
    pub async fn all_audit_policies(&mut self) -> Result<Vec<AuditPolicy>> {
        let query = self.own_and_global(sql(SELECT)).push(" ORDER BY of_customer, p.position, p.id");
        self.rows(query, read).await
    }

    /// Changes a policy that still has `version`. A global one needs every customer in scope.
    pub async fn update_audit_policy(
        &mut self,
        id: &AuditPolicyId,
        version: i64,
        data: &AuditPolicyData,
    ) -> Result<AuditPolicy> {
        self.require_own(id).await?;
        let update = sql("UPDATE audit_policy SET name = ?, position = ?, enabled = ?, matching = ?, action = ?, ")
            .push("expires = ?, search = ?, version = version + 1 WHERE id = ? AND version = ?")
            .bind(&data.name)
            .bind(data.position)
            .bind(data.enabled)
            .bind(json(&data.condition))
            .bind(json(&data.action))
            .bind(data.expires)
            .bind(search(data))
            .bind(id)
            .bind(version);
        if self.execute(self.scoped(update, "customer")).await? == 0 {
            return Err(Error::Conflict { what: "audit policy" });
        }
        let policy = self.get_audit_policy(id).await?;
        self.changed(policy.customer.as_ref(), Noun::AuditPolicy, id.as_str());
        Ok(policy)
    }

    /// Deletes a policy. A global one needs every customer in scope.
    pub async fn delete_audit_policy(&mut self, id: &AuditPolicyId) -> Result<()> {
        let policy = self.require_own(id).await?;
        let delete = self.scoped(sql("DELETE FROM audit_policy WHERE id = ?").bind(id), "customer");
        self.execute(delete).await?;
        self.changed(policy.customer.as_ref(), Noun::AuditPolicy, id.as_str());
        Ok(())
    }

    /// Counts that a policy has decided. Its version stays.
    pub async fn count_policy_hit(&mut self, id: &AuditPolicyId) -> Result<()> {
        self.get_audit_policy(id).await?;
        let count = sql("INSERT INTO audit_policy_hit (policy, hits) VALUES (?, 1) ")
            .push("ON CONFLICT (policy) DO UPDATE SET hits = audit_policy_hit.hits + 1");
        self.execute(count.bind(id)).await.map(drop)
    }

    async fn require_own(&mut self, id: &AuditPolicyId) -> Result<AuditPolicy> {
        let policy = self.get_audit_policy(id).await?;
        if policy.customer.is_none() {
            self.require_all("changing a global audit policy")?;
        }
        Ok(policy)
    }
}

fn search(data: &AuditPolicyData) -> Arg {
    Arg::from(searchable([data.name.as_str()]))
}

fn read(row: &Row) -> Result<AuditPolicy> {
    Ok(AuditPolicy {
        id: row.parse("id")?,
        customer: row.parse_maybe("customer")?,
        data: AuditPolicyData {
            name: row.get("name")?,
            position: row.get("position")?,
            enabled: row.get("enabled")?,
            condition: row.json("matching")?,
            action: row.json("action")?,
            expires: row.time_maybe("expires")?,
        },
        hits: row.get("hits")?,
        created: row.time("created")?,
        version: row.get("version")?,
    })
}
