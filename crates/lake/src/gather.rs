//! Rows chosen from several batches, in one order: the copy every row takes on its way into a file.
//!
//! Most columns of mixed sources are empty in most rows, so an empty cell costs a look at its bit and no more.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, StringBuilder, new_null_array};
use arrow::compute::interleave;
use arrow::datatypes::DataType;

use crate::error::Result;

/// The rows, each by its batch and its place there. All batches have one schema; there is at least one.
pub(crate) fn gather(batches: &[RecordBatch], chosen: &[(usize, usize)]) -> Result<RecordBatch> {
    let schema = batches[0].schema();
    let column = |place: usize| -> Result<ArrayRef> {
        let parts = batches.iter().map(|batch| batch.column(place));
        match schema.field(place).data_type() {
            DataType::Utf8 => Ok(texts(&parts.map(|part| part.as_string()).collect::<Vec<_>>(), chosen)),
            _ => Ok(interleave(&parts.map(AsRef::as_ref).collect::<Vec<_>>(), chosen)?),
        }
    };
    let columns = (0..schema.fields().len()).map(column).collect::<Result<_>>()?;
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}

fn texts(parts: &[&StringArray], chosen: &[(usize, usize)]) -> ArrayRef {
    let filled: Vec<Option<&StringArray>> =
        parts.iter().map(|part| (part.null_count() < part.len()).then_some(*part)).collect();
    let (rows, bytes) = filled.iter().flatten().fold((0, 0), |(rows, bytes), part| {
        let offsets = part.value_offsets();
        (rows + part.len(), bytes + (offsets[part.len()] - offsets[0]) as usize)
    });
    if rows == 0 {
        return new_null_array(&DataType::Utf8, chosen.len());
    }
    // Some more than in the mean: to grow is to copy.
    let mut made = StringBuilder::with_capacity(chosen.len(), bytes * chosen.len() / rows * 5 / 4);
    let mut empty = 0;
    for (batch, row) in chosen {
        match filled[*batch].filter(|part| part.is_valid(*row)) {
            None => empty += 1,
            Some(part) => {
                if empty > 0 {
                    made.append_nulls(empty);
                    empty = 0;
                }
                made.append_value(part.value(*row));
            }
        }
    }
    made.append_nulls(empty);
    std::sync::Arc::new(made.finish())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int64Array;
    use arrow::compute::interleave_record_batch;
    use arrow::datatypes::{Field, Schema};
    use proptest::prelude::*;

    use super::*;

    fn batch() -> impl Strategy<Value = RecordBatch> {
        let row = (proptest::option::of("[a-z登]{0,4}"), "[a-z]{0,3}", proptest::option::of(any::<i64>()));
        (proptest::collection::vec(row, 1..9), any::<bool>(), 0..4_usize).prop_map(|(rows, none, from)| {
            let often: StringArray = rows.iter().map(|(text, ..)| text.clone().filter(|_| !none)).collect();
            let always: StringArray = rows.iter().map(|(_, text, _)| Some(text.clone())).collect();
            let numbers: Int64Array = rows.iter().map(|(.., number)| *number).collect();
            let columns: Vec<ArrayRef> = vec![Arc::new(often), Arc::new(always), Arc::new(numbers)];
            let fields = [("a", DataType::Utf8), ("b", DataType::Utf8), ("c", DataType::Int64)];
            let fields = fields.map(|(name, kind)| Field::new(name, kind, true)).to_vec();
            let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
            let from = from.min(rows.len() - 1);
            batch.slice(from, rows.len() - from)
        })
    }

    proptest! {
        #[test]
        fn rows_are_those_arrow_chooses(
            batches in proptest::collection::vec(batch(), 1..4),
            wanted in proptest::collection::vec((any::<usize>(), any::<usize>()), 1..20),
        ) {
            let place = |(batch, row): &(usize, usize)| {
                let batch = batch % batches.len();
                (batch, row % batches[batch].num_rows())
            };
            let chosen: Vec<_> = wanted.iter().map(place).collect();
            let expected = interleave_record_batch(&batches.iter().collect::<Vec<_>>(), &chosen).unwrap();
            prop_assert_eq!(gather(&batches, &chosen).unwrap(), expected);
        }
    }
}
