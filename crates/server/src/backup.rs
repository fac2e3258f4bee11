//! Everything in the data folder in one file, also while the server runs, and back.
//!
//! Order makes it consistent: the log's segments are linked first, so that none can be trimmed away; then store and
//! catalogue are copied as of one instant each; then the lake's files (which never change) and the log. What store and
//! lake do not have yet is in the log, and is replayed when the restored folder is opened.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use model::{Scope, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Catalogue, DataFolder, Store};

use crate::layout;

/// The last entry of a backup: what must have come before it.
const MANIFEST: &str = "manifest.json";
const FORMAT: u32 = 1;

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this shape.
    format: u32,
    /// Which version wrote it.
    version: String,
    /// When it was begun.
    pub created: Timestamp,
    /// Whether the relational store is inside; a PostgreSQL store is backed up with pg_dump.
    pub store_included: bool,
    /// SHA-256 of every file, by path.
    files: BTreeMap<String, String>,
}

/// A backup that could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Reading or writing failed.
    #[error("{what} {}: {source}", path.display())]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    /// The store could not be copied.
    #[error("the store could not be copied: {0}")]
    Store(#[from] store::Error),
    /// There is something where the restored data should go.
    #[error("{} is not empty: restore into a folder that does not exist yet", .0.display())]
    NotEmpty(PathBuf),
    /// It is not a backup, or not a whole one.
    #[error("{}: {message}", path.display())]
    Damaged { path: PathBuf, message: String },
}

/// The parts of a data folder that is in use.
pub struct Source<'a> {
    pub folder: &'a Path,
    pub store: &'a Store,
    pub catalogue: &'a Catalogue,
    /// Whether the store is a file in the folder.
    pub embedded: bool,
    /// Keeps the lake's files where the catalogue says, while merging goes on.
    pub _hold: lake::Hold,
}

/// Writes a backup to the new file `to`.
pub async fn write(source: Source<'_>, to: &Path, now: Timestamp) -> Result<Manifest, BackupError> {
    let work = source.folder.join(layout::BACKUP_WORK);
    let _ = fs::remove_dir_all(&work);
    let result = write_with(&source, &work, to, now).await;
    let _ = fs::remove_dir_all(&work);
    if result.is_err() {
        let _ = fs::remove_file(to);
    }
    result
}

async fn write_with(source: &Source<'_>, work: &Path, to: &Path, now: Timestamp) -> Result<Manifest, BackupError> {
    let wal = source.folder.join(layout::WAL);
    let kept = work.join(layout::WAL);
    fs::create_dir_all(&kept).map_err(io_error("cannot create", &kept))?;
    link_all(&wal, &kept)?;
    if source.embedded {
        source.store.backup_to(&work.join(layout::STORE)).await?;
        source.catalogue.backup_to(&work.join(layout::CATALOGUE)).await?;
    }
    let lake: Vec<String> = source
        .catalogue
        .files(
            &Scope::All,
            model::TimeRange { from: Timestamp::from_micros(i64::MIN), to: Timestamp::from_micros(i64::MAX) },
        )
        .await?
        .into_iter()
        .map(|file| file.path)
        .collect();
    link_all(&wal, &kept)?;
    let (folder, work, to) = (source.folder.to_owned(), work.to_owned(), to.to_owned());
    let embedded = source.embedded;
    let writing = tokio::task::spawn_blocking(move || archive(&folder, &work, &lake, embedded, &to, now));
    writing.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

fn archive(
    folder: &Path,
    work: &Path,
    lake: &[String],
    embedded: bool,
    to: &Path,
    now: Timestamp,
) -> Result<Manifest, BackupError> {
    let failed = io_error("cannot write", to);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(&failed)?;
    let encoder = zstd::Encoder::new(BufWriter::new(file), 3).map_err(&failed)?;
    let mut tar = tar::Builder::new(encoder);
    let mut files = BTreeMap::new();
    let mut add = |from: &Path, name: &str| -> Result<(), BackupError> {
        let mut reader =
            Hashing { inner: File::open(from).map_err(io_error("cannot read", from))?, hash: Sha256::new() };
        let mut header = tar::Header::new_gnu();
        header.set_size(reader.inner.metadata().map_err(io_error("cannot read", from))?.len());
        header.set_mode(0o600);
        // A segment may grow meanwhile: exactly the size in the header is taken.
        let size = header.size().expect("just set");
        tar.append_data(&mut header, name, (&mut reader).take(size)).map_err(io_error("cannot write", to))?;
        files.insert(name.to_owned(), hex(reader.hash));
        Ok(())
    };
    if embedded {
        add(&work.join(layout::STORE), layout::STORE)?;
        add(&work.join(layout::CATALOGUE), layout::CATALOGUE)?;
    }
    for name in [layout::MASTER_KEY, layout::FORMAT] {
        let path = folder.join(name);
        if path.exists() {
            add(&path, name)?;
        }
    }
    for path in lake {
        add(&folder.join(layout::LAKE).join(path), &format!("{}/{path}", layout::LAKE))?;
    }
    let kept = work.join(layout::WAL);
    let mut segments: Vec<PathBuf> =
        fs::read_dir(&kept).map_err(io_error("cannot read", &kept))?.flatten().map(|entry| entry.path()).collect();
    segments.sort();
    for segment in segments {
        let name = segment.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        add(&segment, &format!("{}/{name}", layout::WAL))?;
    }
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let manifest = Manifest { format: FORMAT, version, created: now, store_included: embedded, files };
    let text = serde_json::to_vec_pretty(&manifest).expect("a manifest is plain JSON");
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o600);
    tar.append_data(&mut header, MANIFEST, text.as_slice()).map_err(&failed)?;
    let encoder = tar.into_inner().map_err(&failed)?;
    let mut out = encoder.finish().map_err(&failed)?;
    out.flush().map_err(&failed)?;
    out.get_ref().sync_all().map_err(&failed)?;
    Ok(manifest)
}

