//! Lines written on some day, as if they were written on another: what is sent is today's traffic, as a flow's is. Records
//! of a day that is over would be put in order again and again while they come, which nobody's traffic is.

use chrono::{Datelike, Days, NaiveDate};
use formats::{Hint, Parser};

const DAY: i64 = 86_400;
/// How dates are written.
const FORMATS: [&str; 11] = [
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d/%b/%Y", "%d-%b-%Y", "%d %b %Y", "%m/%d/%Y", "%d.%m.%Y", "%b %d",
    "%b %e",
];
/// Digits of seconds, and of their thousandths, millionths and billionths, since 1970.
const EPOCHS: [(usize, i64); 4] = [(10, 1), (13, 1_000), (16, 1_000_000), (19, 1_000_000_000)];

/// The line with its event on the day of `hint`, where that can be had by writing other dates; else as it is.
pub fn today(parser: &Parser, line: &str, hint: &Hint) -> String {
    let day = |line: &str| parser.parse(line, hint).time.as_micros().div_euclid(DAY * 1_000_000);
    let (written, wanted) = (day(line), hint.received.as_micros().div_euclid(DAY * 1_000_000));
    let Some(from) = NaiveDate::from_num_days_from_ce_opt(written as i32 + EPOCH_DAY).filter(|_| written < wanted)
    else {
        return line.to_owned();
    };
    let later = later(line, from, (wanted - written) as u64);
    if day(&later) == wanted { later } else { line.to_owned() }
}

/// The day of 1970-01-01 as chrono counts.
const EPOCH_DAY: i32 = 719_163;

/// Dates around `day` written so many days later.
fn later(line: &str, day: NaiveDate, days: u64) -> String {
    // A local date may be the day before or after.
    let around = [day.pred_opt(), Some(day), day.succ_opt()].into_iter().flatten();
    let moved = around.filter_map(|from| Some((from, from.checked_add_days(Days::new(days))?)));
    let dates: Vec<(String, String)> = moved
        .flat_map(|(from, to)| FORMATS.map(|format| (from.format(format).to_string(), to.format(format).to_string())))
        .collect();
    let begin = (i64::from(day.num_days_from_ce() - EPOCH_DAY) - 1) * DAY;
    let (mut out, mut rest) = (String::with_capacity(line.len()), line);
    while let Some(first) = rest.chars().next() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if let Some((from, to)) = dates.iter().find(|(from, _)| rest.starts_with(from.as_str())) {
            out.push_str(to);
            rest = &rest[from.len()..];
        } else if let Some(number) = epoch(&rest[..digits], begin) {
            out.push_str(&(number.0 + days as i64 * DAY * number.1).to_string());
            rest = &rest[digits..];
        } else {
            let taken = digits.max(first.len_utf8());
            out.push_str(&rest[..taken]);
            rest = &rest[taken..];
        }
    }
    out
}

/// Digits that are a time within three days from `begin` on, and how many of it are a second.
fn epoch(digits: &str, begin: i64) -> Option<(i64, i64)> {
    let (_, unit) = EPOCHS.iter().find(|(count, _)| *count == digits.len())?;
    let number: i64 = digits.parse().ok()?;
    (begin..begin + 3 * DAY).contains(&(number / unit)).then_some((number, *unit))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use formats::Sources;

    use super::*;

    #[test]
    fn dates_and_epochs_around_a_day_move_and_nothing_else_does() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        for (before, after) in [
            ("2026-11-21T08:00:00+08:00 2026/11/20 20261122", "2026-11-24T08:00:00+08:00 2026/11/23 20261125"),
            ("<13>Nov 21 08:00:00 fw1", "<13>Nov 24 08:00:00 fw1"),
            ("[21/Nov/2026:08:00:00 +0000]", "[24/Nov/2026:08:00:00 +0000]"),
            ("1795219200 1795219200123 1595219200 17952192001", "1795478400 1795478400123 1595219200 17952192001"),
            ("id=920261121 2025-11-21", "id=920261121 2025-11-21"),
        ] {
            assert_eq!(later(before, day, 3), after);
        }
        let end = NaiveDate::from_ymd_opt(2026, 12, 31).unwrap();
        assert_eq!(later("2026-12-31 Dec 31", end, 1), "2027-01-01 Jan 01");
    }

    #[test]
    fn nearly_all_samples_can_be_of_today() {
        let parser = Parser::new(Arc::new(Sources::embedded().unwrap()));
        let now: model::Timestamp = "2026-12-03T18:00:00Z".parse().unwrap();
        let hint = Hint::new(now);
        let (mut lines, mut of_today) = (0, 0);
        for line in Sources::samples().flat_map(|(_, text)| text.lines()).filter(|line| !line.trim().is_empty()) {
            let time = parser.parse(&today(&parser, line, &hint), &hint).time.as_micros();
            lines += 1;
            of_today += usize::from(time.div_euclid(DAY * 1_000_000) == now.as_micros().div_euclid(DAY * 1_000_000));
        }
        assert!(lines > 500 && of_today * 100 > lines * 97, "{of_today} of {lines}");
    }
}
