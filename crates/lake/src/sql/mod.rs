//! SQL for experts: one SELECT over one view, `events`, that is built from the scope's rows and nothing else.
//!
//! The walls, each of which would do on its own: the text is parsed and anything but a query over `events` is refused;
//! the session has no catalogue but the one with `events` in it, no table functions, no file formats, no way to create
//! or change anything; the engine knows no file store but the lake's, and nothing but `events` reads from that.

mod guard;
mod outcome;
mod session;
mod view;

use std::time::Duration;

use model::search::EventQuery;
use model::{Context, CustomerId, TimeRange};

pub use outcome::{SqlColumn, SqlResult};

use crate::error::{Error, Result};
use crate::query::Conditions;
use crate::store::Lake;

/// What an SQL query may look at and use up.
#[derive(Debug, Clone)]
pub struct SqlLimits {
    /// Only events of this time: every query is bounded by one.
    pub range: TimeRange,
    /// Only these customers; all of the context's when empty.
    pub customers: Vec<CustomerId>,
    /// Rows at most; the result says when there were more.
    pub rows: usize,
    /// Bytes of values at most; the result ends there too.
    pub bytes: usize,
    /// How long it may take.
    pub time: Duration,
    /// Bytes it may hold for sorting, grouping and joining.
    pub memory: usize,
}

impl SqlLimits {
    /// A thousand rows within a minute, in 256 MiB.
    pub fn new(range: TimeRange) -> Self {
        SqlLimits {
            range,
            customers: Vec::new(),
            rows: 1_000,
            bytes: 16 << 20,
            time: Duration::from_secs(60),
            memory: 256 << 20,
        }
    }
}

impl Lake {
    /// Runs a SELECT over `events`: envelope, core fields by name and type, and the record's own fields as `f_<name>`.
    /// Dropping the future stops the work.
    pub async fn sql(&self, context: &Context, text: &str, limits: &SqlLimits) -> Result<SqlResult> {
        let meter = self.inner.engine.costs.meter(context)?;
        let scope = context.scope().narrow(&limits.customers);
        let (inner, text, limits) = (self.inner.clone(), text.to_owned(), limits.clone());
        let (seconds, time) = (limits.time.as_secs(), limits.time);
        // Even reading the text happens on the engine's threads: they have the stack for it.
        let work = async move {
            let asked = guard::check(&text)?;
            let snapshot = inner.snapshot(&scope, limits.range).await?;
            let conditions = Conditions::of(&EventQuery::all(limits.range))?;
            let view = view::Events::new(inner.clone(), snapshot, conditions, meter, &asked);
            let rows = session::plan(&inner.engine, view, &asked, limits.memory).await?;
            outcome::collect(rows, limits.rows, limits.bytes).await
        };
        match tokio::time::timeout(time, self.inner.engine.run(work)).await {
            Ok(done) => done,
            Err(_) => Err(Error::TooLong { seconds }),
        }
    }
}
