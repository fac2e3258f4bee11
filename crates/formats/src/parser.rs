//! From one record's text to an event. Never fails and never loses anything: what no source takes is kept by its
//! format (JSON, key=value, syslog), and what has none is kept whole.

use std::borrow::Cow;
use std::sync::Arc;

use memchr::memchr_iter;
use model::Timestamp;
use model::event::{Alarm, Event, Fields, Value};

use crate::builder::Builder;
use crate::envelope::Envelope;
use crate::generic::Generic;
use crate::source::{Layout, Source, Sources, View};
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
        if let Some(taken) = self.taken(&record, hint) {
            return by_source(raw, &record, taken, hint, None);
        }
        let inside = self.relayed(raw, &record, hint).or_else(|| self.enveloped(raw, record.message, hint));
        inside.unwrap_or_else(|| self.generic.parse(raw, &record, hint))
    }

    /// Every source that would take a record if it were the only one, in the order they are asked.
    pub fn takers(&self, raw: &str) -> Vec<Arc<str>> {
        let record = Record::read(raw);
        let takes = |source: &&Source| source.layouts().iter().any(|layout| record.fields_by(source, layout).is_some());
        self.sources.iter().filter(takes).map(|source| source.name.clone()).collect()
    }

    /// The event of a record that a relay sent with a header of its own before the device's.
    fn relayed<'a>(&'a self, raw: &'a str, record: &Record<'a>, hint: &Hint) -> Option<Event<'a>> {
        record.header.as_ref()?;
        if !record.message.starts_with(|first: char| first == '<' || first.is_ascii_alphanumeric()) {
            return None;
        }
        let inner = Record::read(record.message);
        inner.header.as_ref()?;
        let taken = self.taken(&inner, hint)?;
        Some(by_source(raw, &inner, taken, hint, record.header_time(hint)))
    }

    /// The event of a record inside a document no source takes, if a source takes the record.
    fn enveloped<'a>(&'a self, raw: &'a str, document: &'a str, hint: &Hint) -> Option<Event<'a>> {
        let envelope = Envelope::open(document)?;
        let parts = envelope.parts();
        envelope.candidates().find_map(|(place, text)| {
            let mut record = Record::read(&text);
            if record.header.is_none() && !text.starts_with('{') {
                record.header = envelope.header(&parts, record.message);
            }
            let taken = self.taken(&record, hint)?;
            let written = envelope.time().find_map(|text| {
                Some((time::parse(&text, hint.time_zone, hint.received)?, Cow::Owned(text.into_owned())))
            });
            let mut inner = by_source(&text, &record, taken, hint, written);
            if let Some(host) = parts.hostname().filter(|_| inner.core.get("host_name").is_none()) {
                inner.core.push("host_name", host);
            }
            Some(unwrapped(raw, inner, envelope.fields(document, place)))
        })
    }

    fn taken<'a>(&'a self, record: &Record<'a>, hint: &Hint) -> Option<Taken<'a>> {
        let ask = |source: &'a Source, layout: &'a Layout| record.fields_by(source, layout);
        match &hint.source {
            Some(name) => {
                let source = self.sources.find(name)?;
                source.layouts().iter().find_map(|layout| ask(source, layout))
            }
            None => self.sources.recognise(record.view(), ask),
        }
    }
}

/// A record taken apart by a source.
struct Taken<'a> {
    source: &'a Source,
    /// What the layout read.
    message: &'a str,
    fields: Fields<'a>,
}

/// An event of a record that does not live as long as the document around it, with the document's members beside its
/// own fields.
fn unwrapped<'a>(raw: &'a str, inner: Event<'_>, outer: Vec<(String, Value<'static>)>) -> Event<'a> {
    let own = |fields: &Fields| -> Vec<(Cow<'a, str>, Value<'a>)> {
        fields.iter().map(|(name, value)| (Cow::Owned(name.to_owned()), value.clone().into_owned())).collect()
    };
    let mut fields = own(&inner.fields);
    for (name, value) in outer {
        if inner.fields.get(&name).is_none() {
            fields.push((Cow::Owned(name), value));
        }
    }
    Event {
        time: inner.time,
        time_original: inner.time_original.map(|text| Cow::Owned(text.into_owned())),
        source: inner.source.clone(),
        log_sources: inner.log_sources.clone(),
        aliases: inner.aliases.clone(),
        core: Fields::from_unique(own(&inner.core)),
        fields: Fields::from_unique(fields),
        alarm: inner.alarm.map(|alarm| Alarm {
            name: Cow::Owned(alarm.name.into_owned()),
            severity: alarm.severity,
            outcome: alarm.outcome,
        }),
        raw,
    }
}

