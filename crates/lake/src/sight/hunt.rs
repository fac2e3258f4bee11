//! A list held against everything kept: first the runs, which say at once what was seen where and how often; then the
//! rows themselves, for sample events, and for exact figures where a run cannot know them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use model::intel::HitSample;
use model::{Context, CustomerId, TimeRange, Timestamp};
use sightings::{Found, Scratch, Wanted, keys};

use crate::catalogue::LakeFile;
use crate::chunk::{Chunk, Places};
use crate::error::{Error, Result};
use crate::sight::build::{broken, make, run_of};
use crate::sight::read::{Count, Task, read};
use crate::sight::told::{HuntWatch, Hunted, Sighting, Target};
use crate::sight::values::Values;
use crate::snapshot::Snapshot;
use crate::store::{Inner, Lake};

/// Cores a hunt takes.
const THREADS: usize = 2;

/// Sample events of a sighting: the earliest and the latest of its first and its last file.
const SAMPLES: usize = 4;

/// A hunt between its two steps. The files it will read stay on disk for as long as it lives.
pub struct Hunt {
    inner: Arc<Inner>,
    target: Arc<Target>,
    range: TimeRange,
    files: Arc<Vec<LakeFile>>,
    snapshot: Snapshot,
    damaged: BTreeSet<String>,
    seen: BTreeMap<(CustomerId, u32), Seen>,
    /// Counts to be set right: by file, the indicators with the count that was told too high.
    inexact: BTreeMap<usize, Vec<(u32, u64)>>,
}

impl std::fmt::Debug for Hunt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hunt").field("files", &self.files.len()).field("seen", &self.seen.len()).finish()
    }
}

/// An indicator at a customer.
#[derive(Debug, Clone)]
struct Seen {
    first: i64,
    last: i64,
    count: u64,
    /// Files whose count is not exact yet.
    inexact: usize,
    /// Where the earliest and the latest event are; in memory where there is no file.
    early: (Option<usize>, i64, i64),
    late: (Option<usize>, i64, i64),
    samples: Vec<HitSample>,
}

impl Seen {
    fn add(&mut self, other: &Seen) {
        if other.first < self.first {
            self.early = other.early;
        }
        if other.last > self.last {
            self.late = other.late;
        }
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.count += other.count;
        self.inexact += other.inexact;
        self.samples.extend(other.samples.iter().cloned());
    }
}

impl Lake {
    /// Holds a list against the events of the context's scope with times in `range`, as far as runs can tell. Runs that
    /// are missing are made on the way.
    pub async fn hunt(
        &self,
        context: &Context,
        target: Arc<Target>,
        customers: &[CustomerId],
        range: TimeRange,
        watch: Arc<HuntWatch>,
    ) -> Result<Hunt> {
        let scope = context.scope().narrow(customers);
        let (snapshot, damaged) = self.inner.whole_snapshot(&scope, range).await?;
        let files = Arc::new(snapshot.files.clone());
        let damaged = damaged.into_iter().map(|file| file.path).collect();
        let mut hunt = Hunt {
            inner: self.inner.clone(),
            target,
            range,
            files,
            snapshot,
            damaged,
            seen: BTreeMap::new(),
            inexact: BTreeMap::new(),
        };
        let turn = self.inner.hunting.clone().lock_owned().await;
        let work = move || {
            let _turn = turn;
            hunt.look(&watch).map(|()| hunt)
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopped)?
    }
}

impl Hunt {
    /// What is known by now.
    pub fn hunted(&self) -> Hunted {
        let sightings = self.seen.iter().map(|((customer, indicator), seen)| {
            let mut samples = seen.samples.clone();
            samples.sort_by_key(|sample| (sample.time, sample.id));
            samples.dedup_by_key(|sample| sample.id);
            Sighting {
                customer: customer.clone(),
                indicator: *indicator,
                first: Timestamp::from_micros(seen.first),
                last: Timestamp::from_micros(seen.last),
                count: seen.count,
                exact: seen.inexact == 0,
                samples,
            }
        });
        Hunted { sightings: sightings.collect(), damaged: self.damaged.iter().cloned().collect() }
    }

    /// Reads the events themselves: samples of what was seen, and exact counts. What the events do not confirm is taken
    /// back. Stopped, it keeps what it has.
    pub async fn read(mut self, watch: Arc<HuntWatch>) -> Result<Hunt> {
        let turn = self.inner.reading.clone().lock_owned().await;
        let work = move || {
            let _turn = turn;
            self.read_files(&watch).map(|()| self)
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopped)?
    }

