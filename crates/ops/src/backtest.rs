//! What a rule would have fired on: a rule of the library or a text held against stored records, before anybody is woken by
//! it (catalogue D7). Records are parsed again by the parsers of today, as the rule will see them tomorrow.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use formats::{Parser, Zone};
use model::entity::{EntityKind, entities_of};
use model::event::StoredEvent;
use model::role::Permission;
use model::search::EventQuery;
use model::use_case::MOST_TEXT;
use model::{Context, CustomerId, DeviceId, EventId, TimeRange, Timestamp};
use serde::{Deserialize, Serialize};
use sigma::{BaselineLimits, Baselines, Correlator, Limits, Moment, RuleSet};

use crate::Ops;
use crate::error::{Error, Problems, Result};
use crate::rule_check::{hint, load, mistakes};
use crate::turns::Turn;

/// Records looked at, at most: those of the latest part of the range.
const RECORDS: u64 = 300_000;
/// Looking may take so long; the answer says how far it came.
const TIME: Duration = Duration::from_secs(25);
/// Entities, samples, and values shown of each sample.
const ENTITIES: usize = 10;
const SAMPLES: usize = 10;
const MATCHED: usize = 20;
/// Bars the range is cut into when its latest part is chosen.
const BARS: usize = 200;
/// Different things remembered, and different values of entities.
const REMEMBERED: usize = 100_000;
/// What correlations hold per customer.
const LIMITS: Limits = Limits {
    groups: 20_000,
    events: 200_000,
    events_per_group: 1_000,
    samples: 16,
    lateness: Duration::from_secs(600),
};

/// What baselines hold per customer.
const PROFILES: BaselineLimits = BaselineLimits { groups: 20_000, values: 50_000, bytes: 32 << 20 };

/// A rule and the records to hold it against.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Backtest {
    /// A rule of the library, by its id; or
    #[serde(default)]
    pub rule: Option<String>,
    /// the text of one: a Sigma rule, or a correlation with the rules it refers to.
    #[serde(default)]
    pub text: Option<String>,
    /// Only these customers; all of the caller's when empty.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub customers: Vec<CustomerId>,
    /// Record times from
    pub from: Timestamp,
    /// to, which is no longer in.
    pub to: Timestamp,
}

/// What the rule would have done.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BacktestResult {
    /// Why the text cannot be used; nothing was looked at then.
    pub mistakes: Vec<String>,
    /// The sources whose records the rule can be about, of those that are read here.
    pub sources: Vec<String>,
    /// What was looked at in truth: less than was asked for where there is too much of it.
    pub from: Timestamp,
    /// To; before the end that was asked for where time ran out.
    pub to: Timestamp,
    /// Whether that is all that was asked for.
    pub complete: bool,
    /// Records looked at.
    pub records: i64,
    /// Records that satisfy the rule, or one that the correlation refers to.
    pub matched: i64,
    /// Up to here a baseline only learned: half of the time, where it asks for more than that. Absent for what learns nothing.
    pub learned_until: Option<Timestamp>,
    /// How often it fires.
    pub fired: i64,
    /// About how many different things it fires about: the first entity or group of each customer and day.
    pub things: i64,
    /// How often by customer and day (UTC), in order.
    pub days: Vec<BacktestDay>,
    /// What it fires about most.
    pub entities: Vec<BacktestEntity>,
    /// The latest records behind it.
    pub samples: Vec<BacktestSample>,
    /// Nanoseconds that judging a record by it takes.
    pub cost_nanos: i64,
}

/// A customer's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BacktestDay {
    /// Whose.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// The beginning of the day.
    pub day: Timestamp,
    /// How often it fires.
    pub fired: i64,
}

/// Something it fires about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BacktestEntity {
    /// What it is.
    pub kind: EntityKind,
    /// Its value.
    pub value: String,
    /// How often.
    pub fired: i64,
}

/// A record behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BacktestSample {
    /// The event.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub event: EventId,
    /// Whose.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub customer: CustomerId,
    /// From which device.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub device: DeviceId,
    /// When.
    pub time: Timestamp,
    /// What made the rule fire: fields and their values.
    pub matched: Vec<(String, String)>,
}

impl Ops {
    /// Holds a rule against stored records. Nothing is kept, nobody is told.
    pub async fn backtest(&self, ctx: &Context, asked: &Backtest) -> Result<BacktestResult> {
        ctx.require(Permission::PolicyRead)?;
        ctx.require(Permission::EventRead)?;
        let mut problems = Problems::default();
        problems.expect(asked.rule.is_some() != asked.text.is_some(), "text", "must be given, or rule, not both");
        problems.expect(
            asked.text.as_ref().is_none_or(|text| text.len() <= MOST_TEXT),
            "text",
            "must have at most 128 KiB",
        );
        problems.expect(asked.from < asked.to, "to", "must be after from");
        problems.done()?;
        let text = match (&asked.text, &asked.rule) {
            (Some(text), _) => text.clone(),
            (None, id) => self.rule_text(ctx, id.as_deref().unwrap_or_default()).await?,
        };
        let _turn = self.turn(Turn::Backtest).await?;
        self.hold_against(ctx, asked, text).await
    }

