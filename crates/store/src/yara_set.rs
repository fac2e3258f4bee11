//! Sets of YARA rules (catalogue D6).

use std::collections::BTreeMap;

use model::change::Noun;
use model::yara::{YaraProblem, YaraSet, YaraSetData};
use model::{CustomerId, Page, PageRequest, Scope, YaraSetId};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Sql, json, sql};
use crate::{Error, Result, Tx};

/// Everything of a set but its text.
const COLUMNS: &str = "SELECT p.id, p.everyone, p.content, p.rules, p.left_out, p.bytes, p.changed_by, p.changed, \
                       p.version, p.name FROM yara_set p WHERE TRUE";

/// The rules of a set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct YaraSetText {
    /// As it was written.
    pub text: String,
    /// How many of its rules load.
    pub rules: i64,
    /// What of it does not load.
    pub problems: Vec<YaraProblem>,
}

/// A set that is in force for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnabledYaraSet {
    /// Which.
    pub id: YaraSetId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: i64,
}

impl Tx {
    /// Writes a set down. One for every customer takes every customer in scope.
    pub async fn create_yara_set(
        &mut self,
        id: &YaraSetId,
        customers: Option<&[CustomerId]>,
        data: &YaraSetData,
        text: &YaraSetText,
    ) -> Result<YaraSet> {
        self.may_yara_set(customers).await?;
        let by = self.context().actor().user().cloned();
        let insert = sql("INSERT INTO yara_set (id, everyone, customers, enabled, name, content, rules, problems, ")
            .push("left_out, body, bytes, changed_by, changed, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)")
            .bind(id)
            .bind(customers.is_none())
            .bind(customers.map_or(0, <[CustomerId]>::len) as i64)
            .bind(data.enabled)
            .bind(data.name.as_str())
            .bind(json(data))
            .bind(text.rules)
            .bind(json(&text.problems))
            .bind(text.problems.len() as i64)
            .bind(text.text.as_str())
            .bind(text.text.len() as i64)
            .bind(by.as_ref())
            .bind(self.context().now());
        self.execute(insert).await?;
        self.put_yara_customers(id, customers).await?;
        self.get_yara_set(id).await
    }

    /// One set.
    pub async fn get_yara_set(&mut self, id: &YaraSetId) -> Result<YaraSet> {
        let query = self.visible_yara_sets().push(" AND p.id = ?").bind(id);
        let found = self.row(query, read).await?.ok_or_else(|| Error::not_found("set of YARA rules", id))?;
        Ok(self.with_yara_customers(vec![found]).await?.remove(0))
    }

    /// The rules of a set.
    pub async fn yara_set_text(&mut self, id: &YaraSetId) -> Result<YaraSetText> {
        self.get_yara_set(id).await?;
        let query = sql("SELECT body, rules, problems FROM yara_set WHERE id = ?").bind(id);
        let text = |row: &Row| {
            Ok(YaraSetText { text: row.get("body")?, rules: row.get("rules")?, problems: row.json("problems")? })
        };
        self.row(query, text).await?.ok_or_else(|| Error::not_found("set of YARA rules", id))
    }

    /// Sets by name.
    pub async fn list_yara_sets(&mut self, page: &PageRequest) -> Result<Page<YaraSet>> {
        let order = Order::Up(&[Key::Text("name"), Key::Text("id")]);
        let page = self.page(self.visible_yara_sets(), order, page, read).await?;
        Ok(Page { items: self.with_yara_customers(page.items).await?, next: page.next })
    }

    /// How many sets there are in scope.
    pub async fn count_yara_sets(&mut self) -> Result<i64> {
        Ok(self.row(sql("SELECT COUNT(*) AS many FROM yara_set"), |row| row.get("many")).await?.unwrap_or(0))
    }

    /// The sets in force for a customer's files, in the order of their ids.
    pub async fn enabled_yara_sets(&mut self, customer: &CustomerId) -> Result<Vec<EnabledYaraSet>> {
        self.require_customer(customer)?;
        let query = sql("SELECT p.id, p.name, p.version FROM yara_set p WHERE p.enabled AND (p.everyone OR EXISTS ")
            .push("(SELECT 1 FROM yara_set_customer c WHERE c.yara_set = p.id AND c.customer = ?)) ORDER BY p.id")
            .bind(customer);
        let set = |row: &Row| {
            Ok(EnabledYaraSet { id: row.parse("id")?, name: row.get("name")?, version: row.get("version")? })
        };
        self.rows(query, set).await
    }

