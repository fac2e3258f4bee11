//! Explanations: what a person is told of a verdict, for each kind of term.

use model::event::Event;
use serde_json::{Value as Json, json};
use sigma::{Explanation, Found, ItemTerm, Placeholders, ReasonKind, Rule, RuleSet, Settings};

use crate::events::{event, rule_set};
use crate::windows::log_source;

fn explain(detection: &str, raw: &str, fields: &Json) -> Explanation {
    let (set, event) = (rule_set(detection), event(raw, fields));
    let explanation = set.explain("test", &event).unwrap_or_else(|| panic!("{detection}: {:?}", set.errors()));
    assert_eq!(explanation.fires, !set.matches_plainly(&event).is_empty(), "{detection} on {fields}");
    assert_eq!(explanation.fires, explanation.reason.is_none());
    explanation
}

/// The first item of the first detection.
fn item(explanation: &Explanation) -> &ItemTerm {
    let mut term = &explanation.detection.detections[0].term;
    loop {
        match term {
            sigma::DetectionTerm::All { parts, .. } | sigma::DetectionTerm::Any { parts, .. } => term = &parts[0],
            sigma::DetectionTerm::Item(item) => return item,
        }
    }
}

/// Kind, field, values wanted and found of the reason why a one-item detection does not fire.
fn reason(item: &str, raw: &str, fields: Json) -> (ReasonKind, String, Vec<String>, Vec<String>) {
    let explanation = explain(&format!("  s:\n    {item}\n  condition: s"), raw, &fields);
    let reason = explanation.reason.unwrap_or_else(|| panic!("{item} fires on {fields}"));
    (reason.kind, reason.field.unwrap_or_default(), reason.wanted, reason.found)
}

#[test]
fn each_kind_of_item_tells_what_was_wanted_and_what_was_found() {
    for (item, fields, kind, wanted, found) in [
        ("f|contains: [x, y]", json!({"f": "abc"}), ReasonKind::NoneOf, vec!["x", "y"], vec!["abc"]),
        ("f|contains|all: [a, y]", json!({"f": "abc"}), ReasonKind::NotAllOf, vec!["y"], vec!["abc"]),
        ("f: x", json!({}), ReasonKind::FieldAbsent, vec!["x"], vec![]),
        ("f: x", json!({"f": null}), ReasonKind::FieldNull, vec!["x"], vec![]),
        ("f: x", json!({"f": []}), ReasonKind::FieldNull, vec!["x"], vec![]),
        ("f: null", json!({"f": "abc"}), ReasonKind::FieldPresent, vec!["null"], vec!["abc"]),
        ("f|exists: true", json!({}), ReasonKind::FieldAbsent, vec!["true"], vec![]),
        ("f|exists: false", json!({"f": 1}), ReasonKind::FieldPresent, vec!["false"], vec!["1"]),
        ("f|re: ^a.d$", json!({"f": ["abc", "x"]}), ReasonKind::NoneOf, vec!["^a.d$"], vec!["abc", "x"]),
        ("f|cidr: 10.0.0.0/8", json!({"f": "11.0.0.1"}), ReasonKind::NoneOf, vec!["10.0.0.0/8"], vec!["11.0.0.1"]),
        ("f|neq: [x, abc]", json!({"f": "ABC"}), ReasonKind::Excluded, vec!["abc"], vec!["ABC"]),
        ("f|fieldref: g", json!({"f": "a", "g": "b"}), ReasonKind::NoneOf, vec!["g"], vec!["a"]),
        ("f|gt: 7", json!({"f": 7}), ReasonKind::NoneOf, vec!["7"], vec!["7"]),
    ] {
        let expected = (kind, "f".to_owned(), wanted, found);
        let (kind, field, wanted, found) = reason(item, "", fields);
        let wanted: Vec<_> = wanted.iter().map(String::as_str).collect();
        let found: Vec<_> = found.iter().map(String::as_str).collect();
        assert_eq!((kind, field, wanted, found), expected, "{item}");
    }
}

#[test]
fn keywords_tell_where_they_were_found_and_which_were_not() {
    let one = explain("  k: [absent, needle]\n  condition: k", "", &json!({"f": "a Needle here"}));
    let sigma::DetectionTerm::Any { parts, .. } = &one.detection.detections[0].term else { panic!("a list") };
    let found: Vec<_> = parts
        .iter()
        .map(|part| match part {
            sigma::DetectionTerm::Item(item) => item.wanted[0].matched.first().map(|at| at.field.as_str()),
            _ => panic!("a keyword"),
        })
        .collect();
    assert_eq!(found, [None, Some("f")]);
    let in_raw = explain("  k: [needle]\n  condition: k", "a NEEDLE", &json!({}));
    assert_eq!(item(&in_raw).wanted[0].matched[0].field, "raw");
    let (kind, field, wanted, found) = reason("'|all': [needle, other]", "a needle", json!({}));
    assert_eq!((kind, field.as_str(), wanted), (ReasonKind::NotAllKeywords, "", vec!["other".to_owned()]));
    assert_eq!(found, ["needle"]);
    assert_eq!(reason("'|re': 'a\\d'", "ab", json!({})).0, ReasonKind::NoKeyword);
}

#[test]
fn a_field_compared_with_another_shows_both() {
    let explanation = explain("  s: {f|fieldref: g}\n  condition: s", "", &json!({"f": "a", "g": ["b", "c"]}));
    let compared = item(&explanation).wanted[0].compared.clone().unwrap();
    assert_eq!(compared.field, "g");
    assert_eq!(compared.found, Found::Values { values: vec!["b".into(), "c".into()], more: 0 });
}