/// A record with its syslog header, if it has one, taken off.
pub(crate) struct Record<'a> {
    pub header: Option<Header<'a>>,
    /// The whole text.
    pub text: &'a str,
    /// The text after the header.
    pub message: &'a str,
}

impl<'a> Record<'a> {
    /// Takes the header off.
    pub fn read(raw: &'a str) -> Self {
        let text = raw.trim_matches(|char: char| char.is_whitespace() || char == '\0' || char == '\u{feff}');
        let header = if text.starts_with('{') { None } else { syslog::parse(text) };
        let mut message = header.as_ref().map_or(text, |header| header.message);
        // A container's line as Kubernetes keeps it: `2026-11-21T08:00:00Z stdout F text`.
        if message.starts_with("std")
            && let Some(line) = message.strip_prefix("stdout F ").or_else(|| message.strip_prefix("stderr F "))
        {
            message = line;
        }
        Record { message: from_marker(message), header, text }
    }

    /// The program the header names.
    pub fn program(&self) -> Option<&'a str> {
        self.header.as_ref().and_then(|header| header.program)
    }

    fn view(&self) -> View<'a> {
        View { program: self.program(), message: self.message, whole: self.text }
    }

    /// What a layout makes of the record, if it is of that layout.
    fn fields_by(&self, source: &'a Source, layout: &'a Layout) -> Option<Taken<'a>> {
        let (message, builder) = self.begin(layout);
        if !layout.recogniser.may_be(self.program(), message) {
            return None;
        }
        let mut builder = builder();
        layout.take_apart(message, &mut builder).ok()?;
        Some(Taken { source, message, fields: builder.finish() })
    }

    /// What a layout reads, and a builder with what is known before it does.
    pub fn begin(&self, layout: &Layout) -> (&'a str, impl Fn() -> Builder<'a>) {
        let is_whole = layout.recogniser.is_whole();
        let begin = move || {
            let mut builder = Builder::new();
            if !is_whole {
                self.header_fields(&mut builder);
            }
            builder
        };
        (if is_whole { self.text } else { self.message }, begin)
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

/// A CEF or LEEF record from where it starts, whatever a device or relay put before it.
fn from_marker(message: &str) -> &str {
    const FARTHEST: usize = 256;
    if message.starts_with('{') || message.starts_with("CEF:") || message.starts_with("LEEF:") {
        return message;
    }
    let bytes = message.as_bytes();
    let window = &bytes[..bytes.len().min(FARTHEST)];
    // Both end so; few other texts hold this.
    let Some(at) = memchr_iter(b':', window).find(|at| window[..*at].ends_with(b"EF")) else { return message };
    let at = at - 2;
    let digit = |at: usize| matches!(bytes.get(at + 3..at + 5), Some(&[b'0' | b'1', b'|']));
    if at > 0 && bytes[at - 1] == b'C' && digit(at) {
        &message[at - 1..]
    } else if bytes[..at].ends_with(b"LE") && matches!(bytes.get(at + 3..at + 5), Some(&[b'1' | b'2', b'.' | b'|'])) {
        &message[at - 2..]
    } else {
        message
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

/// The event of a record a source took; `around` is the time the document around it has.
fn by_source<'a>(
    raw: &'a str,
    record: &Record<'a>,
    taken: Taken<'a>,
    hint: &Hint,
    around: Option<(Timestamp, Cow<'a, str>)>,
) -> Event<'a> {
    let Taken { source, message, fields } = taken;
    let written = source.time(&fields, hint.time_zone, hint.received).or_else(|| record.header_time(hint)).or(around);
    let (time, time_original) = believed(written, hint.received);
    let route = source.route(&fields);
    let mut core = route.core.apply(&fields, source.absent());
    let severity = source.severity(&fields);
    if let Some(severity) = severity {
        core.set("event_severity", severity.rank());
    }
    if source.keeps_message {
        core.set("message", message);
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
