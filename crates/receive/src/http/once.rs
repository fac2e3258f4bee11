//! The header by which a sender names its request, the same for every protocol: a request repeated under it is stored
//! once.

use axum::http::HeaderMap;

/// The header.
const KEY: &str = "idempotency-key";
const LONGEST: usize = 255;

/// A key that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("idempotency-key must be 1 to {LONGEST} printable characters")]
pub(super) struct BadKey;

/// The key of a request, if it has one.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<&str>, BadKey> {
    let Some(key) = headers.get(KEY) else { return Ok(None) };
    key.to_str().ok().filter(|key| (1..=LONGEST).contains(&key.len())).map(Some).ok_or(BadKey)
}
