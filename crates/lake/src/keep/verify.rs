//! `verify`: everything the catalogue says of the files, held against the files.

use std::collections::BTreeSet;
use std::path::Path;

use arrow::array::AsArray;
use model::{CustomerId, EventId, Scope, Timestamp};
use serde::{Deserialize, Serialize};

use crate::catalogue::{Catalogue, LakeFile, always};
use crate::chunk::Places;
use crate::columns::{CUSTOMER, LOG, SEQUENCE, SHARD, TIME};
use crate::disk;
use crate::error::{Error, Result};
use crate::keep::file::Reader;
use crate::keep::idset::IdSet;
use crate::keep::scrub::compare;
use crate::sight;
use crate::write::{day_of, day_text};

/// Problems told of one file; the first ones say it all.
const MOST: usize = 5;

/// Problems of one file counted at all.
const MOST_KEPT: usize = 1000;

/// What a check of the whole lake found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Files in the catalogue.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Events read in them.
    pub events: u64,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Files of no use: nobody committed them, or they were replaced. The next start removes them.
    pub orphans: Vec<String>,
}

/// Something wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The file, relative to the lake's folder.
    pub path: String,
    /// Its id in the catalogue.
    pub id: String,
    /// Whose events it should have.
    pub customer: CustomerId,
    /// What is wrong.
    pub detail: String,
}

/// Checks every file of the scope: that it is there with its checksum; that its rows, times, ids, customer and day are
/// those the catalogue says, in order of time and id; that no event is there twice in the whole scope. Finds files
/// nobody knows. Notes in the catalogue what it found, so that files brought back are searched again. The lake need not
/// be open; where it is, somebody must hold its files ([`crate::Lake::hold`]).
pub async fn verify(dir: &Path, catalogue: &dyn Catalogue, scope: &Scope, now: Timestamp) -> Result<Verified> {
    let files = catalogue.files(&Scope::All, always()).await.map_err(Error::catalogue("list its files"))?;
    let known: BTreeSet<String> = files.iter().map(|file| file.path.clone()).collect();
    let mut found = Verified { orphans: disk::orphans(dir, &known)?, ..Verified::default() };
    if let Scope::Customers(customers) = scope {
        let whose = |path: &String| customers.iter().any(|one| path.starts_with(&format!("customer={one}/")));
        found.orphans.retain(whose);
    }
    let mut ids = IdSet::default();
    for file in files.into_iter().filter(|file| scope.contains(&file.customer)) {
        found.files += 1;
        found.bytes += file.bytes;
        let (dir, at, mut seen) = (dir.to_owned(), file.clone(), std::mem::take(&mut ids));
        let check = move || {
            let checked = check(&dir, &at, &mut seen);
            (checked, seen)
        };
        let (checked, seen) = tokio::task::spawn_blocking(check).await.map_err(|_| Error::Stopped)?;
        ids = seen;
        let (events, damage, mut problems) = checked?;
        found.events += events;
        if damage.is_some() || file.damage.is_some() {
            let noted = catalogue.checked(&file.id, now, damage.as_deref()).await;
            noted.map_err(Error::catalogue("keep a check"))?;
        }
        if problems.len() > MOST {
            let more = problems.len() - MOST;
            problems.truncate(MOST);
            problems.push(format!("and {more} more"));
        }
        let LakeFile { path, id, customer, .. } = file;
        let problem = |detail| Problem { path: path.clone(), id: id.clone(), customer: customer.clone(), detail };
        found.problems.extend(problems.into_iter().map(problem));
    }
    Ok(found)
}

/// Events read, whether the content is another than was written, and all that is wrong.
fn check(dir: &Path, file: &LakeFile, ids: &mut IdSet) -> Result<(u64, Option<String>, Vec<String>)> {
    if let Some(damage) = compare(dir, file, || Ok(()))? {
        return Ok((0, Some(damage.clone()), vec![damage]));
    }
    let mut problems = Vec::new();
    let mut rows = Rows::default();
    let read = Reader::open(dir, file).and_then(|reader| reader.batches(&[LOG, SHARD, SEQUENCE, CUSTOMER, TIME]));
    match read {
        Err(error) => problems.push(error.to_string()),
        Ok(batches) => {
            for batch in batches {
                let counted = batch.and_then(|batch| {
                    let whose = batch.column_by_name(CUSTOMER).and_then(|column| column.as_string_opt::<i32>());
                    if !whose.is_some_and(|whose| whose.iter().all(|whose| whose == Some(file.customer.as_str()))) {
                        problems.push("it holds events of another customer".to_owned());
                    }
                    rows.count(file, &Places::of(&batch)?, ids, &mut problems);
                    Ok(())
                });
                if let Err(error) = counted {
                    problems.push(error.to_string());
                    break;
                }
            }
        }
    }
    problems.extend(rows.differences(file));
    problems.extend(sight::difference(dir, file)?);
    Ok((rows.count, None, problems))
}

#[derive(Default)]
struct Rows {
    count: u64,
    times: Option<(i64, i64)>,
    ids: Option<(EventId, EventId)>,
    last: Option<(i64, EventId)>,
}

impl Rows {
    fn count(&mut self, file: &LakeFile, places: &Places<'_>, ids: &mut IdSet, problems: &mut Vec<String>) {
        // The day as a number; a file whose day is not one has no event of it.
        let day =
            places.time.iter().map(|time| day_of(*time)).find(|day| day_text(*day) == file.day).unwrap_or(i64::MIN);
        for (row, time) in places.time.iter().copied().enumerate() {
            let id = places.id(row);
            self.count += 1;
            self.times = Some(self.times.map_or((time, time), |(low, high)| (low.min(time), high.max(time))));
            self.ids = Some(self.ids.map_or((id, id), |(low, high)| (low.min(id), high.max(id))));
            let mut tell = |what: &str| {
                if problems.len() < MOST_KEPT {
                    problems.push(format!("{id} is {what}"));
                }
            };
            if self.last.replace((time, id)).is_some_and(|last| last > (time, id)) {
                tell("out of order");
            }
            if day_of(time) != day {
                tell("of another day");
            }
            if !ids.insert(id) {
                tell("in the lake twice");
            }
        }
    }

    fn differences(&self, file: &LakeFile) -> Vec<String> {
        let times = (file.min_time.as_micros(), file.max_time.as_micros());
        let mut problems = Vec::new();
        if self.count != file.rows {
            problems.push(format!("it has {} events, the catalogue says {}", self.count, file.rows));
        }
        if self.times.is_some_and(|found| found != times) {
            problems.push("its earliest and latest times are not those of the catalogue".to_owned());
        }
        if self.ids.is_some_and(|found| found != (file.first, file.last)) {
            problems.push("its lowest and highest ids are not those of the catalogue".to_owned());
        }
        problems
    }
}
