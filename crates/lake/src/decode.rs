//! Rows of chunks and files back into events, with the types they came with.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use model::event::StoredEvent;
use model::{CustomerId, Timestamp};

use crate::chunk::Places;
use crate::columns::{self, CORE_REST, CUSTOMER, DEVICE, FIELDS_REST, OwnKind, RAW, RECEIVED, SOURCE, TIME_ORIGINAL};
use crate::error::{Error, Result};
use crate::json;

/// Reads rows of a batch that must be `customer`'s.
pub(crate) struct Decoder<'b> {
    customer: &'b CustomerId,
    /// The file, for messages.
    path: &'b str,
    places: Places<'b>,
    whose: Option<&'b StringArray>,
    device: &'b StringArray,
    received: &'b [i64],
    time_original: Option<&'b StringArray>,
    source: &'b StringArray,
    raw: &'b StringArray,
    core: Vec<(&'b str, Core<'b>)>,
    core_rest: Option<&'b StringArray>,
    own: Vec<(&'b str, OwnKind, &'b StringArray)>,
    fields_rest: Option<&'b StringArray>,
}

enum Core<'b> {
    Text(&'b StringArray),
    Int(&'b Int64Array),
}

impl<'b> Decoder<'b> {
    pub fn new(customer: &'b CustomerId, path: &'b str, batch: &'b RecordBatch) -> Result<Self> {
        let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
        let damaged =
            |name: &str| Error::Damaged { path: path.to_owned(), detail: format!("no readable column `{name}`") };
        let needed = |name: &str| text(name).ok_or_else(|| damaged(name));
        let received =
            batch.column_by_name(RECEIVED).and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        let (mut core, mut own) = (Vec::new(), Vec::new());
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let name = field.name().as_str();
            if let Some(name) = name.strip_prefix("f_") {
                own.push((name, OwnKind::of(field), column.as_string_opt::<i32>().ok_or_else(|| damaged(name))?));
            } else if columns::core_index(name).is_some() {
                let column = match column.data_type() {
                    DataType::Int64 => Core::Int(column.as_primitive::<Int64Type>()),
                    _ => Core::Text(column.as_string_opt::<i32>().ok_or_else(|| damaged(name))?),
                };
                core.push((name, column));
            }
        }
        Ok(Decoder {
            customer,
            path,
            places: Places::of(batch)?,
            whose: text(CUSTOMER),
            device: needed(DEVICE)?,
            received: received.ok_or_else(|| damaged(RECEIVED))?.values(),
            time_original: text(TIME_ORIGINAL),
            source: needed(SOURCE)?,
            raw: needed(RAW)?,
            core,
            core_rest: text(CORE_REST),
            own,
            fields_rest: text(FIELDS_REST),
        })
    }

    pub fn event(&self, row: usize) -> Result<StoredEvent> {
        let damaged = |detail: &str| Error::Damaged { path: self.path.to_owned(), detail: detail.to_owned() };
        if self.whose.is_some_and(|whose| whose.value(row) != self.customer.as_str()) {
            return Err(damaged("it holds another customer's event"));
        }
        let mut core = BTreeMap::new();
        for (name, column) in &self.core {
            let value = match column {
                Core::Text(texts) => texts.is_valid(row).then(|| texts.value(row).into()),
                Core::Int(numbers) => numbers.is_valid(row).then(|| numbers.value(row).into()),
            };
            core.extend(value.map(|value| ((*name).to_owned(), value)));
        }
        rest(self.core_rest, row, &mut core);
        let mut fields = BTreeMap::new();
        for (name, kind, texts) in &self.own {
            if texts.is_valid(row) {
                fields.insert((*name).to_owned(), json::typed(*kind, texts.value(row)));
            }
        }
        rest(self.fields_rest, row, &mut fields);
        Ok(StoredEvent {
            id: self.places.id(row),
            customer: self.customer.clone(),
            device: self.device.value(row).parse().map_err(|_| damaged("a device id is not one"))?,
            received: Timestamp::from_micros(self.received[row]),
            time: Timestamp::from_micros(self.places.time[row]),
            time_original: self
                .time_original
                .filter(|texts| texts.is_valid(row))
                .map(|texts| texts.value(row).to_owned()),
            source: self.source.value(row).to_owned(),
            core,
            fields,
            raw: self.raw.value(row).to_owned(),
        })
    }
}

fn rest(objects: Option<&StringArray>, row: usize, into: &mut BTreeMap<String, serde_json::Value>) {
    if let Some(objects) = objects.filter(|objects| objects.is_valid(row)) {
        json::members(objects.value(row), |name, value| {
            into.insert(name.into_owned(), json::value(value));
        });
    }
}
