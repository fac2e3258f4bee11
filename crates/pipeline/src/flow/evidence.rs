//! One event as evidence: shared by all that it is evidence for, and packed for correlations, which hold it for long.

use std::sync::Arc;

use model::alert::{MatchedField, Sample};
use model::entity::{Entity, EntityKind};
use model::event::{Envelope, Event};
use model::{DeviceId, EventId, Timestamp};
use sigma::Token;

/// Bytes of a record that a correlation holds as evidence; the whole record is in the lake.
const PACKED_RAW: usize = 4 * 1024;

/// An event with what is named in it.
#[derive(Debug, PartialEq)]
pub(super) struct Evidence {
    pub device: DeviceId,
    pub event: EventId,
    pub time: Timestamp,
    pub source: String,
    pub raw: String,
    pub entities: Arc<Vec<Entity>>,
}

/// An event with what of it made one rule fire.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    pub evidence: Arc<Evidence>,
    pub matched: Arc<[MatchedField]>,
}

impl Evidence {
    pub(super) fn new(envelope: &Envelope, event: &Event<'_>, entities: Vec<Entity>) -> Self {
        Evidence {
            device: envelope.device.clone(),
            event: envelope.id,
            time: event.time,
            source: event.source.to_string(),
            raw: event.raw.to_owned(),
            entities: Arc::new(entities),
        }
    }
}

impl Shown {
    /// As an alert tells it.
    pub(super) fn sample(&self) -> Sample {
        Sample {
            event: self.evidence.event,
            time: self.evidence.time,
            source: self.evidence.source.clone(),
            raw: self.evidence.raw.clone(),
            matched: self.matched.to_vec(),
        }
    }

    /// As an alert kept it.
    pub(super) fn of_sample(sample: Sample, device: &DeviceId) -> Self {
        let evidence = Evidence {
            device: device.clone(),
            event: sample.event,
            time: sample.time,
            source: sample.source,
            raw: sample.raw,
            entities: Arc::default(),
        };
        Shown { evidence: Arc::new(evidence), matched: sample.matched.into() }
    }
}

/// An event as correlations hold it: one piece of memory, of the size of what it says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Packed(Arc<[u8]>);

impl Token for Packed {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let packed = Packed(bytes.into());
        packed.unpack().is_some().then_some(packed)
    }
}

impl Packed {
    pub(super) fn new(evidence: &Evidence, matched: &[MatchedField]) -> Self {
        let raw = &evidence.raw[..evidence.raw.floor_char_boundary(PACKED_RAW)];
        let mut out = Writer(Vec::with_capacity(raw.len() + 256));
        out.0.extend_from_slice(&evidence.event.log.to_le_bytes());
        out.0.extend_from_slice(&evidence.event.shard.to_le_bytes());
        out.0.extend_from_slice(&evidence.event.sequence.to_le_bytes());
        out.0.extend_from_slice(&evidence.time.as_micros().to_le_bytes());
        out.text(evidence.device.as_str());
        out.text(&evidence.source);
        out.text(raw);
        out.length(matched.len());
        for field in matched {
            out.text(&field.field);
            out.text(&field.value);
        }
        out.length(evidence.entities.len());
        for entity in evidence.entities.iter() {
            out.text(entity.kind.as_str());
            out.text(&entity.value);
            out.maybe(entity.asset.as_deref());
            out.maybe(entity.resource_group.as_deref());
        }
        Packed(out.0.into())
    }

    /// What was packed; nothing where that cannot be told.
    pub(super) fn unpack(&self) -> Option<Shown> {
        let mut reader = Reader(&self.0);
        let log = u32::from_le_bytes(reader.array()?);
        let shard = u16::from_le_bytes(reader.array()?);
        let sequence = u64::from_le_bytes(reader.array()?);
        let time = Timestamp::from_micros(i64::from_le_bytes(reader.array()?));
        let device = reader.text()?.parse().ok()?;
        let (source, raw) = (reader.text()?.to_owned(), reader.text()?.to_owned());
        let mut matched = Vec::new();
        for _ in 0..reader.length()? {
            matched.push(MatchedField { field: reader.text()?.to_owned(), value: reader.text()?.to_owned() });
        }
        let mut entities = Vec::new();
        for _ in 0..reader.length()? {
            entities.push(Entity {
                kind: reader.text()?.parse::<EntityKind>().ok()?,
                value: reader.text()?.to_owned(),
                asset: reader.maybe()?,
                resource_group: reader.maybe()?,
            });
        }
        let event = EventId { log, shard, sequence };
        let evidence = Evidence { device, event, time, source, raw, entities: Arc::new(entities) };
        Some(Shown { evidence: Arc::new(evidence), matched: matched.into() })
    }
}

struct Writer(Vec<u8>);

impl Writer {
    /// Lengths below 255 in one byte: most are.
    fn length(&mut self, length: usize) {
        match u8::try_from(length) {
            Ok(short) if short < u8::MAX => self.0.push(short),
            _ => {
                self.0.push(u8::MAX);
                self.0.extend_from_slice(&(length as u32).to_le_bytes());
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn maybe(&mut self, text: Option<&str>) {
        self.0.push(u8::from(text.is_some()));
        text.into_iter().for_each(|text| self.text(text));
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn length(&mut self) -> Option<usize> {
        match self.array::<1>()? {
            [u8::MAX] => Some(u32::from_le_bytes(self.array()?) as usize),
            [short] => Some(usize::from(short)),
        }
    }

    fn text(&mut self) -> Option<&'b str> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn maybe(&mut self) -> Option<Option<String>> {
        match self.array::<1>()? {
            [0] => Some(None),
            _ => Some(Some(self.text()?.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_evidence_comes_back_and_a_cut_one_is_refused() {
        let field = |field: &str, value: &str| MatchedField { field: field.into(), value: value.into() };
        let entity = |kind, value: &str, asset: Option<&str>| Entity {
            kind,
            value: value.into(),
            asset: asset.map(str::to_owned),
            resource_group: None,
        };
        let evidence = Evidence {
            device: DeviceId::generate(Timestamp::from_micros(0)),
            event: EventId { log: 7, shard: 1, sequence: 1 << 40 },
            time: Timestamp::from_micros(-5),
            source: "openssh_sshd".into(),
            raw: "Failed password 密码 ".repeat(40),
            entities: Arc::new(vec![
                entity(EntityKind::SourceAddress, "203.0.113.9", Some("")),
                entity(EntityKind::User, "root", None),
            ]),
        };
        let matched = [field("a", "b"), field("", &"x".repeat(4096))];
        let packed = Packed::new(&evidence, &matched);
        let shown = packed.unpack().unwrap();
        assert_eq!((&*shown.evidence, &*shown.matched), (&evidence, &matched[..]));
        let mut bytes = Vec::new();
        packed.write(&mut bytes);
        assert_eq!(Packed::read(&bytes), Some(packed));
        for end in 0..bytes.len() {
            assert_eq!(Packed::read(&bytes[..end]), None);
        }
    }
}
