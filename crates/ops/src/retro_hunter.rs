//! The worker that runs hunts. A hunt that a stop or a crash cut short begins again at the next start: what it writes
//! takes the place of what it wrote before.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lake::{HuntWatch, Hunted, Target};
use model::intel::{Hit, RetroHunt, RetroHuntState};
use model::{Context, HitId, Scope, TimeRange, Timestamp};
use store::RetroHuntOutcome;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::Ops;
use crate::error::{Error, Result};

/// Hunts at a time: one that reads long must not keep the next one waiting.
const AT_ONCE: usize = 3;

/// Hits kept of a hunt, and how often waiting hunts are looked for without being told.
const MOST_HITS: usize = 100_000;
const POLL: Duration = Duration::from_secs(2);

/// Hunts that are waiting, one after another, while the server runs.
pub struct RetroHunters {
    ops: Ops,
}

impl RetroHunters {
    /// Over these use cases.
    pub fn new(ops: Ops) -> Self {
        RetroHunters { ops }
    }

    /// Runs until `shutdown` is ready; hunts under way stop then and begin again at the next start.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        tokio::pin!(shutdown);
        let mut commits = self.ops.commits();
        let mut running = JoinSet::new();
        loop {
            commits.mark_unchanged();
            match self.ops.waiting_hunts().await {
                Ok(hunts) => {
                    for hunt in hunts {
                        if running.len() >= AT_ONCE {
                            break;
                        }
                        let Some(watch) = self.ops.retro_hunts().begin(&hunt.id) else { continue };
                        let ops = self.ops.clone();
                        running.spawn(async move { ops.run_retro_hunt(&hunt, watch).await });
                    }
                }
                Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "cannot look for hunts"),
            }
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = running.join_next(), if !running.is_empty() => {}
                _ = timeout(POLL, commits.changed()) => {}
            }
        }
        self.ops.retro_hunts().stop_all();
        while running.join_next().await.is_some() {}
    }
}

impl Ops {
    /// Runs every hunt that waits, to its end; gives how many. For those who have no worker running.
    pub async fn run_waiting_retro_hunts(&self) -> Result<usize> {
        let mut count = 0;
        for hunt in self.waiting_hunts().await? {
            if let Some(watch) = self.retro_hunts().begin(&hunt.id) {
                self.run_retro_hunt(&hunt, watch).await;
                count += 1;
            }
        }
        Ok(count)
    }

    async fn waiting_hunts(&self) -> Result<Vec<RetroHunt>> {
        let ctx = Context::job("retro-hunt", Scope::All, now());
        Ok(self.store().read(&ctx).await?.open_retro_hunts().await?)
    }

    async fn run_retro_hunt(&self, hunt: &RetroHunt, watch: Arc<HuntWatch>) {
        let done = self.try_retro_hunt(hunt, &watch).await;
        if let Err(error) = done {
            tracing::error!(hunt = %hunt.id, error = &error as &dyn std::error::Error, "a hunt failed");
            let outcome = RetroHuntOutcome {
                state: RetroHuntState::Failed,
                progress: watch.progress(),
                more: false,
                error: Some(causes(&error)),
                finished: Some(now()),
            };
            if let Err(error) = self.note(hunt, &outcome, None).await {
                tracing::error!(hunt = %hunt.id, error = &error as &dyn std::error::Error, "cannot note a failed hunt");
            }
        }
        self.retro_hunts().end(&hunt.id);
    }

