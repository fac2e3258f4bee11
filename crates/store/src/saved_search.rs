//! Searches people keep (catalogue I5).

use model::change::Noun;
use model::saved_search::{SavedSearch, SavedSearchData};
use model::{Page, PageRequest, SavedSearchId, Scope, UserId};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Sql, json, sql};
use crate::{Error, Result, Tx};

impl Tx {
    /// Keeps a search of `owner`.
    pub async fn create_saved_search(
        &mut self,
        id: &SavedSearchId,
        owner: &UserId,
        data: &SavedSearchData,
    ) -> Result<SavedSearch> {
        if let Some(customer) = &data.customer {
            self.get_customer(customer).await?;
        }
        let now = self.context().now();
        let insert = sql("INSERT INTO saved_search (id, owner, customer, name, shared, content, created, version) ")
            .push("VALUES (?, ?, ?, ?, ?, ?, ?, 1)")
            .bind(id)
            .bind(owner)
            .bind(data.customer.as_ref())
            .bind(&data.name)
            .bind(data.shared)
            .bind(json(data))
            .bind(now);
        self.execute(insert).await?;
        self.changed(data.customer.as_ref(), Noun::SavedSearch, id.as_str());
        Ok(SavedSearch { id: id.clone(), owner: owner.clone(), data: data.clone(), created: now, version: 1 })
    }

    /// One search as `viewer` sees it: their own, or a shared one.
    pub async fn get_saved_search(&mut self, viewer: &UserId, id: &SavedSearchId) -> Result<SavedSearch> {
        let query = self.seen_by(viewer).push(" AND id = ?").bind(id);
        self.row(query, read).await?.ok_or_else(|| Error::not_found("saved search", id))
    }

    /// The searches `viewer` sees, by name.
    pub async fn list_saved_searches(&mut self, viewer: &UserId, page: &PageRequest) -> Result<Page<SavedSearch>> {
        let query = self.seen_by(viewer);
        self.page(query, Order::Up(&[Key::Text("name"), Key::Text("id")]), page, read).await
    }

    /// Changes a search that still has `version`.
    pub async fn update_saved_search(
        &mut self,
        id: &SavedSearchId,
        version: i64,
        data: &SavedSearchData,
    ) -> Result<()> {
        if let Some(customer) = &data.customer {
            self.get_customer(customer).await?;
        }
        let update = sql("UPDATE saved_search SET customer = ?, name = ?, shared = ?, content = ?, ")
            .push("version = version + 1 WHERE id = ? AND version = ?")
            .bind(data.customer.as_ref())
            .bind(&data.name)
            .bind(data.shared)
            .bind(json(data))
            .bind(id)
            .bind(version);
        if self.execute(self.in_scope(update)).await? == 0 {
            return Err(Error::Conflict { what: "saved search" });
        }
        self.changed(data.customer.as_ref(), Noun::SavedSearch, id.as_str());
        Ok(())
    }

    /// Forgets a search.
    pub async fn delete_saved_search(&mut self, search: &SavedSearch) -> Result<()> {
        let delete = self.in_scope(sql("DELETE FROM saved_search WHERE id = ?").bind(&search.id));
        if self.execute(delete).await? == 0 {
            return Err(Error::not_found("saved search", &search.id));
        }
        self.changed(search.data.customer.as_ref(), Noun::SavedSearch, search.id.as_str());
        Ok(())
    }

    fn seen_by(&self, viewer: &UserId) -> Sql {
        self.in_scope(sql("SELECT * FROM saved_search WHERE (owner = ? OR shared)").bind(viewer))
    }

    /// What is about no customer has no scope.
    fn in_scope(&self, statement: Sql) -> Sql {
        match self.scope() {
            Scope::All => statement,
            _ => self.scoped(statement.push(" AND (customer IS NULL OR TRUE"), "customer").push(")"),
        }
    }
}

fn read(row: &Row) -> Result<SavedSearch> {
    Ok(SavedSearch {
        id: row.parse("id")?,
        owner: row.parse("owner")?,
        data: row.json("content")?,
        created: row.time("created")?,
        version: row.get("version")?,
    })
}
