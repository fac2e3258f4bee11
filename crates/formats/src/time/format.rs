//! Times in a layout that must be told, because others read the same digits otherwise: `04/05/2026` is a day of April
//! in one country and of May in another. Written as `strftime` has it (`%d/%m/%Y %H:%M`) or as Java's
//! `SimpleDateFormat` (`dd/MM/yyyy HH:mm`), which LEEF senders name in `devTimeFormat`.

use super::Written;
use super::reader::{MONTHS, Reader, WEEKDAYS, finish};

/// A compiled layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    items: Vec<Item>,
}

/// What is wrong with a layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("time layout `{layout}`: {problem}")]
pub struct InvalidFormat {
    layout: String,
    problem: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    Weekday,
    Hour,
    Hour12,
    Minute,
    Second,
    Fraction,
    HalfOfDay,
    Zone,
    Blank,
    Literal(u8),
}

impl Format {
    /// Compiles a layout; one without `%` is Java's.
    pub fn new(layout: &str) -> Result<Format, InvalidFormat> {
        let read = if layout.contains('%') { strftime(layout) } else { java(layout) };
        let items = read.map_err(|problem| InvalidFormat { layout: layout.chars().take(64).collect(), problem })?;
        Ok(Format { items })
    }

    /// Reads a whole text as a time.
    pub fn parse(&self, text: &str) -> Option<Written> {
        let mut reader = Reader::new(text.trim());
        let (mut year, mut month, mut day, mut offset) = (None, 1, 1, None);
        let (mut hour, mut minute, mut second, mut micros, mut half) = (0, 0, 0, 0, None);
        for item in &self.items {
            match item {
                Item::Year => year = Some(reader.number(4, 4)? as i32),
                Item::ShortYear => {
                    let short = reader.number(2, 2)? as i32;
                    year = Some(if short < 70 { 2000 + short } else { 1900 + short });
                }
                Item::Month => month = reader.number(1, 2)?,
                Item::MonthName => {
                    month = reader.name(&MONTHS)?;
                    letters(&mut reader);
                }
                Item::Day => {
                    reader.blanks();
                    day = reader.number(1, 2)?;
                }
                Item::Weekday => {
                    reader.name(&WEEKDAYS)?;
                    letters(&mut reader);
                }
                Item::Hour | Item::Hour12 => {
                    reader.blanks();
                    hour = reader.number(1, 2)?;
                }
                Item::Minute => minute = reader.number(2, 2)?,
                Item::Second => second = reader.number(2, 2)?,
                Item::Fraction => micros = digits_of_fraction(&mut reader)?,
                Item::HalfOfDay => half = Some(reader.half_of_day()?),
                Item::Zone => offset = Some(reader.zone()?),
                Item::Blank => {
                    reader.blanks();
                }
                Item::Literal(byte) => reader.take(*byte)?,
            }
        }
        if let Some(half) = half {
            if !(1..=12).contains(&hour) {
                return None;
            }
            hour = hour % 12 + half;
        }
        let valid = hour < 24 && minute < 60 && second <= 60 && reader.at == reader.bytes.len();
        finish(year, month, day, (hour, minute, second, micros), offset).filter(|_| valid)
    }
}

/// The rest of a name written out in full.
fn letters(reader: &mut Reader) {
    while reader.peek().is_some_and(|byte| byte.is_ascii_alphabetic()) {
        reader.at += 1;
    }
}

fn digits_of_fraction(reader: &mut Reader) -> Option<u32> {
    let (mut micros, mut place, start) = (0, 100_000, reader.at);
    while let Some(digit @ b'0'..=b'9') = reader.peek() {
        micros += u32::from(digit - b'0') * place;
        place /= 10;
        reader.at += 1;
    }
    (reader.at > start).then_some(micros)
}

fn literal(items: &mut Vec<Item>, char: char) {
    if char == ' ' {
        items.push(Item::Blank);
    } else {
        let mut buffer = [0; 4];
        items.extend(char.encode_utf8(&mut buffer).bytes().map(Item::Literal));
    }
}

fn strftime(layout: &str) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let mut chars = layout.chars();
    while let Some(char) = chars.next() {
        if char != '%' {
            literal(&mut items, char);
            continue;
        }
        let mut directive = chars.next().ok_or("it ends with `%`")?;
        // `%-d`, `%3f`, `%.f`: padding and width do not matter when reading.
        while directive.is_ascii_digit() || matches!(directive, '-' | '_' | '.' | ':') {
            if directive == '.' {
                items.push(Item::Literal(b'.'));
            }
            directive = chars.next().ok_or("it ends with `%`")?;
        }
        match directive {
            'Y' => items.push(Item::Year),
            'y' => items.push(Item::ShortYear),
            'm' => items.push(Item::Month),
            'b' | 'B' | 'h' => items.push(Item::MonthName),
            'd' | 'e' => items.push(Item::Day),
            'a' | 'A' => items.push(Item::Weekday),
            'H' | 'k' => items.push(Item::Hour),
            'I' | 'l' => items.push(Item::Hour12),
            'M' => items.push(Item::Minute),
            'S' => items.push(Item::Second),
            'f' | 'L' => items.push(Item::Fraction),
            'p' | 'P' => items.push(Item::HalfOfDay),
            'z' | 'Z' => items.push(Item::Zone),
            'T' => items.extend([Item::Hour, Item::Literal(b':'), Item::Minute, Item::Literal(b':'), Item::Second]),
            'F' => items.extend([Item::Year, Item::Literal(b'-'), Item::Month, Item::Literal(b'-'), Item::Day]),
            '%' => items.push(Item::Literal(b'%')),
            other => return Err(format!("`%{other}` is not known")),
        }
    }
    Ok(items)
}

