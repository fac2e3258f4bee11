//! What a device's records tell about its health: how many came when, how late, and whether its clock or time zone can
//! be right. Counted in buckets, so that a month of a device is a few hundred rows whatever it sends.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

const SECOND: i64 = 1_000_000;
/// Fine buckets of five minutes are kept for two days.
pub const FINE: i64 = 300 * SECOND;
/// Buckets of an hour are kept for five weeks.
pub const HOUR: i64 = 3600 * SECOND;
/// Lags are put together for so long.
pub const LAG_SPAN: i64 = 6 * HOUR;
/// Records are later or earlier than this together.
const FARTHEST_LAG: i64 = 26 * 3600;

/// The beginning of the bucket of this length that an instant lies in.
pub fn bucket(at: Timestamp, step: i64) -> Timestamp {
    Timestamp::from_micros(at.as_micros().div_euclid(step) * step)
}

/// What came from a device within a bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Activity {
    /// Records.
    pub events: i64,
    /// Those among them that no source recognised.
    pub unparsed: i64,
    /// Their bytes.
    pub bytes: i64,
    /// Those whose own time could not be believed.
    pub doubtful: i64,
}

impl Activity {
    /// Adds another count.
    pub fn add(&mut self, other: &Activity) {
        self.events += other.events;
        self.unparsed += other.unparsed;
        self.bytes += other.bytes;
        self.doubtful += other.doubtful;
    }
}

/// Records by how much later than their own time they were received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LagCount {
    /// The least lag of this count in seconds; negative where the record's time lies after its receipt.
    pub seconds: i64,
    /// Records.
    pub events: i64,
}

/// The least lag of the count a lag belongs to: by the second near zero, by five minutes beyond a quarter of an hour.
pub fn lag_step(received: Timestamp, time: Timestamp) -> i64 {
    let lag = (received.as_micros() - time.as_micros()).div_euclid(SECOND).clamp(-FARTHEST_LAG, FARTHEST_LAG);
    let width = match lag.abs() {
        0..10 => 1,
        10..120 => 10,
        120..840 => 60,
        _ => 300,
    };
    lag.div_euclid(width) * width
}

/// What a device's clock seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ClockDoubt {
    /// Nearly all lags are the same number of half hours: the time zone set for the device is probably wrong.
    TimeZone {
        /// How much too early its times are read, in minutes; negative: too late.
        minutes: i64,
    },
    /// Its times lie steadily after receipt: its clock is ahead.
    Ahead {
        /// By so much.
        seconds: i64,
    },
    /// Its times lie steadily before receipt: its clock is behind, or something holds records back.
    Behind {
        /// By so much.
        seconds: i64,
    },
    /// Many records come long after their time: something collects and sends them in batches, or is overloaded.
    Late {
        /// The lag that one in twenty exceeds.
        seconds: i64,
    },
}

/// The lags of a device in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LagSummary {
    /// Records it is made of.
    pub events: i64,
    /// Half of the records are not later than this many seconds.
    pub p50: i64,
    /// 95 in 100 are not later.
    pub p95: i64,
    /// What is wrong with its clock, if anything seems so.
    pub doubt: Option<ClockDoubt>,
}

/// Puts counts by [`lag_step`] together; nothing when there are none.
pub fn summarize_lag(counts: &[LagCount]) -> Option<LagSummary> {
    let mut counts: Vec<LagCount> = counts.iter().filter(|count| count.events > 0).copied().collect();
    counts.sort_by_key(|count| count.seconds);
    let events: i64 = counts.iter().map(|count| count.events).sum();
    let at = |share: f64| {
        let wanted = ((events as f64 * share).ceil() as i64).max(1);
        let mut seen = 0;
        let found = counts.iter().find(|count| {
            seen += count.events;
            seen >= wanted
        });
        found.map(|count| count.seconds)
    };
    let (p05, p50, p95) = (at(0.05)?, at(0.5)?, at(0.95)?);
    Some(LagSummary { events, p50, p95, doubt: doubt(&counts, events, p05, p50, p95) })
}

