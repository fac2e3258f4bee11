//! The values of a field and how often each occurs: counted in memory as they come from the files, on all threads, and
//! where they are too many for that, a part of them after another, each in a reading of its own.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::DataType;
use datafusion::dataframe::DataFrame;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::logical_expr::{Expr, cast};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::TryStreamExt;
use model::Context;
use model::query::{Query, Test};
use model::search::{EventQuery, FieldStats, ValueCount};
use tokio::task::JoinSet;

use crate::error::{Error, Result};
use crate::meter::Meter;
use crate::part::{Part, Reading};
use crate::query::{Conditions, FieldName, column};
use crate::snapshot::Snapshot;
use crate::store::{Inner, Lake};
use crate::tally::Tally;
use crate::udf;

const VALUE: &str = "value";

/// The most values anybody gets.
const MOST_VALUES: usize = 1000;

/// Values are counted in so many parts at most; more need more memory.
const MOST_PARTS: u64 = 256;

impl Lake {
    /// A field's commonest values among a query's events, commonest first. Each member of a list counts; empty
    /// values do not.
    pub async fn top_values(
        &self,
        context: &Context,
        query: &EventQuery,
        field: &str,
        limit: usize,
    ) -> Result<Vec<ValueCount>> {
        Ok(self.values(context, query, field, limit).await?.top)
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
            let values = match present {
                0 => Values::default(),
                _ => self.values(context, query, field, top).await?,
            };
            let Values { distinct, top } = values;
            stats.push(FieldStats { field: field.clone(), total, present, distinct, top });
        }
        Ok(stats)
    }

    async fn values(&self, context: &Context, query: &EventQuery, field: &str, most: usize) -> Result<Values> {
        let scope = context.scope().narrow(&query.customers);
        let wanted = Wanted {
            conditions: Conditions::of(query)?,
            snapshot: self.inner.snapshot(&scope, query.range).await?,
            field: FieldName::of(field),
            meter: self.inner.engine.costs.meter(context)?,
            most: most.clamp(1, MOST_VALUES),
        };
        let inner = self.inner.clone();
        self.inner.engine.run(async move { wanted.count(&inner).await }).await
    }
}

#[derive(Default)]
struct Values {
    /// How many there are.
    distinct: i64,
    top: Vec<ValueCount>,
}

/// What is asked for.
struct Wanted {
    conditions: Conditions,
    snapshot: Snapshot,
    field: FieldName,
    meter: Arc<Meter>,
    most: usize,
}

impl Wanted {
    /// At once where the values fit into memory, otherwise a part of all values after another.
    async fn count(&self, inner: &Inner) -> Result<Values> {
        let mut parts = 1;
        loop {
            match self.in_parts(inner, parts).await {
                Err(Error::Memory) if parts < MOST_PARTS => parts *= 4,
                counted => return counted,
            }
        }
    }

    async fn in_parts(&self, inner: &Inner, parts: u64) -> Result<Values> {
        let (whole, mut all) = (Tally::default(), Values::default());
        for part in 0..parts {
            let tally = self.tally(inner, whole.only(part, parts)).await?;
            all.distinct += tally.distinct() as i64;
            all.top.extend(tally.top(self.most));
        }
        all.top.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        all.top.truncate(self.most);
        Ok(all)
    }

    /// Every thread takes the next source.
    async fn tally(&self, inner: &Inner, mut all: Tally) -> Result<Tally> {
        let engine = &inner.engine;
        let mut sources: Vec<Source> = Vec::new();
        for rows in self.rows(inner)? {
            let plan = rows.create_physical_plan().await?;
            let partitions = plan.output_partitioning().partition_count();
            sources.extend((0..partitions).map(|partition| (plan.clone(), partition)));
        }
        let sources = Arc::new(Mutex::new(sources));
        let mut lanes = JoinSet::new();
        for _ in 0..engine.partitions {
            lanes.spawn(tally_lane(all.beside(), sources.clone(), engine.context().task_ctx()));
        }
        while let Some(lane) = lanes.join_next().await {
            all.merge(lane.map_err(|_| Error::Stopped)??);
        }
        Ok(all)
    }

    /// The values in everything the conditions find, one a row, some perhaps null or empty.
    fn rows(&self, inner: &Inner) -> Result<Vec<DataFrame>> {
        let also = std::slice::from_ref(&self.field);
        let (conditions, meter) = (&self.conditions, &self.meter);
        let reading = Reading { also, positions: false, ..Reading::of(conditions, meter) };
        let mut parts = reading.memory(&inner.engine, &self.snapshot, None)?;
        let places: Vec<usize> = (0..self.snapshot.files.len()).collect();
        parts.extend(reading.files(&inner.engine, &self.snapshot, &places, None)?);
        parts.retain(|part| part.also[0].column || part.also[0].rest);
        parts.into_iter().map(|part| values(part, &self.field)).collect()
    }
}

/// A plan, and one of its partitions.
type Source = (Arc<dyn ExecutionPlan>, usize);

async fn tally_lane(mut tally: Tally, sources: Arc<Mutex<Vec<Source>>>, context: Arc<TaskContext>) -> Result<Tally> {
    let memory = MemoryConsumer::new("values").register(context.memory_pool());
    let next = || sources.lock().unwrap_or_else(PoisonError::into_inner).pop();
    while let Some((plan, partition)) = next() {
        let mut batches = plan.execute(partition, context.clone())?;
        while let Some(batch) = batches.try_next().await? {
            tally.add_all(batch.column(0));
            memory.try_resize(tally.memory())?;
        }
    }
    tally.settle();
    Ok(tally)
}

/// A part's values of a field, one a row.
fn values(part: Part, field: &FieldName) -> Result<DataFrame> {
    let text: Expr = field.text(part.also[0]);
    if !part.also[0].rest {
        return Ok(part.rows.select(vec![text.alias(VALUE)])?);
    }
    let lists = part.rows.select(vec![udf::values(&field.name, text, column(field.rest())).alias(VALUE)])?;
    let rows = lists.unnest_columns(&[VALUE])?;
    Ok(rows.select(vec![cast(column(VALUE), DataType::Utf8).alias(VALUE)])?)
}
