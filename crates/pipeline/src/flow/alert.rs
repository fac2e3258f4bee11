//! An alert that still grows: it shares its evidence, so that handing it on costs little however often it grows.

use std::sync::Arc;

use model::alert::{Alert, AlertState, ENTITIES, SAMPLES};
use model::baseline::{Departure, Unusual};
use model::entity::Entity;
use model::event::AttackOutcome;
use model::{AlertId, CustomerId, DeviceId, Severity, Timestamp};
use serde::{Deserialize, Serialize};

use super::detect::FIRST_SAMPLES;
use super::detection::{About, Detection, badness};
use super::evidence::Shown;
use super::storm::{self, Keys};

/// The alert.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Growing {
    pub id: AlertId,
    pub customer: CustomerId,
    device: DeviceId,
    pub about: Arc<About>,
    severity: Severity,
    pub silent: bool,
    outcome: AttackOutcome,
    pub key: Arc<str>,
    pub count: i64,
    pub first: Timestamp,
    pub last: Timestamp,
    entities: Arc<Vec<Entity>>,
    samples: Vec<Shown>,
    departure: Option<Box<Departure>>,
    /// The keys it stands for, if it holds a storm together.
    keys: Option<Box<Keys>>,
    pub created: Timestamp,
    /// Receipt time of what came last.
    pub touched: Timestamp,
}

/// The same at rest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct OpenAlert {
    alert: Alert,
    touched: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keys: Option<Box<Keys>>,
}

impl Growing {
    /// Begins with its first detection.
    pub(super) fn begin(detection: Detection) -> Self {
        let evidence = &detection.sample.evidence;
        let event = evidence.event.to_string();
        let parts: [&str; 4] = [detection.customer.as_str(), &detection.about.rule_id, &detection.key, &event];
        Growing {
            id: AlertId::derived(detection.first, &parts.map(str::as_bytes)),
            customer: detection.customer,
            device: evidence.device.clone(),
            severity: detection.severity,
            silent: detection.silent,
            outcome: detection.outcome,
            about: detection.about,
            key: detection.key,
            count: 1,
            first: detection.first,
            last: detection.last,
            entities: detection.entities,
            samples: std::iter::once(detection.sample).chain(detection.more).collect(),
            departure: detection.departure,
            keys: None,
            created: detection.received,
            touched: detection.received,
        }
    }

    /// Begins to stand for all keys of a rule from this one on.
    pub(super) fn begin_storm(detection: Detection) -> Self {
        let mut keys = Keys::default();
        keys.add(&detection.key);
        let key = storm::key(detection.outcome).into();
        Growing { keys: Some(Box::new(keys)), ..Growing::begin(Detection { key, departure: None, ..detection }) }
    }

    /// Whether it holds a storm together.
    pub(super) fn is_storm(&self) -> bool {
        self.keys.is_some()
    }

    /// Grows by a detection.
    pub(super) fn join(&mut self, detection: Detection) {
        self.count += 1;
        self.first = self.first.min(detection.first);
        self.last = self.last.max(detection.last);
        self.touched = self.touched.max(detection.received);
        self.severity = self.severity.max(detection.severity);
        if badness(detection.outcome) > badness(self.outcome) {
            self.outcome = detection.outcome;
        }
        self.add_entities(&detection.entities);
        if let Some(keys) = &mut self.keys {
            // The reason of one of many says nothing of the others.
            keys.add(&detection.key);
        } else if let Some(departure) = detection.departure
            // What was new first stays the reason; a number that grows is told as it is by now.
            && (self.departure.is_none() || matches!(departure.reason, Unusual::Volume { .. }))
        {
            self.departure = Some(departure);
        }
        for shown in std::iter::once(detection.sample).chain(detection.more) {
            self.add_sample(shown);
        }
    }

    fn add_entities(&mut self, more: &[Entity]) {
        let is_known = |entity: &Entity, known: &Entity| known.kind == entity.kind && known.value == entity.value;
        for entity in more {
            if self.entities.len() >= ENTITIES {
                return;
            }
            if !self.entities.iter().any(|known| is_known(entity, known)) {
                Arc::make_mut(&mut self.entities).push(entity.clone());
            }
        }
    }

    /// The first ones stay; behind them stand the newest.
    fn add_sample(&mut self, shown: Shown) {
        if self.samples.iter().any(|known| known.evidence.event == shown.evidence.event) {
            return;
        }
        if self.samples.len() >= SAMPLES {
            self.samples.remove(FIRST_SAMPLES);
        }
        self.samples.push(shown);
    }

    /// How bad it is by now.
    pub(super) fn grade(&self) -> (Severity, AttackOutcome) {
        (self.severity, self.outcome)
    }

    /// As it is told to others.
    pub(super) fn alert(&self) -> Alert {
        Alert {
            id: self.id.clone(),
            customer: self.customer.clone(),
            device: self.device.clone(),
            origin: self.about.origin,
            rule_id: self.about.rule_id.to_string(),
            title: self.about.title.clone(),
            severity: self.severity,
            outcome: self.outcome,
            techniques: self.about.techniques.clone(),
            key: self.key.to_string(),
            count: self.count,
            first: self.first,
            last: self.last,
            entities: self.entities.to_vec(),
            samples: self.samples.iter().map(Shown::sample).collect(),
            intel: self.about.intel.clone(),
            departure: self.departure.clone(),
            storm: self.keys.as_ref().map(|keys| Box::new(keys.storm())),
            state: if self.silent { AlertState::Silent } else { AlertState::New },
            policy: None,
            incident: None,
            created: self.created,
            version: 1,
        }
    }
}

impl OpenAlert {
    pub(super) fn of(growing: &Growing) -> Self {
        OpenAlert { alert: growing.alert(), touched: growing.touched, keys: growing.keys.clone() }
    }

    pub(super) fn id(&self) -> &AlertId {
        &self.alert.id
    }

    /// Goes on growing.
    pub(super) fn grow(self) -> Growing {
        let OpenAlert { alert, touched, keys } = self;
        let about = About {
            origin: alert.origin,
            rule_id: alert.rule_id.into(),
            title: alert.title,
            severity: alert.severity,
            techniques: alert.techniques,
            intel: alert.intel,
        };
        let device = alert.device;
        Growing {
            samples: alert.samples.into_iter().map(|sample| Shown::of_sample(sample, &device)).collect(),
            id: alert.id,
            customer: alert.customer,
            device,
            about: Arc::new(about),
            severity: alert.severity,
            silent: alert.state == AlertState::Silent,
            outcome: alert.outcome,
            key: alert.key.into(),
            count: alert.count,
            first: alert.first,
            last: alert.last,
            entities: Arc::new(alert.entities),
            departure: alert.departure,
            keys,
            created: alert.created,
            touched,
        }
    }
}
