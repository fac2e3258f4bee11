//! Exports of events that are made in the background.

use axum::Json;
use axum::body::Body as AxumBody;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::Page;
use model::export::{Export, ExportData};
use model::search::ExportFormat;
use tokio::io::AsyncReadExt;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id};
use crate::state::Api;

/// Bytes of a file read at a time.
const PART: usize = 256 << 10;

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_exports, create_export))
        .routes(routes!(get_export, delete_export))
        .routes(routes!(cancel_export))
        .routes(routes!(get_export_file))
}

/// One's own exports, newest first.
#[utoipa::path(get, path = "/exports", tag = "event", params(PageQuery),
    responses((status = 200, body = Page<Export>)))]
async fn list_exports(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Export>>, Problem> {
    Ok(Json(api.ops.list_exports(&ctx, &page.request()).await?))
}

/// Asks for a file of events.
#[utoipa::path(post, path = "/exports", tag = "event", request_body = ExportData,
    responses((status = 201, body = Export)))]
async fn create_export(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Body(data): Body<ExportData>,
) -> Result<(StatusCode, Json<Export>), Problem> {
    Ok((StatusCode::CREATED, Json(api.ops.create_export(&ctx, data).await?)))
}

/// One of one's own exports.
#[utoipa::path(get, path = "/exports/{id}", tag = "event", params(("id" = String, Path)),
    responses((status = 200, body = Export)))]
async fn get_export(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(export): Path<String>,
) -> Result<Json<Export>, Problem> {
    Ok(Json(api.ops.get_export(&ctx, &id(&export)?).await?))
}

/// Calls off an export that is not finished.
#[utoipa::path(post, path = "/exports/{id}/cancel", tag = "event", params(("id" = String, Path)),
    responses((status = 200, body = Export)))]
async fn cancel_export(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(export): Path<String>,
) -> Result<Json<Export>, Problem> {
    Ok(Json(api.ops.cancel_export(&ctx, &id(&export)?).await?))
}

/// Forgets an export that has ended, with its file.
#[utoipa::path(delete, path = "/exports/{id}", tag = "event", params(("id" = String, Path)),
    responses((status = 204)))]
async fn delete_export(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(export): Path<String>,
) -> Result<StatusCode, Problem> {
    api.ops.delete_export(&ctx, &id(&export)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The file of an export, for its owner, who must still see every customer whose events may be in it.
#[utoipa::path(get, path = "/exports/{id}/file", tag = "event", params(("id" = String, Path)),
    responses((status = 200, description = "The file", content_type = "application/octet-stream", body = Vec<u8>)))]
async fn get_export_file(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(export): Path<String>,
) -> Result<Response, Problem> {
    let (export, file) = api.ops.open_export(&ctx, &id(&export)?).await?;
    let parts = futures::stream::try_unfold(file, |mut file| async move {
        let mut part = vec![0; PART];
        let read = file.read(&mut part).await?;
        part.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((part, file)))
    });
    let name = format!("attachment; filename=\"{}\"", export.file_name());
    let headers = [
        (header::CONTENT_TYPE, media_type(export.data.format).to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CONTENT_LENGTH, export.bytes.to_string()),
    ];
    Ok((headers, AxumBody::from_stream(parts)).into_response())
}

/// What a format is called on the wire.
pub fn media_type(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Ndjson => "application/x-ndjson",
        ExportFormat::Csv => "text/csv; charset=utf-8",
        ExportFormat::Parquet => "application/vnd.apache.parquet",
    }
}
