//! ArcSight Common Event Format, as devices write it: `CEF:0|vendor|product|version|class|name|severity|key=value ...`.
//!
//! Devices leave `=` unescaped inside URLs and messages, so a key inside one of those starts a new pair only where it
//! is a key of the CEF dictionary or looks like a vendor's own.

use std::borrow::Cow;

use memchr::memchr_iter;
use model::event::{Fields, Value};

use crate::builder::Builder;

/// Names of the seven header fields, as ArcSight's own field names have them.
pub const HEADER_FIELDS: [&str; 7] =
    ["cefVersion", "deviceVendor", "deviceProduct", "deviceVersion", "deviceEventClassId", "name", "severity"];

/// Keys whose values are free text in which `word=` may be part of the value.
const FREE_TEXT: [&str; 5] = ["request", "msg", "requestContext", "requestCookies", "reason"];

/// The keys of the CEF dictionary that follow free text in practice.
const DICTIONARY: &[&str] = &[
    "act",
    "app",
    "c6a1",
    "c6a2",
    "c6a3",
    "c6a4",
    "cat",
    "cfp1",
    "cfp2",
    "cn1",
    "cn2",
    "cn3",
    "cnt",
    "cs1",
    "cs2",
    "cs3",
    "cs4",
    "cs5",
    "cs6",
    "destinationDnsDomain",
    "destinationServiceName",
    "deviceAction",
    "deviceAddress",
    "deviceCustomDate1",
    "deviceDirection",
    "deviceDnsDomain",
    "deviceExternalId",
    "deviceFacility",
    "deviceInboundInterface",
    "deviceNtDomain",
    "deviceOutboundInterface",
    "deviceProcessName",
    "dhost",
    "dmac",
    "dntdom",
    "dpid",
    "dpriv",
    "dproc",
    "dpt",
    "dst",
    "dtz",
    "duid",
    "duser",
    "dvc",
    "dvchost",
    "dvcmac",
    "dvcpid",
    "end",
    "externalId",
    "fileHash",
    "fileId",
    "fileModificationTime",
    "filePath",
    "fileType",
    "fname",
    "fsize",
    "in",
    "msg",
    "oldFileName",
    "out",
    "outcome",
    "proto",
    "reason",
    "request",
    "requestClientApplication",
    "requestContext",
    "requestCookies",
    "requestMethod",
    "rt",
    "shost",
    "smac",
    "sntdom",
    "sourceDnsDomain",
    "sourceServiceName",
    "spid",
    "spriv",
    "sproc",
    "spt",
    "src",
    "start",
    "suid",
    "suser",
    "type",
];

/// The fields of a CEF record: the header under [`HEADER_FIELDS`] and the extension under its own keys; nothing where
/// `text` does not start with a CEF header.
pub fn parse(text: &str) -> Option<Fields<'_>> {
    let mut builder = Builder::new();
    parse_into(text, &mut builder).then(|| builder.finish())
}

/// Reads a CEF record into `builder`; false where `text` does not start with a CEF header.
pub fn parse_into<'a>(text: &'a str, builder: &mut Builder<'a>) -> bool {
    let Some(mut rest) = text.strip_prefix("CEF:") else { return false };
    let mut header: [&str; 7] = [""; 7];
    for (index, field) in header.iter_mut().enumerate() {
        match header_end(rest) {
            Some(end) => (*field, rest) = (&rest[..end], &rest[end + 1..]),
            // The last header field may end the record.
            None if index == 6 => (*field, rest) = (rest, ""),
            None => return false,
        }
    }
    for (name, value) in HEADER_FIELDS.into_iter().zip(header) {
        builder.push(name, Value::Str(unescape(value.trim())));
    }
    extension(rest.trim_end(), builder);
    true
}

/// Gives each value that has a label (`cs1` with `cs1Label`) the label as a further name.
pub fn name_by_labels(builder: &mut Builder) {
    let labelled: Vec<_> = builder
        .iter()
        .filter_map(|(key, label)| {
            let value = builder.get(key.strip_suffix("Label")?)?;
            let label = label.text().map(|label| label.trim().to_owned()).filter(|label| !label.is_empty())?;
            Some((label, value.clone()))
        })
        .collect();
    for (label, value) in labelled {
        if builder.get(&label).is_none() {
            builder.push(label, value);
        }
    }
}

fn header_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr_iter(b'|', bytes).find(|end| !is_escaped(bytes, *end))
}

