//! Where the next fetch goes on, as one text that is kept beside the feed.

use serde::{Deserialize, Serialize};

/// What is remembered between fetches. Empty is the beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// TAXII: the newest addition seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added_after: Option<String>,
    /// MISP: the newest change seen, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<i64>,
    /// A digest of what was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

impl Place {
    /// What cannot be read is the beginning: everything is fetched once more.
    pub fn read(text: &str) -> Place {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers serialize")
    }
}
