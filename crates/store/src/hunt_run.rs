//! Runs of threat hunts: what they have to ask, what was asked, what was found (catalogue D9).

use model::change::Noun;
use model::hunt::{HuntResult, HuntRun, HuntRunState};
use model::{CustomerId, HuntId, HuntRunId, Scope, Timestamp};

use crate::row::Row;
use crate::sql::{Sql, json, sql};
use crate::{Error, Result, Tx};

/// Tasks put into one INSERT.
const CHUNK: usize = 100;
/// Runs of a hunt that are told.
const RUNS: i64 = 20;

/// One thing a run has to ask: a query's key, of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HuntTask {
    /// Of whom.
    pub customer: CustomerId,
    /// Which query, by its key; or [`HuntTask::DATA`].
    pub query: String,
}

impl HuntTask {
    /// Whether the data the hunt needs is there. No query can have this key.
    pub const DATA: &'static str = "@data";
}

impl Tx {
    /// Puts a run on record with all it has to ask, in this order.
    pub async fn create_hunt_run(&mut self, run: &HuntRun, tasks: &[HuntTask]) -> Result<()> {
        self.get_hunt(&run.hunt).await?;
        let insert = sql("INSERT INTO hunt_run (id, hunt, state, asked_by, asked_user, created) VALUES ")
            .push("(?, ?, ?, ?, ?, ?)")
            .bind(&run.id)
            .bind(&run.hunt)
            .bind(run.state)
            .bind(&run.asked_by)
            .bind(run.asked_user.as_ref())
            .bind(run.created);
        self.execute(insert).await?;
        for task in tasks {
            self.hunt_customer(&run.hunt, &task.customer).await?;
            self.changed_for(&task.customer, Noun::Hunt, run.hunt.as_str());
        }
        for (part, chunk) in tasks.chunks(CHUNK).enumerate() {
            let mut insert = sql("INSERT INTO hunt_task (customer, run, query, place, done) VALUES ");
            for (place, task) in chunk.iter().enumerate() {
                insert = insert
                    .push(if place == 0 { "(?, ?, ?, ?, ?)" } else { ", (?, ?, ?, ?, ?)" })
                    .bind(&task.customer)
                    .bind(&run.id)
                    .bind(&task.query)
                    .bind((part * CHUNK + place) as i64)
                    .bind(false);
            }
            self.execute(insert).await?;
        }
        Ok(())
    }

    /// One run of a hunt.
    pub async fn get_hunt_run(&mut self, id: &HuntRunId) -> Result<HuntRun> {
        let query = self.visible_runs().push(" AND r.id = ?").bind(id);
        self.row(query, read).await?.ok_or_else(|| Error::not_found("run of a hunt", id))
    }

    /// The latest runs of a hunt, newest first.
    pub async fn list_hunt_runs(&mut self, hunt: &HuntId) -> Result<Vec<HuntRun>> {
        self.get_hunt(hunt).await?;
        let query = self.visible_runs().push(" AND r.hunt = ?").bind(hunt);
        self.rows(query.push(" ORDER BY r.created DESC, r.id DESC LIMIT ?").bind(RUNS), read).await
    }

    /// Every hunt's runs in one of these states, oldest first.
    pub async fn hunt_runs_in(&mut self, states: &[HuntRunState]) -> Result<Vec<HuntRun>> {
        let query = self.visible_runs().and_in("r.state", states.iter().copied());
        self.rows(query.push(" ORDER BY r.created, r.id"), read).await
    }

    /// What a run still has to ask, in order.
    pub async fn open_hunt_tasks(&mut self, run: &HuntRunId) -> Result<Vec<HuntTask>> {
        let query = sql("SELECT customer, query FROM hunt_task WHERE NOT done AND run = ?").bind(run);
        let task = |row: &Row| Ok(HuntTask { customer: row.parse("customer")?, query: row.get("query")? });
        self.rows(self.scoped(query, "customer").push(" ORDER BY place"), task).await
    }

    /// Notes that something was asked. Gives whether it still was to be, of a run under way.
    pub async fn finish_hunt_task(&mut self, run: &HuntRunId, task: &HuntTask) -> Result<bool> {
        let update = sql("UPDATE hunt_task SET done = ? WHERE NOT done AND run = ? AND customer = ? AND query = ? ")
            .push("AND EXISTS (SELECT 1 FROM hunt_run r WHERE r.id = hunt_task.run AND r.state = ?)")
            .bind(true)
            .bind(run)
            .bind(&task.customer)
            .bind(&task.query)
            .bind(HuntRunState::Running);
        Ok(self.execute(self.scoped(update, "customer")).await? > 0)
    }

