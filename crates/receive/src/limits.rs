//! How much a customer and a device may send: token buckets for bytes and for events, shared by every protocol.
//!
//! A bucket is one instant: when everything sent so far would have been sent at the allowed rate. It may lie ahead of
//! now by the burst. Whoever is not beyond that may hand in a batch of any size, which moves the instant on; so a large
//! batch is never impossible, and the sender pays for it by waiting afterwards.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::{CustomerId, DeviceId};

use crate::senders::Sender;

/// Buckets kept before those that are back to rest are forgotten.
const BUCKETS: usize = 4096;

/// A rate; 0 is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate {
    /// Bytes of records.
    pub bytes_per_second: u64,
    /// Records.
    pub events_per_second: u64,
}

/// What may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// By all devices of a customer together.
    pub customer: Rate,
    /// By one device.
    pub device: Rate,
    /// So long may anybody send faster than that after a rest.
    pub burst: Duration,
}

impl Default for RateLimits {
    fn default() -> Self {
        RateLimits { customer: Rate::default(), device: Rate::default(), burst: Duration::from_secs(10) }
    }
}

/// Who sent how much lately.
#[derive(Debug)]
pub(crate) struct Limiter {
    limits: RateLimits,
    buckets: Mutex<Buckets>,
}

#[derive(Debug, Default)]
struct Buckets {
    customers: HashMap<CustomerId, Bucket>,
    devices: HashMap<DeviceId, Bucket>,
}

/// When what was sent would have been sent at the allowed rate.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    bytes: Instant,
    events: Instant,
}

impl Limiter {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Limiter { limits, buckets: Mutex::default() }
    }

    fn buckets(&self) -> MutexGuard<'_, Buckets> {
        // A holder that panicked left numbers, no half-done step.
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_off(&self) -> bool {
        self.limits.customer == Rate::default() && self.limits.device == Rate::default()
    }

    /// Whether the sender may hand in now; otherwise how long it should wait.
    pub(crate) fn check(&self, sender: &Sender, now: Instant) -> Result<(), Duration> {
        if self.is_off() {
            return Ok(());
        }
        let buckets = self.buckets();
        let ahead = |bucket: Option<&Bucket>| {
            bucket.map_or(Duration::ZERO, |bucket| bucket.bytes.max(bucket.events).saturating_duration_since(now))
        };
        let ahead = ahead(buckets.customers.get(&sender.customer)).max(ahead(buckets.devices.get(&sender.device)));
        match ahead.checked_sub(self.limits.burst) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => Ok(()),
        }
    }

    /// Counts what the sender handed in.
    pub(crate) fn charge(&self, sender: &Sender, events: usize, bytes: usize, now: Instant) {
        if self.is_off() {
            return;
        }
        let mut buckets = self.buckets();
        charge(&mut buckets.customers, &sender.customer, self.limits.customer, events, bytes, now);
        charge(&mut buckets.devices, &sender.device, self.limits.device, events, bytes, now);
    }
}

fn charge<K: Clone + Eq + Hash>(
    buckets: &mut HashMap<K, Bucket>,
    key: &K,
    rate: Rate,
    events: usize,
    bytes: usize,
    now: Instant,
) {
    if rate == Rate::default() {
        return;
    }
    if buckets.len() >= BUCKETS && !buckets.contains_key(key) {
        buckets.retain(|_, bucket| bucket.bytes > now || bucket.events > now);
    }
    let bucket = buckets.entry(key.clone()).or_insert(Bucket { bytes: now, events: now });
    bucket.bytes = bucket.bytes.max(now) + cost(bytes, rate.bytes_per_second);
    bucket.events = bucket.events.max(now) + cost(events, rate.events_per_second);
}

fn cost(amount: usize, per_second: u64) -> Duration {
    if per_second == 0 { Duration::ZERO } else { Duration::from_secs_f64(amount as f64 / per_second as f64) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::Timestamp;

    use super::*;

    fn sender(customer: &CustomerId) -> Sender {
        let device = DeviceId::generate(Timestamp::from_micros(0));
        Sender {
            customer: customer.clone(),
            device,
            source: None,
            time_zone: Arc::from("UTC"),
            collects: false,
            peer: None,
        }
    }

    fn limiter(customer: u64, device: u64) -> Limiter {
        let rate = |events_per_second| Rate { events_per_second, bytes_per_second: 0 };
        Limiter::new(RateLimits { customer: rate(customer), device: rate(device), burst: Duration::from_secs(2) })
    }

    #[test]
    fn a_device_that_sends_faster_than_its_rate_waits_as_long_as_it_is_ahead() {
        let (limiter, now) = (limiter(0, 100), Instant::now());
        let loud = sender(&CustomerId::generate(Timestamp::from_micros(0)));
        limiter.charge(&loud, 200, 0, now);
        assert_eq!(limiter.check(&loud, now), Ok(()), "two seconds' worth is the burst");
        limiter.charge(&loud, 500, 0, now);
        assert_eq!(limiter.check(&loud, now), Err(Duration::from_secs(5)));
        assert!(limiter.check(&loud, now + Duration::from_secs(4)).is_err());
        assert_eq!(limiter.check(&loud, now + Duration::from_secs(5)), Ok(()));
        let other = sender(&loud.customer);
        assert_eq!(limiter.check(&other, now), Ok(()), "another device of the customer is not concerned");
    }

    #[test]
    fn the_devices_of_a_customer_share_its_rate_and_other_customers_do_not() {
        let (limiter, now) = (limiter(100, 0), Instant::now());
        let customer = CustomerId::generate(Timestamp::from_micros(0));
        let (one, two) = (sender(&customer), sender(&customer));
        let stranger = sender(&CustomerId::generate(Timestamp::from_micros(0)));
        limiter.charge(&one, 1000, 0, now);
        assert_eq!(limiter.check(&two, now), Err(Duration::from_secs(8)));
        assert_eq!(limiter.check(&stranger, now), Ok(()));
    }

    #[test]
    fn bytes_and_events_are_limited_each_by_itself() {
        let rate = Rate { bytes_per_second: 1000, events_per_second: 1000 };
        let limiter = Limiter::new(RateLimits { device: rate, burst: Duration::ZERO, ..RateLimits::default() });
        let (sender, now) = (sender(&CustomerId::generate(Timestamp::from_micros(0))), Instant::now());
        limiter.charge(&sender, 1, 3000, now);
        assert_eq!(limiter.check(&sender, now), Err(Duration::from_secs(3)));
        assert_eq!(limiter.check(&sender, now + Duration::from_secs(3)), Ok(()));
    }

    #[test]
    fn buckets_at_rest_are_forgotten() {
        let (limiter, now) = (limiter(0, 100), Instant::now());
        let customer = CustomerId::generate(Timestamp::from_micros(0));
        for _ in 0..BUCKETS {
            limiter.charge(&sender(&customer), 1, 0, now);
        }
        limiter.charge(&sender(&customer), 1, 0, now + Duration::from_secs(1));
        assert_eq!(limiter.buckets().devices.len(), 1);
    }
}
