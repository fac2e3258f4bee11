//! How a time range is cut into the bars of a histogram.

use model::{TimeRange, Timestamp};

const SECOND: i128 = 1_000_000;
const MINUTE: i128 = 60 * SECOND;
const HOUR: i128 = 60 * MINUTE;
const DAY: i128 = 24 * HOUR;

/// Widths a person reads easily; wider ones are multiples of the last.
const STEPS: &[i128] = &[
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    30 * DAY,
    90 * DAY,
    365 * DAY,
];

/// The most bars anybody gets.
const MOST: usize = 2000;

/// Bars of equal width, aligned to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Bars {
    start: i128,
    step: i128,
    count: usize,
}

impl Bars {
    /// At most `wanted` bars (but one at least) that cover the range, of the narrowest width that allows it.
    pub fn of(range: TimeRange, wanted: usize) -> Bars {
        let (from, to) = (i128::from(range.from.as_micros()), i128::from(range.to.as_micros()));
        let wanted = wanted.clamp(1, MOST) as i128;
        let bars = |step: i128| {
            let start = from.div_euclid(step) * step;
            let count = (to.max(from + 1) - start + step - 1).div_euclid(step);
            (start, count)
        };
        let year = 365 * DAY;
        let wider = (1..).map(|doublings| year << doublings);
        let step = STEPS.iter().copied().chain(wider).find(|step| bars(*step).1 <= wanted.max(2));
        let step = step.unwrap_or(year);
        let (start, count) = bars(step);
        Bars { start, step, count: count as usize }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.count
    }

    /// The bar a time falls into; the nearest one for a time outside.
    pub fn place(&self, time: i64) -> usize {
        let place = (i128::from(time) - self.start).div_euclid(self.step);
        place.clamp(0, self.count as i128 - 1) as usize
    }

    /// Where a bar starts.
    pub fn start(&self, place: usize) -> Timestamp {
        let start = self.start + self.step * place as i128;
        Timestamp::from_micros(start.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: i64, to: i64) -> TimeRange {
        TimeRange { from: Timestamp::from_micros(from), to: Timestamp::from_micros(to) }
    }

    #[test]
    fn bars_cover_the_range_at_readable_steps() {
        let hour = range("2026-11-21T08:00:00Z".parse::<Timestamp>().unwrap().as_micros(), 1_795_251_600_000_000);
        let bars = Bars::of(hour, 60);
        assert_eq!((bars.len(), bars.start(1).to_string().as_str()), (60, "2026-11-21T08:01:00.000000Z"));
        for (from, to) in [(0, 1), (-5, 7), (i64::MIN, i64::MAX), (i64::MAX - 1, i64::MAX), (3, 3)] {
            for wanted in [0, 1, 2, 7, 60, 100_000] {
                let bars = Bars::of(range(from, to), wanted);
                assert!((1..=wanted.clamp(2, MOST)).contains(&bars.len()), "{from} {to} {wanted}: {bars:?}");
                assert_eq!(bars.place(from), 0);
                assert_eq!(bars.place(to.saturating_sub(1).max(from)), bars.len() - 1);
            }
        }
    }
}
