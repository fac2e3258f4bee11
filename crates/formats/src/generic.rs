//! Records of no known source: what their format alone says.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use model::core_field::{CORE_FIELDS, CoreType};
use model::event::{Aliases, Event, Fields, LogSource};

use crate::builder::Builder;
use crate::parser::{Hint, Record, believed};
use crate::source::{Interner, typed};
use crate::{json, key_value, time};

/// Where JSON records keep their time, in order of trust.
const TIME_FIELDS: [&str; 6] = ["@timestamp", "timestamp", "time", "eventTime", "datetime", "ts"];

/// Fewer pairs than this, or more text outside pairs than inside, is a sentence and not a key=value record.
const LEAST_PAIRS: usize = 3;

/// What all events of no known source share.
#[derive(Debug)]
pub struct Generic {
    json: Arc<str>,
    key_value: Arc<str>,
    syslog: Arc<str>,
    unparsed: Arc<str>,
    log_sources: Arc<[LogSource]>,
    aliases: Arc<Aliases>,
    /// ECS name with dots to core field.
    ecs: HashMap<String, (&'static str, CoreType)>,
}

impl Generic {
    /// The shared parts.
    pub fn new(interner: &Interner) -> Self {
        Generic {
            json: Arc::from("json"),
            key_value: Arc::from("key_value"),
            syslog: Arc::from("syslog"),
            unparsed: Arc::from("unparsed"),
            log_sources: interner.log_sources(BTreeSet::new()),
            aliases: interner.aliases(Aliases::new()),
            ecs: CORE_FIELDS.iter().map(|(name, kind)| (name.replace('_', "."), (*name, *kind))).collect(),
        }
    }

    /// The event of a record no source took.
    pub(crate) fn parse<'a>(&self, raw: &'a str, record: &Record<'a>, hint: &Hint) -> Event<'a> {
        let mut builder = Builder::new();
        record.header_fields(&mut builder);
        let is_object = record.message.starts_with('{');
        let (source, core) = if is_object && json::parse_into(record.message, None, &mut builder) {
            (&self.json, self.ecs_fields(&builder))
        } else {
            builder = Builder::new();
            record.header_fields(&mut builder);
            let covered = key_value::parse_into(record.message, &key_value::Dialect::default(), &mut builder);
            if covered.pairs >= LEAST_PAIRS && covered.rest * 2 < record.message.len() {
                (&self.key_value, header_core(record))
            } else {
                builder = Builder::new();
                record.header_fields(&mut builder);
                let is_syslog = record.header.as_ref().is_some_and(|header| {
                    header.priority.is_some() || header.program.is_some() || header.hostname.is_some()
                });
                (if is_syslog { &self.syslog } else { &self.unparsed }, header_core(record))
            }
        };
        let fields = builder.finish();
        let own_time = TIME_FIELDS.iter().filter(|_| !fields.is_empty()).find_map(|name| {
            let text = fields.get(name)?.text()?;
            Some((time::parse(&text, hint.time_zone, hint.received)?, Cow::Owned(text.into_owned())))
        });
        let (time, time_original) = believed(own_time.or_else(|| record.header_time(hint)), hint.received);
        Event {
            time,
            time_original,
            source: source.clone(),
            log_sources: self.log_sources.clone(),
            aliases: self.aliases.clone(),
            core,
            fields,
            alarm: None,
            raw,
        }
    }

    /// Core fields of a record that uses ECS names with dots. Names without a dot are too common to be taken for ECS.
    fn ecs_fields<'a>(&self, builder: &Builder<'a>) -> Fields<'a> {
        builder
            .iter()
            .filter(|(name, value)| (name.contains('.') || *name == "message") && !value.is_empty())
            .filter_map(|(name, value)| {
                // ECS itself has names with `_`; both spellings mean one core field.
                let (core, kind) = match self.ecs.get(name) {
                    Some(found) => *found,
                    None => *self.ecs.get(&name.replace('_', "."))?,
                };
                Some((core, typed(value.clone(), kind)?))
            })
            .collect()
    }
}

/// What a syslog header says about where a record comes from, and its message.
fn header_core<'a>(record: &Record<'a>) -> Fields<'a> {
    let mut core = Fields::default();
    let Some(header) = &record.header else { return core };
    if let Some(hostname) = header.hostname {
        core.push("host_name", hostname);
    }
    if let Some(program) = header.program {
        core.push("process_name", program);
    }
    if let Some(process_id) = header.process_id.and_then(|id| id.parse::<i64>().ok()) {
        core.push("process_pid", process_id);
    }
    if !record.message.is_empty() {
        core.push("message", record.message);
    }
    core
}
