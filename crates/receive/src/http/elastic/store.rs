//! Handing the documents of a request to intake in portions, so that what does not fit is refused item by item and what
//! does is kept.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::{Asked, with_retry};
use super::bulk::{BadDocument, Item};
use crate::http::now;
use crate::intake::{Accepted, Intake, IntakeError, OnceError, Queued, Record};
use crate::senders::Sender;
use crate::stats::Rejection;

/// Bytes of a portion: small beside the room in flight, large beside a document.
const PORTION: usize = 1 << 20;

/// What became of a request's documents.
pub(super) struct Stored {
    pub items: Vec<Done>,
    /// Why the server takes nothing from anybody, if so.
    closed: Option<IntakeError>,
}

/// What became of one.
pub(super) struct Done {
    action: &'static str,
    index: Option<String>,
    id: Option<String>,
    pub status: u16,
    sequence: u64,
    error: Option<(&'static str, String)>,
    retry_after: u64,
}

impl Stored {
    /// Why nothing of the request was taken, where that is about the server and not about how much was sent.
    pub fn refused_whole(&self) -> Option<&IntakeError> {
        self.closed.as_ref().filter(|_| self.items.iter().all(|item| item.status >= 400))
    }
}

/// Hands in what can be, waits until it is durable, and says what became of each.
pub(super) async fn store(intake: &Intake, sender: &Sender, items: Vec<Item>) -> Stored {
    let mut stored = Stored { items: Vec::with_capacity(items.len()), closed: None };
    let mut queued: Vec<(Vec<usize>, Queued)> = Vec::new();
    let mut portion = Portion::default();
    let mut refused = None;
    for item in items {
        let (place, (record, error)) = (
            stored.items.len(),
            match item.document {
                Ok(record) => (Some(record), None),
                Err(error) => (None, Some(error)),
            },
        );
        stored.items.push(Done::new(item.action, item.index, item.id, error));
        let Some(record) = record else {
            intake.refused(Rejection::Malformed, 1);
            continue;
        };
        portion.add(place, record);
        if portion.bytes >= PORTION {
            portion.hand_in(intake, sender, &mut queued, &mut refused, &mut stored);
        }
    }
    portion.hand_in(intake, sender, &mut queued, &mut refused, &mut stored);
    for (places, queued) in queued {
        match queued.durable().await {
            Ok(accepted) => stored.taken(&places, accepted),
            Err(error) => stored.refused(&places, &error),
        }
    }
    stored
}

/// The same for a request with a key: all of its documents together or none, and those once. Ids come from the key, so that
/// a repeated request is answered alike.
pub(super) async fn store_once(
    intake: &Intake,
    sender: &Sender,
    key: &str,
    items: Vec<Item>,
) -> Result<Stored, OnceError> {
    let mut stored = Stored { items: Vec::with_capacity(items.len()), closed: None };
    let (mut places, mut records) = (Vec::new(), Vec::new());
    for item in items {
        let (record, error) = match item.document {
            Ok(record) => (Some(record), None),
            Err(error) => (None, Some(error)),
        };
        if let Some(record) = record {
            places.push(stored.items.len());
            records.push(record);
        } else {
            intake.refused(Rejection::Malformed, 1);
        }
        stored.items.push(Done::new(item.action, item.index, item.id, error));
    }
    intake.accept_once(sender, key, records, now()).await?;
    for (number, place) in places.into_iter().enumerate() {
        let done = &mut stored.items[place];
        (done.status, done.sequence) = (201, number as u64);
        done.id.get_or_insert_with(|| format!("{key}-{number}"));
    }
    Ok(stored)
}

#[derive(Default)]
struct Portion {
    places: Vec<usize>,
    records: Vec<Record>,
    bytes: usize,
}

impl Portion {
    fn add(&mut self, place: usize, record: Record) {
        self.bytes += record.raw.len();
        self.places.push(place);
        self.records.push(record);
    }

    /// Once a portion is refused, so are those behind it: documents of a sender stay in order.
    fn hand_in(
        &mut self,
        intake: &Intake,
        sender: &Sender,
        queued: &mut Vec<(Vec<usize>, Queued)>,
        refused: &mut Option<IntakeError>,
        stored: &mut Stored,
    ) {
        let Portion { places, records, .. } = std::mem::take(self);
        if records.is_empty() {
            return;
        }
        if let Some(error) = refused {
            intake.refused(if error.is_pressure() { Rejection::Full } else { Rejection::Stopped }, records.len());
            return stored.refused(&places, error);
        }
        match intake.queue_now(sender, records, now()) {
            Ok(one) => queued.push((places, one)),
            Err(error) => {
                stored.refused(&places, &error);
                *refused = Some(error);
            }
        }
    }
}

impl Stored {
    fn taken(&mut self, places: &[usize], accepted: Accepted) {
        let first = accepted.first.map_or(0, |first| first.sequence);
        for (offset, place) in places.iter().enumerate() {
            let done = &mut self.items[*place];
            done.status = 201;
            done.sequence = first + offset as u64;
            if let (None, Some(first)) = (&done.id, accepted.first) {
                done.id = Some(format!("{:08x}{:04x}{:016x}", first.log, first.shard, done.sequence));
            }
        }
    }

    fn refused(&mut self, places: &[usize], error: &IntakeError) {
        let (status, kind) = match error {
            IntakeError::TooLarge { .. } => (413, "illegal_argument_exception"),
            error if error.is_pressure() => (429, "es_rejected_execution_exception"),
            _ => (503, "unavailable_shards_exception"),
        };
        for place in places {
            let done = &mut self.items[*place];
            (done.status, done.error) = (status, Some((kind, error.to_string())));
            done.retry_after = error.retry_after().as_secs_f64().ceil() as u64;
        }
        if status == 503 {
            self.closed = Some(error.clone());
        }
    }
}

impl Done {
    fn new(action: &'static str, index: Option<String>, id: Option<String>, error: Option<BadDocument>) -> Self {
        let kind = match error {
            Some(BadDocument::NotSupported) => "action_request_validation_exception",
            _ => "document_parsing_exception",
        };
        let error = error.map(|error| (kind, error.to_string()));
        Done { action, index, id, status: if error.is_some() { 400 } else { 0 }, sequence: 0, error, retry_after: 0 }
    }

    /// Its line in the answer to `_bulk`.
    pub fn bulk(self) -> Value {
        let action = self.action;
        let mut members = self.result();
        members["status"] = json!(self.status);
        json!({action: members})
    }

    /// The answer where it was the only one.
    pub fn single(self, asked: &Asked) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match &self.error {
            None => asked.answer(status, self.result()),
            Some((kind, reason)) => {
                let response = asked.error(status, kind, reason);
                if self.status == 429 { with_retry(response, self.retry_after) } else { response }
            }
        }
    }

    fn result(&self) -> Value {
        let index = self.index.as_deref().unwrap_or("events");
        match &self.error {
            Some((kind, reason)) => json!({
                "_index": index, "_id": self.id, "error": {"type": kind, "reason": reason}
            }),
            None => json!({
                "_index": index, "_id": self.id, "_version": 1, "result": "created",
                "_shards": {"total": 1, "successful": 1, "failed": 0},
                "_seq_no": self.sequence, "_primary_term": 1
            }),
        }
    }
}
