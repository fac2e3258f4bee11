//! IBM's Log Event Extended Format: `LEEF:1.0|vendor|product|version|event|key=value<tab>...` and 2.0, which names its
//! delimiter in the header: a character, or its number as `x09` or `0x09`.

use std::borrow::Cow;

use memchr::memmem;
use model::event::Value;

use crate::builder::Builder;

/// Names of the header fields.
pub const HEADER_FIELDS: [&str; 5] = ["leefVersion", "deviceVendor", "deviceProduct", "deviceVersion", "eventID"];

/// How far from the start the record may begin: relays put headers before it.
const FARTHEST: usize = 256;

/// Reads a LEEF record into `builder`; false where `text` holds no LEEF header.
pub fn parse_into<'a>(text: &'a str, builder: &mut Builder<'a>) -> bool {
    let window = &text.as_bytes()[..text.len().min(FARTHEST)];
    let Some(start) = memmem::find(window, b"LEEF:") else { return false };
    let mut parts = text[start + 5..].splitn(6, '|');
    let mut header = [""; 5];
    for field in &mut header {
        let Some(part) = parts.next() else { return false };
        *field = part.trim();
    }
    let Some(mut rest) = parts.next() else { return false };
    let mut delimiter = '\t';
    if header[0].starts_with('2') {
        // Some senders of 2.0 leave the delimiter out, and with it its bar.
        if let Some((written, after)) = rest.split_once('|').filter(|(written, _)| written.len() <= 6) {
            match self::delimiter(written) {
                Some(char) => (delimiter, rest) = (char, after),
                None if written.is_empty() => rest = after,
                None => {}
            }
        }
    }
    for (name, value) in HEADER_FIELDS.into_iter().zip(header) {
        builder.push(name, value);
    }
    attributes(rest.trim_end_matches(['\r', '\n', '\0']), delimiter, builder);
    true
}

fn delimiter(written: &str) -> Option<char> {
    let mut chars = written.chars();
    if let (Some(char), None) = (chars.next(), chars.next()) {
        return Some(char);
    }
    let number = written
        .strip_prefix("0x")
        .or_else(|| written.strip_prefix(['x', 'X']))
        .or_else(|| written.strip_prefix("\\x").or_else(|| written.strip_prefix("\\u")));
    if written == "\\t" {
        return Some('\t');
    }
    char::from_u32(u32::from_str_radix(number?, 16).ok()?)
}

fn attributes<'a>(text: &'a str, delimiter: char, builder: &mut Builder<'a>) {
    // A tab that became blanks on the way, as some relays do it: then a key begins each pair.
    if delimiter == '\t' && !text.contains('\t') {
        return blank_separated(text, builder);
    }
    // The pair being read and where its value starts and ends.
    let mut open: Option<(&'a str, usize, usize)> = None;
    let mut from = 0;
    for piece in text.split(delimiter) {
        let end = from + piece.len();
        match piece.split_once('=').filter(|(key, _)| is_key(key.trim())) {
            Some((key, _)) => {
                if let Some((name, start, end)) = open.take() {
                    builder.push(name, plain(&text[start..end]));
                }
                open = Some((key.trim(), from + key.len() + 1, end));
            }
            // No pair: the value before it holds the delimiter.
            None => {
                if let Some((_, _, old)) = &mut open {
                    *old = end;
                }
            }
        }
        from = end + delimiter.len_utf8();
    }
    if let Some((name, start, end)) = open {
        builder.push(name, plain(&text[start..end]));
    }
}

/// `a=1 b=two words c=3`: a value ends where a blank, a key and `=` follow.
fn blank_separated<'a>(text: &'a str, builder: &mut Builder<'a>) {
    let mut open: Option<(&'a str, usize)> = None;
    let mut floor = 0;
    for (equals, _) in text.match_indices('=') {
        let key_length =
            text.as_bytes()[floor..equals].iter().rev().take(65).take_while(|byte| is_key_byte(**byte)).count();
        let key_start = equals - key_length;
        let after_blank = if key_start == floor { open.is_none() } else { text.as_bytes()[key_start - 1] == b' ' };
        let key = &text[key_start..equals];
        if !is_key(key) || !after_blank {
            continue;
        }
        if let Some((name, start)) = open {
            builder.push(name, plain(&text[start..key_start]));
        }
        open = Some((key, equals + 1));
        floor = equals + 1;
    }
    if let Some((name, start)) = open {
        builder.push(name, plain(&text[start..]));
    }
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= 64 && key.bytes().all(is_key_byte)
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)
}

fn plain(value: &str) -> Value<'_> {
    let value = value.trim();
    match value.contains('\\') {
        false => Value::from(value),
        true => Value::Str(Cow::Owned(value.replace("\\=", "=").replace("\\|", "|").replace("\\\\", "\\"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        let mut builder = Builder::new();
        if !parse_into(text, &mut builder) {
            return "none".into();
        }
        builder.iter().skip(4).map(|(name, value)| format!("{name}=<{}> ", value.text().unwrap())).collect()
    }

    #[test]
    fn both_versions_are_read_with_the_delimiters_devices_write() {
        for (text, expected) in [
            (
                "LEEF:1.0|V|P|1|login|src=10.0.0.1\tusrName=li wei\tmsg=a=b",
                "eventID=<login> src=<10.0.0.1> usrName=<li wei> msg=<a=b> ",
            ),
            ("<13>Nov 21 08:00:00 h LEEF:2.0|V|P|1|7|^|a=1^b=x^y^c=", "eventID=<7> a=<1> b=<x^y> c=<> "),
            ("LEEF:2.0|V|P|1|7|x09|a=1\tb=2", "eventID=<7> a=<1> b=<2> "),
            ("LEEF:2.0|V|P|1|7|0x7c|a=1|b=2", "eventID=<7> a=<1> b=<2> "),
            ("LEEF:2.0|V|P|1|7|a=1\tb=2", "eventID=<7> a=<1> b=<2> "),
            ("LEEF:1.0|V|P|1|7|a=1 b=two words c=http://x/?y=1", "eventID=<7> a=<1> b=<two words> c=<http://x/?y=1> "),
            ("LEEF:1.0|V|P|1|7|", "eventID=<7> "),
            ("LEEF:1.0|V|P|1|7", "none"),
            ("nothing", "none"),
        ] {
            assert_eq!(show(text), expected, "{text}");
        }
    }
}
