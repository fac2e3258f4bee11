//! Running other programs, and where things are.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What went wrong, in words for the person at the terminal.
pub struct Failure(pub String);

/// The project's root folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().and_then(Path::parent).expect("this crate lies two folders down")
}

/// Where cargo builds to.
pub fn target_folder() -> Result<PathBuf, Failure> {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => std::path::absolute(folder).map_err(|error| Failure(format!("CARGO_TARGET_DIR: {error}"))),
        None => Ok(root().join("target")),
    }
}

/// Runs a program to its end; anything but success is a failure that names it.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let line = || {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    };
    let line = line();
    eprintln!("> {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure(format!("`{line}` ended with {status}"))),
        Err(error) => Err(Failure(format!("`{line}` could not be started: {error}"))),
    }
}

/// Runs cargo in the project's root.
pub fn cargo(arguments: &[&str]) -> Result<(), Failure> {
    cargo_with(arguments, &[])
}

/// The same with variables set.
pub fn cargo_with(arguments: &[&str], variables: &[(&str, &str)]) -> Result<(), Failure> {
    run(Command::new(env!("CARGO")).args(arguments).envs(variables.iter().copied()).current_dir(root()))
}

/// Whether cargo-nextest is there; without it the tests run under `cargo test`.
pub fn has_nextest() -> bool {
    Command::new(env!("CARGO")).args(["nextest", "--version"]).output().is_ok_and(|output| output.status.success())
}
