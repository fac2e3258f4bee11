//! Programmes that make threat hunts.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::hunt::{Hunt, HuntProgramme, HuntProgrammeData};
use model::{CustomerId, Page};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_hunt_programmes, create_hunt_programme))
        .routes(routes!(get_hunt_programme, update_hunt_programme, delete_hunt_programme))
        .routes(routes!(begin_hunt_programme))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ProgrammeQuery {
    /// Part of the title or hypothesis, without case.
    text: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct HuntProgrammeCreate {
    /// Its customers; every customer there is at the time when null, which needs sight of all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    customers: Option<Vec<CustomerId>>,
    #[serde(flatten)]
    data: HuntProgrammeData,
}

/// A changed programme and the version the change was made on.
#[derive(Deserialize, ToSchema)]
struct HuntProgrammeUpdate {
    version: i64,
    /// Its customers; every customer there is at the time when null, which needs sight of all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    customers: Option<Vec<CustomerId>>,
    #[serde(flatten)]
    data: HuntProgrammeData,
}

/// Programmes, newest first.
#[utoipa::path(get, path = "/hunt-programmes", tag = "hunt", params(ProgrammeQuery, PageQuery),
    responses((status = 200, body = Page<HuntProgramme>)))]
async fn list_hunt_programmes(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<ProgrammeQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<HuntProgramme>>, Problem> {
    let text = query.text.unwrap_or_default();
    Ok(Json(api.ops.list_hunt_programmes(&ctx, &text, &page.request()).await?))
}

/// Writes a programme down; its first hunt comes with its next round.
#[utoipa::path(post, path = "/hunt-programmes", tag = "hunt", request_body = HuntProgrammeCreate,
    responses((status = 201, body = HuntProgramme)))]
async fn create_hunt_programme(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(create): Body<HuntProgrammeCreate>,
) -> Result<(StatusCode, Json<HuntProgramme>), Problem> {
    let made = api.ops.create_hunt_programme(&ctx, create.customers, create.data).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// One programme.
#[utoipa::path(get, path = "/hunt-programmes/{id}", tag = "hunt", params(("id" = String, Path)),
    responses((status = 200, body = HuntProgramme)))]
async fn get_hunt_programme(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(programme): Path<String>,
) -> Result<Json<HuntProgramme>, Problem> {
    Ok(Json(api.ops.get_hunt_programme(&ctx, &id(&programme)?).await?))
}

/// Changes a programme; hunts it has made stay as they are.
#[utoipa::path(put, path = "/hunt-programmes/{id}", tag = "hunt", params(("id" = String, Path)),
    request_body = HuntProgrammeUpdate, responses((status = 200, body = HuntProgramme)))]
async fn update_hunt_programme(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(programme): Path<String>,
    Body(update): Body<HuntProgrammeUpdate>,
) -> Result<Json<HuntProgramme>, Problem> {
    let id = id(&programme)?;
    Ok(Json(api.ops.update_hunt_programme(&ctx, &id, update.version, update.customers, update.data).await?))
}

/// Removes a programme; hunts it has made stay.
#[utoipa::path(delete, path = "/hunt-programmes/{id}", tag = "hunt", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_hunt_programme(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(programme): Path<String>,
) -> Result<StatusCode, Problem> {
    api.ops.delete_hunt_programme(&ctx, &id(&programme)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes the hunt of the present round now, if it is not there yet; gives it in either case.
#[utoipa::path(post, path = "/hunt-programmes/{id}/begin", tag = "hunt", params(("id" = String, Path)),
    responses((status = 200, body = Hunt)))]
async fn begin_hunt_programme(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(programme): Path<String>,
) -> Result<Json<Hunt>, Problem> {
    Ok(Json(api.ops.begin_hunt_programme(&ctx, &id(&programme)?).await?))
}
