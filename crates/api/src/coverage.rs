//! ATT&CK coverage.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use ops::Coverage;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::Problem;
use crate::query::{Query, one};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(get_coverage)).routes(routes!(get_coverage_layer))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CoverageQuery {
    /// Customer id; all the caller sees when absent.
    customer: Option<String>,
}

/// For each technique: which rules are deployed, have their data, can fire today, have fired.
#[utoipa::path(get, path = "/coverage", tag = "coverage", params(CoverageQuery),
    responses((status = 200, body = Coverage)))]
async fn get_coverage(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<CoverageQuery>,
) -> Result<Json<Coverage>, Problem> {
    let customer = one("customer", query.customer.as_deref())?;
    Ok(Json(api.ops.coverage(&ctx, customer.as_ref()).await?))
}

/// The same as a layer of ATT&CK Navigator, format 4.5.
#[utoipa::path(get, path = "/coverage/layer", tag = "coverage", params(CoverageQuery),
    responses((status = 200, body = Object)))]
async fn get_coverage_layer(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<CoverageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let customer = one("customer", query.customer.as_deref())?;
    let layer = api.ops.coverage_layer(&ctx, customer.as_ref()).await?;
    Ok(([(header::CONTENT_DISPOSITION, "attachment; filename=\"coverage.json\"")], Json(layer)))
}
