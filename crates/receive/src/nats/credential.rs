//! Showing a NATS server who we are: a token, a password, or a JWT with the server's nonce signed by its seed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};

use super::{NatsCredential, NatsError};

/// Adds to what is said when connecting.
pub(super) fn prove(credential: &NatsCredential, nonce: Option<&str>, connect: &mut Value) -> Result<(), NatsError> {
    match credential {
        NatsCredential::None => {}
        NatsCredential::Token(token) => connect["auth_token"] = json!(token),
        NatsCredential::Password(user, password) => {
            connect["user"] = json!(user);
            connect["pass"] = json!(password);
        }
        NatsCredential::Credentials(text) => {
            let wrong = |what: &str| NatsError::Credential(format!("the NATS credentials {what}"));
            let jwt = block(text, "NATS USER JWT").ok_or_else(|| wrong("hold no user JWT"))?;
            let seed = block(text, "USER NKEY SEED").ok_or_else(|| wrong("hold no seed"))?;
            let key = key(seed).ok_or_else(|| wrong("hold a seed that does not read"))?;
            let signature = key.sign(nonce.unwrap_or_default().as_bytes());
            connect["jwt"] = json!(jwt);
            connect["sig"] = json!(URL_SAFE_NO_PAD.encode(signature.as_ref()));
        }
    }
    Ok(())
}

/// The line inside `-----BEGIN name-----`.
fn block<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, after) = text.split_once(&format!("BEGIN {name}"))?;
    after.lines().skip(1).map(str::trim).find(|line| !line.is_empty())
}

/// The key of a seed: base32 of two bytes of prefix, 32 of the seed, two of a checksum.
fn key(seed: &str) -> Option<Ed25519KeyPair> {
    let bytes = base32(seed)?;
    let (bytes, crc) = bytes.split_last_chunk::<2>()?;
    if bytes.len() != 34 || !seed.starts_with('S') || crc16(bytes) != u16::from_le_bytes(*crc) {
        return None;
    }
    Ed25519KeyPair::from_seed_unchecked(&bytes[2..]).ok()
}

/// RFC 4648 without padding.
fn base32(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut held) = (Vec::new(), 0u32, 0);
    for char in text.bytes() {
        let digit = match char {
            b'A'..=b'Z' => char - b'A',
            b'2'..=b'7' => char - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u32::from(digit);
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    Some(out)
}

/// CRC-16/XMODEM.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| if crc & 0x8000 != 0 { crc << 1 ^ 0x1021 } else { crc << 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_reads_only_when_it_is_whole() {
        // The example of the nkeys documentation.
        let seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
        assert!(key(seed).is_some());
        assert!(key(&seed.replace("SUAC", "SUAD")).is_none() && key("SUAC").is_none() && key("").is_none());
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }

    #[test]
    fn each_credential_is_said_in_its_own_members() {
        let said = |credential| {
            let mut connect = json!({});
            prove(&credential, Some("nonce"), &mut connect).map(|()| connect)
        };
        assert_eq!(said(NatsCredential::Token("t".into())).unwrap()["auth_token"], "t");
        assert_eq!(said(NatsCredential::Password("u".into(), "p".into())).unwrap()["pass"], "p");
        let creds = "-----BEGIN NATS USER JWT-----\nabc.def\n------END NATS USER JWT------\n\n\
            -----BEGIN USER NKEY SEED-----\nSUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY\n------END";
        let proven = said(NatsCredential::Credentials(creds.into())).unwrap();
        assert_eq!((proven["jwt"].as_str(), proven["sig"].as_str().unwrap().len()), (Some("abc.def"), 86));
        assert!(said(NatsCredential::Credentials("nothing".into())).is_err());
    }
}
