//! Resource groups 资源组.

use model::resource_group::{ResourceGroup, ResourceGroupData};
use model::role::Permission;
use model::{Context, CustomerId, Page, PageRequest, ResourceGroupId};
use serde_json::json;
use store::ResourceGroupFilter;

use crate::error::Result;
use crate::{Ops, audit, difference, validate};

impl Ops {
    /// Records a resource group of a customer.
    pub async fn create_resource_group(
        &self,
        ctx: &Context,
        customer: &CustomerId,
        data: ResourceGroupData,
    ) -> Result<ResourceGroup> {
        ctx.require(Permission::AssetWrite)?;
        let mut tx = self.store().write(ctx).await?;
        tx.get_customer(customer).await?;
        let data = validate::resource_group(data)?;
        let group = tx.create_resource_group(customer, &ResourceGroupId::generate(ctx.now()), &data).await?;
        tx.audit(audit(Some(customer), "resource_group.create", &group.id, json!(group.data))).await?;
        tx.commit().await?;
        Ok(group)
    }

    /// One resource group.
    pub async fn get_resource_group(&self, ctx: &Context, id: &ResourceGroupId) -> Result<ResourceGroup> {
        ctx.require(Permission::AssetRead)?;
        Ok(self.store().read(ctx).await?.get_resource_group(id).await?)
    }

    /// Resource groups by name.
    pub async fn list_resource_groups(
        &self,
        ctx: &Context,
        filter: &ResourceGroupFilter,
        page: &PageRequest,
    ) -> Result<Page<ResourceGroup>> {
        ctx.require(Permission::AssetRead)?;
        Ok(self.store().read(ctx).await?.list_resource_groups(filter, page).await?)
    }

    /// Changes a resource group as it stood at `version`.
    pub async fn update_resource_group(
        &self,
        ctx: &Context,
        id: &ResourceGroupId,
        version: i64,
        data: ResourceGroupData,
    ) -> Result<ResourceGroup> {
        ctx.require(Permission::AssetWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let before = tx.get_resource_group(id).await?;
        let after = tx.update_resource_group(id, version, &validate::resource_group(data)?).await?;
        tx.audit(audit(Some(&before.customer), "resource_group.update", id, difference(&before.data, &after.data)))
            .await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Deletes a resource group.
    pub async fn delete_resource_group(&self, ctx: &Context, id: &ResourceGroupId) -> Result<()> {
        ctx.require(Permission::AssetWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let group = tx.get_resource_group(id).await?;
        tx.delete_resource_group(id).await?;
        tx.audit(audit(Some(&group.customer), "resource_group.delete", id, json!({"name": group.data.name}))).await?;
        Ok(tx.commit().await?)
    }
}
