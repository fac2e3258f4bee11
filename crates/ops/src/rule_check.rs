//! What is wrong with a rule's text, and what it says of records: for whoever writes it, before anything is saved.

use std::collections::BTreeMap;

use formats::{Hint, Parser};
use model::event::LogSource;
use model::role::Permission;
use model::use_case::MOST_TEXT;
use model::{Context, Timestamp};
use serde::{Deserialize, Serialize};
use sigma::{Expressions, Gravity, Known, RuleSet, Settings};

use crate::Ops;
use crate::device_health::print;
use crate::error::{Error, Problems, Result};
use crate::library::own_path;
use crate::turns::Turn;

/// Records of a trial at most, and bytes of one of them.
const RECORDS: usize = 50;
const RECORD: usize = 64 * 1024;
/// Explanations of a trial at most.
const EXPLANATIONS: usize = 200;

/// A problem in a rule's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleProblem {
    /// `error`: it cannot be used; `warning`: probably not meant; `hint`: could be written better.
    pub severity: String,
    /// What it is, in one word that stays the same.
    pub kind: String,
    /// Its line and the character in it, from one, where that is known.
    pub line: Option<i64>,
    /// The character in the line.
    pub column: Option<i64>,
    /// The keys that lead to it.
    pub at: String,
    /// What it concerns, by names that belong to the kind.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub parameters: BTreeMap<String, String>,
}

impl RuleProblem {
    pub(crate) fn is_error(&self) -> bool {
        self.severity == "error"
    }

    /// In one line, for logs and machines; people read it in their language.
    pub(crate) fn told(&self) -> String {
        let place = self.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        match self.parameters.get("message") {
            Some(message) => format!("{place}{message}"),
            None => {
                let parts: Vec<&str> = self.parameters.values().map(String::as_str).collect();
                format!("{place}{} {}", self.kind, parts.join(" "))
            }
        }
    }
}

/// The problems of a text, by place.
pub(crate) fn problems(text: &str, log_sources: &[LogSource]) -> Vec<RuleProblem> {
    let known = Known { log_sources: (!log_sources.is_empty()).then_some(log_sources), ..Known::default() };
    let word = |value: serde_json::Result<serde_json::Value>| {
        value.ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let told = |problem: sigma::Problem| RuleProblem {
        severity: match problem.severity {
            Gravity::Error => "error".into(),
            Gravity::Warning => "warning".into(),
            Gravity::Hint => "hint".into(),
        },
        kind: word(serde_json::to_value(problem.kind)),
        line: problem.place.map(|place| place.line as i64),
        column: problem.place.map(|place| place.column as i64),
        at: problem.at,
        parameters: problem.parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    sigma::check(text, &known).into_iter().map(told).collect()
}

/// A record to try a rule on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TrialRecord {
    /// The source that parses it; found out when absent.
    #[serde(default)]
    pub source: Option<String>,
    /// The record as received.
    pub raw: String,
}

/// A rule and records to try it on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RuleTrial {
    /// A rule of the library, by its id; or
    #[serde(default)]
    pub rule: Option<String>,
    /// the text of one.
    #[serde(default)]
    pub text: Option<String>,
    /// At most 50 of at most 64 KiB.
    pub records: Vec<TrialRecord>,
}

/// What a rule says of records.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleTrialResult {
    /// Why the text cannot be used.
    pub mistakes: Vec<String>,
    /// For each record, in order.
    pub records: Vec<TriedRecord>,
}

/// What a rule says of a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TriedRecord {
    /// The source that parsed it.
    pub source: String,
    /// The log sources it is of.
    pub log_sources: Vec<String>,
    /// Its fields, by name.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub fields: BTreeMap<String, serde_json::Value>,
    /// Why each rule of the text fires on it, or why it does not, term by term.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub explanations: Vec<sigma::Explanation>,
}

