//! The profile of one group: since when it is kept, of how much it was made, and what is usual.

use crate::baseline::beacon::Pairs;
use crate::baseline::hours::Hours;
use crate::baseline::local::Local;
use crate::baseline::rule::BaselineKind;
use crate::baseline::shelf::Weight;
use crate::baseline::values::Values;
use crate::baseline::volume::Volume;
use crate::correlation::wire::{Reader, put_number, put_signed};

/// A group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    /// When its first event was received.
    pub born: i64,
    /// When its last one was.
    pub heard: i64,
    /// The newest time of its events.
    pub last: i64,
    pub seen: u32,
    pub profile: Profile,
}

/// What is usual.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Profile {
    Values(Values),
    /// Its values stand with those who have them.
    Member,
    Hours(Box<Hours>),
    Volume(Box<Volume>),
    Pairs(Pairs),
}

impl Group {
    pub(crate) fn new(kind: &BaselineKind, received: i64, time: i64, offset: i32) -> Self {
        let profile = match kind {
            BaselineKind::FirstSeen { .. } => Profile::Values(Values::default()),
            BaselineKind::Rare { .. } => Profile::Member,
            BaselineKind::OffHours { .. } => Profile::Hours(Box::new(Hours::new(Local::new(time, offset)))),
            BaselineKind::Volume { .. } => Profile::Volume(Box::default()),
            BaselineKind::Beacon { .. } => Profile::Pairs(Pairs::default()),
        };
        Group { born: received, heard: received, last: time, seen: 0, profile }
    }

    /// What the profile was made of, in the unit its kind is measured in.
    pub(crate) fn observations(&self) -> u64 {
        match &self.profile {
            Profile::Hours(hours) => hours.observed(),
            Profile::Volume(volume) => volume.windows(),
            _ => u64::from(self.seen),
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        [self.born, self.heard, self.last].iter().for_each(|time| put_signed(out, *time));
        put_number(out, u64::from(self.seen));
        put_number(out, self.profile.number());
        match &self.profile {
            Profile::Values(values) => values.write(out),
            Profile::Member => {}
            Profile::Hours(hours) => hours.write(out),
            Profile::Volume(volume) => volume.write(out),
            Profile::Pairs(pairs) => pairs.write(out),
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (born, heard, last) = (reader.signed()?, reader.signed()?, reader.signed()?);
        let seen = u32::try_from(reader.number()?).ok()?;
        let profile = match reader.number()? {
            0 => Profile::Values(Values::read(reader)?),
            1 => Profile::Member,
            2 => Profile::Hours(Box::new(Hours::read(reader)?)),
            3 => Profile::Volume(Box::new(Volume::read(reader)?)),
            4 => Profile::Pairs(Pairs::read(reader)?),
            _ => return None,
        };
        Some(Group { born, heard, last, seen, profile })
    }
}

impl Profile {
    /// A number for its kind.
    pub(crate) fn number(&self) -> u64 {
        match self {
            Profile::Values(_) => 0,
            Profile::Member => 1,
            Profile::Hours(_) => 2,
            Profile::Volume(_) => 3,
            Profile::Pairs(_) => 4,
        }
    }
}

impl Weight for Group {
    fn heap(&self) -> usize {
        match &self.profile {
            Profile::Values(values) => values.heap(),
            Profile::Member => 0,
            Profile::Hours(_) => size_of::<Hours>(),
            Profile::Volume(volume) => volume.heap(),
            Profile::Pairs(pairs) => pairs.heap(),
        }
    }
}
