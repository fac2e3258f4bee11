//! Customers (catalogue P1): scoped by their own id.

use model::change::Noun;
use model::customer::{Customer, CustomerData, OperatingState};
use model::{CustomerId, Page, PageRequest};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Arg, json, searchable, sql};
use crate::{Error, Result, Tx};

/// Which customers are wanted; an absent part does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerFilter {
    /// Part of the name, short name or remark, without case.
    pub text: Option<String>,
    /// Standing here.
    pub state: Option<OperatingState>,
}

impl Tx {
    /// Creates a customer. Only for contexts whose scope already holds it: every customer, or this id.
    pub async fn create_customer(&mut self, id: &CustomerId, data: &CustomerData) -> Result<Customer> {
        if !self.scope().contains(id) {
            return Err(Error::ScopeTooNarrow { what: "creating a customer" });
        }
        let now = self.context().now();
        let insert = sql("INSERT INTO customer (id, name, short_name, color, services, state, time_zone, remark, ")
            .push("service_manager, search, created, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)")
            .bind(id)
            .bind(&data.name)
            .bind(&data.short_name)
            .bind(data.color)
            .bind(json(&data.services))
            .bind(data.state)
            .bind(&data.time_zone)
            .bind(&data.remark)
            .bind(data.service_manager.as_ref())
            .bind(search(data))
            .bind(now);
        self.execute(insert).await?;
        self.changed(Some(id), Noun::Customer, id.as_str());
        Ok(Customer { id: id.clone(), data: data.clone(), created: now, version: 1 })
    }

    /// One customer.
    pub async fn get_customer(&mut self, id: &CustomerId) -> Result<Customer> {
        let query = self.scoped(sql("SELECT * FROM customer WHERE id = ?").bind(id), "id");
        self.row(query, read).await?.ok_or_else(|| Error::not_found("customer", id))
    }

    /// Customers by short name.
    pub async fn list_customers(&mut self, filter: &CustomerFilter, page: &PageRequest) -> Result<Page<Customer>> {
        let query = self
            .scoped(sql("SELECT * FROM customer WHERE TRUE"), "id")
            .push_if(" AND state = ?", filter.state)
            .and_contains("search", filter.text.as_deref().unwrap_or_default());
        self.page(query, Order::Up(&[Key::Text("short_name"), Key::Text("id")]), page, read).await
    }

    /// Every customer in scope, by short name: for caches and jobs.
    pub async fn all_customers(&mut self) -> Result<Vec<Customer>> {
        let query = self.scoped(sql("SELECT * FROM customer WHERE TRUE"), "id").push(" ORDER BY short_name, id");
        self.rows(query, read).await
    }

    /// Changes a customer that still has `version`.
    pub async fn update_customer(&mut self, id: &CustomerId, version: i64, data: &CustomerData) -> Result<Customer> {
        let update = sql("UPDATE customer SET name = ?, short_name = ?, color = ?, services = ?, state = ?, ")
            .push("time_zone = ?, remark = ?, service_manager = ?, search = ?, version = version + 1 ")
            .bind(&data.name)
            .bind(&data.short_name)
            .bind(data.color)
            .bind(json(&data.services))
            .bind(data.state)
            .bind(&data.time_zone)
            .bind(&data.remark)
            .bind(data.service_manager.as_ref())
            .bind(search(data))
            .push("WHERE id = ? AND version = ?")
            .bind(id)
            .bind(version);
        let touched = self.execute(self.scoped(update, "id")).await?;
        let customer = self.get_customer(id).await?;
        if touched == 0 {
            return Err(Error::Conflict { what: "customer" });
        }
        self.changed(Some(id), Noun::Customer, id.as_str());
        Ok(customer)
    }
}

fn search(data: &CustomerData) -> Arg {
    Arg::from(searchable([data.name.as_str(), &data.short_name, &data.remark]))
}

fn read(row: &Row) -> Result<Customer> {
    Ok(Customer {
        id: row.parse("id")?,
        data: CustomerData {
            name: row.get("name")?,
            short_name: row.get("short_name")?,
            color: row.get("color")?,
            services: row.json("services")?,
            state: row.parse("state")?,
            time_zone: row.get("time_zone")?,
            remark: row.get("remark")?,
            service_manager: row.parse_maybe("service_manager")?,
        },
        created: row.time("created")?,
        version: row.get("version")?,
    })
}
