//! `key=value` records in the dialects devices have: separated by blanks or by a text, quoted or not.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3, memmem};
use model::event::{Fields, Value};

use crate::builder::Builder;
use crate::text::trim;

/// A value in curly quotes is looked at no further than this.
const MAX_CURLY: usize = 4096;

/// One dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between two pairs; nothing for blanks.
    pub separator: Option<String>,
    /// What stands between key and value.
    pub equals: char,
    /// Keys whose values may hold the separator (a URL), so that only a key of `known` ends them.
    pub open: Vec<String>,
    /// Keys that end the value of an open key.
    pub known: Vec<String>,
    /// Where a key ends before the mark: `(` in `event(2)=block`.
    pub key_end: Option<char>,
    /// Blanks may stand around what is between key and value.
    pub loose: bool,
    /// A word without a value is a key that is true.
    pub flags: bool,
    /// `\n`, `\t` and `\r` in quotes stand for what they stand for in most languages.
    pub escapes: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect {
            separator: None,
            equals: '=',
            open: Vec::new(),
            known: Vec::new(),
            key_end: None,
            loose: false,
            flags: false,
            escapes: false,
        }
    }
}

/// The fields of a record of blank-separated `key=value` pairs; nothing where it has none.
pub fn parse(text: &str) -> Option<Fields<'_>> {
    let mut builder = Builder::new();
    (parse_into(text, &Dialect::default(), &mut builder).pairs > 0).then(|| builder.finish())
}

/// What a reading covered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Covered {
    /// How many pairs were read.
    pub pairs: usize,
    /// How many bytes belong to no pair.
    pub rest: usize,
}

/// Reads pairs into `builder`.
pub fn parse_into<'a>(text: &'a str, dialect: &Dialect, builder: &mut Builder<'a>) -> Covered {
    match &dialect.separator {
        None => blank_separated(text, dialect, builder),
        Some(separator) => text_separated(text, separator, dialect, builder),
    }
}

fn blank_separated<'a>(text: &'a str, dialect: &Dialect, builder: &mut Builder<'a>) -> Covered {
    let equals = dialect.equals;
    let mut covered = Covered::default();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',', ';', '\r', '\n', '\0']);
        if rest.is_empty() {
            return covered;
        }
        let word_end = match u8::try_from(equals) {
            Ok(equals) if equals.is_ascii() => memchr3(b' ', b'\t', equals, rest.as_bytes()),
            _ => rest.find([' ', '\t', equals]),
        };
        let word_end = word_end.unwrap_or(rest.len());
        let mut after_key = &rest[word_end..];
        if dialect.loose {
            after_key =
                Some(after_key.trim_start_matches(' ')).filter(|after| after.starts_with(equals)).unwrap_or(after_key);
        }
        let Some(mut after) = after_key.strip_prefix(equals) else {
            if dialect.flags && word_end <= 128 {
                builder.push(rest[..word_end].trim_end_matches([',', ';']), Value::Bool(true));
            }
            covered.rest += word_end;
            rest = &rest[word_end..];
            continue;
        };
        let key = &rest[..word_end];
        if dialect.loose {
            after = after.trim_start_matches(' ');
        }
        let (value, after) = match quoted(after, dialect.escapes) {
            Some(found) => found,
            None => {
                let end = memchr2(b' ', b'\t', after.as_bytes()).unwrap_or(after.len());
                (Cow::Borrowed(after[..end].trim_end_matches([',', ';', '\0'])), &after[end..])
            }
        };
        rest = after;
        if key.is_empty() || key.len() > 128 {
            covered.rest += key.len() + value.len();
            continue;
        }
        covered.pairs += 1;
        builder.push(key, Value::Str(value));
    }
}

