//! Watching the server while it works: memory, how far judging is behind, CPU time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lake::Lake;
use pipeline::Pipeline;
use store::Catalogue;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::error::Error;

/// How often the places in the log are compared.
const LOOK: Duration = Duration::from_millis(10);
/// Looks from one reading of the memory to the next.
const MEMORY_EVERY: u64 = 100;
/// Clock ticks a second in /proc: 100 on every Linux we run on.
const TICKS: f64 = 100.0;

/// What was seen.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    /// Seconds from durable to searchable, ascending.
    pub searchable: Vec<f64>,
    /// Seconds from durable to its alerts being written, ascending.
    pub alerted: Vec<f64>,
    /// Resident bytes, a reading a second.
    pub resident: Vec<u64>,
    /// CPU seconds of this process over the time.
    pub cpu_seconds: f64,
}

/// A watch under way.
pub struct Watching {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Watched>,
}

impl Watching {
    /// Ends it.
    pub async fn stop(self) -> Watched {
        // A watch that has ended hears nothing.
        let _ = self.stop.send(());
        self.task.await.unwrap_or_default()
    }
}

/// Begins to watch.
pub fn start(pipeline: Arc<Pipeline>, lake: Lake) -> Watching {
    let (stop, mut stopped) = oneshot::channel();
    let task = tokio::spawn(async move {
        let begun = cpu_seconds();
        let mut seen = Watched::default();
        let (mut searchable, mut alerted) = (VecDeque::new(), VecDeque::new());
        for turn in 0.. {
            tokio::select! {
                _ = &mut stopped => break,
                () = tokio::time::sleep(LOOK) => {}
            }
            let (stats, now) = (pipeline.stats(), Instant::now());
            let position = stats.receive.wal_position;
            for waiting in [&mut searchable, &mut alerted] {
                if waiting.back().is_none_or(|(last, _)| *last < position) {
                    waiting.push_back((position, now));
                }
            }
            let (log, shard) = pipeline.log();
            reached(&mut searchable, lake.appended(log, shard).unwrap_or(0), now, &mut seen.searchable);
            reached(&mut alerted, stats.committed, now, &mut seen.alerted);
            if turn % MEMORY_EVERY == 0 {
                seen.resident.push(resident());
            }
        }
        seen.cpu_seconds = cpu_seconds() - begun;
        seen
    });
    Watching { stop, task }
}

fn reached(waiting: &mut VecDeque<(u64, Instant)>, position: u64, now: Instant, took: &mut Vec<f64>) {
    while waiting.front().is_some_and(|(wanted, _)| *wanted <= position) {
        if let Some((_, since)) = waiting.pop_front() {
            took.push(now.duration_since(since).as_secs_f64());
        }
    }
}

/// The value below which this share of the values lies; 0 of none.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = ((values.len() as f64 - 1.0) * share).ceil().max(0.0) as usize;
    values.get(place).copied().unwrap_or(0.0)
}

/// CPU time of this process so far, in seconds; 0 where the system does not tell.
pub fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field may hold blanks and parentheses; what follows its end does not.
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks: Vec<f64> = after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    ticks.iter().sum::<f64>() / TICKS
}

/// Resident memory of this process; 0 where the system does not tell.
pub fn resident() -> u64 {
    crate::metrics::resident_bytes().unwrap_or(0)
}

/// Rows and bytes of the lake's files.
pub async fn stored(catalogue: &Catalogue) -> Result<(u64, u64), Error> {
    let files = catalogue.all_files().await?;
    Ok((files.iter().map(|file| file.rows as u64).sum(), files.iter().map(|file| file.bytes as u64).sum()))
}
