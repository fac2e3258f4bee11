//! Files of incidents: sent in as a stream, listed, fetched as evidence, removed.

use std::time::Duration;

use axum::Json;
use axum::body::Body as AxumBody;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use model::{AttachmentId, IncidentId, Page};
use ops::{AttachmentForm, AttachmentView};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::Signed;
use crate::problem::{Body, Problem};
use crate::query::{PageQuery, Path, Query, id, one};
use crate::state::{Api, now};

/// A sender of whom nothing comes for so long is given up.
const SILENT: Duration = Duration::from_secs(60);

/// The routes of this noun.
pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_attachments, add_attachment))
        .routes(routes!(get_attachment))
        .routes(routes!(get_attachment_content))
        .routes(routes!(remove_attachment))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AddQuery {
    /// What the file is called; the last part of a path counts.
    name: String,
}

/// A file that was sent in.
#[derive(Serialize, ToSchema)]
struct AttachmentAdded {
    attachment: AttachmentView,
    /// The incident has this content already: nothing was added, this is the file it has.
    already: bool,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ContentQuery {
    /// `zip` (under the password `infected`, unless told) or `plain`.
    form: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RemoveRequest {
    /// Why; it stays on record.
    reason: String,
}

/// An incident's files, the oldest first, removed ones too.
#[utoipa::path(get, path = "/incidents/{id}/attachments", tag = "incident", params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<AttachmentView>)))]
async fn list_attachments(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(incident): Path<String>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<AttachmentView>>, Problem> {
    Ok(Json(api.ops.list_attachments(&ctx, &id(&incident)?, &page.request()).await?))
}

/// Attaches a file; the body is its content. 200 when the incident has that content already.
#[utoipa::path(post, path = "/incidents/{id}/attachments", tag = "incident", params(("id" = String, Path), AddQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = AttachmentAdded), (status = 200, body = AttachmentAdded)))]
async fn add_attachment(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path(incident): Path<String>,
    Query(query): Query<AddQuery>,
    request: Request,
) -> Result<(StatusCode, Json<AttachmentAdded>), Problem> {
    let incident: IncidentId = id(&incident)?;
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let mut upload = api.ops.begin_attachment(&ctx, &incident, &query.name, announced).await?;
    let mut body = request.into_body().into_data_stream();
    loop {
        let next = tokio::time::timeout(SILENT, body.next()).await;
        let next = next.map_err(|_| Problem::invalid("body", "nothing came of it for a minute: send it again"))?;
        let Some(bytes) = next else { break };
        let bytes = bytes.map_err(|error| Problem::invalid("body", format!("it broke off: {error}")))?;
        upload.write(&bytes, now()).await?;
    }
    let added = upload.finish(now()).await?;
    let status = if added.already { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(AttachmentAdded { attachment: added.view, already: added.already })))
}

/// One file of an incident.
#[utoipa::path(get, path = "/incidents/{id}/attachments/{attachment}", tag = "incident",
    params(("id" = String, Path), ("attachment" = String, Path)), responses((status = 200, body = AttachmentView)))]
async fn get_attachment(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path((incident, attachment)): Path<(String, String)>,
) -> Result<Json<AttachmentView>, Problem> {
    let (incident, attachment) = both(&incident, &attachment)?;
    Ok(Json(api.ops.get_attachment(&ctx, &incident, &attachment).await?))
}

/// A file's content, never to be opened by a browser. It is put on record.
#[utoipa::path(get, path = "/incidents/{id}/attachments/{attachment}/content", tag = "incident",
    params(("id" = String, Path), ("attachment" = String, Path), ContentQuery),
    responses((status = 200, description = "The file", content_type = "application/octet-stream", body = Vec<u8>)))]
async fn get_attachment_content(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path((incident, attachment)): Path<(String, String)>,
    Query(query): Query<ContentQuery>,
) -> Result<Response, Problem> {
    let (incident, attachment) = both(&incident, &attachment)?;
    let form = one("form", query.form.as_deref())?.unwrap_or(AttachmentForm::Zip);
    let content = api.ops.open_attachment(&ctx, &incident, &attachment, form).await?;
    let kind = if form == AttachmentForm::Zip { "application/zip" } else { "application/octet-stream" };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&content.file_name())),
        (header::CONTENT_LENGTH, content.length().to_string()),
        // Should a browser show it nevertheless, it is nobody's page.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    let parts = futures::stream::try_unfold(content, |mut content| async move {
        let part = content.next().await?;
        Ok::<_, ops::Error>(part.map(|part| (part, content)))
    });
    Ok((headers, AxumBody::from_stream(parts)).into_response())
}

/// Removes a file's content for good; its record stays.
#[utoipa::path(post, path = "/incidents/{id}/attachments/{attachment}/remove", tag = "incident",
    params(("id" = String, Path), ("attachment" = String, Path)), request_body = RemoveRequest,
    responses((status = 200, body = AttachmentView)))]
async fn remove_attachment(
    State(api): State<Api>,
    Signed(ctx): Signed,
    Path((incident, attachment)): Path<(String, String)>,
    Body(request): Body<RemoveRequest>,
) -> Result<Json<AttachmentView>, Problem> {
    let (incident, attachment) = both(&incident, &attachment)?;
    Ok(Json(api.ops.remove_attachment(&ctx, &incident, &attachment, &request.reason).await?))
}

fn both(incident: &str, attachment: &str) -> Result<(IncidentId, AttachmentId), Problem> {
    Ok((id(incident)?, id(attachment)?))
}

/// The name for a download as RFC 6266 and RFC 8187 have it: in ASCII for old programs, in full for all others.
fn disposition(name: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_. ()+,@".contains(char);
    let ascii: String = name.chars().map(|char| if plain(char) { char } else { '_' }).collect();
    let mut full = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            full.push(char::from(byte));
        } else {
            full.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{full}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leaves_its_quotes_or_its_line() {
        assert_eq!(
            disposition("a\"; x=\r\n\u{6728}.jsp"),
            "attachment; filename=\"a__ x___\u{5f}.jsp\"; filename*=UTF-8''a%22%3B%20x%3D%0D%0A%E6%9C%A8.jsp"
        );
    }
}
