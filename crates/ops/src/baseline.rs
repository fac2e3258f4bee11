//! What baselines know (catalogue D4): how far learning is for a customer, what is usual for one group, and forgetting it.
//!
//! The flow keeps the profiles; it is asked over a channel, and answers between two batches.

use std::time::Duration;

use model::baseline::{BaselineProgress, GroupProfile};
use model::role::Permission;
use model::{Context, CustomerId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use crate::error::{Error, Problems, Result};
use crate::{Ops, audit};

/// The flow answers between two batches; one that takes longer has other troubles.
const PATIENCE: Duration = Duration::from_secs(10);
/// Groups shown of a customer.
const LATEST: usize = 50;
/// Values of a group, and bytes of one.
const VALUES: usize = 20;
const VALUE: usize = 4096;

/// What the flow is asked. Whoever asked may be gone when the answer comes.
#[derive(Debug)]
pub enum ProfileRequest {
    /// How far baselines are, for every customer.
    Progress(oneshot::Sender<Vec<BaselineProgress>>),
    /// The groups heard of last.
    Latest {
        /// Whose.
        customer: CustomerId,
        /// Of which baseline.
        rule: String,
        /// How many.
        most: usize,
        /// Their values, newest first.
        answer: oneshot::Sender<Vec<Vec<String>>>,
    },
    /// What is usual for a group.
    Group {
        /// Whose.
        customer: CustomerId,
        /// Of which baseline.
        rule: String,
        /// The group's values in the order of `group-by`.
        group: Vec<String>,
        /// When it is asked.
        now: Timestamp,
        /// The profile, if there is one.
        answer: oneshot::Sender<Option<GroupProfile>>,
    },
    /// Forget a group.
    Forget {
        /// Whose.
        customer: CustomerId,
        /// Of which baseline.
        rule: String,
        /// The group's values in the order of `group-by`.
        group: Vec<String>,
        /// Whether that stands in the log.
        answer: oneshot::Sender<bool>,
    },
}

/// How far a baseline is for a customer, and whom it knows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BaselineOfCustomer {
    /// The fields that make a group.
    pub group_by: Vec<String>,
    /// How far it is; nothing where it has seen no event of the customer.
    pub progress: Option<BaselineProgress>,
    /// The groups heard of last, newest first, by their values.
    pub latest: Vec<Vec<String>>,
}

/// A group of a baseline.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GroupWish {
    /// Its values in the order of `group-by`; none where the whole customer is one group.
    pub group: Vec<String>,
}

impl Ops {
    /// Tells the use cases where the flow is asked. Later calls change nothing.
    pub fn set_profiles(&self, requests: mpsc::Sender<ProfileRequest>) {
        // The first flow stays: a server has one.
        let _ = self.inner.profiles.set(requests);
    }

    /// How far a baseline is, for each customer the caller sees that it has seen an event of.
    pub async fn baseline_progress(&self, ctx: &Context, rule: &str) -> Result<Vec<BaselineProgress>> {
        ctx.require(Permission::PolicyRead)?;
        self.baseline(ctx, rule).await?;
        let all = self.ask(ProfileRequest::Progress).await?;
        let is_theirs = |progress: &BaselineProgress| ctx.scope().contains(&progress.customer);
        Ok(all.into_iter().filter(|progress| progress.rule == rule && is_theirs(progress)).collect())
    }

    /// How far a baseline is for a customer, and whom it knows.
    pub async fn baseline_of(&self, ctx: &Context, rule: &str, customer: &CustomerId) -> Result<BaselineOfCustomer> {
        ctx.require(Permission::PolicyRead)?;
        ctx.require(Permission::EventRead)?;
        self.store().read(ctx).await?.get_customer(customer).await?;
        let group_by = self.baseline(ctx, rule).await?;
        let all = self.ask(ProfileRequest::Progress).await?;
        let progress = all.into_iter().find(|found| found.rule == rule && found.customer == *customer);
        let (whose, which) = (customer.clone(), rule.to_owned());
        let latest = |answer| ProfileRequest::Latest { customer: whose, rule: which, most: LATEST, answer };
        Ok(BaselineOfCustomer { group_by, progress, latest: self.ask(latest).await? })
    }

    /// What is usual for a group.
    pub async fn group_profile(
        &self,
        ctx: &Context,
        rule: &str,
        customer: &CustomerId,
        wish: GroupWish,
    ) -> Result<GroupProfile> {
        ctx.require(Permission::PolicyRead)?;
        ctx.require(Permission::EventRead)?;
        self.store().read(ctx).await?.get_customer(customer).await?;
        let group = self.group(ctx, rule, wish).await?;
        let (customer, rule, now) = (customer.clone(), rule.to_owned(), ctx.now());
        let asked = |answer| ProfileRequest::Group { customer, rule, group, now, answer };
        let found = self.ask(asked).await?;
        found.ok_or(Error::NotFound("profile"))
    }

    /// Forgets what is usual for a group, so that it learns anew.
    pub async fn forget_profile(
        &self,
        ctx: &Context,
        rule: &str,
        customer: &CustomerId,
        wish: GroupWish,
    ) -> Result<()> {
        ctx.require(Permission::PolicyWrite)?;
        self.store().read(ctx).await?.get_customer(customer).await?;
        let group = self.group(ctx, rule, wish).await?;
        let mut tx = self.store().write(ctx).await?;
        tx.audit(audit(Some(customer), "baseline.forget", rule, json!({"group": group}))).await?;
        tx.commit().await?;
        let (customer, rule) = (customer.clone(), rule.to_owned());
        let asked = |answer| ProfileRequest::Forget { customer, rule, group, answer };
        if self.ask(asked).await? { Ok(()) } else { Err(Error::Unavailable("forgetting a profile")) }
    }

    /// The fields a baseline in force groups by.
    async fn baseline(&self, ctx: &Context, rule: &str) -> Result<Vec<String>> {
        self.get_rule(ctx, rule).await?;
        let loaded = self.loaded();
        let found = loaded.rules.baselines().iter().find(|found| found.id == rule);
        let found = found.map(|found| found.group_by.clone());
        found.ok_or_else(|| Error::invalid("rule", "must be a baseline that judges"))
    }

    async fn group(&self, ctx: &Context, rule: &str, wish: GroupWish) -> Result<Vec<String>> {
        let group_by = self.baseline(ctx, rule).await?;
        let mut problems = Problems::default();
        let fits = wish.group.len() == group_by.len() && wish.group.len() <= VALUES;
        let message = format!("must have the values of {}", group_by.join(", "));
        problems.expect(fits, "group", &message);
        let short = wish.group.iter().all(|value| (1..=VALUE).contains(&value.len()));
        problems.expect(short, "group", "must have values of 1 to 4096 bytes");
        problems.done()?;
        Ok(wish.group)
    }

    async fn ask<A>(&self, question: impl FnOnce(oneshot::Sender<A>) -> ProfileRequest) -> Result<A> {
        let unavailable = || Error::Unavailable("asking what is usual");
        let requests = self.inner.profiles.get().ok_or_else(unavailable)?;
        let (answer, answered) = oneshot::channel();
        let asked = async {
            requests.send(question(answer)).await.ok()?;
            answered.await.ok()
        };
        tokio::time::timeout(PATIENCE, asked).await.ok().flatten().ok_or_else(unavailable)
    }
}
