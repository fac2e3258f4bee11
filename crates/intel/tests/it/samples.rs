//! Real feeds of many makers, where they are at hand, and documents cut and changed anywhere.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use intel::read::{Format, Options, Reading, read};

const STRICT: Options = Options { refuse: true, age: None };

fn data(below: &str) -> Option<PathBuf> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/intel")).join(below);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("REQUIRE_DATA").as_deref() != Ok("1"), "{} is missing", folder.display());
    println!("skipped: {} is not there", folder.display());
    None
}

fn files(folder: &Path, out: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, out);
            continue;
        }
        let mut content = fs::read(&path).unwrap();
        if path.extension().is_some_and(|ending| ending == "gz") {
            let mut plain = Vec::new();
            flate2::read::MultiGzDecoder::new(&content[..]).read_to_end(&mut plain).unwrap();
            content = plain;
        }
        out.push((path, content));
    }
}

fn read_all(below: &str, wanted: impl Fn(&Path) -> bool, format: &Format) -> Option<Vec<(PathBuf, Reading)>> {
    let mut found = Vec::new();
    files(&data(below)?, &mut found);
    found.retain(|(path, _)| wanted(path));
    Some(found.into_iter().map(|(path, content)| (path, read(&content, format, STRICT))).collect())
}

fn total(readings: &[(PathBuf, Reading)]) -> (usize, usize) {
    let indicators = readings.iter().map(|(_, reading)| reading.list.indicators.len()).sum();
    (indicators, readings.iter().map(|(_, reading)| reading.list.unread_count).sum())
}

#[test]
fn stix_bundles_of_other_makers_are_read() {
    let json = |path: &Path| path.extension().is_some_and(|ending| ending == "json");
    let Some(found) = read_all("stix/oasis-schemas-examples", json, &Format::Stix) else { return };
    let (indicators, unread) = total(&found);
    println!("{} documents, {indicators} indicators, {unread} told", found.len());
    assert!(found.len() >= 4 && indicators >= 3, "{indicators} of {} documents", found.len());
    let bundles = |path: &Path| path.to_string_lossy().contains("stix2");
    let Some(found) = read_all("misp/misp-stix-tests", bundles, &Format::Any) else { return };
    let (indicators, unread) = total(&found);
    println!("{} MISP bundles, {indicators} indicators, {unread} told", found.len());
    assert!(found.len() >= 4 && indicators >= 3, "{indicators} of {} bundles", found.len());
}

#[test]
fn misp_events_and_warning_lists_of_other_makers_are_read() {
    let events =
        |path: &Path| path.to_string_lossy().contains("collection") && !path.to_string_lossy().contains("stix2");
    let Some(found) = read_all("misp/misp-stix-tests", events, &Format::Any) else { return };
    let (indicators, unread) = total(&found);
    println!("{} MISP documents, {indicators} indicators, {unread} told", found.len());
    assert!(found.len() >= 3 && indicators >= 3, "{indicators} of {} documents", found.len());
    let any = |_: &Path| true;
    let Some(found) = read_all("misp/warninglists", any, &Format::Any) else { return };
    let warnings = found.iter().filter(|(_, reading)| reading.warning).count();
    let (entries, unread) = total(&found);
    println!("{warnings} of {} warning lists, {entries} entries, {unread} told", found.len());
    assert!(warnings >= 15 && warnings == found.len() && entries >= 5_000, "{warnings} lists, {entries} entries");
}

#[test]
fn block_lists_of_other_makers_are_read() {
    let lists = |path: &Path| path.extension().is_some_and(|ending| ending != "yar" && ending != "md");
    let Some(found) = read_all("blocklists", lists, &Format::Any) else { return };
    let with: Vec<_> = found.iter().filter(|(_, reading)| !reading.list.indicators.is_empty()).collect();
    let (indicators, unread) = total(&found);
    println!("{} of {} lists, {indicators} indicators, {unread} told", with.len(), found.len());
    assert!(with.len() >= 30 && indicators >= 5_000, "{} lists, {indicators} indicators", with.len());
}

#[test]
fn recorded_feeds_of_other_makers_are_read_as_they_come() {
    let logs = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.trim_end_matches(".gz").ends_with(".log")
    };
    let Some(found) = read_all("elastic-ti", logs, &Format::Any) else { return };
    let (indicators, unread) = total(&found);
    println!("{} recorded feeds, {indicators} indicators, {unread} told", found.len());
    assert!(found.len() >= 8 && indicators >= 30, "{indicators} of {} feeds", found.len());
}

/// Hand-made, one of each form.
const FORMS: &[&str] = &[
    r#"{"type":"bundle","objects":[{"type":"indicator","id":"i","pattern":"([file:hashes.'SHA-256' = 'a'] OR
        [url:value IN ('http://a.example/x','b')]) START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'",
        "valid_until":"2027-01-01T00:00:00Z","labels":["x"],"object_marking_refs":["m"]}]}"#,
    r#"{"response":[{"Event":{"info":"x","Tag":[{"name":"tlp:red"}],"Attribute":[{"type":"domain|ip","to_ids":true,
        "value":"a.example|9.1.2.3","timestamp":"1"}],"Object":[{"Attribute":[{"type":"md5","to_ids":1,"value":"x"}]}]}}]}"#,
    r#"{"name":"x","type":"hostname","list":["a.example","10.0.0.0/8"]}"#,
    "# ioc,note\nioc,note\nevil.example,\"a, b\"\n",
];

#[test]
fn documents_cut_and_changed_anywhere_are_told_and_never_panic() {
    let mut random = fastrand::Rng::with_seed(7);
    let columns = model::intel::CsvMapping { value: "ioc".into(), note: "note".into(), ..Default::default() };
    let formats = [Format::Any, Format::Stix, Format::Misp, Format::List, Format::Table(columns)];
    let mut cases = 0;
    for form in FORMS {
        for _ in 0..400 {
            let mut bytes = form.as_bytes().to_vec();
            for _ in 0..random.usize(1..6) {
                let at = random.usize(..bytes.len());
                match random.u8(..4) {
                    0 => bytes[at] = random.u8(..),
                    1 => bytes.truncate(at.max(1)),
                    2 => bytes.insert(at, *random.choice(b"[]{}'\"\\(),:\n=").unwrap()),
                    _ => {
                        bytes.remove(at);
                    }
                }
                if bytes.is_empty() {
                    bytes.push(b'[');
                }
            }
            for format in &formats {
                read(&bytes, format, STRICT);
                cases += 1;
            }
        }
    }
    println!("{cases} readings");
    let deep = format!("{{\"objects\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(deep.as_bytes(), &Format::Stix, STRICT).list.unread_count > 0);
    let deep = "[".repeat(100_000);
    assert!(read(deep.as_bytes(), &Format::Any, STRICT).list.unread_count > 0);
}
