//! Answers of the collector: HTTP status, text and code as Splunk's documentation lists them.

use std::time::Duration;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::http::credential::NoSender;
use crate::http::once::BadKey;
use crate::intake::{IntakeError, OnceError};

/// What senders branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    TokenRequired,
    InvalidAuthorization,
    InvalidToken,
    NoData,
    InvalidFormat,
    InternalError,
    Busy,
    NoChannel,
    InvalidChannel,
    EventRequired,
    EventBlank,
    InvalidFields,
    Healthy,
    Unhealthy,
    ShuttingDown,
    TooLarge,
}

impl Code {
    fn told(self) -> (u16, StatusCode, &'static str) {
        use StatusCode as S;
        match self {
            Code::TokenRequired => (2, S::UNAUTHORIZED, "Token is required"),
            Code::InvalidAuthorization => (3, S::UNAUTHORIZED, "Invalid authorization"),
            Code::InvalidToken => (4, S::FORBIDDEN, "Invalid token"),
            Code::NoData => (5, S::BAD_REQUEST, "No data"),
            Code::InvalidFormat => (6, S::BAD_REQUEST, "Invalid data format"),
            Code::InternalError => (8, S::INTERNAL_SERVER_ERROR, "Internal server error"),
            Code::Busy => (9, S::SERVICE_UNAVAILABLE, "Server is busy"),
            Code::NoChannel => (10, S::BAD_REQUEST, "Data channel is missing"),
            Code::InvalidChannel => (11, S::BAD_REQUEST, "Invalid data channel"),
            Code::EventRequired => (12, S::BAD_REQUEST, "Event field is required"),
            Code::EventBlank => (13, S::BAD_REQUEST, "Event field cannot be blank"),
            Code::InvalidFields => (15, S::BAD_REQUEST, "Error in handling indexed fields"),
            Code::Healthy => (17, S::OK, "HEC is healthy"),
            Code::Unhealthy => (18, S::SERVICE_UNAVAILABLE, "HEC is unhealthy, queues are full"),
            Code::ShuttingDown => (23, S::SERVICE_UNAVAILABLE, "Server is shutting down"),
            Code::TooLarge => (27, S::PAYLOAD_TOO_LARGE, "Request entity too large"),
        }
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub code: Code,
    /// Which event of the request is wrong, counted from 0.
    pub event: Option<usize>,
    pub retry_after: Option<Duration>,
}

impl From<Code> for Answer {
    fn from(code: Code) -> Self {
        let retry_after = (code == Code::Busy).then_some(Duration::from_secs(1));
        Answer { code, event: None, retry_after }
    }
}

impl From<NoSender> for Answer {
    fn from(why: NoSender) -> Self {
        match why {
            NoSender::Nothing => Code::TokenRequired.into(),
            NoSender::Unreadable => Code::InvalidAuthorization.into(),
            NoSender::Unknown => Code::InvalidToken.into(),
        }
    }
}

impl From<IntakeError> for Answer {
    fn from(error: IntakeError) -> Self {
        let code = match error {
            IntakeError::Closed => Code::ShuttingDown,
            IntakeError::TooLarge { .. } => Code::TooLarge,
            IntakeError::Poisoned(_) => Code::InternalError,
            _ => Code::Busy,
        };
        let retry_after = (code != Code::TooLarge).then(|| error.retry_after());
        Answer { retry_after, ..code.into() }
    }
}

impl From<BadKey> for Answer {
    fn from(_: BadKey) -> Self {
        Code::InvalidFormat.into()
    }
}

impl From<OnceError> for Answer {
    fn from(error: OnceError) -> Self {
        match error {
            OnceError::InProgress => Code::Busy.into(),
            OnceError::OtherRequest => Code::InvalidFormat.into(),
            OnceError::Intake(error) => error.into(),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (code, status, text) = self.code.told();
        let mut body = json!({"text": text, "code": code});
        if let Some(event) = self.event {
            body["invalid-event-number"] = json!(event);
        }
        let mut response = (status, Json(body)).into_response();
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs_f64().ceil() as u64;
            response.headers_mut().insert(header::RETRY_AFTER, seconds.max(1).into());
        }
        response
    }
}
