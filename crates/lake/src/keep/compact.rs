//! Small files of a customer's day become few large ones, in the background.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use model::{Scope, TimeRange, Timestamp};

use crate::catalogue::{Commit, LakeFile};
use crate::chunk::Places;
use crate::error::{Error, Result};
use crate::keep::Pace;
use crate::keep::file::Reader;
use crate::keep::tally::Tally;
use crate::layout::Census;
use crate::merge::{Merge, Run, Source};
use crate::sink::{self, Sink, Target};
use crate::store::{Inner, Lake};

const HOUR: i64 = 3_600_000_000;

/// Files merged at a time, and about how many bytes their open pages may take together.
const MOST_FILES: usize = 64;
const MOST_OPEN: u64 = 128 << 20;
/// Bytes a file has open while it is read: a page of each of its columns.
const OPEN_FILE: u64 = 6 << 20;

/// A file of so many rows costs a search no more than its share, however few bytes they take: it waits until its day is over.
const FULL: u64 = 75_000;

/// What a round of merging did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Files merged away.
    pub before: usize,
    /// Files in their place.
    pub after: usize,
    /// Events in them.
    pub rows: u64,
    /// Bytes written.
    pub bytes: u64,
}

impl Lake {
    /// Merges small files whose events lie in `range`, where that is worth it: a day that still grows only where many
    /// have gathered. At most `most` merges, one after another. Searches go on; the files merged away stay until nobody
    /// reads them.
    pub async fn compact(&self, range: TimeRange, most: usize, now: Timestamp) -> Result<Compacted> {
        let inner = self.inner.clone();
        // A task of its own: a caller that goes away must not leave a commit half done.
        let task = tokio::spawn(async move {
            let files = inner.catalogue.files(&Scope::All, range).await.map_err(Error::catalogue("list files"))?;
            let mut done = Compacted::default();
            for group in due(files, inner.config.file_bytes, now).into_iter().take(most) {
                compact_group(&inner, group, now, &mut done).await?;
            }
            Ok(done)
        });
        let done = task.await.map_err(|_| Error::Stopped)?;
        self.reap(now).await?;
        done
    }
}

async fn compact_group(inner: &Arc<Inner>, group: Vec<LakeFile>, now: Timestamp, done: &mut Compacted) -> Result<()> {
    let _one_at_a_time = inner.upkeep.lock().await;
    let Some(group) = still_there(inner, group).await? else { return Ok(()) };
    let (work, files) = (inner.clone(), group.clone());
    let merged = tokio::task::spawn_blocking(move || merge(&work, &files, None, work.config.file_bytes)).await;
    let merged = merged.map_err(|_| Error::Stopped)??;
    let rows: u64 = merged.iter().map(|file| file.rows).sum();
    let expected: u64 = group.iter().map(|file| file.rows).sum();
    if rows != expected {
        sink::discard(&inner.place, &merged);
        let detail = format!("merging {} files gave {rows} events of {expected}", group.len());
        return Err(Error::Damaged { path: group[0].path.clone(), detail });
    }
    replace(inner, &group, &merged, now).await?;
    let bytes = merged.iter().map(|file| file.bytes).sum();
    done.before += group.len();
    done.after += merged.len();
    (done.rows, done.bytes) = (done.rows + rows, done.bytes + bytes);
    Tally::add(&inner.tally.compactions, 1);
    Tally::add(&inner.tally.files_merged, group.len() as u64);
    Tally::add(&inner.tally.rows_merged, rows);
    Tally::add(&inner.tally.bytes_merged, bytes);
    Ok(())
}

/// The files as the catalogue has them now; nothing when one of them is gone.
async fn still_there(inner: &Inner, group: Vec<LakeFile>) -> Result<Option<Vec<LakeFile>>> {
    let Some(first) = group.first() else { return Ok(None) };
    let from = group.iter().map(|file| file.min_time).min().unwrap_or(first.min_time);
    let to = group.iter().map(|file| file.max_time).max().unwrap_or(first.max_time);
    let range = TimeRange { from, to: Timestamp::from_micros(to.as_micros().saturating_add(1)) };
    let there = inner.catalogue.files(&Scope::one(first.customer.clone()), range).await;
    let there = there.map_err(Error::catalogue("list files"))?;
    let wanted: BTreeSet<&str> = group.iter().map(|file| file.id.as_str()).collect();
    let found: Vec<_> =
        there.into_iter().filter(|file| wanted.contains(file.id.as_str()) && file.damage.is_none()).collect();
    Ok((found.len() == group.len()).then_some(found))
}

