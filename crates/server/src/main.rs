#![doc = include_str!("../README.md")]

mod admin;
mod backup;
mod bench;
mod catalogue;
mod cli;
mod collect;
mod config;
mod content;
mod demo;
mod error;
mod feeds;
mod intel;
mod lake;
mod layout;
mod metrics;
mod monitor;
mod nats;
mod net;
mod offline;
mod open;
mod profiles;
mod retro_hunt;
mod scan;
mod serve;
mod time;
#[cfg(feature = "yara")]
mod yara_scan;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use cli::{Cli, Command, ConfigArgs, ConfigCommand, UserCommand};
use config::{Config, LogFormat};
use error::Error;

/// Events are many short texts that one thread makes and another frees: a tenth less work than with the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // One TLS implementation for everything; a second call could only come from a second start.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let done = match cli.command {
        Command::Scan(arguments) => return scan::run(&arguments),
        #[cfg(feature = "yara")]
        Command::Yara(arguments) => return yara_scan::run(&arguments),
        Command::Serve(arguments) => load(&arguments).and_then(|config| {
            log(&config.log.level, config.log.format);
            wait(serve::run(&config))
        }),
        Command::Demo(arguments) => {
            log("warn", LogFormat::Text);
            wait(demo::run(&arguments))
        }
        Command::Bench(arguments) => {
            log("warn", LogFormat::Text);
            wait(bench::run(&arguments))
        }
        Command::Collect(arguments) => collect::run(&arguments),
        Command::BenchSend => wait(bench::send()),
        Command::Config { command: ConfigCommand::Show } => {
            say(config::REFERENCE);
            Ok(())
        }
        Command::Config { command: ConfigCommand::Check(arguments) } => check(&arguments),
        Command::User { command: UserCommand::Add(arguments) } => {
            load(&arguments.config).and_then(|config| wait(offline::add_user(&config, &arguments)))
        }
        Command::Import(arguments) => {
            load(&arguments.config).and_then(|config| wait(offline::import(&config, &arguments)))
        }
        Command::Backup(arguments) => {
            load(&arguments.config).and_then(|config| wait(offline::backup(&config, &arguments)))
        }
        Command::Hunt(arguments) => {
            load(&arguments.config).and_then(|config| wait(retro_hunt::run(&config, &arguments)))
        }
        Command::Lake { command } => return lake_command(command),
        Command::Restore(arguments) => load(&arguments.config).and_then(|config| offline::restore(&config, &arguments)),
        Command::Openapi => {
            say(&(api::openapi().to_pretty_json().expect("the document is plain JSON") + "\n"));
            Ok(())
        }
    };
    done.map_or_else(failed, |()| ExitCode::SUCCESS)
}

fn failed(error: Error) -> ExitCode {
    eprintln!("vedette: {}", error::whole(&error));
    ExitCode::FAILURE
}

fn lake_command(command: lake::LakeCommand) -> ExitCode {
    wait(lake::run(command, load)).unwrap_or_else(failed)
}

fn load(arguments: &ConfigArgs) -> Result<Config, Error> {
    Ok(Config::load(arguments.config.as_deref(), std::env::vars())?)
}

fn wait<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::Told(format!("cannot start: {error}")))?;
    runtime.block_on(work)
}

fn check(arguments: &ConfigArgs) -> Result<(), Error> {
    let config = load(arguments)?;
    let (console, ingest, metrics) = (&config.console, &config.ingest, &config.metrics);
    let pairs = [
        (&console.tls_certificate, &console.tls_key),
        (&ingest.tls_certificate, &ingest.tls_key),
        (&metrics.tls_certificate, &metrics.tls_key),
    ];
    for (certificate, key) in pairs.into_iter().filter_map(|(one, other)| one.as_deref().zip(other.as_deref())) {
        net::http_tls(certificate, key)?;
    }
    for folder in config.detection.rule_folders.iter().chain(&config.detection.source_folder) {
        let missing = |source| Error::File { what: "cannot read", path: folder.clone(), source };
        std::fs::read_dir(folder).map_err(missing)?;
    }
    let from = arguments.config.as_deref().map_or("the defaults".into(), Path::to_string_lossy);
    let store = if config.store.url.is_empty() { "SQLite in the data folder" } else { "PostgreSQL" };
    let folder = config.data.folder.display();
    let mut text = format!("{from}: the settings hold up\ndata folder: {folder}\nstore: {store}\n");
    for line in serve::describe(&config) {
        text.push_str(&line);
        text.push('\n');
    }
    say(&text);
    if let Some(hint) = serve::unreachable(&config.ingest) {
        eprintln!("vedette: {hint}");
    }
    Ok(())
}

/// Prints; whoever stopped reading has read enough.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn log(level: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|error| {
        eprintln!("vedette: [log] level = \"{level}\": {error}; logging at info");
        EnvFilter::new("info")
    });
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}
