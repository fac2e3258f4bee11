//! Named patterns in regular expressions: `%{IP:client}` stands for the pattern `IP` as the field `client`,
//! `%{NUMBER:bytes:int}` for a field that is a whole number, and `%{GREEDYDATA}` for a pattern that is no field.
//!
//! The names are those people know from Logstash; the patterns are our own and avoid what only backtracking engines do.

use std::fmt::Write;

/// The longest expression a pattern may grow to.
const MAX_LENGTH: usize = 32 * 1024;
/// How deep patterns may stand in patterns.
const MAX_DEPTH: usize = 8;

/// Name and expression, sorted by name.
const LIBRARY: &[(&str, &str)] = &[
    ("BASE10NUM", r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)"),
    ("BASE16NUM", r"(?:0[xX])?[0-9A-Fa-f]+"),
    ("BOOL", r"(?i:true|false|yes|no|on|off)"),
    ("CISCOMAC", r"(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}"),
    ("COMMONMAC", r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}"),
    ("DATA", r".*?"),
    ("DATE", r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})"),
    ("DATESTAMP", r"%{DATE}[- T]%{TIME}"),
    ("DAY", r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"),
    ("EMAILADDRESS", r"[^\s@<>,;]+@[0-9A-Za-z.-]+"),
    ("GREEDYDATA", r".*"),
    ("GREEDYMULTILINE", r"(?s:.*)"),
    ("HOSTNAME", r"[0-9A-Za-z_](?:[0-9A-Za-z_.-]*[0-9A-Za-z_])?\.?"),
    ("HOSTPORT", r"%{IPORHOST}:%{POSINT}"),
    ("HOUR", r"(?:2[0123]|[01]?\d)"),
    ("HTTPDATE", r"%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}"),
    ("INT", r"[+-]?\d+"),
    ("IP", r"(?:%{IPV4}|%{IPV6})"),
    ("IPORHOST", r"(?:%{IP}|%{HOSTNAME})"),
    ("IPV4", r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)"),
    ("IPV6", r"[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:%[0-9A-Za-z]+)?"),
    ("ISO8601_TIMEZONE", r"(?:Z|[+-]\d{2}(?::?\d{2})?)"),
    ("JSON", r"(?s:\{.*\})"),
    (
        "LOGLEVEL",
        r"(?i:trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|alert|emerg(?:ency)?)",
    ),
    ("MAC", r"(?:%{COMMONMAC}|%{CISCOMAC})"),
    ("MINUTE", r"[0-5]\d"),
    ("MONTH", r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"),
    ("MONTHDAY", r"(?:0?[1-9]|[12]\d|3[01])"),
    ("MONTHNUM", r"(?:0?[1-9]|1[0-2])"),
    ("NONNEGINT", r"\d+"),
    ("NOTSPACE", r"\S+"),
    ("NUMBER", r"%{BASE10NUM}"),
    ("PATH", r"(?:%{UNIXPATH}|%{WINPATH})"),
    ("POSINT", r"[1-9]\d*"),
    ("PROG", r"[\x21-\x5a\x5c\x5e-\x7e]+"),
    ("QS", r"%{QUOTEDSTRING}"),
    ("QUOTEDSTRING", r#"(?:"(?:\\.|[^\\"])*"|'(?:\\.|[^\\'])*')"#),
    ("SECOND", r"(?:[0-5]?\d|60)(?:[:.,]\d+)?"),
    ("SPACE", r"\s*"),
    ("SYSLOGTIMESTAMP", r"%{MONTH} +%{MONTHDAY} %{TIME}"),
    ("TIME", r"%{HOUR}:%{MINUTE}(?::%{SECOND})?"),
    ("TIMESTAMP_ISO8601", r"%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?"),
    ("TTY", r"(?:/dev/(?:pts|tty[a-z0-9]*)/?\d*|pts/\d+|tty\w*)"),
    ("TZ", r"[A-Z]{3,5}"),
    ("UNIXPATH", r"(?:/[^\s/]*)+"),
    ("URI", r"[A-Za-z][0-9A-Za-z+.-]*://\S+"),
    ("URIHOST", r"%{IPORHOST}(?::%{POSINT})?"),
    ("URIPARAM", r"\?\S*"),
    ("URIPATH", r"(?:/[^\s?#]*)+"),
    ("URIPATHPARAM", r"%{URIPATH}(?:%{URIPARAM})?"),
    ("URIPROTO", r"[A-Za-z][0-9A-Za-z+.-]*"),
    ("USER", r"%{USERNAME}"),
    ("USERNAME", r"[0-9A-Za-z._$@\\-]+"),
    ("UUID", r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"),
    ("WINPATH", r"(?:[A-Za-z]:|\\)(?:\\[^\\?*]*)+"),
    ("WORD", r"\b\w+\b"),
    ("YEAR", r"\d{4}"),
];

/// A field that a pattern gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The name of its group in the expression.
    pub group: String,
    /// The field's name.
    pub field: String,
    /// Its value becomes a whole number where it is one.
    pub is_int: bool,
}

/// The expression with its patterns written out, and the fields they give; the error says what is wrong.
pub fn expand(text: &str) -> Result<(String, Vec<Group>), String> {
    let (mut expression, mut groups) = (String::with_capacity(text.len()), Vec::new());
    write_out(text, &mut expression, &mut groups, 0)?;
    Ok((expression, groups))
}

fn write_out(text: &str, out: &mut String, groups: &mut Vec<Group>, depth: usize) -> Result<(), String> {
    let mut rest = text;
    while let Some(at) = rest.find("%{") {
        out.push_str(&rest[..at]);
        let (inner, after) = rest[at + 2..].split_once('}').ok_or("`%{` without `}`")?;
        rest = after;
        let mut parts = inner.splitn(3, ':');
        let name = parts.next().unwrap_or_default().trim();
        let field = parts.next().map(str::trim).filter(|field| !field.is_empty());
        let kind = parts.next().map(str::trim);
        let pattern = LIBRARY
            .binary_search_by_key(&name, |(name, _)| name)
            .map(|index| LIBRARY[index].1)
            .map_err(|_| format!("there is no pattern `%{{{name}}}`"))?;
        if depth >= MAX_DEPTH || out.len() > MAX_LENGTH {
            return Err(format!("with its patterns written out it is longer than {MAX_LENGTH} bytes"));
        }
        match field {
            None => out.push_str("(?:"),
            Some(field) => {
                let is_int = match kind {
                    None | Some("string") => false,
                    Some("int" | "long") => true,
                    Some(other) => return Err(format!("`{other}` is no type of a pattern: int or string")),
                };
                let group = format!("_grok{}", groups.len());
                let _ = write!(out, "(?P<{group}>");
                groups.push(Group { group, field: field.to_owned(), is_int });
            }
        }
        write_out(pattern, out, groups, depth + 1)?;
        out.push(')');
    }
    out.push_str(rest);
    Ok(())
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn every_pattern_of_the_library_is_an_expression_and_found_by_its_name() {
        for (name, _) in LIBRARY {
            let (expression, groups) = expand(&format!("^%{{{name}:f}}$")).unwrap();
            Regex::new(&expression).unwrap();
            assert_eq!(groups[0].field, "f", "{name}");
        }
    }

    #[test]
    fn patterns_match_what_their_names_say_and_nothing_else() {
        for (name, yes, no) in [
            ("IP", "10.0.0.1", "10.0.0.256"),
            ("IP", "2001:db8::1", "2001"),
            ("NUMBER", "-1.5", "x"),
            ("MAC", "00:1a:2b:3c:4d:5e", "00:1a"),
            ("MAC", "001a.2b3c.4d5e", "001a"),
            ("HOSTNAME", "fw-01.example", "-"),
            ("TIMESTAMP_ISO8601", "2026-11-21T08:00:00.123+08:00", "2026"),
            ("HTTPDATE", "21/Nov/2026:08:00:00 +0800", "21/11/2026"),
            ("SYSLOGTIMESTAMP", "Nov  1 08:00:00", "Nov"),
            ("QS", r#""a \" b""#, r#""a"#),
            ("LOGLEVEL", "Warning", "x"),
            ("UUID", "00000000-0000-0000-0000-000000000000", "0"),
            ("URIPATHPARAM", "/a/b?c=d", "a"),
        ] {
            let regex = Regex::new(&format!("^{}$", expand(&format!("%{{{name}}}")).unwrap().0)).unwrap();
            assert!(regex.is_match(yes) && !regex.is_match(no), "{name}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["%{NOPE}", "%{IP", "%{IP:a:float}", "%{}"] {
            assert!(expand(text).is_err(), "{text}");
        }
        let (expression, groups) = expand(r"^(?P<own>a) %{INT:n:int}").unwrap();
        assert_eq!(expression, r"^(?P<own>a) (?P<_grok0>[+-]?\d+)");
        assert!(groups[0].is_int);
    }
}
