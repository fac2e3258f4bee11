//! The data folder: one process at a time, and a stamp that says which format it has.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

const LOCK: &str = "lock";
const STAMP: &str = "format";
const FORMAT: &str = "vedette data format ";
const VERSION: u32 = 1;
/// What this version writes.
const CURRENT: &str = "vedette data format 1";

/// A data folder held by this process until it is dropped. The lock is the kernel's, so a killed process leaves none.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Creates the folder if need be (readable for its owner only), takes its lock and checks its stamp.
    pub fn open(path: &Path) -> Result<Self> {
        create_durably(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        let lock = lock(path)?;
        check_stamp(path)?;
        Ok(DataFolder { path: path.to_owned(), _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file or folder inside.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }
}

#[cfg(unix)]
fn create(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Makes the folder, its name durable too: a power cut must not take it with all that is in it.
fn create_durably(path: &Path) -> std::io::Result<()> {
    let made = path.ancestors().skip(1).take_while(|at| !at.as_os_str().is_empty() && !at.exists());
    let named: Vec<PathBuf> = std::iter::once(path).chain(made).map(Path::to_path_buf).collect();
    create(path)?;
    for folder in named {
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match File::open(above).and_then(|above| above.sync_all()) {
            // A folder that only others may read was there before us.
            Err(error) if error.kind() != std::io::ErrorKind::PermissionDenied => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let failed = |source| Error::Io { path: path.clone(), source };
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            file.read_to_string(&mut pid).map_err(failed)?;
            let pid = if pid.trim().is_empty() { "unknown" } else { pid.trim() };
            return Err(Error::Locked { path: folder.to_owned(), pid: pid.to_owned() });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    let write = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    write(&mut file).map_err(failed)?;
    Ok(file)
}

fn check_stamp(folder: &Path) -> Result<()> {
    let path = folder.join(STAMP);
    let failed = |source| Error::Io { path: path.clone(), source };
    let stamp = match std::fs::read_to_string(&path) {
        Ok(stamp) => stamp,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return write_stamp(folder).map_err(failed),
        Err(error) => return Err(failed(error)),
    };
    let version = stamp.trim().strip_prefix(FORMAT).and_then(|version| version.parse::<u32>().ok());
    match version {
        Some(version) if version <= VERSION => Ok(()),
        Some(_) => Err(Error::NewerFormat { path: folder.to_owned(), found: stamp.trim().to_owned(), known: CURRENT }),
        None => Err(Error::corrupt(path.display().to_string(), "this is no format stamp")),
    }
}

/// Writes the stamp whole or not at all: a power cut must not leave an empty one.
fn write_stamp(folder: &Path) -> std::io::Result<()> {
    let new = folder.join("format.new");
    let mut file = File::create(&new)?;
    writeln!(file, "{CURRENT}")?;
    file.sync_all()?;
    std::fs::rename(&new, folder.join(STAMP))?;
    File::open(folder)?.sync_all()
}
