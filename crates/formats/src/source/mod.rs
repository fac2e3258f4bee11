//! Sources: one data folder per product, each with a `source.toml`, embedded and overridable from a folder.

mod alarm;
mod definition;
mod error;
mod mapping;
mod part;
mod recognise;
mod route;
mod step;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use model::event::{Alarm, Fields};
use model::{Severity, Timestamp};

pub use error::SourceError;
pub use route::{Interner, Route};

use crate::builder::Builder;
use crate::time::{self, Zone};
use alarm::{AlarmRule, Translated};
use definition::SourceFile;
pub(crate) use mapping::typed;
use mapping::{Lookup, is_present};
use recognise::Recogniser;
use route::{Base, Router};
use step::{Step, constant};

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../sources");

/// All known sources in the order they are asked.
#[derive(Debug)]
pub struct Sources {
    sources: Vec<Source>,
    interner: Arc<Interner>,
}

impl Sources {
    /// The sources that come with the program.
    pub fn embedded() -> Result<Sources, SourceError> {
        Sources::from_texts(embedded_texts())
    }

    /// The embedded sources, with each folder of `dir` in place of the embedded one of the same name or beside them.
    pub fn load(dir: &Path) -> Result<Sources, SourceError> {
        let read = |path: &Path, source| SourceError::Read { path: path.to_owned(), source };
        let mut texts = embedded_texts();
        for entry in std::fs::read_dir(dir).map_err(|error| read(dir, error))? {
            let path = entry.map_err(|error| read(dir, error))?.path();
            let file = path.join("source.toml");
            if let Some(name) = path.file_name().and_then(|name| name.to_str())
                && file.is_file()
            {
                let text = std::fs::read_to_string(&file).map_err(|error| read(&file, error))?;
                texts.insert(name.to_owned(), text);
            }
        }
        Sources::from_texts(texts)
    }

    /// Sources from the texts of their `source.toml`, by name.
    pub fn from_texts(texts: BTreeMap<String, String>) -> Result<Sources, SourceError> {
        let interner = Arc::new(Interner::default());
        let mut sources = texts
            .into_iter()
            .map(|(name, text)| Source::compile(&name, &text, interner.clone()))
            .collect::<Result<Vec<_>, _>>()?;
        sources.sort_by_key(|source| source.order);
        Ok(Sources { sources, interner })
    }

    /// The source of this name.
    pub fn find(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| *source.name == *name)
    }

    /// All sources in the order they are asked.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter()
    }

    pub(crate) fn interner(&self) -> &Interner {
        &self.interner
    }
}

fn embedded_texts() -> BTreeMap<String, String> {
    EMBEDDED
        .dirs()
        .filter_map(|dir| {
            let text = dir.get_file(dir.path().join("source.toml"))?.contents_utf8()?;
            Some((dir.path().file_name()?.to_str()?.to_owned(), text.to_owned()))
        })
        .collect()
}

/// One product's records: how to know them, take them apart and name their parts.
#[derive(Debug)]
pub struct Source {
    /// The folder's name, which is the event's `source`.
    pub name: Arc<str>,
    /// Who makes the product.
    pub vendor: String,
    /// The product.
    pub product: String,
    order: i32,
    absent: Vec<String>,
    time_fields: Vec<Vec<String>>,
    time_zone: Option<Zone>,
    variants: Vec<(Recogniser, Vec<Step>)>,
    router: Router,
    severity: Option<Translated<Severity>>,
    alarm: Option<AlarmRule>,
    /// The text after the syslog header is the core field `message`.
    pub(crate) keeps_message: bool,
}

