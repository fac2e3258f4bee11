//! Resource groups (catalogue P5).

use model::change::Noun;
use model::resource_group::{ResourceGroup, ResourceGroupData, ResourceGroupKind};
use model::{CustomerId, Page, PageRequest, ResourceGroupId};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Arg, json, searchable, sql};
use crate::{Error, Result, Tx};

/// Which resource groups are wanted; an absent part does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceGroupFilter {
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Of this kind.
    pub kind: Option<ResourceGroupKind>,
    /// Part of the name, note or a range, without case.
    pub text: Option<String>,
}

impl Tx {
    /// Records a resource group. Its name must be new at this customer.
    pub async fn create_resource_group(
        &mut self,
        customer: &CustomerId,
        id: &ResourceGroupId,
        data: &ResourceGroupData,
    ) -> Result<ResourceGroup> {
        self.get_customer(customer).await?;
        let now = self.context().now();
        let insert =
            sql("INSERT INTO resource_group (customer, id, name, kind, ranges, note, search, created, version) ")
                .push("VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)")
                .bind(customer)
                .bind(id)
                .bind(&data.name)
                .bind(data.kind)
                .bind(json(&data.ranges))
                .bind(&data.note)
                .bind(search(data))
                .bind(now);
        self.execute(insert).await?;
        self.changed(Some(customer), Noun::ResourceGroup, id.as_str());
        Ok(ResourceGroup { id: id.clone(), customer: customer.clone(), data: data.clone(), created: now, version: 1 })
    }

    /// One resource group.
    pub async fn get_resource_group(&mut self, id: &ResourceGroupId) -> Result<ResourceGroup> {
        let query = self.scoped(sql("SELECT * FROM resource_group WHERE id = ?").bind(id), "customer");
        self.row(query, read).await?.ok_or_else(|| Error::not_found("resource group", id))
    }

    /// Resource groups by name.
    pub async fn list_resource_groups(
        &mut self,
        filter: &ResourceGroupFilter,
        page: &PageRequest,
    ) -> Result<Page<ResourceGroup>> {
        let query = self
            .scoped(sql("SELECT * FROM resource_group WHERE TRUE"), "customer")
            .push_if(" AND customer = ?", filter.customer.as_ref())
            .push_if(" AND kind = ?", filter.kind)
            .and_contains("search", filter.text.as_deref().unwrap_or_default());
        self.page(query, Order::Up(&[Key::Text("name"), Key::Text("id")]), page, read).await
    }

    /// Every resource group of a customer: for enrichment.
    pub async fn all_resource_groups(&mut self, customer: &CustomerId) -> Result<Vec<ResourceGroup>> {
        let query = self.scoped(sql("SELECT * FROM resource_group WHERE customer = ?").bind(customer), "customer");
        self.rows(query.push(" ORDER BY name, id"), read).await
    }

    /// Changes a resource group that still has `version`.
    pub async fn update_resource_group(
        &mut self,
        id: &ResourceGroupId,
        version: i64,
        data: &ResourceGroupData,
    ) -> Result<ResourceGroup> {
        let update = sql("UPDATE resource_group SET name = ?, kind = ?, ranges = ?, note = ?, search = ?, ")
            .push("version = version + 1 WHERE id = ? AND version = ?")
            .bind(&data.name)
            .bind(data.kind)
            .bind(json(&data.ranges))
            .bind(&data.note)
            .bind(search(data))
            .bind(id)
            .bind(version);
        let touched = self.execute(self.scoped(update, "customer")).await?;
        let group = self.get_resource_group(id).await?;
        if touched == 0 {
            return Err(Error::Conflict { what: "resource group" });
        }
        self.changed(Some(&group.customer), Noun::ResourceGroup, id.as_str());
        Ok(group)
    }

    /// Deletes a resource group.
    pub async fn delete_resource_group(&mut self, id: &ResourceGroupId) -> Result<()> {
        let group = self.get_resource_group(id).await?;
        let delete = self.scoped(sql("DELETE FROM resource_group WHERE id = ?").bind(id), "customer");
        self.execute(delete).await?;
        self.changed(Some(&group.customer), Noun::ResourceGroup, id.as_str());
        Ok(())
    }
}

fn search(data: &ResourceGroupData) -> Arg {
    let ranges: Vec<String> = data.ranges.iter().map(ToString::to_string).collect();
    let single = [data.name.as_str(), &data.note];
    Arg::from(searchable(single.into_iter().chain(ranges.iter().map(String::as_str))))
}

fn read(row: &Row) -> Result<ResourceGroup> {
    Ok(ResourceGroup {
        id: row.parse("id")?,
        customer: row.parse("customer")?,
        data: ResourceGroupData {
            name: row.get("name")?,
            kind: row.parse("kind")?,
            ranges: row.json("ranges")?,
            note: row.get("note")?,
        },
        created: row.time("created")?,
        version: row.get("version")?,
    })
}
