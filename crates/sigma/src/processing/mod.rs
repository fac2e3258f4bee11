//! Processing pipelines in pySigma's format: what changes rules between reading and compiling, for records that name
//! and write things otherwise than the rules do. The rule's text is never touched.
//!
//! Source: pySigma's documentation, "Processing Pipelines". Values are changed as written, before their modifiers are
//! applied. Filters are changed like the rule they narrow; correlations are not changed.

mod conditions;
mod read;
mod transform;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use model::event::LogSource;
use serde_json::Value as Json;

use crate::error::Error;
use crate::item::Expressions;
use crate::placeholder::Placeholders;
use crate::section::Section;
use conditions::Conditions;
use transform::Transformation;
use tree::Tree;

/// What rules are loaded with.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Values of placeholders; a pipeline's own come before them.
    pub placeholders: Placeholders,
    /// What changes the rules before they are compiled.
    pub pipelines: Pipelines,
    /// What the regular expressions of all rules together may need.
    pub expressions: Expressions,
}

impl From<Placeholders> for Settings {
    fn from(placeholders: Placeholders) -> Self {
        Settings { placeholders, ..Settings::default() }
    }
}

/// A processing pipeline.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// Its place among others: lower ones come first.
    pub priority: i64,
    /// What of it is ignored and why.
    pub notices: Vec<String>,
    vars: Placeholders,
    steps: Vec<Step>,
}

/// Pipelines in the order they are applied.
#[derive(Debug, Clone, Default)]
pub struct Pipelines {
    sorted: Vec<Pipeline>,
    /// The values of all.
    vars: Placeholders,
}

/// A transformation and when it is applied.
#[derive(Debug, Clone)]
struct Step {
    id: Option<String>,
    transformation: Transformation,
    rule: Conditions<conditions::OfRule>,
    item: Conditions<conditions::OfItem>,
    field: Conditions<conditions::OfField>,
}

impl Pipelines {
    /// Sorts pipelines by priority; those of the same stay in the order given.
    pub fn new(mut pipelines: Vec<Pipeline>) -> Self {
        pipelines.sort_by_key(|pipeline| pipeline.priority);
        let vars = pipelines.iter().flat_map(|pipeline| pipeline.vars.clone()).collect();
        Pipelines { sorted: pipelines, vars }
    }

    /// The pipelines in the order they are applied.
    pub fn iter(&self) -> impl Iterator<Item = &Pipeline> {
        self.sorted.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// Changes a section of a rule, and the rule's log source.
    pub(crate) fn apply(
        &self,
        subject: &Subject<'_>,
        section: &mut Section,
        source: &mut LogSource,
    ) -> Result<(), Error> {
        if self.is_empty() {
            return Ok(());
        }
        let named = std::mem::take(&mut section.named);
        let mut work = Work {
            subject,
            vars: &self.vars,
            source: source.clone(),
            conditions: std::mem::take(&mut section.conditions),
            named: named.into_iter().map(|(name, node)| (name, Tree::new(node))).collect(),
            state: BTreeMap::new(),
            applied: BTreeSet::new(),
            fields: BTreeMap::new(),
            dropped: Vec::new(),
        };
        for pipeline in &self.sorted {
            for step in &pipeline.steps {
                work.step(step, &pipeline.name)?;
            }
        }
        *source = work.source.clone();
        *section = work.finish()?;
        Ok(())
    }
}

/// What conditions can ask of a rule besides its detection.
pub(crate) struct Subject<'r> {
    /// `title`, `id`, `status`, `level`, `author`, `date`, `modified`, `description` as written.
    pub attributes: BTreeMap<&'static str, String>,
    /// Its tags.
    pub tags: &'r [String],
    /// Whether it is a filter that is changed, for which the rule has been asked already.
    pub is_filter: bool,
}

/// A rule being changed.
struct Work<'r> {
    subject: &'r Subject<'r>,
    vars: &'r Placeholders,
    source: LogSource,
    conditions: Vec<String>,
    named: BTreeMap<String, Tree>,
    /// Set by `set_state`.
    state: BTreeMap<String, Json>,
    /// Ids of the transformations applied so far.
    applied: BTreeSet<String>,
    /// The same by field name.
    fields: BTreeMap<String, BTreeSet<String>>,
    /// Names of the detections that lost all their items.
    dropped: Vec<String>,
}
