//! `vedette collect check`: what is wrong, in words for the person who sets a collector up; nothing is sent or stored.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hyper::Method;
use hyper::StatusCode;
use hyper::body::Bytes;
use receive::http::Collected;

use crate::buffer;
use crate::client::{self, Client, Target, Trouble};
use crate::config::Config;
use crate::forward::{self, PATH, SKEW_TOLD};
use crate::mask::Masker;
use crate::tail::glob;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: &'static str,
    /// How it is: fine, or what is wrong and what to do.
    pub told: Result<String, String>,
}

/// Looks at everything the settings name.
pub async fn check(config: &Config) -> Vec<Finding> {
    let mut findings = vec![Finding { what: "buffer", told: buffer(config) }];
    findings.push(Finding { what: "masking", told: masking(config) });
    findings.extend(credentials(config));
    for pattern in config.files.iter().flat_map(|input| &input.paths) {
        findings.push(Finding { what: "files", told: files(pattern) });
    }
    for pattern in config.evtx.iter().flat_map(|input| &input.paths) {
        findings.push(Finding { what: "EVTX files", told: files(pattern) });
    }
    findings.extend(centre(config).await);
    findings
}

fn buffer(config: &Config) -> Result<String, String> {
    let folder = &config.buffer.folder;
    match buffer::lock(folder) {
        Ok(_) | Err(crate::Error::InUse { .. }) => {}
        Err(error) => return Err(format!("{error}: let the collector's user write there")),
    }
    let probe = folder.join("check");
    std::fs::write(&probe, b"x").and_then(|()| std::fs::remove_file(&probe)).map_err(|error| {
        format!("{} cannot be written to: {error}: let the collector's user write there", folder.display())
    })?;
    Ok(format!("{} can be written to, {} MiB at most", folder.display(), config.buffer.max_mib))
}

fn masking(config: &Config) -> Result<String, String> {
    let rules = config.mask.fields.len();
    match Masker::new(&config.mask, Default::default()) {
        Ok(_) => Ok(if rules == 0 { "nothing is masked".to_owned() } else { format!("{rules} rules") }),
        Err(error) => Err(error.to_string()),
    }
}

fn credentials(config: &Config) -> Vec<Finding> {
    let centre = &config.centre;
    let mut findings = Vec::new();
    if let Some(path) = &centre.token_file {
        let told = client::token(path).map(|_| format!("{} holds a token", path.display()));
        findings.push(Finding { what: "token", told: told.map_err(|error| error.to_string()) });
    }
    if Target::of(&centre.url).is_some_and(|target| target.tls) {
        let told = client::tls(centre).map(|_| {
            let own = centre.certificate.as_ref().map(|path| format!(", {} and its key fit", path.display()));
            format!("{} can be used{}", centre.ca.display(), own.unwrap_or_default())
        });
        findings.push(Finding { what: "certificates", told: told.map_err(|error| error.to_string()) });
    }
    findings
}

fn files(pattern: &str) -> Result<String, String> {
    let folder = glob::folder(pattern);
    std::fs::read_dir(&folder).map_err(|error| {
        format!("{} cannot be looked into: {error}: let the collector's user read and enter it", folder.display())
    })?;
    let found = glob::files(pattern);
    let locked = |path: &&PathBuf| std::fs::File::open(path).is_err();
    if let Some(path) = found.iter().find(locked) {
        return Err(format!("{} cannot be read: let the collector's user read it", Path::display(path)));
    }
    Ok(format!("{pattern}: {} files now", found.len()))
}

async fn centre(config: &Config) -> Vec<Finding> {
    let finding = |what, told| Finding { what, told };
    let Some(mut client) = Client::new(config.centre.clone()) else {
        return vec![finding("centre", Err(format!("{} is no address", config.centre.url)))];
    };
    let begun = SystemTime::now();
    let answer = match client.ask(Method::GET, PATH, &[], Bytes::new()).await {
        Ok(answer) => answer,
        Err(error) => return vec![finding("centre", Err(advice(&error)))],
    };
    let mut findings = vec![finding("centre", Ok(format!("{} answers", config.centre.url)))];
    if answer.status != StatusCode::OK {
        let told = forward::refusal(answer.status, &answer.told());
        return findings.into_iter().chain([finding("identity", Err(told))]).collect();
    }
    findings.push(finding("identity", Ok("the centre knows this collector".to_owned())));
    if let Ok(collected) = serde_json::from_slice::<Collected>(&answer.body) {
        let skew = forward::skew(begun, SystemTime::now(), collected.time);
        let seconds = skew as f64 / 1e6;
        let told = if skew.abs() > SKEW_TOLD {
            Err(format!("it is {seconds:.0} s ahead of the centre's (negative: behind): set it, by NTP best"))
        } else {
            Ok(format!("within {:.1} s of the centre's", seconds.abs()))
        };
        findings.push(finding("clock", told));
    }
    findings
}

/// What to do about it.
fn advice(error: &Trouble) -> String {
    let what = match error {
        Trouble::Name { .. } => "correct [centre] url, or the machine's DNS",
        Trouble::Connect { .. } => "correct [centre] url, or let the firewall pass it",
        Trouble::Tls { source, .. } => match source.to_string() {
            text if text.contains("UnknownIssuer") || text.contains("BadSignature") => {
                "set [centre] ca to the authority of the centre's certificate, or to that certificate"
            }
            text if text.contains("NotValidForName") => "use in [centre] url a name the centre's certificate is for",
            text if text.contains("Expired") || text.contains("NotValidYet") => {
                "renew the centre's certificate, or set this machine's clock"
            }
            _ => "is this the HTTPS port of the centre?",
        },
        Trouble::Broken(_) => "is this the ingest listener of the centre, and does it speak TLS as the address says?",
        Trouble::TooSlow => "something between here and the centre holds connections up",
        Trouble::Setup(_) => "correct the file",
    };
    format!("{error}: {what}")
}
