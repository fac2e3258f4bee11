//! Files and folders: the only place that touches the disk for writing, so that what is durable is decided here.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::sight;

/// The folder below the lake's where queries spill.
pub(crate) const SPILL: &str = "spill";

const UNFINISHED: &str = "tmp";

/// Bytes gathered before they go to the file.
const WRITE_BYTES: usize = 256 << 10;

/// Everything the lake changes on a disk. Its own are the operating system's files, [`OsDisk`]; tests put one in its
/// place that forgets what was not synced, or fails.
pub trait Disk: std::fmt::Debug + Send + Sync {
    /// Makes one folder; the one above it is there.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    /// Makes an empty file, or empties the one that is there.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Puts `from` in the place of `to`, in the same folder.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Deletes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in `dir` outlive a power cut.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// A file being written.
pub trait DiskFile: Write + Send {
    /// Makes what was written outlive a power cut.
    fn sync(&mut self) -> io::Result<()>;
}

/// The operating system's files.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsDisk;

impl Disk for OsDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir(dir)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(File::create(path)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }
}

impl DiskFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

/// The lake's folder and what writes to it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub dir: PathBuf,
    pub disk: Arc<dyn Disk>,
    /// Folders that were made but whose names are perhaps not durable yet.
    unsynced: Arc<Mutex<HashSet<PathBuf>>>,
}

impl Place {
    pub fn new(dir: PathBuf, disk: Arc<dyn Disk>) -> Self {
        Place { dir, disk, unsynced: Arc::default() }
    }

    fn unsynced(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.unsynced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file under construction: counted and hashed as it is written, in place only after [`NewFile::finish`].
pub(crate) struct NewFile {
    disk: Arc<dyn Disk>,
    file: BufWriter<Counted>,
    folder: PathBuf,
    unfinished: PathBuf,
    finished: bool,
}

/// What was written.
pub(crate) struct Written {
    pub bytes: u64,
    pub checksum: String,
}

struct Counted {
    file: Box<dyn DiskFile>,
    hash: Sha256,
    bytes: u64,
    error: Option<io::Error>,
}

impl Write for Counted {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = match self.file.write(buffer) {
            Ok(written) => written,
            Err(error) => {
                // Kept as it is, for the format's own error says less.
                self.error = Some(match error.raw_os_error() {
                    Some(code) => io::Error::from_raw_os_error(code),
                    None => io::Error::new(error.kind(), error.to_string()),
                });
                return Err(error);
            }
        };
        self.hash.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl NewFile {
    /// Starts a file in a folder of the lake, under a name that no reader looks at, making the folder durable first.
    pub fn create(place: &Place, folder: &str) -> Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let folder = place.dir.join(folder);
        create_folders(place, &folder)?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let unfinished = folder.join(format!("{number}.{UNFINISHED}"));
        let file = place.disk.create(&unfinished).map_err(Error::disk("create", &unfinished))?;
        let file = Counted { file, hash: Sha256::new(), bytes: 0, error: None };
        let file = BufWriter::with_capacity(WRITE_BYTES, file);
        Ok(NewFile { disk: place.disk.clone(), file, folder, unfinished, finished: false })
    }

    /// Makes the content durable, then its name.
    pub fn finish(&mut self, name: &str) -> Result<Written> {
        let path = self.unfinished.clone();
        if let Some(error) = self.file.get_mut().error.take() {
            return Err(Error::disk("write", &path)(error));
        }
        self.file.flush().map_err(Error::disk("write", &path))?;
        self.file.get_mut().file.sync().map_err(Error::disk("sync", &path))?;
        let target = self.folder.join(name);
        self.disk.rename(&path, &target).map_err(Error::disk("rename", &path))?;
        self.finished = true;
        self.disk.sync_dir(&self.folder).map_err(Error::disk("sync", &self.folder))?;
        let counted = self.file.get_mut();
        let checksum = hex(&std::mem::take(&mut counted.hash).finalize());
        Ok(Written { bytes: counted.bytes, checksum })
    }

    /// The disk's own error behind a failed write.
    pub fn failure(&mut self) -> Option<Error> {
        let cause = self.file.get_mut().error.take()?;
        Some(Error::disk("write", &self.unfinished)(cause))
    }
}

impl Write for NewFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.file.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.finished {
            // Left for the next start's clean-up when it cannot be removed.
            let _ = self.disk.remove(&self.unfinished);
        }
    }
}