#[test]
fn what_holds_under_a_not_hinders_and_only_that() {
    let detection = "  sel_a: {f: 1}\n  sel_b: {f: 2}\n  filter: {g: 9}\n  condition: 1 of sel_* and not filter";
    let explanation = explain(detection, "", &json!({"f": 1, "g": 9}));
    let reason = explanation.reason.clone().unwrap();
    assert_eq!((reason.kind, reason.detection.as_deref()), (ReasonKind::Hinders, Some("filter")));
    assert_eq!((reason.wanted, reason.found), (vec!["9".to_owned()], vec!["9".to_owned()]));
    let told = serde_json::to_value(&explanation.detection.conditions[0]).unwrap();
    assert_eq!(
        told,
        json!({ "text": "1 of sel_* and not filter", "term": { "kind": "and", "holds": false, "hinders": true, "parts": [
            { "kind": "of", "all": false, "pattern": "sel_*", "holds": true, "hinders": false, "parts": [
                { "kind": "detection", "name": "sel_a", "holds": true, "hinders": false },
                { "kind": "detection", "name": "sel_b", "holds": false, "hinders": false } ] },
            { "kind": "not", "holds": false, "hinders": true, "part":
                { "kind": "detection", "name": "filter", "holds": true, "hinders": true } } ] } })
    );
}

#[test]
fn the_cheapest_reason_comes_first_and_says_whether_others_would_do() {
    let explanation = explain("  s: {f|re: a+b, g: 1}\n  condition: s", "", &json!({"f": "x", "g": 2}));
    let reason = explanation.reason.unwrap();
    assert_eq!((reason.field.as_deref(), reason.alternatives), (Some("g"), 0), "both are needed");
    let explanation = explain("  s: [{f|re: a+b}, {g: 1}, {h: 2}]\n  condition: s", "", &json!({"f": "x"}));
    let reason = explanation.reason.unwrap();
    assert_eq!((reason.field.as_deref(), reason.alternatives), (Some("g"), 2), "one of the three would do");
}

#[test]
fn a_rule_for_other_events_says_so_before_anything_else() {
    let set = rule_set("  s: {f: 1}\n  condition: s");
    let mut other = event("", &json!({"f": 1}));
    other.log_sources = [log_source("firewall", "", ""), log_source("", "linux", "sshd")].into();
    let explanation = set.explain("test", &other).unwrap();
    assert!(!explanation.fires && explanation.detection.holds && !explanation.log_source.fits);
    let reason = explanation.reason.unwrap();
    assert_eq!(reason.kind, ReasonKind::LogSource);
    assert_eq!(reason.wanted, ["product: test"]);
    assert_eq!(reason.found, ["category: firewall", "product: linux, service: sshd"]);
}

#[test]
fn a_filter_that_takes_the_match_away_is_named() {
    let rule = "title: Rule\nid: r\nlogsource: {product: test}\ndetection: {s: {f: 1}, condition: s}\n";
    let filter = "title: Our scanner\nlogsource: {product: test}\n\
                  filter: {rules: [r], scanner: {host|expand: '%scanners%'}, condition: not scanner}\n";
    let files = [("r.yml".to_owned(), rule.to_owned()), ("f.yml".to_owned(), filter.to_owned())];
    let set = RuleSet::load_with(files, &Placeholders::from([("scanners".into(), vec!["scan*".into()])]).into());
    let found = event("", &json!({"f": 1, "host": "scan01"}));
    let explanation = set.explain("r", &found).unwrap();
    assert!(explanation.detection.holds && !explanation.filters[0].section.holds && !explanation.fires);
    let reason = explanation.reason.unwrap();
    assert_eq!((reason.kind, reason.filter.as_deref()), (ReasonKind::Hinders, Some("Our scanner")));
    assert_eq!((reason.wanted, reason.found), (vec!["%scanners%".to_owned()], vec!["scan01".to_owned()]));
}

#[test]
fn a_suspended_rule_says_so_and_an_unknown_one_nothing() {
    let set = rule_set("  s: {f: 1}\n  condition: s");
    let found = event("", &json!({"f": 1}));
    assert!(set.explain("test", &found).unwrap().fires);
    set.suspend("test", true);
    let explanation = set.explain("test", &found).unwrap();
    assert_eq!(explanation.reason.unwrap().kind, ReasonKind::Suspended);
    assert!(set.explain("other", &found).is_none());
}

#[test]
fn a_rule_read_alone_explains_itself() {
    let text = "title: Draft\nlogsource: {product: test}\ndetection: {s: {f: [a, b]}, condition: s}\n";
    let rule = Rule::read(text, &Settings::default()).unwrap();
    let fields = json!({"f": "B"});
    let found: Event<'_> = event("", &fields);
    let explanation = rule.explain(&found);
    assert!(explanation.fires);
    let matched: Vec<_> = item(&explanation).wanted.iter().map(|wanted| wanted.holds).collect();
    assert_eq!(matched, [false, true]);
    assert!(Rule::read(&format!("{text}---\n{text}"), &Settings::default()).is_err());
    assert!(Rule::read("", &Settings::default()).is_err());
}

#[test]
fn long_values_are_cut() {
    let explanation = explain("  s: {f: 1}\n  condition: s", "", &json!({"f": "\u{e9}".repeat(10_000)}));
    assert!(explanation.reason.unwrap().found[0].chars().count() < 500);
}
