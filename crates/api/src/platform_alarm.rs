//! Alarms of the platform about itself.

use axum::Json;
use axum::extract::State;
use model::Page;
use model::platform_alarm::PlatformAlarm;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::Problem;
use crate::query::{PageQuery, Query};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_platform_alarms)).routes(routes!(standing_platform_alarms))
}

#[derive(Serialize, ToSchema)]
struct PlatformAlarms {
    items: Vec<PlatformAlarm>,
}

/// Alarms that stand and those that are over, the newest first.
#[utoipa::path(get, path = "/platform-alarms", tag = "platform", params(PageQuery),
    responses((status = 200, body = Page<PlatformAlarm>)))]
async fn list_platform_alarms(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PlatformAlarm>>, Problem> {
    Ok(Json(api.ops.list_platform_alarms(&ctx, &page.request()).await?))
}

/// Alarms that stand now.
#[utoipa::path(get, path = "/platform-alarms/standing", tag = "platform",
    responses((status = 200, body = PlatformAlarms)))]
async fn standing_platform_alarms(
    State(api): State<Api>,
    Signed(ctx): Signed,
) -> Result<Json<PlatformAlarms>, Problem> {
    Ok(Json(PlatformAlarms { items: api.ops.standing_platform_alarms(&ctx).await? }))
}
