//! Incidents: what people handle.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::incident::{Incident, Transition};
use model::{CustomerId, Page, Severity, UserId};
use ops::{Assignee, IncidentEntryView, IncidentFilter, IncidentView, NewIncident};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id, list, one};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_incidents, create_incident))
        .routes(routes!(get_incident))
        .routes(routes!(list_incident_entries))
        .routes(routes!(transition_incident))
        .routes(routes!(assign_incident))
        .routes(routes!(set_incident_severity))
        .routes(routes!(comment_incident))
        .routes(routes!(list_assignees))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct IncidentQuery {
    /// Customer ids, separated by commas.
    customer: Option<String>,
    /// States, separated by commas.
    state: Option<String>,
    /// `me`, `none` or a user id.
    assignee: Option<String>,
    /// At least this bad.
    severity_at_least: Option<String>,
    /// Part of the title, number or an entity, without case.
    text: Option<String>,
    /// Only those people still have to do something about.
    open: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IncidentCreate {
    #[schema(value_type = String)]
    customer: CustomerId,
    title: String,
    severity: Severity,
    /// Becomes the first comment.
    note: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TransitionRequest {
    version: i64,
    transition: Transition,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssignRequest {
    version: i64,
    /// To whom; nobody when null.
    #[schema(value_type = Option<String>)]
    assignee: Option<UserId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SeverityRequest {
    version: i64,
    severity: Severity,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CommentRequest {
    /// Plain text, for colleagues only.
    text: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AssigneeQuery {
    /// Who may be given incidents of this customer.
    customer: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Assignees {
    items: Vec<Assignee>,
}

/// Incidents, the newest first.
#[utoipa::path(get, path = "/incidents", tag = "incident", params(IncidentQuery, PageQuery),
    responses((status = 200, body = Page<Incident>)))]
async fn list_incidents(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<IncidentQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Incident>>, Problem> {
    let assignee = match query.assignee.as_deref() {
        Some("none") => None,
        Some("me") => ctx.actor().user().cloned(),
        other => one("assignee", other)?,
    };
    let filter = IncidentFilter {
        customers: list("customer", query.customer.as_deref())?,
        states: list("state", query.state.as_deref())?,
        assignee,
        unassigned: query.assignee.as_deref() == Some("none"),
        severity_at_least: one("severity_at_least", query.severity_at_least.as_deref())?,
        text: query.text,
        open_only: query.open.unwrap_or(false),
        raised_from: None,
    };
    Ok(Json(api.ops.list_incidents(&ctx, &filter, &page.request()).await?))
}

/// Raises an incident by hand.
#[utoipa::path(post, path = "/incidents", tag = "incident", request_body = IncidentCreate,
    responses((status = 201, body = Incident)))]
async fn create_incident(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(create): Body<IncidentCreate>,
) -> Result<(StatusCode, Json<Incident>), Problem> {
    let incident =
        NewIncident { customer: create.customer, title: create.title, severity: create.severity, note: create.note };
    Ok((StatusCode::CREATED, Json(api.ops.create_incident(&ctx, incident).await?)))
}

/// One incident with everything needed to judge it.
#[utoipa::path(get, path = "/incidents/{id}", tag = "incident", params(("id" = String, Path)),
    responses((status = 200, body = IncidentView)))]
async fn get_incident(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(incident): Path<String>,
) -> Result<Json<IncidentView>, Problem> {
    Ok(Json(api.ops.view_incident(&ctx, &id(&incident)?).await?))
}

/// An incident's timeline, the oldest entry first.
#[utoipa::path(get, path = "/incidents/{id}/entries", tag = "incident", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<IncidentEntryView>)))]
async fn list_incident_entries(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(incident): Path<String>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<IncidentEntryView>>, Problem> {
    Ok(Json(api.ops.list_incident_entries(&ctx, &id(&incident)?, &page.request()).await?))
}

/// Changes an incident's state.
#[utoipa::path(post, path = "/incidents/{id}/transition", tag = "incident", params(("id" = String, Path)),
    request_body = TransitionRequest, responses((status = 200, body = Incident)))]
async fn transition_incident(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(incident): Path<String>,
    Body(request): Body<TransitionRequest>,
) -> Result<Json<Incident>, Problem> {
    let incident = id(&incident)?;
    Ok(Json(api.ops.transition_incident(&ctx, &incident, request.version, request.transition).await?))
}

/// Gives an incident to somebody, or to nobody.
#[utoipa::path(post, path = "/incidents/{id}/assign", tag = "incident", params(("id" = String, Path)),
    request_body = AssignRequest, responses((status = 200, body = Incident)))]
async fn assign_incident(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(incident): Path<String>,
    Body(request): Body<AssignRequest>,
) -> Result<Json<Incident>, Problem> {
    let incident = id(&incident)?;
    Ok(Json(api.ops.assign_incident(&ctx, &incident, request.version, request.assignee).await?))
}

/// Sets an incident's severity.
#[utoipa::path(post, path = "/incidents/{id}/severity", tag = "incident", params(("id" = String, Path)),
    request_body = SeverityRequest, responses((status = 200, body = Incident)))]
async fn set_incident_severity(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(incident): Path<String>,
    Body(request): Body<SeverityRequest>,
) -> Result<Json<Incident>, Problem> {
    let incident = id(&incident)?;
    Ok(Json(api.ops.set_incident_severity(&ctx, &incident, request.version, request.severity).await?))
}

/// Writes something down on an incident.
#[utoipa::path(post, path = "/incidents/{id}/comments", tag = "incident", params(("id" = String, Path)),
    request_body = CommentRequest, responses((status = 201, body = IncidentEntryView)))]
async fn comment_incident(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(incident): Path<String>,
    Body(request): Body<CommentRequest>,
) -> Result<(StatusCode, Json<IncidentEntryView>), Problem> {
    Ok((StatusCode::CREATED, Json(api.ops.comment_incident(&ctx, &id(&incident)?, &request.text).await?)))
}

/// Who may be given incidents.
#[utoipa::path(get, path = "/assignees", tag = "incident", params(AssigneeQuery),
    responses((status = 200, body = Assignees)))]
async fn list_assignees(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<AssigneeQuery>,
) -> Result<Json<Assignees>, Problem> {
    let customer = one("customer", query.customer.as_deref())?;
    Ok(Json(Assignees { items: api.ops.list_assignees(&ctx, customer.as_ref()).await? }))
}
