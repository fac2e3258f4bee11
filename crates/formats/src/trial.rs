//! Trying out the text of a `source.toml` on lines: what an editor of sources shows beside it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::Severity;
use model::Timestamp;
use model::event::{AttackOutcome, Event, Fields, LogSource};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::parser::{Hint, Parser, Record};
use crate::source::{Layout, Misfit, Place, Source, SourceError, Sources, within};

/// The folder's name a tried source has.
const NAME: &str = "trial";

/// What is wrong with the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// The key, where it is about one.
    pub key: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// What the source makes of one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TriedLine {
    /// The layouts in the order they are asked, up to the one that takes the line.
    pub variants: Vec<TriedVariant>,
    /// The event, if the source takes the line: by the last of `variants`, or out of a shipper's document around it.
    pub event: Option<TriedEvent>,
    /// What the line is kept as where the source does not take it: `json`, `key_value`, `syslog` or `unparsed`.
    pub kept_as: Option<String>,
}

/// What became of one layout.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TriedVariant {
    /// Its number in the text, from 1.
    pub number: usize,
    /// Why it does not take the line; nothing where it does.
    pub misfit: Option<String>,
    /// The line of the text, from 1, where what does not fit stands.
    pub at_line: Option<usize>,
    /// What each step that ran added or changed.
    pub steps: Vec<TriedStep>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TriedStep {
    /// Its type.
    pub kind: String,
    /// Fields it added or changed.
    pub fields: Map<String, Value>,
}

/// The event a line becomes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TriedEvent {
    /// Its time.
    pub time: Timestamp,
    /// The time as written, where it could not be believed.
    pub time_original: Option<String>,
    /// Core fields.
    pub core: Map<String, Value>,
    /// The record's own fields.
    pub fields: Map<String, Value>,
    /// Names rules use for them.
    pub aliases: BTreeMap<String, String>,
    /// Sigma log sources.
    pub log_sources: Vec<LogSource>,
    /// The record's severity, where the source says.
    pub severity: Option<Severity>,
    /// The device's own alarm, if it is one.
    pub alarm: Option<TriedAlarm>,
}

/// A device's own alarm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TriedAlarm {
    /// Its name.
    pub name: String,
    /// Its severity.
    pub severity: Severity,
    /// What became of the attack.
    pub outcome: AttackOutcome,
}

/// What compiling the text may take.
const COMPILING: Duration = Duration::from_secs(2);
/// A line is parsed again and again for so long to tell what it costs.
const MEASURED: Duration = Duration::from_millis(1);

/// A source under trial: the text of a `source.toml`, compiled.
#[derive(Debug)]
pub struct Trial {
    parser: Parser,
    hint: Hint,
    /// Lines at which the layouts begin, each with those of its steps.
    lines: Vec<(usize, Vec<usize>)>,
}

impl Trial {
    /// Compiles a text, within a time that somebody can wait. `hint` says when the lines were received and in which zone
    /// they are; its source does not matter.
    pub fn new(text: &str, hint: &Hint) -> Result<Trial, Mistake> {
        let texts = BTreeMap::from([(NAME.to_owned(), text.to_owned())]);
        let sources = within(COMPILING, || Sources::from_texts(texts)).map_err(|error| mistake(text, error))?;
        let hint = Hint { source: Some(NAME.to_owned()), ..hint.clone() };
        Ok(Trial { parser: Parser::new(Arc::new(sources)), hint, lines: headers(text) })
    }

    /// What it makes of a line.
    pub fn line(&self, line: &str) -> TriedLine {
        tried(&self.parser, line, &self.hint, &self.lines)
    }

    /// Nanoseconds it takes to parse a line.
    pub fn cost(&self, line: &str) -> u64 {
        let (begun, mut times) = (Instant::now(), 0);
        while times == 0 || (begun.elapsed() < MEASURED && times < 1000) {
            std::hint::black_box(self.parser.parse(line, &self.hint));
            times += 1;
        }
        (begun.elapsed().as_nanos() / times) as u64
    }
}

/// Compiles the text of a `source.toml` and shows what it makes of each line.
pub fn trial<'l>(text: &str, lines: impl IntoIterator<Item = &'l str>, hint: &Hint) -> Result<Vec<TriedLine>, Mistake> {
    let trial = Trial::new(text, hint)?;
    Ok(lines.into_iter().map(|line| trial.line(line)).collect())
}

fn mistake(text: &str, error: SourceError) -> Mistake {
    match error {
        SourceError::Syntax { source, .. } => Mistake {
            place: Place::of(text, source.span().map_or(0, |span| span.start)),
            key: None,
            message: source.message().to_owned(),
        },
        SourceError::Invalid { place, key, problem, .. } => Mistake { place, key: Some(key), message: problem },
        other => Mistake { place: Place::of(text, 0), key: None, message: other.to_string() },
    }
}

