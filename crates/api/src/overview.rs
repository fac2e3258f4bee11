//! Counts for the workbench, and what the platform says of itself.

use axum::Json;
use axum::extract::State;
use ops::Overview;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::Problem;
use crate::state::{About, Api};

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(get_overview)).routes(routes!(get_about))
}

/// Counts for the workbench.
#[utoipa::path(get, path = "/overview", tag = "overview", responses((status = 200, body = Overview)))]
async fn get_overview(State(api): State<Api>, Signed(ctx): Signed) -> Result<Json<Overview>, Problem> {
    Ok(Json(api.ops.overview(&ctx).await?))
}

/// What the platform says of itself to anybody.
#[utoipa::path(get, path = "/about", tag = "overview", security(()), responses((status = 200, body = About)))]
async fn get_about(State(api): State<Api>) -> Json<About> {
    Json((*api.about).clone())
}
