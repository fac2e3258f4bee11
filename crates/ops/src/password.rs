//! Passwords: Argon2id with the figures OWASP's password storage cheat sheet names (19 MiB, two passes, one lane),
//! computed away from the async threads and only a few at a time, so that sign-in cannot eat the machine.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

const LEAST: usize = 12;
/// The longest password.
pub const MOST: usize = 256;
const AT_ONCE: usize = 2;

/// Passwords of twelve characters or more that lead every list of leaked ones, compared without case.
const TOO_COMMON: &[&str] = &[
    "123456789012",
    "1234567890123",
    "12345678901234",
    "123456789012345",
    "1234567890123456",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "1qaz2wsx3edc4rfv",
    "admin1234567",
    "administrator",
    "adminadminadmin",
    "changemechangeme",
    "iloveyou1234",
    "letmeinletmein",
    "passw0rd1234",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "qwerty123456",
    "qwertyqwerty",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopasdfgh",
    "welcome12345",
    "woaini1314520",
    "vedettevedette",
];

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    argon: Argon2<'static>,
    at_once: Arc<Semaphore>,
    /// The hash of a password nobody has: checked for unknown logins, so that they take as long as known ones.
    nobody: Arc<str>,
}

impl Passwords {
    /// With the fixed figures.
    pub fn new() -> Self {
        let params = Params::new(19 * 1024, 2, 1, None).expect("the figures are inside Argon2's limits");
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash_now(&argon, &crate::secret::generate("")).expect("the figures are inside Argon2's limits");
        Passwords { argon, at_once: Arc::new(Semaphore::new(AT_ONCE)), nobody: nobody.into() }
    }

    /// What is kept of a password.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let (argon, password) = (self.argon.clone(), password.to_owned());
        self.work(move || hash_now(&argon, &password)).await?.ok_or(Error::Unavailable("a password cannot be hashed"))
    }

    /// Whether `password` is the one whose hash was kept; with no hash the answer is no, after the same work.
    pub async fn verify(&self, password: &str, kept: Option<&str>) -> Result<bool> {
        let known = kept.is_some();
        let (argon, password) = (self.argon.clone(), password.to_owned());
        let kept: Arc<str> = kept.map_or_else(|| self.nobody.clone(), Arc::from);
        let fits = move || {
            PasswordHash::new(&kept).is_ok_and(|hash| argon.verify_password(password.as_bytes(), &hash).is_ok())
        };
        Ok(self.work(fits).await? && known)
    }

    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let permit = self.at_once.clone().acquire_owned().await;
        let permit = permit.map_err(|_| Error::Unavailable("password hashing has ended"))?;
        let done = tokio::task::spawn_blocking(move || {
            let result = job();
            drop(permit);
            result
        });
        done.await.map_err(|_| Error::Unavailable("password hashing was interrupted"))
    }
}

/// Fails when a password is too short, too long, or among the first an attacker tries. `words` are texts it must not
/// merely repeat: the login and the person's name.
pub fn check(field: &str, password: &str, words: &[&str]) -> Result<()> {
    let count = password.chars().count();
    if !(LEAST..=MOST).contains(&count) {
        return Err(Error::invalid(field, "must have 12 to 256 characters"));
    }
    let folded = password.to_lowercase();
    let distinct = folded.chars().collect::<std::collections::BTreeSet<_>>().len();
    let repeats = |word: &&str| !word.is_empty() && folded.replace(&word.to_lowercase(), "").chars().count() < 4;
    if distinct < 5 || TOO_COMMON.contains(&folded.as_str()) || words.iter().any(repeats) {
        return Err(Error::invalid(field, "is too easily guessed"));
    }
    Ok(())
}

fn hash_now(argon: &Argon2<'_>, password: &str) -> Option<String> {
    argon.hash_password(password.as_bytes()).ok().map(|hash: PasswordHash| hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only_and_no_password_fits_nobody() {
        let passwords = Passwords::new();
        let kept = passwords.hash("a long enough phrase").await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(passwords.verify("a long enough phrase", Some(&kept)).await.unwrap());
        assert!(!passwords.verify("a long enough phrasE", Some(&kept)).await.unwrap());
        assert!(!passwords.verify("a long enough phrase", None).await.unwrap());
        assert!(!passwords.verify("a long enough phrase", Some("not a hash")).await.unwrap());
    }

    #[test]
    fn short_common_and_self_repeating_passwords_are_refused() {
        let words = ["li.wei", "Li Wei"];
        for bad in ["short", "Password1234", "aaaaaaaaaaaaaa", "abababababab", "li.weili.wei1", &"x1y2z".repeat(60)] {
            assert!(check("password", bad, &words).is_err(), "{bad}");
        }
        check("password", "correct horse battery", &words).unwrap();
        check(
            "password",
            "\u{6211}\u{7231}\u{5403}\u{82f9}\u{679c}\u{548c}\u{9999}\u{8549}\u{8fd8}\u{6709}\u{8461}\u{8404}",
            &words,
        )
        .unwrap();
    }
}
