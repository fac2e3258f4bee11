//! Threat hunts: planned, changed, judged, concluded.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::hunt::{Hunt, HuntCustomer, HuntData, HuntSummary, HuntVerdict};
use model::{CustomerId, Page, TimeRange, Timestamp};
use ops::{HuntFilter, HuntTemplate};
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
        .routes(routes!(list_hunts, create_hunt))
        .routes(routes!(get_hunt, update_hunt))
        .routes(routes!(list_hunt_customers, set_hunt_customers))
        .routes(routes!(judge_hunt_customer))
        .routes(routes!(conclude_hunt))
        .routes(routes!(call_off_hunt))
        .routes(routes!(reopen_hunt))
        .routes(routes!(list_hunt_templates))
        .routes(routes!(hunt_summary))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct HuntListQuery {
    /// Customer ids, separated by commas: hunts with one of them.
    customer: Option<String>,
    /// States, separated by commas: planned, active, concluded, called_off.
    state: Option<String>,
    /// The owner's id.
    owner: Option<String>,
    /// The programme's id.
    programme: Option<String>,
    /// Only open ones that should have been concluded by now.
    overdue: Option<bool>,
    /// Part of title, hypothesis or techniques, without case.
    text: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct HuntCreate {
    /// Its customers; all in sight when empty.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    customers: Vec<CustomerId>,
    #[serde(flatten)]
    data: HuntData,
}

/// A changed hunt and the version the change was made on.
#[derive(Deserialize, ToSchema)]
struct HuntUpdate {
    version: i64,
    #[serde(flatten)]
    data: HuntData,
}

/// The customers a hunt is to have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HuntCustomersUpdate {
    version: i64,
    #[schema(value_type = Vec<String>)]
    customers: Vec<CustomerId>,
}

/// A judgement, and the version of the customer's row it was made on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HuntJudgement {
    version: i64,
    /// Taken back when null.
    verdict: Option<HuntVerdict>,
    #[serde(default)]
    remark: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HuntConclusion {
    version: i64,
    /// What came of it.
    conclusion: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HuntReason {
    version: i64,
    /// Why.
    reason: String,
}

#[derive(Serialize, ToSchema)]
struct HuntCustomers {
    items: Vec<HuntCustomer>,
}

#[derive(Serialize, ToSchema)]
struct HuntTemplates {
    items: Vec<HuntTemplate>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct HuntSummaryQuery {
    /// Customer ids, separated by commas; all in sight when absent.
    customer: Option<String>,
    /// Concluded from then on.
    from: String,
    /// Concluded before then.
    to: String,
}

#[derive(Serialize, ToSchema)]
struct HuntSummaries {
    /// Customers with a concluded hunt in the period.
    items: Vec<HuntSummary>,
}

/// Hunts, newest first. Of a hunt with customers out of sight only the part in sight is told.
#[utoipa::path(get, path = "/hunts", tag = "hunt", params(HuntListQuery, PageQuery),
    responses((status = 200, body = Page<Hunt>)))]
async fn list_hunts(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<HuntListQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Hunt>>, Problem> {
    let filter = HuntFilter {
        customers: list("customer", query.customer.as_deref())?,
        states: list("state", query.state.as_deref())?,
        owner: one("owner", query.owner.as_deref())?,
        programme: one("programme", query.programme.as_deref())?,
        overdue_at: query.overdue.unwrap_or(false).then(|| ctx.now()),
        text: query.text,
    };
    Ok(Json(api.ops.list_hunts(&ctx, &filter, &page.request()).await?))
}

/// Writes a hunt down.
#[utoipa::path(post, path = "/hunts", tag = "hunt", request_body = HuntCreate, responses((status = 201, body = Hunt)))]
async fn create_hunt(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(create): Body<HuntCreate>,
) -> Result<(StatusCode, Json<Hunt>), Problem> {
    Ok((StatusCode::CREATED, Json(api.ops.create_hunt(&ctx, create.data, &create.customers).await?)))
}

/// One hunt.
#[utoipa::path(get, path = "/hunts/{id}", tag = "hunt", params(("id" = String, Path)),
    responses((status = 200, body = Hunt)))]
async fn get_hunt(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
) -> Result<Json<Hunt>, Problem> {
    Ok(Json(api.ops.get_hunt(&ctx, &id(&hunt)?).await?))
}

/// Changes what is said about a hunt; needs sight of all its customers.
#[utoipa::path(put, path = "/hunts/{id}", tag = "hunt", params(("id" = String, Path)), request_body = HuntUpdate,
    responses((status = 200, body = Hunt)))]
