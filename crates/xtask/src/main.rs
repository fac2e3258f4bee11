#![doc = include_str!("../README.md")]

mod console;
mod long;
mod packages;
mod run;

use std::process::ExitCode;
use std::time::Instant;

use run::{Failure, cargo, has_nextest, root};

const USAGE: &str = "usage: cargo xtask <command>

  console            build the web console into console/dist
  demo [ARGS]        build everything and start the demonstration (ARGS as `vedette demo --help`)
  test               every test: Rust, console, and the browser over the real binary
  crash [--kills N] [--seed S]
                     N kills and power cuts (200) under load, and what happens without each sync
  fuzz [--seconds N] [--seed S]
                     changed and broken records to every decoder and step, N seconds (60) each
  lint               formatting and clippy, without warnings";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let started = Instant::now();
    let done = match arguments.split_first() {
        Some((command, rest)) => match (command.as_str(), rest) {
            ("console", []) => console::build(),
            ("demo", rest) => demo(rest),
            ("test", []) => test(),
            ("lint", []) => lint(),
            ("crash", rest) => long::crash(rest),
            ("fuzz", rest) => long::fuzz(rest),
            _ => Err(Failure(USAGE.to_owned())),
        },
        None => Err(Failure(USAGE.to_owned())),
    };
    match done {
        Ok(()) => {
            eprintln!("done in {} s", started.elapsed().as_secs());
            ExitCode::SUCCESS
        }
        Err(Failure(text)) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn demo(arguments: &[String]) -> Result<(), Failure> {
    console::build()?;
    cargo(&["build", "--package", "server"])?;
    let binary = run::target_folder()?.join("debug/vedette");
    run::run(std::process::Command::new(binary).arg("demo").args(arguments).current_dir(root()))
}

fn test() -> Result<(), Failure> {
    packages::install(packages::FOR_TESTS)?;
    let clients = packages::install_clients()?;
    console::build()?;
    console::test()?;
    // With everything installed a missing sender is a failure and no excuse.
    let required: &[(&str, &str)] = if clients { &[("REQUIRE_SENDERS", "1")] } else { &[] };
    if has_nextest() {
        run::cargo_with(&["nextest", "run", "--workspace"], required)?;
    } else {
        run::cargo_with(&["test", "--workspace", "--quiet"], required)?;
    }
    // The tests above have built the binary.
    console::browser(&run::target_folder()?.join("debug/vedette"))
}

fn lint() -> Result<(), Failure> {
    cargo(&["fmt", "--all", "--check"])?;
    console::build()?;
    cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])
}
