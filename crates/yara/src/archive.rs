//! What lies in a ZIP archive, read in memory. Nothing an archive says of itself is believed: sizes are counted while
//! reading, and what is encrypted is tried with the password samples are passed on with.

use std::io::Read;

use archive::Entry;

use crate::Limits;

/// The field's convention for samples.
const PASSWORD: &[u8] = b"infected";
/// Members smaller than this may be packed as well as they like.
const RATIO_FROM: u64 = 1 << 20;

/// Something in a file that was not looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it lies, archives before a `!`.
    pub path: String,
    /// Why.
    pub reason: SkipReason,
}

/// Why something was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// It is larger than a file may be.
    TooLarge,
    /// It unpacks to far more than it takes: a bomb.
    Bomb,
    /// Unpacked with what came before, it is more than is read of one file.
    TooMuch,
    /// It lies in more archives than are opened.
    TooDeep,
    /// The archive has more members than are looked at.
    TooMany,
    /// It has a password that is not `infected`.
    Encrypted,
    /// It is packed in a way that is not read.
    Unsupported,
    /// It is damaged.
    Damaged,
    /// The time for the file was over.
    OutOfTime,
    /// The scan of it was stopped by its time; what matched until then is told.
    TimedOut,
    /// The engine failed on it.
    Failed,
}

impl SkipReason {
    /// In a word, as machines read it.
    pub fn as_str(self) -> &'static str {
        match self {
            SkipReason::TooLarge => "too_large",
            SkipReason::Bomb => "bomb",
            SkipReason::TooMuch => "too_much",
            SkipReason::TooDeep => "too_deep",
            SkipReason::TooMany => "too_many",
            SkipReason::Encrypted => "encrypted",
            SkipReason::Unsupported => "unsupported",
            SkipReason::Damaged => "damaged",
            SkipReason::OutOfTime => "out_of_time",
            SkipReason::TimedOut => "timed_out",
            SkipReason::Failed => "failed",
        }
    }
}

/// Whether these bytes begin like a ZIP archive.
pub(crate) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The members of an archive one by one: each is given as its path and its bytes, or why it has none. `unpacked` counts
/// over everything that is read of a file; `go_on` says whether to read on.
pub(crate) fn members(
    path: &str,
    bytes: &[u8],
    limits: &Limits,
    unpacked: &mut u64,
    mut each: impl FnMut(String, Result<Vec<u8>, SkipReason>, &mut u64) -> bool,
) {
    for entry in archive::entries(bytes) {
        let entry = match entry {
            Ok(entry) if entry.is_folder() => continue,
            Ok(entry) => entry,
            Err(_) => {
                each(path.to_owned(), Err(SkipReason::Damaged), unpacked);
                return;
            }
        };
        let content = member(&entry, limits, *unpacked);
        *unpacked += content.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if !each(format!("{path}!{}", entry.name), content, unpacked) {
            return;
        }
    }
}

fn member(entry: &Entry<'_>, limits: &Limits, unpacked: u64) -> Result<Vec<u8>, SkipReason> {
    if !entry.is_supported() {
        // AES is told as a way of packing.
        return Err(if entry.is_encrypted() { SkipReason::Encrypted } else { SkipReason::Unsupported });
    }
    let opened = if entry.is_encrypted() { entry.unlocked(PASSWORD) } else { entry.reader() };
    let content = read(entry.packed(), opened.ok_or(SkipReason::Encrypted)?, limits, unpacked);
    // One wrong password in 256 seems to fit: it shows in what comes out.
    content.map_err(|why| if entry.is_encrypted() && why == SkipReason::Damaged { SkipReason::Encrypted } else { why })
}

fn read(packed: u64, from: impl Read, limits: &Limits, unpacked: u64) -> Result<Vec<u8>, SkipReason> {
    let for_ratio = packed.saturating_mul(limits.ratio).max(RATIO_FROM);
    let room = limits.unpacked_bytes.saturating_sub(unpacked);
    let most = limits.file_bytes.min(for_ratio).min(room);
    let mut content = Vec::new();
    from.take(most + 1).read_to_end(&mut content).map_err(|_| SkipReason::Damaged)?;
    match content.len() as u64 {
        size if size <= most => Ok(content),
        _ if most == room => Err(SkipReason::TooMuch),
        _ if most == for_ratio => Err(SkipReason::Bomb),
        _ => Err(SkipReason::TooLarge),
    }
}