/// Fewer records say nothing about a clock.
const LEAST_RECORDS: i64 = 20;
const HALF_HOUR: i64 = 1800;

fn doubt(counts: &[LagCount], events: i64, p05: i64, p50: i64, p95: i64) -> Option<ClockDoubt> {
    if events < LEAST_RECORDS {
        return None;
    }
    let half_hours = (p50 as f64 / HALF_HOUR as f64).round() as i64;
    let centre = half_hours * HALF_HOUR;
    // A lag of eight hours and three seconds stands in the count from eight hours on, one of a little less before it.
    let near: i64 =
        counts.iter().filter(|count| (centre - 300..centre + 300).contains(&count.seconds)).map(|c| c.events).sum();
    if half_hours != 0 && half_hours.abs() <= 28 && near * 10 >= events * 9 {
        return Some(ClockDoubt::TimeZone { minutes: half_hours * 30 });
    }
    let steady = p95 - p05 <= (p50.abs() / 4).max(20);
    match p50 {
        ..=-3 => Some(ClockDoubt::Ahead { seconds: -p50 }),
        30.. if steady => Some(ClockDoubt::Behind { seconds: p50 }),
        _ if p95 >= 300 => Some(ClockDoubt::Late { seconds: p95 }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lags(of: &[(i64, i64)]) -> Option<ClockDoubt> {
        let received = Timestamp::from_micros(1_800_000_000 * SECOND);
        let counts: Vec<LagCount> = of
            .iter()
            .map(|(lag, events)| LagCount {
                seconds: lag_step(received, Timestamp::from_micros(received.as_micros() - lag * SECOND)),
                events: *events,
            })
            .collect();
        summarize_lag(&counts).and_then(|summary| summary.doubt)
    }

    #[test]
    fn what_is_wrong_with_a_clock_shows_in_its_lags() {
        for (name, counts, expected) in [
            ("in step", vec![(0, 90), (1, 10), (4, 2)], None),
            ("too few to say", vec![(28_800, 5)], None),
            ("eight hours off", vec![(28_800, 50), (28_803, 40), (2, 3)], Some(ClockDoubt::TimeZone { minutes: 480 })),
            ("a little before", vec![(28_799, 50), (28_801, 40)], Some(ClockDoubt::TimeZone { minutes: 480 })),
            ("behind UTC", vec![(-19_797, 100)], Some(ClockDoubt::TimeZone { minutes: -330 })),
            ("ahead", vec![(-65, 100)], Some(ClockDoubt::Ahead { seconds: 70 })),
            ("behind", vec![(200, 100), (201, 30)], Some(ClockDoubt::Behind { seconds: 180 })),
            ("batches", vec![(1, 30), (100, 30), (350, 30), (700, 30)], Some(ClockDoubt::Late { seconds: 660 })),
            ("one straggler", vec![(1, 300), (40_000, 3)], None),
        ] {
            assert_eq!(lags(&counts), expected, "{name}");
        }
    }

    #[test]
    fn a_lag_is_counted_by_the_second_near_zero_and_far_ones_together() {
        let at = |micros| Timestamp::from_micros(micros);
        for (lag, step) in [(0, 0), (999_999, 0), (-1, -1), (9_000_000, 9), (15_000_000, 10), (130_000_000, 120)] {
            assert_eq!(lag_step(at(lag), at(0)), step, "{lag}");
        }
        assert_eq!(lag_step(at(i64::MAX / 2), at(0)), 93_600);
        assert_eq!(lag_step(at(0), at(i64::MAX / 2)), -93_600);
    }

    #[test]
    fn an_instant_lies_in_the_bucket_that_begins_before_it() {
        assert_eq!(bucket(Timestamp::from_micros(FINE + 1), FINE).as_micros(), FINE);
        assert_eq!(bucket(Timestamp::from_micros(-1), FINE).as_micros(), -FINE);
    }
}
