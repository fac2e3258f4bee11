//! Audit policies 审核策略: who may write them, and the set a new platform starts with.

use model::alert::AlertOrigin;
use model::audit_policy::{AuditPolicy, AuditPolicyData, PolicyAction, PolicyCondition};
use model::role::Permission;
use model::{AuditPolicyId, Context, CustomerId, Page, PageRequest, Scope, Severity, Timestamp};
use serde_json::json;
use store::{AuditPolicyFilter, Tx};

use crate::error::Result;
use crate::{Ops, audit, difference, require_all, validate};

impl Ops {
    /// Creates a policy of one customer, or for all of them, which takes a caller who sees all.
    pub async fn create_audit_policy(
        &self,
        ctx: &Context,
        customer: Option<&CustomerId>,
        data: AuditPolicyData,
    ) -> Result<AuditPolicy> {
        ctx.require(Permission::PolicyWrite)?;
        let mut tx = self.store().write(ctx).await?;
        match customer {
            Some(customer) => drop(tx.get_customer(customer).await?),
            None => require_all(ctx)?,
        }
        validate::audit_policy(&data)?;
        let policy = create(&mut tx, customer, data).await?;
        tx.commit().await?;
        Ok(policy)
    }

    /// One policy: the caller's customers' and the global ones.
    pub async fn get_audit_policy(&self, ctx: &Context, id: &AuditPolicyId) -> Result<AuditPolicy> {
        ctx.require(Permission::PolicyRead)?;
        Ok(self.store().read(ctx).await?.get_audit_policy(id).await?)
    }

    /// Policies, global ones first, then by customer, each by position.
    pub async fn list_audit_policies(
        &self,
        ctx: &Context,
        filter: &AuditPolicyFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditPolicy>> {
        ctx.require(Permission::PolicyRead)?;
        Ok(self.store().read(ctx).await?.list_audit_policies(filter, page).await?)
    }

    /// Changes a policy as it stood at `version`.
    pub async fn update_audit_policy(
        &self,
        ctx: &Context,
        id: &AuditPolicyId,
        version: i64,
        data: AuditPolicyData,
    ) -> Result<AuditPolicy> {
        ctx.require(Permission::PolicyWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let before = tx.get_audit_policy(id).await?;
        if before.customer.is_none() {
            require_all(ctx)?;
        }
        validate::audit_policy(&data)?;
        let after = tx.update_audit_policy(id, version, &data).await?;
        let detail = difference(&before.data, &after.data);
        tx.audit(audit(before.customer.as_ref(), "audit_policy.update", id, detail)).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Deletes a policy. Alerts it decided keep its id.
    pub async fn delete_audit_policy(&self, ctx: &Context, id: &AuditPolicyId) -> Result<()> {
        ctx.require(Permission::PolicyWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let policy = tx.get_audit_policy(id).await?;
        if policy.customer.is_none() {
            require_all(ctx)?;
        }
        tx.delete_audit_policy(id).await?;
        tx.audit(audit(policy.customer.as_ref(), "audit_policy.delete", id, json!(policy.data))).await?;
        Ok(tx.commit().await?)
    }

    /// Makes sure a platform without any policy starts with a useful set: alerts of rules from high on and alarms of
    /// devices from high on become incidents, everything else stays open for people to look at.
    pub async fn ensure_defaults(&self, now: Timestamp) -> Result<()> {
        let ctx = Context::job("defaults", Scope::All, now);
        let mut tx = self.store().write(&ctx).await?;
        if !tx.list_audit_policies(&AuditPolicyFilter::default(), &PageRequest::new(1, None)).await?.items.is_empty() {
            return Ok(());
        }
        for (position, (name, origin)) in DEFAULTS.iter().enumerate() {
            let condition = PolicyCondition {
                severity_at_least: Some(Severity::High),
                origin: Some(*origin),
                ..PolicyCondition::default()
            };
            let data = AuditPolicyData {
                name: (*name).to_owned(),
                position: (position as i64 + 1) * 10,
                enabled: true,
                condition,
                action: PolicyAction::RaiseIncident { severity: None },
                expires: None,
            };
            create(&mut tx, None, data).await?;
        }
        Ok(tx.commit().await?)
    }
}

const DEFAULTS: &[(&str, AlertOrigin)] = &[
    ("Rule alerts, high and critical", AlertOrigin::Rule),
    ("Correlation alerts, high and critical", AlertOrigin::Correlation),
    ("Device alarms, high and critical", AlertOrigin::Device),
    ("Indicators seen, high and critical", AlertOrigin::Intel),
    ("Departures from what is usual, high and critical", AlertOrigin::Baseline),
];

async fn create(tx: &mut Tx, customer: Option<&CustomerId>, data: AuditPolicyData) -> Result<AuditPolicy> {
    let now = tx.context().now();
    let policy = tx.create_audit_policy(&AuditPolicyId::generate(now), customer, &data).await?;
    tx.audit(audit(customer, "audit_policy.create", &policy.id, json!(policy.data))).await?;
    Ok(policy)
}
