//! What baselines know of customers.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::CustomerId;
use model::baseline::{BaselineProgress, GroupProfile};
use ops::{BaselineOfCustomer, GroupWish};
use serde::Serialize;
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
        .routes(routes!(list_profiles))
        .routes(routes!(get_profiles))
        .routes(routes!(look_up_profile))
        .routes(routes!(forget_profile))
}

/// How far a baseline is, by customer.
#[derive(Serialize, ToSchema)]
struct BaselineProgresses {
    items: Vec<BaselineProgress>,
}

/// How far a baseline is, for each customer it has seen an event of.
#[utoipa::path(get, path = "/rules/{id}/profiles", tag = "use_case", params(("id" = String, Path)),
    responses((status = 200, body = BaselineProgresses)))]
async fn list_profiles(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(rule): Path<String>,
) -> Result<Json<BaselineProgresses>, Problem> {
    Ok(Json(BaselineProgresses { items: api.ops.baseline_progress(&ctx, &rule).await? }))
}

/// How far a baseline is for a customer, and whom it knows.
#[utoipa::path(get, path = "/rules/{id}/profiles/{customer}", tag = "use_case",
    params(("id" = String, Path), ("customer" = String, Path)), responses((status = 200, body = BaselineOfCustomer)))]
async fn get_profiles(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path((rule, customer)): Path<(String, String)>,
) -> Result<Json<BaselineOfCustomer>, Problem> {
    let customer: CustomerId = id(&customer)?;
    Ok(Json(api.ops.baseline_of(&ctx, &rule, &customer).await?))
}

/// What is usual for a group.
#[utoipa::path(post, path = "/rules/{id}/profiles/{customer}/look-up", tag = "use_case",
    params(("id" = String, Path), ("customer" = String, Path)), request_body = GroupWish,
    responses((status = 200, body = GroupProfile)))]
async fn look_up_profile(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path((rule, customer)): Path<(String, String)>,
    Body(wish): Body<GroupWish>,
) -> Result<Json<GroupProfile>, Problem> {
    let customer: CustomerId = id(&customer)?;
    Ok(Json(api.ops.group_profile(&ctx, &rule, &customer, wish).await?))
}

/// Forgets what is usual for a group, so that it learns anew.
#[utoipa::path(post, path = "/rules/{id}/profiles/{customer}/forget", tag = "use_case",
    params(("id" = String, Path), ("customer" = String, Path)), request_body = GroupWish,
    responses((status = 204)))]
async fn forget_profile(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path((rule, customer)): Path<(String, String)>,
    Body(wish): Body<GroupWish>,
) -> Result<StatusCode, Problem> {
    let customer: CustomerId = id(&customer)?;
    api.ops.forget_profile(&ctx, &rule, &customer, wish).await?;
    Ok(StatusCode::NO_CONTENT)
}
