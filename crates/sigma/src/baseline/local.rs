//! Hours and days as people live them: time moved by the offset of their zone.

/// An hour in microseconds.
pub(crate) const HOUR: i64 = 3_600_000_000;
/// A day in microseconds.
pub(crate) const DAY: i64 = 24 * HOUR;

/// A moment in local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Local(i64);

impl Local {
    /// A time, `offset` seconds ahead of UTC.
    pub(crate) fn new(time: i64, offset: i32) -> Self {
        Local(time.saturating_add(i64::from(offset) * 1_000_000))
    }

    /// Days since the first of 1970.
    pub(crate) fn day(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    /// 0 for Monday.
    pub(crate) fn weekday(self) -> usize {
        weekday(self.day())
    }

    /// 0 to 23.
    pub(crate) fn hour(self) -> usize {
        (self.0.rem_euclid(DAY) / HOUR) as usize
    }

    /// Minute of the day.
    pub(crate) fn minute(self) -> u16 {
        (self.0.rem_euclid(DAY) / 60_000_000) as u16
    }

    /// Weeks from Monday to Sunday, counted on.
    pub(crate) fn week(self) -> i64 {
        week(self.day())
    }

    pub(crate) fn is_workday(self) -> bool {
        self.weekday() < 5
    }
}

/// The day of the week of a day, 0 for Monday: the first of 1970 was a Thursday.
pub(crate) fn weekday(day: i64) -> usize {
    (day + 3).rem_euclid(7) as usize
}

/// The week of a day.
pub(crate) fn week(day: i64) -> i64 {
    (day + 3).div_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_those_of_the_zone() {
        // 2026-05-10, a Sunday, 19:30 UTC is Monday 03:30 in Shanghai.
        let time = 1_778_441_400_000_000;
        let (utc, shanghai) = (Local::new(time, 0), Local::new(time, 8 * 3600));
        assert_eq!((utc.weekday(), utc.hour(), utc.is_workday()), (6, 19, false));
        assert_eq!((shanghai.weekday(), shanghai.hour(), shanghai.minute()), (0, 3, 210));
        assert_eq!(shanghai.week(), utc.week() + 1);
        assert_eq!(Local::new(-1, 0).weekday(), 2, "before 1970");
    }
}
