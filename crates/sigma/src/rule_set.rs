//! A loaded set of rules: never fails as a whole, says what could not be used, and matches events.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use model::event::{Event, LogSource, Value};

use crate::collection;
use crate::correlation::resolve::resolve;
use crate::correlation::rule::CorrelationRule;
use crate::error::Error;
use crate::expression::MatchedField;
use crate::filter::Filter;
use crate::item::Scope;
use crate::placeholder::Placeholders;
use crate::reading::Document;
use crate::router::{Router, covers};
use crate::rule::Rule;
use crate::view::{Columns, View};

/// A rule or correlation that is understood but not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inactive {
    /// The file.
    pub path: String,
    /// The rule's id.
    pub id: String,
    /// The rule's title.
    pub title: String,
    /// Why, and what would activate it.
    pub reason: String,
}

/// A document that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// The file.
    pub path: String,
    /// What is wrong, where, and what to do.
    pub message: String,
}

/// A rule that fired.
#[derive(Debug, Clone)]
pub struct Match<'r> {
    /// The rule.
    pub rule: &'r Arc<Rule>,
    /// What of the event made it fire.
    pub fields: Vec<MatchedField>,
}

/// What events without certain fields leave of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Fields it asks about that do not come.
    pub missing: Vec<String>,
    /// Whether it can fire all the same.
    pub can_fire: bool,
}

/// Rules and correlations ready to be matched.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<Arc<Rule>>,
    correlations: Vec<Arc<CorrelationRule>>,
    inactive: Vec<Inactive>,
    errors: Vec<LoadError>,
    by_id: HashMap<String, usize>,
    only_correlated: HashSet<String>,
    columns: Columns,
    router: Router,
}

impl RuleSet {
    /// Loads files given as (path, text), with no placeholder filled.
    pub fn load(files: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::load_with(files, &Placeholders::new())
    }

    /// Loads files given as (path, text).
    pub fn load_with(files: impl IntoIterator<Item = (String, String)>, placeholders: &Placeholders) -> Self {
        let mut loader = Loader::new(placeholders);
        for (path, text) in files {
            loader.file(&path, &text);
        }
        loader.finish()
    }

    /// Loads every `.yml` and `.yaml` file of a folder and those under it, in order of path. A file that cannot be
    /// read is an entry of [`RuleSet::errors`].
    pub fn load_dir(path: impl AsRef<Path>) -> Self {
        let mut loader_errors = Vec::new();
        let mut files = Vec::new();
        read_folder(path.as_ref(), &mut files, &mut loader_errors, 0);
        let mut set = Self::load(files);
        set.errors.splice(0..0, loader_errors);
        set
    }

    /// The active rules in the order they were loaded.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// The active correlations.
    pub fn correlations(&self) -> &[Arc<CorrelationRule>] {
        &self.correlations
    }

    /// What is understood but not used.
    pub fn inactive(&self) -> &[Inactive] {
        &self.inactive
    }

    /// What could not be used.
    pub fn errors(&self) -> &[LoadError] {
        &self.errors
    }

    /// A rule by its id.
    pub fn rule(&self, id: &str) -> Option<&Arc<Rule>> {
        self.by_id.get(id).map(|&position| &self.rules[position])
    }

    /// Whether this rule (or correlation) serves correlations only and its matches are no alerts of their own: a
    /// correlation refers to it and none that does says `generate: true`.
    pub fn is_only_correlated(&self, id: &str) -> bool {
        self.only_correlated.contains(id)
    }

    /// The active rules that apply to events of any of these log sources, in the order they were loaded.
    pub fn concerned(&self, sources: &[LogSource]) -> impl Iterator<Item = &Arc<Rule>> {
        self.rules.iter().filter(|rule| sources.iter().any(|source| covers(&rule.log_source, source)))
    }

    /// What becomes of a rule where events have only the fields `has` says.
    pub fn reach(&self, rule: &Rule, has: impl Fn(&str) -> bool) -> Reach {
        let mut columns = BTreeSet::new();
        rule.expression.columns(&mut columns);
        let names = columns.into_iter().map(|column| self.columns.name(column).to_owned());
        let missing = names.filter(|name| !has(name)).collect();
        Reach { missing, can_fire: rule.expression.may_hold(&|column| has(self.columns.name(column))) }
    }

    /// The rules the event satisfies, those that are only correlated included, in the order they were loaded.
    pub fn matches<'r>(&'r self, event: &Event<'_>) -> Vec<Match<'r>> {
        let gates = self.router.candidates(&event.log_sources, &self.rules);
        if gates.candidates.is_empty() {
            return Vec::new();
        }
        let raw = Value::from(event.raw);
        let view = View::new(event, &raw, &self.columns);
        self.evaluate(gates.passed(&view), &view)
    }

    /// The same, asking every rule whose log source fits: what [`RuleSet::matches`] must agree with.
    pub fn matches_plainly<'r>(&'r self, event: &Event<'_>) -> Vec<Match<'r>> {
        let raw = Value::from(event.raw);
        let view = View::new(event, &raw, &self.columns);
        let gates = self.router.candidates(&event.log_sources, &self.rules);
        self.evaluate(gates.candidates.iter().copied(), &view)
    }

