//! What arrives, as it arrives: the rows appended since the last look that a query finds. Nobody tells a tail anything: it
//! looks at memory when asked, so that one that is slow, or many, cost intake nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::logical_expr::{Expr, lit};
use model::event::StoredEvent;
use model::search::EventQuery;
use model::{Context, Scope, TimeRange};

use crate::chunk::Shard;
use crate::columns::{LOG, SEQUENCE, SHARD};
use crate::error::{Error, Result};
use crate::fetch::fetch;
use crate::part::Reading;
use crate::query::{Conditions, column};
use crate::search::run;
use crate::snapshot::Snapshot;
use crate::store::Lake;

/// What has arrived.
#[derive(Debug, Default)]
pub struct Tailed {
    /// The newest events found, newest first.
    pub events: Vec<StoredEvent>,
    /// How many more were found and are not among them.
    pub skipped: u64,
}

/// A place in what arrives, and a query.
pub struct Tail {
    lake: Lake,
    scope: Scope,
    range: TimeRange,
    conditions: Arc<Conditions>,
    /// Up to where each shard has been looked at.
    seen: BTreeMap<Shard, u64>,
}

impl Lake {
    /// Follows what arrives from now on, as far as the context's scope goes.
    pub fn tail(&self, context: &Context, query: &EventQuery) -> Result<Tail> {
        let conditions = Arc::new(Conditions::of(query)?);
        let scope = context.scope().narrow(&query.customers);
        let (seen, _) = self.inner.state().news(&scope, &BTreeMap::new());
        Ok(Tail { lake: self.clone(), scope, range: query.range, conditions, seen })
    }
}

impl Tail {
    /// Follows on for a context whose scope may have become smaller.
    pub fn narrow(&mut self, context: &Context) {
        self.scope = match &self.scope {
            Scope::All => context.scope().clone(),
            Scope::Customers(customers) if customers.is_empty() => self.scope.clone(),
            Scope::Customers(customers) => {
                let mine: Vec<_> = customers.iter().cloned().collect();
                context.scope().narrow(&mine)
            }
        };
    }

    /// What the query finds of all that arrived since the last call: at most `most` events, the others counted. When it
    /// fails the next call looks at the same again.
    pub async fn next(&mut self, context: &Context, most: usize) -> Result<Tailed> {
        let inner = self.lake.inner.clone();
        let (upto, chunks, in_files) = {
            let state = inner.state();
            let (upto, in_files) = state.news(&self.scope, &self.seen);
            if upto == self.seen {
                return Ok(Tailed::default());
            }
            (upto, state.chunks(&self.scope, self.range), in_files)
        };
        let above = |shard: Shard, sequence: u64| sequence > self.seen.get(&shard).copied().unwrap_or(0);
        let mut snapshot = Snapshot::default();
        if in_files {
            snapshot = inner.snapshot(&self.scope, self.range).await?;
            snapshot.files.retain(|file| {
                let (first, last) = (file.first, file.last);
                (first.log, first.shard) != (last.log, last.shard) || above((last.log, last.shard), last.sequence)
            });
        } else {
            let each = chunks.into_iter();
            let each =
                each.flat_map(|(customer, chunks)| chunks.into_iter().map(move |chunk| (customer.clone(), chunk)));
            snapshot.chunks = each.collect();
        }
        snapshot.chunks.retain(|(_, chunk)| chunk.spans.iter().any(|(shard, (_, high))| above(*shard, *high)));
        if snapshot.chunks.is_empty() && snapshot.files.is_empty() {
            self.seen = upto;
            return Ok(Tailed::default());
        }
        let new = rows_between(&self.seen, &upto);
        let meter = inner.engine.costs.meter(context)?;
        let (conditions, engine) = (self.conditions.clone(), inner.clone());
        let tailed = async move {
            let reading = Reading::of(&conditions, &meter);
            let mut parts = reading.memory(&engine.engine, &snapshot, Some(&new))?;
            let places: Vec<usize> = (0..snapshot.files.len()).collect();
            parts.extend(reading.files(&engine.engine, &snapshot, &places, Some(&new))?);
            let mut found = run(parts, usize::MAX).await?;
            found.sort_unstable_by(|a, b| b.cmp(a));
            let skipped = found.len().saturating_sub(most) as u64;
            let wanted: Vec<_> = found.iter().take(most).map(|row| (row.origin, row.id, row.time)).collect();
            let dir = engine.config.dir.clone();
            let events = tokio::task::spawn_blocking(move || fetch(&dir, &snapshot, &wanted));
            let events = events.await.map_err(|_| Error::Stopped)??;
            Ok(Tailed { events, skipped })
        };
        let tailed = inner.engine.run(tailed).await?;
        self.seen = upto;
        Ok(tailed)
    }
}

/// Rows above `seen` and not above `upto`.
fn rows_between(seen: &BTreeMap<Shard, u64>, upto: &BTreeMap<Shard, u64>) -> Expr {
    let shards = upto.iter().filter(|(shard, high)| seen.get(shard).is_none_or(|low| low < *high));
    let each = shards.map(|((log, shard), high)| {
        let low = seen.get(&(*log, *shard)).copied().unwrap_or(0);
        let here = column(LOG).eq(lit(i64::from(*log))).and(column(SHARD).eq(lit(i32::from(*shard))));
        here.and(column(SEQUENCE).gt(lit(low as i64))).and(column(SEQUENCE).lt_eq(lit(*high as i64)))
    });
    each.reduce(Expr::or).unwrap_or(lit(false))
}
