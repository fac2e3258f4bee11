//! The files of rules in an archive that somebody sends: bounded whatever it claims to hold.

use std::io::Read;

use model::use_case::MOST_TEXT;
use serde::{Deserialize, Serialize};

/// Files of rules at most,
const FILES: usize = 20_000;
/// and bytes of all of them.
const BYTES: usize = 64 << 20;
/// Entries of an archive that are looked at.
const ENTRIES: usize = 100_000;

/// A file of rules somebody else wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ArchivedRule {
    pub path: String,
    pub text: String,
}

/// An archive that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArchiveError {
    #[error("must be a .zip or .tar.gz archive of Sigma rules, such as a release of SigmaHQ: {0}")]
    Unreadable(String),
    #[error("must hold at most 20,000 files of rules with 64 MiB in all")]
    TooLarge,
    #[error(
        "holds no file with a rule: files of rules end in .yml and have detection, correlation, baseline or filter"
    )]
    Empty,
}

/// The files of rules in a `.zip` or `.tar.gz`, by path; everything else in it is passed over.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<ArchivedRule>, ArchiveError> {
    let mut found = Found::default();
    match bytes {
        [b'P', b'K', ..] => zip(bytes, &mut found)?,
        [0x1f, 0x8b, ..] => tar(bytes, &mut found)?,
        _ => return Err(ArchiveError::Unreadable("it begins like neither".into())),
    }
    found.files.sort_by(|one, other| one.path.cmp(&other.path));
    found.files.dedup_by(|one, other| one.path == other.path);
    if found.files.is_empty() { Err(ArchiveError::Empty) } else { Ok(found.files) }
}

/// As a collection keeps its files.
pub(crate) fn pack(files: &[ArchivedRule]) -> Vec<u8> {
    let plain = serde_json::to_vec(files).expect("texts serialize");
    zstd::bulk::compress(&plain, 9).expect("memory takes what is compressed")
}

/// The files a collection keeps.
pub(crate) fn unpack(packed: &[u8]) -> Option<Vec<ArchivedRule>> {
    let plain = zstd::decode_all(packed).ok()?;
    serde_json::from_slice(&plain).ok()
}

#[derive(Default)]
struct Found {
    files: Vec<ArchivedRule>,
    bytes: usize,
    entries: usize,
}

impl Found {
    /// Reads an entry if it is a file of rules. What it claims to be long is not believed.
    fn take(&mut self, path: &str, content: impl Read) -> Result<(), ArchiveError> {
        self.entries += 1;
        if self.entries > ENTRIES {
            return Err(ArchiveError::TooLarge);
        }
        let hidden = path.split('/').any(|part| part.starts_with('.'));
        if hidden || !(path.ends_with(".yml") || path.ends_with(".yaml")) {
            return Ok(());
        }
        let mut text = Vec::new();
        let limit = MOST_TEXT as u64 + 1;
        content.take(limit).read_to_end(&mut text).map_err(|error| ArchiveError::Unreadable(error.to_string()))?;
        let Ok(text) = String::from_utf8(text) else { return Ok(()) };
        let is_rule =
            |line: &str| ["detection:", "correlation:", "baseline:", "filter:"].iter().any(|key| line.starts_with(key));
        if text.len() > MOST_TEXT || !text.lines().any(is_rule) {
            return Ok(());
        }
        self.bytes += text.len();
        if self.files.len() >= FILES || self.bytes > BYTES {
            return Err(ArchiveError::TooLarge);
        }
        let text = text.replace("\r\n", "\n");
        self.files.push(ArchivedRule { path: path.chars().take(400).collect(), text });
        Ok(())
    }
}

fn zip(bytes: &[u8], found: &mut Found) -> Result<(), ArchiveError> {
    for entry in archive::entries(bytes) {
        let entry = entry.map_err(|error| ArchiveError::Unreadable(error.into()))?;
        match entry.reader() {
            Some(content) => found.take(&entry.name, content)?,
            None if entry.name.ends_with(".yml") => {
                return Err(ArchiveError::Unreadable(format!("{} is packed in a way that is not read", entry.name)));
            }
            None => {}
        }
    }
    Ok(())
}

