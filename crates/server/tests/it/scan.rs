//! `vedette scan` as a person or a script uses it, on small files of our own.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

const RULE: &str = r"title: Whoami
id: 5f1c0c1e-7f4e-4a55-9f0a-3a9f5f7d0001
level: high
tags: [attack.discovery, attack.t1033]
logsource: {product: windows, category: process_creation}
detection:
    selection: {Image|endswith: '\whoami.exe'}
    condition: selection
";

const HIT: &str = r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon"}},"EventID":1,"TimeCreated":{"#attributes":{"SystemTime":"2026-05-01T00:00:00.000000Z"}},"EventRecordID":9,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"WS1"},"EventData":{"Image":"C:\\Windows\\System32\\whoami.exe","CommandLine":"whoami \u001b[2J"}}}"##;
const MISS: &str = r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon"}},"EventID":1,"TimeCreated":{"#attributes":{"SystemTime":"2026-05-01T00:00:01.000000Z"}},"EventRecordID":10,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"WS1"},"EventData":{"Image":"C:\\Windows\\System32\\notwhoami.exe.txt","CommandLine":"x"}}}"##;

fn scan(folder: &Path, arguments: &[&str]) -> Output {
    fs::create_dir_all(folder.join("rules")).unwrap();
    fs::write(folder.join("rules/whoami.yml"), RULE).unwrap();
    Command::new(env!("CARGO_BIN_EXE_vedette"))
        .args(["scan", "--rules", "rules"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_match_names_file_line_rule_level_time_and_fields() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log.ndjson"), format!("{MISS}\n{HIT}\n")).unwrap();
    let output = scan(folder.path(), &["--format", "ndjson", "log.ndjson"]);
    assert!(output.status.success());
    let matched: serde_json::Value = serde_json::from_str(text(&output.stdout).trim()).unwrap();
    assert_eq!(matched["file"], "log.ndjson");
    assert_eq!(matched["record"], 2);
    assert_eq!(matched["title"], "Whoami");
    assert_eq!(matched["level"], "high");
    assert_eq!(matched["time"], "2026-05-01T00:00:00.000000Z");
    assert_eq!(matched["fields"]["Image"], "C:\\Windows\\System32\\whoami.exe");
    assert!(text(&output.stderr).contains("T1033"), "the summary counts techniques");
}

#[test]
fn compressed_files_give_the_same_matches_and_csv_carries_fields_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let packed = zstd::encode_all(format!("{HIT}\n{MISS}\n").as_bytes(), 3).unwrap();
    fs::write(folder.path().join("log.bin"), packed).unwrap();
    let output = scan(folder.path(), &["--format", "csv", "log.bin"]);
    assert!(output.status.success());
    let stdout = text(&output.stdout);
    let mut rows = csv::Reader::from_reader(stdout.as_bytes());
    assert_eq!(rows.headers().unwrap(), ["file", "record", "rule_id", "title", "level", "time", "fields"].as_slice());
    let row = rows.records().next().unwrap().unwrap();
    assert_eq!(&row[1], "1");
    let fields: serde_json::Value = serde_json::from_str(&row[6]).unwrap();
    assert_eq!(fields["Image"], "C:\\Windows\\System32\\whoami.exe");
}

#[test]
fn the_table_never_lets_a_log_speak_to_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let rule = RULE
        .replace("{Image|endswith: '\\whoami.exe'}", "{CommandLine|contains: whoami}")
        .replace("9f0a-3a9f5f7d0001", "9f0a-3a9f5f7d0002");
    let output = {
        fs::create_dir_all(folder.path().join("rules")).unwrap();
        fs::write(folder.path().join("log"), format!("{HIT}\n")).unwrap();
        fs::write(folder.path().join("rules2.yml"), rule).unwrap();
        scan(folder.path(), &["--rules", "rules2.yml", "log"])
    };
    let stdout = text(&output.stdout);
    assert!(stdout.contains("CommandLine=whoami"), "{stdout}");
    assert!(!stdout.contains('\u{1b}'), "an escape got through");
}

#[test]
fn an_unreadable_file_is_named_and_the_rest_is_still_scanned() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good"), format!("{HIT}\n")).unwrap();
    let mut damaged = fs::File::create(folder.path().join("cut.gz")).unwrap();
    damaged.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2]).unwrap();
    let output = scan(folder.path(), &["--format", "ndjson", "missing", "cut.gz", "good"]);
    assert!(!output.status.success(), "an unreadable input must show in the exit status");
    let complaints = text(&output.stderr);
    assert!(complaints.contains("missing") && complaints.contains("cut.gz"), "{complaints}");
    assert_eq!(text(&output.stdout).lines().count(), 1);
}

#[test]
fn nothing_found_is_a_success_and_no_rule_is_not() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("log"), format!("{MISS}\n")).unwrap();
    assert!(scan(folder.path(), &["log"]).status.success());
    fs::write(folder.path().join("empty.yml"), "not: a rule").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_vedette"))
        .args(["scan", "--rules", "empty.yml", "log"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
}

#[test]
fn whoever_stops_reading_ends_the_command_without_a_word() {
    use std::process::Stdio;
    for arguments in [&["config", "show"][..], &["openapi"], &["scan", "--rules", "rules", "log"]] {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("rules")).unwrap();
        fs::write(folder.path().join("rules/whoami.yml"), RULE).unwrap();
        fs::write(folder.path().join("log"), format!("{HIT}\n").repeat(2000)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_vedette"));
        command.args(arguments).current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let complaints = text(&child.wait_with_output().unwrap().stderr);
        assert!(complaints.is_empty(), "{arguments:?}: {complaints}");
    }
}
