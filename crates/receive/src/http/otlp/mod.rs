//! OTLP logs, over HTTP (protobuf and JSON) and over gRPC. Each log record becomes one JSON object that carries its
//! resource and scope with it.

mod grpc;
mod json;
mod proto;
mod record;
mod status;
mod wire;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::post;

use self::record::Logs;
use self::status::{Format, Status};
use super::{Door, now, once, work};
use crate::hand_in::HandInError;
use crate::stats::{Protocol, Rejection};

pub(super) use grpc::{is_grpc, no_such_method};

pub(super) fn routes() -> Router<Door> {
    Router::new().route("/v1/logs", post(export)).route(grpc::EXPORT, post(grpc::export))
}

/// Why logs do not read.
#[derive(Debug, thiserror::Error)]
enum BadLogs {
    #[error("{0}")]
    Malformed(String),
    #[error(transparent)]
    TooMuch(#[from] HandInError),
}

async fn export(State(door): State<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let door = door.labelled(Protocol::OtlpHttp);
    let Some(format) = format_of(&parts) else {
        door.intake.refused(Rejection::Malformed, 1);
        let told = Status::invalid("send application/x-protobuf or application/json");
        return told.http(StatusCode::UNSUPPORTED_MEDIA_TYPE, Format::Json);
    };
    match taken(&door, &parts, body, format).await {
        Ok(rejected) => status::success(format, rejected.as_ref()),
        Err(status) => status.http(status.http_status(), format),
    }
}

/// Reads, stores, and says which records were left out.
async fn taken(
    door: &Door,
    parts: &Parts,
    body: axum::body::Body,
    format: Format,
) -> Result<Option<record::Rejected>, Status> {
    let sender = door.sender(parts)?;
    let taken = door.body(&sender, &parts.headers, body).await?;
    let (size, max) = (taken.bytes.len(), door.limits.max_body * 2);
    let (logs, taken) = work(size, move || {
        let logs = match format {
            Format::Protobuf => proto::read(&taken.bytes, max),
            Format::Json => json::read(&taken.bytes, max),
        };
        (logs, taken)
    })
    .await;
    let rejected = store(door, &sender, parts, logs).await;
    drop(taken);
    rejected
}

async fn store(
    door: &Door,
    sender: &crate::senders::Sender,
    parts: &Parts,
    logs: Result<Logs, BadLogs>,
) -> Result<Option<record::Rejected>, Status> {
    let logs = logs.inspect_err(|error| {
        let why = if matches!(error, BadLogs::TooMuch(_)) { Rejection::TooLarge } else { Rejection::Malformed };
        door.intake.refused(why, 1);
    })?;
    let (records, rejected) = logs.finish();
    if let Some(rejected) = &rejected {
        door.intake.refused(Rejection::Malformed, rejected.records);
    }
    match once::key(&parts.headers)? {
        Some(key) => drop(door.intake.accept_once(sender, key, records, now()).await?),
        None => drop(door.intake.accept(sender, records, now()).await?),
    }
    Ok(rejected)
}

fn format_of(parts: &Parts) -> Option<Format> {
    let media = parts.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    match media.split(';').next()?.trim().to_ascii_lowercase().as_str() {
        "application/x-protobuf" | "application/protobuf" => Some(Format::Protobuf),
        "application/json" => Some(Format::Json),
        _ => None,
    }
}
