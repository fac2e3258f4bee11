//! A detection while it is changed: items know what has been done to them.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::condition::{self, Condition};
use crate::error::Error;
use crate::section::{Node, Section};

/// A detection.
#[derive(Debug)]
pub(super) enum Tree {
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Item(Item),
}

/// `field|modifiers: values`.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Empty for keywords.
    pub field: String,
    pub modifiers: Vec<String>,
    pub values: Vec<Json>,
    /// Ids of the transformations applied to it.
    pub applied: BTreeSet<String>,
}

impl Item {
    pub(super) fn new(key: &str, value: Json) -> Self {
        let mut parts = key.split('|').map(str::to_owned);
        let field = parts.next().unwrap_or_default();
        let values = match value {
            Json::Array(values) => values,
            single => vec![single],
        };
        Item { field, modifiers: parts.collect(), values, applied: BTreeSet::new() }
    }

    pub(super) fn has(&self, modifier: &str) -> bool {
        self.modifiers.iter().any(|own| own == modifier)
    }

    /// Whether its values are Sigma strings that are compared as they are written.
    pub(super) fn is_text(&self) -> bool {
        const OTHERS: [&str; 10] =
            ["re", "cidr", "fieldref", "exists", "base64", "base64offset", "utf16", "utf16le", "utf16be", "wide"];
        !OTHERS.iter().any(|modifier| self.has(modifier))
    }

    fn into_node(self) -> Node {
        let key = std::iter::once(self.field).chain(self.modifiers).collect::<Vec<_>>().join("|");
        let mut values = self.values;
        let value = if values.len() == 1 && !values[0].is_array() { values.remove(0) } else { Json::Array(values) };
        Node::Item { key, value }
    }
}

impl Tree {
    pub(super) fn new(node: Node) -> Self {
        match node {
            Node::All(parts) => Tree::All(parts.into_iter().map(Tree::new).collect()),
            Node::Any(parts) => Tree::Any(parts.into_iter().map(Tree::new).collect()),
            Node::Item { key, value } => Tree::Item(Item::new(&key, value)),
        }
    }

    /// Each item.
    pub(super) fn each(&self, take: &mut impl FnMut(&Item)) {
        match self {
            Tree::All(parts) | Tree::Any(parts) => parts.iter().for_each(|part| part.each(take)),
            Tree::Item(item) => take(item),
        }
    }

    /// Puts other trees in the places of items; nothing drops one.
    pub(super) fn replace(
        self,
        change: &mut impl FnMut(Item) -> Result<Option<Tree>, Error>,
    ) -> Result<Option<Tree>, Error> {
        let mut all = |parts: Vec<Tree>| -> Result<Vec<Tree>, Error> {
            parts.into_iter().filter_map(|part| part.replace(change).transpose()).collect()
        };
        Ok(match self {
            Tree::All(parts) => Some(Tree::All(all(parts)?)).filter(|tree| !tree.is_empty()),
            Tree::Any(parts) => Some(Tree::Any(all(parts)?)).filter(|tree| !tree.is_empty()),
            Tree::Item(item) => change(item)?,
        })
    }

    fn is_empty(&self) -> bool {
        matches!(self, Tree::All(parts) | Tree::Any(parts) if parts.is_empty())
    }

    fn into_node(self) -> Node {
        match self {
            Tree::All(parts) => Node::All(parts.into_iter().map(Tree::into_node).collect()),
            Tree::Any(parts) => Node::Any(parts.into_iter().map(Tree::into_node).collect()),
            Tree::Item(item) => item.into_node(),
        }
    }
}

impl super::Work<'_> {
    /// The section as changed. A detection without items asks nothing: it leaves the condition.
    pub(super) fn finish(self) -> Result<Section, Error> {
        let names: Vec<&str> = self.named.keys().map(String::as_str).collect();
        let mut conditions = Vec::new();
        for text in &self.conditions {
            let before = Condition::parse(text)?;
            match left(&before, &names, &self.dropped) {
                Some(after) if after == before => conditions.push(text.clone()),
                Some(after) => conditions.push(after.to_string()),
                None => {}
            }
        }
        if conditions.is_empty() {
            return Err(Error::invalid("detection", "asks nothing any more: a pipeline drops all its items"));
        }
        let named = self.named.into_iter().map(|(name, tree)| (name, tree.into_node())).collect();
        Ok(Section { conditions, named })
    }
}

/// What is left of a condition without the detections that were dropped.
fn left(condition: &Condition, names: &[&str], dropped: &[String]) -> Option<Condition> {
    let each = |parts: &[Condition]| -> Vec<Condition> {
        parts.iter().filter_map(|part| left(part, names, dropped)).collect()
    };
    let joined = |mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition| match parts.len() {
        0 => None,
        1 => Some(parts.remove(0)),
        _ => Some(join(parts)),
    };
    match condition {
        Condition::Name(name) => (!dropped.contains(name)).then(|| condition.clone()),
        Condition::Of { pattern, .. } => {
            let fits = |name: &str| condition::names(pattern, name);
            let is_gone = dropped.iter().any(|name| fits(name)) && !names.iter().any(|name| fits(name));
            (!is_gone).then(|| condition.clone())
        }
        Condition::Not(inner) => left(inner, names, dropped).map(|inner| Condition::Not(Box::new(inner))),
        Condition::And(parts) => joined(each(parts), Condition::And),
        Condition::Or(parts) => joined(each(parts), Condition::Or),
    }
}
