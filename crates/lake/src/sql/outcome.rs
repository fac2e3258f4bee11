//! What an SQL query gives back, as plain values.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimestampMicrosecondType};
use datafusion::dataframe::DataFrame;
use futures::StreamExt;
use model::Timestamp;
use serde_json::Value;

use crate::columns;
use crate::error::Result;

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlColumn {
    /// Its name or alias.
    pub name: String,
    /// `text`, `int`, `float`, `bool`, `time` or `other`.
    pub kind: &'static str,
}

/// Rows of an SQL query.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlResult {
    /// The columns in order.
    pub columns: Vec<SqlColumn>,
    /// The rows, each with a value for each column.
    pub rows: Vec<Vec<Value>>,
    /// Whether there were more than the limits let through.
    pub truncated: bool,
}

/// Runs a plan and takes its rows up to the limits.
pub(super) async fn collect(rows: DataFrame, most: usize, bytes: usize) -> Result<SqlResult> {
    let schema = rows.schema().as_arrow().clone();
    let columns = schema.fields().iter();
    let columns =
        columns.map(|field| SqlColumn { name: field.name().clone(), kind: kind(field.data_type()) }).collect();
    let mut result = SqlResult { columns, rows: Vec::new(), truncated: false };
    let mut size = 0;
    let mut batches = rows.limit(0, Some(most.saturating_add(1)))?.execute_stream().await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let values = values(&batch)?;
        for row in 0..batch.num_rows() {
            if result.rows.len() >= most || size >= bytes {
                result.truncated = true;
                return Ok(result);
            }
            let row: Vec<Value> = values.iter().map(|column| column[row].clone()).collect();
            size += row.iter().map(|value| value.as_str().map_or(16, str::len)).sum::<usize>();
            result.rows.push(row);
        }
    }
    Ok(result)
}

fn kind(data: &DataType) -> &'static str {
    match data {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => "text",
        DataType::Boolean => "bool",
        DataType::Float16 | DataType::Float32 | DataType::Float64 | DataType::Decimal128(..) => "float",
        data if data.is_integer() => "int",
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => "time",
        _ => "other",
    }
}

fn values(batch: &RecordBatch) -> Result<Vec<Vec<Value>>> {
    batch.columns().iter().map(column).collect()
}

fn column(array: &ArrayRef) -> Result<Vec<Value>> {
    let each = |value: &dyn Fn(usize) -> Value, array: &dyn Array| {
        (0..array.len()).map(|row| if array.is_valid(row) { value(row) } else { Value::Null }).collect()
    };
    Ok(match kind(array.data_type()) {
        "bool" => each(&|row| array.as_boolean().value(row).into(), array),
        "int" if *array.data_type() != DataType::UInt64 => {
            let numbers = cast(array, &DataType::Int64)?;
            let numbers = numbers.as_primitive::<Int64Type>();
            each(&|row| numbers.value(row).into(), numbers)
        }
        "float" => {
            let numbers = cast(array, &DataType::Float64)?;
            let numbers = numbers.as_primitive::<Float64Type>();
            each(&|row| numbers.value(row).into(), numbers)
        }
        "time" => {
            let times = cast(array, &columns::instant())?;
            let times = times.as_primitive::<TimestampMicrosecondType>();
            each(&|row| Timestamp::from_micros(times.value(row)).to_string().into(), times)
        }
        "text" | "int" => {
            let texts = cast(array, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>();
            each(&|row| texts.value(row).into(), texts)
        }
        _ => {
            let options = arrow::util::display::FormatOptions::default();
            let texts = arrow::util::display::ArrayFormatter::try_new(array, &options)?;
            each(&|row| texts.value(row).to_string().into(), array)
        }
    })
}
