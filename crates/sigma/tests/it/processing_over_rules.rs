//! Processing pipelines on what stands over rules: correlations and baselines read the fields the pipelines name.

use serde_json::{Value as Json, json};
use sigma::{Pipeline, Pipelines, RuleSet, Settings};

fn rule(id: &str, product: &str) -> Json {
    json!({ "title": id, "id": id, "logsource": { "product": product },
        "detection": { "s": { "User": "*" }, "condition": "s" } })
}

fn correlation(id: &str, rules: &[&str], own: Json) -> Json {
    let mut section = json!({ "rules": rules, "timespan": "5m" });
    section.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    json!({ "title": id, "id": id, "level": "high", "correlation": section })
}

fn load(documents: &[Json], transformations: Json) -> RuleSet {
    let text = json!({ "name": "p", "transformations": transformations }).to_string();
    let pipelines = Pipelines::new(vec![Pipeline::parse(&text).unwrap()]);
    let files = documents.iter().enumerate().map(|(place, document)| (format!("{place}.yml"), document.to_string()));
    RuleSet::load_with(files, &Settings { pipelines, ..Settings::default() })
}

fn renamed() -> Json {
    json!([{ "type": "field_name_mapping", "mapping": { "User": "user_name", "Ip": "source_ip", "Port": ["a", "b"] },
        "rule_conditions": [{ "type": "logsource", "product": "windows" }] }])
}

#[test]
fn groups_counted_fields_and_what_aliases_stand_for_are_renamed() {
    let own = json!({ "type": "value_count", "group-by": ["who", "Ip"], "condition": { "field": "User", "gte": 2 },
        "aliases": { "who": { "one": "User", "two": "Account" } } });
    let set = load(&[rule("one", "windows"), rule("two", "linux"), correlation("c", &["one", "two"], own)], renamed());
    assert!(set.errors().is_empty(), "{:?}", set.errors());
    let [correlation] = set.correlations() else { panic!("one is read") };
    assert_eq!(correlation.group_by, ["who", "source_ip"]);
    assert_eq!(correlation.fields, ["user_name"]);
    let told = format!("{correlation:?}");
    assert!(told.contains(r#"group_fields: [["user_name", "source_ip"], ["Account", "source_ip"]]"#), "{told}");
}

#[test]
fn a_log_source_is_that_of_any_rule_below_however_deep() {
    let count = |by: &str| json!({ "type": "event_count", "group-by": [by], "condition": { "gte": 2 } });
    let documents = |product: &str| {
        [
            rule("one", product),
            correlation("low", &["one"], count("User")),
            correlation("high", &["low"], count("User")),
        ]
    };
    for (product, expected) in [("windows", "user_name"), ("linux", "User")] {
        let set = load(&documents(product), renamed());
        assert!(set.correlations().iter().all(|rule| rule.group_by == [expected]), "{product}");
        assert_eq!(set.correlations().len(), 2);
    }
}

#[test]
fn a_group_takes_all_of_several_names_and_a_counted_field_is_refused_them() {
    let own =
        |field: &str| json!({ "type": "value_count", "group-by": ["Port"], "condition": { "field": field, "gte": 2 } });
    let set = load(&[rule("one", "windows"), correlation("c", &["one"], own("User"))], renamed());
    assert_eq!(set.correlations()[0].group_by, ["a", "b"]);
    let set = load(&[rule("one", "windows"), correlation("c", &["one"], own("Port"))], renamed());
    assert!(set.correlations().is_empty());
    let message = &set.errors()[0].message;
    assert!(message.contains("correlation.condition.field") && message.contains("`Port`"), "{message}");
}

#[test]
fn conditions_ask_the_correlation_itself_and_a_failure_refuses_it() {
    let count = json!({ "type": "event_count", "group-by": ["User"], "condition": { "gte": 2 } });
    let documents = [rule("one", "windows"), correlation("c", &["one"], count)];
    let when = |condition: Json, transformation: Json| {
        let mut step = transformation;
        step["rule_conditions"] = json!([condition]);
        load(&documents, json!([step]))
    };
    let prefix = json!({ "type": "field_name_prefix", "prefix": "p." });
    for (condition, expected) in [
        (json!({ "type": "is_sigma_correlation_rule" }), "p.User"),
        (json!({ "type": "is_sigma_rule" }), "User"),
        (json!({ "type": "rule_attribute", "attribute": "title", "op": "eq", "value": "c" }), "p.User"),
        (json!({ "type": "rule_attribute", "attribute": "level", "op": "lt", "value": "high" }), "User"),
    ] {
        assert_eq!(when(condition.clone(), prefix.clone()).correlations()[0].group_by, [expected], "{condition}");
    }
    let failure = json!({ "type": "rule_failure", "message": "no correlations here" });
    let set = when(json!({ "type": "is_sigma_correlation_rule" }), failure);
    assert!(set.correlations().is_empty() && set.errors()[0].message.contains("no correlations here"));
    assert_eq!(set.rules().len(), 1);
}

#[test]
fn baselines_read_renamed_fields_too() {
    let baseline = json!({ "title": "b", "id": "b", "baseline": { "type": "first_seen", "rules": ["one"],
        "group-by": ["User"], "field": "Ip", "learning": "14d" } });
    let set = load(&[rule("one", "windows"), baseline], renamed());
    assert!(set.errors().is_empty(), "{:?}", set.errors());
    assert_eq!(
        (&set.baselines()[0].group_by, &set.baselines()[0].fields),
        (&vec!["user_name".to_owned()], &vec!["source_ip".to_owned()])
    );
}
