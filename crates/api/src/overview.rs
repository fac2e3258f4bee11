//! Counts for the workbench, and what the platform says of itself.

use axum::Json;
use axum::extract::State;
use ops::{CustomerFunnel, FunnelQuery, Overview};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::Problem;
use crate::query::{Query, one};
use crate::state::{About, Api};

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(get_overview)).routes(routes!(get_funnel)).routes(routes!(get_about))
}

/// Counts for the workbench.
#[utoipa::path(get, path = "/overview", tag = "overview", responses((status = 200, body = Overview)))]
async fn get_overview(State(api): State<Api>, Signed(ctx): Signed) -> Result<Json<Overview>, Problem> {
    Ok(Json(api.ops.overview(&ctx).await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FunnelParams {
    /// Of one customer; of all in scope when absent.
    customer: Option<String>,
    /// First day, such as 2026-11-01; thirty days to the last when absent.
    from: Option<String>,
    /// Last day; today when absent.
    to: Option<String>,
}

/// From events to incidents, by customer and day of the customer's time zone.
#[utoipa::path(get, path = "/funnel", tag = "overview", params(FunnelParams), responses((status = 200, body = Vec<CustomerFunnel>)))]
async fn get_funnel(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<FunnelParams>,
) -> Result<Json<Vec<CustomerFunnel>>, Problem> {
    let customer = one("customer", query.customer.as_deref())?;
    let query = FunnelQuery { customer, from: query.from, to: query.to };
    Ok(Json(api.ops.funnel(&ctx, &query).await?))
}

/// What the platform says of itself to anybody.
#[utoipa::path(get, path = "/about", tag = "overview", security(()), responses((status = 200, body = About)))]
async fn get_about(State(api): State<Api>) -> Json<About> {
    Json((*api.about).clone())
}
