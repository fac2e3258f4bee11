//! Numbers out of times, for the time modifiers.
//!
//! As the specification warns, no time zone is converted: the number is the one written. Epoch numbers are UTC, in
//! seconds, milliseconds, microseconds or nanoseconds by their size.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike};
use model::event::Value;

use crate::modifier::TimePart;

const FORMATS: [&str; 6] = [
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%d/%b/%Y:%H:%M:%S",
];

/// The part of the time a value holds, if it holds one.
pub(crate) fn extract(part: TimePart, value: &Value<'_>) -> Option<i64> {
    let time = match value {
        Value::Int(number) => epoch(*number)?,
        Value::Float(number) => epoch(*number as i64)?,
        Value::Str(text) => written(text.trim())?,
        _ => return None,
    };
    Some(match part {
        TimePart::Minute => time.minute().into(),
        TimePart::Hour => time.hour().into(),
        TimePart::Day => time.day().into(),
        TimePart::Week => time.iso_week().week().into(),
        TimePart::Month => time.month().into(),
        TimePart::Year => time.year().into(),
    })
}

fn epoch(number: i64) -> Option<NaiveDateTime> {
    let micros = match number.unsigned_abs() {
        0..100_000_000_000 => number.checked_mul(1_000_000)?,
        100_000_000_000..100_000_000_000_000 => number.checked_mul(1_000)?,
        100_000_000_000_000..100_000_000_000_000_000 => number,
        _ => number / 1_000,
    };
    Some(DateTime::from_timestamp_micros(micros)?.naive_utc())
}

fn written(text: &str) -> Option<NaiveDateTime> {
    if let Ok(number) = text.parse() {
        return epoch(number);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.naive_local());
    }
    let with_format = FORMATS.iter().find_map(|format| NaiveDateTime::parse_and_remainder(text, format).ok());
    with_format.map(|(time, _)| time).or_else(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_written_whatever_the_zone() {
        for text in ["2026-11-21T23:05:09+08:00", "2026-11-21 23:05:09.123", "2026-11-21T23:05:09Z"] {
            let parts =
                [TimePart::Year, TimePart::Month, TimePart::Day, TimePart::Hour, TimePart::Minute, TimePart::Week]
                    .map(|part| extract(part, &text.into()));
            assert_eq!(parts, [2026, 11, 21, 23, 5, 47].map(Some), "{text}");
        }
    }

    #[test]
    fn epochs_are_read_by_their_size_and_words_are_no_time() {
        for number in [1_700_000_000, 1_700_000_000_000, 1_700_000_000_000_000, 1_700_000_000_000_000_000_i64] {
            assert_eq!(extract(TimePart::Hour, &number.into()), Some(22));
        }
        assert_eq!(extract(TimePart::Hour, &"noon".into()), None);
    }
}
