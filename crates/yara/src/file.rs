//! A file with everything that lies in it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use crate::archive::{is_zip, members};
use crate::{Limits, Match, Outcome, Rules, SkipReason, Skipped};

/// Things not looked at that are told one by one; beyond, they are counted.
const TOLD: usize = 50;

/// What was found in a file and in the archives in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileScan {
    /// What matched, the file itself first.
    pub found: Vec<Found>,
    /// Files held against the rules: itself, and members of archives.
    pub files: usize,
    /// Bytes of them.
    pub bytes: u64,
    /// What was not looked at, or not to the end, and why; the first of them.
    pub skipped: Vec<Skipped>,
    /// How many there are of these in all.
    pub skipped_in_all: usize,
    /// How the scan of the file itself ended.
    pub outcome: Outcome,
}

/// A rule that matches the file or a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which: its name, with members of archives behind a `!`.
    pub path: String,
    /// What matched.
    pub rule: Match,
}

struct Walk<'a> {
    rules: &'a Rules,
    limits: &'a Limits,
    began: Instant,
    members: usize,
    done: FileScan,
}

impl Rules {
    /// Holds a file, called `name`, and what lies in it against the rules.
    pub fn scan_file(&self, name: &str, bytes: Arc<Vec<u8>>, limits: &Limits) -> FileScan {
        let done = FileScan {
            found: Vec::new(),
            files: 0,
            bytes: 0,
            skipped: Vec::new(),
            skipped_in_all: 0,
            outcome: Outcome::Finished,
        };
        let mut walk = Walk { rules: self, limits, began: Instant::now(), members: 0, done };
        if bytes.len() as u64 > limits.file_bytes {
            walk.skip(name.to_owned(), SkipReason::TooLarge);
            return walk.done;
        }
        walk.done.outcome = walk.scan(name, &bytes);
        if catch_unwind(AssertUnwindSafe(|| walk.open(name, &bytes, 0, &mut 0))).is_err() {
            walk.skip(name.to_owned(), SkipReason::Damaged);
        }
        walk.done
    }
}

impl Walk<'_> {
    fn scan(&mut self, path: &str, bytes: &Arc<Vec<u8>>) -> Outcome {
        let left = self.limits.total_time.saturating_sub(self.began.elapsed());
        let scan = self.rules.scan(path, bytes, self.limits.timeout.min(left), self.limits);
        self.done.files += 1;
        self.done.bytes += bytes.len() as u64;
        let room = self.limits.matches.saturating_sub(self.done.found.len());
        self.done.found.extend(scan.matches.into_iter().take(room).map(|rule| Found { path: path.to_owned(), rule }));
        scan.outcome
    }

    /// Looks into the file if it is an archive.
    fn open(&mut self, path: &str, bytes: &[u8], depth: usize, unpacked: &mut u64) {
        if !is_zip(bytes) {
            return;
        }
        if depth == self.limits.depth {
            self.skip(path.to_owned(), SkipReason::TooDeep);
            return;
        }
        members(path, bytes, self.limits, unpacked, |path, content, unpacked| {
            self.members += 1;
            if self.members > self.limits.members {
                self.skip(path, SkipReason::TooMany);
                return false;
            }
            if self.began.elapsed() >= self.limits.total_time {
                self.skip(path, SkipReason::OutOfTime);
                return false;
            }
            let content = match content {
                Ok(content) => Arc::new(content),
                Err(reason) => {
                    self.skip(path, reason);
                    // Nothing behind it would fit either.
                    return reason != SkipReason::TooMuch;
                }
            };
            match self.scan(&path, &content) {
                Outcome::Finished => {}
                Outcome::TimedOut => self.skip(path.clone(), SkipReason::TimedOut),
                Outcome::Failed(_) => self.skip(path.clone(), SkipReason::Failed),
            }
            self.open(&path, &content, depth + 1, unpacked);
            true
        });
    }

    fn skip(&mut self, path: String, reason: SkipReason) {
        self.done.skipped_in_all += 1;
        if self.done.skipped.len() < TOLD {
            self.done.skipped.push(Skipped { path, reason });
        }
    }
}
