//! Which fields a device's records carry, and which of those that live rules ask for never come: a parser that broke
//! makes rules silent without anybody noticing.

use std::collections::{BTreeMap, BTreeSet};

use formats::Hint;
use model::event::LogSource;
use model::query::{Query, Test};
use model::role::Permission;
use model::search::EventQuery;
use model::{Context, DeviceId, Severity, TimeRange, Timestamp};
use serde::Serialize;

use crate::Ops;
use crate::device_health::{print, week_until};
use crate::error::{Error, Result};

/// Newest records that are looked at closely.
const LOOKED_AT: usize = 500;
/// Fields that are absent from those are looked for in all records of a week, so many of them.
const LOOKED_FOR: usize = 40;
/// Rules told of.
const RULES: usize = 200;

/// A field of a device's records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldSeen {
    /// Its name.
    pub name: String,
    /// Whether it is one of the core fields.
    pub core: bool,
    /// Records that have it.
    pub events: i64,
    /// A value of it.
    pub example: String,
}

/// A field that rules ask for and that does not come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldMissing {
    /// Its name as rules have it.
    pub name: String,
    /// What the sources call it, where they say.
    pub alias_of: Option<String>,
    /// Rules that ask for it.
    pub rules: i64,
}

/// A rule that cannot fire on a device's records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleUnreached {
    /// The rule.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How bad its matches are.
    pub level: Severity,
    /// The fields it lacks.
    pub missing: Vec<String>,
}

/// The fields of a device, and what rules make of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceFields {
    /// Newest records that were looked at.
    pub looked_at: i64,
    /// The oldest of them.
    pub since: Option<Timestamp>,
    /// What was found in them, the commonest first.
    pub fields: Vec<FieldSeen>,
    /// The Sigma log sources they belong to.
    pub log_sources: Vec<String>,
    /// Live rules that apply to those.
    pub rules: i64,
    /// Fields that some of these rules ask for and that did not come in a week.
    pub missing: Vec<FieldMissing>,
    /// Rules that cannot fire without them.
    pub unreached: Vec<RuleUnreached>,
}

impl Ops {
    /// The fields of a device, and what rules make of them.
    pub async fn device_fields(&self, ctx: &Context, id: &DeviceId) -> Result<DeviceFields> {
        ctx.require(Permission::PolicyRead)?;
        let events = self.device_samples(ctx, id, &[], LOOKED_AT).await?;
        let device = self.store().read(ctx).await?.get_device(id).await?;
        let zone = match &device.data.time_zone {
            Some(zone) => zone.clone(),
            None => self.store().read(ctx).await?.get_customer(&device.customer).await?.data.time_zone,
        };
        let (parser, source) = (self.parsers().live(), device.data.source.clone());
        let looked_at = events.len() as i64;
        let since = events.last().map(|event| event.received);
        // What is stored names no log sources and aliases: parsing again does, by the parsers as they are now.
        let work = move || {
            let mut seen = Seen::default();
            for event in &events {
                let mut hint = Hint::new(event.received);
                hint.source.clone_from(&source);
                hint.time_zone = zone.parse().unwrap_or(hint.time_zone);
                seen.look(&parser.parse(&event.raw, &hint));
            }
            seen
        };
        let seen = tokio::task::spawn_blocking(work).await.map_err(|_| Error::Unavailable("parsing samples"))?;
        let rules = self.loaded().rules.clone();
        let log_sources: Vec<LogSource> = seen.log_sources.iter().cloned().collect();
        let concerned: Vec<_> = rules.concerned(&log_sources).cloned().collect();
        let mut asked: BTreeMap<String, i64> = BTreeMap::new();
        for rule in &concerned {
            for name in rules.reach(rule, |name| seen.has(name)).missing {
                *asked.entry(name).or_default() += 1;
            }
        }
        let mut seldom = BTreeSet::new();
        let mut most_asked: Vec<(&String, &i64)> = asked.iter().collect();
        most_asked.sort_by_key(|(name, rules)| (std::cmp::Reverse(**rules), (*name).clone()));
        for (name, _) in most_asked.into_iter().take(LOOKED_FOR) {
            if looked_at > 0 && self.comes(ctx, &device.customer, id, &seen.stored_names(name)).await? {
                seldom.insert(name.clone());
            }
        }
        let has = |name: &str| seen.has(name) || seldom.contains(name);
        let mut unreached = Vec::new();
        for rule in &concerned {
            let reach = rules.reach(rule, has);
            if !reach.can_fire {
                let (id, title) = (rule.id.clone(), rule.title.clone());
                unreached.push(RuleUnreached { id, title, level: rule.level, missing: reach.missing });
            }
        }
        unreached.sort_by(|one, other| (other.level, &one.title).cmp(&(one.level, &other.title)));
        unreached.truncate(RULES);
        let mut missing: Vec<FieldMissing> = asked
            .into_iter()
            .filter(|(name, _)| !seldom.contains(name))
            .map(|(name, rules)| FieldMissing { alias_of: seen.aliases.get(&name).cloned(), name, rules })
            .collect();
        missing.sort_by(|one, other| (other.rules, &one.name).cmp(&(one.rules, &other.name)));
        let mut fields: Vec<FieldSeen> = seen.fields.into_values().collect();
        fields.sort_by(|one, other| (other.events, !one.core, &one.name).cmp(&(one.events, !other.core, &other.name)));
        Ok(DeviceFields {
            looked_at,
            since,
            fields,
            log_sources: log_sources.iter().map(print).collect(),
            rules: concerned.len() as i64,
            missing,
            unreached,
        })
    }

