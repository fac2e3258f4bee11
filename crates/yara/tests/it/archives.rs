//! Files in archives, and archives that mean harm.

use std::io::Write;
use std::time::Duration;

use archive::Protected;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use yara::{Limits, Outcome, SkipReason};

use crate::{rules, scan_file};

/// An archive of these members, deflated.
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut central) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
        packed.write_all(content).unwrap();
        let packed = packed.finish().unwrap();
        let mut described = vec![20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0];
        described.extend([0; 4]);
        described.extend((packed.len() as u32).to_le_bytes());
        described.extend((content.len() as u32).to_le_bytes());
        described.extend((name.len() as u16).to_le_bytes());
        described.extend([0, 0]);
        let begin = bytes.len() as u32;
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&described);
        bytes.extend(name.as_bytes());
        bytes.extend(packed);
        central.extend(b"PK\x01\x02\x14\x00");
        central.extend(&described);
        central.extend([0; 10]);
        central.extend(begin.to_le_bytes());
        central.extend(name.as_bytes());
    }
    let (begin, size, many) = (bytes.len() as u32, central.len() as u32, (members.len() as u16).to_le_bytes());
    bytes.extend(central);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([many, many].concat());
    bytes.extend(size.to_le_bytes());
    bytes.extend(begin.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

const RULE: &str = "rule bad { strings: $a = \"evil\" condition: $a }";

#[test]
fn what_lies_in_nested_archives_is_found_where_it_is() {
    let inner = zip(&[("b/note.txt", &b"quite evil ".repeat(20)), ("good.txt", b"good")]);
    let outer = zip(&[("inner.zip", &inner), ("folder/", b""), ("plain.txt", b"nothing")]);
    let scan = scan_file(&rules(RULE), "triage.zip", outer, &Limits::default());
    let paths: Vec<_> = scan.found.iter().map(|found| found.path.as_str()).collect();
    assert_eq!(paths, ["triage.zip!inner.zip!b/note.txt"]);
    assert_eq!((scan.files, scan.skipped_in_all, scan.outcome), (5, 0, Outcome::Finished));
}

#[test]
fn samples_under_the_usual_password_are_looked_into_and_others_are_told() {
    for (password, expected) in [(&b"infected"[..], None), (b"another", Some(SkipReason::Encrypted))] {
        let content = b"an evil sample";
        let mut archive = Protected::new("s.bin", content.len() as u32, 0x1234_5678, password, [3; 11]).unwrap();
        let (mut bytes, mut part) = (archive.head(), content.to_vec());
        archive.part(&mut part);
        bytes.extend(part);
        bytes.extend(archive.tail());
        let scan = scan_file(&rules(RULE), "s.zip", bytes, &Limits::default());
        assert_eq!(scan.skipped.first().map(|skipped| skipped.reason), expected);
        assert_eq!(scan.found.len(), usize::from(expected.is_none()));
    }
}

#[test]
fn bombs_are_told_and_cost_little() {
    let rules = rules(RULE);
    let zeros = vec![0u8; 100 << 20];
    let began = std::time::Instant::now();
    let scan = scan_file(&rules, "bomb.zip", zip(&[("zeros", &zeros), ("note.txt", b"evil")]), &Limits::default());
    assert_eq!(scan.skipped.iter().map(|one| one.reason).collect::<Vec<_>>(), [SkipReason::Bomb]);
    assert_eq!(scan.found.len(), 1, "what lies beside the bomb is looked at");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

    let mut nested = zip(&[("note.txt", &b"evil ".repeat(20))]);
    for _ in 0..10 {
        nested = zip(&[("next.zip", &nested)]);
    }
    let scan = scan_file(&rules, "nested.zip", nested, &Limits::default());
    assert_eq!(scan.skipped.iter().map(|one| one.reason).collect::<Vec<_>>(), [SkipReason::TooDeep]);
    assert_eq!((scan.found.len(), scan.files), (0, 5));
}

#[test]
fn members_and_unpacked_bytes_are_bounded_over_the_whole_file() {
    let rules = rules(RULE);
    let noise: Vec<u8> =
        (0..1_000_000u32).flat_map(|number| (number.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
    let members: Vec<(String, &[u8])> = (0..8).map(|number| (format!("{number}.bin"), noise.as_slice())).collect();
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    let archive = zip(&members);
    let limits = Limits { unpacked_bytes: 10_000_000, ..Limits::default() };
    let scan = scan_file(&rules, "a.zip", archive.clone(), &limits);
    assert_eq!(scan.skipped.iter().map(|one| one.reason).collect::<Vec<_>>(), [SkipReason::TooMuch]);
    assert_eq!(scan.files, 3);
    let scan = scan_file(&rules, "a.zip", archive.clone(), &Limits { members: 2, ..Limits::default() });
    assert_eq!((scan.files, scan.skipped[0].reason), (3, SkipReason::TooMany));
    let scan = scan_file(&rules, "a.zip", archive, &Limits { file_bytes: 100, ..Limits::default() });
    assert_eq!((scan.files, scan.skipped[0].reason), (0, SkipReason::TooLarge));
}

#[test]
fn a_damaged_archive_is_still_a_file() {
    let mut bytes = zip(&[("a", b"evil")]);
    bytes.extend(b"evil");
    bytes.truncate(bytes.len() - 30);
    bytes.extend(b"evil");
    let scan = scan_file(&rules(RULE), "cut.zip", bytes, &Limits::default());
    assert_eq!(scan.found.iter().map(|found| found.path.as_str()).collect::<Vec<_>>(), ["cut.zip"]);
    assert_eq!(scan.skipped[0].reason, SkipReason::Damaged);
}
