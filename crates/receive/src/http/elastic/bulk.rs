//! The body of `_bulk`: a line that says what to do, and for most actions a line with the document.

use serde::Deserialize;

use crate::hand_in::{self, NotARecord};
use crate::intake::Record;

/// One action of a bulk request, its document checked.
#[derive(Debug)]
pub(super) struct Item {
    /// The word of the action, which the answer repeats.
    pub action: &'static str,
    pub index: Option<String>,
    pub id: Option<String>,
    pub document: Result<Record, BadDocument>,
}

/// Why one document of many is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadDocument {
    /// The document itself.
    #[error("failed to parse: {0}")]
    Broken(#[from] NotARecord),
    /// Records are not changed.
    #[error("documents cannot be changed or deleted here: use create or index")]
    NotSupported,
}

/// Why a whole request is not taken: one cannot tell which line is which.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadBulk {
    /// Nothing at all.
    #[error("request body is required")]
    Empty,
    /// A line that should say what to do.
    #[error("malformed action/metadata line [{line}]: {reason}")]
    Action {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A document is missing at the end.
    #[error("the action in line [{line}] has no document")]
    NoDocument {
        /// Counted from 1.
        line: usize,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum Action {
    Create(Target),
    Index(Target),
    Update(Target),
    Delete(Target),
}

/// What of an action's details the answer repeats; routing, pipelines and the like mean nothing here.
#[derive(Deserialize)]
struct Target {
    #[serde(rename = "_index")]
    index: Option<String>,
    #[serde(rename = "_id")]
    id: Option<String>,
}

impl Item {
    pub fn new(action: &'static str, index: Option<String>, id: Option<String>, document: &[u8]) -> Self {
        Item { action, index, id, document: hand_in::object(document).map_err(BadDocument::from) }
    }
}

/// The items of a body. `index` is the one the path names. A last line without its line feed is taken too: the length
/// of the body said that it is whole.
pub(super) fn read(body: &[u8], index: &str) -> Result<Vec<Item>, BadBulk> {
    let mut items = Vec::new();
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    let mut lines = body.split(|byte| *byte == b'\n').enumerate();
    while let Some((number, line)) = lines.next() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let line_number = number + 1;
        let wrong = |reason: String| BadBulk::Action { line: line_number, reason };
        hand_in::check_depth(line).map_err(|error| wrong(error.to_string()))?;
        let action: Action = serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
        let (word, target, has_document, takes) = match action {
            Action::Create(target) => ("create", target, true, true),
            Action::Index(target) => ("index", target, true, true),
            Action::Update(target) => ("update", target, true, false),
            Action::Delete(target) => ("delete", target, false, false),
        };
        let document = if has_document {
            let (_, line) = lines.next().ok_or(BadBulk::NoDocument { line: line_number })?;
            Some(line)
        } else {
            None
        };
        let index = target.index.or_else(|| (!index.is_empty()).then(|| index.to_owned()));
        items.push(match document {
            Some(document) if takes => Item::new(word, index, target.id, document),
            _ => Item { action: word, index, id: target.id, document: Err(BadDocument::NotSupported) },
        });
    }
    if items.is_empty() { Err(BadBulk::Empty) } else { Ok(items) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_action_has_its_document_and_its_own_fault() {
        let body = b"{\"create\":{\"_index\":\"logs\",\"dynamic_templates\":{}}}\n{\"a\": 1}\r\n\
            \n{\"index\":{\"_id\":\"7\",\"pipeline\":\"p\"}}\n{\"b\":\n\
            {\"delete\":{\"_id\":\"7\"}}\n{\"update\":{\"_id\":\"7\"}}\n{\"doc\":{}}\n\
            {\"create\":{}}\n{\"last\":true}";
        let items = read(body, "path").unwrap();
        let told: Vec<_> =
            items.iter().map(|item| (item.action, item.index.as_deref(), item.document.is_ok())).collect();
        assert_eq!(
            told,
            [
                ("create", Some("logs"), true),
                ("index", Some("path"), false),
                ("delete", Some("path"), false),
                ("update", Some("path"), false),
                ("create", Some("path"), true),
            ]
        );
        assert_eq!(items[0].document.as_ref().unwrap().raw, b"{\"a\": 1}");
        assert_eq!(items[3].document, Err(BadDocument::NotSupported));
    }

    #[test]
    fn a_request_whose_lines_cannot_be_told_apart_is_refused_whole() {
        assert_eq!(read(b"\n \n", "").unwrap_err(), BadBulk::Empty);
        assert!(matches!(read(b"{\"a\":1}\n{\"b\":1}\n", ""), Err(BadBulk::Action { line: 1, .. })));
        assert!(matches!(read(b"{\"create\":{}}\n{}\nnot json\n{}\n", ""), Err(BadBulk::Action { line: 3, .. })));
        assert_eq!(read(b"{\"create\":{}}", "").unwrap_err(), BadBulk::NoDocument { line: 1 });
        let deep = format!("{{\"create\":{}1{}}}\n{{}}\n", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(read(deep.as_bytes(), ""), Err(BadBulk::Action { line: 1, .. })));
    }

    proptest! {
        #[test]
        fn no_mixture_of_lines_makes_it_panic(
            lines in prop::collection::vec(
                prop_oneof![
                    Just(b"{\"create\":{}}".to_vec()), Just(b"{\"delete\":{\"_id\":\"\\u0000\"}}".to_vec()),
                    Just(b"{}".to_vec()), Just(b"\r".to_vec()), prop::collection::vec(any::<u8>(), 0..40),
                ],
                0..12,
            )
        ) {
            if let Ok(items) = read(&lines.join(&b'\n'), "x") {
                prop_assert!(items.len() <= lines.len() * 40);
            }
        }
    }
}
