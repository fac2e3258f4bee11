//! Opening files by their content: plain, compressed, JSON in each layout, damaged.

use std::io::Write;
use std::path::{Path, PathBuf};

use formats::file::{self, FileError, Record};

fn write(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (dir, path)
}

fn read(bytes: &[u8]) -> Vec<Record> {
    let (_dir, path) = write("file.bin", bytes);
    file::open(&path).unwrap().map(Result::unwrap).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn numbered(records: &[Record]) -> Vec<(u64, &str)> {
    records.iter().map(|record| (record.number, record.text.as_str())).collect()
}

#[test]
fn lines_keep_their_numbers_plain_and_compressed() {
    let text = "first\r\n\n{\"a\":1}\nlast".as_bytes();
    let expected = [(1, "first"), (3, "{\"a\":1}"), (4, "last")];
    assert_eq!(numbered(&read(text)), expected);
    assert_eq!(numbered(&read(&gzip(text))), expected);
    assert_eq!(numbered(&read(&zstd::encode_all(text, 1).unwrap())), expected);
    let two_members = [gzip(b"first\n"), gzip(b"second\n")].concat();
    assert_eq!(numbered(&read(&two_members)), [(1, "first"), (2, "second")]);
}

#[test]
fn json_that_spans_lines_is_cut_into_its_objects() {
    let pretty = b"{\n  \"a\": \"}\\\"{\"\n}\n{\n  \"b\": 2\n}\n";
    assert_eq!(numbered(&read(pretty)), [(1, "{\n  \"a\": \"}\\\"{\"\n}"), (4, "{\n  \"b\": 2\n}")]);
    assert_eq!(numbered(&read(b"[\n{\"a\":1},\n{\"b\":{\"c\":2}}]")), [(2, "{\"a\":1}"), (3, "{\"b\":{\"c\":2}}")]);
    assert_eq!(numbered(&read(b"[info] not JSON\n{not JSON either\n")).len(), 2);
}

#[test]
fn a_line_too_long_is_cut_and_said_to_be() {
    let text = [&vec![b'x'; file::MAX_RECORD + 5][..], b"\nnext\n"].concat();
    let (_dir, path) = write("long.log", &text);
    let results: Vec<_> = file::open(&path).unwrap().collect();
    assert_eq!(results[0].as_ref().unwrap().text.len(), file::MAX_RECORD);
    assert!(results[1].as_ref().unwrap_err().to_string().contains("line 1 is damaged: it is longer than"));
    assert_eq!(results[2].as_ref().unwrap(), &Record { number: 2, text: "next".into() });
}

#[test]
fn a_file_in_gb18030_is_read_as_text() {
    let (bytes, _, _) = encoding_rs::GB18030.encode("日志类型:攻击\n");
    assert_eq!(numbered(&read(&bytes)), [(1, "日志类型:攻击")]);
}

#[test]
fn an_empty_file_has_no_records_and_a_missing_one_is_named() {
    assert!(read(b"").is_empty());
    let error = file::open(Path::new("/nonexistent/x.evtx")).err().unwrap();
    assert!(error.to_string().contains("/nonexistent/x.evtx"), "{error}");
}

#[test]
fn what_comes_before_a_broken_end_of_a_compressed_file_is_given() {
    let text: Vec<u8> = (0..50_000).flat_map(|number| format!("line {number}\n").into_bytes()).collect();
    let mut bytes = gzip(&text);
    bytes.truncate(bytes.len() / 2);
    let (_dir, path) = write("cut.gz", &bytes);
    let (mut records, mut errors) = (0, Vec::new());
    for record in file::open(&path).unwrap() {
        match record {
            Ok(_) => records += 1,
            Err(error) => errors.push(error),
        }
    }
    assert!(records > 1000, "{records}");
    assert!(matches!(&errors[..], [FileError::Read { .. }]), "{errors:?}");
}

#[test]
fn a_damaged_chunk_of_an_event_log_costs_only_itself() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/evtx/attack-samples");
    if !root.is_dir() {
        assert!(std::env::var_os("REQUIRE_DATA").is_none(), "REQUIRE_DATA is set and the event logs are absent");
        println!("skipped: no event logs in the shared data");
        return;
    }
    let mut logs = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "evtx") {
                logs.push(path);
            }
        }
    }
    const HEADER: usize = 4096;
    const CHUNK: usize = 65536;
    let mut tried = 0;
    for log in logs {
        let mut bytes = std::fs::read(&log).unwrap();
        let whole = read(&bytes);
        if bytes.len() < HEADER + 2 * CHUNK || whole.len() < 2 {
            continue;
        }
        let second = read(&[&bytes[..HEADER], &bytes[HEADER + CHUNK..]].concat());
        bytes[HEADER..HEADER + 8].copy_from_slice(b"damaged!");
        let (_dir, path) = write("damaged.evtx", &bytes);
        let (good, bad): (Vec<_>, Vec<_>) = file::open(&path).unwrap().partition(Result::is_ok);
        assert_eq!(good.into_iter().map(Result::unwrap).collect::<Vec<_>>(), second, "{}", log.display());
        assert_eq!(bad.len(), 1, "{}", log.display());
        let message = bad.into_iter().next().unwrap().unwrap_err().to_string();
        assert!(message.contains("damaged.evtx: chunk 0 is damaged"), "{message}");
        // The same bytes behind a compression give the same records.
        bytes[HEADER..HEADER + 8].copy_from_slice(b"ElfChnk\0");
        assert_eq!(read(&gzip(&bytes)), whole, "{}", log.display());
        tried += 1;
        if tried == 12 {
            break;
        }
    }
    println!("{tried} event logs damaged");
    assert!(tried >= 5, "only {tried} logs of two chunks or more");
}
