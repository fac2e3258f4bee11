//! Exceptions to use cases.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::Page;
use model::use_case::{Exception, ExceptionData};
use ops::{ExceptionDraft, ExceptionFilter, ExceptionPreview};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id, list};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_exceptions, create_exception))
        .routes(routes!(preview_exception))
        .routes(routes!(get_exception, update_exception, delete_exception))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExceptionQuery {
    /// Exact rule id.
    rule_id: Option<String>,
    /// Customer ids, separated by commas; exceptions for everybody are then left out.
    customer: Option<String>,
    /// Part of the reason, the rule id or a value, without case.
    text: Option<String>,
}

/// A changed exception and the version the change was made on.
#[derive(Deserialize, ToSchema)]
struct ExceptionUpdate {
    version: i64,
    #[serde(flatten)]
    data: ExceptionData,
}

/// Exceptions, newest first.
#[utoipa::path(get, path = "/exceptions", tag = "exception", params(ExceptionQuery, PageQuery),
    responses((status = 200, body = Page<Exception>)))]
async fn list_exceptions(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<ExceptionQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Exception>>, Problem> {
    let customers = list("customer", query.customer.as_deref())?;
    let filter = ExceptionFilter { rule_id: query.rule_id, customers, text: query.text };
    Ok(Json(api.ops.list_exceptions(&ctx, &filter, &page.request()).await?))
}

/// Creates an exception. Refused where it would hide a record that must still fire.
#[utoipa::path(post, path = "/exceptions", tag = "exception", request_body = ExceptionDraft,
    responses((status = 201, body = Exception)))]
async fn create_exception(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(draft): Body<ExceptionDraft>,
) -> Result<(StatusCode, Json<Exception>), Problem> {
    Ok((StatusCode::CREATED, Json(api.ops.create_exception(&ctx, draft).await?)))
}

/// What an exception would have hidden of the alerts of thirty days. Nothing is kept.
#[utoipa::path(post, path = "/exceptions/preview", tag = "exception", request_body = ExceptionDraft,
    responses((status = 200, body = ExceptionPreview)))]
async fn preview_exception(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(draft): Body<ExceptionDraft>,
) -> Result<Json<ExceptionPreview>, Problem> {
    Ok(Json(api.ops.preview_exception(&ctx, draft).await?))
}

/// One exception.
#[utoipa::path(get, path = "/exceptions/{id}", tag = "exception", params(("id" = String, Path)),
    responses((status = 200, body = Exception)))]
async fn get_exception(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(exception): Path<String>,
) -> Result<Json<Exception>, Problem> {
    Ok(Json(api.ops.get_exception(&ctx, &id(&exception)?).await?))
}

/// Changes an exception.
#[utoipa::path(put, path = "/exceptions/{id}", tag = "exception", params(("id" = String, Path)),
    request_body = ExceptionUpdate, responses((status = 200, body = Exception)))]
async fn update_exception(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(exception): Path<String>,
    Body(update): Body<ExceptionUpdate>,
) -> Result<Json<Exception>, Problem> {
    Ok(Json(api.ops.update_exception(&ctx, &id(&exception)?, update.version, update.data).await?))
}

/// Removes an exception.
#[utoipa::path(delete, path = "/exceptions/{id}", tag = "exception", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_exception(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(exception): Path<String>,
) -> Result<StatusCode, Problem> {
    api.ops.delete_exception(&ctx, &id(&exception)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
