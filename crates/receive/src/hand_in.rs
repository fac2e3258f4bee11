//! What HTTP bodies have in common: decompressed within bounds, cut into lines, each record one JSON object.

use std::borrow::Cow;
use std::io::Read;

use formats::{file, split, text};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::intake::Record;

/// A record nested deeper is refused: no device writes such, and every reader after us would have to bear it.
const DEPTH: usize = 64;
/// Records of one request: tiny ones take up far more memory than bytes.
const RECORDS: usize = 200_000;
/// Bytes decompressed at once.
const CHUNK: usize = 64 * 1024;

/// A body that cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandInError {
    /// It is longer than allowed, before or after decompression.
    #[error("the body is longer than {max} bytes once decompressed: send less at a time")]
    TooLarge {
        /// The limit.
        max: usize,
    },
    /// It holds more records than are taken at once.
    #[error("the body holds more than {RECORDS} records: send less at a time")]
    TooMany,
    /// There is no room for it in memory now.
    #[error("intake is full: send again in a moment")]
    NoRoom,
    /// A content encoding we do not read.
    #[error("the content encoding `{0}` is not known: send gzip, zstd, deflate or none")]
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

/// The body without its content encoding. `max` bounds it before and after, in bytes; `room` is asked before more
/// memory is taken and says whether there is any.
pub(crate) fn decompress<'b>(
    body: &'b [u8],
    encoding: Option<&str>,
    max: usize,
    room: &mut dyn FnMut(usize) -> bool,
) -> Result<Cow<'b, [u8]>, HandInError> {
    if body.len() > max {
        return Err(HandInError::TooLarge { max });
    }
    match encoding.map(str::trim).unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Cow::Borrowed(body)),
        "gzip" | "x-gzip" => bounded(flate2::read::MultiGzDecoder::new(body), "gzip", max, room).map(Cow::Owned),
        "deflate" => bounded(flate2::read::ZlibDecoder::new(body), "deflate", max, room).map(Cow::Owned),
        "zstd" => {
            let damaged = |source| HandInError::Damaged { encoding: "zstd", source };
            let mut decoder = zstd::Decoder::new(body).map_err(damaged)?;
            // RFC 8878 asks decoders for windows of 8 MiB at least; larger ones only where the body may be that large.
            let window = usize::BITS - max.leading_zeros();
            decoder.window_log_max(window.clamp(23, 27)).map_err(damaged)?;
            bounded(decoder, "zstd", max, room).map(Cow::Owned)
        }
        other => Err(HandInError::UnknownEncoding(other.chars().take(40).collect())),
    }
}

fn bounded(
    mut reader: impl Read,
    encoding: &'static str,
    max: usize,
    room: &mut dyn FnMut(usize) -> bool,
) -> Result<Vec<u8>, HandInError> {
    let mut body = Vec::new();
    loop {
        if !room(CHUNK) {
            return Err(HandInError::NoRoom);
        }
        let read = reader.by_ref().take(CHUNK as u64).read_to_end(&mut body);
        let count = read.map_err(|source| HandInError::Damaged { encoding, source })?;
        if body.len() > max {
            return Err(HandInError::TooLarge { max });
        }
        if count < CHUNK {
            return Ok(body);
        }
    }
}

/// The records of one request, bounded in number and in bytes: what a short body says about many records (a header for
/// all of them, say) must not grow without end.
#[derive(Debug)]
pub(crate) struct Batch {
    records: Vec<Record>,
    left: usize,
    max: usize,
}

impl Batch {
    /// For records of so many bytes altogether.
    pub fn new(max: usize) -> Self {
        Batch { records: Vec::new(), left: max, max }
    }

