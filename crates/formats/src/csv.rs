//! Columns with a separator (RFC 4180 and its relatives): a quoted column may hold the separator, and a doubled quote
//! in it is one.

use std::borrow::Cow;

use memchr::memchr;

/// The columns of one record.
pub struct Columns<'t> {
    rest: Option<&'t str>,
    separator: char,
    quote: char,
    /// A quote was never closed: no later one is looked at, or each would be looked for up to the end.
    unclosed: bool,
}

/// Cuts a record into its columns.
pub fn columns(text: &str, separator: char, quote: char) -> Columns<'_> {
    Columns { rest: Some(text), separator, quote, unclosed: false }
}

impl<'t> Iterator for Columns<'t> {
    type Item = Cow<'t, str>;

    fn next(&mut self) -> Option<Cow<'t, str>> {
        let rest = self.rest.take()?;
        // Some devices put a blank after the separator, before a quote.
        let start = if self.separator == ' ' { rest } else { rest.trim_start_matches(' ') };
        if let Some(inner) = start.strip_prefix(self.quote).filter(|_| !self.unclosed) {
            if let Some((value, after)) = self.quoted(inner) {
                self.rest = after.strip_prefix(self.separator);
                return Some(value);
            }
            self.unclosed = true;
        }
        let end = match u8::try_from(self.separator) {
            Ok(separator) if separator.is_ascii() => memchr(separator, rest.as_bytes()),
            _ => rest.find(self.separator),
        };
        match end {
            Some(end) => {
                self.rest = Some(&rest[end + self.separator.len_utf8()..]);
                Some(Cow::Borrowed(&rest[..end]))
            }
            None => Some(Cow::Borrowed(rest)),
        }
    }
}

impl Columns<'_> {
    /// The value up to its closing quote and what follows; nothing where that is no end of a column: then the quote
    /// was part of the text.
    fn quoted<'t>(&self, inner: &'t str) -> Option<(Cow<'t, str>, &'t str)> {
        let width = self.quote.len_utf8();
        let mut doubled = false;
        let mut from = 0;
        loop {
            let end = from + inner[from..].find(self.quote)?;
            let after = &inner[end + width..];
            if after.starts_with(self.quote) {
                doubled = true;
                from = end + 2 * width;
                continue;
            }
            if after.starts_with(self.separator) || matches!(after, "" | "\r" | "\n" | "\r\n" | " " | "\0") {
                let raw = &inner[..end];
                let value = match doubled {
                    true => {
                        let quote = self.quote.to_string();
                        Cow::Owned(raw.replace(&quote.repeat(2), &quote))
                    }
                    false => Cow::Borrowed(raw),
                };
                return Some((value, after));
            }
            // A quote nobody doubled: the column goes on.
            from = end + width;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> String {
        columns(text, ',', '"').map(|column| format!("<{column}>")).collect()
    }

    #[test]
    fn columns_are_cut_with_their_quotes() {
        for (text, expected) in [
            ("", "<>"),
            ("a,b,", "<a><b><>"),
            (r#"a,"b,c",d"#, "<a><b,c><d>"),
            (r#""a ""b"" c",d"#, r#"<a "b" c><d>"#),
            (r#"a, "b,c""#, "<a><b,c>"),
            (r#""say "hi" you","x""#, r#"<say "hi" you><x>"#),
            (r#""never closed,b"#, r#"<"never closed><b>"#),
            (r#"a"b,c"#, r#"<a"b><c>"#),
            ("日,志", "<日><志>"),
        ] {
            assert_eq!(show(text), expected, "{text}");
        }
    }

    #[test]
    fn other_separators_and_quotes_are_possible() {
        let cut: Vec<_> = columns("a\t'b\tc'\td", '\t', '\'').collect();
        assert_eq!(cut, ["a", "b\tc", "d"]);
    }
}
