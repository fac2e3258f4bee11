//! A detection rule: what a person reads of it, and its compiled detection.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::Severity;
use model::event::LogSource;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use crate::collection;
use crate::detection;
use crate::error::Error;
use crate::expression::Expression;
use crate::filter;
use crate::item::Scope;
use crate::placeholder::Placeholders;
use crate::processing::{Part, Pipelines, Settings, Subject};
use crate::reading::{Document, scalar};
use crate::router::covers;
use crate::section::Section;

/// One Sigma rule.
#[derive(Debug)]
pub struct Rule {
    /// The rule's id; made of path and title where the file gives none.
    pub id: String,
    /// The name correlations may call it by.
    pub name: Option<String>,
    /// The title.
    pub title: String,
    /// `stable`, `test`, `experimental`.
    pub status: Option<String>,
    /// How bad a match is; medium where the rule does not say.
    pub level: Severity,
    /// What it detects.
    pub description: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// Its licence, as SPDX names it.
    pub license: Option<String>,
    /// Day it was written, as written.
    pub date: Option<String>,
    /// Day it was last changed, as written.
    pub modified: Option<String>,
    /// Sources.
    pub references: Vec<String>,
    /// Tags such as `attack.t1059.001`.
    pub tags: Vec<String>,
    /// Known harmless causes.
    pub falsepositives: Vec<String>,
    /// Fields worth showing to an analyst.
    pub fields: Vec<String>,
    /// Systems it is meant for.
    pub scope: Vec<String>,
    /// Which events it applies to; at least one part is stated.
    pub log_source: LogSource,
    /// What must be logged for it to work.
    pub log_source_definition: Option<String>,
    /// The file it came from.
    pub path: String,
    /// Top-level keys the specification does not know, `related` and `taxonomy` among them.
    pub custom: Map<String, Json>,
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

    /// What pipelines can ask of it while they change it or its filter.
    pub(crate) fn subject(&self, part: Part) -> Subject<'_> {
        let Rule { title, id, status, description, author, date, modified, .. } = self;
        let others = [status, description, author, date, modified].map(Option::as_ref);
        let texts = [Some(title), Some(id)].into_iter().chain(others);
        Subject::new(part, texts, self.level, &self.tags)
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

    /// ATT&CK techniques among its tags, as ATT&CK writes them: `T1059.001`.
    pub fn techniques(&self) -> Vec<String> {
        techniques(&self.tags)
    }

    /// ATT&CK tactics among its tags: `execution`, `lateral-movement`.
    pub fn tactics(&self) -> Vec<String> {
        tactics(&self.tags)
    }

    pub(crate) fn compile(
        mut document: Document,
        path: &str,
        pipelines: &Pipelines,
        scope: &mut Scope,
    ) -> Result<Self, Error> {
        let title = document.required_text("title")?;
        let (log_source, log_source_definition) = log_source(&document.required_map("logsource")?)?;
        let section = Section::read(document.required_map("detection")?, "detection", &[])?;
        let mut rule = Rule {
            id: document.id(path, &title)?,
            name: document.text("name")?,
            status: document.text("status")?,
            level: document.level()?,
            description: document.text("description")?,
            author: document.text("author")?,
            license: document.text("license")?,
            date: document.text("date")?,
            modified: document.text("modified")?,
            references: document.texts("references")?,
            tags: document.texts("tags")?,
            falsepositives: document.texts("falsepositives")?,
            fields: document.texts("fields")?,
            scope: document.texts("scope")?,
            title,
            log_source_definition,
            path: path.to_owned(),
            custom: document.rest(),
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

pub(crate) fn techniques(tags: &[String]) -> Vec<String> {
    let is_technique =
        |tag: &&str| tag.strip_prefix('t').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    attack(tags).filter(|tag| is_technique(&tag.as_str())).map(|tag| tag.to_uppercase()).collect()
}

pub(crate) fn tactics(tags: &[String]) -> Vec<String> {
    let is_numbered = |tag: &str| {
        let mut letters = tag.chars();
        letters.next().is_some_and(|c| matches!(c, 't' | 's' | 'g'))
            && letters.next().is_some_and(|c| c.is_ascii_digit())
    };
    attack(tags).filter(|tag| !is_numbered(tag)).map(|tag| tag.replace('_', "-")).collect()
}

fn attack(tags: &[String]) -> impl Iterator<Item = String> {
    tags.iter().filter_map(|tag| tag.to_lowercase().strip_prefix("attack.").map(str::to_owned))
}
