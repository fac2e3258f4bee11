//! Evidence: the events of a query in one file with a manifest that says what they are, who took them, when and why.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ::lake::{Exported, NDJSON, PARQUET};
use model::{CustomerId, EventId, TimeRange, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::lake::answer::Export;

/// The first entry of an evidence file.
const MANIFEST: &str = "manifest.json";
const FORMAT: u32 = 1;

/// What is said of a file that is in the way.
pub const EXISTS: &str = "there is already a file";

/// What an evidence file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this shape.
    pub format: u32,
    /// What wrote it.
    pub written_by: String,
    /// Whose events.
    pub customer: CustomerId,
    /// The customer's name at the time.
    pub customer_name: String,
    /// What was asked for.
    pub query: Query,
    /// How many events there are.
    pub events: u64,
    /// The earliest event's time.
    pub earliest: Option<Timestamp>,
    /// The latest event's time.
    pub latest: Option<Timestamp>,
    /// The files beside this manifest.
    pub files: BTreeMap<String, Contents>,
    /// Through whose hands it went.
    pub custody: Vec<Custody>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    pub range: TimeRange,
    pub filters: Vec<(String, String)>,
    pub text: String,
    pub events: Vec<EventId>,
}

/// A file of the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    pub sha256: String,
    pub bytes: u64,
    pub events: u64,
}

/// One hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custody {
    pub time: Timestamp,
    pub who: String,
    pub what: String,
    pub why: String,
}

pub fn failed<'p>(what: &'static str, path: &'p Path) -> impl Fn(io::Error) -> Error + 'p {
    move |source| Error::File { what, path: path.to_owned(), source }
}

/// The manifest of what was exported to the folder `work`.
pub fn manifest(
    export: &Export,
    customer_name: &str,
    exported: &Exported,
    work: &Path,
    at: Timestamp,
) -> Result<Manifest, Error> {
    let mut files = BTreeMap::new();
    for name in [PARQUET, NDJSON] {
        let path = work.join(name);
        let reader = File::open(&path).map_err(failed("cannot read", &path))?;
        let found = read(reader, name).map_err(failed("cannot read", &path))?;
        let events = if name == PARQUET { ::lake::parquet_rows(&path)? } else { found.events };
        if events != exported.events {
            let text = format!("{name} has {events} events of {}: the export is not whole", exported.events);
            return Err(Error::Told(text));
        }
        files.insert(name.to_owned(), Contents { events, ..found });
    }
    let what = format!("exported {} events from the event lake", exported.events);
    Ok(Manifest {
        format: FORMAT,
        written_by: format!("Vedette {}", env!("CARGO_PKG_VERSION")),
        customer: export.customer.clone(),
        customer_name: customer_name.to_owned(),
        query: Query {
            range: export.range,
            filters: export.filters.clone(),
            text: export.text.clone(),
            events: export.events.clone(),
        },
        events: exported.events,
        earliest: exported.times.map(|(earliest, _)| earliest),
        latest: exported.times.map(|(_, latest)| latest),
        files,
        custody: vec![Custody { time: at, who: export.by.clone(), what, why: export.reason.clone() }],
    })
}

/// Packs the folder into one new file; gives the manifest's SHA-256.
pub fn pack(manifest: &Manifest, work: &Path, into: &Path) -> Result<String, Error> {
    let wrong = failed("cannot write", into);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(into);
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => failed(EXISTS, into)(error),
        _ => wrong(error),
    })?;
    let mut encoder = zstd::Encoder::new(BufWriter::new(file), 3).map_err(&wrong)?;
    encoder.include_checksum(true).map_err(&wrong)?;
    let mut tar = tar::Builder::new(encoder);
    let text = serde_json::to_vec_pretty(manifest).expect("a manifest is plain JSON");
    let header = |bytes: u64| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes);
        header.set_mode(0o600);
        header
    };
    tar.append_data(&mut header(text.len() as u64), MANIFEST, text.as_slice()).map_err(&wrong)?;
    for (name, contents) in &manifest.files {
        let path = work.join(name);
        let reader = File::open(&path).map_err(failed("cannot read", &path))?;
        tar.append_data(&mut header(contents.bytes), name, BufReader::new(reader)).map_err(&wrong)?;
    }
    let mut out = tar.into_inner().and_then(zstd::Encoder::finish).map_err(&wrong)?;
    out.flush().and_then(|()| out.get_ref().sync_all()).map_err(&wrong)?;
    Ok(hex(Sha256::digest(&text).as_slice()))
}

