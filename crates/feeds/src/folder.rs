//! A folder of files on this machine, of any form: what an offline site carries in by hand.

use std::path::{Path, PathBuf};

use intel::read::{Format, Options};

use crate::error::Error;
use crate::fetch::{Fetched, Gathered, Settings, digest, reading, unpack};
use crate::place::Place;

/// Files read of a folder.
const MOST_FILES: usize = 10_000;

pub(crate) async fn fetch(settings: &Settings, name: &str, options: Options, place: Place) -> Result<Fetched, Error> {
    let named = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
    if !named {
        return Err(Error::Form(name.to_owned(), "it is not the name of a folder inside the folder of feeds".into()));
    }
    let folder = settings.folder.join(name);
    let files = list(&folder)?;
    let mut told = String::new();
    for (path, length, modified) in &files {
        told.push_str(&format!("{}\0{length}\0{modified}\n", path.display()));
    }
    let digest = digest(told.as_bytes());
    if place.digest.as_ref() == Some(&digest) && options.age.is_none() {
        return Ok(Fetched::Unchanged(place.text()));
    }
    let mut gathered = Gathered::default();
    for (path, length, _) in files {
        let shown = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if length > settings.most_bytes as u64 {
            return Err(Error::TooLarge(shown, settings.most_bytes));
        }
        // Those of a MISP folder that hold no attributes.
        if matches!(shown.as_str(), "manifest.json" | "hashes.csv") {
            continue;
        }
        let content = tokio::fs::read(&path).await.map_err(|source| Error::File { path: path.clone(), source })?;
        let content = unpack(&shown, content, settings.most_bytes)?;
        let mut read = reading(content, Format::Any, options).await;
        for line in &mut read.list.unread {
            line.text = format!("{shown}: {}", line.text);
        }
        gathered.add(read);
    }
    Ok(gathered.done(true, &Place { digest: Some(digest), ..Place::default() }))
}

/// Its files by name, with length and time of change; links are not followed.
fn list(folder: &Path) -> Result<Vec<(PathBuf, u64, u128)>, Error> {
    let unread = |source| Error::File { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let entry = entry.map_err(unread)?;
        let data = entry.metadata().map_err(unread)?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !data.is_file() || hidden {
            continue;
        }
        let modified = data.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        found.push((entry.path(), data.len(), modified.unwrap_or_default().as_nanos()));
        if found.len() > MOST_FILES {
            return Err(Error::Form(folder.display().to_string(), format!("it has more than {MOST_FILES} files")));
        }
    }
    found.sort();
    Ok(found)
}
