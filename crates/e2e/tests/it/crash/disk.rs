//! The disk that forgets, under the real binary: `disk/forget.c` is loaded into it and keeps, beside the folder, what a
//! power cut would leave. Here it is built, told what is to go wrong, and made to forget.

use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::chance::Chance;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/disk");
/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// What is left of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Everything: the process was killed, the machine lives on.
    Nothing,
    /// Nothing at all.
    All,
    /// Some sectors of some files, some folders' names.
    Torn,
}

/// A folder on that disk.
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// In a folder of its own; the folder `root` in it is the one on the disk.
    pub fn new(folder: &Path) -> Disk {
        let disk = Disk { folder: folder.to_owned() };
        fs::create_dir_all(disk.root()).unwrap();
        compile("forget.c", &disk.folder.join("forget.so"), &["-shared", "-fPIC", "-fvisibility=hidden"]);
        disk.faults("");
        disk.begin();
        disk
    }

    pub fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    fn mirror(&self) -> PathBuf {
        self.folder.join("mirror")
    }

    /// What a program on the disk is started with.
    pub fn environment(&self) -> Vec<(String, String)> {
        let pairs = [
            ("LD_PRELOAD", "forget.so"),
            ("FORGET_ROOT", "root"),
            ("FORGET_MIRROR", "mirror"),
            ("FORGET_CONTROL", "control"),
            ("FORGET_FIRED", "fired"),
        ];
        pairs.map(|(name, path)| (name.to_owned(), self.folder.join(path).display().to_string())).to_vec()
    }

    /// What is to go wrong from now on, as `disk/fault.h` describes it; counting starts anew.
    pub fn faults(&self, lines: &str) {
        let draft = self.folder.join("control.new");
        fs::write(&draft, lines).unwrap();
        fs::rename(draft, self.folder.join("control")).unwrap();
    }

    /// What has gone wrong since the last time this was asked.
    pub fn fired(&self) -> Vec<String> {
        let path = self.folder.join("fired");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        text.lines().map(str::to_owned).collect()
    }

    /// Cuts the power, once no program uses the folder any more.
    pub fn cut(&self, loss: Loss, chance: &mut Chance) {
        let (root, tree, after) = (self.root(), self.mirror().join("tree"), self.folder.join("after"));
        match loss {
            Loss::Nothing => {}
            Loss::All => {
                fs::remove_dir_all(&root).unwrap();
                fs::rename(&tree, &root).unwrap();
            }
            Loss::Torn => {
                self.tear(Some(&root), Some(&tree), &after, chance);
                fs::remove_dir_all(&root).unwrap();
                fs::rename(&after, &root).unwrap();
            }
        }
        self.begin();
    }

    /// The mirror of what is on the disk now, all of it durable.
    fn begin(&self) {
        let _ = fs::remove_dir_all(self.mirror());
        fs::create_dir_all(self.mirror().join("obj")).unwrap();
        link_tree(&self.root(), &self.mirror().join("tree"));
    }

    /// The durable content of a file that is there now; nothing where it is the file itself.
    fn durable(&self, file: &Path) -> Option<PathBuf> {
        let object = self.mirror().join("obj").join(fs::metadata(file).ok()?.ino().to_string());
        object.exists().then_some(object)
    }

    /// The names of a folder came through or did not, all together: a rename is never half done.
    fn tear(&self, real: Option<&Path>, durable: Option<&Path>, out: &Path, chance: &mut Chance) {
        fs::create_dir(out).unwrap();
        let reached = durable.is_none() || (real.is_some() && chance.below(2) == 0);
        let Some(names) = (if reached { real } else { durable }) else { return };
        for (name, is_folder) in entries(names) {
            let (here, there) = (real.map(|real| real.join(&name)), durable.map(|durable| durable.join(&name)));
            let exists = |path: Option<PathBuf>| path.filter(|path| path.exists());
            let (here, there) = (exists(here), exists(there));
            let to = out.join(&name);
            if is_folder {
                self.tear(here.as_deref(), there.as_deref(), &to, chance);
                continue;
            }
            let object = here.as_deref().and_then(|here| self.durable(here));
            match (reached, here, there) {
                (true, Some(here), _) => match object {
                    Some(object) => mix(&here, &object, &to, chance),
                    None => fs::hard_link(here, to).unwrap(),
                },
                (_, Some(here), Some(there)) if object.is_some_and(|object| same(&object, &there)) => {
                    mix(&here, &there, &to, chance);
                }
                (_, _, Some(there)) => fs::hard_link(there, to).unwrap(),
                _ => {}
            }
        }
    }
}

/// Builds one of the C sources.
pub fn compile(source: &str, to: &Path, flags: &[&str]) {
    let warn = ["-O2", "-Wall", "-Wextra", "-Wno-format-truncation"];
    let built = Command::new("cc").args(warn).args(flags).arg("-o").arg(to).arg(source).current_dir(SOURCES).output();
    let built = built.expect("a C compiler is needed");
    let told = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success() && told.is_empty(), "{told}");
}

fn same(one: &Path, other: &Path) -> bool {
    let inode = |path: &Path| fs::metadata(path).map(|file| file.ino()).ok();
    inode(one) == inode(other)
}

/// Files and folders; what SQLite maps into memory and sockets are no part of it.
fn entries(folder: &Path) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (name, kind) = (entry.file_name().into_string().unwrap(), entry.file_type().unwrap());
        if (kind.is_file() && !name.ends_with("-shm")) || kind.is_dir() {
            found.push((name, kind.is_dir()));
        }
    }
    found.sort();
    found
}

fn link_tree(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for (name, is_folder) in entries(from) {
        match is_folder {
            true => link_tree(&from.join(&name), &to.join(&name)),
            false => fs::hard_link(from.join(&name), to.join(&name)).unwrap(),
        }
    }
}

/// Of what was written since the last sync some sectors reached the disk.
fn mix(real: &Path, durable: &Path, to: &Path, chance: &mut Chance) {
    if same(real, durable) {
        return fs::hard_link(real, to).unwrap();
    }
    let (new, mut old) = (fs::read(real).unwrap(), fs::read(durable).unwrap());
    if chance.below(2) == 0 {
        old.resize(new.len(), 0);
    }
    // Few, half or most of them.
    let of_ten = [1, 5, 9][chance.below(3) as usize];
    for start in (0..old.len().min(new.len())).step_by(SECTOR) {
        let part = start..(start + SECTOR).min(old.len()).min(new.len());
        if old[part.clone()] != new[part.clone()] && chance.below(10) < of_ten {
            old[part.clone()].copy_from_slice(&new[part]);
        }
    }
    // Holes stay holes: a log file is mostly room that is not used yet.
    let file = fs::File::create(to).unwrap();
    file.set_len(old.len() as u64).unwrap();
    for (number, part) in old.chunks(1 << 16).enumerate() {
        if part.iter().any(|byte| *byte != 0) {
            file.write_all_at(part, (number << 16) as u64).unwrap();
        }
    }
}
