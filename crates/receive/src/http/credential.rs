//! Whose a request is: the connection's client certificate, else a device token in whatever header the sender's
//! protocol has for secrets. Nothing the body says counts.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Door;
use super::serve::PeerIp;
use super::slots::Slot;
use crate::senders::Sender;
use crate::stats::Rejection;

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The SHA-256 of the client certificate of a connection; the listener puts it among every request's extensions.
#[derive(Debug, Clone, Copy)]
pub(super) struct PeerCertificate(pub [u8; 32]);

/// Nobody we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoSender {
    /// Neither token nor certificate.
    #[error("no token was sent")]
    Nothing,
    /// A header that holds no token.
    #[error("the authorization header does not read")]
    Unreadable,
    /// A token or certificate nobody was given.
    #[error("the token is not one of a device")]
    Unknown,
}

impl Door {
    /// Whose the request is. Counts those that are nobody's.
    pub(super) fn sender(&self, parts: &Parts) -> Result<Arc<Sender>, NoSender> {
        let slot = parts.extensions.get::<Arc<Slot>>();
        let peer = parts.extensions.get::<PeerIp>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0);
        if let Some(sender) = self.senders.anybody(peer) {
            slot.inspect(|slot| slot.belongs_to(&sender.customer));
            return Ok(sender);
        }
        let found = match parts.extensions.get::<PeerCertificate>() {
            Some(certificate) => self.senders.by_fingerprint(&certificate.0),
            None => None,
        };
        // A certificate may also be one a proxy or an organisation gives to everybody: then the token decides.
        let found = match found {
            Some(sender) => Ok(sender),
            None => self.by_token(&parts.headers),
        };
        if let (Ok(sender), Some(slot)) = (&found, slot) {
            slot.belongs_to(&sender.customer);
        }
        let peer = parts.extensions.get::<PeerIp>().map(|peer| peer.0);
        if let Ok(sender) = &found {
            self.intake.remember_heard(sender, peer);
        }
        found.inspect_err(|why| {
            let why = match why {
                NoSender::Nothing => Rejection::NoIdentity,
                NoSender::Unreadable | NoSender::Unknown => Rejection::WrongToken,
            };
            self.intake.refused(why, 1);
            self.intake.remember_refused(None, why, peer, 1);
        })
    }

    fn by_token(&self, headers: &HeaderMap) -> Result<Arc<Sender>, NoSender> {
        let candidates = candidates(headers)?;
        candidates.iter().find_map(|token| self.senders.by_token(token)).ok_or(NoSender::Unknown)
    }
}

/// What may be a token: `Bearer`, `Splunk` and `ApiKey` carry it as it is, `ApiKey` also as base64 of `id:token`,
/// `Basic` as the password (or, where there is none, as the user).
fn candidates(headers: &HeaderMap) -> Result<Vec<String>, NoSender> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Err(NoSender::Nothing) };
    let value = value.to_str().map_err(|_| NoSender::Unreadable)?;
    let (scheme, secret) = value.trim().split_once(' ').ok_or(NoSender::Unreadable)?;
    let secret = secret.trim();
    if secret.is_empty() {
        return Err(NoSender::Nothing);
    }
    let pair = || {
        let text = BASE64.decode(secret).ok().and_then(|bytes| String::from_utf8(bytes).ok())?;
        text.split_once(':').map(|(id, key)| (id.to_owned(), key.to_owned()))
    };
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" | "splunk" => Ok(vec![secret.to_owned()]),
        "apikey" => Ok(pair().map(|(_, key)| key).into_iter().chain([secret.to_owned()]).collect()),
        "basic" => match pair() {
            Some((user, password)) if password.is_empty() => Ok(vec![user]),
            Some((_, password)) => Ok(vec![password]),
            None => Err(NoSender::Unreadable),
        },
        _ => Err(NoSender::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn of(value: &str) -> Result<Vec<String>, NoSender> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        candidates(&headers)
    }

    #[test]
    fn each_scheme_carries_the_token_where_its_senders_put_it() {
        let token = |values: Result<Vec<String>, NoSender>| values.map(|values| values[0].clone());
        assert_eq!(token(of("Bearer vdd_1")), Ok("vdd_1".into()));
        assert_eq!(token(of("bearer   vdd_1 ")), Ok("vdd_1".into()));
        assert_eq!(token(of("Splunk vdd_1")), Ok("vdd_1".into()));
        assert_eq!(token(of(&format!("Basic {}", STANDARD.encode("elastic:vdd_1")))), Ok("vdd_1".into()));
        assert_eq!(token(of(&format!("Basic {}", STANDARD.encode("vdd_1:")))), Ok("vdd_1".into()));
        assert_eq!(token(of(&format!("ApiKey {}", STANDARD.encode("any:vdd_1")))), Ok("vdd_1".into()));
        assert_eq!(token(of(&format!("ApiKey {}", STANDARD.encode("an:vdd").trim_end_matches('=')))), Ok("vdd".into()));
        assert_eq!(of("ApiKey vdd_1"), Ok(vec!["vdd_1".into()]));
    }

    #[test]
    fn what_holds_no_token_is_told_apart_from_nothing() {
        assert_eq!(candidates(&HeaderMap::new()), Err(NoSender::Nothing));
        assert_eq!(of("Bearer "), Err(NoSender::Unreadable));
        for unreadable in ["Bearer", "Basic !!!", "Digest x=y", "vdd_1"] {
            assert_eq!(of(unreadable), Err(NoSender::Unreadable), "{unreadable}");
        }
    }
}
