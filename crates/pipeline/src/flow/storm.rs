//! When one rule goes off about ever new keys, one alert stands for them (catalogue D5): a scan from five thousand addresses
//! is one thing to look at, not five thousand. Nothing is dropped: detections are counted, the keys are counted, and those
//! with the most detections are named. What succeeded is never put together with what was only tried.

use std::collections::BTreeSet;
use std::time::Duration;

use model::alert::{Storm, StormKey};
use model::event::AttackOutcome;
use model::{AlertId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Alerts of one rule that may begin at a customer within [`WINDOW`]; further keys are held together.
const ALERTS: usize = 30;
/// The same while the customer has more than half of its open alerts in use.
const ALERTS_CROWDED: usize = 10;
/// Over which they are counted, by receipt.
const WINDOW: Duration = Duration::from_secs(3600);
/// A storm goes on taking new keys until it was quiet for so long, by receipt.
const CALM: Duration = Duration::from_secs(600);
/// Keys counted each for itself.
const COUNTED: usize = 100;
/// Keys named.
const NAMED: usize = 20;
/// Hashes kept to tell how many keys there were; up to so many the number is exact.
const HASHES: usize = 256;

/// The key of the alert that stands for a storm, told apart by whether attacks succeeded.
pub(super) fn key(outcome: AttackOutcome) -> &'static str {
    match has_succeeded(outcome) {
        true => "storm, succeeded",
        false => "storm",
    }
}

fn has_succeeded(outcome: AttackOutcome) -> bool {
    matches!(outcome, AttackOutcome::Succeeded | AttackOutcome::Compromised)
}

/// When alerts of a rule were begun, and which they are.
pub(super) type Begun = BTreeSet<(Timestamp, AlertId)>;

/// Whether a rule with alerts begun at these times begins no further one for a new key.
pub(super) fn is_raging(begun: &Begun, received: Timestamp, crowded: bool, outcome: AttackOutcome) -> bool {
    let usual = if crowded { ALERTS_CROWDED } else { ALERTS };
    // What succeeded has room beside all that was only tried.
    let allowed = if has_succeeded(outcome) { usual * 2 } else { usual };
    begun.iter().rev().take_while(|(at, _)| *at > received.minus(WINDOW)).take(allowed).count() >= allowed
}

/// Whether a storm touched last at this time still takes new keys.
pub(super) fn goes_on(touched: Timestamp, received: Timestamp) -> bool {
    received <= touched.plus(CALM)
}

/// The keys of a storm: how many, and those seen most, in bounded memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Keys {
    /// The smallest hashes of keys: their density tells how many there are.
    hashes: BTreeSet<u64>,
    /// The keys that may be the most frequent, with their count and how much of it may be another's.
    counted: Vec<(String, i64, i64)>,
}

impl Keys {
    /// Counts a detection about a key.
    pub(super) fn add(&mut self, key: &str) {
        let hash = u64::from_be_bytes(*Sha256::digest(key).first_chunk().expect("a digest has 32 bytes"));
        self.hashes.insert(hash);
        if self.hashes.len() > HASHES {
            self.hashes.pop_last();
        }
        if let Some((_, count, _)) = self.counted.iter_mut().find(|(known, ..)| known == key) {
            *count += 1;
        } else if self.counted.len() < COUNTED {
            self.counted.push((key.to_owned(), 1, 0));
        } else if let Some(least) = self.counted.iter_mut().min_by_key(|(_, count, _)| *count) {
            *least = (key.to_owned(), least.1 + 1, least.1);
        }
    }

    /// What is told of them.
    pub(super) fn storm(&self) -> Storm {
        let keys = match self.hashes.last() {
            Some(largest) if self.hashes.len() == HASHES => {
                ((HASHES - 1) as f64 / (*largest as f64 / u64::MAX as f64)).round() as i64
            }
            _ => self.hashes.len() as i64,
        };
        let mut top: Vec<StormKey> = self
            .counted
            .iter()
            .map(|(key, count, others)| StormKey { key: key.clone(), count: count - others })
            .collect();
        top.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.key.cmp(&other.key)));
        top.truncate(NAMED);
        Storm { keys: keys.max(self.hashes.len() as i64), top }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_keys_are_counted_exactly_and_many_within_a_fifth() {
        let mut keys = Keys::default();
        for number in 0..200 {
            keys.add(&format!("source_address=10.0.0.{number}"));
            keys.add(&format!("source_address=10.0.0.{number}"));
        }
        assert_eq!(keys.storm().keys, 200);
        for number in 0..50_000 {
            keys.add(&format!("source_address={number}"));
        }
        let told = keys.storm().keys;
        assert!((40_000..60_000).contains(&told), "{told}");
    }

    #[test]
    fn the_most_frequent_keys_are_named_however_late_they_come_and_never_with_too_many() {
        let mut keys = Keys::default();
        for number in 0..5_000 {
            keys.add(&format!("{number}"));
        }
        for _ in 0..900 {
            keys.add("loud");
        }
        let storm = keys.storm();
        assert_eq!(storm.top.len(), NAMED);
        let loudest = &storm.top[0];
        assert_eq!(loudest.key, "loud");
        assert!((899..=900).contains(&loudest.count), "{}", loudest.count);
        assert!(storm.top[1..].iter().all(|key| key.count <= 1));
    }
}
