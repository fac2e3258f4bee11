//! The formats: events in, bytes out.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use model::event::StoredEvent;
use model::search::ExportFormat;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::columns::{is_int, names, text, value};
use crate::columns::instant;
use crate::error::Result;

/// Events of a Parquet export that are encoded at a time, and those of a row group.
const BATCH: usize = 1024;
const ROW_GROUP: usize = 16_384;

/// An export under construction.
pub(super) enum Writer {
    Ndjson(Vec<u8>),
    Csv { bytes: Vec<u8>, columns: Vec<String> },
    Parquet(Box<ParquetWriter>),
}

pub(super) struct ParquetWriter {
    file: ArrowWriter<Vec<u8>>,
    schema: SchemaRef,
    waiting: Vec<StoredEvent>,
}

impl Writer {
    pub fn new(format: ExportFormat, wanted: &[String]) -> Result<Writer> {
        let columns = names(wanted);
        Ok(match format {
            ExportFormat::Ndjson => Writer::Ndjson(Vec::new()),
            ExportFormat::Csv => {
                // The mark lets spreadsheets read it as UTF-8.
                let mut bytes = "\u{FEFF}".as_bytes().to_vec();
                line(&mut bytes, columns.iter().map(|name| Some(name.as_str())));
                Writer::Csv { bytes, columns }
            }
            ExportFormat::Parquet => {
                let fields = columns.iter().map(|name| {
                    let kind = match name.as_str() {
                        "time" | "received" => instant(),
                        name if is_int(name) => DataType::Int64,
                        _ => DataType::Utf8,
                    };
                    Field::new(name, kind, true)
                });
                let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
                    .set_max_row_group_row_count(Some(ROW_GROUP))
                    .build();
                let file = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties))?;
                Writer::Parquet(Box::new(ParquetWriter { file, schema, waiting: Vec::new() }))
            }
        })
    }

    pub fn push(&mut self, event: &StoredEvent) -> Result<()> {
        match self {
            Writer::Ndjson(bytes) => {
                serde_json::to_writer(&mut *bytes, event).expect("an event is always JSON");
                bytes.push(b'\n');
            }
            Writer::Csv { bytes, columns } => {
                let cells: Vec<_> = columns.iter().map(|name| text(event, name)).collect();
                line(bytes, cells.iter().map(|cell| cell.as_deref()));
            }
            Writer::Parquet(writer) => {
                writer.waiting.push(event.clone());
                if writer.waiting.len() >= BATCH {
                    writer.encode()?;
                }
            }
        }
        Ok(())
    }

    /// What is finished, once there is enough of it.
    pub fn take(&mut self, least: usize) -> Option<Vec<u8>> {
        let bytes = match self {
            Writer::Ndjson(bytes) | Writer::Csv { bytes, .. } => bytes,
            Writer::Parquet(writer) => writer.file.inner_mut(),
        };
        (bytes.len() >= least).then(|| std::mem::take(bytes))
    }

    /// The rest.
    pub fn finish(self) -> Result<Vec<u8>> {
        match self {
            Writer::Ndjson(bytes) | Writer::Csv { bytes, .. } => Ok(bytes),
            Writer::Parquet(mut writer) => {
                writer.encode()?;
                Ok(writer.file.into_inner()?)
            }
        }
    }
}

impl ParquetWriter {
    fn encode(&mut self) -> Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let events = std::mem::take(&mut self.waiting);
        let arrays = self.schema.fields().iter().map(|field| -> ArrayRef {
            let name = field.name().as_str();
            match name {
                "time" | "received" => {
                    let time = |event: &StoredEvent| if name == "time" { event.time } else { event.received };
                    let times = events.iter().map(|event| time(event).as_micros());
                    Arc::new(TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC"))
                }
                name if is_int(name) => {
                    let numbers = events.iter().map(|event| value(event, name).and_then(serde_json::Value::as_i64));
                    Arc::new(Int64Array::from_iter(numbers))
                }
                name => Arc::new(StringArray::from_iter(events.iter().map(|event| text(event, name)))),
            }
        });
        self.file.write(&RecordBatch::try_new(self.schema.clone(), arrays.collect())?)?;
        Ok(())
    }
}

/// A line of CSV (RFC 4180). A cell that a spreadsheet would take for a formula gets an apostrophe in front.
fn line<'c>(bytes: &mut Vec<u8>, cells: impl Iterator<Item = Option<&'c str>>) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            bytes.push(b',');
        }
        let Some(cell) = cell else { continue };
        let number = cell.parse::<f64>().is_ok();
        let formula = !number && cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        if formula || cell.contains(['"', ',', '\n', '\r']) || cell.is_empty() {
            let quoted = write!(bytes, "\"{}{}\"", if formula { "'" } else { "" }, cell.replace('"', "\"\""));
            quoted.expect("memory takes every byte");
        } else {
            bytes.extend_from_slice(cell.as_bytes());
        }
    }
    bytes.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_are_disarmed() {
        let mut bytes = Vec::new();
        line(
            &mut bytes,
            [Some("a,b"), None, Some(""), Some("say \"x\""), Some("=1+1"), Some("-5"), Some("-cmd|x")].into_iter(),
        );
        assert_eq!(String::from_utf8(bytes).unwrap(), "\"a,b\",,\"\",\"say \"\"x\"\"\",\"'=1+1\",-5,\"'-cmd|x\"\r\n");
    }
}
