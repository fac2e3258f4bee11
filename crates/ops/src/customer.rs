//! Customers 客户.

use model::customer::{Customer, CustomerData};
use model::role::Permission;
use model::{Context, CustomerId, Page, PageRequest};
use serde_json::json;
use store::{CustomerFilter, Tx};

use crate::error::{Error, Result};
use crate::{Ops, audit, difference, optional, require_all, session, validate};

impl Ops {
    /// Creates a customer. Only somebody who sees every customer can, for nobody else would see the new one.
    pub async fn create_customer(&self, ctx: &Context, data: CustomerData) -> Result<Customer> {
        ctx.require(Permission::CustomerWrite)?;
        require_all(ctx)?;
        let data = trimmed(data);
        validate::customer(&data)?;
        let id = CustomerId::generate(ctx.now());
        let mut tx = self.store().write(ctx).await?;
        check_service_manager(&mut tx, &id, &data).await?;
        let customer = tx.create_customer(&id, &data).await?;
        tx.audit(audit(Some(&customer.id), "customer.create", &customer.id, json!(customer.data))).await?;
        tx.commit().await?;
        Ok(customer)
    }

    /// One customer.
    pub async fn get_customer(&self, ctx: &Context, id: &CustomerId) -> Result<Customer> {
        ctx.require(Permission::CustomerRead)?;
        Ok(self.store().read(ctx).await?.get_customer(id).await?)
    }

    /// Customers by name.
    pub async fn list_customers(
        &self,
        ctx: &Context,
        filter: &CustomerFilter,
        page: &PageRequest,
    ) -> Result<Page<Customer>> {
        ctx.require(Permission::CustomerRead)?;
        Ok(self.store().read(ctx).await?.list_customers(filter, page).await?)
    }

    /// Changes a customer as it stood at `version`.
    pub async fn update_customer(
        &self,
        ctx: &Context,
        id: &CustomerId,
        version: i64,
        data: CustomerData,
    ) -> Result<Customer> {
        ctx.require(Permission::CustomerWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let before = tx.get_customer(id).await?;
        let data = trimmed(data);
        validate::customer(&data)?;
        if data.service_manager != before.data.service_manager {
            check_service_manager(&mut tx, id, &data).await?;
        }
        let after = tx.update_customer(id, version, &data).await?;
        tx.audit(audit(Some(id), "customer.update", id, difference(&before.data, &after.data))).await?;
        tx.commit().await?;
        Ok(after)
    }
}

fn trimmed(mut data: CustomerData) -> CustomerData {
    data.name = data.name.trim().to_owned();
    data.short_name = data.short_name.trim().to_owned();
    data
}

/// A service manager must be an active user who sees the customer.
async fn check_service_manager(tx: &mut Tx, customer: &CustomerId, data: &CustomerData) -> Result<()> {
    let Some(manager) = &data.service_manager else { return Ok(()) };
    let found = optional(tx.get_user(manager).await)?;
    if found.is_some_and(|user| user.data.active && session::sees(&user, customer)) {
        return Ok(());
    }
    Err(Error::invalid("service_manager", "must be an active user who sees this customer"))
}