/// Puts files in the place of others, in one transaction; leaves none of the new ones when it did not happen.
pub(crate) async fn replace(inner: &Inner, old: &[LakeFile], new: &[LakeFile], now: Timestamp) -> Result<()> {
    let remove: Vec<String> = old.iter().map(|file| file.id.clone()).collect();
    let change = Commit { add: new.to_vec(), remove, watermarks: Vec::new() };
    if let Err(source) = inner.catalogue.commit(change).await {
        // It may have happened all the same. Where nobody can tell, the next start removes what is not needed.
        let known = inner.catalogue.files(&Scope::All, crate::catalogue::always()).await;
        let known = known.map_err(Error::catalogue("say what became of a commit"))?;
        let known: BTreeSet<&str> = known.iter().map(|file| file.id.as_str()).collect();
        if old.iter().any(|file| known.contains(file.id.as_str())) {
            sink::discard(&inner.place, new);
            return Err(Error::catalogue("commit merged files")(source));
        }
    }
    inner.retired.add(old.iter().map(|file| file.path.clone()), now);
    Ok(())
}

/// Writes the events of files of one customer's day anew, in order, without those of the range `without`.
pub(crate) fn merge(
    inner: &Arc<Inner>,
    files: &[LakeFile],
    without: Option<TimeRange>,
    most_bytes: u64,
) -> Result<Vec<LakeFile>> {
    let Some(first) = files.first() else { return Ok(Vec::new()) };
    let dir = &inner.config.dir;
    let mut pace = Pace::new(inner);
    let mut census = Census::default();
    for file in files {
        Reader::open(dir, file)?.count(&mut census)?;
        pace.step()?;
    }
    let layout = census.layout();
    let marks = Mutex::new(layout.known_marks(files.iter().flat_map(|file| &file.columns)));
    let sources = files.iter().map(|file| {
        let (layout, marks) = (&layout, &marks);
        let runs = Reader::open(dir, file)?.batches(&[])?.map(move |batch| {
            let batch = kept(batch?, without)?;
            let mut marks = marks.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(Run { batch: layout.apply(&file.customer, &file.path, &batch, &mut marks)?, order: None })
        });
        Ok(Box::new(runs) as Source<'_>)
    });
    let mut merge = Merge::new(sources.collect::<Result<_>>()?)?;
    let mut ids: Vec<&str> = files.iter().map(|file| file.id.as_str()).collect();
    ids.sort_unstable();
    let target = Target {
        place: &inner.place,
        customer: &first.customer,
        day: first.day.clone(),
        rows: files.iter().map(|file| file.rows as usize).sum(),
        most_bytes,
        replaces: Some(format!("{} {without:?}", ids.join(","))),
        level: files.iter().map(|file| file.level).max().unwrap_or(0) + 1,
    };
    let mut sink = Sink::new(target, &layout);
    while let Some(batch) = merge.next()? {
        sink.mark(std::mem::take(&mut *marks.lock().unwrap_or_else(PoisonError::into_inner)));
        sink.write(&batch)?;
        pace.step()?;
    }
    sink.finish()
}

/// The rows outside the range.
fn kept(batch: RecordBatch, without: Option<TimeRange>) -> Result<RecordBatch> {
    let Some(without) = without else { return Ok(batch) };
    let places = Places::of(&batch)?;
    let keep = places.time.iter().map(|time| Some(!without.contains(Timestamp::from_micros(*time))));
    let keep: BooleanArray = keep.collect();
    Ok(filter_record_batch(&batch, &keep)?)
}

/// Which files are worth merging with one another.
fn due(files: Vec<LakeFile>, file_bytes: u64, now: Timestamp) -> Vec<Vec<LakeFile>> {
    let mut days: BTreeMap<(_, String), Vec<LakeFile>> = BTreeMap::new();
    for file in files.into_iter().filter(|file| file.damage.is_none()) {
        days.entry((file.customer.clone(), file.day.clone())).or_default().push(file);
    }
    days.into_values().flat_map(|files| due_in_day(files, file_bytes, now)).collect()
}

/// A day that still grows is merged where eight files of like size have gathered, and its larger files are left for
/// later; a day that is over, where two have. Either way a file is rewritten only with others that weigh something
/// beside it, so that an event is rewritten a few times and not with every straggler.
fn due_in_day(mut files: Vec<LakeFile>, file_bytes: u64, now: Timestamp) -> Vec<Vec<LakeFile>> {
    let newest = files.iter().map(|file| file.max_time.as_micros()).max().unwrap_or(0);
    let grows = newest.div_euclid(24 * HOUR) >= now.as_micros().saturating_sub(HOUR).div_euclid(24 * HOUR);
    let (wanted, factor, small) = if grows { (8, 4, file_bytes / 16) } else { (2, 16, file_bytes / 2) };
    files.retain(|file| file.bytes < small && (!grows || file.rows < FULL));
    files.sort_by(|a, b| (a.bytes, a.min_time, &a.id).cmp(&(b.bytes, b.min_time, &b.id)));
    let mut groups = Vec::new();
    let mut at = 0;
    while at < files.len() {
        let (mut bytes, mut count) = (0, 0);
        for file in &files[at..] {
            if bytes > 0 && file.bytes > bytes * factor {
                break;
            }
            bytes += file.bytes.max(1);
            count += 1;
        }
        if count >= wanted {
            groups.extend(one_after_another(files[at..at + count].to_vec(), file_bytes));
        }
        at += if count >= wanted { count } else { 1 };
    }
    groups
}

/// Groups that are each merged at once, neighbours in time, so that the files they become hardly overlap.
fn one_after_another(mut files: Vec<LakeFile>, file_bytes: u64) -> Vec<Vec<LakeFile>> {
    files.sort_by(|a, b| (a.min_time, &a.id).cmp(&(b.min_time, &b.id)));
    let mut groups: Vec<Vec<LakeFile>> = Vec::new();
    let (mut bytes, mut open) = (u64::MAX, 0);
    for file in files {
        let pages = (file.bytes * 10).min(OPEN_FILE);
        let full = groups.last().is_none_or(|group| group.len() == MOST_FILES);
        if full || open + pages > MOST_OPEN || bytes >= file_bytes {
            groups.push(Vec::new());
            (bytes, open) = (0, 0);
        }
        (bytes, open) = (bytes + file.bytes, open + pages);
        groups.last_mut().expect("one was made above").push(file);
    }
    groups.retain(|group| group.len() > 1);
    groups
}

#[cfg(test)]
mod tests {
    use model::{CustomerId, EventId};

    use super::*;

    const DAY: i64 = 24 * HOUR;

    fn files(sizes: &[u64]) -> Vec<LakeFile> {
        let id = |sequence| EventId { log: 1, shard: 0, sequence };
        let file = |(place, bytes): (usize, &u64)| LakeFile {
            id: format!("lkf_{place}"),
            customer: CustomerId::derived(Timestamp::from_micros(0), &[b"acme"]),
            day: "1970-01-01".into(),
            path: String::new(),
            rows: 1,
            bytes: *bytes,
            min_time: Timestamp::from_micros(0),
            max_time: Timestamp::from_micros(10),
            checksum: String::new(),
            columns: Vec::new(),
            first: id(1),
            last: id(2),
            level: 0,
            checked: None,
            damage: None,
        };
        sizes.iter().enumerate().map(file).collect()
    }

    fn sizes(days: i64, files: Vec<LakeFile>) -> Vec<Vec<u64>> {
        let groups = due(files, 256 << 20, Timestamp::from_micros(days * DAY + 2 * HOUR));
        groups.iter().map(|group| group.iter().map(|file| file.bytes).collect()).collect()
    }

    #[test]
    fn a_growing_day_waits_for_eight_of_a_size_and_one_that_is_over_for_two() {
        assert_eq!(sizes(0, files(&[9000; 7])), Vec::<Vec<u64>>::new());
        assert_eq!(sizes(0, files(&[9000; 8])), [vec![9000; 8]]);
        assert_eq!(sizes(1, files(&[9000; 2])), [vec![9000; 2]]);
        assert_eq!(sizes(1, files(&[9000])), Vec::<Vec<u64>>::new());
    }

    #[test]
    fn full_files_of_a_growing_day_are_not_written_again() {
        let full = || files(&[9000; 8]).into_iter().map(|file| LakeFile { rows: FULL, ..file }).collect();
        assert_eq!(sizes(0, full()), Vec::<Vec<u64>>::new());
        assert_eq!(sizes(1, full()), [vec![9000; 8]]);
    }

    #[test]
    fn a_straggler_does_not_have_a_large_file_written_again() {
        assert_eq!(sizes(1, files(&[100 << 20, 9000])), Vec::<Vec<u64>>::new());
        assert_eq!(sizes(1, files(&[100 << 20, 9000, 9001])), [vec![9000, 9001]]);
        assert_eq!(sizes(1, files(&[200 << 20, 200 << 20])), Vec::<Vec<u64>>::new(), "large enough");
    }

    #[test]
    fn a_merge_is_bounded_in_files_and_open_pages() {
        assert_eq!(sizes(1, files(&[1000; 150])).iter().map(Vec::len).collect::<Vec<_>>(), [64, 64, 22]);
        let large = sizes(1, files(&[40 << 20; 28]));
        assert!(large.iter().all(|group| group.len() == 7), "{large:?}");
    }
}
