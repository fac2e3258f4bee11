//! `vedette yara` over folders, links and hostile names.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const SHELL: &str = "<?php @eval($_POST['pass']); ?>";

fn yara(arguments: &[&str], paths: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vedette")).arg("yara").args(arguments).args(paths).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_matches_is_told_by_the_exit_code_and_a_line_each() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("clean.txt"), "nothing").unwrap();
    let clean = yara(&[], &[folder.path()]);
    assert_eq!((clean.status.code(), clean.stdout.len()), (Some(0), 0), "{}", text(&clean.stderr));
    std::fs::create_dir(path("www")).unwrap();
    std::fs::write(path("www/a\u{1b}[31m.php"), SHELL).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", path("link")).unwrap();
    let found = yara(&[], &[folder.path()]);
    assert_eq!(found.status.code(), Some(1));
    let (out, told) = (text(&found.stdout), text(&found.stderr));
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(out.contains("webshell_php_eval_request [webshell php]") && out.contains("@0x"), "{out}");
    assert!(!out.contains('\u{1b}'), "no terminal obeys a file's name");
    assert!(told.contains("a link, not followed") && told.contains("2 files"), "{told}");

    let json = yara(&["--json"], &[folder.path()]);
    let line: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&line["rule"], &line["severity"]), (&"webshell_php_eval_request".into(), &"critical".into()));
    let strings = line["strings"].as_array().unwrap();
    assert!(strings.iter().any(|string| string["excerpt"].as_str().unwrap().contains("eval")), "{line}");
}

#[test]
fn rules_of_ones_own_are_read_from_folders_and_a_broken_one_is_told_and_takes_no_other_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules");
    std::fs::create_dir_all(rules.join("deep")).unwrap();
    std::fs::write(rules.join("deep/a.yar"), "rule a { strings: $a = \"xyz\" condition: $a }\nrule b { condition: c }")
        .unwrap();
    std::fs::write(rules.join("readme.md"), "no rules").unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "..xyz").unwrap();
    let rules = rules.display().to_string();
    let found = yara(&["--no-built-in", "--rules", &rules], &[&file]);
    assert_eq!(found.status.code(), Some(2), "a rule that cannot be used is an error, though others matched");
    assert!(text(&found.stdout).contains("  a  $a@0x2=\"xyz\""), "{}", text(&found.stdout));
    let told = text(&found.stderr);
    assert!(told.contains("a.yar:2:21: rule b: unknown identifier") && told.contains("1 rules loaded"), "{told}");
    let none = yara(&["--no-built-in"], &[&file]);
    assert_eq!(none.status.code(), Some(2));
    let missing = yara(&[], &[&folder.path().join("missing")]);
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn a_file_larger_than_wanted_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("large"), vec![0; (1 << 20) + 1]).unwrap();
    let done = yara(&["--max-size", "1"], &[folder.path()]);
    assert_eq!(done.status.code(), Some(0));
    assert!(text(&done.stderr).contains("large: larger than 1 MiB"), "{}", text(&done.stderr));
}
