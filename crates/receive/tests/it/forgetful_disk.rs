//! A disk that forgets what was not synced, as a power cut does, and can be told to fail.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use receive::wal::{Disk, DiskFile};

#[derive(Default)]
struct Content {
    seen: Vec<u8>,
    durable: Vec<u8>,
}

type Shared = Arc<Mutex<Content>>;

#[derive(Default)]
struct Names {
    seen: BTreeMap<PathBuf, Shared>,
    durable: BTreeMap<PathBuf, Shared>,
}

/// What the next operations do instead of working.
#[derive(Default)]
pub struct Faults {
    /// `sync` of a file returns success and does nothing: as if the call were missing from the code.
    pub skip_file_sync: AtomicBool,
    /// The same for folders.
    pub skip_dir_sync: AtomicBool,
    /// `sync` of a file fails.
    pub fail_sync: AtomicBool,
    /// Writes fail.
    pub fail_write: AtomicBool,
}

#[derive(Clone, Default)]
pub struct ForgetfulDisk {
    names: Arc<Mutex<Names>>,
    pub faults: Arc<Faults>,
}

impl ForgetfulDisk {
    /// Cuts the power: only what was synced is left. `torn` bytes of each file's unsynced difference survive, from
    /// its end, as when pages come out of order.
    pub fn cut_power(&self, torn: usize) {
        let mut names = self.names.lock().unwrap();
        names.seen = names.durable.clone();
        for content in names.seen.values() {
            let mut content = content.lock().unwrap();
            let mut left = content.durable.clone();
            let last_change =
                (0..content.seen.len()).rev().find(|at| left.get(*at).copied().unwrap_or(0) != content.seen[*at]);
            if let Some(end) = last_change.filter(|_| torn > 0) {
                left.resize(left.len().max(end + 1), 0);
                let start = (end + 1).saturating_sub(torn);
                left[start..=end].copy_from_slice(&content.seen[start..=end]);
            }
            content.seen = left.clone();
            content.durable = left;
        }
    }

    /// Changes bytes at rest.
    pub fn edit(&self, path: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
        let names = self.names.lock().unwrap();
        let mut content = names.seen[path].lock().unwrap();
        edit(&mut content.seen);
        content.durable = content.seen.clone();
    }

    pub fn paths(&self) -> Vec<PathBuf> {
        self.names.lock().unwrap().seen.keys().cloned().collect()
    }
}

fn not_found(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, path.display().to_string())
}

impl Disk for ForgetfulDisk {
    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let names = self.names.lock().unwrap();
        let inside = names.seen.keys().filter(|path| path.parent() == Some(dir));
        Ok(inside.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let content = Shared::default();
        self.names.lock().unwrap().seen.insert(path.to_owned(), content.clone());
        Ok(Box::new(ForgetfulFile { content, faults: self.faults.clone() }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let names = self.names.lock().unwrap();
        let content = names.seen.get(path).ok_or_else(|| not_found(path))?.clone();
        Ok(Box::new(ForgetfulFile { content, faults: self.faults.clone() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut names = self.names.lock().unwrap();
        let content = names.seen.remove(from).ok_or_else(|| not_found(from))?;
        names.seen.insert(to.to_owned(), content);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.names.lock().unwrap().seen.remove(path).map(drop).ok_or_else(|| not_found(path))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        if self.faults.skip_dir_sync.load(Ordering::SeqCst) {
            return Ok(());
        }
        let mut names = self.names.lock().unwrap();
        let seen = names.seen.clone();
        names.durable.retain(|path, _| path.parent() != Some(dir));
        names.durable.extend(seen.into_iter().filter(|(path, _)| path.parent() == Some(dir)));
        Ok(())
    }
}

struct ForgetfulFile {
    content: Shared,
    faults: Arc<Faults>,
}

impl DiskFile for ForgetfulFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let content = self.content.lock().unwrap();
        let rest = content.seen.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if self.faults.fail_write.load(Ordering::SeqCst) {
            return Err(io::Error::other("no space left"));
        }
        let mut content = self.content.lock().unwrap();
        let end = offset as usize + bytes.len();
        let len = content.seen.len().max(end);
        content.seen.resize(len, 0);
        content.seen[offset as usize..end].copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.content.lock().unwrap().seen.resize(len as usize, 0);
        Ok(())
    }

    fn reserve(&self, len: u64) -> io::Result<()> {
        let mut content = self.content.lock().unwrap();
        let len = content.seen.len().max(len as usize);
        content.seen.resize(len, 0);
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.content.lock().unwrap().seen.len() as u64)
    }

    fn sync(&self) -> io::Result<()> {
        if self.faults.fail_sync.load(Ordering::SeqCst) {
            return Err(io::Error::other("input/output error"));
        }
        if !self.faults.skip_file_sync.load(Ordering::SeqCst) {
            let mut content = self.content.lock().unwrap();
            content.durable = content.seen.clone();
        }
        Ok(())
    }
}
