//! From an event to detections: rules, correlations and baselines over them, and the device's own alarm (catalogue D0).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use formats::Zone;
use model::alert::{AlertOrigin, ENTITIES, MatchedField, SAMPLES};
use model::entity::{Entity, entities_of};
use model::event::{Alarm, AttackOutcome, Envelope, Event, Value};
use model::use_case::Release;
use model::{CustomerId, ExceptionId};
use sigma::{
    BaselineLimits, BaselineStatistics, Baselines, CorrelationMatch, Correlator, Head, InvalidState, Limits, Match,
    Moment, RuleSet, Scratch, StatePart, Statistics,
};

use super::detection::{About, Detection, clean, key_of, key_of_group, matched};
use super::evidence::{Evidence, Packed, Shown};
use crate::names::Names;
use crate::rulings::{Ruleset, Rulings};

/// Bounds on what correlations hold per customer.
const LIMITS: Limits =
    Limits { groups: 50_000, events: 200_000, events_per_group: 1_000, samples: 8, lateness: Duration::from_secs(600) };
/// Bounds on what each baseline holds per customer.
const PROFILES: BaselineLimits = BaselineLimits { groups: 200_000, values: 200_000, bytes: 96 << 20 };
/// To correlations and baselines, an event is no further ahead of its receipt than this: a clock that is hours ahead must
/// not end the windows of all others.
const AHEAD: Duration = Duration::from_secs(300);
/// Samples kept from the beginning; the others are the newest.
pub(super) const FIRST_SAMPLES: usize = 3;

/// What came of an event.
#[derive(Default)]
pub(super) struct Found {
    pub detections: Vec<Detection>,
    /// Exceptions that kept a rule from firing.
    pub excepted: Vec<ExceptionId>,
}

/// The rules in force and the state of their correlations.
pub(super) struct Detector {
    rules: Arc<RuleSet>,
    rulings: Arc<Rulings>,
    scratch: Scratch,
    correlator: Correlator<Packed>,
    baselines: Baselines,
    /// Rules some correlation refers to.
    correlated: HashSet<String>,
    /// By id, of those that yield alerts.
    about: HashMap<String, Arc<About>>,
}

impl Detector {
    /// Goes on with the state kept in these parts.
    pub(super) fn new(Ruleset { rules, rulings }: Ruleset, parts: &[(u32, StateParts)]) -> Self {
        let correlator = restored("correlations", parts, |parts| {
            let parts = parts.iter().map(|(number, bytes)| (*number, bytes.correlations.as_slice()));
            Correlator::restore(&rules, LIMITS, parts)
        });
        let baselines = restored("baselines", parts, |parts| {
            let parts = parts.iter().map(|(number, bytes)| (*number, bytes.baselines.as_slice()));
            Baselines::restore(&rules, PROFILES, parts)
        });
        let (correlated, about) = (correlated(&rules), about(&rules));
        Detector { rules, rulings, scratch: Scratch::default(), correlator, baselines, correlated, about }
    }

    /// The same state under other rules.
    pub(super) fn replace_rules(&mut self, Ruleset { rules, rulings }: Ruleset) {
        self.rulings = rulings;
        if Arc::ptr_eq(&self.rules, &rules) {
            return;
        }
        self.correlator.replace_rules(&rules);
        self.baselines.replace_rules(&rules);
        (self.correlated, self.about) = (correlated(&rules), about(&rules));
        self.scratch = Scratch::default();
        self.rules = rules;
    }

    /// What the correlations hold and what happened at their bounds.
    pub(super) fn statistics(&self) -> Statistics {
        self.correlator.statistics()
    }

    /// What the baselines hold.
    pub(super) fn profiled(&self) -> BaselineStatistics {
        self.baselines.statistics()
    }

    /// What is usual, for who asks.
    pub(super) fn baselines(&self) -> &Baselines {
        &self.baselines
    }

    /// Forgets what is usual for a group.
    pub(super) fn forget(&mut self, customer: &CustomerId, rule: &str, group: &[String]) -> bool {
        self.baselines.forget(customer.as_str(), rule, group)
    }

    /// What changed in correlations and baselines since the last part of their state, and the first part that is still
    /// needed.
    pub(super) fn part(&mut self, number: u32) -> (StateParts, u32) {
        let StatePart { oldest: first, bytes: correlations } = self.correlator.part(number);
        let StatePart { oldest: second, bytes: baselines } = self.baselines.part(number);
        (StateParts { correlations, baselines }, first.min(second))
    }

    /// What was decided, for the customer of one event.
    pub(super) fn ruling<'r>(&'r self, envelope: &'r Envelope) -> Ruling<'r> {
        Ruling { rulings: &self.rulings, envelope }
    }

