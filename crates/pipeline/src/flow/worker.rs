//! The thread that judges: reads the log in order and turns batches of it into steps to commit.

use std::borrow::Cow;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use formats::{Parser, text};
use lake::RowBatch;
use model::event::{Envelope, Event};
use model::{CustomerId, DeviceId, EventId, ExceptionId};
use store::{DeviceActivity, ExceptionHits, PeerActivity, Store};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::aggregate::Aggregator;
use super::checkpoint::{Part, Start};
use super::commit::Step;
use super::count::{self, Counts};
use super::detect::{Detector, Found};
use super::indicators::Indicators;
use super::profiles::ForgetRecord;
use super::received::{Devices, Who};
use super::rules::{IntelRecord, ParsersRecord, RulesRecord};
use super::{FlowConfig, FlowParts, Orders};
use crate::error::Error;
use crate::names::{NameDirectory, Names};
use crate::stats::{Counters, CpuClock, Stage};
use receive::Intake;
use receive::wal::{DataEntry, Kind, ReadBatch, Wal, WalError, WalReader};

/// Bytes read from the log at once.
const BATCH_BYTES: usize = 4 << 20;
/// Records parsed together.
const AT_ONCE: usize = 256;
/// How long the worker waits for records before it looks at its orders.
const LOOK_UP: Duration = Duration::from_millis(50);
/// The first checkpoint comes so soon after a start, the next ones after twice as long each until it is as long as set: a
/// server that never lives for long must not begin at the same place every time.
const FIRST_CHECKPOINT: Duration = Duration::from_secs(1);
/// A checkpoint may take at most this share of the time: one in so many parts.
const CHECKPOINT_SHARE: u32 = 20;
/// After names could not be loaded they are asked for again after so long.
const NAMES_RETRY: Duration = Duration::from_secs(5);

pub(super) struct Worker {
    wal: Arc<Wal>,
    reader: WalReader,
    parser: Parser,
    detector: Detector,
    indicators: Indicators,
    aggregator: Aggregator,
    devices: Devices,
    names: NameDirectory,
    nameless: HashMap<CustomerId, Instant>,
    store: Store,
    runtime: Handle,
    intake: Intake,
    counters: Arc<Counters>,
    config: FlowConfig,
    orders: Arc<Orders>,
    steps: mpsc::Sender<Step>,
    /// Records up to here are in the lake's files already,
    lake: u64,
    /// were part of the checkpoint,
    detected: u64,
    /// have their alerts written.
    written: u64,
    /// are in the counts of their devices.
    counted: u64,
    checkpointed: u64,
    /// Number of the next part of the state.
    next_part: u32,
    checkpoint_due: Instant,
    /// Until the next one after that.
    checkpoint_wait: Duration,
}

/// Why the worker cannot go on.
#[derive(Debug, thiserror::Error)]
enum Halt {
    #[error(transparent)]
    Wal(#[from] WalError),
    #[error("the task that commits events and alerts is gone")]
    NobodyCommits,
}

/// One record of the log with what is known of its sender.
struct Item<'b> {
    sequence: u64,
    entry: DataEntry<'b>,
    who: Arc<Who>,
}

/// What was made of a batch so far.
#[derive(Default)]
struct Made {
    rows: RowBatch,
    activity: HashMap<DeviceId, DeviceActivity>,
    peers: HashMap<(DeviceId, String), PeerActivity>,
    counts: Counts,
    excepted: HashMap<ExceptionId, ExceptionHits>,
}

impl Worker {
    pub(super) fn new(
        parts: FlowParts,
        config: FlowConfig,
        start: Start,
        orders: Arc<Orders>,
        steps: mpsc::Sender<Step>,
    ) -> Result<Self, Error> {
        let first = start.first();
        let (detected, lake, written, counted) = (start.detected(), start.lake, start.watermark, start.counted);
        let next_part = start.parts().end;
        let checkpoint = start.checkpoint.unwrap_or_default();
        Ok(Worker {
            reader: parts.wal.reader(first),
            wal: parts.wal,
            parser: parts.parser,
            detector: Detector::new(parts.rules, &checkpoint.state),
            indicators: Indicators(parts.intel),
            aggregator: Aggregator::new(config.open_alerts, checkpoint.alerts),
            devices: Devices::default(),
            names: parts.names,
            nameless: HashMap::new(),
            store: parts.store,
            runtime: Handle::current(),
            intake: parts.intake,
            counters: parts.counters,
            checkpoint_due: Instant::now() + config.checkpoint_every.min(FIRST_CHECKPOINT),
            checkpoint_wait: config.checkpoint_every.min(FIRST_CHECKPOINT),
            config,
            orders,
            steps,
            lake,
            detected,
            written,
            counted,
            checkpointed: detected,
            next_part,
        })
    }

