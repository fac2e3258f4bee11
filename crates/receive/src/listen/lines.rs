//! Which lines of a stream belong together, as nothing in the stream itself says it.
//!
//! Lines that begin with a blank belong to the record before them where that one began with a priority: stack traces and
//! pretty-printed bodies stay whole. Where the sender's source says how its records begin, every line that begins
//! otherwise and has no syslog header of its own belongs to the record before it, if that began as the source says. A
//! frame whose length was given is never joined to another.

use std::time::{Duration, Instant};

use formats::frame::Frame;
use formats::{Line, RecordStart, syslog};
use memchr::memmem;

use super::gate::Starts;

/// A record with a priority is not held longer for a line that begins with a blank.
const INDENTED: Duration = Duration::from_millis(200);
/// A record whose source says how records begin is complete when no line came for so long.
const QUIET: Duration = Duration::from_secs(1);
/// ... and so long after it began when no line is at hand, however slowly more of them come.
const LONGEST: Duration = Duration::from_secs(10);
/// ... and when it has so many lines: the next one begins another.
const MOST_LINES: usize = 500;

/// Puts lines that continue a record behind it.
pub(super) struct Lines {
    /// The record that may go on.
    held: Option<Held>,
    /// Records that do not, in order, with whether they were cut.
    pub whole: Vec<(Vec<u8>, bool)>,
    max: usize,
}

/// A record that may go on.
struct Held {
    data: Vec<u8>,
    cut: bool,
    rule: Rule,
    lines: usize,
    /// When its first line came, and its last.
    began: Instant,
    grew: Instant,
}

/// Which lines continue a record.
enum Rule {
    /// Those that begin with a blank; whether its sender's source says more has not been asked.
    Unasked,
    /// Those that begin with a blank.
    Indented,
    /// Those that its sender's source does not begin a record with.
    Source(RecordStart),
}

impl Lines {
    pub(super) fn new(max: usize) -> Self {
        Lines { held: None, whole: Vec::new(), max }
    }

    /// Bytes of the record that may go on.
    pub(super) fn held_bytes(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.data.len())
    }

    /// How long to wait for a line that continues the record; nothing where there is none.
    pub(super) fn wait(&mut self, starts: &Starts<'_>, now: Instant) -> Option<Duration> {
        let held = self.held.as_mut()?;
        held.ask(starts);
        let until = match held.rule {
            Rule::Source(_) => (held.grew + QUIET).min(held.began + LONGEST),
            Rule::Unasked | Rule::Indented => held.grew + INDENTED,
        };
        Some(until.saturating_duration_since(now))
    }

    pub(super) fn add(&mut self, frame: &Frame<'_>, starts: &Starts<'_>, now: Instant) {
        let line = frame.data;
        let mut rule = None;
        if let Some(held) = &mut self.held
            && !frame.counted
            && held.is_continued_by(line, starts)
        {
            if held.push(line, frame.truncated, self.max, now) {
                return;
            }
            // It is full. What follows is a record of its own, of as many lines again.
            rule = Some(std::mem::replace(&mut held.rule, Rule::Indented));
        }
        self.release();
        let rule = rule.or_else(|| rule_of(frame, starts));
        match rule {
            Some(rule) => {
                let (data, cut) = (line.to_vec(), frame.truncated);
                self.held = Some(Held { data, cut, rule, lines: 1, began: now, grew: now });
            }
            None => self.whole.push((line.to_vec(), frame.truncated)),
        }
    }

    /// Nothing continues what is held any more.
    pub(super) fn release(&mut self) {
        self.whole.extend(self.held.take().map(|held| (held.data, held.cut)));
    }
}

/// What may continue the record that begins with a frame; nothing where nothing may.
fn rule_of(frame: &Frame<'_>, starts: &Starts<'_>) -> Option<Rule> {
    if frame.counted {
        return None;
    }
    if let Some(start) = starts.of_all().filter(|start| start.look(frame.data) == Line::Starts) {
        return Some(Rule::Source(start.clone()));
    }
    match (frame.data.first(), starts) {
        (Some(b'<'), Starts::ByToken(_)) => Some(Rule::Unasked),
        (Some(b'<'), Starts::Known(_)) => Some(Rule::Indented),
        _ => None,
    }
}

impl Held {
    /// Asks once whether the source of whose token the record holds says how records begin.
    fn ask(&mut self, starts: &Starts<'_>) {
        if let Rule::Unasked = self.rule {
            let first = self.data.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let start = starts.of(first).filter(|start| start.look(first) == Line::Starts);
            self.rule = start.map_or(Rule::Indented, Rule::Source);
        }
    }

    fn is_continued_by(&mut self, line: &[u8], starts: &Starts<'_>) -> bool {
        let is_indented = matches!(line.first(), Some(b' ' | b'\t'));
        if !is_indented && line.first() != Some(&b'<') {
            self.ask(starts);
        }
        match &self.rule {
            Rule::Unasked | Rule::Indented => is_indented,
            // A line that says itself whose it is belongs to no other.
            Rule::Source(start) => {
                start.look(line) == Line::Continues && memmem::find(line, syslog::TOKEN_ELEMENT.as_bytes()).is_none()
            }
        }
    }

