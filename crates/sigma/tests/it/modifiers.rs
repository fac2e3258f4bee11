//! Each modifier and kind of value, on what it must match and on what only looks like it.

use serde_json::json;

use crate::events::{check, error, event, rule_set};

#[test]
fn a_plain_value_is_the_whole_value_without_case() {
    check(
        "f: 'Cmd.exe'",
        &[json!("CMD.EXE"), json!(["x", "cmd.exe"])],
        &[json!("cmd.exe "), json!("xcmd.exe"), json!(null)],
    );
    check("f: 'ÄRGER'", &[json!("ärger")], &[json!("arger")]);
    check("f: 'a*c'", &[json!("abc"), json!("A\n\nC")], &[json!("abcd")]);
    check("f: 'a?c'", &[json!("aöc")], &[json!("ac"), json!("abbc")]);
}

#[test]
fn escaped_wildcards_are_characters() {
    check(r"f: 'a\*c'", &[json!("a*c")], &[json!("abc"), json!(r"a\*c")]);
    check(r"f: 'C:\\*'", &[json!(r"C:\x")], &[json!("C:*"), json!(r"C:x")]);
    check(r"f: 'C:\\\*'", &[json!(r"C:\*")], &[json!(r"C:\x")]);
    check(r"f: 'a\\b'", &[json!(r"a\b")], &[json!(r"a\\b")]);
    check(r"f|endswith: '\'", &[json!(r"C:\")], &[json!("C:")]);
}

#[test]
fn numbers_and_their_texts_are_equal() {
    check(
        "f: 0",
        &[json!(0), json!("0"), json!(0.0)],
        &[json!("00"), json!("0x0"), json!(""), json!(false), json!(null)],
    );
    check("f: '4688'", &[json!(4688), json!("4688")], &[json!(46880)]);
    check("f: 4688", &[json!("4688"), json!([1, 4688])], &[json!("04688"), json!("+4688"), json!("4688.0")]);
    check("f: -5", &[json!(-5), json!("-5")], &[json!(5), json!("-05")]);
    check("f: 1.5", &[json!(1.5), json!("1.5")], &[json!(1), json!("1.50")]);
    check("f: true", &[json!(true), json!("True")], &[json!(1), json!(false)]);
    check("f: '0x17'", &[json!("0x17")], &[json!(23), json!("23")]);
}

#[test]
fn null_is_absent_and_empty_text_is_a_value() {
    check("f: null", &[json!(null), json!([]), json!([null, 1])], &[json!(""), json!(0)]);
    check("absent: null", &[json!(1)], &[]);
    check("f: ''", &[json!("")], &[json!(null), json!(" ")]);
    check("absent: ''", &[], &[json!("")]);
    check("f: '*'", &[json!(""), json!(0)], &[json!(null), json!([])]);
    check("f: [null, '']", &[json!(null), json!("")], &[json!("x")]);
}

#[test]
fn contains_startswith_and_endswith_open_the_value() {
    check("f|contains: 'B'", &[json!("abc"), json!(["x", "b"])], &[json!("ac"), json!(null)]);
    check("f|startswith: 'ab'", &[json!("ABC")], &[json!("cab")]);
    check("f|endswith: 'ab'", &[json!("cAB")], &[json!("abc")]);
    check("f|contains: 'a*c?e'", &[json!("xxa\nc-exx")], &[json!("xxacexx")]);
    check("f|startswith: '*b'", &[json!("aab!")], &[json!("aa")]);
    check("f|endswith: 'a?'", &[json!("xxab")], &[json!("xxabc")]);
    check("f|contains: 12", &[json!(4123), json!("x12")], &[json!(1)]);
    check("f|contains: '4.*'", &[json!("v4.1")], &[json!("v41")]);
}

#[test]
fn all_needs_every_value_and_any_member_may_satisfy_each() {
    check("f|contains|all: [a, b]", &[json!("xbxa"), json!(["a", "b"])], &[json!("a"), json!("b")]);
    check("f|all: [a, b]", &[json!(["b", "a"])], &[json!("a"), json!("ab")]);
}

#[test]
fn lists_are_alternatives_however_long() {
    let item = "f: [a, b, c, d, e, 'w*', 9]";
    check(item, &[json!("E"), json!("wx"), json!(9), json!("9")], &[json!("f"), json!("aw"), json!(null)]);
}

#[test]
fn cased_respects_case() {
    check("f|cased: 'Ab*'", &[json!("Abc")], &[json!("abc"), json!("AB")]);
    check("f|contains|cased: 'Ab'", &[json!("xAb")], &[json!("xab")]);
}

#[test]
fn regular_expressions_search_with_case_unless_told() {
    check(r"f|re: 'a\d+$'", &[json!("xa12"), json!(["b", "a1"])], &[json!("A12"), json!("a12x")]);
    check(r"f|re|i: 'ab'", &[json!("xABx")], &[json!("a b")]);
    check(r"f|re: '^b'", &[json!("b")], &[json!("a\nb")]);
    check(r"f|re|m: '^b'", &[json!("a\nb")], &[json!("ab")]);
    check(r"f|re: 'a.b'", &[json!("a b")], &[json!("a\nb")]);
    check(r"f|re|s: 'a.b'", &[json!("a\nb")], &[json!("ab")]);
    check(r"f|re|i|m|s: '^a.b$'", &[json!("x\nA\nB")], &[json!("xAxB")]);
    check(r"f|re: '^4\d$'", &[json!(42)], &[json!(142)]);
    check(r"f|re|all: ['a', 'b']", &[json!("ab")], &[json!("a")]);
}

#[test]
fn unusable_regular_expressions_are_refused_with_the_reason() {
    assert!(error("  s:\n    f|re: 'a(?=b)'\n  condition: s").contains("look-around"));
    assert!(error("  s:\n    f|re: '(a'\n  condition: s").contains("detection.s.f|re"));
    assert!(error("  s:\n    f|re: '((a{500}){500}){500}'\n  condition: s").contains("unusable"));
    assert!(error("  s:\n    f|contains|i: 'a'\n  condition: s").contains("re|i"));
}

#[test]
fn base64_is_of_the_bytes_of_the_value() {
    check("f|base64: 'whoami'", &[json!("d2hvYW1p")], &[json!("whoami"), json!("xd2hvYW1p")]);
    check("f|base64|contains: 'whoami'", &[json!("..d2hvYW1p..")], &[json!("d2hvYW1")]);
    check("f|wide|base64|contains: 'cmd'", &[json!("YwBtAGQA")], &[json!("Y21k")]);
    check("f|utf16be|base64: 'cmd'", &[json!("AGMAbQBk")], &[json!("YwBtAGQA")]);
    check("f|utf16|base64: 'cmd'", &[json!("//5jAG0AZAA=")], &[json!("YwBtAGQA")]);
    assert!(error("  s:\n    f|base64: 'a*'\n  condition: s").contains("wildcard"));
}

#[test]
fn base64offset_finds_the_value_at_each_offset() {
    let encoded = ["Rm9vL2Jpbi9iYXNo", "eC9iaW4vYmFzaHk=", "eHgvYmluL2Jhc2h5"];
    check("f|base64offset|contains: '/bin/bash'", &encoded.map(|text| json!(text)), &[json!("L2Jpbi9zaA==")]);
    check("f|utf16le|base64offset|contains: 'IEX'", &[json!("SQBFAFgA"), json!("eEkARQBYAHg=")], &[json!("SUVY")]);
}

#[test]
fn windash_takes_any_dash_where_a_flag_begins() {
    let hits =
        ["x -enc y", "x /enc y", "x \u{2013}enc y", "x \u{2014}ENC y", "x \u{2015}enc y"].map(|text| json!(text));
    check("f|windash|contains: ' -enc '", &hits, &[json!("x enc y"), json!("x -encoded y")]);
    check("f|contains|windash|all: [' -a', '-b']", &[json!("x /a /b")], &[json!("x /a")]);
    check("f|windash|contains: ' /enc '", &hits, &[json!("x enc y")]);
    check("f|windash: 'a-b'", &[json!("a-b")], &[json!("a/b")]);
    check("f|windash|base64: '-a'", &[json!("L2E="), json!("LWE=")], &[json!("K2E=")]);
}

#[test]
fn windash_leaves_wildcards_what_they_are() {
    check("f|windash|contains: ' -e* x'", &[json!("p -enc x"), json!("p /e x")], &[json!("p -x x"), json!("p -e*")]);
    check("f|windash: '-e?'", &[json!("-ea"), json!("\u{2013}eb"), json!("-e?")], &[json!("-e"), json!("/eab")]);
}

#[test]
fn cidr_holds_addresses_of_both_families() {
    let item = "f|cidr: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7']";
    let hits = [json!("10.255.0.1"), json!("2001:db8::1"), json!("::ffff:10.1.1.1"), json!("192.0.2.7")];
    check(item, &hits, &[json!("11.0.0.1"), json!("10.0.0"), json!("host"), json!("192.0.2.8"), json!(10)]);
    assert!(error("  s:\n    f|cidr: '10.0.0.0/33'\n  condition: s").contains("no network"));
}

#[test]
fn exists_asks_for_presence_not_for_a_value() {
    check("f|exists: true", &[json!(""), json!(null), json!(0)], &[]);
    check("absent|exists: true", &[], &[json!(1)]);
    check("absent|exists: false", &[json!(1)], &[]);
    assert!(error("  s:\n    f|exists: maybe\n  condition: s").contains("true or false"));
}

#[test]
fn fieldref_compares_two_fields() {
    check("f|fieldref: g", &[json!("other"), json!(["x", "OTHER"])], &[json!("others"), json!("g"), json!(null)]);
    check("f|fieldref|startswith: g", &[json!("other one")], &[json!("an other")]);
    check("f|fieldref|endswith: g", &[json!("an other")], &[json!("other one")]);
    check("f|fieldref|contains: g", &[json!("an other one")], &[json!("an othe")]);
    check("f|fieldref|cased: g", &[json!("Other")], &[json!("other")]);
    check("f|fieldref: n", &[json!("7"), json!(7)], &[json!(8)]);
    check("f|fieldref: absent", &[], &[json!(null), json!("")]);
    check("f|fieldref|neq: g", &[json!("x"), json!(null)], &[json!("other")]);
}

#[test]
fn comparisons_are_of_numbers() {
    check("f|lt: 10", &[json!(9), json!("9"), json!(9.9)], &[json!(10), json!("abc"), json!(null), json!("0x1")]);
    check("f|lte: 10", &[json!(10)], &[json!(10.1)]);
    check("f|gt: 10", &[json!(11), json!([1, 11])], &[json!(10), json!("9")]);
    check("f|gte: '10'", &[json!("10"), json!("1e3")], &[json!(9)]);
    check("f|gt: 1.5", &[json!(2)], &[json!(1)]);
    check("f|gt: 9007199254740992", &[json!(9_007_199_254_740_993_i64)], &[json!(9_007_199_254_740_992_i64)]);
    assert!(error("  s:\n    f|gt: many\n  condition: s").contains("number"));
}

#[test]
fn neq_is_none_of_the_values() {
    check("f|neq: a", &[json!("b"), json!(null)], &[json!("A"), json!(["b", "a"])]);
    check("f|neq: [a, b]", &[json!("c")], &[json!("a"), json!("b")]);
    check("f|contains|neq: a", &[json!("b")], &[json!("xax")]);
    check("f|neq: 5", &[json!(6)], &[json!(5), json!("5")]);
}

#[test]
fn time_modifiers_take_numbers_out_of_times() {
    let time = json!("2026-11-21T23:05:09Z");
    for item in
        ["f|hour: 23", "f|minute: 5", "f|day: 21", "f|week: 47", "f|month: 11", "f|year: 2026", "f|hour|gte: 22"]
    {
        check(item, std::slice::from_ref(&time), &[json!("2025-10-13T07:30:00Z"), json!("noon"), json!(null)]);
    }
    check("f|hour: [22, 23]", &[time], &[json!("2026-11-21T21:05:09Z")]);
}

#[test]
fn expand_uses_placeholders_and_a_plain_percent_stays() {
    check("f: '%name%'", &[json!("%name%")], &[json!("name")]);
    let text = "title: T\nid: t\nlogsource: {product: test}\ndetection: {s: {'f|expand': 'a%who%'}, condition: s}";
    let files = [("t.yml".to_owned(), text.to_owned())];
    let empty = sigma::RuleSet::load(files.clone());
    assert!(empty.inactive()[0].reason.contains("%who%"));
    let fill = sigma::Placeholders::from([("who".to_owned(), vec!["dm*".to_owned(), "x".to_owned()])]);
    let set = sigma::RuleSet::load_with(files, &fill.into());
    for (value, fires) in [("admin", true), ("AX", true), ("axe", false)] {
        assert_eq!(set.matches(&event("", &json!({ "f": value }))).len() == 1, fires, "{value}");
    }
}

#[test]
fn an_unknown_modifier_is_named_with_its_place() {
    let message = error("  s:\n    f|contians: a\n  condition: s");
    assert!(message.contains("contians") && message.contains("detection.s.f|contians"), "{message}");
}

#[test]
fn keywords_search_every_value_and_the_raw_text() {
    let set = rule_set("  k: ['Needle', 'two*words']\n  condition: k");
    let fires = |raw: &str, fields| !set.matches(&event(raw, &fields)).is_empty();
    assert!(fires("a NEEDLE here", json!({})));
    assert!(fires("", json!({"f": ["x", "needles"]})));
    assert!(fires("two\nmore words", json!({})));
    assert!(!fires("need le", json!({"needle": "names of fields are not searched"})));
    let mut core = event("", &json!({}));
    core.core.push("user_name", "needle");
    assert_eq!(set.matches(&core).len(), 1);
}

#[test]
fn keywords_can_be_joined_mixed_with_maps_and_be_expressions() {
    let all = rule_set("  k:\n    '|all': [one, two]\n  condition: k");
    assert_eq!(all.matches(&event("two", &json!({"f": "one"}))).len(), 1);
    assert_eq!(all.matches(&event("two", &json!({}))).len(), 0);
    let mixed = rule_set("  k:\n    - word\n    - f: 1\n      g: 2\n    - h|endswith: x\n  condition: k");
    for (raw, fields, fires) in [
        ("a word", json!({}), true),
        ("", json!({"f": 1, "g": 2}), true),
        ("", json!({"f": 1}), false),
        ("", json!({"h": "yx"}), true),
    ] {
        assert_eq!(!mixed.matches(&event(raw, &fields)).is_empty(), fires, "{fields}");
    }
    let expression = rule_set("  k:\n    '|re': 'u[s5]er\\d'\n  condition: k");
    assert_eq!(expression.matches(&event("x u5er7", &json!({}))).len(), 1);
    assert_eq!(expression.matches(&event("x user", &json!({}))).len(), 0);
    let number = rule_set("  k: [4711]\n  condition: k");
    assert_eq!(number.matches(&event("id=4711", &json!({}))).len(), 1);
}
