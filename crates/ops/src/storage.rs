//! What is kept of each customer's events, and for how long: the figures behind retention (catalogue I5, A4).

use lake::Stored;
use model::retention::{Retention, RetentionData, RetentionPolicy};
use model::role::Permission;
use model::{Context, Timestamp};
use serde::Serialize;

use crate::Ops;
use crate::error::Result;

/// A customer's events on disk, and how long they stay there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CustomerStorage {
    /// What is set for the customer.
    #[serde(flatten)]
    pub retention: Retention,
    /// Days events are kept, by the customer's setting or the platform's; for ever when absent.
    pub kept_days: Option<i64>,
    /// Events before this are over; absent while nothing goes.
    pub cutoff: Option<Timestamp>,
    /// Events in files.
    pub events: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// How many files.
    pub files: u64,
    /// Files found damaged and kept out of searches.
    pub damaged: u64,
    /// The earliest event time.
    pub first: Option<Timestamp>,
    /// The latest event time.
    pub last: Option<Timestamp>,
}

impl Ops {
    /// What is kept of every customer in scope, by name.
    pub async fn list_storage(&self, ctx: &Context, policy: &RetentionPolicy) -> Result<Vec<CustomerStorage>> {
        ctx.require(Permission::CustomerRead)?;
        let (mut customers, settings) = {
            let mut tx = self.store().read(ctx).await?;
            (tx.all_customers().await?, tx.list_retentions().await?)
        };
        customers.sort_by(|one, other| one.data.name.cmp(&other.data.name));
        let stored = self.lake().stored(ctx.scope()).await?;
        let each = customers.into_iter().map(|customer| {
            let setting = settings.iter().find(|setting| setting.customer == customer.id).cloned();
            let data = RetentionData::default();
            let retention = setting.unwrap_or(Retention { customer: customer.id.clone(), data, version: 0 });
            let kept_days = retention.data.days.or(policy.default_days).map(|days| days.max(policy.floor_days));
            let files = stored.iter().find(|stored| stored.customer == customer.id);
            CustomerStorage {
                kept_days,
                cutoff: policy.cutoff(&retention.data, ctx.now()),
                events: files.map_or(0, |files| files.events),
                bytes: files.map_or(0, |files| files.bytes),
                files: files.map_or(0, |files| files.files),
                damaged: files.map_or(0, |files| files.damaged),
                first: files.map(Stored::first),
                last: files.map(Stored::last),
                retention,
            }
        });
        Ok(each.collect())
    }
}
