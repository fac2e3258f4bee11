//! The forward protocol's greeting: both sides show that they know the shared key without saying it.

use rmpv::{Value, ValueRef};
use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;

use super::msgpack;

/// The longest answer read from a sender that is not known yet.
pub(super) const LONGEST: usize = 16 * 1024;

/// The name we go by.
const NAME: &str = "vedette";

/// `["HELO", {"nonce": .., "auth": "", "keepalive": true}]`
pub(super) fn helo(nonce: &[u8]) -> Result<Vec<u8>, String> {
    let options = [
        (Value::from("nonce"), Value::Binary(nonce.to_vec())),
        (Value::from("auth"), Value::from("")),
        (Value::from("keepalive"), Value::from(true)),
    ];
    encode(&Value::Array(vec![Value::from("HELO"), Value::Map(options.to_vec())]))
}

/// The answer to `["PING", hostname, salt, digest, username, password]`, and whether the sender knows the key.
pub(super) fn pong(mut ping: &[u8], nonce: &[u8], key: &str) -> Result<(Vec<u8>, bool), String> {
    let ValueRef::Array(parts) = msgpack::value(&mut ping)? else { return Err("the answer is no PING".into()) };
    let [word, hostname, salt, digest, ..] = parts.as_slice() else { return Err("the answer is no PING".into()) };
    let bytes = |part: &ValueRef<'_>| msgpack::bytes(part).map(<[u8]>::to_vec);
    let (Some(b"PING"), Some(hostname), Some(salt), Some(digest)) =
        (msgpack::bytes(word), bytes(hostname), bytes(salt), bytes(digest))
    else {
        return Err("the answer is no PING".into());
    };
    let known = bool::from(hex_digest(&salt, &hostname, nonce, key).as_bytes().ct_eq(&digest));
    let (why, ours) = match known {
        true => ("", hex_digest(&salt, NAME.as_bytes(), nonce, key)),
        false => ("shared_key mismatch", String::new()),
    };
    let pong = ["PONG".into(), Value::from(known), why.into(), NAME.into(), ours.into()];
    Ok((encode(&Value::Array(pong.to_vec()))?, known))
}

fn hex_digest(salt: &[u8], hostname: &[u8], nonce: &[u8], key: &str) -> String {
    let digest = Sha512::new().chain_update(salt).chain_update(hostname).chain_update(nonce).chain_update(key);
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn encode(value: &Value) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, value).map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ping(key: &str, nonce: &[u8]) -> Vec<u8> {
        let digest = hex_digest(b"salt", b"client", nonce, key);
        let salt = Value::Binary(b"salt".to_vec());
        let parts = ["PING".into(), "client".into(), salt, digest.into(), "".into(), "".into()];
        encode(&Value::Array(parts.to_vec())).unwrap()
    }

    #[test]
    fn who_knows_the_key_is_known_and_who_does_not_is_told() {
        let (answer, known) = pong(&ping("right", b"nonce"), b"nonce", "right").unwrap();
        let ours = hex_digest(b"salt", NAME.as_bytes(), b"nonce", "right");
        assert!(known && answer.windows(ours.len()).any(|part| part == ours.as_bytes()));
        let (answer, known) = pong(&ping("wrong", b"nonce"), b"nonce", "right").unwrap();
        assert!(!known && answer.windows(8).any(|part| part == b"mismatch"));
        // An answer recorded from another greeting is worth nothing.
        assert!(!pong(&ping("right", b"old"), b"nonce", "right").unwrap().1);
        assert!(pong(b"\x91\xa4PING", b"nonce", "right").is_err());
    }
}
