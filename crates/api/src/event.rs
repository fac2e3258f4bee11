//! Event search.

use std::time::Instant;

use axum::Json;
use axum::body::Body as AxumBody;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use model::core_field::{CORE_FIELDS, CoreType};
use model::event::StoredEvent;
use model::search::{Bucket, EventQuery, ExportFormat, FieldFilter, FieldStats, ValueCount};
use model::{CustomerId, DeviceId, PageRequest, TimeRange, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::export::media_type;
use crate::problem::{Body, Problem};
use crate::query::{Path, id};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(search_events))
        .routes(routes!(event_histogram))
        .routes(routes!(top_values))
        .routes(routes!(field_stats))
        .routes(routes!(export_events))
        .routes(routes!(sql_events))
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
    /// The search language: `source_ip:10.0.0.0/8 AND user_name:li* NOT event_action:allow "failed password"`.
    #[serde(default)]
    q: String,
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

/// What an answer took.
#[derive(Serialize, ToSchema)]
struct Cost {
    /// Bytes of lake files that were read.
    bytes: u64,
    /// Until the answer stood, waiting for its turn included.
    milliseconds: u64,
}

#[derive(Serialize, ToSchema)]
struct EventPage {
    items: Vec<StoredEvent>,
    /// Where the next page begins; absent on the last one.
    #[schema(value_type = Option<String>)]
    next: Option<model::Cursor>,
    cost: Cost,
}

#[derive(Serialize, ToSchema)]
struct Histogram {
    /// Events in all.
    total: i64,
    buckets: Vec<Bucket>,
    cost: Cost,
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

#[derive(Deserialize, ToSchema)]
struct FieldStatsRequest {
    #[serde(flatten)]
    search: EventSearch,
    /// Core fields or records' own field names, 1 to 20.
    fields: Vec<String>,
    /// Commonest values wanted of each, 1 to 100.
    size: Option<usize>,
}

#[derive(Serialize, ToSchema)]
struct FieldStatsList {
    items: Vec<FieldStats>,
    cost: Cost,
}

#[derive(Deserialize, ToSchema)]
struct ExportRequest {
    #[serde(flatten)]
    search: EventSearch,
    format: ExportFormat,
    /// Columns of CSV and Parquet files: `id`, `time`, `received`, `customer`, `device`, `source`, `raw`, core fields,
    /// records' own fields; common ones when empty.
    #[serde(default)]
    columns: Vec<String>,
    /// Events at most, 1 to 5000000; 100000 unless said.
    most: Option<usize>,
}

/// A SELECT over the view `events`: `id`, `time`, `received`, `customer`, `device`, `source`, `raw`, core fields by name
/// and type, the record's own fields as `f_<name>`.
#[derive(Deserialize, ToSchema)]
struct SqlRequest {
    sql: String,
    /// Record time, first instant inside.
    from: Timestamp,
    /// Record time, first instant after.
    to: Timestamp,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    customers: Vec<CustomerId>,
    /// Rows at most, 1 to 10000; 1000 unless said.
    limit: Option<usize>,
}

#[derive(Serialize, ToSchema)]
struct SqlAnswerColumn {
    name: String,
    /// text, int, float, bool, time or other.
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize, ToSchema)]
struct SqlAnswer {
    columns: Vec<SqlAnswerColumn>,
    #[schema(value_type = Vec<Vec<Object>>)]
    rows: Vec<Vec<serde_json::Value>>,
    /// Whether there were more.
    truncated: bool,
    cost: Cost,
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

/// Does a search and says what it took.
async fn counted<T>(search: impl Future<Output = ops::Result<T>>) -> Result<(T, Cost), Problem> {
    let began = Instant::now();
    let (found, bytes) = ops::measured(search).await;
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok((found?, Cost { bytes, milliseconds }))
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
            condition: self.q.parse().map_err(|error| Problem::invalid("q", error))?,
            text: self.text,
            page: PageRequest::new(self.limit.unwrap_or(100), self.after),
        })
    }
}

/// Events, the newest first.
#[utoipa::path(post, path = "/events/search", tag = "event", request_body = EventSearch,
    responses((status = 200, body = EventPage)))]
async fn search_events(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(search): Body<EventSearch>,
) -> Result<Json<EventPage>, Problem> {
    let (page, cost) = counted(api.ops.search_events(&ctx, &search.query()?)).await?;
    Ok(Json(EventPage { items: page.items, next: page.next, cost }))
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
    let (buckets, cost) = counted(api.ops.event_histogram(&ctx, &request.search.query()?, bars)).await?;
    Ok(Json(Histogram { total: buckets.iter().map(|bucket| bucket.count).sum(), buckets, cost }))
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

/// What fields hold among matching events.
#[utoipa::path(post, path = "/events/fields", tag = "event", request_body = FieldStatsRequest,
    responses((status = 200, body = FieldStatsList)))]
async fn field_stats(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(request): Body<FieldStatsRequest>,
) -> Result<Json<FieldStatsList>, Problem> {
    let size = request.size.unwrap_or(5).clamp(1, 100);
    let query = request.search.query()?;
    let (items, cost) = counted(api.ops.field_stats(&ctx, &query, &request.fields, size)).await?;
    Ok(Json(FieldStatsList { items, cost }))
}

/// Matching events as a file, streamed. A connection that breaks off leaves it incomplete.
#[utoipa::path(post, path = "/events/export", tag = "event", request_body = ExportRequest,
    responses((status = 200, description = "The file", content_type = "application/octet-stream", body = Vec<u8>)))]
async fn export_events(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(request): Body<ExportRequest>,
) -> Result<Response, Problem> {
    let (format, most) = (request.format, request.most.unwrap_or(100_000));
    let query = request.search.query()?;
    let export = api.ops.stream_events(&ctx, &query, format, &request.columns, most).await?;
    let parts = futures::stream::unfold(export, |mut export| async move {
        let part = export.next().await?;
        let part = part.map_err(|error| {
            tracing::error!(%error, "an export broke off");
            std::io::Error::other("the export broke off")
        });
        Some((part, export))
    });
    let kind = media_type(format);
    let name = format!("attachment; filename=\"events.{}\"", format.as_str());
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], AxumBody::from_stream(parts))
        .into_response())
}

/// A SELECT over `events`, for experts.
#[utoipa::path(post, path = "/events/sql", tag = "event", request_body = SqlRequest,
    responses((status = 200, body = SqlAnswer)))]
async fn sql_events(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(request): Body<SqlRequest>,
) -> Result<Json<SqlAnswer>, Problem> {
    let range = TimeRange { from: request.from, to: request.to };
    let rows = request.limit.unwrap_or(1_000);
    let (result, cost) = counted(api.ops.sql_events(&ctx, &request.sql, range, &request.customers, rows)).await?;
    let columns = result.columns.into_iter().map(|column| SqlAnswerColumn { name: column.name, kind: column.kind });
    Ok(Json(SqlAnswer { columns: columns.collect(), rows: result.rows, truncated: result.truncated, cost }))
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