    /// Adds a line; false where the record is full and takes no more.
    fn push(&mut self, line: &[u8], truncated: bool, max: usize, now: Instant) -> bool {
        let room = max.saturating_sub(self.data.len() + 1).min(line.len());
        if matches!(self.rule, Rule::Source(_)) && (room < line.len() || self.lines >= MOST_LINES) {
            return false;
        }
        self.cut |= truncated || room < line.len();
        self.lines += 1;
        self.grew = now;
        if room > 0 {
            self.data.push(b'\n');
            self.data.extend_from_slice(&line[..room]);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use formats::Sources;

    use super::*;

    fn starts(first: &str) -> Starts<'static> {
        let text = format!(
            "vendor = \"a\"\nproduct = \"b\"\nlines.first = '{first}'\n[[variant]]\nrecognise.contains = [\"x\"]\n"
        );
        let sources = Sources::from_texts(BTreeMap::from([("a_b".to_owned(), text)])).unwrap();
        Starts::Known(sources.record_starts().remove("a_b"))
    }

    fn join_by(starts: &Starts<'_>, lines: &[&str], max: usize, counted: bool) -> Vec<String> {
        let mut joined = Lines::new(max);
        for line in lines {
            joined.add(&Frame { data: line.as_bytes(), truncated: false, counted }, starts, Instant::now());
        }
        joined.release();
        let text = |(data, cut)| format!("{}{}", String::from_utf8(data).unwrap(), if cut { "!" } else { "" });
        joined.whole.into_iter().map(text).collect()
    }

    fn join(lines: &[&str], max: usize, counted: bool) -> Vec<String> {
        join_by(&Starts::Known(None), lines, max, counted)
    }

    #[test]
    fn lines_that_begin_with_a_blank_continue_a_record_with_a_priority_and_no_other() {
        let lines = ["<13>a", "\tat b", " at c", "<13>d", "plain", " alone", "<13>e"];
        assert_eq!(join(&lines, 100, false), ["<13>a\n\tat b\n at c", "<13>d", "plain", " alone", "<13>e"]);
        assert_eq!(join(&["<13>a", " counted"], 100, true), ["<13>a", " counted"]);
    }

    #[test]
    fn a_record_that_is_continued_for_ever_is_cut_and_marked() {
        assert_eq!(join(&["<13>abc", " 1234", " 5678", "<13>x"], 10, false), ["<13>abc\n 1!", "<13>x"]);
    }

    #[test]
    fn lines_that_a_source_begins_no_record_with_continue_one_that_began_as_it_says() {
        let starts = starts(r"^\[\d+\] ");
        let lines = [
            "Caused by: nothing before it",
            "[1] error",
            "Caused by: x",
            "\tat y",
            "[2] next",
            "<13>Nov 21 08:00:00 h app: [3] with a header",
            "Caused by: z",
            "<13>Nov 21 08:00:00 h cron: not as the source says",
            "stands alone",
            " as does this",
        ];
        let expected = [
            "Caused by: nothing before it",
            "[1] error\nCaused by: x\n\tat y",
            "[2] next",
            "<13>Nov 21 08:00:00 h app: [3] with a header\nCaused by: z",
            "<13>Nov 21 08:00:00 h cron: not as the source says",
            "stands alone",
            " as does this",
        ];
        assert_eq!(join_by(&starts, &lines, 1000, false), expected);
        assert_eq!(join_by(&starts, &lines, 1000, true), lines, "nothing is joined across counted frames");
    }

    #[test]
    fn a_record_whose_source_says_how_it_begins_is_split_where_it_is_full_and_loses_nothing() {
        let starts = starts(r"^\[");
        assert_eq!(join_by(&starts, &["[1]", "abc", "def", "ghi", "[2]"], 8, false), ["[1]\nabc", "def\nghi", "[2]"]);
        let many: Vec<String> = std::iter::once("[1]".to_owned()).chain((0..1200).map(|n| n.to_string())).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let joined = join_by(&starts, &many, 1 << 20, false);
        assert_eq!(joined.iter().map(|record| record.lines().count()).collect::<Vec<_>>(), [500, 500, 201]);
        assert_eq!(joined.join("\n"), many.join("\n"));
    }

    #[test]
    fn a_record_is_waited_for_as_long_as_its_source_needs_and_not_for_ever() {
        let (starts, began) = (starts(r"^\["), Instant::now());
        let mut lines = Lines::new(1000);
        let frame = |data: &'static str| Frame { data: data.as_bytes(), truncated: false, counted: false };
        assert_eq!(lines.wait(&starts, began), None);
        lines.add(&frame("[1]"), &starts, began);
        assert_eq!(lines.wait(&starts, began), Some(QUIET));
        for seconds in 1..=10 {
            lines.add(&frame("more"), &starts, began + Duration::from_secs(seconds));
        }
        assert_eq!(lines.wait(&starts, began + LONGEST), Some(Duration::ZERO));
        lines.release();
        lines.add(&frame("<13>x"), &starts, began);
        assert_eq!(lines.wait(&starts, began), Some(INDENTED));
    }
}