impl Source {
    fn compile(name: &str, text: &str, interner: Arc<Interner>) -> Result<Source, SourceError> {
        let file = format!("sources/{name}/source.toml");
        let invalid =
            |key: &str, problem: String| SourceError::Invalid { file: file.clone(), key: key.to_owned(), problem };
        let parsed: SourceFile = toml::from_str(text)
            .map_err(|source| SourceError::Syntax { file: file.clone(), source: Box::new(source) })?;
        let lookups: BTreeMap<String, Arc<Lookup>> = parsed
            .lookup
            .into_iter()
            .map(|(name, table)| {
                let entries = table.into_iter().map(|(key, value)| (key, constant(&value)));
                (name, Arc::new(Lookup::new(entries)))
            })
            .collect();
        let table = |key: &str, name: &str| {
            lookups.get(name).cloned().ok_or_else(|| invalid(key, format!("there is no table `[lookup.{name}]`")))
        };
        let severity = match &parsed.severity {
            None => None,
            Some(looked) => Some(
                Translated::new(looked, table("severity.lookup", &looked.lookup)?, alarm::severity)
                    .map_err(|problem| invalid("severity.default", problem))?,
            ),
        };
        let always = parsed.alarm.as_ref().is_some_and(|alarm| alarm.always);
        let alarm = match parsed.alarm {
            None => None,
            Some(section) => {
                let outcome = match &section.outcome {
                    None => None,
                    Some(looked) => Some(
                        Translated::new(looked, table("alarm.outcome.lookup", &looked.lookup)?, alarm::outcome)
                            .map_err(|problem| invalid("alarm.outcome.default", problem))?,
                    ),
                };
                Some(AlarmRule::new(section, outcome).map_err(|(key, problem)| invalid(key, problem))?)
            }
        };
        let mut variants = Vec::new();
        for variant in parsed.variant {
            let recogniser = Recogniser::new(variant.recognise).ok_or_else(|| {
                invalid("variant.recognise", "it has no condition: give it a program or a text".into())
            })?;
            let steps = variant
                .step
                .into_iter()
                .map(|step| {
                    Step::compile(step).map_err(|(key, problem)| invalid(&format!("variant.step.{key}"), problem))
                })
                .collect::<Result<Vec<_>, _>>()?;
            variants.push((recogniser, steps));
        }
        let time_zone = match parsed.time.zone {
            None => None,
            Some(zone) => Some(zone.parse().map_err(|error| invalid("time.zone", format!("{error}")))?),
        };
        let base = Base {
            core: parsed.core,
            constants: parsed.constants,
            aliases: parsed.aliases,
            log_sources: parsed.log_source,
            alarm: always,
            lookups,
        };
        Ok(Source {
            name: Arc::from(name),
            vendor: parsed.vendor,
            product: parsed.product,
            order: parsed.order,
            absent: parsed.absent,
            time_fields: parsed
                .time
                .fields
                .iter()
                .map(|fields| fields.split_whitespace().map(str::to_owned).collect())
                .collect(),
            time_zone,
            variants,
            router: Router::new(base, parsed.case, interner).map_err(|(key, problem)| invalid(&key, problem))?,
            severity,
            alarm,
            keeps_message: parsed.keep_message,
        })
    }

    /// The record's fields, if it is of this source: what the header said, and what the steps of the first layout
    /// that fits found.
    pub(crate) fn take_apart<'a>(
        &'a self,
        program: Option<&str>,
        message: &'a str,
        header: &dyn Fn(&mut Builder<'a>),
    ) -> Option<Fields<'a>> {
        for (recogniser, steps) in &self.variants {
            if !recogniser.may_be(program, message) {
                continue;
            }
            let mut builder = Builder::new();
            header(&mut builder);
            let fits = steps.iter().all(|step| step.apply(message, &mut builder))
                && recogniser.fields.iter().all(|name| builder.get(name).is_some());
            if fits {
                return Some(builder.finish());
            }
        }
        None
    }

    pub(crate) fn route(&self, fields: &Fields) -> &Route {
        self.router.route(fields)
    }

    pub(crate) fn absent(&self) -> &[String] {
        &self.absent
    }

    pub(crate) fn severity(&self, fields: &Fields) -> Option<Severity> {
        self.severity.as_ref().map(|severity| severity.get(fields, &self.absent))
    }

    pub(crate) fn alarm<'a>(&self, fields: &Fields<'a>, severity: Option<Severity>) -> Option<Alarm<'a>> {
        self.alarm.as_ref()?.apply(fields, severity.unwrap_or(Severity::Medium), &self.absent)
    }

    /// The record's time by its own fields, and the text it was read from.
    pub(crate) fn time(&self, fields: &Fields, zone: Zone, received: Timestamp) -> Option<(Timestamp, String)> {
        let zone = self.time_zone.unwrap_or(zone);
        self.time_fields.iter().find_map(|names| {
            let mut text = String::new();
            for name in names {
                let value = fields.get(name).filter(|value| is_present(value, &self.absent))?;
                if !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(&value.text()?);
            }
            Some((time::parse(&text, zone, received)?, text))
        })
    }
}
