//! Opening the log: begin a new one, or find its end, cut a torn tail and refuse damage.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::disk::{Disk, DiskFile};
use super::segment::{self, Header};
use super::{WalConfig, WalError};

/// One shard for now; the number stands in names and ids so that more can come.
const SHARD: u16 = 0;
/// The header file: says that there is a log and which.
const HEADER_FILE: &str = "log";
const HEADER_TEXT: &str = "vedette log 1 ";

/// An opened log.
pub(super) struct Recovered {
    pub log: u32,
    pub shard: u16,
    pub segments: BTreeMap<u64, PathBuf>,
    /// The segment to write to.
    pub file: Box<dyn DiskFile>,
    /// Where in it.
    pub offset: u64,
    /// The next sequence.
    pub next: u64,
}

pub(super) fn open(dir: &Path, config: &WalConfig, disk: &dyn Disk) -> Result<Recovered, WalError> {
    disk.create_dir(dir).map_err(WalError::io("make", dir))?;
    // The folder's own name: without it a power cut takes the whole log.
    if let Some(above) = dir.parent().filter(|above| !above.as_os_str().is_empty()) {
        disk.sync_dir(above).map_err(WalError::io("sync", above))?;
    }
    let names = disk.list(dir).map_err(WalError::io("list", dir))?;
    let mut segments: BTreeMap<u64, PathBuf> = names
        .iter()
        .filter_map(|name| segment::first_of(name, SHARD))
        .map(|first| (first, segment::path(dir, SHARD, first)))
        .collect();
    let known = names.iter().any(|name| name == HEADER_FILE).then(|| read_log_id(dir, disk)).transpose()?;

    drop_unborn(dir, disk, &mut segments, known.is_some())?;
    let Some((first, path)) = segments.last_key_value().map(|(first, path)| (*first, path.clone())) else {
        return match known {
            // A log whose segments are gone must not begin again at 1: its sequences would name two events each.
            Some(_) => Err(WalError::NotWhole { path: dir.to_owned(), what: "its segments are missing".into() }),
            None => begin(dir, config, disk),
        };
    };

    let file = disk.open(&path).map_err(WalError::io("open", &path))?;
    let header = Header::read(&*file).map_err(WalError::io("read", &path))?;
    let header = header.ok_or(WalError::Damaged { path: path.clone(), offset: 0, what: "no segment header" })?;
    if header.first != first || header.shard != SHARD || known.is_some_and(|log| log != header.log) {
        let what = format!("segment {} belongs to another log", path.display());
        return Err(WalError::NotWhole { path: dir.to_owned(), what });
    }
    if known.is_none() {
        write_log_id(dir, disk, header.log)?;
    }

    let mut bytes = vec![0; file.size().map_err(WalError::io("read", &path))? as usize];
    let count = file.read_at(&mut bytes, 0).map_err(WalError::io("read", &path))?;
    let end = segment::walk(&bytes[..count], first).map_err(|rot| WalError::Damaged {
        path: path.clone(),
        offset: rot.offset,
        what: rot.what,
    })?;
    if end.torn {
        tracing::warn!(segment = %path.display(), offset = end.offset, next = end.next, "a torn tail was cut from the log");
        file.set_len(end.offset).map_err(WalError::io("cut", &path))?;
        file.reserve(config.segment_bytes.max(end.offset)).map_err(WalError::io("reserve", &path))?;
    }
    // What a killed process wrote but did not sync may be read from now on: make it durable first.
    file.sync().map_err(WalError::io("sync", &path))?;
    Ok(Recovered { log: header.log, shard: SHARD, segments, file, offset: end.offset, next: end.next })
}

/// Removes a last segment whose making was cut off: its header was never durable, so it holds no record.
fn drop_unborn(
    dir: &Path,
    disk: &dyn Disk,
    segments: &mut BTreeMap<u64, PathBuf>,
    known: bool,
) -> Result<(), WalError> {
    let Some((first, path)) = segments.last_key_value().map(|(first, path)| (*first, path.clone())) else {
        return Ok(());
    };
    let file = disk.open(&path).map_err(WalError::io("open", &path))?;
    if Header::read(&*file).map_err(WalError::io("read", &path))?.is_some() {
        return Ok(());
    }
    let mut bytes = vec![0; file.size().map_err(WalError::io("read", &path))? as usize];
    let count = file.read_at(&mut bytes, 0).map_err(WalError::io("read", &path))?;
    let body = bytes[..count].get(segment::HEADER as usize..).unwrap_or_default();
    // Sequences start at 1, so any record at all is of a group after 0.
    if body.iter().any(|byte| *byte != 0) || (known && segments.len() == 1) {
        return Err(WalError::Damaged { path, offset: 0, what: "no segment header" });
    }
    tracing::warn!(segment = %path.display(), "removed a log segment whose making was cut off");
    disk.remove(&path).map_err(WalError::io("delete", &path))?;
    disk.sync_dir(dir).map_err(WalError::io("sync", dir))?;
    segments.remove(&first);
    Ok(())
}

fn begin(dir: &Path, config: &WalConfig, disk: &dyn Disk) -> Result<Recovered, WalError> {
    let mut random = [0; 4];
    getrandom::fill(&mut random).expect("the operating system gives randomness");
    let header = Header { log: u32::from_le_bytes(random), shard: SHARD, first: 1 };
    let path = segment::path(dir, SHARD, 1);
    let file = segment::create(disk, dir, header, config.segment_bytes).map_err(WalError::io("make", &path))?;
    write_log_id(dir, disk, header.log)?;
    let segments = BTreeMap::from([(1, path)]);
    Ok(Recovered { log: header.log, shard: SHARD, segments, file, offset: segment::HEADER, next: 1 })
}

fn read_log_id(dir: &Path, disk: &dyn Disk) -> Result<u32, WalError> {
    let path = dir.join(HEADER_FILE);
    let file = disk.open(&path).map_err(WalError::io("open", &path))?;
    let mut bytes = [0; 64];
    let count = file.read_at(&mut bytes, 0).map_err(WalError::io("read", &path))?;
    let text = std::str::from_utf8(&bytes[..count]).unwrap_or_default();
    text.strip_prefix(HEADER_TEXT)
        .and_then(|id| u32::from_str_radix(id.trim_end(), 16).ok())
        .ok_or_else(|| WalError::NotWhole { path: dir.to_owned(), what: "its header file does not read".into() })
}

fn write_log_id(dir: &Path, disk: &dyn Disk, log: u32) -> Result<(), WalError> {
    let (path, draft) = (dir.join(HEADER_FILE), dir.join("log.new"));
    let write = || {
        if disk.list(dir)?.iter().any(|name| name == "log.new") {
            disk.remove(&draft)?;
        }
        let file = disk.create(&draft)?;
        file.write_at(format!("{HEADER_TEXT}{log:08x}\n").as_bytes(), 0)?;
        file.sync()?;
        disk.rename(&draft, &path)?;
        disk.sync_dir(dir)
    };
    write().map_err(WalError::io("write", &path))
}
