//! Matched bytes as text that nothing obeys.

use std::fmt::Write;

/// Bytes in printable ASCII: others as `\xNN`, text of two bytes a character (UTF-16 of ASCII) as that text.
pub fn excerpt(bytes: &[u8]) -> String {
    let wide =
        bytes.len() >= 4 && bytes.len().is_multiple_of(2) && bytes.chunks(2).all(|two| two[1] == 0 && two[0] != 0);
    let step = if wide { 2 } else { 1 };
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes.iter().step_by(step) {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(*byte)),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            byte => write!(text, "\\x{byte:02x}").expect("a String takes everything"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_print_is_written_as_numbers() {
        assert_eq!(excerpt(b"<%\n\x1b[2J\\\xe4"), "<%\\n\\x1b[2J\\\\\\xe4");
        assert_eq!(excerpt(b"c\0m\0d\0"), "cmd");
        assert_eq!(excerpt(b"c\0m\0\0\0"), "c\\x00m\\x00\\x00\\x00");
    }
}
