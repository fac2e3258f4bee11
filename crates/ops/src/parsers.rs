//! The sources in force: those built in or in the configured folder, and the parsers of our own over them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use formats::{Parser, SourceError, Sources};
use tokio::sync::watch;

/// Every source there is, compiled. What is replaced stays in use by whoever holds it.
#[derive(Debug)]
pub struct Parsers {
    base: BTreeMap<String, String>,
    /// Those of `base` that come from the configured folder.
    folder: BTreeSet<String>,
    live: RwLock<Parser>,
    replaced: watch::Sender<u64>,
}

impl Parsers {
    /// The embedded sources, with those of a folder in place of or beside them.
    pub fn new(folder: Option<&std::path::Path>) -> Result<Parsers, SourceError> {
        let embedded = Sources::embedded_texts();
        let base = match folder {
            Some(folder) => Sources::texts_with(folder)?,
            None => embedded.clone(),
        };
        let from_folder = base.iter().filter(|(name, text)| embedded.get(*name) != Some(text));
        let folder = from_folder.map(|(name, _)| name.clone()).collect();
        Parsers::of(base, folder)
    }

    /// These sources, of which `folder` names those that do not come with the program.
    pub fn of(base: BTreeMap<String, String>, folder: BTreeSet<String>) -> Result<Parsers, SourceError> {
        let live = RwLock::new(Parser::new(Arc::new(Sources::from_texts(base.clone())?)));
        Ok(Parsers { base, folder, live, replaced: watch::Sender::new(0) })
    }

    /// The parser in force.
    pub fn live(&self) -> Parser {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes up whenever another parser is put in force.
    pub fn replaced(&self) -> watch::Receiver<u64> {
        self.replaced.subscribe()
    }

    /// The built-in text of a name, if there is one.
    pub(crate) fn base(&self, name: &str) -> Option<&str> {
        self.base.get(name).map(String::as_str)
    }

    /// Names and texts without those of our own.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.base.keys()
    }

    pub(crate) fn is_of_folder(&self, name: &str) -> bool {
        self.folder.contains(name)
    }

    /// All sources with these of our own over them. One that no longer compiles, after an update, is left out and
    /// logged: it was right when it was saved, and the others must not suffer.
    pub(crate) fn with(&self, own: &BTreeMap<String, String>) -> Result<Parser, SourceError> {
        let together = |own: &BTreeMap<String, String>| {
            let mut texts = self.base.clone();
            texts.extend(own.iter().map(|(name, text)| (name.clone(), text.clone())));
            Sources::from_texts(texts)
        };
        let sources = match together(own) {
            Ok(sources) => sources,
            Err(_) => {
                let good = |(name, text): &(&String, &String)| {
                    let one = BTreeMap::from([((*name).clone(), (*text).clone())]);
                    Sources::from_texts(one)
                        .inspect_err(|error| tracing::error!(%error, "a parser of our own is left out"))
                        .is_ok()
                };
                together(&own.iter().filter(good).map(|(name, text)| (name.clone(), text.clone())).collect())?
            }
        };
        Ok(Parser::new(Arc::new(sources)))
    }

    /// Puts a parser in force; gives whether it is another one.
    pub(crate) fn replace(&self, parser: &Parser) -> bool {
        let mut live = self.live.write().unwrap_or_else(PoisonError::into_inner);
        let other = live.sources().hash() != parser.sources().hash();
        if other {
            *live = parser.clone();
            self.replaced.send_modify(|count| *count += 1);
        }
        other
    }
}
