//! References of baselines to rules, by id or name.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::baseline::rule::BaselineRule;
use crate::correlation::resolve::sources;
use crate::correlation::rule::CorrelationRule;
use crate::error::Error;
use crate::processing::{Names, Part, Pipelines};
use crate::rule::Rule;
use crate::rule_set::{Inactive, LoadError};

/// The outcome.
#[derive(Default)]
pub(crate) struct Resolved {
    pub rules: Vec<Arc<BaselineRule>>,
    pub inactive: Vec<Inactive>,
    pub errors: Vec<LoadError>,
    /// Ids of rules that baselines look at.
    pub looked_at: HashSet<String>,
}

/// Resolves all references.
pub(crate) fn resolve(
    pending: Vec<BaselineRule>,
    rules: &[Arc<Rule>],
    correlations: &[Arc<CorrelationRule>],
    inactive: &[Inactive],
    pipelines: &Pipelines,
) -> Resolved {
    let mut resolved = Resolved::default();
    if pending.is_empty() {
        return resolved;
    }
    let ids: HashSet<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    let mut names: HashMap<&str, Option<&str>> = HashMap::new();
    for rule in rules {
        if let Some(name) = &rule.name {
            names.entry(name).and_modify(|present| *present = None).or_insert(Some(&rule.id));
        }
    }
    let at = "baseline.rules";
    let find = |reference: &String| {
        if ids.contains(reference.as_str()) {
            return Ok(reference.clone());
        }
        match names.get(reference.as_str()) {
            Some(Some(id)) => Ok((*id).to_owned()),
            Some(None) => {
                Err(Error::invalid(at, format!("has `{reference}`, the name of several rules: refer to one by its id")))
            }
            None if correlations.iter().any(|rule| rule.id == *reference || rule.name.as_ref() == Some(reference)) => {
                Err(Error::invalid(
                    at,
                    format!("has `{reference}`, a correlation: refer to rules, whose matches are events"),
                ))
            }
            None => Err(Error::UnknownReference { at, reference: reference.clone() }),
        }
    };
    for mut rule in pending {
        if let Some(reference) = rule.rules.iter().find(|reference| inactive.iter().any(|rule| rule.id == **reference))
        {
            let reason = format!("it refers to `{reference}`, which is not active");
            resolved.inactive.push(rule.head.inactive(reason));
            continue;
        }
        let found = rule.rules.iter().map(find).collect::<Result<Vec<_>, _>>();
        match found.and_then(|found| {
            rule.rules = found;
            rename(&mut rule, pipelines, rules)
        }) {
            Ok(()) => resolved.rules.push(Arc::new(rule)),
            Err(error) => resolved.errors.push(rule.head.failed(&error)),
        }
    }
    resolved.looked_at = resolved.rules.iter().flat_map(|rule| rule.rules.iter().cloned()).collect();
    resolved
}

/// Reads the fields of events by the names pipelines give them.
fn rename(rule: &mut BaselineRule, pipelines: &Pipelines, rules: &[Arc<Rule>]) -> Result<(), Error> {
    if pipelines.is_empty() {
        return Ok(());
    }
    let sources = sources(rules.iter().map(AsRef::as_ref).filter(|looked_at| rule.rules.contains(&looked_at.id)));
    let names = Names::new(pipelines, rule.subject(Part::OverRules), &sources);
    let group_by = rule.group_by.iter().map(|name| names.of(name)).collect::<Result<Vec<_>, _>>()?.concat();
    let fields = rule.fields.iter().map(|name| names.one("baseline.field", name)).collect::<Result<_, _>>()?;
    (rule.group_by, rule.fields) = (group_by, fields);
    Ok(())
}
