//! Files stay short, and nothing points at a machine.

use std::fs;
use std::path::{Path, PathBuf};

use crate::root;

const LONGEST: usize = 600;
const CHECKED: &[&str] = &["rs", "ts", "tsx", "mjs", "css", "ftl", "sql"];
/// Made by a program, not by hand.
const GENERATED: &[&str] = &["schema.ts"];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if path.is_dir() {
            if !name.starts_with("target") && !["node_modules", "dist", ".git"].contains(&name.as_ref()) {
                files(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

#[test]
fn no_file_written_by_hand_is_longer_than_600_lines() {
    let mut found = Vec::new();
    files(root(), &mut found);
    let mut checked = 0;
    for path in found {
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or("");
        let name = path.file_name().unwrap().to_string_lossy();
        if !CHECKED.contains(&kind) || GENERATED.contains(&name.as_ref()) {
            continue;
        }
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= LONGEST, "{} has {lines} lines: split it", path.display());
        checked += 1;
    }
    println!("checked {checked} files");
    assert!(checked > 100, "only {checked} files were found");
}
