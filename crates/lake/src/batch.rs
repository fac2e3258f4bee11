//! Events of one shard, copied into columns per customer: what the pipeline hands in.

use std::net::IpAddr;

use arrow::array::{ArrayRef, Int32Builder, Int64Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder};
use arrow::datatypes::Schema;
use hashbrown::HashMap;
use model::core_field::{CORE_FIELDS, CoreType};
use model::event::{Envelope, Event, Fields, Value};
use model::{CustomerId, EventId, Timestamp};
use std::sync::Arc;

use crate::chunk::Chunk;
use crate::columns::{
    self, CORE_REST, DEVICE, FIELDS_REST, LOG, RAW, RECEIVED, SEQUENCE, SHARD, SOURCE, TIME, TIME_ORIGINAL,
};
use crate::error::Result;
use crate::json::ObjectWriter;

/// A customer's rows are cut into chunks of about this many bytes, far below what 32-bit offsets can address.
const CHUNK_BYTES: usize = 32 << 20;

/// Event times are kept below the end of the 64-bit range so that a half-open range can contain all of them.
const LATEST: i64 = i64::MAX - 1;

/// Events copied into columns, ready for [`crate::Lake::append`]. All must come from one shard, in log order.
#[derive(Debug, Default)]
pub struct RowBatch {
    customers: HashMap<CustomerId, Rows>,
    rows: usize,
    bytes: usize,
}

impl RowBatch {
    /// Copies one event. Sequence numbers stay below 2^63.
    pub fn push(&mut self, envelope: &Envelope, event: &Event<'_>) {
        if !self.customers.contains_key(&envelope.customer) {
            self.customers.insert(envelope.customer.clone(), Rows::default());
        }
        let rows = self.customers.get_mut(&envelope.customer).expect("it was inserted above");
        self.bytes += rows.push(envelope, event);
        self.rows += 1;
    }

    /// How many events.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// About how many bytes they take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The chunks of each customer, in log order.
    pub(crate) fn into_chunks(self) -> Result<Vec<(CustomerId, Vec<Chunk>)>> {
        self.customers.into_iter().map(|(customer, rows)| Ok((customer, rows.finish()?))).collect()
    }
}

/// One customer's rows under construction.
#[derive(Debug, Default)]
struct Rows {
    full: Vec<Columns>,
    open: Columns,
}

#[derive(Debug, Default)]
struct Columns {
    rows: usize,
    bytes: usize,
    log: Int64Builder,
    shard: Int32Builder,
    sequence: Int64Builder,
    device: StringBuilder,
    received: TimestampMicrosecondBuilder,
    time: TimestampMicrosecondBuilder,
    time_original: StringBuilder,
    source: StringBuilder,
    core: Vec<Option<CoreBuilder>>,
    core_rest: StringBuilder,
    /// Bit per core field: some row keeps its value in `core_rest`.
    marked: u128,
    fields: StringBuilder,
    raw: StringBuilder,
    object: ObjectWriter,
}

#[derive(Debug)]
enum CoreBuilder {
    Text(StringBuilder),
    Int(Int64Builder),
}

const _: () = assert!(CORE_FIELDS.len() <= 128, "`marked` has a bit for each core field");

impl Rows {
    fn push(&mut self, envelope: &Envelope, event: &Event<'_>) -> usize {
        let before = self.open.bytes;
        self.open.push(envelope, event);
        let added = self.open.bytes - before;
        if self.open.bytes >= CHUNK_BYTES {
            self.full.push(std::mem::take(&mut self.open));
        }
        added
    }

    fn finish(self) -> Result<Vec<Chunk>> {
        let open = (self.open.rows > 0).then_some(self.open);
        let parts = self.full.into_iter().chain(open);
        parts
            .map(|columns| {
                let marks = marks(columns.marked);
                Chunk::new(columns.finish()?, marks)
            })
            .collect()
    }
}

fn marks(marked: u128) -> Vec<String> {
    let names = CORE_FIELDS.iter().enumerate().filter(|(place, _)| marked >> place & 1 == 1);
    names.map(|(_, (name, _))| columns::mark(name)).collect()
}

