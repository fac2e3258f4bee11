//! What a long answer was asked with, so that it ends when its session or token does.

use axum::http::HeaderMap;

use crate::auth::{Caller, bearer, session_cookie};
use crate::state::{Api, now};

/// A session's or a token's secret.
pub enum Credential {
    /// Of a session's cookie.
    Session(String),
    /// Of an API token.
    Token(String),
}

impl Credential {
    /// What a request carries.
    pub fn of(headers: &HeaderMap) -> Self {
        match bearer(headers) {
            Some(secret) => Credential::Token(secret.to_owned()),
            None => Credential::Session(session_cookie(headers).unwrap_or_default().to_owned()),
        }
    }

    /// Asks again who is calling, so that a revoked session or a narrowed scope ends or narrows the stream.
    pub async fn still_stands(&self, api: &Api, caller: &mut Caller) -> bool {
        let found = match self {
            Credential::Session(token) => api.ops.authenticate_session(now(), token).await,
            Credential::Token(secret) => api.ops.authenticate_token(now(), secret).await,
        };
        match found {
            Ok(Some(found)) => {
                caller.ctx = found.ctx;
                true
            }
            Ok(None) => false,
            Err(error) => {
                tracing::warn!(%error, "a stream's session could not be checked");
                false
            }
        }
    }
}
