//! The hours of the week in which something was seen of a group, for the last eight weeks.

use crate::baseline::local::{Local, week, weekday};
use crate::correlation::wire::{Reader, put_signed};

/// Hours of a week.
const HOURS: usize = 168;
/// Weeks remembered: one bit of each hour for each.
pub(crate) const WEEKS: i64 = 8;

/// For each hour of the week the weeks in which there was something; the lowest bit is the newest week.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hours {
    newest: i64,
    /// The first day there was anything on.
    first_day: i64,
    weeks: [u8; HOURS],
}

/// How usual an hour is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usualness {
    /// On how many days of the kind there was something around the hour,
    pub active: u64,
    /// of how many.
    pub days: u64,
}

impl Hours {
    pub(crate) fn new(at: Local) -> Self {
        Hours { newest: at.week(), first_day: at.day(), weeks: [0; HOURS] }
    }

    /// Learns that there was something. False for what is older than all that is remembered.
    pub(crate) fn learn(&mut self, at: Local) -> bool {
        let ahead = at.week() - self.newest;
        if ahead > 0 {
            let shift = |weeks: &mut u8| *weeks = if ahead < WEEKS { *weeks << ahead } else { 0 };
            self.weeks.iter_mut().for_each(shift);
            self.newest = at.week();
        }
        let behind = self.newest - at.week();
        if behind >= WEEKS {
            return false;
        }
        self.first_day = self.first_day.min(at.day());
        self.weeks[at.weekday() * 24 + at.hour()] |= 1 << behind;
        true
    }

    /// Different hours of all weeks in which there was something.
    pub(crate) fn observed(&self) -> u64 {
        self.weeks.iter().map(|weeks| u64::from(weeks.count_ones())).sum()
    }

    /// Weeks remembered at a time, the one begun included.
    pub(crate) fn covered(&self, at: Local) -> u8 {
        (at.week() - week(self.first_day) + 1).clamp(1, WEEKS) as u8
    }

    /// How usual the hour of a time is on days of its kind, hours up to `tolerance` before and after counted in.
    pub(crate) fn usualness(&self, at: Local, tolerance: u8) -> Usualness {
        let around = i64::from(tolerance);
        let behind = self.newest - at.week();
        let mut active = 0;
        for day in days_like(at) {
            let hour = (day * 24 + at.hour()) as i64;
            let weeks = (hour - around..=hour + around).fold(0, |weeks, hour| weeks | self.weeks_at(hour, behind));
            active += u64::from(weeks.count_ones());
        }
        Usualness { active, days: self.days(at) }
    }

    /// The weeks of an hour that may lie before the week's begin or behind its end, as seen from a week so far behind the
    /// newest.
    fn weeks_at(&self, hour: i64, behind: i64) -> u8 {
        let weeks = u32::from(self.weeks[hour.rem_euclid(HOURS as i64) as usize]);
        let behind = behind - hour.div_euclid(HOURS as i64);
        let moved = match behind {
            -31..=-1 => weeks << -behind,
            0..=31 => weeks >> behind,
            _ => 0,
        };
        moved as u8
    }

    /// Days of the kind from the first one remembered to the day of the time.
    fn days(&self, at: Local) -> u64 {
        let first = self.first_day.max(at.day() - 7 * (WEEKS - 1) - at.weekday() as i64);
        let alike = |day: &i64| (weekday(*day) < 5) == at.is_workday();
        (first..=at.day()).filter(alike).count() as u64
    }

    /// The hours on days of the kind that are usual, as from and to: on at least one day of five.
    pub(crate) fn usual(&self, at: Local) -> Vec<(u8, u8)> {
        let days = self.days(at).max(1);
        let is_usual = |hour: usize| {
            let active = days_like(at).map(|day| u64::from(self.weeks[day * 24 + hour].count_ones())).sum::<u64>();
            active * 5 >= days
        };
        let mut ranges: Vec<(u8, u8)> = Vec::new();
        for hour in (0..24).filter(|hour| is_usual(*hour)) {
            match ranges.last_mut().filter(|(_, to)| usize::from(*to) == hour) {
                Some((_, to)) => *to += 1,
                None => ranges.push((hour as u8, hour as u8 + 1)),
            }
        }
        ranges
    }

