//! How long customers' events are kept, what they take up, and their deletion with a certificate.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::retention::{DeletionCertificate, Retention, RetentionData};
use model::{CustomerId, Page, TimeRange, Timestamp};
use ops::CustomerStorage;
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
        .routes(routes!(list_storage))
        .routes(routes!(set_retention))
        .routes(routes!(delete_customer_events))
        .routes(routes!(list_deletions))
        .routes(routes!(get_deletion))
}

#[derive(Serialize, ToSchema)]
struct StorageList {
    /// The platform's own setting; for ever when absent.
    default_days: Option<i64>,
    /// Nobody may keep events for less.
    floor_days: i64,
    /// By name.
    items: Vec<CustomerStorage>,
}

#[derive(Deserialize, ToSchema)]
struct ChangedRetention {
    /// The version the change was made on; 0 where nothing was ever set.
    version: i64,
    /// Days events are kept; the platform's default when absent.
    days: Option<i64>,
    /// Why nothing may be deleted (legal hold); absent when it may.
    hold: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct DeletionRequest {
    /// Event time, first instant inside.
    from: Timestamp,
    /// Event time, first instant after.
    to: Timestamp,
    /// Why: it stands in the certificate.
    reason: String,
}

#[derive(Serialize, ToSchema)]
struct DeletionAnswer {
    /// Absent where there were no events.
    certificate: Option<DeletionCertificate>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DeletionQuery {
    /// Of this customer only.
    customer: Option<String>,
    /// Rows at most (1 to 1000, 100 unless told).
    limit: Option<usize>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// What is kept of every customer one sees, and for how long.
#[utoipa::path(get, path = "/storage", tag = "storage", responses((status = 200, body = StorageList)))]
async fn list_storage(State(api): State<Api>, Signed(ctx): Signed) -> Result<Json<StorageList>, Problem> {
    let policy = (api.deletion)().policy;
    let items = api.ops.list_storage(&ctx, &policy).await?;
    Ok(Json(StorageList { default_days: policy.default_days, floor_days: policy.floor_days, items }))
}

/// Changes how long a customer's events are kept, or puts them under legal hold.
#[utoipa::path(put, path = "/customers/{id}/retention", tag = "storage", params(("id" = String, Path)),
    request_body = ChangedRetention, responses((status = 200, body = Retention)))]
async fn set_retention(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(customer): Path<String>,
    Body(changed): Body<ChangedRetention>,
) -> Result<Json<Retention>, Problem> {
    let customer: CustomerId = id(&customer)?;
    let data = RetentionData { days: changed.days, hold: changed.hold };
    let policy = (api.deletion)().policy;
    Ok(Json(api.ops.set_retention(&ctx, &policy, &customer, changed.version, data).await?))
}

/// Deletes a customer's events of a time for good. Nothing younger than the platform's floor goes, and nothing under legal
/// hold.
#[utoipa::path(post, path = "/customers/{id}/deletions", tag = "storage", params(("id" = String, Path)),
    request_body = DeletionRequest, responses((status = 201, body = DeletionAnswer)))]
async fn delete_customer_events(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(customer): Path<String>,
    Body(asked): Body<DeletionRequest>,
) -> Result<(StatusCode, Json<DeletionAnswer>), Problem> {
    let customer: CustomerId = id(&customer)?;
    if asked.from >= asked.to {
        return Err(Problem::invalid("to", "must be after `from`"));
    }
    let (ctx, range) = (ctx.because(asked.reason.trim()), TimeRange { from: asked.from, to: asked.to });
    let certificate = api.ops.delete_events(&ctx, &(api.deletion)(), &customer, range).await?;
    Ok((StatusCode::CREATED, Json(DeletionAnswer { certificate })))
}

/// Certificates of deletions, newest first.
#[utoipa::path(get, path = "/deletions", tag = "storage", params(DeletionQuery),
    responses((status = 200, body = Page<DeletionCertificate>)))]
async fn list_deletions(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<DeletionQuery>,
) -> Result<Json<Page<DeletionCertificate>>, Problem> {
    let customer: Option<CustomerId> = one("customer", query.customer.as_deref())?;
    let page = PageQuery { limit: query.limit, after: query.after };
    Ok(Json(api.ops.list_deletions(&ctx, customer.as_ref(), &page.request()).await?))
}

/// One certificate.
#[utoipa::path(get, path = "/deletions/{id}", tag = "storage", params(("id" = String, Path)),
    responses((status = 200, body = DeletionCertificate)))]
async fn get_deletion(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(deletion): Path<String>,
) -> Result<Json<DeletionCertificate>, Problem> {
    Ok(Json(api.ops.get_deletion(&ctx, &id(&deletion)?).await?))
}
