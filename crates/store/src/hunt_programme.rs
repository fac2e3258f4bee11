//! Programmes that make threat hunts (catalogue D9).

use std::collections::BTreeMap;

use model::change::Noun;
use model::hunt::{HuntProgramme, HuntProgrammeData};
use model::{CustomerId, HuntProgrammeId, Page, PageRequest, Scope};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Arg, Sql, json, searchable, sql};
use crate::{Error, Result, Tx};

impl Tx {
    /// Writes a programme down. One for every customer takes every customer in scope.
    pub async fn create_hunt_programme(
        &mut self,
        id: &HuntProgrammeId,
        customers: Option<&[CustomerId]>,
        data: &HuntProgrammeData,
    ) -> Result<HuntProgramme> {
        self.may_programme(customers).await?;
        let insert = sql("INSERT INTO hunt_programme (id, everyone, customers, content, search, created, version) ")
            .push("VALUES (?, ?, ?, ?, ?, ?, 1)")
            .bind(id)
            .bind(customers.is_none())
            .bind(customers.map_or(0, <[CustomerId]>::len) as i64)
            .bind(json(data))
            .bind(search(data))
            .bind(self.context().now());
        self.execute(insert).await?;
        self.put_programme_customers(id, customers).await?;
        self.get_hunt_programme(id).await
    }

    /// One programme.
    pub async fn get_hunt_programme(&mut self, id: &HuntProgrammeId) -> Result<HuntProgramme> {
        let query = self.visible_programmes().push(" AND p.id = ?").bind(id);
        let found = self.row(query, read).await?.ok_or_else(|| Error::not_found("hunt programme", id))?;
        Ok(self.with_programme_customers(vec![found]).await?.remove(0))
    }

    /// Programmes, newest first.
    pub async fn list_hunt_programmes(&mut self, text: &str, page: &PageRequest) -> Result<Page<HuntProgramme>> {
        let query = self.visible_programmes().and_contains("p.search", text);
        let page = self.page(query, Order::Down(&[Key::Int("created"), Key::Text("id")]), page, read).await?;
        Ok(Page { items: self.with_programme_customers(page.items).await?, next: page.next })
    }

    /// Changes a programme that still has `version`. Takes sight of all the customers it has and gets.
    pub async fn update_hunt_programme(
        &mut self,
        id: &HuntProgrammeId,
        version: i64,
        customers: Option<&[CustomerId]>,
        data: &HuntProgrammeData,
    ) -> Result<HuntProgramme> {
        self.changeable_programme(id).await?;
        self.may_programme(customers).await?;
        let update = sql("UPDATE hunt_programme SET everyone = ?, customers = ?, content = ?, search = ?, ")
            .push("version = version + 1 WHERE id = ? AND version = ?")
            .bind(customers.is_none())
            .bind(customers.map_or(0, <[CustomerId]>::len) as i64)
            .bind(json(data))
            .bind(search(data))
            .bind(id)
            .bind(version);
        if self.execute(update).await? == 0 {
            return Err(Error::Conflict { what: "hunt programme" });
        }
        let forget = sql("DELETE FROM hunt_programme_customer WHERE programme = ?").bind(id);
        self.execute(self.scoped(forget, "customer")).await?;
        self.put_programme_customers(id, customers).await?;
        self.get_hunt_programme(id).await
    }

    /// Removes a programme; the hunts it made stay.
    pub async fn delete_hunt_programme(&mut self, id: &HuntProgrammeId) -> Result<()> {
        let programme = self.changeable_programme(id).await?;
        self.execute(sql("DELETE FROM hunt_programme WHERE id = ?").bind(id)).await?;
        self.programme_changed(id, programme.customers.as_deref());
        Ok(())
    }

    /// A programme some of whose customers the scope does not see is not its to change.
    async fn changeable_programme(&mut self, id: &HuntProgrammeId) -> Result<HuntProgramme> {
        let programme = self.get_hunt_programme(id).await?;
        let Some(customers) = &programme.customers else {
            self.require_all("changing a programme for every customer")?;
            return Ok(programme);
        };
        let all = sql("SELECT customers FROM hunt_programme WHERE id = ?").bind(id);
        let all = self.row(all, |row| row.get::<i64>("customers")).await?;
        if all.is_some_and(|all| all > customers.len() as i64) {
            return Err(Error::ScopeTooNarrow { what: "changing a programme of more customers" });
        }
        Ok(programme)
    }

    async fn may_programme(&mut self, customers: Option<&[CustomerId]>) -> Result<()> {
        match customers {
            None => self.require_all("hunting at every customer")?,
            Some(customers) => {
                for customer in customers {
                    self.get_customer(customer).await?;
                }
            }
        }
        Ok(())
    }

    async fn put_programme_customers(&mut self, id: &HuntProgrammeId, customers: Option<&[CustomerId]>) -> Result<()> {
        for customer in customers.unwrap_or_default() {
            let insert = sql("INSERT INTO hunt_programme_customer (programme, customer) VALUES (?, ?)");
            self.execute(insert.bind(id).bind(customer)).await?;
        }
        self.programme_changed(id, customers);
        Ok(())
    }

    fn programme_changed(&mut self, id: &HuntProgrammeId, customers: Option<&[CustomerId]>) {
        match customers {
            None => self.changed(None, Noun::Hunt, id.as_str()),
            Some(customers) => {
                customers.iter().for_each(|customer| self.changed_for(customer, Noun::Hunt, id.as_str()));
            }
        }
    }

    async fn with_programme_customers(&mut self, found: Vec<(HuntProgramme, bool)>) -> Result<Vec<HuntProgramme>> {
        let ids: Vec<HuntProgrammeId> = found.iter().map(|(programme, _)| programme.id.clone()).collect();
        let mut customers: BTreeMap<HuntProgrammeId, Vec<CustomerId>> = BTreeMap::new();
        if !ids.is_empty() {
            let query = sql("SELECT programme, customer FROM hunt_programme_customer WHERE TRUE");
            let query = self.scoped(query.and_in("programme", &ids), "customer").push(" ORDER BY customer");
            let pair = |row: &Row| Ok((row.parse("programme")?, row.parse::<CustomerId>("customer")?));
            for (programme, customer) in self.rows(query, pair).await? {
                customers.entry(programme).or_default().push(customer);
            }
        }
        let with = |(mut programme, everyone): (HuntProgramme, bool)| {
            if !everyone {
                programme.customers = Some(customers.remove(&programme.id).unwrap_or_default());
            }
            programme
        };
        Ok(found.into_iter().map(with).collect())
    }

    fn visible_programmes(&self) -> Sql {
        let query =
            sql("SELECT p.*, (SELECT h.round FROM hunt h WHERE h.programme = p.id ORDER BY h.created DESC, h.id ")
                .push("DESC LIMIT 1) AS last_round FROM hunt_programme p WHERE TRUE");
        match self.scope() {
            Scope::All => query,
            scope => query
                .push(" AND (p.everyone OR EXISTS (SELECT 1 FROM hunt_programme_customer c WHERE c.programme = p.id")
                .and_scope("c.customer", scope)
                .push("))"),
        }
    }
}

fn search(data: &HuntProgrammeData) -> Arg {
    Arg::from(searchable([data.template.title.as_str(), &data.template.hypothesis]))
}

fn read(row: &Row) -> Result<(HuntProgramme, bool)> {
    let programme = HuntProgramme {
        id: row.parse("id")?,
        data: row.json("content")?,
        customers: None,
        last_round: row.get("last_round")?,
        next: None,
        created: row.time("created")?,
        version: row.get("version")?,
    };
    Ok((programme, row.get("everyone")?))
}
