//! Content, formats and rules together.

mod labelled;
mod learning;
mod regression;
mod scan;
mod use_cases;
#[cfg(feature = "yara")]
mod yara;

use std::path::{Path, PathBuf};

/// The project's root folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(Path::parent).unwrap()
}

/// A folder of the shared data; nothing when it is not there, unless `REQUIRE_DATA=1` demands it.
fn data(name: &str) -> Option<PathBuf> {
    let folder = root().join("../shared/data").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("REQUIRE_DATA").as_deref() != Ok("1"), "{} is missing", folder.display());
    println!("skipped: {} is not there", folder.display());
    None
}

/// Every file below a folder, in order of path.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}
