//! Answers of OTLP: success with what was left out, or a `google.rpc.Status`, in the format of the request.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use super::BadLogs;
use super::record::Rejected;
use super::wire::Writer;
use crate::hand_in::HandInError;
use crate::http::body::BodyError;
use crate::http::credential::NoSender;
use crate::http::once::BadKey;
use crate::intake::{IntakeError, OnceError};

/// How a request over HTTP is written, and so its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Protobuf,
    Json,
}

impl Format {
    fn media(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Format::Protobuf => "application/x-protobuf",
            Format::Json => "application/json",
        })
    }
}

/// The codes of gRPC that are used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// Why a request is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Status {
    pub code: Code,
    pub message: String,
    /// Senders try again only when told so.
    pub retry_after: Option<Duration>,
    limited: bool,
}

impl Status {
    pub fn new(code: Code, message: impl ToString) -> Self {
        Status { code, message: message.to_string(), retry_after: None, limited: false }
    }

    pub fn invalid(message: &str) -> Self {
        Status::new(Code::InvalidArgument, message)
    }

    /// The status of HTTP. 5xx and 429 are tried again, so what can never be taken must be neither.
    pub fn http_status(&self) -> StatusCode {
        match self.code {
            Code::InvalidArgument => StatusCode::BAD_REQUEST,
            Code::DeadlineExceeded => StatusCode::REQUEST_TIMEOUT,
            Code::ResourceExhausted => StatusCode::PAYLOAD_TOO_LARGE,
            Code::Unimplemented => StatusCode::NOT_FOUND,
            Code::Unavailable if self.limited => StatusCode::TOO_MANY_REQUESTS,
            Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        }
    }

    pub fn http(&self, status: StatusCode, format: Format) -> Response {
        let body = match format {
            Format::Json => json!({"code": self.code as u8, "message": self.message}).to_string().into_bytes(),
            Format::Protobuf => self.encode(),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, format.media());
        if let Some(seconds) = self.retry_seconds() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }

    /// `google.rpc.Status`, with a `RetryInfo` where there is a time to wait.
    pub fn encode(&self) -> Vec<u8> {
        let mut status = Writer::default();
        status.number(1, self.code as u64);
        status.bytes(2, self.message.as_bytes());
        if let Some(seconds) = self.retry_seconds() {
            let (mut delay, mut info, mut any) = (Writer::default(), Writer::default(), Writer::default());
            delay.number(1, seconds);
            info.bytes(1, &delay.finish());
            any.bytes(1, b"type.googleapis.com/google.rpc.RetryInfo");
            any.bytes(2, &info.finish());
            status.bytes(3, &any.finish());
        }
        status.finish()
    }

    fn retry_seconds(&self) -> Option<u64> {
        self.retry_after.map(|wait| (wait.as_secs_f64().ceil() as u64).max(1))
    }
}

/// `ExportLogsServiceResponse`.
pub(super) fn response(rejected: Option<&Rejected>) -> Vec<u8> {
    let mut response = Writer::default();
    if let Some(rejected) = rejected {
        let mut partial = Writer::default();
        partial.number(1, rejected.records as u64);
        partial.bytes(2, rejected.reason.as_bytes());
        response.bytes(1, &partial.finish());
    }
    response.finish()
}

pub(super) fn success(format: Format, rejected: Option<&Rejected>) -> Response {
    let body = match (format, rejected) {
        (Format::Protobuf, rejected) => response(rejected),
        (Format::Json, None) => b"{}".to_vec(),
        (Format::Json, Some(rejected)) => json!({"partialSuccess": {
            "rejectedLogRecords": rejected.records.to_string(), "errorMessage": rejected.reason
        }})
        .to_string()
        .into_bytes(),
    };
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, format.media());
    response
}

impl From<NoSender> for Status {
    fn from(why: NoSender) -> Self {
        let message = format!("{why}: send a device token in the header authorization: bearer");
        Status::new(Code::Unauthenticated, message)
    }
}

impl From<HandInError> for Status {
    fn from(error: HandInError) -> Self {
        let status = |code| Status::new(code, &error);
        match error {
            HandInError::TooLarge { .. } | HandInError::TooMany => status(Code::ResourceExhausted),
            HandInError::NoRoom => {
                Status { retry_after: Some(Duration::from_secs(1)), limited: true, ..status(Code::Unavailable) }
            }
            HandInError::UnknownEncoding(_) | HandInError::Damaged { .. } => status(Code::InvalidArgument),
        }
    }
}

impl From<BodyError> for Status {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::HandIn(error) => error.into(),
            BodyError::TooSlow => Status::new(Code::DeadlineExceeded, error),
            BodyError::Broken(_) => Status::new(Code::InvalidArgument, error),
        }
    }
}

impl From<BadLogs> for Status {
    fn from(error: BadLogs) -> Self {
        match error {
            BadLogs::Malformed(_) => Status::new(Code::InvalidArgument, error),
            BadLogs::TooMuch(error) => error.into(),
        }
    }
}

impl From<BadKey> for Status {
    fn from(error: BadKey) -> Self {
        Status::new(Code::InvalidArgument, error)
    }
}

impl From<OnceError> for Status {
    fn from(error: OnceError) -> Self {
        match error {
            OnceError::InProgress => {
                Status { retry_after: Some(Duration::from_secs(1)), ..Status::new(Code::Unavailable, error) }
            }
            OnceError::OtherRequest => Status::new(Code::InvalidArgument, error),
            OnceError::Intake(error) => error.into(),
        }
    }
}

impl From<IntakeError> for Status {
    fn from(error: IntakeError) -> Self {
        if let IntakeError::TooLarge { .. } = error {
            return Status::new(Code::ResourceExhausted, error);
        }
        Status {
            retry_after: Some(error.retry_after()),
            limited: error.is_pressure(),
            ..Status::new(Code::Unavailable, error)
        }
    }
}
