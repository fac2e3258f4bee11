//! Bytes to text, whatever the device speaks: UTF-8, or the GB18030 that older Chinese appliances send.

use std::borrow::Cow;

use encoding_rs::GB18030;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The text of `bytes`: UTF-8 without its byte order mark, else GB18030 where all of it decodes, else UTF-8 with
/// replacement characters. NUL bytes stay as they are. Never fails.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        // Nothing wrong but the end: a UTF-8 text cut inside its last character.
        Err(error) if error.error_len().is_none() => String::from_utf8_lossy(bytes),
        Err(_) => GB18030
            .decode_without_bom_handling_and_without_replacement(bytes)
            .unwrap_or_else(|| String::from_utf8_lossy(bytes)),
    }
}

/// The text without blanks at its ends, which most texts do not have.
pub(crate) fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [only] if only.is_ascii_graphic() => text,
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_go_from_the_ends_of_a_text_and_nothing_else_does() {
        for text in ["", " ", "a", " a", "a ", "ab", "a b", "\u{3000}a\u{a0}", "a\u{2028}", "日", "\0a", "\x1fa\n"] {
            assert_eq!(trim(text), text.trim());
        }
    }

    #[test]
    fn utf8_is_borrowed_without_its_byte_order_mark() {
        assert!(matches!(decode(b"\xef\xbb\xbfabc\0"), Cow::Borrowed("abc\0")));
    }

    #[test]
    fn gb18030_is_recognised_and_decoded() {
        let (bytes, _, _) = GB18030.encode("日志类型:IPS防护日志");
        assert_eq!(decode(&bytes), "日志类型:IPS防护日志");
    }

    #[test]
    fn a_text_cut_inside_a_character_keeps_everything_before_it() {
        assert_eq!(decode(&"日志".as_bytes()[..5]), "日\u{fffd}");
    }

    #[test]
    fn bytes_of_no_encoding_become_replacement_characters() {
        assert_eq!(decode(b"a\xff\xff"), "a\u{fffd}\u{fffd}");
    }
}
