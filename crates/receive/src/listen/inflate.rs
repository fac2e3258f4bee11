//! Unpacking what a sender compressed, within bounds.

use crate::hand_in;

/// The bytes of a zlib or gzip text, or why they are not had: damaged, longer than `max`, or more than `room` grants.
pub(super) fn inflate(packed: &[u8], max: usize, room: &mut dyn FnMut(usize) -> bool) -> Result<Vec<u8>, String> {
    let encoding = if packed.starts_with(&[0x1f, 0x8b]) { "gzip" } else { "deflate" };
    let unpacked = hand_in::decompress(packed, Some(encoding), max, room);
    unpacked.map(std::borrow::Cow::into_owned).map_err(|error| error.to_string())
}

/// True where a datagram is compressed: gzip, or a zlib header (RFC 1950: method 8 and a check of its two bytes).
pub(super) fn is_packed(bytes: &[u8]) -> bool {
    match bytes {
        [0x1f, 0x8b, ..] => true,
        [first, second, ..] => {
            first & 0x0f == 8 && first >> 4 <= 7 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0
        }
        _ => false,
    }
}
