//! From the text of a `source.toml` to a [`Source`], with every mistake named by file, place and key.

use std::sync::Arc;

use model::Severity;
use toml::Spanned;

use super::alarm::{self, AlarmRule, Translated};
use super::definition::{SourceFile, Variant};
use super::layout::Layout;
use super::lines::RecordStart;
use super::mapping::{Lookup, Tables};
use super::recognise::Recogniser;
use super::route::{Base, Interner, Router};
use super::step::{Step, constant, regex};
use super::{Place, Source, SourceError};
use crate::time::Format;

/// A mistake by its key, and where in the text it is, if that is known.
struct Mistake {
    key: String,
    problem: String,
    at: Option<usize>,
}

impl Mistake {
    fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Mistake { key: key.into(), problem: problem.into(), at: None }
    }
}

impl Source {
    /// Compiles the text of the `source.toml` of the folder `name`.
    pub(super) fn compile(name: &str, text: &str, interner: Arc<Interner>) -> Result<Source, SourceError> {
        let file = format!("sources/{name}/source.toml");
        let parsed: SourceFile = toml::from_str(text)
            .map_err(|source| SourceError::Syntax { file: file.clone(), source: Box::new(source) })?;
        build(name, parsed, interner).map_err(|mistake| {
            let at = mistake.at.or_else(|| find_key(text, &mistake.key)).unwrap_or(0);
            SourceError::Invalid { file, place: Place::of(text, at), key: mistake.key, problem: mistake.problem }
        })
    }
}

fn build(name: &str, parsed: SourceFile, interner: Arc<Interner>) -> Result<Source, Mistake> {
    let own = parsed.lookup.into_iter().map(|(name, table)| {
        let entries = table.into_iter().map(|(key, value)| (key, constant(&value)));
        (name, Arc::new(Lookup::new(entries)))
    });
    let tables = Arc::new(Tables::new(own.collect()));
    let table = |key: &str, name: &str| tables.get(name).map_err(|problem| Mistake::new(key, problem));
    let severity = match &parsed.severity {
        None => None,
        Some(looked) => Some(
            Translated::new(
                looked,
                table("severity.lookup", &looked.lookup)?,
                alarm::severity as fn(&str) -> Option<Severity>,
            )
            .map_err(|problem| Mistake::new("severity.default", problem))?,
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
                        .map_err(|problem| Mistake::new("alarm.outcome.default", problem))?,
                ),
            };
            Some(AlarmRule::new(section, outcome).map_err(|(key, problem)| Mistake::new(key, problem))?)
        }
    };
    if parsed.variant.is_empty() {
        return Err(Mistake::new("variant", "there is none: a source needs at least one layout"));
    }
    let layouts = parsed.variant.into_iter().map(|variant| layout(variant, &tables)).collect::<Result<Vec<_>, _>>()?;
    let time_zone = match parsed.time.zone {
        None => None,
        Some(zone) => Some(zone.parse().map_err(|error| Mistake::new("time.zone", format!("{error}")))?),
    };
    let time_formats = parsed.time.formats.iter().map(|layout| Format::new(layout)).collect::<Result<Vec<_>, _>>();
    let record_start = match &parsed.lines.first {
        None => None,
        Some(first) => {
            let first = regex(first).map_err(|problem| Mistake::new("lines.first", problem))?;
            Some(RecordStart::new(first))
        }
    };
    let base = Base {
        core: parsed.core,
        constants: parsed.constants,
        aliases: parsed.aliases,
        log_sources: parsed.log_source,
        alarm: always,
        tables,
    };
    let time_fields = parsed.time.fields.iter().map(|fields| fields.split_whitespace().map(str::to_owned).collect());
    Ok(Source {
        name: Arc::from(name),
        vendor: parsed.vendor,
        product: parsed.product,
        order: parsed.order,
        absent: parsed.absent,
        time_fields: time_fields.collect(),
        time_zone,
        time_formats: time_formats.map_err(|error| Mistake::new("time.formats", error.to_string()))?,
        layouts,
        router: Router::new(base, parsed.case, interner).map_err(|(key, problem)| Mistake::new(key, problem))?,
        severity,
        alarm,
        keeps_message: parsed.keep_message,
        record_start,
    })
}

fn layout(variant: Spanned<Variant>, tables: &Tables) -> Result<Layout, Mistake> {
    let at = variant.span().start;
    let variant = variant.into_inner();
    let recogniser = Recogniser::new(variant.recognise).map_err(|(key, problem)| Mistake {
        key: format!("variant.recognise{key}"),
        problem,
        at: Some(at),
    })?;
    let step = |table: Spanned<toml::Table>| {
        let at = table.span().start;
        Step::compile(table.into_inner(), tables).map_err(|(key, problem)| Mistake {
            key: format!("variant.step{key}"),
            problem,
            at: Some(at),
        })
    };
    let steps = variant.step.into_iter().map(step).collect::<Result<Vec<_>, _>>()?;
    let first = steps.iter().find_map(Step::first_bytes);
    let scratch = steps.iter().flat_map(Step::scratch).collect();
    Ok(Layout { recogniser, steps, scratch, first })
}

/// Where a key such as `core.source_ip.lookup` stands: the line that sets the last part of it that some line sets,
/// below its table's header where there is one.
fn find_key(text: &str, key: &str) -> Option<usize> {
    let key = key.rsplit(": ").next()?;
    let parts: Vec<&str> = key.split('.').collect();
    let header = text.find(&format!("[{}]", parts[0])).or_else(|| text.find(&format!("[[{}]]", parts[0]))).unwrap_or(0);
    let sets = |line: &str, part: &str| {
        let name = line.trim_start().split(['=', '.']).next().unwrap_or_default();
        name.trim().trim_matches('"') == part
    };
    parts.iter().rev().find_map(|part| {
        let mut at = header;
        for line in text[header..].split_inclusive('\n') {
            if sets(line, part) {
                return Some(at + line.len() - line.trim_start().len());
            }
            at += line.len();
        }
        None
    })
}
