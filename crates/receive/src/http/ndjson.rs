//! `POST /ingest/v1/events`: one record a line, anything a device may write; a document that holds many records, such as a
//! CloudTrail file, gives each of them, on one line or pretty-printed. A request with an `idempotency-key` that
//! is repeated is stored once.

use axum::extract::{Request, State};
use axum::routing::post;
use axum::{Json, Router};
use serde::Serialize;

use super::problem::Problem;
use super::{Door, now, once};
use crate::hand_in;

/// How many records of a request are durable.
#[derive(Serialize)]
struct Accepted {
    accepted: usize,
}

pub(super) fn routes() -> Router<Door> {
    Router::new().route("/ingest/v1/events", post(hand_in))
}

/// Answers only after all records are durable.
async fn hand_in(State(door): State<Door>, request: Request) -> Result<Json<Accepted>, Problem> {
    let (parts, body) = request.into_parts();
    let sender = door.sender(&parts)?;
    let taken = door.body(&sender, &parts.headers, body).await?;
    let records = door.checked(hand_in::lines(&taken.bytes))?;
    let accepted = records.len();
    match once::key(&parts.headers)? {
        Some(key) => drop(door.intake.accept_once(&sender, key, records, now()).await?),
        None => drop(door.intake.accept(&sender, records, now()).await?),
    }
    Ok(Json(Accepted { accepted }))
}
