//! Threat hunts 威胁狩猎 (catalogue D9): planned, changed, concluded. What was found is in `hunt_run`, what people make of
//! it in `hunt_judge`.

use model::hunt::{Hunt, HuntCustomer, HuntData, HuntQuestion, HuntState, HuntSummary, MOST_CUSTOMERS, summarise};
use model::role::Permission;
use model::{Context, CustomerId, HuntId, Page, PageRequest, TimeRange};
use serde_json::json;
use store::{HuntFilter, NewHunt, Tx};

use crate::error::{Error, Problems, Result};
use crate::session::permissions_of;
use crate::{Ops, audit, difference, optional, validate};

/// Characters of a conclusion, remark or reason at most.
pub(crate) const TEXT: usize = 8000;

impl Ops {
    /// Writes a hunt down for these customers, for all the caller sees when none is named.
    pub async fn create_hunt(&self, ctx: &Context, data: HuntData, customers: &[CustomerId]) -> Result<Hunt> {
        ctx.require(Permission::HuntWrite)?;
        let mut tx = self.store().write(ctx).await?;
        check_hunt(&mut tx, &data).await?;
        let customers = match customers {
            [] => tx.all_customers().await?.into_iter().map(|customer| customer.id).collect(),
            named => distinct(named),
        };
        check_customers(&customers)?;
        let by = ctx.actor().user().cloned();
        let new = NewHunt { id: HuntId::generate(ctx.now()), round: None, data, customers, by };
        let hunt = tx.create_hunt(&new).await?;
        audit_hunt(&mut tx, "hunt.create", &hunt, json!(hunt.data)).await?;
        tx.commit().await?;
        Ok(hunt)
    }

    /// One hunt, as far as the caller's sight goes.
    pub async fn get_hunt(&self, ctx: &Context, id: &HuntId) -> Result<Hunt> {
        ctx.require(Permission::HuntRead)?;
        Ok(self.store().read(ctx).await?.get_hunt(id).await?)
    }

    /// Hunts, newest first.
    pub async fn list_hunts(&self, ctx: &Context, filter: &HuntFilter, page: &PageRequest) -> Result<Page<Hunt>> {
        ctx.require(Permission::HuntRead)?;
        Ok(self.store().read(ctx).await?.list_hunts(filter, page).await?)
    }

