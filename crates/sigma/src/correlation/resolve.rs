//! References between correlations and rules, by id or name, put in an order in which each comes after what it
//! refers to.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::event::LogSource;

use crate::correlation::rule::CorrelationRule;
use crate::error::Error;
use crate::processing::{Names, Part, Pipelines};
use crate::rule::Rule;
use crate::rule_set::{Inactive, LoadError};

/// Correlations of correlations of correlations: more than this is a mistake.
const MAX_CHAIN: usize = 16;

/// The outcome.
#[derive(Default)]
pub(crate) struct Resolved {
    pub rules: Vec<Arc<CorrelationRule>>,
    pub inactive: Vec<Inactive>,
    pub errors: Vec<LoadError>,
    /// Ids of rules and correlations whose matches are no alerts of their own.
    pub only_correlated: HashSet<String>,
}

/// What a reference leads to.
#[derive(Clone)]
struct Target {
    id: String,
    name: Option<String>,
    /// 0 for a rule, one more than its deepest reference for a correlation.
    depth: usize,
    /// Of the rules it leads to, as written and as pipelines changed them.
    sources: Vec<LogSource>,
}

/// Resolves all references.
pub(crate) fn resolve(
    mut pending: Vec<CorrelationRule>,
    rules: &[Arc<Rule>],
    inactive: &[Inactive],
    pipelines: &Pipelines,
) -> Resolved {
    let mut resolved = Resolved::default();
    let mut known = Known::default();
    for rule in rules {
        let (id, name) = (rule.id.clone(), rule.name.clone());
        known.add(Target { id, name, depth: 0, sources: sources([rule.as_ref()]) });
    }
    let mut unused: HashSet<String> = inactive.iter().map(|inactive| inactive.id.clone()).collect();
    let mut ordered: Vec<CorrelationRule> = Vec::new();
    loop {
        let before = pending.len();
        let waiting: Vec<_> =
            pending.iter().flat_map(|rule| [Some(rule.id.clone()), rule.name.clone()]).flatten().collect();
        for mut rule in std::mem::take(&mut pending) {
            if let Some(reference) = rule.rules.iter().find(|reference| unused.contains(*reference)) {
                let reason = format!("it refers to `{reference}`, which is not active");
                unused.extend([Some(rule.id.clone()), rule.name.clone()].into_iter().flatten());
                resolved.inactive.push(rule.head.inactive(reason));
                continue;
            }
            if rule.rules.iter().any(|reference| !known.has(reference) && waiting.contains(reference)) {
                pending.push(rule);
                continue;
            }
            match known.connect(&mut rule, pipelines) {
                Ok(target) => {
                    known.add(target);
                    ordered.push(rule);
                }
                Err(error) => resolved.errors.push(rule.head.failed(&error)),
            }
        }
        if pending.len() == before {
            break;
        }
    }
    for rule in pending {
        let error = Error::invalid("correlation.rules", "leads back to the correlation itself: remove the circle");
        resolved.errors.push(rule.head.failed(&error));
    }
    carry(&mut ordered);
    resolved.rules = ordered.into_iter().map(Arc::new).collect();
    let generated: HashSet<_> =
        resolved.rules.iter().filter(|rule| rule.generate).flat_map(|rule| rule.rules.iter().cloned()).collect();
    let referred = resolved.rules.iter().flat_map(|rule| rule.rules.iter().cloned());
    resolved.only_correlated = referred.filter(|id| !generated.contains(id)).collect();
    resolved
}

/// Tells each correlation which fields of its events those that refer to it will read: a chained correlation groups
/// by its own `group-by`, whatever the one below groups by. Later ones refer to earlier ones, never the reverse.
fn carry(ordered: &mut [CorrelationRule]) {
    for position in (1..ordered.len()).rev() {
        let (before, rest) = ordered.split_at_mut(position);
        let upper = &rest[0];
        for (base, group_fields) in upper.rules.iter().zip(&upper.group_fields) {
            let Some(lower) = before.iter_mut().find(|rule| rule.id == *base) else { continue };
            for field in group_fields.iter().chain(&upper.fields).chain(&upper.carried) {
                if !lower.group_by.contains(field) && !lower.carried.contains(field) {
                    lower.carried.push(field.clone());
                }
            }
        }
    }
}

/// Everything that can be referred to. A name several rules have leads nowhere.
#[derive(Default)]
struct Known {
    by_id: HashMap<String, Target>,
    by_name: HashMap<String, Option<Target>>,
}

