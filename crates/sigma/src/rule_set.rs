//! A loaded set of rules: never fails as a whole, says what could not be used, and matches events.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use model::event::{Event, LogSource, Value};
use sha2::{Digest, Sha256};

use crate::baseline::rule::BaselineRule;
use crate::correlation::rule::CorrelationRule;
use crate::cost::{Counters, RuleCost, TIMED};
use crate::engine::program::Program;
use crate::engine::scratch::Scratch;
use crate::engine::seen::Seen;
use crate::explain::{self, Explanation};
use crate::expression::MatchedField;
use crate::loader::{Loaded, Loader, read_folder};
use crate::processing::Settings;
use crate::router::{Router, covers};
use crate::rule::Rule;
use crate::view::{Columns, View};

/// A rule or correlation that is understood but not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inactive {
    /// The file.
    pub path: String,
    /// The rule's id.
    pub id: String,
    /// The rule's title.
    pub title: String,
    /// Why, and what would activate it.
    pub reason: String,
}

/// A document that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// The file.
    pub path: String,
    /// What is wrong, where, and what to do.
    pub message: String,
}

/// A rule that fired.
#[derive(Debug, Clone)]
pub struct Match<'r> {
    /// The rule.
    pub rule: &'r Arc<Rule>,
    /// What of the event made it fire.
    pub fields: Vec<MatchedField>,
}

/// What events without certain fields leave of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Fields it asks about that do not come.
    pub missing: Vec<String>,
    /// Whether it can fire all the same.
    pub can_fire: bool,
}

/// The rules for one set of log sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionReport {
    /// The set.
    pub log_sources: Vec<LogSource>,
    /// How many rules apply to its events.
    pub rules: usize,
    /// Ids of those asked on every event that has their fields, since no word tells that they cannot hold.
    pub always_asked: Vec<String>,
    /// Bytes of the tables that choose the rules to be asked.
    pub bytes: usize,
}

/// Rules and correlations ready to be matched.
#[derive(Debug, Default)]
pub struct RuleSet {
    rules: Vec<Arc<Rule>>,
    correlations: Vec<Arc<CorrelationRule>>,
    baselines: Vec<Arc<BaselineRule>>,
    inactive: Vec<Inactive>,
    errors: Vec<LoadError>,
    by_id: HashMap<String, usize>,
    only_correlated: HashSet<String>,
    columns: Columns,
    router: Router,
    program: Program,
    counters: Vec<Counters>,
    /// Tells this set from all others; 0 is no set.
    serial: u64,
    /// SHA-256 over the files.
    hash: String,
    /// Memory of calls that bring none of their own, used again.
    scratches: Mutex<Vec<Scratch>>,
}

impl RuleSet {
    /// Loads files given as (path, text), with no placeholder filled and no pipeline.
    pub fn load(files: impl IntoIterator<Item = (String, String)>) -> Self {
        Self::load_with(files, &Settings::default())
    }

