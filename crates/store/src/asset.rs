//! Assets (catalogue P4).

use model::asset::{Asset, AssetData, Importance};
use model::change::Noun;
use model::{AssetId, CustomerId, Page, PageRequest};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Arg, json, searchable, sql};
use crate::{Error, Result, Tx};

/// Which assets are wanted; an absent part does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssetFilter {
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Of this importance.
    pub importance: Option<Importance>,
    /// Part of a name, address, host name, owner or business, without case.
    pub text: Option<String>,
}

impl Tx {
    /// Records an asset.
    pub async fn create_asset(&mut self, customer: &CustomerId, id: &AssetId, data: &AssetData) -> Result<Asset> {
        self.get_customer(customer).await?;
        let now = self.context().now();
        let insert = sql("INSERT INTO asset (customer, id, name, addresses, host_names, owner, business, importance, ")
            .push("in_service, search, created, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)")
            .bind(customer)
            .bind(id)
            .bind(&data.name)
            .bind(json(&data.addresses))
            .bind(json(&data.host_names))
            .bind(&data.owner)
            .bind(&data.business)
            .bind(data.importance)
            .bind(data.in_service)
            .bind(search(data))
            .bind(now);
        self.execute(insert).await?;
        self.changed(Some(customer), Noun::Asset, id.as_str());
        Ok(Asset { id: id.clone(), customer: customer.clone(), data: data.clone(), created: now, version: 1 })
    }

    /// One asset.
    pub async fn get_asset(&mut self, id: &AssetId) -> Result<Asset> {
        let query = self.scoped(sql("SELECT * FROM asset WHERE id = ?").bind(id), "customer");
        self.row(query, read).await?.ok_or_else(|| Error::not_found("asset", id))
    }

    /// Assets by name.
    pub async fn list_assets(&mut self, filter: &AssetFilter, page: &PageRequest) -> Result<Page<Asset>> {
        let query = self
            .scoped(sql("SELECT * FROM asset WHERE TRUE"), "customer")
            .push_if(" AND customer = ?", filter.customer.as_ref())
            .push_if(" AND importance = ?", filter.importance)
            .and_contains("search", filter.text.as_deref().unwrap_or_default());
        self.page(query, Order::Up(&[Key::Text("name"), Key::Text("id")]), page, read).await
    }

    /// Every asset of a customer: for enrichment.
    pub async fn all_assets(&mut self, customer: &CustomerId) -> Result<Vec<Asset>> {
        let query = self.scoped(sql("SELECT * FROM asset WHERE customer = ?").bind(customer), "customer");
        self.rows(query.push(" ORDER BY name, id"), read).await
    }

    /// Changes an asset that still has `version`.
    pub async fn update_asset(&mut self, id: &AssetId, version: i64, data: &AssetData) -> Result<Asset> {
        let update = sql("UPDATE asset SET name = ?, addresses = ?, host_names = ?, owner = ?, business = ?, ")
            .push("importance = ?, in_service = ?, search = ?, version = version + 1 WHERE id = ? AND version = ?")
            .bind(&data.name)
            .bind(json(&data.addresses))
            .bind(json(&data.host_names))
            .bind(&data.owner)
            .bind(&data.business)
            .bind(data.importance)
            .bind(data.in_service)
            .bind(search(data))
            .bind(id)
            .bind(version);
        let touched = self.execute(self.scoped(update, "customer")).await?;
        let asset = self.get_asset(id).await?;
        if touched == 0 {
            return Err(Error::Conflict { what: "asset" });
        }
        self.changed(Some(&asset.customer), Noun::Asset, id.as_str());
        Ok(asset)
    }

    /// Deletes an asset.
    pub async fn delete_asset(&mut self, id: &AssetId) -> Result<()> {
        let asset = self.get_asset(id).await?;
        let delete = self.scoped(sql("DELETE FROM asset WHERE id = ?").bind(id), "customer");
        self.execute(delete).await?;
        self.changed(Some(&asset.customer), Noun::Asset, id.as_str());
        Ok(())
    }
}

fn search(data: &AssetData) -> Arg {
    let single = [data.name.as_str(), &data.owner, &data.business];
    let many = data.addresses.iter().chain(&data.host_names).map(String::as_str);
    Arg::from(searchable(single.into_iter().chain(many)))
}

fn read(row: &Row) -> Result<Asset> {
    Ok(Asset {
        id: row.parse("id")?,
        customer: row.parse("customer")?,
        data: AssetData {
            name: row.get("name")?,
            addresses: row.json("addresses")?,
            host_names: row.json("host_names")?,
            owner: row.get("owner")?,
            business: row.get("business")?,
            importance: row.parse("importance")?,
            in_service: row.get("in_service")?,
        },
        created: row.time("created")?,
        version: row.get("version")?,
    })
}
