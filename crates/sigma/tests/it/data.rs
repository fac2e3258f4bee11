//! Where the shared test material is, if it is.

use std::path::{Path, PathBuf};

/// A folder of the shared material; nothing where it is absent, which fails under `REQUIRE_DATA=1`.
pub fn folder(name: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(name);
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var("REQUIRE_DATA").as_deref() != Ok("1"), "the test data `{name}` is missing");
    println!("skipped: no test data `{name}`");
    None
}

/// Every file under a folder with this extension, in order.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