/// A value in double or single quotes, with `\"` and `\\` unescaped, and what follows it.
fn quoted(text: &str, escapes: bool) -> Option<(Cow<'_, str>, &str)> {
    const CURLY: [char; 2] = ['\u{201c}', '\u{201d}'];
    if text.starts_with(CURLY) {
        // Quotes some program made typographic on the way.
        let inner = &text[CURLY[0].len_utf8()..];
        let end = inner.bytes().take(MAX_CURLY).len().min(inner.len());
        let end = (0..=end).rev().find(|at| inner.is_char_boundary(*at)).unwrap_or(0);
        let end = inner[..end].find(CURLY)?;
        return Some((Cow::Borrowed(&inner[..end]), &inner[end + CURLY[0].len_utf8()..]));
    }
    let quote = *text.as_bytes().first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let bytes = text.as_bytes();
    let mut at = 1;
    let mut escaped = false;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes && matches!(bytes.get(at + 1), Some(b'n' | b't' | b'r')) => {
                escaped = true;
                at += 2;
            }
            b'\\' if matches!(bytes.get(at + 1), Some(next) if *next == quote || *next == b'\\') => {
                // `"C:\"` closes where nothing but a pair's end follows.
                let closes = bytes[at + 1] == quote
                    && matches!(bytes.get(at + 2), None | Some(b' '))
                    && memchr(quote, &bytes[at + 2..]).is_none_or(|next| bytes[at + 2..at + 2 + next].ends_with(b"="));
                if closes {
                    at += 1;
                } else {
                    escaped = true;
                    at += 2;
                }
            }
            byte if byte == quote => {
                let raw = &text[1..at];
                let value =
                    if escaped { Cow::Owned(unescape(raw, quote as char, escapes)) } else { Cow::Borrowed(raw) };
                return Some((value, &text[at + 1..]));
            }
            _ => at += 1,
        }
    }
    None
}

fn unescape(text: &str, quote: char, escapes: bool) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let next = if char == '\\' { chars.peek().copied() } else { None };
        match next {
            Some(next) if next == quote || next == '\\' => plain.push(next),
            Some('n') if escapes => plain.push('\n'),
            Some('t') if escapes => plain.push('\t'),
            Some('r') if escapes => plain.push('\r'),
            _ => {
                plain.push(char);
                continue;
            }
        }
        chars.next();
    }
    plain
}

fn text_separated<'a>(text: &'a str, separator: &str, dialect: &Dialect, builder: &mut Builder<'a>) -> Covered {
    let mut covered = Covered::default();
    // A separator after the last pair is no part of its value.
    let mut text = text.trim_end_matches([' ', '\r', '\n', '\0']);
    let bare = separator.trim();
    while !bare.is_empty() && text.ends_with(bare) {
        text = text[..text.len() - bare.len()].trim_end();
    }
    // The pair being read: its key and where its value starts.
    let mut open: Option<(&'a str, usize)> = None;
    let mut piece_start = 0;
    // A value in quotes reaches so far; quotes are no longer looked for once one was not closed.
    let (mut quoted_until, mut inside, mut unclosed) = (0, false, false);
    let ends = memmem::find_iter(text.as_bytes(), separator.as_bytes()).map(|at| (at, at + separator.len()));
    for (piece_end, next_start) in ends.chain([(text.len(), text.len())]) {
        if piece_end < quoted_until {
            continue;
        }
        if std::mem::take(&mut inside) {
            piece_start = next_start;
            continue;
        }
        let piece = &text[piece_start.min(piece_end)..piece_end];
        let equals = match u8::try_from(dialect.equals) {
            Ok(equals) if equals.is_ascii() => memchr(equals, piece.as_bytes()),
            _ => piece.find(dialect.equals),
        };
        let key = equals.map(|at| key_of(&piece[..at], dialect)).filter(|key| is_key(key));
        let starts = key.filter(|key| match open {
            Some((name, _)) if dialect.open.iter().any(|open| open == name) => {
                dialect.known.iter().any(|known| known == key)
            }
            _ => true,
        });
        if let (Some(key), Some(at)) = (starts, equals) {
            if let Some((name, start)) = open {
                let end = piece_start.saturating_sub(separator.len()).max(start);
                builder.push(name, Value::Str(plain(&text[start..end])));
            }
            covered.pairs += 1;
            let value = piece_start + at + dialect.equals.len_utf8();
            open = Some((key, value));
            let quote = value + text[value..].len() - text[value..].trim_start_matches(' ').len();
            if !unclosed && text[quote..].starts_with('"') {
                match closing(text, quote + 1, bare) {
                    Some(end) => quoted_until = end,
                    None => unclosed = true,
                }
                // The separator just found stands inside the quotes.
                inside = piece_end < quoted_until;
                if inside {
                    continue;
                }
            }
        } else if open.is_none() {
            covered.rest += piece.len();
        }
        piece_start = next_start;
    }
    if let Some((name, start)) = open {
        builder.push(name, Value::Str(plain(&text[start..])));
    }
    covered
}