    /// Adds what fires with this event. Names are needed only when something does, but finding that out is the work.
    pub(super) fn observe(
        &mut self,
        envelope: &Envelope,
        zone: Zone,
        event: &Event<'_>,
        names: &Names,
        out: &mut Found,
    ) {
        let (rules, rulings) = (self.rules.clone(), self.rulings.clone());
        let mut matches = rules.matches_with(&mut self.scratch, event);
        let partition = envelope.customer.as_str();
        let time = event.time.min(envelope.received.plus(AHEAD));
        if matches.is_empty() && event.alarm.is_none() {
            let fired = self.correlator.advance(partition, time);
            return self.correlations(envelope, fired, out);
        }
        let ruling = Ruling { rulings: &rulings, envelope };
        matches.retain(|found| !ruling.excepts(&found.rule.id, event, out));
        let mut entities = entities_of(event);
        names.enrich(&mut entities);
        let evidence = Arc::new(Evidence::new(envelope, event, entities));
        let key: Arc<str> = key_of(&evidence.entities, &envelope.device).into();
        let make = |about: Arc<About>, silent, outcome, matched| Detection {
            customer: envelope.customer.clone(),
            severity: rulings.severity(&about.rule_id).unwrap_or(about.severity),
            about,
            silent,
            outcome,
            key: key.clone(),
            first: event.time,
            last: event.time,
            received: envelope.received,
            entities: evidence.entities.clone(),
            sample: Shown { evidence: evidence.clone(), matched },
            more: Vec::new(),
            departure: None,
        };
        if let Some(alarm) = &event.alarm {
            let about = Arc::new(alarm_of(alarm, event));
            if let Some(silent) = ruling.is_silent(&about.rule_id)
                && !ruling.excepts(&about.rule_id, event, out)
            {
                out.detections.push(make(about, silent, alarm.outcome, Arc::default()));
            }
        }
        let outcome = event.alarm.as_ref().map(|alarm| alarm.outcome).unwrap_or_default();
        for found in &matches {
            // Only those that yield alerts are there.
            if let Some(about) = self.about.get(&found.rule.id)
                && let Some(silent) = ruling.is_silent(&found.rule.id)
            {
                out.detections.push(make(about.clone(), silent, outcome, matched(&found.fields, event)));
            }
        }
        if self.baselines.concern(&matches) {
            let moment = Moment { time, received: envelope.received, offset: zone.offset(time) };
            for found in self.baselines.observe(partition, moment, &matches, event) {
                let Some(about) = self.about.get(&found.rule.id) else { continue };
                let Some(silent) = ruling.is_silent(&found.rule.id) else { continue };
                if ruling.excepts(&found.rule.id, event, out) {
                    continue;
                }
                let group: Vec<(String, String)> =
                    found.departure.group.iter().map(|part| (part.name.clone(), part.value.clone())).collect();
                let mut detection = make(about.clone(), silent, outcome, matched(&found.fields, event));
                detection.key = key_of_group(&group, std::slice::from_ref(&detection.sample)).into();
                detection.departure = Some(Box::new(found.departure));
                out.detections.push(detection);
            }
        }
        let fired = match self.packed(&evidence, event, &matches) {
            Some(packed) => self.correlator.observe(partition, time, &matches, event, packed),
            None => self.correlator.advance(partition, time),
        };
        self.correlations(envelope, fired, out);
    }

    /// What a correlation keeps of this event, if one refers to a rule it satisfied.
    fn packed(&self, evidence: &Evidence, event: &Event<'_>, matches: &[Match<'_>]) -> Option<Packed> {
        let mut concerned = matches.iter().filter(|found| self.correlated.contains(&found.rule.id)).peekable();
        concerned.peek()?;
        let mut fields: Vec<MatchedField> =
            concerned.flat_map(|found| matched(&found.fields, event).to_vec()).collect();
        fields.dedup();
        Some(Packed::new(evidence, &fields))
    }

    fn correlations(&self, envelope: &Envelope, fired: Vec<CorrelationMatch<Packed>>, out: &mut Found) {
        let ruling = Ruling { rulings: &self.rulings, envelope };
        for found in fired {
            let Some(about) = self.about.get(&found.rule.id) else { continue };
            let Some(silent) = ruling.is_silent(&found.rule.id) else { continue };
            if self.rulings.has_exceptions(&found.rule.id) {
                // Exceptions to a correlation ask for what it groups by.
                let mut group = Event::unparsed("", found.last);
                let pairs = found.group.iter().map(|(name, value)| (name.clone(), Value::from(value.clone())));
                group.fields = pairs.collect();
                if ruling.excepts(&found.rule.id, &group, out) {
                    continue;
                }
            }
            let events: Vec<Shown> = found.events.iter().filter_map(Packed::unpack).collect();
            let mut samples = samples_of(&events).into_iter();
            let Some(sample) = samples.next() else { continue };
            out.detections.push(Detection {
                customer: envelope.customer.clone(),
                severity: self.rulings.severity(&about.rule_id).unwrap_or(about.severity),
                about: about.clone(),
                silent,
                outcome: AttackOutcome::Unknown,
                key: key_of_group(&found.group, &events).into(),
                first: found.first,
                last: found.last,
                received: envelope.received,
                entities: Arc::new(entities_together(&events)),
                sample,
                more: samples.collect(),
                departure: None,
            });
        }
    }
}

