//! Sightings: beside each file of events stands a run of the addresses, names, URLs and hashes in it, made in the
//! background after the file is committed, and at once where a hunt needs one that is missing. A run is no part of the
//! lake: losing one costs the time to make it anew.

mod build;
mod hunt;
mod read;
mod told;
mod values;

pub use build::Sighted;
pub(crate) use build::difference;
pub use hunt::Hunt;
pub use told::{HuntWatch, Hunted, Sighting, Target};

use sightings::RunInfo;

use crate::catalogue::LakeFile;

/// What a run's file ends in.
pub(crate) const ENDING: &str = "sightings";

/// Where the run of a file stands.
pub(crate) fn path_of(parquet: &str) -> String {
    match parquet.strip_suffix("parquet") {
        Some(stem) => format!("{stem}{ENDING}"),
        None => format!("{parquet}.{ENDING}"),
    }
}

/// What the run of a file must have been made of.
pub(crate) fn info(file: &LakeFile) -> RunInfo {
    let mut of = [0; 32];
    for (place, pair) in file.checksum.as_bytes().chunks_exact(2).take(32).enumerate() {
        let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
        of[place] = digit(pair[0]) << 4 | digit(pair[1]);
    }
    RunInfo { of, rows: file.rows }
}
