//! Live checks: each kind of problem with its place, and nothing said of rules that are in order.

use std::collections::BTreeSet;

use sigma::{Gravity, Known, Place, Placeholders, ProblemKind, check};

use crate::data;
use crate::windows::log_source;

const HEAD: &str = "title: T\nid: 6f2a9f0c-58d2-4c07-9d3e-0f2f4c1f6a01\nlevel: high\ndate: 2026-11-22\n\
                    logsource:\n  product: test\n";

/// Severity, kind, line, column and parameter values of what is found in a rule with this detection.
fn found(detection: &str, known: &Known<'_>) -> Vec<(Gravity, ProblemKind, u64, u64, String)> {
    told(&format!("{HEAD}detection:\n{detection}\n"), known)
}

fn told(text: &str, known: &Known<'_>) -> Vec<(Gravity, ProblemKind, u64, u64, String)> {
    check(text, known)
        .into_iter()
        .map(|problem| {
            let Place { line, column } = problem.place.unwrap_or(Place { line: 0, column: 0 });
            let values: Vec<String> = problem.parameters.into_values().collect();
            (problem.severity, problem.kind, line, column, values.join("|"))
        })
        .collect()
}

fn one(detection: &str, severity: Gravity, kind: ProblemKind, line: u64, column: u64, values: &str) {
    assert_eq!(found(detection, &Known::default()), [(severity, kind, line, column, values.to_owned())], "{detection}");
}

#[test]
fn a_rule_in_order_has_no_problems() {
    assert_eq!(found("  s:\n    f|contains: [a, b]\n    g: 1\n  condition: s", &Known::default()), []);
}

#[test]
fn what_is_wrong_in_a_detection_is_found_at_its_place() {
    use Gravity::{Error, Hint, Warning};
    use ProblemKind::*;
    one("  s:\n    f|contain: a\n  condition: s", Error, UnknownModifier, 9, 5, "contain");
    one("  s: {f: 1}\n  condition: s and x", Error, DetectionMissing, 9, 14, "x");
    one("  s: {f: 1}\n  condition: s or 1 of y*", Error, PatternFitsNothing, 9, 14, "y*");
    one("  s: {f: 1}\n  t: {f: 2}\n  condition: s", Warning, DetectionUnused, 9, 3, "t");
    one("  s:\n    f:\n      - Abc\n      - x\n      - aBC\n  condition: s", Warning, DuplicateValue, 12, 9, "aBC");
    one("  s:\n    - word\n    - WORD\n  condition: s", Warning, DuplicateValue, 10, 7, "WORD");
    one("  s:\n    f|contains: '*abc'\n  condition: s", Hint, PointlessWildcard, 9, 17, "contains|*abc");
    one("  s:\n    f|endswith: '*abc'\n  condition: s", Hint, PointlessWildcard, 9, 17, "endswith|*abc");
    one("  s:\n    f|startswith: ''\n  condition: s", Warning, EmptyValue, 9, 19, "startswith");
    one("  s:\n    f|windash: abc\n  condition: s", Hint, PointlessModifier, 9, 16, "windash|abc");
    one("  s:\n    f|cased: '12'\n  condition: s", Hint, PointlessModifier, 9, 14, "cased|12");
    one("  s:\n    f|contains|all: a\n  condition: s", Hint, PointlessModifier, 9, 5, "all|");
    one("  s:\n    f|contains: [abc, xABCx]\n  condition: s", Hint, CoveredValue, 9, 23, "abc|xABCx");
    one("  s:\n    f|expand: '%who%'\n  condition: s", Hint, PlaceholderUnfilled, 9, 15, "who");
}

#[test]
fn what_loading_refuses_is_an_error_at_its_place() {
    for (detection, line, column, part) in [
        ("  s:\n    f|re: '(?=x)'\n  condition: s", 9, 5, "look-around"),
        ("  s:\n    a: 1\n    b.c|cidr: x\n  condition: s", 10, 5, "no network"),
        ("  s: []\n  condition: s", 8, 3, "empty list"),
        ("  s: {f: 1}", 7, 1, "`condition`"),
        ("  s: {f: 1}\n  condition: s and (", 9, 14, "ends where"),
    ] {
        let problems = found(detection, &Known::default());
        let [(severity, _, at_line, at_column, message)] = problems.as_slice() else { panic!("{problems:?}") };
        assert_eq!((*severity, *at_line, *at_column), (Gravity::Error, line, column), "{detection}: {message}");
        assert!(message.contains(part), "{message}");
    }
    let broken = told("title: T\n  id: [\n", &Known::default());
    assert_eq!(broken.len(), 1);
    assert_eq!((broken[0].0, broken[0].1), (Gravity::Error, ProblemKind::Unreadable));
    assert!(broken[0].2 >= 2, "{broken:?}");
}

