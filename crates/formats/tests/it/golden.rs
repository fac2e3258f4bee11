//! Each source's samples parse to what stands beside them. `UPDATE_GOLDEN=1` rewrites the expectations; read the diff.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use formats::trial::golden;
use formats::{Hint, Parser, file};
use serde_json::Value;

fn samples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sources");
    let mut found: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .filter_map(|source| std::fs::read_dir(source.unwrap().path().join("samples")).ok())
        .flatten()
        .map(|sample| sample.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    found.sort();
    found
}

#[test]
fn every_sample_parses_to_what_stands_beside_it() {
    let parser = Parser::new(Arc::new(crate::live::sources().0));
    let mut hint = Hint::new("2026-11-21T08:00:00Z".parse().unwrap());
    hint.time_zone = "Asia/Shanghai".parse().unwrap();
    let (mut records, mut wrong) = (0, Vec::new());
    let samples = samples();
    for path in &samples {
        let events: Vec<Value> = file::open(path)
            .unwrap()
            .map(|record| {
                records += 1;
                golden(&parser.parse(&record.unwrap().text, &hint))
            })
            .collect();
        let expected_path = path.with_extension("expected.json");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            let text = serde_json::to_string_pretty(&events).unwrap() + "\n";
            std::fs::write(&expected_path, text).unwrap();
            continue;
        }
        let expected: Vec<Value> = serde_json::from_slice(&std::fs::read(&expected_path).unwrap()).unwrap();
        assert_eq!(events.len(), expected.len(), "{}", path.display());
        for (number, (event, expected)) in events.iter().zip(&expected).enumerate() {
            if event != expected {
                wrong.push(format!("{}:{}\n  is       {event}\n  expected {expected}", path.display(), number + 1));
            }
        }
    }
    println!("{} samples, {records} records", samples.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(records >= 40, "only {records} records");
}

#[test]
fn every_source_has_samples_and_its_samples_are_its_own() {
    let sources = crate::live::sources().0;
    let samples = samples();
    for source in sources.iter() {
        let own = samples.iter().filter(|path| {
            path.parent().and_then(Path::parent).and_then(Path::file_name).is_some_and(|name| name == &*source.name)
        });
        let mut count = 0;
        for path in own {
            let text = std::fs::read_to_string(path.with_extension("expected.json")).unwrap();
            let expected: Vec<Value> = serde_json::from_str(&text).unwrap();
            for event in &expected {
                assert_eq!(event["source"], *source.name, "{}", path.display());
            }
            count += expected.len();
        }
        assert!(count > 0, "{} has no samples", source.name);
    }
}