    /// In how many weeks there was something, by hour.
    pub(crate) fn active(&self) -> Vec<u8> {
        self.weeks.iter().map(|weeks| weeks.count_ones() as u8).collect()
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_signed(out, self.newest);
        put_signed(out, self.first_day);
        out.extend_from_slice(&self.weeks);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (newest, first_day) = (reader.signed()?, reader.signed()?);
        // Days that could be reached, so that none is looped over for ever.
        let known = -100_000_000..=100_000_000;
        let sound = known.contains(&newest) && known.contains(&first_day);
        sound.then_some(())?;
        Some(Hours { newest, first_day, weeks: reader.take(HOURS)?.try_into().ok()? })
    }
}

/// Days of the week of the same kind, from Monday to Friday or the weekend.
fn days_like(at: Local) -> std::ops::Range<usize> {
    if at.is_workday() { 0..5 } else { 5..7 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::local::{DAY, HOUR};

    /// Monday the first of June 2026.
    const MONDAY: i64 = 20_605 * DAY;

    fn at(day: i64, hour: i64) -> Local {
        Local::new(MONDAY + day * DAY + hour * HOUR, 0)
    }

    /// Three weeks of office work from nine to five.
    fn office() -> Hours {
        let mut hours = Hours::new(at(0, 9));
        for day in (0..21).filter(|day| day % 7 < 5) {
            (9..17).for_each(|hour| assert!(hours.learn(at(day, hour))));
        }
        hours
    }

    #[test]
    fn night_and_weekend_are_unusual_for_who_works_in_an_office() {
        let hours = office();
        assert_eq!(hours.usualness(at(21, 3), 1), Usualness { active: 0, days: 16 });
        assert_eq!(hours.usualness(at(21, 10), 1), Usualness { active: 15, days: 16 });
        assert_eq!(hours.usualness(at(21, 8), 1).active, 15, "one hour early");
        assert_eq!(hours.usualness(at(21, 8), 0).active, 0);
        assert_eq!(hours.usualness(at(26, 10), 1), Usualness { active: 0, days: 7 }, "a Saturday");
        assert_eq!(hours.usual(at(21, 3)), [(9, 17)]);
        assert_eq!(hours.usual(at(26, 3)), []);
        assert_eq!((hours.observed(), hours.covered(at(21, 3))), (120, 4));
    }

    #[test]
    fn hours_around_midnight_reach_into_the_week_before() {
        let mut hours = Hours::new(at(6, 23));
        hours.learn(at(6, 23));
        assert_eq!(hours.usualness(at(7, 0), 1).active, 1, "Sunday evening and Monday at midnight");
        hours.learn(at(8, 0));
        assert_eq!(hours.usualness(at(7, 0), 1).active, 2);
        assert_eq!(hours.usualness(at(7, 1), 1).active, 1);
    }

    #[test]
    fn old_weeks_are_forgotten_and_late_events_count_in_theirs() {
        let mut hours = Hours::new(at(0, 9));
        hours.learn(at(0, 9));
        hours.learn(at(28, 9));
        assert!(hours.learn(at(14, 9)));
        assert_eq!(hours.active()[9], 3);
        hours.learn(at(7 * 9, 9));
        assert_eq!(hours.active()[9], 3, "the first is forgotten, the new one is in");
        assert!(!hours.learn(at(0, 9)));
        hours.learn(at(7 * 1000, 9));
        assert_eq!(hours.active()[9], 1);
        assert_eq!(hours.days(at(7 * 1000, 9)), 36);
    }
}
