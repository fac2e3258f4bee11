//! Who sent lately and from where, and who was refused and why: what somebody who connects a device has to see. Kept in
//! memory, bounded, forgotten at a restart; the counters are in `stats`.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{DeviceId, Timestamp};
use serde::Serialize;

use crate::stats::{Protocol, Rejection};

/// Ways of sending and refusals remembered; of more, the one that was quiet longest is forgotten.
const MOST: usize = 4096;

/// A way by which a device sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heard {
    /// The protocol's word.
    pub protocol: &'static str,
    /// Where from, where the connection told.
    pub peer: Option<IpAddr>,
    /// First and last time since the server started.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// How often: connections, requests or batches of frames.
    pub count: u64,
}

/// Something that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The device, where it had proved itself.
    pub device: Option<DeviceId>,
    /// The protocol's word.
    pub protocol: &'static str,
    /// Why: the word in metrics.
    pub reason: &'static str,
    /// Where from, where the connection told.
    pub peer: Option<IpAddr>,
    /// First and last time since the server started.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// Records, requests or connections.
    pub count: u64,
}

#[derive(Debug, Clone, Copy)]
struct Times {
    first: Timestamp,
    last: Timestamp,
    count: u64,
}

type HeardKey = (DeviceId, Protocol, Option<IpAddr>);
type RefusedKey = (Option<DeviceId>, Protocol, Rejection, Option<IpAddr>);

/// What is remembered.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    heard: Mutex<HashMap<HeardKey, Times>>,
    refused: Mutex<HashMap<RefusedKey, Times>>,
}

impl Recent {
    pub fn heard(&self, device: &DeviceId, by: Protocol, peer: Option<IpAddr>, now: Timestamp) {
        note(&mut lock(&self.heard), (device.clone(), by, peer), 1, now);
    }

    pub fn refused(
        &self,
        device: Option<&DeviceId>,
        by: Protocol,
        why: Rejection,
        peer: Option<IpAddr>,
        count: usize,
        now: Timestamp,
    ) {
        note(&mut lock(&self.refused), (device.cloned(), by, why, peer), count as u64, now);
    }

    /// The ways a device sent by, the newest first.
    pub fn of_device(&self, device: &DeviceId) -> Vec<Heard> {
        let known = lock(&self.heard);
        let mut found: Vec<Heard> = known
            .iter()
            .filter(|((known, ..), _)| known == device)
            .map(|((_, by, peer), times)| Heard {
                protocol: by.as_str(),
                peer: *peer,
                first: times.first,
                last: times.last,
                count: times.count,
            })
            .collect();
        found.sort_by_key(|heard| std::cmp::Reverse(heard.last));
        found
    }

    /// Everything that was refused, the newest first.
    pub fn refusals(&self) -> Vec<Refused> {
        let known = lock(&self.refused);
        let mut found: Vec<Refused> = known
            .iter()
            .map(|((device, by, why, peer), times)| Refused {
                device: device.clone(),
                protocol: by.as_str(),
                reason: why.as_str(),
                peer: *peer,
                first: times.first,
                last: times.last,
                count: times.count,
            })
            .collect();
        found.sort_by_key(|refused| std::cmp::Reverse(refused.last));
        found
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    // A holder that panicked left times, no half-done step.
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note<K: Clone + Eq + Hash>(known: &mut HashMap<K, Times>, key: K, count: u64, now: Timestamp) {
    if known.len() >= MOST && !known.contains_key(&key) {
        // One in eight goes at once, so that a flood of new ones does not look through all for each.
        let mut lasts: Vec<Timestamp> = known.values().map(|times| times.last).collect();
        lasts.sort_unstable();
        let oldest = lasts[lasts.len() / 8];
        known.retain(|_, times| times.last > oldest);
    }
    let times = known.entry(key).or_insert(Times { first: now, last: now, count: 0 });
    times.last = times.last.max(now);
    times.count += count;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_and_refused_is_told_newest_first_and_bounded() {
        let (recent, at) = (Recent::default(), Timestamp::from_micros);
        let device = DeviceId::generate(at(0));
        let peer = Some("203.0.113.9".parse().unwrap());
        recent.heard(&device, Protocol::SyslogTcp, peer, at(1));
        recent.heard(&device, Protocol::SyslogTcp, peer, at(5));
        recent.heard(&device, Protocol::Hec, None, at(3));
        let heard = recent.of_device(&device);
        assert_eq!(
            heard.iter().map(|one| (one.protocol, one.count)).collect::<Vec<_>>(),
            [("syslog_tcp", 2), ("hec", 1)]
        );
        for n in 0..3 * MOST as i64 {
            recent.refused(Some(&DeviceId::generate(at(n))), Protocol::Hec, Rejection::Limited, None, 2, at(n));
        }
        let refused = recent.refusals();
        assert!(refused.len() <= MOST && refused[0].last == at(3 * MOST as i64 - 1), "{}", refused.len());
        assert_eq!((refused[0].reason, refused[0].count), ("limited", 2));
    }
}
