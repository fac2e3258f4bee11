//! From one record's text to an event. Never fails and never loses anything: what no source takes is kept by its
//! format (JSON, key=value, syslog), and what has none is kept whole.

use std::borrow::Cow;
use std::sync::Arc;

use memchr::memmem;
use model::Timestamp;
use model::event::{Event, Fields, Value};

use crate::builder::Builder;
use crate::generic::Generic;
use crate::source::{Source, Sources};
use crate::syslog::{self, Header, TOKEN_ELEMENT};
use crate::time::{self, Zone};

/// What the receiver knows about a record beside its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// When it was received.
    pub received: Timestamp,
    /// The zone of local times that name none: a setting of the device.
    pub time_zone: Zone,
    /// The source, where the device's settings fix it; otherwise it is recognised.
    pub source: Option<String>,
}

impl Hint {
    /// A record received at `received`, its local times in UTC, its source to be recognised.
    pub fn new(received: Timestamp) -> Self {
        Hint { received, time_zone: Zone::UTC, source: None }
    }
}

/// Parses records with a set of sources. Cheap to clone; events borrow from it and from their text.
#[derive(Debug, Clone)]
pub struct Parser {
    sources: Arc<Sources>,
    generic: Arc<Generic>,
}

impl Parser {
    /// A parser that knows `sources`.
    pub fn new(sources: Arc<Sources>) -> Self {
        let generic = Arc::new(Generic::new(sources.interner()));
        Parser { sources, generic }
    }

    /// The sources it knows.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The event of a record.
    pub fn parse<'a>(&'a self, raw: &'a str, hint: &Hint) -> Event<'a> {
        let record = Record::read(raw);
        let found = match &hint.source {
            Some(name) => self.sources.find(name).and_then(|source| Some((source, record.fields_by(source)?))),
            None => self.sources.iter().find_map(|source| Some((source, record.fields_by(source)?))),
        };
        match found {
            Some((source, fields)) => by_source(raw, &record, source, fields, hint),
            None => self.generic.parse(raw, &record, hint),
        }
    }
}

/// A record with its syslog header, if it has one, taken off.
pub(crate) struct Record<'a> {
    pub header: Option<Header<'a>>,
    pub message: &'a str,
}

impl<'a> Record<'a> {
    fn read(raw: &'a str) -> Self {
        let text = raw.trim_matches(|char: char| char.is_whitespace() || char == '\0' || char == '\u{feff}');
        let header = if text.starts_with('{') { None } else { syslog::parse(text) };
        let message = header.as_ref().map_or(text, |header| header.message);
        Record { message: from_cef(message), header }
    }

    fn fields_by(&self, source: &'a Source) -> Option<Fields<'a>> {
        let program = self.header.as_ref().and_then(|header| header.program);
        source.take_apart(program, self.message, &|builder| self.header_fields(builder))
    }

    /// The header's parts as fields of the record.
    pub fn header_fields(&self, builder: &mut Builder<'a>) {
        let Some(header) = &self.header else { return };
        if let (Some(facility), Some(severity)) = (header.facility(), header.severity()) {
            builder.push("syslog_facility", i64::from(facility));
            builder.push("syslog_severity", i64::from(severity));
        }
        let texts = [
            ("syslog_hostname", header.hostname),
            ("syslog_program", header.program),
            ("syslog_process_id", header.process_id),
            ("syslog_message_id", header.message_id),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                builder.push(name, text);
            }
        }
        // Our own element authenticates the sender; it says nothing about the event.
        for element in header.structured_data.iter().filter(|element| element.id != TOKEN_ELEMENT) {
            for (name, value) in &element.params {
                builder.push(format!("{}.{name}", element.id), Value::Str(value.clone()));
            }
        }
    }

    /// The header's time and its text.
    pub fn header_time(&self, hint: &Hint) -> Option<(Timestamp, Cow<'a, str>)> {
        let header = self.header.as_ref()?;
        Some((header.time?.resolve(hint.time_zone, hint.received)?, Cow::Borrowed(header.time_text?)))
    }
}

/// A CEF record from where it starts, whatever a device or relay put before it.
fn from_cef(message: &str) -> &str {
    const FARTHEST: usize = 256;
    if message.starts_with('{') || message.starts_with("CEF:") {
        return message;
    }
    let bytes = message.as_bytes();
    let window = &bytes[..bytes.len().min(FARTHEST)];
    match memmem::find(window, b"CEF:") {
        Some(at) if matches!(bytes.get(at + 4..at + 6), Some(&[b'0' | b'1', b'|'])) => &message[at..],
        _ => message,
    }
}

/// The time an event gets, and the written one where that cannot be believed.
pub(crate) fn believed<'a>(
    written: Option<(Timestamp, Cow<'a, str>)>,
    received: Timestamp,
) -> (Timestamp, Option<Cow<'a, str>>) {
    match written {
        Some((time, _)) if time::is_plausible(time, received) => (time, None),
        Some((_, text)) => (received, Some(text)),
        None => (received, None),
    }
}

fn by_source<'a>(raw: &'a str, record: &Record<'a>, source: &'a Source, fields: Fields<'a>, hint: &Hint) -> Event<'a> {
    let written = source
        .time(&fields, hint.time_zone, hint.received)
        .map(|(time, text)| (time, Cow::Owned(text)))
        .or_else(|| record.header_time(hint));
    let (time, time_original) = believed(written, hint.received);
    let route = source.route(&fields);
    let mut core = route.core.apply(&fields, source.absent());
    let severity = source.severity(&fields);
    if let Some(severity) = severity {
        core.set("event_severity", severity.rank());
    }
    if source.keeps_message {
        core.set("message", record.message);
    }
    let alarm = if route.alarm { source.alarm(&fields, severity) } else { None };
    if let Some(alarm) = &alarm
        && core.get("threat_name").is_none()
    {
        core.push("threat_name", Value::Str(alarm.name.clone()));
    }
    Event {
        time,
        time_original,
        source: source.name.clone(),
        log_sources: route.log_sources.clone(),
        aliases: route.aliases.clone(),
        core,
        fields,
        alarm,
        raw,
    }
}
