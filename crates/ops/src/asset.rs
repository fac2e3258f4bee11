//! Assets 资产.

use model::asset::{Asset, AssetData};
use model::role::Permission;
use model::{AssetId, Context, CustomerId, Page, PageRequest};
use serde_json::json;
use store::AssetFilter;

use crate::error::Result;
use crate::{Ops, audit, difference, validate};

impl Ops {
    /// Records an asset of a customer.
    pub async fn create_asset(&self, ctx: &Context, customer: &CustomerId, data: AssetData) -> Result<Asset> {
        ctx.require(Permission::AssetWrite)?;
        let mut tx = self.store().write(ctx).await?;
        tx.get_customer(customer).await?;
        let data = validate::asset(data)?;
        let asset = tx.create_asset(customer, &AssetId::generate(ctx.now()), &data).await?;
        tx.audit(audit(Some(customer), "asset.create", &asset.id, json!(asset.data))).await?;
        tx.commit().await?;
        Ok(asset)
    }

    /// One asset.
    pub async fn get_asset(&self, ctx: &Context, id: &AssetId) -> Result<Asset> {
        ctx.require(Permission::AssetRead)?;
        Ok(self.store().read(ctx).await?.get_asset(id).await?)
    }

    /// Assets by name.
    pub async fn list_assets(&self, ctx: &Context, filter: &AssetFilter, page: &PageRequest) -> Result<Page<Asset>> {
        ctx.require(Permission::AssetRead)?;
        Ok(self.store().read(ctx).await?.list_assets(filter, page).await?)
    }

    /// Changes an asset as it stood at `version`.
    pub async fn update_asset(&self, ctx: &Context, id: &AssetId, version: i64, data: AssetData) -> Result<Asset> {
        ctx.require(Permission::AssetWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let before = tx.get_asset(id).await?;
        let after = tx.update_asset(id, version, &validate::asset(data)?).await?;
        tx.audit(audit(Some(&before.customer), "asset.update", id, difference(&before.data, &after.data))).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Deletes an asset.
    pub async fn delete_asset(&self, ctx: &Context, id: &AssetId) -> Result<()> {
        ctx.require(Permission::AssetWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let asset = tx.get_asset(id).await?;
        tx.delete_asset(id).await?;
        tx.audit(audit(Some(&asset.customer), "asset.delete", id, json!({"name": asset.data.name}))).await?;
        Ok(tx.commit().await?)
    }
}
