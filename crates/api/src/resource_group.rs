//! Resource groups of customers.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::resource_group::{ResourceGroup, ResourceGroupData};
use model::{CustomerId, Page};
use ops::ResourceGroupFilter;
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
    OpenApiRouter::new().routes(routes!(list_resource_groups, create_resource_group)).routes(routes!(
        get_resource_group,
        update_resource_group,
        delete_resource_group
    ))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ResourceGroupQuery {
    /// Customer id.
    customer: Option<String>,
    /// Part of the name, note or a range, without case.
    text: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct ResourceGroupCreate {
    #[schema(value_type = String)]
    customer: CustomerId,
    #[serde(flatten)]
    data: ResourceGroupData,
}

/// The changed resource group and the version the change was made on.
#[derive(Deserialize, ToSchema)]
struct ResourceGroupUpdate {
    version: i64,
    #[serde(flatten)]
    data: ResourceGroupData,
}

/// Resource groups by customer and name.
#[utoipa::path(get, path = "/resource-groups", tag = "resource_group", params(ResourceGroupQuery, PageQuery),
    responses((status = 200, body = Page<ResourceGroup>)))]
async fn list_resource_groups(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<ResourceGroupQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ResourceGroup>>, Problem> {
    let filter = ResourceGroupFilter {
        customer: one("customer", query.customer.as_deref())?,
        text: query.text,
        ..ResourceGroupFilter::default()
    };
    Ok(Json(api.ops.list_resource_groups(&ctx, &filter, &page.request()).await?))
}

/// Creates one.
#[utoipa::path(post, path = "/resource-groups", tag = "resource_group", request_body = ResourceGroupCreate,
    responses((status = 201, body = ResourceGroup)))]
async fn create_resource_group(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(create): Body<ResourceGroupCreate>,
) -> Result<(StatusCode, Json<ResourceGroup>), Problem> {
    Ok((StatusCode::CREATED, Json(api.ops.create_resource_group(&ctx, &create.customer, create.data).await?)))
}

/// One of them.
#[utoipa::path(get, path = "/resource-groups/{id}", tag = "resource_group", params(("id" = String, Path)),
    responses((status = 200, body = ResourceGroup)))]
async fn get_resource_group(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(resource_group): Path<String>,
) -> Result<Json<ResourceGroup>, Problem> {
    Ok(Json(api.ops.get_resource_group(&ctx, &id(&resource_group)?).await?))
}

/// Changes one.
#[utoipa::path(put, path = "/resource-groups/{id}", tag = "resource_group", params(("id" = String, Path)),
    request_body = ResourceGroupUpdate, responses((status = 200, body = ResourceGroup)))]
async fn update_resource_group(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(resource_group): Path<String>,
    Body(update): Body<ResourceGroupUpdate>,
) -> Result<Json<ResourceGroup>, Problem> {
    Ok(Json(api.ops.update_resource_group(&ctx, &id(&resource_group)?, update.version, update.data).await?))
}

/// Removes one.
#[utoipa::path(delete, path = "/resource-groups/{id}", tag = "resource_group", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_resource_group(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(resource_group): Path<String>,
) -> Result<StatusCode, Problem> {
    api.ops.delete_resource_group(&ctx, &id(&resource_group)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