    pub fn push(&mut self, record: Record) -> Result<(), HandInError> {
        if self.records.len() == RECORDS {
            return Err(HandInError::TooMany);
        }
        self.left = self.left.checked_sub(record.raw.len()).ok_or(HandInError::TooLarge { max: self.max })?;
        self.records.push(record);
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn into_records(self) -> Vec<Record> {
        self.records
    }
}

/// Whether a request of so many records is taken at once.
pub(crate) fn check_count(records: usize) -> Result<(), HandInError> {
    if records > RECORDS { Err(HandInError::TooMany) } else { Ok(()) }
}

/// One record a line. Empty lines are no records; a line is looked into only where it may be a document of many
/// records, and those are taken instead. So are those of JSON that goes over many lines.
pub(crate) fn lines(body: &[u8]) -> Result<Vec<Record>, HandInError> {
    if file::spans_lines(body)
        && let Some(records) = documents(body)
    {
        return records;
    }
    // GBK grows by half when it becomes UTF-8.
    let mut batch = Batch::new(body.len() * 2);
    for line in each_line(body) {
        for record in records(line) {
            batch.push(record)?;
        }
    }
    Ok(batch.into_records())
}

/// What one text holds: itself, nearly always.
pub(crate) fn records(line: &[u8]) -> Vec<Record> {
    if !matches!(line.trim_ascii_start().first(), Some(b'{' | b'[')) || check_depth(line).is_err() {
        return vec![Record::from(line.to_vec())];
    }
    let text = text::decode(line);
    let records = split::records(&text);
    if records.len() == 1 && records[0].len() == text.len() {
        return vec![Record::from(line.to_vec())];
    }
    records.iter().map(|record| Record::from(one_line(record.as_bytes()))).collect()
}

/// The records of JSON documents that go over many lines; nothing where they are none after all.
fn documents(body: &[u8]) -> Option<Result<Vec<Record>, HandInError>> {
    check_depth(body).ok()?;
    let text = text::decode(body);
    let mut batch = Batch::new(body.len() * 2);
    for document in serde_json::Deserializer::from_str(&text).into_iter::<&RawValue>() {
        let document = document.ok()?.get();
        if !document.starts_with(['{', '[']) {
            return None;
        }
        for record in split::records(document) {
            if let Err(error) = batch.push(Record::from(one_line(record.as_bytes()))) {
                return Some(Err(error));
            }
        }
    }
    Some(Ok(batch.into_records()))
}

/// The lines of a body that are not empty, without their line ends.
pub(crate) fn each_line(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', body).chain([body.len()]).filter_map(move |end| {
        let line = body.get(start..end).unwrap_or_default();
        start = end + 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        (!line.iter().all(u8::is_ascii_whitespace)).then_some(line)
    })
}

/// Why a text is no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotARecord {
    /// Nested too deep.
    #[error("it is nested deeper than {DEPTH} levels")]
    TooDeep,
    /// No JSON, or no object.
    #[error("it is not one JSON object: {0}")]
    NotAnObject(String),
}

