//! Assets of customers.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::asset::{Asset, AssetData};
use model::{CustomerId, Page};
use ops::AssetFilter;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id, one};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_assets, create_asset)).routes(routes!(
        get_asset,
        update_asset,
        delete_asset
    ))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AssetQuery {
    /// Customer id.
    customer: Option<String>,
    /// Part of the name, without case.
    text: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct AssetCreate {
    #[schema(value_type = String)]
    customer: CustomerId,
    #[serde(flatten)]
    data: AssetData,
}

/// The changed asset and the version the change was made on.
#[derive(Deserialize, ToSchema)]
struct AssetUpdate {
    version: i64,
    #[serde(flatten)]
    data: AssetData,
}

/// Assets by customer and name.
#[utoipa::path(get, path = "/assets", tag = "asset", params(AssetQuery, PageQuery),
    responses((status = 200, body = Page<Asset>)))]
async fn list_assets(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<AssetQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Asset>>, Problem> {
    let filter = AssetFilter {
        customer: one("customer", query.customer.as_deref())?,
        text: query.text,
        ..AssetFilter::default()
    };
    Ok(Json(api.ops.list_assets(&ctx, &filter, &page.request()).await?))
}

/// Creates one.
#[utoipa::path(post, path = "/assets", tag = "asset", request_body = AssetCreate,
    responses((status = 201, body = Asset)))]
async fn create_asset(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(create): Body<AssetCreate>,
) -> Result<(StatusCode, Json<Asset>), Problem> {
    Ok((StatusCode::CREATED, Json(api.ops.create_asset(&ctx, &create.customer, create.data).await?)))
}

/// One of them.
#[utoipa::path(get, path = "/assets/{id}", tag = "asset", params(("id" = String, Path)),
    responses((status = 200, body = Asset)))]
async fn get_asset(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(asset): Path<String>,
) -> Result<Json<Asset>, Problem> {
    Ok(Json(api.ops.get_asset(&ctx, &id(&asset)?).await?))
}

/// Changes one.
#[utoipa::path(put, path = "/assets/{id}", tag = "asset", params(("id" = String, Path)),
    request_body = AssetUpdate, responses((status = 200, body = Asset)))]
async fn update_asset(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(asset): Path<String>,
    Body(update): Body<AssetUpdate>,
) -> Result<Json<Asset>, Problem> {
    Ok(Json(api.ops.update_asset(&ctx, &id(&asset)?, update.version, update.data).await?))
}

/// Removes one.
#[utoipa::path(delete, path = "/assets/{id}", tag = "asset", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_asset(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(asset): Path<String>,
) -> Result<StatusCode, Problem> {
    api.ops.delete_asset(&ctx, &id(&asset)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
