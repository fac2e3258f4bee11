//! The body of an HTTP hand-in: decompressed within bounds, cut into one record a line.

use std::io::Read;

use crate::intake::Record;

/// A body that cannot be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandInError {
    /// It is longer than allowed once decompressed.
    #[error("the body is longer than {max} bytes once decompressed: send less at a time")]
    TooLarge {
        /// The limit.
        max: usize,
    },
    /// A content encoding we do not read.
    #[error("the content encoding `{0}` is not known: send gzip, zstd or none")]
    UnknownEncoding(String),
    /// It does not decompress.
    #[error("the body does not decompress as {encoding}: {source}")]
    Damaged {
        /// What it was said to be.
        encoding: &'static str,
        /// What is wrong.
        source: std::io::Error,
    },
}

/// The records of an NDJSON body. `encoding` is the content encoding, `max` bounds the body before and after
/// decompression, in bytes. Empty lines are no records; a line is not looked into.
pub fn ndjson(body: &[u8], encoding: Option<&str>, max: usize) -> Result<Vec<Record>, HandInError> {
    if body.len() > max {
        return Err(HandInError::TooLarge { max });
    }
    match encoding.map(str::trim).unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(lines(body)),
        "gzip" | "x-gzip" => Ok(lines(&bounded(flate2::read::MultiGzDecoder::new(body), "gzip", max)?)),
        "zstd" => {
            let mut decoder =
                zstd::Decoder::new(body).map_err(|source| HandInError::Damaged { encoding: "zstd", source })?;
            // RFC 8878 asks decoders for windows of 8 MiB at least; larger ones only where the body may be that large.
            let window = usize::BITS - max.leading_zeros();
            decoder
                .window_log_max(window.clamp(23, 27))
                .map_err(|source| HandInError::Damaged { encoding: "zstd", source })?;
            Ok(lines(&bounded(decoder, "zstd", max)?))
        }
        other => Err(HandInError::UnknownEncoding(other.chars().take(40).collect())),
    }
}

fn bounded(reader: impl Read, encoding: &'static str, max: usize) -> Result<Vec<u8>, HandInError> {
    let mut body = Vec::new();
    let count = reader
        .take(max as u64 + 1)
        .read_to_end(&mut body)
        .map_err(|source| HandInError::Damaged { encoding, source })?;
    if count > max { Err(HandInError::TooLarge { max }) } else { Ok(body) }
}

fn lines(body: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', body).chain([body.len()]) {
        let line = body.get(start..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.iter().all(u8::is_ascii_whitespace) {
            records.push(Record::from(line.to_vec()));
        }
        start = end + 1;
    }
    records
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const BODY: &[u8] = b"{\"a\":1}\r\n\n{\"a\":2}\n  \nnot json";

    fn texts(records: Vec<Record>) -> Vec<String> {
        records.into_iter().map(|record| String::from_utf8(record.raw).unwrap()).collect()
    }

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_line_that_is_not_empty_is_a_record_however_it_was_compressed() {
        let expected = ["{\"a\":1}", "{\"a\":2}", "not json"];
        assert_eq!(texts(ndjson(BODY, None, 100).unwrap()), expected);
        assert_eq!(texts(ndjson(&gzip(BODY), Some("GZIP"), 100).unwrap()), expected);
        let zstd = zstd::encode_all(BODY, 1).unwrap();
        assert_eq!(texts(ndjson(&zstd, Some("zstd"), 100).unwrap()), expected);
        assert!(ndjson(b"", None, 100).unwrap().is_empty());
    }

    #[test]
    fn a_decompression_bomb_is_refused_at_the_limit() {
        let zeros = vec![b'0'; 10_000_000];
        assert!(matches!(ndjson(&gzip(&zeros), Some("gzip"), 100_000), Err(HandInError::TooLarge { .. })));
        let zstd = zstd::encode_all(&zeros[..], 1).unwrap();
        assert!(ndjson(&zstd, Some("zstd"), 100_000).is_err());
        assert!(matches!(ndjson(&zeros, None, 100_000), Err(HandInError::TooLarge { .. })));
    }

    #[test]
    fn a_damaged_or_unknown_encoding_is_said() {
        assert!(matches!(ndjson(b"{}", Some("gzip"), 100), Err(HandInError::Damaged { encoding: "gzip", .. })));
        assert!(matches!(ndjson(b"{}", Some("br"), 100), Err(HandInError::UnknownEncoding(_))));
    }
}
