//! Where a record of several lines begins.

use std::sync::Arc;

use regex::Regex;

use crate::{syslog, text};

/// What the first line of a record looks like, as `lines.first` of a source says. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RecordStart(Arc<Regex>);

/// What a line of a stream is to the lines before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// A record as the source writes it begins here.
    Starts,
    /// It has a syslog header of its own: another record, of which nothing says that it goes on.
    Stands,
    /// It belongs to the record before it, if that began as the source says.
    Continues,
}

impl RecordStart {
    pub(super) fn new(first: Regex) -> Self {
        RecordStart(Arc::new(first))
    }

    /// What a line is: the expression is asked of all of it and of what follows its syslog header.
    pub fn look(&self, line: &[u8]) -> Line {
        let line = text::decode(line);
        if self.0.is_match(&line) {
            return Line::Starts;
        }
        if line.starts_with([' ', '\t']) {
            return Line::Continues;
        }
        match syslog::parse(&line) {
            Some(header) if self.0.is_match(header.message) => Line::Starts,
            Some(_) => Line::Stands,
            None => Line::Continues,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_starts_a_record_stands_for_itself_or_continues_one() {
        let start = RecordStart::new(Regex::new(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d").unwrap());
        for (line, expected) in [
            ("2026-11-21 08:00:00 UTC [7] ERROR:  syntax error", Line::Starts),
            ("<13>Nov 21 08:00:00 db postgres[7]: 2026-11-21 08:00:00 UTC [7] ERROR:  syntax error", Line::Starts),
            ("<13>Nov 21 08:00:00 db cron[7]: session opened", Line::Stands),
            ("Nov 21 08:00:00 db cron[7]: session opened", Line::Stands),
            ("<13>no time", Line::Stands),
            ("STATEMENT:  SELECT", Line::Continues),
            ("\tFROM t", Line::Continues),
            ("  <13>quoted", Line::Continues),
            ("Caused by: java.lang.Error", Line::Continues),
            ("", Line::Continues),
        ] {
            assert_eq!(start.look(line.as_bytes()), expected, "{line}");
        }
        assert_eq!(start.look(b"2026-11-21 08:00:00 \xd6\xd0"), Line::Starts, "whatever the encoding");
    }
}
