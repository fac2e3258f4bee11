//! The lake's upkeep while the server runs: small files are merged, what is over is deleted, files are read again and
//! compared with their checksums. One thing at a time, beside everything else.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::lake::{Compacted, LakeStats};
use model::{Context, Scope, TimeRange, Timestamp};
use ops::DeletionRules;
use tokio::sync::watch;

use crate::config;
use crate::error::{Error, whole};
use crate::lake::answer::remains;
use crate::open::Opened;
use crate::time::now;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: i64 = 86_400_000_000;

/// Looking at the whole catalogue takes at most this part of the time.
const SELDOM: u32 = 50;

/// Merges of a round, so that nothing else waits long.
const MERGES: usize = 4;

/// Files of a round whose values are gathered for hunts.
const SIGHTED: usize = 64;

/// What upkeep tells of itself.
#[derive(Debug, Default)]
pub struct Upkeep {
    seen: Mutex<Seen>,
}

/// The lake in figures, and how often upkeep failed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    pub lake: LakeStats,
    pub failures: u64,
}

impl Upkeep {
    /// As of the last round.
    pub fn seen(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Works until the server drains.
    pub async fn run(
        self: Arc<Self>,
        opened: Arc<Opened>,
        settings: config::Lake,
        mut draining: watch::Receiver<bool>,
    ) -> Result<(), Error> {
        let stop = {
            let (lake, mut draining) = (opened.lake.clone(), draining.clone());
            tokio::spawn(async move {
                // A dropped sender means the server is gone: stop as well.
                let _ = draining.wait_for(|draining| *draining).await;
                lake.stop_upkeep();
            })
        };
        let (scrubbed, idle) = (now(), Idle::default());
        let rounds = Rounds { opened, settings, scrubbed, expired: None, merged_all: None, sighted_all: None, idle };
        self.rounds(rounds, &mut draining).await;
        stop.abort();
        Ok(())
    }

    async fn rounds(&self, mut rounds: Rounds, draining: &mut watch::Receiver<bool>) {
        let mut counted = Idle::default();
        loop {
            let round = Duration::from_secs(rounds.settings.upkeep_seconds);
            if tokio::time::timeout(round, draining.wait_for(|draining| *draining)).await.is_ok() {
                return;
            }
            if let Err(error) = rounds.round().await {
                if *draining.borrow() {
                    return;
                }
                tracing::error!(error = whole(&error), "the lake's upkeep failed; it is tried again");
                self.change(|seen| seen.failures += 1);
            }
            if counted.is_over() {
                let began = Instant::now();
                if let Ok(stats) = rounds.opened.lake.stats().await {
                    self.change(|seen| seen.lake = stats);
                }
                counted = Idle::after(began);
            }
        }
    }
}

/// A rest in proportion to how long the work before it took.
#[derive(Debug, Clone, Copy, Default)]
struct Idle {
    until: Option<Instant>,
}

impl Idle {
    fn after(began: Instant) -> Self {
        Idle { until: Some(Instant::now() + began.elapsed() * SELDOM) }
    }

    fn is_over(self) -> bool {
        self.until.is_none_or(|until| until <= Instant::now())
    }
}

struct Rounds {
    opened: Arc<Opened>,
    settings: config::Lake,
    scrubbed: Timestamp,
    expired: Option<Timestamp>,
    /// When no day was left to merge.
    merged_all: Option<Timestamp>,
    /// When no file lacked its sightings.
    sighted_all: Option<Timestamp>,
    /// After a look for files to merge that found none.
    idle: Idle,
}

impl Rounds {
    /// Each part is tried whatever becomes of the others; the first failure is told.
    async fn round(&mut self) -> Result<(), Error> {
        let at = now();
        let mut failed = Ok(());
        for done in [self.merge(at).await, self.sight(at).await, self.expire(at).await, self.scrub(at).await] {
            failed = failed.and(done);
        }
        self.opened.lake.reap(now()).await?;
        failed
    }

    /// The last days every round, all others once an hour.
    async fn merge(&mut self, at: Timestamp) -> Result<(), Error> {
        if !self.idle.is_over() {
            return Ok(());
        }
        let (lake, began) = (&self.opened.lake, Instant::now());
        let days = |count: i64| Timestamp::from_micros(at.as_micros() + count * DAY);
        let mut done = lake.compact(TimeRange { from: days(-2), to: days(2) }, MERGES, at).await?;
        if done == Compacted::default() && self.merged_all.is_none_or(|last| at.since(last) >= HOUR) {
            let always = TimeRange { from: Timestamp::from_micros(i64::MIN), to: Timestamp::from_micros(i64::MAX) };
            done = lake.compact(always, MERGES, at).await?;
            if done == Compacted::default() {
                self.merged_all = Some(at);
            }
        }
        if done.before == 0 {
            self.idle = Idle::after(began);
        } else {
            let Compacted { before, after, rows, bytes } = done;
            tracing::debug!(before, after, rows, bytes, "lake files merged");
        }
        Ok(())
    }

    /// Runs for hunts: of the last days' files every round, of all others once an hour and at the start.
    async fn sight(&mut self, at: Timestamp) -> Result<(), Error> {
        let lake = &self.opened.lake;
        let days = |count: i64| Timestamp::from_micros(at.as_micros() + count * DAY);
        lake.sight(TimeRange { from: days(-2), to: days(2) }, SIGHTED).await?;
        if self.sighted_all.is_none_or(|last| at.since(last) >= HOUR) {
            let always = TimeRange { from: Timestamp::from_micros(i64::MIN), to: Timestamp::from_micros(i64::MAX) };
            let done = lake.sight(always, SIGHTED).await?;
            if done.made == done.lacked {
                self.sighted_all = Some(at);
            }
        }
        Ok(())
    }

    async fn expire(&mut self, at: Timestamp) -> Result<(), Error> {
        if self.expired.is_some_and(|last| at.since(last) < HOUR) {
            return Ok(());
        }
        let ctx = Context::job("retention", Scope::All, at).because("kept as long as was agreed");
        let opened = &self.opened;
        let rules = DeletionRules { policy: opened.retention, below_floor: false, remains: remains(opened) };
        for certificate in opened.ops.expire_events(&ctx, &rules).await? {
            let (events, files) = (certificate.events, certificate.files.len());
            tracing::info!(customer = %certificate.customer, certificate = %certificate.id, events, files, "events expired");
        }
        self.expired = Some(at);
        Ok(())
    }

    /// A minute's worth of the budget a minute.
    async fn scrub(&mut self, at: Timestamp) -> Result<(), Error> {
        let days = self.settings.scrub_days;
        if days == 0 || at.since(self.scrubbed) < MINUTE {
            return Ok(());
        }
        self.scrubbed = at;
        let bytes = (self.settings.scrub_mib_per_second << 20).saturating_mul(MINUTE.as_secs());
        let since = Timestamp::from_micros(at.as_micros() - days * DAY);
        let found = self.opened.lake.scrub(bytes, since, at).await?;
        let ctx = Context::job("scrub", Scope::All, at);
        let damaged = found.damaged.iter().map(|(file, damage)| (file, Some(damage.as_str())));
        for (file, damage) in damaged.chain(found.healed.iter().map(|file| (file, None))) {
            self.opened.ops.note_damage(&ctx, &file.customer, &file.path, damage).await?;
        }
        Ok(())
    }
}