fn tried(parser: &Parser, line: &str, hint: &Hint, lines: &[(usize, Vec<usize>)]) -> TriedLine {
    let record = Record::read(line);
    let mut variants = Vec::new();
    for (index, layout) in parser.sources().iter().flat_map(Source::layouts).enumerate() {
        let variant = variant(&record, layout, index + 1, lines.get(index));
        let fits = variant.misfit.is_none();
        variants.push(variant);
        if fits {
            break;
        }
    }
    let event = parser.parse(line, hint);
    if &*event.source != NAME {
        return TriedLine { variants, event: None, kept_as: Some(event.source.to_string()) };
    }
    let severity = event.core.get("event_severity").and_then(|rank| rank.int());
    let tried = TriedEvent {
        time: event.time,
        time_original: event.time_original.map(|text| text.into_owned()),
        core: object(&event.core),
        fields: object(&event.fields),
        aliases: (*event.aliases).clone(),
        log_sources: event.log_sources.to_vec(),
        severity: severity.and_then(Severity::from_rank),
        alarm: event.alarm.map(|alarm| TriedAlarm {
            name: alarm.name.into_owned(),
            severity: alarm.severity,
            outcome: alarm.outcome,
        }),
    };
    TriedLine { variants, event: Some(tried), kept_as: None }
}

fn variant(record: &Record, layout: &Layout, number: usize, lines: Option<&(usize, Vec<usize>)>) -> TriedVariant {
    let begins = lines.map(|(begins, _)| *begins);
    let (message, begin) = record.begin(layout);
    if let Some(condition) = layout.recogniser.unmet(record.program(), message) {
        let misfit = Some(format!("`recognise.{condition}` does not hold"));
        return TriedVariant { number, misfit, at_line: begins, steps: Vec::new() };
    }
    let mut builder = begin();
    let show = |builder: &crate::builder::Builder| -> Map<String, Value> {
        builder.iter().map(|(name, value)| (name.to_owned(), value.to_json())).collect()
    };
    let mut before = show(&builder);
    let mut steps = Vec::new();
    let result = layout.watched(message, &mut builder, &mut |index, builder| {
        let after = show(builder);
        let changed = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
        let fields = changed.map(|(name, value)| (name.clone(), value.clone())).collect();
        steps.push(TriedStep { kind: layout.steps[index].kind.clone(), fields });
        before = after;
    });
    let failed = result.err();
    let at_line = failed.and_then(|misfit| match misfit {
        Misfit::Step(index) => lines.and_then(|(_, steps)| steps.get(index).copied()).or(begins),
        Misfit::Field(_) => begins,
    });
    let misfit = failed.map(|misfit| match misfit {
        Misfit::Step(index) => {
            let step = &layout.steps[index];
            let why = step.complaint(message, &mut builder).map(|why| format!(": {why}")).unwrap_or_default();
            format!("step {} (`{}`) does not fit{why}", index + 1, step.kind)
        }
        Misfit::Field(name) => format!("there is no field `{name}` after the steps, which `recognise.fields` asks for"),
    });
    TriedVariant { number, misfit, at_line, steps }
}

/// The lines, from 1, of `[[variant]]` headers, each with those of its `[[variant.step]]`.
fn headers(text: &str) -> Vec<(usize, Vec<usize>)> {
    let mut found: Vec<(usize, Vec<usize>)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let header: String = line.split('#').next().unwrap_or_default().split_whitespace().collect();
        match header.as_str() {
            "[[variant]]" => found.push((number, Vec::new())),
            "[[variant.step]]" => {
                if let Some((_, steps)) = found.last_mut() {
                    steps.push(number);
                }
            }
            _ => {}
        }
    }
    found
}

/// An event as a sample says that it must be.
pub fn golden(event: &Event<'_>) -> Value {
    let mut shown = json!({
        "source": &*event.source,
        "time": event.time,
        "log_sources": &*event.log_sources,
        "core": object(&event.core),
        "fields": object(&event.fields),
    });
    if let Some(time) = &event.time_original {
        shown["time_original"] = json!(time);
    }
    if let Some(alarm) = &event.alarm {
        shown["alarm"] = json!({ "name": alarm.name, "severity": alarm.severity, "outcome": alarm.outcome });
    }
    shown
}

fn object(fields: &Fields) -> Map<String, Value> {
    fields.iter().map(|(name, value)| (name.to_owned(), value.to_json())).collect()
}
