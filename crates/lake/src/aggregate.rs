//! Counts over events: how many, when, and of what value.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast as cast_array;
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::approx_distinct::approx_distinct;
use datafusion::functions_aggregate::count::count_all;
use datafusion::logical_expr::{Expr, cast, lit};
use model::query::{Query, Test};
use model::search::{Bucket, EventQuery, FieldStats, ValueCount};
use model::{Context, CustomerId};

use crate::bars::Bars;
use crate::catalogue::LakeFile;
use crate::columns::TIME;
use crate::error::Result;
use crate::meter::Meter;
use crate::part::{Part, Reading, together};
use crate::query::{Conditions, FieldName, column};
use crate::snapshot::Snapshot;
use crate::store::{Inner, Lake};
use crate::udf;

const BAR: &str = "bar";
const VALUE: &str = "value";
const COUNT: &str = "events";

/// The most values anybody gets.
const MOST_VALUES: usize = 1000;

impl Lake {
    /// How many events a query finds.
    pub async fn count(&self, context: &Context, query: &EventQuery) -> Result<u64> {
        let bars = Bars::of(query.range, 1);
        Ok(self.counts(context, query, bars).await?.into_iter().sum())
    }

    /// How a query's events spread over its time range: about `bars` bars of a readable width, empty ones included.
    pub async fn histogram(&self, context: &Context, query: &EventQuery, bars: usize) -> Result<Vec<Bucket>> {
        let bars = Bars::of(query.range, bars);
        let counts = self.counts(context, query, bars).await?;
        let buckets = counts.into_iter().enumerate();
        Ok(buckets.map(|(place, count)| Bucket { start: bars.start(place), count: count as i64 }).collect())
    }

    /// A field's commonest values among a query's events, commonest first. Each member of a list counts; empty
    /// values do not.
    pub async fn top_values(
        &self,
        context: &Context,
        query: &EventQuery,
        field: &str,
        limit: usize,
    ) -> Result<Vec<ValueCount>> {
        let conditions = Conditions::of(query)?;
        let scope = context.scope().narrow(&query.customers);
        let snapshot = self.inner.snapshot(&scope, query.range).await?;
        let (inner, field, limit) = (self.inner.clone(), FieldName::of(field), limit.clamp(1, MOST_VALUES));
        let meter = self.inner.engine.costs.meter(context)?;
        let top = async move {
            let Some(values) = all_values(&inner, &snapshot, &conditions, &meter, &field).await? else {
                return Ok(Vec::new());
            };
            let rows = values
                .aggregate(vec![column(VALUE)], vec![count_all().alias(COUNT)])?
                .sort(vec![column(COUNT).sort(false, false), column(VALUE).sort(true, false)])?
                .limit(0, Some(limit))?;
            Ok(rows.collect().await?.iter().flat_map(value_counts).collect())
        };
        self.inner.engine.run(top).await
    }

    /// What fields hold among a query's events: how many have them, about how many values, which are commonest.
    pub async fn field_stats(
        &self,
        context: &Context,
        query: &EventQuery,
        fields: &[String],
        top: usize,
    ) -> Result<Vec<FieldStats>> {
        let total = self.count(context, query).await? as i64;
        let mut stats = Vec::with_capacity(fields.len());
        for field in fields {
            let there = Query::field(field, Test::Exists);
            let present = EventQuery { condition: Query::all([query.condition.clone(), there]), ..query.clone() };
            let present = self.count(context, &present).await? as i64;
            let (distinct, top) = match present {
                0 => (0, Vec::new()),
                _ => (self.distinct(context, query, field).await?, self.top_values(context, query, field, top).await?),
            };
            stats.push(FieldStats { field: field.clone(), total, present, distinct, top });
        }
        Ok(stats)
    }

    /// How many events of each customer a query finds; customers with none are left out.
    pub async fn count_by_customer(&self, context: &Context, query: &EventQuery) -> Result<Vec<(CustomerId, u64)>> {
        let conditions = Conditions::of(query)?;
        let scope = context.scope().narrow(&query.customers);
        let snapshot = self.inner.snapshot(&scope, query.range).await?;
        let inner = self.inner.clone();
        let meter = self.inner.engine.costs.meter(context)?;
        let counted = async move {
            let mut counts: BTreeMap<CustomerId, u64> = BTreeMap::new();
            let inside = |file: &LakeFile| {
                let (from, to) = (conditions.range.contains(file.min_time), conditions.range.contains(file.max_time));
                conditions.are_time_only() && from && to
            };
            for file in snapshot.files.iter().filter(|file| inside(file)) {
                *counts.entry(file.customer.clone()).or_default() += file.rows;
            }
            let places: Vec<usize> =
                (0..snapshot.files.len()).filter(|place| !inside(&snapshot.files[*place])).collect();
            let reading = Reading { conditions: &conditions, also: &[], fixed: &[], meter: &meter, positions: false };
            let mut parts = reading.memory(&inner.engine, &snapshot, None)?;
            parts.extend(reading.files(&inner.engine, &snapshot, &places, None)?);
            let whose = |part: Part| Ok(part.rows.select(vec![lit(part.customer.as_str()).alias(VALUE)])?);
            let parts = parts.into_iter().map(whose).collect::<Result<Vec<_>>>()?;
            if let Some(rows) = together(&inner.engine, parts).await? {
                let rows = rows.aggregate(vec![column(VALUE)], vec![count_all().alias(COUNT)])?;
                for count in rows.collect().await?.iter().flat_map(value_counts) {
                    if let Ok(customer) = count.value.parse() {
                        *counts.entry(customer).or_default() += count.count as u64;
                    }
                }
            }
            Ok(counts.into_iter().filter(|(_, count)| *count > 0).collect())
        };
        self.inner.engine.run(counted).await
    }

