//! Runs are made: of new files soon after they were committed, of all others that lack one.

use std::fs;
use std::io::Write;
use std::sync::Arc;

use model::{Scope, TimeRange};
use sightings::{Builder, Run, keys};

use crate::catalogue::{LakeFile, always};
use crate::chunk::Places;
use crate::columns::{LOG, SEQUENCE, SHARD, TIME};
use crate::disk::{self, NewFile, Place};
use crate::error::{Error, Result};
use crate::keep::{Pace, Reader};
use crate::sight::values::{Values, columns_of};
use crate::sight::{info, path_of};
use crate::store::{Inner, Lake};

/// What a round of making runs did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sighted {
    /// Files that had no run of their own.
    pub lacked: usize,
    /// Runs made.
    pub made: usize,
    /// Values in them.
    pub values: u64,
}

impl Lake {
    /// Makes the runs that files with events in `range` lack, at most `most`.
    pub async fn sight(&self, range: TimeRange, most: usize) -> Result<Sighted> {
        let _hold = self.hold();
        let files = self.inner.catalogue.files(&Scope::All, range).await.map_err(Error::catalogue("list files"))?;
        let inner = self.inner.clone();
        let work = move || {
            let mut done = Sighted::default();
            let mut pace = Pace::new(&inner);
            for file in files.iter().filter(|file| file.damage.is_none()) {
                if inner.config.dir.join(path_of(&file.path)).is_file() {
                    continue;
                }
                done.lacked += 1;
                if done.made >= most {
                    continue;
                }
                match make(&inner, file, || pace.step()) {
                    Ok(values) => {
                        done.made += 1;
                        done.values += values;
                    }
                    Err(Error::Stopped) => return Err(Error::Stopped),
                    // The next round tries again; a hunt that needs it says what is wrong with the file.
                    Err(error) => tracing::warn!(path = file.path, %error, "no run could be made of a lake file"),
                }
            }
            Ok(done)
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopped)?
    }

    /// How many of the lake's files lack a run.
    pub async fn unsighted(&self) -> Result<usize> {
        let files = self.inner.catalogue.files(&Scope::All, always()).await.map_err(Error::catalogue("list files"))?;
        Ok(files.iter().filter(|file| !self.inner.config.dir.join(path_of(&file.path)).is_file()).count())
    }
}

/// The run of a file: the one that stands there, or a new one where there is none that is whole.
pub(crate) fn run_of(inner: &Arc<Inner>, file: &LakeFile) -> Result<Run> {
    let path = inner.config.dir.join(path_of(&file.path));
    match Run::open(&path, &info(file)) {
        Ok(run) => return Ok(run),
        Err(sightings::Error::Read(error)) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(path = %path.display(), %error, "a run is made anew"),
    }
    make(inner, file, || Ok(()))?;
    Run::open(&path, &info(file)).map_err(|error| broken(file, &error))
}

/// A run that cannot be used although it was just made.
pub(crate) fn broken(file: &LakeFile, error: &sightings::Error) -> Error {
    Error::Damaged { path: path_of(&file.path), detail: error.to_string() }
}

/// Makes a file's run and puts it in place; gives how many values it has.
pub(crate) fn make(inner: &Arc<Inner>, file: &LakeFile, step: impl FnMut() -> Result<()>) -> Result<u64> {
    let bytes = encode(&inner.config.dir, file, step)?;
    let (folder, name) = split(&path_of(&file.path));
    write(&inner.place, &folder, &name, &bytes)?;
    // A deletion removes the events first and the run after them: whoever comes last removes the run.
    if !inner.config.dir.join(&file.path).exists() {
        disk::remove_durably(&inner.place, &[path_of(&file.path)])?;
        return Err(Error::Damaged { path: file.path.clone(), detail: "it is not there".to_owned() });
    }
    Run::open(&inner.config.dir.join(path_of(&file.path)), &info(file))
        .map(|run| run.keys())
        .map_err(|error| broken(file, &error))
}

/// The bytes of a file's run, from its rows.
pub(crate) fn encode(dir: &std::path::Path, file: &LakeFile, mut step: impl FnMut() -> Result<()>) -> Result<Vec<u8>> {
    let mut builder = Builder::default();
    let mut columns = columns_of(file);
    if !columns.is_empty() {
        columns.extend([LOG, SHARD, SEQUENCE, TIME]);
        let mut row = 0u32;
        for (number, batch) in Reader::open(dir, file)?.batches(&columns)?.enumerate() {
            let batch = batch?;
            let places = Places::of(&batch)?;
            let values = Values::of(&batch);
            for (place, time) in places.time.iter().enumerate() {
                values.each(place, |_, holds, text| keys(holds, text, |key| builder.see(row, *time, key)));
                row += 1;
            }
            if number % 16 == 15 {
                step()?;
            }
        }
    }
    Ok(builder.encode(&info(file)))
}

fn write(place: &Place, folder: &str, name: &str, bytes: &[u8]) -> Result<()> {
    let mut file = NewFile::create(place, folder)?;
    if let Err(error) = file.write_all(bytes) {
        return Err(file.failure().unwrap_or_else(|| Error::disk("write", place.dir.join(folder))(error)));
    }
    file.finish(name)?;
    Ok(())
}

fn split(path: &str) -> (String, String) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    (folder.to_owned(), name.to_owned())
}

/// What is wrong with a file's run, held against the file's rows; nothing where there is no run yet.
pub(crate) fn difference(dir: &std::path::Path, file: &LakeFile) -> Result<Option<String>> {
    let path = dir.join(path_of(&file.path));
    let Ok(there) = fs::read(&path) else { return Ok(None) };
    let problem = "its sightings are not those of its events; they are made anew once removed".to_owned();
    Ok((there != encode(dir, file, || Ok(()))?).then_some(problem))
}
