//! Asking a hunt's queries of its customers: one job with progress, which can be stopped and continued. The worker that
//! asks is in `hunt_worker`.

use model::hunt::{HuntQuestion, HuntResult, HuntRun, HuntRunState};
use model::role::Permission;
use model::{Context, CustomerId, HuntId, HuntRunId};
use serde_json::json;
use store::HuntTask;

use crate::error::{Error, Problems, Result};
use crate::hunt::open;
use crate::{Ops, audit};

/// What of a hunt is to be run; an empty part does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HuntRunWish {
    /// At these customers.
    pub customers: Vec<CustomerId>,
    /// The queries with these keys.
    pub queries: Vec<String>,
    /// Whether only is looked where the data is that the hunt needs.
    pub only_data: bool,
}

impl Ops {
    /// Asks for a run over those of the hunt's customers that the caller sees. What will be looked for is on record
    /// before anything is: the log of each customer tells of it.
    pub async fn run_hunt(&self, ctx: &Context, id: &HuntId, wish: &HuntRunWish) -> Result<HuntRun> {
        ctx.require(Permission::HuntWrite)?;
        ctx.require(Permission::EventRead)?;
        let mut tx = self.store().write(ctx).await?;
        let hunt = open(tx.get_hunt(id).await?)?;
        for run in tx.list_hunt_runs(id).await? {
            if run.state.is_open() {
                return Err(Error::NotNow("a run of this hunt is under way: wait for it, or stop it".to_owned()));
            }
        }
        let mut problems = Problems::default();
        let known = wish.queries.iter().all(|key| hunt.data.query(key).is_some());
        problems.expect(known, "queries", "must be keys of the hunt's queries");
        let ours = wish.customers.iter().all(|customer| hunt.customers.contains(customer));
        problems.expect(ours, "customers", "must be customers of the hunt");
        let any = wish.only_data || !hunt.data.queries.is_empty();
        problems.expect(any, "queries", "the hunt has none yet: add one, or look only where the data is");
        problems.done()?;
        let queries = hunt.data.queries.iter();
        let queries: Vec<_> = queries
            .filter(|query| !wish.only_data && (wish.queries.is_empty() || wish.queries.contains(&query.key)))
            .collect();
        for query in &queries {
            match &query.ask {
                HuntQuestion::List { .. } => ctx.require(Permission::IntelRead)?,
                HuntQuestion::UseCase { .. } => ctx.require(Permission::PolicyRead)?,
                HuntQuestion::Search { .. } => {}
            }
        }
        let customers = hunt.customers.iter();
        let customers = customers.filter(|one| wish.customers.is_empty() || wish.customers.contains(one));
        let mut tasks = Vec::new();
        for customer in customers {
            let keys = [HuntTask::DATA].into_iter().chain(queries.iter().map(|query| query.key.as_str()));
            tasks.extend(keys.map(|key| HuntTask { customer: customer.clone(), query: key.to_owned() }));
        }
        let run = HuntRun {
            id: HuntRunId::generate(ctx.now()),
            hunt: id.clone(),
            asked_by: ctx.actor().to_string(),
            asked_user: ctx.actor().user().cloned(),
            state: HuntRunState::Queued,
            total: tasks.len() as i64,
            done: 0,
            created: ctx.now(),
            started: None,
            finished: None,
        };
        tx.create_hunt_run(&run, &tasks).await?;
        tx.begin_hunt(id).await?;
        let asked: Vec<_> =
            queries.iter().map(|query| json!({"query": query, "range": query.range(ctx.now())})).collect();
        let detail = json!({"run": run.id, "needs": hunt.data.needs, "queries": asked});
        let mut told: Option<&CustomerId> = None;
        for task in &tasks {
            if told != Some(&task.customer) {
                tx.audit(audit(Some(&task.customer), "hunt.run", id, detail.clone())).await?;
                told = Some(&task.customer);
            }
        }
        tx.commit().await?;
        Ok(run)
    }

    /// The latest runs of a hunt, newest first.
    pub async fn list_hunt_runs(&self, ctx: &Context, id: &HuntId) -> Result<Vec<HuntRun>> {
        ctx.require(Permission::HuntRead)?;
        Ok(self.store().read(ctx).await?.list_hunt_runs(id).await?)
    }

    /// Stops a run; what it found is kept.
    pub async fn cancel_hunt_run(&self, ctx: &Context, id: &HuntId, run: &HuntRunId) -> Result<HuntRun> {
        self.move_run(
            ctx,
            id,
            run,
            "hunt.run_cancel",
            &[HuntRunState::Queued, HuntRunState::Running],
            HuntRunState::Cancelled,
        )
        .await
    }

    /// Goes on with a run that was stopped or cut short, where it stopped.
    pub async fn continue_hunt_run(&self, ctx: &Context, id: &HuntId, run: &HuntRunId) -> Result<HuntRun> {
        let stopped = [HuntRunState::Interrupted, HuntRunState::Cancelled];
        self.move_run(ctx, id, run, "hunt.run_continue", &stopped, HuntRunState::Queued).await
    }

    /// What was found at the caller's customers, without samples.
    pub async fn list_hunt_results(&self, ctx: &Context, id: &HuntId) -> Result<Vec<HuntResult>> {
        ctx.require(Permission::HuntRead)?;
        Ok(self.store().read(ctx).await?.list_hunt_results(id).await?)
    }

    /// What one query found at one of the caller's customers, with samples: a look at events, which is on record.
    pub async fn get_hunt_result(
        &self,
        ctx: &Context,
        id: &HuntId,
        query: &str,
        customer: &CustomerId,
    ) -> Result<HuntResult> {
        ctx.require(Permission::HuntRead)?;
        ctx.require(Permission::EventRead)?;
        let mut tx = self.store().write(ctx).await?;
        tx.get_hunt(id).await?;
        let result = tx.get_hunt_result(id, query, customer).await?;
        if ctx.actor().user().is_some() {
            let events: Vec<_> = result.samples.iter().map(|sample| sample.event).collect();
            tx.audit(audit(Some(customer), "hunt.look", id, json!({"query": query, "events": events}))).await?;
            tx.commit().await?;
        }
        Ok(result)
    }

    /// Whoever asked for a run may stop and continue it, and so may whoever sees every customer of the hunt.
    async fn move_run(
        &self,
        ctx: &Context,
        id: &HuntId,
        run: &HuntRunId,
        action: &'static str,
        from: &[HuntRunState],
        to: HuntRunState,
    ) -> Result<HuntRun> {
        ctx.require(Permission::HuntWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let hunt = open(tx.get_hunt(id).await?)?;
        let stands = tx.get_hunt_run(run).await?;
        if stands.hunt != *id {
            return Err(Error::NotFound("run of this hunt"));
        }
        if !hunt.whole && (stands.asked_user.is_none() || stands.asked_user.as_ref() != ctx.actor().user()) {
            return Err(Error::NeedsItsCustomers("hunt"));
        }
        if !from.contains(&stands.state) || !tx.move_hunt_run(run, stands.state, to).await? {
            return Err(Error::NotNow(format!("the run is {}", stands.state.as_str())));
        }
        for customer in &hunt.customers {
            tx.audit(audit(Some(customer), action, id, json!({"run": run}))).await?;
        }
        let after = tx.get_hunt_run(run).await?;
        tx.commit().await?;
        Ok(after)
    }
}
