//! Threat hunts of the demonstration: a weekly programme with the hunt of this week, one that found something, and one that
//! is concluded. They are planned at the first start and run once the devices have told of some time.

use std::time::Duration;

use model::hunt::{DetectionKind, Hunt, HuntProgrammeData, HuntVerdict, Rhythm};
use model::role::Role;
use model::use_case::Language;
use model::{Actor, Context, PageRequest, Scope, Severity, UserId};
use ops::{HuntDetectionWish, HuntIncident, HuntRunWish, Ops, UserFilter, hunt_templates};

use crate::error::Error;
use crate::time::now;

/// How long the devices are listened to before hunts are run over what they told.
const LISTEN: Duration = Duration::from_secs(25);
/// A run is looked at so often, and so many times at most.
const LOOK: Duration = Duration::from_millis(500);
const LOOKS: usize = 240;

/// Plans and runs the hunts, in the name of the demonstration's hunter.
pub async fn play(ops: Ops, login: &str, language: Language) -> Result<(), Error> {
    let ctx = Context::job("demo", Scope::All, now());
    let users = ops.list_users(&ctx, &UserFilter::default(), &PageRequest::new(PageRequest::MOST, None)).await?.items;
    let Some(hunter) = users.into_iter().find(|user| user.data.login == login).map(|user| user.id) else {
        return Ok(());
    };
    let weekly = weekly(&ops, &hunter, language).await?;
    let found = planned(&ops, &hunter, "web_server_spawns_shell", language, 4).await?;
    let over = planned(&ops, &hunter, "remote_access_tools", language, 2).await?;
    planned(&ops, &hunter, "linux_persistence", language, 9).await?;
    tokio::time::sleep(LISTEN).await;
    for hunt in [&weekly, &found, &over].into_iter().flatten() {
        run(&ops, &hunter, hunt).await?;
    }
    if let Some(hunt) = &found {
        judge(&ops, &hunter, hunt, language, 1).await?;
        ops.log_hunt_time(&acting(&hunter), &hunt.id, 95, "").await?;
    }
    if let Some(hunt) = &over {
        judge(&ops, &hunter, hunt, language, usize::MAX).await?;
        ops.log_hunt_time(&acting(&hunter), &hunt.id, 140, "").await?;
        let version = ops.get_hunt(&acting(&hunter), &hunt.id).await?.version;
        ops.conclude_hunt(&acting(&hunter), &hunt.id, version, conclusion(language)).await?;
    }
    Ok(())
}

async fn weekly(ops: &Ops, hunter: &UserId, language: Language) -> Result<Option<Hunt>, Error> {
    let Some(template) = template("powershell_download_cradles", language) else { return Ok(None) };
    let data = HuntProgrammeData {
        rhythm: Rhythm::Week { weekday: 1 },
        time_zone: "Asia/Shanghai".to_owned(),
        due_days: 5,
        active: true,
        template: model::hunt::HuntData { owner: Some(hunter.clone()), ..template },
    };
    let programme = ops.create_hunt_programme(&acting(hunter), None, data).await?;
    Ok(Some(ops.begin_hunt_programme(&acting(hunter), &programme.id).await?))
}

async fn planned(ops: &Ops, hunter: &UserId, slug: &str, language: Language, days: u64) -> Result<Option<Hunt>, Error> {
    let Some(template) = template(slug, language) else { return Ok(None) };
    let due = Some(now().plus(Duration::from_secs(days * 86_400)));
    let data = model::hunt::HuntData { owner: Some(hunter.clone()), due, ..template };
    Ok(Some(ops.create_hunt(&acting(hunter), data, &[]).await?))
}

async fn run(ops: &Ops, hunter: &UserId, hunt: &Hunt) -> Result<(), Error> {
    let asked = ops.run_hunt(&acting(hunter), &hunt.id, &HuntRunWish::default()).await?;
    for _ in 0..LOOKS {
        tokio::time::sleep(LOOK).await;
        let runs = ops.list_hunt_runs(&acting(hunter), &hunt.id).await?;
        if !runs.iter().any(|run| run.id == asked.id && run.state.is_open()) {
            break;
        }
    }
    Ok(())
}

/// Judges the first customers: no data where there is none, found where something is, clean otherwise. What is found
/// becomes an incident, and its query a request.
async fn judge(ops: &Ops, hunter: &UserId, hunt: &Hunt, language: Language, most: usize) -> Result<(), Error> {
    let results = ops.list_hunt_results(&acting(hunter), &hunt.id).await?;
    let mut customers = ops.list_hunt_customers(&acting(hunter), &hunt.id).await?;
    let hits = |customer: &model::CustomerId| {
        results.iter().find(|result| result.customer == *customer && result.count > 0 && result.problem.is_none())
    };
    customers.sort_by_key(|one| hits(&one.customer).is_none());
    for one in customers.into_iter().take(most) {
        let hit = hits(&one.customer);
        let verdict = match (one.data_events, hit) {
            (Some(0) | None, _) => HuntVerdict::NoData,
            (_, Some(_)) => HuntVerdict::Found,
            _ => HuntVerdict::Clean,
        };
        if let Some(result) = hit {
            let kept = ops.get_hunt_result(&acting(hunter), &hunt.id, &result.query, &one.customer).await?;
            let wish = HuntIncident {
                customer: one.customer.clone(),
                incident: None,
                title: None,
                severity: Severity::High,
                note: None,
                sample: kept.samples.first().map(|sample| (result.query.clone(), sample.event)),
            };
            ops.add_hunt_incident(&acting(hunter), &hunt.id, wish).await?;
            let customer = Some(one.customer.clone());
            let wish =
                HuntDetectionWish { query: result.query.clone(), kind: DetectionKind::Request, customer, title: None };
            ops.make_hunt_detection(&acting(hunter), &hunt.id, wish).await?;
        }
        let remark = match (verdict, language) {
            (HuntVerdict::Found, Language::En) => "Confirmed with the customer's duty desk; handled in the incident.",
            (HuntVerdict::Found, Language::Zh) => "已与客户值班确认，在事件中处置。",
            _ => "",
        };
        let (hunt, verdict) = (&hunt.id, Some(verdict));
        ops.judge_hunt_customer(&acting(hunter), hunt, &one.customer, one.version, verdict, remark).await?;
    }
    Ok(())
}

fn template(slug: &str, language: Language) -> Option<model::hunt::HuntData> {
    hunt_templates().iter().find(|template| template.slug == slug)?.data.get(&language).cloned()
}

fn conclusion(language: Language) -> &'static str {
    match language {
        Language::En => {
            "No remote access nobody ordered was seen in thirty days, neither by program nor by name asked for."
        }
        Language::Zh => "近三十天未见未经批准的远程控制软件，进程与域名两方面均未发现。",
    }
}

fn acting(hunter: &UserId) -> Context {
    Context::authenticated(Actor::User(hunter.clone()), Scope::All, Role::L2Engineer.permissions(), now())
}
