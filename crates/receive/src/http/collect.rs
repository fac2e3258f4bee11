//! `POST /ingest/v1/collect`: what a collector hands on. Each record comes as the collector logged it, with the time and
//! the address it was received from; that address says which of the customer's devices it is of.
//!
//! ```text
//! "vdcol1\n" | (len u32 | entry)*     (little endian; an entry as in the log, see `wal::DataEntry`)
//! ```
//! The idempotency key is required: collectors send again until they are answered.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::{Door, now, once, work};
use crate::hand_in::{Batch, HandInError};
use crate::intake::{Record, Trail};
use crate::senders::{Sender, SenderDirectory};
use crate::stats::Rejection;
use crate::wal::DataEntry;

/// What a body begins with.
pub const MAGIC: &[u8; 7] = b"vdcol1\n";

/// The answer to a collector.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Collected {
    /// Records that are durable.
    pub accepted: usize,
    /// Those whose address no device is registered for: they are the collector's own.
    pub strangers: usize,
    /// What our clock says, in microseconds since 1970.
    pub time: i64,
}

pub(super) fn routes() -> Router<Door> {
    Router::new().route("/ingest/v1/collect", post(collect).get(greet))
}

/// Whom a collector is known as, for its check: nothing is stored.
async fn greet(State(door): State<Door>, request: Request) -> Result<Json<Collected>, Problem> {
    let (parts, _) = request.into_parts();
    let sender = door.sender(&parts)?;
    collector(&sender)?;
    Ok(Json(Collected { accepted: 0, strangers: 0, time: now().as_micros() }))
}

fn collector(sender: &Sender) -> Result<(), Problem> {
    if sender.collects {
        return Ok(());
    }
    let detail = "the credential is one of a device that is no collector: give it the kind collector in the console";
    Err(Problem::new(StatusCode::FORBIDDEN, "not_a_collector", detail))
}

async fn collect(State(door): State<Door>, request: Request) -> Result<Json<Collected>, Problem> {
    let (parts, body) = request.into_parts();
    let sender = door.sender(&parts)?;
    collector(&sender)?;
    let key = once::key(&parts.headers)?;
    let key = key.ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "invalid", "idempotency-key is missing"))?;
    let taken = door.body(&sender, &parts.headers, body).await?;
    let (size, received) = (taken.bytes.len(), now());
    let (senders, handing) = (door.senders.clone(), sender.clone());
    let (records, taken) = work(size, move || (read(&taken.bytes, &handing, &senders, received), taken)).await;
    let records = match records {
        Ok(records) => door.checked(records)?,
        Err(what) => {
            door.intake.refused(Rejection::Malformed, 1);
            return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid", what));
        }
    };
    let is_stranger = |record: &&Record| {
        let trail = record.trail.as_ref();
        trail.and_then(|trail| trail.sender.as_ref()).is_some_and(|sender| sender.peer.is_some())
    };
    let strangers = records.iter().filter(is_stranger).count();
    let accepted = door.intake.accept_once(&sender, key, records, received).await?;
    drop(taken);
    Ok(Json(Collected { accepted, strangers, time: received.as_micros() }))
}

/// The records of a body; the outer error is a body that is none of a collector.
fn read(
    body: &[u8],
    collector: &Arc<Sender>,
    senders: &SenderDirectory,
    now: Timestamp,
) -> Result<Result<Vec<Record>, HandInError>, &'static str> {
    let mut rest = body.strip_prefix(MAGIC).ok_or("the body is none of a collector of this version")?;
    let mut batch = Batch::new(rest.len());
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let cut = after.split_at_checked(u32::from_le_bytes(*length) as usize);
        let (entry, after) = cut.ok_or("the body ends inside a record")?;
        rest = after;
        let entry = DataEntry::decode(entry).map_err(|_| "a record of the body does not read")?;
        let record = attributed(&entry, collector, senders, now);
        if let Err(error) = batch.push(record) {
            return Ok(Err(error));
        }
    }
    if rest.is_empty() { Ok(Ok(batch.into_records())) } else { Err("the body ends inside a record") }
}

/// A record under the device it is of. What the collector says about customer and device does not count.
fn attributed(entry: &DataEntry<'_>, collector: &Arc<Sender>, senders: &SenderDirectory, now: Timestamp) -> Record {
    let mut sender = match entry.peer.parse() {
        Ok(peer) => senders.received_from(collector, peer),
        Err(_) => collector.clone(),
    };
    // The collector's settings know better than nothing; those of a registered device stand here.
    if sender.device == collector.device && sender.source.is_none() && !entry.source.is_empty() {
        sender = Arc::new(Sender { source: Some(Arc::from(entry.source)), ..Sender::clone(&sender) });
    }
    if sender.device == collector.device && !entry.time_zone.is_empty() {
        sender = Arc::new(Sender { time_zone: Arc::from(entry.time_zone), ..Sender::clone(&sender) });
    }
    let trail = Trail {
        sender: Some(sender),
        // A clock that is ahead must not date what has not been.
        received: Some(entry.received.min(now)),
        peer: entry.peer.to_owned(),
        listener: entry.listener.to_owned(),
        bookmark: Vec::new(),
    };
    Record { raw: entry.raw.to_vec(), truncated: entry.truncated, trail: Some(Box::new(trail)) }
}