async fn update_hunt(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
    Body(update): Body<HuntUpdate>,
) -> Result<Json<Hunt>, Problem> {
    Ok(Json(api.ops.update_hunt(&ctx, &id(&hunt)?, update.version, update.data).await?))
}

/// What a hunt came to at each customer in sight.
#[utoipa::path(get, path = "/hunts/{id}/customers", tag = "hunt", params(("id" = String, Path)),
    responses((status = 200, body = HuntCustomers)))]
async fn list_hunt_customers(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
) -> Result<Json<HuntCustomers>, Problem> {
    Ok(Json(HuntCustomers { items: api.ops.list_hunt_customers(&ctx, &id(&hunt)?).await? }))
}

/// Gives a hunt other customers; what was found at those that go is forgotten.
#[utoipa::path(put, path = "/hunts/{id}/customers", tag = "hunt", params(("id" = String, Path)),
    request_body = HuntCustomersUpdate, responses((status = 200, body = Hunt)))]
async fn set_hunt_customers(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
    Body(update): Body<HuntCustomersUpdate>,
) -> Result<Json<Hunt>, Problem> {
    Ok(Json(api.ops.set_hunt_customers(&ctx, &id(&hunt)?, update.version, &update.customers).await?))
}

/// Judges a customer of a hunt. Nothing can be called clean that was not looked at.
#[utoipa::path(put, path = "/hunts/{id}/customers/{customer}", tag = "hunt",
    params(("id" = String, Path), ("customer" = String, Path)), request_body = HuntJudgement,
    responses((status = 200, body = HuntCustomer)))]
async fn judge_hunt_customer(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path((hunt, customer)): Path<(String, String)>,
    Body(judged): Body<HuntJudgement>,
) -> Result<Json<HuntCustomer>, Problem> {
    let (hunt, customer) = (id(&hunt)?, id(&customer)?);
    let done = api.ops.judge_hunt_customer(&ctx, &hunt, &customer, judged.version, judged.verdict, &judged.remark);
    Ok(Json(done.await?))
}

/// Says what came of a hunt, once every customer is judged.
#[utoipa::path(post, path = "/hunts/{id}/conclude", tag = "hunt", params(("id" = String, Path)),
    request_body = HuntConclusion, responses((status = 200, body = Hunt)))]
async fn conclude_hunt(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
    Body(said): Body<HuntConclusion>,
) -> Result<Json<Hunt>, Problem> {
    Ok(Json(api.ops.conclude_hunt(&ctx, &id(&hunt)?, said.version, &said.conclusion).await?))
}

/// Gives a hunt up.
#[utoipa::path(post, path = "/hunts/{id}/call-off", tag = "hunt", params(("id" = String, Path)),
    request_body = HuntReason, responses((status = 200, body = Hunt)))]
async fn call_off_hunt(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
    Body(said): Body<HuntReason>,
) -> Result<Json<Hunt>, Problem> {
    Ok(Json(api.ops.call_off_hunt(&ctx, &id(&hunt)?, said.version, &said.reason).await?))
}

/// Takes a hunt up again that was over.
#[utoipa::path(post, path = "/hunts/{id}/reopen", tag = "hunt", params(("id" = String, Path)),
    request_body = HuntReason, responses((status = 200, body = Hunt)))]
async fn reopen_hunt(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(hunt): Path<String>,
    Body(said): Body<HuntReason>,
) -> Result<Json<Hunt>, Problem> {
    Ok(Json(api.ops.reopen_hunt(&ctx, &id(&hunt)?, said.version, &said.reason).await?))
}

/// Hunts of our own to begin from.
#[utoipa::path(get, path = "/hunt-templates", tag = "hunt", responses((status = 200, body = HuntTemplates)))]
async fn list_hunt_templates(State(api): State<Api>, Signed(ctx): Signed) -> Result<Json<HuntTemplates>, Problem> {
    Ok(Json(HuntTemplates { items: api.ops.hunt_templates(&ctx)?.to_vec() }))
}

/// The hunts concluded in a period, counted for each customer in sight.
#[utoipa::path(get, path = "/hunt-summary", tag = "hunt", params(HuntSummaryQuery),
    responses((status = 200, body = HuntSummaries)))]
async fn hunt_summary(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<HuntSummaryQuery>,
) -> Result<Json<HuntSummaries>, Problem> {
    let wanted = |name, text: &str| {
        one::<Timestamp>(name, Some(text))?.ok_or_else(|| Problem::invalid(name, "must be an instant"))
    };
    let range = TimeRange { from: wanted("from", &query.from)?, to: wanted("to", &query.to)? };
    let customers: Vec<CustomerId> = list("customer", query.customer.as_deref())?;
    Ok(Json(HuntSummaries { items: api.ops.hunt_summary(&ctx, range, &customers).await? }))
}
