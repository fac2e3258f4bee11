//! Committed files are read again from time to time and compared with their checksums: a disk may lose what it had.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use model::{Scope, Timestamp};
use sha2::{Digest, Sha256};

use crate::catalogue::{LakeFile, always};
use crate::disk::hex;
use crate::error::{Error, Result};
use crate::keep::Pace;
use crate::keep::tally::Tally;
use crate::store::Lake;

/// Bytes read at a time.
const BLOCK: usize = 256 << 10;

/// Bytes after which a check rests.
const STEP: u64 = 4 << 20;

/// What a round of checking found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scrubbed {
    /// Files read.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are not what they were, with what is wrong; searches that need them fail from now on.
    pub damaged: Vec<(LakeFile, String)>,
    /// Files that were damaged and are whole again, brought back from a backup.
    pub healed: Vec<LakeFile>,
}

impl Lake {
    /// Checks the files that were not checked for longest, up to about `most_bytes`, and those known to be damaged; not
    /// those checked since `since`.
    pub async fn scrub(&self, most_bytes: u64, since: Timestamp, now: Timestamp) -> Result<Scrubbed> {
        let _hold = self.hold();
        let files = self.inner.catalogue.files(&Scope::All, always()).await;
        let mut files = files.map_err(Error::catalogue("list files"))?;
        files.retain(|file| file.damage.is_some() || file.checked.is_none_or(|checked| checked < since));
        files.sort_by(|a, b| (a.damage.is_none(), a.checked, &a.id).cmp(&(b.damage.is_none(), b.checked, &b.id)));
        let mut done = Scrubbed::default();
        for file in files {
            if done.bytes > 0 && file.damage.is_none() && done.bytes + file.bytes > most_bytes {
                break;
            }
            let (inner, at) = (self.inner.clone(), file.clone());
            let found = tokio::task::spawn_blocking(move || {
                let mut pace = Pace::new(&inner);
                compare(&inner.config.dir, &at, || pace.step())
            });
            let found = found.await.map_err(|_| Error::Stopped)??;
            self.inner
                .catalogue
                .checked(&file.id, now, found.as_deref())
                .await
                .map_err(Error::catalogue("keep a check"))?;
            done.files += 1;
            done.bytes += file.bytes;
            Tally::add(&self.inner.tally.files_scrubbed, 1);
            Tally::add(&self.inner.tally.bytes_scrubbed, file.bytes);
            match (found, &file.damage) {
                (Some(damage), None) => {
                    tracing::error!(path = file.path, customer = %file.customer, damage, "a lake file is damaged");
                    done.damaged.push((file, damage));
                }
                (None, Some(_)) => {
                    tracing::info!(path = file.path, customer = %file.customer, "a damaged lake file is whole again");
                    done.healed.push(file);
                }
                _ => {}
            }
        }
        Ok(done)
    }
}

/// Reads a file and says what is wrong with it, if anything. `step` is called now and then.
pub(crate) fn compare(dir: &Path, file: &LakeFile, mut step: impl FnMut() -> Result<()>) -> Result<Option<String>> {
    let path = dir.join(&file.path);
    let mut open = match File::open(&path) {
        Ok(open) => open,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some("it is not there".to_owned())),
        Err(error) => return Ok(Some(format!("it cannot be opened: {error}"))),
    };
    let (mut hash, mut bytes, mut block) = (Sha256::new(), 0, vec![0; BLOCK]);
    let mut rested = 0;
    loop {
        match open.read(&mut block) {
            Ok(0) => break,
            Ok(count) => {
                hash.update(&block[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(Some(format!("it cannot be read beyond {bytes} bytes: {error}"))),
        }
        if bytes - rested >= STEP {
            rested = bytes;
            step()?;
        }
    }
    if bytes != file.bytes {
        return Ok(Some(format!("it has {bytes} bytes of {}", file.bytes)));
    }
    let found = hex(&hash.finalize());
    Ok((found != file.checksum).then(|| format!("its SHA-256 is {found}, not {}", file.checksum)))
}
