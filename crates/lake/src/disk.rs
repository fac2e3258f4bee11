//! Files and folders: the only place that touches the disk for writing, so that what is durable is decided here.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// The folder below the lake's where queries spill.
pub(crate) const SPILL: &str = "spill";

const UNFINISHED: &str = "tmp";

/// A file under construction: counted and hashed as it is written, in place only after [`NewFile::finish`].
pub(crate) struct NewFile {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
    error: Option<io::ErrorKind>,
    unfinished: PathBuf,
    target: PathBuf,
}

/// What was written.
pub(crate) struct Written {
    pub bytes: u64,
    pub checksum: String,
}

impl NewFile {
    /// Starts `dir`/`path`, making its folders durable first.
    pub fn create(dir: &Path, path: &str) -> Result<Self> {
        let target = dir.join(path);
        let folder = target.parent().unwrap_or(dir);
        create_folders(dir, folder)?;
        let unfinished = target.with_extension(UNFINISHED);
        let file = File::create(&unfinished).map_err(Error::disk("create", &unfinished))?;
        Ok(NewFile { file: BufWriter::new(file), hash: Sha256::new(), bytes: 0, error: None, unfinished, target })
    }

    /// Makes the content durable, then its name.
    pub fn finish(mut self) -> Result<Written> {
        let path = self.unfinished.clone();
        if let Some(kind) = self.error {
            return Err(Error::disk("write", &path)(kind.into()));
        }
        self.file.flush().map_err(Error::disk("write", &path))?;
        self.file.get_ref().sync_all().map_err(Error::disk("sync", &path))?;
        fs::rename(&self.unfinished, &self.target).map_err(Error::disk("rename", &path))?;
        let folder = self.target.parent().unwrap_or(Path::new("."));
        sync_folder(folder)?;
        let digest = std::mem::take(&mut self.hash).finalize();
        Ok(Written { bytes: self.bytes, checksum: digest.iter().map(|byte| format!("{byte:02x}")).collect() })
    }
}

impl Write for NewFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer).inspect_err(|error| self.error = Some(error.kind()))?;
        self.hash.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Gone already when it was finished; left for the next start's clean-up when it cannot be removed.
        let _ = fs::remove_file(&self.unfinished);
    }
}

/// Makes the lake's folder, durably, and empties what queries spilled before a crash.
pub(crate) fn prepare(dir: &Path) -> Result<()> {
    let spill = dir.join(SPILL);
    match fs::remove_dir_all(&spill) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::disk("empty", &spill)(error)),
        _ => {}
    }
    fs::create_dir_all(dir).map_err(Error::disk("create", dir))?;
    sync_folder(dir)
}

/// Removes a file that is not part of the lake.
pub(crate) fn remove(dir: &Path, path: &str) {
    let path = dir.join(path);
    if let Err(error) = fs::remove_file(&path) {
        tracing::warn!(path = %path.display(), %error, "cannot remove an uncommitted file; the next start tries again");
    }
}

/// Removes what a crash left: unfinished files, and finished ones nobody committed. Returns how many.
pub(crate) fn remove_orphans(dir: &Path, known: &BTreeSet<String>) -> Result<usize> {
    let mut removed = 0;
    for customer in folders(dir, "customer=")? {
        for day in folders(&customer, "day=")? {
            for entry in fs::read_dir(&day).map_err(Error::disk("list", &day))? {
                let path = entry.map_err(Error::disk("list", &day))?.path();
                let ours = path.extension().is_some_and(|end| end == "parquet" || end == UNFINISHED);
                let relative = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                if ours && !known.contains(&relative) {
                    fs::remove_file(&path).map_err(Error::disk("remove", &path))?;
                    removed += 1;
                }
            }
        }
    }
    Ok(removed)
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

/// Creates `folder` below `dir`; each new name is synced into its parent.
fn create_folders(dir: &Path, folder: &Path) -> Result<()> {
    let mut missing: Vec<&Path> = folder.ancestors().take_while(|place| *place != dir && !place.exists()).collect();
    while let Some(place) = missing.pop() {
        match fs::create_dir(place) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Error::disk("create", place)(error));
            }
            _ => sync_folder(place.parent().unwrap_or(dir))?,
        }
    }
    Ok(())
}

fn sync_folder(folder: &Path) -> Result<()> {
    let open = File::open(folder).map_err(Error::disk("open", folder))?;
    open.sync_all().map_err(Error::disk("sync", folder))
}
