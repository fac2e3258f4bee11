//! The `detection` section compiled: named detections (maps, lists, keywords) joined by the condition.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::condition::{self, Condition};
use crate::error::Error;
use crate::expression::Expression;
use crate::item::Scope;

/// The detections of one section by name.
type Named = BTreeMap<String, Expression>;

/// More than any rule a person writes joins together once its patterns are resolved.
const MAX_JOINED: usize = 1_000_000;

/// Lists of maps of lists: deeper nesting means nothing.
const MAX_DEPTH: usize = 8;

/// Compiles a section: a map of detections and the key `condition`. `skip` are keys that are no detections.
pub(crate) fn compile(
    section: &Map<String, Json>,
    at: &str,
    skip: &[&str],
    scope: &mut Scope<'_>,
) -> Result<Expression, Error> {
    let conditions = match section.get("condition") {
        Some(Json::String(condition)) => vec![condition.as_str()],
        Some(Json::Array(list)) if !list.is_empty() => {
            let texts = list.iter().map(Json::as_str).collect::<Option<Vec<_>>>();
            texts.ok_or_else(|| Error::invalid(format!("{at}.condition"), "is a list with something else than text"))?
        }
        Some(_) => return Err(Error::invalid(format!("{at}.condition"), "must be text or a list of texts")),
        None => return Err(Error::invalid(at, "has no `condition`: add one")),
    };
    let mut named = Named::new();
    for (name, value) in section {
        // `timeframe` belonged to the aggregations of Sigma 1 and means nothing without them.
        if name == "condition" || name == "timeframe" || skip.contains(&name.as_str()) {
            continue;
        }
        named.insert(name.clone(), detection(value, &format!("{at}.{name}"), 0, scope)?);
    }
    let words: usize = conditions.iter().map(|condition| condition.split_whitespace().count()).sum();
    if words.saturating_mul(named.len()) > MAX_JOINED {
        return Err(Error::invalid(format!("{at}.condition"), "joins too many detections: split the rule"));
    }
    let mut alternatives = conditions
        .iter()
        .map(|source| resolve(&Condition::parse(source)?, source, &named))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(if alternatives.len() == 1 { alternatives.remove(0) } else { Expression::Or(alternatives) })
}

fn detection(value: &Json, at: &str, depth: usize, scope: &mut Scope<'_>) -> Result<Expression, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::invalid(at, format!("is nested deeper than {MAX_DEPTH}: flatten it")));
    }
    match value {
        Json::Object(map) if map.is_empty() => Err(Error::invalid(at, "is an empty map: add a field")),
        Json::Object(map) => {
            let mut items = Vec::with_capacity(map.len());
            for (key, value) in map {
                items.push(Expression::Item(scope.item(key, value, &format!("{at}.{key}"))?));
            }
            Ok(Expression::all(items))
        }
        Json::Array(list) if list.is_empty() => Err(Error::invalid(at, "is an empty list: add a value")),
        Json::Array(list) => {
            let parts =
                list.iter().map(|entry| detection(entry, at, depth + 1, scope)).collect::<Result<Vec<_>, _>>()?;
            Ok(Expression::Or(parts))
        }
        Json::Null => Err(Error::invalid(at, "is empty: write fields or keywords")),
        keyword => Ok(Expression::Item(scope.item("", keyword, at)?)),
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
