//! The work on a threat hunt: runs and what they found, incidents, detections and minutes.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::hunt::{DetectionKind, HuntDetection, HuntResult, HuntRun, HuntTime};
use model::incident::Incident;
use model::{CustomerId, EventId, IncidentId, Severity};
use ops::{HuntDetectionWish, HuntIncident, HuntRunWish};
use serde::{Deserialize, Serialize};
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
        .routes(routes!(list_hunt_runs, run_hunt))
        .routes(routes!(cancel_hunt_run))
        .routes(routes!(continue_hunt_run))
        .routes(routes!(list_hunt_results))
        .routes(routes!(get_hunt_result))
        .routes(routes!(add_hunt_incident))
        .routes(routes!(list_hunt_detections, make_hunt_detection))
        .routes(routes!(list_hunt_times, log_hunt_time))
}

/// What of a hunt is to be run; an empty part does not narrow.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HuntRunAsk {
    /// At these customers; at all in sight when empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    customers: Vec<CustomerId>,
    /// The queries with these keys; all when empty.
    #[serde(default)]
    queries: Vec<String>,
    /// Whether is only looked where the data is that the hunt needs.
    #[serde(default)]
    only_data: bool,
}

#[derive(Serialize, ToSchema)]
struct HuntRuns {
    items: Vec<HuntRun>,
}

#[derive(Serialize, ToSchema)]
struct HuntResults {
    items: Vec<HuntResult>,
}

/// An incident of one of the hunt's customers: one that is there, or a new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HuntIncidentAsk {
    #[schema(value_type = String)]
    customer: CustomerId,
    /// One that is there; a new one is opened when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    incident: Option<IncidentId>,
    /// What a new one is called; the hunt's title when absent.
    #[serde(default)]
    title: Option<String>,
    /// How bad a new one is; medium when absent.
    #[serde(default)]
    severity: Option<Severity>,
    /// Its first comment.
    #[serde(default)]
    note: Option<String>,
    /// The query and
    #[serde(default)]
    query: Option<String>,
    /// the sample of it that a new one is about.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    event: Option<EventId>,
}

/// A detection that is to be made of a query.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HuntDetectionAsk {
    /// The query's key.
    query: String,
    kind: DetectionKind,
    /// For which customer a request is; for everybody when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    customer: Option<CustomerId>,
    /// What it is called; the query's name when absent.
    #[serde(default)]
    title: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct HuntDetections {
    items: Vec<HuntDetection>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HuntTimeAsk {
    /// 1 to 1440; as many below 0 take some back.
    minutes: i64,
    #[serde(default)]
    note: String,
}

#[derive(Serialize, ToSchema)]
struct HuntTimes {
    items: Vec<HuntTime>,
}

/// The latest runs of a hunt, newest first.
#[utoipa::path(get, path = "/hunts/{id}/runs", tag = "hunt", params(("id" = String, Path)),
    responses((status = 200, body = HuntRuns)))]
async fn list_hunt_runs(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
) -> Result<Json<HuntRuns>, Problem> {
    Ok(Json(HuntRuns { items: api.ops.list_hunt_runs(&ctx, &id(&hunt)?).await? }))
}

/// Asks the queries of a hunt of its customers in sight, in the background.
#[utoipa::path(post, path = "/hunts/{id}/runs", tag = "hunt", params(("id" = String, Path)), request_body = HuntRunAsk,
    responses((status = 201, body = HuntRun)))]
async fn run_hunt(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
    Body(ask): Body<HuntRunAsk>,
) -> Result<(StatusCode, Json<HuntRun>), Problem> {
    let wish = HuntRunWish { customers: ask.customers, queries: ask.queries, only_data: ask.only_data };
    Ok((StatusCode::CREATED, Json(api.ops.run_hunt(&ctx, &id(&hunt)?, &wish).await?)))
}

/// Stops a run; what it found is kept.
#[utoipa::path(post, path = "/hunts/{id}/runs/{run}/cancel", tag = "hunt",
    params(("id" = String, Path), ("run" = String, Path)), responses((status = 200, body = HuntRun)))]
async fn cancel_hunt_run(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path((hunt, run)): Path<(String, String)>,
) -> Result<Json<HuntRun>, Problem> {
    Ok(Json(api.ops.cancel_hunt_run(&ctx, &id(&hunt)?, &id(&run)?).await?))
}