/// Makes the lake's folder, durably, and empties what queries spilled before a crash.
pub(crate) fn prepare(place: &Place) -> Result<()> {
    let spill = place.dir.join(SPILL);
    match fs::remove_dir_all(&spill) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::disk("empty", &spill)(error)),
        _ => {}
    }
    create_all(place, &place.dir)?;
    // What a crash made and did not make durable is made so now, before anybody counts on it.
    if let Some(above) = place.dir.parent().filter(|above| !above.as_os_str().is_empty()) {
        place.disk.sync_dir(above).map_err(Error::disk("sync", above))?;
    }
    sync_folders(place)
}

/// Removes a file that is not part of the lake.
pub(crate) fn remove(place: &Place, path: &str) {
    let path = place.dir.join(path);
    if let Err(error) = place.disk.remove(&path) {
        tracing::warn!(path = %path.display(), %error, "cannot remove an uncommitted file; the next start tries again");
    }
}

/// Removes files for good, a power cut right afterwards included. One that is gone already is as good.
pub(crate) fn remove_durably(place: &Place, paths: &[String]) -> Result<()> {
    let mut folders = BTreeSet::new();
    for path in paths {
        // The events first: who makes their run meanwhile looks for them afterwards.
        let sightings = Some(sight::path_of(path)).filter(|sightings| place.dir.join(sightings).exists());
        for path in [Some(path.clone()), sightings].into_iter().flatten() {
            let path = place.dir.join(path);
            match place.disk.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::disk("remove", &path)(error));
                }
                _ => folders.extend(path.parent().filter(|folder| folder.is_dir()).map(Path::to_path_buf)),
            }
        }
    }
    for folder in folders {
        place.disk.sync_dir(&folder).map_err(Error::disk("sync", &folder))?;
    }
    Ok(())
}

/// Files that are not part of the lake: unfinished ones, and finished ones nobody committed. Relative paths.
pub(crate) fn orphans(dir: &Path, known: &BTreeSet<String>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for day in day_folders(dir)? {
        for entry in fs::read_dir(&day).map_err(Error::disk("list", &day))? {
            let path = entry.map_err(Error::disk("list", &day))?.path();
            let ends = |with: &str| path.extension().is_some_and(|end| end == with);
            let relative = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            let of = relative.strip_suffix(sight::ENDING).map(|stem| format!("{stem}parquet"));
            let known = known.contains(of.as_ref().unwrap_or(&relative));
            if (ends("parquet") || ends(sight::ENDING) || ends(UNFINISHED)) && !known {
                found.push(relative);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn day_folders(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut days = Vec::new();
    for customer in folders(dir, "customer=")? {
        days.extend(folders(&customer, "day=")?);
    }
    Ok(days)
}

fn folders(dir: &Path, prefix: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(Error::disk("list", dir))? {
        let entry = entry.map_err(Error::disk("list", dir))?;
        if entry.file_name().to_string_lossy().starts_with(prefix) && entry.path().is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// A folder that was made right before a crash may be there without being durable.
fn sync_folders(place: &Place) -> Result<()> {
    let sync = |folder: &Path| place.disk.sync_dir(folder).map_err(Error::disk("sync", folder));
    sync(&place.dir)?;
    folders(&place.dir, "customer=")?.iter().try_for_each(|customer| sync(customer))
}

/// Creates `folder` below the lake's; each new name is synced into its parent.
fn create_folders(place: &Place, folder: &Path) -> Result<()> {
    let mut wanted: Vec<&Path> = folder.ancestors().take_while(|at| *at != place.dir).collect();
    wanted.retain(|at| !at.exists() || place.unsynced().contains(*at));
    while let Some(at) = wanted.pop() {
        place.unsynced().insert(at.to_owned());
        make(place, at)?;
        let above = at.parent().unwrap_or(&place.dir);
        place.disk.sync_dir(above).map_err(Error::disk("sync", above))?;
        place.unsynced().remove(at);
    }
    Ok(())
}

/// Creates the lake's own folder and those above it.
fn create_all(place: &Place, folder: &Path) -> Result<()> {
    let mut missing: Vec<&Path> =
        folder.ancestors().take_while(|at| !at.as_os_str().is_empty() && !at.exists()).collect();
    while let Some(at) = missing.pop() {
        make(place, at)?;
    }
    Ok(())
}

fn make(place: &Place, folder: &Path) -> Result<()> {
    match place.disk.create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(Error::disk("create", folder)(error)),
        _ => Ok(()),
    }
}
