//! The worker that asks hunts' queries: one query of one customer at a time, so that searches of people never wait for it
//! by more than one. Each answer is kept the moment it is there; a run that a stop or a crash cut short says so after the
//! next start and goes on where it stopped when somebody wants it to.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use lake::{HuntWatch, Target};
use model::event::StoredEvent;
use model::hunt::{HuntQuestion, HuntResult, HuntRun, HuntRunState, HuntSample, MOST_SAMPLES, condition};
use model::role::Permission;
use model::search::EventQuery;
use model::{Context, CustomerId, EventId, IntelListId, PageRequest, Scope, TimeRange, Timestamp, UserId};
use serde_json::json;
use store::HuntTask;
use tokio::time::timeout;

use crate::backtest::Backtest;
use crate::error::{Error, Result};
use crate::session::{permissions_of, sees};
use crate::{Ops, audit, optional};

/// One query of one customer may take so long.
const TIME: Duration = Duration::from_secs(120);
/// Events of one customer that one query looks through, at most: those of the latest part of its range.
const ROWS: u64 = 50_000_000;
/// How often is looked whether somebody stopped the run.
const LOOK: Duration = Duration::from_secs(1);
/// How often waiting runs and due rounds are looked for without being told.
const POLL: Duration = Duration::from_secs(2);
const ROUNDS: Duration = Duration::from_secs(60);
/// Characters kept of a sample's record and of a value, and fields.
const RAW: usize = 8000;
const VALUE: usize = 500;
const FIELDS: usize = 40;

/// Runs waiting hunts while the server runs, and makes the hunts of programmes.
pub struct HuntWorker {
    ops: Ops,
}

impl HuntWorker {
    /// Over these use cases.
    pub fn new(ops: Ops) -> Self {
        HuntWorker { ops }
    }

    /// Runs until `shutdown` is ready; a run under way is interrupted then.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let work = async {
            while let Err(error) = self.ops.interrupt_hunt_runs(now()).await {
                tracing::error!(error = &error as &dyn std::error::Error, "runs of hunts cannot be looked at");
                tokio::time::sleep(POLL).await;
            }
            let mut commits = self.ops.commits();
            let mut looked: Option<Instant> = None;
            loop {
                commits.mark_unchanged();
                if looked.is_none_or(|last| last.elapsed() >= ROUNDS) {
                    looked = Some(Instant::now());
                    if let Err(error) = self.ops.make_due_hunts(now()).await {
                        tracing::error!(error = &error as &dyn std::error::Error, "hunts of programmes cannot be made");
                    }
                }
                match self.ops.run_next_hunt(now()).await {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "a hunt cannot be run"),
                }
                let _ = timeout(POLL, commits.changed()).await;
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = shutdown => {}
        }
        // What cannot be noted now is noted at the next start.
        let _ = self.ops.interrupt_hunt_runs(now()).await;
    }
}

/// What is known of a customer's events during a run.
#[derive(Default)]
struct Known {
    targets: BTreeMap<IntelListId, Arc<Target>>,
    ranges: BTreeMap<(CustomerId, i64, i64), TimeRange>,
    may: BTreeMap<CustomerId, bool>,
}

/// An answer before it is put down.
struct Answer {
    count: i64,
    things: Option<i64>,
    range: TimeRange,
    truncated: bool,
    samples: Vec<HuntSample>,
}

impl Ops {
    /// Says of runs under way that they were interrupted; gives how many. For the start, when none can be.
    pub async fn interrupt_hunt_runs(&self, now: Timestamp) -> Result<usize> {
        let ctx = Context::job("hunt", Scope::All, now);
        let mut tx = self.store().write(&ctx).await?;
        let cut_short = tx.hunt_runs_in(&[HuntRunState::Running]).await?;
        for run in &cut_short {
            tx.move_hunt_run(&run.id, HuntRunState::Running, HuntRunState::Interrupted).await?;
            tx.audit(audit(None, "hunt.run_interrupted", &run.hunt, json!({"run": run.id, "done": run.done}))).await?;
        }
        tx.commit().await?;
        Ok(cut_short.len())
    }

