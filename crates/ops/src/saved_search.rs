//! Searches people keep and share (catalogue I5).

use model::role::Permission;
use model::saved_search::{SavedSearch, SavedSearchData};
use model::{Context, Page, PageRequest, SavedSearchId, Scope, UserId};
use serde_json::json;
use store::Tx;

use crate::error::{Error, FieldProblem, Result};
use crate::{Ops, audit, difference, person};

impl Ops {
    /// Keeps a search for the caller.
    pub async fn create_saved_search(&self, ctx: &Context, data: SavedSearchData) -> Result<SavedSearch> {
        let owner = reader(ctx)?;
        let mut tx = self.store().write(ctx).await?;
        let data = checked(ctx, &mut tx, data).await?;
        let search = tx.create_saved_search(&SavedSearchId::generate(ctx.now()), owner, &data).await?;
        tx.audit(audit(data.customer.as_ref(), "saved_search.create", &search.id, json!(search.data))).await?;
        tx.commit().await?;
        Ok(search)
    }

    /// One search: the caller's own, or one that is shared with them.
    pub async fn get_saved_search(&self, ctx: &Context, id: &SavedSearchId) -> Result<SavedSearch> {
        let viewer = reader(ctx)?;
        Ok(self.store().read(ctx).await?.get_saved_search(viewer, id).await?)
    }

    /// The caller's own searches and those shared with them, by name.
    pub async fn list_saved_searches(&self, ctx: &Context, page: &PageRequest) -> Result<Page<SavedSearch>> {
        let viewer = reader(ctx)?;
        Ok(self.store().read(ctx).await?.list_saved_searches(viewer, page).await?)
    }

    /// Changes a search as it stood at `version`. Only its owner may.
    pub async fn update_saved_search(
        &self,
        ctx: &Context,
        id: &SavedSearchId,
        version: i64,
        data: SavedSearchData,
    ) -> Result<SavedSearch> {
        let viewer = reader(ctx)?;
        let mut tx = self.store().write(ctx).await?;
        let before = tx.get_saved_search(viewer, id).await?;
        if before.owner != *viewer {
            return Err(Error::NotYours("saved search"));
        }
        let data = checked(ctx, &mut tx, data).await?;
        tx.update_saved_search(id, version, &data).await?;
        let after = tx.get_saved_search(viewer, id).await?;
        let changed = difference(&before.data, &after.data);
        tx.audit(audit(after.data.customer.as_ref(), "saved_search.update", id, changed)).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Forgets a search: its owner may, and whoever runs the platform.
    pub async fn delete_saved_search(&self, ctx: &Context, id: &SavedSearchId) -> Result<()> {
        let viewer = reader(ctx)?;
        let mut tx = self.store().write(ctx).await?;
        let search = tx.get_saved_search(viewer, id).await?;
        if search.owner != *viewer && ctx.require(Permission::SystemAdmin).is_err() {
            return Err(Error::NotYours("saved search"));
        }
        tx.delete_saved_search(&search).await?;
        tx.audit(audit(search.data.customer.as_ref(), "saved_search.delete", id, json!(search.data))).await?;
        Ok(tx.commit().await?)
    }
}

fn reader(ctx: &Context) -> Result<&UserId> {
    ctx.require(Permission::EventRead)?;
    person(ctx)
}

/// What can be kept, with its name trimmed. A customer the caller does not see does not exist. What is shared without a
/// customer is seen by people of every customer, so its text may come only from who sees them all.
async fn checked(ctx: &Context, tx: &mut Tx, mut data: SavedSearchData) -> Result<SavedSearchData> {
    if let Some(customer) = &data.customer {
        tx.get_customer(customer).await?;
    }
    if data.shared && data.customer.is_none() && *ctx.scope() != Scope::All {
        return Err(Error::invalid("shared", "must be of one customer to be shared by whoever does not see all"));
    }
    data.name = data.name.trim().to_owned();
    let fields: Vec<FieldProblem> =
        data.problems().into_iter().map(|(field, message)| FieldProblem { field: field.to_owned(), message }).collect();
    if fields.is_empty() { Ok(data) } else { Err(Error::Invalid { fields }) }
}
