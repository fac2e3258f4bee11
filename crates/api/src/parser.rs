//! Parsers: what takes records apart, and the editor's trials.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use ops::{ParserDraft, ParserFile, ParserList, ParserOutcome, ParserTrial, ParserView, TrialResult};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{Path, Query};
use crate::state::Api;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_parsers))
        .routes(routes!(try_parser))
        .routes(routes!(read_parser_file))
        .routes(routes!(get_parser, save_parser, delete_parser))
        .routes(routes!(check_parser))
        .routes(routes!(export_parser))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct VersionQuery {
    /// The version that is to be deleted.
    version: i64,
}

/// Every parser, built in and of our own, with what it parsed in the last 24 hours.
#[utoipa::path(get, path = "/parsers", tag = "parser", responses((status = 200, body = ParserList)))]
async fn list_parsers(State(api): State<Api>, Signed(ctx): Signed) -> Result<Json<ParserList>, Problem> {
    Ok(Json(api.ops.list_parsers(&ctx).await?))
}

/// Tries a text on lines; nothing is kept.
#[utoipa::path(post, path = "/parsers/trial", tag = "parser", request_body = ParserTrial,
    responses((status = 200, body = TrialResult)))]
async fn try_parser(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(trial): Body<ParserTrial>,
) -> Result<Json<TrialResult>, Problem> {
    Ok(Json(api.ops.try_parser(&ctx, trial).await?))
}

/// Reads a tar file as an export writes it, for the editor; nothing is saved.
#[utoipa::path(post, path = "/parsers/file", tag = "parser",
    request_body(content = Vec<u8>, content_type = "application/x-tar"),
    responses((status = 200, body = ParserFile)))]
async fn read_parser_file(
    State(api): State<Api>,
    Signed(ctx): Signed,
    bytes: Bytes,
) -> Result<Json<ParserFile>, Problem> {
    Ok(Json(api.ops.read_parser_file(&ctx, &bytes).await?))
}

/// One parser.
#[utoipa::path(get, path = "/parsers/{name}", tag = "parser", params(("name" = String, Path)),
    responses((status = 200, body = ParserView)))]
async fn get_parser(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(name): Path<String>,
) -> Result<Json<ParserView>, Problem> {
    Ok(Json(api.ops.get_parser(&ctx, &name).await?))
}

/// Saves a parser of our own; where it cannot be used the answer says why and nothing is saved.
#[utoipa::path(put, path = "/parsers/{name}", tag = "parser", params(("name" = String, Path)),
    request_body = ParserDraft, responses((status = 200, body = ParserOutcome)))]
async fn save_parser(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(name): Path<String>,
    Body(draft): Body<ParserDraft>,
) -> Result<Json<ParserOutcome>, Problem> {
    Ok(Json(api.ops.save_parser(&ctx, &name, draft).await?))
}

/// Deletes a parser of our own; the built-in one of its name parses again.
#[utoipa::path(delete, path = "/parsers/{name}", tag = "parser", params(("name" = String, Path), VersionQuery),
    responses((status = 204)))]
async fn delete_parser(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(name): Path<String>,
    Query(query): Query<VersionQuery>,
) -> Result<StatusCode, Problem> {
    api.ops.delete_parser(&ctx, &name, query.version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What saving would change: its own samples, and lines of other sources it would take.
#[utoipa::path(post, path = "/parsers/{name}/check", tag = "parser", params(("name" = String, Path)),
    request_body = ParserDraft, responses((status = 200, body = ParserOutcome)))]
async fn check_parser(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(name): Path<String>,
    Body(draft): Body<ParserDraft>,
) -> Result<Json<ParserOutcome>, Problem> {
    Ok(Json(api.ops.check_parser(&ctx, &name, draft).await?))
}

/// A parser as a tar file of its folder.
#[utoipa::path(get, path = "/parsers/{name}/file", tag = "parser", params(("name" = String, Path)),
    responses((status = 200, content_type = "application/x-tar")))]
async fn export_parser(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(name): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let bytes = api.ops.export_parser(&ctx, &name).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-tar"));
    // A name that is known is plain.
    if let Ok(value) = format!("attachment; filename=\"{name}.tar\"").parse() {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok((headers, bytes))
}
