//! Text hidden in an encoding: percent signs, base64, hexadecimal digits. What does not decode to text is left alone.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// Decodes `%41`, and `+` as a blank; what is no escape stays. Bytes that are no UTF-8 become replacement characters.
pub fn url(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = match bytes[at] {
            b'%' => bytes.get(at + 1..at + 3).and_then(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)),
            _ => None,
        };
        match (bytes[at], escape) {
            (_, Some(byte)) => {
                plain.push(byte);
                at += 3;
                continue;
            }
            (b'+', None) => plain.push(b' '),
            (byte, None) => plain.push(byte),
        }
        at += 1;
    }
    Cow::Owned(String::from_utf8(plain).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// The text in base64 (either alphabet, padded or not).
pub fn base64(text: &str) -> Option<String> {
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
    const FOR_URLS: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);
    let text = text.trim();
    if text.len() < 4 {
        return None;
    }
    let engine = if text.contains(['-', '_']) { FOR_URLS } else { PLAIN };
    let decoded =
        if text.contains(['\r', '\n']) { engine.decode(text.replace(['\r', '\n'], "")) } else { engine.decode(text) };
    readable(decoded.ok()?)
}

/// The text in hexadecimal digits; NUL becomes a blank, as auditd has it between arguments.
pub fn hex(text: &str) -> Option<String> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for pair in digits.chunks_exact(2) {
        let byte = digit(pair[0])? << 4 | digit(pair[1])?;
        bytes.push(if byte == 0 { b' ' } else { byte });
    }
    while bytes.last() == Some(&b' ') {
        bytes.pop();
    }
    readable(bytes)
}

/// Bytes as text, if they are some.
fn readable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    let is_text = |char: char| !char.is_control() || matches!(char, '\n' | '\r' | '\t');
    (!text.is_empty() && text.chars().all(is_text)).then_some(text)
}

/// The value of a hexadecimal digit.
pub fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_urls_are_decoded_and_other_percent_signs_stay() {
        assert_eq!(url("a%20b+c%E6%97%A5%zz%4"), "a b c日%zz%4");
        assert!(matches!(url("plain"), Cow::Borrowed(_)));
        assert_eq!(url("%ff"), "\u{fffd}");
    }

    #[test]
    fn only_what_decodes_to_text_is_decoded() {
        assert_eq!(base64("R0VUIC8gSFRUUC8xLjENCg==").as_deref(), Some("GET / HTTP/1.1\r\n"));
        assert_eq!(base64("R0VUIC8").as_deref(), Some("GET /"));
        assert_eq!(base64("/////w=="), None);
        assert_eq!(base64("not base64"), None);
        assert_eq!(hex("6C73002D6C00").as_deref(), Some("ls -l"));
        for text in ["", "6", "6G", "日", "00"] {
            assert_eq!(hex(text), None, "{text}");
        }
    }
}
