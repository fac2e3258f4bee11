//! What is said of rules that cannot be loaded.

use std::path::{Path, PathBuf};

use yara::{LONGEST_TEXT, Rules};

use crate::{rules, scan, source};

#[test]
fn a_rule_that_cannot_be_loaded_is_told_with_its_place_and_takes_no_other_with_it() {
    let text = "import \"pe\"\nimport \"nothing\"\nrule a { condition: true }\n\
                rule b { strings: $a = \"x\" condition: $b }\n\
                rule c { condition: pe.number_of_sections == 3 }\nrule d { condition: (\n\
                rule e { condition: a }\n  rule f { condition: b }\n";
    let (rules, problems) = Rules::load(&[source(text)]);
    let names: Vec<_> = rules.list().into_iter().map(|rule| rule.name).collect();
    assert_eq!(names, ["a", "c", "e"]);
    assert_eq!(rules.count(), 3);
    let told: Vec<_> = problems.iter().map(|one| (one.line, one.column, one.rule.as_deref())).collect();
    assert_eq!(told, [(2, 1, None), (4, 39, Some("b")), (7, 6, Some("d")), (8, 23, Some("f"))], "{problems:?}");
    assert!(problems[1].to_string().starts_with("test.yar:4:39: rule b: "), "{}", problems[1]);
    assert_eq!(Rules::compile(&[source(text)]).unwrap_err(), problems);
}

#[test]
fn a_column_counts_characters_and_two_texts_may_have_the_same_names() {
    let problems = Rules::compile(&[source("rule a { meta: d = \"\u{6728}\u{9a6c}\" condition: b }")]).unwrap_err();
    assert_eq!((problems[0].line, problems[0].column), (1, 36), "{problems:?}");
    let one = source("rule a { condition: true }");
    assert_eq!(Rules::compile(&[one.clone(), one]).unwrap().count(), 2);
}

#[test]
fn files_of_the_server_are_not_included_and_long_texts_are_refused() {
    let problems = Rules::compile(&[source("include \"/etc/passwd\"\nrule a { condition: true }")]).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.contains("include"), "{problems:?}");
    let (rules, problems) = Rules::load(&[source(&" ".repeat(LONGEST_TEXT + 1))]);
    assert_eq!((rules.count(), problems.len()), (0, 1));
    assert!(problems[0].message.contains("4 MiB"));
}

#[test]
fn modules_and_what_a_file_is_called_are_there_for_public_rules() {
    let text = "import \"pe\"\nimport \"elf\"\nimport \"hash\"\nimport \"math\"\nimport \"string\"\nimport \"time\"\nimport \"console\"\n\
        rule named { condition: filename == \"a.bin\" and filepath == \"a.bin\" and extension == \".bin\" and filetype == \"\" and owner == \"\" }\n\
        rule hashed { condition: hash.md5(0, filesize) == \"900150983cd24fb0d6963f7d28e17f72\" }\n\
        rule dull { condition: math.entropy(0, filesize) < 2.0 and console.log(\"seen\") }";
    let rules = rules(text);
    let found: Vec<_> = scan(&rules, b"abc").matches.into_iter().map(|found| found.rule).collect();
    assert_eq!(found, ["named", "hashed", "dull"]);
}

#[test]
fn a_match_tells_tags_what_the_rule_says_of_itself_and_where() {
    let rules = rules(
        "rule a : x y { meta: description = \"d\" score = 75 good = true strings: $s = \"c\u{6d}d\" $w = \"sh\" wide condition: all of them }\n\
         private rule helper { condition: true }",
    );
    let scan = scan(&rules, b"..cmd.s\0h\0\x1bcmd");
    let found = &scan.matches[0];
    assert_eq!(scan.matches.len(), 1, "{scan:?}");
    assert_eq!((found.source.as_str(), found.tags.join(" ")), ("test.yar", "x y".to_owned()));
    assert_eq!((found.meta("score"), found.meta("good"), found.meta("none")), (Some("75"), Some("true"), None));
    let places: Vec<_> = found.strings.iter().map(|one| (one.id.as_str(), one.offset, one.excerpt.as_str())).collect();
    assert_eq!(places, [("$s", 2, "cmd"), ("$s", 11, "cmd"), ("$w", 6, "sh")]);
}

#[test]
fn public_rule_files_load() {
    const LEAST: usize = 2;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/intel/blocklists/eset-malware-ioc");
    if !folder.exists() {
        assert!(std::env::var("REQUIRE_DATA").as_deref() != Ok("1"), "{} is missing", folder.display());
        return println!("skipped: no {}", folder.display());
    }
    let mut files = Vec::new();
    collect(&folder, &mut files);
    let texts: Vec<_> =
        files.iter().map(|file| String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned()).collect();
    let sources: Vec<_> = texts.iter().map(|text| source(text)).collect();
    let began = std::time::Instant::now();
    let (rules, problems) = Rules::load(&sources);
    println!("{} files, {} rules in {:?}, {} problems", files.len(), rules.count(), began.elapsed(), problems.len());
    problems.iter().for_each(|problem| println!("{problem}"));
    assert!(rules.count() >= LEAST, "{} rules of {} files", rules.count(), files.len());
    assert!(problems.is_empty(), "{problems:?}");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|kind| kind == "yar" || kind == "yara") {
            files.push(path);
        }
    }
}
