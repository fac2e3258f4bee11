//! The table of idempotency keys beside the log, so that a start needs to read only the log's end.
//!
//! ```text
//! "vdkeys1\n" | log u32 | position u64 | entries u32 | entries | crc32 of all before     (little endian)
//! entry: key [16] | owner [8] | body [8] | total u32 | stored u32 | at i64
//! ```
//! Every mark up to `position` is in the table. A table that is damaged or of another log is passed over: then all of
//! the log is read.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::Timestamp;

use super::{Entry, Once};
use crate::wal::{Disk, Wal, WalError};

const NAME: &str = "keys";
const DRAFT: &str = "keys.new";
const MAGIC: &[u8; 8] = b"vdkeys1\n";
const HEAD: usize = 8 + 4 + 8 + 4;
const ENTRY: usize = 16 + 8 + 8 + 4 + 4 + 8;

/// Keeps the table of a log on disk.
pub(crate) struct Keeper {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
    wal: Arc<Wal>,
    once: Arc<Once>,
}

impl Keeper {
    /// Reads the table and what the log has after it. From now on the log keeps what is not in a table yet.
    pub fn open(dir: &Path, disk: Arc<dyn Disk>, wal: Arc<Wal>, once: Arc<Once>) -> Result<Keeper, WalError> {
        let keeper = Keeper { dir: dir.to_owned(), disk, wal, once };
        let position = match keeper.read() {
            Ok(Some(bytes)) => keeper.load(&bytes).unwrap_or_else(|| {
                tracing::warn!(dir = %dir.display(), "the table of idempotency keys does not read: the log is read instead");
                0
            }),
            Ok(None) => 0,
            Err(error) => {
                tracing::warn!(dir = %dir.display(), %error, "the table of idempotency keys cannot be read: the log is read instead");
                0
            }
        };
        keeper.wal.hold(position);
        keeper.once.recover(&keeper.wal, position)?;
        Ok(keeper)
    }

    /// Writes the table if it changed, and lets the log go up to where the table reaches.
    pub fn keep(&self, now: Timestamp) -> io::Result<()> {
        self.once.expire(now);
        let (position, bytes) = self.encode();
        if let Some(bytes) = bytes
            && let Err(error) = self.write(&bytes)
        {
            self.once.state().changed = true;
            return Err(error);
        }
        self.wal.hold(position);
        Ok(())
    }

    /// Up to where the table is whole, and the table if it changed.
    fn encode(&self) -> (u64, Option<Vec<u8>>) {
        let mut state = self.once.state();
        // A mark at or below what is durable was begun before, and is either ended or still under way.
        let begun = state.keys.values().filter_map(|entry| entry.busy).min();
        let position = self.wal.durable().min(begun.unwrap_or(u64::MAX));
        if !std::mem::take(&mut state.changed) {
            return (position, None);
        }
        let entries: Vec<_> = state.keys.iter().filter(|(_, entry)| entry.stored > 0).collect();
        let mut out = Vec::with_capacity(HEAD + entries.len() * ENTRY + 4);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&self.wal.log().to_le_bytes());
        out.extend_from_slice(&position.to_le_bytes());
        out.extend_from_slice(&(entries.len() as u32).to_le_bytes());
        for (key, entry) in entries {
            out.extend_from_slice(key);
            out.extend_from_slice(&entry.owner);
            out.extend_from_slice(&entry.body);
            out.extend_from_slice(&entry.total.to_le_bytes());
            out.extend_from_slice(&entry.stored.to_le_bytes());
            out.extend_from_slice(&entry.at.as_micros().to_le_bytes());
        }
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        (position, Some(out))
    }

    fn load(&self, bytes: &[u8]) -> Option<u64> {
        let (bytes, crc) = bytes.split_last_chunk::<4>()?;
        let (magic, rest) = bytes.split_first_chunk::<8>()?;
        let (log, rest) = rest.split_first_chunk::<4>()?;
        let (position, rest) = rest.split_first_chunk::<8>()?;
        let (_, rest) = rest.split_first_chunk::<4>()?;
        let is_ours = magic == MAGIC && u32::from_le_bytes(*log) == self.wal.log();
        if !is_ours || crc32fast::hash(bytes) != u32::from_le_bytes(*crc) {
            return None;
        }
        let mut entries = rest.chunks_exact(ENTRY).map(entry).collect::<Option<Vec<_>>>()?;
        entries.sort_by_key(|(_, entry)| entry.at);
        let mut state = self.once.state();
        entries.into_iter().for_each(|(key, entry)| state.remember(key, entry));
        state.changed = false;
        Some(u64::from_le_bytes(*position))
    }

    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        if !self.disk.list(&self.dir)?.iter().any(|name| name == NAME) {
            return Ok(None);
        }
        let file = self.disk.open(&self.dir.join(NAME))?;
        let mut bytes = vec![0; file.size()? as usize];
        let count = file.read_at(&mut bytes, 0)?;
        bytes.truncate(count);
        Ok(Some(bytes))
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let (path, draft) = (self.dir.join(NAME), self.dir.join(DRAFT));
        if self.disk.list(&self.dir)?.iter().any(|name| name == DRAFT) {
            self.disk.remove(&draft)?;
        }
        let file = self.disk.create(&draft)?;
        file.write_at(bytes, 0)?;
        file.sync()?;
        self.disk.rename(&draft, &path)?;
        self.disk.sync_dir(&self.dir)
    }
}

fn entry(bytes: &[u8]) -> Option<([u8; 16], Entry)> {
    let (key, rest) = bytes.split_first_chunk()?;
    let (owner, rest) = rest.split_first_chunk()?;
    let (body, rest) = rest.split_first_chunk()?;
    let (total, rest) = rest.split_first_chunk()?;
    let (stored, rest) = rest.split_first_chunk()?;
    let (at, _) = rest.split_first_chunk()?;
    let entry = Entry {
        owner: *owner,
        body: *body,
        total: u32::from_le_bytes(*total),
        stored: u32::from_le_bytes(*stored),
        at: Timestamp::from_micros(i64::from_le_bytes(*at)),
        busy: None,
    };
    Some((*key, entry))
}
