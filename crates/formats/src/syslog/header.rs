//! The header of a syslog record: RFC 5424 where it is one, else RFC 3164 with the liberties devices take (no
//! priority, a priority out of range, no time, a year, a zone, no host, Cisco's marks around the time).

use super::structured_data::{self, Element};
use crate::time::{self, Written};

/// What a header says; the message is what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header<'a> {
    /// `facility * 8 + severity`, where it is one (0 to 191).
    pub priority: Option<u8>,
    /// The time as written.
    pub time_text: Option<&'a str>,
    /// The time as read.
    pub time: Option<Written>,
    /// The host the record claims to come from.
    pub hostname: Option<&'a str>,
    /// Program or APP-NAME.
    pub program: Option<&'a str>,
    /// Process id or PROCID.
    pub process_id: Option<&'a str>,
    /// MSGID (RFC 5424).
    pub message_id: Option<&'a str>,
    /// Structured data (RFC 5424).
    pub structured_data: Vec<Element<'a>>,
    /// The rest.
    pub message: &'a str,
}

impl Header<'_> {
    /// The facility, 0 to 23.
    pub fn facility(&self) -> Option<u8> {
        self.priority.map(|priority| priority / 8)
    }

    /// The severity, 0 (emergency) to 7 (debug).
    pub fn severity(&self) -> Option<u8> {
        self.priority.map(|priority| priority % 8)
    }
}

/// Reads the header of a record; nothing where it begins with neither a priority nor a time.
pub fn parse(record: &str) -> Option<Header<'_>> {
    let text = record.trim_start_matches(['\u{feff}', ' ', '\0']);
    let (priority, after_priority) = match priority(text) {
        Some((priority, rest)) => (Some(priority), rest),
        None => (None, text),
    };
    let mut header = Header {
        priority: priority.flatten(),
        time_text: None,
        time: None,
        hostname: None,
        program: None,
        process_id: None,
        message_id: None,
        structured_data: Vec::new(),
        message: after_priority,
    };
    if rfc5424(after_priority, &mut header).is_some() {
        return Some(header);
    }
    if cisco(after_priority, &mut header).is_some() {
        return Some(header);
    }
    let rest = after_priority.trim_start_matches([' ', '*', '.', ':']);
    match time::prefix(rest) {
        Some((written, length)) => {
            header.time = Some(written);
            header.time_text = Some(&rest[..length]);
            let classic = !rest.starts_with(|first: char| first.is_ascii_digit());
            let rest = &rest[length..];
            // A time that runs into text without a separator was something else.
            if !rest.is_empty() && !rest.starts_with([' ', ':', ',', '\t', '|', '[']) {
                return priority.map(|_| Header { time: None, time_text: None, ..header });
            }
            host_and_tag(rest.trim_start_matches([' ', ':']), classic || priority.is_some(), &mut header);
        }
        None => {
            priority?;
            if let Some((program, process_id, message)) = tag(after_priority.trim_start()) {
                header.program = Some(program);
                header.process_id = process_id;
                header.message = message;
            }
        }
    }
    Some(header)
}

/// `<13>`: the priority, nothing inside where the number is out of range, and the rest.
fn priority(text: &str) -> Option<(Option<u8>, &str)> {
    let rest = text.strip_prefix('<')?;
    let digits = rest.bytes().take(4).take_while(u8::is_ascii_digit).count();
    let rest_after = rest[digits..].strip_prefix('>')?;
    Some((rest[..digits].parse().ok().filter(|priority| *priority <= 191), rest_after))
}

/// `1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG` (RFC 5424 section 6).
fn rfc5424<'a>(text: &'a str, header: &mut Header<'a>) -> Option<()> {
    let (version, rest) = text.split_once(' ')?;
    if version.is_empty() || version.len() > 2 || !version.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (time_text, rest) = rest.split_once(' ')?;
    let time = match time_text {
        "-" => None,
        _ => Some(time::prefix(time_text).filter(|(_, length)| *length == time_text.len())?.0),
    };
    let (hostname, rest) = rest.split_once(' ')?;
    let (program, rest) = rest.split_once(' ')?;
    let (process_id, rest) = rest.split_once(' ')?;
    let (message_id, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    header.time = time;
    header.time_text = not_nil(time_text);
    header.hostname = not_nil(hostname);
    header.program = not_nil(program);
    header.process_id = not_nil(process_id);
    header.message_id = not_nil(message_id);
    header.message = match structured_data::elements(rest) {
        Some((elements, rest)) => {
            header.structured_data = elements;
            rest.strip_prefix(' ').unwrap_or(rest)
        }
        None => rest,
    }
    .trim_start_matches('\u{feff}');
    Some(())
}

