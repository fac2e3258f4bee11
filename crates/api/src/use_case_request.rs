//! Requests for new or changed use cases.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::use_case::{Request, RequestData};
use model::{CustomerId, Page};
use ops::RequestFilter;
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
    OpenApiRouter::new().routes(routes!(list_requests, create_request)).routes(routes!(get_request, update_request))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RequestQuery {
    /// Customer ids, separated by commas.
    customer: Option<String>,
    /// States, separated by commas: open, in_work, done, declined.
    state: Option<String>,
    /// Part of the title or description, without case.
    text: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct RequestCreate {
    /// Which customer asks; the house itself when null, which needs sight of all.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    customer: Option<CustomerId>,
    #[serde(flatten)]
    data: RequestData,
}

/// A changed request and the version the change was made on.
#[derive(Deserialize, ToSchema)]
struct RequestUpdate {
    version: i64,
    #[serde(flatten)]
    data: RequestData,
}

/// Requests, those due last first.
#[utoipa::path(get, path = "/use-case-requests", tag = "use_case_request", params(RequestQuery, PageQuery),
    responses((status = 200, body = Page<Request>)))]
async fn list_requests(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<RequestQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Request>>, Problem> {
    let filter = RequestFilter {
        customers: list("customer", query.customer.as_deref())?,
        states: list("state", query.state.as_deref())?,
        text: query.text,
    };
    Ok(Json(api.ops.list_requests(&ctx, &filter, &page.request()).await?))
}

/// Writes a request down; it is to be answered within 72 hours.
#[utoipa::path(post, path = "/use-case-requests", tag = "use_case_request", request_body = RequestCreate,
    responses((status = 201, body = Request)))]
async fn create_request(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(create): Body<RequestCreate>,
) -> Result<(StatusCode, Json<Request>), Problem> {
    let request = api.ops.create_request(&ctx, create.customer.as_ref(), create.data).await?;
    Ok((StatusCode::CREATED, Json(request)))
}

/// One request.
#[utoipa::path(get, path = "/use-case-requests/{id}", tag = "use_case_request", params(("id" = String, Path)),
    responses((status = 200, body = Request)))]
async fn get_request(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(request): Path<String>,
) -> Result<Json<Request>, Problem> {
    Ok(Json(api.ops.get_request(&ctx, &id(&request)?).await?))
}

/// Changes a request: who works on it, where it stands, what is answered.
#[utoipa::path(put, path = "/use-case-requests/{id}", tag = "use_case_request", params(("id" = String, Path)),
    request_body = RequestUpdate, responses((status = 200, body = Request)))]
async fn update_request(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(request): Path<String>,
    Body(update): Body<RequestUpdate>,
) -> Result<Json<Request>, Problem> {
    Ok(Json(api.ops.update_request(&ctx, &id(&request)?, update.version, update.data).await?))
}
