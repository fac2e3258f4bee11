//! Acknowledgement ids of channels. An id is only given out once its events are durable, so it is true for ever; what is
//! kept is which ids were given out, bounded by channel and over all.
//!
//! Ids are the microseconds of receipt, made unique: they go on after a restart, and those from before it, which nobody
//! remembers any more, are known to have been given out after `fdatasync`.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use model::{DeviceId, Timestamp};

/// Ids remembered by channel; older ones count as given out.
const IDS: usize = 10_000;
/// Channels of all devices together; the one not used for longest is forgotten.
const CHANNELS: usize = 4096;

pub(super) struct Acks {
    /// Ids below were given out before the start, if at all.
    begun: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    uses: u64,
    channels: HashMap<(DeviceId, String), Channel>,
}

struct Channel {
    /// Ids below were given out and are forgotten.
    floor: u64,
    given: VecDeque<u64>,
    used: u64,
}

impl Acks {
    pub fn new(begun: Timestamp) -> Self {
        Acks { begun: begun.as_micros().max(0) as u64, state: Mutex::default() }
    }

    /// A new id for events that are durable.
    pub fn issue(&self, device: &DeviceId, channel: &str, received: Timestamp) -> u64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let id = (state.last + 1).max(received.as_micros().max(0) as u64).max(self.begun);
        (state.last, state.uses) = (id, state.uses + 1);
        let key = (device.clone(), channel.to_owned());
        if state.channels.len() >= CHANNELS && !state.channels.contains_key(&key) {
            let oldest = state.channels.iter().min_by_key(|(_, channel)| channel.used).map(|(key, _)| key.clone());
            oldest.map(|key| state.channels.remove(&key));
        }
        let used = state.uses;
        let channel = state.channels.entry(key).or_insert(Channel { floor: self.begun, given: VecDeque::new(), used });
        channel.used = used;
        channel.given.push_back(id);
        if channel.given.len() > IDS {
            channel.floor = channel.given.pop_front().map_or(channel.floor, |id| id + 1);
        }
        id
    }

    /// Which of the ids stand for durable events.
    pub fn known(&self, device: &DeviceId, channel: &str, ids: &[u64]) -> Vec<bool> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let channel = state.channels.get(&(device.clone(), channel.to_owned()));
        let is_known = |id: &u64| match channel {
            _ if *id < self.begun => true,
            Some(channel) => *id < channel.floor || channel.given.binary_search(id).is_ok(),
            None => false,
        };
        ids.iter().map(is_known).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_given_out_on_the_channel_are_true_and_those_from_before_the_start() {
        let now = Timestamp::from_micros(1_000_000);
        let acks = Acks::new(now);
        let (one, two) = (DeviceId::generate(now), DeviceId::generate(now));
        let first = acks.issue(&one, "a", now);
        let second = acks.issue(&one, "a", now);
        assert!(first < second);
        assert_eq!(acks.known(&one, "a", &[first, second, second + 1]), [true, true, false]);
        assert_eq!(acks.known(&one, "b", &[first]), [false], "another channel");
        assert_eq!(acks.known(&two, "a", &[first]), [false], "another device");
        let later = Acks::new(Timestamp::from_micros(2_000_000));
        assert_eq!(later.known(&one, "a", &[first, 3_000_000]), [true, false], "after a restart");
    }

    #[test]
    fn channels_and_ids_are_bounded() {
        let now = Timestamp::from_micros(1_000_000);
        let acks = Acks::new(now);
        let device = DeviceId::generate(now);
        let first = acks.issue(&device, "a", now);
        for _ in 0..IDS + 5 {
            acks.issue(&device, "a", now);
        }
        assert_eq!(acks.known(&device, "a", &[first]), [true], "forgotten ids were durable");
        for number in 0..CHANNELS + 5 {
            acks.issue(&device, &number.to_string(), now);
        }
        let state = acks.state.lock().unwrap();
        assert_eq!(state.channels.len(), CHANNELS);
        assert!(state.channels.values().all(|channel| channel.given.len() <= IDS));
    }
}
