//! What the query engine cannot say itself: comparisons without case, values inside the JSON columns, histogram bars.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBufferBuilder, DictionaryArray, Int32Array, ListBuilder,
    StringArray, StringBuilder,
};
use arrow::buffer::BooleanBuffer;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, TimestampMicrosecondType};
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use crate::bars::Bars;
use crate::columns;
use crate::json;
use crate::matcher::Matcher;
use crate::text::TextMatcher;
use model::EventId;

/// Whether the text `value` passes; false where it is null.
pub(crate) fn text_passes(matcher: Matcher, value: Expr) -> Expr {
    let kinds = [DataType::Utf8, columns::coded_type()].map(|kind| TypeSignature::Exact(vec![kind]));
    let signature = Signature::one_of(kinds.into(), Volatility::Immutable);
    call(TextPasses { signature, matcher: Arc::new(matcher) }, vec![value])
}

/// Whether the record `raw` passes a free-text condition.
pub(crate) fn record_passes(matcher: TextMatcher, raw: Expr) -> Expr {
    call(RecordPasses { signature: texts(1), matcher: Arc::new(matcher) }, vec![raw])
}

/// Whether a scalar of the member `name` of the JSON objects `rest` passes.
pub(crate) fn member_passes(matcher: Matcher, name: &str, rest: Expr) -> Expr {
    call(MemberPasses { signature: texts(1), matcher: Arc::new(matcher), name: name.to_owned() }, vec![rest])
}

/// The distinct non-empty values of a field: of its column where that has one, of its member in `rest` otherwise.
pub(crate) fn values(name: &str, column: Expr, rest: Expr) -> Expr {
    call(Values { signature: texts(2), name: name.to_owned() }, vec![column, rest])
}

/// The text of the member `name` of the JSON objects `rest`: a list as JSON writes it.
pub(crate) fn member_text(name: &str, rest: Expr) -> Expr {
    call(MemberText { signature: texts(1), name: name.to_owned() }, vec![rest])
}

/// An event's id as people see it.
pub(crate) fn event_id(log: Expr, shard: Expr, sequence: Expr) -> Expr {
    let kinds = vec![DataType::Int64, DataType::Int32, DataType::Int64];
    call(Id { signature: Signature::exact(kinds, Volatility::Immutable) }, vec![log, shard, sequence])
}

/// The place of a time among the bars.
pub(crate) fn bar(bars: Bars, time: Expr) -> Expr {
    call(Bar { signature: Signature::exact(vec![columns::instant()], Volatility::Immutable), bars }, vec![time])
}

fn texts(count: usize) -> Signature {
    Signature::exact(vec![DataType::Utf8; count], Volatility::Immutable)
}

fn call(function: impl ScalarUDFImpl + 'static, arguments: Vec<Expr>) -> Expr {
    ScalarUDF::from(function).call(arguments)
}

fn column(args: &ScalarFunctionArgs, place: usize) -> Result<ArrayRef> {
    args.args[place].to_array(args.number_rows)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TextPasses {
    signature: Signature,
    matcher: Arc<Matcher>,
}

impl ScalarUDFImpl for TextPasses {
    fn name(&self) -> &str {
        "text_passes"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let values = column(&args, 0)?;
        let passed = match values.as_dictionary_opt::<Int32Type>() {
            Some(coded) => self.coded(coded),
            None => self.texts(values.as_string()),
        };
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::new(passed, None))))
    }
}

impl TextPasses {
    fn texts(&self, values: &StringArray) -> BooleanBuffer {
        match self.matcher.finder() {
            Some(_) => find_in_all(&self.matcher, values),
            None => {
                (0..values.len()).map(|row| values.is_valid(row) && self.matcher.matches(values.value(row))).collect()
            }
        }
    }

    /// Asks about each value of the dictionary, or about each row where those are fewer.
    fn coded(&self, rows: &DictionaryArray<Int32Type>) -> BooleanBuffer {
        let texts = rows.values().as_string::<i32>();
        let key = |row: usize| rows.is_valid(row).then(|| rows.keys().value(row) as usize);
        if texts.len() <= rows.len() {
            let passed = self.texts(texts);
            (0..rows.len()).map(|row| key(row).is_some_and(|key| passed.value(key))).collect()
        } else {
            let passes = |key: usize| texts.is_valid(key) && self.matcher.matches(texts.value(key));
            (0..rows.len()).map(|row| key(row).is_some_and(passes)).collect()
        }
    }
}

