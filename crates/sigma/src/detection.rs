//! The `detection` section compiled: named detections (maps, lists, keywords) joined by the condition.

use std::collections::BTreeMap;

use crate::condition::{self, Condition};
use crate::error::Error;
use crate::expression::Expression;
use crate::item::Scope;
use crate::section::{Node, Section};

/// The detections of one section by name.
type Named = BTreeMap<String, Expression>;

/// More than any rule a person writes joins together once its patterns are resolved.
const MAX_JOINED: usize = 1_000_000;

/// Compiles a section; `at` is where it stands.
pub(crate) fn compile(section: &Section, at: &str, scope: &mut Scope) -> Result<Expression, Error> {
    let mut named = Named::new();
    for (name, node) in &section.named {
        named.insert(name.clone(), detection(node, &format!("{at}.{name}"), scope)?);
    }
    let words: usize = section.conditions.iter().map(|condition| condition.split_whitespace().count()).sum();
    if words.saturating_mul(named.len()) > MAX_JOINED {
        return Err(Error::invalid(format!("{at}.condition"), "joins too many detections: split the rule"));
    }
    let mut alternatives = section
        .conditions
        .iter()
        .map(|source| resolve(&Condition::parse(source)?, source, &named))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(if alternatives.len() == 1 { alternatives.remove(0) } else { Expression::Or(alternatives) })
}

fn detection(node: &Node, at: &str, scope: &mut Scope) -> Result<Expression, Error> {
    match node {
        Node::All(parts) => {
            Ok(Expression::all(parts.iter().map(|part| detection(part, at, scope)).collect::<Result<_, _>>()?))
        }
        Node::Any(parts) => {
            Ok(Expression::Or(parts.iter().map(|part| detection(part, at, scope)).collect::<Result<_, _>>()?))
        }
        Node::Item { key, value } if key.is_empty() => Ok(Expression::Item(scope.item("", value, at)?)),
        Node::Item { key, value } => Ok(Expression::Item(scope.item(key, value, &format!("{at}.{key}"))?)),
    }
}

fn resolve(condition: &Condition, source: &str, named: &Named) -> Result<Expression, Error> {
    let error = |problem: String| Error::Condition { condition: source.chars().take(200).collect(), problem };
    let all =
        |parts: &[Condition]| parts.iter().map(|part| resolve(part, source, named)).collect::<Result<Vec<_>, _>>();
    match condition {
        Condition::Name(name) => named.get(name).cloned().ok_or_else(|| {
            error(format!("names the detection `{name}`, which is not there: add it or correct the name"))
        }),
        Condition::Of { all, pattern } => {
            let parts: Vec<_> = named
                .iter()
                .filter(|(name, _)| condition::names(pattern, name))
                .map(|(_, expression)| expression.clone())
                .collect();
            match (parts.is_empty(), all) {
                (true, _) => Err(error(format!("has `of {pattern}`, but no detection has such a name"))),
                (false, true) => Ok(Expression::all(parts)),
                (false, false) => Ok(Expression::Or(parts)),
            }
        }
        Condition::Not(inner) => Ok(Expression::Not(Box::new(resolve(inner, source, named)?))),
        Condition::And(parts) => Ok(Expression::all(all(parts)?)),
        Condition::Or(parts) => Ok(Expression::Or(all(parts)?)),
    }
}
