//! Making JSON of what is nearly JSON: bare words as values, curly quotes, names with blanks at their ends, backslashes
//! nobody doubled, and text after the end. Only for products known to write such; strict reading comes first.

/// The text as strict JSON; nothing where it does not even begin as an object or array.
pub fn repair(text: &str) -> Option<String> {
    let text = text.trim_start();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let mut out = String::with_capacity(text.len() + 64);
    let mut depth = 0_usize;
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    out.push(char);
                    return Some(out);
                }
            }
            '"' | '\u{201c}' | '\u{201d}' | '\'' => {
                let rest = &text[at + char.len_utf8()..];
                let (length, end) = string_end(rest, char);
                string(rest[..length].trim(), char, &mut out);
                // Past the string, its quote included.
                let next = at + char.len_utf8() + end;
                while chars.peek().is_some_and(|(at, _)| *at < next) {
                    chars.next();
                }
                continue;
            }
            ',' | ':' => {}
            char if char.is_whitespace() => continue,
            '\0' => continue,
            _ => {
                let word = &text[at..];
                let end = word.find([',', '}', ']', '\n']).unwrap_or(word.len());
                let word = word[..end].trim();
                match serde_json::from_str::<serde::de::IgnoredAny>(word) {
                    Ok(_) => out.push_str(word),
                    Err(_) => string(word, '"', &mut out),
                }
                while chars.peek().is_some_and(|(next, _)| *next < at + end) {
                    chars.next();
                }
                continue;
            }
        }
        out.push(char);
    }
    // It ends inside: an object cut off says nothing reliable.
    None
}

/// Where a string ends (without and with its quote).
fn string_end(rest: &str, quote: char) -> (usize, usize) {
    let closes = |char: char| match quote {
        '"' | '\'' => char == quote,
        _ => matches!(char, '\u{201c}' | '\u{201d}' | '"'),
    };
    let mut escaped = false;
    for (at, char) in rest.char_indices() {
        if escaped {
            escaped = false;
        } else if char == '\\' {
            escaped = true;
        } else if closes(char) {
            return (at, at + char.len_utf8());
        }
    }
    (rest.len(), rest.len())
}

/// Writes a string with what JSON demands escaped and what it does not know doubled.
fn string(text: &str, quote: char, out: &mut String) {
    out.push('"');
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.peek() {
                Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => {
                    out.push('\\');
                    out.extend(chars.next());
                }
                Some('u') => {
                    let digits: String = chars.clone().skip(1).take(4).collect();
                    let whole = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                    out.push_str(if whole { "\\" } else { "\\\\" });
                }
                _ => out.push_str("\\\\"),
            },
            '"' if quote != '"' => out.push_str("\\\""),
            '"' => out.push_str("\\\""),
            char if char.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(char))),
            char => out.push(char),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nearly_json_becomes_json() {
        for (text, expected) in [
            (r#"{"a":HIGH,"b": 127.0.0.1 ,"c":1}"#, r#"{"a":"HIGH","b":"127.0.0.1","c":1}"#),
            (r#"{"ip ": "x","n":null}^@"#, r#"{"ip":"x","n":null}"#),
            ("{\u{201c}name\u{201d}:\u{201d}x\u{201d}}", r#"{"name":"x"}"#),
            (r#"{"p":"C:\dir\new"}"#, r#"{"p":"C:\\dir\new"}"#),
            (r#"{"a":[{"b":x}]} tail"#, r#"{"a":[{"b":"x"}]}"#),
            ("{'a':'b \"c\"'}", r#"{"a":"b \"c\""}"#),
        ] {
            assert_eq!(repair(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "x", "{", "{\"a", "]", "{\"a\":1"] {
            assert_eq!(repair(text), None, "{text}");
        }
    }
}