/// Goes on with a run that was stopped or cut short, where it stopped.
#[utoipa::path(post, path = "/hunts/{id}/runs/{run}/continue", tag = "hunt",
    params(("id" = String, Path), ("run" = String, Path)), responses((status = 200, body = HuntRun)))]
async fn continue_hunt_run(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path((hunt, run)): Path<(String, String)>,
) -> Result<Json<HuntRun>, Problem> {
    Ok(Json(api.ops.continue_hunt_run(&ctx, &id(&hunt)?, &id(&run)?).await?))
}

/// What each query found at each customer in sight, without samples.
#[utoipa::path(get, path = "/hunts/{id}/results", tag = "hunt", params(("id" = String, Path)),
    responses((status = 200, body = HuntResults)))]
async fn list_hunt_results(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
) -> Result<Json<HuntResults>, Problem> {
    Ok(Json(HuntResults { items: api.ops.list_hunt_results(&ctx, &id(&hunt)?).await? }))
}

/// What one query found at one customer, with samples: on record as a look at events.
#[utoipa::path(get, path = "/hunts/{id}/results/{query}/{customer}", tag = "hunt",
    params(("id" = String, Path), ("query" = String, Path), ("customer" = String, Path)),
    responses((status = 200, body = HuntResult)))]
async fn get_hunt_result(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path((hunt, query, customer)): Path<(String, String, String)>,
) -> Result<Json<HuntResult>, Problem> {
    Ok(Json(api.ops.get_hunt_result(&ctx, &id(&hunt)?, &query, &id(&customer)?).await?))
}

/// Opens an incident from what was found, or links one that is there.
#[utoipa::path(post, path = "/hunts/{id}/incidents", tag = "hunt", params(("id" = String, Path)),
    request_body = HuntIncidentAsk, responses((status = 201, body = Incident)))]
async fn add_hunt_incident(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
    Body(ask): Body<HuntIncidentAsk>,
) -> Result<(StatusCode, Json<Incident>), Problem> {
    let wish = HuntIncident {
        customer: ask.customer,
        incident: ask.incident,
        title: ask.title,
        severity: ask.severity.unwrap_or(Severity::Medium),
        note: ask.note,
        sample: ask.query.zip(ask.event),
    };
    Ok((StatusCode::CREATED, Json(api.ops.add_hunt_incident(&ctx, &id(&hunt)?, wish).await?)))
}

/// The detections that came of a hunt.
#[utoipa::path(get, path = "/hunts/{id}/detections", tag = "hunt", params(("id" = String, Path)),
    responses((status = 200, body = HuntDetections)))]
async fn list_hunt_detections(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
) -> Result<Json<HuntDetections>, Problem> {
    Ok(Json(HuntDetections { items: api.ops.list_hunt_detections(&ctx, &id(&hunt)?).await? }))
}

/// Makes a request for a use case, or a draft of one, of a query.
#[utoipa::path(post, path = "/hunts/{id}/detections", tag = "hunt", params(("id" = String, Path)),
    request_body = HuntDetectionAsk, responses((status = 201, body = HuntDetection)))]
async fn make_hunt_detection(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
    Body(ask): Body<HuntDetectionAsk>,
) -> Result<(StatusCode, Json<HuntDetection>), Problem> {
    let wish = HuntDetectionWish { query: ask.query, kind: ask.kind, customer: ask.customer, title: ask.title };
    Ok((StatusCode::CREATED, Json(api.ops.make_hunt_detection(&ctx, &id(&hunt)?, wish).await?)))
}

/// Minutes spent on a hunt; needs sight of all its customers.
#[utoipa::path(get, path = "/hunts/{id}/time", tag = "hunt", params(("id" = String, Path)),
    responses((status = 200, body = HuntTimes)))]
async fn list_hunt_times(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
) -> Result<Json<HuntTimes>, Problem> {
    Ok(Json(HuntTimes { items: api.ops.list_hunt_times(&ctx, &id(&hunt)?).await? }))
}

/// Writes down minutes spent on a hunt.
#[utoipa::path(post, path = "/hunts/{id}/time", tag = "hunt", params(("id" = String, Path)),
    request_body = HuntTimeAsk, responses((status = 201, body = HuntTime)))]
async fn log_hunt_time(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
    Body(ask): Body<HuntTimeAsk>,
) -> Result<(StatusCode, Json<HuntTime>), Problem> {
    Ok((StatusCode::CREATED, Json(api.ops.log_hunt_time(&ctx, &id(&hunt)?, ask.minutes, &ask.note).await?)))
}