    /// Changes a set that still has `version`. Takes sight of all the customers it has and gets.
    pub async fn update_yara_set(
        &mut self,
        id: &YaraSetId,
        version: i64,
        customers: Option<&[CustomerId]>,
        data: &YaraSetData,
        text: &YaraSetText,
    ) -> Result<YaraSet> {
        self.changeable_yara_set(id).await?;
        self.may_yara_set(customers).await?;
        let by = self.context().actor().user().cloned();
        let update = sql("UPDATE yara_set SET everyone = ?, customers = ?, enabled = ?, name = ?, content = ?, ")
            .push("rules = ?, problems = ?, left_out = ?, body = ?, bytes = ?, changed_by = ?, changed = ?, ")
            .push("version = version + 1 WHERE id = ? AND version = ?")
            .bind(customers.is_none())
            .bind(customers.map_or(0, <[CustomerId]>::len) as i64)
            .bind(data.enabled)
            .bind(data.name.as_str())
            .bind(json(data))
            .bind(text.rules)
            .bind(json(&text.problems))
            .bind(text.problems.len() as i64)
            .bind(text.text.as_str())
            .bind(text.text.len() as i64)
            .bind(by.as_ref())
            .bind(self.context().now())
            .bind(id)
            .bind(version);
        if self.execute(update).await? == 0 {
            return Err(Error::Conflict { what: "set of YARA rules" });
        }
        let forget = sql("DELETE FROM yara_set_customer WHERE yara_set = ?").bind(id);
        self.execute(self.scoped(forget, "customer")).await?;
        self.put_yara_customers(id, customers).await?;
        self.get_yara_set(id).await
    }

    /// Removes a set. What its rules said of files stays until those are scanned again.
    pub async fn delete_yara_set(&mut self, id: &YaraSetId, version: i64) -> Result<()> {
        let set = self.changeable_yara_set(id).await?;
        let delete = sql("DELETE FROM yara_set WHERE id = ? AND version = ?").bind(id).bind(version);
        if self.execute(delete).await? == 0 {
            return Err(Error::Conflict { what: "set of YARA rules" });
        }
        self.yara_set_changed(id, set.customers.as_deref());
        Ok(())
    }

    /// A set some of whose customers the scope does not see is not its to change.
    async fn changeable_yara_set(&mut self, id: &YaraSetId) -> Result<YaraSet> {
        let set = self.get_yara_set(id).await?;
        let Some(customers) = &set.customers else {
            self.require_all("changing rules for every customer")?;
            return Ok(set);
        };
        let all = sql("SELECT customers FROM yara_set WHERE id = ?").bind(id);
        let all = self.row(all, |row| row.get::<i64>("customers")).await?;
        if all.is_some_and(|all| all > customers.len() as i64) {
            return Err(Error::ScopeTooNarrow { what: "changing rules of more customers" });
        }
        Ok(set)
    }

    async fn may_yara_set(&mut self, customers: Option<&[CustomerId]>) -> Result<()> {
        match customers {
            None => self.require_all("rules for every customer")?,
            Some(customers) => {
                for customer in customers {
                    self.get_customer(customer).await?;
                }
            }
        }
        Ok(())
    }

    async fn put_yara_customers(&mut self, id: &YaraSetId, customers: Option<&[CustomerId]>) -> Result<()> {
        for customer in customers.unwrap_or_default() {
            let insert = sql("INSERT INTO yara_set_customer (yara_set, customer) VALUES (?, ?)");
            self.execute(insert.bind(id).bind(customer)).await?;
        }
        self.yara_set_changed(id, customers);
        Ok(())
    }

    fn yara_set_changed(&mut self, id: &YaraSetId, customers: Option<&[CustomerId]>) {
        match customers {
            None => self.changed(None, Noun::YaraSet, id.as_str()),
            Some(customers) => {
                customers.iter().for_each(|customer| self.changed_for(customer, Noun::YaraSet, id.as_str()));
            }
        }
    }

    async fn with_yara_customers(&mut self, found: Vec<(YaraSet, bool)>) -> Result<Vec<YaraSet>> {
        let ids: Vec<YaraSetId> = found.iter().map(|(set, _)| set.id.clone()).collect();
        let mut customers: BTreeMap<YaraSetId, Vec<CustomerId>> = BTreeMap::new();
        if !ids.is_empty() {
            let query = sql("SELECT yara_set, customer FROM yara_set_customer WHERE TRUE");
            let query = self.scoped(query.and_in("yara_set", &ids), "customer").push(" ORDER BY customer");
            let pair = |row: &Row| Ok((row.parse("yara_set")?, row.parse::<CustomerId>("customer")?));
            for (set, customer) in self.rows(query, pair).await? {
                customers.entry(set).or_default().push(customer);
            }
        }
        let with = |(mut set, everyone): (YaraSet, bool)| {
            if !everyone {
                set.customers = Some(customers.remove(&set.id).unwrap_or_default());
            }
            set
        };
        Ok(found.into_iter().map(with).collect())
    }

    fn visible_yara_sets(&self) -> Sql {
        let query = sql(COLUMNS);
        match self.scope() {
            Scope::All => query,
            scope => query
                .push(" AND (p.everyone OR EXISTS (SELECT 1 FROM yara_set_customer c WHERE c.yara_set = p.id")
                .and_scope("c.customer", scope)
                .push("))"),
        }
    }
}

fn read(row: &Row) -> Result<(YaraSet, bool)> {
    let set = YaraSet {
        id: row.parse("id")?,
        data: row.json("content")?,
        customers: None,
        rules: row.get("rules")?,
        left_out: row.get("left_out")?,
        bytes: row.get("bytes")?,
        changed_by: row.parse_maybe("changed_by")?,
        changed: row.time("changed")?,
        version: row.get("version")?,
    };
    Ok((set, row.get("everyone")?))
}
