//! Input nobody vouches for: no parser panics, and none takes long over a long line.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use formats::{Hint, Parser, Sources, cef, frame, json, key_value, syslog, text, time};
use model::Timestamp;
use proptest::prelude::*;

static PARSER: LazyLock<Parser> = LazyLock::new(|| Parser::new(Arc::new(Sources::embedded().unwrap())));

fn hint() -> Hint {
    Hint::new(Timestamp::from_micros(1_795_248_000_000_000))
}

fn everything(input: &str) {
    let event = PARSER.parse(input, &hint());
    assert_eq!(event.raw, input);
    for source in PARSER.sources().iter() {
        PARSER.parse(input, &Hint { source: Some(source.name.to_string()), ..hint() });
    }
    let _ = (syslog::parse(input), syslog::token(input), syslog::redact_token(input), syslog::elements(input));
    let _ = (json::parse(input), cef::parse(input), key_value::parse(input));
    let _ = (time::parse(input, formats::Zone::UTC, hint().received), time::prefix(input));
}

/// Pieces that lead parsers into their corners.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<13>"),
        Just("<13>1 2026-11-21T08:00:00Z h a - - "),
        Just("Nov 21 08:00:00 h sshd[1]: "),
        Just("fwlog: 日志类型:"),
        Just("[vedette@32473 token=\""),
        Just("CEF:0|a|b|1|2|n|5|"),
        Just("{\"Event\":{\"System\":{\"EventID\":"),
        Just("\"Channel\":\"x\""),
        Just(", "),
        Just("="),
        Just("\""),
        Just("\\"),
        Just("]"),
        Just("["),
        Just("{"),
        Just("}"),
        Just(":"),
        Just("|"),
        Just(" "),
        Just("日"),
        Just("Failed password for "),
        Just(" from 1.2.3.4 port 5"),
        Just("\0"),
        Just("\n"),
        Just("date=2026-01-01 devid=\"F\" logid=1 type=utm subtype=ips "),
        Just("\"event_type\":\"alert\",\"timestamp\":\"x\",\"src_ip\":1"),
        Just("99999999999999999999"),
        Just("1e999"),
        Just("2026-02-30T99:99:99"),
        Just("EDR.[1]: x : [{\"a\":1}]"),
        Just("\u{feff}"),
        Just("- - [21/Nov/2026:08:00:00 +0000] \"GET / HTTP/1.1\" 200 1"),
    ];
    proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_makes_any_parser_panic(input in any::<String>()) {
        everything(&input);
    }

    #[test]
    fn no_mixture_of_format_pieces_makes_any_parser_panic(input in pieces()) {
        everything(&input);
    }

    #[test]
    fn no_bytes_make_decoding_panic(input in proptest::collection::vec(any::<u8>(), 0..300)) {
        everything(&text::decode(&input));
    }

    #[test]
    fn a_masked_frame_never_shows_its_token(before in pieces(), after in pieces()) {
        let frame = format!("{before}[vedette@32473 token=\"hunter2-hunter2\"]{after}");
        let redacted = syslog::redact_token(&frame);
        prop_assert!(!redacted.contains("hunter2-hunter2"), "{}", redacted);
    }
}

#[test]
fn a_line_of_a_megabyte_is_read_in_linear_time() {
    let unit = [
        "=",
        "\"",
        "a=\"",
        "a='",
        " a=",
        "\\",
        "\\\"",
        "|",
        "[",
        "[a b=\"",
        "{",
        "{\"a\":",
        "[{",
        ", ",
        ", URL:",
        "a:, ",
        "1",
        "<",
        "CEF:0|",
        "vedette@32473 ",
        "vedette@32473 token=\"",
        "a=1 ",
        "日",
        "x\\=",
        "Failed ",
        " from ",
        "Nov 21 08:00:00 ",
        ":",
        "; ",
        "\0",
    ];
    let prefixes = [
        "",
        "<13>",
        "<13>1 2026-11-21T08:00:00Z h a - - ",
        "CEF:0|a|b|1|2|n|5|",
        "{\"EventID\":1,\"x\":\"",
        "Nov 21 08:00:00 h sshd[1]: Failed ",
        "<1>Nov 21 08:00:00 h fwlog: 日志类型:x, ",
        "<1>Nov 21 08:00:00 h sudo: COMMAND=",
        "date=1 devid=\"F\" logid=1 type=utm subtype=ips ",
    ];
    // Loading the sources is no part of the reading.
    LazyLock::force(&PARSER);
    let took = |prefix: &str, unit: &str, length: usize| {
        let line = format!("{prefix}{}", unit.repeat(length / unit.len()));
        let started = Instant::now();
        let _ = PARSER.parse(&line, &hint());
        let _ = (syslog::token(&line), syslog::redact_token(&line));
        started.elapsed()
    };
    let combinations = prefixes.iter().flat_map(|prefix| unit.iter().map(move |unit| (*prefix, *unit)));
    let (slow, prefix, unit) = combinations
        .map(|(prefix, unit)| (took(prefix, unit, 1 << 17), prefix, unit))
        .max()
        .expect("there are combinations");
    let long = took(prefix, unit, 1 << 20);
    println!("slowest: `{prefix}({unit})*`, 128 KiB {slow:?}, 1 MiB {long:?}");
    // Eight times the length: eight times the work, where quadratic work would be sixty-four times.
    assert!(slow < Duration::from_secs(2) && long < slow * 24 + Duration::from_millis(100), "{slow:?} {long:?}");
}

#[test]
fn a_stream_without_end_of_frame_costs_no_more_than_its_length() {
    let mut decoder = frame::SyslogDecoder::new(1 << 20);
    let started = Instant::now();
    for _ in 0..8192 {
        decoder.push(&[b'x'; 256]);
        while decoder.next().is_some() {}
    }
    assert!(started.elapsed() < Duration::from_secs(5));
}
