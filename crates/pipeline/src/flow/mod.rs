//! From the log to lake and store: one worker thread that judges records in order, one task that commits.
//!
//! Positions make a replay harmless. Each store commit holds the alerts, the device counters and the watermark up to
//! which they stand. Every so often it also holds a checkpoint: what changed in the state of correlations and open alerts
//! up to a sequence. A start reads the log from the lower of checkpoint and lake position: records below the checkpoint only
//! refill the lake's memory, records between checkpoint and watermark rebuild the state, the rest is new. The same records
//! under the same rules give the same alerts, with the same ids. In a flood an alert that only grew may be written after
//! the watermark has passed, but never after the next checkpoint: what the replay makes grow is written again.

mod aggregate;
mod alert;
mod checkpoint;
mod commit;
mod count;
mod detect;
mod detection;
mod evidence;
mod indicators;
mod pace;
mod profiles;
mod received;
mod rules;
mod storm;
mod worker;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use formats::Parser;
use lake::Lake;
use model::{Context, Scope};
use store::Store;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::names::NameDirectory;
use crate::rulings::Ruleset;
use crate::stats::Counters;
use commit::Committer;
use receive::Intake;
use receive::wal::{Kind, Wal};
use rules::{IntelRecord, ParsersRecord, RulesRecord};
use worker::Worker;

/// Settings of the flow.
#[derive(Debug, Clone)]
pub struct FlowConfig {
    /// Records judged together, at most.
    pub batch_records: usize,
    /// Waiting for a batch to fill up, at most.
    pub batch_wait: Duration,
    /// Alerts wait for the next commit at most about this long.
    pub commit_every: Duration,
    /// Without alerts positions are committed this often.
    pub position_every: Duration,
    /// The state of correlations and open alerts is kept this often; a start replays what came after.
    pub checkpoint_every: Duration,
    /// Alerts a customer may have open to further detections; beyond, the one that was quiet longest closes.
    pub open_alerts: usize,
    /// Bytes of the lake that may wait in memory; beyond, the flow waits for a flush.
    pub lake_memory: usize,
}

impl Default for FlowConfig {
    fn default() -> Self {
        FlowConfig {
            batch_records: 2000,
            batch_wait: Duration::from_millis(50),
            commit_every: Duration::from_millis(100),
            position_every: Duration::from_secs(2),
            checkpoint_every: Duration::from_secs(30),
            open_alerts: 2000,
            lake_memory: 1 << 30,
        }
    }
}

/// What the flow works with.
pub(crate) struct FlowParts {
    pub wal: Arc<Wal>,
    pub store: Store,
    pub lake: Lake,
    pub parser: Parser,
    pub rules: Ruleset,
    pub intel: Arc<intel::Index>,
    pub names: NameDirectory,
    pub intake: Intake,
    pub counters: Arc<Counters>,
}

/// Orders to the worker, and rule sets that wait for their place in the log.
#[derive(Default)]
pub(crate) struct Orders {
    /// Stop where you are.
    pub abort: AtomicBool,
    /// The log is closed: stop at its end.
    pub finish: AtomicBool,
    rule_sets: Mutex<HashMap<String, Ruleset>>,
    parsers: Mutex<HashMap<String, Parser>>,
    indexes: Mutex<HashMap<String, Arc<intel::Index>>>,
    questions: Mutex<Vec<profiles::Question>>,
}

impl Orders {
    fn offer(&self, hash: String, rules: Ruleset) {
        self.rule_sets.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, rules);
    }

    fn take(&self, hash: &str) -> Option<Ruleset> {
        self.rule_sets.lock().unwrap_or_else(PoisonError::into_inner).remove(hash)
    }
}

impl Orders {
    fn offer_parser(&self, hash: String, parser: Parser) {
        self.parsers.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, parser);
    }

    fn take_parser(&self, hash: &str) -> Option<Parser> {
        self.parsers.lock().unwrap_or_else(PoisonError::into_inner).remove(hash)
    }
}

impl Orders {
    fn offer_index(&self, hash: String, index: Arc<intel::Index>) {
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, index);
    }

    fn take_index(&self, hash: &str) -> Option<Arc<intel::Index>> {
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner).remove(hash)
    }
}

/// The running flow.
pub(crate) struct Flow {
    wal: Arc<Wal>,
    /// The rules in force, or those that wait for their place in the log.
    rules: Mutex<Ruleset>,
    /// The indicators looked for, or those that wait for their place in the log.
    intel: Mutex<Arc<intel::Index>>,
    orders: Arc<Orders>,
    abort: CancellationToken,
    worker: tokio::sync::Mutex<Option<JoinHandle<()>>>,
    committer: tokio::sync::Mutex<Option<tokio::task::JoinHandle<()>>>,
}

