//! A query's conditions as expressions of the query engine. Field names are data: they become column names and
//! function parameters, never query text.

use arrow::datatypes::DataType;
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{Expr, cast, in_list, lit};
use model::core_field::{CORE_FIELDS, CoreType};
use model::search::{EventQuery, FieldFilter, FilterOp};
use model::{EventId, TimeRange};

use crate::columns::{self, CORE_REST, DEVICE, FIELDS_REST, LOG, RAW, SEQUENCE, SHARD, SOURCE, TIME};
use crate::error::Result;
use crate::matcher::Matcher;
use crate::udf;

/// Where a field's values stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shape {
    /// It has a column.
    pub column: bool,
    /// Some rows keep it in the JSON column.
    pub rest: bool,
}

/// A field by its name: a core field if it is one, the record's own field otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldName {
    pub name: String,
    pub core: Option<CoreType>,
    pub column: String,
}

impl FieldName {
    pub fn of(name: &str) -> Self {
        let core = columns::core_index(name).map(|place| CORE_FIELDS[place].1);
        let column = if core.is_some() { name.to_owned() } else { columns::own_column(name) };
        FieldName { name: name.to_owned(), core, column }
    }

    /// The JSON column that holds what fits no column.
    pub fn rest(&self) -> &'static str {
        if self.core.is_some() { CORE_REST } else { FIELDS_REST }
    }

    /// The column as text, null where the field has none.
    pub fn text(&self, shape: Shape) -> Expr {
        match (shape.column, self.core) {
            (false, _) => lit(ScalarValue::Utf8(None)),
            (true, Some(CoreType::Int)) => cast(column(&self.column), DataType::Utf8),
            (true, _) => column(&self.column),
        }
    }
}

/// A column by its exact name.
pub(crate) fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// An instant as the time columns hold it.
pub(crate) fn instant(micros: i64) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())))
}

/// A filter made ready: its field and its comparison.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub field: FieldName,
    op: FilterOp,
    matcher: Matcher,
}

/// Everything a query asks of a row, apart from where it goes on.
#[derive(Debug, Clone)]
pub(crate) struct Conditions {
    pub range: TimeRange,
    pub filters: Vec<Condition>,
    devices: Vec<String>,
    sources: Vec<String>,
    terms: Vec<String>,
}

impl Conditions {
    pub fn of(query: &EventQuery) -> Result<Self> {
        let condition = |filter: &FieldFilter| {
            Ok(Condition { field: FieldName::of(&filter.field), op: filter.op, matcher: Matcher::of(filter)? })
        };
        Ok(Conditions {
            range: query.range,
            filters: query.filters.iter().map(condition).collect::<Result<_>>()?,
            devices: query.devices.iter().map(ToString::to_string).collect(),
            sources: query.sources.clone(),
            terms: query.terms(),
        })
    }

    /// True when only the time range decides.
    pub fn are_time_only(&self) -> bool {
        self.filters.is_empty() && self.devices.is_empty() && self.sources.is_empty() && self.terms.is_empty()
    }

    /// The fixed columns the conditions read; those of filters depend on the files' shapes.
    pub fn fixed_columns(&self) -> Vec<&'static str> {
        let wanted =
            [(DEVICE, !self.devices.is_empty()), (SOURCE, !self.sources.is_empty()), (RAW, !self.terms.is_empty())];
        wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(name, _)| name).collect()
    }

    /// One expression of all conditions, for files whose filtered fields have these shapes.
    pub fn expression(&self, shapes: &[Shape]) -> Expr {
        let mut all = column(TIME)
            .gt_eq(instant(self.range.from.as_micros()))
            .and(column(TIME).lt(instant(self.range.to.as_micros())));
        let one_of = |name: &str, words: &[String]| {
            in_list(column(name), words.iter().map(|word| lit(word.as_str())).collect(), false)
        };
        if !self.devices.is_empty() {
            all = all.and(one_of(DEVICE, &self.devices));
        }
        if !self.sources.is_empty() {
            all = all.and(one_of(SOURCE, &self.sources));
        }
        for (condition, shape) in self.filters.iter().zip(shapes) {
            all = all.and(condition.expression(*shape));
        }
        for term in &self.terms {
            all = all.and(udf::text_passes(Matcher::contains(term), column(RAW)));
        }
        all
    }
}

impl Condition {
    fn expression(&self, shape: Shape) -> Expr {
        let in_column = shape.column.then(|| self.in_column(shape));
        let in_rest =
            shape.rest.then(|| udf::member_passes(self.matcher.clone(), &self.field.name, column(self.field.rest())));
        let positive = in_column.into_iter().chain(in_rest).reduce(Expr::or).unwrap_or(lit(false));
        match self.op {
            FilterOp::IsNot | FilterOp::Missing => positive.is_not_true(),
            _ => positive,
        }
    }

    /// Plain comparisons where they say the same: those the file's statistics and Bloom filters can answer.
    fn in_column(&self, shape: Shape) -> Expr {
        let value = || column(&self.field.column);
        match (self.op, self.field.core) {
            (FilterOp::Is | FilterOp::IsNot, Some(CoreType::Address)) => match self.matcher.address() {
                Some(address) => value().eq(lit(address.to_string())),
                None => lit(false),
            },
            (FilterOp::Is | FilterOp::IsNot, _)
                if self.matcher.exact().is_some() && self.field.core != Some(CoreType::Int) =>
            {
                value().eq(lit(self.matcher.exact().unwrap_or_default()))
            }
            (FilterOp::Is | FilterOp::IsNot, Some(CoreType::Int)) => {
                match self.matcher.exact().map(str::parse::<i64>) {
                    Some(Ok(number)) => value().eq(lit(number)),
                    _ => lit(false),
                }
            }
            (FilterOp::Exists | FilterOp::Missing, Some(CoreType::Address | CoreType::Int)) => value().is_not_null(),
            (FilterOp::Exists | FilterOp::Missing, _) => value().is_not_null().and(value().not_eq(lit(""))),
            _ => udf::text_passes(self.matcher.clone(), self.field.text(shape)),
        }
    }
}

/// Rows after this one, newest first.
pub(crate) fn after(time: i64, id: EventId) -> Expr {
    let same = |name: &str, value: Expr| column(name).eq(value);
    let (log, shard, sequence) = (lit(i64::from(id.log)), lit(i32::from(id.shard)), lit(id.sequence as i64));
    let in_shard = same(SHARD, shard.clone()).and(column(SEQUENCE).lt(sequence));
    let in_log = same(LOG, log.clone()).and(column(SHARD).lt(shard).or(in_shard));
    column(TIME).lt(instant(time)).or(same(TIME, instant(time)).and(column(LOG).lt(log).or(in_log)))
}
