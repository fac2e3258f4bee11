//! How devices do.

use axum::Json;
use axum::extract::State;
use model::event::StoredEvent;
use ops::{DeviceConnections, DeviceFields, DeviceHealth};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::Problem;
use crate::query::{Path, Query, id, one};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(device_health))
        .routes(routes!(device_fields))
        .routes(routes!(device_unrecognised))
        .routes(routes!(device_connections))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct HealthQuery {
    /// How far back: `24h` (by five minutes), `7d` or `30d` (by the hour); `24h` unless told.
    span: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct DeviceSamples {
    items: Vec<StoredEvent>,
}

/// What came from a device and how late, what took it apart, and how its silence is judged.
#[utoipa::path(get, path = "/devices/{id}/health", tag = "device", params(("id" = String, Path), HealthQuery),
    responses((status = 200, body = DeviceHealth)))]
async fn device_health(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(device): Path<String>,
    Query(query): Query<HealthQuery>,
) -> Result<Json<DeviceHealth>, Problem> {
    let span = one("span", query.span.as_deref())?.unwrap_or_default();
    Ok(Json(api.ops.device_health(&ctx, &id(&device)?, span).await?))
}

/// The fields of a device's records, and those that live rules ask for and that never come.
#[utoipa::path(get, path = "/devices/{id}/fields", tag = "device", params(("id" = String, Path)),
    responses((status = 200, body = DeviceFields)))]
async fn device_fields(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(device): Path<String>,
) -> Result<Json<DeviceFields>, Problem> {
    Ok(Json(api.ops.device_fields(&ctx, &id(&device)?).await?))
}

/// The newest records of a device that no source recognised.
#[utoipa::path(get, path = "/devices/{id}/unrecognised", tag = "device", params(("id" = String, Path)),
    responses((status = 200, body = DeviceSamples)))]
async fn device_unrecognised(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(device): Path<String>,
) -> Result<Json<DeviceSamples>, Problem> {
    Ok(Json(DeviceSamples { items: api.ops.device_unrecognised(&ctx, &id(&device)?).await? }))
}

/// By which ways a device sent since the server started, and what was refused.
#[utoipa::path(get, path = "/devices/{id}/connections", tag = "device", params(("id" = String, Path)),
    responses((status = 200, body = DeviceConnections)))]
async fn device_connections(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(device): Path<String>,
) -> Result<Json<DeviceConnections>, Problem> {
    Ok(Json(api.ops.device_connections(&ctx, &id(&device)?).await?))
}
