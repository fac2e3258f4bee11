//! Reading a body: bounded in bytes and in time, its memory charged to the customer's share of the room for bodies.

use std::borrow::Cow;
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;

use super::{Door, work};
use crate::hand_in::{self, HandInError};
use crate::room::Place;
use crate::senders::Sender;
use crate::stats::Rejection;

/// The room for bodies is counted in units of so many bytes.
pub(super) const UNIT: usize = 1024;

/// A body, decompressed, with the room it takes up.
pub(super) struct Taken {
    pub bytes: Vec<u8>,
    room: Place,
}

/// A body that was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error(transparent)]
    HandIn(#[from] HandInError),
    #[error("the body came too slowly")]
    TooSlow,
    #[error("the body broke off: {0}")]
    Broken(String),
}

impl BodyError {
    pub fn status(&self) -> StatusCode {
        match self {
            BodyError::HandIn(HandInError::TooLarge { .. } | HandInError::TooMany) => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::HandIn(HandInError::NoRoom) => StatusCode::TOO_MANY_REQUESTS,
            BodyError::TooSlow => StatusCode::REQUEST_TIMEOUT,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn rejection(&self) -> Rejection {
        match self {
            BodyError::HandIn(HandInError::TooLarge { .. } | HandInError::TooMany) => Rejection::TooLarge,
            BodyError::HandIn(HandInError::NoRoom) => Rejection::Full,
            BodyError::TooSlow => Rejection::TooSlow,
            _ => Rejection::Malformed,
        }
    }
}

impl Door {
    /// The body of a request of `sender`, decompressed as its headers say. Counts those that are refused.
    pub(super) async fn body(&self, sender: &Sender, headers: &HeaderMap, body: Body) -> Result<Taken, BodyError> {
        let taken = self.body_as_sent(sender, body).await?;
        match headers.get(header::CONTENT_ENCODING) {
            None => Ok(taken),
            Some(value) => self.decompressed(taken, String::from_utf8_lossy(value.as_bytes()).into_owned()).await,
        }
    }

    /// The same as it was sent.
    pub(super) async fn body_as_sent(&self, sender: &Sender, body: Body) -> Result<Taken, BodyError> {
        let taken = match self.bodies.try_take(&sender.customer, 1) {
            Some(room) => self.read(room, body).await,
            None => Err(HandInError::NoRoom.into()),
        };
        taken.inspect_err(|error| self.refused_body(error))
    }

    /// A body without its encoding.
    pub(super) async fn decompressed(&self, taken: Taken, encoding: String) -> Result<Taken, BodyError> {
        let max = self.limits.max_body;
        let done = work(taken.bytes.len(), move || {
            let Taken { bytes, mut room } = taken;
            let mut grow = |more: usize| room.grow(more.div_ceil(UNIT));
            let plain = match hand_in::decompress(&bytes, Some(&encoding), max, &mut grow)? {
                Cow::Owned(plain) => Some(plain),
                Cow::Borrowed(_) => None,
            };
            Ok(Taken { bytes: plain.unwrap_or(bytes), room })
        })
        .await;
        done.inspect_err(|error| self.refused_body(error))
    }

    /// Counts what was wrong with a body that was read.
    pub(super) fn checked<T>(&self, read: Result<T, HandInError>) -> Result<T, BodyError> {
        read.map_err(BodyError::from).inspect_err(|error| self.refused_body(error))
    }

    fn refused_body(&self, error: &BodyError) {
        self.intake.refused(error.rejection(), 1);
    }

    async fn read(&self, mut room: Place, mut body: Body) -> Result<Taken, BodyError> {
        let (limits, begun) = (&self.limits, Instant::now());
        let max = limits.max_body;
        if body.size_hint().lower() > max as u64 {
            return Err(HandInError::TooLarge { max }.into());
        }
        let (mut bytes, mut charged) = (Vec::new(), UNIT);
        loop {
            let left = limits.body_time.saturating_sub(begun.elapsed());
            let next = tokio::time::timeout(limits.body_idle.min(left), body.frame()).await;
            let frame = match next.map_err(|_| BodyError::TooSlow)? {
                None => return Ok(Taken { bytes, room }),
                Some(Err(error)) => return Err(BodyError::Broken(error.to_string())),
                Some(Ok(frame)) => frame,
            };
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > max {
                return Err(HandInError::TooLarge { max }.into());
            }
            if bytes.len() + data.len() > charged {
                let more = (bytes.len() + data.len() - charged).div_ceil(UNIT);
                if !room.grow(more) {
                    return Err(HandInError::NoRoom.into());
                }
                charged += more * UNIT;
            }
            bytes.extend_from_slice(&data);
        }
    }
}
