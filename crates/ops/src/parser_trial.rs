//! Trying a parser's text on lines, for an editor that shows the result beside them: bounded in size, in time and in how
//! many run at once, whatever the text says.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use formats::trial::{Mistake, Trial, TriedLine};
use formats::{Hint, Parser, Zone};
use model::parser::{MOST_LINE, MOST_TEXT, is_name};
use model::role::Permission;
use model::{Context, Severity, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Ops;
use crate::error::{Error, Problems, Result};
use crate::turns::Turn;

/// Lines of a trial at most.
const LINES: usize = 100;
/// All lines together may take so long; what is left is not tried.
const TIME: Duration = Duration::from_secs(3);

/// A text and the lines to try it on.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ParserTrial {
    /// The parser it is to become: other sources that take a line are named without it.
    #[serde(default)]
    pub name: String,
    /// What its `source.toml` says.
    pub text: String,
    /// The lines, at most 100.
    pub lines: Vec<String>,
    /// The zone of their times where they name none.
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrialMistake {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The key, where it is about one.
    pub key: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// What became of the lines.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrialResult {
    /// Why the text cannot be used.
    pub mistake: Option<TrialMistake>,
    /// One for each line, in order; fewer where time ran out.
    pub lines: Vec<TrialLine>,
    /// Time ran out.
    pub cut_short: bool,
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrialLine {
    /// The line.
    pub line: String,
    /// The event, where the text takes the line.
    pub event: Option<TrialEvent>,
    /// The layouts in the order they were asked.
    pub variants: Vec<TrialVariant>,
    /// What it is kept as where the text does not take it.
    pub kept_as: Option<String>,
    /// What the parsers in force make of it: the source.
    pub now: String,
    /// Other sources that would take it too.
    pub also: Vec<String>,
    /// Nanoseconds it takes to parse.
    pub cost_nanos: u64,
}

/// What became of a layout.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrialVariant {
    /// Its number, from 1.
    pub number: usize,
    /// Why it does not take the line.
    pub misfit: Option<String>,
    /// The line of the text where what does not fit stands.
    pub at_line: Option<usize>,
    /// What each step found.
    pub steps: Vec<TrialStep>,
}

/// A step that ran.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrialStep {
    /// Its type.
    pub kind: String,
    /// Fields it added or changed.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub fields: serde_json::Map<String, Value>,
}

/// The event of a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrialEvent {
    /// Its time.
    pub time: Timestamp,
    /// The time as written, where it could not be believed.
    pub time_original: Option<String>,
    /// The record's severity, where the source says.
    pub severity: Option<Severity>,
    /// The name of the device's own alarm, if it is one.
    pub alarm: Option<String>,
    /// Core fields.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub core: serde_json::Map<String, Value>,
    /// The record's own fields.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub fields: serde_json::Map<String, Value>,
    /// Names rules use for them.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub aliases: BTreeMap<String, String>,
    /// Sigma log sources, printed.
    pub log_sources: Vec<String>,
}

impl Ops {
    /// Tries a text on lines. Nothing is kept.
    pub async fn try_parser(&self, ctx: &Context, trial: ParserTrial) -> Result<TrialResult> {
        ctx.require(Permission::PolicyRead)?;
        let mut problems = Problems::default();
        problems.expect(trial.name.is_empty() || is_name(&trial.name), "name", "must be vendor_product");
        problems.expect(trial.text.len() <= MOST_TEXT, "text", "must have at most 128 KiB");
        problems.expect(trial.lines.len() <= LINES, "lines", "must be at most 100");
        problems.expect(
            trial.lines.iter().all(|line| line.len() <= MOST_LINE),
            "lines",
            "must have at most 16 KiB each",
        );
        let zone = trial.time_zone.as_deref().unwrap_or("UTC").parse::<Zone>();
        problems.expect(zone.is_ok(), "time_zone", "must be an IANA time zone such as Asia/Shanghai");
        problems.done()?;
        let mut hint = Hint::new(ctx.now());
        hint.time_zone = zone.unwrap_or(hint.time_zone);
        let live = self.parsers().live();
        let _turn = self.turn(Turn::Trial).await?;
        let work = move || run(&live, &trial, &hint);
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Unavailable("trying the parser"))
    }
}

/// Why a text cannot be used, if it cannot.
pub(crate) fn mistake_in(text: &str) -> Option<TrialMistake> {
    Trial::new(text, &Hint::new(Timestamp::from_micros(0))).err().map(TrialMistake::from)
}

fn run(live: &Parser, asked: &ParserTrial, hint: &Hint) -> TrialResult {
    let begun = Instant::now();
    let trial = Trial::new(&asked.text, hint);
    let mut result = TrialResult { mistake: None, lines: Vec::new(), cut_short: false };
    for line in &asked.lines {
        if begun.elapsed() > TIME {
            result.cut_short = true;
            break;
        }
        let (tried, cost) = match &trial {
            Ok(trial) => (Some(trial.line(line)), trial.cost(line)),
            Err(_) => (None, 0),
        };
        let also = live.takers(line).iter().map(|name| name.to_string()).filter(|name| *name != asked.name).collect();
        let now = live.parse(line, hint).source.to_string();
        result.lines.push(TrialLine::of(line, tried, now, also, cost));
    }
    result.mistake = trial.err().map(TrialMistake::from);
    result
}

impl TrialLine {
    fn of(line: &str, tried: Option<TriedLine>, now: String, also: Vec<String>, cost_nanos: u64) -> Self {
        let mut shown = TrialLine {
            line: line.to_owned(),
            event: None,
            variants: Vec::new(),
            kept_as: None,
            now,
            also,
            cost_nanos,
        };
        let Some(tried) = tried else { return shown };
        shown.kept_as = tried.kept_as;
        shown.variants = tried
            .variants
            .into_iter()
            .map(|variant| TrialVariant {
                number: variant.number,
                misfit: variant.misfit,
                at_line: variant.at_line,
                steps: variant
                    .steps
                    .into_iter()
                    .map(|step| TrialStep { kind: step.kind, fields: step.fields })
                    .collect(),
            })
            .collect();
        shown.event = tried.event.map(|event| TrialEvent {
            time: event.time,
            time_original: event.time_original,
            severity: event.severity,
            alarm: event.alarm.map(|alarm| alarm.name),
            core: event.core,
            fields: event.fields,
            aliases: event.aliases,
            log_sources: event.log_sources.iter().map(crate::device_health::print).collect(),
        });
        shown
    }
}

impl From<Mistake> for TrialMistake {
    fn from(mistake: Mistake) -> Self {
        let Mistake { place, key, message } = mistake;
        TrialMistake { line: place.line, column: place.column, key, message }
    }
}
