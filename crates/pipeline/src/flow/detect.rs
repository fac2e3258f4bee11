//! From an event to detections: rules, correlations over them, and the device's own alarm (catalogue D0).

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use model::alert::{AlertOrigin, SAMPLES, Sample};
use model::entity::{Entity, entities_of};
use model::event::{AttackOutcome, Envelope, Event, Value};
use model::use_case::Release;
use model::{ExceptionId, Severity, Timestamp};
use sigma::{CorrelationMatch, Correlator, Limits, Match, RuleSet, Scratch, Snapshot};

use super::detection::{Detection, Evidence, clean, key_of, key_of_group, matched};
use crate::names::Names;
use crate::rulings::{Ruleset, Rulings};

/// Bounds on what correlations hold per customer.
const LIMITS: Limits = Limits { groups: 20_000, events_per_group: 1_000, lateness: Duration::from_secs(600) };
/// Bytes of a record that a correlation holds as evidence; the whole record is in the lake.
const EVIDENCE_RAW: usize = 16 * 1024;
/// Samples kept from the beginning; the others are the newest.
pub(super) const FIRST_SAMPLES: usize = 3;
/// Entities of one correlation.
const MOST_ENTITIES: usize = 30;

/// The correlations' state.
pub(super) type State = Snapshot<Arc<Evidence>>;

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
    correlator: Correlator<Arc<Evidence>>,
    /// Rules some correlation refers to.
    correlated: HashSet<String>,
}

impl Detector {
    /// Without state, or going on with what was kept.
    pub(super) fn new(Ruleset { rules, rulings }: Ruleset, state: Option<State>) -> Self {
        let correlator = match state.map(|state| Correlator::restore(&rules, LIMITS, state)) {
            Some(Ok(correlator)) => correlator,
            Some(Err(error)) => {
                tracing::warn!(%error, "correlations start without their state");
                Correlator::new(&rules, LIMITS)
            }
            None => Correlator::new(&rules, LIMITS),
        };
        let correlated = rules.correlations().iter().flat_map(|rule| rule.rules.iter().cloned()).collect();
        Detector { rules, rulings, scratch: Scratch::default(), correlator, correlated }
    }

    /// The same state under other rules.
    pub(super) fn replace_rules(&mut self, ruleset: Ruleset) {
        match Arc::ptr_eq(&self.rules, &ruleset.rules) {
            true => self.rulings = ruleset.rulings,
            false => *self = Detector::new(ruleset, Some(self.state())),
        }
    }

    pub(super) fn state(&self) -> State {
        self.correlator.snapshot()
    }

    /// Adds what fires with this event. Names are needed only when something does, but finding that out is the work.
    pub(super) fn observe(&mut self, envelope: &Envelope, event: &Event<'_>, names: &Names, out: &mut Found) {
        let (rules, rulings) = (self.rules.clone(), self.rulings.clone());
        let mut matches = rules.matches_with(&mut self.scratch, event);
        let partition = envelope.customer.as_str();
        if matches.is_empty() && event.alarm.is_none() {
            let fired = self.correlator.advance(partition, event.time);
            return self.correlations(envelope, fired, out);
        }
        let ruling = Ruling { rulings: &rulings, envelope };
        matches.retain(|found| !ruling.excepts(&found.rule.id, event, out));
        let mut entities = entities_of(event);
        names.enrich(&mut entities);
        let evidence = Evidence::new(envelope, event, entities, event.raw);

        if let Some(alarm) = &event.alarm {
            let name = clean(&alarm.name);
            let rule_id = format!("{}:{name}", event.source);
            if !ruling.excepts(&rule_id, event, out) {
                let mut found = detection(envelope, &evidence, AlertOrigin::Device, rule_id, name);
                (found.severity, found.outcome) = (alarm.severity, alarm.outcome);
                found.techniques = technique(event).into_iter().collect();
                ruling.add(found, out);
            }
        }
        for found in matches.iter().filter(|found| !rules.is_only_correlated(&found.rule.id)) {
            let rule = found.rule;
            let mut made = detection(envelope, &evidence, AlertOrigin::Rule, rule.id.clone(), rule.title.clone());
            made.severity = rule.level;
            made.outcome = event.alarm.as_ref().map(|alarm| alarm.outcome).unwrap_or_default();
            made.techniques = rule.techniques();
            made.samples[0].matched = matched(&found.fields, event);
            ruling.add(made, out);
        }
        let fired = match self.evidence_for_correlations(evidence, event, &matches) {
            Some(evidence) => self.correlator.observe(partition, event.time, &matches, event, evidence),
            None => self.correlator.advance(partition, event.time),
        };
        self.correlations(envelope, fired, out);
    }

