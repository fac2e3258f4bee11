//! Whole rules: conditions, what matched, metadata, and what is refused.

use std::sync::Arc;

use model::Severity;
use proptest::prelude::*;
use serde_json::json;
use sigma::{Expressions, Known, ProblemKind, RuleSet, Settings, check};

use crate::events::{error, event, rule_set};
use crate::windows::log_source;

fn load(text: &str) -> RuleSet {
    RuleSet::load([("folder/rule.yml".to_owned(), text.to_owned())])
}

const HEAD: &str = "logsource: {product: test}\ndetection: {s: {f: 1}, condition: s}\n";

#[test]
fn conditions_combine_detections() {
    let set = rule_set(
        "  sel_a: {a: 1}\n  sel_b: {b: 1}\n  filter: {c: 1}\n  _hidden: {d: 1}\n  condition: 1 of sel_* and not filter",
    );
    for (fields, fires) in
        [(json!({"a": 1}), true), (json!({"b": 1}), true), (json!({"a": 1, "c": 1}), false), (json!({"d": 1}), false)]
    {
        assert_eq!(!set.matches(&event("", &fields)).is_empty(), fires, "{fields}");
    }
    let them = rule_set("  a: {a: 1}\n  b: {b: 1}\n  _c: {c: 1}\n  condition: all of them");
    assert_eq!(them.matches(&event("", &json!({"a": 1, "b": 1}))).len(), 1);
    assert_eq!(them.matches(&event("", &json!({"a": 1, "c": 1}))).len(), 0);
    let list = rule_set("  a: {a: 1}\n  b: {b: 1}\n  condition:\n    - a\n    - b");
    assert_eq!(list.matches(&event("", &json!({"b": 1}))).len(), 1);
}

#[test]
fn what_matched_is_told_and_what_a_filter_asked_is_not() {
    let set = rule_set(
        "  s: {f|contains: x, g: [2, 3]}\n  k: [needle]\n  n: {h: null}\n  filter: {i: 9}\n  condition: s and k and n and not filter",
    );
    let matches = set.matches(&event("a Needle", &json!({"f": ["ax", "b"], "g": 3, "i": 8})));
    let fields: Vec<_> = matches[0].fields.iter().map(|field| (field.field.as_str(), field.value.as_str())).collect();
    assert_eq!(fields, [("g", "3"), ("f", "ax"), ("raw", "needle")], "in the order they were asked, cheap ones first");
}

#[test]
fn only_the_branches_that_held_are_told() {
    let set = rule_set("  a: {f: 1}\n  b: {g: 1}\n  condition: 1 of them");
    let matches = set.matches(&event("", &json!({"f": 1, "g": 2})));
    assert_eq!(matches[0].fields.len(), 1);
    assert_eq!(matches[0].fields[0].field, "f");
}

#[test]
fn fields_are_found_by_alias_and_core_name() {
    let set = rule_set("  s: {SourceIp: 10.0.0.1, user.name: root}\n  condition: s");
    let mut found = event("", &json!({}));
    found.core.push("source_ip", "10.0.0.1");
    found.core.push("user_name", "root");
    found.aliases = Arc::new([("SourceIp".to_owned(), "source_ip".to_owned())].into());
    assert_eq!(set.matches(&found).len(), 1);
}

#[test]
fn an_event_concerns_the_rules_of_any_member_of_its_set() {
    let rule = |id: &str, source: &str| {
        let text = format!("title: T\nid: {id}\nlogsource: {source}\ndetection: {{s: {{f: 1}}, condition: s}}");
        (format!("{id}.yml"), text)
    };
    let set = RuleSet::load([
        rule("a", "{category: registry_set, product: windows}"),
        rule("b", "{category: registry_event, product: windows}"),
        rule("c", "{product: windows, service: sysmon}"),
        rule("d", "{product: windows}"),
        rule("e", "{category: registry_set, service: sysmon}"),
        rule("f", "{category: registry_add, product: windows}"),
    ]);
    let mut found = event("", &json!({"f": 1}));
    found.log_sources = Arc::from([
        log_source("registry_set", "windows", ""),
        log_source("registry_event", "windows", ""),
        log_source("", "windows", "sysmon"),
    ]);
    for _ in 0..2 {
        let ids: Vec<_> = set.matches(&found).iter().map(|found| found.rule.id.clone()).collect();
        assert_eq!(ids, ["a", "b", "c", "d"], "parts of two members do not add up");
    }
    found.log_sources = Arc::from([]);
    assert!(set.matches(&found).is_empty());
}

