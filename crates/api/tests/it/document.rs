//! The OpenAPI document that is checked in beside the console, which its client is made from.

use serde_json::Value;

#[test]
fn the_document_beside_the_console_is_the_one_the_routes_make() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../console/openapi.json");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let made = serde_json::to_value(api::openapi()).unwrap();
    for part in ["paths", "components", "info", "security"] {
        let differs = differing(&kept[part], &made[part]);
        assert!(differs.is_empty(), "{part}: {differs:?} differ: run `vedette openapi > console/openapi.json`");
    }
    assert!(kept == made, "console/openapi.json is stale: run `vedette openapi > console/openapi.json`");
}

/// The keys, two levels deep, whose values differ.
fn differing(kept: &Value, made: &Value) -> Vec<String> {
    let (Some(kept), Some(made)) = (kept.as_object(), made.as_object()) else { return Vec::new() };
    let mut keys: Vec<_> = kept.keys().chain(made.keys()).collect();
    keys.sort();
    keys.dedup();
    let wrong = keys.into_iter().filter(|key| kept.get(*key) != made.get(*key));
    wrong
        .flat_map(|key| {
            let empty = Value::Null;
            let inner = differing(kept.get(key).unwrap_or(&empty), made.get(key).unwrap_or(&empty));
            if inner.is_empty() { vec![key.clone()] } else { inner.iter().map(|one| format!("{key}.{one}")).collect() }
        })
        .collect()
}

#[test]
fn every_route_is_documented_with_a_summary_and_its_answer() {
    let document = serde_json::to_value(api::openapi()).unwrap();
    let mut count = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, route) in methods.as_object().unwrap() {
            count += 1;
            assert!(route["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
            let answers = route["responses"].as_object().unwrap();
            assert!(answers.keys().any(|status| status.starts_with('2')), "{method} {path}");
        }
    }
    assert!(count >= 68, "only {count} routes");
}
