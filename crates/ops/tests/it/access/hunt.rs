//! Threat hunts and their programmes.

use model::hunt::{DetectionKind, Hunt, HuntProgramme, HuntProgrammeData, Rhythm};

use super::*;
use crate::hunt::{hunt_data, run_all};

/// A hunt of our customer.
async fn hunt(w: &World) -> ops::Result<Hunt> {
    w.ops.create_hunt(&job(0), hunt_data(&format!("hunt {}", w.fresh())), std::slice::from_ref(&w.ours)).await
}

/// One that was run.
async fn asked(w: &World) -> ops::Result<Hunt> {
    w.sign_in(&w.ours, 10, "Failed password for li");
    let hunt = hunt(w).await?;
    run_all(w, &hunt.id).await;
    w.ops.get_hunt(&job(0), &hunt.id).await
}

fn programme_data() -> HuntProgrammeData {
    HuntProgrammeData {
        rhythm: Rhythm::Week { weekday: 1 },
        time_zone: "Asia/Shanghai".into(),
        due_days: 5,
        active: true,
        template: hunt_data("weekly"),
    }
}

async fn programme(w: &World) -> ops::Result<HuntProgramme> {
    w.ops.create_hunt_programme(&job(0), Some(vec![w.ours.clone()]), programme_data()).await
}

