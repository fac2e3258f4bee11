//! The hand-in of events over HTTP: newline-delimited JSON with a device's token.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use axum::{Json, Router};
use receive::hand_in::{self, HandInError};
use receive::{Intake, IntakeError, SenderDirectory};
use serde::Serialize;

use crate::auth::bearer;
use crate::problem::Problem;
use crate::router::no_method;
use crate::state::now;

#[derive(Clone)]
struct Ingest {
    intake: Intake,
    senders: SenderDirectory,
    body_limit: usize,
}

/// How many records of a request are durable.
#[derive(Serialize)]
struct Accepted {
    accepted: usize,
}

/// The routes of the ingest listener. `body_limit` is in bytes, before and after decompression.
pub fn ingest_router(intake: Intake, senders: SenderDirectory, body_limit: usize) -> Router {
    Router::new()
        .route("/ingest/v1/events", post(hand_in))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(body_limit))
        .with_state(Ingest { intake, senders, body_limit })
}

/// Takes one record a line; answers only after all of them are durable.
async fn hand_in(
    State(ingest): State<Ingest>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Json<Accepted>, Problem> {
    let token = bearer(&headers).ok_or_else(device_token)?;
    let sender = ingest.senders.by_token(token).ok_or_else(device_token)?;
    let body = body.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::too_large(format!("send at most {} bytes in one request", ingest.body_limit))
        }
        status => Problem::new(status, "invalid", error.body_text()),
    })?;
    let encoding = headers.get(header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let records = hand_in::ndjson(&body, encoding, ingest.body_limit).map_err(|error| match error {
        HandInError::TooLarge { .. } => Problem::too_large(error),
        _ => Problem::new(StatusCode::BAD_REQUEST, "invalid", error),
    })?;
    let accepted = records.len();
    ingest.intake.accept(&sender, records, now()).await.map_err(refused)?;
    Ok(Json(Accepted { accepted }))
}

async fn no_route() -> Problem {
    Problem::not_found("events are handed in with POST /ingest/v1/events")
}

fn device_token() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", "send a device token in the header authorization: bearer")
}

fn refused(error: IntakeError) -> Problem {
    let wait = match error {
        IntakeError::Full => Duration::from_secs(1),
        _ => Duration::from_secs(30),
    };
    Problem::unavailable(error, wait.as_secs())
}
