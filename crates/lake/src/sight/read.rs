//! Rows of a file held against a list: sample events at known times, and counts where a run does not know them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::path::Path;

use model::intel::{HitSample, Indicator};
use model::{TimeRange, Timestamp};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::PageIndexPolicy;
use sightings::{Wanted, keys};

use crate::catalogue::LakeFile;
use crate::chunk::Places;
use crate::columns::{LOG, SEQUENCE, SHARD, TIME};
use crate::error::{Error, Result};
use crate::fetch::pages_of;
use crate::sight::hunt::MOST_VALUE;
use crate::sight::values::{Values, columns_of};

/// What is wanted of a file.
#[derive(Debug, Default)]
pub(crate) struct Task {
    /// An event of this indicator at this time.
    pub samples: BTreeSet<(u32, i64)>,
    /// Figures to be counted row by row.
    pub count: Option<Count>,
}

/// Which indicators are counted, among events of which times.
#[derive(Debug)]
pub(crate) struct Count {
    pub indicators: HashSet<u32>,
    pub range: TimeRange,
}

/// What a file told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub samples: Vec<(u32, HitSample)>,
    /// First and last time, and how many events, by indicator.
    pub counts: HashMap<u32, (i64, i64, u64)>,
}

/// Reads a file: only pages of the times wanted unless there is something to count.
pub(crate) fn read(
    dir: &Path,
    file: &LakeFile,
    indicators: &[Indicator],
    wanted: &Wanted,
    task: &Task,
) -> Result<Told> {
    let path = dir.join(&file.path);
    let open = File::open(&path).map_err(Error::disk("open", &path))?;
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(open, options)?;
    let columns = columns_of(file);
    let names = [LOG, SHARD, SEQUENCE, TIME].into_iter().chain(columns);
    let mask = ProjectionMask::columns(builder.parquet_schema(), names);
    let times: Vec<i64> = task.samples.iter().map(|(_, time)| *time).collect();
    let pages = if task.count.is_none() { pages_of(builder.metadata(), &times) } else { None };
    let builder = match pages {
        Some(pages) => builder.with_row_selection(pages),
        None => builder,
    };
    let mut told = Told::default();
    let mut left: BTreeMap<i64, BTreeSet<u32>> = BTreeMap::new();
    for (indicator, time) in &task.samples {
        left.entry(*time).or_default().insert(*indicator);
    }
    for batch in builder.with_projection(mask).with_batch_size(1024).build()? {
        let batch = batch?;
        let places = Places::of(&batch)?;
        let values = Values::of(&batch);
        for (row, time) in places.time.iter().copied().enumerate() {
            let counted = task.count.as_ref().filter(|count| count.range.contains(Timestamp::from_micros(time)));
            let sampled = left.get(&time);
            if counted.is_none() && sampled.is_none() {
                continue;
            }
            let mut here: BTreeMap<u32, (&'static str, String)> = BTreeMap::new();
            values.each(row, |field, holds, text| {
                keys(holds, text, |key| {
                    wanted.find(key, |indicator| {
                        let asked = sampled.is_some_and(|sampled| sampled.contains(&indicator))
                            || counted.is_some_and(|count| count.indicators.contains(&indicator));
                        if asked
                            && !here.contains_key(&indicator)
                            && indicators[indicator as usize].matches(holds, text)
                        {
                            here.insert(indicator, (field, text.chars().take(MOST_VALUE).collect()));
                        }
                    });
                });
            });
            for (indicator, (field, value)) in here {
                if counted.is_some_and(|count| count.indicators.contains(&indicator)) {
                    let (first, last, count) = told.counts.entry(indicator).or_insert((time, time, 0));
                    (*first, *last, *count) = ((*first).min(time), (*last).max(time), *count + 1);
                }
                if left.get_mut(&time).is_some_and(|left| left.remove(&indicator)) {
                    let time = Timestamp::from_micros(time);
                    told.samples
                        .push((indicator, HitSample { id: places.id(row), time, field: field.to_owned(), value }));
                }
            }
        }
    }
    Ok(told)
}
