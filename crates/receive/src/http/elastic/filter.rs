//! `filter_path`: only those parts of an answer that were asked for, so that a shipper reads little.

use serde_json::{Map, Value};

/// The parts of `value` that `paths` (comma-separated, `*` for one name, `**` for any number, `-` before what is not
/// wanted) ask for.
pub(super) fn filtered(value: &Value, paths: &str) -> Value {
    let paths: Vec<&str> = paths.split(',').map(str::trim).filter(|path| !path.is_empty()).collect();
    let wanted: Vec<Vec<&str>> =
        paths.iter().filter(|path| !path.starts_with('-')).map(|path| path.split('.').collect()).collect();
    let unwanted: Vec<Vec<&str>> =
        paths.iter().filter_map(|path| path.strip_prefix('-')).map(|path| path.split('.').collect()).collect();
    let mut value = if wanted.is_empty() {
        value.clone()
    } else {
        let wanted: Vec<&[&str]> = wanted.iter().map(Vec::as_slice).collect();
        keep(value, &wanted).unwrap_or_else(|| Value::Object(Map::new()))
    };
    for path in &unwanted {
        drop_path(&mut value, path);
    }
    value
}

fn keep(value: &Value, wanted: &[&[&str]]) -> Option<Value> {
    if wanted.iter().any(|path| path.is_empty()) {
        return Some(value.clone());
    }
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter_map(|(name, member)| {
                let further: Vec<&[&str]> = wanted.iter().flat_map(|path| steps(path, name)).collect();
                if further.is_empty() { None } else { Some((name.clone(), keep(member, &further)?)) }
            });
            let kept: Map<String, Value> = kept.collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(items) => {
            let kept: Vec<Value> = items.iter().filter_map(|item| keep(item, wanted)).collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        _ => None,
    }
}

/// What is left of a path once `name` has been gone through.
fn steps<'p>(path: &'p [&'p str], name: &str) -> Vec<&'p [&'p str]> {
    match path {
        ["**", rest @ ..] => {
            let mut all = steps(rest, name);
            all.push(path);
            if rest.is_empty() {
                all.push(rest);
            }
            all
        }
        [first, rest @ ..] if fits(first, name) => vec![rest],
        _ => Vec::new(),
    }
}

fn drop_path(value: &mut Value, path: &[&str]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| drop_path(item, path)),
        Value::Object(members) => {
            let names: Vec<String> = members.keys().cloned().collect();
            for name in names {
                for rest in steps(path, &name) {
                    if rest.is_empty() {
                        members.remove(&name);
                    } else if let Some(member) = members.get_mut(&name) {
                        drop_path(member, rest);
                    }
                }
            }
        }
        _ => {}
    }
}

/// Whether a name fits a pattern with `*` for any text.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == name };
    let Some(rest) = name.strip_prefix(before) else { return false };
    if after.is_empty() {
        return true;
    }
    rest.char_indices().any(|(at, _)| fits(after, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bulk() -> Value {
        json!({"took": 3, "errors": true, "items": [
            {"create": {"_index": "a", "status": 201}},
            {"create": {"_index": "a", "status": 400, "error": {"type": "x", "reason": "y"}}}
        ]})
    }

    #[test]
    fn the_paths_shippers_ask_for_give_errors_and_status_alone() {
        assert_eq!(
            filtered(&bulk(), "errors,items.*.error,items.*.status"),
            json!({"errors": true, "items": [
                {"create": {"status": 201}},
                {"create": {"status": 400, "error": {"type": "x", "reason": "y"}}}
            ]})
        );
        assert_eq!(filtered(&bulk(), "items.*.error.type"), json!({"items": [{"create": {"error": {"type": "x"}}}]}));
        assert_eq!(filtered(&bulk(), "took,err*"), json!({"took": 3, "errors": true}));
        assert_eq!(filtered(&bulk(), "**.reason"), json!({"items": [{"create": {"error": {"reason": "y"}}}]}));
        assert_eq!(filtered(&bulk(), "nothing"), json!({}));
        assert_eq!(filtered(&bulk(), "-items,-took"), json!({"errors": true}));
    }
}