#[test]
fn metadata_is_kept_and_unknown_keys_too() {
    let set = load(&format!(
        "title: T\nid: i\nname: n\nstatus: test\nlevel: high\nauthor: A\ndate: 2026-01-02\ntags: [attack.t1059.001, attack.execution, attack.lateral_movement, attack.s0002, cve.2026-1]\nfalsepositives: none\nx-owner: me\n{HEAD}"
    ));
    let rule = &set.rules()[0];
    assert_eq!(
        (rule.level, rule.status.as_deref(), rule.date.as_deref()),
        (Severity::High, Some("test"), Some("2026-01-02"))
    );
    assert_eq!(rule.techniques(), ["T1059.001"]);
    assert_eq!(rule.tactics(), ["execution", "lateral-movement"]);
    assert_eq!(rule.falsepositives, ["none"]);
    assert_eq!(rule.custom["x-owner"], "me");
    assert_eq!(rule.path, "folder/rule.yml");
    assert!(set.rule("i").is_some() && set.rule("n").is_none());
}

#[test]
fn a_rule_without_an_id_gets_one_that_stays() {
    let text = format!("title: T\n{HEAD}");
    let (first, second) = (load(&text), load(&format!("level: low\n{text}")));
    assert_eq!(first.rules()[0].id, second.rules()[0].id);
    assert_ne!(first.rules()[0].id, load(&format!("title: U\n{HEAD}")).rules()[0].id);
}

#[test]
fn one_broken_document_does_not_hold_up_the_others() {
    let set = load(&format!(
        "title: A\nid: a\n{HEAD}---\ntitle: B\nid: a\n{HEAD}---\ntitle: C\nid: c\n---\ntitle: D\nid: d\nstatus: deprecated\n{HEAD}"
    ));
    assert_eq!(set.rules().len(), 1);
    let messages: Vec<_> = set.errors().iter().map(|error| error.message.as_str()).collect();
    assert!(messages[0].contains("`a` is already used by folder/rule.yml"), "{messages:?}");
    assert!(messages[1].contains("`logsource` is missing"), "{messages:?}");
    assert_eq!(set.inactive()[0].reason, "its status is deprecated");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (detection, part) in [
        ("  s: {f: 1}", "`condition`"),
        ("  s: {f: 1}\n  condition: t", "`t`"),
        ("  s: {f: 1}\n  condition: 1 of t*", "of t*"),
        ("  s: {f: []}\n  condition: s", "no values"),
        ("  s: []\n  condition: s", "empty list"),
        ("  s: {}\n  condition: s", "empty map"),
        ("  s: {f: {g: 1}}\n  condition: s", "detection.s.f"),
        ("  s:\n  condition: s", "is empty"),
        ("  s: {f: 1}\n  condition: 5", "condition"),
    ] {
        let message = error(detection);
        assert!(message.contains(part), "{detection}: {message}");
    }
    let logsource = load("title: T\nid: t\nlogsource: {definition: x}\ndetection: {s: {f: 1}, condition: s}");
    assert!(logsource.errors()[0].message.contains("at least one"));
    assert!(load(&format!("title: T\nid: t\nlevel: urgent\n{HEAD}")).errors()[0].message.contains("urgent"));
}

