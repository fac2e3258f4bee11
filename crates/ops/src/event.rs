//! Looking at events: every look by a person is on record before anything is shown (catalogue A2).

use model::event::StoredEvent;
use model::role::Permission;
use model::search::{Bucket, EventQuery, ValueCount};
use model::{Context, EventId, Page, Scope};
use serde_json::json;

use crate::error::{Error, Problems, Result};
use crate::{Ops, audit};

/// The most bars of a histogram, values of a field, filters of a query and characters of free text.
const BARS: usize = 500;
const VALUES: usize = 100;
const FILTERS: usize = 50;
const TEXT: usize = 1_000;

impl Ops {
    /// Events that match, newest first.
    pub async fn search_events(&self, ctx: &Context, query: &EventQuery) -> Result<Page<StoredEvent>> {
        ctx.require(Permission::EventRead)?;
        check(query).done()?;
        self.record_look(ctx, "event.search", query).await?;
        Ok(self.lake().search(ctx, query).await?)
    }

    /// How many events match, over time, in `bars` bars (1 to 500) of the query's range.
    pub async fn event_histogram(&self, ctx: &Context, query: &EventQuery, bars: usize) -> Result<Vec<Bucket>> {
        ctx.require(Permission::EventRead)?;
        let mut problems = check(query);
        problems.expect((1..=BARS).contains(&bars), "bars", "must be 1 to 500");
        problems.done()?;
        self.record_look(ctx, "event.histogram", query).await?;
        Ok(self.lake().histogram(ctx, query, bars).await?)
    }

    /// The commonest values of a field among matching events, at most `size` (1 to 100).
    pub async fn top_values(
        &self,
        ctx: &Context,
        query: &EventQuery,
        field: &str,
        size: usize,
    ) -> Result<Vec<ValueCount>> {
        ctx.require(Permission::EventRead)?;
        let mut problems = check(query);
        problems.expect((1..=VALUES).contains(&size), "size", "must be 1 to 100");
        problems.expect((1..=200).contains(&field.len()), "field", "must have 1 to 200 characters");
        problems.done()?;
        self.record_look(ctx, "event.top_values", query).await?;
        Ok(self.lake().top_values(ctx, query, field, size).await?)
    }

    /// One event, whole.
    pub async fn get_event(&self, ctx: &Context, id: &EventId) -> Result<StoredEvent> {
        ctx.require(Permission::EventRead)?;
        let event = self.lake().get(ctx, id).await?.ok_or(Error::NotFound("event"))?;
        if ctx.actor().user().is_some() {
            let mut tx = self.store().write(ctx).await?;
            tx.audit(audit(Some(&event.customer), "event.get", id, json!({}))).await?;
            tx.commit().await?;
        }
        Ok(event)
    }

    /// Writes down what a person is about to look for. A job's searches are its own affair.
    async fn record_look(&self, ctx: &Context, action: &'static str, query: &EventQuery) -> Result<()> {
        if ctx.actor().user().is_none() {
            return Ok(());
        }
        let scope = ctx.scope().narrow(&query.customers);
        let only = match &scope {
            Scope::Customers(customers) if customers.len() == 1 => customers.first(),
            _ => None,
        };
        let detail = json!({
            "from": query.range.from,
            "to": query.range.to,
            "customers": query.customers,
            "devices": query.devices,
            "sources": query.sources,
            "filters": query.filters,
            "text": query.text,
            "further_page": query.page.after.is_some(),
        });
        let mut tx = self.store().write(ctx).await?;
        tx.audit(audit(only, action, "events", detail)).await?;
        Ok(tx.commit().await?)
    }
}

fn check(query: &EventQuery) -> Problems {
    let mut problems = Problems::default();
    problems.expect(query.range.from < query.range.to, "to", "must be after from");
    problems.expect(query.filters.len() <= FILTERS, "filters", "must be at most 50");
    problems.expect(query.text.chars().count() <= TEXT, "text", "must have at most 1000 characters");
    problems
}
