//! The table of conditions: what the figures of the last minute say is wrong. Figures only; words are the console's.

use std::collections::{BTreeMap, VecDeque};

use model::platform_alarm::PlatformAlarmKind;
use pipeline::PipelineStats;

use crate::lake::Seen;

/// Samples of a minute, one every five seconds.
const SAMPLES: usize = 12;
/// Microseconds that a sync of the log may take on average.
const SLOW_SYNC: u64 = 250_000;
/// Syncs below which an average says nothing.
const FEW_SYNCS: u64 = 5;
/// Records that wait at the beginning and the end of a minute.
const BACKLOG: u64 = 200_000;
/// Refusals in a minute.
const REFUSED: u64 = 100;
/// Failed writes in a minute.
const FAILED: u64 = 3;

/// The figures that are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    disk_low: bool,
    stopped: Option<String>,
    lag: u64,
    syncs: u64,
    sync_micros: u64,
    rejected: Vec<(&'static str, u64)>,
    store_retries: u64,
    lake_retries: u64,
    damaged: u64,
}

impl Sample {
    pub fn of(stats: &PipelineStats, seen: &Seen) -> Self {
        Sample {
            disk_low: stats.receive.disk_low,
            stopped: stats.receive.stopped.clone(),
            lag: stats.lag,
            syncs: stats.receive.syncs,
            sync_micros: stats.receive.sync_micros,
            rejected: stats.receive.rejected.clone(),
            store_retries: stats.store_retries,
            lake_retries: stats.lake_retries,
            damaged: seen.lake.damaged,
        }
    }
}

/// The samples of the last minute.
#[derive(Debug, Default)]
pub struct Window(VecDeque<Sample>);

impl Window {
    /// Takes a sample in and says what is wrong now, each with a figure or a name.
    pub fn take(&mut self, sample: Sample) -> BTreeMap<PlatformAlarmKind, String> {
        if self.0.len() > SAMPLES {
            self.0.pop_front();
        }
        self.0.push_back(sample);
        match (self.0.front(), self.0.back()) {
            (Some(first), Some(last)) => wrong(first, last, self.0.len() > SAMPLES / 2),
            _ => BTreeMap::new(),
        }
    }
}

fn wrong(first: &Sample, last: &Sample, long_enough: bool) -> BTreeMap<PlatformAlarmKind, String> {
    use PlatformAlarmKind::*;
    let mut found = BTreeMap::new();
    let mut say = |holds: bool, kind: PlatformAlarmKind, detail: String| {
        if holds {
            found.insert(kind, detail);
        }
    };
    say(last.disk_low, DiskFull, String::new());
    say(last.stopped.is_some(), IntakeStopped, last.stopped.clone().unwrap_or_default());
    let (syncs, micros) =
        (last.syncs - first.syncs.min(last.syncs), last.sync_micros.saturating_sub(first.sync_micros));
    let average = micros.checked_div(syncs).unwrap_or(0);
    say(syncs >= FEW_SYNCS && average > SLOW_SYNC, DiskSlow, (average / 1000).to_string());
    let behind = long_enough && first.lag.min(last.lag) > BACKLOG;
    say(behind, Backlog, last.lag.to_string());
    let refused: Vec<(&str, u64)> = last
        .rejected
        .iter()
        .map(|(why, count)| {
            let before = first.rejected.iter().find(|(known, _)| known == why).map_or(0, |(_, count)| *count);
            (*why, count.saturating_sub(before))
        })
        .filter(|(_, count)| *count > 0)
        .collect();
    let all: u64 = refused.iter().map(|(_, count)| count).sum();
    let told = refused.iter().map(|(why, count)| format!("{why} {count}")).collect::<Vec<_>>().join(", ");
    say(all >= REFUSED, Refusing, told);
    let failed = last.store_retries.saturating_sub(first.store_retries);
    say(failed >= FAILED, StoreFails, failed.to_string());
    let failed = last.lake_retries.saturating_sub(first.lake_retries);
    say(failed >= FAILED, LakeFails, failed.to_string());
    say(last.damaged > 0, LakeDamaged, last.damaged.to_string());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_condition_has_its_figures() {
        use PlatformAlarmKind::*;
        let quiet = Sample { syncs: 100, sync_micros: 100_000, rejected: vec![("full", 5)], ..Sample::default() };
        let kinds = |first: &Sample, last: &Sample| wrong(first, last, true).into_iter().collect::<Vec<_>>();
        assert_eq!(kinds(&quiet, &quiet), []);
        let told = |kind, text: &str| vec![(kind, text.to_owned())];
        let with = |change: fn(&mut Sample)| {
            let mut sample = quiet.clone();
            change(&mut sample);
            sample
        };
        for (last, expected) in [
            (with(|now| now.disk_low = true), told(DiskFull, "")),
            (with(|now| now.stopped = Some("why".into())), told(IntakeStopped, "why")),
            (with(|now| (now.syncs, now.sync_micros) = (110, 6_100_000)), told(DiskSlow, "600")),
            (with(|now| now.rejected = vec![("full", 205)]), told(Refusing, "full 200")),
            (with(|now| now.rejected = vec![("full", 50)]), vec![]),
            (with(|now| now.store_retries = 4), told(StoreFails, "4")),
            (with(|now| now.lake_retries = 3), told(LakeFails, "3")),
            (with(|now| now.damaged = 1), told(LakeDamaged, "1")),
            (with(|now| now.lag = 900_000), vec![]),
        ] {
            assert_eq!(kinds(&quiet, &last), expected);
        }
        let behind = with(|now| now.lag = 900_000);
        assert_eq!(kinds(&behind, &behind), told(Backlog, "900000"));
    }

    #[test]
    fn what_was_wrong_a_minute_ago_is_over() {
        let mut window = Window::default();
        window.take(Sample::default());
        let failing = Sample { store_retries: 10, ..Sample::default() };
        assert_eq!(window.take(failing.clone()).len(), 1);
        let last = (0..SAMPLES + 1).map(|_| window.take(failing.clone())).last();
        assert_eq!(last, Some(BTreeMap::new()));
    }
}