    /// Moves a run from one state to another. Gives whether it was in the first.
    pub async fn move_hunt_run(&mut self, id: &HuntRunId, from: HuntRunState, to: HuntRunState) -> Result<bool> {
        let run = self.get_hunt_run(id).await?;
        let now = self.context().now();
        let (started, finished): (Option<Timestamp>, Option<Timestamp>) = match to {
            HuntRunState::Queued => (None, None),
            HuntRunState::Running => (Some(now), None),
            _ => (run.started, Some(now)),
        };
        let update = sql("UPDATE hunt_run SET state = ?, started = ?, finished = ? WHERE id = ? AND state = ?")
            .bind(to)
            .bind(started)
            .bind(finished)
            .bind(id)
            .bind(from);
        let moved = self.execute(update).await? > 0;
        if moved {
            let customers = self.get_hunt(&run.hunt).await?.customers;
            self.hunt_changed(&run.hunt, &customers);
        }
        Ok(moved)
    }

    /// Puts what a query found at a customer in the place of what it found before.
    pub async fn put_hunt_result(&mut self, hunt: &HuntId, result: &HuntResult) -> Result<()> {
        self.hunt_customer(hunt, &result.customer).await?;
        let samples = json(&result.samples);
        let content = HuntResult { samples: Vec::new(), ..result.clone() };
        let put = sql("INSERT INTO hunt_result (customer, hunt, query, content, samples) VALUES (?, ?, ?, ?, ?) ")
            .push("ON CONFLICT (hunt, query, customer) DO UPDATE SET content = excluded.content, ")
            .push("samples = excluded.samples")
            .bind(&result.customer)
            .bind(hunt)
            .bind(&result.query)
            .bind(json(&content))
            .bind(samples);
        self.execute(put).await?;
        self.changed_for(&result.customer, Noun::Hunt, hunt.as_str());
        Ok(())
    }

    /// What was found at the customers in scope, without the samples.
    pub async fn list_hunt_results(&mut self, hunt: &HuntId) -> Result<Vec<HuntResult>> {
        self.get_hunt(hunt).await?;
        let query = sql("SELECT customer, content FROM hunt_result WHERE hunt = ?").bind(hunt);
        let query = self.scoped(query, "customer").push(" ORDER BY customer, query");
        self.rows(query, |row| row.json("content")).await
    }

    /// What one query found at one customer, with its samples.
    pub async fn get_hunt_result(&mut self, hunt: &HuntId, query: &str, customer: &CustomerId) -> Result<HuntResult> {
        let found = sql("SELECT content, samples FROM hunt_result WHERE hunt = ? AND query = ? AND customer = ?")
            .bind(hunt)
            .bind(query)
            .bind(customer);
        let read = |row: &Row| Ok(HuntResult { samples: row.json("samples")?, ..row.json("content")? });
        let found = self.row(self.scoped(found, "customer"), read).await?;
        found.ok_or_else(|| Error::not_found("result of this hunt", customer))
    }

    fn visible_runs(&self) -> Sql {
        let query = sql("SELECT r.*, (SELECT COUNT(*) FROM hunt_task t WHERE t.run = r.id");
        let query =
            self.scoped(query, "t.customer").push(") AS total, (SELECT COUNT(*) FROM hunt_task t WHERE t.done ");
        let query =
            self.scoped(query.push("AND t.run = r.id"), "t.customer").push(") AS done FROM hunt_run r WHERE TRUE");
        match self.scope() {
            Scope::All => query,
            scope => query
                .push(" AND EXISTS (SELECT 1 FROM hunt_customer c WHERE c.hunt = r.hunt")
                .and_scope("c.customer", scope)
                .push(")"),
        }
    }
}

fn read(row: &Row) -> Result<HuntRun> {
    Ok(HuntRun {
        id: row.parse("id")?,
        hunt: row.parse("hunt")?,
        asked_by: row.get("asked_by")?,
        asked_user: row.parse_maybe("asked_user")?,
        state: row.parse("state")?,
        total: row.get("total")?,
        done: row.get("done")?,
        created: row.time("created")?,
        started: row.time_maybe("started")?,
        finished: row.time_maybe("finished")?,
    })
}
