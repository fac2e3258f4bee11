//! A detection rule: what a person reads of it, and its compiled detection.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use model::event::LogSource;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::collection;
use crate::detection;
use crate::error::Error;
use crate::expression::Expression;
use crate::filter;
use crate::head::Head;
use crate::item::Scope;
use crate::placeholder::Placeholders;
use crate::processing::{Part, Pipelines, Settings};
use crate::reading::{Document, scalar};
use crate::router::covers;
use crate::section::Section;

/// One Sigma rule.
#[derive(Debug)]
pub struct Rule {
    /// What it says of itself.
    pub head: Head,
    /// Its licence, as SPDX names it.
    pub license: Option<String>,
    /// Fields worth showing to an analyst.
    pub fields: Vec<String>,
    /// Systems it is meant for.
    pub scope: Vec<String>,
    /// Which events it applies to; at least one part is stated.
    pub log_source: LogSource,
    /// What must be logged for it to work.
    pub log_source_definition: Option<String>,
    pub(crate) expression: Expression,
    /// The log source as written, before any pipeline.
    pub(crate) written_source: LogSource,
    /// What the expression was compiled from, to explain it by.
    pub(crate) section: Section,
    /// The filters that narrow it, in the order they were applied.
    pub(crate) filters: Vec<Arc<filter::Applied>>,
    /// The values its placeholders were filled from.
    pub(crate) placeholders: Arc<Placeholders>,
}

/// A field a rule asks about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FieldUse {
    /// Its name; empty for keywords.
    pub field: String,
    /// The combinations of modifiers it is used with, each in the order written; an empty one is plain use.
    pub modifiers: Vec<Vec<String>>,
    /// The detections that ask about it.
    pub detections: Vec<String>,
    /// Whether another field is compared with it (`fieldref`).
    pub compared: bool,
}

impl Deref for Rule {
    type Target = Head;

    fn deref(&self) -> &Head {
        &self.head
    }
}

impl Rule {
    /// Reads and compiles the one rule of a text by itself, for who writes it. Correlations, filters and texts of
    /// several rules are read by a [`RuleSet`](crate::RuleSet).
    pub fn read(text: &str, settings: &Settings) -> Result<Self, Error> {
        let mut documents = collection::documents(text)?;
        if documents.len() > 1 {
            return Err(Error::Yaml("the text holds several documents: give one rule".into()));
        }
        let document = documents.pop().ok_or(Error::Missing("title"))?;
        let mut scope = Scope::new(Arc::new(settings.placeholders.clone()), settings.expressions);
        Rule::compile(Document::new(document), "", &settings.pipelines, &mut scope)
    }

    /// Whether it is about events of one of these log sources.
    pub fn concerns<'s>(&self, sources: impl IntoIterator<Item = &'s LogSource>) -> bool {
        sources.into_iter().any(|source| covers(&self.log_source, source))
    }

    /// The fields its own detections ask about, in order of name, keywords first; filters are not counted.
    pub fn field_use(&self) -> Vec<FieldUse> {
        let mut found: BTreeMap<String, FieldUse> = BTreeMap::new();
        for (detection, key, value) in self.section.items() {
            let mut parts = key.split('|');
            let field = parts.next().unwrap_or_default();
            let modifiers: Vec<String> = parts.map(str::to_owned).collect();
            if modifiers.iter().any(|modifier| modifier == "fieldref") {
                let names = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                names
                    .iter()
                    .filter_map(Json::as_str)
                    .for_each(|name| used(&mut found, name, detection).compared = true);
            }
            let entry = used(&mut found, field, detection);
            if !entry.modifiers.contains(&modifiers) {
                entry.modifiers.push(modifiers);
            }
        }
        found.into_values().collect()
    }

    pub(crate) fn compile(
        mut document: Document,
        path: &str,
        pipelines: &Pipelines,
        scope: &mut Scope,
    ) -> Result<Self, Error> {
        let head = Head::take(&mut document, path)?;
        let (log_source, log_source_definition) = log_source(&document.required_map("logsource")?)?;
        let section = Section::read(document.required_map("detection")?, "detection", &[])?;
        let mut rule = Rule {
            license: document.text("license")?,
            fields: document.texts("fields")?,
            scope: document.texts("scope")?,
            log_source_definition,
            head: Head { custom: document.rest(), ..head },
            expression: Expression::And(Vec::new()),
            written_source: log_source.clone(),
            section,
            filters: Vec::new(),
            placeholders: scope.placeholders.clone(),
            log_source,
        };
        if !pipelines.is_empty() {
            let (mut section, mut log_source) = (rule.section.clone(), rule.log_source.clone());
            pipelines.apply(&rule.subject(Part::Rule), &mut section, &mut log_source)?;
            (rule.section, rule.log_source) = (section, log_source);
        }
        rule.expression = detection::compile(&rule.section, "detection", scope)?;
        Ok(rule)
    }
}

fn used<'f>(found: &'f mut BTreeMap<String, FieldUse>, field: &str, detection: &str) -> &'f mut FieldUse {
    let new = || FieldUse { field: field.to_owned(), modifiers: Vec::new(), detections: Vec::new(), compared: false };
    let entry = found.entry(field.to_owned()).or_insert_with(new);
    if !entry.detections.iter().any(|known| known == detection) {
        entry.detections.push(detection.to_owned());
    }
    entry
}

/// The parts of a `logsource` section that say which events are meant, and its `definition`.
pub(crate) fn log_source(section: &Map<String, Json>) -> Result<(LogSource, Option<String>), Error> {
    let part = |key: &str| match section.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(value) => scalar(value)
            .map(|text| Some(text.to_lowercase()))
            .ok_or_else(|| Error::invalid(format!("logsource.{key}"), "must be text")),
    };
    let source = LogSource { category: part("category")?, product: part("product")?, service: part("service")? };
    if source == LogSource::default() {
        return Err(Error::invalid("logsource", "states no category, product or service: state at least one"));
    }
    Ok((source, section.get("definition").and_then(scalar)))
}
