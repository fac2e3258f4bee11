//! Sigma filters: documents that narrow rules written by others.
//!
//! A filter's condition is joined to that of each rule it names with `and`, as pySigma does; so a filter that takes
//! matches away writes `condition: not selection`.

use std::sync::Arc;

use model::event::LogSource;
use serde_json::Value as Json;

use crate::detection;
use crate::error::Error;
use crate::expression::Expression;
use crate::item::Scope;
use crate::processing::{Part, Pipelines};
use crate::reading::{Document, texts};
use crate::router::covers;
use crate::rule::{Rule, log_source};
use crate::section::Section;

/// What a rule keeps of a filter that narrows it.
#[derive(Debug)]
pub(crate) struct Applied {
    pub title: String,
    pub path: String,
    pub section: Section,
}

/// A compiled filter.
pub(crate) struct Filter {
    /// Ids or names of rules; nothing means any rule.
    pub rules: Option<Vec<String>>,
    log_source: LogSource,
    expression: Expression,
    applied: Arc<Applied>,
}

impl Filter {
    pub(crate) fn compile(mut document: Document, path: &str, scope: &mut Scope) -> Result<Self, Error> {
        let title = document.required_text("title")?;
        let (log_source, _) = log_source(&document.required_map("logsource")?)?;
        let section = document.required_map("filter")?;
        let rules = match section.get("rules") {
            None | Some(Json::Null) => return Err(Error::Missing("filter.rules")),
            Some(Json::String(any)) if any.eq_ignore_ascii_case("any") => None,
            Some(list) => Some(texts(list, "filter.rules")?),
        };
        let section = Section::read(section, "filter", &["rules"])?;
        let expression = detection::compile(&section, "filter", scope)?;
        let applied = Arc::new(Applied { title, path: path.to_owned(), section });
        Ok(Filter { rules, log_source, expression, applied })
    }

    /// Whether it names the rule and its log source covers the rule's.
    pub(crate) fn applies_to(&self, rule: &Rule) -> bool {
        let named = self.rules.as_ref().is_none_or(|rules| {
            rules.iter().any(|reference| *reference == rule.id || rule.name.as_ref() == Some(reference))
        });
        named && covers(&self.log_source, &rule.written_source)
    }

    /// Narrows the rule; pipelines change the filter as they changed the rule.
    pub(crate) fn apply(&self, rule: &mut Rule, pipelines: &Pipelines, scope: &mut Scope) -> Result<(), Error> {
        let (mut expression, mut applied) = (self.expression.clone(), self.applied.clone());
        if !pipelines.is_empty() {
            let mut section = applied.section.clone();
            pipelines.apply(&rule.subject(Part::Filter), &mut section, &mut rule.written_source.clone())?;
            expression = detection::compile(&section, "filter", scope)?;
            applied = Arc::new(Applied { title: applied.title.clone(), path: applied.path.clone(), section });
        }
        let own = std::mem::replace(&mut rule.expression, Expression::And(Vec::new()));
        rule.expression = Expression::And(vec![own, expression]);
        rule.filters.push(applied);
        Ok(())
    }
}