/// What Cisco devices put before `%FACILITY-SEVERITY-MNEMONIC:`, in any order they write it: a sequence number, a host,
/// a time with marks around it, a program.
fn cisco<'a>(text: &'a str, header: &mut Header<'a>) -> Option<()> {
    let at = cisco_marker(text)?;
    let before = &text[..at];
    let words = |part: &'a str| {
        part.split([' ', ',']).map(|word| word.trim_end_matches(':')).filter(|word| {
            !word.is_empty()
                && !word.bytes().all(|byte| byte.is_ascii_digit())
                && word.split('[').next().is_some_and(is_host)
        })
    };
    let starts = std::iter::once(0).chain(before.match_indices([' ', ':', '*', '.']).map(|(at, _)| at + 1));
    let found = starts.take(64).find_map(|start| {
        let (written, length) = time::prefix(&before[start..])?;
        Some((start, length, written))
    });
    let (mut host_part, mut rest) = (before, "");
    if let Some((start, length, written)) = found {
        header.time = Some(written);
        header.time_text = Some(&before[start..start + length]);
        (host_part, rest) = (&before[..start], &before[start + length..]);
    }
    let mut named = words(rest).chain(words(host_part));
    header.hostname = named.next();
    if let Some(tag) = named.next() {
        let (program, process_id) = tag.split_once('[').unwrap_or((tag, ""));
        header.program = Some(program).filter(|program| !program.is_empty());
        header.process_id = Some(process_id.trim_end_matches(']')).filter(|id| !id.is_empty());
    }
    header.message = &text[at..];
    Some(())
}

/// Where `%ASA-6-302013:` begins, near the start.
fn cisco_marker(text: &str) -> Option<usize> {
    const FARTHEST: usize = 192;
    let window = &text.as_bytes()[..text.len().min(FARTHEST)];
    memchr::memchr_iter(b'%', window).find(|at| {
        let is_name = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        let after = &text.as_bytes()[at + 1..];
        let length = after.iter().take(80).take_while(|byte| is_name(byte)).count();
        let parts: Vec<&[u8]> = after[..length].split(|byte| *byte == b'-').collect();
        let severity = |part: &&[u8]| matches!(part, [b'0'..=b'7']);
        // After a colon: other vendors write `host %MODULE-5-NAME:`.
        let before = window[..*at].trim_ascii_end();
        (before.is_empty() || before.ends_with(b":"))
            && after.get(length) == Some(&b':')
            && parts.len() >= 3
            && !parts[0].is_empty()
            && parts[1..parts.len() - 1].iter().any(severity)
    })
}

fn not_nil(text: &str) -> Option<&str> {
    (!text.is_empty() && text != "-").then_some(text)
}

/// What follows the time: `host tag: message`, `tag: message`, `host message` or just a message.
fn host_and_tag<'a>(text: &'a str, host_expected: bool, header: &mut Header<'a>) {
    header.message = text;
    if let Some((program, process_id, message)) = tag(text) {
        header.program = Some(program);
        header.process_id = process_id;
        header.message = message;
        return;
    }
    let Some((host, rest)) = text.split_once(' ') else { return };
    if !is_host(host) {
        return;
    }
    let rest = rest.trim_start_matches(' ');
    match tag(rest) {
        Some((program, process_id, message)) => {
            header.hostname = Some(host);
            header.program = Some(program);
            header.process_id = process_id;
            header.message = message;
        }
        None if host_expected => {
            header.hostname = Some(host);
            header.message = rest;
        }
        None => {}
    }
}

fn is_host(word: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:@/".contains(&byte) || byte >= 0x80;
    !word.is_empty() && word.len() <= 255 && word.bytes().all(allowed) && !word.ends_with(':')
}

