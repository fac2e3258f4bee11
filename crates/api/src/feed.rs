//! Feeds of indicators, and what has come of a list.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::intel::{Feed, FeedData};
use model::{CustomerId, Page, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_feeds, add_feed))
        .routes(routes!(get_feed, update_feed, delete_feed))
        .routes(routes!(fetch_feed))
        .routes(routes!(intel_list_hits))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FeedQuery {
    /// Part of the name or the address, without case.
    text: Option<String>,
}

/// A feed that is wanted.
#[derive(Deserialize, ToSchema)]
struct FeedCreate {
    #[serde(flatten)]
    data: FeedData,
    /// Its customers; every customer in sight when empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    customers: Vec<CustomerId>,
    /// A password or a token. It is sealed, and never given back.
    secret: Option<String>,
}

/// A changed feed and the version the change was made on.
#[derive(Deserialize, ToSchema)]
struct FeedUpdate {
    version: i64,
    #[serde(flatten)]
    data: FeedData,
    /// Kept as it is when absent, removed when empty.
    secret: Option<String>,
}

/// What alerts have come of a list.
#[derive(Serialize, ToSchema)]
struct ListHits {
    /// Alerts.
    alerts: i64,
    /// Events behind them.
    events: i64,
    /// Alerts in incidents that people found to be true.
    confirmed: i64,
    /// Alerts in incidents that people rejected.
    rejected: i64,
    /// The last event behind one.
    last: Option<Timestamp>,
}

/// Feeds, newest first.
#[utoipa::path(get, path = "/feeds", tag = "intel", params(FeedQuery, PageQuery),
    responses((status = 200, body = Page<Feed>)))]
async fn list_feeds(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<FeedQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Feed>>, Problem> {
    Ok(Json(api.ops.list_feeds(&ctx, query.text.as_deref(), &page.request()).await?))
}

/// Adds a feed. It is fetched at once.
#[utoipa::path(post, path = "/feeds", tag = "intel", request_body = FeedCreate,
    responses((status = 201, body = Feed)))]
async fn add_feed(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(create): Body<FeedCreate>,
) -> Result<(StatusCode, Json<Feed>), Problem> {
    let feed = api.ops.add_feed(&ctx, create.data, &create.customers, create.secret).await?;
    Ok((StatusCode::CREATED, Json(feed)))
}

/// One feed.
#[utoipa::path(get, path = "/feeds/{id}", tag = "intel", params(("id" = String, Path)),
    responses((status = 200, body = Feed)))]
async fn get_feed(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(feed): Path<String>,
) -> Result<Json<Feed>, Problem> {
    Ok(Json(api.ops.get_feed(&ctx, &id(&feed)?).await?))
}

/// Changes a feed. It is fetched at once; one that is switched off keeps what it has brought.
#[utoipa::path(put, path = "/feeds/{id}", tag = "intel", params(("id" = String, Path)),
    request_body = FeedUpdate, responses((status = 200, body = Feed)))]
async fn update_feed(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(feed): Path<String>,
    Body(update): Body<FeedUpdate>,
) -> Result<Json<Feed>, Problem> {
    Ok(Json(api.ops.update_feed(&ctx, &id(&feed)?, update.version, update.data, update.secret).await?))
}

/// Removes a feed with its list. Alerts and hunts keep what they found.
#[utoipa::path(delete, path = "/feeds/{id}", tag = "intel", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_feed(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(feed): Path<String>,
) -> Result<StatusCode, Problem> {
    api.ops.delete_feed(&ctx, &id(&feed)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has a feed fetched now.
#[utoipa::path(post, path = "/feeds/{id}/fetch", tag = "intel", params(("id" = String, Path)),
    responses((status = 200, body = Feed)))]
async fn fetch_feed(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(feed): Path<String>,
) -> Result<Json<Feed>, Problem> {
    Ok(Json(api.ops.fetch_feed(&ctx, &id(&feed)?).await?))
}

/// What alerts have come of a list, and what people made of them.
#[utoipa::path(get, path = "/intel-lists/{id}/hits", tag = "intel", params(("id" = String, Path)),
    responses((status = 200, body = ListHits)))]
async fn intel_list_hits(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(list): Path<String>,
) -> Result<Json<ListHits>, Problem> {
    let ops::ListHits { alerts, events, confirmed, rejected, last } =
        api.ops.intel_list_hits(&ctx, &id(&list)?).await?;
    Ok(Json(ListHits { alerts, events, confirmed, rejected, last }))
}
