//! What is counted about each record of a device, put together in memory until a commit.

use std::collections::HashMap;

use model::device_health::{FINE, HOUR, LAG_SPAN, bucket, lag_step};
use model::event::{Envelope, Event};
use model::{CustomerId, DeviceId, ExceptionId, Timestamp};
use store::{DeviceActivity, DeviceCounts, ExceptionHits};

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

/// Counts an event in the buckets of its device: when, by what source, how late.
pub(super) fn counts(
    counts: &mut HashMap<DeviceId, (CustomerId, DeviceCounts)>,
    envelope: &Envelope,
    event: &Event<'_>,
) {
    if !counts.contains_key(&envelope.device) {
        counts.insert(envelope.device.clone(), (envelope.customer.clone(), DeviceCounts::default()));
    }
    let Some((_, counted)) = counts.get_mut(&envelope.device) else { return };
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
