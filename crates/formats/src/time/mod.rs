//! Reading the times records carry: ISO 8601 and its relatives, RFC 3164, web server, and epoch numbers.
//!
//! One reader for all of them, told apart by shape, because a device changes its time format with a setting nobody
//! tells us about. A time before 2000 or more than a day after receipt is implausible: see [`is_plausible`].

mod format;
mod reader;

use std::time::Duration;

use chrono::{Datelike, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, Offset, TimeZone};
use model::Timestamp;

pub use format::{Format, InvalidFormat};
use reader::Reader;

/// The zone of local times that name none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// A zone of the IANA database, with its history and summer time.
    Named(chrono_tz::Tz),
    /// A fixed distance from UTC.
    Fixed(FixedOffset),
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Zone = Zone::Named(chrono_tz::UTC);

    /// How many seconds local time is ahead of UTC at a time.
    pub fn offset(&self, at: Timestamp) -> i32 {
        match self {
            Zone::Named(zone) => zone.offset_from_utc_datetime(&at.to_chrono().naive_utc()).fix().local_minus_utc(),
            Zone::Fixed(offset) => offset.local_minus_utc(),
        }
    }
}

impl From<chrono_tz::Tz> for Zone {
    fn from(zone: chrono_tz::Tz) -> Self {
        Zone::Named(zone)
    }
}

impl std::str::FromStr for Zone {
    type Err = UnknownZone;

    /// An IANA name (`Asia/Shanghai`), or an offset (`+08:00`).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(zone) = text.parse::<chrono_tz::Tz>() {
            return Ok(Zone::Named(zone));
        }
        let mut reader = Reader::new(text);
        match reader.zone() {
            Some(seconds) if reader.at == text.len() => {
                FixedOffset::east_opt(seconds).map(Zone::Fixed).ok_or_else(|| UnknownZone(text.to_owned()))
            }
            _ => Err(UnknownZone(text.chars().take(64).collect())),
        }
    }
}

/// A text that names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone: expected an IANA name such as Asia/Shanghai or an offset such as +08:00")]
pub struct UnknownZone(String);

/// A time as written: a calendar time that may lack its year or its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    year: Option<i32>,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    micros: u32,
    offset: Option<i32>,
}

impl Written {
    /// The same time as [`prefix`] reads it: with its year ISO 8601, without it as syslog has it.
    pub fn canonical(&self) -> String {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let Written { year, month, day, hour, minute, second, micros, offset } = *self;
        let zone = offset.map_or(String::new(), |seconds| {
            let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
            format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        });
        match year {
            Some(year) => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}{zone}"),
            None => {
                let month = MONTHS[(month.clamp(1, 12) - 1) as usize];
                format!("{month} {day:02} {hour:02}:{minute:02}:{second:02}.{micros:06} {zone}").trim_end().to_owned()
            }
        }
    }

    /// The instant: a missing zone is `zone`, a missing year the one that brings it nearest to `received`.
    pub fn resolve(&self, zone: Zone, received: Timestamp) -> Option<Timestamp> {
        if let Some(year) = self.year {
            return self.instant(year, zone);
        }
        let now = received.to_chrono().year();
        (now.saturating_sub(1)..=now.saturating_add(1))
            .filter_map(|year| self.instant(year, zone))
            .min_by_key(|time| time.as_micros().abs_diff(received.as_micros()))
    }

    fn instant(&self, year: i32, zone: Zone) -> Option<Timestamp> {
        let local = NaiveDate::from_ymd_opt(year, self.month, self.day)?.and_hms_micro_opt(
            self.hour,
            self.minute,
            self.second.min(59),
            self.micros,
        )?;
        let offset = match self.offset {
            Some(seconds) => seconds,
            None => match zone {
                Zone::Fixed(offset) => offset.local_minus_utc(),
                Zone::Named(chrono_tz::Tz::UTC) => 0,
                Zone::Named(zone) => offset_of(zone, local)?,
            },
        };
        Some(Timestamp::from_micros(local.and_utc().timestamp_micros() - i64::from(offset) * 1_000_000))
    }
}

/// The offset of a local time: the earlier of two at the end of summer time, the one before the gap at its start.
fn offset_of(zone: chrono_tz::Tz, local: NaiveDateTime) -> Option<i32> {
    match zone.offset_from_local_datetime(&local) {
        LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => Some(offset.fix().local_minus_utc()),
        LocalResult::None => {
            let before = local.checked_sub_signed(chrono::TimeDelta::hours(3))?;
            zone.offset_from_local_datetime(&before).earliest().map(|offset| offset.fix().local_minus_utc())
        }
    }
}

/// Whether a record's time can be believed: not before 2000, not more than a day after it was received (a clock may
/// be wrong by a zone). Anything else would scatter a record into partitions nobody looks at.
pub fn is_plausible(time: Timestamp, received: Timestamp) -> bool {
    const YEAR_2000: Timestamp = Timestamp::from_micros(946_684_800_000_000);
    time >= YEAR_2000 && time <= received.plus(Duration::from_secs(86_400))
}

/// Reads a whole text as a time, epoch numbers included.
pub fn parse(text: &str, zone: Zone, received: Timestamp) -> Option<Timestamp> {
    let text = text.trim().trim_matches(['[', ']', '"']);
    if let Some(written) = compact(text) {
        return written.resolve(zone, received);
    }
    if let Some(time) = epoch(text) {
        return Some(time);
    }
    let (written, length) = prefix(text).or_else(|| {
        let mut reader = Reader::new(text);
        let written = reader.maybe(Reader::day_first_without_year).or_else(|| reader.american())?;
        Some((written, reader.at))
    })?;
    if !text[length..].trim().is_empty() {
        return None;
    }
    written.resolve(zone, received)
}