    /// Holds a rule's text against stored records; whose turn it is, is the caller's affair.
    pub(crate) async fn hold_against(&self, ctx: &Context, asked: &Backtest, text: String) -> Result<BacktestResult> {
        let rules = tokio::task::spawn_blocking(move || Arc::new(load(&text)))
            .await
            .map_err(|_| Error::Unavailable("reading the rule"))?;
        let parser = self.parsers().live();
        let mut result = BacktestResult::nothing(asked);
        result.mistakes = mistakes(&rules);
        result.sources = sources(&rules, &parser);
        if !result.mistakes.is_empty() || result.sources.is_empty() {
            return Ok(result);
        }
        let range = TimeRange { from: asked.from, to: asked.to };
        let (customers, sources) = (asked.customers.clone(), result.sources.clone());
        let query = EventQuery { customers, sources, ..EventQuery::all(range) };
        self.record_look(ctx, "event.backtest", &query).await?;
        let range = self.latest_part(ctx, &query).await?;
        result.from = range.from;
        let mut events = self.lake().events(ctx, &EventQuery { range, ..query }, usize::MAX).await?;
        let all = self.store().read(ctx).await?.all_customers().await?;
        let zones = all.into_iter().filter_map(|customer| Some((customer.id, customer.data.time_zone.parse().ok()?)));
        let mut work = Work::new(rules, parser, zones.collect(), result);
        let until = Instant::now() + TIME;
        let mut in_time = true;
        while in_time && let Some(part) = events.next().await {
            let part = part?;
            let judged = tokio::task::spawn_blocking(move || {
                let in_time = part.iter().all(|event| {
                    work.judge(event);
                    Instant::now() < until
                });
                (work, in_time)
            });
            (work, in_time) = judged.await.map_err(|_| Error::Unavailable("judging records"))?;
        }
        Ok(work.finish(in_time, asked))
    }

    /// The latest part of a query's range that has no more records than are looked at.
    async fn latest_part(&self, ctx: &Context, query: &EventQuery) -> Result<TimeRange> {
        self.latest_rows(ctx, query, RECORDS).await
    }

    /// The latest part of a query's range in which no more than so many events are found, by the bar.
    pub(crate) async fn latest_rows(&self, ctx: &Context, query: &EventQuery, most: u64) -> Result<TimeRange> {
        let bars = self.lake().histogram(ctx, query, BARS).await?;
        let (mut sum, mut from) = (0, query.range.from);
        for (place, bar) in bars.iter().enumerate().rev() {
            sum += bar.count.unsigned_abs();
            if sum > most {
                from = bars.get(place + 1).map_or(bar.start, |next| next.start);
                break;
            }
        }
        Ok(TimeRange { from: from.max(query.range.from), to: query.range.to })
    }
}

/// The sources some of whose records some of the rules are about.
fn sources(rules: &RuleSet, parser: &Parser) -> Vec<String> {
    let concerned = |source: &&formats::Source| rules.concerned(&source.log_sources()).next().is_some();
    parser.sources().iter().filter(concerned).map(|source| source.name.to_string()).collect()
}

impl BacktestResult {
    fn nothing(asked: &Backtest) -> Self {
        BacktestResult {
            mistakes: Vec::new(),
            sources: Vec::new(),
            from: asked.from,
            to: asked.to,
            complete: true,
            records: 0,
            matched: 0,
            learned_until: None,
            fired: 0,
            things: 0,
            days: Vec::new(),
            entities: Vec::new(),
            samples: Vec::new(),
            cost_nanos: 0,
        }
    }
}

/// A record behind a correlation: what is told of it if that fires.
#[derive(Clone)]
struct Behind {
    sample: BacktestSample,
    entities: Vec<(EntityKind, String)>,
}

struct Work {
    rules: Arc<RuleSet>,
    correlator: Correlator<Arc<Behind>>,
    baselines: Baselines,
    zones: HashMap<CustomerId, Zone>,
    parser: Parser,
    spent: Duration,
    last: Option<Timestamp>,
    days: BTreeMap<(CustomerId, i64), i64>,
    things: BTreeSet<(CustomerId, i64, String)>,
    entities: HashMap<(EntityKind, String), i64>,
    result: BacktestResult,
}

const DAY: i64 = 86_400_000_000;

