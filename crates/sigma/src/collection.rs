//! A rule file's documents: several in one YAML stream, and the rule collections of Sigma.
//!
//! `action: global` gives what follows it defaults, `action: reset` forgets them, `action: repeat` is the document
//! before with changes. Maps are merged key by key, anything else is replaced.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use crate::check::{self, Place};
use crate::error::Error;

/// Rule files are a few kilobytes; this leaves room for long lists and none for attacks.
const MAX_BYTES: usize = 1 << 20;

/// The documents of a file, collections written out.
pub(crate) fn documents(text: &str) -> Result<Vec<Map<String, Json>>, Error> {
    collect(read_parsed(text).map_err(|(error, _)| error)?)
}

/// Each document of a file as it stands there, or what is wrong and where.
pub(crate) fn read_parsed<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, (Error, Option<Place>)> {
    if text.len() > MAX_BYTES {
        return Err((Error::TooLarge { size: text.len(), limit: MAX_BYTES }, None));
    }
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 32,
            max_documents: 200,
            max_nodes: 100_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
        },
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    };
    serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|error| (Error::Yaml(error.to_string().replace('\n', " ")), error.location().and_then(check::place)))
}

pub(crate) fn collect(parsed: Vec<Json>) -> Result<Vec<Map<String, Json>>, Error> {
    let mut documents: Vec<Map<String, Json>> = Vec::new();
    let mut global = Map::new();
    for document in parsed {
        let mut document = match document {
            Json::Object(map) => map,
            Json::Null => continue,
            _ => return Err(Error::Yaml("a document is no map of keys: a rule begins with `title:`".into())),
        };
        match document.remove("action").as_ref().map(|action| action.as_str().unwrap_or_default()) {
            None => documents.push(merged(&global, document)),
            Some("global") => global = merged(&global, document),
            Some("reset") => global = Map::new(),
            Some("repeat") => {
                let previous = documents.last().ok_or_else(|| {
                    Error::invalid("action", "is `repeat`, but no document stands before it: move it or remove it")
                })?;
                documents.push(merged(previous, document));
            }
            Some(other) => {
                let problem = format!("is `{other}`: write `global`, `repeat` or `reset`");
                return Err(Error::invalid("action", problem));
            }
        }
    }
    Ok(documents)
}

/// `changes` over `base`.
fn merged(base: &Map<String, Json>, changes: Map<String, Json>) -> Map<String, Json> {
    let mut result = base.clone();
    for (key, value) in changes {
        let value = match (result.get(&key), value) {
            (Some(Json::Object(present)), Json::Object(change)) => Json::Object(merged(present, change)),
            (_, value) => value,
        };
        result.insert(key, value);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn global_repeat_and_reset_build_documents() {
        let text = "action: global\nlevel: high\ndetection: {condition: s}\n---\nid: 1\ndetection: {s: {a: 1}}\n---\n\
                    action: repeat\nid: 2\n---\naction: reset\n---\nid: 3\n";
        let documents = documents(text).unwrap();
        assert_eq!(documents.len(), 3);
        assert_eq!(documents[0]["detection"], serde_json::json!({"condition": "s", "s": {"a": 1}}));
        assert_eq!(documents[1]["level"], "high");
        assert_eq!(documents[1]["id"], 2);
        assert!(!documents[2].contains_key("level"));
    }

    #[test]
    fn words_that_look_like_booleans_or_octals_stay_words() {
        let documents = documents("a: yes\nb: 007\nc: true\nd: 1_000\n").unwrap();
        assert_eq!(
            Json::Object(documents[0].clone()),
            serde_json::json!({"a": "yes", "b": "007", "c": true, "d": "1_000"})
        );
    }

    #[test]
    fn hostile_yaml_is_refused_quickly() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let alias = format!("*a{}, ", level - 1).repeat(10);
            bomb += &format!("a{level}: &a{level} [{alias}]\n");
        }
        for text in [bomb, "[".repeat(10_000), "x".repeat(2 << 20), "a: 1\na: 2\n".into(), "a: [".into(), "- 1".into()]
        {
            let started = std::time::Instant::now();
            assert!(documents(&text).is_err());
            assert!(started.elapsed().as_secs() < 5);
        }
    }
}
