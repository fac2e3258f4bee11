//! Requests for new or changed use cases (catalogue D2).

use model::change::Noun;
use model::use_case::{ANSWERED_WITHIN, Request, RequestData, RequestState};
use model::{CustomerId, Page, PageRequest, RequestId, UserId};

use crate::page::{Key, Order};
use crate::row::Row;
use crate::sql::{Arg, json, searchable, sql};
use crate::{Error, Result, Tx};

/// Which requests are wanted; an absent or empty part does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestFilter {
    /// Of these customers.
    pub customers: Vec<CustomerId>,
    /// In one of these states.
    pub states: Vec<RequestState>,
    /// Part of the title or description, without case.
    pub text: Option<String>,
}

impl Tx {
    /// Writes a request down: of a customer, or of the house.
    pub async fn create_request(
        &mut self,
        id: &RequestId,
        customer: Option<&CustomerId>,
        data: &RequestData,
        by: Option<&UserId>,
    ) -> Result<Request> {
        match customer {
            Some(customer) => drop(self.get_customer(customer).await?),
            None => self.require_all("requesting a use case for everybody")?,
        }
        let now = self.context().now();
        let insert = sql("INSERT INTO use_case_request (id, customer, content, state, requested_by, search, created, ")
            .push("due, answered, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)")
            .bind(id)
            .bind(customer)
            .bind(json(data))
            .bind(data.state)
            .bind(by)
            .bind(search(data))
            .bind(now)
            .bind(now.plus(ANSWERED_WITHIN))
            .bind(data.state.is_answer().then_some(now));
        self.execute(insert).await?;
        self.changed(customer, Noun::UseCase, id.as_str());
        self.get_request(id).await
    }

    /// One request.
    pub async fn get_request(&mut self, id: &RequestId) -> Result<Request> {
        let query = self.own_and_global(sql("SELECT p.* FROM use_case_request p WHERE p.id = ?").bind(id));
        self.row(query, read).await?.ok_or_else(|| Error::not_found("request", id))
    }

    /// Requests, those due last first.
    pub async fn list_requests(&mut self, filter: &RequestFilter, page: &PageRequest) -> Result<Page<Request>> {
        let query = self
            .own_and_global(sql("SELECT p.* FROM use_case_request p WHERE TRUE"))
            .and_in("p.customer", &filter.customers)
            .and_in("p.state", filter.states.iter().copied())
            .and_contains("p.search", filter.text.as_deref().unwrap_or_default());
        self.page(query, Order::Down(&[Key::Int("due"), Key::Text("id")]), page, read).await
    }

    /// Changes a request that still has `version`. The first answer stops its clock; opening it again starts it where
    /// it stood.
    pub async fn update_request(&mut self, id: &RequestId, version: i64, data: &RequestData) -> Result<Request> {
        let before = self.get_request(id).await?;
        if before.customer.is_none() {
            self.require_all("changing a request for everybody")?;
        }
        let now = self.context().now();
        let answered = data.state.is_answer().then(|| before.answered.unwrap_or(now));
        let update = sql("UPDATE use_case_request SET content = ?, state = ?, search = ?, answered = ?, ")
            .push("version = version + 1 WHERE id = ? AND version = ?")
            .bind(json(data))
            .bind(data.state)
            .bind(search(data))
            .bind(answered)
            .bind(id)
            .bind(version);
        if self.execute(self.scoped(update, "customer")).await? == 0 {
            return Err(Error::Conflict { what: "request" });
        }
        self.changed(before.customer.as_ref(), Noun::UseCase, id.as_str());
        self.get_request(id).await
    }
}

fn search(data: &RequestData) -> Arg {
    Arg::from(searchable([data.title.as_str(), &data.description, data.rule_id.as_deref().unwrap_or_default()]))
}

fn read(row: &Row) -> Result<Request> {
    Ok(Request {
        id: row.parse("id")?,
        customer: row.parse_maybe("customer")?,
        data: row.json("content")?,
        requested_by: row.parse_maybe("requested_by")?,
        created: row.time("created")?,
        due: row.time("due")?,
        answered: row.time_maybe("answered")?,
        version: row.get("version")?,
    })
}
