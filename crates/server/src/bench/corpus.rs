//! What is sent: lines of files, or the samples of every source, by the kind of device that writes them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use formats::{Hint, Parser, Sources};
use serde::{Deserialize, Serialize};

use super::day;
use crate::error::Error;
use crate::time::now;

/// Lines longer than this are left out: they are documents, not records.
const LONGEST: usize = 16 * 1024;

/// The lines of one kind of device.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kind {
    /// What it writes all day.
    pub plain: Vec<String>,
    /// What a device says it holds for an attack.
    pub alarms: Vec<String>,
}

impl Kind {
    pub fn len(&self) -> usize {
        self.plain.len() + self.alarms.len()
    }
}

/// The lines of each of `files`, or of the samples of each source that comes with the program, as of today.
pub fn kinds(files: &[PathBuf]) -> Result<Vec<Kind>, Error> {
    let failed = |error: formats::SourceError| Error::Told(error.to_string());
    let parser = Parser::new(Arc::new(Sources::embedded().map_err(failed)?));
    let hint = Hint::new(now());
    let mut kinds: BTreeMap<String, Kind> = BTreeMap::new();
    let mut take = |name: String, text: &str| {
        let kind = kinds.entry(name).or_default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && line.len() <= LONGEST) {
            let line = day::today(&parser, line, &hint);
            let is_alarm = parser.parse(&line, &hint).alarm.is_some();
            if is_alarm { &mut kind.alarms } else { &mut kind.plain }.push(line);
        }
    };
    if files.is_empty() {
        Sources::samples().for_each(|(source, text)| take(source.to_owned(), text));
    }
    for file in files {
        let bytes =
            std::fs::read(file).map_err(|source| Error::File { what: "cannot read", path: file.clone(), source })?;
        take(file.display().to_string(), &String::from_utf8_lossy(&bytes));
    }
    let kinds: Vec<Kind> = kinds.into_values().filter(|kind| kind.len() > 0).collect();
    if kinds.is_empty() {
        return Err(Error::Told("there is no line to send: the files are empty".to_owned()));
    }
    Ok(kinds)
}

/// What one device sends of all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Its part of all events.
    pub of_all: f64,
    /// The part of its events that are alarms.
    pub alarms: f64,
}

/// The share of each kind: all write as many plain lines, and together this part of all lines are alarms, as far as
/// there are lines of both.
pub fn shares(kinds: &[Kind], alarms: f64) -> Vec<Share> {
    let count = |has: fn(&Kind) -> bool| kinds.iter().filter(|kind| has(kind)).count() as f64;
    let (plain, alarming) = (count(|kind| !kind.plain.is_empty()), count(|kind| !kind.alarms.is_empty()));
    let alarms = if plain == 0.0 {
        1.0
    } else if alarming == 0.0 {
        0.0
    } else {
        alarms
    };
    let share = |kind: &Kind| {
        let plain = if kind.plain.is_empty() { 0.0 } else { (1.0 - alarms) / plain };
        let alarmed = if kind.alarms.is_empty() { 0.0 } else { alarms / alarming };
        Share { of_all: plain + alarmed, alarms: alarmed / (plain + alarmed).max(f64::MIN_POSITIVE) }
    };
    kinds.iter().map(share).collect()
}

/// A line with the last number of each IPv4 address drawn anew, so that no two requests are alike.
pub fn vary(line: &str, rng: &mut fastrand::Rng, out: &mut Vec<u8>) {
    let bytes = line.as_bytes();
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        match address(&bytes[at..]) {
            Some((last, end)) => {
                out.extend_from_slice(&bytes[copied..at + last]);
                out.extend_from_slice(rng.u8(1..=254).to_string().as_bytes());
                copied = at + end;
                at = copied;
            }
            None => {
                // Past the digits: an address does not begin inside a number.
                let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
                at += digits.max(1);
            }
        }
    }
    out.extend_from_slice(&bytes[copied..]);
}

/// Where the last number of the address at the start begins and ends.
fn address(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut at = 0;
    for part in 0..4 {
        let digits = bytes[at..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=3).contains(&digits) {
            return None;
        }
        if part == 3 {
            let next = bytes.get(at + digits);
            return (next != Some(&b'.')).then_some((at, at + digits));
        }
        at += digits;
        if bytes.get(at) != Some(&b'.') {
            return None;
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_number_of_addresses_changes() {
        let mut out = Vec::new();
        let mut rng = fastrand::Rng::with_seed(1);
        vary("src=192.0.2.10 v=1.2.3.4.5 time=12:00:01 dst=198.51.100.7:443", &mut rng, &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.starts_with("src=192.0.2.") && text.contains(" v=1.2.3.4.5 time=12:00:01 dst=198.51.100."),
            "{text}"
        );
        assert!(text.ends_with(":443"), "{text}");
    }

    #[test]
    fn the_samples_of_all_sources_are_there_to_send_and_their_shares_are_the_whole() {
        let kinds = kinds(&[]).unwrap();
        assert!(kinds.len() > 100 && kinds.iter().any(|kind| !kind.alarms.is_empty()));
        for alarms in [0.0, 0.01, 1.0] {
            let shares = shares(&kinds, alarms);
            let sum = |of: fn(&Share) -> f64| shares.iter().map(of).sum::<f64>();
            assert!((sum(|share| share.of_all) - 1.0).abs() < 1e-9);
            assert!((sum(|share| share.of_all * share.alarms) - alarms).abs() < 1e-9);
        }
        let quiet = Kind { plain: vec!["x".into()], alarms: Vec::new() };
        assert_eq!(shares(&[quiet], 0.5), [Share { of_all: 1.0, alarms: 0.0 }]);
    }
}
