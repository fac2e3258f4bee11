//! The audit log.

use axum::Json;
use axum::extract::State;
use model::Page;
use model::audit::AuditRow;
use ops::AuditFilter;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::Problem;
use crate::query::{PageQuery, Query, one};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_audit))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Customer id.
    customer: Option<String>,
    /// Part of the actor.
    actor: Option<String>,
    /// Start of the action, such as `incident.`.
    action: Option<String>,
    /// Exact object id.
    object: Option<String>,
    /// Not before this time.
    from: Option<String>,
    /// Before this time.
    to: Option<String>,
}

/// Rows of the audit log, the newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery, PageQuery),
    responses((status = 200, body = Page<AuditRow>)))]
async fn list_audit(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<AuditQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<AuditRow>>, Problem> {
    let filter = AuditFilter {
        customer: one("customer", query.customer.as_deref())?,
        actor: query.actor,
        action: query.action,
        object: query.object,
        from: one("from", query.from.as_deref())?,
        to: one("to", query.to.as_deref())?,
    };
    Ok(Json(api.ops.list_audit(&ctx, &filter, &page.request()).await?))
}