/// Where the quote closes after which a separator or the end stands.
fn closing(text: &str, from: usize, separator: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += memchr2(b'"', b'\\', &bytes[at..])?;
        if bytes[at] == b'\\' {
            at = (at + 2).min(bytes.len());
            continue;
        }
        at += 1;
        let after = text[at..].trim_start_matches(' ');
        if after.is_empty() || separator.is_empty() || after.starts_with(separator) {
            return Some(at);
        }
    }
}

fn key_of<'a>(text: &'a str, dialect: &Dialect) -> &'a str {
    let key = trim(text);
    dialect.key_end.map_or(key, |end| key.split(end).next().unwrap_or(key).trim_end())
}

/// A key is short and one piece; anything else is the rest of a value.
fn is_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= 96 && !key.bytes().any(|byte| matches!(byte, b'\n' | b'"' | b'?' | b'&' | b'<'))
}

fn plain(value: &str) -> Cow<'_, str> {
    let value = value.trim_matches([' ', '\r', '\n', '\0']);
    match value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        None => Cow::Borrowed(value),
        Some(inner) if inner.contains("\\\"") => Cow::Owned(unescape(inner, '"', false)),
        Some(inner) => Cow::Borrowed(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str, dialect: &Dialect) -> String {
        let mut builder = Builder::new();
        parse_into(text, dialect, &mut builder);
        builder.iter().map(|(name, value)| format!("{name}=<{}> ", value.text().unwrap())).collect()
    }

    #[test]
    fn blanks_and_quotes_separate_pairs() {
        assert_eq!(
            show(
                r#"date=2026-01-01 msg="a \"b\" c=d" empty= e="" free path="C:\Temp\" user='x y',n=1"#,
                &Dialect::default()
            ),
            r#"date=<2026-01-01> msg=<a "b" c=d> empty=<> e=<> path=<C:\Temp\> user=<x y> n=<1> "#
        );
    }

    #[test]
    fn an_unclosed_quote_loses_nothing_of_the_following_pairs() {
        assert_eq!(show(r#"a="x b=2"#, &Dialect::default()), r#"a=<"x> b=<2> "#);
    }

    #[test]
    fn separators_in_quotes_and_at_the_end_are_no_ends() {
        let dialect = Dialect { separator: Some("; ".into()), equals: ':', key_end: Some('('), ..Dialect::default() };
        assert_eq!(
            show(r#"a:"x; y:z"; b(2):"1 \"q\""; c:8; d:"open; e:2;"#, &dialect),
            r#"a=<x; y:z> b=<1 "q"> c=<8> d=<"open> e=<2> "#
        );
        let bare = Dialect { separator: Some(";".into()), ..Dialect::default() };
        assert_eq!(show("a=\"success\";pop=8;", &bare), "a=<success> pop=<8> ");
    }

    #[test]
    fn loose_pairs_curly_quotes_and_flags_are_read_where_asked_for() {
        let loose = Dialect { loose: true, ..Dialect::default() };
        assert_eq!(
            show("srcport =80 result = 0 name=\u{201d}a b\u{201d} x", &loose),
            "srcport=<80> result=<0> name=<a b> "
        );
        let logfmt = Dialect { flags: true, escapes: true, ..Dialect::default() };
        assert_eq!(
            show(r#"level=info debug msg="a\nb \"c\"" ok"#, &logfmt),
            "level=<info> debug=<true> msg=<a\nb \"c\"> ok=<true> "
        );
    }

    #[test]
    fn a_separator_inside_an_open_value_does_not_end_it() {
        let dialect = Dialect {
            separator: Some(", ".into()),
            equals: ':',
            open: vec!["URL".into()],
            known: vec!["系统动作".into()],
            ..Dialect::default()
        };
        assert_eq!(
            show("日志类型:WAF, 源IP:10.0.0.1, URL:h/a?x=1, y:2, z, 系统动作:拒绝, 描述:a, b", &dialect),
            "日志类型=<WAF> 源IP=<10.0.0.1> URL=<h/a?x=1, y:2, z> 系统动作=<拒绝> 描述=<a, b> "
        );
    }
}