    /// Runs and memory.
    fn look(&mut self, watch: &HuntWatch) -> Result<()> {
        watch.files.store(self.files.len() as u64, Ordering::Relaxed);
        let files = self.files.clone();
        let told: Vec<(usize, Result<Vec<Found>>)> = self.side_by_side(files.len(), watch, |place, scratch| {
            let file = &files[place];
            let found = look_at(&self.inner, file, &self.target.wanted, scratch);
            watch.looked.fetch_add(1, Ordering::Relaxed);
            found
        });
        let mut partial = Vec::new();
        for (place, found) in told {
            let file = &self.files[place];
            let found = match found {
                Ok(found) => found,
                Err(error) if is_damage(&error) => {
                    tracing::warn!(path = file.path, %error, "a hunt passes over a file");
                    self.damaged.insert(file.path.clone());
                    continue;
                }
                Err(error) => return Err(error),
            };
            let whole = self.range.contains(file.min_time) && self.range.contains(file.max_time);
            if whole {
                self.add_found(place, found);
            } else if !found.is_empty() {
                partial.push((place, found.iter().map(|found| found.indicator).collect::<BTreeSet<u32>>()));
            }
        }
        for (place, indicators) in partial {
            if watch.is_stopped() {
                break;
            }
            let count = Count { indicators: indicators.iter().copied().collect(), range: self.range };
            let task = Task { count: Some(count), ..Task::default() };
            let Some(told) = self.read_file(place, &task)? else { continue };
            let customer = self.files[place].customer.clone();
            for (indicator, (first, last, count)) in told.counts {
                let at = (Some(place), first, last);
                let seen = Seen { first, last, count, inexact: 0, early: at, late: at, samples: Vec::new() };
                self.add(customer.clone(), indicator, seen);
            }
        }
        let chunks = std::mem::take(&mut self.snapshot.chunks);
        for (customer, chunk) in &chunks {
            self.look_in_memory(customer, chunk)?;
        }
        Ok(())
    }

    fn add(&mut self, customer: CustomerId, indicator: u32, seen: Seen) {
        match self.seen.get_mut(&(customer.clone(), indicator)) {
            Some(known) => known.add(&seen),
            None => drop(self.seen.insert((customer, indicator), seen)),
        }
    }

    /// What the run of a file told. Several keys of one range may be in the same event.
    fn add_found(&mut self, place: usize, found: Vec<Found>) {
        let customer = self.files[place].customer.clone();
        let mut by_indicator: HashMap<u32, Seen> = HashMap::new();
        for Found { indicator, first, last, count } in found {
            let at = (Some(place), first, last);
            let one = Seen { first, last, count: count.into(), inexact: 0, early: at, late: at, samples: Vec::new() };
            match by_indicator.get_mut(&indicator) {
                None => drop(by_indicator.insert(indicator, one)),
                Some(seen) => {
                    seen.add(&one);
                    seen.inexact = 1;
                    let at = (Some(place), seen.first, seen.last);
                    (seen.early, seen.late) = (at, at);
                }
            }
        }
        for (indicator, seen) in by_indicator {
            if seen.inexact > 0 {
                self.inexact.entry(place).or_default().push((indicator, seen.count));
            }
            self.add(customer.clone(), indicator, seen);
        }
    }

    fn look_in_memory(&mut self, customer: &CustomerId, chunk: &Chunk) -> Result<()> {
        let places = Places::of(&chunk.batch)?;
        let values = Values::of(&chunk.batch);
        let target = self.target.clone();
        for (row, time) in places.time.iter().copied().enumerate() {
            if !self.range.contains(Timestamp::from_micros(time)) {
                continue;
            }
            let mut here: BTreeMap<u32, HitSample> = BTreeMap::new();
            values.each(row, |field, holds, text| {
                keys(holds, text, |key| {
                    target.wanted.find(key, |indicator| {
                        if target.indicators[indicator as usize].matches(holds, text) {
                            here.entry(indicator).or_insert_with(|| HitSample {
                                id: places.id(row),
                                time: Timestamp::from_micros(time),
                                field: field.to_owned(),
                                value: text.chars().take(MOST_VALUE).collect(),
                            });
                        }
                    });
                });
            });
            for (indicator, sample) in here {
                let at = (None, time, time);
                let known = self.seen.get(&(customer.clone(), indicator)).map_or(0, |seen| seen.samples.len());
                let samples = if known < SAMPLES { vec![sample] } else { Vec::new() };
                let seen = Seen { first: time, last: time, count: 1, inexact: 0, early: at, late: at, samples };
                self.add(customer.clone(), indicator, seen);
            }
        }
        Ok(())
    }

