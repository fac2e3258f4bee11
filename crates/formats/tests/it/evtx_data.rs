//! Real Windows event logs: every file opens and every record is recognised.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use formats::{Hint, Parser, Sources, file};
use model::Timestamp;

/// Fewer records than this and the data is not what it should be.
const LEAST_FILES: usize = 230;
const LEAST_RECORDS: usize = 3_300;

fn data(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var_os("REQUIRE_DATA").is_none(), "REQUIRE_DATA is set and {folder} is absent");
    println!("skipped: no {folder} in the shared data");
    None
}

fn files(dir: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

fn received() -> Timestamp {
    "2026-11-21T08:00:00Z".parse().unwrap()
}

#[test]
fn every_event_log_opens_and_every_record_is_a_windows_event() {
    let Some(dir) = data("evtx") else { return };
    let parser = Parser::new(Arc::new(Sources::embedded().unwrap()));
    let hint = Hint::new(received());
    let mut paths = Vec::new();
    files(&dir, "evtx", &mut paths);
    let (mut records, mut damaged, mut categories) = (0, Vec::new(), BTreeMap::<String, usize>::new());
    for path in &paths {
        let (before, mut lost) = (records, 0);
        for record in file::open(path).unwrap() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    damaged.push(error.to_string());
                    lost += 1;
                    continue;
                }
            };
            records += 1;
            let event = parser.parse(&record.text, &hint);
            assert_eq!(&*event.source, "microsoft_windows", "{}: {}", path.display(), record.text);
            let id = event.fields.get("EventID").and_then(|id| id.int());
            assert!(id.is_some(), "{}: {}", path.display(), record.text);
            assert!(event.fields.get("Channel").is_some(), "{}: {}", path.display(), record.text);
            assert_eq!(event.core.get("event_code").and_then(|code| code.int()), id);
            assert!(event.time_original.is_none(), "{}: {:?}", path.display(), event.time_original);
            for source in event.log_sources.iter() {
                let name = source.category.as_ref().or(source.service.as_ref());
                *categories.entry(name.cloned().unwrap_or_default()).or_default() += 1;
            }
        }
        // The library's own reader of whole files, which seeks where ours streams.
        let whole = evtx::EvtxParser::from_path(path).unwrap().records().count();
        assert_eq!(records - before + lost, whole, "{}", path.display());
    }
    println!("{} files, {records} records, {} damaged parts: {damaged:?}", paths.len(), damaged.len());
    println!("{categories:?}");
    assert!(paths.len() >= LEAST_FILES && records >= LEAST_RECORDS, "{} files, {records} records", paths.len());
    assert!(damaged.len() * 1000 < records, "more than one in a thousand records damaged");
}

#[test]
fn the_json_beside_an_event_log_parses_to_the_same_fields() {
    let Some(dir) = data("evtx/sigma-regression") else { return };
    let parser = Parser::new(Arc::new(Sources::embedded().unwrap()));
    let hint = Hint::new(received());
    let mut paths = Vec::new();
    files(&dir, "json", &mut paths);
    let mut compared = 0;
    for path in &paths {
        let evtx = path.with_extension("evtx");
        let json: Vec<_> = file::open(path).unwrap().map(Result::unwrap).collect();
        assert!(!json.is_empty(), "{}", path.display());
        for record in &json {
            let event = parser.parse(&record.text, &hint);
            assert_eq!(&*event.source, "microsoft_windows", "{}", path.display());
        }
        if !evtx.exists() {
            continue;
        }
        let native: Vec<_> = file::open(&evtx).unwrap().filter_map(Result::ok).collect();
        for (left, right) in json.iter().zip(&native).filter(|_| json.len() == native.len()) {
            let (left, right) = (parser.parse(&left.text, &hint), parser.parse(&right.text, &hint));
            assert_eq!(left.log_sources, right.log_sources, "{}", path.display());
            compared += 1;
        }
    }
    println!("{} JSON files, {compared} records compared", paths.len());
    assert!(paths.len() >= 90 && compared >= 80);
}
