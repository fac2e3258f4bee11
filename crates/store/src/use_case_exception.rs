//! Exceptions to use cases (catalogue D2): a customer's own, and global ones that everybody sees.

use model::change::Noun;
use model::use_case::{Exception, ExceptionData};
use model::{CustomerId, ExceptionId, Page, PageRequest, Timestamp};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Arg, json, searchable, sql};
use crate::{Error, Result, Tx};

/// Which exceptions are wanted; an absent or empty part does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExceptionFilter {
    /// To this use case.
    pub rule_id: Option<String>,
    /// Of these customers only; global ones are then left out.
    pub customers: Vec<CustomerId>,
    /// Part of the reason, the rule's id or a value, without case.
    pub text: Option<String>,
}

/// How often an exception kept a use case from firing since that was last said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionHits {
    /// Which.
    pub exception: ExceptionId,
    /// How often.
    pub hits: i64,
    /// When it did last.
    pub last: Timestamp,
}

const SELECT: &str = "SELECT p.*, COALESCE(h.hits, 0) AS hits, h.last_hit \
                      FROM use_case_exception p LEFT JOIN use_case_exception_hit h ON h.exception = p.id WHERE TRUE";

impl Tx {
    /// Creates an exception for a customer, or a global one, which needs every customer in scope.
    pub async fn create_exception(
        &mut self,
        id: &ExceptionId,
        customer: Option<&CustomerId>,
        data: &ExceptionData,
    ) -> Result<Exception> {
        match customer {
            Some(customer) => drop(self.get_customer(customer).await?),
            None => self.require_all("creating an exception for everybody")?,
        }
        let now = self.context().now();
        let insert = sql("INSERT INTO use_case_exception (id, customer, rule_id, content, search, created, version) ")
            .push("VALUES (?, ?, ?, ?, ?, ?, 1)")
            .bind(id)
            .bind(customer)
            .bind(&data.rule_id)
            .bind(json(data))
            .bind(search(data))
            .bind(now);
        self.execute(insert).await?;
        self.changed(customer, Noun::UseCase, id.as_str());
        self.get_exception(id).await
    }

    /// One exception, a global one included.
    pub async fn get_exception(&mut self, id: &ExceptionId) -> Result<Exception> {
        let query = self.own_and_global(sql(SELECT)).push(" AND p.id = ?").bind(id);
        self.row(query, read).await?.ok_or_else(|| Error::not_found("exception", id))
    }

    /// Exceptions, newest first.
    pub async fn list_exceptions(&mut self, filter: &ExceptionFilter, page: &PageRequest) -> Result<Page<Exception>> {
        let query = sql("SELECT * FROM (").push(SELECT).push(") p WHERE TRUE");
        let query = self
            .own_and_global(query)
            .push_if(" AND p.rule_id = ?", filter.rule_id.as_deref())
            .and_in("p.customer", &filter.customers)
            .and_contains("p.search", filter.text.as_deref().unwrap_or_default());
        self.page(query, Order::Down(&[Key::Int("created"), Key::Text("id")]), page, read).await
    }

    /// Every exception in scope and every global one: what detection asks.
    pub async fn all_exceptions(&mut self) -> Result<Vec<Exception>> {
        let query = self.own_and_global(sql(SELECT)).push(" ORDER BY p.id");
        self.rows(query, read).await
    }

    /// Changes an exception that still has `version`. A global one needs every customer in scope.
    pub async fn update_exception(
        &mut self,
        id: &ExceptionId,
        version: i64,
        data: &ExceptionData,
    ) -> Result<Exception> {
        let before = self.own_exception(id).await?;
        let update = sql("UPDATE use_case_exception SET rule_id = ?, content = ?, search = ?, version = version + 1 ")
            .push("WHERE id = ? AND version = ?")
            .bind(&data.rule_id)
            .bind(json(data))
            .bind(search(data))
            .bind(id)
            .bind(version);
        if self.execute(self.scoped(update, "customer")).await? == 0 {
            return Err(Error::Conflict { what: "exception" });
        }
        self.changed(before.customer.as_ref(), Noun::UseCase, id.as_str());
        self.get_exception(id).await
    }

    /// Deletes an exception. A global one needs every customer in scope.
    pub async fn delete_exception(&mut self, id: &ExceptionId) -> Result<()> {
        let before = self.own_exception(id).await?;
        let delete = self.scoped(sql("DELETE FROM use_case_exception WHERE id = ?").bind(id), "customer");
        self.execute(delete).await?;
        self.changed(before.customer.as_ref(), Noun::UseCase, id.as_str());
        Ok(())
    }

    /// Counts what exceptions kept from firing; those that are gone meanwhile are passed over. Versions stay.
    pub async fn count_exception_hits(&mut self, hits: &[ExceptionHits]) -> Result<()> {
        for hit in hits {
            let count = sql("INSERT INTO use_case_exception_hit (exception, hits, last_hit) ")
                .push("SELECT p.id, ?, ? FROM use_case_exception p WHERE p.id = ? ")
                .bind(hit.hits)
                .bind(hit.last)
                .bind(&hit.exception);
            let count = self.own_and_global(count).push(" ON CONFLICT (exception) DO UPDATE SET ").push(
                "hits = use_case_exception_hit.hits + excluded.hits, last_hit = CASE WHEN \
                 excluded.last_hit > use_case_exception_hit.last_hit THEN excluded.last_hit \
                 ELSE use_case_exception_hit.last_hit END",
            );
            self.execute(count).await?;
        }
        Ok(())
    }

    async fn own_exception(&mut self, id: &ExceptionId) -> Result<Exception> {
        let exception = self.get_exception(id).await?;
        if exception.customer.is_none() {
            self.require_all("changing an exception for everybody")?;
        }
        Ok(exception)
    }
}

fn search(data: &ExceptionData) -> Arg {
    let values = data.terms.iter().flat_map(|term| &term.values).map(String::as_str);
    Arg::from(searchable([data.rule_id.as_str(), &data.reason].into_iter().chain(values)))
}

fn read(row: &Row) -> Result<Exception> {
    Ok(Exception {
        id: row.parse("id")?,
        customer: row.parse_maybe("customer")?,
        data: row.json("content")?,
        hits: row.get("hits")?,
        last_hit: row.time_maybe("last_hit")?,
        created: row.time("created")?,
        version: row.get("version")?,
    })
}