    /// Changes what is said about an open hunt. Takes sight of all its customers.
    pub async fn update_hunt(&self, ctx: &Context, id: &HuntId, version: i64, data: HuntData) -> Result<Hunt> {
        let (mut tx, before) = self.change_hunt(ctx, id).await?;
        check_hunt(&mut tx, &data).await?;
        let after = tx.update_hunt(id, version, &data).await?;
        audit_hunt(&mut tx, "hunt.update", &after, difference(&before.data, &after.data)).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Gives an open hunt other customers; what was found at those that go is forgotten.
    pub async fn set_hunt_customers(
        &self,
        ctx: &Context,
        id: &HuntId,
        version: i64,
        customers: &[CustomerId],
    ) -> Result<Hunt> {
        let (mut tx, before) = self.change_hunt(ctx, id).await?;
        let customers = distinct(customers);
        check_customers(&customers)?;
        let after = tx.set_hunt_customers(id, version, &customers).await?;
        for customer in before.customers.iter().filter(|known| !customers.contains(known)) {
            tx.audit(audit(Some(customer), "hunt.leave_out", id, json!({"title": before.data.title}))).await?;
        }
        for customer in customers.iter().filter(|new| !before.customers.contains(new)) {
            tx.audit(audit(Some(customer), "hunt.take_in", id, json!({"title": before.data.title}))).await?;
        }
        tx.commit().await?;
        Ok(after)
    }

    /// What a hunt came to at each of the caller's customers.
    pub async fn list_hunt_customers(&self, ctx: &Context, id: &HuntId) -> Result<Vec<HuntCustomer>> {
        ctx.require(Permission::HuntRead)?;
        Ok(self.store().read(ctx).await?.list_hunt_customers(id).await?)
    }

    /// Says in words what came of a hunt, once every customer is judged.
    pub async fn conclude_hunt(&self, ctx: &Context, id: &HuntId, version: i64, conclusion: &str) -> Result<Hunt> {
        let (mut tx, before) = self.change_hunt(ctx, id).await?;
        let conclusion = validate::text("conclusion", conclusion, TEXT)?;
        if before.verdicts.open > 0 {
            return Err(Error::NotNow(format!(
                "{} of its customers are not judged yet: judge each of them, or take it out of the hunt",
                before.verdicts.open
            )));
        }
        let after = tx.set_hunt_state(id, version, HuntState::Concluded, &conclusion).await?;
        let detail = json!({"verdicts": after.verdicts, "incidents": after.incidents, "minutes": after.minutes});
        tx.audit(audit(None, "hunt.conclude", id, detail)).await?;
        for one in tx.list_hunt_customers(id).await? {
            tx.audit(audit(Some(&one.customer), "hunt.conclude", id, json!({"verdict": one.verdict}))).await?;
        }
        tx.commit().await?;
        Ok(after)
    }

    /// Gives an open hunt up, with the reason.
    pub async fn call_off_hunt(&self, ctx: &Context, id: &HuntId, version: i64, reason: &str) -> Result<Hunt> {
        let (mut tx, _) = self.change_hunt(ctx, id).await?;
        let reason = validate::text("reason", reason, TEXT)?;
        let after = tx.set_hunt_state(id, version, HuntState::CalledOff, &reason).await?;
        audit_hunt(&mut tx, "hunt.call_off", &after, json!({})).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Takes a hunt up again that was over, with the reason; its conclusion stands until there is another.
    pub async fn reopen_hunt(&self, ctx: &Context, id: &HuntId, version: i64, reason: &str) -> Result<Hunt> {
        ctx.require(Permission::HuntWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let before = whole(tx.get_hunt(id).await?)?;
        if before.state.is_open() {
            return Err(Error::NotNow("the hunt is open".to_owned()));
        }
        validate::text("reason", reason, TEXT)?;
        let conclusion = before.conclusion.as_deref().unwrap_or_default();
        let after = tx.set_hunt_state(id, version, HuntState::Active, conclusion).await?;
        audit_hunt(&mut tx, "hunt.reopen", &after, json!({"from": before.state})).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// The hunts concluded in a period, counted for each of these customers; for all the caller sees when none is named.
    pub async fn hunt_summary(
        &self,
        ctx: &Context,
        range: TimeRange,
        customers: &[CustomerId],
    ) -> Result<Vec<HuntSummary>> {
        ctx.require(Permission::HuntRead)?;
        if range.from >= range.to {
            return Err(Error::invalid("to", "must be after `from`"));
        }
        Ok(summarise(self.store().read(ctx).await?.hunt_shares(range, customers).await?))
    }

    /// A transaction about an open hunt of which the caller sees every customer.
    async fn change_hunt(&self, ctx: &Context, id: &HuntId) -> Result<(Tx, Hunt)> {
        ctx.require(Permission::HuntWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let hunt = open(whole(tx.get_hunt(id).await?)?)?;
        Ok((tx, hunt))
    }
}

/// Fails unless the caller sees every customer of the hunt.
pub(crate) fn whole(hunt: Hunt) -> Result<Hunt> {
    if hunt.whole { Ok(hunt) } else { Err(Error::NeedsItsCustomers("hunt")) }
}

/// Fails unless something can still be done about the hunt.
pub(crate) fn open(hunt: Hunt) -> Result<Hunt> {
    match hunt.state {
        state if state.is_open() => Ok(hunt),
        state => {
            Err(Error::NotNow(format!("the hunt is {}: take it up again to go on", state.as_str().replace('_', " "))))
        }
    }
}

/// A row for each of the hunt's customers, so that each one's log tells of it. What it tells must be of none of them.
pub(crate) async fn audit_hunt(
    tx: &mut Tx,
    action: &'static str,
    hunt: &Hunt,
    detail: serde_json::Value,
) -> Result<()> {
    for customer in &hunt.customers {
        tx.audit(audit(Some(customer), action, &hunt.id, detail.clone())).await?;
    }
    Ok(())
}

/// Fails where a hunt cannot be kept as given: its text, its owner, its lists.
pub(crate) async fn check_hunt(tx: &mut Tx, data: &HuntData) -> Result<()> {
    let mut problems = Problems::default();
    for (field, message) in data.problems() {
        problems.add(field, &message);
    }
    if let Some(owner) = &data.owner {
        let found = optional(tx.get_user(owner).await)?;
        let may = found.is_some_and(|user| user.data.active && permissions_of(&user).contains(&Permission::HuntWrite));
        problems.expect(may, "owner", "must be active and have the permission hunt.write");
    }
    for query in &data.queries {
        if let HuntQuestion::List { list } = &query.ask {
            let there = optional(tx.get_intel_list(list).await)?.is_some();
            problems.expect(there, "queries", &format!("`{}`: there is no such intelligence list", query.name));
        }
    }
    problems.done()
}

fn check_customers(customers: &[CustomerId]) -> Result<()> {
    let mut problems = Problems::default();
    problems.expect((1..=MOST_CUSTOMERS).contains(&customers.len()), "customers", "must be 1 to 500");
    problems.done()
}

fn distinct(customers: &[CustomerId]) -> Vec<CustomerId> {
    customers.iter().collect::<std::collections::BTreeSet<_>>().into_iter().cloned().collect()
}
