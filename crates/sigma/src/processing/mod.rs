//! Processing pipelines in pySigma's format: what changes rules between reading and compiling, for records that name
//! and write things otherwise than the rules do. The rule's text is never touched.
//!
//! Source: pySigma's documentation, "Processing Pipelines". Values are changed as written, before their modifiers are
//! applied. Filters are changed like the rule they narrow; correlations and baselines read the fields of events by the
//! names given to them, where a condition on the log source holds for one of the rules they refer to.

mod conditions;
mod read;
mod transform;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use model::Severity;
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
        let mut work = self.work(subject, vec![source.clone()]);
        work.conditions = std::mem::take(&mut section.conditions);
        let named = std::mem::take(&mut section.named);
        work.named = named.into_iter().map(|(name, node)| (name, Tree::new(node))).collect();
        self.run(&mut work)?;
        *source = work.sources[0].clone();
        *section = work.finish()?;
        Ok(())
    }

    fn work<'r>(&'r self, subject: &'r Subject<'r>, sources: Vec<LogSource>) -> Work<'r> {
        Work {
            subject,
            vars: &self.vars,
            sources,
            conditions: Vec::new(),
            named: BTreeMap::new(),
            names: Vec::new(),
            state: BTreeMap::new(),
            applied: BTreeSet::new(),
            fields: BTreeMap::new(),
            dropped: Vec::new(),
        }
    }

    fn run(&self, work: &mut Work<'_>) -> Result<(), Error> {
        let mut steps = self.sorted.iter().flat_map(|pipeline| pipeline.steps.iter().map(move |step| (pipeline, step)));
        steps.try_for_each(|(pipeline, step)| work.step(step, &pipeline.name))
    }
}

/// The names a correlation or baseline reads the fields of events by.
pub(crate) struct Names<'r> {
    pipelines: &'r Pipelines,
    subject: Subject<'r>,
    sources: &'r [LogSource],
}

impl<'r> Names<'r> {
    /// Of one over rules of these log sources.
    pub fn new(pipelines: &'r Pipelines, subject: Subject<'r>, sources: &'r [LogSource]) -> Self {
        Names { pipelines, subject, sources }
    }

    /// Those of a field: one nearly always, several where a pipeline writes it to several.
    pub fn of(&self, field: &str) -> Result<Vec<String>, Error> {
        let mut work = self.pipelines.work(&self.subject, self.sources.to_vec());
        work.names = vec![field.to_owned()];
        self.pipelines.run(&mut work)?;
        Ok(work.names)
    }

    /// That of a field where several are of no use.
    pub fn one(&self, at: &str, field: &str) -> Result<String, Error> {
        let mut names = self.of(field)?;
        match (names.pop(), names.is_empty()) {
            (Some(name), true) => Ok(name),
            _ => Err(Error::invalid(
                at,
                format!("has `{field}`, of which a pipeline makes several fields: map it to one"),
            )),
        }
    }
}

/// What conditions of pipelines can ask of a rule by name; the level comes last.
const ATTRIBUTES: [&str; 8] = ["title", "id", "status", "description", "author", "date", "modified", "level"];

/// What conditions can ask of a rule besides its detection.
pub(crate) struct Subject<'r> {
    /// By the names of [`ATTRIBUTES`], as written.
    attributes: BTreeMap<&'static str, String>,
    tags: &'r [String],
    /// What is changed.
    part: Part,
}

impl<'r> Subject<'r> {
    /// Of a rule with these texts in the order of [`ATTRIBUTES`].
    pub fn new(
        part: Part,
        texts: impl IntoIterator<Item = Option<&'r String>>,
        level: Severity,
        tags: &'r [String],
    ) -> Self {
        let level = ("level", level.to_string());
        let stated = ATTRIBUTES.into_iter().zip(texts);
        let attributes = stated.filter_map(|(name, text)| Some((name, text?.clone()))).chain([level]).collect();
        Subject { attributes, tags, part }
    }
}

/// What a pipeline changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// A detection rule.
    Rule,
    /// A filter, for which its rule has been asked already.
    Filter,
    /// A correlation or baseline.
    OverRules,
}

/// A rule being changed.
struct Work<'r> {
    subject: &'r Subject<'r>,
    vars: &'r Placeholders,
    /// The rule's; those of all rules below a correlation or baseline.
    sources: Vec<LogSource>,
    conditions: Vec<String>,
    named: BTreeMap<String, Tree>,
    /// Of a field a correlation or baseline reads.
    names: Vec<String>,
    /// Set by `set_state`.
    state: BTreeMap<String, Json>,
    /// Ids of the transformations applied so far.
    applied: BTreeSet<String>,
    /// The same by field name.
    fields: BTreeMap<String, BTreeSet<String>>,
    /// Names of the detections that lost all their items.
    dropped: Vec<String>,
}