    pub(super) fn run(mut self) {
        let why = match catch_unwind(AssertUnwindSafe(|| self.work())) {
            Ok(Ok(())) => return,
            Ok(Err(halt)) => halt.to_string(),
            Err(_) => "the thread that judges events panicked".to_owned(),
        };
        let at = self.reader.next_sequence();
        tracing::error!(why, at, "the flow cannot go on; intake stops until a restart");
        self.intake.fail(&why);
    }

    fn work(&mut self) -> Result<(), Halt> {
        loop {
            let begun = Instant::now();
            if self.orders.abort.load(Ordering::Acquire) {
                return Ok(());
            }
            for question in self.orders.questions() {
                question(self.detector.baselines());
            }
            let finishing = self.orders.finish.load(Ordering::Acquire);
            let wait = if finishing { Duration::ZERO } else { LOOK_UP };
            let mut clock = CpuClock::start();
            let batch = self.reader.read(self.config.batch_records, BATCH_BYTES, wait)?;
            clock.book(&self.counters, Stage::Read);
            let Some(position) = batch.last() else {
                let position = self.reader.next_sequence() - 1;
                let due = Instant::now() >= self.checkpoint_due && self.checkpointed < position;
                if finishing || due {
                    let step = self.step(Made::default(), position, finishing);
                    self.send(step)?;
                }
                if finishing {
                    return Ok(());
                }
                continue;
            };
            let made = self.judge(&batch, &mut clock)?;
            self.counters.processed.store(position, Ordering::Relaxed);
            self.intake.processed(position);
            let step = self.step(made, position, false);
            self.send(step)?;
            // A trickle is put together; a backlog is not waited for.
            let behind = self.wal.durable().saturating_sub(position) >= self.config.batch_records as u64;
            if !behind && !finishing {
                std::thread::sleep(self.config.batch_wait.saturating_sub(begun.elapsed()));
            }
        }
    }

    /// Hands a step over, waiting while the committing side is behind.
    fn send(&self, step: Step) -> Result<(), Halt> {
        match self.steps.blocking_send(step) {
            Err(_) if !self.orders.abort.load(Ordering::Acquire) => Err(Halt::NobodyCommits),
            _ => Ok(()),
        }
    }

    /// Everything up to `position` as a step, with a checkpoint where one is due.
    fn step(&mut self, made: Made, position: u64, last: bool) -> Step {
        let due = last || Instant::now() >= self.checkpoint_due;
        let checkpoint = (due && position > self.checkpointed.max(self.detected)).then(|| {
            let begun = Instant::now();
            let number = self.next_part;
            let (state, oldest) = self.detector.part(number);
            self.counters.correlated(self.detector.statistics());
            self.counters.profiled(self.detector.profiled());
            let alerts = self.aggregator.changes(number);
            (self.checkpointed, self.next_part) = (position, number + 1);
            self.checkpoint_wait = (self.checkpoint_wait * 2).min(self.config.checkpoint_every);
            self.checkpoint_due = Instant::now() + self.checkpoint_wait.max(begun.elapsed() * CHECKPOINT_SHARE);
            Part { sequence: position, number, oldest, state, alerts }
        });
        self.counters.closed_early.fetch_add(self.aggregator.take_closed_early(), Ordering::Relaxed);
        // Below the watermark the state is only rebuilt: the store may know more by now.
        let alerts = if position >= self.written { self.aggregator.take_dirty() } else { Vec::new() };
        Step {
            position,
            rows: made.rows,
            alerts,
            activity: made.activity.into_values().collect(),
            peers: made.peers.into_values().collect(),
            counts: made.counts,
            excepted: made.excepted.into_values().collect(),
            checkpoint,
            last,
        }
    }