impl Flow {
    /// Reads the positions and starts where they say.
    pub(crate) async fn start(parts: FlowParts, config: FlowConfig) -> Result<Flow, Error> {
        let context = Context::job("pipeline", Scope::All, SystemTime::now().into());
        let mut tx = parts.store.read(&context).await?;
        let (log, shard) = (parts.wal.log(), parts.wal.shard());
        let start = checkpoint::load(&mut tx, log, shard).await?;
        drop(tx);
        let durable = parts.wal.durable();
        if start.watermark.max(start.lake) > durable {
            return Err(Error::LogBehind { ends: durable, known: start.watermark.max(start.lake) });
        }
        parts.counters.processed.store(start.first() - 1, Ordering::Relaxed);
        parts.intake.processed(start.first() - 1);
        parts.counters.committed.store(start.watermark, Ordering::Relaxed);

        if start.watermark < durable {
            let records = durable - start.watermark;
            tracing::info!(records, "the last run left records in the log that are judged first");
        }
        let (orders, abort) = (Arc::new(Orders::default()), CancellationToken::new());
        let (steps, incoming) = mpsc::channel(4);
        let record = RulesRecord::of(&parts.rules);
        parts.wal.append(vec![(Kind::CONTROL, record.encode())])?.durable().await?;
        let committer = Committer::new(&parts, &config, &start, abort.clone());
        let (wal, rules) = (parts.wal.clone(), Mutex::new(parts.rules.clone()));
        let intel = Mutex::new(parts.intel.clone());
        let worker = Worker::new(parts, config, start, orders.clone(), steps)?;
        let worker =
            std::thread::Builder::new().name("pipeline".into()).spawn(move || worker.run()).map_err(Error::Thread)?;
        let committer = tokio::spawn(committer.run(incoming));
        let (worker, committer) = (tokio::sync::Mutex::new(Some(worker)), tokio::sync::Mutex::new(Some(committer)));
        Ok(Flow { wal, rules, intel, orders, abort, worker, committer })
    }

    /// Judges by these rules from a place in the log on; returns when that place is durable.
    pub(crate) async fn set_rules(&self, rules: Ruleset) -> Result<(), Error> {
        let before = std::mem::replace(&mut *self.rules.lock().unwrap_or_else(PoisonError::into_inner), rules.clone());
        // The first events under the new rules do not wait for their tables.
        let new = rules.rules.clone();
        let prepare = move || (!Arc::ptr_eq(&new, &before.rules)).then(|| new.prepare_like(&before.rules));
        if let Err(error) = tokio::task::spawn_blocking(prepare).await {
            tracing::warn!(%error, "the new rules are made ready as events come");
        }
        let record = RulesRecord::of(&rules);
        self.orders.offer(record.hash.clone(), rules);
        self.wal.append(vec![(Kind::CONTROL, record.encode())])?.durable().await?;
        Ok(())
    }

    /// Parses by these sources from a place in the log on; returns when that place is durable.
    pub(crate) async fn set_parser(&self, parser: Parser) -> Result<(), Error> {
        let record = ParsersRecord::of(&parser);
        self.orders.offer_parser(record.hash.clone(), parser);
        self.wal.append(vec![(Kind::CONTROL, record.encode())])?.durable().await?;
        Ok(())
    }

    /// How large what is looked for is.
    pub(crate) fn intel_stats(&self) -> intel::IndexStats {
        self.intel.lock().unwrap_or_else(PoisonError::into_inner).stats()
    }

    /// Looks for these indicators from a place in the log on; returns when that place is durable.
    pub(crate) async fn set_intel(&self, index: Arc<intel::Index>) -> Result<(), Error> {
        let record = IntelRecord::of(&index);
        *self.intel.lock().unwrap_or_else(PoisonError::into_inner) = index.clone();
        self.orders.offer_index(record.hash.clone(), index);
        self.wal.append(vec![(Kind::CONTROL, record.encode())])?.durable().await?;
        Ok(())
    }

    /// The log is closed: go on to its end, commit everything, stop.
    pub(crate) async fn finish(&self) {
        self.orders.finish.store(true, Ordering::Release);
        self.joined().await;
    }

    /// Stop at once; what is not committed is replayed at the next start.
    pub(crate) async fn abort(&self) {
        self.order_abort();
        self.joined().await;
    }

    fn order_abort(&self) {
        self.orders.abort.store(true, Ordering::Release);
        self.abort.cancel();
    }

    /// Waits for both. Giving up the wait leaves the handles for the abort that follows.
    async fn joined(&self) {
        let mut committer = self.committer.lock().await;
        if let Some(task) = committer.as_mut() {
            if let Err(error) = task.await {
                tracing::error!(%error, "the committing task failed; the log is replayed at the next start");
            }
            committer.take();
        }
        if let Some(worker) = self.worker.lock().await.take() {
            // Its panic is printed by the runtime; the log is replayed at the next start.
            let _ = tokio::task::spawn_blocking(move || worker.join()).await;
        }
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.order_abort();
    }
}
