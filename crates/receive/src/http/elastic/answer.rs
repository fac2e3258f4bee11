//! Answers as Elasticsearch writes them: product header, mirrored media type, `filter_path`, errors with type and reason.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::filter::filtered;
use super::version::compatible_with;
use crate::http::body::BodyError;
use crate::http::credential::NoSender;
use crate::intake::{IntakeError, OnceError};

/// How the answer is wanted.
pub(super) struct Asked {
    media: String,
    filter: Option<String>,
    head: bool,
}

impl Asked {
    pub fn new(parts: &Parts) -> Self {
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let wanted = [text(header::ACCEPT), text(header::CONTENT_TYPE)].into_iter();
        let vendor = wanted.filter(|media| media.contains("vnd.elasticsearch+")).find_map(compatible_with);
        let media = match vendor {
            Some(major) => format!("application/vnd.elasticsearch+json;compatible-with={major}"),
            None => "application/json".to_owned(),
        };
        let query = Query::<HashMap<String, String>>::try_from_uri(&parts.uri);
        let filter = query.ok().and_then(|mut query| query.0.remove("filter_path"));
        Asked { media, filter, head: parts.method == Method::HEAD }
    }

    pub fn answer(&self, status: StatusCode, value: Value) -> Response {
        let value = match self.filter.as_deref() {
            Some(paths) if status.is_success() => filtered(&value, paths),
            _ => value,
        };
        let body = if self.head { Body::empty() } else { Body::from(value.to_string()) };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        // Official clients of 7.14 and later talk to nobody without it.
        headers.insert("x-elastic-product", HeaderValue::from_static("Elasticsearch"));
        if let Ok(media) = HeaderValue::from_str(&self.media) {
            headers.insert(header::CONTENT_TYPE, media);
        }
        response
    }

    pub fn error(&self, status: StatusCode, kind: &str, reason: &str) -> Response {
        let cause = json!({"type": kind, "reason": reason});
        let error = json!({"root_cause": [cause], "type": kind, "reason": reason});
        self.answer(status, json!({"error": error, "status": status.as_u16()}))
    }

    /// A request with a key was not taken as a whole.
    pub fn once(&self, error: &OnceError) -> Response {
        let reason = error.to_string();
        match error {
            OnceError::OtherRequest => {
                self.error(StatusCode::UNPROCESSABLE_ENTITY, "illegal_argument_exception", &reason)
            }
            OnceError::Intake(IntakeError::TooLarge { .. }) => {
                self.error(StatusCode::PAYLOAD_TOO_LARGE, "content_too_long_exception", &reason)
            }
            OnceError::Intake(error) if !error.is_pressure() => self.unavailable(error),
            _ => with_retry(self.error(StatusCode::TOO_MANY_REQUESTS, "es_rejected_execution_exception", &reason), 1),
        }
    }

    /// The server as a whole takes nothing now.
    pub fn unavailable(&self, error: &IntakeError) -> Response {
        let reason = error.to_string();
        let response = self.error(StatusCode::SERVICE_UNAVAILABLE, "cluster_block_exception", &reason);
        with_retry(response, error.retry_after().as_secs_f64().ceil() as u64)
    }
}

pub(super) fn with_retry(mut response: Response, seconds: u64) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, seconds.max(1).into());
    response
}

pub(super) fn no_sender(asked: &Asked, why: NoSender) -> Response {
    let reason = format!("{why}: send a device token as password, as API key or as bearer token");
    let mut response = asked.error(StatusCode::UNAUTHORIZED, "security_exception", &reason);
    let realm = HeaderValue::from_static("Basic realm=\"device token\", charset=\"UTF-8\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
    response
}

pub(super) fn no_body(asked: &Asked, error: &BodyError) -> Response {
    let status = error.status();
    let kind = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "content_too_long_exception",
        StatusCode::TOO_MANY_REQUESTS => "es_rejected_execution_exception",
        StatusCode::REQUEST_TIMEOUT => "timeout_exception",
        _ => "parse_exception",
    };
    let response = asked.error(status, kind, &error.to_string());
    if status == StatusCode::TOO_MANY_REQUESTS { with_retry(response, 1) } else { response }
}