/// Whether an odd number of backslashes stands before `at`.
fn is_escaped(bytes: &[u8], at: usize) -> bool {
    bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

fn extension<'a>(text: &'a str, builder: &mut Builder<'a>) {
    let bytes = text.as_bytes();
    // The key whose value is being read, and where the value starts.
    let mut open: Option<(&'a str, usize)> = None;
    for equals in memchr_iter(b'=', bytes) {
        let floor = open.map_or(0, |(_, start)| start);
        if equals < floor || is_escaped(&bytes[floor..], equals - floor) {
            continue;
        }
        let key_length = bytes[floor..equals].iter().rev().take_while(|byte| is_key_byte(**byte)).count();
        let key_start = equals - key_length;
        let after_blank = key_start == 0 || (key_start > floor && bytes[key_start - 1] == b' ');
        // An empty value is followed at once by the next key: `cs1= cs2=x`.
        if key_length == 0 || !after_blank {
            continue;
        }
        let key = &text[key_start..equals];
        if let Some((name, start)) = open {
            if FREE_TEXT.contains(&name) && !starts_pair(key) {
                continue;
            }
            builder.push(name, Value::Str(unescape(text[start..key_start].trim_end())));
        }
        open = Some((key, equals + 1));
    }
    if let Some((name, start)) = open {
        builder.push(name, Value::Str(unescape(&text[start..])));
    }
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.-[]".contains(&byte)
}

/// Whether a word inside free text is a key: one of the dictionary, its label, or a vendor's, which begin with a
/// capital (`FTNTFGTlogid`, `PanOSActionFlags`) or `ad.`.
fn starts_pair(key: &str) -> bool {
    let plain = key.strip_suffix("Label").unwrap_or(key);
    DICTIONARY.contains(&plain) || key.starts_with("ad.") || key.bytes().take(2).all(|byte| byte.is_ascii_uppercase())
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            plain.push(char);
            continue;
        }
        match chars.next() {
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some(escaped @ ('\\' | '=' | '|')) => plain.push(escaped),
            // Not an escape: a Windows path nobody escaped.
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(text: &str, name: &str) -> String {
        parse(text).unwrap().get(name).map_or("none".into(), |value| value.text().unwrap().into_owned())
    }

    #[test]
    fn header_and_extension_are_read_with_their_escapes() {
        let text = r"CEF:0|Vendor|Pro\|duct|1.0|100|a \\ name|10|src=10.0.0.1 msg=line\none \= two cs1Label=Rule Name cs1=A b empty= act=blocked by | rule";
        assert_eq!(get(text, "deviceProduct"), "Pro|duct");
        assert_eq!(get(text, "name"), r"a \ name");
        assert_eq!(get(text, "severity"), "10");
        assert_eq!(get(text, "msg"), "line\none = two");
        assert_eq!(get(text, "cs1Label"), "Rule Name");
        assert_eq!(get(text, "cs1"), "A b");
        assert_eq!(get(text, "empty"), "");
        assert_eq!(get(text, "act"), "blocked by | rule");
    }

    #[test]
    fn an_equals_sign_inside_a_url_does_not_start_a_key() {
        let text = "CEF:0|v|p|1|1|n|5|request=http://x/?a=1&b=2 id=3 spt=80 filePath=C:\\Windows\\x.exe";
        assert_eq!(get(text, "request"), "http://x/?a=1&b=2 id=3");
        assert_eq!(get(text, "spt"), "80");
        assert_eq!(get(text, "filePath"), "C:\\Windows\\x.exe");
    }

    #[test]
    fn labels_name_their_values() {
        let mut builder = Builder::new();
        let text =
            "CEF:0|v|p|1|1|n|5|cs1Label=Rule Name cs1=A b cn1=3 cn1Label= name cs2Label=gone act=x actLabel=severity";
        assert!(parse_into(text, &mut builder));
        name_by_labels(&mut builder);
        assert_eq!(builder.get("Rule Name"), Some(&"A b".into()));
        assert_eq!(builder.get("severity"), Some(&"5".into()));
    }

    #[test]
    fn a_record_may_end_with_its_header() {
        assert_eq!(get("CEF:1|v|p|1|1|n|Very-High", "severity"), "Very-High");
        assert!(parse("CEF:0|v|p|1|n|5").is_none());
        assert!(parse("CEF: 10.0.0.1:80").is_none());
    }
}
