//! Collections of somebody else's rules, and what their releases would change.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use model::Page;
use model::use_case::{ChangeSet, RuleChange, RuleCollection};
use ops::Acceptance;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id, one};
use crate::state::Api;

/// The most an archive may hold, compressed.
const ARCHIVE_LIMIT: usize = 32 * 1024 * 1024;

/// The routes of these nouns.
pub fn routes() -> OpenApiRouter<Api> {
    let sets = OpenApiRouter::new()
        .routes(routes!(list_change_sets, add_change_set))
        .layer(DefaultBodyLimit::max(ARCHIVE_LIMIT));
    OpenApiRouter::new()
        .merge(sets)
        .routes(routes!(list_rule_collections))
        .routes(routes!(get_change_set))
        .routes(routes!(list_rule_changes))
        .routes(routes!(get_rule_change))
        .routes(routes!(accept_change_set))
        .routes(routes!(discard_change_set))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ReleaseQuery {
    /// The collection, such as SigmaHQ.
    collection: String,
    /// The release of it.
    release: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ChangeQuery {
    /// new, changed, removed, modified or unusable.
    kind: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct RuleQuery {
    /// The rule's id, or the path of an unusable file.
    rule: String,
}

#[derive(Serialize, ToSchema)]
struct RuleCollections {
    /// By name.
    items: Vec<RuleCollection>,
}

#[derive(Serialize, ToSchema)]
struct ChangeSets {
    /// The newest first.
    items: Vec<ChangeSet>,
}

/// Collections of somebody else's rules that are in force.
#[utoipa::path(get, path = "/rule-collections", tag = "rule_collection", responses((status = 200, body = RuleCollections)))]
async fn list_rule_collections(State(api): State<Api>, Signed(ctx): Signed) -> Result<Json<RuleCollections>, Problem> {
    Ok(Json(RuleCollections { items: api.ops.list_rule_collections(&ctx).await? }))
}

/// The latest sets of changes.
#[utoipa::path(get, path = "/rule-change-sets", tag = "rule_collection", responses((status = 200, body = ChangeSets)))]
async fn list_change_sets(State(api): State<Api>, Signed(ctx): Signed) -> Result<Json<ChangeSets>, Problem> {
    Ok(Json(ChangeSets { items: api.ops.list_change_sets(&ctx).await? }))
}

/// Keeps a release, a .zip or .tar.gz of at most 32 MiB, as a set of changes to be decided about.
#[utoipa::path(post, path = "/rule-change-sets", tag = "rule_collection", params(ReleaseQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = ChangeSet)))]
async fn add_change_set(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<ReleaseQuery>,
    archive: Bytes,
) -> Result<(StatusCode, Json<ChangeSet>), Problem> {
    let set = api.ops.add_change_set(&ctx, &query.collection, &query.release, archive.to_vec()).await?;
    Ok((StatusCode::CREATED, Json(set)))
}

/// One set of changes.
#[utoipa::path(get, path = "/rule-change-sets/{id}", tag = "rule_collection", params(("id" = String, Path)),
    responses((status = 200, body = ChangeSet)))]
async fn get_change_set(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(set): Path<String>,
) -> Result<Json<ChangeSet>, Problem> {
    Ok(Json(api.ops.get_change_set(&ctx, &id(&set)?).await?))
}

/// What a set would change against what is in force now, without texts; empty once it is decided.
#[utoipa::path(get, path = "/rule-change-sets/{id}/changes", tag = "rule_collection",
    params(("id" = String, Path), ChangeQuery, PageQuery), responses((status = 200, body = Page<RuleChange>)))]
async fn list_rule_changes(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(set): Path<String>,
    Query(query): Query<ChangeQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<RuleChange>>, Problem> {
    let kind = one("kind", query.kind.as_deref())?;
    Ok(Json(api.ops.rule_changes(&ctx, &id(&set)?, kind, &page.request()).await?))
}

/// What a set would change about one rule, with both texts.
#[utoipa::path(get, path = "/rule-change-sets/{id}/change", tag = "rule_collection",
    params(("id" = String, Path), RuleQuery), responses((status = 200, body = RuleChange)))]
async fn get_rule_change(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(set): Path<String>,
    Query(query): Query<RuleQuery>,
) -> Result<Json<RuleChange>, Problem> {
    Ok(Json(api.ops.rule_change(&ctx, &id(&set)?, &query.rule).await?))
}

/// Puts a set of changes in force, but for what is left out.
#[utoipa::path(post, path = "/rule-change-sets/{id}/accept", tag = "rule_collection", params(("id" = String, Path)),
    request_body = Acceptance, responses((status = 200, body = RuleCollection)))]
async fn accept_change_set(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(set): Path<String>,
    Body(acceptance): Body<Acceptance>,
) -> Result<Json<RuleCollection>, Problem> {
    Ok(Json(api.ops.accept_change_set(&ctx, &id(&set)?, acceptance).await?))
}

/// Takes nothing of a set of changes.
#[utoipa::path(post, path = "/rule-change-sets/{id}/discard", tag = "rule_collection", params(("id" = String, Path)),
    responses((status = 200, body = ChangeSet)))]
async fn discard_change_set(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(set): Path<String>,
) -> Result<Json<ChangeSet>, Problem> {
    Ok(Json(api.ops.discard_change_set(&ctx, &id(&set)?).await?))
}