    fn evaluate<'r>(&'r self, positions: impl Iterator<Item = u32>, view: &View<'_>) -> Vec<Match<'r>> {
        let rules = positions.map(|position| &self.rules[position as usize]);
        rules
            .filter(|rule| rule.expression.holds(view))
            .map(|rule| {
                let mut fields = Vec::new();
                rule.expression.matched(view, &mut fields);
                Match { rule, fields }
            })
            .collect()
    }
}

/// Folders are not followed deeper, so that a link to itself ends.
const MAX_FOLDER_DEPTH: usize = 32;

fn read_folder(path: &Path, files: &mut Vec<(String, String)>, errors: &mut Vec<LoadError>, depth: usize) {
    let failed = |path: &Path, problem: String| LoadError { path: path.display().to_string(), message: problem };
    let entries = match std::fs::read_dir(path) {
        Ok(entries) if depth <= MAX_FOLDER_DEPTH => entries,
        Ok(_) => return errors.push(failed(path, format!("folders are nested deeper than {MAX_FOLDER_DEPTH}"))),
        Err(error) => return errors.push(failed(path, format!("cannot list the folder: {error}"))),
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_folder(&path, files, errors, depth + 1);
        } else if path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml") {
            match std::fs::read_to_string(&path) {
                Ok(text) => files.push((path.display().to_string(), text)),
                Err(error) => errors.push(failed(&path, format!("cannot read the file: {error}"))),
            }
        }
    }
}

/// Builds a set file by file; references between documents are resolved at the end.
struct Loader<'p> {
    placeholders: &'p Placeholders,
    columns: Columns,
    rules: Vec<Rule>,
    filters: Vec<(String, Filter)>,
    correlations: Vec<CorrelationRule>,
    inactive: Vec<Inactive>,
    errors: Vec<LoadError>,
    ids: HashMap<String, String>,
}

impl<'p> Loader<'p> {
    fn new(placeholders: &'p Placeholders) -> Self {
        Loader {
            placeholders,
            columns: Columns::default(),
            rules: Vec::new(),
            filters: Vec::new(),
            correlations: Vec::new(),
            inactive: Vec::new(),
            errors: Vec::new(),
            ids: HashMap::new(),
        }
    }

    fn scope(&mut self) -> Scope<'_> {
        Scope { columns: &mut self.columns, placeholders: self.placeholders }
    }

    fn fail(&mut self, path: &str, error: &Error) {
        self.errors.push(LoadError { path: path.to_owned(), message: error.to_string() });
    }

    fn file(&mut self, path: &str, text: &str) {
        match collection::documents(text) {
            Err(error) => self.fail(path, &error),
            Ok(documents) => {
                for keys in documents {
                    if let Err(error) = self.document(path, keys) {
                        self.fail(path, &error);
                    }
                }
            }
        }
    }

    fn document(&mut self, path: &str, keys: serde_json::Map<String, serde_json::Value>) -> Result<(), Error> {
        let mut head = Document::new(keys.clone());
        let (is_correlation, is_filter) = (keys.contains_key("correlation"), keys.contains_key("filter"));
        if is_filter && !keys.contains_key("detection") {
            let mut scope = self.scope();
            let filter = Filter::compile(Document::new(keys), &mut scope)?;
            self.filters.push((path.to_owned(), filter));
            return Ok(());
        }
        let title = head.required_text("title")?;
        let id = head.id(path, &title)?;
        self.claim(&id, path)?;
        let inactive =
            |reason: String| Inactive { path: path.to_owned(), id: id.clone(), title: title.clone(), reason };
        if let Some(status @ ("deprecated" | "unsupported")) = head.text("status")?.as_deref() {
            self.inactive.push(inactive(format!("its status is {status}")));
        } else if is_correlation {
            self.correlations.push(CorrelationRule::read(Document::new(keys), path)?);
        } else {
            match Rule::compile(Document::new(keys), path, &mut self.scope()) {
                Ok(rule) => self.rules.push(rule),
                Err(error @ Error::Placeholder(_)) => self.inactive.push(inactive(error.to_string())),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn claim(&mut self, id: &str, path: &str) -> Result<(), Error> {
        match self.ids.get(id) {
            Some(first) => Err(Error::DuplicateId { id: id.to_owned(), first: first.clone() }),
            None => {
                self.ids.insert(id.to_owned(), path.to_owned());
                Ok(())
            }
        }
    }

    fn finish(mut self) -> RuleSet {
        for (path, filter) in std::mem::take(&mut self.filters) {
            let mut used = false;
            for rule in self.rules.iter_mut().filter(|rule| filter.applies_to(rule)) {
                filter.apply(rule);
                used = true;
            }
            if !used {
                let reference = filter.rules.unwrap_or_else(|| vec!["any".into()]).join(", ");
                self.fail(&path, &Error::UnknownReference { at: "filter.rules", reference });
            }
        }
        let rules: Vec<Arc<Rule>> = self.rules.into_iter().map(Arc::new).collect();
        let resolved = resolve(self.correlations, &rules, &self.inactive);
        self.inactive.extend(resolved.inactive);
        self.errors.extend(resolved.errors);
        RuleSet {
            router: Router::new(&rules),
            by_id: rules.iter().enumerate().map(|(position, rule)| (rule.id.clone(), position)).collect(),
            rules,
            correlations: resolved.rules,
            inactive: self.inactive,
            errors: self.errors,
            only_correlated: resolved.only_correlated,
            columns: self.columns,
        }
    }
}
