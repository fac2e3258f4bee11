//! Devices 设备.

use model::device::{Device, DeviceData};
use model::role::Permission;
use model::{Context, CustomerId, DeviceId, Page, PageRequest};
use serde_json::json;
use store::DeviceFilter;

use crate::error::Result;
use crate::{Ops, audit, difference, validate};

impl Ops {
    /// Creates a device of a customer. It can send nothing until a credential is issued.
    pub async fn create_device(&self, ctx: &Context, customer: &CustomerId, data: DeviceData) -> Result<Device> {
        ctx.require(Permission::DeviceWrite)?;
        let mut tx = self.store().write(ctx).await?;
        tx.get_customer(customer).await?;
        let data = validate::device(data)?;
        let device = tx.create_device(customer, &DeviceId::generate(ctx.now()), &data).await?;
        tx.audit(audit(Some(customer), "device.create", &device.id, json!(device.data))).await?;
        tx.commit().await?;
        Ok(device)
    }

    /// One device.
    pub async fn get_device(&self, ctx: &Context, id: &DeviceId) -> Result<Device> {
        ctx.require(Permission::DeviceRead)?;
        Ok(self.store().read(ctx).await?.get_device(id).await?)
    }

    /// Devices by name.
    pub async fn list_devices(&self, ctx: &Context, filter: &DeviceFilter, page: &PageRequest) -> Result<Page<Device>> {
        ctx.require(Permission::DeviceRead)?;
        Ok(self.store().read(ctx).await?.list_devices(filter, page).await?)
    }

    /// Changes a device as it stood at `version`.
    pub async fn update_device(&self, ctx: &Context, id: &DeviceId, version: i64, data: DeviceData) -> Result<Device> {
        ctx.require(Permission::DeviceWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let before = tx.get_device(id).await?;
        let after = tx.update_device(id, version, &validate::device(data)?).await?;
        tx.audit(audit(Some(&before.customer), "device.update", id, difference(&before.data, &after.data))).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Deletes a device and its credentials; its events and alerts stay.
    pub async fn delete_device(&self, ctx: &Context, id: &DeviceId) -> Result<()> {
        ctx.require(Permission::DeviceWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let device = tx.get_device(id).await?;
        tx.delete_device(id).await?;
        tx.audit(audit(Some(&device.customer), "device.delete", id, json!({"name": device.data.name}))).await?;
        Ok(tx.commit().await?)
    }
}
