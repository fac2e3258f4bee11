//! Event search.

use axum::Json;
use axum::extract::State;
use model::core_field::{CORE_FIELDS, CoreType};
use model::event::StoredEvent;
use model::search::{Bucket, EventQuery, FieldFilter, ValueCount};
use model::{CustomerId, DeviceId, Page, PageRequest, TimeRange, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{Path, id};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(search_events))
        .routes(routes!(event_histogram))
        .routes(routes!(top_values))
        .routes(routes!(get_event))
        .routes(routes!(list_fields))
}

/// What to look for. Customers only narrow what the caller may see anyway.
#[derive(Deserialize, ToSchema)]
struct EventSearch {
    /// Record time, first instant inside.
    from: Timestamp,
    /// Record time, first instant after.
    to: Timestamp,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    customers: Vec<CustomerId>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    devices: Vec<DeviceId>,
    /// Source folders, such as `openssh_sshd`.
    #[serde(default)]
    sources: Vec<String>,
    /// Every one must hold.
    #[serde(default)]
    filters: Vec<FieldFilter>,
    /// Words and quoted phrases that must all occur in the record, without case.
    #[serde(default)]
    text: String,
    limit: Option<usize>,
    #[schema(value_type = Option<String>)]
    after: Option<model::Cursor>,
}

#[derive(Deserialize, ToSchema)]
struct HistogramRequest {
    #[serde(flatten)]
    search: EventSearch,
    /// Bars wanted, 1 to 500; about so many come, on round steps.
    bars: Option<usize>,
}

#[derive(Serialize, ToSchema)]
struct Histogram {
    /// Events in all.
    total: i64,
    buckets: Vec<Bucket>,
}

#[derive(Deserialize, ToSchema)]
struct TopRequest {
    #[serde(flatten)]
    search: EventSearch,
    /// A core field or a record's own field name.
    field: String,
    /// Values wanted, 1 to 100.
    size: Option<usize>,
}

#[derive(Serialize, ToSchema)]
struct TopValues {
    items: Vec<ValueCount>,
}

#[derive(Serialize, ToSchema)]
struct CoreField {
    name: &'static str,
    /// text, address or int.
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize, ToSchema)]
struct FieldList {
    core: Vec<CoreField>,
}

impl EventSearch {
    fn query(self) -> Result<EventQuery, Problem> {
        if self.from >= self.to {
            return Err(Problem::invalid("to", "must be after `from`"));
        }
        Ok(EventQuery {
            range: TimeRange { from: self.from, to: self.to },
            customers: self.customers,
            devices: self.devices,
            sources: self.sources,
            filters: self.filters,
            condition: model::query::Query::All,
            text: self.text,
            page: PageRequest::new(self.limit.unwrap_or(100), self.after),
        })
    }
}

/// Events, the newest first.
#[utoipa::path(post, path = "/events/search", tag = "event", request_body = EventSearch,
    responses((status = 200, body = Page<StoredEvent>)))]
async fn search_events(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(search): Body<EventSearch>,
) -> Result<Json<Page<StoredEvent>>, Problem> {
    Ok(Json(api.ops.search_events(&ctx, &search.query()?).await?))
}

/// How many events, over time.
#[utoipa::path(post, path = "/events/histogram", tag = "event", request_body = HistogramRequest,
    responses((status = 200, body = Histogram)))]
async fn event_histogram(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(request): Body<HistogramRequest>,
) -> Result<Json<Histogram>, Problem> {
    let bars = request.bars.unwrap_or(60).clamp(1, 500);
    let buckets = api.ops.event_histogram(&ctx, &request.search.query()?, bars).await?;
    Ok(Json(Histogram { total: buckets.iter().map(|bucket| bucket.count).sum(), buckets }))
}

/// A field's commonest values.
#[utoipa::path(post, path = "/events/top", tag = "event", request_body = TopRequest,
    responses((status = 200, body = TopValues)))]
async fn top_values(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(request): Body<TopRequest>,
) -> Result<Json<TopValues>, Problem> {
    let size = request.size.unwrap_or(10).clamp(1, 100);
    let items = api.ops.top_values(&ctx, &request.search.query()?, &request.field, size).await?;
    Ok(Json(TopValues { items }))
}

/// One event.
#[utoipa::path(get, path = "/events/{id}", tag = "event", params(("id" = String, Path)),
    responses((status = 200, body = StoredEvent)))]
async fn get_event(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(event): Path<String>,
) -> Result<Json<StoredEvent>, Problem> {
    Ok(Json(api.ops.get_event(&ctx, &id(&event)?).await?))
}

/// The core fields every source maps to.
#[utoipa::path(get, path = "/fields", tag = "event", responses((status = 200, body = FieldList)))]
async fn list_fields(Signed(ctx): Signed) -> Result<Json<FieldList>, Problem> {
    ctx.require(model::role::Permission::EventRead)?;
    let core = CORE_FIELDS.iter().map(|(name, kind)| CoreField {
        name,
        kind: match kind {
            CoreType::Text => "text",
            CoreType::Address => "address",
            CoreType::Int => "int",
        },
    });
    Ok(Json(FieldList { core: core.collect() }))
}
