//! A disk over a real folder that forgets what was not synced, as a power cut does; that can fail, fill up, or die at
//! any of its operations; and that can leave out syncs, as if they were missing from the code.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use lake::{Disk, DiskFile};

/// An entry of a folder: another folder, or a file by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(u64),
}

#[derive(Debug, Default)]
struct State {
    /// Everything below the root as programs see it, and as a power cut would leave it.
    seen: BTreeMap<PathBuf, Node>,
    durable: BTreeMap<PathBuf, Node>,
    /// What a power cut would leave of each file.
    contents: BTreeMap<u64, Vec<u8>>,
    next: u64,
    /// Every operation so far, by name.
    log: Vec<String>,
    faults: Faults,
}

/// What goes wrong.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// The process dies at this operation: it and all later ones fail, and nothing of them happens.
    pub die_at: Option<usize>,
    /// These operations fail, whenever they come; a write then fails with the disk full.
    pub fail: Vec<&'static str>,
    /// Syncs of files report success and do nothing.
    pub ignore_file_sync: bool,
    /// Syncs of these folders report success and do nothing.
    pub ignore_dir_sync: Option<DirSyncs>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirSyncs {
    All,
    /// Only those of a folder this deep below the root: 0 is the root itself.
    AtDepth(usize),
}

#[derive(Debug, Clone)]
pub struct ForgetfulDisk {
    root: PathBuf,
    state: Arc<Mutex<State>>,
}

impl ForgetfulDisk {
    /// Over an empty folder, which is itself durable.
    pub fn new(root: &Path) -> Self {
        ForgetfulDisk { root: root.to_owned(), state: Arc::default() }
    }

    pub fn set(&self, faults: Faults) {
        self.state.lock().unwrap().faults = faults;
    }

    pub fn log(&self) -> Vec<String> {
        self.state.lock().unwrap().log.clone()
    }

    /// Cuts the power and starts again: the folder holds what was made durable, and nothing fails any more.
    pub fn cut_power(&self) {
        let mut state = self.state.lock().unwrap();
        for entry in fs::read_dir(&self.root).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { fs::remove_dir_all(&path).unwrap() } else { fs::remove_file(&path).unwrap() }
        }
        // What hangs on a folder that was forgotten is forgotten with it; parents sort before what is in them.
        let mut left = BTreeMap::new();
        for (path, node) in &state.durable {
            let above = path.parent().unwrap();
            if above != self.root && left.get(above) != Some(&Node::Folder) {
                continue;
            }
            match node {
                Node::Folder => fs::create_dir(path).unwrap(),
                Node::File(number) => {
                    fs::write(path, state.contents.get(number).cloned().unwrap_or_default()).unwrap();
                }
            }
            left.insert(path.clone(), *node);
        }
        (state.seen, state.durable) = (left.clone(), left);
        state.faults = Faults::default();
        state.log.clear();
    }

    /// Notes an operation, and fails it where it must.
    fn begin(&self, name: &'static str, path: &Path) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        let place = state.log.len();
        state.log.push(format!("{name} {}", path.strip_prefix(&self.root).unwrap_or(path).display()));
        if state.faults.die_at.is_some_and(|at| place >= at) {
            return Err(io::Error::other("the process is dead"));
        }
        match state.faults.fail.contains(&name) {
            true if name == "write" => Err(io::Error::from_raw_os_error(28)),
            true => Err(io::Error::from_raw_os_error(5)),
            false => Ok(()),
        }
    }
}

impl Disk for ForgetfulDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.begin("create_dir", dir)?;
        fs::create_dir(dir)?;
        self.state.lock().unwrap().seen.insert(dir.to_owned(), Node::Folder);
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.begin("create", path)?;
        let file = File::create(path)?;
        let mut state = self.state.lock().unwrap();
        let number = state.next;
        state.next += 1;
        state.seen.insert(path.to_owned(), Node::File(number));
        Ok(Box::new(ForgetfulFile { file, path: path.to_owned(), number, disk: self.clone() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.begin("rename", from)?;
        fs::rename(from, to)?;
        let mut state = self.state.lock().unwrap();
        let node = state.seen.remove(from).unwrap();
        state.seen.insert(to.to_owned(), node);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.begin("remove", path)?;
        fs::remove_file(path)?;
        self.state.lock().unwrap().seen.remove(path);
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.begin("sync_dir", dir)?;
        let mut state = self.state.lock().unwrap();
        let depth = dir.strip_prefix(&self.root).unwrap().components().count();
        match state.faults.ignore_dir_sync {
            Some(DirSyncs::All) => return Ok(()),
            Some(DirSyncs::AtDepth(ignored)) if ignored == depth => return Ok(()),
            _ => {}
        }
        let inside = |path: &Path| path.parent() == Some(dir);
        state.durable.retain(|path, _| !inside(path));
        let now: Vec<_> =
            state.seen.iter().filter(|(path, _)| inside(path)).map(|(path, node)| (path.clone(), *node)).collect();
        state.durable.extend(now);
        Ok(())
    }
}

struct ForgetfulFile {
    file: File,
    path: PathBuf,
    number: u64,
    disk: ForgetfulDisk,
}

impl Write for ForgetfulFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.disk.begin("write", &self.path)?;
        self.file.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl DiskFile for ForgetfulFile {
    fn sync(&mut self) -> io::Result<()> {
        self.disk.begin("sync_file", &self.path)?;
        if self.disk.state.lock().unwrap().faults.ignore_file_sync {
            return Ok(());
        }
        let content = fs::read(&self.path)?;
        self.disk.state.lock().unwrap().contents.insert(self.number, content);
        Ok(())
    }
}
