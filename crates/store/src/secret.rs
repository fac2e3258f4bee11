//! Secrets that have to be read again (connector keys, channel tokens), sealed under one master key kept in a file.
//!
//! Sealed form: one byte of version (1), four bytes that tell the master key, 24 bytes of nonce, then XChaCha20-Poly1305
//! (RFC 8439 with the extended nonce of draft-irtf-cfrg-xchacha).

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

const VERSION: u8 = 1;
const KEY: usize = 32;
const NONCE: usize = 24;
const TELL: usize = 4;

/// Seals and opens secrets under one master key.
#[derive(Clone)]
pub struct Sealer {
    cipher: XChaCha20Poly1305,
    tell: [u8; TELL],
}

impl Sealer {
    /// Reads the master key file; on first use creates it, readable for its owner only.
    pub fn open_or_create(path: &Path) -> Result<Self> {
        let failed = |source| Error::Io { path: path.to_owned(), source };
        match std::fs::read(path) {
            Ok(bytes) => {
                let key = <[u8; KEY]>::try_from(bytes).map_err(|_| Error::BadKeyFile { path: path.to_owned() })?;
                Ok(Sealer::new(key))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut key = [0; KEY];
                getrandom::fill(&mut key).map_err(|error| failed(std::io::Error::other(error.to_string())))?;
                create(path, &key).map_err(failed)?;
                Ok(Sealer::new(key))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Under a key that is kept elsewhere.
    pub fn new(key: [u8; KEY]) -> Self {
        let digest = Sha256::new().chain_update(b"vedette master key").chain_update(key).finalize();
        let mut tell = [0; TELL];
        tell.copy_from_slice(&digest[..TELL]);
        Sealer { cipher: XChaCha20Poly1305::new(&key.into()), tell }
    }

    /// Seals `secret`. It opens only with the same `aad`: name in it what the secret belongs to, such as an id, so that
    /// one row's secret cannot be put into another's.
    pub fn seal(&self, secret: &[u8], aad: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).expect("the operating system gives randomness");
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), Payload { msg: secret, aad });
        let sealed = sealed.expect("only a secret of more than 256 GiB cannot be encrypted");
        [&[VERSION], &self.tell[..], &nonce, &sealed].concat()
    }

    /// Opens what [`Sealer::seal`] gave.
    pub fn open(&self, sealed: &[u8], aad: &[u8]) -> Result<Vec<u8>> {
        let (version, rest) = sealed.split_first().ok_or(Error::BadSeal)?;
        let (tell, rest) = rest.split_first_chunk::<TELL>().ok_or(Error::BadSeal)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(Error::BadSeal)?;
        if *version != VERSION {
            return Err(Error::BadSeal);
        }
        if *tell != self.tell {
            return Err(Error::WrongKey);
        }
        let payload = Payload { msg: ciphertext, aad };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| Error::BadSeal)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

/// Writes the key whole or not at all: a kill must not leave an empty one.
fn create(path: &Path, key: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(key)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_under_its_key_and_for_its_owner() {
        let sealer = Sealer::new([7; KEY]);
        let sealed = sealer.seal(b"hunter2", b"dev_1");
        assert_eq!(sealer.open(&sealed, b"dev_1").unwrap(), b"hunter2");
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert!(matches!(sealer.open(&sealed, b"dev_2"), Err(Error::BadSeal)));
        assert!(matches!(Sealer::new([8; KEY]).open(&sealed, b"dev_1"), Err(Error::WrongKey)));
        for cut in 0..sealed.len() {
            assert!(matches!(sealer.open(&sealed[..cut], b"dev_1"), Err(Error::BadSeal)), "cut to {cut} bytes");
        }
    }

    #[test]
    fn sealing_twice_gives_different_bytes() {
        let sealer = Sealer::new([7; KEY]);
        assert_ne!(sealer.seal(b"a", b""), sealer.seal(b"a", b""));
    }
}