/// What was decided, for the customer of one event.
pub(super) struct Ruling<'r> {
    rulings: &'r Rulings,
    pub(super) envelope: &'r Envelope,
}

impl Ruling<'_> {
    /// Whether an exception keeps a rule from firing; noted if so.
    pub(super) fn excepts(&self, rule_id: &str, event: &Event<'_>, out: &mut Found) -> bool {
        let Envelope { customer, received, .. } = self.envelope;
        let exception = self.rulings.exception(rule_id, customer, *received, event);
        out.excepted.extend(exception.cloned());
        exception.is_some()
    }

    /// Whether a rule is released to the customer, and then whether only silently.
    pub(super) fn is_silent(&self, rule_id: &str) -> Option<bool> {
        let customer: &CustomerId = &self.envelope.customer;
        match self.rulings.release(rule_id, customer) {
            Release::Off => None,
            release => Some(release == Release::Silent),
        }
    }
}

/// What changed in correlations and baselines, as a part of the state holds it.
#[derive(Debug, Default)]
pub(super) struct StateParts {
    pub correlations: Vec<u8>,
    pub baselines: Vec<u8>,
}

/// A state taken up from its parts.
fn restored<S>(
    what: &str,
    parts: &[(u32, StateParts)],
    restore: impl Fn(&[(u32, StateParts)]) -> Result<S, InvalidState>,
) -> S {
    let mut from = 0;
    loop {
        match restore(&parts[from..]) {
            Ok(state) => return state,
            // After a state that could not be read the next part held everything. Without any part nothing fails.
            Err(error) => tracing::warn!(%error, what, "detection starts without a part of its state"),
        }
        from += 1;
    }
}

fn correlated(rules: &RuleSet) -> HashSet<String> {
    rules.correlations().iter().flat_map(|rule| rule.rules.iter().cloned()).collect()
}

/// Of each rule and correlation that yields alerts of its own.
fn about(rules: &RuleSet) -> HashMap<String, Arc<About>> {
    let of = |origin: AlertOrigin, head: &Head| (head.id.clone(), About::of(origin, head));
    let single = rules.rules().iter().map(|rule| of(AlertOrigin::Rule, rule));
    let several = rules.correlations().iter().map(|rule| of(AlertOrigin::Correlation, rule));
    let profiled = rules.baselines().iter().map(|rule| of(AlertOrigin::Baseline, rule));
    let alerting = single.chain(several).chain(profiled).filter(|(id, _)| !rules.is_only_correlated(id));
    alerting.map(|(id, about)| (id, Arc::new(about))).collect()
}

fn alarm_of(alarm: &Alarm<'_>, event: &Event<'_>) -> About {
    let title = clean(&alarm.name);
    About {
        origin: AlertOrigin::Device,
        rule_id: format!("{}:{title}", event.source).into(),
        title,
        severity: alarm.severity,
        techniques: technique(event).into_iter().collect(),
        intel: None,
    }
}

fn technique(event: &Event<'_>) -> Option<String> {
    let text = event.core.get("threat_technique_id")?.text()?;
    (!text.is_empty()).then(|| clean(&text))
}

fn entities_together(events: &[Shown]) -> Vec<Entity> {
    let mut entities: Vec<Entity> = Vec::new();
    for entity in events.iter().flat_map(|shown| shown.evidence.entities.iter()) {
        if entities.len() < ENTITIES && !entities.contains(entity) {
            entities.push(entity.clone());
        }
    }
    entities
}

/// The first ones and the newest.
fn samples_of(events: &[Shown]) -> Vec<Shown> {
    let mut seen = HashSet::new();
    let mut distinct: Vec<Shown> = events.iter().filter(|shown| seen.insert(shown.evidence.event)).cloned().collect();
    if distinct.len() > SAMPLES {
        distinct.drain(FIRST_SAMPLES..distinct.len() - (SAMPLES - FIRST_SAMPLES));
    }
    distinct
}