/// Checks an evidence file: every file the manifest names is there as it says, and nothing else. Gives the manifest and
/// its SHA-256, which the audit log of the platform that wrote it has too.
pub fn check(path: &Path) -> Result<(Manifest, String), Error> {
    let wrong = |why: String| Error::Told(format!("{}: {why}", path.display()));
    let file = File::open(path).map_err(failed("cannot read", path))?;
    let decoder = zstd::Decoder::new(BufReader::new(file)).map_err(failed("cannot read", path))?;
    let mut tar = tar::Archive::new(decoder);
    let mut manifest: Option<(Manifest, String)> = None;
    let mut left = BTreeMap::new();
    for entry in tar.entries().map_err(|error| wrong(error.to_string()))? {
        let mut entry = entry.map_err(|error| wrong(format!("not a whole evidence file: {error}")))?;
        let name = entry.path().map_err(|error| wrong(error.to_string()))?.display().to_string();
        if manifest.is_none() {
            if name != MANIFEST {
                return Err(wrong(format!("it begins with {name}, not with {MANIFEST}")));
            }
            let mut text = Vec::new();
            (&mut entry).take(16 << 20).read_to_end(&mut text).map_err(|error| wrong(error.to_string()))?;
            let read: Manifest =
                serde_json::from_slice(&text).map_err(|error| wrong(format!("{MANIFEST} cannot be read: {error}")))?;
            if read.format != FORMAT {
                return Err(wrong(format!("it has format {}, this version reads {FORMAT}", read.format)));
            }
            left.clone_from(&read.files);
            manifest = Some((read, hex(Sha256::digest(&text).as_slice())));
            continue;
        }
        let Some(said) = left.remove(&name) else {
            return Err(wrong(format!("{name} is not in the manifest, or is there twice")));
        };
        let found = read(entry, &name).map_err(|error| wrong(format!("{name} cannot be read: {error}")))?;
        if (found.bytes, &found.sha256) != (said.bytes, &said.sha256) {
            return Err(wrong(format!(
                "{name} is not what was written: SHA-256 {}, not {}",
                found.sha256, said.sha256
            )));
        }
        if name == NDJSON && found.events != said.events {
            return Err(wrong(format!("{name} has {} events, the manifest says {}", found.events, said.events)));
        }
    }
    // To the end, where the checksum of the whole stands.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(|error| wrong(format!("its end is damaged: {error}")))?;
    let manifest = manifest.ok_or_else(|| wrong("there is nothing in it".to_owned()))?;
    match left.keys().next() {
        Some(missing) => Err(wrong(format!("{missing} is missing"))),
        None => Ok(manifest),
    }
}

/// Size, checksum and lines of what a reader gives.
fn read(reader: impl Read, name: &str) -> io::Result<Contents> {
    let mut reader = BufReader::with_capacity(256 << 10, reader);
    let (mut hash, mut bytes, mut lines) = (Sha256::new(), 0, 0);
    loop {
        let block = reader.fill_buf()?;
        if block.is_empty() {
            break;
        }
        hash.update(block);
        if name == NDJSON {
            lines += block.iter().filter(|byte| **byte == b'\n').count() as u64;
        }
        let count = block.len();
        bytes += count as u64;
        reader.consume(count);
    }
    Ok(Contents { sha256: hex(hash.finalize().as_slice()), bytes, events: lines })
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(folder: &Path) -> (Manifest, String) {
        let work = folder.join("work");
        std::fs::create_dir(&work).unwrap();
        std::fs::write(work.join(PARQUET), b"columns").unwrap();
        std::fs::write(work.join(NDJSON), b"{}\n{}\n").unwrap();
        let at = Timestamp::from_micros(1_900_000_000_000_000);
        let contents = |name: &str| Contents { events: 2, ..read(File::open(work.join(name)).unwrap(), name).unwrap() };
        let manifest = Manifest {
            format: FORMAT,
            written_by: "test".into(),
            customer: CustomerId::derived(at, &[b"acme"]),
            customer_name: "Acme".into(),
            query: Query {
                range: TimeRange { from: at, to: at },
                filters: Vec::new(),
                text: String::new(),
                events: Vec::new(),
            },
            events: 2,
            earliest: Some(at),
            latest: Some(at),
            files: [PARQUET, NDJSON].map(|name| (name.to_owned(), contents(name))).into(),
            custody: Vec::new(),
        };
        let hash = pack(&manifest, &work, &folder.join("evidence.tar.zst")).unwrap();
        (manifest, hash)
    }

    #[test]
    fn what_was_packed_checks_and_any_change_shows() {
        let folder = tempfile::tempdir().unwrap();
        let made = made(folder.path());
        let path = folder.path().join("evidence.tar.zst");
        assert_eq!(check(&path).unwrap(), made);
        let packed = std::fs::read(&path).unwrap();
        let mut noticed = 0;
        for place in 0..packed.len() {
            let mut bytes = packed.clone();
            bytes[place] ^= 0x10;
            std::fs::write(&path, &bytes).unwrap();
            // A bit that means nothing (of the container) may change; of what is said, only with the manifest's hash.
            match check(&path) {
                Ok((manifest, hash)) => assert_eq!(manifest == made.0, hash == made.1, "byte {place}"),
                Err(_) => noticed += 1,
            }
        }
        assert!(noticed * 10 > packed.len() * 9, "{noticed} of {}", packed.len());
        for length in 0..packed.len() {
            std::fs::write(&path, &packed[..length]).unwrap();
            assert!(check(&path).is_err(), "cut to {length} bytes");
        }
        // Unpacked, changed, and packed again with the old manifest.
        std::fs::remove_file(&path).unwrap();
        let work = folder.path().join("work");
        std::fs::write(work.join(NDJSON), b"{}\n[]\n").unwrap();
        pack(&made.0, &work, &path).unwrap();
        let error = check(&path).unwrap_err().to_string();
        assert!(error.contains(NDJSON), "{error}");
        assert!(pack(&made.0, &work, &path).is_err(), "an older file is never overwritten");
    }
}
