//! Programmes that make a hunt every week or month, exactly one for each round.

use chrono_tz::Tz;
use model::hunt::{Hunt, HuntProgramme, HuntProgrammeData, MOST_CUSTOMERS, Round, round_after, round_at};
use model::role::Permission;
use model::{Context, CustomerId, HuntId, HuntProgrammeId, Page, PageRequest, Scope, Timestamp};
use serde_json::json;
use store::{NewHunt, Tx};

use crate::error::{Error, Problems, Result};
use crate::hunt::{audit_hunt, check_hunt};
use crate::{Ops, audit, difference, require_all};

impl Ops {
    /// Writes a programme down: for these customers, or for every customer there is at the time.
    pub async fn create_hunt_programme(
        &self,
        ctx: &Context,
        customers: Option<Vec<CustomerId>>,
        data: HuntProgrammeData,
    ) -> Result<HuntProgramme> {
        ctx.require(Permission::HuntWrite)?;
        if customers.is_none() {
            require_all(ctx)?;
        }
        let mut tx = self.store().write(ctx).await?;
        check_programme(&mut tx, customers.as_deref(), &data).await?;
        let id = HuntProgrammeId::generate(ctx.now());
        let made = tx.create_hunt_programme(&id, customers.as_deref(), &data).await?;
        audit_programme(&mut tx, "hunt_programme.create", &made, json!(made.data)).await?;
        tx.commit().await?;
        Ok(with_next(made, ctx.now()))
    }

    /// One programme.
    pub async fn get_hunt_programme(&self, ctx: &Context, id: &HuntProgrammeId) -> Result<HuntProgramme> {
        ctx.require(Permission::HuntRead)?;
        Ok(with_next(self.store().read(ctx).await?.get_hunt_programme(id).await?, ctx.now()))
    }

    /// Programmes, newest first.
    pub async fn list_hunt_programmes(
        &self,
        ctx: &Context,
        text: &str,
        page: &PageRequest,
    ) -> Result<Page<HuntProgramme>> {
        ctx.require(Permission::HuntRead)?;
        let page = self.store().read(ctx).await?.list_hunt_programmes(text, page).await?;
        Ok(page.map(|programme| with_next(programme, ctx.now())))
    }

    /// Changes a programme as it stood at `version`; hunts it has made stay as they are.
    pub async fn update_hunt_programme(
        &self,
        ctx: &Context,
        id: &HuntProgrammeId,
        version: i64,
        customers: Option<Vec<CustomerId>>,
        data: HuntProgrammeData,
    ) -> Result<HuntProgramme> {
        ctx.require(Permission::HuntWrite)?;
        if customers.is_none() {
            require_all(ctx)?;
        }
        let mut tx = self.store().write(ctx).await?;
        let before = tx.get_hunt_programme(id).await?;
        check_programme(&mut tx, customers.as_deref(), &data).await?;
        let after = tx.update_hunt_programme(id, version, customers.as_deref(), &data).await?;
        audit_programme(&mut tx, "hunt_programme.update", &after, difference(&before.data, &after.data)).await?;
        tx.commit().await?;
        Ok(with_next(after, ctx.now()))
    }

