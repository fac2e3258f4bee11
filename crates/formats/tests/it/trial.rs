//! What an editor of sources is told: where a mistake is, and what becomes of each line.

use formats::trial::{TriedLine, trial};
use formats::{Hint, Place};

const SOURCE: &str = r#"vendor = "Acme"
product = "Box"
[severity]
from = "level"
lookup = "common.severity"
default = "low"
[alarm]
always = true
name = "what"
[[variant]]
recognise.program = ["other"]
[[variant]]
recognise.starts_with = ["acme "]
recognise.fields = ["src"]
[[variant.step]]
type = "dissect"
pattern = "acme {body}"
[[variant.step]]
type = "key_value"
field = "body"
[core]
source_ip = "src"
[[log_source]]
category = "firewall"
[aliases]
SourceIP = "src"
"#;

fn tried(line: &str) -> TriedLine {
    let hint = Hint::new("2026-11-21T08:00:00Z".parse().unwrap());
    trial(SOURCE, [line], &hint).unwrap().remove(0)
}

#[test]
fn a_line_that_fits_shows_what_each_step_found_and_the_event() {
    let line = tried("<13>Nov 21 07:00:00 box acme src=203.0.113.9 level=high what=Scan");
    assert_eq!(line.variants.len(), 2);
    assert_eq!(line.variants[0].misfit.as_deref(), Some("`recognise.program` does not hold"));
    assert_eq!(line.variants[1].misfit, None);
    let kinds: Vec<_> = line.variants[1].steps.iter().map(|step| step.kind.as_str()).collect();
    assert_eq!(kinds, ["dissect", "key_value"]);
    assert_eq!(line.variants[1].steps[1].fields["src"], "203.0.113.9");
    assert!(!line.variants[1].steps[1].fields.contains_key("body"));
    let event = line.event.unwrap();
    assert_eq!(event.time.to_string(), "2026-11-21T07:00:00.000000Z");
    assert_eq!(event.core["source_ip"], "203.0.113.9");
    assert_eq!(event.severity, Some(model::Severity::High));
    assert_eq!(event.alarm.unwrap().name, "Scan");
    assert_eq!(event.aliases["SourceIP"], "src");
    assert_eq!(event.log_sources[0].category.as_deref(), Some("firewall"));
}

#[test]
fn a_line_that_does_not_fit_says_which_condition_or_step_it_was() {
    for (record, misfit, kept_as) in [
        ("nothing of the kind", "`recognise.starts_with` does not hold", "unparsed"),
        ("acme words only", "step 2 (`key_value`) does not fit", "unparsed"),
        ("acme a=1", "there is no field `src` after the steps", "unparsed"),
        ("{\"a\":1}", "`recognise.starts_with` does not hold", "json"),
    ] {
        let line = tried(record);
        assert!(line.event.is_none(), "{record}");
        assert!(line.variants[1].misfit.as_ref().is_some_and(|found| found.starts_with(misfit)), "{record}: {line:?}");
        assert_eq!(line.kept_as.as_deref(), Some(kept_as), "{record}");
    }
}

#[test]
fn a_step_that_does_not_fit_is_placed_in_the_text() {
    let at = |line: usize| SOURCE.lines().nth(line - 1).unwrap();
    let of = |record: &str| tried(record).variants[1].at_line.unwrap();
    assert_eq!(at(of("nothing of the kind")), "[[variant]]");
    assert_eq!(at(of("acme words only") + 1), "type = \"key_value\"");
    assert_eq!(tried("acme src=1").variants[1].at_line, None);
}

#[test]
fn expressions_that_take_too_long_to_compile_are_refused_in_time() {
    let expression = r"(?:[\p{L}\p{N}]{1,12}x){6}";
    let patterns: String =
        (0..4000).map(|n| format!("[[variant.step.pattern]]\nregex = '{expression}{n}'\n")).collect();
    let text = format!(
        "vendor = \"a\"\nproduct = \"b\"\n[[variant]]\nrecognise.contains = [\"x\"]\n[[variant.step]]\ntype = \"regex\"\n{patterns}"
    );
    let begun = std::time::Instant::now();
    let mistake = trial(&text, [], &Hint::new("2026-11-21T08:00:00Z".parse().unwrap())).unwrap_err();
    assert!(mistake.message.contains("too long") || mistake.message.contains("bytes"), "{mistake:?}");
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn every_source_that_would_take_a_line_is_named() {
    let parser = formats::Parser::new(std::sync::Arc::new(formats::Sources::embedded().unwrap()));
    let line = "<38>Nov 21 07:00:00 box sshd[1]: Failed password for root from 203.0.113.9 port 22 ssh2";
    assert!(parser.takers(line).iter().any(|name| &**name == "openssh_sshd"));
    assert!(parser.takers("nothing of the kind").is_empty());
}

#[test]
fn a_mistake_is_placed_by_line_and_column_with_its_key() {
    let hint = Hint::new("2026-11-21T08:00:00Z".parse().unwrap());
    for (from, to, line, key) in [
        ("product = \"Box\"", "product = Box", 2, None),
        ("source_ip = \"src\"", "source_adress = \"src\"", 22, Some("core.source_adress")),
        ("lookup = \"common.severity\"", "lookup = \"none\"", 5, Some("severity.lookup")),
        ("type = \"key_value\"", "type = \"magic\"", 18, Some("variant.step")),
        ("pattern = \"acme {body}\"", "pattern = \"acme {body\"", 15, Some("variant.step.pattern")),
        ("recognise.program = [\"other\"]", "recognise = {}", 10, Some("variant.recognise")),
        ("[aliases]", "[nonsense]", 25, None),
    ] {
        let mistake = trial(&SOURCE.replace(from, to), [], &hint).unwrap_err();
        assert_eq!((mistake.place.line, mistake.key.as_deref()), (line, key), "{mistake:?}");
        assert!(!mistake.message.is_empty());
    }
    assert_eq!(Place::of("a\n日b", 5), Place { line: 2, column: 2 });
}
