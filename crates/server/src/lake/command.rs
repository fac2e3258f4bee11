//! `vedette lake ...`: asks the running server, or does it when none runs, and prints.

use std::path::PathBuf;
use std::process::ExitCode;

use ::lake::Verified;
use model::retention::DeletionCertificate;
use model::{Scope, TimeRange, Timestamp};
use serde::de::DeserializeOwned;
use store::{Catalogue, DataFolder, Store, StoreConfig};

use crate::admin;
use crate::catalogue::StoredCatalogue;
use crate::cli::ConfigArgs;
use crate::config::Config;
use crate::error::Error;
use crate::lake::answer::{Change, Export, Kept, Request, answer};
use crate::lake::arguments::LakeCommand;
use crate::lake::evidence::{self, Manifest};
use crate::layout;
use crate::open;
use crate::time::now;

/// The first and the last instant that calendars know.
const FIRST: i64 = -62_135_596_800_000_000;
const LAST: i64 = 253_402_300_799_999_999;

/// Runs a lake command; failure also when what was checked does not hold.
pub async fn run(command: LakeCommand, load: impl Fn(&ConfigArgs) -> Result<Config, Error>) -> Result<ExitCode, Error> {
    match command {
        LakeCommand::Verify(arguments) => {
            let config = load(&arguments.config)?;
            let found: Verified = match ask(&config, &Request::Verify { customer: arguments.customer.clone() }).await {
                Some(found) => found?,
                None => {
                    let scope = arguments.customer.map_or(Scope::All, Scope::one);
                    verify_offline(&config, &scope).await?
                }
            };
            match arguments.json {
                true => println!("{}", pretty(&found)),
                false => print!("{}", report(&found)),
            }
            return Ok(if found.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        LakeCommand::Files(arguments) => {
            let range = range(arguments.from, arguments.to);
            let request = Request::Files { customer: arguments.customer, range };
            let files: Vec<PathBuf> = get(&load(&arguments.config)?, request).await?;
            files.iter().for_each(|file| println!("{}", file.display()));
        }
        LakeCommand::Retention(arguments) => {
            let days = if arguments.default { Some(None) } else { arguments.days.map(Some) };
            let hold = if arguments.release { Some(None) } else { arguments.hold.map(Some) };
            let change = (days.is_some() || hold.is_some()).then_some(Change { days, hold });
            let request = Request::Retention { customer: arguments.customer, change, reason: arguments.reason };
            let Kept { retention, cutoff } = get(&load(&arguments.config)?, request).await?;
            match retention.data.days {
                Some(days) => println!("{}: {days} days", retention.customer),
                None => println!("{}: as the settings say", retention.customer),
            }
            match (&retention.data.hold, cutoff) {
                (Some(why), _) => println!("legal hold: {why}; nothing is deleted"),
                (None, Some(cutoff)) => println!("events that happened and came in before {cutoff} are deleted"),
                (None, None) => println!("events are kept for ever"),
            }
        }
        LakeCommand::Delete(arguments) => {
            let range = range(arguments.from, arguments.to);
            let (customer, reason, below_floor) = (arguments.customer, arguments.reason, arguments.below_floor);
            let request = Request::Delete { customer, range, reason: by_whom(&reason), below_floor };
            told(get(&load(&arguments.config)?, request).await?, arguments.json);
        }
        LakeCommand::Forget(arguments) => {
            let (customer, file) = (arguments.customer, arguments.file);
            let request = Request::Forget { customer, file, reason: by_whom(&arguments.reason) };
            told(get(&load(&arguments.config)?, request).await?, arguments.json);
        }
        LakeCommand::Certificates(arguments) => {
            let request = Request::Certificates { customer: arguments.customer, id: arguments.id };
            let found: Vec<DeletionCertificate> = get(&load(&arguments.config)?, request).await?;
            let mut changed = 0;
            for certificate in found {
                if certificate.finished.is_some() && !certificate.holds() {
                    eprintln!("vedette: {} does not say what it said when it was finished", certificate.id);
                    changed += 1;
                }
                match arguments.json {
                    true => println!("{}", serde_json::to_string(&certificate).expect("plain data")),
                    false => println!("{certificate}"),
                }
            }
            return Ok(if changed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        LakeCommand::Export(arguments) => {
            let into = std::path::absolute(&arguments.into).map_err(evidence::failed("cannot use", &arguments.into))?;
            let export = Export {
                customer: arguments.customer,
                range: TimeRange { from: arguments.from, to: arguments.to },
                filters: arguments.filters,
                text: arguments.text,
                events: arguments.events,
                reason: arguments.reason,
                by: arguments.by.unwrap_or_else(user),
                into: into.clone(),
            };
            let (manifest, hash): (Manifest, String) = get(&load(&arguments.config)?, Request::Export(export)).await?;
            println!("{} holds {} events of {}", into.display(), manifest.events, manifest.customer_name);
            println!("manifest SHA-256 {hash}; the audit log has it as evidence.export");
        }
        LakeCommand::CheckEvidence(arguments) => {
            let (manifest, hash) = evidence::check(&arguments.file)?;
            println!("{}: whole, as it was written", arguments.file.display());
            println!("{} events of {} ({})", manifest.events, manifest.customer_name, manifest.customer);
            for hand in &manifest.custody {
                println!("{} {}: {} ({})", hand.time, hand.who, hand.what, hand.why);
            }
            println!("manifest SHA-256 {hash}: compare it with evidence.export in the audit log");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the server that runs on the folder; nothing when none does.
async fn ask<T: DeserializeOwned>(config: &Config, request: &Request) -> Option<Result<T, Error>> {
    admin::ask(&config.data.folder, "lake", request).await
}

/// The server's answer, or our own.
async fn get<T: DeserializeOwned>(config: &Config, request: Request) -> Result<T, Error> {
    if let Some(answered) = ask(config, &request).await {
        return answered;
    }
    let opened = open::open(config, now()).await?;
    let answered = answer(&opened, request).await;
    opened.catalogue.close().await;
    opened.store.close().await;
    serde_json::from_value(answered?).map_err(|error| Error::Told(format!("the answer cannot be read: {error}")))
}

/// Checks the files without opening the lake, which would tidy up what is to be found.
async fn verify_offline(config: &Config, scope: &Scope) -> Result<Verified, Error> {
    let folder = DataFolder::open(&config.data.folder)?;
    let catalogue = match config.store.url.as_str() {
        "" => Catalogue::open(&folder.join(layout::CATALOGUE)).await?,
        url => {
            let store = Store::open(&StoreConfig { url: url.to_owned(), max_connections: 2 }).await?;
            Catalogue::of_store(&store).ok_or_else(|| Error::Told("the store has no catalogue".to_owned()))?
        }
    };
    let found = ::lake::verify(&folder.join(layout::LAKE), &StoredCatalogue(catalogue.clone()), scope, now()).await;
    catalogue.close().await;
    Ok(found?)
}

fn report(found: &Verified) -> String {
    let mut text = format!("{} files, {} bytes, {} events\n", found.files, found.bytes, found.events);
    for problem in &found.problems {
        text += &format!("{} ({} of {}): {}\n", problem.path, problem.id, problem.customer, problem.detail);
    }
    for orphan in &found.orphans {
        text += &format!("{orphan}: not in the catalogue; the next start removes it\n");
    }
    text += &match found.problems.len() {
        0 => "everything holds\n".to_owned(),
        count => format!("{count} problems\n"),
    };
    text
}

fn told(certificate: Option<DeletionCertificate>, json: bool) {
    match certificate {
        None => println!("there is nothing to delete"),
        Some(certificate) if json => println!("{}", pretty(&certificate)),
        Some(certificate) => print!("{certificate}"),
    }
}

fn pretty(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("an answer is plain data")
}

fn range(from: Option<Timestamp>, to: Option<Timestamp>) -> TimeRange {
    let at = Timestamp::from_micros;
    TimeRange { from: from.unwrap_or(at(FIRST)), to: to.unwrap_or(at(LAST)) }
}

/// The reason with who gave it: at the command line nobody is signed in.
fn by_whom(reason: &str) -> String {
    format!("{reason} (asked for at the command line by {})", user())
}

fn user() -> String {
    std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| "an unnamed user".to_owned())
}
