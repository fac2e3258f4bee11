//! Lists of indicators (catalogue D3): for every customer, or for some.

use std::collections::BTreeMap;

use model::change::Noun;
use model::intel::{Indicator, IntelList, IntelListData, ListReading, UnreadLine};
use model::{CustomerId, IntelListId, Page, PageRequest, Scope};

use crate::feed::counts_of;
use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Arg, Sql, json, searchable, sql};
use crate::{Error, Result, Tx};

/// Indicators put into one row.
const PART: usize = 20_000;

/// The columns of a list without its content.
const SELECT: &str = "SELECT id, feed, everyone, customers, content, counts, duplicates, unread, created, version \
                      FROM intel_list l WHERE TRUE";

impl Tx {
    /// Adds a list for these customers; for every customer, which takes every customer in scope, when none are named.
    pub async fn create_intel_list(
        &mut self,
        id: &IntelListId,
        customers: Option<&[CustomerId]>,
        data: &IntelListData,
        reading: &ListReading,
    ) -> Result<IntelList> {
        for customer in customers.unwrap_or_default() {
            self.get_customer(customer).await?;
        }
        if customers.is_none() {
            self.require_all("adding an intelligence list for every customer")?;
        }
        let now = self.context().now();
        let counts = counts_of(reading);
        let insert = sql("INSERT INTO intel_list (id, everyone, customers, content, counts, duplicates, unread, ")
            .push("unread_lines, search, created, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)")
            .bind(id)
            .bind(customers.is_none())
            .bind(customers.map_or(0, <[CustomerId]>::len) as i64)
            .bind(json(data))
            .bind(json(&counts))
            .bind(reading.duplicates as i64)
            .bind(reading.unread_count as i64)
            .bind(json(&reading.unread))
            .bind(search(data))
            .bind(now);
        self.execute(insert).await?;
        for customer in customers.unwrap_or_default() {
            let insert = sql("INSERT INTO intel_list_customer (list, customer) VALUES (?, ?)").bind(id).bind(customer);
            self.execute(insert).await?;
        }
        self.put_parts(id, reading).await?;
        self.list_changed(id, customers);
        self.get_intel_list(id).await
    }

    /// One list.
    pub async fn get_intel_list(&mut self, id: &IntelListId) -> Result<IntelList> {
        let query = self.visible_lists(sql(SELECT)).push(" AND l.id = ?").bind(id);
        let found = self.row(query, read).await?;
        let (mut list, everyone, _) = found.ok_or_else(|| Error::not_found("intelligence list", id))?;
        if !everyone {
            list.customers = Some(self.customers_of_list(id).await?);
        }
        Ok(list)
    }

    /// Lists, newest first; only those whose name or source has `text`, without case.
    pub async fn list_intel_lists(&mut self, text: Option<&str>, page: &PageRequest) -> Result<Page<IntelList>> {
        let query = self.visible_lists(sql(SELECT)).and_contains("l.search", text.unwrap_or_default());
        let page = self.page(query, Order::Down(&[Key::Int("created"), Key::Text("id")]), page, read).await?;
        let ids: Vec<IntelListId> = page.items.iter().map(|(list, ..)| list.id.clone()).collect();
        let mut customers: BTreeMap<IntelListId, Vec<CustomerId>> = BTreeMap::new();
        if !ids.is_empty() {
            let query = sql("SELECT list, customer FROM intel_list_customer WHERE TRUE").and_in("list", &ids);
            let pair = |row: &Row| Ok((row.parse::<IntelListId>("list")?, row.parse::<CustomerId>("customer")?));
            for (list, customer) in self.rows(self.scoped(query, "customer").push(" ORDER BY customer"), pair).await? {
                customers.entry(list).or_default().push(customer);
            }
        }
        Ok(page.map(|(mut list, everyone, _)| {
            if !everyone {
                list.customers = Some(customers.remove(&list.id).unwrap_or_default());
            }
            list
        }))
    }

    /// The lines of a list that were no indicators, the first ones.
    pub async fn intel_list_unread(&mut self, id: &IntelListId) -> Result<Vec<UnreadLine>> {
        self.get_intel_list(id).await?;
        let query = sql("SELECT unread_lines FROM intel_list WHERE id = ?").bind(id);
        Ok(self.row(query, |row| row.json("unread_lines")).await?.unwrap_or_default())
    }

    /// A part of a list's indicators, counted from 0; none behind the last.
    pub async fn intel_list_part(&mut self, id: &IntelListId, part: usize) -> Result<Vec<Indicator>> {
        self.get_intel_list(id).await?;
        let query =
            sql("SELECT indicators FROM intel_list_part WHERE list = ? AND part = ?").bind(id).bind(part as i64);
        let bytes: Option<Vec<u8>> = self.row(query, |row| row.get("indicators")).await?;
        let read = |bytes: Vec<u8>| serde_json::from_slice(&bytes).map_err(|error| Error::corrupt("indicators", error));
        bytes.map(read).transpose().map(Option::unwrap_or_default)
    }

    /// Every indicator of a list, in its order.
    pub async fn intel_list_indicators(&mut self, id: &IntelListId) -> Result<Vec<Indicator>> {
        let mut all = Vec::new();
        for part in 0.. {
            let mut some = self.intel_list_part(id, part).await?;
            let last = some.len() < PART;
            all.append(&mut some);
            if last {
                break;
            }
        }
        Ok(all)
    }

