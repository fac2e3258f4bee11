//! The Splunk HTTP event collector: events as concatenated JSON objects, raw lines, acknowledgements by channel.

mod ack;
mod answer;
mod events;

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use self::ack::Acks;
use self::answer::{Answer, Code};
use super::body::{BodyError, Taken};
use super::{Door, now, once, work};
use crate::hand_in::{HandInError, check_depth};
use crate::intake::Record;
use crate::senders::Sender;
use crate::stats::Rejection;

/// Where a channel stands in a request.
const CHANNEL: &str = "x-splunk-request-channel";

#[derive(Clone)]
struct Hec {
    door: Door,
    acks: Arc<Acks>,
}

pub(super) fn routes<S: Clone + Send + Sync + 'static>(door: Door) -> Router<S> {
    let mut router = Router::new();
    for path in ["", "/event", "/event/1.0"] {
        router = router.route(&format!("/services/collector{path}"), post(event));
    }
    for path in ["/raw", "/raw/1.0"] {
        router = router.route(&format!("/services/collector{path}"), post(raw));
    }
    for path in ["/health", "/health/1.0"] {
        router = router.route(&format!("/services/collector{path}"), get(health));
    }
    router.route("/services/collector/ack", post(ack)).with_state(Hec { door, acks: Arc::new(Acks::new(now())) })
}

/// JSON objects one behind the other, or in arrays, with or without anything in between.
async fn event(State(hec): State<Hec>, request: Request) -> Result<Response, Answer> {
    let (parts, body) = request.into_parts();
    let sender = hec.door.sender(&parts)?;
    let channel = channel(&parts)?;
    let taken = hec.body(&sender, &parts, body).await?;
    let size = taken.bytes.len();
    let (records, taken) = work(size, move || (events::read(&taken.bytes), taken)).await;
    let records = records.inspect_err(|_| hec.door.intake.refused(Rejection::Malformed, 1))?;
    let answer = hec.store(&sender, &parts, records, channel).await;
    drop(taken);
    answer
}

/// Lines as a device writes them. What the query says about them is kept around each line.
async fn raw(State(hec): State<Hec>, request: Request) -> Result<Response, Answer> {
    let (parts, body) = request.into_parts();
    let sender = hec.door.sender(&parts)?;
    let channel = channel(&parts)?;
    let taken = hec.body(&sender, &parts, body).await?;
    let query = Query::<HashMap<String, String>>::try_from_uri(&parts.uri).map(|query| query.0).unwrap_or_default();
    let size = taken.bytes.len();
    // What the query says is repeated for every line.
    let max = hec.door.limits.max_body * 2;
    let (records, taken) = work(size, move || (events::lines(&taken.bytes, &query, max), taken)).await;
    let records = hec.door.checked(records)?;
    if records.is_empty() {
        hec.door.intake.refused(Rejection::Malformed, 1);
        return Err(Code::NoData.into());
    }
    let answer = hec.store(&sender, &parts, records, channel).await;
    drop(taken);
    answer
}

/// Which of the asked ids stand for durable events.
async fn ack(State(hec): State<Hec>, request: Request) -> Result<Json<Value>, Answer> {
    #[derive(serde::Deserialize)]
    struct Asked {
        acks: Vec<u64>,
    }
    let (parts, body) = request.into_parts();
    let sender = hec.door.sender(&parts)?;
    let channel = channel(&parts)?.ok_or(Code::NoChannel)?;
    let taken = hec.body(&sender, &parts, body).await?;
    check_depth(&taken.bytes).map_err(|_| Code::InvalidFormat)?;
    let asked: Asked = serde_json::from_slice(&taken.bytes).map_err(|_| Code::InvalidFormat)?;
    let known = hec.acks.known(&sender.device, &channel, &asked.acks);
    let known: HashMap<String, bool> = asked.acks.iter().map(ToString::to_string).zip(known).collect();
    Ok(Json(json!({"acks": known})))
}

/// Whether events are taken, without asking who wants to know.
async fn health(State(hec): State<Hec>) -> Answer {
    match hec.door.intake.open() {
        Ok(()) => Code::Healthy.into(),
        Err(error) => Answer { retry_after: Some(error.retry_after()), ..Code::Unhealthy.into() },
    }
}

impl Hec {
    /// The body. Some senders say gzip and send plain text, for acknowledgement queries above all.
    async fn body(&self, sender: &Sender, parts: &Parts, body: axum::body::Body) -> Result<Taken, Answer> {
        let encoding = parts.headers.get(axum::http::header::CONTENT_ENCODING);
        let encoding = encoding.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let mut taken = self.door.body_as_sent(sender, body).await?;
        let is_json = taken.bytes.trim_ascii_start().first().is_some_and(|byte| matches!(byte, b'{' | b'['));
        if let (Some(encoding), false) = (encoding, is_json) {
            taken = self.door.decompressed(taken, encoding).await?;
        }
        Ok(taken)
    }

    async fn store(
        &self,
        sender: &Sender,
        parts: &Parts,
        records: Vec<Record>,
        channel: Option<String>,
    ) -> Result<Response, Answer> {
        let received = now();
        match once::key(&parts.headers)? {
            Some(key) => drop(self.door.intake.accept_once(sender, key, records, received).await?),
            None => drop(self.door.intake.accept(sender, records, received).await?),
        }
        let mut answer = json!({"text": "Success", "code": 0});
        if let Some(channel) = channel {
            // Everything is durable by now, so each id given out is true from the start.
            answer["ackId"] = json!(self.acks.issue(&sender.device, &channel, received));
        }
        Ok(axum::response::IntoResponse::into_response(Json(answer)))
    }
}

/// The channel of a request: a UUID in a header or in the query.
fn channel(parts: &Parts) -> Result<Option<String>, Answer> {
    let header = parts.headers.get(CHANNEL).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let channel = header.or_else(|| {
        let mut query = Query::<HashMap<String, String>>::try_from_uri(&parts.uri).ok()?.0;
        query.remove("channel")
    });
    match channel {
        Some(channel) if !is_uuid(&channel) => Err(Code::InvalidChannel.into()),
        channel => Ok(channel.map(|channel| channel.to_ascii_lowercase())),
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

impl From<BodyError> for Answer {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::HandIn(error) => error.into(),
            _ => Code::InvalidFormat.into(),
        }
    }
}

impl From<HandInError> for Answer {
    fn from(error: HandInError) -> Self {
        match error {
            HandInError::TooLarge { .. } | HandInError::TooMany => Code::TooLarge.into(),
            HandInError::NoRoom => Code::Busy.into(),
            HandInError::UnknownEncoding(_) | HandInError::Damaged { .. } => Code::InvalidFormat.into(),
        }
    }
}
