//! One detection: a rule, a correlation or a device's alarm that fired, with all an alert will need of it.

use std::sync::Arc;

use model::alert::{AlertOrigin, MatchedField};
use model::baseline::Departure;
use model::entity::{Entity, EntityKind};
use model::event::{AttackOutcome, Event};
use model::intel::AlertIntel;
use model::{CustomerId, DeviceId, Severity, Timestamp};
use sigma::Head;

use super::evidence::Shown;

/// A title, key or rule id made of what a device wrote is cut to so many characters.
const LONGEST_TEXT: usize = 300;
/// The same for the value of a matched field.
pub(super) const LONGEST_VALUE: usize = 4096;

/// What all detections of a rule, a correlation or a device's alarm have in common.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct About {
    pub origin: AlertOrigin,
    pub rule_id: Arc<str>,
    pub title: String,
    pub severity: Severity,
    pub techniques: Vec<String>,
    /// The indicator that was seen, where it is one.
    pub intel: Option<Box<AlertIntel>>,
}

impl About {
    /// Of a rule, correlation or baseline.
    pub(super) fn of(origin: AlertOrigin, rule: &Head) -> Self {
        About {
            origin,
            rule_id: rule.id.as_str().into(),
            title: rule.title.clone(),
            severity: rule.level,
            techniques: rule.techniques(),
            intel: None,
        }
    }
}

/// Something fired.
#[derive(Debug, Clone)]
pub(super) struct Detection {
    pub customer: CustomerId,
    pub about: Arc<About>,
    pub severity: Severity,
    /// Whoever looks after the rule wants to see it, nobody else.
    pub silent: bool,
    pub outcome: AttackOutcome,
    /// What the same detections are put together by.
    pub key: Arc<str>,
    /// Time of the first event behind it, and of the last.
    pub first: Timestamp,
    pub last: Timestamp,
    /// When the event that made it fire was received.
    pub received: Timestamp,
    pub entities: Arc<Vec<Entity>>,
    /// The first event.
    pub sample: Shown,
    /// Others, of a correlation.
    pub more: Vec<Shown>,
    /// What is not usual, of a baseline.
    pub departure: Option<Box<Departure>>,
}

/// What detections of one event are put together by: its source address, else its host, else its user, else the
/// device that sent it.
pub(super) fn key_of(entities: &[Entity], device: &DeviceId) -> String {
    let telling = [EntityKind::SourceAddress, EntityKind::Host, EntityKind::User];
    let primary = telling.iter().find_map(|kind| entities.iter().find(|entity| entity.kind == *kind));
    match primary {
        Some(entity) => clean(&format!("{}={}", entity.kind.as_str(), entity.value)),
        None => format!("device={device}"),
    }
}

/// What firings of a correlation are put together by: the values it groups by, under the entity's kind where a value
/// is one; the key of its first event where it groups by nothing.
pub(super) fn key_of_group(group: &[(String, String)], events: &[Shown]) -> String {
    let entities = || events.iter().flat_map(|shown| shown.evidence.entities.iter());
    if let (true, Some(first)) = (group.is_empty(), events.first()) {
        return key_of(&first.evidence.entities, &first.evidence.device);
    }
    let parts: Vec<String> = group
        .iter()
        .map(|(name, value)| match entities().find(|entity| entity.value == *value) {
            Some(entity) => format!("{}={value}", entity.kind.as_str()),
            None => format!("{name}={value}"),
        })
        .collect();
    clean(&parts.join(", "))
}

/// The fields as an alert keeps them: by the names the record has them under, which a search finds them by, and not by
/// those another taxonomy has for them.
pub(super) fn matched(fields: &[sigma::MatchedField], event: &Event<'_>) -> Arc<[MatchedField]> {
    let name = |name: &String| match event.aliases.get(name) {
        Some(own) if event.fields.get(name).is_none() => own.clone(),
        _ => name.clone(),
    };
    let copy = |field: &sigma::MatchedField| MatchedField {
        field: name(&field.field),
        value: cut(&field.value, LONGEST_VALUE).to_owned(),
    };
    fields.iter().map(copy).collect()
}

/// A text for a column of its own: bounded, and without NUL, which not every database can keep.
pub(super) fn clean(text: &str) -> String {
    cut(text, LONGEST_TEXT).replace('\0', "\u{fffd}")
}

pub(super) fn cut(text: &str, chars: usize) -> &str {
    if text.len() <= chars {
        return text;
    }
    text.char_indices().nth(chars).map_or(text, |(end, _)| &text[..end])
}
/// From least to worst: an attack that a device stopped is less bad than one of unknown effect.
pub(super) fn badness(outcome: AttackOutcome) -> u8 {
    match outcome {
        AttackOutcome::Unknown => 0,
        AttackOutcome::Blocked => 1,
        AttackOutcome::Attempted => 2,
        AttackOutcome::Succeeded => 3,
        AttackOutcome::Compromised => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(kind: EntityKind, value: &str) -> Entity {
        Entity { kind, value: value.into(), asset: None, resource_group: None }
    }

    #[test]
    fn the_key_is_the_most_telling_entity_or_the_device() {
        let device = DeviceId::generate(Timestamp::from_micros(0));
        let (host, user) = (entity(EntityKind::Host, "h"), entity(EntityKind::User, "u"));
        let source = entity(EntityKind::SourceAddress, "203.0.113.9");
        assert_eq!(key_of(&[user.clone(), host.clone(), source], &device), "source_address=203.0.113.9");
        assert_eq!(key_of(&[user.clone(), host], &device), "host=h");
        assert_eq!(key_of(&[user], &device), "user=u");
        assert_eq!(key_of(&[], &device), format!("device={device}"));
    }

    #[test]
    fn texts_of_a_device_are_bounded_and_free_of_nul() {
        assert_eq!(clean("a\0b"), "a\u{fffd}b");
        assert_eq!(clean(&"中".repeat(1000)).chars().count(), LONGEST_TEXT);
    }
}