    /// Each file that has something to tell, once.
    fn read_files(&mut self, watch: &HuntWatch) -> Result<()> {
        let mut tasks: BTreeMap<usize, Task> = BTreeMap::new();
        for ((_, indicator), seen) in &self.seen {
            for (file, first, last) in [seen.early, seen.late] {
                if let Some(file) = file {
                    let samples = &mut tasks.entry(file).or_default().samples;
                    samples.extend([(*indicator, first), (*indicator, last)]);
                }
            }
        }
        for (file, counts) in &self.inexact {
            let indicators = counts.iter().map(|(indicator, _)| *indicator).collect();
            tasks.entry(*file).or_default().count = Some(Count { indicators, range: self.range });
        }
        watch.to_read.store(tasks.len() as u64, Ordering::Relaxed);
        let tasks: Vec<(usize, Task)> = tasks.into_iter().collect();
        let told = self.side_by_side(tasks.len(), watch, |at, _| {
            let (place, task) = &tasks[at];
            let told =
                read(&self.inner.config.dir, &self.files[*place], &self.target.indicators, &self.target.wanted, task);
            watch.read.fetch_add(1, Ordering::Relaxed);
            told
        });
        let mut confirmed: BTreeSet<(CustomerId, u32)> = BTreeSet::new();
        let mut unread: BTreeSet<usize> = tasks.iter().map(|(place, _)| *place).collect();
        for (at, told) in told {
            let (place, _) = &tasks[at];
            let file = &self.files[*place];
            let told = match told {
                Ok(told) => told,
                Err(error) if is_damage(&error) => {
                    self.damaged.insert(file.path.clone());
                    continue;
                }
                Err(error) => return Err(error),
            };
            unread.remove(place);
            for (indicator, sample) in told.samples {
                let key = (file.customer.clone(), indicator);
                if let Some(seen) = self.seen.get_mut(&key) {
                    seen.samples.push(sample);
                    confirmed.insert(key);
                }
            }
            for (indicator, before) in self.inexact.remove(place).unwrap_or_default() {
                let (_, _, count) = told.counts.get(&indicator).copied().unwrap_or((0, 0, 0));
                if let Some(seen) = self.seen.get_mut(&(file.customer.clone(), indicator)) {
                    seen.count = seen.count.saturating_sub(before) + count;
                    seen.inexact -= 1;
                }
            }
        }
        // What was read and is not there was another value of the same key.
        self.seen.retain(|key, seen| {
            let waits =
                [seen.early, seen.late].iter().any(|(file, ..)| file.is_some_and(|file| unread.contains(&file)));
            waits || !seen.samples.is_empty() || confirmed.contains(key)
        });
        Ok(())
    }

    fn read_file(&mut self, place: usize, task: &Task) -> Result<Option<crate::sight::read::Told>> {
        let file = &self.files[place];
        match read(&self.inner.config.dir, file, &self.target.indicators, &self.target.wanted, task) {
            Ok(told) => Ok(Some(told)),
            Err(error) if is_damage(&error) => {
                self.damaged.insert(file.path.clone());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Does `work` for each place below `count` on two threads, until somebody stops it; results by place.
    fn side_by_side<T: Send>(
        &self,
        count: usize,
        watch: &HuntWatch,
        work: impl Fn(usize, &mut Scratch) -> T + Sync,
    ) -> Vec<(usize, T)> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::with_capacity(count));
        std::thread::scope(|scope| {
            for _ in 0..THREADS.min(count) {
                scope.spawn(|| {
                    let mut scratch = Scratch::default();
                    loop {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        if place >= count || watch.is_stopped() {
                            return;
                        }
                        let result = work(place, &mut scratch);
                        done.lock().unwrap_or_else(PoisonError::into_inner).push((place, result));
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(place, _)| *place);
        done
    }
}

/// Characters of a sample's value.
pub(crate) const MOST_VALUE: usize = 300;

/// A file's run held against the list; one that turns out broken is made anew.
fn look_at(inner: &Arc<Inner>, file: &LakeFile, wanted: &Wanted, scratch: &mut Scratch) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    match run_of(inner, file)?.look(wanted, scratch, &mut found) {
        Ok(()) => return Ok(found),
        Err(error) => tracing::warn!(path = file.path, %error, "a run is made anew"),
    }
    found.clear();
    make(inner, file, || Ok(()))?;
    run_of(inner, file)?.look(wanted, scratch, &mut found).map_err(|error| broken(file, &error))?;
    Ok(found)
}

/// Whether the file itself is to blame: others may still be looked at.
fn is_damage(error: &Error) -> bool {
    match error {
        Error::Damaged { .. } | Error::Parquet(_) | Error::Arrow(_) => true,
        Error::Disk { source, .. } => source.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}