    fn judge(&mut self, batch: &ReadBatch, clock: &mut CpuClock) -> Result<Made, WalError> {
        let mut made = Made::default();
        let mut items = Vec::with_capacity(batch.len());
        for record in batch.records() {
            match record.kind {
                Kind::DATA => {
                    let entry = DataEntry::decode(record.payload)?;
                    match self.devices.of(&entry) {
                        Some(who) => items.push(Item { sequence: record.sequence, entry, who }),
                        None => return Err(WalError::UnknownEntry),
                    }
                }
                Kind::CONTROL => {
                    // What stands before it is judged by what was in force before.
                    self.judge_items(std::mem::take(&mut items), &mut made, clock);
                    self.control(record.sequence, record.payload);
                }
                // Of a newer version; it says nothing that this one could act on.
                _ => {}
            }
        }
        self.judge_items(items, &mut made, clock);
        Ok(made)
    }

    fn control(&mut self, sequence: u64, payload: &[u8]) {
        if let Some(record) = ForgetRecord::decode(payload) {
            // Below the checkpoint it is forgotten already, and may have been learned again.
            if sequence > self.detected {
                let known = self.detector.forget(&record.customer, &record.rule, &record.group);
                tracing::info!(customer = %record.customer, rule = record.rule, known, "a group's profile is forgotten");
            }
            return;
        }
        if let Some(record) = ParsersRecord::decode(payload)
            && let Some(parser) = self.orders.take_parser(&record.hash)
        {
            tracing::info!(sources = record.sources, hash = record.hash, "new parsers are in force");
            self.parser = parser;
            return;
        }
        if let Some(record) = IntelRecord::decode(payload)
            && let Some(index) = self.orders.take_index(&record.hash)
        {
            tracing::info!(indicators = record.indicators, hash = record.hash, "other indicators are looked for");
            self.indicators = Indicators(index);
            // What was judged by the old ones is not judged anew after a kill.
            self.checkpoint_due = Instant::now();
            return;
        }
        let Some(record) = RulesRecord::decode(payload) else { return };
        // On a replay the sets of old are gone: the records are judged by today's.
        if let Some(rules) = self.orders.take(&record.hash) {
            tracing::info!(
                rules = record.rules,
                correlations = record.correlations,
                hash = record.hash,
                "new rules are in force"
            );
            self.detector.replace_rules(rules);
        }
    }

    /// A few records at a time: what is parsed is still in the processor's cache when it is stored and judged.
    fn judge_items(&mut self, items: Vec<Item<'_>>, made: &mut Made, clock: &mut CpuClock) {
        clock.book(&self.counters, Stage::Read);
        let parser = self.parser.clone();
        items.chunks(AT_ONCE).for_each(|items| self.judge_some(&parser, items, made, clock));
    }

