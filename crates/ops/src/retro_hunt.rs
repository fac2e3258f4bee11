//! Hunts for intelligence lists through everything that was kept (catalogue I6): asking for one, stopping it, what it
//! found.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lake::{HuntWatch, Target};
use model::intel::{Hit, IntelList, RetroHunt, RetroHuntProgress, RetroHuntState};
use model::role::Permission;
use model::{Context, CustomerId, IntelListId, Page, PageRequest, RetroHuntId, Scope, TimeRange, Timestamp};
use serde_json::json;
use store::{HitFilter, RetroHuntOutcome, Tx};

use crate::error::{Error, Result};
use crate::intel::among;
use crate::{Ops, audit};

/// Lists kept ready at a time for hunts that are about to begin.
const READY: usize = 2;

/// What of a list is hunted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    /// Among events of this time; of all times when absent.
    pub range: Option<TimeRange>,
    /// Only what is in it since then, and how many that are.
    pub new: Option<(Timestamp, i64)>,
}

/// Hunts under way in this process.
#[derive(Debug, Default)]
pub(crate) struct RetroHunts {
    running: Mutex<BTreeMap<RetroHuntId, Arc<HuntWatch>>>,
    ready: Mutex<Vec<(IntelListId, Arc<Target>)>>,
}

impl RetroHunts {
    /// Begins to watch a hunt; nothing when it is under way already.
    pub fn begin(&self, id: &RetroHuntId) -> Option<Arc<HuntWatch>> {
        let mut running = lock(&self.running);
        if running.contains_key(id) {
            return None;
        }
        let watch = Arc::new(HuntWatch::default());
        running.insert(id.clone(), watch.clone());
        Some(watch)
    }

    pub fn end(&self, id: &RetroHuntId) {
        lock(&self.running).remove(id);
    }

    pub fn watch(&self, id: &RetroHuntId) -> Option<Arc<HuntWatch>> {
        lock(&self.running).get(id).cloned()
    }

    /// Stops every hunt of this process; the next start begins them again.
    pub fn stop_all(&self) {
        lock(&self.running).values().for_each(|watch| watch.stop());
    }

    /// Keeps a list that a hunt will want at once.
    pub fn ready(&self, id: &IntelListId, target: Arc<Target>) {
        let mut ready = lock(&self.ready);
        ready.push((id.clone(), target));
        let over = ready.len().saturating_sub(READY);
        ready.drain(..over);
    }

    /// Takes a list that was kept ready.
    pub fn take_ready(&self, id: &IntelListId) -> Option<Arc<Target>> {
        let mut ready = lock(&self.ready);
        let place = ready.iter().position(|(list, _)| list == id)?;
        Some(ready.remove(place).1)
    }
}

impl Ops {
    /// Asks for a hunt for a list, among these customers' events or all the caller sees, with times in `range` or ever.
    pub async fn ask_retro_hunt(
        &self,
        ctx: &Context,
        list: &IntelListId,
        customers: &[CustomerId],
        range: Option<TimeRange>,
    ) -> Result<RetroHunt> {
        ctx.require(Permission::IntelWrite)?;
        if range.is_some_and(|range| range.from >= range.to) {
            return Err(Error::invalid("to", "must be after `from`"));
        }
        let mut tx = self.store().write(ctx).await?;
        let list = tx.get_intel_list(list).await?;
        // A list for some customers is hunted at those only.
        let customers = match (among(ctx, customers), &list.customers) {
            (Some(named), Some(of_list)) if !customers.is_empty() => {
                if let Some(other) = named.iter().find(|customer| !of_list.contains(customer)) {
                    return Err(Error::invalid("customers", &format!("{other} is none of the list's customers")));
                }
                Some(named)
            }
            (_, Some(of_list)) => Some(of_list.clone()),
            (named, None) => named,
        };
        let hunt = self.put_hunt(&mut tx, ctx, &list, customers, Wanted { range, ..Wanted::default() }).await?;
        tx.commit().await?;
        Ok(hunt)
    }

