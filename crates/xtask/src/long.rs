//! Tests that may go on for as long as one likes: kills and power cuts, and changed records.

use std::process::Command;

use crate::packages;
use crate::run::{Failure, has_nextest, root, run};

/// Kills and power cuts under load, then the counter-proof without each of the syncs.
pub fn crash(arguments: &[String]) -> Result<(), Failure> {
    let (kills, seed) = options(arguments, "--kills", 200)?;
    packages::install(packages::FOR_TESTS)?;
    packages::install_clients()?;
    test(&["crash::kills", "crash::lies", "crash::probe"], &[("CRASH_KILLS", kills), ("CRASH_SEED", seed)])
}

/// Changed and broken records, so many seconds for each decoder and step.
pub fn fuzz(arguments: &[String]) -> Result<(), Failure> {
    let (seconds, seed) = options(arguments, "--seconds", 60)?;
    test(&["mutate::"], &[("MUTATE_SECONDS", seconds), ("MUTATE_EACH", 1), ("MUTATE_SEED", seed)])
}

/// The tests of these names, the ones that are passed over otherwise too, with everything they print. All of the workspace
/// is built, for they start the binary.
fn test(names: &[&str], settings: &[(&str, u64)]) -> Result<(), Failure> {
    let mut command = Command::new(env!("CARGO"));
    if has_nextest() {
        command.args(["nextest", "run", "--workspace", "--run-ignored", "all", "--no-capture", "-E"]);
        command.arg(names.iter().map(|name| format!("test({name})")).collect::<Vec<_>>().join(" | "));
    } else {
        command.args(["test", "--workspace", "--tests", "--", "--include-ignored", "--nocapture"]).args(names);
    }
    let settings = settings.iter().map(|(name, value)| (name, value.to_string()));
    run(command.envs(settings).current_dir(root()))
}

/// A number and a seed, each a word after its name.
fn options(arguments: &[String], name: &str, usual: u64) -> Result<(u64, u64), Failure> {
    let fresh = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |time| time.as_secs());
    let (mut number, mut seed) = (usual, fresh);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let value = words.next().and_then(|value| value.parse().ok());
        match (word.as_str(), value) {
            ("--seed", Some(value)) => seed = value,
            (word, Some(value)) if word == name => number = value,
            _ => return Err(Failure(format!("what may follow: {name} NUMBER, --seed NUMBER"))),
        }
    }
    Ok((number, seed))
}
