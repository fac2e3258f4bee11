//! Errors of NDJSON and of routes that do not exist, as RFC 9457 problems: the shape the product's own API has.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::body::BodyError;
use super::credential::NoSender;
use super::once::BadKey;
use crate::intake::{IntakeError, OnceError};

/// A problem with a stable code.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: String,
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, detail: impl ToString) -> Self {
        Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: detail.to_string(),
            retry_after: None,
        }
    }

    pub fn not_found(detail: &str) -> Self {
        Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    pub fn no_method() -> Self {
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this route has no such method")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).expect("made from a status");
        let retry_after = self.retry_after;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<NoSender> for Problem {
    fn from(why: NoSender) -> Self {
        let detail = format!("{why}: send a device token in the header authorization: bearer");
        Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let code = match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => "too_large",
            StatusCode::TOO_MANY_REQUESTS => "limited",
            StatusCode::REQUEST_TIMEOUT => "too_slow",
            _ => "invalid",
        };
        let retry_after = (code == "limited").then_some(1);
        Problem { retry_after, ..Problem::new(error.status(), code, error) }
    }
}

impl From<BadKey> for Problem {
    fn from(error: BadKey) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, "invalid", error)
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        let retry_after = Some(error.retry_after().as_secs_f64().ceil() as u64);
        let (status, code) = match error {
            IntakeError::Limited { .. } => (StatusCode::TOO_MANY_REQUESTS, "limited"),
            IntakeError::TooLarge { .. } => return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error),
            _ => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        };
        Problem { retry_after, ..Problem::new(status, code, error) }
    }
}

impl From<OnceError> for Problem {
    fn from(error: OnceError) -> Self {
        match error {
            OnceError::InProgress => {
                Problem { retry_after: Some(1), ..Problem::new(StatusCode::CONFLICT, "in_progress", error) }
            }
            OnceError::OtherRequest => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "key_reused", error),
            OnceError::Intake(error) => error.into(),
        }
    }
}
