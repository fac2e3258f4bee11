//! A text cut into its statements, so that one that cannot be loaded takes no other with it.
//!
//! Only as much of the language is read as it takes to find where a statement ends: comments, strings, regular expressions
//! and braces. Source: the YARA manual, "Writing YARA rules".

use std::ops::Range;

/// The statements in order: imports, includes, rules, and what is none of these up to the end of its line.
pub(crate) fn statements(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = skip_blank(text.as_bytes(), at) {
        let end = match word(text.as_bytes(), start) {
            b"import" | b"include" => quoted_end(text.as_bytes(), start),
            b"rule" | b"private" | b"global" => rule_end(text.as_bytes(), start),
            _ => line_end(text.as_bytes(), start),
        };
        let mut end = end.max(start + 1);
        while !text.is_char_boundary(end) {
            end += 1;
        }
        found.push(start..end);
        at = end;
    }
    found
}

/// Where inside a rule that cannot be read the next one seems to begin: at a line that starts like one.
pub(crate) fn next_rule(text: &str, rule: &Range<usize>) -> Option<usize> {
    let mut at = rule.start;
    while let Some(newline) = text[at..rule.end].find('\n') {
        at += newline + 1;
        let line = text[at..rule.end].lines().next().unwrap_or_default();
        let mut words = line.split_whitespace().skip_while(|word| ["private", "global"].contains(word));
        let named = |name: &str| name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        if words.next() == Some("rule") && words.next().is_some_and(named) {
            return Some(at);
        }
    }
    None
}

/// The name of the rule that is written here.
pub(crate) fn rule_name(statement: &str) -> Option<String> {
    let mut words = statement.split(|char: char| !(char.is_ascii_alphanumeric() || char == '_'));
    words.find(|word| *word == "rule")?;
    words.find(|word| !word.is_empty()).map(str::to_owned)
}

fn word(text: &[u8], at: usize) -> &[u8] {
    let length = text[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    &text[at..at + length]
}

/// The next byte that is neither white space nor in a comment.
fn skip_blank(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match text.get(at)? {
            byte if byte.is_ascii_whitespace() => at += 1,
            // A byte order mark.
            0xef if text[at..].starts_with(b"\xef\xbb\xbf") => at += 3,
            b'/' => match comment_end(text, at) {
                Some(end) => at = end,
                None => return Some(at),
            },
            _ => return Some(at),
        }
    }
}

/// Where the comment that begins here ends.
fn comment_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at + 1)? {
        b'/' => Some(line_end(text, at)),
        b'*' => {
            let inside = &text[at + 2..];
            Some(inside.windows(2).position(|two| two == b"*/").map_or(text.len(), |end| at + 2 + end + 2))
        }
        _ => None,
    }
}

fn line_end(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| at + end)
}

/// Behind the closing quote of the string that begins somewhere on this line.
fn quoted_end(text: &[u8], at: usize) -> usize {
    let line = line_end(text, at);
    match text[at..line].iter().position(|byte| *byte == b'"') {
        Some(quote) => closed(text, at + quote, b'"').min(line),
        None => line,
    }
}

/// Behind the `end` of what begins here, where a backslash takes the next byte along; the end of the line where none comes.
fn closed(text: &[u8], open: usize, end: u8) -> usize {
    let mut at = open + 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 1,
            b'\n' => return at,
            byte if *byte == end => return at + 1,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Behind the closing brace of the rule that begins here; the end of the text where none comes.
fn rule_end(text: &[u8], start: usize) -> usize {
    let (mut at, mut depth, mut before) = (start, 0usize, b' ');
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => at = closed(text, at, b'"'),
            b'/' => {
                at = match comment_end(text, at) {
                    Some(end) => end,
                    // A regular expression follows these; after a value it divides.
                    None if b"=(,s".contains(&before) => closed(text, at, b'/'),
                    None => at + 1,
                };
                before = b'"';
                continue;
            }
            b'{' => {
                depth += 1;
                at += 1;
            }
            b'}' if depth <= 1 => return at + 1,
            b'}' => {
                depth -= 1;
                at += 1;
            }
            _ => at += 1,
        }
        if !byte.is_ascii_whitespace() {
            // `matches` is the one word a regular expression follows.
            let ends_matches = byte == b's' && text[..at].ends_with(b"matches");
            before = if byte == b's' && !ends_matches { b'a' } else { byte };
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        statements(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn braces_in_strings_comments_expressions_and_hex_end_no_rule() {
        let one = r#"rule a : x y { meta: d = "}" strings: $a = "\"}" $b = { 41 [2-4] 42 } $c = /a\/}[/]*/ // }
            condition: /* } */ $a and filesize / 2 > 1 and $b }"#;
        let text = format!(
            "// first\nimport \"pe\"\n{one}\nprivate rule b{{condition:true}}rule c {{ condition: b matches /}}/ }}"
        );
        let found = cut(&text);
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!((found[0], found[1]), ("import \"pe\"", one));
        assert_eq!(found.iter().map(|one| rule_name(one)).nth(2).flatten().as_deref(), Some("b"));
    }

    #[test]
    fn what_is_no_statement_ends_with_its_line() {
        assert_eq!(cut("garbage } here\nrule a { condition: true }"), ["garbage } here", "rule a { condition: true }"]);
        assert_eq!(cut("\u{feff}rule a { condition: true }"), ["rule a { condition: true }"]);
    }

    #[test]
    fn a_rule_that_never_ends_shows_where_the_next_seems_to_begin() {
        let text = "rule a { condition: (\nrule_x = 1\n  private rule b { condition: true }\n";
        let whole = statements(text).remove(0);
        assert_eq!(next_rule(text, &whole), text.find("  private rule b"));
    }
}
