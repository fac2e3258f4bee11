//! Logs of other products: none is taken for a source it is not.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use formats::{Hint, Parser, file};
use model::Timestamp;

use crate::elastic::covered;

#[test]
fn no_log_of_another_product_is_taken_for_one_of_ours() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/logs/elastic-integrations");
    if !root.is_dir() {
        assert!(std::env::var_os("REQUIRE_DATA").is_none(), "REQUIRE_DATA is set and the logs are absent");
        println!("skipped: no device logs in the shared data");
        return;
    }
    let parser = Parser::new(Arc::new(crate::live::sources().0));
    let covered = covered::read();
    let hint = Hint::new(Timestamp::from_micros(1_795_248_000_000_000));
    let mut table = BTreeMap::<(String, String), usize>::new();
    let (mut records, mut wrong) = (0, Vec::new());
    let mut folders: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    while let Some(path) = folders.pop() {
        if path.is_dir() {
            folders.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "log") {
            continue;
        }
        let folder = path.to_string_lossy();
        let folder = folder.split("elastic-integrations/").nth(1).unwrap().split('/').next().unwrap().to_owned();
        for record in file::open(&path).unwrap().filter_map(Result::ok) {
            records += 1;
            let event = parser.parse(&record.text, &hint);
            *table.entry((folder.clone(), event.source.to_string())).or_default() += 1;
            let is_known = parser.sources().find(&event.source).is_some();
            // CEF is CEF whoever wrote it.
            let fits = &*event.source == "cef_generic" && record.text.contains("CEF:")
                || covered.get(&*event.source).is_some_and(|covered| covered.may_take(&folder));
            if is_known && !fits {
                wrong.push(format!(
                    "{folder} as {}: {}",
                    event.source,
                    record.text.chars().take(200).collect::<String>()
                ));
            }
        }
    }
    let unparsed: usize = table.iter().filter(|((_, source), _)| source == "unparsed").map(|(_, count)| count).sum();
    println!("{records} records, {unparsed} unparsed, {} wrong", wrong.len());
    for ((folder, source), count) in table.iter().filter(|((_, source), _)| parser.sources().find(source).is_some()) {
        println!("{folder} {source} {count}");
    }
    for folder in ["fortinet_fortigate", "suricata", "nginx", "apache", "windows", "system"] {
        let rows: Vec<_> = table
            .iter()
            .filter(|((found, _), _)| found == folder)
            .map(|((_, source), count)| (source, count))
            .collect();
        println!("{folder}: {rows:?}");
    }
    assert!(records > 4500, "{records} records");
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n")
    );
}
