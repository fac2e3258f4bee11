//! Parsers of our own (catalogue I2): listed beside the built-in ones, tried on lines, checked and saved.

use std::collections::BTreeMap;

use formats::{Parser as Sources, Zone};
use model::parser::{MOST_LINE, MOST_SAMPLES, MOST_TEXT, Parser, ParserSample, ParserVersion, is_name};
use model::role::Permission;
use model::{Context, Scope, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::{Error, Problems, Result};
use crate::parser_check::{self, Candidate, SampleChange, TakenLine};
use crate::parser_trial::TrialMistake;
use crate::turns::Turn;
use crate::{Ops, audit, require_all};

/// How far back a list of parsers counts.
const COUNTED: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// Where a parser comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ParserOrigin {
    /// It comes with the program.
    BuiltIn,
    /// From the folder the settings name.
    Folder,
    /// Of our own.
    Own,
}

/// A parser in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParserSummary {
    /// `<vendor>_<product>`.
    pub name: String,
    /// Who makes the product.
    pub vendor: String,
    /// The product.
    pub product: String,
    /// Where it comes from.
    pub origin: ParserOrigin,
    /// It stands in for a built-in one.
    pub replaces: bool,
    /// Its events of the last 24 hours, of the customers the caller sees.
    pub events: i64,
    /// The devices they came from.
    pub devices: i64,
    /// Lines that say what it must make of them.
    pub samples: i64,
    /// When it was changed last, where it is of our own.
    pub changed: Option<Timestamp>,
}

/// Parsers, and how well they do together.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParserList {
    /// By name.
    pub items: Vec<ParserSummary>,
    /// Events of the last 24 hours.
    pub events: i64,
    /// Those among them of which only the format is known, such as `syslog`, and those kept whole (`unparsed`).
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub unrecognised: BTreeMap<String, i64>,
}

/// A parser with what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParserView {
    /// `<vendor>_<product>`.
    pub name: String,
    /// Where it comes from.
    pub origin: ParserOrigin,
    /// What its `source.toml` says.
    pub text: String,
    /// The text it stands in for.
    pub built_in: Option<String>,
    /// The version to name when saving; 0 where there is none of our own yet.
    pub version: i64,
    /// Its lines. Lines may be a customer's: only who sees every customer sees them.
    pub samples: Vec<String>,
    /// Whether lines are held back.
    pub samples_hidden: bool,
    /// Who changed it last.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub changed_by: Option<UserId>,
    /// When.
    pub changed: Option<Timestamp>,
    /// What it was before, the newest first.
    pub versions: Vec<ParserVersion>,
}

/// A parser to be checked or saved.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ParserDraft {
    /// The version the change is made on; 0 where there is none of our own.
    pub version: i64,
    /// What its `source.toml` shall say.
    pub text: String,
    /// All lines it shall be held to from now on.
    pub samples: Vec<String>,
    /// The zone of their times where they name none.
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// What a draft would change, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ParserOutcome {
    /// Why it cannot be used.
    pub mistake: Option<TrialMistake>,
    /// Its own samples.
    pub samples: i64,
    /// Those of them that it does not take.
    pub not_taken: Vec<String>,
    /// Those that parse to something else than they did.
    pub changes: Vec<SampleChange>,
    /// Samples of all other sources that were run.
    pub others: i64,
    /// Those that this parser takes from their source.
    pub taken: Vec<TakenLine>,
    /// The parser as saved; absent where it was only checked or cannot be used.
    pub saved: Option<Parser>,
}

impl Ops {
    /// Every parser, with what it parsed lately.
    pub async fn list_parsers(&self, ctx: &Context) -> Result<ParserList> {
        ctx.require(Permission::PolicyRead)?;
        let mut tx = self.store().read(ctx).await?;
        let own: BTreeMap<String, Parser> =
            tx.list_parsers().await?.into_iter().map(|parser| (parser.name.clone(), parser)).collect();
        let counts = tx.source_counts(ctx.now().minus(COUNTED)).await?;
        drop(tx);
        let parsers = self.parsers();
        let live = parsers.live();
        let samples = parser_check::built_in_samples();
        let items: Vec<ParserSummary> = parsers
            .names()
            .chain(own.keys().filter(|name| parsers.base(name).is_none()))
            .map(|name| {
                let (mine, counted) = (own.get(name), counts.iter().find(|count| count.source == *name));
                let source = live.sources().find(name);
                ParserSummary {
                    name: name.clone(),
                    vendor: source.map(|source| source.vendor.clone()).unwrap_or_default(),
                    product: source.map(|source| source.product.clone()).unwrap_or_default(),
                    origin: self.origin(name, mine.is_some()),
                    replaces: mine.is_some() && parsers.base(name).is_some(),
                    events: counted.map_or(0, |count| count.events),
                    devices: counted.map_or(0, |count| count.devices),
                    samples: mine.map_or_else(
                        || samples.get(name.as_str()).map_or(0, |lines| lines.len() as i64),
                        |mine| mine.samples.len() as i64,
                    ),
                    changed: mine.map(|mine| mine.changed),
                }
            })
            .collect();
        let events = counts.iter().map(|count| count.events).sum();
        let known = |name: &str| parsers.base(name).is_some() || own.contains_key(name);
        let unrecognised = counts
            .into_iter()
            .filter(|count| !known(&count.source))
            .map(|count| (count.source, count.events))
            .collect();
        Ok(ParserList { items, events, unrecognised })
    }

