//! Rules with their instruction cards.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::use_case::{Release, UseCaseData, UseCaseVersion};
use model::{CustomerId, Page};
use ops::{
    Backtest, BacktestResult, InactiveRule, RuleFilter, RuleOrigin, RuleProblem, RuleTrial, RuleTrialResult, RuleView,
    Scorecard,
};
use serde::{Deserialize, Serialize};
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
        .routes(routes!(list_rules))
        .routes(routes!(list_inactive_rules))
        .routes(routes!(backtest_rule))
        .routes(routes!(check_rule))
        .routes(routes!(try_rule))
        .routes(routes!(get_scorecard))
        .routes(routes!(get_rule, save_use_case, delete_use_case))
        .routes(routes!(list_use_case_versions))
        .routes(routes!(release_use_case))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RuleQuery {
    /// Words that must all occur in title, id, tags, path or description, without case.
    text: Option<String>,
    /// States, separated by commas: draft, test, live, retired.
    state: Option<String>,
    /// built_in, folder or own.
    origin: Option<RuleOrigin>,
    /// Only those about which somebody decided something.
    decided: Option<bool>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ScorecardQuery {
    /// How many days back, 1 to 366; 30 unless told.
    days: Option<i64>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct VersionQuery {
    /// The version to be deleted.
    version: i64,
}

/// What is decided about a use case, and the version the decision was made on; 0 where there was none.
#[derive(Deserialize, ToSchema)]
struct UseCaseUpdate {
    version: i64,
    #[serde(flatten)]
    data: UseCaseData,
}

/// What a use case does for a customer; what it does for everybody when null.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReleaseUpdate {
    release: Option<Release>,
}

/// What a use case does for single customers.
#[derive(Serialize, ToSchema)]
struct Releases {
    #[schema(value_type = Object)]
    customers: BTreeMap<CustomerId, Release>,
}

#[derive(Serialize, ToSchema)]
struct UseCaseVersions {
    items: Vec<UseCaseVersion>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RuleText {
    /// A Sigma rule, at most 128 KiB.
    text: String,
}

#[derive(Serialize, ToSchema)]
struct RuleProblems {
    /// By place.
    items: Vec<RuleProblem>,
}

#[derive(Serialize, ToSchema)]
struct InactiveRules {
    items: Vec<InactiveRule>,
}

/// Use cases by title.
#[utoipa::path(get, path = "/rules", tag = "use_case", params(RuleQuery, PageQuery),
    responses((status = 200, body = Page<RuleView>)))]
async fn list_rules(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<RuleQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<RuleView>>, Problem> {
    let filter = RuleFilter {
        text: query.text.unwrap_or_default(),
        states: list("state", query.state.as_deref())?,
        origin: query.origin,
        decided: query.decided.unwrap_or_default(),
    };
    Ok(Json(api.ops.list_rules(&ctx, &filter, &page.request()).await?))
}

/// Rules that are loaded but do not fire, and why.
#[utoipa::path(get, path = "/rules/inactive", tag = "use_case", responses((status = 200, body = InactiveRules)))]
async fn list_inactive_rules(State(api): State<Api>, Signed(ctx): Signed) -> Result<Json<InactiveRules>, Problem> {
    Ok(Json(InactiveRules { items: api.ops.inactive_rules(&ctx).await? }))
}

/// What a rule, of the library or as a text, would have fired on. Nothing is kept; the latest 300,000 records of the range
/// that it can be about are looked at, for at most 25 seconds.
#[utoipa::path(post, path = "/rules/backtest", tag = "use_case", request_body = Backtest,
    responses((status = 200, body = BacktestResult)))]
async fn backtest_rule(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(asked): Body<Backtest>,
) -> Result<Json<BacktestResult>, Problem> {
    Ok(Json(api.ops.backtest(&ctx, &asked).await?))
}

/// One rule as written, with its cards.
#[utoipa::path(get, path = "/rules/{id}", tag = "use_case", params(("id" = String, Path)),
    responses((status = 200, body = RuleView)))]
async fn get_rule(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(rule): Path<String>,
) -> Result<Json<RuleView>, Problem> {
    Ok(Json(api.ops.get_rule(&ctx, &rule).await?))
}

/// What is wrong with a rule's text, by place. Nothing is kept.
#[utoipa::path(post, path = "/rules/check", tag = "use_case", request_body = RuleText,
    responses((status = 200, body = RuleProblems)))]
async fn check_rule(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(rule): Body<RuleText>,
) -> Result<Json<RuleProblems>, Problem> {
    Ok(Json(RuleProblems { items: api.ops.check_rule(&ctx, rule.text).await? }))
}

/// What a rule says of records, and why, term by term. Nothing is kept.
#[utoipa::path(post, path = "/rules/trial", tag = "use_case", request_body = RuleTrial,
    responses((status = 200, body = RuleTrialResult)))]
async fn try_rule(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(trial): Body<RuleTrial>,
) -> Result<Json<RuleTrialResult>, Problem> {
    Ok(Json(api.ops.try_rule(&ctx, trial).await?))
}

/// How use cases did: what they raised, what came of it, what they cost, and what to do about them.
#[utoipa::path(get, path = "/rules/scorecard", tag = "use_case", params(ScorecardQuery),
    responses((status = 200, body = Scorecard)))]
async fn get_scorecard(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<ScorecardQuery>,
) -> Result<Json<Scorecard>, Problem> {
    Ok(Json(api.ops.scorecard(&ctx, query.days.unwrap_or(30)).await?))
}

/// Decides about a use case for every customer: its state, release, owner, text and cards. A text that cannot be used
/// is only kept as a draft.
#[utoipa::path(put, path = "/rules/{id}", tag = "use_case", params(("id" = String, Path)),
    request_body = UseCaseUpdate, responses((status = 200, body = RuleView)))]
async fn save_use_case(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(rule): Path<String>,
    Body(update): Body<UseCaseUpdate>,
) -> Result<Json<RuleView>, Problem> {
    Ok(Json(api.ops.save_use_case(&ctx, &rule, update.version, update.data).await?))
}

/// Takes back what was decided: a rule that came with the program is again as it came, one of our own is gone.
#[utoipa::path(delete, path = "/rules/{id}", tag = "use_case", params(("id" = String, Path), VersionQuery),
    responses((status = 204)))]
async fn delete_use_case(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(rule): Path<String>,
    Query(query): Query<VersionQuery>,
) -> Result<StatusCode, Problem> {
    api.ops.delete_use_case(&ctx, &rule, query.version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What was decided about a use case before, the newest first.
#[utoipa::path(get, path = "/rules/{id}/versions", tag = "use_case", params(("id" = String, Path)),
    responses((status = 200, body = UseCaseVersions)))]
async fn list_use_case_versions(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(rule): Path<String>,
) -> Result<Json<UseCaseVersions>, Problem> {
    Ok(Json(UseCaseVersions { items: api.ops.use_case_versions(&ctx, &rule).await? }))
}

/// Decides what a use case does for one customer.
#[utoipa::path(put, path = "/rules/{id}/customers/{customer}", tag = "use_case",
    params(("id" = String, Path), ("customer" = String, Path)),
    request_body = ReleaseUpdate, responses((status = 200, body = Releases)))]
async fn release_use_case(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path((rule, customer)): Path<(String, String)>,
    Body(update): Body<ReleaseUpdate>,
) -> Result<Json<Releases>, Problem> {
    let customers = api.ops.release_use_case(&ctx, &rule, &id(&customer)?, update.release).await?;
    Ok(Json(Releases { customers }))
}