impl Known {
    fn add(&mut self, target: Target) {
        if let Some(name) = target.name.clone() {
            self.by_name.entry(name).and_modify(|present| *present = None).or_insert_with(|| Some(target.clone()));
        }
        self.by_id.insert(target.id.clone(), target);
    }

    fn has(&self, reference: &str) -> bool {
        self.by_id.contains_key(reference) || self.by_name.contains_key(reference)
    }

    fn get(&self, reference: &str) -> Result<&Target, Error> {
        let at = "correlation.rules";
        if let Some(target) = self.by_id.get(reference) {
            return Ok(target);
        }
        match self.by_name.get(reference) {
            Some(Some(target)) => Ok(target),
            Some(None) => {
                Err(Error::invalid(at, format!("has `{reference}`, the name of several rules: refer to one by its id")))
            }
            None => Err(Error::UnknownReference { at, reference: reference.to_owned() }),
        }
    }

    /// Replaces references by ids and works out which field of which rule belongs to a group.
    fn connect(&self, rule: &mut CorrelationRule, pipelines: &Pipelines) -> Result<Target, Error> {
        let targets = rule.rules.iter().map(|reference| self.get(reference)).collect::<Result<Vec<_>, _>>()?;
        let depth = 1 + targets.iter().map(|target| target.depth).max().unwrap_or_default();
        if depth > MAX_CHAIN {
            return Err(Error::invalid(
                "correlation.rules",
                format!("makes a chain longer than {MAX_CHAIN}: shorten it"),
            ));
        }
        for (alias, fields) in &rule.aliases {
            for (reference, _) in fields {
                let id = &self.get(reference)?.id;
                if !targets.iter().any(|target| target.id == *id) {
                    let problem = format!("names `{reference}`, which `rules` does not list: list it or remove it");
                    return Err(Error::invalid(format!("correlation.aliases.{alias}"), problem));
                }
            }
        }
        let sources: Vec<LogSource> = targets.iter().flat_map(|target| target.sources.iter().cloned()).collect();
        if !pipelines.is_empty() {
            rename(rule, pipelines, &sources)?;
        }
        let field = |target: &Target, wanted: &String| {
            let alias = rule.aliases.iter().find(|(alias, _)| alias == wanted);
            let own = alias.and_then(|(_, fields)| {
                let is_own = |reference: &String| *reference == target.id || Some(reference) == target.name.as_ref();
                fields.iter().find(|(reference, _)| is_own(reference))
            });
            own.map_or_else(|| wanted.clone(), |(_, field)| field.clone())
        };
        let group_fields =
            targets.iter().map(|target| rule.group_by.iter().map(|wanted| field(target, wanted)).collect()).collect();
        let ids = targets.iter().map(|target| target.id.clone()).collect();
        rule.group_fields = group_fields;
        rule.rules = ids;
        Ok(Target { id: rule.id.clone(), name: rule.name.clone(), depth, sources })
    }
}

/// The log sources of rules, as written and as pipelines changed them.
pub(crate) fn sources<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Vec<LogSource> {
    let of = |rule: &Rule| {
        let changed = (rule.log_source != rule.written_source).then(|| rule.log_source.clone());
        std::iter::once(rule.written_source.clone()).chain(changed)
    };
    rules.into_iter().flat_map(of).collect()
}

/// Reads the fields of events by the names pipelines give them; aliases are names of the correlation's own.
fn rename(rule: &mut CorrelationRule, pipelines: &Pipelines, sources: &[LogSource]) -> Result<(), Error> {
    let names = Names::new(pipelines, rule.subject(Part::OverRules), sources);
    let is_alias = |name: &String| rule.aliases.iter().any(|(alias, _)| alias == name);
    let group = |name: &String| if is_alias(name) { Ok(vec![name.clone()]) } else { names.of(name) };
    let group_by = rule.group_by.iter().map(group).collect::<Result<Vec<_>, _>>()?.concat();
    let fields = rule.fields.iter().map(|name| names.one("correlation.condition.field", name));
    let fields = fields.collect::<Result<_, _>>()?;
    let alias = |(alias, by_rule): &(String, Vec<(String, String)>)| {
        let at = format!("correlation.aliases.{alias}");
        let of = |(rule, name): &(String, String)| Ok((rule.clone(), names.one(&at, name)?));
        Ok((alias.clone(), by_rule.iter().map(of).collect::<Result<_, Error>>()?))
    };
    let aliases = rule.aliases.iter().map(alias).collect::<Result<_, Error>>()?;
    (rule.group_by, rule.fields, rule.aliases) = (group_by, fields, aliases);
    Ok(())
}
