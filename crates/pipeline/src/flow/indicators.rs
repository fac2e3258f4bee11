//! From an event to what threat intelligence says about it: one detection for each indicator it holds.

use std::sync::Arc;

use intel::{Hit, Index};
use model::Severity;
use model::alert::{AlertOrigin, MatchedField};
use model::entity::{Entity, EntityKind, entities_of};
use model::event::{Envelope, Event};
use model::intel::{AlertIntel, IndicatorKind};

use super::detect::{Found, Ruling};
use super::detection::{About, Detection, LONGEST_VALUE, clean, cut};
use super::evidence::{Evidence, Shown};
use crate::names::Names;

/// Indicators of one event that become alerts; a record that names more is a list, not traffic.
const MOST: usize = 20;

/// The indicators that are looked for.
pub(super) struct Indicators(pub Arc<Index>);

impl Indicators {
    /// Adds a detection for each indicator the event holds.
    pub(super) fn observe(&self, event: &Event<'_>, names: &Names, ruling: &Ruling<'_>, out: &mut Found) {
        let envelope = ruling.envelope;
        let mut hits = self.0.observe(&envelope.customer, envelope.received, event);
        if hits.is_empty() {
            return;
        }
        hits.truncate(MOST);
        let mut entities = entities_of(event);
        names.enrich(&mut entities);
        let evidence = Arc::new(Evidence::new(envelope, event, entities));
        let outcome = event.alarm.as_ref().map(|alarm| alarm.outcome).unwrap_or_default();
        for hit in hits {
            let key = key(&hit, &evidence.entities, envelope).into();
            let value = cut(&hit.value, LONGEST_VALUE).to_owned();
            let matched = vec![MatchedField { field: hit.field.clone(), value }].into();
            let about = Arc::new(about(hit));
            let Some(silent) = ruling.is_silent(&about.rule_id) else { continue };
            if ruling.excepts(&about.rule_id, event, out) {
                continue;
            }
            out.detections.push(Detection {
                customer: envelope.customer.clone(),
                severity: about.severity,
                about,
                silent,
                outcome,
                key,
                first: event.time,
                last: event.time,
                received: envelope.received,
                entities: evidence.entities.clone(),
                sample: Shown { evidence: evidence.clone(), matched },
                more: Vec::new(),
                departure: None,
            });
        }
    }
}

fn about(hit: Hit) -> About {
    About {
        origin: AlertOrigin::Intel,
        rule_id: clean(&format!("intel:{}:{}", hit.kind.as_str(), hit.indicator)).into(),
        title: clean(&format!("Indicator seen: {}", hit.indicator)),
        severity: severity(&hit),
        techniques: Vec::new(),
        intel: Some(Box::new(AlertIntel { kind: hit.kind, value: hit.indicator, sources: hit.sources, withheld: 0 })),
    }
}

/// How bad: the surest source's confidence, more for what is telling by itself, less for addresses, which change hands.
fn severity(hit: &Hit) -> Severity {
    let confidence = hit.sources.iter().map(|source| source.confidence).max().unwrap_or_default();
    let telling = match hit.kind {
        IndicatorKind::Hash => 10,
        IndicatorKind::Url => 5,
        IndicatorKind::Domain | IndicatorKind::Mail => 0,
        IndicatorKind::Address => -5,
        IndicatorKind::Cidr => -20,
    };
    match confidence + telling {
        105.. => Severity::Critical,
        75..105 => Severity::High,
        40..75 => Severity::Medium,
        15..40 => Severity::Low,
        _ => Severity::Informational,
    }
}

/// One indicator on one host is one alert: the host is whoever met it, never the indicator itself.
fn key(hit: &Hit, entities: &[Entity], envelope: &Envelope) -> String {
    let telling = [EntityKind::Host, EntityKind::SourceAddress, EntityKind::DestinationAddress, EntityKind::User];
    let met = telling.iter().find_map(|kind| {
        entities
            .iter()
            .find(|entity| entity.kind == *kind && entity.value != hit.value && entity.value != hit.indicator)
    });
    match met {
        Some(entity) => clean(&format!("{}={}", entity.kind.as_str(), entity.value)),
        None => format!("device={}", envelope.device),
    }
}
