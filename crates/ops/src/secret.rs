//! Secrets of sessions, API tokens and devices: 256 random bits behind a readable prefix, kept only as SHA-256.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What a session's secret starts with.
pub const SESSION_PREFIX: &str = "vds_";
/// What an API token's secret starts with.
pub const TOKEN_PREFIX: &str = "vdt_";
/// What a device token starts with.
pub const DEVICE_PREFIX: &str = "vdd_";

/// A new secret.
pub fn generate(prefix: &str) -> String {
    let mut random = [0u8; 32];
    getrandom::fill(&mut random).expect("the operating system gives randomness");
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random))
}

/// What is kept of a secret: SHA-256. A plain hash suffices because the secret is not guessable.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The CSRF token of a session: a one-way function of its secret, so that only the page that holds the session can
/// be told it and nothing more is kept.
pub fn csrf_of(session_secret: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(b"vedette csrf token v1\0");
    digest.update(session_secret.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.finalize())
}

/// Whether `sent` is the secret whose hash was kept, in time that tells nothing about where they differ.
pub fn fits(sent: &str, kept: &[u8]) -> bool {
    hash(sent).ct_eq(kept).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_carry_256_bits_behind_their_prefix() {
        let (one, two) = (generate(DEVICE_PREFIX), generate(DEVICE_PREFIX));
        assert_ne!(one, two);
        let body = one.strip_prefix("vdd_").expect("prefix");
        assert_eq!(URL_SAFE_NO_PAD.decode(body).expect("base64url").len(), 32);
    }

    #[test]
    fn the_csrf_token_is_not_what_is_kept_of_the_session() {
        let secret = generate(SESSION_PREFIX);
        assert_ne!(URL_SAFE_NO_PAD.decode(csrf_of(&secret)).expect("base64url"), hash(&secret));
        assert!(fits(&csrf_of(&secret), &hash(&csrf_of(&secret))));
        assert!(!fits(&csrf_of("vds_other"), &hash(&csrf_of(&secret))));
        assert!(!fits(&csrf_of(&secret), b""), "a damaged hash fits nothing");
    }
}
