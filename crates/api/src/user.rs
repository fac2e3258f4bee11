//! Users and roles.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use model::Page;
use model::user::{User, UserData};
use ops::{RoleInfo, UserFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_users, create_user))
        .routes(routes!(get_user, update_user))
        .routes(routes!(set_user_password))
        .routes(routes!(end_user_sessions))
        .routes(routes!(list_roles))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct UserQuery {
    /// Part of the login or name, without case.
    text: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct UserCreate {
    /// 12 characters or more.
    password: String,
    #[serde(flatten)]
    data: UserData,
}

/// A changed user and the version the change was made on.
#[derive(Deserialize, ToSchema)]
struct UserUpdate {
    version: i64,
    #[serde(flatten)]
    data: UserData,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserPassword {
    /// 12 characters or more.
    password: String,
}

#[derive(Serialize, ToSchema)]
struct Roles {
    items: Vec<RoleInfo>,
}

/// Users by login.
#[utoipa::path(get, path = "/users", tag = "user", params(UserQuery, PageQuery),
    responses((status = 200, body = Page<User>)))]
async fn list_users(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(query): Query<UserQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<User>>, Problem> {
    let filter = UserFilter { text: query.text, ..UserFilter::default() };
    Ok(Json(api.ops.list_users(&ctx, &filter, &page.request()).await?))
}

/// Creates a user.
#[utoipa::path(post, path = "/users", tag = "user", request_body = UserCreate,
    responses((status = 201, body = User)))]
async fn create_user(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(create): Body<UserCreate>,
) -> Result<(StatusCode, Json<User>), Problem> {
    Ok((StatusCode::CREATED, Json(api.ops.create_user(&ctx, create.data, &create.password).await?)))
}

/// One user.
#[utoipa::path(get, path = "/users/{id}", tag = "user", params(("id" = String, Path)),
    responses((status = 200, body = User)))]
async fn get_user(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(user): Path<String>,
) -> Result<Json<User>, Problem> {
    Ok(Json(api.ops.get_user(&ctx, &id(&user)?).await?))
}

/// Changes a user; their sessions end when what they may do changed.
#[utoipa::path(put, path = "/users/{id}", tag = "user", params(("id" = String, Path)),
    request_body = UserUpdate, responses((status = 200, body = User)))]
async fn update_user(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(user): Path<String>,
    Body(update): Body<UserUpdate>,
) -> Result<Json<User>, Problem> {
    Ok(Json(api.ops.update_user(&ctx, &id(&user)?, update.version, update.data).await?))
}

/// Sets a user's password; their sessions end.
#[utoipa::path(put, path = "/users/{id}/password", tag = "user", params(("id" = String, Path)),
    request_body = UserPassword, responses((status = 204)))]
async fn set_user_password(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(user): Path<String>,
    Body(request): Body<UserPassword>,
) -> Result<StatusCode, Problem> {
    api.ops.set_user_password(&ctx, &id(&user)?, &request.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends every session of a user.
#[utoipa::path(delete, path = "/users/{id}/sessions", tag = "user", params(("id" = String, Path)),
    responses((status = 204)))]
async fn end_user_sessions(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(user): Path<String>,
) -> Result<StatusCode, Problem> {
    api.ops.end_user_sessions(&ctx, &id(&user)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What each role may do.
#[utoipa::path(get, path = "/roles", tag = "user", responses((status = 200, body = Roles)))]
async fn list_roles(State(api): State<Api>, Signed(ctx): Signed) -> Result<Json<Roles>, Problem> {
    Ok(Json(Roles { items: api.ops.roles(&ctx).await? }))
}
