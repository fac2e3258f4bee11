//! Building and testing the web console with Node and npm.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use crate::run::{Failure, root, run};

/// Builds `console/dist`, installing npm packages first when the lock file changed.
pub fn build() -> Result<(), Failure> {
    install()?;
    run(npm().args(["run", "--silent", "build"]))
}

/// Type check and unit tests.
pub fn test() -> Result<(), Failure> {
    run(npm().args(["run", "--silent", "check"]))?;
    run(npm().args(["run", "--silent", "test"]))
}

/// Browser tests over the real binary.
pub fn browser(binary: &Path) -> Result<(), Failure> {
    run(npm().args(["run", "--silent", "e2e"]).env("VEDETTE_BINARY", binary))
}

fn install() -> Result<(), Failure> {
    let folder = root().join("console");
    let changed = |path: &str| std::fs::metadata(folder.join(path)).and_then(|file| file.modified());
    let lock = changed("package-lock.json").unwrap_or(SystemTime::UNIX_EPOCH);
    if changed("node_modules/.package-lock.json").is_ok_and(|installed| installed >= lock) {
        return Ok(());
    }
    run(npm().args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
}

fn npm() -> Command {
    let mut command = Command::new("npm");
    command.current_dir(root().join("console"));
    command
}
