//! Processing pipelines in pySigma's format, each transformation and condition on rules of its own.

use serde_json::{Value as Json, json};
use sigma::{Pipeline, Pipelines, Placeholders, ReasonKind, RuleSet, Settings};

use crate::events::event;
use crate::windows::log_source;

/// A pipeline of these transformations, given as JSON.
fn pipeline(transformations: Json) -> Pipeline {
    let text = json!({ "name": "p", "priority": 10, "transformations": transformations }).to_string();
    Pipeline::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn load(detection: &Json, transformations: Json) -> RuleSet {
    let rule = json!({ "title": "T", "id": "r", "level": "high", "tags": ["attack.t1059"],
        "logsource": { "product": "test", "category": "c" }, "detection": detection });
    let settings = Settings { pipelines: Pipelines::new(vec![pipeline(transformations)]), ..Settings::default() };
    RuleSet::load_with([("r.yml".to_owned(), rule.to_string())], &settings)
}

fn fires(set: &RuleSet, fields: &Json) -> bool {
    let mut event = event("", fields);
    event.log_sources = [log_source("c", "test", "")].into();
    let plainly = !set.matches_plainly(&event).is_empty();
    assert_eq!(plainly, !set.matches(&event).is_empty());
    assert_eq!(set.explain("r", &event).map(|explanation| explanation.fires), set.rule("r").map(|_| plainly));
    plainly
}

/// Asserts that a changed rule fires on the hits and not on the misses.
fn check(detection: Json, transformations: Json, hits: &[Json], misses: &[Json]) {
    let set = load(&detection, transformations.clone());
    assert!(set.errors().is_empty() && set.inactive().is_empty(), "{:?}{:?}", set.errors(), set.inactive());
    for (events, expected) in [(hits, true), (misses, false)] {
        for fields in events {
            assert_eq!(fires(&set, fields), expected, "{detection} changed by {transformations} on {fields}");
        }
    }
}

fn plain(detection: Json) -> Json {
    json!({ "s": detection, "condition": "s" })
}

fn refused(detection: Json, transformations: Json) -> String {
    let set = load(&detection, transformations);
    assert!(set.rules().is_empty());
    set.errors()[0].message.clone()
}

#[test]
fn fields_are_renamed_one_to_one_and_one_to_many() {
    let mapping = json!([{ "type": "field_name_mapping", "mapping": { "A": "x", "B": ["y", "z"] } }]);
    check(
        plain(json!({ "A|contains": "1", "B": 2, "C": 3 })),
        mapping.clone(),
        &[json!({ "x": "010", "y": 2, "C": 3 }), json!({ "x": "1", "z": 2, "C": 3 })],
        &[json!({ "A": "1", "B": 2, "C": 3 }), json!({ "x": "1", "C": 3 }), json!({ "x": "1", "y": 2 })],
    );
    check(
        plain(json!({ "C|fieldref": "B" })),
        mapping,
        &[json!({ "C": 1, "z": 1 }), json!({ "C": 1, "y": 1, "z": 2 })],
        &[json!({ "C": 1, "B": 1 })],
    );
    check(
        plain(json!({ "win.a": 1 })),
        json!([{ "type": "field_name_prefix_mapping", "mapping": { "win.": ["w_", "v_"] } }]),
        &[json!({ "w_a": 1 }), json!({ "v_a": 1 })],
        &[json!({ "win.a": 1 })],
    );
    let affixes = json!([{ "type": "field_name_prefix", "prefix": "p." }, { "type": "field_name_suffix", "suffix": ".s",
        "field_name_conditions": [{ "type": "include_fields", "fields": ["p.a"] }] }]);
    check(plain(json!({ "a": 1, "b": 2 })), affixes, &[json!({ "p.a.s": 1, "p.b": 2 })], &[json!({ "a": 1, "b": 2 })]);
}

#[test]
fn keywords_have_no_name_to_change() {
    let prefix = json!([{ "type": "field_name_prefix", "prefix": "p." }]);
    check(plain(json!(["needle"])), prefix, &[json!({ "f": "a needle" })], &[json!({ "f": "hay" })]);
}

#[test]
fn dropped_items_ask_nothing_and_dropped_detections_leave_the_condition() {
    let drop_b = json!([{ "type": "drop_detection_item",
        "field_name_conditions": [{ "type": "include_fields", "fields": ["b.*"], "mode": "re" }] }]);
    check(plain(json!({ "a": 1, "b": 2 })), drop_b.clone(), &[json!({ "a": 1 })], &[json!({ "b": 2 })]);
    let detection = json!({ "s": { "a": 1 }, "f1": { "b": 2 }, "f2": { "bb": 3 }, "condition": "s and not 1 of f*" });
    check(detection, drop_b.clone(), &[json!({ "a": 1, "b": 2 })], &[json!({ "b": 2 })]);
    let detection = json!({ "s": { "a": 1 }, "f": { "b": 2 }, "condition": "s or f" });
    check(detection, drop_b.clone(), &[json!({ "a": 1 })], &[json!({ "b": 2 })]);
    assert!(refused(plain(json!({ "b": 2 })), drop_b).contains("drops all its items"));
}

#[test]
fn strings_are_replaced_mapped_and_set() {
    let replace = json!([{ "type": "replace_string", "regex": r"^C:\\(\w+)", "replacement": r"D:\\\1" }]);
    check(
        plain(json!({ "a": r"C:\Windows\\*" })),
        replace,
        &[json!({ "a": r"D:\Windows\x" })],
        &[json!({ "a": r"C:\Windows\x" })],
    );
    let between = json!([{ "type": "replace_string", "regex": r"\W", "replacement": "_", "skip_special": true }]);
    check(plain(json!({ "a": "x-y*" })), between.clone(), &[json!({ "a": "x_yz" })], &[json!({ "a": "x-yz" })]);
    check(plain(json!({ "a|re": "x-y" })), between, &[json!({ "a": "x-y" })], &[json!({ "a": "x_y" })]);
    let map = json!([{ "type": "map_string", "mapping": { "one": "1", "two": ["2", "II"] } }]);
    check(
        plain(json!({ "a": ["one", "two", "three"] })),
        map,
        &[json!({ "a": 1 }), json!({ "a": "II" }), json!({ "a": "three" })],
        &[json!({ "a": "one" }), json!({ "a": "two" })],
    );
    let set = json!([{ "type": "set_value", "value": 7,
        "detection_item_conditions": [{ "type": "match_string", "cond": "any", "pattern": "x" }] }]);
    check(plain(json!({ "a|contains": "xy" })), set.clone(), &[json!({ "a": 7 })], &[json!({ "a": "xy" })]);
    check(plain(json!({ "a|contains": "yx" })), set, &[json!({ "a": "yx" })], &[json!({ "a": 7 })]);
    let number = json!([{ "type": "convert_type", "target_type": "num" }]);
    check(plain(json!({ "a": "12" })), number.clone(), &[json!({ "a": 12.0 })], &[json!({ "a": 13 })]);
    assert!(refused(plain(json!({ "a": "x" })), number).contains("makes a number of `x`"));
    let text = json!([{ "type": "convert_type", "target_type": "str" }]);
    check(plain(json!({ "a": 12 })), text, &[json!({ "a": "12" })], &[json!({ "a": "12.0" })]);
}

#[test]
fn placeholders_are_filled_from_the_pipeline_then_from_the_settings() {
    let rule = json!({ "title": "T", "id": "r", "logsource": { "product": "test", "category": "c" },
        "detection": plain(json!({ "a|expand": "%own%-%other%-%any%" })) });
    let text = json!({ "name": "p", "vars": { "own": ["100%", "x*"], "other": ["wrong"] }, "transformations": [
        { "type": "value_placeholders", "include": ["own"] },
        { "type": "wildcard_placeholders", "exclude": ["other"] } ] });
    let pipelines = Pipelines::new(vec![Pipeline::parse(&text.to_string()).unwrap()]);
    let placeholders = Placeholders::from([("other".into(), vec!["o".into()])]);
    let files = [("r.yml".to_owned(), rule.to_string())];
    let set = RuleSet::load_with(
        files.clone(),
        &Settings { placeholders, pipelines: pipelines.clone(), ..Settings::default() },
    );
    for (value, expected) in [("100%-o-z", true), ("xy-o-", true), ("100%-wrong-z", false), ("y-o-z", false)] {
        assert_eq!(fires(&set, &json!({ "a": value })), expected, "{value}");
    }
    let unfilled = RuleSet::load_with(files, &Settings { pipelines, ..Settings::default() });
    assert!(unfilled.inactive()[0].reason.contains("%other%"));
    let error = Pipeline::parse("transformations: [{type: query_expression_placeholders, expression: x}]").unwrap_err();
    assert!(error.to_string().contains("use value_placeholders"), "{error}");
}

#[test]
fn conditions_are_added_and_log_sources_changed() {
    let add =
        json!([{ "type": "add_condition", "conditions": { "EventID": [1, 2], "kind": "$product" }, "template": true }]);
    let detection = json!({ "s": { "a": 1 }, "t": { "a": 2 }, "condition": "s or 1 of them" });
    check(
        detection,
        add,
        &[json!({ "a": 1, "EventID": 2, "kind": "test" }), json!({ "a": 2, "EventID": 1, "kind": "test" })],
        &[json!({ "a": 1 }), json!({ "a": 1, "EventID": 2 }), json!({ "EventID": 1, "kind": "test" })],
    );
    let negated = json!([{ "type": "add_condition", "conditions": { "b": 1 }, "negated": true }]);
    check(plain(json!({ "a": 1 })), negated, &[json!({ "a": 1 })], &[json!({ "a": 1, "b": 1 })]);
    let change = json!([{ "type": "change_logsource", "product": "other" }]);
    let set = load(&plain(json!({ "a": 1 })), change);
    assert_eq!(set.rules()[0].log_source, log_source("", "other", ""));
    assert!(!fires(&set, &json!({ "a": 1 })));
}

#[test]
fn conditions_on_rules_decide_whether_a_step_is_applied() {
    let applied = |conditions: Json| {
        let mut step = json!({ "type": "field_name_mapping", "mapping": { "a": "x" } });
        step.as_object_mut().unwrap().extend(conditions.as_object().unwrap().clone());
        fires(
            &load(
                &plain(json!({ "a": 1 })),
                json!([
                    { "id": "first", "type": "set_state", "key": "k", "val": "v" },
                    { "id": "never", "type": "set_state", "key": "k2", "val": 1, "rule_conditions": [{ "type": "tag", "tag": "no" }] },
                    step
                ]),
            ),
            &json!({ "x": 1 }),
        )
    };
    let one = |condition: Json| applied(json!({ "rule_conditions": [condition] }));
    for (condition, expected) in [
        (json!({ "type": "logsource", "product": "test" }), true),
        (json!({ "type": "logsource", "product": "test", "service": "s" }), false),
        (json!({ "type": "contains_detection_item", "field": "a", "value": 1 }), true),
        (json!({ "type": "contains_detection_item", "field": "a", "value": 2 }), false),
        (json!({ "type": "contains_field", "field": "a" }), true),
        (json!({ "type": "processing_item_applied", "processing_item_id": "first" }), true),
        (json!({ "type": "processing_item_applied", "processing_item_id": "never" }), false),
        (json!({ "type": "processing_state", "key": "k", "val": "v" }), true),
        (json!({ "type": "processing_state", "key": "k2", "val": 1 }), false),
        (json!({ "type": "is_sigma_rule" }), true),
        (json!({ "type": "is_sigma_correlation_rule" }), false),
        (json!({ "type": "rule_attribute", "attribute": "level", "op": "gte", "value": "medium" }), true),
        (json!({ "type": "rule_attribute", "attribute": "level", "op": "lt", "value": "high" }), false),
        (json!({ "type": "rule_attribute", "attribute": "id", "op": "in", "value": ["q", "r"] }), true),
        (json!({ "type": "tag", "tag": "attack.t1059" }), true),
    ] {
        assert_eq!(one(condition.clone()), expected, "{condition}");
    }
    let (yes, no) = (json!({ "type": "is_sigma_rule" }), json!({ "type": "is_sigma_correlation_rule" }));
    assert!(!applied(json!({ "rule_conditions": [yes, no] })));
    assert!(applied(json!({ "rule_conditions": [yes, no], "rule_cond_op": "or" })));
    assert!(!applied(json!({ "rule_conditions": [yes, no], "rule_cond_op": "or", "rule_cond_not": true })));
    assert!(applied(json!({ "rule_conditions": { "y": yes, "n": no }, "rule_cond_expr": "y and not n" })));
}

#[test]
fn steps_know_what_was_done_to_an_item_and_a_field() {
    let steps = |kind: &str| {
        json!([
            { "id": "m", "type": "field_name_mapping", "mapping": { "a": "x" } },
            { "type": "field_name_suffix", "suffix": "2",
              kind: [{ "type": "processing_item_applied", "processing_item_id": "m" }] }
        ])
    };
    for kind in ["detection_item_conditions", "field_name_conditions"] {
        check(
            plain(json!({ "a": 1, "b": 2 })),
            steps(kind),
            &[json!({ "x2": 1, "b": 2 })],
            &[json!({ "x2": 1, "b2": 2 }), json!({ "x": 1, "b": 2 })],
        );
    }
    let nulls = json!([{ "type": "drop_detection_item", "detection_item_conditions": [{ "type": "is_null" }] }]);
    check(plain(json!({ "a": null, "b": 1 })), nulls, &[json!({ "a": 5, "b": 1 })], &[json!({ "a": 5 })]);
    let wild = json!([{ "type": "drop_detection_item", "detection_item_conditions": [{ "type": "contains_wildcard" }],
        "detection_item_cond_not": true }]);
    check(plain(json!({ "a": "x*", "b": 1 })), wild, &[json!({ "a": "xy" })], &[json!({ "b": 1 })]);
}

#[test]
fn a_pipeline_may_refuse_a_rule_or_an_item() {
    let rule = json!([{ "type": "nest", "items": [{ "type": "rule_failure", "message": "not for us" }] }]);
    assert_eq!(refused(plain(json!({ "a": 1 })), rule), "pipeline `p`: not for us");
    let item = json!([{ "type": "detection_item_failure", "message": "no b",
        "field_name_conditions": [{ "type": "exclude_fields", "fields": ["a"] }] }]);
    assert_eq!(refused(plain(json!({ "a": 1, "b": 1 })), item.clone()), "pipeline `p`: no b");
    check(plain(json!({ "a": 1 })), item, &[json!({ "a": 1 })], &[]);
}

#[test]
fn pipelines_are_applied_by_priority_whatever_their_order() {
    let step = |priority: i64, from: &str, to: &str| {
        let text = json!({ "priority": priority, "transformations":
            [{ "type": "field_name_mapping", "mapping": { from: to } }] });
        Pipeline::parse(&text.to_string()).unwrap()
    };
    let pipelines = Pipelines::new(vec![step(50, "x", "y"), step(10, "a", "x")]);
    assert_eq!(pipelines.iter().map(|pipeline| pipeline.priority).collect::<Vec<_>>(), [10, 50]);
    let rule =
        json!({ "title": "T", "id": "r", "logsource": { "product": "test" }, "detection": plain(json!({ "a": 1 })) });
    let settings = Settings { pipelines, ..Settings::default() };
    let set = RuleSet::load_with([("r.yml".to_owned(), rule.to_string())], &settings);
    assert!(fires(&set, &json!({ "y": 1 })) && !fires(&set, &json!({ "x": 1 })));
}

#[test]
fn a_filter_is_changed_like_the_rule_it_narrows() {
    let rule = json!({ "title": "T", "id": "r", "logsource": { "product": "test", "category": "c" },
        "detection": plain(json!({ "a": 1 })) });
    let filter = json!({ "title": "F", "logsource": { "product": "test" },
        "filter": { "rules": "any", "n": { "b": 2 }, "condition": "not n" } });
    let steps = json!([
        { "type": "field_name_mapping", "mapping": { "a": "x", "b": "y" },
          "rule_conditions": [{ "type": "logsource", "category": "c" }] },
        { "type": "change_logsource", "category": "c" },
        { "type": "add_condition", "conditions": { "z": 1 } }
    ]);
    let settings = Settings { pipelines: Pipelines::new(vec![pipeline(steps)]), ..Settings::default() };
    let files = [("f.yml".to_owned(), filter.to_string()), ("r.yml".to_owned(), rule.to_string())];
    let set = RuleSet::load_with(files, &settings);
    assert!(set.errors().is_empty(), "{:?}", set.errors());
    assert!(fires(&set, &json!({ "x": 1, "z": 1, "b": 2 })));
    assert!(!fires(&set, &json!({ "x": 1, "z": 1, "y": 2 })));
    let fields = json!({ "x": 1, "z": 1, "y": 2 });
    let mut narrowed = event("", &fields);
    narrowed.log_sources = [log_source("c", "test", "")].into();
    let reason = set.explain("r", &narrowed).unwrap().reason.unwrap();
    assert_eq!((reason.kind, reason.field.as_deref()), (ReasonKind::Hinders, Some("y")));
}

#[test]
fn what_a_pipeline_may_not_say_is_refused_and_what_is_for_queries_is_noticed() {
    for (text, part) in [
        ("transformations: [{type: nonsense}]", "`nonsense`"),
        ("transformations: [{type: field_name_mapping}]", "lacks `mapping`"),
        ("transformations: [{type: drop_detection_item, extra: 1}]", "`extra`"),
        ("transformations: [{type: drop_detection_item, rule_conditions: [{type: logsource, prodct: x}]}]", "`prodct`"),
        ("transformations: [{type: replace_string, regex: '(?=a)', replacement: b}]", "regular expression"),
        ("transformations: [{type: drop_detection_item, rule_conditions: [], rule_cond_expr: a}]", "no condition"),
        ("- 1", "a pipeline is one map"),
        ("name: x\nother: 1", "`other`"),
    ] {
        let error = Pipeline::parse(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
    let text = "name: n\npriority: 5\nfinalizers: [{type: concat}]\npostprocessing: []\n";
    let pipeline = Pipeline::parse(text).unwrap();
    assert_eq!((pipeline.name.as_str(), pipeline.priority, pipeline.notices.len()), ("n", 5, 2));
}