/// Fails for JSON nested too deep. Anything may be given: it need not be JSON.
pub(crate) fn check_depth(text: &[u8]) -> Result<(), NotARecord> {
    // Nearly every record has fewer brackets than that altogether.
    if text.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() <= DEPTH {
        return Ok(());
    }
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                if depth > DEPTH {
                    return Err(NotARecord::TooDeep);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// The record a text of one JSON object is, on one line; otherwise as it came.
pub(crate) fn object(text: &[u8]) -> Result<Record, NotARecord> {
    let text = text.trim_ascii();
    check_depth(text)?;
    if text.first() != Some(&b'{') {
        return Err(NotARecord::NotAnObject("it does not begin with `{`".to_owned()));
    }
    serde_json::from_slice::<IgnoredAny>(text).map_err(|error| NotARecord::NotAnObject(error.to_string()))?;
    Ok(Record::from(one_line(text)))
}

/// JSON without line ends and what indents the lines. Inside strings there are none.
pub(crate) fn one_line(json: &[u8]) -> Vec<u8> {
    if memchr::memchr2(b'\n', b'\r', json).is_none() {
        return json.to_vec();
    }
    let mut out = Vec::with_capacity(json.len());
    for line in json.split(|byte| matches!(byte, b'\n' | b'\r')) {
        out.extend_from_slice(line.trim_ascii());
    }
    out
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const BODY: &[u8] = b"{\"a\":1}\r\n\n{\"a\":2}\n  \nnot json";

    fn open(body: &[u8], encoding: Option<&str>, max: usize) -> Result<Vec<u8>, HandInError> {
        decompress(body, encoding, max, &mut |_| true).map(Cow::into_owned)
    }

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_line_that_is_not_empty_is_a_record() {
        let texts: Vec<_> =
            lines(BODY).unwrap().into_iter().map(|record| String::from_utf8(record.raw).unwrap()).collect();
        assert_eq!(texts, ["{\"a\":1}", "{\"a\":2}", "not json"]);
        assert!(lines(b"").unwrap().is_empty());
    }

    #[test]
    fn a_document_of_many_records_gives_each_of_them_on_one_line_or_on_many() {
        let texts = |body: &str| {
            let records = lines(body.as_bytes()).unwrap().into_iter();
            records.map(|record| String::from_utf8(record.raw).unwrap()).collect::<Vec<_>>()
        };
        let trail = "{\"Records\":[{\"eventName\":\"a\"},{\"eventName\":\"b\"}]}";
        assert_eq!(texts(&format!("{trail}\nplain\n")), ["{\"eventName\":\"a\"}", "{\"eventName\":\"b\"}", "plain"]);
        let pretty = "{\n  \"Records\": [\n    {\"eventName\": \"a\"},\n    {\n \"eventName\": \"b\"}\n  ]\n}\n";
        assert_eq!(texts(pretty), ["{\"eventName\": \"a\"}", "{\"eventName\": \"b\"}"]);
        assert_eq!(texts("[\n{\"a\":1},\n{\"a\":2}\n]"), ["{\"a\":1}", "{\"a\":2}"]);
        assert_eq!(texts("[\n{\"a\":1},\nbroken"), ["[", "{\"a\":1},", "broken"], "what is no JSON is lines");
    }

    #[test]
    fn more_records_than_memory_bears_are_refused_however_short_they_are() {
        assert!(matches!(lines(&b"x\n".repeat(RECORDS + 1)), Err(HandInError::TooMany)));
        let mut batch = Batch::new(10);
        batch.push(Record::from(vec![0; 6])).unwrap();
        assert!(matches!(batch.push(Record::from(vec![0; 6])), Err(HandInError::TooLarge { max: 10 })));
    }

    #[test]
    fn every_encoding_gives_the_body_back() {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(BODY).unwrap();
        assert_eq!(open(BODY, None, 100).unwrap(), BODY);
        assert_eq!(open(&gzip(BODY), Some("GZIP"), 100).unwrap(), BODY);
        assert_eq!(open(&[gzip(BODY), gzip(BODY)].concat(), Some("gzip"), 100).unwrap(), [BODY, BODY].concat());
        assert_eq!(open(&zlib.finish().unwrap(), Some("deflate"), 100).unwrap(), BODY);
        assert_eq!(open(&zstd::encode_all(BODY, 1).unwrap(), Some("zstd"), 100).unwrap(), BODY);
    }

    #[test]
    fn a_decompression_bomb_is_refused_at_the_limit_and_where_there_is_no_room() {
        let zeros = vec![b'0'; 10_000_000];
        assert!(matches!(open(&gzip(&zeros), Some("gzip"), 100_000), Err(HandInError::TooLarge { .. })));
        let zstd = zstd::encode_all(&zeros[..], 1).unwrap();
        assert!(open(&zstd, Some("zstd"), 100_000).is_err());
        assert!(matches!(open(&zeros, None, 100_000), Err(HandInError::TooLarge { .. })));
        let mut asked = 0;
        let mut some = |bytes| {
            asked += bytes;
            asked <= 1_000_000
        };
        let full = decompress(&gzip(&zeros), Some("gzip"), usize::MAX, &mut some).map(drop);
        assert!(matches!(full, Err(HandInError::NoRoom)));
    }

    #[test]
    fn a_damaged_or_unknown_encoding_is_said() {
        assert!(matches!(open(b"{}", Some("gzip"), 100), Err(HandInError::Damaged { encoding: "gzip", .. })));
        assert!(matches!(open(b"{}", Some("br"), 100), Err(HandInError::UnknownEncoding(_))));
    }

    #[test]
    fn a_record_is_one_object_on_one_line_and_not_nested_without_end() {
        assert_eq!(object(b" {\"a\": \"x\\ny\"}\n").unwrap().raw, b"{\"a\": \"x\\ny\"}");
        assert_eq!(object(b"{\r\n  \"a\": [\n    1\n  ]\n}").unwrap().raw, b"{\"a\": [1]}");
        for wrong in [&b"[]"[..], b"", b"{\"a\":", b"{} {}", b"text"] {
            assert!(matches!(object(wrong), Err(NotARecord::NotAnObject(_))), "{wrong:?}");
        }
        let nested = |depth| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(object(nested(60).as_bytes()).is_ok());
        assert_eq!(object(nested(100_000).as_bytes()), Err(NotARecord::TooDeep));
        let quoted = format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(1000));
        assert!(object(quoted.as_bytes()).is_ok(), "brackets inside a text are text");
    }
}
