//! A lake in a folder of its own, customers, and events to put in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lake::{Lake, LakeConfig, LogPosition, RowBatch};
use model::event::{Envelope, Event, StoredEvent, Value};
use model::search::EventQuery;
use model::{Context, CustomerId, DeviceId, EventId, PageRequest, Scope, TimeRange, Timestamp};

use crate::catalogue::FileCatalogue;

pub const LOG: u32 = 0xC0FF_EE01;

/// A day in the middle of things.
pub const NOON: i64 = 1_795_262_400_000_000;

pub struct World {
    pub dir: tempfile::TempDir,
    pub catalogue: Arc<FileCatalogue>,
    pub lake: Lake,
    pub customers: Vec<CustomerId>,
    pub devices: Vec<DeviceId>,
}

impl World {
    pub async fn new() -> World {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut LakeConfig)) -> World {
        let dir = tempfile::tempdir().unwrap();
        let catalogue = Arc::new(FileCatalogue::open(dir.path().join("catalogue.json")));
        let mut config = config(dir.path().join("lake"));
        change(&mut config);
        let lake = Lake::open(config, catalogue.clone()).await.unwrap();
        let time = Timestamp::from_micros(NOON);
        let customers = (0..3u8).map(|number| CustomerId::derived(time, &[&[number]])).collect();
        let devices = (0..4u8).map(|number| DeviceId::derived(time, &[&[number]])).collect();
        World { dir, catalogue, lake, customers, devices }
    }

    /// As after the death of the process: memory is lost, files and catalogue are as they were.
    pub async fn reopen(self) -> World {
        drop(self.lake);
        let catalogue = Arc::new(FileCatalogue::open(self.dir.path().join("catalogue.json")));
        let lake = Lake::open(config(self.dir.path().join("lake")), catalogue.clone()).await.unwrap();
        World { dir: self.dir, catalogue, lake, customers: self.customers, devices: self.devices }
    }

    pub fn lake_dir(&self) -> PathBuf {
        self.dir.path().join("lake")
    }

    pub fn event(&self, customer: usize, sequence: u64) -> Made {
        Made {
            envelope: Envelope {
                id: EventId { log: LOG, shard: 0, sequence },
                customer: self.customers[customer].clone(),
                device: self.devices[customer].clone(),
                received: Timestamp::from_micros(NOON + sequence as i64),
            },
            time: Timestamp::from_micros(NOON + sequence as i64 * 1000),
            time_original: None,
            source: "test".into(),
            core: Vec::new(),
            fields: Vec::new(),
            raw: format!("event number {sequence}"),
        }
    }

    /// Appends events of shard 0 in order.
    pub fn append(&self, events: &[Made]) {
        append(&self.lake, events).unwrap();
    }

    /// One customer's context.
    pub fn owner(&self, customer: usize) -> Context {
        Context::job("test", Scope::one(self.customers[customer].clone()), Timestamp::from_micros(NOON))
    }

    pub fn everyone(&self) -> Context {
        Context::job("test", Scope::All, Timestamp::from_micros(NOON))
    }

    /// All pages of a query.
    pub async fn search_all(&self, context: &Context, query: &EventQuery, limit: usize) -> Vec<StoredEvent> {
        let mut query = EventQuery { page: PageRequest::new(limit, None), ..query.clone() };
        let mut events = Vec::new();
        loop {
            let page = self.lake.search(context, &query).await.unwrap();
            assert!(page.items.len() <= limit);
            events.extend(page.items);
            match page.next {
                Some(next) => query.page.after = Some(next),
                None => return events,
            }
        }
    }
}

pub fn config(dir: PathBuf) -> LakeConfig {
    LakeConfig {
        flush_rows: 1000,
        flush_age: Duration::from_secs(10),
        flush_bytes: 8 << 20,
        query_memory: 256 << 20,
        upkeep_share: 1.0,
        ..LakeConfig::new(dir)
    }
}

pub fn append(lake: &Lake, events: &[Made]) -> lake::Result<()> {
    let Some(last) = events.last() else { return Ok(()) };
    let mut batch = RowBatch::default();
    for event in events {
        event.push(&mut batch);
    }
    assert_eq!(batch.len(), events.len());
    let EventId { log, shard, sequence } = last.envelope.id;
    lake.append(batch, LogPosition { log, shard, sequence })
}

/// Everything that ever was or will be.
pub fn always() -> EventQuery {
    EventQuery::all(TimeRange { from: Timestamp::from_micros(i64::MIN), to: Timestamp::from_micros(i64::MAX) })
}

/// An event and what it should come back as.
#[derive(Debug, Clone)]
pub struct Made {
    pub envelope: Envelope,
    pub time: Timestamp,
    pub time_original: Option<String>,
    pub source: String,
    pub core: Vec<(String, Value<'static>)>,
    pub fields: Vec<(String, Value<'static>)>,
    pub raw: String,
}

impl Made {
    pub fn core(mut self, name: &str, value: impl Into<Value<'static>>) -> Self {
        self.core.push((name.into(), value.into()));
        self
    }

    pub fn field(mut self, name: &str, value: impl Into<Value<'static>>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    pub fn raw(mut self, raw: &str) -> Self {
        self.raw = raw.into();
        self
    }

    pub fn at(mut self, micros: i64) -> Self {
        self.time = Timestamp::from_micros(micros);
        self
    }

    pub fn push(&self, batch: &mut RowBatch) {
        let mut event = Event::unparsed(&self.raw, self.envelope.received);
        event.time = self.time;
        event.time_original = self.time_original.as_deref().map(Into::into);
        event.source = self.source.as_str().into();
        for (name, value) in &self.core {
            event.core.set(name.as_str(), value.clone());
        }
        for (name, value) in &self.fields {
            event.fields.set(name.as_str(), value.clone());
        }
        batch.push(&self.envelope, &event);
    }

    pub fn stored(&self) -> StoredEvent {
        let map = |pairs: &[(String, Value<'static>)]| -> BTreeMap<String, serde_json::Value> {
            pairs.iter().map(|(name, value)| (name.clone(), value.to_json())).collect()
        };
        StoredEvent {
            id: self.envelope.id,
            customer: self.envelope.customer.clone(),
            device: self.envelope.device.clone(),
            received: self.envelope.received,
            time: self.time,
            time_original: self.time_original.clone(),
            source: self.source.clone(),
            core: map(&self.core),
            fields: map(&self.fields),
            raw: self.raw.clone(),
        }
    }
}