fn java(layout: &str) -> Result<Vec<Item>, String> {
    let mut items = Vec::new();
    let chars: Vec<char> = layout.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let char = chars[at];
        if char == '\'' {
            let end = chars[at + 1..].iter().position(|char| *char == '\'').ok_or("a quote is not closed")?;
            chars[at + 1..at + 1 + end].iter().for_each(|char| literal(&mut items, *char));
            if end == 0 {
                literal(&mut items, '\'');
            }
            at += end + 2;
            continue;
        }
        let count = chars[at..].iter().take_while(|next| **next == char).count();
        match (char, count) {
            ('y' | 'u', 2) => items.push(Item::ShortYear),
            ('y' | 'u', _) => items.push(Item::Year),
            ('M' | 'L', 1 | 2) => items.push(Item::Month),
            ('M' | 'L', _) => items.push(Item::MonthName),
            ('d', _) => items.push(Item::Day),
            ('E', _) => items.push(Item::Weekday),
            ('H', _) => items.push(Item::Hour),
            ('h', _) => items.push(Item::Hour12),
            ('m', _) => items.push(Item::Minute),
            ('s', _) => items.push(Item::Second),
            ('S' | 'n', _) => items.push(Item::Fraction),
            ('a', _) => items.push(Item::HalfOfDay),
            ('z' | 'Z' | 'X' | 'x' | 'V' | 'O', _) => items.push(Item::Zone),
            (letter, _) if letter.is_ascii_alphabetic() => return Err(format!("`{letter}` is not known")),
            (char, count) => (0..count).for_each(|_| literal(&mut items, char)),
        }
        at += count;
    }
    if items.iter().all(|item| matches!(item, Item::Literal(_) | Item::Blank)) {
        return Err("it names no part of a time".into());
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_layouts_read_what_cannot_be_guessed() {
        for (layout, text, expected) in [
            ("%d/%m/%Y %H:%M", "05/04/2026 7:30", "2026-04-05T07:30:00.000000"),
            ("%m/%d/%y,%H:%M:%S", "04/19/20,13:11:13", "2020-04-19T13:11:13.000000"),
            ("%m/%d/%Y %I:%M:%S %p", "09/20/2021 12:16:09 AM", "2021-09-20T00:16:09.000000"),
            ("%m/%d-%H:%M:%S.%f", "05/30-19:09:10.917356", "May 30 19:09:10.917356"),
            ("%y%m%d %H:%M:%S", "161209 14:37:59", "2016-12-09T14:37:59.000000"),
            ("%y%m%d %k:%M:%S", "161209  4:37:59", "2016-12-09T04:37:59.000000"),
            ("MMM dd yyyy HH:mm:ss.SSS zzz", "Nov 21 2026 08:00:00.5 GMT", "2026-11-21T08:00:00.500000+00:00"),
            ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2026-11-21T08:00:00.123+08:00", "2026-11-21T08:00:00.123000+08:00"),
            ("dd/MMM/yyyy h:mm a", "21/November/2026 8:05 pm", "2026-11-21T20:05:00.000000"),
            ("%Y年%m月%d日 %H:%M:%S", "2026年11月21日 08:00:00", "2026-11-21T08:00:00.000000"),
        ] {
            let written = Format::new(layout).unwrap().parse(text);
            assert_eq!(written.map(|written| written.canonical()).as_deref(), Some(expected), "{layout}");
        }
    }

    #[test]
    fn what_does_not_fit_is_no_time_and_what_is_no_layout_is_refused() {
        let format = Format::new("%d/%m/%Y %H:%M").unwrap();
        for text in ["", "5/4/26 7:30", "05/13/2026 07:30", "05/04/2026 24:00", "05/04/2026 07:30:00", "x"] {
            assert_eq!(format.parse(text), None, "{text}");
        }
        for layout in ["%Q", "%", "jj", "'x", "--"] {
            assert!(Format::new(layout).is_err(), "{layout}");
        }
    }

    #[test]
    fn a_canonical_time_reads_as_the_time_it_was() {
        for text in ["2026-11-21T08:00:00.123+08:00", "Nov 21 08:00:00", "2026-11-21 08:00:00"] {
            let (written, _) = super::super::prefix(text).unwrap();
            let canonical = written.canonical();
            assert_eq!(super::super::prefix(&canonical), Some((written, canonical.len())), "{text}");
        }
    }
}
