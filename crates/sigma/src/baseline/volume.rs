//! How much a group does in a span of time, by part of the day: how much is usual, and how far it strays from that.
//!
//! Numbers are compared by their logarithm, as volumes stray by factors. What is far out moves what is usual only a
//! little, so that an outburst does not teach that outbursts are usual.

use crate::baseline::local::{HOUR, Local};
use crate::correlation::wire::{Reader, put_number, put_signed};

/// Parts of a day, of workdays and of weekends.
pub(crate) const PARTS: usize = 8;
/// Spans that are still open to late events.
const OPEN: usize = 3;
/// A span is open for so long behind its end.
pub(crate) const LATENESS: i64 = HOUR;
/// A part of the day stands for itself once it is made of so many spans.
const ENOUGH: u16 = 4;
/// How much a new span counts at least.
const NEWEST: f32 = 0.03;
/// Everybody strays at least so much.
const LEAST_DEVIATION: f64 = 0.15;
/// What is further out counts as if it were so far, in deviations.
const CLIPPED: f32 = 3.0;

/// What is usual in one part of the day, as logarithms.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Part {
    pub windows: u16,
    mean: f32,
    deviation: f32,
}

/// A span that is being counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    pub start: i64,
    pub sum: f64,
    /// The number that was last told.
    pub told: f64,
    part: u8,
}

/// The profile of a group.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Volume {
    parts: [Part; 2 * PARTS],
    pub most: f64,
    /// When that was.
    most_at: i64,
    /// The newest event.
    newest: i64,
    /// Spans before this time are closed.
    closed: i64,
    open: Vec<Window>,
}

/// What is usual, in plain numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Expected {
    pub usual: f64,
    pub high: f64,
    pub windows: u64,
}

/// What a number is judged by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub at_least: f64,
    pub factor: f64,
    pub deviations: f64,
    pub forget: i64,
}

impl Volume {
    /// Counts something. Gives the span it belongs to; nothing for what is too late.
    pub(crate) fn count(&mut self, time: i64, offset: i32, span: i64, amount: f64) -> Option<usize> {
        self.newest = self.newest.max(time);
        self.close(span);
        let local = i64::from(offset) * 1_000_000;
        let start = (time.saturating_add(local)).div_euclid(span).saturating_mul(span).saturating_sub(local);
        if start < self.closed {
            return None;
        }
        let place = self.open.iter().position(|window| window.start == start);
        let place = match place {
            Some(place) => place,
            None => {
                let at = Local::new(start, offset);
                let part = at.hour() * PARTS / 24 + if at.is_workday() { 0 } else { PARTS };
                let place = self.open.partition_point(|window| window.start < start);
                self.open.insert(place, Window { start, sum: 0.0, told: 0.0, part: part as u8 });
                if self.open.len() > OPEN {
                    self.close_first(span);
                    if place == 0 {
                        return None;
                    }
                    place - 1
                } else {
                    place
                }
            }
        };
        self.open[place].sum += amount;
        Some(place)
    }

    /// Whether the number of an open span is unusual and was not told yet, by half as much.
    pub(crate) fn judge(&mut self, place: usize, bounds: &Bounds) -> Option<(Window, Expected)> {
        let window = self.open[place];
        if window.sum < bounds.at_least || window.sum < 2.0 * window.told {
            return None;
        }
        let expected = self.expected(usize::from(window.part), bounds.deviations)?;
        self.forget(bounds.forget);
        let unusual =
            window.sum > expected.high && window.sum >= bounds.factor * expected.usual && window.sum > self.most;
        unusual.then(|| {
            self.open[place].told = window.sum;
            (window, expected)
        })
    }

    /// What is usual in a part of the day; of the whole week where too little is known of that part.
    pub(crate) fn expected(&self, part: usize, deviations: f64) -> Option<Expected> {
        let own = self.parts[part];
        let from = if own.windows >= ENOUGH { &self.parts[part..=part] } else { &self.parts[..] };
        let windows: u64 = from.iter().map(|part| u64::from(part.windows)).sum();
        if windows == 0 {
            return None;
        }
        let weighted = |of: &dyn Fn(&Part) -> f64| {
            from.iter().map(|part| of(part) * f64::from(part.windows)).sum::<f64>() / windows as f64
        };
        let mean = weighted(&|part| f64::from(part.mean));
        let deviation = weighted(&|part| f64::from(part.deviation) + (f64::from(part.mean) - mean).abs());
        let high = (mean + deviations * deviation.max(LEAST_DEVIATION)).exp_m1();
        Some(Expected { usual: mean.exp_m1(), high, windows })
    }

