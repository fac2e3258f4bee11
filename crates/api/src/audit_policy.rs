//! Audit policies: what becomes of an alert.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::audit_policy::{AuditPolicy, AuditPolicyData};
use model::{CustomerId, Page};
use ops::AuditPolicyFilter;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id, one};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_audit_policies, create_audit_policy)).routes(routes!(
        get_audit_policy,
        update_audit_policy,
        delete_audit_policy
    ))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AuditPolicyQuery {
    /// Customer id; global policies are then left out.
    customer: Option<String>,
    /// Part of the name, without case.
    text: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct AuditPolicyCreate {
    /// For one customer; for all when null, which needs sight of all.
    #[schema(value_type = Option<String>)]
    customer: Option<CustomerId>,
    #[serde(flatten)]
    data: AuditPolicyData,
}

/// A changed policy and the version the change was made on.
#[derive(Deserialize, ToSchema)]
struct AuditPolicyUpdate {
    version: i64,
    #[serde(flatten)]
    data: AuditPolicyData,
}

/// Policies in the order they decide: customers' own by position, then global ones.
#[utoipa::path(get, path = "/audit-policies", tag = "audit_policy", params(AuditPolicyQuery, PageQuery),
    responses((status = 200, body = Page<AuditPolicy>)))]
async fn list_audit_policies(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<AuditPolicyQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<AuditPolicy>>, Problem> {
    let filter = AuditPolicyFilter { customer: one("customer", query.customer.as_deref())?, text: query.text };
    Ok(Json(api.ops.list_audit_policies(&ctx, &filter, &page.request()).await?))
}

/// Creates a policy.
#[utoipa::path(post, path = "/audit-policies", tag = "audit_policy", request_body = AuditPolicyCreate,
    responses((status = 201, body = AuditPolicy)))]
async fn create_audit_policy(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(create): Body<AuditPolicyCreate>,
) -> Result<(StatusCode, Json<AuditPolicy>), Problem> {
    let policy = api.ops.create_audit_policy(&ctx, create.customer.as_ref(), create.data).await?;
    Ok((StatusCode::CREATED, Json(policy)))
}

/// One policy.
#[utoipa::path(get, path = "/audit-policies/{id}", tag = "audit_policy", params(("id" = String, Path)),
    responses((status = 200, body = AuditPolicy)))]
async fn get_audit_policy(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(policy): Path<String>,
) -> Result<Json<AuditPolicy>, Problem> {
    Ok(Json(api.ops.get_audit_policy(&ctx, &id(&policy)?).await?))
}

/// Changes a policy.
#[utoipa::path(put, path = "/audit-policies/{id}", tag = "audit_policy", params(("id" = String, Path)),
    request_body = AuditPolicyUpdate, responses((status = 200, body = AuditPolicy)))]
async fn update_audit_policy(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(policy): Path<String>,
    Body(update): Body<AuditPolicyUpdate>,
) -> Result<Json<AuditPolicy>, Problem> {
    Ok(Json(api.ops.update_audit_policy(&ctx, &id(&policy)?, update.version, update.data).await?))
}

/// Removes a policy.
#[utoipa::path(delete, path = "/audit-policies/{id}", tag = "audit_policy", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_audit_policy(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(policy): Path<String>,
) -> Result<StatusCode, Problem> {
    api.ops.delete_audit_policy(&ctx, &id(&policy)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
