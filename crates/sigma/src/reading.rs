//! Reading the plain keys of a rule document.

use model::Severity;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use crate::error::Error;

/// A document whose keys are taken out one by one; what is left are custom fields.
pub(crate) struct Document {
    keys: Map<String, Json>,
}

impl Document {
    /// A document to take apart.
    pub(crate) fn new(keys: Map<String, Json>) -> Self {
        Document { keys }
    }

    /// Takes any value.
    pub(crate) fn take(&mut self, key: &str) -> Option<Json> {
        self.keys.remove(key).filter(|value| !value.is_null())
    }

    /// Whether the key is there, be it null.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// Takes text; numbers and booleans as they are written.
    pub(crate) fn text(&mut self, key: &str) -> Result<Option<String>, Error> {
        match self.take(key) {
            None => Ok(None),
            Some(value) => scalar(&value).map(Some).ok_or_else(|| Error::invalid(key, "must be text")),
        }
    }

    /// Takes text that must be there.
    pub(crate) fn required_text(&mut self, key: &'static str) -> Result<String, Error> {
        self.text(key)?.filter(|text| !text.trim().is_empty()).ok_or(Error::Missing(key))
    }

    /// Takes a list of texts; a single text is a list of one.
    pub(crate) fn texts(&mut self, key: &str) -> Result<Vec<String>, Error> {
        match self.take(key) {
            None => Ok(Vec::new()),
            Some(value) => texts(&value, key),
        }
    }

    /// Takes a map that must be there.
    pub(crate) fn required_map(&mut self, key: &'static str) -> Result<Map<String, Json>, Error> {
        match self.take(key) {
            Some(Json::Object(map)) => Ok(map),
            Some(_) => Err(Error::invalid(key, "must be a map of keys")),
            None => Err(Error::Missing(key)),
        }
    }

    /// Takes the level; a rule without one is of medium level.
    pub(crate) fn level(&mut self) -> Result<Severity, Error> {
        match self.text("level")? {
            None => Ok(Severity::Medium),
            Some(level) => level
                .to_ascii_lowercase()
                .parse()
                .map_err(|error: model::severity::UnknownSeverity| Error::invalid("level", format!("is an {error}"))),
        }
    }

    /// Takes the id. A document without one gets one made of its path and title, so that it stays the same until
    /// one of them changes.
    pub(crate) fn id(&mut self, path: &str, title: &str) -> Result<String, Error> {
        Ok(self.text("id")?.unwrap_or_else(|| derived_id(path, title)))
    }

    /// What was not taken.
    pub(crate) fn rest(self) -> Map<String, Json> {
        self.keys
    }
}

/// A single value as text.
pub(crate) fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// One text or a list of texts; empty entries are left out.
pub(crate) fn texts(value: &Json, at: &str) -> Result<Vec<String>, Error> {
    let values = match value {
        Json::Array(values) => values.as_slice(),
        single => std::slice::from_ref(single),
    };
    let present = values.iter().filter(|value| !value.is_null());
    present.map(|value| scalar(value).ok_or_else(|| Error::invalid(at, "must be a list of texts"))).collect()
}

fn derived_id(path: &str, title: &str) -> String {
    let digest = Sha256::digest(format!("{path}\0{title}"));
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-8{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}