#[test]
fn filters_narrow_the_rules_they_name() {
    let rule = format!("title: T\nid: t\nname: named\n{HEAD}");
    let filter =
        "title: F\nlogsource: {product: test}\nfilter:\n  rules: [named]\n  s: {user: admin}\n  condition: not s";
    let set = load(&format!("{rule}---\n{filter}"));
    assert!(set.errors().is_empty(), "{:?}", set.errors());
    assert_eq!(set.matches(&event("", &json!({"f": 1}))).len(), 1);
    assert_eq!(set.matches(&event("", &json!({"f": 1, "user": "admin"}))).len(), 0);
    let lost = load(&format!("{rule}---\n{}", filter.replace("[named]", "[other]")));
    assert!(lost.errors()[0].message.contains("other"));
    let any = load(&format!("{rule}---\n{}", filter.replace("[named]", "any")));
    assert_eq!(any.matches(&event("", &json!({"f": 1, "user": "admin"}))).len(), 0);
}

#[test]
fn folders_are_read_with_those_under_them() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let set = RuleSet::load_dir(folder);
    assert_eq!((set.rules().len(), set.correlations().len(), set.errors().len()), (4, 4, 0), "{:?}", set.errors());
    assert_eq!(RuleSet::load_dir("/nowhere/at/all").errors().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn no_damaged_rule_makes_loading_or_matching_panic(
        at in 0..600_usize, cut in 0..40_usize, put in "[ :|{}*&%'\\[\\]\\\\\n()a-z0-9-]{0,12}"
    ) {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/damage.yml")).unwrap();
        let (start, end) = (text.floor_char_boundary(at), text.floor_char_boundary(at + cut));
        let damaged = format!("{}{put}{}", &text[..start], &text[end..]);
        let set = load(&damaged);
        set.matches(&event("some raw text", &json!({"f": "ab", "g": [1, null], "h": "10.0.0.1", "t": "2026-01-01T00:00:00Z"})));
        prop_assert!(set.errors().iter().all(|error| !error.message.is_empty()));
    }
}

#[test]
fn a_rule_set_is_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<RuleSet>();
    shared::<sigma::Correlator<u64>>();
}

#[test]
fn a_rule_that_needs_fields_nobody_sends_is_told_apart_from_one_that_can_fire() {
    let rule =
        |detection: &str| load(&format!("title: T\nid: t\nlogsource: {{product: test}}\ndetection:\n{detection}"));
    for (detection, missing, can_fire) in [
        ("  s: {a: 1, b: 2}\n  condition: s", vec!["b"], false),
        ("  s: {a: 1}\n  t: {b: 2}\n  condition: s or t", vec!["b"], true),
        ("  s: {a: 1}\n  t: {b: 2}\n  condition: s and not t", vec!["b"], true),
        ("  s: {a: 1, b: null}\n  condition: s", vec!["b"], true),
        ("  s: {a: 1, 'b|exists': false}\n  condition: s", vec!["b"], true),
        ("  s: {'b|neq': 1}\n  condition: s", vec!["b"], true),
        ("  s: [words]\n  condition: s", vec![], true),
        ("  s: {c: 1}\n  t: {b: 2}\n  condition: 1 of s*", vec!["c"], false),
    ] {
        let set = rule(detection);
        let reach = set.reach(&set.rules()[0], |name| name == "a");
        assert_eq!(
            (reach.missing, reach.can_fire),
            (missing.into_iter().map(str::to_owned).collect(), can_fire),
            "{detection}"
        );
    }
}

#[test]
fn a_suspended_rule_fires_neither_way_until_it_is_taken_up_again_and_hits_are_counted() {
    let set = rule_set("  s:\n    f: x\n  condition: s");
    let event = event("", &json!({ "f": "x" }));
    assert_eq!(set.matches(&event).len(), 1);
    assert!(set.suspend("test", true));
    assert!(set.matches(&event).is_empty() && set.matches_plainly(&event).is_empty());
    assert!(set.costs()[0].suspended);
    assert!(set.suspend("test", false) && !set.suspend("nobody", true));
    for _ in 0..600 {
        assert_eq!(set.matches(&event).len(), 1);
    }
    let cost = &set.costs()[0];
    assert_eq!(cost.hits, 601);
    assert!((256..=1024).contains(&cost.asked) && cost.nanos > 0, "{cost:?}");
}