impl Work {
    fn new(rules: Arc<RuleSet>, parser: Parser, zones: HashMap<CustomerId, Zone>, mut result: BacktestResult) -> Self {
        let correlator = Correlator::new(&rules, LIMITS);
        let mut baselines = Baselines::new(&rules, PROFILES);
        if let Some(longest) = rules.baselines().iter().map(|rule| rule.learning).max() {
            let learning = longest.min(result.to.since(result.from) / 2);
            baselines.learn_at_most(learning);
            result.learned_until = Some(result.from.plus(learning));
        }
        Work {
            rules,
            correlator,
            baselines,
            zones,
            parser,
            spent: Duration::ZERO,
            last: None,
            days: BTreeMap::new(),
            things: BTreeSet::new(),
            entities: HashMap::new(),
            result,
        }
    }

    fn judge(&mut self, stored: &StoredEvent) {
        let (parser, rules) = (self.parser.clone(), self.rules.clone());
        let mut event = parser.parse(&stored.raw, &hint(Some(&stored.source), stored.received));
        // In its device's zone, which the record need not name.
        event.time = stored.time;
        let begun = Instant::now();
        let matches = rules.matches(&event);
        self.spent += begun.elapsed();
        self.result.records += 1;
        self.last = self.last.max(Some(stored.time));
        let partition = stored.customer.as_str();
        if matches.is_empty() {
            let fired = self.correlator.advance(partition, stored.time);
            return self.correlated(fired);
        }
        self.result.matched += 1;
        let fields = matches.iter().flat_map(|found| &found.fields).take(MATCHED);
        let behind = Behind {
            sample: BacktestSample {
                event: stored.id,
                customer: stored.customer.clone(),
                device: stored.device.clone(),
                time: stored.time,
                matched: fields.map(|field| (field.field.clone(), field.value.chars().take(200).collect())).collect(),
            },
            entities: entities_of(&event).into_iter().map(|entity| (entity.kind, entity.value)).collect(),
        };
        if matches.iter().any(|found| !rules.is_only_correlated(&found.rule.id)) {
            let thing = behind.entities.first().map(|(_, value)| value.clone()).unwrap_or_default();
            self.fire(&behind, thing);
        }
        let offset = self.zones.get(&stored.customer).map_or(0, |zone| zone.offset(stored.time));
        // As if it came when it happened: what is stored may have been brought in at once.
        let moment = Moment { time: stored.time, received: stored.time, offset };
        for found in self.baselines.observe(partition, moment, &matches, &event) {
            let group: Vec<&str> = found.departure.group.iter().map(|part| part.value.as_str()).collect();
            self.fire(&behind, group.join(" "));
        }
        let fired = self.correlator.observe(partition, stored.time, &matches, &event, Arc::new(behind));
        self.correlated(fired);
    }

    fn correlated(&mut self, fired: Vec<sigma::CorrelationMatch<Arc<Behind>>>) {
        for found in fired {
            let group: Vec<&str> = found.group.iter().map(|(_, value)| value.as_str()).collect();
            if let Some(last) = found.events.last().filter(|_| !self.rules.is_only_correlated(&found.rule.id)) {
                self.fire(last, group.join(" "));
            }
        }
    }

    fn fire(&mut self, behind: &Behind, thing: String) {
        let Behind { sample, entities } = behind;
        self.result.fired += 1;
        let day = sample.time.as_micros().div_euclid(DAY);
        *self.days.entry((sample.customer.clone(), day)).or_default() += 1;
        if self.things.len() < REMEMBERED {
            self.things.insert((sample.customer.clone(), day, thing));
        }
        for entity in entities {
            if self.entities.len() < REMEMBERED || self.entities.contains_key(entity) {
                *self.entities.entry(entity.clone()).or_default() += 1;
            }
        }
        let samples = &mut self.result.samples;
        let place = samples.partition_point(|known| (known.time, known.event) > (sample.time, sample.event));
        samples.insert(place, sample.clone());
        samples.truncate(SAMPLES);
    }

    fn finish(self, in_time: bool, asked: &Backtest) -> BacktestResult {
        let mut result = self.result;
        if let Some(last) = self.last.filter(|_| !in_time) {
            result.to = last;
        }
        result.complete = in_time && result.from == asked.from;
        result.things = self.things.len() as i64;
        let day = |day: i64| Timestamp::from_micros(day * DAY);
        let days = self.days.into_iter();
        result.days =
            days.map(|((customer, number), fired)| BacktestDay { customer, day: day(number), fired }).collect();
        let mut entities: Vec<_> = self.entities.into_iter().collect();
        entities.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        entities.truncate(ENTITIES);
        let entity = |((kind, value), fired)| BacktestEntity { kind, value, fired };
        result.entities = entities.into_iter().map(entity).collect();
        result.cost_nanos = (self.spent.as_nanos() as i64).checked_div(result.records).unwrap_or(0);
        result
    }
}
