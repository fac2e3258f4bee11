//! Unpacking what a sender compressed, within bounds.

use std::io::{self, Read};

/// The bytes of a zlib or gzip text, or why they are not had: damaged, or longer than `max`.
pub(super) fn inflate(packed: &[u8], max: usize) -> Result<Vec<u8>, String> {
    let mut unpacked = Vec::new();
    let read = match packed {
        [0x1f, 0x8b, ..] => read(flate2::read::MultiGzDecoder::new(packed), max, &mut unpacked),
        _ => read(flate2::read::ZlibDecoder::new(packed), max, &mut unpacked),
    };
    match read {
        Ok(count) if count > max => Err(format!("it is longer than {max} bytes once unpacked")),
        Ok(_) => Ok(unpacked),
        Err(error) => Err(format!("it does not unpack: {error}")),
    }
}

fn read(from: impl Read, max: usize, to: &mut Vec<u8>) -> io::Result<usize> {
    from.take(max as u64 + 1).read_to_end(to)
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
