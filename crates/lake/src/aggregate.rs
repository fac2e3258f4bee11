//! Counts over events: how many, when, and of what value.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type};
use datafusion::functions_aggregate::count::count_all;
use datafusion::logical_expr::lit;
use model::search::{Bucket, EventQuery, ValueCount};
use model::{Context, CustomerId};

use crate::bars::Bars;
use crate::catalogue::LakeFile;
use crate::columns::TIME;
use crate::error::Result;
use crate::part::{Part, Reading, together};
use crate::query::{Conditions, column};
use crate::snapshot::Snapshot;
use crate::store::Lake;
use crate::udf;

const BAR: &str = "bar";
const VALUE: &str = "value";
const COUNT: &str = "events";

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
            let reading = Reading { positions: false, ..Reading::of(&conditions, &meter) };
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

    async fn counts(&self, context: &Context, query: &EventQuery, bars: Bars) -> Result<Vec<u64>> {
        let conditions = Conditions::of(query)?;
        let scope = context.scope().narrow(&query.customers);
        let snapshot = self.inner.snapshot(&scope, query.range).await?;
        let inner = self.inner.clone();
        let meter = self.inner.engine.costs.meter(context)?;
        let counted = async move {
            let mut counts = vec![0; bars.len()];
            let places = count_known(&snapshot, &conditions, bars, &mut counts);
            let reading = Reading { positions: false, ..Reading::of(&conditions, &meter) };
            let mut parts = reading.memory(&inner.engine, &snapshot, None)?;
            parts.extend(reading.files(&inner.engine, &snapshot, &places, None)?);
            // One bar holds everything: no time needs to be read.
            let bar = if bars.len() == 1 { lit(0_i32) } else { udf::bar(bars, column(TIME)) };
            let bar = || vec![bar.clone().alias(BAR)];
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

/// Rows of a text and its count.
fn value_counts(batch: &RecordBatch) -> Vec<ValueCount> {
    let values = batch.column(0).as_string::<i32>();
    let counts = batch.column(1).as_primitive::<Int64Type>();
    let rows = (0..values.len()).filter(|row| values.is_valid(*row));
    rows.map(|row| ValueCount { value: values.value(row).to_owned(), count: counts.value(row) }).collect()
}