    fn judge_some(&mut self, parser: &Parser, items: &[Item<'_>], made: &mut Made, clock: &mut CpuClock) {
        let texts: Vec<Cow<'_, str>> = items.iter().map(|item| text::decode(item.entry.raw)).collect();
        let parsed = self.parse_all(parser, items, &texts);
        clock.book(&self.counters, Stage::Parse);

        for (envelope, event) in parsed.iter().filter(|(envelope, _)| envelope.id.sequence > self.lake) {
            made.rows.push(envelope, event);
        }
        clock.book(&self.counters, Stage::Lake);

        for (item, (envelope, event)) in items.iter().zip(&parsed) {
            let sequence = envelope.id.sequence;
            if sequence <= self.detected {
                continue;
            }
            let names = self.names_of(&envelope.customer);
            let mut found = Found::default();
            let judged = catch_unwind(AssertUnwindSafe(|| {
                self.detector.observe(envelope, item.who.zone(), event, &names, &mut found);
                self.indicators.observe(event, &names, &self.detector.ruling(envelope), &mut found);
            }));
            if judged.is_err() {
                self.panicked(envelope, "detection");
            }
            if sequence > self.counted {
                made.counts.event(envelope, event);
                made.counts.found(envelope, &found);
            }
            if sequence > self.written {
                self.counters.detections.fetch_add(found.detections.len() as u64, Ordering::Relaxed);
                for exception in found.excepted {
                    count::exception(&mut made.excepted, exception, envelope.received);
                }
                count::activity(&mut made.activity, envelope, event);
                note_peer(&mut made.peers, envelope, &item.entry);
            }
            if !found.detections.is_empty() {
                // Reading the clock costs as much as judging an event no rule is for: only where it is worth it.
                clock.book(&self.counters, Stage::Detect);
                for detection in found.detections {
                    self.aggregator.add(detection);
                }
                clock.book(&self.counters, Stage::Aggregate);
            }
        }
        clock.book(&self.counters, Stage::Detect);
    }

    /// Parses a device's records one after the other: they are of one kind mostly, and the tables that take its records
    /// apart stay at hand. The events are in the order of the log.
    fn parse_all<'t>(
        &self,
        parser: &'t Parser,
        items: &[Item<'_>],
        texts: &'t [Cow<'_, str>],
    ) -> Vec<(Envelope, Event<'t>)> {
        let mut turns: Vec<usize> = (0..items.len()).collect();
        turns.sort_by_key(|turn| Arc::as_ptr(&items[*turn].who));
        let mut parsed: Vec<Option<(Envelope, Event<'t>)>> = Vec::new();
        parsed.resize_with(items.len(), || None);
        for turn in turns {
            parsed[turn] = Some(self.parse(parser, &items[turn], &texts[turn]));
        }
        parsed.into_iter().flatten().collect()
    }

    fn parse<'t>(&self, parser: &'t Parser, item: &Item<'_>, text: &'t str) -> (Envelope, Event<'t>) {
        let received = item.entry.received;
        let envelope = Envelope {
            id: EventId { log: self.wal.log(), shard: self.wal.shard(), sequence: item.sequence },
            customer: item.who.customer.clone(),
            device: item.who.device.clone(),
            received,
        };
        let hint = item.who.hint(received);
        let mut event = catch_unwind(AssertUnwindSafe(|| parser.parse(text, &hint))).unwrap_or_else(|_| {
            self.panicked(&envelope, "parsing");
            Event::unparsed(text, received)
        });
        tell_way(&mut event, &item.entry);
        let counter = if event.is_parsed() { &self.counters.parsed } else { &self.counters.unparsed };
        counter.fetch_add(1, Ordering::Relaxed);
        (envelope, event)
    }

    /// One record must not stop all others; it is kept, and the fault is told with its place in the log.
    fn panicked(&self, envelope: &Envelope, what: &str) {
        self.counters.panics.fetch_add(1, Ordering::Relaxed);
        tracing::error!(event = %envelope.id, device = %envelope.device, "{what} of a record failed; it is kept as it is");
    }

    fn names_of(&mut self, customer: &CustomerId) -> Arc<Names> {
        if let Some(names) = self.names.find(customer) {
            return names;
        }
        if self.nameless.get(customer).is_some_and(|asked| asked.elapsed() < NAMES_RETRY) {
            return Arc::default();
        }
        let loading = self.names.load(&self.store, customer, SystemTime::now().into());
        self.runtime.block_on(loading).unwrap_or_else(|error| {
            tracing::warn!(%customer, %error, "names of assets cannot be loaded; alerts go without for now");
            self.nameless.insert(customer.clone(), Instant::now());
            Arc::default()
        })
    }
}

/// Keeps where a collector had the record from, whatever the record says of it.
fn tell_way(event: &mut Event<'_>, entry: &DataEntry<'_>) {
    if !entry.peer.is_empty() {
        event.fields.set("log_source_address", entry.peer.to_owned());
    }
    match entry.listener.strip_prefix("file:") {
        Some(path) => event.fields.set("log_file_path", path.to_owned()),
        None if !entry.listener.is_empty() => event.fields.set("log_source_listener", entry.listener.to_owned()),
        None => {}
    }
}

/// Counts a record from an address no device is registered for.
fn note_peer(peers: &mut HashMap<(DeviceId, String), PeerActivity>, envelope: &Envelope, entry: &DataEntry<'_>) {
    if !entry.stranger || entry.peer.is_empty() {
        return;
    }
    let received = envelope.received;
    let noted = peers.entry((envelope.device.clone(), entry.peer.to_owned())).or_insert_with(|| PeerActivity {
        customer: envelope.customer.clone(),
        device: envelope.device.clone(),
        address: entry.peer.to_owned(),
        records: 0,
        first_seen: received,
        last_seen: received,
    });
    noted.records += 1;
    noted.first_seen = noted.first_seen.min(received);
    noted.last_seen = noted.last_seen.max(received);
}
