//! Reading calendar times from the start of a text, shape by shape.

use super::Written;

/// Months by their first letters.
pub const MONTHS: [&[u8; 3]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
/// Days of the week by their first letters.
pub const WEEKDAYS: [&[u8; 3]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];

/// Names of zones that mean one thing only, in minutes east of UTC.
const ZONES: [(&str, i32); 24] = [
    ("EST", -300),
    ("EDT", -240),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("CDT", -300),
    ("WET", 0),
    ("WEST", 60),
    ("BST", 60),
    ("CET", 60),
    ("CEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("JST", 540),
    ("KST", 540),
    ("HKT", 480),
    ("SGT", 480),
    ("AWST", 480),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
];

/// A time of day: hour, minute, second, microseconds.
pub type Clock = (u32, u32, u32, u32);

/// A text and how far it was read.
pub struct Reader<'t> {
    pub bytes: &'t [u8],
    pub at: usize,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Self {
        Reader { bytes: text.as_bytes(), at: 0 }
    }

    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    pub fn take_any(&mut self, set: &[u8]) -> Option<u8> {
        let byte = self.peek()?;
        set.contains(&byte).then(|| {
            self.at += 1;
            byte
        })
    }

    pub fn blanks(&mut self) -> bool {
        let from = self.at;
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
        self.at > from
    }

    /// A number of `least` to `most` digits.
    pub fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let digits = self.bytes[self.at..].iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        if digits < least {
            return None;
        }
        let number = self.bytes[self.at..self.at + digits].iter().fold(0, |n, d| n * 10 + u32::from(d - b'0'));
        self.at += digits;
        Some(number)
    }

    fn year(&mut self) -> Option<i32> {
        let year = self.number(4, 4)? as i32;
        (1600..=9999).contains(&year).then_some(year)
    }

    pub fn name(&mut self, names: &[&[u8; 3]]) -> Option<u32> {
        let word: [u8; 3] = self.bytes.get(self.at..self.at + 3)?.try_into().ok()?;
        let index = names.iter().position(|name| word.eq_ignore_ascii_case(&name[..]))?;
        self.at += 3;
        Some(index as u32 + 1)
    }

    /// Tries a reading; goes back where it fails.
    pub fn maybe<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let at = self.at;
        let result = read(self);
        if result.is_none() {
            self.at = at;
        }
        result
    }

    pub fn written(&mut self) -> Option<Written> {
        self.maybe(Self::iso)
            .or_else(|| self.maybe(Self::month_first))
            .or_else(|| self.maybe(Self::year_month))
            .or_else(|| self.maybe(Self::day_first))
    }

    /// `2026-11-21T08:00:00.123+08:00` with `/` for `-`, a blank for `T`, or a blank before the zone.
    fn iso(&mut self) -> Option<Written> {
        let year = self.year()?;
        let separator = self.take_any(b"-/.")?;
        let month = self.number(1, 2)?;
        self.take(separator)?;
        let day = self.number(1, 2)?;
        self.take_any(b"T t_")?;
        self.blanks();
        let clock = self.clock()?;
        let offset = self.spaced_zone();
        finish(Some(year), month, day, clock, offset)
    }

    /// `Nov 21 08:00:00`, `Nov 21 2026 08:00:00`, `Nov 21 08:00:00 2026`, each after a weekday perhaps.
    fn month_first(&mut self) -> Option<Written> {
        if self.name(&WEEKDAYS).is_some() {
            self.take(b' ')?;
        }
        let month = self.name(&MONTHS)?;
        self.take_any(b" -")?;
        self.blanks();
        let day = self.number(1, 2)?;
        self.take_any(b" ,-")?;
        self.blanks();
        let mut year = self.maybe(|reader| {
            let year = reader.year()?;
            reader.take(b' ')?;
            Some(year)
        });
        let clock = self.clock()?;
        if year.is_none() {
            year = self.maybe(|reader| {
                reader.take(b' ')?;
                let year = reader.year()?;
                // A year, unless a host name or process begins with these digits.
                ((1970..2200).contains(&year)
                    && !matches!(reader.peek(), Some(byte) if byte.is_ascii_alphanumeric() || b".-_[".contains(&byte)))
                .then_some(year)
            });
        }
        let offset = self.spaced_zone();
        finish(year, month, day, clock, offset)
    }

    /// `2026 Nov 21 08:00:00`.
    fn year_month(&mut self) -> Option<Written> {
        let year = self.year()?;
        self.take(b' ')?;
        let month = self.name(&MONTHS)?;
        self.blanks();
        let day = self.number(1, 2)?;
        self.take(b' ')?;
        let clock = self.clock()?;
        let offset = self.spaced_zone();
        finish(Some(year), month, day, clock, offset)
    }

    /// `21/Nov/2026:08:00:00 +0800`, `21 Nov 2026 08:00:00`.
    fn day_first(&mut self) -> Option<Written> {
        let day = self.number(1, 2)?;
        let separator = self.take_any(b"/ -")?;
        let month = self.name(&MONTHS)?;
        self.take(separator)?;
        let year = self.year()?;
        self.take_any(b": ")?;
        let clock = self.clock()?;
        let offset = self.spaced_zone();
        finish(Some(year), month, day, clock, offset)
    }

    /// `21 Nov 08:00:00`: too much like a sentence to be looked for where no time is expected.
    pub fn day_first_without_year(&mut self) -> Option<Written> {
        let day = self.number(1, 2)?;
        let separator = self.take_any(b"/ -")?;
        let month = self.name(&MONTHS)?;
        self.take(separator)?;
        let clock = self.clock()?;
        let offset = self.spaced_zone();
        finish(None, month, day, clock, offset)
    }

    /// `11/3/2026 9:06:42 AM +00:00`: month first, as only those write who write AM and PM.
    pub fn american(&mut self) -> Option<Written> {
        let month = self.number(1, 2)?;
        self.take(b'/')?;
        let day = self.number(1, 2)?;
        self.take(b'/')?;
        let year = self.year()?;
        self.take_any(b", ")?;
        self.blanks();
        let start = self.at;
        let clock = self.clock()?;
        let has_half = self.bytes[start..self.at].last().is_some_and(|byte| matches!(byte, b'm' | b'M'));
        let offset = self.spaced_zone();
        finish(Some(year), month, day, clock, offset).filter(|_| has_half)
    }

    /// `20261121080000`, `20261121T080000`, with a zone perhaps.
    pub fn compact(&mut self) -> Option<Written> {
        let year = self.year()?;
        let (month, day) = (self.number(2, 2)?, self.number(2, 2)?);
        let _ = self.take(b'T');
        let clock = (self.number(2, 2)?, self.number(2, 2)?, self.number(2, 2)?, self.fraction());
        let offset = self.spaced_zone();
        let valid = clock.0 < 24 && clock.1 < 60 && clock.2 <= 60;
        finish(Some(year).filter(|_| valid), month, day, clock, offset).filter(|_| valid)
    }

    /// `08:00:00` and a fraction of any length.
    fn clock(&mut self) -> Option<Clock> {
        let hour = self.number(1, 2)?;
        self.take(b':')?;
        let minute = self.number(2, 2)?;
        self.take(b':')?;
        let second = self.number(2, 2)?;
        let micros = self.fraction();
        let hour = match self.half_of_day() {
            None => hour,
            Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
            Some(_) => return None,
        };
        (hour < 24 && minute < 60 && second <= 60).then_some((hour, minute, second, micros))
    }

    /// `AM` or `PM`: the hours to add.
    pub fn half_of_day(&mut self) -> Option<u32> {
        self.maybe(|reader| {
            let _ = reader.take(b' ');
            let half = match reader.take_any(b"AaPp")? {
                b'A' | b'a' => 0,
                _ => 12,
            };
            reader.take_any(b"Mm")?;
            (!reader.peek().is_some_and(|byte| byte.is_ascii_alphanumeric())).then_some(half)
        })
    }

    /// `.123` or `,123` in microseconds.
    pub fn fraction(&mut self) -> u32 {
        let mut micros = 0;
        let fraction = self.maybe(|reader| {
            reader.take_any(b".,")?;
            reader.peek()?.is_ascii_digit().then_some(())
        });
        if fraction.is_some() {
            let mut place = 100_000;
            while let Some(digit @ b'0'..=b'9') = self.peek() {
                micros += u32::from(digit - b'0') * place;
                place /= 10;
                self.at += 1;
            }
        }
        micros
    }

    fn spaced_zone(&mut self) -> Option<i32> {
        self.maybe(|reader| {
            reader.blanks();
            reader.zone()
        })
    }

    /// `Z`, `UTC`, `GMT`, `+08:00`, `+0800`, `+08`: seconds east of UTC.
    pub fn zone(&mut self) -> Option<i32> {
        let rest = &self.bytes[self.at..];
        if !rest.first().is_some_and(u8::is_ascii_alphabetic) {
            return self.offset(2);
        }
        let ends = |length: usize| !rest.get(length).is_some_and(|byte| byte.is_ascii_alphanumeric());
        if (rest.starts_with(b"UTC") || rest.starts_with(b"GMT")) && ends(3) {
            self.at += 3;
            return Some(self.maybe(|reader| reader.offset(1)).unwrap_or(0));
        }
        if matches!(rest.first(), Some(b'Z' | b'z')) && ends(1) {
            self.at += 1;
            return Some(0);
        }
        let named = ZONES.iter().find(|(name, _)| rest.starts_with(name.as_bytes()) && ends(name.len()));
        if let Some((name, minutes)) = named {
            self.at += name.len();
            return Some(minutes * 60);
        }
        self.offset(2)
    }

    fn offset(&mut self, least_digits: usize) -> Option<i32> {
        let sign = if self.take_any(b"+-")? == b'+' { 1 } else { -1 };
        let hours = self.number(least_digits, 2)? as i32;
        let minutes = self
            .maybe(|reader| {
                let _ = reader.take(b':');
                reader.number(2, 2)
            })
            .unwrap_or(0) as i32;
        let ends = !self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric());
        (ends && hours <= 18 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

pub fn finish(
    year: Option<i32>,
    month: u32,
    day: u32,
    (hour, minute, second, micros): Clock,
    offset: Option<i32>,
) -> Option<Written> {
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day);
    valid.then_some(Written { year, month, day, hour, minute, second, micros, offset })
}
