//! Sources: one data folder per product, each with a `source.toml`, embedded and overridable from a folder.

mod alarm;
mod compile;
mod condition;
mod definition;
mod error;
mod every_step;
mod index;
mod layout;
mod lines;
mod literals;
mod mapping;
mod part;
mod recognise;
mod route;
mod step;
mod step_file;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use include_dir::{Dir, include_dir};
use model::event::{Alarm, Fields, LogSource, Value};
use model::{Severity, Timestamp};
use sha2::{Digest, Sha256};

pub use error::{Place, SourceError};
pub use lines::{Line, RecordStart};
pub use route::{Interner, Route};
pub(crate) use step::within;

use crate::time::{self, Format, Zone};
use alarm::{AlarmRule, Translated};
pub(crate) use every_step::try_steps;
use index::Index;
pub(crate) use index::View;
pub(crate) use layout::{Layout, Misfit};
use literals::Rarity;
use mapping::is_present;
pub(crate) use mapping::typed;
use route::Router;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../sources");
/// Counted once: sources are compiled again and again while somebody edits one.
static RARITY: LazyLock<Rarity> = LazyLock::new(|| Rarity::of(Sources::samples().map(|(_, text)| text)));

/// All known sources in the order they are asked.
#[derive(Debug)]
pub struct Sources {
    sources: Vec<Source>,
    index: Index,
    interner: Arc<Interner>,
    hash: String,
}

impl Sources {
    /// The sources that come with the program.
    pub fn embedded() -> Result<Sources, SourceError> {
        Sources::from_texts(Sources::embedded_texts())
    }

    /// The texts of the embedded sources by name.
    pub fn embedded_texts() -> BTreeMap<String, String> {
        embedded_texts()
    }

    /// The embedded sources, with each folder of `dir` in place of the embedded one of the same name or beside them.
    pub fn load(dir: &Path) -> Result<Sources, SourceError> {
        Sources::from_texts(Sources::texts_with(dir)?)
    }

    /// The texts of the embedded sources, with each folder of `dir` in place of the embedded one of the same name or
    /// beside them.
    pub fn texts_with(dir: &Path) -> Result<BTreeMap<String, String>, SourceError> {
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
        Ok(texts)
    }

    /// The samples that come with the program: source and text, one record a line.
    pub fn samples() -> impl Iterator<Item = (&'static str, &'static str)> {
        EMBEDDED.dirs().flat_map(|source| {
            let name = source.path().to_str().unwrap_or_default();
            let samples = source.dirs().flat_map(|folder| folder.files());
            let logs = samples.filter(|file| file.path().extension().is_some_and(|kind| kind == "log"));
            logs.filter_map(move |file| Some((name, file.contents_utf8()?)))
        })
    }

    /// Sources from the texts of their `source.toml`, by name.
    pub fn from_texts(texts: BTreeMap<String, String>) -> Result<Sources, SourceError> {
        let interner = Arc::new(Interner::default());
        let hash = hash(&texts);
        let mut sources = texts
            .into_iter()
            .map(|(name, text)| Source::compile(&name, &text, interner.clone()))
            .collect::<Result<Vec<_>, _>>()?;
        sources.sort_by_key(|source| source.order);
        let index = Index::new(&sources, &RARITY).ok_or(SourceError::TooMany { most: index::MAX_LAYOUTS })?;
        Ok(Sources { sources, index, interner, hash })
    }

    /// SHA-256 over names and texts, in hexadecimal: equal sets are equal sources.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The source of this name.
    pub fn find(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| *source.name == *name)
    }

    /// How records of several lines begin, by source.
    pub fn record_starts(&self) -> HashMap<Arc<str>, RecordStart> {
        self.iter().filter_map(|source| Some((source.name.clone(), source.record_start()?.clone()))).collect()
    }

    /// All sources in the order they are asked.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter()
    }

    /// The first source and layout that takes a record, asked in order: `ask` says what it makes of it.
    pub(crate) fn recognise<'s, T>(
        &'s self,
        view: View<'_>,
        mut ask: impl FnMut(&'s Source, &'s Layout) -> Option<T>,
    ) -> Option<T> {
        self.index.find(view, |source, layout| {
            let source = &self.sources[source];
            ask(source, &source.layouts[layout])
        })
    }

    pub(crate) fn interner(&self) -> &Interner {
        &self.interner
    }
}

fn hash(texts: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for part in texts.iter().flat_map(|(name, text)| [name, text]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
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
    time_formats: Vec<Format>,
    layouts: Vec<Layout>,
    router: Router,
    severity: Option<Translated<Severity>>,
    alarm: Option<AlarmRule>,
    /// The text after the syslog header is the core field `message`.
    pub(crate) keeps_message: bool,
    record_start: Option<RecordStart>,
}

impl Source {
    pub(crate) fn layouts(&self) -> &[Layout] {
        &self.layouts
    }

    /// What the first line of a record looks like, where a record may have several lines.
    pub fn record_start(&self) -> Option<&RecordStart> {
        self.record_start.as_ref()
    }

    /// The Sigma log sources its records may belong to.
    pub fn log_sources(&self) -> Vec<LogSource> {
        self.router.log_sources()
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
    pub(crate) fn time<'a>(
        &self,
        fields: &Fields<'a>,
        zone: Zone,
        received: Timestamp,
    ) -> Option<(Timestamp, Cow<'a, str>)> {
        let zone = self.time_zone.unwrap_or(zone);
        self.time_fields.iter().find_map(|names| {
            let mut text = Cow::Borrowed("");
            for name in names {
                let part = match fields.get(name).filter(|value| is_present(value, &self.absent))? {
                    Value::Str(text) => text.clone(),
                    other => Cow::Owned(other.text()?.into_owned()),
                };
                if text.is_empty() {
                    text = part;
                } else {
                    let text = text.to_mut();
                    text.push(' ');
                    text.push_str(&part);
                }
            }
            let told = self.time_formats.iter().find_map(|format| format.parse(&text));
            let time = match told {
                Some(written) => written.resolve(zone, received)?,
                None => time::parse(&text, zone, received)?,
            };
            Some((time, text))
        })
    }
}