    /// Spans the profile is made of.
    pub(crate) fn windows(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.windows)).sum()
    }

    pub(crate) fn part(&self, part: usize) -> Part {
        self.parts[part]
    }

    fn close(&mut self, span: i64) {
        let end = self.newest.saturating_sub(LATENESS).saturating_sub(span);
        while self.open.first().is_some_and(|window| window.start <= end) {
            self.close_first(span);
        }
    }

    fn close_first(&mut self, span: i64) {
        let window = self.open.remove(0);
        self.closed = self.closed.max(window.start.saturating_add(span));
        self.parts[usize::from(window.part)].learn(window.sum);
        if window.sum > self.most || self.most_at == 0 {
            (self.most, self.most_at) = (window.sum, window.start);
        }
    }

    /// Forgets the most there was once that is too long ago.
    fn forget(&mut self, forget: i64) {
        if self.most_at != 0 && self.most_at.saturating_add(forget) < self.newest {
            (self.most, self.most_at) = (0.0, 0);
        }
    }

    pub(crate) fn heap(&self) -> usize {
        size_of::<Volume>() + self.open.capacity() * size_of::<Window>()
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        for part in &self.parts {
            put_number(out, u64::from(part.windows));
            if part.windows > 0 {
                out.extend_from_slice(&part.mean.to_bits().to_le_bytes());
                out.extend_from_slice(&part.deviation.to_bits().to_le_bytes());
            }
        }
        out.extend_from_slice(&self.most.to_bits().to_le_bytes());
        [self.most_at, self.newest, self.closed].iter().for_each(|time| put_signed(out, *time));
        put_number(out, self.open.len() as u64);
        for window in &self.open {
            put_signed(out, window.start);
            out.extend_from_slice(&window.sum.to_bits().to_le_bytes());
            out.extend_from_slice(&window.told.to_bits().to_le_bytes());
            out.push(window.part);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut volume = Volume::default();
        for part in &mut volume.parts {
            part.windows = u16::try_from(reader.number()?).ok()?;
            if part.windows > 0 {
                part.mean = f32::from_bits(u32::from_le_bytes(reader.take(4)?.try_into().ok()?));
                part.deviation = f32::from_bits(u32::from_le_bytes(reader.take(4)?.try_into().ok()?));
            }
        }
        volume.most = double(reader)?;
        (volume.most_at, volume.newest, volume.closed) = (reader.signed()?, reader.signed()?, reader.signed()?);
        for _ in 0..reader.count()? {
            let (start, sum, told) = (reader.signed()?, double(reader)?, double(reader)?);
            let part = *reader.take(1)?.first().filter(|part| usize::from(**part) < 2 * PARTS)?;
            volume.open.push(Window { start, sum, told, part });
        }
        Some(volume)
    }
}

fn double(reader: &mut Reader<'_>) -> Option<f64> {
    Some(f64::from_bits(u64::from_le_bytes(reader.take(8)?.try_into().ok()?)))
}

impl Part {
    fn learn(&mut self, sum: f64) {
        let mut number = sum.max(0.0).ln_1p() as f32;
        if self.windows >= ENOUGH {
            let reach = CLIPPED * self.deviation.max(LEAST_DEVIATION as f32);
            number = number.clamp(self.mean - reach, self.mean + reach);
        }
        self.windows = self.windows.saturating_add(1);
        let weight = (1.0 / f32::from(self.windows)).max(NEWEST);
        let away = (number - self.mean).abs();
        if self.windows > 1 {
            self.deviation += (away - self.deviation) * (1.0 / (f32::from(self.windows) - 1.0)).max(NEWEST);
        }
        self.mean += (number - self.mean) * weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: i64 = HOUR;
    const BOUNDS: Bounds = Bounds { at_least: 20.0, factor: 3.0, deviations: 4.0, forget: i64::MAX };

    /// Weeks of between 90 and 110 an hour.
    fn steady(hours: i64) -> Volume {
        let mut volume = Volume::default();
        for hour in 0..hours {
            for event in 0..90 + hour * 7 % 21 {
                volume.count(hour * HOUR + event * 1_000_000, 0, SPAN, 1.0).unwrap();
            }
        }
        volume
    }

    fn burst(volume: &mut Volume, hour: i64, count: i64) -> Vec<f64> {
        let mut told = Vec::new();
        for event in 0..count {
            let place = volume.count(hour * HOUR + event * 1_000, 0, SPAN, 1.0).unwrap();
            told.extend(volume.judge(place, &BOUNDS).map(|(window, _)| window.sum));
        }
        told
    }

    #[test]
    fn three_times_the_usual_is_told_and_again_when_it_has_doubled() {
        let mut volume = steady(24 * 14);
        let told = burst(&mut volume, 24 * 14 + 1, 1_000);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0] > 290.0 && told[0] < 320.0 && told[1] >= 2.0 * told[0], "{told:?}");
        assert!(burst(&mut volume, 24 * 14 + 4, 250).is_empty(), "two and a half times is not");
        assert!(burst(&mut volume, 24 * 14 + 30, 900).is_empty(), "as much was there before");
        assert_eq!(burst(&mut volume, 24 * 14 + 60, 1_500).len(), 1, "more was not");
    }

    #[test]
    fn one_outburst_moves_what_is_usual_only_a_little() {
        let mut volume = steady(24 * 14);
        let before = volume.expected(0, 4.0).unwrap();
        burst(&mut volume, 24 * 14 + 1, 100_000);
        burst(&mut volume, 24 * 14 + 5, 100);
        let after = volume.expected(0, 4.0).unwrap();
        assert!(after.usual < before.usual * 1.1 && after.high < before.high * 1.3, "{before:?} {after:?}");
    }

    #[test]
    fn late_events_count_in_their_hour_and_what_is_too_late_does_not() {
        let mut volume = steady(48);
        volume.count(48 * HOUR, 0, SPAN, 1.0).unwrap();
        let place = volume.count(47 * HOUR + 1, 0, SPAN, 5_000.0).unwrap();
        assert!(volume.judge(place, &BOUNDS).is_some());
        assert_eq!(volume.count(40 * HOUR, 0, SPAN, 1.0), None);
        let mut out = Vec::new();
        volume.write(&mut out);
        assert_eq!(Volume::read(&mut Reader::new(&out)), Some(volume));
    }

    #[test]
    fn a_part_of_the_day_nothing_is_known_of_is_compared_with_all() {
        let volume = steady(48);
        let (known, unknown) = (volume.expected(0, 4.0).unwrap(), volume.expected(PARTS, 4.0).unwrap());
        assert!(unknown.windows > known.windows && unknown.usual > 80.0, "{known:?} {unknown:?}");
        assert_eq!(Volume::default().expected(0, 4.0), None);
    }
}
