//! Looking at events: every look by a person is on record before anything is shown (catalogue A2).

use lake::{SqlLimits, SqlResult};
use model::event::StoredEvent;
use model::role::Permission;
use model::search::{Bucket, EventQuery, ExportFormat, FieldStats, ValueCount};
use model::{Context, CustomerId, EventId, Page, Scope, TimeRange};
use serde_json::json;

use crate::error::{Error, Problems, Result};
use crate::{Ops, audit};

/// The most bars of a histogram, values of a field, fields described at a time, filters of a query, characters of free
/// text, columns of an export and characters of an SQL text.
const BARS: usize = 500;
const VALUES: usize = 100;
const FIELDS: usize = 20;
const FILTERS: usize = 50;
const TEXT: usize = 1_000;
const COLUMNS: usize = 200;
const SQL: usize = 20_000;

/// Events of an export and rows of an SQL query at most.
const EXPORTED: usize = 5_000_000;
const ROWS: usize = 10_000;

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

    /// What fields (1 to 20) hold among matching events: how many have them, about how many values, the `size` (1 to 100)
    /// commonest.
    pub async fn field_stats(
        &self,
        ctx: &Context,
        query: &EventQuery,
        fields: &[String],
        size: usize,
    ) -> Result<Vec<FieldStats>> {
        ctx.require(Permission::EventRead)?;
        let mut problems = check(query);
        problems.expect((1..=VALUES).contains(&size), "size", "must be 1 to 100");
        problems.expect((1..=FIELDS).contains(&fields.len()), "fields", "must be 1 to 20");
        problems.expect(are_names(fields), "fields", "must have 1 to 200 characters each");
        problems.done()?;
        self.record_look(ctx, "event.field_stats", query).await?;
        Ok(self.lake().field_stats(ctx, query, fields, size).await?)
    }

    /// Matching events as a file, at most `most` of them. On record before the first byte leaves.
    pub async fn stream_events(
        &self,
        ctx: &Context,
        query: &EventQuery,
        format: ExportFormat,
        columns: &[String],
        most: usize,
    ) -> Result<lake::Export> {
        ctx.require(Permission::EventRead)?;
        let mut problems = check(query);
        problems.expect(columns.len() <= COLUMNS, "columns", "must be at most 200");
        problems.expect(are_names(columns), "columns", "must have 1 to 200 characters each");
        problems.expect((1..=EXPORTED).contains(&most), "most", "must be 1 to 5000000");
        problems.done()?;
        self.record_look(ctx, "event.export", query).await?;
        Ok(self.lake().export_stream(ctx, query, format, columns, most).await?)
    }

    /// A SELECT over the view `events`, which holds what the caller may see of a time range.
    pub async fn sql_events(
        &self,
        ctx: &Context,
        sql: &str,
        range: TimeRange,
        customers: &[CustomerId],
        rows: usize,
    ) -> Result<SqlResult> {
        ctx.require(Permission::EventRead)?;
        let mut problems = Problems::default();
        problems.expect(range.from < range.to, "to", "must be after from");
        problems.expect((1..=SQL).contains(&sql.chars().count()), "sql", "must have 1 to 20000 characters");
        problems.expect((1..=ROWS).contains(&rows), "limit", "must be 1 to 10000");
        problems.done()?;
        let query = EventQuery { customers: customers.to_vec(), ..EventQuery::all(range) };
        self.record(
            ctx,
            "event.sql",
            &query,
            json!({"sql": sql, "from": range.from, "to": range.to, "customers": customers}),
        )
        .await?;
        let limits = SqlLimits { customers: customers.to_vec(), rows, ..SqlLimits::new(range) };
        self.lake().sql(ctx, sql, &limits).await.map_err(|error| match error {
            error @ lake::Error::Sql { .. } => Error::invalid("sql", &error.to_string()),
            error => error.into(),
        })
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
    pub(crate) async fn record_look(&self, ctx: &Context, action: &'static str, query: &EventQuery) -> Result<()> {
        let detail = json!({
            "from": query.range.from,
            "to": query.range.to,
            "customers": query.customers,
            "devices": query.devices,
            "sources": query.sources,
            "filters": query.filters,
            "q": query.condition.to_string(),
            "text": query.text,
            "further_page": query.page.after.is_some(),
        });
        self.record(ctx, action, query, detail).await
    }

    async fn record(
        &self,
        ctx: &Context,
        action: &'static str,
        query: &EventQuery,
        detail: serde_json::Value,
    ) -> Result<()> {
        if ctx.actor().user().is_none() {
            return Ok(());
        }
        let scope = ctx.scope().narrow(&query.customers);
        let only = match &scope {
            Scope::Customers(customers) if customers.len() == 1 => customers.first(),
            _ => None,
        };
        let mut tx = self.store().write(ctx).await?;
        tx.audit(audit(only, action, "events", detail)).await?;
        Ok(tx.commit().await?)
    }
}

pub(crate) fn are_names(names: &[String]) -> bool {
    names.iter().all(|name| (1..=200).contains(&name.len()))
}

/// What is wrong with a search.
pub(crate) fn check(query: &EventQuery) -> Problems {
    let mut problems = Problems::default();
    problems.expect(query.range.from < query.range.to, "to", "must be after from");
    problems.expect(query.filters.len() <= FILTERS, "filters", "must be at most 50");
    problems.expect(query.text.chars().count() <= TEXT, "text", "must have at most 1000 characters");
    problems
}