fn tar(bytes: &[u8], found: &mut Found) -> Result<(), ArchiveError> {
    let unreadable = |error: std::io::Error| ArchiveError::Unreadable(error.to_string());
    // A bomb of zeros between small files ends here.
    let plain = flate2::read::MultiGzDecoder::new(bytes).take(8 * BYTES as u64);
    let mut archive = tar::Archive::new(plain);
    for entry in archive.entries().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.header().entry_type().is_file() {
            let path = entry.path().map_err(unreadable)?.to_string_lossy().into_owned();
            found.take(&path, entry)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const RULE: &str = "title: T\r\ndetection:\r\n  k: [a]\r\n";

    fn tarred(files: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        archive.into_inner().unwrap().finish().unwrap()
    }

    /// Every other entry deflated, the others stored.
    fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
        let (mut archive, mut directory) = (Vec::new(), Vec::new());
        for (place, (path, text)) in files.iter().enumerate() {
            let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(text.as_bytes()).unwrap();
            let (method, content) = match place % 2 {
                0 => (8u16, packed.finish().unwrap()),
                _ => (0, text.as_bytes().to_vec()),
            };
            let mut common = Vec::new();
            common.extend([20, 0, 0, 0]);
            common.extend(method.to_le_bytes());
            common.extend([0; 8]);
            common.extend((content.len() as u32).to_le_bytes());
            common.extend((text.len() as u32).to_le_bytes());
            common.extend((path.len() as u16).to_le_bytes());
            common.extend([0, 0]);
            directory.extend(*b"PK\x01\x02\x14\0");
            directory.extend(&common);
            directory.extend([0; 10]);
            directory.extend((archive.len() as u32).to_le_bytes());
            directory.extend(path.bytes());
            archive.extend(*b"PK\x03\x04");
            archive.extend(&common);
            archive.extend(path.bytes());
            archive.extend(content);
        }
        let (start, many) = (archive.len() as u32, (files.len() as u16).to_le_bytes());
        archive.extend(&directory);
        archive.extend(*b"PK\x05\x06\0\0\0\0");
        archive.extend([many, many].concat());
        archive.extend((directory.len() as u32).to_le_bytes());
        archive.extend(start.to_le_bytes());
        archive.extend([0, 0]);
        archive
    }

    #[test]
    fn both_kinds_of_archive_give_the_files_of_rules_and_nothing_else() {
        let files = [
            ("sigma/rules/b.yml", RULE),
            ("sigma/rules/a.yml", RULE),
            ("sigma/.github/c.yml", RULE),
            ("d.yml", "on: push"),
        ];
        let zipped = zipped(&files);
        let found = read(&zipped).unwrap();
        assert_eq!(found, read(&tarred(&files)).unwrap());
        assert_eq!(
            found.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(),
            ["sigma/rules/a.yml", "sigma/rules/b.yml"]
        );
        assert!(!found[0].text.contains('\r'));
        assert_eq!(unpack(&pack(&found)), Some(found));
        assert!(unpack(b"nothing").is_none());
        for cut in (0..zipped.len()).step_by(7) {
            let _ = read(&zipped[..cut]);
        }
    }

    #[test]
    fn what_is_no_archive_or_holds_no_rule_is_refused_in_words() {
        assert!(read(b"title: T").unwrap_err().to_string().contains(".zip"));
        assert_eq!(read(&tarred(&[("a.txt", RULE)])), Err(ArchiveError::Empty));
        let long = format!("{RULE}{}", "#".repeat(MOST_TEXT));
        assert_eq!(read(&tarred(&[("a.yml", &long)])), Err(ArchiveError::Empty));
    }
}
