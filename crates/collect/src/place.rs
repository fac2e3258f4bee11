//! Small files that say how far something has come: written beside, synced, then put in place, so that a kill leaves the
//! old one or the new one.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// Writes a file so that it is there whole or not at all, whatever is killed.
pub(crate) fn write(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let draft = path.with_extension("new");
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = || {
        let mut file = File::create(&draft)?;
        file.write_all(&serde_json::to_vec(value)?)?;
        file.sync_all()?;
        std::fs::rename(&draft, path)?;
        File::open(folder)?.sync_all()
    };
    written().map_err(Error::file("write", path))
}

/// Reads it; nothing where there is none yet.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::file("read", path)(error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| Error::file("read", path)(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_and_a_missing_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sent");
        assert_eq!(read::<Vec<u32>>(&path).unwrap(), None);
        write(&path, &vec![1, 2]).unwrap();
        write(&path, &vec![3]).unwrap();
        assert_eq!(read::<Vec<u32>>(&path).unwrap(), Some(vec![3]));
        std::fs::write(&path, "half").unwrap();
        assert!(read::<Vec<u32>>(&path).is_err(), "a damaged one is told, not taken for none");
    }
}
