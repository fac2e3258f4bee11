//! Records that a shipper wrapped into a JSON document: Filebeat, Fluentd, Docker, journald, Splunk, GELF and
//! OpenTelemetry each put a device's line into a member of their own. Where no source takes the document, sources are
//! asked about that member. One level only.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::event::Value;
use serde_json::value::RawValue;

use crate::builder::Builder;
use crate::json;
use crate::syslog::Header;

/// Where the record may stand, the surest first.
const PLACES: [&str; 11] = [
    "event.original",
    "message",
    "MESSAGE",
    "log",
    "result._raw",
    "_raw",
    "full_message",
    "short_message",
    "event",
    "body",
    "msg",
];
/// Where the document says when, for a record that does not.
const TIMES: [&str; 7] = ["@timestamp", "timestamp", "time", "__REALTIME_TIMESTAMP", "result._time", "_time", "ts"];

type Members<'t> = BTreeMap<String, &'t RawValue>;

/// A document that holds a record.
pub struct Envelope<'t> {
    members: Members<'t>,
}

impl<'t> Envelope<'t> {
    /// Opens a document; nothing where it is none or holds no record.
    pub fn open(text: &'t str) -> Option<Self> {
        if !text.starts_with('{')
            || !PLACES.iter().any(|place| text.contains(place.rsplit('.').next().unwrap_or(place)))
        {
            return None;
        }
        Some(Envelope { members: serde_json::from_str(text).ok()? })
    }

    /// The texts that may be the record, each with its place.
    pub fn candidates(&self) -> impl Iterator<Item = (&'static str, Cow<'t, str>)> {
        PLACES.into_iter().filter_map(|place| Some((place, text(self.member(place)?)?)))
    }

    fn member(&self, place: &str) -> Option<&'t RawValue> {
        if let Some(found) = self.members.get(place) {
            return Some(found);
        }
        let (outer, inner) = place.split_once('.')?;
        serde_json::from_str::<Members>(self.members.get(outer)?.get()).ok()?.get(inner).copied()
    }

    fn text(&self, place: &str) -> Option<Cow<'t, str>> {
        text(self.member(place)?).filter(|text| !text.is_empty())
    }

    /// When the document says it was.
    pub fn time(&self) -> impl Iterator<Item = Cow<'t, str>> {
        TIMES.into_iter().filter_map(|place| match self.member(place)?.get() {
            number if number.starts_with(|first: char| first.is_ascii_digit()) => Some(Cow::Borrowed(number)),
            _ => self.text(place),
        })
    }

    /// What the document says in place of a syslog header: journald and GELF name host and program.
    pub fn header<'h>(&'h self, parts: &'h Parts<'t>, message: &'h str) -> Option<Header<'h>> {
        let part = |part: &'h Option<Cow<'t, str>>| part.as_deref();
        (parts.program.is_some() || parts.hostname.is_some()).then(|| Header {
            priority: parts.priority,
            time_text: None,
            time: None,
            hostname: part(&parts.hostname),
            program: part(&parts.program),
            process_id: part(&parts.process_id),
            message_id: None,
            structured_data: Vec::new(),
            message,
        })
    }

    /// Host, program and process id of the document.
    pub fn parts(&self) -> Parts<'t> {
        let first = |places: &[&str]| places.iter().find_map(|place| self.text(place));
        let is_journal =
            self.members.contains_key("SYSLOG_IDENTIFIER") || self.members.contains_key("__REALTIME_TIMESTAMP");
        let of_file = self.text("log.file.path").is_some() || self.members.contains_key("journald");
        let of_file = of_file
            || serde_json::from_str::<Members>(self.members.get("log").map_or("", |log| log.get()))
                .is_ok_and(|log| log.contains_key("file"));
        let hostname = if is_journal {
            self.text("_HOSTNAME")
        } else if of_file {
            self.text("host.name")
        } else {
            first(&["hostname", "host", "result.host"]).filter(|host| !host.starts_with('{'))
        };
        let priority = self.text("PRIORITY").and_then(|text| text.parse::<u8>().ok());
        Parts {
            hostname,
            program: first(&["SYSLOG_IDENTIFIER", "syslog.identifier"]),
            process_id: first(&["_PID", "SYSLOG_PID"]),
            priority: priority.filter(|priority| *priority <= 7).map(|severity| 8 + severity),
        }
    }

    /// All other members as fields.
    pub fn fields(&self, text: &'t str, taken: &str) -> Vec<(String, Value<'static>)> {
        let mut builder = Builder::new();
        if !json::parse_into(text, None, &mut builder) {
            return Vec::new();
        }
        let is_taken = |name: &str| {
            name.strip_prefix(taken).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                || name == "event.original"
        };
        let entries = builder.into_entries().into_iter().filter(|(name, _)| !is_taken(name));
        entries.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
    }
}

/// What stands in a syslog header, found in a document.
pub struct Parts<'t> {
    hostname: Option<Cow<'t, str>>,
    program: Option<Cow<'t, str>>,
    process_id: Option<Cow<'t, str>>,
    priority: Option<u8>,
}

impl Parts<'_> {
    /// The host the record comes from.
    pub fn hostname(&self) -> Option<&str> {
        self.hostname.as_deref()
    }
}

/// A string's text, or an object as it is written.
fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let text = value.get();
    match text.as_bytes().first()? {
        b'"' => match serde_json::from_str::<&str>(text) {
            Ok(plain) => Some(Cow::Borrowed(plain)),
            Err(_) => serde_json::from_str::<String>(text).ok().map(Cow::Owned),
        },
        b'{' => Some(Cow::Borrowed(text)),
        _ => None,
    }
}
