//! Against the rule tree: the log sources of real events are those the rules written for them ask for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use formats::{Hint, Parser, Sources, file};
use model::Timestamp;
use model::event::LogSource;

/// All files of this extension below a folder.
pub fn files(root: PathBuf, extension: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found
}

/// Rule id and log source, read from a rule's lines.
pub fn rule(text: &str) -> Option<(String, LogSource)> {
    let id = text.lines().find_map(|line| line.strip_prefix("id:"))?.trim().to_owned();
    let (_, section) = text.split_once("\nlogsource:")?;
    let lines: Vec<_> = section.lines().skip(1).take_while(|line| line.starts_with(' ')).collect();
    let value = |key: &str| {
        let value = lines.iter().find_map(|line| line.trim().strip_prefix(key))?;
        Some(value.split('#').next()?.trim().trim_matches(['\'', '"']).to_owned())
    };
    Some((id, LogSource { category: value("category:"), product: value("product:"), service: value("service:") }))
}

/// Whether a rule's log source asks for no more than an event's says.
fn asks(rule: &LogSource, event: &LogSource) -> bool {
    let part = |rule: &Option<String>, event: &Option<String>| rule.is_none() || rule == event;
    part(&rule.category, &event.category) && part(&rule.product, &event.product) && part(&rule.service, &event.service)
}

#[test]
fn every_regression_log_holds_an_event_of_its_rules_log_source() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !data.is_dir() {
        assert!(std::env::var_os("REQUIRE_DATA").is_none(), "REQUIRE_DATA is set and the data is absent");
        println!("skipped: no shared data");
        return;
    }
    let rules: HashMap<String, LogSource> = files(data.join("sigma"), "yml")
        .iter()
        .filter_map(|path| rule(&std::fs::read_to_string(path).unwrap()))
        .collect();
    let parser = Parser::new(Arc::new(Sources::embedded().unwrap()));
    let hint = Hint::new(Timestamp::from_micros(1_795_248_000_000_000));
    let (mut checked, mut wrong) = (0, Vec::new());
    for path in files(data.join("evtx/sigma-regression"), "evtx") {
        let id = path.file_stem().unwrap().to_string_lossy().into_owned();
        let Some(wanted) = rules.get(&id) else { continue };
        checked += 1;
        let texts: Vec<_> = file::open(&path).unwrap().map(|record| record.unwrap().text).collect();
        let held =
            texts.iter().any(|text| parser.parse(text, &hint).log_sources.iter().any(|event| asks(wanted, event)));
        if !held {
            let first = parser.parse(&texts[0], &hint);
            wrong.push(format!("{id} asks for {wanted:?}, has {:?}", first.log_sources));
        }
    }
    println!("{} rules, {checked} regression logs, {} without an event for their rule", rules.len(), wrong.len());
    assert!(checked >= 80, "{checked} logs");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
