//! The whole: started, handed in to, drained.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use formats::Parser;
use intel::IndexStats;
use lake::Lake;
use model::baseline::{BaselineProgress, GroupProfile};
use model::{CustomerId, Timestamp};
use receive::listen::{Addresses, ListenConfig, Listeners};
use receive::wal::{Disk, OsDisk};
use receive::{Intake, ReceiveConfig, Receiver, SenderDirectory};
use store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::error::Error;
use crate::flow::{Flow, FlowConfig, FlowParts};
use crate::follow::Follower;
use crate::names::NameDirectory;
use crate::rulings::Ruleset;
use crate::stats::{Counters, PipelineStats};

/// Settings of the pipeline; [`PipelineConfig::new`] gives sensible ones without listeners.
#[derive(Debug, Clone)]
pub struct PipelineConfig {
    /// Receiving, and the log.
    pub receive: ReceiveConfig,
    /// The flow.
    pub flow: FlowConfig,
    /// The syslog listeners.
    pub listen: ListenConfig,
}

impl PipelineConfig {
    /// Defaults, with the log in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        PipelineConfig {
            receive: ReceiveConfig::new(dir),
            flow: FlowConfig::default(),
            listen: ListenConfig::default(),
        }
    }
}

/// What the pipeline works with.
pub struct PipelineParts {
    /// Alerts, positions, devices, names.
    pub store: Store,
    /// Events.
    pub lake: Lake,
    /// The sources.
    pub parser: Parser,
    /// The indicators looked for from the start.
    pub intel: Arc<intel::Index>,
    /// The rules in force from the start.
    pub rules: Ruleset,
}

/// The running pipeline.
pub struct Pipeline {
    receiver: Receiver,
    counters: Arc<Counters>,
    listeners: Listeners,
    flow: Flow,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Pipeline {
    /// Opens the log, replays what is not stored yet, and listens.
    pub async fn start(config: PipelineConfig, parts: PipelineParts) -> Result<Pipeline, Error> {
        Self::start_on(config, parts, Arc::new(OsDisk)).await
    }

    /// The same with the log on another disk: for crash tests.
    pub async fn start_on(
        config: PipelineConfig,
        parts: PipelineParts,
        disk: Arc<dyn Disk>,
    ) -> Result<Pipeline, Error> {
        let receiver = Receiver::open(config.receive, disk).await?;
        let counters = Arc::new(Counters::default());
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());

        let (senders, names) = (receiver.senders(), NameDirectory::default());
        senders.set_record_starts(parts.parser.sources().record_starts());
        let (store, stop_following) = (parts.store.clone(), stop.clone());
        let follower = Follower { store, senders, names: names.clone(), stop: stop_following };
        let place = follower.begin().await?;
        tasks.spawn(follower.run(place));

        let flow = FlowParts {
            wal: receiver.wal().clone(),
            store: parts.store,
            lake: parts.lake,
            parser: parts.parser,
            rules: parts.rules,
            intel: parts.intel,
            names,
            intake: receiver.intake(),
            counters: counters.clone(),
        };
        let flow = Flow::start(flow, config.flow).await?;
        let listeners = receiver.listen(config.listen).await?;
        Ok(Pipeline { receiver, counters, listeners, flow, stop, tasks })
    }

    /// The way in for other edges.
    pub fn intake(&self) -> Intake {
        self.receiver.intake()
    }

    /// Who may send.
    pub fn senders(&self) -> SenderDirectory {
        self.receiver.senders()
    }

    /// Where the syslog listeners are.
    pub fn addresses(&self) -> Addresses {
        self.listeners.addresses()
    }

    /// The counters now.
    pub fn stats(&self) -> PipelineStats {
        let (receive, counted) = (self.receiver.stats(), self.counters.snapshot());
        PipelineStats { lag: receive.wal_position.saturating_sub(counted.committed), receive, ..counted }
    }

    /// The log and its shard.
    pub fn log(&self) -> (u32, u16) {
        (self.receiver.wal().log(), self.receiver.wal().shard())
    }

    /// Judges by other rules from now on. Returns when the place in the log where they begin is durable.
    pub async fn set_rules(&self, rules: Ruleset) -> Result<(), Error> {
        self.flow.set_rules(rules).await
    }

    /// How many indicators are looked for, and how many hits warning lists took back since they are.
    pub fn intel_stats(&self) -> IndexStats {
        self.flow.intel_stats()
    }

    /// Looks for other indicators from now on. Returns when the place in the log where they begin is durable.
    pub async fn set_intel(&self, index: Arc<intel::Index>) -> Result<(), Error> {
        self.flow.set_intel(index).await
    }

    /// Parses by other sources from now on. Returns when the place in the log where they begin is durable.
    pub async fn set_parser(&self, parser: Parser) -> Result<(), Error> {
        self.receiver.senders().set_record_starts(parser.sources().record_starts());
        self.flow.set_parser(parser).await
    }

    /// How far baselines are, for every customer. Answered when the batch at hand is judged.
    pub async fn baseline_progress(&self) -> Vec<BaselineProgress> {
        self.flow.baseline_progress().await
    }

    /// The groups of a baseline heard of last, newest first, by their values.
    pub async fn latest_groups(&self, customer: CustomerId, rule: String, most: usize) -> Vec<Vec<String>> {
        self.flow.latest_groups(customer, rule, most).await
    }

    /// What is usual for a group, given by its values in the order the baseline groups by.
    pub async fn group_profile(
        &self,
        customer: CustomerId,
        rule: String,
        group: Vec<String>,
        now: Timestamp,
    ) -> Option<GroupProfile> {
        self.flow.group_profile(customer, rule, group, now).await
    }

    /// Forgets what is usual for a group: it learns anew. Returns when the place in the log where that holds is durable.
    pub async fn forget_group(&self, customer: CustomerId, rule: String, group: Vec<String>) -> Result<(), Error> {
        self.flow.forget_group(customer, rule, group).await
    }

    /// Waits until everything that is durable now is committed to the store; false if that takes longer.
    pub async fn settled(&self, timeout: Duration) -> bool {
        let target = self.receiver.wal().durable();
        let reached = async {
            while self.counters.committed.load(Ordering::Relaxed) < target {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(timeout, reached).await.is_ok()
    }

    /// Stops in order: listeners, log, flow to the end of the log, lake and positions to disk. When that takes too
    /// long it is broken off; what is missing is replayed at the next start.
    pub async fn drain(&self, timeout: Duration) -> Result<(), Error> {
        let orderly = async {
            self.listeners.drain().await;
            self.receiver.close().await;
            self.flow.finish().await;
        };
        let in_time = tokio::time::timeout(timeout, orderly).await.is_ok();
        self.abort().await;
        if let Some(why) = self.receiver.intake().failure() {
            return Err(Error::Stopped(why.to_string()));
        }
        let (committed, durable) = (self.counters.committed.load(Ordering::Relaxed), self.receiver.wal().durable());
        if in_time && committed == durable { Ok(()) } else { Err(Error::DrainTimeout { committed, durable }) }
    }

    /// Stops at once, as a kill does but with every thread gone on return. The next start replays the log.
    pub async fn abort(&self) {
        self.receiver.intake().close();
        self.listeners.abort().await;
        self.flow.abort().await;
        self.receiver.close().await;
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
