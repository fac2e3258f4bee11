//! Readers of what feeds are made of. All of them are bounded by the bytes they are given, keep going past what they
//! cannot read, and tell each thing that gave no indicator with its reason.

mod gather;
mod misp;
mod pattern;
mod stix;
mod table;

use std::time::Duration;

use model::intel::{CsvMapping, Indicator, ListReading, read_list, read_warning_list};

pub use misp::{ManifestEntry, manifest};

use gather::Gather;

/// Things that gave no indicator that are told; all are counted.
pub const MOST_UNREAD: usize = 1_000;

/// How a document is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Format {
    /// As it looks.
    #[default]
    Any,
    /// STIX 2 bundle or TAXII envelope.
    Stix,
    /// MISP event, events, attributes, or warning list.
    Misp,
    /// Plain text, CSV by usual names or NDJSON.
    List,
    /// CSV with named columns.
    Table(CsvMapping),
}

/// How strictly, and what ages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether what is in everybody's traffic is no indicator; it is one in lists of what shall not alarm.
    pub refuse: bool,
    /// What says no end itself holds so long after its author last touched it.
    pub age: Option<Duration>,
}

/// What a document holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Its indicators, and what gave none.
    pub list: ListReading,
    /// Indicators the source takes back.
    pub withdrawn: Vec<Indicator>,
    /// Whether it is a list of what shall not alarm.
    pub warning: bool,
}

/// Reads a document.
pub fn read(content: &[u8], format: &Format, options: Options) -> Reading {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    match format {
        Format::Stix => stix::read(content, options),
        Format::Misp => misp::read(content, options),
        Format::Table(mapping) => table::read(content, mapping, options),
        Format::List => list(content, options),
        Format::Any => match looks_like(content) {
            Some(Format::Stix) => stix::read(content, options),
            Some(_) => misp::read(content, options),
            None => list(content, options),
        },
    }
}

fn list(content: &[u8], options: Options) -> Reading {
    let read = if options.refuse { read_list } else { read_warning_list };
    Reading { list: read(content, MOST_UNREAD), ..Reading::default() }
}

/// One JSON document of a known kind; lines of JSON are a list.
fn looks_like(content: &[u8]) -> Option<Format> {
    #[derive(serde::Deserialize)]
    struct Members {
        #[serde(rename = "type")]
        kind: Option<serde::de::IgnoredAny>,
        objects: Option<serde::de::IgnoredAny>,
        more: Option<bool>,
        #[serde(rename = "Event")]
        event: Option<serde::de::IgnoredAny>,
        #[serde(rename = "Attribute")]
        attribute: Option<serde::de::IgnoredAny>,
        response: Option<serde::de::IgnoredAny>,
        list: Option<serde::de::IgnoredAny>,
        name: Option<serde::de::IgnoredAny>,
    }
    match content.trim_ascii_start().first()? {
        b'[' => Some(Format::Misp),
        b'{' => {
            let members: Members = serde_json::from_slice(content).ok()?;
            let stix = members.objects.is_some() && (members.kind.is_some() || members.more.is_some());
            let warning = members.list.is_some() && members.name.is_some();
            let misp = members.event.is_some() || members.attribute.is_some() || members.response.is_some() || warning;
            if stix {
                return Some(Format::Stix);
            }
            misp.then_some(Format::Misp)
        }
        _ => None,
    }
}
