//! YAML with the place of each key and value.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use serde_saphyr::Spanned;

use super::Place;

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Located {
    pub place: Option<Place>,
    pub node: Node,
}

/// A value.
#[derive(Debug)]
pub(super) enum Node {
    Scalar(Json),
    List(Vec<Located>),
    Map(Vec<Entry>),
}

/// A key of a map and its value.
#[derive(Debug)]
pub(super) struct Entry {
    pub key: String,
    pub place: Option<Place>,
    pub value: Located,
}

impl Located {
    /// A value that stands nowhere.
    pub(super) fn of(value: &Json) -> Self {
        let node = match value {
            Json::Array(list) => Node::List(list.iter().map(Located::of).collect()),
            Json::Object(map) => {
                let entry =
                    |(key, value): (&String, &Json)| Entry { key: key.clone(), place: None, value: Located::of(value) };
                Node::Map(map.iter().map(entry).collect())
            }
            scalar => Node::Scalar(scalar.clone()),
        };
        Located { place: None, node }
    }

    /// The value of a key of a map.
    pub(super) fn get(&self, key: &str) -> Option<&Located> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// A key of a map.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.node {
            Node::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// The place keys joined with dots lead to; that of the last one known where they lead nowhere.
    pub(super) fn find(&self, path: &str) -> Option<Place> {
        match &self.node {
            Node::Map(entries) => {
                let follows = |entry: &&Entry| match path.strip_prefix(entry.key.as_str()) {
                    Some(rest) => rest.is_empty() || rest.starts_with('.'),
                    None => false,
                };
                let entry = entries.iter().filter(follows).max_by_key(|entry| entry.key.len())?;
                let rest = path[entry.key.len()..].trim_start_matches('.');
                if rest.is_empty() { entry.place } else { entry.value.find(rest).or(entry.place) }
            }
            Node::List(list) => list.iter().find_map(|entry| entry.find(path)),
            Node::Scalar(_) => None,
        }
    }

    /// Where the first text with this in it stands.
    pub(super) fn holding(&self, part: &str) -> Option<Place> {
        match &self.node {
            Node::Scalar(Json::String(text)) if text.contains(part) => self.place,
            Node::Scalar(_) => None,
            Node::List(list) => list.iter().find_map(|entry| entry.holding(part)),
            Node::Map(entries) => entries.iter().find_map(|entry| entry.value.holding(part)),
        }
    }

    /// The value as text, if it is a single one that is there.
    pub(super) fn text(&self) -> Option<String> {
        match &self.node {
            Node::Scalar(value) => crate::reading::scalar(value),
            _ => None,
        }
    }

    /// The values of a list, or the single one.
    pub(super) fn each(&self) -> &[Located] {
        match &self.node {
            Node::List(list) => list,
            _ => std::slice::from_ref(self),
        }
    }
}

/// A place the reader gives.
pub(crate) fn place(location: serde_saphyr::Location) -> Option<Place> {
    (location.line() > 0).then(|| Place { line: location.line(), column: location.column() })
}

impl<'de> Deserialize<'de> for Located {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Node>::deserialize(deserializer)?;
        Ok(Located { place: place(spanned.referenced), node: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Json::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Json::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = access.next_element()? {
            list.push(entry);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            entries.push(Entry { place: place(key.referenced), key: key.value, value: access.next_value()? });
        }
        Ok(Node::Map(entries))
    }
}