    /// Removes a programme; hunts it has made stay.
    pub async fn delete_hunt_programme(&self, ctx: &Context, id: &HuntProgrammeId) -> Result<()> {
        ctx.require(Permission::HuntWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let before = tx.get_hunt_programme(id).await?;
        tx.delete_hunt_programme(id).await?;
        audit_programme(&mut tx, "hunt_programme.delete", &before, json!({"title": before.data.template.title}))
            .await?;
        Ok(tx.commit().await?)
    }

    /// Makes the hunt of the present round now, if it is not there yet; gives it in either case. Takes sight of all the
    /// programme's customers.
    pub async fn begin_hunt_programme(&self, ctx: &Context, id: &HuntProgrammeId) -> Result<Hunt> {
        ctx.require(Permission::HuntWrite)?;
        let mut tx = self.store().write(ctx).await?;
        let programme = tx.get_hunt_programme(id).await?;
        if programme.customers.is_none() {
            require_all(ctx)?;
        }
        let round = round_at(programme.data.rhythm, &zone(&programme.data.time_zone), ctx.now());
        if let Some(hunt) = hunt_of(&mut tx, &programme, &round).await? {
            return Ok(hunt);
        }
        let hunt = make(&mut tx, &programme, &round).await?;
        tx.commit().await?;
        Ok(hunt)
    }

    /// Makes the hunts of rounds that have begun since their programmes were made, one for each programme however many
    /// rounds were missed. Gives how many.
    pub async fn make_due_hunts(&self, now: Timestamp) -> Result<usize> {
        let ctx = Context::job("hunt-programme", Scope::All, now);
        let mut due = Vec::new();
        let mut request = PageRequest::new(PageRequest::MOST, None);
        loop {
            let page = self.store().read(&ctx).await?.list_hunt_programmes("", &request).await?;
            due.extend(page.items.into_iter().filter_map(|programme| {
                let round = round_at(programme.data.rhythm, &zone(&programme.data.time_zone), now);
                let wanted = programme.data.active
                    && round.begins >= programme.created
                    && programme.last_round.as_ref() != Some(&round.key);
                wanted.then_some((programme, round))
            }));
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        let mut made = 0;
        for (programme, round) in due {
            let mut tx = self.store().write(&ctx).await?;
            match make(&mut tx, &programme, &round).await {
                Ok(_) => {
                    tx.commit().await?;
                    made += 1;
                }
                // Somebody has made it meanwhile.
                Err(Error::Taken(_)) => {}
                Err(error) => {
                    tracing::error!(programme = %programme.id, error = &error as &dyn std::error::Error, "no hunt made");
                }
            }
        }
        Ok(made)
    }
}

async fn hunt_of(tx: &mut Tx, programme: &HuntProgramme, round: &Round) -> Result<Option<Hunt>> {
    let filter = store::HuntFilter { programme: Some(programme.id.clone()), ..store::HuntFilter::default() };
    let page = tx.list_hunts(&filter, &PageRequest::default()).await?;
    Ok(page.items.into_iter().find(|hunt| hunt.round.as_ref() == Some(&round.key)))
}

async fn make(tx: &mut Tx, programme: &HuntProgramme, round: &Round) -> Result<Hunt> {
    let customers = match &programme.customers {
        Some(customers) => customers.clone(),
        None => tx.all_customers().await?.into_iter().map(|customer| customer.id).take(MOST_CUSTOMERS).collect(),
    };
    if customers.is_empty() {
        return Err(Error::NotNow("the programme has no customer".to_owned()));
    }
    let now = tx.context().now();
    let new = NewHunt {
        id: HuntId::generate(now),
        round: Some((programme.id.clone(), round.key.clone())),
        data: programme.data.hunt(round),
        customers,
        by: tx.context().actor().user().cloned(),
    };
    let hunt = tx.create_hunt(&new).await?;
    let detail = json!({"programme": programme.id, "round": round.key, "title": hunt.data.title});
    audit_hunt(tx, "hunt.create", &hunt, detail).await?;
    Ok(hunt)
}

async fn check_programme(tx: &mut Tx, customers: Option<&[CustomerId]>, data: &HuntProgrammeData) -> Result<()> {
    let mut problems = Problems::default();
    for (field, message) in data.problems() {
        problems.add(field, &message);
    }
    problems.expect(
        data.time_zone.parse::<Tz>().is_ok(),
        "time_zone",
        "must be an IANA time zone such as Asia/Shanghai",
    );
    let some = customers.is_none_or(|customers| (1..=MOST_CUSTOMERS).contains(&customers.len()));
    problems.expect(some, "customers", "must be 1 to 500, or absent for every customer");
    problems.done()?;
    check_hunt(tx, &data.template).await
}

async fn audit_programme(
    tx: &mut Tx,
    action: &'static str,
    programme: &HuntProgramme,
    detail: serde_json::Value,
) -> Result<()> {
    match &programme.customers {
        None => tx.audit(audit(None, action, &programme.id, detail)).await?,
        Some(customers) => {
            for customer in customers {
                tx.audit(audit(Some(customer), action, &programme.id, detail.clone())).await?;
            }
        }
    }
    Ok(())
}

fn with_next(mut programme: HuntProgramme, now: Timestamp) -> HuntProgramme {
    if programme.data.active {
        programme.next = Some(round_after(programme.data.rhythm, &zone(&programme.data.time_zone), now).begins);
    }
    programme
}

/// The zone, which was checked when it was written down.
fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}
