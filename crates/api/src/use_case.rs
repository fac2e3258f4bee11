//! Rules with their instruction cards.

use axum::Json;
use axum::extract::State;
use model::Page;
use ops::{Backtest, BacktestResult, InactiveRule, RuleView};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_rules))
        .routes(routes!(list_inactive_rules))
        .routes(routes!(backtest_rule))
        .routes(routes!(get_rule))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RuleQuery {
    /// Words that must all occur in title, id, tags or path, without case.
    text: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct InactiveRules {
    items: Vec<InactiveRule>,
}

/// Live rules by title.
#[utoipa::path(get, path = "/rules", tag = "use_case", params(RuleQuery, PageQuery),
    responses((status = 200, body = Page<RuleView>)))]
async fn list_rules(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<RuleQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<RuleView>>, Problem> {
    Ok(Json(api.ops.list_rules(&ctx, query.text.as_deref().unwrap_or(""), &page.request()).await?))
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