#[test]
fn what_is_wrong_around_a_detection_is_found() {
    let text = format!(
        "title: {}\nid: 12\nstatus: good\ndate: 2026/11/22\ntags:\n  - attack.t1059.001\n  - attack.exection\n  - attack.t10\n  \
         - cve.2021-44228\n  - plain\n  - attack.t1059.001\nlogsource: {{product: none}}\ndetection: {{s: {{f: 1}}, condition: s}}\n",
        "x".repeat(300)
    );
    let sources = [log_source("", "windows", "")];
    let known = Known { log_sources: Some(&sources), ..Known::default() };
    let problems = told(&text, &known);
    let kinds: Vec<_> = problems.iter().map(|(_, kind, line, _, _)| (*kind, *line)).collect();
    use ProblemKind::*;
    let expected = [
        (KeyMissing, 1),
        (TitleTooLong, 1),
        (BadId, 2),
        (BadStatus, 3),
        (BadDate, 4),
        (BadTag, 7),
        (BadTag, 8),
        (BadTag, 10),
        (DuplicateValue, 11),
        (UnknownLogSource, 12),
    ];
    assert_eq!(kinds, expected, "{problems:?}");
}

#[test]
fn fields_nobody_sends_are_warned_of_where_it_is_known_which_come() {
    let fields = BTreeSet::from(["f".to_owned()]);
    let known = Known { fields: Some(&fields), ..Known::default() };
    let problems = found("  s:\n    f|fieldref: h\n    g: 1\n  condition: s", &known);
    let told: Vec<_> = problems.iter().map(|(_, kind, line, _, name)| (*kind, *line, name.as_str())).collect();
    assert_eq!(told, [(ProblemKind::UnknownField, 9, "h"), (ProblemKind::UnknownField, 10, "g")]);
    let fill = Placeholders::from([("who".into(), vec!["x".into()])]);
    let known = Known { placeholders: Some(&fill), ..Known::default() };
    assert_eq!(found("  s:\n    f|expand: '%who%'\n  condition: s", &known), []);
}

#[test]
fn documents_of_a_collection_filters_and_correlations_are_checked_each_by_its_kind() {
    let filter = format!("{}filter:\n  rules: any\n  s: {{f: 1}}\n  condition: not s and y\n", HEAD);
    assert_eq!(told(&filter, &Known::default())[0].1, ProblemKind::DetectionMissing);
    let two = format!(
        "{HEAD}detection: {{s: {{f: 1}}, condition: s}}\n---\n{HEAD}detection: {{s: {{f|x: 1}}, condition: s}}\n"
    );
    let problems = told(&two, &Known::default());
    assert_eq!(problems.len(), 1);
    assert_eq!((problems[0].1, problems[0].2), (ProblemKind::UnknownModifier, 15));
    let correlation =
        "title: C\nid: 6f2a9f0c-58d2-4c07-9d3e-0f2f4c1f6a02\nlevel: low\ndate: 2026-11-22\ncorrelation: {type: x}\n";
    let problems = told(correlation, &Known::default());
    assert_eq!((problems[0].0, problems[0].1), (Gravity::Error, ProblemKind::Refused), "{problems:?}");
}

#[test]
fn the_public_rules_have_no_errors() {
    let Some(folder) = data::folder("sigma/rules") else { return };
    let (mut rules, mut problems) = (0, std::collections::BTreeMap::<String, usize>::new());
    for path in data::files(&folder, "yml").iter().step_by(3) {
        let text = std::fs::read_to_string(path).unwrap();
        let found = check(&text, &Known::default());
        for problem in &found {
            assert_ne!(problem.severity, Gravity::Error, "{}: {problem:?}", path.display());
            assert!(problem.place.is_some(), "{}: {problem:?}", path.display());
            *problems.entry(format!("{:?}", problem.kind)).or_default() += 1;
        }
        rules += 1;
    }
    println!("{rules} rules, {problems:?}");
    assert!(rules >= 900);
}
