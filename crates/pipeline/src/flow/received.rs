//! Who sent a record of the log, in the types the rest works with; parsed once per device, not once per record.

use std::collections::HashMap;
use std::sync::Arc;

use formats::{Hint, Zone};
use model::{CustomerId, DeviceId, Timestamp};

use receive::wal::DataEntry;

/// A device as the log names it.
#[derive(Debug)]
pub(super) struct Who {
    pub customer: CustomerId,
    pub device: DeviceId,
    source: Box<str>,
    time_zone: Box<str>,
    zone: Zone,
}

impl Who {
    /// The zone it lives in.
    pub(super) fn zone(&self) -> Zone {
        self.zone
    }

    /// What the parser is told of a record of this device.
    pub(super) fn hint(&self, received: Timestamp) -> Hint {
        let source = (!self.source.is_empty()).then(|| self.source.to_string());
        Hint { received, time_zone: self.zone, source }
    }
}

/// Devices seen so far. Bounded by the number of devices, which only we create.
#[derive(Debug, Default)]
pub(super) struct Devices(HashMap<Box<str>, Arc<Who>>);

impl Devices {
    /// The device of an entry; nothing if its ids are none of ours.
    pub(super) fn of(&mut self, entry: &DataEntry<'_>) -> Option<Arc<Who>> {
        if let Some(who) = self.0.get(entry.device)
            && who.customer.as_str() == entry.customer
            && *who.source == *entry.source
            && *who.time_zone == *entry.time_zone
        {
            return Some(who.clone());
        }
        let who = Arc::new(Who {
            customer: entry.customer.parse().ok()?,
            device: entry.device.parse().ok()?,
            source: entry.source.into(),
            time_zone: entry.time_zone.into(),
            zone: entry.time_zone.parse().unwrap_or(Zone::UTC),
        });
        self.0.insert(entry.device.into(), who.clone());
        Some(who)
    }
}
