//! The records of a file of recorded events: JSON one after the other, the same in a ZIP archive, and EVTX.

use std::io::Read;
use std::path::Path;

use serde_json::Value as Json;

/// Each record's text and what it says; what is no record is left out.
pub fn records(path: &Path) -> Vec<(String, Json)> {
    let bytes = std::fs::read(path).unwrap();
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("evtx") => evtx(bytes),
        Some("zip") => members(&bytes).iter().flat_map(|member| json(&String::from_utf8_lossy(member))).collect(),
        _ => json(&String::from_utf8_lossy(&bytes)),
    }
}

fn json(text: &str) -> Vec<(String, Json)> {
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Json>();
    let (mut found, mut start) = (Vec::new(), 0);
    while let Some(Ok(record)) = stream.next() {
        let end = stream.byte_offset();
        let several = match record {
            Json::Array(records) => records.into_iter().map(|record| (record.to_string(), record)).collect(),
            record => vec![(text[start..end].trim().to_owned(), record)],
        };
        found.extend(several.into_iter().filter(|(_, record)| record.is_object()));
        start = end;
    }
    found
}

fn evtx(bytes: Vec<u8>) -> Vec<(String, Json)> {
    let Ok(mut parser) = evtx::EvtxParser::from_buffer(bytes) else { return Vec::new() };
    let readable = parser.records_json_value().flatten();
    readable.map(|record| (record.data.to_string(), record.data)).collect()
}

/// The JSON members of a ZIP archive, from its central directory.
fn members(archive: &[u8]) -> Vec<Vec<u8>> {
    let number = |at: usize, bytes: usize| {
        let bytes = archive.get(at..at + bytes).unwrap_or_default();
        bytes.iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    let mut found = Vec::new();
    let Some(end) = archive.windows(4).rposition(|window| window == b"PK\x05\x06") else { return found };
    let mut entry = number(end + 16, 4);
    for _ in 0..number(end + 10, 2) {
        let (method, size, name, extra, comment) = (
            number(entry + 10, 2),
            number(entry + 20, 4),
            number(entry + 28, 2),
            number(entry + 30, 2),
            number(entry + 32, 2),
        );
        let local = number(entry + 42, 4);
        let is_json = archive.get(entry + 46..entry + 46 + name).is_some_and(|name| name.ends_with(b".json"));
        let start = local + 30 + number(local + 26, 2) + number(local + 28, 2);
        entry += 46 + name + extra + comment;
        let Some(packed) = archive.get(start..start + size).filter(|_| is_json) else { continue };
        let mut member = Vec::new();
        let read = match method {
            0 => (&mut &*packed).read_to_end(&mut member),
            _ => flate2::read::DeflateDecoder::new(packed).read_to_end(&mut member),
        };
        if read.is_ok() {
            found.push(member);
        }
    }
    found
}
