//! Searches people keep.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::Page;
use model::saved_search::{SavedSearch, SavedSearchData};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list_saved_searches, create_saved_search)).routes(routes!(
        get_saved_search,
        update_saved_search,
        delete_saved_search
    ))
}

#[derive(Deserialize, ToSchema)]
struct ChangedSavedSearch {
    /// The version the change was made on.
    version: i64,
    #[serde(flatten)]
    data: SavedSearchData,
}

/// One's own searches and those shared with one, by name.
#[utoipa::path(get, path = "/saved-searches", tag = "event", params(PageQuery),
    responses((status = 200, body = Page<SavedSearch>)))]
async fn list_saved_searches(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<SavedSearch>>, Problem> {
    Ok(Json(api.ops.list_saved_searches(&ctx, &page.request()).await?))
}

/// Keeps a search.
#[utoipa::path(post, path = "/saved-searches", tag = "event", request_body = SavedSearchData,
    responses((status = 201, body = SavedSearch)))]
async fn create_saved_search(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(data): Body<SavedSearchData>,
) -> Result<(StatusCode, Json<SavedSearch>), Problem> {
    Ok((StatusCode::CREATED, Json(api.ops.create_saved_search(&ctx, data).await?)))
}

/// One search.
#[utoipa::path(get, path = "/saved-searches/{id}", tag = "event", params(("id" = String, Path)),
    responses((status = 200, body = SavedSearch)))]
async fn get_saved_search(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(search): Path<String>,
) -> Result<Json<SavedSearch>, Problem> {
    Ok(Json(api.ops.get_saved_search(&ctx, &id(&search)?).await?))
}

/// Changes a search of one's own.
#[utoipa::path(put, path = "/saved-searches/{id}", tag = "event", params(("id" = String, Path)),
    request_body = ChangedSavedSearch, responses((status = 200, body = SavedSearch)))]
async fn update_saved_search(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(search): Path<String>,
    Body(changed): Body<ChangedSavedSearch>,
) -> Result<Json<SavedSearch>, Problem> {
    let after = api.ops.update_saved_search(&ctx, &id(&search)?, changed.version, changed.data).await?;
    Ok(Json(after))
}

/// Forgets a search.
#[utoipa::path(delete, path = "/saved-searches/{id}", tag = "event", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_saved_search(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(search): Path<String>,
) -> Result<StatusCode, Problem> {
    api.ops.delete_saved_search(&ctx, &id(&search)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