    /// Runs the run that has waited longest, to its end; gives whether there was one.
    pub async fn run_next_hunt(&self, now: Timestamp) -> Result<bool> {
        let ctx = Context::job("hunt", Scope::All, now);
        let waiting = self.store().read(&ctx).await?.hunt_runs_in(&[HuntRunState::Queued]).await?;
        let Some(run) = waiting.into_iter().next() else { return Ok(false) };
        let mut tx = self.store().write(&ctx).await?;
        if !tx.move_hunt_run(&run.id, HuntRunState::Queued, HuntRunState::Running).await? {
            return Ok(true);
        }
        let tasks = tx.open_hunt_tasks(&run.id).await?;
        tx.commit().await?;
        let mut known = Known::default();
        for task in tasks {
            match self.ask_task(&run, &task, &mut known).await {
                Ok(true) => {}
                Ok(false) => return Ok(true),
                Err(error) => {
                    // The answer could not be kept: somebody goes on with it when that is mended.
                    self.interrupt_hunt_runs(self::now()).await?;
                    return Err(error);
                }
            }
        }
        let ctx = Context::job("hunt", Scope::All, self::now());
        let mut tx = self.store().write(&ctx).await?;
        if tx.move_hunt_run(&run.id, HuntRunState::Running, HuntRunState::Done).await? {
            tx.audit(audit(None, "hunt.run_done", &run.hunt, json!({"run": run.id}))).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Asks one thing and keeps the answer. Gives whether the run goes on.
    async fn ask_task(&self, run: &HuntRun, task: &HuntTask, known: &mut Known) -> Result<bool> {
        // The work is bound to the one customer: what it finds can be of no other.
        let ctx = Context::job("hunt", Scope::one(task.customer.clone()), now());
        let (begun, watch) = (Instant::now(), Arc::new(HuntWatch::default()));
        let answered = tokio::select! {
            answered = timeout(TIME, self.answer(&ctx, run, task, known, &watch)) => Some(answered),
            () = self.stopped(run) => None,
        };
        watch.stop();
        let Some(answered) = answered else { return Ok(false) };
        let answered = match answered {
            Ok(answered) => answered,
            Err(_) => {
                Err(Error::TooCostly(format!("took longer than {} s: narrow the query or its time", TIME.as_secs())))
            }
        };
        let at = now();
        let ctx = Context::job("hunt", Scope::one(task.customer.clone()), at);
        let mut tx = self.store().write(&ctx).await?;
        if !tx.finish_hunt_task(&run.id, task).await? {
            return Ok(false);
        }
        // Left out of the hunt meanwhile.
        let Some(hunt) = optional(tx.get_hunt(&run.hunt).await)? else { return Ok(true) };
        let problem = answered.as_ref().err().map(told);
        if task.query == HuntTask::DATA {
            let events = answered.ok().flatten().map(|answer| answer.count);
            tx.note_hunt_data(&run.hunt, &task.customer, events, problem.as_deref()).await?;
        } else if let Some(query) = hunt.data.query(&task.query) {
            let range = query.range(at);
            let nothing = || Answer { count: 0, things: None, range, truncated: false, samples: Vec::new() };
            let answer = answered.ok().flatten().unwrap_or_else(nothing);
            let result = HuntResult {
                customer: task.customer.clone(),
                query: task.query.clone(),
                asked: query.ask.clone(),
                run: run.id.clone(),
                count: answer.count,
                things: answer.things,
                from: answer.range.from,
                to: answer.range.to,
                truncated: answer.truncated,
                problem,
                took_ms: begun.elapsed().as_millis() as i64,
                by: run.asked_by.clone(),
                at,
                samples: answer.samples,
            };
            tx.put_hunt_result(&run.hunt, &result).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Ready once the run is no longer under way.
    async fn stopped(&self, run: &HuntRun) {
        loop {
            tokio::time::sleep(LOOK).await;
            let ctx = Context::job("hunt", Scope::All, now());
            let stands = async { optional(self.store().read(&ctx).await?.get_hunt_run(&run.id).await) };
            match stands.await {
                Ok(Some(stands)) if stands.state == HuntRunState::Running => {}
                Ok(_) => return,
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "a run cannot be looked at"),
            }
        }
    }

    /// Nothing for a query that is no longer in the hunt.
    async fn answer(
        &self,
        ctx: &Context,
        run: &HuntRun,
        task: &HuntTask,
        known: &mut Known,
        watch: &Arc<HuntWatch>,
    ) -> Result<Option<Answer>> {
        if !self.may_still(run.asked_user.as_ref(), &task.customer, known).await? {
            return Err(Error::TooCostly("who asked for this may no longer hunt at this customer".to_owned()));
        }
        let Some(hunt) = optional(self.store().read(ctx).await?.get_hunt(&run.hunt).await)? else { return Ok(None) };
        if task.query == HuntTask::DATA {
            let wanted = self.latest(ctx, &task.customer, hunt.data.needed_range(ctx.now()), known).await?;
            let needs = condition(&hunt.data.needs).map_err(|problem| Error::invalid("needs", &problem))?;
            let query = EventQuery { condition: needs, ..EventQuery::all(wanted) };
            let count = self.lake().count(ctx, &query).await?;
            return Ok(Some(Answer {
                count: whole(count),
                things: None,
                range: wanted,
                truncated: false,
                samples: Vec::new(),
            }));
        }
        let Some(query) = hunt.data.query(&task.query) else { return Ok(None) };
        let wanted = query.range(ctx.now());
        let answer = match &query.ask {
            HuntQuestion::Search { q } => {
                let range = self.latest(ctx, &task.customer, wanted, known).await?;
                let condition = condition(q).map_err(|problem| Error::invalid("queries", &problem))?;
                let page = PageRequest::new(MOST_SAMPLES, None);
                let query = EventQuery { condition, page, ..EventQuery::all(range) };
                let count = self.lake().count(ctx, &query).await?;
                let found = if count == 0 { Vec::new() } else { self.lake().search(ctx, &query).await?.items };
                let samples = found.iter().map(sample).collect();
                Answer { count: whole(count), things: None, range, truncated: range != wanted, samples }
            }
            HuntQuestion::List { list } => self.seen(ctx, task, list, wanted, known, watch).await?,
            HuntQuestion::UseCase { text } => {
                let asked = Backtest {
                    rule: None,
                    text: Some(text.clone()),
                    customers: vec![task.customer.clone()],
                    from: wanted.from,
                    to: wanted.to,
                };
                let held = self.hold_against(ctx, &asked, text.clone()).await?;
                if let Some(mistake) = held.mistakes.first() {
                    return Err(Error::TooCostly(format!("the rule cannot be used: {mistake}")));
                }
                let samples = self.samples(ctx, held.samples.iter().map(|sample| sample.event)).await?;
                let range = TimeRange { from: held.from, to: held.to };
                Answer { count: held.fired, things: None, range, truncated: !held.complete, samples }
            }
        };
        Ok(Some(answer))
    }

    /// Which indicators of a list were seen.
    async fn seen(
        &self,
        ctx: &Context,
        task: &HuntTask,
        list: &IntelListId,
        range: TimeRange,
        known: &mut Known,
        watch: &Arc<HuntWatch>,
    ) -> Result<Answer> {
        // A list for some customers is looked for at those only: to others it would tell what it holds.
        let mut tx = self.store().read(ctx).await?;
        if optional(tx.get_intel_list(list).await)?.is_none() {
            return Err(Error::TooCostly("the list is gone, or not for this customer".to_owned()));
        }
        if !known.targets.contains_key(list) {
            let indicators = tx.intel_list_indicators(list).await?;
            let made = tokio::task::spawn_blocking(move || Target::of(indicators)).await;
            let made = made.map_err(|_| Error::Unavailable("the list could not be made ready"))?;
            known.targets.insert(list.clone(), Arc::new(made));
        }
        drop(tx);
        let Some(target) = known.targets.get(list).cloned() else {
            return Err(Error::Unavailable("the list could not be made ready"));
        };
        let found = self.lake().hunt(ctx, target, &[], range, watch.clone()).await?;
        let hunted = found.read(watch.clone()).await?.hunted();
        let mut seen: Vec<_> = hunted.sightings.iter().filter(|seen| seen.customer == task.customer).collect();
        seen.sort_by_key(|seen| std::cmp::Reverse(seen.last));
        let events = seen.iter().flat_map(|seen| seen.samples.iter().rev().take(2)).map(|sample| sample.id);
        let mut distinct: Vec<EventId> = Vec::new();
        for event in events {
            if distinct.len() < MOST_SAMPLES && !distinct.contains(&event) {
                distinct.push(event);
            }
        }
        Ok(Answer {
            count: whole(seen.iter().map(|seen| seen.count).sum()),
            things: Some(seen.len() as i64),
            range,
            truncated: !hunted.damaged.is_empty(),
            samples: self.samples(ctx, distinct.into_iter()).await?,
        })
    }

    async fn samples(&self, ctx: &Context, events: impl Iterator<Item = EventId>) -> Result<Vec<HuntSample>> {
        let mut samples = Vec::new();
        for event in events.take(MOST_SAMPLES) {
            samples.extend(self.lake().get(ctx, &event).await?.as_ref().map(sample));
        }
        Ok(samples)
    }

    /// The latest part of the range that has no more of the customer's events than are looked through.
    async fn latest(
        &self,
        ctx: &Context,
        customer: &CustomerId,
        range: TimeRange,
        known: &mut Known,
    ) -> Result<TimeRange> {
        // Two queries of a run look back from instants that are milliseconds apart.
        let key = (customer.clone(), range.from.as_micros() / 60_000_000, range.to.as_micros() / 60_000_000);
        if let Some(latest) = known.ranges.get(&key) {
            let from = if latest.from > range.from.plus(Duration::from_secs(60)) { latest.from } else { range.from };
            return Ok(TimeRange { from, ..range });
        }
        let everything = EventQuery::all(range);
        let latest = match self.lake().count(ctx, &everything).await? {
            count if count > ROWS => self.latest_rows(ctx, &everything, ROWS).await?,
            _ => range,
        };
        known.ranges.insert(key, latest);
        Ok(latest)
    }

    /// Whether the person behind a run may still look at this customer.
    async fn may_still(&self, user: Option<&UserId>, customer: &CustomerId, known: &mut Known) -> Result<bool> {
        let Some(user) = user else { return Ok(true) };
        if let Some(may) = known.may.get(customer) {
            return Ok(*may);
        }
        let ctx = Context::job("hunt", Scope::All, now());
        let user = optional(self.store().read(&ctx).await?.get_user(user).await)?;
        let may = user.is_some_and(|user| {
            let has = permissions_of(&user);
            let wanted = [Permission::HuntWrite, Permission::EventRead];
            user.data.active && sees(&user, customer) && wanted.iter().all(|wanted| has.contains(wanted))
        });
        known.may.insert(customer.clone(), may);
        Ok(may)
    }
}

fn sample(event: &StoredEvent) -> HuntSample {
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.chars().take(VALUE).collect(),
        other => other.to_string().chars().take(VALUE).collect::<String>(),
    };
    HuntSample {
        event: event.id,
        time: event.time,
        device: event.device.clone(),
        source: event.source.clone(),
        fields: event.core.iter().take(FIELDS).map(|(name, value)| (name.clone(), text(value))).collect(),
        raw: event.raw.chars().take(RAW).collect(),
    }
}

/// What somebody is told of a failure: what they can do something about, and no more of ours.
fn told(error: &Error) -> String {
    match error {
        Error::TooCostly(told) | Error::NotNow(told) => told.clone(),
        Error::Invalid { .. } | Error::Unavailable(_) => error.to_string(),
        _ => {
            tracing::error!(error = error as &dyn std::error::Error, "a query of a hunt failed");
            "something failed on our side; it is in the log".to_owned()
        }
    }
}

fn whole(count: u64) -> i64 {
    count.min(i64::MAX as u64) as i64
}

fn now() -> Timestamp {
    SystemTime::now().into()
}
