//! Who is calling: a session cookie with its CSRF token, or an API token.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use model::Context;
use model::user::{Session, User};

use crate::problem::Problem;
use crate::state::{Api, now};

/// The session cookie's name.
pub const COOKIE: &str = "vedette_session";
const CSRF_HEADER: &str = "x-csrf-token";

/// The address a connection came from; the listener puts it among every request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct PeerAddress(pub SocketAddr);

/// A caller who proved who they are.
pub struct Caller {
    /// Who acts, for whom, with what permissions.
    pub ctx: Context,
    /// The person.
    pub user: User,
    /// The session, unless an API token was used.
    pub session: Option<Session>,
    /// What changes must carry beside the session's cookie.
    pub csrf: Option<String>,
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        if let Some(secret) = bearer(&parts.headers) {
            let found = api.ops.authenticate_token(now(), secret).await?.ok_or_else(Problem::unauthenticated)?;
            return Ok(Caller { ctx: found.ctx, user: found.user, session: None, csrf: None });
        }
        let token = session_cookie(&parts.headers).ok_or_else(Problem::unauthenticated)?;
        let found = api.ops.authenticate_session(now(), token).await?.ok_or_else(Problem::unauthenticated)?;
        let safe = matches!(parts.method, Method::GET | Method::HEAD);
        let sent = parts.headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
        if !safe && !sent.is_some_and(|sent| found.check_csrf(sent)) {
            return Err(Problem::csrf());
        }
        Ok(Caller { ctx: found.ctx, user: found.user, session: found.session, csrf: found.csrf })
    }
}

/// The caller's context alone: what most handlers want.
pub struct Signed(pub Context);

impl FromRequestParts<Api> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        Caller::from_request_parts(parts, api).await.map(|caller| Signed(caller.ctx))
    }
}

/// What the client is, for session lists and throttling.
pub struct Client {
    /// Its own description of itself, cut short.
    pub user_agent: String,
    /// Where it connects from.
    pub address: IpAddr,
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
        let address =
            parts.extensions.get::<PeerAddress>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        Ok(Client { user_agent: user_agent.chars().take(200).collect(), address })
    }
}

/// The secret of an `Authorization: Bearer` header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

/// The value of the session cookie.
pub fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}
