//! Builds a rule set file by file; references between documents are resolved at the end.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::baseline::resolve::{self as baselines, resolve as resolve_baselines};
use crate::baseline::rule::BaselineRule;
use crate::collection;
use crate::correlation::resolve::{Resolved, resolve};
use crate::correlation::rule::CorrelationRule;
use crate::error::Error;
use crate::filter::Filter;
use crate::item::Scope;
use crate::processing::{Pipelines, Settings};
use crate::reading::Document;
use crate::rule::Rule;
use crate::rule_set::{Inactive, LoadError};
use crate::view::Columns;

/// Folders are not followed deeper, so that a link to itself ends.
const MAX_FOLDER_DEPTH: usize = 32;

pub(crate) fn read_folder(path: &Path, files: &mut Vec<(String, String)>, errors: &mut Vec<LoadError>, depth: usize) {
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

/// What a set is made of.
pub(crate) struct Loaded {
    pub rules: Vec<Arc<Rule>>,
    pub columns: Columns,
    pub resolved: Resolved,
    pub baselines: baselines::Resolved,
    pub inactive: Vec<Inactive>,
    pub errors: Vec<LoadError>,
}

/// Takes files one by one.
pub(crate) struct Loader<'s> {
    scope: Scope,
    pipelines: &'s Pipelines,
    rules: Vec<Rule>,
    filters: Vec<(String, Filter)>,
    correlations: Vec<CorrelationRule>,
    baselines: Vec<BaselineRule>,
    inactive: Vec<Inactive>,
    errors: Vec<LoadError>,
    ids: HashMap<String, String>,
}

impl<'s> Loader<'s> {
    pub(crate) fn new(settings: &'s Settings) -> Self {
        Loader {
            scope: Scope::new(Arc::new(settings.placeholders.clone()), settings.expressions),
            pipelines: &settings.pipelines,
            rules: Vec::new(),
            filters: Vec::new(),
            correlations: Vec::new(),
            baselines: Vec::new(),
            inactive: Vec::new(),
            errors: Vec::new(),
            ids: HashMap::new(),
        }
    }

    fn fail(&mut self, path: &str, error: &Error) {
        self.errors.push(LoadError { path: path.to_owned(), message: error.to_string() });
    }

    pub(crate) fn file(&mut self, path: &str, text: &str) {
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
            let filter = Filter::compile(Document::new(keys), path, &mut self.scope)?;
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
        } else if keys.contains_key("baseline") {
            self.baselines.push(BaselineRule::read(Document::new(keys), path)?);
        } else {
            match Rule::compile(Document::new(keys), path, self.pipelines, &mut self.scope) {
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

    pub(crate) fn finish(mut self) -> Loaded {
        for (path, filter) in std::mem::take(&mut self.filters) {
            let mut used = false;
            let mut rules = std::mem::take(&mut self.rules);
            // A rule that cannot be narrowed as someone wished is not used at all.
            rules.retain_mut(|rule| {
                if !filter.applies_to(rule) {
                    return true;
                }
                used = true;
                let narrowed = filter.apply(rule, self.pipelines, &mut self.scope);
                narrowed.inspect_err(|error| self.fail(&path, error)).is_ok()
            });
            self.rules = rules;
            if !used {
                let reference = filter.rules.unwrap_or_else(|| vec!["any".into()]).join(", ");
                self.fail(&path, &Error::UnknownReference { at: "filter.rules", reference });
            }
        }
        let rules: Vec<Arc<Rule>> = self.rules.into_iter().map(Arc::new).collect();
        let resolved = resolve(self.correlations, &rules, &self.inactive, self.pipelines);
        let baselines = resolve_baselines(self.baselines, &rules, &resolved.rules, &self.inactive, self.pipelines);
        let (inactive, errors) = (self.inactive, self.errors);
        Loaded { rules, columns: self.scope.columns, resolved, baselines, inactive, errors }
    }
}