pub(super) const CASES: &[Case] = cases! {
    Customer HuntWrite create_hunt |w, ctx| {
        one(w.ops.create_hunt(&ctx, hunt_data("h"), std::slice::from_ref(&w.ours)).await)
    };
    Customer HuntRead get_hunt |w, ctx| one(w.ops.get_hunt(&ctx, &hunt(w).await?.id).await);
    Customer HuntRead list_hunts |w, ctx| {
        hunt(w).await?;
        all(w.ops.list_hunts(&ctx, &HuntFilter::default(), &page()).await)
    };
    Customer HuntWrite update_hunt |w, ctx| {
        let hunt = hunt(w).await?;
        one(w.ops.update_hunt(&ctx, &hunt.id, hunt.version, hunt.data).await)
    };
    Customer HuntWrite set_hunt_customers |w, ctx| {
        let hunt = hunt(w).await?;
        one(w.ops.set_hunt_customers(&ctx, &hunt.id, hunt.version, &hunt.customers).await)
    };
    Customer HuntRead list_hunt_customers |w, ctx| {
        w.ops.list_hunt_customers(&ctx, &hunt(w).await?.id).await.map(|customers| customers.len())
    };
    Customer HuntWrite judge_hunt_customer |w, ctx| {
        let hunt = hunt(w).await?.id;
        let verdict = Some(model::hunt::HuntVerdict::Inconclusive);
        one(w.ops.judge_hunt_customer(&ctx, &hunt, &w.ours, 1, verdict, "").await)
    };
    Customer HuntWrite conclude_hunt |w, ctx| {
        let hunt = hunt(w).await?.id;
        let verdict = Some(model::hunt::HuntVerdict::Inconclusive);
        w.ops.judge_hunt_customer(&job(0), &hunt, &w.ours, 1, verdict, "").await?;
        let version = w.ops.get_hunt(&job(0), &hunt).await?.version;
        one(w.ops.conclude_hunt(&ctx, &hunt, version, "nothing").await)
    };
    Customer HuntWrite call_off_hunt |w, ctx| {
        let hunt = hunt(w).await?;
        one(w.ops.call_off_hunt(&ctx, &hunt.id, hunt.version, "later").await)
    };
    Customer HuntWrite reopen_hunt |w, ctx| {
        let hunt = hunt(w).await?;
        let over = w.ops.call_off_hunt(&job(0), &hunt.id, hunt.version, "later").await?;
        one(w.ops.reopen_hunt(&ctx, &hunt.id, over.version, "now").await)
    };
    Customer HuntWrite run_hunt |w, ctx| {
        one(w.ops.run_hunt(&ctx, &hunt(w).await?.id, &HuntRunWish::default()).await)
    };
    Customer HuntRead list_hunt_runs |w, ctx| {
        let hunt = asked(w).await?.id;
        w.ops.list_hunt_runs(&ctx, &hunt).await.map(|runs| runs.len())
    };
    Customer HuntWrite cancel_hunt_run |w, ctx| {
        let hunt = hunt(w).await?.id;
        let run = w.ops.run_hunt(&job(0), &hunt, &HuntRunWish::default()).await?;
        one(w.ops.cancel_hunt_run(&ctx, &hunt, &run.id).await)
    };
    Customer HuntWrite continue_hunt_run |w, ctx| {
        let hunt = hunt(w).await?.id;
        let run = w.ops.run_hunt(&job(0), &hunt, &HuntRunWish::default()).await?;
        w.ops.cancel_hunt_run(&job(0), &hunt, &run.id).await?;
        one(w.ops.continue_hunt_run(&ctx, &hunt, &run.id).await)
    };
    Customer HuntRead list_hunt_results |w, ctx| {
        let hunt = asked(w).await?.id;
        w.ops.list_hunt_results(&ctx, &hunt).await.map(|results| results.len())
    };
    Customer HuntRead get_hunt_result |w, ctx| {
        let hunt = asked(w).await?.id;
        one(w.ops.get_hunt_result(&ctx, &hunt, "names", &w.ours).await)
    };
    Customer HuntWrite add_hunt_incident |w, ctx| {
        let hunt = hunt(w).await?.id;
        let wish = HuntIncident {
            customer: w.ours.clone(),
            incident: None,
            title: None,
            severity: Severity::High,
            note: None,
            sample: None,
        };
        one(w.ops.add_hunt_incident(&ctx, &hunt, wish).await)
    };
    Customer HuntWrite make_hunt_detection |w, ctx| {
        let hunt = hunt(w).await?.id;
        let customer = Some(w.ours.clone());
        let wish = HuntDetectionWish { query: "names".into(), kind: DetectionKind::Request, customer, title: None };
        one(w.ops.make_hunt_detection(&ctx, &hunt, wish).await)
    };
    Customer HuntRead list_hunt_detections |w, ctx| {
        let hunt = hunt(w).await?.id;
        let customer = Some(w.ours.clone());
        let wish = HuntDetectionWish { query: "names".into(), kind: DetectionKind::Request, customer, title: None };
        w.ops.make_hunt_detection(&job(0), &hunt, wish).await?;
        w.ops.list_hunt_detections(&ctx, &hunt).await.map(|made| made.len())
    };
    Customer HuntWrite log_hunt_time |w, ctx| one(w.ops.log_hunt_time(&ctx, &hunt(w).await?.id, 20, "").await);
    Customer HuntRead list_hunt_times |w, ctx| {
        let hunt = hunt(w).await?.id;
        w.ops.log_hunt_time(&job(0), &hunt, 20, "").await?;
        w.ops.list_hunt_times(&ctx, &hunt).await.map(|times| times.len())
    };
    Customer HuntRead hunt_summary |w, ctx| {
        let hunt = hunt(w).await?.id;
        let verdict = Some(model::hunt::HuntVerdict::Inconclusive);
        w.ops.judge_hunt_customer(&job(0), &hunt, &w.ours, 1, verdict, "").await?;
        let version = w.ops.get_hunt(&job(0), &hunt).await?.version;
        w.ops.conclude_hunt(&job(0), &hunt, version, "nothing").await?;
        let range = TimeRange { from: at(0), to: at(100) };
        w.ops.hunt_summary(&ctx, range, &[]).await.map(|of| of.iter().filter(|of| of.customer == w.ours).count())
    };
    Customer HuntWrite create_hunt_programme |w, ctx| {
        one(w.ops.create_hunt_programme(&ctx, Some(vec![w.ours.clone()]), programme_data()).await)
    };
    Customer HuntRead get_hunt_programme |w, ctx| one(w.ops.get_hunt_programme(&ctx, &programme(w).await?.id).await);
    Customer HuntRead list_hunt_programmes |w, ctx| {
        programme(w).await?;
        all(w.ops.list_hunt_programmes(&ctx, "", &page()).await)
    };
    Customer HuntWrite update_hunt_programme |w, ctx| {
        let before = programme(w).await?;
        one(w.ops.update_hunt_programme(&ctx, &before.id, before.version, before.customers, before.data).await)
    };
    Customer HuntWrite delete_hunt_programme |w, ctx| {
        one(w.ops.delete_hunt_programme(&ctx, &programme(w).await?.id).await)
    };
    Customer HuntWrite begin_hunt_programme |w, ctx| {
        one(w.ops.begin_hunt_programme(&ctx, &programme(w).await?.id).await)
    };
};
