//! Alerts.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::alert::Alert;
use model::incident::Incident;
use model::{Page, Severity};
use ops::AlertFilter;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id, list, one};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_alerts)).routes(routes!(get_alert)).routes(routes!(raise_alert))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AlertQuery {
    /// Customer ids, separated by commas.
    customer: Option<String>,
    /// States, separated by commas: new, open, raised, ignored, silent, ended. Silent ones only when named.
    state: Option<String>,
    /// At least this bad.
    severity_at_least: Option<String>,
    /// rule, correlation, device, platform, intel or baseline.
    origin: Option<String>,
    /// Exact rule id.
    rule_id: Option<String>,
    /// Only those linked to this incident.
    incident: Option<String>,
    /// Part of the title, the key or an entity, without case.
    text: Option<String>,
    /// Last event not before this time.
    from: Option<String>,
    /// Last event before this time.
    to: Option<String>,
}

/// How the incident should be called and graded; the alert's own title and severity unless told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RaiseRequest {
    severity: Option<Severity>,
    title: Option<String>,
}

/// Alerts, the newest last event first.
#[utoipa::path(get, path = "/alerts", tag = "alert", params(AlertQuery, PageQuery),
    responses((status = 200, body = Page<Alert>)))]
async fn list_alerts(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<AlertQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Alert>>, Problem> {
    let filter = AlertFilter {
        customers: list("customer", query.customer.as_deref())?,
        states: list("state", query.state.as_deref())?,
        severity_at_least: one("severity_at_least", query.severity_at_least.as_deref())?,
        origin: one("origin", query.origin.as_deref())?,
        rule_id: query.rule_id,
        incident: one("incident", query.incident.as_deref())?,
        text: query.text,
        from: one("from", query.from.as_deref())?,
        to: one("to", query.to.as_deref())?,
    };
    Ok(Json(api.ops.list_alerts(&ctx, &filter, &page.request()).await?))
}

/// One alert with its sample events.
#[utoipa::path(get, path = "/alerts/{id}", tag = "alert", params(("id" = String, Path)),
    responses((status = 200, body = Alert)))]
async fn get_alert(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(alert): Path<String>,
) -> Result<Json<Alert>, Problem> {
    Ok(Json(api.ops.get_alert(&ctx, &id(&alert)?).await?))
}

/// Makes an incident of an alert, or joins it to the open one about the same thing.
#[utoipa::path(post, path = "/alerts/{id}/raise", tag = "alert", params(("id" = String, Path)),
    request_body = RaiseRequest, responses((status = 201, body = Incident)))]
async fn raise_alert(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(alert): Path<String>,
    Body(request): Body<RaiseRequest>,
) -> Result<(StatusCode, Json<Incident>), Problem> {
    let incident = api.ops.raise_alert(&ctx, &id(&alert)?, request.severity, request.title).await?;
    Ok((StatusCode::CREATED, Json(incident)))
}