/// `program[pid]: message` or `program: message`.
fn tag(text: &str) -> Option<(&str, Option<&str>, &str)> {
    const LONGEST_TAG: usize = 64;
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_/@()".contains(byte);
    let length = text.bytes().take(LONGEST_TAG).take_while(in_name).count();
    let (program, mut rest) = text.split_at(length);
    if program.is_empty() || program == "CEF" || program == "LEEF" {
        return None;
    }
    let mut process_id = None;
    if let Some(after) = rest.strip_prefix('[') {
        let end = after.bytes().take(LONGEST_TAG).position(|byte| byte == b']')?;
        process_id = Some(&after[..end]).filter(|id| !id.is_empty());
        rest = &after[end + 1..];
    }
    let message = rest.strip_prefix(':')?;
    if message.is_empty() {
        return Some((program, process_id, message));
    }
    // `a:b` is a value, `a: b` and `a[1]:b` are tags.
    let message_start = message.trim_start_matches(' ');
    (message_start.len() < message.len() || process_id.is_some()).then_some((program, process_id, message_start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(record: &str) -> String {
        let Some(header) = parse(record) else { return "none".into() };
        let part = |part: Option<&str>| part.unwrap_or("-").to_owned();
        format!(
            "{}|{}|{}|{}|{}|{}",
            header.priority.map_or("-".into(), |priority| priority.to_string()),
            part(header.time_text),
            part(header.hostname),
            part(header.program),
            part(header.process_id),
            header.message
        )
    }

    #[test]
    fn rfc5424_is_read_with_nil_values_and_structured_data() {
        assert_eq!(
            show("<34>1 2026-11-21T08:00:00.003Z host su - ID47 - \u{feff}'su root' failed"),
            "34|2026-11-21T08:00:00.003Z|host|su|-|'su root' failed"
        );
        assert_eq!(show("<0>1 - - - - -"), "0|-|-|-|-|");
        let header = parse(r#"<165>1 2026-11-21T08:00:00Z h a 12 m [x@1 k="v"] {"a":1}"#).unwrap();
        assert_eq!((header.structured_data[0].id, header.message), ("x@1", r#"{"a":1}"#));
    }

    #[test]
    fn rfc3164_is_read_with_the_liberties_devices_take() {
        for (record, expected) in [
            ("<34>Oct 11 22:14:15 mymachine su: 'su root'", "34|Oct 11 22:14:15|mymachine|su|-|'su root'"),
            ("Oct  1 22:14:15 web sshd[123]: Accepted", "-|Oct  1 22:14:15|web|sshd|123|Accepted"),
            ("<6>Mar 28 2026 11:27:15 fw %%01X: y", "6|Mar 28 2026 11:27:15|fw|-|-|%%01X: y"),
            ("<190>2026-04-20 16:00:28 agile text here", "190|2026-04-20 16:00:28|agile|-|-|text here"),
            ("<13>su[1]: no time", "13|-|-|su|1|no time"),
            ("<188>date=2026-04-23 time=12:17:48", "188|-|-|-|-|date=2026-04-23 time=12:17:48"),
            ("<999>Oct 11 22:14:15 h p: m", "-|Oct 11 22:14:15|h|p|-|m"),
            ("<>Oct 11 22:14:15 h p: m", "-|Oct 11 22:14:15|h|p|-|m"),
            ("<189>*Mar  1 18:46:11.254: %SYS-5-CONFIG: x", "189|Mar  1 18:46:11.254|-|-|-|%SYS-5-CONFIG: x"),
            ("<13>Oct 11 22:14:15 CEF:0|a|b|1|2|n|3|", "13|Oct 11 22:14:15|-|-|-|CEF:0|a|b|1|2|n|3|"),
            ("<13>Oct 11 22:14:15 h CEF:0|a|b|1|2|n|3|", "13|Oct 11 22:14:15|h|-|-|CEF:0|a|b|1|2|n|3|"),
            ("2026-11-21 10:00:00 INFO something went on", "-|2026-11-21 10:00:00|-|-|-|INFO something went on"),
            ("<166>Jan 01 2026 00:00:00 fw01 : %ASA-6-302013: x", "166|Jan 01 2026 00:00:00|fw01|-|-|%ASA-6-302013: x"),
            ("<166>:Jan 01 00:00:00 UTC: %ASA-6-302013: x", "166|Jan 01 00:00:00 UTC|-|-|-|%ASA-6-302013: x"),
            ("<189>2360: rtr: Nov 21 08:00:00.123 UTC: %SYS-5-X: t", "189|Nov 21 08:00:00.123 UTC|rtr|-|-|%SYS-5-X: t"),
            (
                "Oct 10 2018 12:34:56 fw CiscoASA[999]: %ASA-6-1: x",
                "-|Oct 10 2018 12:34:56|fw|CiscoASA|999|%ASA-6-1: x",
            ),
            (
                "<189>12: 000013: *Mar  1 18:46:11: %SEC-6-IPACCESSLOGP: l",
                "189|Mar  1 18:46:11|-|-|-|%SEC-6-IPACCESSLOGP: l",
            ),
            ("plain text", "none"),
            ("{\"a\":1}", "none"),
        ] {
            assert_eq!(show(record), expected, "{record}");
        }
    }
}