    /// Looks, tells what is known, reads, tells the rest.
    async fn try_retro_hunt(&self, hunt: &RetroHunt, watch: &Arc<HuntWatch>) -> Result<()> {
        let ctx = Context::job("retro-hunt", Scope::All, now());
        let mut tx = self.store().write(&ctx).await?;
        if !tx.start_retro_hunt(&hunt.id, ctx.now()).await? {
            return Ok(());
        }
        tx.commit().await?;
        let target = self.target(&ctx, hunt).await?;
        let scope = match &hunt.customers {
            None => Scope::All,
            Some(customers) => Scope::Customers(Arc::new(customers.iter().cloned().collect::<BTreeSet<_>>())),
        };
        let among = Context::job("retro-hunt", scope, now());
        let ever = TimeRange { from: Timestamp::from_micros(i64::MIN), to: Timestamp::from_micros(i64::MAX) };
        let range = hunt.range.unwrap_or(ever);
        let found = self.lake().hunt(&among, target.clone(), &[], range, watch.clone()).await?;
        let (hits, more) = hits(hunt, &target, found.hunted());
        let progress = watch.progress();
        let outcome = RetroHuntOutcome { state: RetroHuntState::Running, progress, more, error: None, finished: None };
        self.note(hunt, &outcome, Some(&hits)).await?;
        let found = found.read(watch.clone()).await?;
        let hunted = found.hunted();
        let error = (!hunted.damaged.is_empty()).then(|| passed_over(&hunted.damaged));
        let (hits, more) = self::hits(hunt, &target, hunted);
        if watch.is_stopped() {
            // Somebody cancelled it, which is noted; or the server stops, and it begins again.
            return self.keep_hits(hunt, &hits).await;
        }
        let outcome = RetroHuntOutcome {
            state: RetroHuntState::Done,
            progress: watch.progress(),
            more,
            error,
            finished: Some(now()),
        };
        self.note(hunt, &outcome, Some(&hits)).await
    }

    async fn target(&self, ctx: &Context, hunt: &RetroHunt) -> Result<Arc<Target>> {
        if hunt.added_since.is_none()
            && let Some(target) = self.retro_hunts().take_ready(&hunt.list)
        {
            return Ok(target);
        }
        let mut indicators = self.store().read(ctx).await?.intel_list_indicators(&hunt.list).await?;
        if let Some(since) = hunt.added_since {
            indicators.retain(|indicator| indicator.detail().added.is_some_and(|added| added >= since));
        }
        let made = tokio::task::spawn_blocking(move || Target::of(indicators)).await;
        Ok(Arc::new(made.map_err(|_| Error::Unavailable("the list could not be made ready"))?))
    }

    /// What became of a hunt, and what it found, in one transaction. One that is over already stays as it is.
    async fn note(&self, hunt: &RetroHunt, outcome: &RetroHuntOutcome, hits: Option<&[Hit]>) -> Result<()> {
        let ctx = Context::job("retro-hunt", Scope::All, now());
        let mut tx = self.store().write(&ctx).await?;
        if !tx.note_retro_hunt(&hunt.id, outcome).await? {
            return Ok(());
        }
        if let Some(hits) = hits {
            tx.replace_hits(&hunt.id, hits).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn keep_hits(&self, hunt: &RetroHunt, hits: &[Hit]) -> Result<()> {
        let ctx = Context::job("retro-hunt", Scope::All, now());
        let mut tx = self.store().write(&ctx).await?;
        tx.replace_hits(&hunt.id, hits).await?;
        Ok(tx.commit().await?)
    }
}

/// The hits to be kept, the latest seen first, and whether there are more.
fn hits(hunt: &RetroHunt, target: &Target, hunted: Hunted) -> (Vec<Hit>, bool) {
    let mut sightings = hunted.sightings;
    let more = sightings.len() > MOST_HITS;
    if more {
        sightings.sort_by_key(|seen| std::cmp::Reverse(seen.last));
        sightings.truncate(MOST_HITS);
    }
    let hits = sightings.into_iter().map(|seen| {
        let indicator = target.indicators()[seen.indicator as usize].clone();
        let parts = [hunt.id.as_str(), seen.customer.as_str(), indicator.kind.as_str(), &indicator.value];
        Hit {
            id: HitId::derived(hunt.created, &parts.map(str::as_bytes)),
            hunt: hunt.id.clone(),
            customer: seen.customer,
            indicator,
            first: seen.first,
            last: seen.last,
            count: seen.count.min(i64::MAX as u64) as i64,
            exact: seen.exact,
            samples: seen.samples,
        }
    });
    (hits.collect(), more)
}

fn passed_over(damaged: &[String]) -> String {
    format!("{} damaged files of events were passed over: run `vedette lake verify`", damaged.len())
}

fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn now() -> Timestamp {
    SystemTime::now().into()
}
