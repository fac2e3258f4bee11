//! One function for each decoder and reader: bytes in, nothing out, no panic. What fuzzers call.

use crate::frame::{LineDecoder, SyslogDecoder};
use crate::source::try_steps;
use crate::time::Zone;
use crate::{Hint, Parser, cef, csv, decode, envelope, file, json, key_value, split, syslog, text, time};
use model::Timestamp;

/// A named target.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("text", |bytes| drop(text::decode(bytes))),
    ("syslog_frames", |bytes| syslog_frames(bytes)),
    ("line_frames", |bytes| line_frames(bytes)),
    ("syslog_header", |bytes| syslog_header(&text::decode(bytes))),
    ("json", |bytes| drop(json::parse(&text::decode(bytes)))),
    ("cef", |bytes| drop(cef::parse(&text::decode(bytes)))),
    ("key_value", |bytes| drop(key_value::parse(&text::decode(bytes)))),
    ("csv", |bytes| csv::columns(&text::decode(bytes), ',', '"').take(4096).for_each(drop)),
    ("decode", |bytes| decodings(&text::decode(bytes))),
    ("time", |bytes| times(&text::decode(bytes))),
    ("envelope", |bytes| envelopes(&text::decode(bytes))),
    ("split", |bytes| drop(split::records(&text::decode(bytes)))),
    ("steps", |bytes| try_steps(&text::decode(bytes))),
    ("source", |bytes| source(&text::decode(bytes))),
    ("file", |bytes| files(bytes)),
];

/// Inputs no sample of a source has.
pub const SEEDS: &[&[u8]] = &[
    b"12 <13>1 - - -\n<13>Nov 21 08:00:00 h p: m\0<1>x",
    b"LEEF:2.0|v|p|1|e|x09|a=1\tb=2",
    b"<Event xmlns='x'><System><EventID Q='1'>7</EventID></System><Data Name='a'>b &amp; c</Data></Event>",
    b"{\"@timestamp\":\"2026-11-21T08:00:00Z\",\"message\":\"<38>sshd[7]: Failed password for a from 1.2.3.4 port 5\"}",
    b"{\"Records\":[{\"a\":1},{\"b\":[{\"name\":\"x\",\"value\":\"y\"}]}]}",
    b"#separator \\x09\n#fields\tts\tuid\n1\tC1\n",
    b"vendor = \"a\"\nproduct = \"b\"\n[[variant]]\nrecognise.contains = [\"x\"]\n[[variant.step]]\ntype = \"regex\"\npattern = [{ regex = '%{IP:a}' }]\n",
    b"level=info msg=\"a \\\"b\\\"\" flag \xe2\x80\x9cx\xe2\x80\x9d",
    b"ElfFile\0\0\0",
];

/// A record through the whole parser.
pub fn parse(parser: &Parser, hint: &Hint, bytes: &[u8]) {
    let text = text::decode(bytes);
    let event = parser.parse(&text, hint);
    assert_eq!(event.raw, text);
}

fn received() -> Timestamp {
    Timestamp::from_micros(1_795_248_000_000_000)
}

fn syslog_frames(bytes: &[u8]) {
    let mut decoder = SyslogDecoder::new(512);
    for chunk in bytes.chunks(7) {
        decoder.push(chunk);
        while decoder.next().is_some() {}
    }
    while decoder.finish().is_some() {}
}

fn line_frames(bytes: &[u8]) {
    let mut decoder = LineDecoder::new(512);
    for chunk in bytes.chunks(11) {
        decoder.push(chunk);
        while decoder.next().is_some() {}
    }
    while decoder.finish().is_some() {}
}

fn syslog_header(text: &str) {
    drop((syslog::parse(text), syslog::elements(text), syslog::token(text), syslog::redact_token(text)));
}

fn decodings(text: &str) {
    drop((decode::url(text), decode::base64(text), decode::hex(text)));
}

fn times(text: &str) {
    let _ = (time::parse(text, Zone::UTC, received()), time::prefix(text));
    if let Ok(format) = time::Format::new(text) {
        let _ = format.parse(text);
    }
}

fn envelopes(text: &str) {
    if let Some(envelope) = envelope::Envelope::open(text) {
        let parts = envelope.parts();
        drop(envelope.header(&parts, ""));
        envelope.candidates().for_each(|(place, _)| drop(envelope.fields(text, place)));
        envelope.time().for_each(drop);
    }
}

/// The text of a source itself may come from a user.
fn source(text: &str) {
    drop(crate::trial::trial(text, [text], &Hint::new(received())));
}

fn files(bytes: &[u8]) {
    let stream = Box::new(std::io::Cursor::new(bytes.to_vec()));
    if let Ok(records) = file::records(stream, std::path::Path::new("fuzz")) {
        records.take(1000).for_each(drop);
    }
}