impl Ops {
    /// What is wrong with a rule's text.
    pub async fn check_rule(&self, ctx: &Context, text: String) -> Result<Vec<RuleProblem>> {
        ctx.require(Permission::PolicyRead)?;
        if text.len() > MOST_TEXT {
            return Err(Error::invalid("text", "must have at most 128 KiB"));
        }
        let parser = self.parsers().live();
        let _turn = self.turn(Turn::Backtest).await?;
        let work = move || {
            let sources: Vec<LogSource> = parser.sources().iter().flat_map(|source| source.log_sources()).collect();
            problems(&text, &sources)
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Unavailable("reading the rule"))
    }

    /// What a rule, of the library or as a text, says of records, and why.
    pub async fn try_rule(&self, ctx: &Context, trial: RuleTrial) -> Result<RuleTrialResult> {
        ctx.require(Permission::PolicyRead)?;
        let mut problems = Problems::default();
        problems.expect(trial.rule.is_some() != trial.text.is_some(), "text", "must be given, or rule, not both");
        let fits = trial.text.as_ref().is_none_or(|text| text.len() <= MOST_TEXT);
        problems.expect(fits, "text", "must have at most 128 KiB");
        problems.expect(trial.records.len() <= RECORDS, "records", "must be at most 50");
        let short = trial.records.iter().all(|record| record.raw.len() <= RECORD);
        problems.expect(short, "records", "must have at most 64 KiB each");
        problems.done()?;
        let text = match (trial.text, trial.rule) {
            (Some(text), _) => text,
            (None, id) => self.rule_text(ctx, id.as_deref().unwrap_or_default()).await?,
        };
        let (parser, now) = (self.parsers().live(), ctx.now());
        let _turn = self.turn(Turn::Backtest).await?;
        let work = move || tried(&parser, &text, &trial.records, now);
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Unavailable("trying the rule"))
    }

    /// A rule of the library as written.
    pub(crate) async fn rule_text(&self, ctx: &Context, id: &str) -> Result<String> {
        Ok(self.get_rule(ctx, id).await?.rule.text.unwrap_or_default())
    }
}

fn tried(parser: &Parser, text: &str, records: &[TrialRecord], now: Timestamp) -> RuleTrialResult {
    let rules = load(text);
    let mut left = EXPLANATIONS;
    let tried = records.iter().map(|record| {
        let event = parser.parse(&record.raw, &hint(record.source.as_deref(), now));
        let core = event.core.iter().map(|(name, value)| (name.to_owned(), value.to_json()));
        let own = event.fields.iter().map(|(name, value)| (name.to_owned(), value.to_json()));
        let rules = rules.rules().iter().take(left).collect::<Vec<_>>();
        left -= rules.len();
        TriedRecord {
            source: event.source.to_string(),
            log_sources: event.log_sources.iter().map(print).collect(),
            fields: core.chain(own).collect(),
            explanations: rules.iter().map(|rule| rule.explain(&event)).collect(),
        }
    });
    RuleTrialResult { mistakes: mistakes(&rules), records: tried.collect() }
}

/// How a record of a source is parsed that is looked at again.
pub(crate) fn hint(source: Option<&str>, received: Timestamp) -> Hint {
    let mut hint = Hint::new(received);
    hint.source = source.map(Into::into);
    hint
}

/// The rules of a text anybody may send.
pub(crate) fn load(text: &str) -> RuleSet {
    let settings = Settings { expressions: Expressions::few(), ..Settings::default() };
    RuleSet::load_with([(own_path("rule"), text.to_owned())], &settings)
}

/// What is wrong with the text they were loaded from.
pub(crate) fn mistakes(rules: &RuleSet) -> Vec<String> {
    let errors = rules.errors().iter().map(|error| error.message.clone());
    let mut mistakes: Vec<String> = errors.chain(rules.inactive().iter().map(|rule| rule.reason.clone())).collect();
    if mistakes.is_empty() && rules.rules().is_empty() {
        mistakes.push("there is no rule in this text".into());
    }
    mistakes
}