/// Searches the values' common buffer in one go: rare texts cost one pass of a vectorised searcher.
fn find_in_all(matcher: &Matcher, values: &StringArray) -> BooleanBuffer {
    let mut passed = BooleanBufferBuilder::new(values.len());
    passed.append_n(values.len(), false);
    let Some(finder) = matcher.finder() else { return passed.finish() };
    let offsets = values.value_offsets();
    let bytes = values.value_data();
    let end = offsets[values.len()] as usize;
    let mut from = offsets[0] as usize;
    let mut row = 0;
    while let Some(found) = finder.find(aho_corasick::Input::new(bytes).span(from..end)) {
        row += offsets[row + 1..].partition_point(|offset| *offset as usize <= found.start());
        let row_end = offsets[row + 1] as usize;
        if found.end() <= row_end {
            passed.set_bit(row, values.is_valid(row));
            from = row_end;
        } else {
            from = found.start() + 1;
        }
    }
    passed.finish()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct RecordPasses {
    signature: Signature,
    matcher: Arc<TextMatcher>,
}

impl ScalarUDFImpl for RecordPasses {
    fn name(&self) -> &str {
        "record_passes"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let records = column(&args, 0)?;
        let passed = self.matcher.passes(records.as_string::<i32>());
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::new(passed, None))))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MemberPasses {
    signature: Signature,
    matcher: Arc<Matcher>,
    name: String,
}

impl ScalarUDFImpl for MemberPasses {
    fn name(&self) -> &str {
        "member_passes"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let objects = column(&args, 0)?;
        let passes = |object: &str| {
            let member = json::member(object, &self.name);
            member.is_some_and(|value| self.passes(value))
        };
        let passed: BooleanBuffer =
            objects.as_string::<i32>().iter().map(|object| object.is_some_and(passes)).collect();
        Ok(ColumnarValue::Array(Arc::new(BooleanArray::new(passed, None))))
    }
}

impl MemberPasses {
    fn passes(&self, value: &str) -> bool {
        if self.matcher.is_existence() {
            return !matches!(value, "null" | "[]" | "\"\"");
        }
        json::any_scalar(value, &mut |text| self.matcher.matches(text))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Values {
    signature: Signature,
    name: String,
}

impl ScalarUDFImpl for Values {
    fn name(&self) -> &str {
        "values_of"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (texts, objects) = (column(&args, 0)?, column(&args, 1)?);
        let mut lists = ListBuilder::new(StringBuilder::new());
        for (text, object) in texts.as_string::<i32>().iter().zip(objects.as_string::<i32>()) {
            let mut found: Vec<String> = Vec::new();
            let mut keep = |text: &str| {
                if !text.is_empty() && !found.iter().any(|known| known == text) {
                    found.push(text.to_owned());
                }
                false
            };
            match (text, object.and_then(|object| json::member(object, &self.name))) {
                (Some(text), _) => _ = keep(text),
                (None, Some(value)) => _ = json::any_scalar(value, &mut keep),
                (None, None) => {}
            }
            for value in &found {
                lists.values().append_value(value);
            }
            lists.append(true);
        }
        Ok(ColumnarValue::Array(Arc::new(lists.finish())))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct MemberText {
    signature: Signature,
    name: String,
}

impl ScalarUDFImpl for MemberText {
    fn name(&self) -> &str {
        "member_text"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let objects = column(&args, 0)?;
        let member = |object: &str| {
            json::member(object, &self.name)
                .filter(|value| *value != "null")
                .map(|value| json::scalar_text(value).into_owned())
        };
        let texts: StringArray = objects.as_string::<i32>().iter().map(|object| object.and_then(member)).collect();
        Ok(ColumnarValue::Array(Arc::new(texts)))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Id {
    signature: Signature,
}

impl ScalarUDFImpl for Id {
    fn name(&self) -> &str {
        "event_id"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (log, shard, sequence) = (column(&args, 0)?, column(&args, 1)?, column(&args, 2)?);
        let (log, sequence) = (log.as_primitive::<Int64Type>(), sequence.as_primitive::<Int64Type>());
        let shard = shard.as_primitive::<Int32Type>();
        let id = |row| EventId {
            log: log.value(row) as u32,
            shard: shard.value(row) as u16,
            sequence: sequence.value(row) as u64,
        };
        let texts = StringArray::from_iter_values((0..log.len()).map(|row| id(row).to_string()));
        Ok(ColumnarValue::Array(Arc::new(texts)))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Bar {
    signature: Signature,
    bars: Bars,
}

impl ScalarUDFImpl for Bar {
    fn name(&self) -> &str {
        "bar"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int32)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let times = column(&args, 0)?;
        let times = times.as_primitive::<TimestampMicrosecondType>().values();
        let places = Int32Array::from_iter_values(times.iter().map(|time| self.bars.place(*time) as i32));
        Ok(ColumnarValue::Array(Arc::new(places)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pass_over_all_values_finds_what_each_value_alone_would() {
        let texts = ["", "xab", "ab", "", "aab", "b", "a", "b", "ABAB", "x", "", "a"];
        let values = StringArray::from_iter((0..texts.len()).map(|row| (row != 2).then_some(texts[row])));
        for needle in ["ab", "a", "b", "abab", "zz"] {
            let matcher = Matcher::contains(needle);
            for (from, len) in [(0, texts.len()), (3, 7), (12, 0)] {
                let part = values.slice(from, len);
                let found = find_in_all(&matcher, &part);
                let plain: BooleanBuffer =
                    part.iter().map(|text| text.is_some_and(|text| matcher.matches(text))).collect();
                assert_eq!(found, plain, "{needle} from {from}");
            }
        }
    }
}