    /// Puts other indicators in the place of a list's. Takes sight of all its customers.
    pub async fn replace_indicators(&mut self, id: &IntelListId, reading: &ListReading) -> Result<IntelList> {
        let list = self.own_list(id).await?;
        self.execute(sql("DELETE FROM intel_list_part WHERE list = ?").bind(id)).await?;
        self.put_parts(id, reading).await?;
        let update = sql("UPDATE intel_list SET counts = ?, duplicates = ?, unread = ?, unread_lines = ?, ")
            .push("version = version + 1 WHERE id = ?")
            .bind(json(&counts_of(reading)))
            .bind(reading.duplicates as i64)
            .bind(reading.unread_count as i64)
            .bind(json(&reading.unread))
            .bind(id);
        self.execute(update).await?;
        self.list_changed(id, list.customers.as_deref());
        self.get_intel_list(id).await
    }

    async fn put_parts(&mut self, id: &IntelListId, reading: &ListReading) -> Result<()> {
        for (part, indicators) in reading.indicators.chunks(PART).enumerate() {
            let bytes = serde_json::to_vec(indicators).expect("indicators are plain data");
            let insert = sql("INSERT INTO intel_list_part (list, part, indicators) VALUES (?, ?, ?)")
                .bind(id)
                .bind(part as i64)
                .bind(bytes.as_slice());
            self.execute(insert).await?;
        }
        Ok(())
    }

    /// Changes what people say about a list as it stood at `version`. Takes sight of all its customers.
    pub async fn update_intel_list(
        &mut self,
        id: &IntelListId,
        version: i64,
        data: &IntelListData,
    ) -> Result<IntelList> {
        let list = self.own_list(id).await?;
        let update =
            sql("UPDATE intel_list SET content = ?, search = ?, version = version + 1 WHERE id = ? AND version = ?")
                .bind(json(data))
                .bind(search(data))
                .bind(id)
                .bind(version);
        if self.execute(update).await? == 0 {
            return Err(Error::Conflict { what: "intelligence list" });
        }
        self.list_changed(id, list.customers.as_deref());
        self.get_intel_list(id).await
    }

    /// Deletes a list. Hunts for it keep what they found. Takes sight of all its customers.
    pub async fn delete_intel_list(&mut self, id: &IntelListId) -> Result<()> {
        let list = self.own_list(id).await?;
        self.execute(sql("DELETE FROM intel_list WHERE id = ?").bind(id)).await?;
        self.list_changed(id, list.customers.as_deref());
        Ok(())
    }

    /// Fails for a list of which the scope sees only a part of the customers.
    pub(crate) async fn require_list_in_scope(&mut self, id: &IntelListId) -> Result<()> {
        self.own_list(id).await.map(drop)
    }

    /// A list that may be changed.
    async fn own_list(&mut self, id: &IntelListId) -> Result<IntelList> {
        let query = self.visible_lists(sql(SELECT)).push(" AND l.id = ?").bind(id);
        let found = self.row(query, read).await?;
        let (_, everyone, count) = found.ok_or_else(|| Error::not_found("intelligence list", id))?;
        let list = self.get_intel_list(id).await?;
        let seen = list.customers.as_ref().map_or(0, Vec::len) as i64;
        if everyone || seen < count {
            self.require_all("changing an intelligence list of more customers than one sees")?;
        }
        Ok(list)
    }

    async fn customers_of_list(&mut self, id: &IntelListId) -> Result<Vec<CustomerId>> {
        let query = sql("SELECT customer FROM intel_list_customer WHERE list = ?").bind(id);
        self.rows(self.scoped(query, "customer").push(" ORDER BY customer"), |row| row.parse("customer")).await
    }

    fn list_changed(&mut self, id: &IntelListId, customers: Option<&[CustomerId]>) {
        match customers {
            None => self.changed(None, Noun::IntelList, id.as_str()),
            Some(customers) => {
                customers.iter().for_each(|customer| self.changed_for(customer, Noun::IntelList, id.as_str()));
            }
        }
    }

    fn visible_lists(&self, query: Sql) -> Sql {
        match self.scope() {
            Scope::All => query,
            scope => query
                .push(" AND (l.everyone OR EXISTS (SELECT 1 FROM intel_list_customer c WHERE c.list = l.id")
                .and_scope("c.customer", scope)
                .push("))"),
        }
    }
}

fn search(data: &IntelListData) -> Arg {
    Arg::from(searchable([data.name.as_str(), data.source.as_str()]))
}

/// The list, whether it is for everyone, and for how many customers otherwise.
fn read(row: &Row) -> Result<(IntelList, bool, i64)> {
    let list = IntelList {
        id: row.parse("id")?,
        feed: row.parse_maybe("feed")?,
        data: row.json("content")?,
        customers: None,
        counts: row.json("counts")?,
        duplicates: row.get("duplicates")?,
        unread: row.get("unread")?,
        created: row.time("created")?,
        version: row.get("version")?,
    };
    Ok((list, row.get("everyone")?, row.get("customers")?))
}