    async fn distinct(&self, context: &Context, query: &EventQuery, field: &str) -> Result<i64> {
        let conditions = Conditions::of(query)?;
        let scope = context.scope().narrow(&query.customers);
        let snapshot = self.inner.snapshot(&scope, query.range).await?;
        let (inner, field) = (self.inner.clone(), FieldName::of(field));
        let meter = self.inner.engine.costs.meter(context)?;
        let distinct = async move {
            let Some(values) = all_values(&inner, &snapshot, &conditions, &meter, &field).await? else { return Ok(0) };
            let rows = values.aggregate(Vec::new(), vec![approx_distinct(column(VALUE)).alias(COUNT)])?;
            let batches = rows.collect().await?;
            let count = batches.first().map(|batch| cast_array(batch.column(0), &DataType::Int64)).transpose()?;
            Ok(count.map_or(0, |count| count.as_primitive::<Int64Type>().value(0)))
        };
        self.inner.engine.run(distinct).await
    }

    async fn counts(&self, context: &Context, query: &EventQuery, bars: Bars) -> Result<Vec<u64>> {
        let conditions = Conditions::of(query)?;
        let scope = context.scope().narrow(&query.customers);
        let snapshot = self.inner.snapshot(&scope, query.range).await?;
        let inner = self.inner.clone();
        let meter = self.inner.engine.costs.meter(context)?;
        let counted = async move {
            let mut counts = vec![0; bars.len()];
            let places = count_known(&snapshot, &conditions, bars, &mut counts);
            let reading = Reading { conditions: &conditions, also: &[], fixed: &[], meter: &meter, positions: false };
            let mut parts = reading.memory(&inner.engine, &snapshot, None)?;
            parts.extend(reading.files(&inner.engine, &snapshot, &places, None)?);
            let bar = || vec![udf::bar(bars, column(TIME)).alias(BAR)];
            let parts = parts.into_iter().map(|part| Ok(part.rows.select(bar())?)).collect::<Result<Vec<_>>>()?;
            if let Some(rows) = together(&inner.engine, parts).await? {
                for batch in rows.aggregate(vec![column(BAR)], vec![count_all().alias(COUNT)])?.collect().await? {
                    add(&batch, &mut counts);
                }
            }
            Ok(counts)
        };
        self.inner.engine.run(counted).await
    }
}

/// Counts the files the catalogue alone can answer for; returns the others.
fn count_known(snapshot: &Snapshot, conditions: &Conditions, bars: Bars, counts: &mut [u64]) -> Vec<usize> {
    let mut unknown = Vec::new();
    for (place, file) in snapshot.files.iter().enumerate() {
        let (min, max) = (file.min_time, file.max_time);
        let inside = conditions.range.contains(min) && conditions.range.contains(max);
        let bar = bars.place(min.as_micros());
        if conditions.are_time_only() && inside && bar == bars.place(max.as_micros()) {
            counts[bar] += file.rows;
        } else {
            unknown.push(place);
        }
    }
    unknown
}

fn add(batch: &RecordBatch, counts: &mut [u64]) {
    let bars = batch.column(0).as_primitive::<Int32Type>();
    let found = batch.column(1).as_primitive::<Int64Type>();
    for row in 0..batch.num_rows() {
        counts[bars.value(row) as usize] += found.value(row) as u64;
    }
}

/// The values of a field in everything the conditions find, one a row.
async fn all_values(
    inner: &Inner,
    snapshot: &Snapshot,
    conditions: &Conditions,
    meter: &Arc<Meter>,
    field: &FieldName,
) -> Result<Option<DataFrame>> {
    let also = std::slice::from_ref(field);
    let reading = Reading { conditions, also, fixed: &[], meter, positions: false };
    let mut parts = reading.memory(&inner.engine, snapshot, None)?;
    let places: Vec<usize> = (0..snapshot.files.len()).collect();
    parts.extend(reading.files(&inner.engine, snapshot, &places, None)?);
    parts.retain(|part| part.also[0].column || part.also[0].rest);
    let parts = parts.into_iter().map(|part| values(part, field)).collect::<Result<Vec<_>>>()?;
    together(&inner.engine, parts).await
}

/// A part's values of a field, one a row.
fn values(part: Part, field: &FieldName) -> Result<DataFrame> {
    let text = field.text(part.also[0]);
    let not_empty = |rows: DataFrame| rows.filter(column(VALUE).is_not_null().and(column(VALUE).not_eq(empty())));
    if !part.also[0].rest {
        return Ok(not_empty(part.rows.select(vec![text.alias(VALUE)])?)?);
    }
    let lists = part.rows.select(vec![udf::values(&field.name, text, column(field.rest())).alias(VALUE)])?;
    let rows = lists.unnest_columns(&[VALUE])?;
    Ok(not_empty(rows.select(vec![cast(column(VALUE), DataType::Utf8).alias(VALUE)])?)?)
}

fn empty() -> Expr {
    lit("")
}

fn value_counts(batch: &RecordBatch) -> Vec<ValueCount> {
    let values = batch.column(0).as_string::<i32>();
    let counts = batch.column(1).as_primitive::<Int64Type>();
    let rows = (0..values.len()).filter(|row| values.is_valid(*row));
    rows.map(|row| ValueCount { value: values.value(row).to_owned(), count: counts.value(row) }).collect()
}
