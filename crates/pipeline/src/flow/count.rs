//! What is counted about each record of a device, put together in memory until a commit.

use std::collections::{BTreeMap, HashMap};

use model::device_health::{FINE, HOUR, LAG_SPAN, bucket, lag_step};
use model::event::{Envelope, Event};
use model::funnel::EventCounts;
use model::{CustomerId, DeviceId, ExceptionId, Timestamp};
use store::{DeviceActivity, DeviceCounts, ExceptionHits};

use super::detect::Found;

/// Counts that an exception kept a rule from firing.
pub(super) fn exception(hits: &mut HashMap<ExceptionId, ExceptionHits>, exception: ExceptionId, at: Timestamp) {
    let hit = ExceptionHits { exception: exception.clone(), hits: 0, last: at };
    let hit = hits.entry(exception).or_insert(hit);
    hit.hits += 1;
    hit.last = hit.last.max(at);
}

/// Counts an event among what arrived from its device.
pub(super) fn activity(activity: &mut HashMap<DeviceId, DeviceActivity>, envelope: &Envelope, event: &Event<'_>) {
    let unparsed = i64::from(!event.is_parsed());
    match activity.get_mut(&envelope.device) {
        Some(heard) => {
            heard.events += 1;
            heard.unparsed += unparsed;
            heard.last_event = heard.last_event.max(envelope.received);
        }
        None => {
            let heard = DeviceActivity {
                customer: envelope.customer.clone(),
                device: envelope.device.clone(),
                last_event: envelope.received,
                events: 1,
                unparsed,
            };
            activity.insert(envelope.device.clone(), heard);
        }
    }
}

/// What is counted in buckets of time.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Of each device.
    pub devices: HashMap<DeviceId, (CustomerId, DeviceCounts)>,
    /// Of each customer by the hour of receipt.
    pub customers: BTreeMap<(CustomerId, Timestamp), EventCounts>,
}

impl Counts {
    /// Adds another count.
    pub(super) fn add(&mut self, other: Counts) {
        for (device, (customer, counted)) in other.devices {
            self.devices.entry(device).or_insert_with(|| (customer, DeviceCounts::default())).1.add(counted);
        }
        for (key, counted) in other.customers {
            self.customers.entry(key).or_default().add(&counted);
        }
    }

    /// Whether nothing was counted.
    pub(super) fn is_empty(&self) -> bool {
        self.devices.is_empty()
    }

    /// Counts an event in the buckets of its device: when, by what source, how late.
    pub(super) fn event(&mut self, envelope: &Envelope, event: &Event<'_>) {
        if !self.devices.contains_key(&envelope.device) {
            self.devices.insert(envelope.device.clone(), (envelope.customer.clone(), DeviceCounts::default()));
        }
        let Some((_, counted)) = self.devices.get_mut(&envelope.device) else { return };
        let received = envelope.received;
        let fine = counted.activity.entry(bucket(received, FINE)).or_default();
        fine.events += 1;
        fine.unparsed += i64::from(!event.is_parsed());
        fine.bytes += event.raw.len() as i64;
        fine.doubtful += i64::from(event.time_original.is_some());
        *counted.lags.entry((bucket(received, LAG_SPAN), lag_step(received, event.time))).or_default() += 1;
        let hour = bucket(received, HOUR);
        // Most batches of a device have one source: its key is not made anew for each record.
        match counted.sources.iter_mut().next_back() {
            Some(((start, source), events)) if *start == hour && **source == *event.source => *events += 1,
            _ => *counted.sources.entry((hour, event.source.to_string())).or_default() += 1,
        }
    }

    /// Counts what was found in an event.
    pub(super) fn found(&mut self, envelope: &Envelope, found: &Found) {
        if found.detections.is_empty() && found.excepted.is_empty() {
            return;
        }
        let counted = EventCounts {
            detections: found.detections.len() as i64,
            silent: found.detections.iter().filter(|detection| detection.silent).count() as i64,
            excepted: found.excepted.len() as i64,
            ..EventCounts::default()
        };
        let key = (envelope.customer.clone(), bucket(envelope.received, HOUR));
        self.customers.entry(key).or_default().add(&counted);
    }

    /// Puts the events of the devices to their customers. Counted once, where most is put together.
    pub(super) fn sum_up(&mut self) {
        for (customer, counted) in self.devices.values() {
            for (start, fine) in &counted.activity {
                let counted = EventCounts { events: fine.events, unparsed: fine.unparsed, ..EventCounts::default() };
                self.customers.entry((customer.clone(), bucket(*start, HOUR))).or_default().add(&counted);
            }
        }
    }
}