/// Fills the data folder `folder`, which must not hold anything yet, from the backup `from`.
pub fn restore(from: &Path, folder: &Path) -> Result<Manifest, BackupError> {
    if folder.exists() && fs::read_dir(folder).map_err(io_error("cannot read", folder))?.next().is_some() {
        return Err(BackupError::NotEmpty(folder.to_owned()));
    }
    let unfinished = folder.with_extension("restoring");
    let _ = fs::remove_dir_all(&unfinished);
    // Held until the folder is whole: nobody starts a server on half of it.
    let held = DataFolder::open(&unfinished)?;
    let unpacked = unpack(from, &unfinished);
    drop(held);
    let manifest = unpacked.inspect_err(|_| {
        let _ = fs::remove_dir_all(&unfinished);
    })?;
    if folder.exists() {
        fs::remove_dir(folder).map_err(io_error("cannot replace", folder))?;
    }
    fs::rename(&unfinished, folder).map_err(io_error("cannot create", folder))?;
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        File::open(parent).and_then(|parent| parent.sync_all()).map_err(io_error("cannot write", parent))?;
    }
    Ok(manifest)
}

/// Fills `unfinished` and checks every file against the manifest.
fn unpack(from: &Path, unfinished: &Path) -> Result<Manifest, BackupError> {
    let damaged = |message: String| BackupError::Damaged { path: from.to_owned(), message };
    let file = File::open(from).map_err(io_error("cannot read", from))?;
    let decoder = zstd::Decoder::new(BufReader::new(file)).map_err(io_error("cannot read", from))?;
    let mut tar = tar::Archive::new(decoder);
    let mut found = BTreeMap::new();
    let mut manifest: Option<Manifest> = None;
    for entry in tar.entries().map_err(|error| damaged(error.to_string()))? {
        let mut entry = entry.map_err(|error| damaged(format!("not a whole backup: {error}")))?;
        let name = entry.path().map_err(|error| damaged(error.to_string()))?.display().to_string();
        if name == MANIFEST {
            let mut text = String::new();
            entry.read_to_string(&mut text).map_err(|error| damaged(error.to_string()))?;
            manifest = Some(serde_json::from_str(&text).map_err(|error| damaged(format!("its manifest: {error}")))?);
            continue;
        }
        let safe = Path::new(&name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if !safe || !entry.header().entry_type().is_file() {
            return Err(damaged(format!("`{name}` does not belong in a backup")));
        }
        let path = unfinished.join(&name);
        let parent = path.parent().expect("joined to a folder");
        fs::create_dir_all(parent).map_err(io_error("cannot create", parent))?;
        let mut out = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .map_err(io_error("cannot create", &path))?;
        let mut reader = Hashing { inner: &mut entry, hash: Sha256::new() };
        io::copy(&mut reader, &mut out).map_err(|error| damaged(format!("`{name}`: {error}")))?;
        out.sync_all().map_err(io_error("cannot write", &path))?;
        found.insert(name, hex(reader.hash));
    }
    let manifest =
        manifest.ok_or_else(|| damaged("it ends before its manifest: the backup is not whole".to_owned()))?;
    if manifest.format > FORMAT {
        return Err(damaged(format!("written by version {}, which is newer than this one", manifest.version)));
    }
    if let Some((name, _)) = manifest.files.iter().find(|(name, hash)| found.get(*name) != Some(hash)) {
        return Err(damaged(format!("`{name}` is missing or not what was backed up")));
    }
    Ok(manifest)
}

/// Links every file of a folder, if there is one, into another; what vanishes meanwhile had been used up.
fn link_all(from: &Path, to: &Path) -> Result<(), BackupError> {
    if !from.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(from).map_err(io_error("cannot read", from))?.flatten() {
        let target = to.join(entry.file_name());
        match fs::hard_link(entry.path(), &target) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => {}
            Err(source) => return Err(BackupError::Io { what: "cannot link", path: target, source }),
        }
    }
    Ok(())
}

/// Hashes what is read through it.
struct Hashing<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn io_error(what: &'static str, path: &Path) -> impl Fn(io::Error) -> BackupError + use<> {
    let path = path.to_owned();
    move |source| BackupError::Io { what, path: path.clone(), source }
}
