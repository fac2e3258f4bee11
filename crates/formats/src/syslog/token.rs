//! The token we issue to a sender, carried in RFC 5424 structured data: `[vedette@32473 token="..."]`.
//!
//! 32473 is the enterprise number reserved for documentation (RFC 5612). The token is a secret: it is taken from the
//! frame to authenticate it, and masked before the frame is stored.

use std::borrow::Cow;

use memchr::memmem;

use super::header;

/// The SD-ID of the element that carries the token in its parameter `token`.
pub const TOKEN_ELEMENT: &str = "vedette@32473";

const MASK: &str = "***";

/// The token of an RFC 5424 frame. Only structured data counts: the same text inside a message, where any user of a
/// logging program could write it, does not.
pub fn token(frame: &str) -> Option<&str> {
    memmem::find(frame.as_bytes(), TOKEN_ELEMENT.as_bytes())?;
    let header = header::parse(frame)?;
    let element = header.structured_data.iter().find(|element| element.id == TOKEN_ELEMENT)?;
    element.params.iter().find_map(|(name, value)| match value {
        Cow::Borrowed(value) if *name == "token" && !value.is_empty() => Some(*value),
        _ => None,
    })
}

/// The frame with every token masked, wherever it stands: a malformed header must not put a secret into the store.
pub fn redact_token(frame: &str) -> Cow<'_, str> {
    let mut redacted = String::new();
    let mut copied = 0;
    let mut from = 0;
    while let Some(found) = memmem::find(&frame.as_bytes()[from..], TOKEN_ELEMENT.as_bytes()) {
        from += found + TOKEN_ELEMENT.len();
        // `from` stands outside quotes: after the name, then after each value's closing quote.
        // Up to the next element of this name, so that a frame full of them is still read once.
        let limit =
            memmem::find(&frame.as_bytes()[from..], TOKEN_ELEMENT.as_bytes()).map_or(frame.len(), |at| from + at);
        while let Some((start, end)) = value_range(&frame[..limit], from) {
            redacted.push_str(&frame[copied..start]);
            redacted.push_str(MASK);
            copied = end;
            from = (end + 1).min(limit);
        }
    }
    if copied == 0 {
        return Cow::Borrowed(frame);
    }
    redacted.push_str(&frame[copied..]);
    Cow::Owned(redacted)
}

/// Where the next `token` value of the element stands, up to its unescaped quote or the end of the frame.
fn value_range(frame: &str, from: usize) -> Option<(usize, usize)> {
    const NAME: &[u8] = b"token=\"";
    let bytes = frame.as_bytes();
    let mut at = from;
    let mut quoted = false;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b']' if !quoted => return None,
            b't' if !quoted && bytes[at..].starts_with(NAME) => {
                let start = at + NAME.len();
                let mut end = start;
                while end < bytes.len() && bytes[end] != b'"' {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                // A backslash may have stepped over the end or into a character.
                end = end.min(bytes.len());
                while !frame.is_char_boundary(end) {
                    end += 1;
                }
                return Some((start, end));
            }
            _ => {}
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &str =
        r#"<14>1 2026-11-21T08:00:00Z host app 1 - [x@1 a="b"][vedette@32473 token="s3cret" b="c"] hello"#;

    #[test]
    fn the_token_is_read_from_structured_data_and_masked() {
        assert_eq!(token(FRAME), Some("s3cret"));
        let stored = redact_token(FRAME);
        assert_eq!(stored, FRAME.replace("s3cret", "***"));
        assert_eq!(redact_token(&stored), stored);
    }

    #[test]
    fn a_token_in_a_message_does_not_count_but_is_masked_all_the_same() {
        let frame = r#"<14>1 2026-11-21T08:00:00Z host app 1 - - [vedette@32473 token="s3cret"]"#;
        assert_eq!(token(frame), None);
        assert!(!redact_token(frame).contains("s3cret"));
        assert!(!redact_token(r#"vedette@32473 token="s3cret"#).contains("s3cret"));
    }

    #[test]
    fn a_frame_without_token_is_borrowed() {
        assert!(matches!(redact_token("<14>hello"), Cow::Borrowed(_)));
    }

    #[test]
    fn every_token_of_a_frame_is_masked() {
        let frame = r#"[vedette@32473 token="one" token="two"][vedette@32473 token="three\" four"]"#;
        assert_eq!(redact_token(frame), r#"[vedette@32473 token="***" token="***"][vedette@32473 token="***"]"#);
    }
}