    /// Whether any record of a week has one of these fields.
    async fn comes(
        &self,
        ctx: &Context,
        customer: &model::CustomerId,
        device: &DeviceId,
        names: &[String],
    ) -> Result<bool> {
        let TimeRange { from, to } = week_until(ctx.now());
        let query = EventQuery {
            customers: vec![customer.clone()],
            devices: vec![device.clone()],
            condition: Query::any(names.iter().map(|name| Query::field(name, Test::Exists))),
            ..EventQuery::all(TimeRange { from, to })
        };
        Ok(self.lake().count(ctx, &query).await? > 0)
    }
}

/// What was found in records.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    fields: BTreeMap<(bool, String), FieldSeen>,
    pub(crate) log_sources: BTreeSet<LogSource>,
    aliases: BTreeMap<String, String>,
}

impl Seen {
    pub(crate) fn look(&mut self, event: &model::event::Event<'_>) {
        self.log_sources.extend(event.log_sources.iter().cloned());
        for (alias, target) in event.aliases.iter() {
            if !self.aliases.contains_key(alias) {
                self.aliases.insert(alias.clone(), target.clone());
            }
        }
        let own = event.fields.iter().map(|field| (false, field));
        for (core, (name, value)) in event.core.iter().map(|field| (true, field)).chain(own) {
            if value.is_empty() {
                continue;
            }
            match self.fields.get_mut(&(core, name.to_owned())) {
                Some(seen) => seen.events += 1,
                None => {
                    let example = value.text().map(|text| text.chars().take(80).collect()).unwrap_or_default();
                    let seen = FieldSeen { name: name.to_owned(), core, events: 1, example };
                    self.fields.insert((core, name.to_owned()), seen);
                }
            }
        }
    }

    /// By the rules of `Event::resolve`.
    pub(crate) fn has(&self, name: &str) -> bool {
        let there = |core: bool, name: &str| self.fields.contains_key(&(core, name.to_owned()));
        there(false, name)
            || self.aliases.get(name).is_some_and(|target| there(false, target) || there(true, target))
            || there(true, &name.replace('.', "_"))
    }

    /// What a rule's name may stand under in stored records.
    fn stored_names(&self, name: &str) -> Vec<String> {
        let mut names = vec![name.to_owned()];
        names.extend(self.aliases.get(name).cloned());
        if name.contains('.') {
            names.push(name.replace('.', "_"));
        }
        names
    }
}
