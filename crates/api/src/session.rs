//! Signing in and out, one's own password, sessions and API tokens.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::Timestamp;
use model::role::Permission;
use model::use_case::Language;
use model::user::{ApiToken, Session, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::{COOKIE, Caller, Client, Signed};
use crate::problem::{Body, Problem};
use crate::query::{Path, id};
use crate::state::{Api, now};

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(sign_in, get_session, sign_out))
        .routes(routes!(change_password))
        .routes(routes!(set_language))
        .routes(routes!(list_sessions))
        .routes(routes!(end_session))
        .routes(routes!(list_api_tokens, create_api_token))
        .routes(routes!(delete_api_token))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignInRequest {
    login: String,
    password: String,
}

/// Who is signed in and what they may do.
#[derive(Serialize, ToSchema)]
struct Me {
    user: User,
    permissions: Vec<Permission>,
    /// To be sent back as `x-csrf-token` with every change; null for API tokens.
    csrf_token: Option<String>,
    /// When the session ends; null for API tokens.
    expires: Option<Timestamp>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    current: String,
    new: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LanguageChange {
    language: Language,
}

#[derive(Serialize, ToSchema)]
struct Sessions {
    items: Vec<Session>,
}

#[derive(Serialize, ToSchema)]
struct ApiTokens {
    items: Vec<ApiToken>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApiTokenRequest {
    /// What it is for.
    name: String,
    /// When it ends; never when null.
    expires: Option<Timestamp>,
}

/// A fresh API token. The secret is shown this once.
#[derive(Serialize, ToSchema)]
struct IssuedApiToken {
    token: ApiToken,
    secret: String,
}

/// Signs in; the answer sets the session cookie.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignInRequest,
    responses((status = 200, body = Me), (status = 401), (status = 429)))]
async fn sign_in(
    State(api): State<Api>,
    client: Client,
    Body(request): Body<SignInRequest>,
) -> Result<Response, Problem> {
    let address = client.address.to_string();
    let signed = api.ops.sign_in(now(), &request.login, &request.password, &client.user_agent, &address).await?;
    let me = Me {
        permissions: permissions_of(&signed.user),
        csrf_token: Some(signed.csrf),
        expires: Some(signed.session.expires),
        user: signed.user,
    };
    let age = signed.session.expires.since(signed.session.created).as_secs();
    Ok((with_cookie(&signed.token, age, api.secure_cookies), Json(me)).into_response())
}

/// Who is signed in.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = Me)))]
async fn get_session(caller: Caller) -> Json<Me> {
    Json(Me {
        permissions: caller.ctx.permissions().iter().copied().collect(),
        csrf_token: caller.csrf,
        expires: caller.session.map(|session| session.expires),
        user: caller.user,
    })
}

/// Signs out.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 204)))]
async fn sign_out(State(api): State<Api>, caller: Caller) -> Result<Response, Problem> {
    let session = caller.session.ok_or(ops::Error::PersonOnly)?;
    api.ops.end_session(&caller.ctx, &session.id).await?;
    Ok((StatusCode::NO_CONTENT, with_cookie("", 0, api.secure_cookies)).into_response())
}

/// Changes one's own password; every other session of one's own ends.
#[utoipa::path(put, path = "/session/password", tag = "session", request_body = PasswordChange,
    responses((status = 204)))]
async fn change_password(
    State(api): State<Api>,
    caller: Caller,
    Body(change): Body<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let keep = caller.session.map(|session| session.id);
    api.ops.change_password(&caller.ctx, &change.current, &change.new, keep.as_ref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sets the language one reads.
#[utoipa::path(put, path = "/session/language", tag = "session", request_body = LanguageChange,
    responses((status = 200, body = User)))]
async fn set_language(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(change): Body<LanguageChange>,
) -> Result<Json<User>, Problem> {
    Ok(Json(api.ops.set_language(&ctx, change.language).await?))
}

/// One's own sessions.
#[utoipa::path(get, path = "/sessions", tag = "session", responses((status = 200, body = Sessions)))]
async fn list_sessions(State(api): State<Api>, Signed(ctx): Signed) -> Result<Json<Sessions>, Problem> {
    Ok(Json(Sessions { items: api.ops.list_sessions(&ctx).await? }))
}

/// Ends one of one's own sessions.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "session", params(("id" = String, Path)),
    responses((status = 204)))]
async fn end_session(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(session): Path<String>,
) -> Result<StatusCode, Problem> {
    api.ops.end_session(&ctx, &id(&session)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's own API tokens.
#[utoipa::path(get, path = "/api-tokens", tag = "session", responses((status = 200, body = ApiTokens)))]
async fn list_api_tokens(State(api): State<Api>, Signed(ctx): Signed) -> Result<Json<ApiTokens>, Problem> {
    Ok(Json(ApiTokens { items: api.ops.list_api_tokens(&ctx).await? }))
}

/// Issues an API token that acts for oneself.
#[utoipa::path(post, path = "/api-tokens", tag = "session", request_body = ApiTokenRequest,
    responses((status = 201, body = IssuedApiToken)))]
async fn create_api_token(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(request): Body<ApiTokenRequest>,
) -> Result<(StatusCode, Json<IssuedApiToken>), Problem> {
    let (token, secret) = api.ops.create_api_token(&ctx, &request.name, request.expires).await?;
    Ok((StatusCode::CREATED, Json(IssuedApiToken { token, secret })))
}

/// Revokes one of one's own API tokens.
#[utoipa::path(delete, path = "/api-tokens/{id}", tag = "session", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_api_token(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(token): Path<String>,
) -> Result<StatusCode, Problem> {
    api.ops.delete_api_token(&ctx, &id(&token)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn permissions_of(user: &User) -> Vec<Permission> {
    let all: std::collections::BTreeSet<_> = user.data.roles.iter().flat_map(|role| role.permissions()).collect();
    all.into_iter().collect()
}

fn with_cookie(token: &str, age: u64, secure: bool) -> HeaderMap {
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{secure}");
    let value = HeaderValue::from_str(&cookie).expect("tokens are base64url");
    HeaderMap::from_iter([(header::SET_COOKIE, value)])
}