#[test]
fn a_new_set_is_made_ready_for_the_events_of_the_old_one() {
    let (old, new) = (rule_set("  s:\n    f: x\n  condition: s"), rule_set("  s:\n    f: y\n  condition: not s"));
    assert!(new.partitions().is_empty());
    old.matches(&event("", &json!({ "f": "x" })));
    new.prepare_like(&old);
    let ready = new.partitions();
    assert_eq!((ready.len(), ready[0].rules), (1, 1));
    assert_eq!(ready[0].always_asked, ["test"], "a negation has no words to be found by");
    assert!(old.partitions()[0].always_asked.is_empty());
}

#[test]
fn the_fields_a_rule_uses_are_told_with_their_modifiers() {
    let set =
        rule_set("  a: {f|contains: x, g|fieldref: h}\n  b: [{f|contains: y}, {f: z}, word]\n  condition: a and b");
    let told: Vec<_> = set.rules()[0]
        .field_use()
        .into_iter()
        .map(|used| {
            let modifiers: Vec<_> = used.modifiers.iter().map(|list| list.join("|")).collect();
            (used.field, modifiers.join(","), used.detections.join(","), used.compared)
        })
        .collect();
    let expected =
        [("", "", "b", false), ("f", "contains,", "a,b", false), ("g", "fieldref", "a", false), ("h", "", "a", true)];
    assert_eq!(told, expected.map(|(f, m, d, c)| (f.to_owned(), m.to_owned(), d.to_owned(), c)));
}

#[test]
fn regular_expressions_are_bounded_where_anybody_may_send_a_rule() {
    let rule = |count: usize, expression: &str| {
        let lines: String = (0..count).map(|number| format!("      - '{expression}{number}'\n")).collect();
        format!("title: T\nlogsource: {{product: t}}\ndetection:\n  s:\n    a|re:\n{lines}  condition: s\n")
    };
    let settings = Settings { expressions: Expressions::few(), ..Settings::default() };
    let load = |text: String| RuleSet::load_with([("t.yml".to_owned(), text)], &settings);
    assert!(load(rule(500, "a+b")).errors().is_empty());
    let hostile = [(rule(6600, r"\w{8}"), "more and larger"), (rule(6600, ".{200}"), "more and larger")];
    for (text, told) in hostile.into_iter().chain([(rule(1, ".{9999}"), "unusable regular")]) {
        let message = load(text.clone()).errors()[0].message.clone();
        assert!(message.contains("detection.s.a|re") && message.contains(told), "{message}");
        assert!(check(&text, &Known::default()).iter().any(|problem| problem.kind == ProblemKind::Refused));
    }
    // What two rules ask is compiled once, and what they ask beyond that counts together.
    let two =
        |other: &str| load(format!("{}---\n{}", rule(1500, "a+b"), rule(1500, other).replace("title: T", "title: U")));
    assert!(two("a+b").errors().is_empty());
    assert_eq!(two("a+c").errors().len(), 1);
    assert!(RuleSet::load([("t.yml".to_owned(), rule(3000, "a+b"))]).errors().is_empty());
}

#[test]
fn sets_are_told_apart_by_every_letter_of_their_files() {
    let set =
        |path: &str, text: &str| RuleSet::load([(path.to_owned(), format!("title: T\n{text}"))]).hash().to_owned();
    let one = set("a.yml", HEAD);
    assert_eq!(one, set("a.yml", HEAD));
    assert_ne!(one, set("b.yml", HEAD));
    assert_ne!(one, set("a.yml", &HEAD.replace("f: 1", "f: 2")));
}
