//! System packages: installed on Debian as root, named otherwise.

use std::path::Path;
use std::process::Command;

use crate::run::{Failure, run};

/// A Debian package and what shows that it, or its like, is there already.
pub struct Package {
    name: &'static str,
    present: fn() -> bool,
}

/// What the tests start for real.
pub const FOR_TESTS: &[Package] = &[
    Package { name: "postgresql", present: || first_in("/usr/lib/postgresql", "bin/initdb") },
    Package { name: "chromium", present: || Path::new("/usr/bin/chromium").exists() },
    Package { name: "fonts-noto-cjk", present: || Path::new("/usr/share/fonts/opentype/noto").is_dir() },
];

/// Installs what is missing.
pub fn install(packages: &[Package]) -> Result<(), Failure> {
    let missing: Vec<&str> =
        packages.iter().filter(|package| !(package.present)()).map(|package| package.name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !is_root() || !Path::new("/usr/bin/apt-get").exists() {
        return Err(Failure(format!("the tests need these Debian packages or their like: {list}")));
    }
    // The lists may be stale or absent; a failed update shows itself in the install.
    let _ = run(Command::new("apt-get").args(["update", "-qq"]));
    let install = ["install", "-y", "-qq", "--no-install-recommends"];
    run(Command::new("apt-get").args(install).args(&missing).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn first_in(folder: &str, file: &str) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().join(file).exists())
}
