//! Devices and the credentials they send logs with.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::device::{CollectorPeer, CredentialKind, Device, DeviceCredential, DeviceData, DeviceState};
use model::{CustomerId, DeviceId, Page, Timestamp};
use ops::{CredentialWish, DeviceFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id, one};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_devices, create_device))
        .routes(routes!(get_device, update_device, delete_device))
        .routes(routes!(list_device_credentials, issue_device_credential))
        .routes(routes!(revoke_device_credential))
        .routes(routes!(list_collector_peers))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DeviceQuery {
    /// Customer id.
    customer: Option<String>,
    /// Device kind.
    kind: Option<String>,
    /// Part of the name, without case.
    text: Option<String>,
}

/// A device and whether it is heard.
#[derive(Serialize, ToSchema)]
struct DeviceView {
    #[serde(flatten)]
    device: Device,
    /// Online, offline or never connected at the time of the answer.
    state: DeviceState,
}

impl DeviceView {
    fn at(device: Device, now: Timestamp) -> Self {
        DeviceView { state: device.state(now), device }
    }
}

#[derive(Deserialize, ToSchema)]
struct DeviceCreate {
    #[schema(value_type = String)]
    customer: CustomerId,
    #[serde(flatten)]
    data: DeviceData,
}

/// A changed device and the version the change was made on.
#[derive(Deserialize, ToSchema)]
struct DeviceUpdate {
    version: i64,
    #[serde(flatten)]
    data: DeviceData,
}

#[derive(Serialize, ToSchema)]
struct DeviceCredentials {
    items: Vec<DeviceCredential>,
}

/// Which kind of credential is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CredentialRequest {
    kind: CredentialKind,
    /// SHA-256 of the client certificate in hexadecimal; only for certificates.
    fingerprint: Option<String>,
    /// Address or CIDR range; only for the kind address.
    address: Option<String>,
    /// The collector of the same customer that vouches for the address.
    #[schema(value_type = Option<String>)]
    collector: Option<DeviceId>,
}

/// Addresses a collector received from that no device is registered for.
#[derive(Serialize, ToSchema)]
struct CollectorPeers {
    items: Vec<CollectorPeer>,
}

/// A fresh credential. The secret is shown this once.
#[derive(Serialize, ToSchema)]
struct IssuedCredential {
    credential: DeviceCredential,
    secret: Option<String>,
    /// What the field engineer pastes into the device.
    instructions: String,
}

/// Devices by customer and name.
#[utoipa::path(get, path = "/devices", tag = "device", params(DeviceQuery, PageQuery),
    responses((status = 200, body = Page<DeviceView>)))]
async fn list_devices(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<DeviceQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<DeviceView>>, Problem> {
    let filter = DeviceFilter {
        customer: one("customer", query.customer.as_deref())?,
        kind: one("kind", query.kind.as_deref())?,
        text: query.text,
    };
    let devices = api.ops.list_devices(&ctx, &filter, &page.request()).await?;
    Ok(Json(devices.map(|device| DeviceView::at(device, ctx.now()))))
}

/// Creates a device.
#[utoipa::path(post, path = "/devices", tag = "device", request_body = DeviceCreate,
    responses((status = 201, body = DeviceView)))]
async fn create_device(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(create): Body<DeviceCreate>,
) -> Result<(StatusCode, Json<DeviceView>), Problem> {
    let device = api.ops.create_device(&ctx, &create.customer, create.data).await?;
    Ok((StatusCode::CREATED, Json(DeviceView::at(device, ctx.now()))))
}

/// One device.
#[utoipa::path(get, path = "/devices/{id}", tag = "device", params(("id" = String, Path)),
    responses((status = 200, body = DeviceView)))]
async fn get_device(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(device): Path<String>,
) -> Result<Json<DeviceView>, Problem> {
    let device = api.ops.get_device(&ctx, &id(&device)?).await?;
    Ok(Json(DeviceView::at(device, ctx.now())))
}

/// Changes a device.
#[utoipa::path(put, path = "/devices/{id}", tag = "device", params(("id" = String, Path)),
    request_body = DeviceUpdate, responses((status = 200, body = DeviceView)))]
async fn update_device(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(device): Path<String>,
    Body(update): Body<DeviceUpdate>,
) -> Result<Json<DeviceView>, Problem> {
    let device = api.ops.update_device(&ctx, &id(&device)?, update.version, update.data).await?;
    Ok(Json(DeviceView::at(device, ctx.now())))
}

/// Removes a device and its credentials; its events stay.
#[utoipa::path(delete, path = "/devices/{id}", tag = "device", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_device(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(device): Path<String>,
) -> Result<StatusCode, Problem> {
    api.ops.delete_device(&ctx, &id(&device)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a device may authenticate with.
#[utoipa::path(get, path = "/devices/{id}/credentials", tag = "device", params(("id" = String, Path)),
    responses((status = 200, body = DeviceCredentials)))]
async fn list_device_credentials(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(device): Path<String>,
) -> Result<Json<DeviceCredentials>, Problem> {
    Ok(Json(DeviceCredentials { items: api.ops.list_device_credentials(&ctx, &id(&device)?).await? }))
}

/// Issues a credential.
#[utoipa::path(post, path = "/devices/{id}/credentials", tag = "device", params(("id" = String, Path)),
    request_body = CredentialRequest, responses((status = 201, body = IssuedCredential)))]
async fn issue_device_credential(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(device): Path<String>,
    Body(request): Body<CredentialRequest>,
) -> Result<(StatusCode, Json<IssuedCredential>), Problem> {
    let wish =
        CredentialWish { fingerprint: request.fingerprint, address: request.address, collector: request.collector };
    let issued = api.ops.issue_device_credential(&ctx, &id(&device)?, request.kind, wish).await?;
    let body =
        IssuedCredential { credential: issued.credential, secret: issued.secret, instructions: issued.instructions };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Addresses a collector received from that no device is registered for, the busiest first. Their records are the
/// collector's own; a credential of the kind address gives what comes from then on to a device.
#[utoipa::path(get, path = "/devices/{id}/peers", tag = "device", params(("id" = String, Path)),
    responses((status = 200, body = CollectorPeers)))]
async fn list_collector_peers(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(device): Path<String>,
) -> Result<Json<CollectorPeers>, Problem> {
    Ok(Json(CollectorPeers { items: api.ops.list_collector_peers(&ctx, &id(&device)?).await? }))
}

/// Revokes a credential at once.
#[utoipa::path(delete, path = "/devices/{id}/credentials/{credential}", tag = "device",
    params(("id" = String, Path), ("credential" = String, Path)), responses((status = 204)))]
async fn revoke_device_credential(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path((device, credential)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    api.ops.revoke_device_credential(&ctx, &id(&device)?, &id(&credential)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
