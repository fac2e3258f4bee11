//! ATT&CK coverage (catalogue D8): for each technique, which rules are deployed, which have the data they need, which could
//! fire today and which did; as a layer of ATT&CK Navigator, too.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use model::attack::{TACTICS, parent, techniques};
use model::role::Permission;
use model::search::EventQuery;
use model::use_case::{Language, Release};
use model::{Context, CustomerId, PageRequest, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use sigma::{BaselineRule, CorrelationType, RuleSet};

use crate::Ops;
use crate::device_fields::Seen;
use crate::device_health::week_until;
use crate::error::{Error, Result};
use crate::rule_check::hint;
use crate::turns::Turn;

/// Records of each source that are looked at for the fields that come.
const LOOKED_AT: usize = 300;
/// A rule has fired if it did in this time.
const FIRED: Duration = Duration::from_secs(30 * 24 * 3600);

/// What a rule can do for a customer today, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// No source it needs sends anything.
    NoSource,
    /// Fields it needs were in none of the records looked at.
    NoField,
    /// It could fire.
    Ready,
    /// It fired within thirty days.
    Fired,
}

/// A rule under a technique.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CoverageRule {
    /// The rule's id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// What it is called on its cards, by language.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub titles: BTreeMap<Language, String>,
    /// What it can do today.
    pub readiness: Readiness,
    /// The fields it lacks.
    pub missing: Vec<String>,
}

/// A technique of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CoverageTechnique {
    /// Its identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The tactics it serves.
    pub tactics: Vec<String>,
    /// The best that any of its rules can do; nothing where there is no rule.
    pub readiness: Option<Readiness>,
    /// The rules deployed for it and for its sub-techniques, the readiest first.
    pub rules: Vec<CoverageRule>,
    /// What its sub-techniques have, by identifier.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub parts: BTreeMap<String, Readiness>,
}

/// What is detected for a customer, or for all the caller sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Coverage {
    /// Whose; all the caller sees when absent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub customer: Option<CustomerId>,
    /// When it was looked at.
    pub at: Timestamp,
    /// Sources that sent something in a week.
    pub sources: Vec<String>,
    /// Tactics in the order of the matrix.
    pub tactics: Vec<String>,
    /// Every technique.
    pub techniques: Vec<CoverageTechnique>,
    /// Deployed rules that name no technique of the matrix.
    pub elsewhere: i64,
}

impl Ops {
    /// What is detected for a customer, or for all the caller sees.
    pub async fn coverage(&self, ctx: &Context, customer: Option<&CustomerId>) -> Result<Coverage> {
        ctx.require(Permission::PolicyRead)?;
        ctx.require(Permission::AlertRead)?;
        ctx.require(Permission::EventRead)?;
        if let Some(customer) = customer {
            self.store().read(ctx).await?.get_customer(customer).await?;
        }
        let narrowed = ctx.narrowed(&customer.into_iter().cloned().collect::<Vec<_>>());
        let mut tx = self.store().read(&narrowed).await?;
        let week = week_until(ctx.now());
        let sources: Vec<String> = tx.source_counts(week.from).await?.into_iter().map(|count| count.source).collect();
        let fired = tx.rule_counts(ctx.now().minus(FIRED)).await?;
        drop(tx);
        let arriving = self.arriving(&narrowed, &sources).await?;
        let loaded = self.loaded();
        let (customer, at) = (customer.cloned(), ctx.now());
        let work = move || {
            let mut coverage = Coverage {
                customer,
                at,
                sources,
                tactics: TACTICS.iter().map(|tactic| (*tactic).to_owned()).collect(),
                techniques: every_technique(),
                elsewhere: 0,
            };
            for info in loaded.infos.values() {
                let Some(readiness) = readiness(&loaded.rules, &info.id, &arriving) else { continue };
                let release = loaded.decided.get(&info.id).map_or(Some(Release::Live), |use_case| {
                    coverage.customer.as_ref().map_or(use_case.usual_release(), |whose| use_case.release_for(whose))
                });
                if matches!(release, None | Some(Release::Off)) {
                    continue;
                }
                let has_fired = fired.get(&info.id).is_some_and(|counts| counts.alerts + counts.silent > 0);
                let (state, missing) = if has_fired { (Readiness::Fired, Vec::new()) } else { readiness };
                let (rule, title) = (info.id.clone(), info.title.clone());
                coverage.add(
                    CoverageRule { titles: loaded.titles(&rule), rule, title, readiness: state, missing },
                    &info.techniques,
                );
            }
            for technique in &mut coverage.techniques {
                technique.rules.sort_by(|one, other| (other.readiness, &one.title).cmp(&(one.readiness, &other.title)));
            }
            coverage
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Unavailable("judging rules"))
    }

    /// The same as a layer of ATT&CK Navigator, format 4.5.
    pub async fn coverage_layer(&self, ctx: &Context, customer: Option<&CustomerId>) -> Result<Value> {
        let coverage = self.coverage(ctx, customer).await?;
        let name = match customer {
            Some(customer) => self.store().read(ctx).await?.get_customer(customer).await?.data.name,
            None => "Vedette".to_owned(),
        };
        Ok(layer(&coverage, &name))
    }

