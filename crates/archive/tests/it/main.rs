//! Archives are read back as written, by us and by others; none that is damaged does harm.

use std::io::Read;
use std::process::Command;

use archive::{Protected, entries};
use proptest::prelude::*;

fn protected(name: &str, content: &[u8]) -> Vec<u8> {
    let crc = crc32fast::hash(content);
    let mut archive = Protected::new(name, content.len() as u32, crc, b"infected", [7; 11]).unwrap();
    let mut bytes = archive.head();
    // Parts of any size give the same.
    for part in content.chunks(7) {
        let mut part = part.to_vec();
        archive.part(&mut part);
        bytes.extend(part);
    }
    bytes.extend(archive.tail());
    assert_eq!(bytes.len() as u64, archive.length());
    bytes
}

fn text(mut reader: Box<dyn Read + '_>) -> Vec<u8> {
    let mut content = Vec::new();
    reader.read_to_end(&mut content).unwrap();
    content
}

#[test]
fn a_sample_is_hidden_and_opens_with_its_password_only() {
    let content = b"<%@ page import=\"java.util.*\" %> Runtime.getRuntime().exec(cmd)".repeat(5);
    let bytes = protected("\u{4e2d}\u{6587} shell.jsp", &content);
    assert!(!bytes.windows(10).any(|ten| content.windows(10).next() == Some(ten)), "nothing of it is in the open");
    let entry = entries(&bytes).next().unwrap().unwrap();
    assert_eq!(entry.name, "\u{4e2d}\u{6587} shell.jsp");
    assert!(entry.is_encrypted() && entry.reader().is_none());
    assert_eq!(text(entry.unlocked(b"infected").unwrap()), content);
    assert!(entry.unlocked(b"wrong").is_none());
    assert_eq!(entries(&bytes).count(), 1);
}

#[test]
fn other_programs_open_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let content = b"MZ and what follows".repeat(1000);
    let path = folder.path().join("sample.zip");
    std::fs::write(&path, protected("shell.jsp", &content)).unwrap();
    let code =
        "import sys,zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read('shell.jsp', pwd=b'infected'))";
    let python = Command::new("python3").args(["-c", code]).arg(&path).output();
    let Ok(read) = python else { return println!("skipped: no python3") };
    assert_eq!(read.stdout, content, "{}", String::from_utf8_lossy(&read.stderr));
    for (program, arguments) in [("unzip", &["-p", "-P", "infected"][..]), ("7z", &["x", "-so", "-pinfected"][..])] {
        let Ok(read) = Command::new(program).args(arguments).arg(&path).output() else {
            println!("skipped: no {program}");
            continue;
        };
        assert_eq!(read.stdout, content, "{program}: {}", String::from_utf8_lossy(&read.stderr));
    }
}

proptest! {
    #[test]
    fn a_damaged_archive_ends_in_words(
        content in prop::collection::vec(any::<u8>(), 0..200),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = protected("a.bin", &content);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + 1);
        for entry in entries(&bytes).take(100).flatten() {
            let reader = if entry.is_encrypted() { entry.unlocked(b"infected") } else { entry.reader() };
            if let Some(reader) = reader {
                let _ = reader.take(1 << 20).read_to_end(&mut Vec::new());
            }
        }
    }
}