    /// Loads files given as (path, text).
    pub fn load_with(files: impl IntoIterator<Item = (String, String)>, settings: &Settings) -> Self {
        let (mut loader, mut hash) = (Loader::new(settings), Sha256::new());
        for (path, text) in files {
            for part in [&path, &text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
            loader.file(&path, &text);
        }
        let hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        RuleSet { hash, ..RuleSet::new(loader.finish()) }
    }

    /// Loads every `.yml` and `.yaml` file of a folder and those under it, in order of path. A file that cannot be
    /// read is an entry of [`RuleSet::errors`].
    pub fn load_dir(path: impl AsRef<Path>) -> Self {
        let mut loader_errors = Vec::new();
        let mut files = Vec::new();
        read_folder(path.as_ref(), &mut files, &mut loader_errors, 0);
        let mut set = Self::load(files);
        set.errors.splice(0..0, loader_errors);
        set
    }

    /// The active rules in the order they were loaded.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// The active correlations.
    pub fn correlations(&self) -> &[Arc<CorrelationRule>] {
        &self.correlations
    }

    /// The active baselines.
    pub fn baselines(&self) -> &[Arc<BaselineRule>] {
        &self.baselines
    }

    /// What is understood but not used.
    pub fn inactive(&self) -> &[Inactive] {
        &self.inactive
    }

    /// What could not be used.
    pub fn errors(&self) -> &[LoadError] {
        &self.errors
    }

    /// SHA-256 over the files the set was loaded from, in hexadecimal; empty for the empty set.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// A rule by its id.
    pub fn rule(&self, id: &str) -> Option<&Arc<Rule>> {
        self.by_id.get(id).map(|&position| &self.rules[position])
    }

    /// Whether this rule (or correlation) serves correlations or baselines only and its matches are no alerts of their own:
    /// one refers to it and none that does says `generate: true`.
    pub fn is_only_correlated(&self, id: &str) -> bool {
        self.only_correlated.contains(id)
    }

    /// The active rules that apply to events of any of these log sources, in the order they were loaded.
    pub fn concerned(&self, sources: &[LogSource]) -> impl Iterator<Item = &Arc<Rule>> {
        self.rules.iter().filter(|rule| sources.iter().any(|source| covers(&rule.log_source, source)))
    }

    /// What becomes of a rule where events have only the fields `has` says.
    pub fn reach(&self, rule: &Rule, has: impl Fn(&str) -> bool) -> Reach {
        let mut columns = BTreeSet::new();
        rule.expression.columns(&mut columns);
        let names = columns.into_iter().map(|column| self.columns.name(column).to_owned());
        let missing = names.filter(|name| !has(name)).collect();
        Reach { missing, can_fire: rule.expression.may_hold(&|column| has(self.columns.name(column))) }
    }

    /// The rules the event satisfies, those that are only correlated included, in the order they were loaded. Who
    /// matches many events keeps a [`Scratch`] and calls [`RuleSet::matches_with`].
    pub fn matches<'r>(&'r self, event: &Event<'_>) -> Vec<Match<'r>> {
        let idle = |set: &Self| set.scratches.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut scratch = idle(self).unwrap_or_default();
        let found = self.matches_with(&mut scratch, event);
        self.scratches.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        found
    }

    /// The same with memory of the caller's, which it is to use again for the next event.
    pub fn matches_with<'r>(&'r self, scratch: &mut Scratch, event: &Event<'_>) -> Vec<Match<'r>> {
        scratch.adopt(self.serial);
        let Scratch { routes, shapes, bits, memory, memo, events, .. } = scratch;
        *events += 1;
        let route =
            routes.of(&event.log_sources, || self.router.partition(&event.log_sources, &self.rules, &self.program));
        route.events += 1;
        let partition = &*route.partition;
        if partition.positions.is_empty() {
            return Vec::new();
        }
        let shape = shapes.of(event, partition, &self.rules, &self.columns);
        partition.mark(event, shape, bits);
        if let Some(next) = partition.learn(route.events, event, shape, &self.rules, &self.program) {
            self.router.keep(&event.log_sources, Arc::new(next));
        }
        let mut matches = Vec::new();
        if bits.iter().all(|word| *word == 0) {
            return matches;
        }
        let raw = Value::from(event.raw);
        memo.next_event(self.program.items());
        let mut seen = Seen::new(memory, &raw, self.columns.len());
        let timed = events.is_multiple_of(TIMED);
        for (word, marks) in (0..).zip(bits.iter()) {
            let mut marks = *marks;
            while marks != 0 {
                let local = word * 64 + marks.trailing_zeros() as usize;
                marks &= marks - 1;
                let position = partition.positions[local];
                let counters = &self.counters[position as usize];
                if counters.is_suspended() {
                    continue;
                }
                let started = timed.then(Instant::now);
                let looks = &partition.locals[local];
                for column in &looks.columns {
                    seen.take_in(*column as usize, || shape.value(event, *column));
                }
                if looks.searches {
                    seen.take_in_all(event);
                }
                let holds = self.program.ask(&looks.step, &seen, memo);
                if let Some(started) = started {
                    counters.took(started.elapsed());
                }
                if holds {
                    counters.hit();
                    let columns = looks.columns.iter().map(|column| *column as usize);
                    let view = View::new(event, &raw, &self.columns, columns);
                    matches.push(self.found(position, &view));
                }
            }
        }
        seen.end();
        matches
    }

    /// The same, asking every rule whose log source fits: what [`RuleSet::matches`] must agree with.
    pub fn matches_plainly<'r>(&'r self, event: &Event<'_>) -> Vec<Match<'r>> {
        let raw = Value::from(event.raw);
        let view = View::new(event, &raw, &self.columns, 0..self.columns.len());
        let positions = self.router.concerned(&event.log_sources).into_iter();
        let active = positions.filter(|position| !self.counters[*position as usize].is_suspended());
        active
            .filter(|position| self.rules[*position as usize].expression.holds(&view))
            .map(|position| self.found(position, &view))
            .collect()
    }

    /// Why this rule fires on the event or why it does not, term by term; nothing for an id that is no active rule's.
    pub fn explain(&self, id: &str, event: &Event<'_>) -> Option<Explanation> {
        let position = *self.by_id.get(id)?;
        Some(explain::explain(&self.rules[position], event, self.counters[position].is_suspended()))
    }

    fn found<'r>(&'r self, position: u32, view: &View<'_>) -> Match<'r> {
        let rule = &self.rules[position as usize];
        let mut fields = Vec::new();
        rule.expression.matched(view, &mut fields);
        Match { rule, fields }
    }

    /// What each rule has cost since the set was loaded.
    pub fn costs(&self) -> Vec<RuleCost> {
        self.rules.iter().zip(&self.counters).map(|(rule, counters)| counters.cost(&rule.id)).collect()
    }

    /// Takes a rule out of use, or into it again, without loading anything: for who finds that it costs too much.
    /// False if there is no such rule.
    pub fn suspend(&self, id: &str, suspended: bool) -> bool {
        let position = self.by_id.get(id);
        position.inspect(|position| self.counters[**position].suspend(suspended)).is_some()
    }

    /// Makes ready for the events another set has met, so that the first of them find the tables made. To be called
    /// before this set takes the other's place, while that one goes on matching.
    pub fn prepare_like(&self, other: &RuleSet) {
        for (sources, _) in other.router.partitions() {
            self.router.partition(&sources, &self.rules, &self.program);
        }
    }

    /// The sets of log sources met so far and what is made of the rules for each.
    pub fn partitions(&self) -> Vec<PartitionReport> {
        let mut reports: Vec<PartitionReport> = self
            .router
            .partitions()
            .into_iter()
            .map(|(sources, partition)| PartitionReport {
                log_sources: sources.to_vec(),
                rules: partition.positions.len(),
                always_asked: partition
                    .always_asked()
                    .map(|local| self.rules[partition.positions[local as usize] as usize].id.clone())
                    .collect(),
                bytes: partition.size(),
            })
            .collect();
        reports.sort_by(|a, b| a.log_sources.cmp(&b.log_sources));
        reports
    }
}

static SERIAL: AtomicU64 = AtomicU64::new(1);

impl RuleSet {
    /// A set of what was loaded.
    pub(crate) fn new(loaded: Loaded) -> Self {
        let Loaded { rules, columns, resolved, baselines, mut inactive, mut errors } = loaded;
        inactive.extend(resolved.inactive.into_iter().chain(baselines.inactive));
        errors.extend(resolved.errors.into_iter().chain(baselines.errors));
        let mut only_correlated = resolved.only_correlated;
        let generated = |generate: bool, rules: &[String]| if generate { rules.to_vec() } else { Vec::new() };
        let correlations = resolved.rules.iter().flat_map(|rule| generated(rule.generate, &rule.rules));
        let alerting =
            correlations.chain(baselines.rules.iter().flat_map(|rule| generated(rule.generate, &rule.rules)));
        let alerting: HashSet<String> = alerting.collect();
        only_correlated.extend(baselines.looked_at);
        only_correlated.retain(|id| !alerting.contains(id));
        RuleSet {
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            hash: String::new(),
            router: Router::new(&rules),
            program: Program::new(&rules),
            by_id: rules.iter().enumerate().map(|(position, rule)| (rule.id.clone(), position)).collect(),
            counters: rules.iter().map(|_| Counters::default()).collect(),
            rules,
            correlations: resolved.rules,
            baselines: baselines.rules,
            inactive,
            errors,
            only_correlated,
            columns,
            scratches: Mutex::default(),
        }
    }
}
