//! The forgetful disk itself, tried with a little program that syncs and does not sync.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::chance::Chance;
use super::disk::{Disk, Loss, compile};

struct Probe {
    disk: Disk,
    folder: tempfile::TempDir,
}

impl Probe {
    /// A disk with the file `old` in the folder `d`.
    fn new() -> Probe {
        let folder = tempfile::tempdir().unwrap();
        compile("probe.c", &folder.path().join("probe"), &[]);
        let probe = Probe { disk: Disk::new(folder.path()), folder };
        probe.begin();
        probe
    }

    fn begin(&self) {
        fs::create_dir(self.disk.root().join("d")).unwrap();
        fs::write(self.disk.root().join("d/old"), "as it was").unwrap();
        self.disk.cut(Loss::Nothing, &mut Chance::new(1));
    }

    /// Runs the program; gives what it said.
    fn run(&self, words: &str) -> String {
        let mut program = Command::new(self.folder.path().join("probe"));
        program.args(words.split(' ')).envs(self.disk.environment()).current_dir(self.disk.root());
        String::from_utf8(program.output().unwrap().stdout).unwrap()
    }

    /// The files left after a power cut, with their content.
    fn left(&self, loss: Loss, seed: u64) -> Vec<(String, String)> {
        self.disk.cut(loss, &mut Chance::new(seed));
        let mut found = Vec::new();
        read(&self.disk.root(), "", &mut found);
        found
    }
}

fn read(folder: &Path, name: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        match entry.path().is_dir() {
            true => read(&entry.path(), &name, found),
            false => found.push((name, fs::read_to_string(entry.path()).unwrap())),
        }
    }
    found.sort();
}

fn files(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, content)| (format!("/d/{name}"), (*content).to_owned())).collect()
}

#[test]
fn what_was_not_synced_is_gone_after_a_power_cut_and_what_was_is_there() {
    let probe = Probe::new();
    for (words, left) in [
        ("write d/old AS", &[("old", "as it was")][..]),
        ("write d/old AS datasync d/old write d/old xx", &[("old", "AS it was")]),
        ("add d/old -more cut d/old 3", &[("old", "AS it was")]),
        ("add d/old -more sync d/old", &[("old", "AS it was-more")]),
        ("cut d/old 2 sync d/old", &[("old", "AS")]),
        ("new d/a 1 sync d/a", &[("old", "AS")]),
        ("new d/a 1 sync d", &[("a", ""), ("old", "AS")]),
        ("new d/b 2 sync d/b sync d write d/b 3", &[("a", ""), ("b", "2"), ("old", "AS")]),
        ("new d/t new sync d/t move d/t d/b", &[("a", ""), ("b", "2"), ("old", "AS")]),
        ("new d/t new sync d/t move d/t d/b sync d delete d/a", &[("a", ""), ("b", "new"), ("old", "AS")]),
        ("delete d/a delete d/old sync d", &[("b", "new")]),
        ("new d/b twice folder e new e/x 1 sync e/x sync e", &[("b", "new")]),
    ] {
        assert_eq!(probe.run(words), "", "{words}");
        assert_eq!(probe.left(Loss::All, 1), files(left), "{words}");
    }
    let root = probe.disk.root();
    probe.run(&format!("folder e new e/x 1 sync e/x sync e sync {}", root.display()));
    assert_eq!(probe.left(Loss::All, 1).last().unwrap(), &("/e/x".to_owned(), "1".to_owned()));
}

#[test]
fn a_kill_alone_loses_nothing_and_a_torn_disk_keeps_any_part_of_what_was_not_synced() {
    let probe = Probe::new();
    probe.run("write d/old AS new d/a 1");
    assert_eq!(probe.left(Loss::Nothing, 1), files(&[("a", "1"), ("old", "AS it was")]));
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..40 {
        fs::remove_dir_all(probe.disk.root().join("d")).unwrap();
        probe.begin();
        probe.run("write d/old AS new d/a 1");
        seen.insert(probe.left(Loss::Torn, seed));
    }
    for left in [&[("old", "as it was")][..], &[("old", "AS it was")], &[("a", "1"), ("old", "AS it was")]] {
        assert!(seen.contains(&files(left)), "{left:?} never came of {seen:?}");
    }
}

#[test]
fn faults_come_at_their_call_and_a_lie_is_found_out_by_a_power_cut() {
    let probe = Probe::new();
    probe.disk.faults("error sync d/* 2 1 5\n");
    let twice = "write d/old AS sync d/old write d/old as sync d/old";
    assert_eq!(probe.run(twice), "sync d/old: Input/output error\n");
    assert_eq!(probe.left(Loss::All, 1), files(&[("old", "AS it was")]));
    probe.disk.faults("killed write d/b 1 1\nlie dirsync d 1 0\n");
    assert_eq!(probe.run("new d/a 1 sync d/a sync d new d/b 2 delete d/old"), "");
    assert_eq!(probe.disk.fired().last().unwrap(), "killed write d/b 1");
    assert!(probe.disk.root().join("d/old").exists(), "nothing happens after a kill");
    assert_eq!(probe.left(Loss::All, 1), files(&[("old", "AS it was")]));
}
