//! Loading sources: mistakes are refused with file and key, and a folder overrides what is embedded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use formats::{Hint, Line, Parser, Sources};
use model::Timestamp;

use crate::log_sources::{files, rule};

const GOOD: &str = r#"
vendor = "Acme"
product = "Box"
[[variant]]
recognise.starts_with = ["acme "]
[[variant.step]]
type = "key_value"
[core]
source_ip = "src"
"#;

fn refused(text: &str) -> String {
    let error = Sources::from_texts(BTreeMap::from([("acme_box".to_owned(), text.to_owned())])).unwrap_err();
    error.to_string()
}

#[test]
fn mistakes_are_refused_with_file_and_key() {
    assert!(Sources::from_texts(BTreeMap::from([("acme_box".to_owned(), GOOD.to_owned())])).is_ok());
    for (wrong, key) in [
        (GOOD.replace("[core]", "colour = 1\n[core]"), "colour"),
        (GOOD.replace("[core]", "[core]\nsource_adress = \"x\""), "core.source_adress"),
        (
            GOOD.replace("source_ip = \"src\"", "source_ip = { from = \"src\", lookup = \"none\" }"),
            "core.source_ip.lookup",
        ),
        (GOOD.replace("recognise.starts_with", "recognise.begins_with"), "begins_with"),
        (GOOD.replace("recognise.starts_with = [\"acme \"]", "recognise = {}"), "variant.recognise"),
        (GOOD.replace("type = \"key_value\"", "type = \"regex\"\npattern = [{ regex = '(' }]"), "variant.step.regex"),
        (GOOD.replace("type = \"key_value\"", "type = \"key_value\"\nequal = \":\""), "equal"),
        (GOOD.replace("type = \"key_value\"", "type = \"magic\""), "magic"),
        (format!("{GOOD}\n[time]\nzone = \"Mars/Base\""), "time.zone"),
        (format!("{GOOD}\n[[case]]\nif = {{}}\ncore = {{ nothing = \"x\" }}"), "case 1: core.nothing"),
        (format!("{GOOD}\n[alarm]\nname = \"n\"\nleast_severity = \"grave\""), "alarm.least_severity"),
        (format!("{GOOD}\n[severity]\nfrom = \"s\"\nlookup = \"none\"\ndefault = \"low\""), "severity.lookup"),
    ] {
        let message = refused(&wrong);
        assert!(message.starts_with("sources/acme_box/source.toml:"), "{message}");
        assert!(message.contains(key), "{key}: {message}");
    }
}

#[test]
fn a_folder_adds_sources_and_overrides_the_embedded_one_of_its_name() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["acme_box", "openssh_sshd"] {
        std::fs::create_dir(dir.path().join(name)).unwrap();
        std::fs::write(dir.path().join(name).join("source.toml"), GOOD).unwrap();
    }
    let sources = Sources::load(dir.path()).unwrap();
    assert_eq!(sources.iter().count(), Sources::embedded().unwrap().iter().count() + 1);
    assert_eq!(sources.find("openssh_sshd").unwrap().vendor, "Acme");
    let parser = Parser::new(Arc::new(sources));
    let event = parser.parse("acme src=10.0.0.1", &Hint::new(Timestamp::from_micros(0)));
    assert_eq!(event.core.get("source_ip"), Some(&"10.0.0.1".into()));
    let error = Sources::load(Path::new("/nonexistent/sources")).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/sources"), "{error}");
}

/// Every Windows service that SigmaHQ's rules name has a channel that leads to it.
#[test]
fn every_windows_service_of_the_rule_tree_is_covered() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/sigma");
    if !root.is_dir() {
        assert!(std::env::var_os("REQUIRE_DATA").is_none(), "REQUIRE_DATA is set and the rules are absent");
        println!("skipped: no rules in the shared data");
        return;
    }
    let source = include_str!("../../../../sources/microsoft_windows/source.toml");
    let (mut wanted, mut rules) = (BTreeSet::new(), 0);
    for path in files(root, "yml") {
        let Some((_, log_source)) = rule(&std::fs::read_to_string(&path).unwrap()) else { continue };
        rules += 1;
        if log_source.product.as_deref() == Some("windows") {
            wanted.extend(log_source.service.map(|service| format!("service = \"{service}\"")));
            wanted.extend(log_source.category.map(|category| format!("category = \"{category}\"")));
        }
    }
    // These come from kernel tracing providers, which no event log carries.
    let missing: Vec<_> = wanted.iter().filter(|wanted| !source.contains(wanted.as_str())).cloned().collect();
    println!("{rules} rules, {} Windows services and categories, not covered: {missing:?}", wanted.len());
    assert!(rules > 3000 && wanted.len() > 60, "{rules} rules, {} names", wanted.len());
    assert_eq!(missing, ["category = \"file_access\"", "category = \"file_rename\""]);
}

#[test]
fn records_of_several_lines_are_parsed_whole_by_the_sources_that_say_how_they_begin() {
    let sources = Arc::new(Sources::embedded().unwrap());
    let parser = Parser::new(sources.clone());
    let mut records = 0;
    for (name, start) in sources.record_starts() {
        let samples = Sources::samples().filter(|(source, _)| *source == &*name).flat_map(|(_, text)| text.lines());
        // A record in JSON is whole on its line.
        let firsts = samples.filter(|line| start.look(line.as_bytes()) == Line::Starts && !line.starts_with('{'));
        for first in firsts {
            let hint = Hint::new("2026-11-21T08:00:00Z".parse().unwrap());
            let hint = Hint { source: Some(name.to_string()), ..hint };
            let joined = format!("{first}\nDETAIL of it\n\tindented\nlast line");
            let (alone, joined) = (parser.parse(first, &hint), parser.parse(&joined, &hint));
            assert_eq!((&*joined.source, joined.time), (&*name, alone.time), "{first}");
            records += 1;
        }
    }
    assert!(records >= 15, "{records}");
}