    /// Puts a hunt on record; the worker begins it.
    pub(crate) async fn put_hunt(
        &self,
        tx: &mut Tx,
        ctx: &Context,
        list: &IntelList,
        customers: Option<Vec<CustomerId>>,
        Wanted { range, new }: Wanted,
    ) -> Result<RetroHunt> {
        let hunt = RetroHunt {
            id: RetroHuntId::generate(ctx.now()),
            list: list.id.clone(),
            list_name: list.data.name.clone(),
            indicators: new.map_or(list.indicators(), |(_, count)| count),
            customers,
            range,
            added_since: new.map(|(since, _)| since),
            asked_by: ctx.actor().to_string(),
            state: RetroHuntState::Queued,
            progress: RetroHuntProgress::default(),
            hits: 0,
            more: false,
            error: None,
            created: ctx.now(),
            started: None,
            finished: None,
        };
        tx.create_retro_hunt(&hunt).await?;
        let detail = json!({"list": list.id, "customers": hunt.customers, "range": range});
        tx.audit(audit(None, "retro_hunt.ask", &hunt.id, detail)).await?;
        Ok(hunt)
    }

    /// One hunt, as far as it has come.
    pub async fn get_retro_hunt(&self, ctx: &Context, id: &RetroHuntId) -> Result<RetroHunt> {
        ctx.require(Permission::IntelRead)?;
        let hunt = self.store().read(ctx).await?.get_retro_hunt(id).await?;
        Ok(self.live(ctx, hunt))
    }

    /// Hunts, newest first; only those for a list, where one is named.
    pub async fn list_retro_hunts(
        &self,
        ctx: &Context,
        list: Option<&IntelListId>,
        page: &PageRequest,
    ) -> Result<Page<RetroHunt>> {
        ctx.require(Permission::IntelRead)?;
        let page = self.store().read(ctx).await?.list_retro_hunts(list, page).await?;
        Ok(page.map(|hunt| self.live(ctx, hunt)))
    }

    /// Stops a hunt. What it has found is kept. Takes sight of all its customers.
    pub async fn cancel_retro_hunt(&self, ctx: &Context, id: &RetroHuntId) -> Result<RetroHunt> {
        ctx.require(Permission::IntelWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let hunt = tx.get_retro_hunt(id).await?;
        if hunt.customers.is_none() && *ctx.scope() != Scope::All {
            return Err(Error::NeedsEveryCustomer);
        }
        if hunt.state.is_over() {
            return Err(Error::Conflict);
        }
        let progress = self.retro_hunts().watch(id).map_or(hunt.progress, |watch| watch.progress());
        let outcome = RetroHuntOutcome {
            state: RetroHuntState::Cancelled,
            progress,
            more: hunt.more,
            error: None,
            finished: Some(ctx.now()),
        };
        tx.note_retro_hunt(id, &outcome).await?;
        tx.audit(audit(None, "retro_hunt.cancel", id, json!({}))).await?;
        tx.commit().await?;
        if let Some(watch) = self.retro_hunts().watch(id) {
            watch.stop();
        }
        Ok(self.store().read(ctx).await?.get_retro_hunt(id).await?)
    }

    /// What a hunt found at the caller's customers, the latest seen first.
    pub async fn list_hits(
        &self,
        ctx: &Context,
        hunt: &RetroHuntId,
        filter: &HitFilter,
        page: &PageRequest,
    ) -> Result<Page<Hit>> {
        ctx.require(Permission::IntelRead)?;
        Ok(self.store().read(ctx).await?.list_hits(hunt, filter, page).await?)
    }

    /// A hunt under way in this process says how far it is, to those who see all it looks through.
    fn live(&self, ctx: &Context, mut hunt: RetroHunt) -> RetroHunt {
        let sees_all = *ctx.scope() == Scope::All || hunt.customers.is_some();
        match self.retro_hunts().watch(&hunt.id).filter(|_| !hunt.state.is_over()) {
            Some(watch) if sees_all => hunt.progress = watch.progress(),
            _ if !sees_all => hunt.progress = share(hunt.progress),
            _ => {}
        }
        hunt
    }
}

/// How far a hunt is in percent: how many files others have is theirs to know.
fn share(progress: RetroHuntProgress) -> RetroHuntProgress {
    let percent = |done: i64, all: i64| if all == 0 { 0 } else { done * 100 / all };
    RetroHuntProgress {
        files: 100.min(progress.files),
        looked: percent(progress.looked, progress.files),
        to_read: 100.min(progress.to_read),
        read: percent(progress.read, progress.to_read),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
