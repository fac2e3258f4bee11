//! A `detection` section as written, taken apart: what is compiled, explained and changed by processing pipelines.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::error::Error;

/// Lists of maps of lists: deeper nesting means nothing.
const MAX_DEPTH: usize = 8;

/// Named detections and the conditions that join them; one of the conditions must hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Section {
    pub conditions: Vec<String>,
    pub named: BTreeMap<String, Node>,
}

/// A detection.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// A map: all hold.
    All(Vec<Node>),
    /// A list: one holds.
    Any(Vec<Node>),
    /// `field|modifiers: value`; the field is empty for keywords.
    Item { key: String, value: Json },
}

impl Section {
    /// Takes a section apart; `at` is where it stands, `skip` are keys that are no detections.
    pub(crate) fn read(section: Map<String, Json>, at: &str, skip: &[&str]) -> Result<Self, Error> {
        let mut conditions = None;
        let mut named = BTreeMap::new();
        for (name, value) in section {
            match name.as_str() {
                "condition" => conditions = Some(self::conditions(value, at)?),
                // `timeframe` belonged to the aggregations of Sigma 1 and means nothing without them.
                "timeframe" => {}
                key if skip.contains(&key) => {}
                _ => {
                    let node = Node::read(value, &format!("{at}.{name}"), 0)?;
                    named.insert(name, node);
                }
            }
        }
        let conditions = conditions.ok_or_else(|| Error::invalid(at, "has no `condition`: add one"))?;
        Ok(Section { conditions, named })
    }

    /// Each item, in the order of the detections' names, with the name of its detection.
    pub(crate) fn items(&self) -> Vec<(&str, &str, &Json)> {
        let mut items = Vec::new();
        for (name, node) in &self.named {
            node.each(&mut |key, value| items.push((name.as_str(), key, value)));
        }
        items
    }
}

impl Node {
    fn read(value: Json, at: &str, depth: usize) -> Result<Self, Error> {
        if depth > MAX_DEPTH {
            return Err(Error::invalid(at, format!("is nested deeper than {MAX_DEPTH}: flatten it")));
        }
        match value {
            Json::Object(map) if map.is_empty() => Err(Error::invalid(at, "is an empty map: add a field")),
            Json::Object(map) => Ok(Node::All(map.into_iter().map(|(key, value)| Node::Item { key, value }).collect())),
            Json::Array(list) if list.is_empty() => Err(Error::invalid(at, "is an empty list: add a value")),
            Json::Array(list) => {
                Ok(Node::Any(list.into_iter().map(|entry| Node::read(entry, at, depth + 1)).collect::<Result<_, _>>()?))
            }
            Json::Null => Err(Error::invalid(at, "is empty: write fields or keywords")),
            value => Ok(Node::Item { key: String::new(), value }),
        }
    }

    fn each<'n>(&'n self, take: &mut impl FnMut(&'n str, &'n Json)) {
        match self {
            Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| part.each(take)),
            Node::Item { key, value } => take(key, value),
        }
    }
}

fn conditions(value: Json, at: &str) -> Result<Vec<String>, Error> {
    let at = format!("{at}.condition");
    match value {
        Json::String(condition) => Ok(vec![condition]),
        Json::Array(list) if !list.is_empty() => list
            .into_iter()
            .map(|entry| match entry {
                Json::String(condition) => Ok(condition),
                _ => Err(Error::invalid(&at, "is a list with something else than text")),
            })
            .collect(),
        _ => Err(Error::invalid(at, "must be text or a list of texts")),
    }
}