impl Columns {
    fn push(&mut self, envelope: &Envelope, event: &Event<'_>) {
        let EventId { log, shard, sequence } = envelope.id;
        self.log.append_value(i64::from(log));
        self.shard.append_value(i32::from(shard));
        self.sequence.append_value(sequence as i64);
        self.device.append_value(envelope.device.as_str());
        self.received.append_value(envelope.received.as_micros());
        self.time.append_value(stored_time(event.time));
        self.time_original.append_option(event.time_original.as_deref());
        self.source.append_value(&event.source);
        self.push_core(&event.core);
        for (name, value) in event.fields.iter() {
            self.object.push(name, value);
        }
        let mut fields = 0;
        self.object.take(|object| {
            fields = object.map_or(0, str::len);
            self.fields.append_option(object);
        });
        self.raw.append_value(event.raw);
        self.rows += 1;
        self.bytes += event.raw.len() + fields + 200 + 24 * event.core.len();
    }

    fn push_core(&mut self, core: &Fields<'_>) {
        if self.core.is_empty() {
            self.core.resize_with(CORE_FIELDS.len(), || None);
        }
        for (name, value) in core.iter() {
            let place = columns::core_index(name);
            match (place, value) {
                (Some(place), Value::Int(value)) if CORE_FIELDS[place].1 == CoreType::Int => {
                    self.ints(place).append_value(*value);
                }
                (Some(place), Value::Str(text)) if fits(CORE_FIELDS[place].1, text) => {
                    self.bytes += text.len();
                    self.texts(place).append_value(text);
                }
                _ => {
                    if let Some(place) = place
                        && *value != Value::Null
                    {
                        self.marked |= 1 << place;
                    }
                    self.object.push(name, value);
                }
            }
        }
        self.object.take(|object| {
            self.bytes += object.map_or(0, str::len);
            self.core_rest.append_option(object);
        });
    }

    fn texts(&mut self, place: usize) -> &mut StringBuilder {
        let builder = self.core[place].get_or_insert_with(|| CoreBuilder::Text(StringBuilder::new()));
        match builder {
            CoreBuilder::Text(texts) => {
                pad(self.rows, texts.offsets_slice().len() - 1, |missing| texts.append_nulls(missing));
                texts
            }
            CoreBuilder::Int(_) => unreachable!("a core field has one type"),
        }
    }

    fn ints(&mut self, place: usize) -> &mut Int64Builder {
        let builder = self.core[place].get_or_insert_with(|| CoreBuilder::Int(Int64Builder::new()));
        match builder {
            CoreBuilder::Int(ints) => {
                pad(self.rows, ints.values_slice().len(), |missing| ints.append_nulls(missing));
                ints
            }
            CoreBuilder::Text(_) => unreachable!("a core field has one type"),
        }
    }

    fn finish(mut self) -> Result<RecordBatch> {
        let mut columns: Vec<(&str, ArrayRef)> = vec![
            (LOG, Arc::new(self.log.finish())),
            (SHARD, Arc::new(self.shard.finish())),
            (SEQUENCE, Arc::new(self.sequence.finish())),
            (DEVICE, Arc::new(self.device.finish())),
            (RECEIVED, Arc::new(self.received.finish().with_timezone("UTC"))),
            (TIME, Arc::new(self.time.finish().with_timezone("UTC"))),
            (TIME_ORIGINAL, Arc::new(self.time_original.finish())),
            (SOURCE, Arc::new(self.source.finish())),
        ];
        for (place, (name, kind)) in CORE_FIELDS.iter().enumerate() {
            if self.core[place].is_none() {
                continue;
            }
            // The accessors pad with nulls up to the last row.
            match kind {
                CoreType::Int => columns.push((name, Arc::new(self.ints(place).finish()))),
                CoreType::Text | CoreType::Address => columns.push((name, Arc::new(self.texts(place).finish()))),
            }
        }
        columns.push((CORE_REST, Arc::new(self.core_rest.finish())));
        columns.push((FIELDS_REST, Arc::new(self.fields.finish())));
        columns.push((RAW, Arc::new(self.raw.finish())));
        let schema = Schema::new(columns.iter().map(|(name, _)| columns::field(name)).collect::<Vec<_>>());
        Ok(RecordBatch::try_new(Arc::new(schema), columns.into_iter().map(|(_, array)| array).collect())?)
    }
}

/// The event time as it is stored.
fn stored_time(time: Timestamp) -> i64 {
    time.as_micros().min(LATEST)
}

fn pad(rows: usize, present: usize, append_nulls: impl FnOnce(usize)) {
    if present < rows {
        append_nulls(rows - present);
    }
}

/// Whether a text may stand in a column of this type: addresses only in the form they are compared in.
fn fits(kind: CoreType, text: &str) -> bool {
    match kind {
        CoreType::Text => true,
        CoreType::Int => false,
        CoreType::Address => match text.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => true,
            Ok(address @ IpAddr::V6(_)) => address.to_string() == text,
            Err(_) => false,
        },
    }
}