    /// What comes from each source, by its newest records.
    async fn arriving(&self, ctx: &Context, sources: &[String]) -> Result<Vec<Seen>> {
        let newest = EventQuery {
            sources: sources.to_vec(),
            page: PageRequest::new(LOOKED_AT, None),
            ..EventQuery::all(week_until(ctx.now()))
        };
        self.record_look(ctx, "event.coverage", &newest).await?;
        let _turn = self.turn(Turn::Backtest).await?;
        let mut arriving = Vec::with_capacity(sources.len());
        for source in sources {
            let query = EventQuery { sources: vec![source.clone()], ..newest.clone() };
            let events = self.lake().search(ctx, &query).await?.items;
            let parser = self.parsers().live();
            let work = move || {
                let mut seen = Seen::default();
                for event in &events {
                    seen.look(&parser.parse(&event.raw, &hint(Some(&event.source), event.received)));
                }
                seen
            };
            let done = tokio::task::spawn_blocking(work).await;
            arriving.push(done.map_err(|_| Error::Unavailable("parsing samples"))?);
        }
        Ok(arriving)
    }
}

fn every_technique() -> Vec<CoverageTechnique> {
    let empty = |technique: &model::attack::Technique| CoverageTechnique {
        id: technique.id.to_owned(),
        name: technique.name.to_owned(),
        tactics: technique.tactics.iter().map(|tactic| (*tactic).to_owned()).collect(),
        readiness: None,
        rules: Vec::new(),
        parts: BTreeMap::new(),
    };
    techniques().iter().map(empty).collect()
}

impl Coverage {
    fn add(&mut self, rule: CoverageRule, ids: &[String]) {
        let mut known = false;
        let parents: BTreeSet<&str> = ids.iter().map(|id| parent(id)).collect();
        for technique in self.techniques.iter_mut().filter(|technique| parents.contains(technique.id.as_str())) {
            known = true;
            technique.readiness = technique.readiness.max(Some(rule.readiness));
            for part in ids.iter().filter(|id| **id != technique.id && parent(id) == technique.id) {
                let best = technique.parts.entry(part.clone()).or_insert(rule.readiness);
                *best = (*best).max(rule.readiness);
            }
            technique.rules.push(rule.clone());
        }
        self.elsewhere += i64::from(!known);
    }
}

/// What a rule or correlation can do with what arrives, and the fields it lacks; nothing for one that judges nothing.
fn readiness(rules: &RuleSet, id: &str, arriving: &[Seen]) -> Option<(Readiness, Vec<String>)> {
    if let Some(rule) = rules.rule(id) {
        let mut best = (Readiness::NoSource, Vec::new());
        for source in arriving {
            if !rule.concerns(&source.log_sources) {
                continue;
            }
            let reach = rules.reach(rule, |name| source.has(name));
            if reach.can_fire {
                return Some((Readiness::Ready, Vec::new()));
            }
            // What lacks the fewest fields is told.
            if best.0 == Readiness::NoSource || reach.missing.len() < best.1.len() {
                best = (Readiness::NoField, reach.missing);
            }
        }
        return Some(best);
    }
    if let Some(baseline) = rules.baselines().iter().find(|rule| rule.id == id) {
        return baseline.rules.iter().filter_map(|part| profiled(rules, part, baseline, arriving)).max();
    }
    let correlation = rules.correlations().iter().find(|rule| rule.id == id)?;
    let parts = correlation.rules.iter().filter_map(|part| readiness(rules, part, arriving));
    match correlation.kind {
        CorrelationType::Temporal | CorrelationType::TemporalOrdered => parts.min(),
        _ => parts.max(),
    }
}

/// The same for a base rule of a baseline, which looks at fields of what that rule matches as well.
fn profiled(rules: &RuleSet, id: &str, baseline: &BaselineRule, arriving: &[Seen]) -> Option<(Readiness, Vec<String>)> {
    let rule = rules.rule(id)?;
    let of_rule = readiness(rules, id, arriving)?;
    let looked_at = || baseline.group_by.iter().chain(&baseline.fields);
    let lacking = |source: &Seen| looked_at().filter(|name| !source.has(name)).cloned().collect::<Vec<String>>();
    let able = arriving.iter().filter(|source| rule.concerns(&source.log_sources));
    let able = able.filter(|source| rules.reach(rule, |name| source.has(name)).can_fire);
    match able.map(lacking).min_by_key(Vec::len) {
        Some(missing) if !missing.is_empty() => Some((Readiness::NoField, missing)),
        _ => Some(of_rule),
    }
}

/// Numbers that Navigator shows as colours.
fn score(readiness: Readiness) -> i64 {
    match readiness {
        Readiness::NoSource => 10,
        Readiness::NoField => 30,
        Readiness::Ready => 70,
        Readiness::Fired => 100,
    }
}

fn layer(coverage: &Coverage, name: &str) -> Value {
    let entry = |id: &str, readiness: Readiness, comment: String| json!({"techniqueID": id, "score": score(readiness), "comment": comment, "enabled": true, "showSubtechniques": false});
    let mut entries = Vec::new();
    for technique in &coverage.techniques {
        let Some(best) = technique.readiness else { continue };
        let able = technique.rules.iter().filter(|rule| rule.readiness >= Readiness::Ready).count();
        entries.push(entry(&technique.id, best, format!("{able} of {} rules can fire", technique.rules.len())));
        entries.extend(technique.parts.iter().map(|(id, readiness)| entry(id, *readiness, String::new())));
    }
    json!({
        "name": format!("{name}: detection coverage"),
        "versions": {"attack": "18", "navigator": "5.1.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "description": "10: no source sends anything; 30: fields are missing; 70: can fire; 100: fired within 30 days",
        "sorting": 3,
        "hideDisabled": false,
        "techniques": entries,
        "gradient": {"colors": ["#f4d5d5", "#ffe9a8", "#8ec843"], "minValue": 0, "maxValue": 100},
        "legendItems": [
            {"label": "no source", "color": "#f4d5d5"},
            {"label": "fields missing", "color": "#fbe0b6"},
            {"label": "can fire", "color": "#c9dd74"},
            {"label": "fired", "color": "#8ec843"},
        ],
    })
}
