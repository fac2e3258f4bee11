//! The public rules' own regression logs: each rule fires on its EVTX exactly as often as it should.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use crate::{data, files};

/// Rules whose log holds more matching events than its `match_count` says: rule and how often it rightly fires. In each
/// the further events satisfy every item of the rule's selection (two `AutoShare` values set to zero; three files that
/// AnyDesk and the credential dumper drop), and the JSON beside the log holds them all.
const UNDERSTATED: &[(&str, u64)] = &[
    ("0b9ad457-2554-44c1-82c2-d56a99c42377", 3),
    ("8fbf3271-1ef6-4e94-8210-03c2317947f6", 3),
    ("c7dcacd0-cc59-4004-b0a4-1d6cdebe6f3e", 2),
];

/// What an `info.yml` expects of the EVTX beside it.
struct Expectation {
    rule: String,
    evtx: PathBuf,
    /// Absent: at least once.
    count: Option<u64>,
}

/// Reads the few lines of an `info.yml` that matter.
fn expectation(info: &PathBuf) -> Option<Expectation> {
    let text = fs::read_to_string(info).unwrap();
    let value =
        |key: &str| text.lines().find_map(|line| line.trim().strip_prefix(key).map(|value| value.trim().to_owned()));
    let after = text.split("rule_metadata:").nth(1)?;
    let rule = after.lines().find_map(|line| line.trim().strip_prefix("- id:"))?.trim().to_owned();
    let evtx =
        files(info.parent().unwrap()).into_iter().find(|file| file.extension().is_some_and(|kind| kind == "evtx"))?;
    Some(Expectation { rule, evtx, count: value("match_count:").and_then(|count| count.parse().ok()) })
}

#[test]
fn scan_meets_every_expectation_of_the_regression_logs() {
    let (Some(rules), Some(logs)) = (data("sigma"), data("evtx/sigma-regression")) else { return };
    let infos = files(&logs).into_iter().filter(|file| file.ends_with("info.yml"));
    let expectations: Vec<Expectation> = infos.filter_map(|info| expectation(&info)).collect();
    let counted = expectations.iter().filter(|expected| expected.count.is_some()).count();
    assert!(expectations.len() >= 95 && counted >= 87, "only {} expectations, {counted} counted", expectations.len());

    let started = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_vedette"))
        .args(["scan", "--format", "ndjson", "--rules"])
        .arg(&rules)
        .args(expectations.iter().map(|expected| &expected.evtx))
        .output()
        .unwrap();
    let elapsed = started.elapsed();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaints}");
    let mut found: BTreeMap<(String, String), u64> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let matched: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| matched[key].as_str().unwrap().to_owned();
        *found.entry((text("file"), text("rule_id"))).or_default() += 1;
    }
    let mut missed = Vec::new();
    let (mut unexpected, mut exact) = (0, 0);
    for expected in &expectations {
        let file = expected.evtx.display().to_string();
        let count = found.remove(&(file, expected.rule.clone())).unwrap_or(0);
        let understated = UNDERSTATED.iter().find(|(rule, _)| *rule == expected.rule).map(|(_, count)| *count);
        let wanted = understated.or(expected.count);
        exact += usize::from(expected.count == Some(count));
        if count == 0 || wanted.is_some_and(|wanted| wanted != count) {
            missed.push(format!(
                "{} wants {:?}, got {count}: {}",
                expected.rule,
                expected.count,
                expected.evtx.display()
            ));
        }
    }
    for ((file, rule), count) in &found {
        println!("also: {rule} x{count} in {file}");
        unexpected += count;
    }
    let met = expectations.len() - missed.len();
    println!(
        "{met} of {} expectations met, {exact} of {counted} counts as stated, {unexpected} further matches, {elapsed:?}",
        expectations.len()
    );
    assert!(missed.is_empty(), "{missed:#?}");
}