    /// What a correlation keeps of this event, if one refers to a rule it satisfied.
    fn evidence_for_correlations(
        &self,
        mut evidence: Evidence,
        event: &Event<'_>,
        matches: &[Match<'_>],
    ) -> Option<Arc<Evidence>> {
        let concerned = matches.iter().filter(|found| self.correlated.contains(&found.rule.id));
        let mut fields: Vec<_> = concerned.flat_map(|found| matched(&found.fields, event)).collect();
        if fields.is_empty() && !matches.iter().any(|found| self.correlated.contains(&found.rule.id)) {
            return None;
        }
        fields.dedup();
        evidence.sample.matched = fields;
        let end = evidence.sample.raw.floor_char_boundary(EVIDENCE_RAW);
        evidence.sample.raw.truncate(end);
        Some(Arc::new(evidence))
    }

    fn correlations(&self, envelope: &Envelope, fired: Vec<CorrelationMatch<Arc<Evidence>>>, out: &mut Found) {
        let ruling = Ruling { rulings: &self.rulings, envelope };
        for found in fired {
            let Some(first) = found.events.first().filter(|_| !self.rules.is_only_correlated(&found.rule.id)) else {
                continue;
            };
            if self.rulings.has_exceptions(&found.rule.id) {
                // Exceptions to a correlation ask for what it groups by.
                let mut group = Event::unparsed("", found.last);
                let pairs = found.group.iter().map(|(name, value)| (name.clone(), Value::from(value.clone())));
                group.fields = pairs.collect();
                if ruling.excepts(&found.rule.id, &group, out) {
                    continue;
                }
            }
            let made = Detection {
                customer: envelope.customer.clone(),
                device: first.device.clone(),
                origin: AlertOrigin::Correlation,
                rule_id: found.rule.id.clone(),
                title: found.rule.title.clone(),
                severity: found.rule.level,
                silent: false,
                outcome: AttackOutcome::Unknown,
                techniques: found.rule.techniques(),
                key: key_of_group(&found.group, &found.events, &first.device),
                first: found.first,
                last: found.last,
                event: first.sample.event,
                received: envelope.received,
                entities: entities_together(&found.events),
                samples: samples_of(&found.events),
            };
            ruling.add(made, out);
        }
    }
}

/// What was decided, for the customer of one event.
struct Ruling<'r> {
    rulings: &'r Rulings,
    envelope: &'r Envelope,
}

impl Ruling<'_> {
    /// Whether an exception keeps a rule from firing; noted if so.
    fn excepts(&self, rule_id: &str, event: &Event<'_>, out: &mut Found) -> bool {
        let Envelope { customer, received, .. } = self.envelope;
        let exception = self.rulings.exception(rule_id, customer, *received, event);
        out.excepted.extend(exception.cloned());
        exception.is_some()
    }

    /// Adds a detection as its rule is released to the customer.
    fn add(&self, mut detection: Detection, out: &mut Found) {
        match self.rulings.release(&detection.rule_id, &detection.customer) {
            Release::Off => return,
            release => detection.silent = release == Release::Silent,
        }
        detection.severity = self.rulings.severity(&detection.rule_id).unwrap_or(detection.severity);
        out.detections.push(detection);
    }
}

/// A detection on one event; severity, outcome and techniques are the caller's.
fn detection(
    envelope: &Envelope,
    evidence: &Evidence,
    origin: AlertOrigin,
    rule_id: String,
    title: String,
) -> Detection {
    let time: Timestamp = evidence.sample.time;
    Detection {
        customer: envelope.customer.clone(),
        device: envelope.device.clone(),
        origin,
        rule_id,
        title,
        severity: Severity::Medium,
        silent: false,
        outcome: AttackOutcome::Unknown,
        techniques: Vec::new(),
        key: key_of(&evidence.entities, &envelope.device),
        first: time,
        last: time,
        event: envelope.id,
        received: envelope.received,
        entities: evidence.entities.clone(),
        samples: vec![evidence.sample.clone()],
    }
}

fn technique(event: &Event<'_>) -> Option<String> {
    let text = event.core.get("threat_technique_id")?.text()?;
    (!text.is_empty()).then(|| clean(&text))
}

fn entities_together(events: &[Arc<Evidence>]) -> Vec<Entity> {
    let mut entities: Vec<Entity> = Vec::new();
    for entity in events.iter().flat_map(|evidence| &evidence.entities) {
        if entities.len() < MOST_ENTITIES && !entities.contains(entity) {
            entities.push(entity.clone());
        }
    }
    entities
}

/// The first ones and the newest.
fn samples_of(events: &[Arc<Evidence>]) -> Vec<Sample> {
    let mut seen = HashSet::new();
    let distinct: Vec<&Sample> =
        events.iter().map(|evidence| &evidence.sample).filter(|sample| seen.insert(sample.event)).collect();
    if distinct.len() <= SAMPLES {
        return distinct.into_iter().cloned().collect();
    }
    let newest = &distinct[distinct.len() - (SAMPLES - FIRST_SAMPLES)..];
    distinct[..FIRST_SAMPLES].iter().chain(newest).map(|sample| (*sample).clone()).collect()
}