    /// One parser.
    pub async fn get_parser(&self, ctx: &Context, name: &str) -> Result<ParserView> {
        ctx.require(Permission::PolicyRead)?;
        let mut tx = self.store().read(ctx).await?;
        let own = tx.find_parser(name).await?;
        let versions = tx.parser_versions(name).await?;
        drop(tx);
        let base = self.parsers().base(name).map(str::to_owned);
        let text =
            own.as_ref().map(|own| own.text.clone()).or_else(|| base.clone()).ok_or(Error::NotFound("parser"))?;
        let hidden = own.is_some() && *ctx.scope() != Scope::All;
        let samples = match &own {
            Some(_) if hidden => Vec::new(),
            Some(own) => own.samples.iter().map(|sample| sample.line.clone()).collect(),
            None => parser_check::built_in_samples().remove(name).unwrap_or_default(),
        };
        Ok(ParserView {
            name: name.to_owned(),
            origin: self.origin(name, own.is_some()),
            built_in: base.filter(|_| own.is_some()),
            version: own.as_ref().map_or(0, |own| own.version),
            changed_by: own.as_ref().and_then(|own| own.changed_by.clone()),
            changed: own.as_ref().map(|own| own.changed),
            text,
            samples,
            samples_hidden: hidden,
            versions,
        })
    }

    /// What a draft would change: nothing is saved.
    pub async fn check_parser(&self, ctx: &Context, name: &str, draft: ParserDraft) -> Result<ParserOutcome> {
        ctx.require(Permission::ParserWrite)?;
        Ok(self.judge_parser(ctx, name, &draft).await?.0)
    }

    /// Saves a draft that can be used: it parses from the next record on, everywhere.
    pub async fn save_parser(&self, ctx: &Context, name: &str, draft: ParserDraft) -> Result<ParserOutcome> {
        ctx.require(Permission::ParserWrite)?;
        require_all(ctx)?;
        let (mut outcome, samples) = self.judge_parser(ctx, name, &draft).await?;
        if outcome.mistake.is_some() {
            return Ok(outcome);
        }
        let mut tx = self.store().write(ctx).await?;
        let saved = tx.save_parser(name, draft.version, &draft.text, &samples, ctx.actor().user()).await?;
        let detail = json!({
            "version": saved.version,
            "samples": saved.samples.len(),
            "changed_samples": outcome.changes.len(),
            "taken_from_others": outcome.taken.len(),
        });
        tx.audit(audit(None, "parser.save", name, detail)).await?;
        tx.commit().await?;
        self.load_parsers(ctx.now()).await?;
        outcome.saved = Some(saved);
        Ok(outcome)
    }

    /// Deletes a parser of our own: the built-in one of its name, if there is one, parses again.
    pub async fn delete_parser(&self, ctx: &Context, name: &str, version: i64) -> Result<()> {
        ctx.require(Permission::ParserWrite)?;
        let mut tx = self.store().write(ctx).await?;
        tx.delete_parser(name, version, ctx.actor().user()).await?;
        tx.audit(audit(None, "parser.delete", name, json!({"version": version}))).await?;
        tx.commit().await?;
        self.load_parsers(ctx.now()).await.map(drop)
    }

    /// Puts the parsers in force that the store has; gives the parser where it is another one than before.
    pub async fn load_parsers(&self, now: Timestamp) -> Result<Option<Sources>> {
        let ctx = Context::job("parsers", Scope::All, now);
        let own = self.store().read(&ctx).await?.list_parsers().await?;
        let own: BTreeMap<String, String> = own.into_iter().map(|parser| (parser.name, parser.text)).collect();
        let parsers = self.parsers().clone();
        let work = move || {
            let parser = parsers.with(&own)?;
            Ok(parsers.replace(&parser).then_some(parser))
        };
        let done = tokio::task::spawn_blocking(work).await.map_err(|_| Error::Unavailable("compiling sources"))?;
        done.map_err(|error: formats::SourceError| Error::invalid("text", &error.to_string()))
    }

    fn origin(&self, name: &str, is_own: bool) -> ParserOrigin {
        match is_own {
            true => ParserOrigin::Own,
            false if self.parsers().is_of_folder(name) => ParserOrigin::Folder,
            false => ParserOrigin::BuiltIn,
        }
    }

    /// Runs all samples, of the draft and of every other source.
    async fn judge_parser(
        &self,
        ctx: &Context,
        name: &str,
        draft: &ParserDraft,
    ) -> Result<(ParserOutcome, Vec<ParserSample>)> {
        let mut problems = Problems::default();
        problems.expect(is_name(name), "name", "must be vendor_product in small letters, digits and _");
        problems.expect(draft.text.len() <= MOST_TEXT, "text", "must have at most 128 KiB");
        problems.expect(draft.samples.len() <= MOST_SAMPLES, "samples", "must be at most 200");
        let short = draft.samples.iter().all(|line| (1..=MOST_LINE).contains(&line.trim().len()));
        problems.expect(short, "samples", "must have 1 to 16384 bytes each");
        let zone = draft.time_zone.as_deref().unwrap_or("UTC");
        problems.expect(zone.parse::<Zone>().is_ok(), "time_zone", "must be an IANA time zone such as Asia/Shanghai");
        problems.done()?;
        let own = self.store().read(ctx).await?.list_parsers().await?;
        let before = own.iter().find(|parser| parser.name == name).map(|parser| parser.samples.clone());
        let candidate = Candidate {
            name: name.to_owned(),
            text: draft.text.clone(),
            own: own.into_iter().map(|parser| (parser.name, parser.text)).collect(),
            lines: draft.samples.clone(),
            before: before.unwrap_or_default(),
            time_zone: zone.to_owned(),
            received: ctx.now(),
        };
        let parsers = self.parsers().clone();
        let _turn = self.turn(Turn::Trial).await?;
        let work = move || parser_check::check(&parsers, candidate);
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Unavailable("running the samples"))
    }
}
