//! The encodings a value can be searched in: UTF-16 and Base64, also at an unknown offset.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The value in UTF-16, little endian.
pub(crate) fn utf16le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The value in UTF-16, big endian.
pub(crate) fn utf16be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// The value in UTF-16, little endian with its byte order mark.
pub(crate) fn utf16(text: &str) -> Vec<u8> {
    [vec![0xff, 0xfe], utf16le(text)].concat()
}

/// The value in Base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What of the value's Base64 is the same whatever surrounds it, for the three ways it can fall on the groups of
/// three bytes: the characters that also hold bits of a neighbour are left out.
pub(crate) fn base64_offsets(bytes: &[u8]) -> [String; 3] {
    [0, 1, 2].map(|shift| {
        let padded = [vec![b' '; shift], bytes.to_vec()].concat();
        let encoded = STANDARD.encode(&padded);
        let first = [0, 2, 3][shift];
        let last = encoded.len() - [0, 3, 2][padded.len() % 3];
        encoded.get(first..last).unwrap_or_default().to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_three_offsets_is_found_wherever_the_value_stands() {
        for value in ["/bin/bash", "foo", "ab", "中文"] {
            for before in 0..6 {
                for after in 0..4 {
                    let text = ["x".repeat(before).as_str(), value, "y".repeat(after).as_str()].concat();
                    let encoded = STANDARD.encode(text);
                    let offsets = base64_offsets(value.as_bytes());
                    assert!(offsets.iter().any(|part| encoded.contains(part)), "{value} {before} {after}");
                }
            }
        }
    }

    #[test]
    fn utf16_variants_differ_in_order_and_mark() {
        assert_eq!(utf16le("cmd"), b"c\0m\0d\0");
        assert_eq!(utf16be("cmd"), b"\0c\0m\0d");
        assert_eq!(utf16("c"), [0xff, 0xfe, b'c', 0]);
    }
}
