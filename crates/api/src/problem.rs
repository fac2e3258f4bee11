//! Errors as RFC 9457 problems: one table from error to status and stable code.
//!
//! | code | status | when |
//! |---|---|---|
//! | `invalid` | 400 | a body, parameter or field is wrong; `fields` says which |
//! | `unauthenticated` | 401 | no session or token, or one that ended |
//! | `bad_credentials` | 401 | login or password is wrong |
//! | `csrf` | 403 | a change without the session's `x-csrf-token` |
//! | `forbidden` | 403 | the caller lacks a permission |
//! | `not_found` | 404 | it does not exist, or the caller may not know that it does |
//! | `method_not_allowed` | 405 | the route has no such method |
//! | `conflict` | 409 | somebody changed it meanwhile |
//! | `taken` | 409 | a name that must be unique is not |
//! | `not_allowed_now` | 409 | its state does not allow the transition |
//! | `incident_files_full`, `incident_bytes_full`, `customer_bytes_full` | 409 | no more files may be attached; remove some |
//! | `too_large` | 413 | the body is larger than the route takes |
//! | `too_costly` | 400 | a search reads, holds or takes more than it may; narrow it |
//! | `searched_too_much` | 429 | a person's searches have read their share of the minute |
//! | `too_many_attempts` | 429 | wait `retry-after` seconds |
//! | `internal` | 500 | our fault; the log has the cause |
//! | `unavailable` | 503 | a part of the platform is away or full; try again |

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::Denied;
use ops::FieldProblem;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

/// A problem as RFC 9457 has it, with a stable code.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the code tells problems apart.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What programs branch on.
    code: &'static str,
    /// What went wrong and what to do about it.
    detail: String,
    /// Wrong fields, where it is about fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<FieldProblem>,
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem of this status and code.
    pub fn new(status: StatusCode, code: &'static str, detail: impl ToString) -> Self {
        Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: detail.to_string(),
            fields: Vec::new(),
            retry_after: None,
        }
    }

    /// One wrong parameter or field.
    pub fn invalid(field: &str, message: impl ToString) -> Self {
        let message = message.to_string();
        let mut problem = Problem::new(StatusCode::BAD_REQUEST, "invalid", format!("{field}: {message}"));
        problem.fields.push(FieldProblem { field: field.to_owned(), message });
        problem
    }

    /// Nobody proved who they are.
    pub fn unauthenticated() -> Self {
        Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", "sign in, or send an API token that has not ended")
    }

    /// A change without the session's CSRF token.
    pub fn csrf() -> Self {
        Problem::new(StatusCode::FORBIDDEN, "csrf", "changes need the session's csrf_token in the header x-csrf-token")
    }

    /// It does not exist, or the caller may not know that it does.
    pub fn not_found(detail: impl ToString) -> Self {
        Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// The body is larger than the route takes.
    pub fn too_large(detail: impl ToString) -> Self {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    /// A part of the platform is away or full.
    pub fn unavailable(detail: impl ToString, retry_after: u64) -> Self {
        let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail);
        problem.retry_after = Some(retry_after);
        problem
    }

    fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let cause = error.source().map(ToString::to_string);
        tracing::error!(%error, cause, "a request failed");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something failed on our side; it is in the log")
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

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Problem::new(StatusCode::FORBIDDEN, "forbidden", denied)
    }
}

impl From<ops::Error> for Problem {
    fn from(error: ops::Error) -> Self {
        use ops::{Error, Full};
        match error {
            Error::Denied(permission) => Denied(permission).into(),
            Error::NeedsEveryCustomer
            | Error::NeedsItsCustomers(_)
            | Error::Escalation
            | Error::PersonOnly
            | Error::NotYours(_) => Problem::new(StatusCode::FORBIDDEN, "forbidden", error),
            Error::NotFound(_) => Problem::not_found(error),
            Error::Invalid { ref fields } => {
                let fields = fields.clone();
                Problem { fields, ..Problem::new(StatusCode::BAD_REQUEST, "invalid", error) }
            }
            Error::Conflict => Problem::new(StatusCode::CONFLICT, "conflict", error),
            Error::Taken(ref field) => {
                let field = FieldProblem { field: field.clone(), message: error.to_string() };
                Problem { fields: vec![field], ..Problem::new(StatusCode::CONFLICT, "taken", error) }
            }
            Error::LastAdministrator | Error::NoPortFree | Error::NotNow(_) | Error::Transition(_) => {
                Problem::new(StatusCode::CONFLICT, "not_allowed_now", error)
            }
            Error::Full(full) => {
                let code = match full {
                    Full::IncidentFiles => "incident_files_full",
                    Full::IncidentBytes => "incident_bytes_full",
                    Full::CustomerBytes => "customer_bytes_full",
                };
                Problem::new(StatusCode::CONFLICT, code, error)
            }
            Error::BadCredentials => Problem::new(StatusCode::UNAUTHORIZED, "bad_credentials", error),
            Error::TooManyAttempts { retry_after } => {
                let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", error);
                Problem { retry_after: Some(retry_after.as_secs()), ..problem }
            }
            Error::TooLarge(_) => Problem::too_large(error),
            Error::TooCostly(_) => Problem::new(StatusCode::BAD_REQUEST, "too_costly", error),
            Error::SearchedTooMuch { retry_after, .. } => {
                let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "searched_too_much", error);
                Problem { retry_after: Some(retry_after.as_secs()), ..problem }
            }
            Error::Unavailable(_) => Problem::unavailable(error, 5),
            Error::Store(_) | Error::Lake(_) => Problem::internal(&error),
        }
    }
}

/// A JSON body; what is wrong with it becomes a problem that says where.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Body(value)),
            Err(JsonRejection::BytesRejection(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Problem::too_large("the body is larger than this route takes"))
            }
            Err(error) => Err(Problem::new(StatusCode::BAD_REQUEST, "invalid", error.body_text())),
        }
    }
}
