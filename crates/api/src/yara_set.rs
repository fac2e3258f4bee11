//! YARA rules: those every installation has, and sets of our own.

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use model::yara::{YaraSet, YaraSetData};
use model::{CustomerId, Page};
use ops::{BuiltInYara, YaraCheck, YaraSetView, YaraSetWish};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id};
use crate::state::Api;

/// The most a body may hold: a text of 4 MiB as JSON writes it.
const TEXT_LIMIT: usize = 12 << 20;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_yara_sets, create_yara_set))
        .routes(routes!(get_yara_set, update_yara_set, delete_yara_set))
        .routes(routes!(check_yara))
        .routes(routes!(built_in_yara))
        .layer(DefaultBodyLimit::max(TEXT_LIMIT))
}

#[derive(Deserialize, ToSchema)]
struct YaraSetRequest {
    #[serde(flatten)]
    data: YaraSetData,
    /// Customers whose files it is for; every customer's when null.
    #[schema(value_type = Option<Vec<String>>)]
    customers: Option<Vec<CustomerId>>,
    /// Its rules.
    text: String,
    /// Keep it though some rules do not load: they are left out and told.
    #[serde(default)]
    leave_out: bool,
}

#[derive(Deserialize, ToSchema)]
struct YaraSetUpdate {
    version: i64,
    #[serde(flatten)]
    request: YaraSetRequest,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct YaraText {
    /// Rules.
    text: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct VersionQuery {
    /// The version the caller has seen.
    version: i64,
}

impl From<YaraSetRequest> for YaraSetWish {
    fn from(request: YaraSetRequest) -> Self {
        let YaraSetRequest { data, customers, text, leave_out } = request;
        YaraSetWish { data, customers, text, leave_out }
    }
}

/// Sets of rules by name, without their texts.
#[utoipa::path(get, path = "/yara-sets", tag = "yara", params(PageQuery),
    responses((status = 200, body = Page<YaraSet>)))]
async fn list_yara_sets(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<YaraSet>>, Problem> {
    Ok(Json(api.ops.list_yara_sets(&ctx, &page.request()).await?))
}

/// Keeps a set of rules. Files that are there are held against it.
#[utoipa::path(post, path = "/yara-sets", tag = "yara", request_body = YaraSetRequest,
    responses((status = 201, body = YaraSetView)))]
async fn create_yara_set(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(request): Body<YaraSetRequest>,
) -> Result<(StatusCode, Json<YaraSetView>), Problem> {
    Ok((StatusCode::CREATED, Json(api.ops.create_yara_set(&ctx, request.into()).await?)))
}

/// One set with its text.
#[utoipa::path(get, path = "/yara-sets/{id}", tag = "yara", params(("id" = String, Path)),
    responses((status = 200, body = YaraSetView)))]
async fn get_yara_set(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(set): Path<String>,
) -> Result<Json<YaraSetView>, Problem> {
    Ok(Json(api.ops.get_yara_set(&ctx, &id(&set)?).await?))
}

/// Changes a set of rules.
#[utoipa::path(put, path = "/yara-sets/{id}", tag = "yara", params(("id" = String, Path)), request_body = YaraSetUpdate,
    responses((status = 200, body = YaraSetView)))]
async fn update_yara_set(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(set): Path<String>,
    Body(update): Body<YaraSetUpdate>,
) -> Result<Json<YaraSetView>, Problem> {
    Ok(Json(api.ops.update_yara_set(&ctx, &id(&set)?, update.version, update.request.into()).await?))
}

/// Removes a set of rules.
#[utoipa::path(delete, path = "/yara-sets/{id}", tag = "yara", params(("id" = String, Path), VersionQuery),
    responses((status = 204)))]
async fn delete_yara_set(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(set): Path<String>,
    Query(query): Query<VersionQuery>,
) -> Result<StatusCode, Problem> {
    api.ops.delete_yara_set(&ctx, &id(&set)?, query.version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a text of rules holds, and what of it does not load, with places. Nothing is kept.
#[utoipa::path(post, path = "/yara-check", tag = "yara", request_body = YaraText,
    responses((status = 200, body = YaraCheck)))]
async fn check_yara(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(text): Body<YaraText>,
) -> Result<Json<YaraCheck>, Problem> {
    Ok(Json(api.ops.check_yara(&ctx, text.text).await?))
}

/// The rules every installation has.
#[utoipa::path(get, path = "/yara-built-in", tag = "yara", responses((status = 200, body = BuiltInYara)))]
async fn built_in_yara(State(api): State<Api>, Signed(ctx): Signed) -> Result<Json<BuiltInYara>, Problem> {
    Ok(Json(api.ops.built_in_yara(&ctx).await?))
}
