//! RFC 5424 section 6.3: `[id name="value" ...][id ...]`, values with `\"`, `\\` and `\]` escaped.

use std::borrow::Cow;

/// One element of structured data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its SD-ID, such as `origin` or `vedette@32473`.
    pub id: &'a str,
    /// Its parameters in order.
    pub params: Vec<(&'a str, Cow<'a, str>)>,
}

/// The elements at the start of `text` and what follows them; nothing where `text` does not start with well-formed
/// structured data or the nil value `-`.
pub fn elements(text: &str) -> Option<(Vec<Element<'_>>, &str)> {
    if let Some(rest) = text.strip_prefix('-') {
        return (rest.is_empty() || rest.starts_with(' ')).then_some((Vec::new(), rest));
    }
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(after) = rest.strip_prefix('[') {
        let (element, after) = element(after)?;
        found.push(element);
        rest = after;
    }
    (!found.is_empty()).then_some((found, rest))
}

fn element(text: &str) -> Option<(Element<'_>, &str)> {
    let end = text.find([' ', ']', '=', '"'])?;
    if end == 0 || !matches!(text.as_bytes()[end], b' ' | b']') {
        return None;
    }
    let id = &text[..end];
    let mut rest = text[end..].trim_start_matches(' ');
    let mut params = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix(']') {
            return Some((Element { id, params }, after));
        }
        let (name, after) = rest.split_once('=')?;
        if name.is_empty() || name.contains([' ', ']', '"']) {
            return None;
        }
        let (value, after) = value(after.strip_prefix('"')?)?;
        params.push((name, value));
        rest = after.trim_start_matches(' ');
    }
}

/// A value up to its closing quote, unescaped, and what follows the quote.
fn value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let bytes = text.as_bytes();
    let mut escaped = false;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => {
                escaped |= matches!(bytes.get(at + 1), Some(b'"' | b'\\' | b']'));
                at += 2;
            }
            b'"' => {
                let raw = &text[..at];
                let value = if escaped { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) };
                return Some((value, &text[at + 1..]));
            }
            _ => at += 1,
        }
    }
    None
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match (char, chars.peek()) {
            ('\\', Some('"' | '\\' | ']')) => plain.extend(chars.next()),
            _ => plain.push(char),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_elements_and_escapes_are_read() {
        let (found, rest) = elements(r#"[a@1 x="1" y="q\"b\\c\]d\n"][empty] message"#).unwrap();
        assert_eq!(found[0].params, [("x", Cow::from("1")), ("y", Cow::from("q\"b\\c]d\\n"))]);
        assert_eq!((found[1].id, rest), ("empty", " message"));
    }

    #[test]
    fn what_is_malformed_is_not_structured_data() {
        for text in ["", "[", "[a", "[a x]", "[a x=1]", "[a x=\"1]", "[]", "[2026-11-21 10:00:00] x", "-x"] {
            assert_eq!(elements(text), None, "{text}");
        }
        assert_eq!(elements("-"), Some((vec![], "")));
    }
}