/// Reads a calendar time at the start of `text`; also says how many bytes it took.
pub fn prefix(text: &str) -> Option<(Written, usize)> {
    let mut reader = Reader::new(text);
    let written = reader.written()?;
    Some((written, reader.at))
}

/// `20261121080000`, `20261121T080000Z`.
fn compact(text: &str) -> Option<Written> {
    let bytes = text.as_bytes();
    let digits = bytes.iter().take(15).take_while(|byte| byte.is_ascii_digit()).count();
    if !(digits == 14 || digits == 8 && bytes.get(8) == Some(&b'T'))
        || !matches!(bytes[..2], [b'1', b'9'] | [b'2', b'0'])
    {
        return None;
    }
    let mut reader = Reader::new(text);
    let written = reader.compact()?;
    (reader.at == text.len()).then_some(written)
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by magnitude.
fn epoch(text: &str) -> Option<Timestamp> {
    if text.len() < 32 && text.ends_with(|last: char| last.is_ascii_digit()) && text.contains(['e', 'E']) {
        // Seconds as a number with an exponent.
        let seconds = text.parse::<f64>().ok().filter(|seconds| (1e8..1e10).contains(seconds))?;
        return Some(Timestamp::from_micros((seconds * 1e6).round() as i64));
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let micros = match whole.len() {
        9 | 10 => {
            let mut micros = number * 1_000_000;
            for (place, digit) in fraction.bytes().take(6).enumerate() {
                micros += i64::from(digit - b'0') * 10_i64.pow(5 - place as u32);
            }
            micros
        }
        12 | 13 => number * 1000,
        15 | 16 => number,
        18 | 19 => number / 1000,
        _ => return None,
    };
    Some(Timestamp::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received() -> Timestamp {
        "2026-11-21T08:00:00Z".parse().unwrap()
    }

    fn read(text: &str) -> String {
        parse(text, "Asia/Shanghai".parse().unwrap(), received()).map_or("-".into(), |time| time.to_string())
    }

    #[test]
    fn each_written_form_of_one_instant_reads_the_same() {
        for text in [
            "2026-11-21T08:00:00Z",
            "2026-11-21T08:00:00.000000000Z",
            "2026-11-21 16:00:00",
            "2026/11/21 16:00:00 +08:00",
            "2026-11-21 10:00:00 +0200",
            "2026-11-21T08:00:00+00:00",
            "Nov 21 16:00:00",
            "Nov 21 2026 16:00:00",
            "Nov 21 16:00:00 2026",
            "Sat Nov 21 16:00:00 2026",
            "2026 Nov 21 16:00:00",
            "Nov 21 2026 08:00:00.000 UTC",
            "21/Nov/2026:16:00:00 +0800",
            "[21/Nov/2026:16:00:00 +0800]",
            "1795248000",
            "1795248000.000",
            "1795248000000",
            "1795248000000000",
            "1795248000000000000",
            "20261121160000",
            "20261121T080000Z",
            "2026-11-21 03:00:00 EST",
            "2026-11-21 09:00:00 CET",
            "2026-11-21 03:00:00 UTC-5:00",
            "Nov 21, 2026 4:00:00 PM",
            "Sat Nov 21 03:00:00 2026 -05:00",
            "21 Nov 16:00:00.000",
            "11/21/2026 8:00:00 AM +00:00",
            "1.795248E9",
        ] {
            assert_eq!(read(text), "2026-11-21T08:00:00.000000Z", "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_not_read_as_one() {
        for text in
            ["", "-", "12", "2026-13-01 00:00:00", "2026-02-30T00:00:00Z", "2026-11-21 24:00:00", "Nov 21", "10.0.0.1"]
        {
            assert_eq!(read(text), "-", "{text}");
        }
    }

    #[test]
    fn a_time_without_year_takes_the_year_nearest_to_receipt() {
        let at = |text: &str, received: &str| parse(text, Zone::UTC, received.parse().unwrap()).unwrap().to_string();
        assert_eq!(at("Dec 31 23:59:59", "2026-01-01T00:00:10Z"), "2025-12-31T23:59:59.000000Z");
        assert_eq!(at("Jan  1 00:00:05", "2025-12-31T23:59:50Z"), "2026-01-01T00:00:05.000000Z");
        assert_eq!(at("Feb 29 12:00:00", "2025-01-01T00:00:00Z"), "2024-02-29T12:00:00.000000Z");
    }

    #[test]
    fn local_times_at_the_edges_of_summer_time_have_an_instant() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        assert_eq!(
            parse("2026-03-29 02:30:00", berlin, received()).unwrap().to_string(),
            "2026-03-29T01:30:00.000000Z"
        );
        assert_eq!(
            parse("2026-10-25 02:30:00", berlin, received()).unwrap().to_string(),
            "2026-10-25T00:30:00.000000Z"
        );
    }

    #[test]
    fn zones_are_names_or_offsets() {
        assert_eq!("+08:00".parse::<Zone>().unwrap(), Zone::Fixed(FixedOffset::east_opt(28_800).unwrap()));
        assert!("+08:00x".parse::<Zone>().is_err());
        assert!("Mars/Base".parse::<Zone>().is_err());
    }

    #[test]
    fn only_the_last_decades_up_to_tomorrow_are_plausible() {
        let at = |text: &str| is_plausible(text.parse().unwrap(), received());
        assert!(at("2026-11-22T07:00:00Z") && at("2013-01-01T00:00:00Z"));
        assert!(!at("2026-11-23T00:00:00Z") && !at("1999-12-31T00:00:00Z"));
    }
}
